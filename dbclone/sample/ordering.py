"""The order in which rows are written, and so the order of their numbers: that of the source.

Takes a filled table and its parents, gives row numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from dbclone.models.table import PLACE, OrderKey
from dbclone.sample.filled import Filled
from dbclone.sample.streams import generator
from dbclone.schema import TableName

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def output_order(filled: Filled, others: Mapping[TableName, Filled], seed: int, without: Collection[str] = ()) -> Rows:
    """(n,) rows as made, in the order in which they are written; the columns ``without`` have no say."""
    order = filled.model.order
    if order.placed:
        return _placed(filled, seed)
    keys = [key for key in order.keys if key.column not in without or key.key >= 0]
    if order.mixed:
        last = generator(seed, "order", filled.model.name).permutation(filled.rows)
    else:
        last = np.arange(filled.rows)
    ranks = [_strayed(_rank(filled, others, key), key, filled.model.name, seed) for key in keys]
    return np.lexsort((last, *reversed(ranks))).astype(np.int64)


def _placed(filled: Filled, seed: int) -> Rows:
    """Rows by the places drawn; those that follow right after a sibling stay with it, whoever else stands there."""
    values = np.array(filled.values[:, filled.model.value_index[PLACE]])
    rows = np.arange(filled.rows)
    behind = np.zeros(filled.rows, bool)
    behind[1:] = (np.diff(values) == 1.0) & (filled.position[1:] > 0)
    leader = np.maximum.accumulate(np.where(behind, 0, rows))
    chance = generator(seed, "order", filled.model.name).random(filled.rows)
    return np.lexsort((rows, chance[leader], values[leader])).astype(np.int64)


def keep_places(filled: Filled) -> None:
    """Writes down where rows stand, now that it is known, for the children that depend on it."""
    number = filled.model.by_name.get(PLACE)
    if number is None or not filled.rows:
        return
    codec = filled.model.entries[number].numbers
    assert codec is not None
    share = filled.place / max(1, filled.rows - 1)
    filled.own[:, filled.model.first_slot[number]] = codec.encode(codec.low + share * (codec.high - codec.low))


def _rank(filled: Filled, others: Mapping[TableName, Filled], key: OrderKey) -> Floats:
    if key.key < 0:
        values = np.array(filled.values[:, filled.model.value_index[key.column]])
    else:
        parent = others[filled.table.foreign_keys[key.key].parent]
        place = np.empty(parent.rows, np.float64)
        place[parent.output] = np.arange(parent.rows)
        above = filled.parents[key.key]
        values = np.where(above >= 0, place[np.clip(above, 0, None)] if parent.rows else 0.0, np.inf)
    return -values if key.descending else values


def _strayed(values: Floats, key: OrderKey, name: TableName, seed: int) -> Floats:
    """Ranks of ``values`` (n,), some of them anywhere: so many that rows and values correlate as in the source."""
    if not key.strays or not len(values):
        return values
    rng = generator(seed, "strays", name)
    units = np.unique(values, return_inverse=True)[1] if key.runs else np.arange(len(values))
    first = np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(np.float64)
    lead = np.full(int(units.max()) + 1, np.inf)
    np.minimum.at(lead, units, first)
    # What is NULL has no place to keep either.
    lost = (rng.random(len(lead)) < key.strays)[units] | ~np.isfinite(values)
    anywhere = (rng.random(len(lead)) * len(values))[units]
    return np.where(lost, anywhere, lead[units])
