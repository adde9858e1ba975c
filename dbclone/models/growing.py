"""The compiled loops that grow trees on small integer codes.

Takes uint8 matrices and row numbers, gives flat arrays. Never sees a value, a name or a random state. Where nodes are
cut is found in `dbclone.models.cutting`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dbclone.models.cutting import cut_node, goes_left, make_room, mask_of
from dbclone.models.measures import CODES

_ATTEMPTS = 4
_WIDE = 1_500
"""Rows from which on a node looks at every feature; smaller ones look at those that were best above them."""


class _Nodes(NamedTuple):
    """The nodes so far: the split of each, its children, its parent, and its rows ``begin .. end`` of the index."""

    feature: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    mask: npt.NDArray[np.uint64]
    begin: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    parent: npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def _distinct(rows, entity, marks, tag, enough):  # type: ignore[no-untyped-def]
    """How many entities ``rows`` have, ``enough`` where they have more; ``tag`` marks those counted."""
    found = 0
    for row in rows:
        if marks[entity[row]] != tag:
            marks[entity[row]] = tag
            found += 1
            if found >= enough:
                return found
    return found


@njit(cache=True, nogil=True)
def _partition(column, goes, index, spare, low, high):  # type: ignore[no-untyped-def]
    """Moves the rows that go left to the front of ``index[low:high]``: where the others begin."""
    left = np.zeros(CODES, np.bool_)
    for code in range(CODES):
        left[code] = goes_left(goes, code)
    fill = low
    rest = 0
    for i in range(low, high):
        row = index[i]
        if left[column[row]]:
            # Stable, so that the first rows of a segment stay a random sample of it.
            index[fill] = row
            fill += 1
        else:
            spare[rest] = row
            rest += 1
    for i in range(rest):
        index[fill + i] = spare[i]
    return fill


@njit(cache=True, nogil=True)
def _divide(cuts, columns, index, spare, low, high, entity, marks, node, min_leaf, k):  # type: ignore[no-untyped-def]
    """Divides a node's rows by the best cut that leaves enough of them, and of entities, on either side.

    Gives the feature, -1 where no cut does, its mask, and where the right child's rows begin.
    """
    for attempt in range(_ATTEMPTS):
        choice = -1
        best = 0.0
        for number in range(len(columns)):
            if cuts.gain[number] > best:
                best = cuts.gain[number]
                choice = number
        if choice < 0:
            break
        goes = mask_of(cuts.codes[choice], cuts.used[choice], cuts.cut[choice])
        fill = _partition(columns[choice], goes, index, spare, low, high)
        good = fill - low >= min_leaf and high - fill >= min_leaf
        if good and k > 1:
            tag = 2 * (_ATTEMPTS * node + attempt)
            good = _distinct(index[low:fill], entity, marks, tag, k) >= k
            good = good and _distinct(index[fill:high], entity, marks, tag + 1, k) >= k
        if good:
            return choice, goes, fill
        cuts.gain[choice] = -1.0
    return -1, np.zeros(4, np.uint64), low


@njit(cache=True, nogil=True)
def _leaves(nodes, count, index):  # type: ignore[no-untyped-def]
    """Numbers the leaves: first row of each (leaves + 1,), rows by leaf, range of the parent's rows (leaves, 2)."""
    leaves = 0
    for node in range(count):
        leaves += nodes.feature[node] < 0
    start = np.zeros(leaves + 1, np.int64)
    rows = np.empty(len(index), np.int64)
    parents = np.zeros((leaves, 2), np.int64)
    number = 0
    fill = 0
    for node in range(count):
        if nodes.feature[node] >= 0:
            continue
        nodes.left[node] = number
        for i in range(nodes.begin[node], nodes.end[node]):
            rows[fill] = index[i]
            fill += 1
        up = nodes.parent[node] if nodes.parent[node] >= 0 else node
        parents[number, 0] = nodes.begin[up]
        parents[number, 1] = nodes.end[up]
        number += 1
        start[number] = fill
    return start, rows, parents


@njit(cache=True, nogil=True)
def _make_nodes(room, rows):  # type: ignore[no-untyped-def]
    """Room for nodes, the first of which has all rows."""
    nodes = _Nodes(
        np.full(room, -1, np.int32),
        np.zeros(room, np.int32),
        np.zeros(room, np.int32),
        np.zeros((room, 4), np.uint64),
        np.zeros(room, np.int64),
        np.zeros(room, np.int64),
        np.full(room, -1, np.int64),
    )
    nodes.end[0] = rows
    return nodes


