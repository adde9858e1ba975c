from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.roundtrip import contents, copy_database, query, schema_dump

SCHEMAS = sorted((Path(__file__).resolve().parents[1] / "schemas").glob("*.sql"))
INEXACT = ("29-times", "33-numbers", "91-endless")
"""Years before Christ, 24:00, NaN among decimals (whose 3.0 comes back as 3), forty digits: what Arrow has no place for
moves to the nearest."""
SHARED = ("chinook", "northwind", "pagila", "sakila", "adventureworks_lt", "employees")

_COUNTED = """
CREATE TABLE parent (id integer PRIMARY KEY);
CREATE TABLE child (id integer PRIMARY KEY, parent_id integer REFERENCES parent, kind integer);
CREATE STATISTICS together (dependencies) ON parent_id, kind FROM child;
INSERT INTO parent SELECT generate_series(1, 50);
INSERT INTO child SELECT i, i % 50 + 1, i % 50 % 3 FROM generate_series(1, 500) i;
CREATE MATERIALIZED VIEW summary AS SELECT kind, count(*) AS children FROM child GROUP BY kind;
"""
_UNCOUNTED = """
CREATE FUNCTION shy(i integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
  IF current_query() LIKE 'ANALYZE%' THEN RAISE EXCEPTION 'not now'; END IF; RETURN i; END $$;
CREATE TABLE shy (id integer PRIMARY KEY);
CREATE INDEX ON shy (shy(id));
INSERT INTO shy SELECT generate_series(1, 9);
"""


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_hard_schema_is_copied_whole(
    path: Path, new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database(path.read_text()), free_database()
    copied = copy_database(source, target)
    assert copied.violations == ()
    assert copied.losses == ()
    assert schema_dump(target) == schema_dump(source)
    expected, found = contents(source), contents(target)
    if path.stem == "03-types":
        # 24:00 has no place in Arrow's times.
        assert query(target, "SELECT c_time FROM everything WHERE id = 2")[0][0] is not None
        query(source, "UPDATE everything SET c_time = '23:59:59.999999' WHERE id = 2")
        expected = contents(source)
    if path.stem in INEXACT:
        assert {name: rows for name, (rows, _) in found.items()} == {name: rows for name, (rows, _) in expected.items()}
        return
    # Rows without a column are counted and made, never read.
    expected.pop("public.nothing", None)
    # A materialized view that was never filled is filled in a clone.
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("name", SHARED)
def test_published_database_is_copied_whole(
    name: str, shared_postgres: Callable[[str], str], free_database: Callable[[], str]
) -> None:
    source, target = shared_postgres(name), free_database()
    copied = copy_database(source, target)
    assert copied.violations == ()
    assert copied.losses == ()
    assert schema_dump(target) == schema_dump(source)
    found = contents(target)
    assert {name: found.get(name) for name in contents(source)} == contents(source)


@pytest.mark.parametrize("name", SHARED)
def test_published_database_is_copied_without_pg_dump(
    name: str, shared_postgres: Callable[[str], str], free_database: Callable[[], str]
) -> None:
    source, target = shared_postgres(name), free_database()
    copied = copy_database(source, target, mode="sqlalchemy")
    assert copied.violations == ()
    assert bool(copied.losses) or name not in ("pagila", "employees")
    tables = {table: rows for table, (rows, _) in contents(target).items()}
    assert tables == {table: rows for table, (rows, _) in contents(source).items() if table in tables}


def test_numbering_goes_on_after_the_greatest_value(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    path = next(path for path in SCHEMAS if path.stem == "04-numbering")
    source, target = new_database(path.read_text()), free_database()
    copy_database(source, target)
    assert query(target, "INSERT INTO a DEFAULT VALUES RETURNING id") == [(11,)]
    assert query(target, "INSERT INTO b DEFAULT VALUES RETURNING id") == [(200,)]
    assert query(target, "INSERT INTO c (net, tax) VALUES (1, 1) RETURNING id, gross") == [(11, 2)]
    assert query(target, "INSERT INTO d DEFAULT VALUES RETURNING id") == [(1014,)]
    assert query(target, "INSERT INTO e (code) VALUES ('x') RETURNING id") == [(1015,)]
    assert query(target, "INSERT INTO f DEFAULT VALUES RETURNING id") == [(-6,)]
    assert query(target, "INSERT INTO vacant DEFAULT VALUES RETURNING id") == [(7,)]


def test_triggers_do_not_fire_while_loading_but_stand_afterwards(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    path = next(path for path in SCHEMAS if path.stem == "08-objects")
    source, target = new_database(path.read_text()), free_database()
    copy_database(source, target)
    assert query(target, "SELECT count(*) FROM log") == [(20,)]
    assert query(target, "SELECT n FROM dear_count") == [(11,)]
    query(target, "INSERT INTO item VALUES (99, 'new', 1)")
    assert query(target, "SELECT count(*) FROM log") == [(21,)]


def test_foreign_keys_stand_in_the_target(new_database: Callable[..., str], free_database: Callable[[], str]) -> None:
    path = next(path for path in SCHEMAS if path.stem == "02-cycles")
    source, target = new_database(path.read_text()), free_database()
    copy_database(source, target)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        query(target, "INSERT INTO store VALUES (9, 4711)")


def test_whatever_holds_rows_has_statistics(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database(_COUNTED), free_database()
    assert copy_database(source, target).losses == ()
    assert query(target, "SELECT DISTINCT tablename FROM pg_stats WHERE schemaname = 'public' ORDER BY 1") == [
        ("child",),
        ("parent",),
        ("summary",),
    ]
    assert query(target, "SELECT statistics_name FROM pg_stats_ext") == [("together",)]


def test_table_that_cannot_be_counted_is_told(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database(_UNCOUNTED), free_database()
    copied = copy_database(source, target)
    assert [(loss.kind, loss.name) for loss in copied.losses] == [("statistics", "public.shy")]
    assert query(target, "SELECT count(*) FROM shy") == [(9,)]
