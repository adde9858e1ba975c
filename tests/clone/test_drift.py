"""Drift: what changed in a schema since a bundle was made of it is listed, and never undone or filled by accident."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.clone.runs import error_of, fine, run

BEFORE = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN short AS varchar(10);
CREATE TABLE people (id serial PRIMARY KEY, name varchar(40) NOT NULL, state mood, nick short, age integer DEFAULT 1,
  CONSTRAINT adult CHECK (age > 0));
CREATE TABLE visits (id integer PRIMARY KEY, person_id integer CONSTRAINT of_person REFERENCES people, day date,
  place text, CONSTRAINT once UNIQUE (person_id, day));
CREATE INDEX by_place ON visits (place);
CREATE TABLE old (id integer PRIMARY KEY);
CREATE VIEW seen AS SELECT id FROM visits;
INSERT INTO people (name, state, age) SELECT 'n' || n, 'ok', 1 + n % 50 FROM generate_series(1, 60) n;
INSERT INTO visits SELECT n, 1 + n % 60, date '2024-01-01' + n, 'p' || n % 4 FROM generate_series(1, 200) n
"""
CHANGES = {
    "ALTER TYPE mood ADD VALUE 'glad'": ["enum labels of public.people.state was sad, ok, is sad, ok, glad"],
    "ALTER TABLE people ALTER name TYPE text": ["type of public.people.name was character varying(40), is text"],
    "ALTER TABLE people ALTER name DROP NOT NULL": ["nullability of public.people.name was NOT NULL, is NULL"],
    "ALTER TABLE people ALTER age DROP DEFAULT": ["default of public.people.age was 1, is none"],
    "ALTER TABLE people ADD email text NOT NULL DEFAULT ''": ["column public.people.email is new: text NOT NULL"],
    "ALTER TABLE people DROP CONSTRAINT adult, ADD CONSTRAINT adult CHECK (age >= 1)": [
        "check of public.people adult was (age > 0), is (age >= 1)"
    ],
    "ALTER TABLE visits DROP CONSTRAINT once": ["unique public.visits once is gone: person_id, day"],
    "ALTER TABLE visits DROP CONSTRAINT of_person, ADD CONSTRAINT of_person FOREIGN KEY (person_id) REFERENCES people"
    " ON DELETE CASCADE": [
        "foreign key of public.visits of_person was (person_id) -> public.people(id), is (person_id) ->"
        " public.people(id), on delete cascade"
    ],
    "ALTER TABLE visits DROP CONSTRAINT visits_pkey": ["primary key of public.visits was id, is none"],
    "DROP INDEX by_place": [
        "index public.visits by_place is gone: CREATE INDEX by_place ON public.visits USING btree (place)"
    ],
    "ALTER TABLE people ENABLE ROW LEVEL SECURITY": ["row-level security of public.people was off, is on"],
    "DROP TABLE old": ["table public.old is gone"],
    "CREATE TABLE young (id integer)": ["table public.young is new"],
    "DROP VIEW seen": ["view public.seen is gone"],
    "ALTER TABLE visits DROP COLUMN place": ["column public.visits.place is gone: text"],
}


@pytest.fixture(scope="module")
def learned(new_session_database: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    url, bundle = new_session_database(BEFORE), tmp_path_factory.mktemp("drift") / "people.dbclone"
    fine("fit", url, "-o", bundle, "--quiet")
    return url, bundle


def test_an_unchanged_source_is_the_same(learned: tuple[str, Path]) -> None:
    url, bundle = learned
    assert json.loads(fine("diff", bundle, url, "--json", "--quiet")) == {"same": True, "changes": []}


def test_every_change_is_told(learned: tuple[str, Path], new_session_database: Callable[..., str]) -> None:
    _, bundle = learned
    url = new_session_database(BEFORE)
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in CHANGES:
            connection.execute(statement.encode())
    result = run("diff", bundle, url, "--json", "--quiet")
    assert result.exit_code == 3, result.output
    told = [change["text"] for change in json.loads(result.stdout)["changes"]]
    # An enum is told of where it is made as well, not only where it is used.
    others = [text for text in told if not text.startswith("definition of enum ")]
    assert sorted(others) == sorted(text for texts in CHANGES.values() for text in texts)


def sqlite_shop(path: Path) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE items (id INTEGER PRIMARY KEY, price REAL);"
            "CREATE TABLE secrets (id INTEGER PRIMARY KEY, text TEXT);"
        )
        connection.executemany("INSERT INTO items VALUES (?, ?)", [(n, n % 9) for n in range(1, 80)])
        connection.commit()
    return path


def test_generate_refuses_to_undo_what_a_clone_has_gained(tmp_path: Path) -> None:
    source, target, bundle = sqlite_shop(tmp_path / "a.db"), tmp_path / "b.db", tmp_path / "a.dbclone"
    fine("fit", source, "-o", bundle, "--quiet")
    fine("generate", bundle, target, "--quiet")
    fine("generate", bundle, target, "--quiet", "--seed", 2)
    with contextlib.closing(sqlite3.connect(target)) as connection:
        connection.executescript("ALTER TABLE items ADD COLUMN note TEXT; CREATE TABLE mine (id INTEGER PRIMARY KEY);")
    before = target.read_bytes()
    code, text = error_of("generate", bundle, target)
    assert (code, text) == (
        1,
        f"Error: the schema of {target} has changed, and this bundle knows nothing of it:\n"
        "  column main.items.note is new: TEXT\n  table main.mine is new\n\n"
        "Hint: fit a source that has these changes, or pass --replace to put the bundle's schema in their place.",
    )
    assert target.read_bytes() == before
    fine("generate", bundle, target, "--quiet", "--replace")
    with contextlib.closing(sqlite3.connect(target)) as connection:
        assert [row[1] for row in connection.execute("PRAGMA table_info(items)")] == ["id", "price"]


def test_nothing_that_came_after_a_fit_gets_into_a_clone_or_counts_where_it_was_left_out(tmp_path: Path) -> None:
    source, target, bundle = sqlite_shop(tmp_path / "a.db"), tmp_path / "b.db", tmp_path / "a.dbclone"
    config = tmp_path / "c.yaml"
    config.write_text("tables: {exclude: [secrets], strategies: {items: copy}}\n")
    fine("fit", source, "-o", bundle, "--config", config, "--quiet")
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.executescript(
            "ALTER TABLE items ADD COLUMN buyer TEXT; UPDATE items SET buyer = 'Jane Doe';"
            "ALTER TABLE secrets ADD COLUMN more TEXT;"
        )
    fine("generate", bundle, target, "--quiet")
    assert b"Jane Doe" not in target.read_bytes()
    told = json.loads(run("diff", bundle, source, "--json", "--quiet").stdout)["changes"]
    assert [change["text"] for change in told] == ["column main.items.buyer is new: TEXT"]


def test_the_bundle_comes_first(learned: tuple[str, Path]) -> None:
    source, bundle = learned
    code, text = error_of("diff", source, bundle)
    assert code == 2
    assert " is no bundle: name the bundle first, then the source." in " ".join(text.split())


def test_a_bundle_is_compared_with_its_own_kind_of_database(learned: tuple[str, Path], tmp_path: Path) -> None:
    _, bundle = learned
    source = sqlite_shop(tmp_path / "a.db")
    code, text = error_of("diff", bundle, source)
    assert (code, text.splitlines()[0]) == (
        1,
        f"Error: {source} is sqlite, but the bundle was learned from postgresql.",
    )
