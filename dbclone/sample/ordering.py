"""The order in which rows are written, and so the order of their numbers: that of the source.

Takes a filled table and its parents, gives row numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dbclone.models.table import OrderKey
from dbclone.sample.filled import Filled
from dbclone.sample.streams import generator
from dbclone.schema import TableName

Rows = npt.NDArray[np.int64]


def output_order(filled: Filled, others: Mapping[TableName, Filled], seed: int) -> Rows:
    """(n,) rows as made, in the order in which they are written."""
    order = filled.model.order
    if order.mixed:
        last = generator(seed, "order", filled.model.name).permutation(filled.rows)
    else:
        last = np.arange(filled.rows)
    ranks = [_rank(filled, others, key) for key in order.keys]
    return np.lexsort((last, *reversed(ranks))).astype(np.int64)


def _rank(filled: Filled, others: Mapping[TableName, Filled], key: OrderKey) -> npt.NDArray[np.float64]:
    if key.key < 0:
        values = np.array(filled.values[:, filled.model.value_index[key.column]])
    else:
        parent = others[filled.table.foreign_keys[key.key].parent]
        place = np.empty(parent.rows, np.float64)
        place[parent.output] = np.arange(parent.rows)
        above = filled.parents[key.key]
        values = np.where(above >= 0, place[np.clip(above, 0, None)] if parent.rows else 0.0, np.inf)
    return -values if key.descending else values