@njit(cache=True, nogil=True)
def grow_nodes(  # type: ignore[no-untyped-def]
    columns, target, free, ordered, entity, min_leaf, k, penalty, max_leaves, split_rows, narrow
):
    """Grows a tree from all rows, which come in a random order: the fields of a Tree up to ``mask``, first row of each
    leaf, rows by leaf, and what `leaf_distributions` needs to know of the leaves' parents.

    ``columns`` (features, rows) and ``free`` (features,), which may be split by any grouping of their codes. Small
    nodes look at ``narrow`` features only.
    """
    features, rows = columns.shape
    index = np.arange(rows).astype(np.int32)
    spare = np.empty(rows, np.int32)
    space = min(2 * max_leaves + 1, 2 * max(1, rows // max(1, min_leaf)) + 3)
    nodes = _make_nodes(space, rows)
    room, cuts = make_room(min(rows, split_rows), features)
    marks = np.full(max(1, rows if len(entity) == 0 else entity.max() + 1), -1, np.int64)
    alive = np.ones((space, features), np.bool_)
    count = 1
    node = -1
    # Widest nodes first, so that the cap on leaves cuts detail and not whole branches.
    while node + 1 < count:
        node += 1
        low, high = nodes.begin[node], nodes.end[node]
        size = high - low
        leaves = (count + 1) // 2
        if size < 2 * min_leaf or leaves >= max_leaves or count + 2 > space:
            continue
        seen = min(size, split_rows)
        minimum = max(1, int(np.ceil(min_leaf * seen / size)))
        shown = index[low : low + seen]
        if not cut_node(room, cuts, columns, target, free, alive[node], ordered, shown, minimum, penalty):
            continue
        best = np.argsort(-cuts.near)[:narrow] if size >= _WIDE and features > narrow else np.zeros(0, np.int64)
        choice, goes, middle = _divide(cuts, columns, index, spare, low, high, entity, marks, node, min_leaf, k)
        if choice < 0:
            continue
        nodes.feature[node], nodes.mask[node] = choice, goes
        nodes.left[node], nodes.right[node] = count, count + 1
        nodes.begin[count], nodes.end[count], nodes.parent[count] = low, middle, node
        nodes.begin[count + 1], nodes.end[count + 1], nodes.parent[count + 1] = middle, high, node
        for child in range(count, count + 2):
            if nodes.end[child] - nodes.begin[child] >= _WIDE:
                continue
            if len(best):
                alive[child] = False
                for number in best:
                    alive[child, number] = True
            else:
                alive[child] = alive[node]
        count += 2
    start, leaf_rows, parents = _leaves(nodes, count, index)
    # Smoothing needs the parent node's rows; children partition them, so their range in `index` is still theirs.
    tree = nodes.feature[:count], nodes.left[:count], nodes.right[:count], nodes.mask[:count]
    return tree, start, leaf_rows, (parents, index)


@njit(cache=True, nogil=True)
def fill_leaves(feature, left, right, mask, matrix, rows, leaves):  # type: ignore[no-untyped-def]
    """Each of some ``rows`` of ``matrix`` (rows, features) in its leaf: the first of each leaf, places by leaf."""
    leaf = np.empty(len(rows), np.int32)
    start = np.zeros(leaves + 1, np.int64)
    for place in range(len(rows)):
        row = rows[place]
        node = 0
        while feature[node] >= 0:
            node = left[node] if goes_left(mask[node], matrix[row, feature[node]]) else right[node]
        leaf[place] = left[node]
        start[left[node] + 1] += 1
    for number in range(leaves):
        start[number + 1] += start[number]
    fill = start[:-1].copy()
    result = np.empty(len(rows), np.int64)
    for place in range(len(rows)):
        result[fill[leaf[place]]] = place
        fill[leaf[place]] += 1
    return start, result


@njit(cache=True, nogil=True)
def leaf_distributions(target, leaf_start, leaf_rows, parents, smooth):  # type: ignore[no-untyped-def]
    """The leaves' distributions as a Tree has them: ``start``, ``codes``, ``cumulative``."""
    ranges, index = parents
    leaves = len(leaf_start) - 1
    start = np.zeros(leaves + 1, np.int64)
    codes = np.empty(min(leaves * CODES, len(leaf_rows) * 8 + CODES), np.uint8)
    cumulative = np.empty(len(codes))
    fill = 0
    for leaf in range(leaves):
        counts = np.zeros(CODES)
        for i in range(leaf_start[leaf], leaf_start[leaf + 1]):
            counts[target[leaf_rows[i]]] += 1
        rows = counts.sum()
        if smooth > 0 and np.count_nonzero(counts) > 1:
            upper = np.zeros(CODES)
            for i in range(ranges[leaf, 0], ranges[leaf, 1]):
                upper[target[index[i]]] += 1
            counts += smooth * upper / max(1.0, upper.sum())
            rows = counts.sum()
        total = 0.0
        for code in range(CODES):
            if counts[code] > 0 and fill < len(codes):
                total += counts[code] / max(1.0, rows)
                codes[fill] = code
                cumulative[fill] = total
                fill += 1
        if fill > start[leaf]:
            cumulative[fill - 1] = 1.0
        start[leaf + 1] = fill
    return start, codes[:fill].copy(), cumulative[:fill].copy()
