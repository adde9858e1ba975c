"""SQL conditions in three-valued logic, beside what SQLite says of the same rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime

import pyarrow as pa
import pytest

from dbclone.sample.demands import Cells
from dbclone.sample.expressions import Unknown, broken_rows, parsed
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
        "a & 1 = 0", "(a | 2) > 3", "a << 1 > 2",
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


@pytest.mark.parametrize(
    "condition",
    [
        "s ->> 'kind' = 'new'", "json_extract(s, '$.kind') <> 'old'", "s ->> '$.deep.b' = 'x'",
        "s ->> '$.list[1]' = 'q'", "s -> 'deep' ->> 'b' = 'x'", "s -> 'deep' IS NOT NULL", "s ->> 'none' IS NULL",
        "length(s ->> 'kind') > 2", "s ->> 'kind' IN ('new')",
    ],
)  # fmt: skip
def test_documents(condition: str) -> None:
    documents = ['{"kind":"new","deep":{"b":"x"},"list":["p","q"]}', '{"kind":"old","none":null}', '{"kind":"é"}', None]
    with closing(sqlite3.connect(":memory:")) as connection:
        if sqlite3.sqlite_version_info < (3, 38):
            pytest.skip("SQLite knows -> since 3.38")
        connection.execute("CREATE TABLE t (s)")
        connection.executemany("INSERT INTO t VALUES (?)", [(one,) for one in documents])
        expected = [row[0] for row in connection.execute(f"SELECT coalesce(NOT ({condition}), 0) FROM t")]
    cells = Cells(TABLE, {"s": pa.array(documents, pa.string())}, len(documents))
    assert [int(flag) for flag in _broken(condition, "sqlite", cells)] == expected


def test_a_day_is_before_its_own_midnight_where_moments_are_texts() -> None:
    table = Table(TableName("main", "t"), (Column("at", Type(Kind.TIMESTAMP, "timestamp")),))
    cells = Cells(table, {"at": pa.array([0, 86_400_000_000], pa.timestamp("us"))}, 2)
    assert _broken("at <= '1970-01-02'", "sqlite", cells) == [False, True]
    assert _broken("at <= '1970-01-02'", "postgresql", cells) == [False, False]


@pytest.mark.parametrize(
    ("unit", "kept"),
    [
        ("year", "2024-01-01"),
        ("quarter", "2024-04-01"),
        ("month", "2024-05-01"),
        ("week", "2024-05-13"),
        ("day", "2024-05-15"),
    ],
)
def test_dates_are_cut(unit: str, kept: str) -> None:
    table = Table(TableName("public", "t"), (Column("at", Type(Kind.TIMESTAMP, "timestamp")),))
    moments = [datetime.fromisoformat(text) for text in ("2024-05-15 10:20:30", f"{kept} 00:00:00")]
    cells = Cells(table, {"at": pa.array(moments, pa.timestamp("us"))}, 2)
    assert _broken(f"date_trunc('{unit}', at) = '{kept}'", "postgresql", cells) == [False, False]
    assert _broken(f"date_trunc('{unit}', at) = at", "postgresql", cells) == [True, False]


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
