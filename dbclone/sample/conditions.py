"""CHECK constraints evaluated on rows in the making, and rows that break one mended.

Takes filled tables with their parents, changes what breaks a CHECK. Texts that a maker will make are only known to be
NULL or not; what hangs on them is left to ``amend`` and to the database. SQL's three-valued logic: NULL breaks nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlglot import expressions as exp

from dbclone.errors import ModelError
from dbclone.models.arrows import DAY_US
from dbclone.sample.drawn_rows import LATE, DrawnRows, NumberedRows, Others, ParentRows, Rows, find_column, is_modelled
from dbclone.sample.expressions import (
    broken_rows,
    column_names,
    numbers_of,
    parsed,
    partition_check,
    result_of,
    true_rows,
)
from dbclone.sample.filled import Filled
from dbclone.sample.results import Flags, Unknown, as_number
from dbclone.sample.streams import generator
from dbclone.schema import Check, Column, ForeignKey, Kind, Table, is_nullable

_ROUNDS = 24
_MOST_LEFT = 0.5
"""Share of a table's rows that may still break a CHECK when all that is done here is done; beyond it the run stops."""
_MENDED_SINGLY = 20_000
"""Rows up to which a key that is NULL in part is left to those who mend value by value: here it is there or not."""
_LINEAR = (
    exp.EQ, exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Paren, exp.Column, exp.Identifier, exp.Literal, exp.Cast,
    exp.DataType, exp.DataTypeParam,
)  # fmt: skip
_MOST_TRIED = 128


def mend_conditions(filled: Filled, dialect: str, seed: int, others: Others | None = None) -> None:
    """Replaces what breaks a CHECK, as far as codes and keys tell; some broken rows may be left to be mended singly.

    Conditions that share columns are mended as one: first what an equation says, then values taken together from rows
    of the clone that keep all of them, then the keys that may be drawn again. Raises ModelError where that does not
    help most rows.
    """
    for group in _groups(filled, dialect, others or {}):
        bad = group.broken(group.rows())
        if not bad.any():
            continue
        rng = generator(seed, "check", filled.model.name, group.columns)
        group.solve(np.flatnonzero(bad))
        group.take(rng)
        bad = group.broken(group.rows())
        if bad.sum() > _MOST_LEFT * filled.rows and not _may_be_null_in_part(filled, group.columns):
            raise _hopeless(filled, group, int(bad.sum()))


def _may_be_null_in_part(filled: Filled, columns: list[str]) -> bool:
    keys = [key for key in filled.table.foreign_keys if len(key.columns) > 1 and set(key.columns) & set(columns)]
    return filled.rows <= _MENDED_SINGLY and any(is_nullable(filled.table, key) for key in keys)


def coded_breaks(condition: str, filled: Filled, dialect: str) -> Flags | None:
    """(n,) true where the condition is false by what is drawn so far; None where that does not tell."""
    tree, rows = parsed(condition, dialect), DrawnRows(filled, {})
    if tree is None:
        return None
    try:
        broken = broken_rows(tree, rows)
    except Unknown:
        return None
    return None if rows.unsure.any() else broken


def mend_linked(filled: Filled, dialect: str, seed: int, others: Others) -> None:
    """The same once keys are there that are linked last: no row can go any more, so such a key may become NULL."""
    for group in _groups(filled, dialect, others, linked=True):
        late = [n for n in _late_keys(filled) if set(filled.table.foreign_keys[n].columns) & set(group.columns)]
        if not late or not group.broken(group.rows()).any():
            continue
        if {one.column for one in filled.model.numbered} & set(group.columns):
            filled.output = _parents_first(filled, late)
        rng = generator(seed, "linked", filled.model.name, group.columns)
        group.take(rng)
        for number in late:
            bad = group.broken(group.rows())
            if bad.any() and is_nullable(filled.table, filled.table.foreign_keys[number]):
                filled.parents[number] = np.where(bad, -1, filled.parents[number])


def _late_keys(filled: Filled) -> list[int]:
    return [number for number, about in enumerate(filled.model.keys) if about.mode in LATE]


def _parents_first(filled: Filled, keys: list[int]) -> Rows:
    """The rows in the order in which they are written, but none before the row of its own table that it references."""
    depth = np.zeros(filled.rows, np.int64)
    for number in keys:
        if not filled.table.foreign_keys[number].is_self:
            continue
        above = filled.parents[number]
        for _ in range(64):
            below = (above >= 0) & (above != np.arange(filled.rows))
            deeper = np.where(below, depth[np.clip(above, 0, None)] + 1, depth)
            if (deeper == depth).all():
                break
            depth = deeper
    order: Rows = filled.output[np.argsort(depth[filled.output], kind="stable")]
    return order


