"""Values between SQLAlchemy's Python objects and Arrow, for databases that have no faster way.

Takes columns of Python values or Arrow batches, gives the other. Never opens a database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from dbclone.dialects.portable_types import generic_type
from dbclone.dialects.protocol import Family
from dbclone.errors import SourceError
from dbclone.schema import Column, Kind, Schema, Table, TableName

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


def arrow_type(column: Column) -> pa.DataType:
    return _ARROW[column.type.storage]


def to_arrow(values: Sequence[Any], column: Column, table: TableName) -> pa.Array:
    """One column of a chunk in the storage type that the schema names."""
    wanted = arrow_type(column)
    try:
        return pa.array(values, type=wanted)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        pass
    try:
        return pa.array([None if value is None else _simple(value, wanted) for value in values], type=wanted)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        where = f"{table}.{column.name}"
        raise SourceError(f"a value of {where} is no {column.type.kind.value}: {error}.", where=where) from None


def _simple(value: Any, wanted: pa.DataType) -> Any:
    """A driver's own object as one that Arrow takes."""
    if pa.types.is_floating(wanted):
        return float(value)
    if pa.types.is_integer(wanted):
        return int(value)
    if pa.types.is_boolean(wanted):
        return value not in (0, b"\x00", "0", "", False)
    if pa.types.is_time(wanted) and isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if pa.types.is_temporal(wanted) and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if pa.types.is_date(wanted):
            return moment.date()
        return moment.replace(tzinfo=UTC) if wanted.tz and moment.tzinfo is None else moment
    if pa.types.is_string(wanted):
        return _text(value)
    return bytes(value) if pa.types.is_binary(wanted) else value


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", errors="replace")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def inferred(values: Sequence[Any]) -> pa.Array:
    """A column of a query's result; a mix of types becomes text."""
    simple = [float(value) if isinstance(value, Decimal) else value for value in values]
    try:
        return pa.array(simple)
    except (pa.ArrowException, TypeError):
        return pa.array([None if value is None else str(value) for value in simple], type=pa.string())


def python_rows(batch: pa.RecordBatch, columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Rows as SQLAlchemy's ``executemany`` takes them."""
    cells = [batch.column(column.name).to_pylist() for column in columns]
    names = [column.name for column in columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


@dataclass(frozen=True)
class FamilyKeys:
    """What to join and select beside a row so that its topmost ancestor can be told; ``widths`` are the numbers of
    key columns a level, the topmost first. The hash is taken in Python, for no two databases share one."""

    family: Family
    joins: str = ""
    terms: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()

    def chosen(self, keys: Sequence[Any]) -> bool:
        """True where the first level that has a key falls into the fraction."""
        start = 0
        for width in self.widths:
            key = keys[start : start + width]
            start += width
            if key[0] is not None or start == len(keys):
                text = "\x1f".join(str(part) for part in (self.family.salt, *key))
                number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")
                return number < int(self.family.fraction * 2**32)
        return True


def bound_type(column: Column) -> Any:
    """The type by which SQLAlchemy hands a value to the driver; decimals go as the doubles that they travelled as."""
    return None if column.type.kind in (Kind.DECIMAL, Kind.MONEY) else generic_type(column.type)


def family_keys(family: Family, table: Table, schema: Schema, quote: Callable[[TableName], str]) -> FamilyKeys:
    """The joins from ``table`` (called ``t``) up to its topmost ancestor. ``quote`` spells a table's name."""
    joins, holder = "", "t"
    levels = [(table, "t")]
    for step, key in enumerate(family.path):
        parent, alias = schema.table(key.parent), f"p{step}"
        pairs = zip(key.columns, key.parent_columns, strict=True)
        same = " AND ".join(f"{alias}.{_name(other)} = {holder}.{_name(own)}" for own, other in pairs)
        joins += f" LEFT JOIN {quote(parent.name)} {alias} ON {same}"
        levels.append((parent, alias))
        holder = alias
    terms: list[str] = []
    widths: list[int] = []
    for level, alias in reversed(levels):
        sets = level.unique_sets
        names = sets[0] if sets else tuple(column.name for column in level.columns)
        terms += [f"{alias}.{_name(name)}" for name in names]
        widths.append(len(names))
    return FamilyKeys(family, joins, tuple(terms), tuple(widths))


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
