"""What a schema demands of one table's rows, as questions about columns of values.

Takes a Table and columns of emitted values, gives the rows that break a demand. Demands that cannot be understood here
are left to the database. Never changes a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sqlglot import expressions as exp

from dbclone.models.links import match_rows
from dbclone.sample.expressions import (
    Columns,
    Result,
    Unknown,
    as_span,
    column_names,
    parsed,
    partition_check,
    shape_of,
    values_of,
)
from dbclone.sample.expressions import broken_rows as breaks
from dbclone.schema import Column, ForeignKey, Kind, Table

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class NotNull:
    """The one column may not be NULL."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class Condition:
    """A CHECK."""

    columns: tuple[str, ...]
    text: str
    tree: exp.Expression


@dataclass(frozen=True)
class Distinct:
    """No two rows for which ``where`` holds agree in all ``parts``, unless one of these is NULL."""

    columns: tuple[str, ...]
    parts: tuple[exp.Expression, ...]
    where: exp.Expression | None = None
    plain: tuple[str, ...] = ()


@dataclass(frozen=True)
class Present:
    """Foreign key ``number``: where none of its columns is NULL, the parent has such a row."""

    columns: tuple[str, ...]
    number: int
    key: ForeignKey


Demand = NotNull | Condition | Distinct | Present


def demands_of(table: Table, dialect: str) -> list[Demand]:
    """Everything that a row of ``table`` has to keep, as far as it is understood."""
    stored = {column.name for column in table.stored_columns}
    found: list[Demand] = [NotNull((column.name,)) for column in table.stored_columns if not column.nullable]
    found += [NotNull((name,)) for name in table.key if table.column(name).nullable]
    for check in (*table.checks, *partition_check(table)):
        tree = None if not check.validated else parsed(check.expression, dialect)
        names = None if tree is None else _columns(table, [tree])
        if tree is not None and names and set(names) <= stored:
            found.append(Condition(names, check.expression, tree))
    found += [_plain(columns) for columns in table.unique_sets]
    for unique in table.uniques:
        if unique.is_plain:
            continue
        where = None if unique.predicate is None else parsed(unique.predicate, dialect)
        if unique.predicate is not None and where is None:
            continue
        terms = [parsed(text, dialect) for text in unique.expressions]
        parts = [*(_named(name) for name in unique.columns), *(part for part in terms if part is not None)]
        names = None if None in terms else _columns(table, [*parts, *([where] if where is not None else [])])
        if names and set(names) <= stored:
            found.append(Distinct(names, tuple(parts), where))
    found += [Present(key.columns, number, key) for number, key in enumerate(table.foreign_keys) if not key.inferred]
    return [demand for demand in found if set(demand.columns) <= stored]


def _plain(columns: tuple[str, ...]) -> Distinct:
    return Distinct(columns, tuple(_named(name) for name in columns), None, columns)


def _named(column: str) -> exp.Expression:
    return exp.column(column, quoted=True)


def _columns(table: Table, trees: list[exp.Expression]) -> tuple[str, ...] | None:
    """The table's columns that the trees name, None where one is no column of it."""
    names = [spelled(table, name) for tree in trees for name in column_names(tree)]
    return None if None in names else tuple(dict.fromkeys(name for name in names if name is not None))


def spelled(table: Table, name: str) -> str | None:
    """The column that a condition means by ``name``."""
    if name in table.by_name:
        return name
    return next((column.name for column in table.columns if column.name.lower() == name.lower()), None)


class Cells(Columns):
    """Some columns of a table as values; what conditions are evaluated on."""

    def __init__(self, table: Table, arrays: Mapping[str, pa.Array], size: int) -> None:
        self.table, self.arrays, self._size = table, arrays, size
        self._seen: dict[str, Result] = {}

    @property
    def size(self) -> int:
        return self._size

    def column(self, name: str) -> Result:
        found = spelled(self.table, name)
        if found is None or found not in self.arrays or pa.types.is_binary(self.arrays[found].type):
            raise Unknown(name)
        if found not in self._seen:
            self._seen[found] = _values(self.arrays[found], self.table.column(found))
        return self._seen[found]

    def known(self, name: str) -> Flags:
        found = spelled(self.table, name)
        if found is None or found not in self.arrays:
            raise Unknown(name)
        flags: Flags = np.asarray(self.arrays[found].is_valid())
        return flags

    def labels(self, name: str) -> tuple[str, ...]:
        found = spelled(self.table, name)
        kind = None if found is None else self.table.column(found).type
        return kind.labels if kind is not None and kind.kind is Kind.ENUM else ()