def keeps_conditions(
    filled: Filled,
    columns: set[str],
    rows: Rows,
    dialect: str,
    others: Others,
    *,
    linked: bool = False,
    donors: Mapping[str | int, Rows] = {},
) -> Flags:
    """(rows,) true where no CHECK over one of ``columns`` is broken, as far as can be told; with ``donors`` if they had
    these rows' values."""
    kept = np.ones(len(rows), bool)
    for group in _groups(filled, dialect, others, linked=linked):
        if set(group.columns) & columns:
            kept &= ~group.broken(group.rows(rows, donors=donors))
    return kept


def admitted_parents(filled_parent: Filled, table: Table, key: ForeignKey, dialect: str) -> Flags | None:
    """(parents,) true for rows that a key may reference: a CHECK over its columns alone (``kind = 'truck'``) may refuse
    some. None where none is refused or nothing can be told."""
    names = dict(zip(key.columns, key.parent_columns, strict=True))
    if not set(names.values()) <= filled_parent.keys:
        return None
    admitted = np.ones(filled_parent.rows, bool)
    for check in table.checks:
        tree = parsed(check.expression, dialect) if check.validated else None
        named = [] if tree is None else [find_column(table, name) for name in column_names(tree)]
        if tree is None or not named or not all(name in names for name in named):
            continue
        try:
            admitted &= ~broken_rows(tree, ParentRows(filled_parent, table, names))
        except Unknown:
            continue
    return None if admitted.all() else admitted


def rows_where(filled: Filled, others: Others, predicate: str, dialect: str) -> Flags:
    """(n,) true where a predicate may hold: where it cannot be told, it does."""
    tree, rows = parsed(predicate, dialect), DrawnRows(filled, others)
    try:
        return rows.unsure | true_rows(tree, rows) if tree is not None else np.ones(filled.rows, bool)
    except Unknown:
        return np.ones(filled.rows, bool)


def column_rows(filled: Filled, others: Others, name: str) -> npt.NDArray[np.float64] | None:
    """(n,) numbers that tell the values of a foreign key's column apart, NaN for NULL; None for other columns."""
    rows = DrawnRows(filled, others)
    if not any(name in key.columns for key in filled.table.foreign_keys):
        return None
    try:
        held = rows.column(name)
    except Unknown:
        return None
    if held.kind == "text":
        _, codes = np.unique([str(value) for value in held.values], return_inverse=True)
        return np.where(held.known, codes, np.nan)
    return np.where(held.known, np.asarray(held.values, np.float64), np.nan)


def admitted_rows(filled: Filled, numbers: Mapping[str, Rows], dialect: str) -> int:
    """How many of the first rows' ``numbers`` (column -> (rows,)) every CHECK over one such column admits.

    Applications keep tables of one row by ``CHECK (id = 1)``: what a key may be says how many rows there can be.
    """
    most = filled.rows
    for check in filled.table.checks:
        tree = parsed(check.expression, dialect)
        if tree is None:
            continue
        names = {find_column(filled.table, name) for name in column_names(tree)}
        if len(names) != 1 or not names <= set(numbers):
            continue
        try:
            refused = np.flatnonzero(broken_rows(tree, NumberedRows(filled, numbers)))
        except Unknown:
            continue
        most = min(most, int(refused[0])) if len(refused) else most
    return most


def _hopeless(filled: Filled, group: _Group, rows: int) -> ModelError:
    name = filled.model.name
    told = "; ".join(check.name or check.expression for check, _ in group.checks)
    named = next((check.name for check, _ in group.checks if check.name), group.columns[0])
    return ModelError(
        f"{rows} of {filled.rows} rows can be given no values that keep CHECK {told}.",
        where=f"{name}.{named}",
        hint=f'give {name} the strategy "mask", "copy" or "empty" under tables.strategies.',
    )


