"""What a PostgreSQL database itself makes of rows in the making: CHECKs and expressions that nobody else understands.

Takes a session, a table that is there and columns of values, gives the value of an expression for each row. What it
writes is a temporary table that is gone when it returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pyarrow as pa

from dbclone.dialects.asking import ASKED, ROW, Told, told_by_halves
from dbclone.dialects.postgresql.connect import Session
from dbclone.dialects.postgresql.encode import to_csv
from dbclone.dialects.postgresql.names import qualified, quote
from dbclone.errors import TargetError
from dbclone.schema import Column, Kind, Table, TableName, Type

_ASKED = f"pg_temp.{ASKED}"
_KEPT = "pg_temp.dbclone_kept"
_EXCLUDE = re.compile(r"EXCLUDE\b", re.IGNORECASE)
# A constraint that waits for the end of the transaction lets everything in before.
_WAITS = re.compile(r"\s(?:NOT )?DEFERRABLE(?: INITIALLY \w+)?$", re.IGNORECASE)


def evaluate(
    session: Session, table: Table, name: TableName, expression: str, batch: pa.RecordBatch
) -> Told | None:
    """(rows,) the expression's values as texts, and where it raises an error; None where it cannot be asked.

    Of an EXCLUDE constraint: true where a row may stand beside those before it.
    """
    columns = [table.column(column) for column in batch.schema.names]
    listed = ", ".join(f"{qualified(name)}.{quote(column.name)}" for column in columns)
    arrays = [pa.array(range(batch.num_rows), pa.int64()), *batch.columns]
    numbered = pa.RecordBatch.from_arrays(arrays, names=[ROW, *batch.schema.names])
    row = Column(ROW, Type(Kind.INTEGER, "bigint"))
    try:
        with session.transaction(force_rollback=True):
            session.execute(
                f"CREATE TEMP TABLE {ASKED} ON COMMIT DROP AS SELECT 0::bigint AS {quote(ROW)}, {listed}"
                f" FROM ONLY {qualified(name)} WITH NO DATA".encode()
            )
            with session.cursor().copy(f"COPY {_ASKED} FROM STDIN (FORMAT csv, NULL '')".encode()) as copy:
                copy.write(to_csv(numbered, [row, *columns]))
            if _EXCLUDE.match(expression):
                return _admitted(session, table, expression, batch.num_rows)
            return _told(session, expression, batch.num_rows)
    except (psycopg.Error, pa.ArrowInvalid):
        return None


def _told(session: Session, expression: str, rows: int) -> Told | None:
    # No parameters: an expression may hold signs that stand for them.
    asked = f"SELECT {quote(ROW)}, ({expression})::text FROM {_ASKED} WHERE {quote(ROW)} >="

    def ask(start: int, stop: int) -> Iterator[tuple[int, object]]:
        with session.transaction():
            yield from session.execute(f"{asked} {start} AND {quote(ROW)} < {stop}".encode())

    return told_by_halves(rows, ask, psycopg.Error)


def _admitted(session: Session, table: Table, exclusion: str, rows: int) -> Told | None:
    """Lets the database itself build the constraint and put in one row after the other."""
    shape = f"CREATE TEMP TABLE dbclone_kept ON COMMIT DROP AS SELECT * FROM {_ASKED} WITH NO DATA"
    computed = [
        f"ADD COLUMN {quote(column.name)} {column.type.sql} GENERATED ALWAYS AS ({column.generated}) STORED, "
        for column in table.columns
        if column.generated is not None and column.name in exclusion
    ]
    constraint = f"ALTER TABLE {_KEPT} {''.join(computed)}ADD {_WAITS.sub('', exclusion)}"
    try:
        session.execute(f"{shape}; {constraint}".encode())
    except psycopg.Error as error:
        raise TargetError(
            f"{table.name} cannot be kept as {exclusion} demands: {error.diag.message_primary}.",
            where=str(table.name),
            hint=f'give {table.name} the strategy "mask", "copy" or "empty" under tables.strategies.',
        ) from None
    filling = f"INSERT INTO {_KEPT} SELECT * FROM {_ASKED} WHERE {quote(ROW)} >="
    kept = f"ORDER BY {quote(ROW)} ON CONFLICT DO NOTHING RETURNING {quote(ROW)}, true::text"

    def ask(start: int, stop: int) -> Iterator[tuple[int, object]]:
        with session.transaction():
            yield from session.execute(f"{filling} {start} AND {quote(ROW)} < {stop} {kept}".encode())

    told = told_by_halves(rows, ask, psycopg.Error)
    return None if told is None else (["false" if one is None else one for one in told[0]], told[1])
