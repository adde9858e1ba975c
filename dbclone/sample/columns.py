"""A filled table by column: numbers, categories and NULLs to read, and to change with all that hangs on them.

Takes a Filled and those of its parents, gives numpy arrays by row as made. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dbclone.models.arrows import to_numbers
from dbclone.models.calendar_parts import calendar_matrix
from dbclone.models.table import CopiedModel, Entry
from dbclone.profile.rules import Key, Ref
from dbclone.sample.filled import Filled
from dbclone.schema import Kind, TableName, Type

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_DAYS = {Kind.TIMESTAMP: 86_400e6, Kind.TIMESTAMPTZ: 86_400e6}


class Columns:
    """``others`` are the tables that are there, the table's own among them."""

    def __init__(self, filled: Filled, others: Mapping[TableName, Filled]) -> None:
        self.filled, self.others = filled, others

    @property
    def rows(self) -> int:
        return self.filled.rows

    def kind(self, column: str) -> Type:
        return self.filled.table.column(column).type

    def unit(self, column: str) -> float:
        """Numbers a day for moments, 1 for all else."""
        return _DAYS.get(self.kind(column).kind, 1.0)

    def entry(self, column: str) -> Entry | None:
        """What draws the column, None where something else makes it."""
        model = self.filled.model
        entry = model.entries[model.by_name[column]] if column in model.by_name else None
        return entry if entry is not None and entry.role in ("column", "length") else None

    def can_change(self, column: str) -> bool:
        return self.filled.real is None and self.entry(column) is not None

    def key_number(self, column: str) -> int:
        """The first foreign key that the column is part of, -1 for none."""
        keys = self.filled.table.foreign_keys
        return next((number for number, key in enumerate(keys) if column in key.columns), -1)

    def numbered_key(self, columns: Key) -> int:
        """The foreign key of just these columns, -1 for none."""
        keys = self.filled.table.foreign_keys
        return next((number for number, key in enumerate(keys) if key.columns == columns), -1)

    def is_open(self, column: str) -> bool:
        """True where the column belongs to a key that is linked only afterwards."""
        number = self.key_number(column)
        return number >= 0 and self.filled.real is None and not self.filled.has(f"parent{number}")

    # -- reading --------------------------------------------------------------------------------------------------

    def numbers(self, column: str) -> Floats | None:
        """(rows,) the column's numbers, NaN for NULL; None where they are made elsewhere, or are no numbers."""
        filled, model = self.filled, self.filled.model
        if self.kind(column).storage in ("string", "binary"):
            return None
        if filled.real is not None:
            return to_numbers(filled.real.column(column))
        entry = self.entry(column)
        if entry is not None and entry.has_value:
            return np.array(filled.values[:, model.value_index[column]])
        counter = next((one for one in model.counters if one.column == column), None)
        if counter is not None:
            return counter.first + counter.step * np.asarray(filled.position, np.float64)
        copy = self._copy(column)
        if copy is not None:
            above = self.above(copy.key)
            theirs = above.numbers(copy.parent_column) if above is not None else None
            return None if theirs is None else _taken(theirs, filled.parents[copy.key])
        return None

    def value(self, ref: Ref) -> Floats | None:
        """(rows,) numbers of an own or a parent's column, moments in days; None where they are not to be had."""
        if not ref.key:
            found = self.numbers(ref.column)
            return None if found is None else found / self.unit(ref.column)
        number = self.numbered_key(ref.key)
        above = self.above(number) if number >= 0 else None
        theirs = above.value(Ref(ref.column)) if above is not None else None
        return None if theirs is None else _taken(theirs, self.filled.parents[number])

    def missing(self, column: str) -> Flags:
        """(rows,) true where the column will be NULL."""
        filled, model = self.filled, self.filled.model
        if filled.real is not None:
            return np.isnan(to_numbers(filled.real.column(column)))
        number = self.key_number(column)
        if number >= 0:
            return np.asarray(filled.parents[number] < 0)
        if column in model.value_index:
            return np.isnan(filled.values[:, model.value_index[column]])
        if self.entry(column) is not None:
            return np.asarray(filled.own[:, model.first_slot[model.by_name[column]]] == 0)
        copy = self._copy(column)
        above = self.above(copy.key) if copy is not None else None
        if copy is not None and above is not None:
            row = filled.parents[copy.key]
            theirs = above.missing(copy.parent_column)
            return (row < 0) | (theirs[np.clip(row, 0, None)] if len(theirs) else True)
        made = {one.column for one in model.numbered} | {one.column for one in model.counters}
        return np.full(filled.rows, column not in made)

    def codes(self, column: str) -> Rows | None:
        """(rows,) equal where values will be equal, -1 where that is not known yet or the column is NULL."""
        filled, model = self.filled, self.filled.model
        number = self.key_number(column)
        if number >= 0 and filled.real is None:
            return None if self.is_open(column) else np.array(filled.parents[number])
        numbers = self.numbers(column)
        if numbers is not None:
            _, found = np.unique(numbers, return_inverse=True)
            return np.where(np.isnan(numbers), -1, found)
        entry = self.entry(column)
        if filled.real is None and entry is not None and entry.categories is not None:
            single = np.flatnonzero(np.diff(entry.categories.start) == 1) + 1
            codes = np.asarray(filled.own[:, model.first_slot[model.by_name[column]]]).astype(np.int64)
            return np.where(np.isin(codes, single), codes, -1)
        return None

    def is_one_of(self, column: str, values: tuple[str, ...]) -> Flags | None:
        """(rows,) true where the column is one of ``values``, None where that is not known yet."""
        numbers = self.numbers(column)
        if numbers is not None:
            return np.isin(numbers, [{"true": 1.0, "false": 0.0}.get(text, _float(text)) for text in values])
        if self.filled.real is not None:
            return np.isin(np.asarray(self.filled.real.column(column).to_pandas(), str), values)
        entry = self.entry(column)
        if entry is not None and entry.categories is not None:
            codec, model = entry.categories, self.filled.model
            codes = [
                code
                for code, (low, high) in enumerate(zip(codec.start[:-1], codec.start[1:], strict=True), 1)
                if all(codec.values[place] in values for place in range(low, high))
            ]
            return np.isin(self.filled.own[:, model.first_slot[model.by_name[column]]], codes)
        copy = self._copy(column)
        above = self.above(copy.key) if copy is not None else None
        if copy is not None and above is not None:
            theirs, row = above.is_one_of(copy.parent_column, values), self.filled.parents[copy.key]
            return None if theirs is None or not len(theirs) else (row >= 0) & theirs[np.clip(row, 0, None)]
        return None

    def above(self, number: int) -> Columns | None:
        """The parent's columns, None where it is not there."""
        parent = self.filled.table.foreign_keys[number].parent
        return Columns(self.others[parent], self.others) if parent in self.others else None

    def _copy(self, column: str) -> CopiedModel | None:
        return next((one for one in self.filled.model.copies if one.column == column), None)

    # -- changing -------------------------------------------------------------------------------------------------

    def put(self, column: str, rows: Rows, values: Floats) -> None:
        """Gives ``rows`` (n,) of a number column new ``values`` (n,)."""
        filled, model = self.filled, self.filled.model
        number = model.by_name[column]
        entry, slot = model.entries[number], model.first_slot[number]
        assert entry.numbers is not None
        filled.values[rows, model.value_index[column]] = values
        filled.own[rows, slot] = entry.numbers.encode(values)
        if entry.unit:
            first = slot + 1 + len(entry.stages)
            filled.own[rows, first : model.first_slot[number + 1]] = calendar_matrix(values, entry.unit)

    def take(self, column: str, rows: Rows, donors: Rows) -> None:
        """Gives ``rows`` (n,) the column of ``donors`` (n,)."""
        filled, model = self.filled, self.filled.model
        number = model.by_name[column]
        slots = slice(model.first_slot[number], model.first_slot[number + 1])
        filled.own[rows, slots] = filled.own[donors, slots]
        if column in model.value_index:
            filled.values[rows, model.value_index[column]] = filled.values[donors, model.value_index[column]]

    def clear(self, column: str, rows: Rows) -> None:
        """Makes the column NULL in ``rows``."""
        filled, model = self.filled, self.filled.model
        number = model.by_name[column]
        filled.own[rows, model.first_slot[number]] = 0
        if model.entries[number].unit:
            first = model.first_slot[number] + 1 + len(model.entries[number].stages)
            filled.own[rows, first : model.first_slot[number + 1]] = 0
        if column in model.value_index:
            filled.values[rows, model.value_index[column]] = np.nan


def _taken(values: Floats, rows: Rows) -> Floats:
    if not len(values):
        return np.full(len(rows), np.nan)
    return np.where(rows >= 0, values[np.clip(rows, 0, None)], np.nan)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
