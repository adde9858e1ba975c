"""What a schema demands of one table's rows, as questions about columns of values.

Takes a Table and columns of emitted values, gives the rows that break a demand. Demands that cannot be understood here
are asked of the target's database, where it can be asked, and left to it otherwise. Never changes a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sqlglot import expressions as exp

from dbclone.models.arrows import comparable
from dbclone.models.links import match_rows
from dbclone.profile.checks import mentions
from dbclone.sample.excluded import excluded
from dbclone.sample.expressions import broken_rows as breaks
from dbclone.sample.expressions import column_names, parsed, partition_check, values_of
from dbclone.sample.results import Columns, Result, Unknown, as_span, shape_of
from dbclone.schema import Column, Exclusion, ForeignKey, Kind, Table, Unique

Flags = npt.NDArray[np.bool_]
_FALSE = ("false", "0")
"""What a database says for false; some know no booleans."""


@dataclass(frozen=True)
class Told:
    """What the database makes of an expression, row by row: ``values`` (n,) as texts, ``failed`` (n,) where it raises
    an error instead."""

    values: list[str | None]
    failed: Flags


Ask = Callable[[Table, str, Mapping[str, pa.Array]], Told | None]
"""Asks the target's database what an expression gives for rows of a table, or of an EXCLUDE constraint whether each row
may stand beside those before it; None where it cannot be asked."""


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
    name: str = ""


@dataclass(frozen=True)
class Distinct:
    """No two rows for which ``where`` holds agree in all ``parts``, unless one of these is NULL and NULLs are not
    ``alike``."""

    columns: tuple[str, ...]
    parts: tuple[exp.Expression, ...]
    where: exp.Expression | None = None
    plain: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    where_text: str = ""
    alike: bool = False


@dataclass(frozen=True)
class Present:
    """Foreign key ``number``: where none of its columns is NULL, the parent has such a row."""

    columns: tuple[str, ...]
    number: int
    key: ForeignKey


@dataclass(frozen=True)
class Apart:
    """An EXCLUDE by operators that only the database knows: no row may stand beside one before it that it excludes."""

    columns: tuple[str, ...]
    text: str
    name: str = ""


Demand = NotNull | Condition | Distinct | Present | Apart


def demands_of(table: Table, dialect: str) -> list[Demand]:
    """Everything that a row of ``table`` has to keep, as far as it is understood."""
    stored = {column.name for column in table.stored_columns}
    found: list[Demand] = [NotNull((column.name,)) for column in table.stored_columns if not column.nullable]
    found += [NotNull((name,)) for name in table.key if table.column(name).nullable]
    for check in (*table.checks, *partition_check(table)):
        if check.validated:
            tree, names = _understood(table, check.expression, dialect)
            if names and set(names) <= stored:
                found.append(Condition(names, check.expression, tree, check.name or ""))
    found += [_plain(columns) for columns in table.unique_sets if set(columns) <= stored]
    found += [one for unique in table.uniques if (one := _distinct(table, unique, dialect)) is not None]
    found += [one for part in table.exclusions if (one := _unequal(table, part, dialect)) is not None]
    found += [Present(key.columns, number, key) for number, key in enumerate(table.foreign_keys) if not key.inferred]
    return [demand for demand in found if set(demand.columns) <= stored]


def _distinct(table: Table, unique: Unique, dialect: str) -> Distinct | None:
    """A unique set of more than plain columns; a column that the database computes stands for its expression."""
    computed = {column.name: column.generated for column in table.columns if column.generated is not None}
    if unique.is_plain and unique.nulls_distinct and not computed.keys() & set(unique.columns):
        return None
    texts = [computed.get(name, "") for name in unique.columns]
    parts = [_named(name) for name in unique.columns]
    named: list[str] = [name for name in unique.columns if name not in computed]
    texts += unique.expressions
    parts += [_named("") for _ in unique.expressions]
    for place, text in enumerate(texts):
        if text:
            parts[place], names = _understood(table, text, dialect)
            named += names
    where = None
    if unique.predicate is not None:
        where, names = _understood(table, unique.predicate, dialect)
        named += names
    columns = tuple(dict.fromkeys(named))
    if not columns:
        return None
    alike = not unique.nulls_distinct
    return Distinct(columns, tuple(parts), where, (), tuple(texts), unique.predicate or "", alike)


def _unequal(table: Table, exclusion: Exclusion, dialect: str) -> Distinct | None:
    """An EXCLUDE that says no more than a UNIQUE does."""
    said = excluded(exclusion, dialect)
    if said is None or not said.is_unique:
        return None
    texts = tuple(one.text for one in said.elements)
    parts, named = zip(*(_understood(table, text, dialect) for text in texts), strict=True)
    columns = [name for names in named for name in names]
    if said.where is not None:
        columns += _understood(table, said.where_text, dialect)[1]
    return Distinct(tuple(dict.fromkeys(columns)), parts, said.where, (), texts, said.where_text) if columns else None


def apart(table: Table, exclusion: Exclusion) -> Apart:
    """An EXCLUDE as a question to the database, about its columns and those that computed ones of them are made of."""
    named = [column for column in table.columns if mentions(exclusion.definition, column.name)]
    computed = [column.generated for column in named if column.generated is not None]
    columns = [
        column.name
        for column in table.stored_columns
        if column in named or any(mentions(text, column.name) for text in computed)
    ]
    return Apart(tuple(columns), exclusion.definition, exclusion.name or "")


def _understood(table: Table, text: str, dialect: str) -> tuple[exp.Expression, tuple[str, ...]]:
    """An expression's tree and its columns; a tree that says nothing but their names where it is not understood."""
    tree = parsed(text, dialect)
    names = None if tree is None else _columns(table, [tree])
    if tree is not None and names is not None:
        return tree, names
    found = tuple(column.name for column in table.columns if mentions(text, column.name))
    return exp.Anonymous(this="not understood", expressions=[_named(name) for name in found]), found


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

    def __init__(self, table: Table, arrays: Mapping[str, pa.Array], size: int, ask: Ask | None = None) -> None:
        self.table, self.arrays, self._size, self._ask = table, arrays, size, ask
        self._seen: dict[str, Result] = {}

    def bytes_of(self, part: exp.Expression) -> tuple[npt.NDArray[Any], Flags] | None:
        """The values of a column of bytes and where they are known, None for other expressions."""
        name = spelled(self.table, part.name) if isinstance(part, exp.Column) else None
        if name is None or name not in self.arrays or not pa.types.is_binary(self.arrays[name].type):
            return None
        return np.array(self.arrays[name].fill_null(b"").to_pylist(), object), np.asarray(self.arrays[name].is_valid())

    def told(self, text: str, columns: tuple[str, ...]) -> Told:
        """What the database says of an expression over ``columns``. Raises Unknown where it cannot be asked."""
        given = {name: self.arrays[name] for name in columns if name in self.arrays}
        told = None if self._ask is None or len(given) < len(columns) else self._ask(self.table, text, given)
        if told is None:
            raise Unknown(text)
        return told

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
    if pa.types.is_date32(kind) or pa.types.is_timestamp(kind):
        return Result(np.nan_to_num(comparable(array), posinf=np.inf, neginf=-np.inf), known, shape_of(column))
    if pa.types.is_time64(kind):
        array = array.cast(pa.int64())
    if pa.types.is_floating(kind):
        # NaN is above every number, and equal to itself, wherever a database knows it.
        numbers = np.array(array.fill_null(0.0))
        return Result(np.where(np.isnan(numbers), np.inf, numbers), known, shape_of(column))
    if pa.types.is_integer(array.type):
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
        return _broken(demand, cells)
    if isinstance(demand, Distinct):
        return _repeats(demand, cells)
    if isinstance(demand, Apart):
        told = cells.told(demand.text, demand.columns)
        return np.asarray(told.failed | np.array([value in _FALSE for value in told.values], bool))
    mine = [cells.arrays[name] for name in demand.columns]
    there = np.ones(cells.size, bool)
    for array in mine:
        there &= np.asarray(array.is_valid())
    return there & (match_rows(parents[demand.number], mine) < 0)


