"""Entropy trees on small integer codes, their leaves turned into compact distributions.

Takes uint8 matrices, gives flat arrays that the sampling kernel walks. Never sees a value, a name or a random state
other than the seed it is given. The compiled loops are in `dbclone.models.growing` and `dbclone.models.measures`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dbclone.models.growing import fill_leaves, grow_nodes, leaf_distributions
from dbclone.models.measures import CODES, gather_columns, row_losses, tell_information

Codes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]
_SPLIT_ROWS = 8_192
_RARE_SHARE = 0.97
_SCREEN_ROWS = 4_096
_NARROW = 8
"""Features that the small nodes of a large tree look at."""


@dataclass(frozen=True)
class Tree:
    """One tree as flat arrays.

    ``feature`` (nodes,) int32, -1 at a leaf; ``left``/``right`` (nodes,) int32 child numbers, at a leaf ``left`` is the
    leaf's number; ``mask`` (nodes, 4) uint64: a code goes left where its bit is set; ``start`` (leaves + 1,) int64 into
    ``codes`` uint8 and ``cumulative`` float64, the leaf's distribution function; ``rows`` (leaves,) int64 learned from.
    """

    feature: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    mask: npt.NDArray[np.uint64]
    start: npt.NDArray[np.int64]
    codes: Codes
    cumulative: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]

    @property
    def leaves(self) -> int:
        return len(self.start) - 1


@dataclass(frozen=True)
class Growth:
    """How trees grow: ``min_leaf`` rows and ``k`` distinct root entities a leaf, ``penalty`` times the AIC bar a split,
    ``smooth`` pseudo-rows drawn from the parent node, at most ``features`` features a tree, whose structure is chosen
    on at most ``rows`` rows; from ``large`` rows on small nodes look only at features that told most above them."""

    min_leaf: int = 20
    k: int = 5
    penalty: float = 1.0
    smooth: float = 0.0
    features: int = 40
    max_leaves: int = 4096
    rows: int = 30_000
    large: int = 20_000


def grow_tree(
    matrix: Codes,
    target: Codes,
    *,
    ordered: bool,
    grouped: npt.NDArray[np.bool_],
    allowed: Rows,
    entities: Rows,
    growth: Growth,
    seed: int,
    rows: Rows | None = None,
) -> Tree:
    """Grows one tree for ``target`` (rows,) on the columns ``allowed`` of ``matrix`` (rows, features), on all rows or
    those that ``rows`` lists.

    ``ordered`` says whether the target's codes have an order, ``grouped`` (features,) which features may be split by
    any grouping of their codes, ``entities`` (rows,) the root entity of each row.
    """
    used = np.arange(len(target)) if rows is None else rows
    wanted = target if rows is None or len(rows) == len(target) else target[rows]
    count, often = len(used), np.bincount(wanted)
    if np.count_nonzero(often) == 1:
        return stump(wanted)
    order = used[_mixed(seed, count)]
    screened = _screen(matrix, target, allowed, order, growth.features) if len(allowed) > growth.features else allowed
    # What happens once in a thousand rows is not seen in a sample of them: such targets are split on all rows.
    common = often.max(initial=0) > _RARE_SHARE * count
    shown = order[: count if common or growth.smooth else growth.rows]
    nodes, leaf_start, leaf_rows, parents = grow_nodes(
        gather_columns(matrix, shown, screened.astype(np.int64)),
        target[shown],
        grouped[screened],
        ordered,
        entities[shown],
        growth.min_leaf,
        growth.k,
        growth.penalty,
        growth.max_leaves,
        count if common else _SPLIT_ROWS,
        _NARROW if count >= growth.large else len(screened),
    )
    chosen, left, right, mask = nodes
    feature = np.where(chosen >= 0, screened[np.clip(chosen, 0, None)], -1).astype(np.int32)
    if len(shown) < count:
        # The structure is chosen on some rows, the leaves are filled with all of them.
        shown = used
        leaf_start, leaf_rows = fill_leaves(feature, left, right, mask, matrix, used, len(leaf_start) - 1)
    start, codes, cumulative = leaf_distributions(target[shown], leaf_start, leaf_rows, parents, growth.smooth)
    return Tree(feature, left, right, mask, start, codes, cumulative, np.diff(leaf_start))


@functools.lru_cache(maxsize=4)
def _mixed(seed: int, count: int) -> Rows:
    """The numbers below ``count`` in a random order; a table's trees mostly have equally many rows."""
    order = np.random.default_rng(seed).permutation(count)
    order.flags.writeable = False
    return order


def stump(target: Codes) -> Tree:
    """The tree without a split: the target's own distribution."""
    counts = np.bincount(target, minlength=CODES)
    codes = np.flatnonzero(counts).astype(np.uint8)
    total = max(1, int(counts.sum()))
    cumulative = np.cumsum(counts[codes]) / total
    return Tree(
        np.array([-1], np.int32),
        np.zeros(1, np.int32),
        np.zeros(1, np.int32),
        np.zeros((1, 4), np.uint64),
        np.array([0, len(codes)], np.int64),
        codes,
        cumulative.astype(np.float64),
        np.array([len(target)], np.int64),
    )


def log_loss(tree: Tree, matrix: Codes, target: Codes, floor: float = 1e-4) -> npt.NDArray[np.float64]:
    """Code length of each row's target in nats; a code its leaf has never seen costs ``-log(floor)``."""
    nodes = tree.feature, tree.left, tree.right, tree.mask
    losses: npt.NDArray[np.float64] = row_losses(*nodes, tree.start, tree.codes, tree.cumulative, matrix, target, floor)
    return losses


def mutual_information(matrix: Codes, target: Codes) -> npt.NDArray[np.float64]:
    """(features,) nats over all rows that each column of ``matrix`` tells of ``target``, less what chance tells."""
    features, rows = np.arange(matrix.shape[1]), np.arange(len(target))
    gains: npt.NDArray[np.float64] = tell_information(matrix, target, features, rows)
    return gains


def _screen(matrix: Codes, target: Codes, allowed: Rows, order: Rows, keep: int) -> Rows:
    """The ``keep`` features of ``allowed`` that tell most of the target, by a sample of the rows."""
    sample = order[:_SCREEN_ROWS]
    gains = tell_information(matrix, target, allowed, sample)
    best = np.argsort(-gains, kind="stable")[:keep]
    return np.sort(allowed[best])
