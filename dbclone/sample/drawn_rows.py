"""Rows in the making as columns that conditions can be asked of: codes, keys, numbers to come, parents' keys.

Takes filled tables, gives what is known of their values so far, and marks what is not. Never changes a row.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dbclone.models.arrows import comparable
from dbclone.models.table import Entry, NumberedModel
from dbclone.sample.emit import numbers_of as surrogates
from dbclone.sample.filled import Filled
from dbclone.sample.results import Columns, Flags, Result, Unknown, shape_of
from dbclone.schema import Kind, Table, TableName

Rows = npt.NDArray[np.int64]
_TEXTS = (Kind.TEXT, Kind.ENUM, Kind.UUID)
LATE = ("self", "link", "child")
"""Ways of keys that are known only when all rows of their tables are there."""
Others = Mapping[TableName, Filled]


def find_column(table: Table, name: str) -> str | None:
    """The table's own spelling of a column that a condition names."""
    if name in table.by_name:
        return name
    return next((column.name for column in table.columns if column.name.lower() == name.lower()), None)


def is_modelled(filled: Filled, name: str) -> bool:
    model = filled.model
    return name in model.by_name and model.entries[model.by_name[name]].role in ("column", "length")


class DrawnRows(Columns):
    """Columns of a filled table, of all its ``rows`` or of some, where ``given`` or ``donors`` may stand in for their
    own values. ``unsure`` marks the rows of which a text is not known yet."""

    def __init__(
        self,
        filled: Filled,
        others: Others,
        rows: Rows | None = None,
        *,
        donors: Mapping[str | int, Rows] = {},
        given: Mapping[str, npt.NDArray[np.float64]] = {},
        linked: bool = False,
    ) -> None:
        self.filled, self.others = filled, others
        self._rows = np.arange(filled.rows) if rows is None else rows
        self._donors, self._given, self._linked = donors, given, linked
        self.unsure = np.zeros(len(self._rows), bool)

    @property
    def size(self) -> int:
        return len(self._rows)

    def labels(self, name: str) -> tuple[str, ...]:
        found = find_column(self.filled.table, name)
        kind = None if found is None else self.filled.table.column(found).type
        return kind.labels if kind is not None and kind.kind is Kind.ENUM else ()

    def column(self, name: str) -> Result:
        found = find_column(self.filled.table, name)
        if found is None:
            raise Unknown(name)
        column = self.filled.table.column(found)
        if found in self._given:
            return Result(self._given[found], ~np.isnan(self._given[found]), shape_of(column))
        keys = self._keys_of(found)
        if keys:
            return self._referenced(found, keys)
        model = self.filled.model
        rows = self._donors.get(found, self._rows)
        numbered = next((one for one in model.numbered if one.column == found), None)
        if numbered is not None and self._linked:
            return self._numbered(numbered, self._rows, np.ones(self.size, bool))
        counter = next((counter for counter in model.counters if counter.column == found), None)
        if counter is not None:
            values = counter.first + counter.step * self.filled.position[self._rows].astype(np.float64)
            return Result(values, np.ones(self.size, bool))
        if not is_modelled(self.filled, found):
            raise Unknown(name)
        entry = model.entries[model.by_name[found]]
        if entry.role == "length":
            raise Unknown(name)
        if found in model.value_index:
            numbers = np.array(self.filled.values[:, model.value_index[found]][rows])
            self._doubt(entry, numbers)
            return Result(numbers, ~np.isnan(numbers), shape_of(column))
        return self._category(found, rows)

    def known(self, name: str) -> Flags:
        found = find_column(self.filled.table, name)
        if found is not None and found not in self._given:
            keys = self._keys_of(found)
            if keys:
                if not self._linked and any(self.filled.model.keys[number].mode in LATE for number in keys):
                    raise Unknown(name)
                parents = [self.filled.parents[n][self._donors.get(n, self._rows)] >= 0 for n in keys]
                known: Flags = np.any(parents, axis=0)
                return known
            model = self.filled.model
            if is_modelled(self.filled, found) and found in model.value_index:
                numbers = self.filled.values[:, model.value_index[found]][self._donors.get(found, self._rows)]
                entry = model.entries[model.by_name[found]]
                self._doubt(entry, numbers)
                lengths = entry.role == "length"
                return (~np.isnan(numbers) & (numbers >= 0)) if lengths else ~np.isnan(numbers)
            if is_modelled(self.filled, found):
                codes = self.filled.own[:, model.first_slot[model.by_name[found]]]
                there: Flags = codes[self._donors.get(found, self._rows)] > 0
                return there
            numbered = {one.column for one in model.numbered}
            if found in numbered:
                return np.ones(self.size, bool)
        return self.column(name).known

    def _doubt(self, entry: Entry, numbers: npt.NDArray[np.float64]) -> None:
        """Whether it is NULL, no number or without end is not known yet."""
        if entry.numbers is not None and len(entry.numbers.beyond):
            self.unsure |= np.isnan(numbers)

    def _keys_of(self, column: str) -> list[int]:
        return [n for n, key in enumerate(self.filled.table.foreign_keys) if column in key.columns]

    def _referenced(self, column: str, keys: list[int]) -> Result:
        """The referenced column of each row's parent, as far as the parents' keys are there."""
        found: Result | None = None
        for number in keys:
            part = self._through(column, number)
            if part is None:
                continue
            if found is None:
                found = part
            else:
                values = np.where(found.known, found.values, part.values)
                found = Result(values, found.known | part.known, found.kind)
            if found.known.all():
                break
        if found is None:
            raise Unknown(column)
        return found

    def _through(self, column: str, number: int) -> Result | None:
        key = self.filled.table.foreign_keys[number]
        parent, kind = self.others.get(key.parent), self.filled.table.column(column)
        above = key.parent_columns[key.columns.index(column)]
        if key.is_self and self._linked:
            numbered = next((one for one in self.filled.model.numbered if one.column == above), None)
            if numbered is not None:
                own = self.filled.parents[number][self._rows]
                return self._numbered(numbered, np.where(own >= 0, own, 0), own >= 0)
        if key.is_self or parent is None or above not in parent.keys:
            return None
        rows = self.filled.parents[number][self._donors.get(number, self._rows)]
        stored, there = parent.key(above), rows >= 0
        if kind.type.storage == "binary":
            raise Unknown(column)
        if not len(stored):
            nothing = np.full(self.size, "", object) if kind.type.storage == "string" else np.zeros(self.size)
            return Result(nothing, np.zeros(self.size, bool), "text" if nothing.dtype == object else shape_of(kind))
        taken = stored.take(_place(parent, rows))
        if kind.type.storage == "string":
            return Result(np.array(taken.to_pylist(), object), there, "text")
        return Result(comparable(taken), there, shape_of(kind))

    def _numbered(self, model: NumberedModel, rows: Rows, known: Flags) -> Result:
        numbers = surrogates(model, self.filled.rows, self.filled.model.rows)
        return Result(numbers[self.filled.place[rows]].astype(np.float64), known)

    def _category(self, name: str, rows: Rows) -> Result:
        model = self.filled.model
        entry, column = model.entries[model.by_name[name]], self.filled.table.column(name)
        if entry.categories is None or column.type.kind not in _TEXTS:
            raise Unknown(name)
        codes = self.filled.own[:, model.first_slot[model.by_name[name]]][rows].astype(np.int64)
        starts = entry.categories.start
        single = (codes > 0) & (codes < len(starts))
        place = np.where(single, starts[np.clip(codes - 1, 0, max(0, len(starts) - 2))] if len(starts) > 1 else 0, -1)
        last = starts[np.clip(codes, 0, len(starts) - 1)] - 1
        # A rare value is not known yet, one of a tail not for certain.
        self.unsure |= (codes > 0) & (~single | (last != place))
        texts = np.array([*entry.categories.values, ""], object)
        return Result(texts[place], codes > 0, "text")


