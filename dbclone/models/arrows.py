"""Arrow columns as plain numbers and back.

Takes and gives Arrow arrays of the storage types that `dbclone.schema.Type` names. Dates become days, times and
timestamps microseconds, booleans 0 and 1; NULL and what is not finite become NaN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
DAY_US = 86_400_000_000.0


def to_numbers(column: pa.Array | pa.ChunkedArray) -> Floats:
    """The column as float64 (n,), NaN for NULL."""
    kind = column.type
    if pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    elif pa.types.is_time64(kind) or pa.types.is_timestamp(kind):
        column = column.cast(pa.int64())
    elif pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
        column = pc.binary_length(column) if pa.types.is_binary(kind) else pc.utf8_length(column)
    numbers = np.asarray(pc.fill_null(column.cast(pa.float64(), safe=False), np.nan)).astype(np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def from_numbers(numbers: Floats, kind: pa.DataType, decimals: int | None = None) -> pa.Array:
    """An Arrow array of type ``kind`` from float64 (n,), NaN as NULL; ``decimals`` rounds floats."""
    missing = np.isnan(numbers)
    if pa.types.is_floating(kind):
        rounded = numbers if decimals is None else np.round(numbers, decimals)
        return pa.array(rounded, kind, mask=missing)
    whole = np.where(missing, 0.0, np.rint(numbers))
    if pa.types.is_boolean(kind):
        return pa.array(whole > 0.5, kind, mask=missing)
    if pa.types.is_date32(kind):
        return pa.array(np.clip(whole, -719_162, 2_932_896).astype(np.int32), pa.int32(), mask=missing).cast(kind)
    integers = np.clip(whole, -(2.0**63), 2.0**63 - 1025).astype(np.int64)
    if pa.types.is_time64(kind):
        return pa.array(integers % int(DAY_US), pa.int64(), mask=missing).cast(kind)
    if pa.types.is_timestamp(kind):
        return pa.array(integers, pa.int64(), mask=missing).cast(kind)
    return pa.array(integers, pa.int64(), mask=missing).cast(kind)


def binary_as_text(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Bytes as hexadecimal text, NULL as NULL."""
    return pa.array([None if value is None else value.hex() for value in column.to_pylist()], pa.string())


def text_as_binary(column: pa.Array) -> pa.Array:
    """What ``binary_as_text`` gave, as bytes again."""
    return pa.array([None if value is None else bytes.fromhex(value) for value in column.to_pylist()], pa.binary())


def arrow_type(storage: str) -> pa.DataType:
    """The Arrow type that a storage name stands for."""
    return {
        "int64": pa.int64(),
        "double": pa.float64(),
        "bool": pa.bool_(),
        "string": pa.string(),
        "date32": pa.date32(),
        "time64[us]": pa.time64("us"),
        "timestamp[us]": pa.timestamp("us"),
        "timestamp[us, tz=UTC]": pa.timestamp("us", tz="UTC"),
        "binary": pa.binary(),
    }[storage]
