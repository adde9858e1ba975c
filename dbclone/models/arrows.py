"""Arrow columns as plain numbers and back.

Takes and gives Arrow arrays of the storage types that `dbclone.schema.Type` names. Dates become days, times and
timestamps microseconds, booleans 0 and 1; NULL and what is not finite (NaN, infinite numbers and moments) become NaN.
"""

from __future__ import annotations

import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.schema.infinities import ABOVE, BELOW

Floats = npt.NDArray[np.float64]
DAY_US = 86_400_000_000.0
_EPOCH = datetime.date(1970, 1, 1)


def to_numbers(column: pa.Array | pa.ChunkedArray) -> Floats:
    """The column as float64 (n,), NaN for NULL and for what is not finite."""
    numbers = as_numbers(column)
    numbers[~np.isfinite(numbers)] = np.nan
    if pa.types.is_date32(column.type) or pa.types.is_timestamp(column.type):
        numbers[np.isin(numbers, _ends(column.type))] = np.nan
    return numbers


def _ends(kind: pa.DataType) -> tuple[float, float]:
    """The numbers that stand for infinite moments."""
    unit = 1.0 if pa.types.is_date32(kind) else DAY_US
    return (BELOW - _EPOCH).days * unit, (ABOVE - _EPOCH).days * unit


def beyond_shares(column: pa.Array | pa.ChunkedArray, k: int) -> Floats:
    """(3,) the shares of NaN, -infinity and infinity among the rows without a finite number; of what fewer than ``k``
    rows hold none. (0,) where there is none at all."""
    nothing: Floats = np.zeros(0)
    if pa.types.is_floating(column.type):
        values = np.asarray(column.drop_null())
        counts = [np.isnan(values).sum(), (values == -np.inf).sum(), (values == np.inf).sum()]
    elif pa.types.is_date32(column.type) or pa.types.is_timestamp(column.type):
        numbers = as_numbers(column)
        counts = [0, *((numbers == end).sum() for end in _ends(column.type))]
    else:
        return nothing
    kept = np.array([count if count >= k else 0 for count in counts], np.float64)
    return kept / max(1.0, float(sum(counts)) + column.null_count) if kept.any() else nothing


def with_beyond(array: pa.Array, shares: Floats, draws: Floats) -> pa.Array:
    """The array with NaN and infinities in place of so many of its NULLs; ``draws`` (n,) 0 .. 1 say where."""
    if not len(shares) or not array.null_count:
        return array
    bounds = np.cumsum(shares)
    # Where no row is NULL, none is to become so by a rounding.
    bounds[bounds > 1 - 1e-9] = 1.0
    chosen = np.where(np.asarray(array.is_null()), np.searchsorted(bounds, draws, side="right"), 3)
    if pa.types.is_floating(array.type):
        marks = [pa.scalar(value, array.type) for value in (np.nan, -np.inf, np.inf)]
    else:
        marks = [pa.scalar(day, pa.date32()).cast(array.type) for day in (BELOW, BELOW, ABOVE)]
    for number, mark in enumerate(marks):
        array = pc.if_else(pa.array(chosen == number), mark, array)
    return array


def comparable(column: pa.Array | pa.ChunkedArray) -> Floats:
    """The column as float64 (n,) for comparisons: NaN for NULL, what stands for an infinite moment infinite."""
    numbers = as_numbers(column)
    if pa.types.is_date32(column.type) or pa.types.is_timestamp(column.type):
        for end, value in zip(_ends(column.type), (-np.inf, np.inf), strict=True):
            numbers[numbers == end] = value
    return numbers


def as_numbers(column: pa.Array | pa.ChunkedArray) -> Floats:
    """The column as float64 (n,), NaN for NULL; what stands for an infinite moment stays the day that it is."""
    kind = column.type
    if pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    elif pa.types.is_time64(kind) or pa.types.is_timestamp(kind):
        column = column.cast(pa.int64())
    elif pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
        column = pc.binary_length(column) if pa.types.is_binary(kind) else pc.utf8_length(column)
    return np.asarray(pc.fill_null(column.cast(pa.float64(), safe=False), np.nan)).astype(np.float64)


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
