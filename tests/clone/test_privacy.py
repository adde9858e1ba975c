"""Nobody's data leaves: no sensitive value and no text that fewer than k rows share, in the clone or in the bundle.

Exempt is what the design exempts: copied tables, public vocabularies, values that the schema itself lists, and what k
rows share elsewhere. Coincidence is told apart by its source: first names from Faker's own lists, and texts that are
composed of common words or spelled by a pattern, where few of the clone's texts are such.
"""

from __future__ import annotations

import importlib
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

import dbclone
from dbclone.profile import Profile, Role
from dbclone.profile.exempt import exempt_values
from dbclone.profile.value import ColumnProfile
from dbclone.schema import Column, Kind, Table
from tests.clone.conftest import Pair
from tests.clone.runs import POSTGRES, fine
from tests.roundtrip import query

LONG_ENOUGH = 6
MOST_COMPOSED = 0.05
"""Share of a clone's texts that may equal a rare one of the source since both are composed of the same common parts."""
NAMES = ("person", "address", "job")
_LISTED = re.compile(r"'((?:[^']|'')*)'")
_WORD = re.compile(r"[^\W_]+")


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in POSTGRES])
def test_no_rare_text_leaves(
    name: str, postgres_clone: Callable[[str], Pair], postgres_bundle: Callable[[str], Path]
) -> None:
    pair, path = postgres_clone(name), postgres_bundle(name)
    bundle = dbclone.load(path)
    schema, profile, k = bundle.schema, bundle.profile, bundle.profile.k
    members = list(unpacked(path))
    invented, vocabulary = faker_words(profile.locale, NAMES), faker_words(profile.locale, ("lorem",))
    public: set[str] = set()
    own: list[Counter[str]] = []
    for table in schema:
        for column in spoken(table):
            about = table_column(profile, table, column)
            if table.name in bundle.real or about.public:
                public |= set(texts(pair.source, table, column))
                continue
            public |= exempt_values(about, texts(pair.source, table, column))
            if not about.sensitive:
                own.append(texts(pair.source, table, column))
    found: dict[str, list[str]] = {}
    for table, column in text_columns(schema.tables, profile):
        about = table_column(profile, table, column)
        ours, theirs = texts(pair.source, table, column), texts(pair.target, table, column)
        rare = {text for text, rows in ours.items() if len(text) >= LONG_ENOUGH and (about.sensitive or rows < k)}
        secret = rare - listed(table) - public
        shared = words_of_k_rows(ours, k) | vocabulary
        leaked: list[str] = []
        composed: list[str] = []
        for text in sorted(secret & set(theirs)):
            words = {word.casefold() for word in _WORD.findall(text)}
            if words <= invented or (not about.sensitive and rows_with(text, own) >= k):
                continue
            spelled = about.maker is not None and about.maker.name == "pattern"
            (composed if not about.sensitive and (spelled or words <= shared) else leaked).append(text)
        if len(composed) > MOST_COMPOSED * len(theirs):
            leaked += composed
        where = f"{table.name}.{column.name}"
        if leaked:
            found[f"{where} in the clone ({len(leaked)} of {len(secret)})"] = leaked[:5]
        # A short secret may be a part of anything; eight signs in a row are no accident.
        stored = [
            text
            for text in sorted(secret)
            if len(text) >= LONG_ENOUGH + 2
            and any(text.encode() in data for data in members)
            and rows_with(text, own) < k
            and not any(text in other for other in public)
        ]
        if stored:
            found[f"{where} in the bundle ({len(stored)} of {len(secret)})"] = stored[:5]
    assert found == {}


def test_every_sensitive_value_is_replaced(
    new_database: Callable[..., str], free_database: Callable[[], str], tmp_path: Path
) -> None:
    """Values that no list of names holds: what is found of them in the clone or the bundle can only be the source's."""
    source, target = new_database(PEOPLE), free_database()
    bundle = tmp_path / "people.dbclone"
    fine("fit", source, "-o", bundle, "--quiet")
    fine("generate", bundle, target, "--quiet")
    secrets = {str(row[0]) for column in SECRETS for row in query(source, f"SELECT {column}::text FROM person")}
    assert len(secrets) > 400 * len(SECRETS)
    clone = "\n".join(str(row[0]) for row in query(target, "SELECT p::text FROM person p"))
    assert [text for text in secrets if text in clone] == []
    stored = b"\n".join(unpacked(bundle))
    assert [text for text in secrets if text.encode() in stored] == []