@dataclass
class _Group:
    """Checks that share columns. ``own`` columns may take another value, ``keys`` be drawn again; the rest is fixed."""

    filled: Filled
    others: Others
    checks: list[tuple[Check, exp.Expression]]
    columns: list[str]
    linked: bool = False

    def rows(
        self,
        rows: Rows | None = None,
        *,
        donors: Mapping[str | int, Rows] = {},
        given: Mapping[str, npt.NDArray[np.float64]] = {},
    ) -> DrawnRows:
        return DrawnRows(self.filled, self.others, rows, donors=donors, given=given, linked=self.linked)

    def broken(self, rows: DrawnRows) -> Flags:
        """(rows,) true where one of the checks is false."""
        bad = np.zeros(rows.size, bool)
        for _, tree in self.checks:
            rows.unsure[:] = False
            try:
                bad |= broken_rows(tree, rows) & ~rows.unsure
            except Unknown:
                continue
        return bad

    @property
    def own(self) -> list[str]:
        return [name for name in self.columns if is_modelled(self.filled, name)]

    @property
    def keys(self) -> list[int]:
        """Foreign keys over these columns that share no column with another key and do not drive."""
        table, model = self.filled.table, self.filled.model
        found = []
        for number, key in enumerate(table.foreign_keys):
            shared = any(set(key.columns) & set(other.columns) for other in table.foreign_keys if other is not key)
            movable = model.keys[number].mode in ("draw", "category") and not model.keys[number].unique
            if set(key.columns) & set(self.columns) and movable and not shared:
                found.append(number)
        return found

    def solve(self, wrong: Rows) -> None:
        """Where a check is an equation, one of its numbers follows from the others."""
        for _, tree in self.checks:
            equation = _bare(tree)
            if not isinstance(equation, exp.EQ):
                continue
            if not all(isinstance(node, _LINEAR) for node in equation.walk()):
                self._repeat(equation, wrong)
                continue
            for name in reversed(column_names(equation)):
                found = find_column(self.filled.table, name)
                if found is not None and found in self.filled.model.value_index and found in self.own:
                    self._solve_for(equation, found, wrong)

    def _repeat(self, equation: exp.EQ, wrong: Rows) -> None:
        """``date_trunc('month', d) = d``: what a function of a column must not change is what it made of it."""
        for one, other in ((equation.this, equation.expression), (equation.expression, equation.this)):
            name = find_column(self.filled.table, one.name) if isinstance(one, exp.Column) else None
            if name not in self.own or name not in self.filled.model.value_index or column_names(other) != [one.name]:
                continue
            with contextlib.suppress(Unknown):
                made, own = result_of(other, self.rows(wrong)), result_of(one, self.rows(wrong))
                moment_of_day = made.kind == "moment" and own.kind == "date"
                values = made.values / DAY_US if moment_of_day else made.values
                if made.kind == own.kind or moment_of_day:
                    fits = made.known & ~self.broken(self.rows(wrong, given={name: values}))
                    self.filled.values[wrong[fits], self.filled.model.value_index[name]] = values[fits]

    def _solve_for(self, equation: exp.Expression, found: str, wrong: Rows) -> None:
        at = [self.rows(wrong, given={found: np.full(len(wrong), value)}) for value in (0.0, 1.0)]
        try:
            sides = [[numbers_of(side, rows) for side in (equation.this, equation.expression)] for rows in at]
        except Unknown:
            return
        zero, one = (left[0] - right[0] for left, right in sides)
        slope = one - zero
        known = sides[0][0][1] & sides[0][1][1] & (np.abs(slope) > 1e-12)
        values = np.where(known, -zero / np.where(known, slope, 1.0), np.nan) + 0.0
        column = self.filled.table.column(found)
        if column.type.kind is Kind.INTEGER:
            known &= np.isclose(values, np.rint(values))
        elif column.type.scale is not None:
            values = np.round(values, column.type.scale)
        known &= ~self.broken(self.rows(wrong, given={found: np.where(known, values, 0.0)}))
        changed = np.array(self.filled.values[:, self.filled.model.value_index[found]])
        changed[wrong[known]] = values[known]
        self.filled.values[:, self.filled.model.value_index[found]] = changed

    def take(self, rng: np.random.Generator) -> None:
        """Values of rows that keep the checks, in the place of those that do not; then of any rows, one by one."""
        own, keys = self.own, self.keys
        if not own and not keys:
            return
        for turn in range(_ROUNDS):
            bad = self.broken(self.rows())
            wrong, good = np.flatnonzero(bad), np.flatnonzero(~bad)
            if not len(wrong):
                return
            pool = good if len(good) and turn < _ROUNDS // 2 else np.arange(self.filled.rows)
            donors: dict[str | int, Rows] = {}
            together = pool[rng.integers(0, len(pool), len(wrong))]
            parts: list[str | int] = [*own, *keys]
            for part in parts:
                alone = turn >= _ROUNDS // 4 and turn % 2 == 1
                donors[part] = pool[rng.integers(0, len(pool), len(wrong))] if alone else together
            if turn % 3 == 2 and own and keys:
                # Perhaps the keys are right already, or the values.
                donors = {part: rows for part, rows in donors.items() if isinstance(part, int) == bool(turn % 2)}
            fits = ~self.broken(self.rows(wrong, donors=donors))
            for part, rows in donors.items():
                move(self.filled, part, wrong[fits], rows[fits])
        self._try_each(own, keys)
        self._try_constants(own)

    def _try_constants(self, own: list[str]) -> None:
        """Numbers that the checks themselves name, and those just beside them."""
        index = self.filled.model.value_index
        for name in own:
            column = self.filled.table.column(name)
            if name not in index or self.filled.model.entries[self.filled.model.by_name[name]].role == "length":
                continue
            step = 10.0 ** -(column.type.scale or 0)
            constants = [value + beside for value in self._constants(column) for beside in (0.0, step, -step)]
            for constant in dict.fromkeys(constants):
                wrong = np.flatnonzero(self.broken(self.rows()))
                if not len(wrong):
                    return
                fits = ~self.broken(self.rows(wrong, given={name: np.full(len(wrong), constant)}))
                self.filled.values[wrong[fits], index[name]] = constant

    def _constants(self, column: Column) -> list[float]:
        found = []
        for _, tree in self.checks:
            for literal in tree.find_all(exp.Literal):
                with contextlib.suppress(Unknown):
                    found.append(as_number(literal.name, column.type.kind))
        return [value for value in dict.fromkeys(found) if np.isfinite(value)][:_MOST_TRIED]

    def _held(self, part: str | int) -> npt.NDArray[Any]:
        """(n,) the parents of a key, or the values or codes of a column."""
        filled, model = self.filled, self.filled.model
        if isinstance(part, int):
            return filled.parents[part]
        if part in model.value_index:
            return filled.values[:, model.value_index[part]]
        return filled.own[:, model.first_slot[model.by_name[part]]]

    def _try_each(self, own: list[str], keys: list[int]) -> None:
        """Every value that some row has, where there are not too many: chance does not find what one row has."""
        parts: list[str | int] = [*own, *keys]
        for part in parts:
            held = self._held(part)
            values, donors = np.unique(held, return_index=True)
            # NULL breaks nothing, which is no reason to take it before anything else.
            first_is_null = len(values) > 0 and held.dtype.kind != "f" and values[0] <= 0
            empty = int(first_is_null and (values[0] < 0 or isinstance(part, str)))
            for donor in np.roll(donors, -empty)[:_MOST_TRIED]:
                wrong = np.flatnonzero(self.broken(self.rows()))
                if not len(wrong):
                    return
                rows = np.full(len(wrong), donor)
                fits = ~self.broken(self.rows(wrong, donors={part: rows}))
                move(self.filled, part, wrong[fits], rows[fits])


