"""Rows of MySQL as Arrow: takes columns and the texts that the server sends, gives record batches.

What Arrow cannot hold is mapped, never refused: the zero date becomes ``ZERO_DATE``, which the loader turns back, and a
zero month or day becomes the first. A SET travels as an array (``{a,b}``), bits as zeros and ones, a point as
``(x,y)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dbclone.errors import SourceError
from dbclone.schema import Column, Kind, TableName

ZERO_DATE = "0001-01-01"
FIRST_YEAR = 1000
"""The first year that MySQL promises to hold: what lies before it is a zero date to the loader."""

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
_LIST_MARKS = '{}," \\'


def arrow_type(column: Column) -> pa.DataType:
    return _ARROW[column.type.storage]


def select_term(column: Column, name: str) -> str:
    """What to select so that the server prints a value as ``to_arrow`` reads it; ``name`` is the quoted column."""
    kind, word = column.type.kind, column.type.sql.partition("(")[0].partition(" ")[0].lower()
    if word == "bit":
        return f"{name} + 0" if kind is Kind.BOOLEAN else f"lpad(bin({name} + 0), {column.type.length or 1}, '0')"
    if word == "float":
        # Printed as it is, a float shows six digits.
        return f"{name} + 0e0"
    if kind is Kind.ENUM and "" not in column.type.labels and column.type.labels:
        # What a careless session stored in place of an unknown label.
        other = "NULL" if column.nullable else "'" + column.type.labels[0].replace("'", "''") + "'"
        return f"if({name} = '', {other}, {name})"
    if kind is Kind.GEOMETRIC:
        return f"concat('(', ST_X({name}), ',', ST_Y({name}), ')')"
    if kind is Kind.OTHER and word in _SHAPES:
        return f"ST_AsText({name})"
    return f"CAST({name} AS CHAR)" if kind in (Kind.UUID, Kind.NETWORK) else name


_SHAPES = (
    "geometry", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection",
    "geomcollection",
)  # fmt: skip


def to_arrow(values: Sequence[Any], column: Column, table: TableName) -> pa.Array:
    """One column of a chunk. Raises SourceError where a value is not of the kind that the schema says."""
    kind = column.type.kind
    try:
        if kind is Kind.BINARY:
            return pa.array([_bytes(value) for value in values], pa.binary())
        texts = pa.array([value.decode() if isinstance(value, bytes) else value for value in values], pa.string())
        if kind is Kind.BOOLEAN:
            return pc.not_equal(texts, "0")
        if kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
            naive = _dated(texts).cast(pa.date32() if kind is Kind.DATE else pa.timestamp("us"))
            return naive.cast(arrow_type(column))
        if kind is Kind.TIME:
            return pc.binary_join_element_wise("1970-01-01", texts, " ").cast(pa.timestamp("us")).cast(pa.time64("us"))
        if kind is Kind.ARRAY:
            return _listed(texts)
        if kind is Kind.FLOAT and column.type.bits == 32:
            # The shortest number that is this float: 0.1, not 0.10000000149.
            return texts.cast(pa.float64()).cast(pa.float32()).cast(pa.string()).cast(pa.float64())
        return texts.cast(arrow_type(column))
    except (pa.ArrowException, UnicodeDecodeError, ValueError) as error:
        where = f"{table}.{column.name}"
        raise SourceError(
            f"a value of {where} is no {kind.value}: {error}.",
            where=where,
            hint="run the command again if the rows have changed since the schema was read; else leave the table out.",
        ) from None


def _bytes(value: Any) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _dated(texts: pa.StringArray) -> pa.StringArray:
    texts = pc.replace_substring_regex(texts, "^0000-00-00", ZERO_DATE)
    odd = pc.match_substring_regex(texts, "^0000-|-00")
    if not pc.any(odd).as_py():
        return texts
    for pattern, plain in (("^0000-", "0001-"), (r"^(\d{4})-00", r"\1-01"), (r"^(\d{4}-\d{2})-00", r"\1-01")):
        texts = pc.replace_substring_regex(texts, pattern, plain)
    return texts


def _listed(texts: pa.StringArray) -> pa.StringArray:
    """``a,b`` as the array ``{a,b}``; a label cannot hold a comma."""
    distinct = texts.dictionary_encode()
    spelled = [
        "{" + ",".join(_item(label) for label in text.split(",") if text) + "}"
        for text in distinct.dictionary.to_pylist()
    ]
    return pa.DictionaryArray.from_arrays(distinct.indices, pa.array(spelled, pa.string())).dictionary_decode()


def _item(label: str) -> str:
    if label and label.upper() != "NULL" and not any(mark in label for mark in _LIST_MARKS):
        return label
    return '"' + label.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unlisted(text: str) -> str:
    """The array ``{a,b}`` as MySQL writes the SET ``a,b``."""
    items: list[str] = []
    item, quoted, escaped = "", False, False
    for letter in text.strip()[1:-1]:
        if escaped:
            item, escaped = item + letter, False
        elif letter == "\\":
            escaped = True
        elif letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            items.append(item)
            item = ""
        else:
            item += letter
    return ",".join([*items, item]) if item or items else ""
