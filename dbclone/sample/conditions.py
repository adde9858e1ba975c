"""CHECK constraints evaluated on rows in the making, and rows that break one mended.

Takes SQL conditions and filled tables. Conditions over columns that are no numbers or categories yet (texts that a
maker will make) are left to the makers and to the database. SQL's three-valued logic: NULL does not break a CHECK.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dbclone.sample.expressions import Result, Unknown, breaks, columns_in, evaluate, parse
from dbclone.sample.filled import Filled
from dbclone.sample.streams import generator
from dbclone.schema import Check, Kind, Table


def mend_conditions(filled: Filled, dialect: str, seed: int) -> list[str]:
    """Replaces what breaks a CHECK by values of rows that keep it; gives the conditions that some rows still break.

    Conditions that share columns are mended as one: the values of all their columns are taken together from a row of
    the clone that keeps all of them, so that they fit and no condition is mended at the cost of another.
    """
    broken: list[str] = []
    for columns, checks in _groups(filled, dialect):
        parts = [(check, _breaks(check, filled, dialect)) for check in checks]
        bad = np.zeros(filled.rows, bool)
        for _, part in parts:
            bad |= False if part is None else part
        if not bad.any():
            continue
        good = np.flatnonzero(~bad)
        if not len(good):
            broken += [check.expression for check, part in parts if part is not None and part.any()]
            continue
        wrong = np.flatnonzero(bad)
        rng = generator(seed, "check", filled.model.name, columns)
        _take(filled, columns, wrong, good[rng.integers(0, len(good), len(wrong))])
    return broken


def admitted_rows(filled: Filled, numbers: Mapping[str, npt.NDArray[np.int64]], dialect: str) -> int:
    """How many of the first rows' ``numbers`` (column -> (rows,)) every CHECK over one such column admits.

    Applications keep tables of one row by ``CHECK (id = 1)``: what a key may be says how many rows there can be.
    """
    most = filled.rows
    for check in filled.table.checks:
        try:
            tree = parse(check.expression, dialect)
            names = {_find(filled.table, name) for name in columns_in(tree)}
            if len(names) != 1 or not names <= set(numbers):
                continue
            value, known = evaluate(tree, _Numbers(filled, numbers), dialect)
        except Unknown:
            continue
        refused = np.flatnonzero(known & ~value.astype(bool))
        most = min(most, int(refused[0])) if len(refused) else most
    return most


def _groups(filled: Filled, dialect: str) -> list[tuple[list[str], list[Check]]]:
    """Checks that can be evaluated here, those together that share columns, with all their columns."""
    groups: list[tuple[list[str], list[Check]]] = []
    for check in filled.table.checks:
        columns = _columns_of(check, filled, dialect)
        if columns is None:
            continue
        joined, checks = list(columns), [check]
        apart = []
        for group in groups:
            if set(group[0]) & set(joined):
                joined, checks = [*group[0], *joined], [*group[1], *checks]
            else:
                apart.append(group)
        groups = [*apart, (list(dict.fromkeys(joined)), checks)]
    return groups


def _columns_of(check: Check, filled: Filled, dialect: str) -> list[str] | None:
    """The modelled columns of a condition, None where it is none of this module's business."""
    try:
        names = columns_in(parse(check.expression, dialect))
    except Unknown:
        return None
    found = [_find(filled.table, name) for name in names]
    columns = [name for name in found if name is not None]
    if len(columns) != len(names) or not columns:
        return None
    model = filled.model
    usable = [name for name in columns if name in model.by_name and model.entries[model.by_name[name]].role == "column"]
    return usable if len(usable) == len(columns) else None


def _find(table: Table, name: str) -> str | None:
    if name in table.by_name:
        return name
    return next((column.name for column in table.columns if column.name.lower() == name.lower()), None)


def _take(filled: Filled, columns: list[str], wrong: npt.NDArray[np.int64], donors: npt.NDArray[np.int64]) -> None:
    model = filled.model
    for name in columns:
        number = model.by_name[name]
        slots = slice(model.first_slot[number], model.first_slot[number + 1])
        filled.own[wrong, slots] = filled.own[donors, slots]
        if name in model.value_index:
            filled.values[wrong, model.value_index[name]] = filled.values[donors, model.value_index[name]]


def coded_breaks(condition: str, filled: Filled, dialect: str) -> npt.NDArray[np.bool_] | None:
    """(rows,) true where the condition is false by what is drawn so far; None where that does not tell."""
    return _breaks(Check(condition), filled, dialect)


def _breaks(check: Check, filled: Filled, dialect: str) -> npt.NDArray[np.bool_] | None:
    """(rows,) true where the condition is false; None where it cannot be told."""
    try:
        return breaks(parse(check.expression, dialect), _Rows(filled), dialect)
    except Unknown:
        return None


class _Rows:
    """Columns of a filled table as arrays: numbers as float64, categories as object strings."""

    def __init__(self, filled: Filled) -> None:
        self.filled = filled
        self.size = filled.rows

    def column(self, name: str) -> Result:
        model = self.filled.model
        found = _find(self.filled.table, name)
        if found is None or found not in model.by_name:
            raise Unknown(name)
        if found in model.value_index:
            numbers = np.array(self.filled.values[:, model.value_index[found]])
            return numbers, ~np.isnan(numbers)
        entry = model.entries[model.by_name[found]]
        if (
            entry.categories is None
            or entry.categories.rare
            or len(entry.categories.start) - 1 != len(entry.categories.values)
        ):
            raise Unknown(name)
        codes = self.filled.own[:, model.first_slot[model.by_name[found]]].astype(np.int64)
        texts = np.array([*entry.categories.values, ""], object)
        return texts[codes - 1], codes > 0

    def kind(self, name: str) -> Kind | None:
        found = _find(self.filled.table, name)
        return None if found is None else self.filled.table.column(found).type.kind


class _Numbers(_Rows):
    """Surrogate keys as they will be numbered."""

    def __init__(self, filled: Filled, numbers: Mapping[str, npt.NDArray[np.int64]]) -> None:
        super().__init__(filled)
        self._numbers = numbers

    def column(self, name: str) -> Result:
        found = _find(self.filled.table, name)
        if found is None or found not in self._numbers:
            raise Unknown(name)
        values = self._numbers[found].astype(np.float64)
        return values, np.ones(len(values), bool)
