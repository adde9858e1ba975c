"""SQL's functions on values: parts of documents beside what SQLite says, dates cut to their months."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime

import pyarrow as pa
import pytest

from dbclone.sample.demands import Cells
from dbclone.sample.expressions import broken_rows, parsed
from dbclone.schema import Column, Kind, Table, TableName, Type

TABLE = Table(TableName("main", "t"), (Column("s", Type(Kind.TEXT, "text")),))


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


def _broken(condition: str, dialect: str, cells: Cells) -> list[bool]:
    tree = parsed(condition, dialect)
    assert tree is not None
    found: list[bool] = broken_rows(tree, cells).tolist()
    return found
