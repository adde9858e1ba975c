"""Schemas in another database's words: what survives, what is listed as lost, and that the databases take it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dbclone.dialects import counting, open_source, parse_address
from dbclone.dialects.portable_ddl import portable_ddl
from dbclone.dialects.portable_sql import translate, translate_default
from dbclone.schema import Column, Kind, TableName, Type
from tests.sqlite_cases import HARD, copy, rows, sqlite_file

COLUMNS = {
    column.name: column
    for column in (
        Column("name", Type(Kind.TEXT, "text")),
        Column("Mixed", Type(Kind.TEXT, "text")),
        Column("rating", Type(Kind.ENUM, "mpaa", labels=("PG", "R"))),
        Column("born", Type(Kind.DATE, "date")),
        Column("amount", Type(Kind.DECIMAL, "numeric(10,2)", precision=10, scale=2)),
        Column("n", Type(Kind.INTEGER, "integer", bits=32)),
        Column("live", Type(Kind.BOOLEAN, "boolean")),
    )
}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("((n > 0) AND (n < 10))", '(("n" > 0) AND ("n" < 10))'),
        ("(rating = ANY (ARRAY['PG'::mpaa, 'R'::mpaa]))", "(\"rating\" IN ('PG', 'R'))"),
        ("((name)::text = ANY ((ARRAY['a'::character varying])::text[]))", "(\"name\" IN ('a'))"),
        ("(n > '2015-01-01 05:30:00+05:30'::timestamp with time zone)", "(\"n\" > '2015-01-01 00:00:00')"),
        ("(name ~~ 'pre\\_%'::text)", "(\"name\" LIKE 'pre\\_%' ESCAPE '\\')"),
        ("(name <> ALL (ARRAY['a'::text]))", "(NOT (\"name\" IN ('a')))"),
        ("((name)::text ~~ '%@%'::text)", "(\"name\" LIKE '%@%')"),
        ("(born > '1900-01-01'::date)", "(\"born\" > '1900-01-01')"),
        ("(amount >= (0)::numeric)", '("amount" >= 0)'),
        ("(EXTRACT(year FROM born) > 1900)", "(CAST(STRFTIME('%Y', \"born\") AS INTEGER) > 1900)"),
        ("(length(name) = char_length(name))", '(LENGTH("name") = LENGTH("name"))'),
        ("(name ~ '^[a-z]+$'::text)", None),
        ("(unknown > 0)", None),
        ("(born::timestamp > now())", None),
        ("this is no SQL (", None),
    ],
)
def test_postgresql_to_sqlite(text: str, said: str | None) -> None:
    assert translate(text, COLUMNS, "postgresql", "sqlite") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("N > 0", '"n" > 0'),
        ("mixed LIKE 'a%'", "\"Mixed\" ILIKE 'a%'"),
        ("live IN (0, 1)", '"live" IN (FALSE, TRUE)'),
        ('name <> "x"', "\"name\" <> 'x'"),
        ("name GLOB 'a*'", None),
        ("n > (SELECT 1)", None),
    ],
)
def test_sqlite_to_postgresql(text: str, said: str | None) -> None:
    assert translate(text, COLUMNS, "sqlite", "postgresql") == said


def test_what_is_not_like_a_pattern_stays_so() -> None:
    said = translate("mixed NOT LIKE '%  %'", COLUMNS, "sqlite", "postgresql")
    # Releases of sqlglot differ in where they say NOT.
    assert said in ("\"Mixed\" NOT ILIKE '%  %'", "NOT \"Mixed\" ILIKE '%  %'")


@pytest.mark.parametrize(
    ("column", "default", "source", "target", "said"),
    [
        ("name", "'it''s'::character varying", "postgresql", "sqlite", "'it''s'"),
        ("amount", "(0)::numeric", "postgresql", "sqlite", "0"),
        ("amount", "'4.99'::numeric", "postgresql", "sqlite", "4.99"),
        ("live", "true", "postgresql", "sqlite", "1"),
        ("live", "1", "sqlite", "postgresql", "true"),
        ("born", "('now'::text)::date", "postgresql", "sqlite", "CURRENT_DATE"),
        ("born", "now()", "postgresql", "sqlite", "CURRENT_TIMESTAMP"),
        ("name", "datetime('now')", "sqlite", "postgresql", "CURRENT_TIMESTAMP"),
        ("name", '"quoted"', "sqlite", "postgresql", "'quoted'"),
        ("name", "NULL", "sqlite", "postgresql", None),
    ],
)
def test_defaults(column: str, default: str, source: str, target: str, said: str | None) -> None:
    known = COLUMNS[column]
    assert translate_default(Column(known.name, known.type, default=default), source, target) == said


POSTGRES = """
CREATE TYPE mood AS ENUM ('fine', 'so-so');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE SCHEMA other;
CREATE TABLE person (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name varchar(40) NOT NULL, mood mood DEFAULT 'fine', age positive,
  paid numeric(10,2) DEFAULT 0, half numeric(10,2) GENERATED ALWAYS AS (paid / 2) STORED,
  vec tsvector GENERATED ALWAYS AS (to_tsvector('simple', name)) STORED, tags text[], boss integer REFERENCES person,
  seen timestamptz DEFAULT now(), token uuid DEFAULT gen_random_uuid(),
  CHECK (name ~ '^[A-Z]'), CONSTRAINT cheap CHECK (paid < 100), CONSTRAINT pairs UNIQUE (name, age) DEFERRABLE
);
CREATE UNIQUE INDEX lower_name ON person (lower(name));
CREATE UNIQUE INDEX one_boss ON person (name) WHERE boss IS NULL;
CREATE INDEX by_tags ON person USING gin (tags);
COMMENT ON TABLE person IS 'people';
CREATE TABLE other.person (
  id integer PRIMARY KEY, one integer REFERENCES public.person (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE VIEW everyone AS SELECT name FROM person;
INSERT INTO person (name, age, paid, tags, boss) VALUES ('Ann', 3, 9.99, '{a,b}', NULL), ('Bob', 4, 7, NULL, 1);
INSERT INTO other.person VALUES (7, 2);
"""


def test_a_postgresql_database_becomes_a_sqlite_file(new_database: Callable[[str], str], tmp_path: Path) -> None:
    copied = copy(new_database(POSTGRES), tmp_path / "b.db")
    assert (copied.rows, copied.violations) == (3, ())
    lost = [(loss.kind, loss.name) for loss in copied.losses]
    assert lost == [
        ("view", "public.everyone"),
        ("enum", "public.person.mood public.mood"),
        ("domain", "public.person.age public.positive"),
        ("type", "public.person.vec tsvector"),
        ("generated column", "public.person.vec"),
        ("type", "public.person.tags text[]"),
        ("default", "public.person.token"),
        ("deferrable unique", "public.person.pairs"),
        ("check", "public.person.person_name_check"),
        ("comments", "1 on tables and columns"),
    ]
    assert rows(tmp_path / "b.db", 'SELECT name, mood, paid, half, vec, tags, boss FROM "public.person"') == [
        ("Ann", "fine", 9.99, 5.0, "'ann':1", "{a,b}", None),
        ("Bob", "fine", 7, 3.5, "'bob':1", None, 1),
    ]
    clone = open_source(parse_address(str(tmp_path / "b.db")), force=True)
    schema = clone.schema()
    person = schema.table(TableName("main", "public.person"))
    assert {"lower_name", "one_boss"} <= {unique.name for unique in person.uniques}
    assert person.column("half").generated is not None
    assert [key.initially_deferred for key in schema.table(TableName("main", "other.person")).foreign_keys] == [True]
    assert counting.violations(clone, schema) == ()
    clone.close()


def test_a_sqlite_file_becomes_a_postgresql_database(free_database: Callable[[], str], tmp_path: Path) -> None:
    url = free_database()
    copied = copy(sqlite_file(tmp_path / "a.db", HARD), url)
    assert (copied.rows, copied.violations) == (11, ())
    assert [(loss.kind, loss.name) for loss in copied.losses] == [
        ("trigger", "main.child.touched"),
        ("view", "seen"),
        ("collation", "main.we\"ird ta'ble.tick NOCASE"),
    ]
    clone = open_source(parse_address(url), force=True)
    schema = clone.schema()
    weird = schema.table(TableName("public", "we\"ird ta'ble"))
    assert [unique.name for unique in weird.uniques if not unique.is_plain] == ["lowered"]
    assert {check.name for check in weird.checks} >= {"sane"}
    assert weird.column("full_name").generated is not None
    assert [len(table.foreign_keys) for table in schema] == [3, 0, 0, 0]
    assert counting.violations(clone, schema) == ()
    clone.close()


@pytest.mark.parametrize("name", ["chinook", "northwind", "sakila"])
def test_published_sqlite_files_become_postgresql(
    free_database: Callable[[], str], shared_data: Path, name: str
) -> None:
    copied = copy(shared_data / f"{name}.db", free_database())
    assert (copied.losses, copied.violations) == ((), ())


@pytest.mark.parametrize("name", ["chinook", "northwind", "pagila", "sakila", "adventureworks_lt", "employees"])
def test_published_postgresql_databases_become_sqlite(
    shared_postgres: Callable[[str], str], tmp_path: Path, name: str
) -> None:
    copied = copy(shared_postgres(name), tmp_path / "b.db")
    assert copied.violations == ()
    assert rows(tmp_path / "b.db", "PRAGMA foreign_key_check") == []
    clone = open_source(parse_address(str(tmp_path / "b.db")), force=True)
    schema = clone.schema()
    assert counting.violations(clone, schema) == ()
    assert len(schema.foreign_keys) == len(copied.schema.foreign_keys)
    assert sum(counting.row_counts(clone, [table.name for table in schema]).values()) == copied.rows
    clone.close()


def test_names_that_two_schemas_share_are_told_apart(new_database: Callable[[str], str]) -> None:
    source = open_source(parse_address(new_database(POSTGRES)))
    names = portable_ddl(source.schema(), "sqlite").names
    source.close()
    assert {str(own): target.name for own, target in names.items()} == {
        "other.person": "other.person",
        "public.person": "public.person",
    }
