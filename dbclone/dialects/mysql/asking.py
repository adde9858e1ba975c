"""What a MySQL server itself makes of rows in the making: CHECKs and expressions that nobody else understands.

Takes a session, a table that is there and columns of values, gives the value of an expression for each row. What it
writes is a temporary table that is gone when it returns.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pyarrow as pa

from dbclone.dialects.asking import ASKED, ROW, Told, told_by_halves
from dbclone.dialects.mysql.connect import DriverError, Session, quote, rows_of
from dbclone.errors import TargetError
from dbclone.schema import Column, Kind, Type

ROW_COLUMN = Column(ROW, Type(Kind.INTEGER, "bigint"))


def evaluate(
    session: Session, own: str, expression: str, batch: pa.RecordBatch, write: Callable[[pa.RecordBatch], None]
) -> Told | None:
    """(rows,) the expression's values as texts, and where it raises an error; None where it cannot be asked.

    ``own`` is the table, ``write`` writes rows with their numbers into the temporary one.
    """
    listed = ", ".join(quote(name) for name in batch.schema.names)
    arrays = [pa.array(range(batch.num_rows), pa.int64()), *batch.columns]
    numbered = pa.RecordBatch.from_arrays(arrays, names=[ROW, *batch.schema.names])
    asked = f"SELECT {quote(ROW)}, ({expression}) FROM {ASKED} WHERE {quote(ROW)}"

    def ask(start: int, stop: int) -> list[tuple[int, object]]:
        return [(row, value) for row, value in rows_of(session, f"{asked} BETWEEN {start} AND {stop - 1}")]

    try:
        shape = f"SELECT CAST(0 AS SIGNED) AS {quote(ROW)}, {listed} FROM {quote(own)} LIMIT 0"
        rows_of(session, f"CREATE TEMPORARY TABLE {ASKED} AS {shape}")
        write(numbered)
        return told_by_halves(batch.num_rows, ask, DriverError)
    except (DriverError, TargetError):
        return None
    finally:
        with contextlib.suppress(DriverError):
            rows_of(session, f"DROP TEMPORARY TABLE IF EXISTS {ASKED}")