def _place(parent: Filled, rows: Rows) -> Rows:
    place: Rows = parent.place[np.where(rows >= 0, rows, 0)]
    return place


class NumberedRows(DrawnRows):
    """Surrogate keys as they will be numbered."""

    def __init__(self, filled: Filled, numbers: Mapping[str, Rows]) -> None:
        super().__init__(filled, {})
        self._numbers = numbers

    def column(self, name: str) -> Result:
        found = find_column(self.filled.table, name)
        if found is None or found not in self._numbers:
            raise Unknown(name)
        values = self._numbers[found].astype(np.float64)
        return Result(values, np.ones(len(values), bool))


class ParentRows(Columns):
    """A parent's rows under the names that a key of its child gives them."""

    def __init__(self, parent: Filled, child: Table, names: Mapping[str, str]) -> None:
        self._parent, self._child, self._names = parent, child, names

    @property
    def size(self) -> int:
        return self._parent.rows

    def _values(self, name: str) -> pa.Array:
        found = find_column(self._child, name)
        return self._parent.key(self._names[found or name]).take(pa.array(self._parent.place))

    def known(self, name: str) -> Flags:
        flags: Flags = np.asarray(self._values(name).is_valid())
        return flags

    def labels(self, name: str) -> tuple[str, ...]:
        found = find_column(self._child, name)
        return self._child.column(found).type.labels if found is not None else ()

    def column(self, name: str) -> Result:
        values, column = self._values(name), self._child.column(find_column(self._child, name) or name)
        if column.type.storage == "string":
            return Result(np.array([*values.to_pylist(), None], object)[:-1], self.known(name), "text")
        return Result(_filled(comparable(values)), self.known(name), shape_of(column))


def _filled(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """0 in place of NaN."""
    return np.where(np.isnan(numbers), 0.0, numbers)
