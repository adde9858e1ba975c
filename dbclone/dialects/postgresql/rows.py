"""Rows of PostgreSQL as Arrow: takes a session and a SELECT, gives record batches by COPY.

What Arrow or Python cannot hold is mapped, never refused: infinite dates and timestamps become the days that stand for
them, which the loader turns back; others outside the years 1 to 9999 become days near the end; 24:00 becomes
the last microsecond of the day; a time with zone loses its zone. Holds no more than one chunk of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg.abc import PQGen
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn
from psycopg.waiting import Wait

from dbclone.dialects.postgresql.connect import Session
from dbclone.dialects.postgresql.names import quote
from dbclone.schema import Column, Kind, Type
from dbclone.schema.infinities import ABOVE, BELOW, FIRST, LAST

ARROW_TYPES: dict[str, pa.DataType] = {
    "int64": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "date32": pa.date32(),
    "time64[us]": pa.time64("us"),
    "timestamp[us]": pa.timestamp("us"),
    "timestamp[us, tz=UTC]": pa.timestamp("us", tz="UTC"),
    "binary": pa.binary(),
    "string": pa.string(),
}
"""The Arrow type behind each name that ``Type.storage`` gives."""

INFINITE = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
"""The kinds of values that may be infinite."""

_CAST = {Kind.DATE: "date", Kind.TIMESTAMP: "timestamp", Kind.TIMESTAMPTZ: "timestamptz"}
_FEW = 64
_CHUNK_BYTES = 64 * 2**20
"""Wide rows make a chunk end early: 65,536 documents of a megabyte each would fill any memory."""


@dataclass(frozen=True)
class Field:
    """One column of a result: its name, what its values are, and the SQL that prints them."""

    name: str
    type: Type
    sql: str

    @property
    def arrow(self) -> pa.DataType:
        return ARROW_TYPES[self.type.storage]


def fields_of(columns: Iterable[Column], alias: str) -> tuple[Field, ...]:
    """How each column is selected."""
    return tuple(Field(c.name, c.type, printed(f"{alias}.{quote(c.name)}", c.type)) for c in columns)


def printed(value: str, kind: Type) -> str:
    """``value`` in a form that Arrow's CSV reader takes for the column's storage type."""
    if kind.kind in _CAST:
        return _clamped(value, kind.kind)
    if kind.kind is Kind.TIME:
        plain = f"{value}::time" if "with time zone" in kind.sql else value
        return f"CASE WHEN {plain} = '24:00' THEN '23:59:59.999999' ELSE {plain} END"
    if kind.kind is Kind.MONEY:
        return f"{value}::numeric"
    if kind.kind is Kind.BINARY:
        return f"encode({value}, 'hex')"
    # A char(n) without the blanks that pad it; everything else prints as ::text does.
    return f"{value}::text" if kind.sql.startswith("character(") else value


def schema_of(fields: Sequence[Field]) -> pa.Schema:
    return pa.schema([pa.field(field.name, field.arrow) for field in fields])


def copy_rows(session: Session, statement: str, fields: Sequence[Field], chunk_rows: int) -> Iterator[pa.RecordBatch]:
    """Runs a SELECT by COPY and yields its rows; an empty result yields one empty batch.

    Raises psycopg's errors as they are.
    """
    command = f"COPY ({statement}) TO STDOUT (FORMAT csv, NULL '', ENCODING 'UTF8')"
    empty = True
    # Such a database promises no encoding at all: what is no UTF-8 shows as the replacement character.
    unknown = session.info.parameter_status("server_encoding") == "SQL_ASCII"
    with session.cursor() as cursor, cursor.copy(command.encode()) as copy:
        for chunk in _chunks(copy, chunk_rows):
            empty = False
            yield _parse(chunk.decode("utf-8", "replace").encode() if unknown else chunk, fields)
    if empty:
        yield pa.RecordBatch.from_pylist([], schema=schema_of(fields))


def _chunks(copy: psycopg.Copy, chunk_rows: int) -> Iterator[bytes]:
    session = copy.connection
    ended = False
    while not ended:
        gathered, ended = session.wait(_gather(session.pgconn, chunk_rows))
        if gathered:
            yield b"".join(gathered)


def _gather(pgconn: PGconn, chunk_rows: int) -> PQGen[tuple[list[bytes], bool]]:
    """The next rows of a COPY, a few hundred in a piece, and whether it ended with them.

    The server sends a message a row: those that are there are taken at once, since psycopg's own loop costs more a row
    than all that is done with it. Few are kept as they came, for the garbage collector looks at each of them again and
    again, which costs five times as much as they do.
    """
    pieces: list[bytes] = []
    few: list[memoryview] = []
    take, size, left, ended = pgconn.get_copy_data, 0, chunk_rows, False
    while left > 0 and size < _CHUNK_BYTES:
        length, row = take(1)
        if length > 0:
            few.append(row)
            left -= 1
            if len(few) == _FEW:
                pieces.append(b"".join(few))
                size += len(pieces[-1])
                few.clear()
        elif length == 0:
            yield from _wait(pgconn)
        else:
            yield from _end(pgconn)
            ended = True
            break
    return [*pieces, b"".join(few)] if few else pieces, ended


def _end(pgconn: PGconn) -> PQGen[None]:
    """Takes the results that follow the rows. Raises what the server says is wrong."""
    while True:
        while pgconn.is_busy():
            yield from _wait(pgconn)
        result = pgconn.get_result()
        if result is None:
            return
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result, encoding="utf-8")


def _wait(pgconn: PGconn) -> PQGen[None]:
    while not (yield Wait.R):
        continue
    pgconn.consume_input()


def _parse(chunk: bytes, fields: Sequence[Field]) -> pa.RecordBatch:
    names = [f"c{number}" for number in range(len(fields))]
    wanted = {
        # Hexadecimal digits first; the bytes are made from the whole column at once.
        name: pa.string() if field.type.kind is Kind.BINARY else field.arrow
        for name, field in zip(names, fields, strict=True)
    }
    table = pa.csv.read_csv(
        pa.py_buffer(chunk),
        read_options=pa.csv.ReadOptions(column_names=names, block_size=len(chunk) + 1),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pa.csv.ConvertOptions(
            column_types=wanted,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    arrays = []
    for field, column in zip(fields, table.columns, strict=True):
        array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        arrays.append(_unhex(array) if field.type.kind is Kind.BINARY else array)
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(fields))


def _unhex(digits: pa.StringArray) -> pa.BinaryArray:
    """Bytes from hexadecimal digits, the whole array in one step."""
    import numpy as np

    validity, offsets, data = digits.buffers()
    if digits.offset or data is None:
        return pa.array([None if text is None else bytes.fromhex(text) for text in digits.to_pylist()], pa.binary())
    ends = np.frombuffer(offsets, dtype=np.int32)[: len(digits) + 1]
    halves = np.ascontiguousarray(ends // 2)
    raw = bytes.fromhex(data.to_pybytes()[: int(ends[-1])].decode("ascii"))
    buffers = [validity, pa.py_buffer(halves), pa.py_buffer(raw)]
    return pa.Array.from_buffers(pa.binary(), len(digits), buffers)


def _clamped(value: str, kind: Kind) -> str:
    cast = _CAST[kind]
    below, above, before, after = (f"'{day}'::{cast}" for day in (BELOW, ABOVE, FIRST, LAST))
    end = "9999-12-31" if kind is Kind.DATE else "9999-12-31 23:59:59.999999"
    return (
        f"CASE WHEN {value} >= '0001-01-01'::{cast} AND {value} <= '{end}'::{cast} THEN {value}"
        f" WHEN {value} = 'infinity' THEN {above} WHEN {value} = '-infinity' THEN {below}"
        f" WHEN {value} < '0001-01-01'::{cast} THEN {before} WHEN {value} IS NOT NULL THEN {after} END"
    )
