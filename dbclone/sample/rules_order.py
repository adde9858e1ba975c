"""Keeps inequalities, numberings and periods that follow each other.

Takes Columns and rules. A value out of bounds is drawn again: as far from its bound as that of some row that keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dbclone.models.links import positions
from dbclone.models.numbers import NumberCodec
from dbclone.profile.rules import Following, Inequality, Numbering, Ref
from dbclone.profile.rules_rows import families
from dbclone.sample.columns import Columns

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


def keep_inequalities(
    columns: Columns, rules: Sequence[Inequality], fixed: frozenset[str] | set[str], rng: np.random.Generator
) -> int:
    """Lower columns first, each within what is settled already: parents, ``fixed`` columns, columns below it."""
    free = [name for name in _rising(rules) if name not in fixed and columns.can_change(name)]
    settled = {ref for rule in rules for ref in (rule.low, rule.high) if ref.key or ref.column not in free}
    changed = 0
    for name in free:
        changed += _bound(columns, name, rules, settled, rng)
        settled.add(Ref(name))
    return changed


def _rising(rules: Sequence[Inequality]) -> list[str]:
    """Own columns, each after those that it may not be lower than."""
    names = list(dict.fromkeys(ref.column for rule in rules for ref in (rule.low, rule.high) if not ref.key))
    below = {name: {rule.low.column for rule in rules if rule.high == Ref(name) and not rule.low.key} for name in names}
    order: list[str] = []
    while len(order) < len(names):
        ready = [name for name in names if name not in order and below[name] <= set(order)]
        order += ready or [name for name in names if name not in order]
    return order


def _bound(
    columns: Columns, name: str, rules: Sequence[Inequality], settled: set[Ref], rng: np.random.Generator
) -> int:
    own = columns.numbers(name)
    entry = columns.entry(name)
    if own is None or entry is None or entry.numbers is None:
        return 0
    unit = columns.unit(name)
    low, high = np.full(len(own), -np.inf), np.full(len(own), np.inf)
    step = entry.numbers.grid or 1e-6
    for rule in rules:
        if rule.high == Ref(name) and rule.low in settled:
            bound = columns.value(rule.low)
            low = low if bound is None else np.fmax(low, bound * unit + (step if rule.strict else 0.0))
        if rule.low == Ref(name) and rule.high in settled:
            bound = columns.value(rule.high)
            high = high if bound is None else np.fmin(high, bound * unit - (step if rule.strict else 0.0))
    off = np.flatnonzero((own < low) | (own > high))
    if not len(off):
        return 0
    good = (own >= low) & (own <= high)
    columns.put(name, off, _within(own, low, high, off, good, entry.numbers, rng))
    return len(off)


def _within(
    own: Floats,
    low: Floats,
    high: Floats,
    off: Rows,
    good: npt.NDArray[np.bool_],
    codec: NumberCodec,
    rng: np.random.Generator,
) -> Floats:
    """(off,) values between ``low`` and ``high`` (rows,), at distances that ``good`` rows have."""
    above = np.isfinite(low)
    floor, ceiling = low[off], high[off]
    result = floor + _distances(own - low, good & above, rng, len(off))
    if not above[off].all():
        from_high = _distances(high - own, good & np.isfinite(high), rng, len(off))
        result = np.where(above[off], result, ceiling - from_high)
    top = np.fmin(ceiling, np.where(codec.high >= floor, codec.high, np.inf))
    bottom = np.fmax(floor, np.where(codec.low <= ceiling, codec.low, -np.inf))
    room = np.where(np.isfinite(floor), top, 0.0) - np.where(np.isfinite(floor), floor, 0.0)
    result = np.where(result > top, floor + rng.random(len(off)) * np.maximum(room, 0.0), result)
    result = np.maximum(np.minimum(result, top), bottom)
    if codec.grid > 0:
        up = codec.offset + np.ceil((result - codec.offset) / codec.grid - 1e-9) * codec.grid
        down = codec.offset + np.floor((result - codec.offset) / codec.grid + 1e-9) * codec.grid
        # Where no point of the grid lies between the bounds, the lower bound itself does.
        result = np.where(up <= ceiling, up, np.where(down >= floor, down, floor))
    return np.where(np.isfinite(floor) & (floor > ceiling), floor, result)


def _distances(apart: Floats, known: npt.NDArray[np.bool_], rng: np.random.Generator, count: int) -> Floats:
    """(count,) distances of rows that are ``known``, without the farthest: those reach to some end of time."""
    some = apart[known]
    if not len(some):
        return np.zeros(count)
    near = some[some <= np.quantile(some, 0.95)]
    return rng.choice(near, count)


def keep_numberings(columns: Columns, rules: Sequence[Numbering]) -> int:
    """Counts each family anew, in the order in which its numbers were drawn."""
    changed = 0
    for rule in rules:
        number = columns.numbered_key(rule.key)
        values = columns.numbers(rule.column) if number >= 0 and columns.can_change(rule.column) else None
        if values is None:
            continue
        order, _, wanted = counted(columns.filled.parents[number], values, rule.first)
        off = values[order] != wanted
        if off.any():
            columns.put(rule.column, order[off], wanted[off])
        changed += int(off.sum())
    return changed


def counted(parent: Rows, values: Floats, first: int) -> tuple[Rows, Rows, Floats]:
    """Rows (counted,) that have a parent and a number, each family in the order of its numbers; the family of each,
    from 0 on; and the number that counts it from ``first`` on."""
    order, follows = families(np.where(np.isnan(values), -1, parent), values)
    place, _ = positions(parent[order])
    return order, np.cumsum(~follows) - 1, first + place.astype(np.float64)


def keep_followings(columns: Columns, rules: Sequence[Following]) -> int:
    """Ends each period where the next one starts, or before."""
    changed = 0
    for rule in rules:
        number = columns.numbered_key(rule.key)
        starts, ends = columns.numbers(rule.start), columns.numbers(rule.end)
        if number < 0 or starts is None or ends is None or not columns.can_change(rule.end):
            continue
        parent = np.where(np.isnan(starts), -1, columns.filled.parents[number])
        order, follows = families(parent, starts, np.nan_to_num(ends, nan=np.inf))
        if not len(order):
            continue
        first, after = order[:-1], starts[order[1:]]
        wrong = ends[first] != after if rule.seamless else ends[first] > after
        off = follows[1:] & wrong & ~np.isnan(ends[first])
        if off.any():
            columns.put(rule.end, first[off], after[off])
        changed += int(off.sum())
    return changed
