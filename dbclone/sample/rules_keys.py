"""Keeps keys whose paths meet, and the order of rows that keys and numbers follow.

Takes a filled table whose keys are chosen but whose values are not drawn yet, or whose rows are all there. Rows whose
paths part reference another row of the same ancestor, so that each row keeps about as many children as it had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dbclone.profile.rules import Inequality, Key, Meeting, Rising, Rule
from dbclone.sample.columns import Columns
from dbclone.sample.filled import Filled
from dbclone.sample.ordering import output_order
from dbclone.sample.streams import generator
from dbclone.schema import TableName

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_MOVABLE = ("draw", "category", "lookup")


def keep_meetings(filled: Filled, others: Mapping[TableName, Filled], rules: Sequence[Rule], seed: int) -> None:
    """Makes the paths of every Meeting of the table lead to the same ancestor, as far as there are rows to choose."""
    columns = Columns(filled, others)
    for rule in rules:
        if not isinstance(rule, Meeting) or rule.table != filled.table.name:
            continue
        # Self references are not there yet: see keep_kin.
        if any(columns.is_open(name) for path in (rule.first, rule.second) for name in path[0]):
            continue
        first, second = _walk(filled, others, rule.first), _walk(filled, others, rule.second)
        if first is None or second is None:
            continue
        off = np.flatnonzero((first >= 0) & (second >= 0) & (first != second))
        for path, wanted in ((rule.second, first), (rule.first, second)):
            if len(off) and _is_movable(filled, path[0]):
                _move(filled, others, path, wanted, off, seed)
                break


def kin_keys(filled: Filled, number: int, rules: Sequence[Rule]) -> list[int]:
    """The keys whose parent a row shares with the row that its self reference ``number`` leads to."""
    columns = Columns(filled, {})
    own = filled.table.foreign_keys[number].columns
    found = []
    for rule in rules:
        if isinstance(rule, Meeting) and rule.table == filled.table.name:
            short, long = sorted((rule.first, rule.second), key=len)
            if len(short) == 1 and long == (own, short[0]):
                found.append(columns.numbered_key(short[0]))
    return found


def keep_bounded(filled: Filled, others: Mapping[TableName, Filled], rules: Sequence[Rule], seed: int) -> None:
    """Deals out parents so that what is copied of them lies within bounds that other parents set."""
    columns = Columns(filled, others)
    for rule in rules:
        if not isinstance(rule, Inequality) or rule.table != filled.table.name:
            continue
        if bool(rule.low.key) == bool(rule.high.key):
            continue
        own, bound = (rule.low, rule.high) if rule.high.key else (rule.high, rule.low)
        copy = next((one for one in filled.model.copies if one.column == own.column), None)
        if copy is None or not _is_movable(filled, filled.table.foreign_keys[copy.key].columns):
            continue
        values, limits = columns.value(own), columns.value(bound)
        if values is not None and limits is not None:
            rng = generator(seed, "bounded", rule.table, rule.name)
            dealt = _within_bounds(values, limits, rng, below=bool(rule.high.key))
            filled.parents[copy.key] = np.array(filled.parents[copy.key])[dealt]


def _within_bounds(values: Floats, limits: Floats, rng: np.random.Generator, *, below: bool) -> Rows:
    """(n,) whose value each row takes: those out of bounds change with others, as few as will do."""
    off = values > limits if below else values < limits
    dealt = np.arange(len(values))
    rest = rng.permutation(np.flatnonzero(~off & ~np.isnan(values) & ~np.isnan(limits)))
    rows, size = np.flatnonzero(off), int(off.sum())
    while size:
        rows = np.concatenate([np.flatnonzero(off), rest[:size]])
        # Sorted by both: where any deal keeps all bounds, this one does.
        dealt = np.arange(len(values))
        dealt[rows[np.argsort(limits[rows], kind="stable")]] = rows[np.argsort(values[rows], kind="stable")]
        taken = values[dealt]
        if size >= len(rest) or not (taken > limits if below else taken < limits).any():
            break
        size *= 2
    return dealt


def _is_movable(filled: Filled, key: Key) -> bool:
    number = Columns(filled, {}).numbered_key(key)
    about = filled.model.keys[number]
    return number != filled.model.driver and about.mode in _MOVABLE and not about.unique


def _walk(filled: Filled, others: Mapping[TableName, Filled], path: tuple[Key, ...]) -> Rows | None:
    """(rows,) the ancestor that the path leads to, -1 where it ends early, None where a table is not there."""
    rows, at = np.arange(filled.rows), filled
    for key in path:
        number = Columns(at, others).numbered_key(key)
        parent = at.table.foreign_keys[number].parent
        if number < 0 or parent not in others:
            return None
        links = at.parents[number]
        rows = np.where(rows >= 0, links[np.clip(rows, 0, None)] if len(links) else -1, -1)
        at = others[parent]
    return np.asarray(rows)


def _move(
    filled: Filled, others: Mapping[TableName, Filled], path: tuple[Key, ...], wanted: Rows, off: Rows, seed: int
) -> None:
    """Gives the rows ``off`` another parent along the first key of ``path``, so that it leads to ``wanted`` (rows,)."""
    number = Columns(filled, others).numbered_key(path[0])
    parents = np.array(filled.parents[number])
    if len(path) == 1:
        parents[off] = wanted[off]
    else:
        above = others[filled.table.foreign_keys[number].parent]
        ancestors = _walk(above, others, path[1:])
        assert ancestors is not None
        rng = generator(seed, "meeting", filled.model.name, path)
        parents[off] = _matched(parents[off], wanted[off], ancestors, rng)
    filled.parents[number] = parents


def _matched(held: Rows, wanted: Rows, ancestors: Rows, rng: np.random.Generator) -> Rows:
    """(n,) parents under the ``wanted`` (n,) ancestors: those that were ``held`` (n,) are dealt out among their kin."""
    result = held.copy()
    slots = rng.permutation(held[held >= 0])
    slots = slots[np.argsort(ancestors[slots], kind="stable")]
    rows = rng.permutation(len(wanted))
    rows = rows[np.argsort(wanted[rows], kind="stable")]
    every = np.argsort(ancestors, kind="stable")
    for ancestor in np.unique(wanted):
        mine = rows[slice(*np.searchsorted(wanted[rows], (ancestor, ancestor + 1)))]
        kin = slots[slice(*np.searchsorted(ancestors[slots], (ancestor, ancestor + 1)))]
        if len(kin) < len(mine):
            family = every[slice(*np.searchsorted(ancestors[every], (ancestor, ancestor + 1)))]
            more = rng.choice(family, len(mine) - len(kin)) if len(family) else held[mine[len(kin) :]]
            kin = np.concatenate([kin, more])
        result[mine] = kin[: len(mine)]
    return result


def written_order(filled: Filled, others: Mapping[TableName, Filled], rules: Sequence[Rule], seed: int) -> Rows:
    """(n,) rows as made in the order in which they are written, so that what rises with their numbers does.

    Of several such columns that with the most values orders the rows; the values of the others are dealt out so.
    """
    columns = Columns(filled, others)
    found: list[tuple[Rising, Floats]] = []
    for rule in rules:
        values = columns.numbers(rule.column) if isinstance(rule, Rising) and rule.table == filled.table.name else None
        if isinstance(rule, Rising) and values is not None:
            found.append((rule, values))
    found.sort(key=lambda one: (-len(np.unique(one[1])), one[0].name))
    output = output_order(filled, others, seed, {rule.column for rule, _ in found[1:]})
    for place, (rule, values) in enumerate(found):
        number = columns.numbered_key(rule.key) if rule.key else -1
        parent = filled.parents[number][output] if rule.key else np.zeros(len(output), np.int64)
        linked = np.flatnonzero(parent >= 0)
        written = values[output][linked]
        places = linked[np.argsort(parent[linked], kind="stable")]
        sorted_rows = output[linked[np.lexsort((written, parent[linked]))]]
        if not place:
            # Each family keeps its places, and takes them in the order of the column.
            output = output.copy()
            output[places] = sorted_rows
        elif columns.can_change(rule.column):
            rows, wanted = output[places], values[sorted_rows]
            off = values[rows] != wanted
            if off.any():
                columns.put(rule.column, rows[off], wanted[off])
    return output
