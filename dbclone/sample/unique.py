"""Uniqueness over several columns: what keys and values drawn one by one may have broken.

Takes a filled table, changes as few numbers as possible and none so that a CHECK breaks. Sets of one key are unique by
construction already; texts that a maker makes are unique by their maker.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from dbclone.models.categories import CategoryCodec
from dbclone.models.numbers import NumberCodec
from dbclone.models.table import TableModel
from dbclone.profile.checks import mentions
from dbclone.sample.conditions import column_rows, keeps_conditions, move, rows_where
from dbclone.sample.drawn_rows import find_column
from dbclone.sample.expressions import column_names, parsed
from dbclone.sample.filled import Filled
from dbclone.sample.streams import generator
from dbclone.schema import Kind, TableName, Unique

_ROUNDS = 24
_NUDGES = 8
_TRIES = 60
_SECOND = 1_000_000.0
_MOST_LEFT = 2_000
"""Repeated rows that are left to be mended one by one."""
_MOST_PLACES = 10_000_000
_MOST_CHOICES = 512
_MOST_VALUES = 5_000
Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Others = Mapping[TableName, Filled]
Part = str | int


@dataclass(frozen=True)
class _Set:
    """What a unique set is made of: ``keys`` whose columns are all in it, ``parts`` of wider keys by column, coded
    ``numbers`` (those that can be moved by a step last). ``where`` are the rows that it speaks of, None for all."""

    columns: tuple[str, ...]
    keys: tuple[int, ...]
    parts: tuple[str, ...]
    numbers: tuple[str, ...]
    nulls_alike: bool = False
    predicate: str | None = None


def mend_duplicates(
    filled: Filled, seed: int, dialect: str = "", others: Others | None = None, *, linked: bool = False
) -> int:
    """Makes every unique set of keys and coded columns unique; gives the number of rows that had to go.

    A few repeated rows may be left, of the sets that ``filled.repeated`` names. ``linked`` says that the keys that are
    linked last are there: then no row goes any more.
    """
    dropped = 0
    mender = _Mender(filled, seed, dialect, others or {}, linked)
    sets = mender.sets()
    # What was moved for one set may repeat another row of a set that shares its columns.
    reach = [mender.reach(one) for one in sets]
    shared = [one for one, mine in zip(sets, reach, strict=True) if sum(bool(mine & other) for other in reach) > 1]
    for turn, one in enumerate([*sets, *shared]):
        if turn >= len(sets) and not mender.repeats(one).any():
            continue
        repeated = mender.mend(one)
        if repeated.any() and (linked or repeated.sum() <= _MOST_LEFT):
            filled.repeated.add(one.columns)
        elif repeated.any():
            dropped += int(repeated.sum())
            filled.keep(~repeated)
    filled.repeated.update(one.columns for one in shared if mender.repeats(one).any())
    return dropped


def holds_by_construction(filled: Filled, columns: tuple[str, ...]) -> bool:
    """True where `mend_duplicates`, a counter or the drawing of parents sees to it that ``columns`` are unique."""
    table, model = filled.table, filled.model
    shared = [name for key in table.foreign_keys for name in key.columns]
    whole = [
        number
        for number, key in enumerate(table.foreign_keys)
        if set(key.columns) <= set(columns) and all(shared.count(name) == 1 for name in key.columns)
    ]
    for counter in model.counters:
        if counter.column in columns and counter.key in whole:
            return True
    found = _Mender(filled, 0, "", {}, False).told(Unique(columns))
    return found is not None and not found.parts and set(found.keys) <= set(whole)


class _Mender:
    def __init__(self, filled: Filled, seed: int, dialect: str, others: Others, linked: bool) -> None:
        self.filled, self.seed, self.dialect, self.others, self.linked = filled, seed, dialect, others, linked

    # -- sets -----------------------------------------------------------------------------------------------------

    def sets(self) -> list[_Set]:
        """The unique sets that can be told from codes and keys."""
        table = self.filled.table
        asked = [Unique(table.key)] if table.key else []
        asked += [one for one in table.uniques if not one.expressions]
        found = [self.told(one) for one in dict.fromkeys(asked)]
        wanted = [one for one in found if one is not None]
        if self.linked:
            late = {number for number, about in enumerate(self.filled.model.keys) if about.mode == "self"}
            return [one for one in wanted if late & set(one.keys)]
        return wanted

    def told(self, unique: Unique) -> _Set | None:
        """The parts of a unique set, None where one is a text that is not made yet or a key that is linked last."""
        model, left = self.filled.model, set(unique.columns)
        keys, parts = [], []
        late = ("child", "link") if self.linked else ("child", "link", "self")
        for number, key in enumerate(self.filled.table.foreign_keys):
            if set(key.columns) <= left and model.keys[number].mode not in ("absent", *late):
                keys.append(number)
                left -= set(key.columns)
        counters = {counter.column: counter.key for counter in model.counters}
        if any(column in counters and counters[column] in keys for column in left):
            return None
        for name in unique.columns:
            if name in left and column_rows(self.filled, self.others, name) is not None:
                parts.append(name)
                left.discard(name)
        numbers = [column for column in unique.columns if column in left and _is_coded(model, column)]
        if set(numbers) != left:
            return None
        # Numbers last, for they can be moved by a step.
        numbers.sort(key=lambda name: name in model.value_index)
        alike = not unique.nulls_distinct
        return _Set(unique.columns, tuple(keys), tuple(parts), tuple(numbers), alike, unique.predicate)

    # -- mending --------------------------------------------------------------------------------------------------

    def mend(self, one: _Set) -> Flags:
        """Makes the set unique where it can; the rows that still repeat another one."""
        filled = self.filled
        named = [one.columns, one.predicate] if one.predicate else [one.columns]
        rng = generator(self.seed, "unique", filled.model.name, *named)
        self._number_again(one)
        last = one.numbers[-1] if one.numbers else None
        stepped = last is not None and filled.model.entries[filled.model.by_name[last]].categories is None
        for turn in range(_ROUNDS):
            repeated = self.repeats(one)
            if not repeated.any():
                return repeated
            if last is None or one.predicate is not None:
                break
            if stepped and turn == _NUDGES:
                self._checked(last, repeated, partial(_place, filled, self._code(one, one.numbers[:-1]), last))
            elif stepped and turn < _NUDGES:
                self._checked(last, repeated, partial(_nudge, filled, last, turn))
            elif not stepped:
                self._checked(last, repeated, partial(_recode, filled, last, turn, rng))
        self._exchange(one, rng)
        self._redraw(one, rng)
        self._redraw_all(one, rng)
        if one.predicate is not None:
            self._lift(one, rng)
        return self.repeats(one)

    def _checked(self, name: str, repeated: Flags, change: Callable[[Flags], None]) -> None:
        """Changes a column of some rows, and takes back what breaks a CHECK."""
        filled, model = self.filled, self.filled.model
        number = model.by_name[name]
        slots = slice(model.first_slot[number], model.first_slot[number + 1])
        rows = np.flatnonzero(repeated)
        own = np.array(filled.own[rows, slots])
        place = model.value_index.get(name)
        values = None if place is None else np.array(filled.values[rows, place])
        change(repeated)
        kept = self._keeps({name}, rows)
        filled.own[rows[~kept], slots] = own[~kept]
        if place is not None and values is not None:
            filled.values[rows[~kept], place] = values[~kept]

    def _has_checks(self, columns: set[str]) -> bool:
        table = self.filled.table
        named = " ".join([check.expression for check in table.checks] + list(table.partition_bounds)).lower()
        return any(column.lower() in named for column in columns)

    def _keeps(self, columns: set[str], rows: Rows, donors: Mapping[str | int, Rows] = {}) -> Flags:
        if not self._has_checks(columns):
            return np.ones(len(rows), bool)
        linked = self.linked
        return keeps_conditions(self.filled, columns, rows, self.dialect, self.others, linked=linked, donors=donors)

    def _number_again(self, one: _Set) -> None:
        """Counters that number the rows of one key, where another grouping must be unique: (tenant, number)."""
        counters = {counter.column: counter for counter in self.filled.model.counters}
        for name in one.numbers:
            if name in counters:
                group = self._code(one, tuple(other for other in one.numbers if other != name))
                order = np.argsort(group, kind="stable")
                starts = np.flatnonzero(np.diff(group[order], prepend=-1))
                rank = np.arange(len(order)) - np.repeat(starts, np.diff([*starts, len(order)]))
                numbers = np.empty(len(order), np.int64)
                numbers[order] = rank
                self.filled.put(f"counter {name}", numbers)

    def _exchange(self, one: _Set, rng: np.random.Generator) -> None:
        """Repeated rows and others give each other their parents, so that every parent keeps its children."""
        for key in self._movable(one):
            repeated = np.flatnonzero(self.repeats(one))
            if not len(repeated):
                return
            parents, columns = self.filled.parents[key].copy(), set(self.filled.table.foreign_keys[key].columns)
            rest = self._code(one, one.numbers, without=key)
            held = Counter(zip(rest.tolist(), parents.tolist(), strict=True))
            checked = self._has_checks(columns)
            for row in repeated:
                if held[int(rest[row]), int(parents[row])] < 2:
                    continue
                for other in rng.integers(0, len(parents), _TRIES):
                    pairs = [(int(rest[row]), int(parents[other])), (int(rest[other]), int(parents[row]))]
                    if any(held[pair] for pair in pairs) or parents[other] < 0:
                        continue
                    swapped = np.array([row, other])
                    if checked and not self._keeps(columns, swapped, {key: swapped[::-1]}).all():
                        continue
                    held.subtract([(int(rest[at]), int(parents[at])) for at in swapped])
                    held.update(pairs)
                    parents[swapped] = parents[swapped[::-1]]
                    if checked:
                        self.filled.parents[key] = parents
                    break
            self.filled.parents[key] = parents

    def _redraw(self, one: _Set, rng: np.random.Generator) -> None:
        """Values and parents of other rows for repeated ones, one part of the set after another."""
        parts: list[str | int] = [*self._movable(one), *(name for name in one.numbers if self._is_own(name))]
        for part in parts:
            repeated = np.flatnonzero(self.repeats(one))
            if not len(repeated):
                return
            self._redraw_part(one, part, repeated, rng)

    def _redraw_all(self, one: _Set, rng: np.random.Generator) -> None:
        """All parts of the set at once for rows that still repeat another, each part from a row of its own."""
        names = [name for name in one.numbers if self._is_own(name)]
        parts: list[str | int] = [*self._movable(one), *names]
        repeated = np.flatnonzero(self.repeats(one))
        if len(parts) < 2 or not 0 < len(repeated) <= _MOST_VALUES:
            return
        fixed = self._combinations(one, tuple(n for n in one.numbers if n not in names), tuple(parts))[0]
        codes = [np.unique(self._held(part), return_inverse=True)[1] for part in parts]
        taken = set(zip(fixed.tolist(), *(code.tolist() for code in codes), strict=True))
        columns = {name for part in parts for name in self._columns_of(part)}
        checked = self._has_checks(columns)
        for row in repeated:
            drawn = rng.integers(0, self.filled.rows, (_MOST_CHOICES, len(parts)))
            wanted = np.stack([code[drawn[:, place]] for place, code in enumerate(codes)], axis=1)
            free = [n for n, held in enumerate(wanted.tolist()) if (int(fixed[row]), *held) not in taken]
            if checked and free:
                donors = {part: drawn[free, place] for place, part in enumerate(parts)}
                free = list(np.array(free)[self._keeps(columns, np.full(len(free), row), donors)])
            if free:
                taken.add((int(fixed[row]), *wanted[free[0]].tolist()))
                for place, part in enumerate(parts):
                    move(self.filled, part, np.array([row]), drawn[free[0], [place]])

    def _columns_of(self, part: str | int) -> set[str]:
        return set(self.filled.table.foreign_keys[part].columns) if isinstance(part, int) else {part}

    def _held(self, part: str | int) -> npt.NDArray[np.float64]:
        if isinstance(part, str):
            return self._numbers(part)
        return np.where(self.filled.parents[part] < 0, np.nan, self.filled.parents[part])

    def _redraw_part(self, one: _Set, part: str | int, repeated: Rows, rng: np.random.Generator) -> None:
        filled = self.filled
        held, columns = self._held(part), self._columns_of(part)
        there = np.flatnonzero(~np.isnan(held))
        values, first = np.unique(held[there], return_index=True)
        rest = self._code(one, one.numbers, without=part)
        taken: dict[int, set[float]] = {}
        for row in np.flatnonzero(np.isin(rest, rest[repeated])):
            taken.setdefault(int(rest[row]), set()).add(float(held[row]))
        checked = self._has_checks(columns)
        moved: list[tuple[int, int]] = []
        for row in repeated:
            used = taken[int(rest[row])]
            few = len(values) <= _MOST_VALUES
            some = rng.permutation(len(values)) if few else rng.integers(0, len(values), _MOST_CHOICES)
            free = np.array([place for place in some if float(values[place]) not in used][:_MOST_CHOICES], np.int64)
            if checked and len(free):
                free = free[self._keeps(columns, np.full(len(free), row), {part: there[first[free]]})]
            if len(free):
                used.add(float(values[free[0]]))
                moved.append((int(row), int(there[first[free[0]]])))
        if moved:
            rows, donors = np.array(moved).T
            move(filled, part, rows, donors)

    def _lift(self, one: _Set, rng: np.random.Generator) -> None:
        """Rows that repeat another where a predicate holds: it may hold no longer."""
        model = self.filled.model
        for name in self._named_by(one.predicate or ""):
            repeated = np.flatnonzero(self.repeats(one))
            if not len(repeated) or not self._is_own(name):
                continue
            outside = np.flatnonzero(~rows_where(self.filled, self.others, one.predicate or "", self.dialect))
            if len(outside) and name in model.by_name:
                flags = np.isin(np.arange(self.filled.rows), repeated)
                self._checked(name, flags, partial(_take_from, self.filled, name, outside, rng))

    def reach(self, one: _Set) -> set[str]:
        """The columns that may move for the set."""
        return {*one.columns, *self._named_by(one.predicate or "")}

    def _named_by(self, predicate: str) -> list[str]:
        table, tree = self.filled.table, parsed(predicate, self.dialect) if predicate else None
        if tree is None:
            return [column.name for column in table.columns if mentions(predicate, column.name)]
        named = {find_column(table, name) for name in column_names(tree)}
        return [column.name for column in table.columns if column.name in named]

    # -- what rows hold -------------------------------------------------------------------------------------------

    def _movable(self, one: _Set) -> list[int]:
        """The keys of the set that may be drawn again, the last first."""
        modes = ("draw", "category", "self") if self.linked else ("draw", "category")
        found = [key for key in one.keys if self.filled.model.keys[key].mode in modes]
        return [key for key in reversed(found) if not self.filled.model.keys[key].unique and not self._shares(key)]

    def _shares(self, key: int) -> bool:
        keys = self.filled.table.foreign_keys
        return any(set(keys[key].columns) & set(other.columns) for n, other in enumerate(keys) if n != key)

    def _is_own(self, name: str) -> bool:
        return _is_coded(self.filled.model, name) and name in self.filled.model.by_name

    def repeats(self, one: _Set) -> Flags:
        """Rows whose combination an earlier row holds already."""
        code, missing = self._combinations(one, one.numbers)
        if one.nulls_alike:
            missing[:] = False
        if one.predicate is not None:
            missing |= ~rows_where(self.filled, self.others, one.predicate, self.dialect)
        rows = np.flatnonzero(~missing)
        order = rows[np.argsort(code[rows], kind="stable")]
        again = np.zeros(self.filled.rows, bool)
        again[order[1:]] = code[order][1:] == code[order][:-1]
        return again

    def _code(self, one: _Set, numbers: tuple[str, ...], without: str | int | None = None) -> Rows:
        return self._combinations(one, numbers, without)[0]

    def _combinations(
        self, one: _Set, numbers: tuple[str, ...], without: Part | tuple[Part, ...] | None = None
    ) -> tuple[Rows, Flags]:
        """(rows,) a number for each combination of parents and values, and where one of them is NULL."""
        filled = self.filled
        left_out = without if isinstance(without, tuple) else (without,)
        columns: list[npt.NDArray[np.float64]] = []
        for number in one.keys:
            if number not in left_out:
                columns.append(np.where(filled.parents[number] < 0, np.nan, filled.parents[number]))
        for name in one.parts:
            held = column_rows(filled, self.others, name)
            assert held is not None
            columns.append(held)
        columns += [self._numbers(name) for name in numbers if name not in left_out]
        missing = np.zeros(filled.rows, bool)
        code = np.zeros(filled.rows, np.int64)
        for part in columns:
            missing |= np.isnan(part)
            _, dense = np.unique(part, return_inverse=True)
            _, code = np.unique(code * (int(dense.max(initial=0)) + 1) + dense, return_inverse=True)
        return code.astype(np.int64), missing

    def _numbers(self, name: str) -> npt.NDArray[np.float64]:
        """A column as numbers: its values, or its codes where it is a category."""
        filled, model = self.filled, self.filled.model
        if filled.has(f"counter {name}"):
            return filled.array(f"counter {name}").astype(np.float64)
        if name in {counter.column for counter in model.counters}:
            return filled.position.astype(np.float64)
        if name in model.value_index:
            values = np.array(filled.values[:, model.value_index[name]])
            # Whatever is no half is one of two values when it is written.
            kind = filled.table.column(name).type
            if kind.kind is Kind.DECIMAL and kind.scale is not None:
                # Steps of a hundredth add up to what is no hundredth, which is written as one all the same.
                values = np.round(values, kind.scale)
            return np.where(np.isnan(values), np.nan, values > 0.5) if kind.kind is Kind.BOOLEAN else values
        codes = filled.own[:, model.first_slot[model.by_name[name]]].astype(np.float64)
        categories = model.entries[model.by_name[name]].categories
        if categories is not None and filled.table.column(name).ignores_case:
            codes = _without_case(categories)[codes.astype(np.int64)]
        return np.where(codes == 0, np.nan, codes)


def _without_case(categories: CategoryCodec) -> npt.NDArray[np.float64]:
    """For each code the first one whose value differs in no more than case."""
    first: dict[str, int] = {}
    same = np.arange(categories.size + 1, dtype=np.float64)
    for code, place in enumerate(categories.start[:-1].tolist(), start=1):
        same[code] = first.setdefault(categories.values[place].casefold(), code)
    return same


def _is_coded(model: TableModel, column: str) -> bool:
    if column in {counter.column for counter in model.counters}:
        return True
    if column not in model.by_name:
        return False
    entry = model.entries[model.by_name[column]]
    # A rare category becomes a text that a maker makes: nothing is known of it here.
    return entry.role == "column" and (entry.categories is None or not entry.categories.rare)


def _take_from(filled: Filled, name: str, pool: Rows, rng: np.random.Generator, rows: Flags) -> None:
    """Gives rows what rows of ``pool`` hold."""
    move(filled, name, np.flatnonzero(rows), pool[rng.integers(0, len(pool), int(rows.sum()))])


def _recode(filled: Filled, name: str, turn: int, rng: np.random.Generator, repeated: Flags) -> None:
    """Gives repeated rows the next category, from a random one on."""
    model = filled.model
    entry = model.entries[model.by_name[name]]
    assert entry.categories is not None
    slot = model.first_slot[model.by_name[name]]
    count = max(1, len(entry.categories.start) - 1)
    codes = filled.own[:, slot].astype(np.int64)
    shift = 1 if turn else rng.integers(1, count + 1, int(repeated.sum()))
    codes[repeated] = (codes[repeated] - 1 + shift) % count + 1
    filled.own[:, slot] = codes.astype(np.uint8)


def _nudge(filled: Filled, name: str, turn: int, repeated: Flags) -> None:
    """Moves repeated values by one more grid step a round, the other way where an end is reached."""
    place = filled.model.value_index[name]
    codec = filled.model.entries[filled.model.by_name[name]].numbers
    assert codec is not None
    grid = _grid(filled, name, codec)
    step = grid if grid > 0 else max(1e-6, (codec.high - codec.low) * 1e-6)
    values = np.array(filled.values[:, place])
    sign = 1.0 if turn % 2 == 0 else -1.0
    moved = values[repeated] + sign * (turn // 2 + 1) * step
    too_high = moved > codec.high
    moved[too_high] = values[repeated][too_high] - (turn + 1) * step
    too_low = moved < codec.low
    back = values[repeated][too_low] + (turn + 1) * step
    # Between two narrow ends neither way leads on: the next round, or the rows' end, decides.
    moved[too_low] = np.minimum(back, codec.high)
    values[repeated] = moved
    filled.values[:, place] = values


def _grid(filled: Filled, name: str, codec: NumberCodec) -> float:
    """How far apart the column's values are at least: whole seconds where the source's are."""
    moment = filled.table.column(name).type.kind in (Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
    if moment and 0 < codec.grid < _SECOND and codec.low == codec.high and codec.low % _SECOND == 0:
        # One moment has no grid of its own, and a database that keeps moments as texts no room for less.
        return _SECOND
    return codec.grid


def _place(filled: Filled, family: Rows, name: str, repeated: Flags) -> None:
    """Moves each repeated value to the nearest one that its family leaves free, if values are not too fine for it.

    Where families take up most of the values there are (a row for each day), steps alone would never find the gaps.
    """
    model = filled.model
    codec = model.entries[model.by_name[name]].numbers
    assert codec is not None
    grid = _grid(filled, name, codec)
    if grid <= 0 or (codec.high - codec.low) / grid > _MOST_PLACES:
        return
    place = model.value_index[name]
    values = np.array(filled.values[:, place])
    places = int(np.rint((codec.high - codec.low) / grid)) + 1
    at = np.rint((values - codec.low) / grid)
    rows = np.flatnonzero(np.isin(family, family[repeated]) & ~np.isnan(at))
    rows = rows[np.argsort(family[rows], kind="stable")]
    borders = np.flatnonzero(np.diff(family[rows])) + 1
    for part in np.split(rows, borders):
        again = part[repeated[part]]
        taken = np.zeros(places, bool)
        taken[np.clip(at[part[~repeated[part]]], 0, places - 1).astype(np.int64)] = True
        free = np.flatnonzero(~taken).tolist()
        # Where a family has more rows than there are values, it goes on beyond them.
        free += range(places, places + max(0, len(again) - len(free)))
        for row in again:
            near = bisect.bisect_left(free, at[row])
            if near == len(free) or (near > 0 and at[row] - free[near - 1] <= free[near] - at[row]):
                near -= 1
            values[row] = codec.low + free.pop(near) * grid
    filled.values[:, place] = values
