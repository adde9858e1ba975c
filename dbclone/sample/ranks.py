"""Counts the rows of each parent anew where most families of the source count: places of a race, lines of an order.

Takes a filled table, changes its numbers, and what follows from them, in place. A family keeps the order in which its
numbers were drawn, and what follows from a number comes from a row that was drawn with it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dbclone.models.table import RankModel
from dbclone.sample.columns import Columns
from dbclone.sample.filled import Filled
from dbclone.sample.rules_order import counted
from dbclone.sample.streams import generator

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class _Drawn(NamedTuple):
    """A column as it was drawn: its slots (rows, slots) and its values (rows,), None where it has none."""

    slots: npt.NDArray[np.uint8]
    values: Floats | None


def keep_ranks(filled: Filled, seed: int) -> None:
    """Makes the numbers of every RankModel of the table count, in as many families as they do in the source."""
    columns = Columns(filled, {})
    ranks = [one for one in filled.model.ranks if _is_there(filled, columns, one)]
    numbers = {one.column: columns.numbers(one.column) for one in ranks}
    followers = {name for one in ranks for name in one.followers if columns.can_change(name)}
    drawn = {name: _drawn(filled, name) for name in followers}
    for one in ranks:
        before, now = numbers[one.column], columns.numbers(one.column)
        if before is None or now is None:
            continue
        rows, wanted = _recounted(filled, one, now, seed)
        columns.put(one.column, rows, wanted)
        now[rows] = wanted
        for name in one.followers:
            if name in drawn:
                _follow(filled, name, drawn[name], before, now, seed)


def _is_there(filled: Filled, columns: Columns, rank: RankModel) -> bool:
    return columns.can_change(rank.column) and filled.has(f"parent{rank.key}")


def _recounted(filled: Filled, rank: RankModel, values: Floats, seed: int) -> tuple[Rows, Floats]:
    """The rows whose number is to change, and to what."""
    order, family, wanted = counted(np.asarray(filled.parents[rank.key]), values, rank.first)
    rng = generator(seed, "ranks", filled.model.name, rank.column)
    counts = rng.random(int(family.max(initial=-1)) + 1) < rank.share
    off = counts[family] & (values[order] != wanted)
    return order[off], wanted[off]


def _drawn(filled: Filled, name: str) -> _Drawn:
    model = filled.model
    number = model.by_name[name]
    at = model.value_index.get(name)
    slots = np.array(filled.own[:, model.first_slot[number] : model.first_slot[number + 1]])
    return _Drawn(slots, None if at is None else np.array(filled.values[:, at]))


def _follow(filled: Filled, name: str, drawn: _Drawn, before: Floats, now: Floats, seed: int) -> None:
    """Gives the rows whose number has changed the column of a row that was drawn with their number."""
    there = (drawn.slots[:, 0] > 0) & ~np.isnan(before)
    rows = np.flatnonzero(there & (before != now) & ~np.isnan(now))
    donors = np.flatnonzero(there)
    donors = generator(seed, "followers", filled.model.name, name).permutation(donors)
    donors = donors[np.argsort(before[donors], kind="stable")]
    low = np.searchsorted(before[donors], now[rows], side="left")
    high = np.searchsorted(before[donors], now[rows], side="right")
    rows, low, high = rows[high > low], low[high > low], high[high > low]
    # Each donor in turn, so that what goes with a number keeps its shares.
    chosen = donors[low + np.arange(len(rows)) % np.maximum(1, high - low)]
    model = filled.model
    number = model.by_name[name]
    filled.own[rows, model.first_slot[number] : model.first_slot[number + 1]] = drawn.slots[chosen]
    if drawn.values is not None:
        filled.values[rows, model.value_index[name]] = drawn.values[chosen]