def move(filled: Filled, part: str | int, rows: Rows, donors: Rows) -> None:
    """Gives ``rows`` what ``donors`` hold: of a column, or the parent of a foreign key."""
    if isinstance(part, int):
        parents = filled.parents[part].copy()
        parents[rows] = filled.parents[part][donors]
        filled.parents[part] = parents
        return
    model = filled.model
    number = model.by_name[part]
    slots = slice(model.first_slot[number], model.first_slot[number + 1])
    filled.own[rows, slots] = filled.own[donors, slots]
    if part in model.value_index:
        filled.values[rows, model.value_index[part]] = filled.values[donors, model.value_index[part]]


def _bare(tree: exp.Expression) -> exp.Expression:
    while isinstance(tree, exp.Paren):
        tree = tree.this
    return tree


def _groups(filled: Filled, dialect: str, others: Others, *, linked: bool = False) -> Iterator[_Group]:
    """Checks that can be evaluated here, those together that share columns, with all their columns."""
    groups: list[tuple[list[str], list[tuple[Check, exp.Expression]]]] = []
    for check in (*filled.table.checks, *partition_check(filled.table)):
        tree = parsed(check.expression, dialect) if check.validated else None
        columns = None if tree is None else _columns_of(tree, filled)
        if columns is None or tree is None:
            continue
        joined, checks = columns, [(check, tree)]
        apart = []
        for group in groups:
            if set(group[0]) & set(joined):
                joined, checks = [*group[0], *joined], [*group[1], *checks]
            else:
                apart.append(group)
        groups = [*apart, (list(dict.fromkeys(joined)), checks)]
    return (_Group(filled, others, checks, columns, linked) for columns, checks in groups)


def _columns_of(tree: exp.Expression, filled: Filled) -> list[str] | None:
    """The columns of a condition, None where one is not the table's."""
    found = [find_column(filled.table, name) for name in column_names(tree)]
    columns = [name for name in found if name is not None]
    return columns if len(columns) == len(found) and columns else None
