"""Brings values of any database to the Arrow type that the source's column has, so that two sides can be compared.

Takes Arrow columns, gives Arrow arrays of `Type.storage`. What cannot be read as such becomes NULL, never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dbclone.schema import TableName, Type

_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_DATE = r"^\d{4}-\d{2}-\d{2}"
_TIME = r"^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$"
_ZONE = r"(Z|[+-]\d{2}(:?\d{2})?)$"


def align(values: pa.ChunkedArray | pa.Array, type_: Type) -> pa.Array:
    """One array of the Arrow type ``type_.storage`` with the same length."""
    target = pa.type_for_alias(type_.storage) if "[" not in type_.storage else _temporal(type_.storage)
    array = _flat(values)
    if array.type == target:
        return array
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), target)
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return _from_text(array.cast(pa.string()), target)
    if pa.types.is_binary(target):
        return pc.cast(array, pa.binary(), safe=False)
    if pa.types.is_string(target) and pa.types.is_binary(array.type):
        return _from_bytes(array)
    return _cast(array, target)


def find(tables: Mapping[TableName, pa.Table], name: TableName) -> pa.Table | None:
    """The table of that name, or the only one of that bare name where the other database calls its schema otherwise."""
    if name in tables:
        return tables[name]
    bare = [other for other in tables if other.name == name.name]
    return tables[bare[0]] if len(bare) == 1 else None


def common(left: pa.Array, right: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Both arrays in one type, so that equal keys are equal: the same, else a number, else text."""
    if left.type == right.type:
        return left, right
    if all(pa.types.is_integer(one.type) or pa.types.is_floating(one.type) for one in (left, right)):
        return pc.cast(left, pa.float64(), safe=False), pc.cast(right, pa.float64(), safe=False)
    return _cast(left, pa.string()), _cast(right, pa.string())


def _temporal(alias: str) -> pa.DataType:
    if alias.startswith("timestamp"):
        return pa.timestamp("us", tz="UTC" if "UTC" in alias else None)
    return pa.time64("us")


def _flat(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(array, pa.ChunkedArray):
        # Text beyond 2 GB cannot be one array of 32-bit offsets; large_string can.
        array = pa.concat_arrays([chunk.cast(pa.large_string()) for chunk in array.chunks])
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array


def _cast(array: pa.Array, target: pa.DataType) -> pa.Array:
    if pa.types.is_temporal(array.type) and pa.types.is_integer(target):
        array = pc.cast(array, pa.int64(), safe=False)
    try:
        return pc.cast(array, target, safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        # Slow and rare: types that Arrow cannot turn into one another (lists, structs) are compared by their text.
        text = pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())
        return text if pa.types.is_string(target) else _from_text(text, target)


def _from_bytes(array: pa.Array) -> pa.Array:
    try:
        return pc.cast(array, pa.string())
    except pa.ArrowInvalid:
        return pa.array([None if one is None else one.hex() for one in array.to_pylist()], pa.string())


def _from_text(text: pa.Array, target: pa.DataType) -> pa.Array:
    if pa.types.is_string(target):
        return text
    if pa.types.is_binary(target):
        return text.cast(pa.binary())
    if pa.types.is_boolean(target):
        word = pc.utf8_lower(text)
        true, false = pa.array(["t", "true", "1", "y", "yes", "on"]), pa.array(["f", "false", "0", "n", "no", "off"])
        known = pc.or_(pc.is_in(word, true), pc.is_in(word, false))
        return pc.if_else(known, pc.is_in(word, true), pa.scalar(None, pa.bool_()))
    if pa.types.is_integer(target) or pa.types.is_floating(target):
        numbers = pc.utf8_trim_whitespace(_only(text, _NUMBER))
        return _cast_each(numbers, (pa.float64(), target))
    if pa.types.is_timestamp(target) and target.tz is not None:
        dated = _only(text, _DATE)
        zoned = pc.match_substring_regex(dated, _ZONE)
        with_zone = _cast_each(pc.if_else(zoned, dated, None), (target,))
        without = pc.assume_timezone(_cast_each(pc.if_else(zoned, None, dated), (pa.timestamp("us"),)), "UTC")
        return pc.coalesce(with_zone, without)
    if pa.types.is_time(target):
        timed = pc.binary_join_element_wise("1970-01-01", _only(text, _TIME), " ")
        return _cast_each(timed, (pa.timestamp("us"), target))
    if pa.types.is_timestamp(target) or pa.types.is_date(target):
        plain = pc.replace_substring_regex(_only(text, _DATE), _ZONE, "") if pa.types.is_timestamp(target) else text
        return _cast_each(_only(plain, _DATE), (pa.timestamp("us"), target))
    return _cast_each(text, (target,))


def _only(text: pa.Array, pattern: str) -> pa.Array:
    return pc.if_else(pc.match_substring_regex(text, pattern), text, None)


def _cast_each(array: pa.Array, types: Iterable[pa.DataType]) -> pa.Array:
    """The array cast through ``types``; where one value stops the whole, value by value with NULL for what stops."""
    steps = tuple(types)
    try:
        for step in steps:
            array = pc.cast(array, step, safe=False)
        return array
    except pa.ArrowInvalid:
        return pa.array([_cast_one(value, steps) for value in array], steps[-1])


def _cast_one(value: Any, steps: tuple[pa.DataType, ...]) -> Any:
    try:
        for step in steps:
            value = value.cast(step, safe=False)
    except pa.ArrowInvalid:
        return None
    return value.as_py()
