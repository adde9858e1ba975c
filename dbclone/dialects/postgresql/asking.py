"""What a PostgreSQL database itself makes of rows in the making: CHECKs and expressions that nobody else understands.

Takes a session, a table that is there and columns of values, gives the value of an expression for each row. What it
writes is a temporary table that is gone when it returns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import psycopg
import pyarrow as pa

from dbclone.dialects.postgresql.connect import Session
from dbclone.dialects.postgresql.encode import to_csv
from dbclone.dialects.postgresql.names import qualified, quote
from dbclone.schema import Column, Kind, Table, TableName, Type

_ROW = "dbclone row"
_ASKED = "pg_temp.dbclone_asked"
_MOST_FAILING = 64
"""Rows for which an expression may raise an error, which is found out one by one; with more, nothing can be told."""


def evaluate(
    session: Session, table: Table, name: TableName, expression: str, batch: pa.RecordBatch
) -> tuple[list[str | None], npt.NDArray[np.bool_]] | None:
    """(rows,) the expression's values as texts, and where it raises an error; None where it cannot be asked."""
    columns = [table.column(column) for column in batch.schema.names]
    rows = np.arange(batch.num_rows)
    listed = ", ".join(f"{qualified(name)}.{quote(column.name)}" for column in columns)
    numbered = pa.RecordBatch.from_arrays([pa.array(rows), *batch.columns], names=[_ROW, *batch.schema.names])
    row = Column(_ROW, Type(Kind.INTEGER, "bigint"))
    try:
        with session.transaction(force_rollback=True):
            session.execute(
                f"CREATE TEMP TABLE dbclone_asked ON COMMIT DROP AS SELECT 0::bigint AS {quote(_ROW)}, {listed}"
                f" FROM ONLY {qualified(name)} WITH NO DATA".encode()
            )
            with session.cursor().copy(f"COPY {_ASKED} FROM STDIN (FORMAT csv, NULL '')".encode()) as copy:
                copy.write(to_csv(numbered, [row, *columns]))
            return _told(session, expression, batch.num_rows)
    except (psycopg.Error, pa.ArrowInvalid):
        return None


def _told(
    session: Session, expression: str, rows: int
) -> tuple[list[str | None], npt.NDArray[np.bool_]] | None:
    values: list[str | None] = [None] * rows
    failed = np.zeros(rows, bool)
    # No parameters: an expression may hold signs that stand for them.
    asked = f"SELECT {quote(_ROW)}, ({expression})::text FROM {_ASKED} WHERE {quote(_ROW)} >="
    todo = [(0, rows)]
    while todo:
        start, stop = todo.pop()
        try:
            with session.transaction():
                for row, value in session.execute(f"{asked} {start} AND {quote(_ROW)} < {stop}".encode()):
                    values[row] = value
        except psycopg.Error:
            # One row at fault fails them all: the halves tell which.
            if stop - start == 1:
                failed[start] = True
            else:
                middle = (start + stop) // 2
                todo += [(start, middle), (middle, stop)]
            if failed.sum() > _MOST_FAILING:
                return None
    return values, failed
