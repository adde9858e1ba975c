"""Values between Arrow and SQLite: numbers, booleans as 0 and 1, dates in the column's own spelling, text, bytes.

Takes rows of Python values or Arrow columns, gives the other, column by column. Never opens a database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dbclone.errors import SourceError
from dbclone.schema import Column, Kind, TableName

_ARROW: dict[str, pa.DataType] = {
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
_DEFAULT_FORM = {
    Kind.TIMESTAMP: "YYYY-MM-DD HH:MM:SS[.ffffff]",
    Kind.TIMESTAMPTZ: "YYYY-MM-DD HH:MM:SS[.ffffff]",
    Kind.TIME: "HH:MM:SS[.ffffff]",
}


def arrow_type(column: Column) -> pa.DataType:
    return _ARROW[column.type.storage]


def select_term(column: Column, name: str) -> str:
    """What to select so that every value of the column has the one Python type that ``to_arrow`` expects."""
    storage = column.type.storage
    if storage == "double":
        return f"CAST({name} AS REAL)"
    if storage == "binary":
        return f"CAST({name} AS BLOB)"
    return name if storage in ("int64", "bool") else f"CAST(CAST({name} AS TEXT) AS BLOB)"


def to_arrow(values: Sequence[Any], column: Column, table: TableName) -> pa.Array:
    """One column of a chunk. Raises SourceError where a value is not of the kind that the schema says."""
    storage = column.type.storage
    try:
        if storage == "bool":
            return pa.array(values, type=pa.int8()).cast(pa.bool_())
        if storage in ("int64", "double", "binary"):
            return pa.array(values, type=_ARROW[storage])
        texts = _texts(values)
        return texts if storage == "string" else _parsed(texts, column)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        raise SourceError(
            f"a value of {table}.{column.name} is no {column.type.kind.value}, though the schema was read as such.",
            where=f"{table}.{column.name}",
            hint="run the command again if the file has changed since its schema was read; else leave the table out.",
        ) from None


def _texts(values: Sequence[bytes | None]) -> pa.Array:
    try:
        return pa.array(values, type=pa.string())
    except pa.ArrowInvalid:  # SQLite does not check that text is UTF-8
        decoded = [None if value is None else value.decode("utf-8", errors="replace") for value in values]
        return pa.array(decoded, type=pa.string())


def _parsed(texts: pa.Array, column: Column) -> pa.Array:
    form = column.type.form or ""
    if column.type.kind is Kind.DATE:
        return texts.cast(pa.date32())
    if column.type.kind is Kind.TIME:
        joined = pc.binary_join_element_wise(pa.scalar("1970-01-01"), texts, " ")
        return joined.cast(pa.timestamp("us")).cast(pa.time64("us"))
    for suffix in ("Z", "+00:00"):
        if form.endswith(suffix):
            texts = pc.replace_substring_regex(texts, re.escape(suffix) + "$", "")
    naive = texts.cast(pa.timestamp("us"))
    # A zone is declared, not written: these are instants in UTC.
    return naive.cast(pa.timestamp("us", "UTC")) if column.type.kind is Kind.TIMESTAMPTZ else naive


def to_sqlite(array: pa.Array, column: Column) -> list[Any]:
    """One column of a batch as SQLite stores it."""
    values: list[Any] = stored(array, column).to_pylist()
    return values


def stored(array: pa.Array, column: Column) -> pa.Array:
    """One column of a batch with the values that SQLite stores: integers, doubles, text, bytes."""
    return _stored(_plain(array), column)


def _plain(array: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_decimal(array.type):
        array = array.cast(pa.float64())
    return array


def _stored(array: pa.Array, column: Column) -> pa.Array:
    kind = array.type
    if pa.types.is_boolean(kind):
        return array.cast(pa.int8())
    if pa.types.is_floating(kind):
        # SQLite has no NaN: it would read NULL, also where none may be.
        return pc.if_else(pc.is_nan(array), None if column.nullable else 0.0, array)
    if pa.types.is_date(kind):
        return array.cast(pa.date32()).cast(pa.string())
    if pa.types.is_time(kind):
        return _spelled(array.cast(pa.time64("us")).cast(pa.string()), column.type.form or _DEFAULT_FORM[Kind.TIME])
    if pa.types.is_timestamp(kind):
        text = array.cast(pa.timestamp("us", kind.tz)).cast(pa.string())
        if kind.tz is not None:
            text = pc.replace_substring(text, "Z", "")
        return _spelled(text, column.type.form or _DEFAULT_FORM[Kind.TIMESTAMP])
    return array


def _spelled(texts: pa.Array, form: str) -> pa.Array:
    """``... HH:MM:SS.ffffff`` in the column's own spelling."""
    body, suffix = form, ""
    for zone in ("Z", "+00:00"):
        if form.endswith(zone):
            body, suffix = form[: -len(zone)], zone
    if body.endswith(("[ HH:MM:SS]", "[THH:MM:SS]")):
        between = body[-len("[ HH:MM:SS]") + 1]
        short = pc.utf8_slice_codeunits(texts, 0, 19)
        short = pc.replace_substring_regex(short, " 00:00:00$", "")
        return pc.replace_substring(short, " ", between)
    optional = body.endswith("]")
    digits = body.count("f")
    length = len("HH:MM") if body == "HH:MM" else 16 if body.endswith("HH:MM") else None
    if length is None:
        start = 8 if body.startswith("HH") else 19
        length = start + (digits + 1 if digits else 0)
    texts = pc.utf8_slice_codeunits(texts, 0, length)
    if optional:
        texts = pc.replace_substring_regex(texts, r"\.0+$", "")
    if "T" in body:
        texts = pc.replace_substring(texts, " ", "T")
    return pc.binary_join_element_wise(texts, pa.scalar(suffix), "") if suffix else texts
