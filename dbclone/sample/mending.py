"""Rows that break what the schema demands, changed value by value until they keep it.

Takes a table's columns of emitted values, its demands and its parents' keys, gives the changed values. Only rows that
break something are touched; each round proposes other values for them, taken from sound rows, from parents or made
anew, and keeps the proposals that hold. The number of rounds is limited: what is left is told, never looped over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlglot import expressions as exp

from dbclone.sample.combinations import free_combinations, shuffled
from dbclone.sample.demands import (
    Apart,
    Ask,
    Cells,
    Condition,
    Demand,
    Distinct,
    Present,
    broken_rows,
    keys_of,
    spelled,
)
from dbclone.sample.expressions import bare, column_names, result_of
from dbclone.sample.fresh import Fresh
from dbclone.sample.results import Result, Unknown
from dbclone.schema import Kind, Table

Row = dict[str, Any]
_ROUNDS = 60
_FEWEST_ROUNDS, _MOST_PROPOSALS = 6, 2_000_000
_MOST_ASKED = 1_000_000
"""Rows that the database is asked to put beside each other, all rounds taken together."""
_SOLVED = ("text", "date", "moment")
_COUNTED = 6
"""Every so many rounds it is counted what unique sets have left."""
_CALM = 12
"""Rounds that change only what the broken demands speak of; later ones change whatever hangs together with it."""


@dataclass(frozen=True)
class Mended:
    """New ``values`` of each changed column by row, the parent row that each changed foreign key now references by key
    number and row (None where it is NULL), and the ``broken`` rows that nothing helped."""

    values: Mapping[str, Mapping[int, Any]]
    parents: Mapping[int, Mapping[int, int | None]]
    broken: npt.NDArray[np.int64]


class Mending:
    """One table's repair. ``arrays`` hold the columns that the demands name; ``frozen`` ones may not change.

    ``gone`` rows are left out already.
    """

    def __init__(
        self,
        table: Table,
        arrays: Mapping[str, pa.Array],
        demands: list[Demand],
        parents: Mapping[int, list[pa.Array]],
        frozen: frozenset[str],
        gone: npt.NDArray[np.bool_],
        rng: np.random.Generator,
        ask: Ask | None = None,
    ) -> None:
        self.table, self.rng, self.frozen, self.ask = table, rng, frozen, ask
        self.size = len(next(iter(arrays.values()))) if arrays else 0
        self.kinds = {name: array.type for name, array in arrays.items()}
        self.above = dict(parents)
        self.keys = [demand for demand in demands if isinstance(demand, Present)]
        cells = Cells(table, arrays, self.size, ask)
        self.demands, self.breaks = _examined(demands, cells, self.above)
        self.bad: npt.NDArray[np.bool_] = np.zeros(self.size, bool)
        for flags in self.breaks:
            flags &= ~gone
            self.bad |= flags
        self.gone = gone
        self._arrays = arrays

    def run(self) -> Mended:
        """Mends what can be mended."""
        if not self.bad.any():
            return Mended({}, {}, np.zeros(0, np.int64))
        self._open()
        rounds = min(_ROUNDS, max(_FEWEST_ROUNDS, _MOST_PROPOSALS // int(self.bad.sum())))
        if any(isinstance(one, Apart) for one in self.demands):
            rounds = min(rounds, max(_FEWEST_ROUNDS, _MOST_ASKED // self.size))
        for turn in range(rounds):
            rows = np.flatnonzero(self.bad)
            if not len(rows):
                break
            self._round(rows.tolist(), turn)
        return self._result()

    # -- state ----------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Everything as Python values, now that it is known that something has to change."""
        self.values: dict[str, list[Any]] = {name: array.to_pylist() for name, array in self._arrays.items()}
        self.changed: dict[int, set[str]] = {}
        self.good = np.flatnonzero(~self.bad & ~self.gone)
        self.tuples = {number: _rows_of(arrays) for number, arrays in self.above.items()}
        self.index: dict[tuple[int, tuple[str, ...]], dict[tuple[Any, ...], list[int]]] = {}
        cells = Cells(self.table, self._arrays, self.size, self.ask)
        self.taken: dict[int, set[tuple[Any, ...]]] = {}
        for place, demand in enumerate(self.demands):
            if isinstance(demand, Distinct):
                keys = keys_of(demand, cells)
                self.taken[place] = {key for row in self.good.tolist() if (key := keys[row]) is not None}
        conditions = [demand.tree for demand in self.demands if isinstance(demand, Condition)]
        conditions += [one.where for one in self.demands if isinstance(one, Distinct) and one.where is not None]
        self.fresh = Fresh(self.table, self.values, self.good.tolist(), conditions, self.rng)
        checks = [demand for demand in self.demands if isinstance(demand, Condition)]
        self.equations = [equation for check in checks for equation in self._equations(check)]
        patterns = {self._pattern(row) for row in np.flatnonzero(self.bad).tolist()}
        self.scopes = {pattern: self._scope(pattern) for pattern in patterns}

        self.free: dict[int, list[Row]] = {}

    def _equations(self, demand: Condition) -> Iterator[tuple[str, exp.Expression]]:
        """The texts that a CHECK says to equal an expression over others."""
        tree = bare(demand.tree)
        if not isinstance(tree, exp.EQ):
            return
        shared = {name for key in self.keys for name in key.columns}
        for one, other in ((tree.this, tree.expression), (tree.expression, tree.this)):
            one, other = bare(one), bare(other)
            name = spelled(self.table, one.name) if isinstance(one, exp.Column) else None
            if name is None or name in self.frozen | shared or not column_names(other) or isinstance(other, exp.Column):
                continue
            # Of itself a column is what a second turn does not change: in capitals, the first of a month.
            if name in column_names(other) and column_names(other) != [name]:
                continue
            if self.table.column(name).type.kind in (Kind.TEXT, Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
                yield name, other

    def _pattern(self, row: int) -> tuple[int, ...]:
        return tuple(place for place, flags in enumerate(self.breaks) if flags[row])

    def _scope(self, pattern: tuple[int, ...]) -> tuple[list[str], list[str]]:
        """The columns that the broken demands speak of, with all of their foreign keys', and all that may change."""
        near = {name for place in pattern for name in self.demands[place].columns}
        for demand in self.keys:
            if near & set(demand.columns):
                near |= set(demand.columns)
        every = [name for name in self.values if name not in self.frozen]
        return [name for name in every if name in near], every

    def _round(self, rows: list[int], turn: int) -> None:
        if turn % _COUNTED == 2:
            self.free = {place: self._free(place) for place in self.taken}
        proposals = [self._propose(row, turn) for row in rows]
        arrays = {name: self._proposed(name, rows, proposals) for name in self.values}
        for name, expression in self.equations:
            self._solve(name, expression, rows, proposals, arrays)
        cells = Cells(self.table, arrays, len(rows), self.ask)
        sound = np.ones(len(rows), bool)
        keyed: dict[int, list[tuple[Any, ...] | None]] = {}
        for place, demand in enumerate(self.demands):
            try:
                if isinstance(demand, Distinct):
                    keyed[place] = keys_of(demand, cells)
                elif not isinstance(demand, Apart):
                    sound &= ~broken_rows(demand, cells, self.above)
            except Unknown:
                # Of values that the database can make nothing of, none is taken.
                return
        for demand in self.demands:
            if isinstance(demand, Apart):
                self._part(demand, arrays, sound)
        for at in np.flatnonzero(sound).tolist():
            keys = {place: key for place, found in keyed.items() if (key := found[at]) is not None}
            if any(key in self.taken[place] for place, key in keys.items()):
                continue
            for place, key in keys.items():
                self.taken[place].add(key)
            self._accept(rows[at], proposals[at])

    def _part(self, demand: Apart, arrays: Mapping[str, pa.Array], sound: npt.NDArray[np.bool_]) -> None:
        """Takes out of ``sound`` the proposals that the database excludes beside the rows that are there."""
        kept, asked = np.flatnonzero(~self.bad & ~self.gone).tolist(), np.flatnonzero(sound)
        there = {name: [self.values[name][row] for row in kept] for name in demand.columns}
        joined = {
            name: pa.concat_arrays([pa.array(there[name], self.kinds[name]), arrays[name].take(pa.array(asked))])
            for name in demand.columns
        }
        cells = Cells(self.table, joined, len(kept) + len(asked), self.ask)
        try:
            sound[asked] = ~broken_rows(demand, cells, {})[len(kept) :]
        except Unknown:
            sound[:] = False

    def _proposed(self, name: str, rows: list[int], proposals: list[Row]) -> pa.Array:
        column = [proposal.get(name, self.values[name][row]) for row, proposal in zip(rows, proposals, strict=True)]
        return pa.array(column, self.kinds[name])

    def _solve(
        self, name: str, expression: exp.Expression, rows: list[int], proposals: list[Row], arrays: dict[str, pa.Array]
    ) -> None:
        """Gives the column what a CHECK says that it equals, wherever the proposals say what that is."""
        try:
            made = result_of(expression, Cells(self.table, arrays, len(rows)))
        except Unknown:
            return
        if (made.kind == "text") is not pa.types.is_string(self.kinds[name]) or made.kind not in _SOLVED:
            return
        for at in np.flatnonzero(made.known & (made.kind == "text" or np.isfinite(made.values))).tolist():
            if name in self.scopes[self._pattern(rows[at])][0]:
                proposals[at][name] = _value(made, at, self.kinds[name])
        arrays[name] = self._proposed(name, rows, proposals)

    def _accept(self, row: int, proposal: Row) -> None:
        for name, value in proposal.items():
            if self.values[name][row] != value:
                self.values[name][row] = value
                self.changed.setdefault(row, set()).add(name)
        self.bad[row] = False

    def _result(self) -> Mended:
        values: dict[str, dict[int, Any]] = {}
        parents: dict[int, dict[int, int | None]] = {}
        for row, names in self.changed.items():
            # Another parent would bring its own values for every column of the key, changed or not.
            keys = [demand for demand in self.keys if names & set(demand.columns)]
            for name in names.union(*(demand.columns for demand in keys)):
                values.setdefault(name, {})[row] = self.values[name][row]
            for demand in keys:
                wanted = tuple(self.values[name][row] for name in demand.columns)
                found = None if None in wanted else self._matching(demand, demand.columns, wanted)
                parents.setdefault(demand.number, {})[row] = found[0] if found else None
        return Mended(values, parents, np.flatnonzero(self.bad))

    # -- proposals ------------------------------------------------------------------------------------------------

    def _propose(self, row: int, turn: int) -> Row:
        """Other values for some columns of the row."""
        near, every = self.scopes[self._pattern(row)]
        if turn == 0 and any(name in near for name, _ in self.equations):
            return {}
        scope = every if turn >= _CALM and turn % 2 else near
        if turn in (0, 5) and len(self.good):
            donor = int(self.rng.choice(self.good))
            return {name: self.values[name][donor] for name in scope}
        proposal: Row = self._left_over(row, near) if turn % _COUNTED == 2 else {}
        if proposal and turn < _CALM:
            for demand in self.keys:
                if proposal.keys() & set(demand.columns) and not set(demand.columns) <= proposal.keys():
                    self._refer(row, demand, set(self.values) - set(demand.columns) | proposal.keys(), proposal)
            return proposal
        fixed = set(self.values) - set(scope) | proposal.keys()
        refer, empty = (0.9, 0.0) if turn % 4 == 1 else (0.2, 0.7) if turn % 4 == 3 else (0.5, 0.2)
        order = self.rng.permutation(len(self.keys))
        for place in order:
            demand = self.keys[place]
            if set(demand.columns) <= fixed:
                continue
            dice = self.rng.random()
            if dice < refer:
                fixed |= self._refer(row, demand, fixed, proposal)
            elif dice < refer + empty:
                fixed |= self._empty(demand, fixed, proposal)
            else:
                fixed |= set(demand.columns)
        for name in scope:
            if name not in fixed:
                self._other(row, name, turn, proposal)
        return proposal

    def _free(self, place: int) -> list[Row]:
        demand = self.demands[place]
        assert isinstance(demand, Distinct)
        keys = [(key, self.tuples[key.number]) for key in self.keys]
        found = free_combinations(
            demand, self.table, self.values, self.kinds, keys, self.fresh.listed, self.taken[place]
        )
        return shuffled(found, self.rng)

    def _left_over(self, row: int, near: list[str]) -> Row:
        """A combination that a unique set has left and that is offered to no other row in this round."""
        places = sorted(self.free, key=lambda place: not self.breaks[place][row])
        for free in (self.free[place] for place in places):
            for at, one in enumerate(free):
                if any(name not in near and value != self.values[name][row] for name, value in one.items()):
                    continue
                return free.pop(at)
        return {}

    def _refer(self, row: int, demand: Present, fixed: set[str], proposal: Row) -> set[str]:
        """Sets the key's columns to those of a parent that agrees with the columns that are fixed; gives what it set.

        Where there is none one of them has to be NULL; the others may then be anything.
        """
        known = tuple(name for name in demand.columns if name in fixed)
        wanted = tuple(proposal.get(name, self.values[name][row]) for name in known)
        if None in wanted:
            # A column that stays NULL leaves nothing to reference.
            return set()
        matching = self._matching(demand, known, wanted)
        if demand.key.is_self and all(self.table.column(name).nullable for name in demand.columns if name not in fixed):
            # Above a row stands one that came before it, so that no hierarchy leads back to where it began.
            matching = [above for above in matching if above < row]
        if not matching:
            return self._empty(demand, fixed, proposal)
        chosen = self.tuples[demand.number][matching[int(self.rng.integers(len(matching)))]]
        proposal |= {name: value for name, value in zip(demand.columns, chosen, strict=True) if name not in fixed}
        return set(demand.columns)

    def _matching(self, demand: Present, known: tuple[str, ...], wanted: tuple[Any, ...]) -> list[int]:
        """The rows of the parent that have ``wanted`` in the columns which ``known`` ones of the key reference."""
        about = demand.number, known
        if about not in self.index:
            places = [demand.columns.index(name) for name in known]
            found: dict[tuple[Any, ...], list[int]] = {}
            for number, values in enumerate(self.tuples[demand.number]):
                if None not in values:
                    found.setdefault(tuple(values[place] for place in places), []).append(number)
            self.index[about] = found
        return self.index[about].get(wanted, [])

    def _empty(self, demand: Present, fixed: set[str], proposal: Row) -> set[str]:
        able = [name for name in demand.columns if name not in fixed and self.table.column(name).nullable]
        if able and self.rng.random() < 0.3:
            able = [able[int(self.rng.integers(len(able)))]]
        proposal |= dict.fromkeys(able)
        return set(able)

    def _other(self, row: int, name: str, turn: int, proposal: Row) -> None:
        """Another value for a column of its own, or the one that it has."""
        dice = self.rng.random()
        nullable = self.table.column(name).nullable and name not in self.table.key
        if dice < 0.25:
            return
        if dice < 0.45 and nullable:
            proposal[name] = None
        elif dice < 0.65 and len(self.good):
            proposal[name] = self.values[name][int(self.rng.choice(self.good))]
        else:
            proposal[name] = self.fresh.value(name, self.values[name][row], turn)


def _value(made: Result, row: int, kind: pa.DataType) -> Any:
    """One value of a result as a column of this type has it."""
    if made.kind == "text":
        return made.values[row]
    whole = pa.array([int(made.values[row])], pa.int32() if made.kind == "date" else pa.int64())
    moment = whole.cast(pa.date32() if made.kind == "date" else pa.timestamp("us"))
    return moment.cast(pa.timestamp("us")).cast(kind, safe=False)[0].as_py()


def _examined(
    demands: Iterable[Demand], cells: Cells, parents: Mapping[int, list[pa.Array]]
) -> tuple[list[Demand], list[npt.NDArray[np.bool_]]]:
    """The demands that can be told here, and the rows that break each."""
    told: list[Demand] = []
    flags = []
    for demand in demands:
        try:
            flags.append(broken_rows(demand, cells, parents))
        except Unknown:
            continue
        told.append(demand)
    return told, flags


def _rows_of(arrays: list[pa.Array]) -> list[tuple[Any, ...]]:
    return list(zip(*(array.to_pylist() for array in arrays), strict=True))


def components(demands: list[Demand]) -> list[list[Demand]]:
    """Demands in groups that share no column."""
    group = list(range(len(demands)))
    holder: dict[str, int] = {}

    def root(number: int) -> int:
        while group[number] != number:
            number = group[number]
        return number

    for number, demand in enumerate(demands):
        names = demand.columns
        if isinstance(demand, Present) and demand.key.is_self:
            names += demand.key.parent_columns
        for name in names:
            if name in holder:
                group[root(number)] = root(holder[name])
            holder[name] = number
    found: dict[int, list[Demand]] = {}
    for number, demand in enumerate(demands):
        found.setdefault(root(number), []).append(demand)
    return list(found.values())

