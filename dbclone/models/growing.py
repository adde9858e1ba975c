"""The compiled loops that grow trees on small integer codes.

Takes uint8 matrices and row numbers, gives flat arrays. Never sees a value, a name or a random state.

Splits maximise information gain (Quinlan, C4.5, 1993) with an AIC-like bar per split, and group the codes of a feature
in its own order and in the order of a correspondence analysis with the target (Greenacre, 2007), computed per node.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dbclone.models.measures import CODES

_COARSE = 48
_ATTEMPTS = 4


class _Nodes(NamedTuple):
    """The nodes so far: the split of each, its children, its parent, and its rows ``begin .. end`` of the index."""

    feature: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    mask: npt.NDArray[np.uint64]
    begin: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    parent: npt.NDArray[np.int64]


class _Cuts(NamedTuple):
    """Each feature's best cut at one node: ``used`` codes in the order of the cut, the first ``cut`` of them go left.

    ``gain`` is in nats above the bar, -1 where no cut clears it.
    """

    codes: npt.NDArray[np.int64]
    used: npt.NDArray[np.int64]
    cut: npt.NDArray[np.int64]
    gain: npt.NDArray[np.float64]


@njit(cache=True)
def _coarsen(counts, total, ordered, want):  # type: ignore[no-untyped-def]
    """Maps target codes to at most ``want`` classes: neighbours joined to equal shares where the target is ordered,
    the rarest joined where it is not."""
    classes = np.zeros(CODES, np.int64)
    present = 0
    for code in range(CODES):
        if counts[code] > 0:
            present += 1
    if present <= want:
        number = 0
        for code in range(CODES):
            if counts[code] > 0:
                classes[code] = number
                number += 1
        return classes, max(1, number)
    if ordered:
        share = total / want
        number = 0
        filled = 0.0
        for code in range(CODES):
            if counts[code] == 0:
                continue
            if filled > 0 and filled + 0.5 * counts[code] > share and number < want - 1:
                number += 1
                filled = 0.0
            classes[code] = number
            filled += counts[code]
        return classes, number + 1
    rank = np.argsort(-counts)
    for position in range(CODES):
        classes[rank[position]] = min(position, want - 1)
    return classes, want


@njit(cache=True)
def _correspondence(table, codes, used, classes, ordered):  # type: ignore[no-untyped-def]
    """Order of ``codes`` along the first axis of a correspondence analysis of ``table`` (codes, classes)."""
    weights = np.zeros(used)
    masses = np.zeros(classes)
    for i in range(used):
        for c in range(classes):
            weights[i] += table[codes[i], c]
            masses[c] += table[codes[i], c]
    axis = np.zeros(classes)
    for c in range(classes):
        axis[c] = c if ordered else ((c * 7919) % 101) / 101.0
    scores = np.zeros(used)
    total = masses.sum()
    for _ in range(3 if ordered else 6):
        mean = (axis * masses).sum() / total
        axis -= mean
        norm = np.sqrt((axis * axis * masses).sum() / total)
        if norm < 1e-12:
            break
        axis /= norm
        for i in range(used):
            score = 0.0
            for c in range(classes):
                score += table[codes[i], c] * axis[c]
            scores[i] = score / weights[i]
        for c in range(classes):
            if masses[c] > 0:
                value = 0.0
                for i in range(used):
                    value += table[codes[i], c] * scores[i]
                axis[c] = value / masses[c]
    return np.argsort(scores)


@njit(cache=True)
def _scan(table, sequence, used, classes, total, sizes, xlogx, minimum):  # type: ignore[no-untyped-def]
    """Best cut of ``sequence`` (codes in some order): gain in nats over all rows, and how many codes go left."""
    left = np.zeros(classes, np.int64)
    right = sizes.copy()
    right_sum = 0.0
    for c in range(classes):
        right_sum += xlogx[right[c]]
    base = right_sum - xlogx[total]
    left_sum = 0.0
    left_rows = 0
    best = -1.0
    cut = 0
    for position in range(used - 1):
        code = sequence[position]
        for c in range(classes):
            moved = table[code, c]
            if moved > 0:
                left_sum += xlogx[left[c] + moved] - xlogx[left[c]]
                right_sum += xlogx[right[c] - moved] - xlogx[right[c]]
                left[c] += moved
                right[c] -= moved
                left_rows += moved
        right_rows = total - left_rows
        if left_rows < minimum or right_rows < minimum:
            continue
        gain = left_sum - xlogx[left_rows] + right_sum - xlogx[right_rows] - base
        if gain > best:
            best = gain
            cut = position + 1
    return best, cut


@njit(cache=True)
def _bar(freedom, tests):  # type: ignore[no-untyped-def]
    """Gain in nats that the best of exp(``tests``) meaningless splits reaches (Laurent and Massart, 2000)."""
    return 0.6 * freedom + 0.8 * np.sqrt(freedom * tests) + 0.7 * tests


@njit(cache=True)
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


@njit(cache=True)
def _xlogx(most):  # type: ignore[no-untyped-def]
    result = np.zeros(most + 1)
    for i in range(1, most + 1):
        result[i] = i * np.log(i)
    return result


@njit(cache=True)
def _classes(target, rows, ordered):  # type: ignore[no-untyped-def]
    """The target's classes at a node: the class of each code, how many there are, and the rows of each."""
    counts = np.zeros(CODES, np.int64)
    for row in rows:
        counts[target[row]] += 1
    want = min(_COARSE, max(8, len(rows) // 20))
    classes_of, classes = _coarsen(counts, len(rows), ordered, want)
    sizes = np.zeros(classes, np.int64)
    for code in range(CODES):
        if counts[code] > 0:
            sizes[classes_of[code]] += counts[code]
    return classes_of, classes, sizes


@njit(cache=True)
def _tabulate(table, natural, matrix, column, target, rows, classes_of, classes):  # type: ignore[no-untyped-def]
    """Counts ``table`` (codes, classes), which comes empty, and lists in ``natural`` the codes that occur: how many."""
    for row in rows:
        table[matrix[row, column], classes_of[target[row]]] += 1
    used = 0
    for code in range(CODES):
        for c in range(classes):
            if table[code, c] > 0:
                natural[used] = code
                used += 1
                break
    return used


@njit(cache=True)
def _keep(cuts, number, sequence, used, cut, gain):  # type: ignore[no-untyped-def]
    cuts.gain[number] = gain
    cuts.cut[number] = cut
    cuts.used[number] = used
    for i in range(used):
        cuts.codes[number, i] = sequence[i]


@njit(cache=True)
def _cut_feature(  # type: ignore[no-untyped-def]
    cuts, number, table, natural, used, classes, sizes, total, xlogx, minimum, free, ordered, penalty
):
    """Keeps the feature's best cut in ``cuts``: by threshold, where it is ``free`` by any grouping of its codes too."""
    cuts.gain[number] = -1.0
    if used < 2:
        return
    bar = _bar(classes - 1, np.log(used * len(cuts.gain)))
    gain, cut = _scan(table, natural, used, classes, total, sizes, xlogx, minimum)
    if gain - penalty * bar > 0:
        _keep(cuts, number, natural, used, cut, gain - penalty * bar)
    if free and used > 2:
        sequence = natural[_correspondence(table, natural, used, classes, ordered)]
        gain, cut = _scan(table, sequence, used, classes, total, sizes, xlogx, minimum)
        # A free grouping of codes has more ways to fit noise than a threshold has.
        bar += 0.5 * min(used, classes)
        if gain - penalty * bar > cuts.gain[number]:
            _keep(cuts, number, sequence, used, cut, gain - penalty * bar)


@njit(cache=True)
def _goes_left(goes, code):  # type: ignore[no-untyped-def]
    return (goes[code >> 6] >> np.uint64(code & 63)) & np.uint64(1) != 0


@njit(cache=True)
def _mask_of(codes, used, cut):  # type: ignore[no-untyped-def]
    """The codes that go left, as bits (4,) uint64."""
    goes = np.zeros(4, np.uint64)
    present = np.zeros(CODES, np.bool_)
    for i in range(used):
        code = codes[i]
        present[code] = True
        if i < cut:
            goes[code >> 6] |= np.uint64(1) << np.uint64(code & 63)
    # Codes that this node has not seen follow their nearest neighbour that it has.
    for code in range(CODES):
        if present[code]:
            continue
        for step in range(1, CODES):
            near = -1
            if code - step >= 0 and present[code - step]:
                near = code - step
            elif code + step < CODES and present[code + step]:
                near = code + step
            if near >= 0:
                if _goes_left(goes, near):
                    goes[code >> 6] |= np.uint64(1) << np.uint64(code & 63)
                break
    return goes


@njit(cache=True)
def _partition(matrix, column, goes, index, spare, low, high):  # type: ignore[no-untyped-def]
    """Moves the rows that go left to the front of ``index[low:high]``: where the others begin."""
    fill = low
    rest = 0
    for i in range(low, high):
        row = index[i]
        if _goes_left(goes, matrix[row, column]):
            # Stable, so that the first rows of a segment stay a random sample of it.
            index[fill] = row
            fill += 1
        else:
            spare[rest] = row
            rest += 1
    for i in range(rest):
        index[fill + i] = spare[i]
    return fill


@njit(cache=True)
def _divide(cuts, matrix, features, index, spare, low, high, entity, marks, node, min_leaf, k):  # type: ignore[no-untyped-def]
    """Divides a node's rows by the best cut that leaves enough of them, and of entities, on either side.

    Gives the feature, -1 where no cut does, its mask, and where the right child's rows begin.
    """
    for attempt in range(_ATTEMPTS):
        choice = -1
        best = 0.0
        for number in range(len(features)):
            if cuts.gain[number] > best:
                best = cuts.gain[number]
                choice = number
        if choice < 0:
            break
        goes = _mask_of(cuts.codes[choice], cuts.used[choice], cuts.cut[choice])
        fill = _partition(matrix, features[choice], goes, index, spare, low, high)
        good = fill - low >= min_leaf and high - fill >= min_leaf
        if good and k > 1:
            tag = 2 * (_ATTEMPTS * node + attempt)
            good = _distinct(index[low:fill], entity, marks, tag, k) >= k
            good = good and _distinct(index[fill:high], entity, marks, tag + 1, k) >= k
        if good:
            return features[choice], goes, fill
        cuts.gain[choice] = -1.0
    return -1, np.zeros(4, np.uint64), low


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
def _cut_node(  # type: ignore[no-untyped-def]
    cuts, table, natural, matrix, target, features, grouped, ordered, rows, xlogx, minimum, penalty
):
    """Finds every feature's best cut of ``rows``; False where they all have one target."""
    classes_of, classes, sizes = _classes(target, rows, ordered)
    if classes < 2:
        return False
    for number in range(len(features)):
        column = features[number]
        used = _tabulate(table, natural, matrix, column, target, rows, classes_of, classes)
        free = grouped[column]
        _cut_feature(
            cuts, number, table, natural, used, classes, sizes, len(rows), xlogx, minimum, free, ordered, penalty
        )
        for i in range(used):
            for c in range(classes):
                table[natural[i], c] = 0
    return True


@njit(cache=True)
def grow_nodes(  # type: ignore[no-untyped-def]
    matrix, target, order, features, grouped, ordered, entity, min_leaf, k, penalty, max_leaves, split_rows
):
    """Grows a tree from all rows, which come in a random ``order``: the fields of a Tree up to ``mask``, first row of
    each leaf, rows by leaf, and what `leaf_distributions` needs to know of the leaves' parents."""
    rows = len(order)
    index = order.copy()
    spare = np.empty(rows, np.int64)
    room = min(2 * max_leaves + 1, 2 * max(1, rows // max(1, min_leaf)) + 3)
    nodes = _make_nodes(room, rows)
    many = len(features)
    cuts = _Cuts(np.zeros((many, CODES), np.int64), np.zeros(many, np.int64), np.zeros(many, np.int64), np.zeros(many))
    xlogx = _xlogx(min(rows, split_rows))
    marks = np.full(max(1, rows if len(entity) == 0 else entity.max() + 1), -1, np.int64)
    table = np.zeros((CODES, _COARSE), np.int64)
    natural = np.zeros(CODES, np.int64)
    count = 1
    node = -1
    # Widest nodes first, so that the cap on leaves cuts detail and not whole branches.
    while node + 1 < count:
        node += 1
        low, high = nodes.begin[node], nodes.end[node]
        size = high - low
        leaves = (count + 1) // 2
        if size < 2 * min_leaf or leaves >= max_leaves or count + 2 > room:
            continue
        seen = min(size, split_rows)
        minimum = max(1, int(np.ceil(min_leaf * seen / size)))
        shown = index[low : low + seen]
        if not _cut_node(
            cuts, table, natural, matrix, target, features, grouped, ordered, shown, xlogx, minimum, penalty
        ):
            continue
        column, goes, middle = _divide(
            cuts, matrix, features, index, spare, low, high, entity, marks, node, min_leaf, k
        )
        if column < 0:
            continue
        nodes.feature[node], nodes.mask[node] = column, goes
        nodes.left[node], nodes.right[node] = count, count + 1
        nodes.begin[count], nodes.end[count], nodes.parent[count] = low, middle, node
        nodes.begin[count + 1], nodes.end[count + 1], nodes.parent[count + 1] = middle, high, node
        count += 2
    start, leaf_rows, parents = _leaves(nodes, count, index)
    # Smoothing needs the parent node's rows; children partition them, so their range in `index` is still theirs.
    tree = nodes.feature[:count], nodes.left[:count], nodes.right[:count], nodes.mask[:count]
    return tree, start, leaf_rows, (parents, index)


@njit(cache=True)
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
