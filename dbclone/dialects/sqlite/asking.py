"""What SQLite itself makes of rows in the making: expressions that nobody else understands.

Takes how a table was made and columns of values, gives the value of an expression for each row. The file of the target
is never touched: the rows lie in memory, in columns of the same affinity and collation.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping

import pyarrow as pa

from dbclone.dialects.asking import ASKED, ROW, Told, told_by_halves
from dbclone.dialects.sqlite.catalog import quote
from dbclone.dialects.sqlite.statement import parse_create_table
from dbclone.dialects.sqlite.values import to_sqlite
from dbclone.schema import Table


def evaluate(
    creation: str, types: Mapping[str, str], table: Table, expression: str, batch: pa.RecordBatch
) -> Told | None:
    """(rows,) the expression's values as texts, and where it raises an error; None where it cannot be asked.

    ``creation`` is the CREATE TABLE statement, ``types`` are its columns' declared types.
    """
    names = batch.schema.names
    collations = {one.column: f"COLLATE {quote(one.text)}" for one in parse_create_table(creation).of("collate")}
    columns = ", ".join(f"{quote(name)} {types.get(name, '')} {collations.get(name, '')}" for name in names)
    values = [to_sqlite(batch.column(name), table.column(name)) for name in names]
    with contextlib.closing(sqlite3.connect(":memory:")) as memory:
        try:
            memory.execute(f"CREATE TABLE {ASKED} ({quote(ROW)} INTEGER PRIMARY KEY, {columns})")
            marks = ", ".join("?" * (len(names) + 1))
            rows = zip(range(batch.num_rows), *values, strict=True)
            memory.executemany(f"INSERT INTO {ASKED} VALUES ({marks})", rows)
        except (sqlite3.Error, OverflowError):
            return None
        asked = f"SELECT {quote(ROW)}, ({expression}) FROM {ASKED} WHERE {quote(ROW)} >= ? AND {quote(ROW)} < ?"

        def ask(start: int, stop: int) -> Iterator[tuple[int, object]]:
            yield from memory.execute(asked, (start, stop))

        return told_by_halves(batch.num_rows, ask, sqlite3.Error)
