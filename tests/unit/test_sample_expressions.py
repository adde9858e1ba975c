"""SQL conditions in three-valued logic, beside what SQLite says of the same rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pyarrow as pa
import pytest

from dbclone.sample.demands import Cells
from dbclone.sample.expressions import broken_rows, parsed
from dbclone.sample.results import Unknown
from dbclone.schema import Column, Kind, Table, TableName, Type

ROWS = [(1, 5, "Alpha", None), (2, None, "beta", "x"), (None, 3, None, "y"), (7, 7, "ab_c", "%"), (0, -4, "", "")]
TABLE = Table(
    TableName("main", "t"),
    (Column("a", Type(Kind.INTEGER, "int")), Column("b", Type(Kind.INTEGER, "int")),
     Column("s", Type(Kind.TEXT, "text")), Column("u", Type(Kind.TEXT, "text"))),
)  # fmt: skip


@pytest.mark.parametrize(
    "condition",
    [
        "a < b", "a <> b OR s = 'beta'", "NOT (a IS NULL AND u IS NULL)", "(a IS NULL) <> (u IS NULL)", "a % 2 = 0",
        "abs(b) <= 4", "a + b >= 1", "length(s) >= 2", "s = upper(s)", "lower(s) = s", "s LIKE '%a%'",
        "s NOT LIKE 'a_'", "s IN ('Alpha', '')", "a NOT IN (1, 2)", "a BETWEEN 1 AND b", "coalesce(a, b) > 2",
        "CASE WHEN a > 1 THEN u IS NOT NULL ELSE 1 END", "CASE s WHEN 'beta' THEN a = 2 ELSE b < 6 END", "a = -b",
        "a IS NOT NULL OR b > 3", "trim(s) <> ''", "a * 2 > b - 1", "NOT (s = 'beta') OR b IS NULL", "NULL", "a IS b",
        "a & 1 = 0", "(a | 2) > 3", "a << 1 > 2", "s LIKE 'ab!_c' ESCAPE '!'", "s NOT LIKE 'a!__%' ESCAPE '!'",
        "s LIKE 'ab\\_c'",
    ],
)  # fmt: skip
def test_as_a_database_says(condition: str) -> None:
    columns = list(zip(*ROWS, strict=True))
    arrays = {name: pa.array(values) for name, values in zip("absu", columns, strict=True)}
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a, b, s, u)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", ROWS)
        expected = [row[0] for row in connection.execute(f"SELECT coalesce(NOT ({condition}), 0) FROM t")]
    found = _broken(condition, "sqlite", Cells(TABLE, arrays, len(ROWS)))
    assert [int(flag) for flag in found] == expected


@pytest.mark.parametrize("condition", ["soundex(s) = 'A410'", "s", "nowhere = 1", "a = s", "s -> '$.x' = s -> '$.y'"])
def test_what_is_not_understood_is_said(condition: str) -> None:
    arrays = {"a": pa.array([1]), "s": pa.array(["{}"])}
    with pytest.raises(Unknown):
        _broken(condition, "sqlite", Cells(TABLE, arrays, 1))


def test_a_day_is_before_its_own_midnight_where_moments_are_texts() -> None:
    table = Table(TableName("main", "t"), (Column("at", Type(Kind.TIMESTAMP, "timestamp")),))
    cells = Cells(table, {"at": pa.array([0, 86_400_000_000], pa.timestamp("us"))}, 2)
    assert _broken("at <= '1970-01-02'", "sqlite", cells) == [False, True]
    assert _broken("at <= '1970-01-02'", "postgresql", cells) == [False, False]


def test_moments_of_other_zones() -> None:
    kind = Type(Kind.TIMESTAMPTZ, "timestamptz")
    table = Table(TableName("public", "t"), (Column("at", kind),))
    moments = pa.array([0, 3_600_000_000], pa.timestamp("us", tz="UTC"))
    condition = "at > '1970-01-01 02:30:00+02'::timestamptz"
    assert _broken(condition, "postgresql", Cells(table, {"at": moments}, 2)) == [True, False]


def _broken(condition: str, dialect: str, cells: Cells) -> list[bool]:
    tree = parsed(condition, dialect)
    assert tree is not None
    found: list[bool] = broken_rows(tree, cells).tolist()
    return found