def _values(array: pa.Array, column: Column) -> Result:
    known = np.asarray(array.is_valid())
    kind = array.type
    if pa.types.is_date32(kind):
        array = array.cast(pa.int32())
    elif pa.types.is_timestamp(kind) or pa.types.is_time64(kind):
        array = array.cast(pa.int64())
    if pa.types.is_integer(array.type) or pa.types.is_floating(kind):
        return Result(np.asarray(array.fill_null(0)), known, shape_of(column))
    if pa.types.is_boolean(kind):
        return Result(np.asarray(array.fill_null(False)), known)
    if column.type.kind is Kind.INTERVAL:
        spans = [0.0 if value is None else as_span(value) for value in array.to_pylist()]
        return Result(np.array(spans), known, "interval")
    texts = np.empty(len(array), object)
    texts[:] = ["" if value is None else value for value in array.to_pylist()]
    return Result(texts, known, "text")


def broken_rows(demand: Demand, cells: Cells, parents: Mapping[int, list[pa.Array]]) -> Flags:
    """(rows,) true for rows that break the demand; of rows that agree, all but the first.

    ``parents`` are the referenced columns of each foreign key. Raises Unknown.
    """
    if isinstance(demand, NotNull):
        return np.asarray(cells.arrays[demand.columns[0]].is_null())
    if isinstance(demand, Condition):
        return breaks(demand.tree, cells)
    if isinstance(demand, Distinct):
        return _repeats(demand, cells)
    mine = [cells.arrays[name] for name in demand.columns]
    there = np.ones(cells.size, bool)
    for array in mine:
        there &= np.asarray(array.is_valid())
    return there & (match_rows(parents[demand.number], mine) < 0)


def _repeats(demand: Distinct, cells: Cells) -> Flags:
    code = np.zeros(cells.size, np.int64)
    applies = applicable(demand, cells)
    for part in demand.parts:
        values, known = _told_apart(part, cells)
        applies &= known
        dense, _ = pd.factorize(values)
        _, code = np.unique(code * (int(dense.max(initial=0)) + 1) + dense, return_inverse=True)
    rows = np.flatnonzero(applies)
    order = rows[np.argsort(code[rows], kind="stable")]
    again = np.zeros(cells.size, bool)
    again[order[1:]] = code[order][1:] == code[order][:-1]
    return again


def _told_apart(part: exp.Expression, cells: Cells) -> tuple[npt.NDArray[Any], Flags]:
    """The part's values as uniqueness compares them: in one case where the column's collation knows no other."""
    values, known = values_of(part, cells)
    columns = [spelled(cells.table, name) for name in column_names(part)]
    if values.dtype == object and any(name and cells.table.column(name).ignores_case for name in columns):
        values = np.array([value.casefold() if isinstance(value, str) else value for value in values], object)
    return values, known


def applicable(demand: Distinct, cells: Cells) -> Flags:
    """(rows,) true where the demand says something of the row, NULLs aside."""
    if demand.where is None:
        return np.ones(cells.size, bool)
    value, known = values_of(demand.where, cells)
    result: Flags = known & value.astype(bool)
    return result


def keys_of(demand: Distinct, cells: Cells) -> list[tuple[Any, ...] | None]:
    """What must differ from row to row, None where a row may be like any other."""
    applies = applicable(demand, cells)
    parts = []
    for part in demand.parts:
        values, known = _told_apart(part, cells)
        applies = applies & known
        parts.append(values.tolist())
    return [key if there else None for key, there in zip(zip(*parts, strict=True), applies.tolist(), strict=True)]