def _broken(demand: Condition, cells: Cells) -> Flags:
    try:
        return breaks(demand.tree, cells)
    except Unknown:
        told = cells.told(demand.text, demand.columns)
        return np.asarray(told.failed | np.array([value in _FALSE for value in told.values], bool))


def _repeats(demand: Distinct, cells: Cells) -> Flags:
    code = np.zeros(cells.size, np.int64)
    applies = applicable(demand, cells)
    failed = np.zeros(cells.size, bool)
    for values, known, wrong in _told_apart(demand, cells):
        applies, failed = applies & (known | demand.alike), failed | wrong
        dense = np.where(known, pd.factorize(values)[0] + 1, 0)
        _, code = np.unique(code * (int(dense.max(initial=0)) + 1) + dense, return_inverse=True)
    rows = np.flatnonzero(applies)
    order = rows[np.argsort(code[rows], kind="stable")]
    again = np.zeros(cells.size, bool)
    again[order[1:]] = code[order][1:] == code[order][:-1]
    return again | failed


def _told_apart(demand: Distinct, cells: Cells) -> Iterator[tuple[npt.NDArray[Any], Flags, Flags]]:
    """The parts' values as uniqueness compares them (in one case where the column's collation knows no other), where
    they are no NULL, and where there can be none."""
    for place, part in enumerate(demand.parts):
        columns = [spelled(cells.table, name) for name in column_names(part)]
        wrong = np.zeros(cells.size, bool)
        try:
            values, known = cells.bytes_of(part) or values_of(part, cells)
        except Unknown:
            text = demand.texts[place] if demand.texts else ""
            if not text:
                raise
            told = cells.told(text, tuple(name for name in columns if name is not None))
            known = np.array([value is not None for value in told.values], bool) & ~told.failed
            values, wrong = np.array([value or "" for value in told.values], object), told.failed
        if values.dtype == object and any(name and cells.table.column(name).ignores_case for name in columns):
            values = np.array([value.casefold() if isinstance(value, str) else value for value in values], object)
        yield values, known, wrong


def applicable(demand: Distinct, cells: Cells) -> Flags:
    """(rows,) true where the demand says something of the row, NULLs aside."""
    if demand.where is None:
        return np.ones(cells.size, bool)
    try:
        value, known = values_of(demand.where, cells)
    except Unknown:
        columns = [spelled(cells.table, name) for name in column_names(demand.where)]
        told = cells.told(demand.where_text, tuple(name for name in columns if name is not None))
        return np.array([one is not None and one not in _FALSE for one in told.values], bool)
    result: Flags = known & value.astype(bool)
    return result


def keys_of(demand: Distinct, cells: Cells) -> list[tuple[Any, ...] | None]:
    """What must differ from row to row, None where a row may be like any other."""
    applies = applicable(demand, cells)
    parts = []
    for values, known, _ in _told_apart(demand, cells):
        applies = applies & (known | demand.alike)
        parts.append([value if there else None for value, there in zip(values.tolist(), known.tolist(), strict=True)])
    return [key if there else None for key, there in zip(zip(*parts, strict=True), applies.tolist(), strict=True)]