def test_numbers_that_chance_would_meet_are_met_by_none(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    """Of 100,000 phone numbers the source has 4,000: chance alone would give some hundred of them to its clone."""
    source, target = new_database(NUMBERS), free_database()
    fine("clone", source, target, "--quiet")
    for column in ("phone", "license_plate", "postcode", "contact #>> '{phone}'"):
        query_text = f"SELECT {column} FROM driver WHERE {column} IS NOT NULL"
        theirs, ours = ({row[0] for row in query(url, query_text)} for url in (source, target))
        assert len(theirs) > 1_000
        assert len(ours) > 100
        assert ours.isdisjoint(theirs), column


NUMBERS = """
CREATE TABLE driver (
    id serial PRIMARY KEY, license_plate text UNIQUE, phone text, postcode text, contact jsonb
);
INSERT INTO driver (license_plate, phone, postcode, contact)
SELECT 'KX ' || lpad((n * 7919 % 1000000)::text, 6, '0'), '555-' || lpad((n * 7919 % 100000)::text, 5, '0'),
    chr(65 + n % 20) || n / 7 % 10 || chr(65 + n / 11 % 20) || ' ' || n / 3 % 10 || 'M' || n % 10,
    jsonb_build_object('phone', '0' || lpad((n * 104729 % 1000000)::text, 6, '0'), 'n', n)
FROM generate_series(1, 4000) n;
"""

SECRETS = ("first_name", "last_name", "email", "phone", "street", "iban", "password", "note")
PEOPLE = """
CREATE TABLE person (
    id serial PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL, email text UNIQUE, phone text,
    street text, iban text, password text, note text, born_on date, kind text
);
INSERT INTO person (first_name, last_name, email, phone, street, iban, password, note, born_on, kind)
SELECT 'Qx' || translate(h, '0123456789', 'abcdefghij'), 'Zyx' || translate(g, '0123456789', 'klmnopqrst'),
    left(h, 8) || '@' || left(g, 6) || '.example', '+49 30 ' || (10000000 + n * 12347),
    'Vexgasse ' || left(g, 5) || ' ' || n,
    'DE' || (10 + n % 90) || lpad((n * 7919::bigint * 104729)::text, 18, '0'), '$2b$12$' || h || left(g, 21),
    'knows ' || left(h, 9) || ' since ' || left(g, 9), date '1950-01-01' + n * 29, (ARRAY['a', 'b', 'c'])[n % 3 + 1]
FROM (SELECT n, md5(n::text) AS h, md5('x' || n) AS g FROM generate_series(1, 500) n) seeds;
"""


def table_column(profile: Profile, table: Table, column: Column) -> ColumnProfile:
    return profile.table(table.name).column(column.name)


def spoken(table: Table) -> list[Column]:
    """The columns that hold texts."""
    free = (Kind.ENUM, Kind.BOOLEAN)
    return [c for c in table.stored_columns if c.type.storage == "string" and c.type.kind not in free]


def text_columns(tables: tuple[Table, ...], profile: Profile) -> Iterator[tuple[Table, Column]]:
    """The columns whose texts are somebody's: not keys (they are judged where they point to), not public ones."""
    for table in tables:
        for column in spoken(table):
            about = table_column(profile, table, column)
            if about.role not in (Role.FOREIGN, Role.NUMBERED, Role.COMPUTED) and not about.public:
                yield table, column


def texts(url: str, table: Table, column: Column) -> Counter[str]:
    with psycopg.connect(url) as connection:
        query = sql.SQL("SELECT {column}::text, count(*) FROM {table} WHERE {column} IS NOT NULL GROUP BY 1").format(
            column=sql.Identifier(column.name), table=sql.Identifier(table.name.schema, table.name.name)
        )
        return Counter(dict(connection.execute(query).fetchall()))


def rows_with(text: str, columns: Iterable[Counter[str]]) -> int:
    """The most rows of one column that hold the text, alone or within a longer one."""
    return max((sum(rows for other, rows in column.items() if text in other) for column in columns), default=0)


def words_of_k_rows(column: Counter[str], k: int) -> set[str]:
    rows: Counter[str] = Counter()
    for text, number in column.items():
        for word in {word.casefold() for word in _WORD.findall(text)}:
            rows[word] += number
    return {word for word, number in rows.items() if number >= k}


def faker_words(locale: str, kinds: tuple[str, ...]) -> set[str]:
    """Every word in Faker's lists of these kinds."""
    words: set[str] = set()
    for kind in kinds:
        for name in dict.fromkeys((locale, "en_US")):
            module = importlib.import_module(f"faker.providers.{kind}.{name}")
            for value in vars(module.Provider).values():
                if isinstance(value, tuple | list | Mapping):
                    words |= {word.casefold() for item in value for word in _WORD.findall(str(item))}
    return words


def listed(table: Table) -> set[str]:
    """Values that CHECKs and defaults of the schema spell out."""
    spoken = [check.expression for check in table.checks] + [c.default or "" for c in table.columns]
    return {text.replace("''", "'") for expression in spoken for text in _LISTED.findall(expression)}


def unpacked(path: Path) -> Iterator[bytes]:
    """What the bundle holds, rows of copied tables left out: they are listed and meant to be there."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.startswith("rows/"):
                yield archive.read(name)
