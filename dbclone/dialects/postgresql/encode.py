"""Arrow batches as the CSV that COPY reads: takes a batch and its columns, gives bytes.

The mirror of ``rows``: the stand-ins for infinite dates become infinite again. A value of another Arrow type than the
column's own is converted, a text is left for the server to read. Never looks at one value at a time, nested ones apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from dbclone.dialects.postgresql.rows import ARROW_TYPES, INFINITE
from dbclone.schema import Column, Kind
from dbclone.schema.infinities import ABOVE, BELOW

_OPTIONS = pa.csv.WriteOptions(include_header=False, quoting_style="needed", batch_size=16_384)


def to_csv(batch: pa.RecordBatch, columns: Sequence[Column]) -> memoryview:
    """The named columns of a batch; NULL is nothing at all, an empty text is a pair of quotes.

    Raises pyarrow's ArrowInvalid where a value does not fit its column.
    """
    arrays = [_printable(batch.column(column.name), column) for column in columns]
    names = [f"c{number}" for number in range(len(arrays))]
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(pa.RecordBatch.from_arrays(arrays, names=names), sink, _OPTIONS)
    return memoryview(sink.getvalue())


def _printable(array: pa.Array, column: Column) -> pa.Array:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_null(array.type):
        return array.cast(pa.string())
    if pa.types.is_nested(array.type):
        return _nested(array, column)
    wanted = ARROW_TYPES[column.type.storage]
    if array.type != wanted and not _is_text(array.type):
        array = _converted(array, wanted)
    if column.type.kind in INFINITE and not _is_text(array.type):
        return _with_infinities(array, column.type.kind)
    if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        return _hex(array.cast(pa.binary()))
    if column.type.kind is Kind.MONEY and pa.types.is_floating(array.type):
        # Money reads no exponent.
        return array.cast(pa.decimal128(38, 4), safe=False).cast(pa.string())
    return array


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _converted(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    if pa.types.is_integer(wanted) and pa.types.is_floating(array.type):
        array = pc.round(array)
    if pa.types.is_binary(wanted) or _is_text(wanted):
        return array.cast(pa.string()) if not pa.types.is_binary(array.type) else array
    if pa.types.is_boolean(array.type) and not pa.types.is_integer(wanted):
        array = array.cast(pa.int64())
    if pa.types.is_decimal(array.type) and pa.types.is_floating(wanted):
        # A decimal is more exact than the column's own way to travel.
        return array.cast(pa.string())
    return array.cast(wanted, safe=pa.types.is_integer(wanted))


def _with_infinities(array: pa.Array, kind: Kind) -> pa.Array:
    if kind is Kind.TIMESTAMPTZ:
        # The session's own zone is UTC: what it reads needs no zone.
        array = array.cast(pa.timestamp("us"))
    below, above = (pa.scalar(day, pa.date32()).cast(array.type) for day in (BELOW, ABOVE))
    low, high = pc.equal(array, below), pc.equal(array, above)
    if not pc.any(pc.or_(low, high)).as_py():
        return array
    text = array.cast(pa.string())
    return pc.if_else(low, "-infinity", pc.if_else(high, "infinity", text))


def _hex(array: pa.BinaryArray) -> pa.StringArray:
    """``\\x`` and hexadecimal digits, the whole array in one step."""
    array = pa.concat_arrays([array]) if array.offset == 0 else pa.array(array.to_pylist(), pa.binary())
    validity, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[: len(array) + 1]
    if 2 * int(ends[-1]) > np.iinfo(np.int32).max:
        return pa.array([None if value is None else value.hex() for value in array.to_pylist()], pa.large_string())
    digits = (data.to_pybytes() if data is not None else b"")[: int(ends[-1])].hex().encode("ascii")
    buffers = [validity, pa.py_buffer(np.ascontiguousarray(ends * 2)), pa.py_buffer(digits)]
    return pc.binary_join_element_wise("\\x", pa.Array.from_buffers(pa.string(), len(array), buffers), "")


def _nested(array: pa.Array, column: Column) -> pa.Array:
    write: Callable[[Any], str] = json_text if column.type.kind is Kind.JSON else array_text
    return pa.array([None if value is None else write(value) for value in array.to_pylist()], pa.string())


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def array_text(value: Any) -> str:
    """A Python list as PostgreSQL writes an array."""
    if not isinstance(value, list):
        return json_text(value) if isinstance(value, dict) else str(value)
    return "{" + ",".join(_element(item) for item in value) + "}"


def _element(item: Any) -> str:
    if item is None:
        return "NULL"
    if isinstance(item, list):
        return array_text(item)
    if isinstance(item, bool):
        return "t" if item else "f"
    if isinstance(item, int | float):
        return str(item)
    text = json_text(item) if isinstance(item, dict) else str(item)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
