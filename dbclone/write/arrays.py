"""Arrow columns in the type that the schema names for them, and bytes as text.

Takes and gives Arrow arrays. Never looks at a single value in Python, but for bytes.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from dbclone.errors import TargetError
from dbclone.schema import Column, Kind

_TYPES: dict[str, pa.DataType] = {
    "int64": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "date32": pa.date32(),
    "time64[us]": pa.time64("us"),
    "timestamp[us]": pa.timestamp("us"),
    "timestamp[us, tz=UTC]": pa.timestamp("us", "UTC"),
    "binary": pa.binary(),
    "string": pa.string(),
}


def arrow_type(column: Column) -> pa.DataType:
    """The column's Arrow type. A number of four bytes stays one: written as eight, 0.1 is another number."""
    if column.type.kind is Kind.FLOAT and column.type.bits == 32:
        return pa.float32()
    return _TYPES[column.type.storage]


def fit(array: Any, column: Column, table: str) -> Any:
    """``array`` as the column's own Arrow type. Raises TargetError where a value has none."""
    wanted = arrow_type(column)
    if array.type == wanted:
        return array
    try:
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        return array.cast(wanted)
    except pa.ArrowException as error:
        where = f"{table}.{column.name}"
        raise TargetError(f"{where} cannot be written as {wanted}: {error}.", where=where) from None


def hexadecimal(array: Any, prefix: str, suffix: str = "") -> Any:
    """Bytes as text; NULL stays NULL."""
    texts = [None if value is None else f"{prefix}{value.hex()}{suffix}" for value in array.to_pylist()]
    return pa.array(texts, type=pa.string())
