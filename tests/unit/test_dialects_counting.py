"""What the database counts for us, on real SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dbclone.dialects import counting, open_source, parse_address
from dbclone.dialects.protocol import Violation
from dbclone.schema import Check, ForeignKey, PrimaryKey, Schema, Table, TableName, Unique
from tests.sqlite_cases import sqlite_file

SCRIPT = """
CREATE TABLE parent (a INTEGER, b INTEGER);
CREATE TABLE child (id INTEGER, a INTEGER, b INTEGER, code TEXT, live INTEGER);
INSERT INTO parent VALUES (1, 1), (1, 2), (2, 1), (2, 1);
INSERT INTO child VALUES (1, 1, 1, 'x', 1), (2, 1, 1, 'X', 1), (3, 1, 2, 'x', 0), (4, 9, 9, NULL, 1),
  (5, 1, NULL, NULL, 1), (NULL, NULL, NULL, 'y', 1);
"""


def stricter(schema: Schema) -> Schema:
    """The schema with constraints that its rows were never held to."""
    place = schema.tables[0].name.schema
    parent, child = schema.table(TableName(place, "parent")), schema.table(TableName(place, "child"))
    simple = ForeignKey(child.name, ("a", "b"), parent.name, ("a", "b"), "simple")
    full = ForeignKey(child.name, ("a", "b"), parent.name, ("a", "b"), "full", match="FULL")
    columns = tuple(
        type(c)(c.name, c.type, nullable=c.name != "id") if c.name in ("id", "a") else c for c in child.columns
    )
    parent = Table(parent.name, parent.columns, PrimaryKey(("a", "b"), "twins"))
    child = Table(
        child.name,
        columns,
        None,
        (
            Unique(("code",), "codes"),
            Unique(("code",), "codes_with_null", nulls_distinct=False),
            Unique(("code",), "live_codes", "live = 1"),
            Unique((), "any_case", expressions=("lower(code)",)),
        ),
        (simple, full),
        (Check("a < 5", "small"), Check("no_such_function(a) = 1", "odd"), Check("live IN (0, 1)", "flag")),
    )
    return Schema(schema.dialect, (child, parent), default_schema=place)


def expected(place: str) -> tuple[Violation, ...]:
    parent, child = TableName(place, "parent"), TableName(place, "child")
    return (
        Violation(child, "not null", "id", 1),
        Violation(child, "unique", "codes", 1),
        Violation(child, "unique", "codes_with_null", 2),
        Violation(child, "unique", "any_case", 2),
        Violation(child, "check", "small", 1),
        Violation(child, "check not evaluated", "odd", 0),
        Violation(parent, "primary key", "twins", 1),
        Violation(child, "foreign key", "simple", 1),
        Violation(child, "foreign key", "full", 2),
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(sqlite_file(tmp_path / "a.db", SCRIPT))
    new_database: Callable[[str], str] = request.getfixturevalue("new_database")
    return new_database(SCRIPT)


def test_broken_constraints(address: str) -> None:
    source = open_source(parse_address(address))
    schema = stricter(source.schema())
    assert counting.violations(source, schema) == expected(schema.default_schema)
    source.close()


def test_rows_and_children(address: str) -> None:
    source = open_source(parse_address(address))
    schema = source.schema()
    child, parent = (table.name for table in schema)
    assert counting.row_counts(source, [child, parent]) == {child: 6, parent: 4}
    found = counting.children_per_parent(source, ForeignKey(child, ("b", "a"), parent, ("b", "a")))
    assert sorted(found.to_pylist(), key=str) == [
        {"b": 1, "a": 1, "n": 2},
        {"b": 2, "a": 1, "n": 1},
        {"b": 9, "a": 9, "n": 1},
    ]
    source.close()
