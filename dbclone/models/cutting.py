"""The compiled loops that find the best cut of a node's rows by each feature.

Takes uint8 columns and row numbers, gives cuts. Never sees a value, a name or a random state.

Cuts maximise information gain (Quinlan, C4.5, 1993) with an AIC-like bar per split, and group the codes of a feature
in its own order and in the order of a correspondence analysis with the target (Greenacre, 2007), computed per node.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dbclone.models.loops import loop
from dbclone.models.measures import CODES, tabulate_xlogx

_COARSE = 48
_ROWS_A_CELL = 1.0
"""So many rows take as long to scan one by one as a cell of the table does."""


class Cuts(NamedTuple):
    """Each feature's best cut at one node: ``used`` codes in the order of the cut, the first ``cut`` of them go left.

    ``gain`` is in nats above the bar, -1 where no cut clears it; ``near`` how near the best cut came to the bar.
    """

    codes: npt.NDArray[np.int64]
    used: npt.NDArray[np.int64]
    cut: npt.NDArray[np.int64]
    gain: npt.NDArray[np.float64]
    near: npt.NDArray[np.float64]


class Room(NamedTuple):
    """Memory that every node uses anew: the ``table`` (codes, classes) of a feature, empty between features, the
    ``natural`` codes that occur in it and the ``weights`` (codes,) they have, the rows of each class on both ``sides``
    of a cut and the ``parts`` that they add to its gain, ``scores`` (2, codes), the table ``across`` (classes, codes),
    the target's ``classes`` (rows,) at a node, the same ``sorted`` by the feature's code, the ``first`` of each code in
    these, and what ``xlogx`` grows by where a number ``grows`` by one."""

    table: npt.NDArray[np.int32]
    natural: npt.NDArray[np.int64]
    weights: npt.NDArray[np.int64]
    sides: npt.NDArray[np.int64]
    parts: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    across: npt.NDArray[np.float64]
    classes: npt.NDArray[np.uint8]
    sorted: npt.NDArray[np.uint8]
    first: npt.NDArray[np.int64]
    xlogx: npt.NDArray[np.float64]
    grows: npt.NDArray[np.float64]


@njit(cache=True, nogil=True)
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


@loop(nogil=True)
def _standardise(axis, sizes, classes, total):  # type: ignore[no-untyped-def]
    """Gives ``axis`` (classes,) mean 0 and variance 1 over all rows; False where it has no variance."""
    mean = 0.0
    for c in range(classes):
        mean += axis[c] * sizes[c]
    mean /= total
    norm = 0.0
    for c in range(classes):
        axis[c] -= mean
        norm += axis[c] * axis[c] * sizes[c]
    norm = np.sqrt(norm / total)
    if norm < 1e-12:
        return False
    for c in range(classes):
        axis[c] /= norm
    return True


@loop(nogil=True)
def _turn(room, used, classes):  # type: ignore[no-untyped-def]
    """Leaves the table class by class in ``room.across``: sums then run over codes that lie beside each other."""
    for i in range(used):
        code = room.natural[i]
        for c in range(classes):
            room.across[c, i] = room.table[code, c]


@njit(cache=True, nogil=True)
def _correspondence(room, used, classes, sizes, total, ordered):  # type: ignore[no-untyped-def]
    """Order of the natural codes along the first axis of a correspondence analysis of the table (codes, classes)."""
    natural, weights = room.natural, room.weights
    scores, axis = room.scores[0], room.scores[1]
    _turn(room, used, classes)
    for c in range(classes):
        axis[c] = c if ordered else ((c * 7919) % 101) / 101.0
    # Two classes have one axis only.
    turns = 1 if classes == 2 else 3 if ordered else 6
    for turn in range(turns):
        if not _standardise(axis, sizes, classes, total):
            break
        scores[:used] = 0.0
        for c in range(classes):
            here = axis[c]
            for i in range(used):
                scores[i] += room.across[c, i] * here
        for i in range(used):
            scores[i] /= weights[natural[i]]
        if turn == turns - 1:
            break
        axis[:classes] = 0.0
        for i in range(used):
            code, score = natural[i], scores[i]
            for c in range(classes):
                axis[c] += room.table[code, c] * score
        for c in range(classes):
            axis[c] /= max(1, sizes[c])
    return np.argsort(scores[:used])


@loop(nogil=True)
def _told(room, used, classes, sizes, total):  # type: ignore[no-untyped-def]
    """Nats that the feature tells of the target: no cut of it tells more."""
    table, natural, xlogx = room.table, room.natural, room.xlogx
    gain = xlogx[total]
    for c in range(classes):
        gain -= xlogx[sizes[c]]
    for i in range(used):
        gain -= xlogx[room.weights[natural[i]]]
        for c in range(classes):
            gain += xlogx[table[natural[i], c]]
    return gain


@loop(nogil=True)
def _scan(room, sequence, used, classes, total, sizes, minimum):  # type: ignore[no-untyped-def]
    """Best cut of ``sequence`` (codes in some order): gain in nats over all rows, and how many codes go left."""
    table, xlogx = room.table, room.xlogx
    left, right = room.sides[0], room.sides[1]
    of_left, of_right = room.parts[0], room.parts[1]
    for c in range(classes):
        left[c] = 0
        right[c] = sizes[c]
        of_left[c] = 0.0
        of_right[c] = xlogx[sizes[c]]
    # What the classes add up to on both sides, less what they do in the whole.
    inner = 0.0
    left_rows = 0
    best = -1.0
    cut = 0
    for position in range(used - 1):
        code = sequence[position]
        for c in range(classes):
            moved = table[code, c]
            if moved > 0:
                there = left[c] + moved
                here = right[c] - moved
                left[c] = there
                right[c] = here
                inner -= of_left[c] + of_right[c]
                of_left[c] = xlogx[there]
                of_right[c] = xlogx[here]
                inner += of_left[c] + of_right[c]
        left_rows += room.weights[code]
        right_rows = total - left_rows
        if left_rows < minimum:
            continue
        if right_rows < minimum:
            break
        gain = inner + xlogx[total] - xlogx[left_rows] - xlogx[right_rows]
        if gain > best:
            best = gain
            cut = position + 1
    return best, cut


@loop(nogil=True)
def _scan_rows(room, sequence, used, total, sizes, minimum):  # type: ignore[no-untyped-def]
    """The same row by row, which is quicker where the table has more cells than rows."""
    xlogx, grows = room.xlogx, room.grows
    left, right = room.sides[0], room.sides[1]
    for c in range(len(sizes)):
        left[c] = 0
        right[c] = sizes[c]
    inner = 0.0
    left_rows = 0
    best = -1.0
    cut = 0
    for position in range(used - 1):
        code = sequence[position]
        begin = room.first[code]
        for at in range(begin, begin + room.weights[code]):
            c = room.sorted[at]
            inner += grows[left[c]] - grows[right[c] - 1]
            left[c] += 1
            right[c] -= 1
        left_rows += room.weights[code]
        right_rows = total - left_rows
        if left_rows < minimum:
            continue
        if right_rows < minimum:
            break
        gain = inner + xlogx[total] - xlogx[left_rows] - xlogx[right_rows]
        if gain > best:
            best = gain
            cut = position + 1
    return best, cut


@loop(nogil=True)
def _bar(freedom, tests):  # type: ignore[no-untyped-def]
    """Gain in nats that the best of exp(``tests``) meaningless splits reaches (Laurent and Massart, 2000)."""
    return 0.6 * freedom + 0.8 * np.sqrt(freedom * tests) + 0.7 * tests


@njit(cache=True, nogil=True)
def _classes(room, target, rows, ordered):  # type: ignore[no-untyped-def]
    """Leaves in ``room`` the target's classes at a node; gives how many there are, and the rows of each."""
    counts = np.zeros(CODES, np.int64)
    for row in rows:
        counts[target[row]] += 1
    want = min(_COARSE, max(8, len(rows) // 20))
    classes_of, classes = _coarsen(counts, len(rows), ordered, want)
    for i in range(len(rows)):
        room.classes[i] = classes_of[target[rows[i]]]
    sizes = np.zeros(classes, np.int64)
    for code in range(CODES):
        if counts[code] > 0:
            sizes[classes_of[code]] += counts[code]
    return classes, sizes


@loop(nogil=True)
def _list(room, column, rows):  # type: ignore[no-untyped-def]
    """Weighs the codes of a feature, and lists as natural those that occur: how many."""
    room.weights[:] = 0
    for row in rows:
        room.weights[column[row]] += 1
    used = 0
    for code in range(CODES):
        if room.weights[code] > 0:
            room.natural[used] = code
            used += 1
    return used


@loop(nogil=True)
def _tabulate(room, column, rows):  # type: ignore[no-untyped-def]
    """Counts the table (codes, classes)."""
    for i in range(len(rows)):
        room.table[column[rows[i]], room.classes[i]] += 1


@loop(nogil=True)
def _sort(room, column, rows, used):  # type: ignore[no-untyped-def]
    """Sorts the rows' classes by the feature's codes."""
    end = 0
    for i in range(used):
        code = room.natural[i]
        room.first[code] = end
        end += room.weights[code]
    for i in range(len(rows)):
        code = column[rows[i]]
        room.sorted[room.first[code]] = room.classes[i]
        room.first[code] += 1
    for i in range(used):
        code = room.natural[i]
        room.first[code] -= room.weights[code]


@loop(nogil=True)
def _keep(cuts, number, sequence, used, cut, gain):  # type: ignore[no-untyped-def]
    cuts.gain[number] = gain
    cuts.cut[number] = cut
    cuts.used[number] = used
    for i in range(used):
        cuts.codes[number, i] = sequence[i]


@loop(nogil=True)
def _best(room, sequence, used, classes, total, sizes, minimum, rowwise):  # type: ignore[no-untyped-def]
    """The best cut of ``sequence``, found the quicker way."""
    if rowwise:
        return _scan_rows(room, sequence, used, total, sizes, minimum)
    return _scan(room, sequence, used, classes, total, sizes, minimum)


@njit(cache=True, nogil=True)
def _group(room, cuts, number, used, classes, sizes, total, minimum, ordered, penalty, rowwise):  # type: ignore[no-untyped-def]
    """Keeps the feature's best cut by any grouping of its codes, where it is better than the one that is kept."""
    # A free grouping of codes has more ways to fit noise than a threshold has.
    bar = _bar(classes - 1, np.log(used * len(cuts.gain))) + 0.5 * min(used, classes)
    if _told(room, used, classes, sizes, total) - penalty * bar <= max(0.0, cuts.gain[number]):
        return
    sequence = room.natural[:used][_correspondence(room, used, classes, sizes, total, ordered)]
    gain, cut = _best(room, sequence, used, classes, total, sizes, minimum, rowwise)
    cuts.near[number] = max(cuts.near[number], gain / bar)
    if gain - penalty * bar > cuts.gain[number]:
        _keep(cuts, number, sequence, used, cut, gain - penalty * bar)


@njit(cache=True, nogil=True)
def _cut_feature(room, cuts, number, column, rows, classes, sizes, minimum, free, ordered, penalty):  # type: ignore[no-untyped-def]
    """Keeps the feature's best cut in ``cuts``: by threshold, where it is ``free`` by any grouping of its codes too."""
    cuts.gain[number] = -1.0
    cuts.near[number] = -np.inf
    used, total = _list(room, column, rows), len(rows)
    if used < 2:
        return
    rowwise = total < _ROWS_A_CELL * used * classes
    if rowwise:
        _sort(room, column, rows, used)
    if free or not rowwise:
        _tabulate(room, column, rows)
    bar = _bar(classes - 1, np.log(used * len(cuts.gain)))
    gain, cut = _best(room, room.natural, used, classes, total, sizes, minimum, rowwise)
    cuts.near[number] = gain / bar
    if gain - penalty * bar > 0:
        _keep(cuts, number, room.natural, used, cut, gain - penalty * bar)
    if free and used > 2:
        _group(room, cuts, number, used, classes, sizes, total, minimum, ordered, penalty, rowwise)
    if free or not rowwise:
        for i in range(used):
            room.table[room.natural[i], :classes] = 0


@loop(nogil=True)
def goes_left(goes, code):  # type: ignore[no-untyped-def]
    return (goes[code >> 6] >> np.uint64(code & 63)) & np.uint64(1) != 0


@njit(cache=True, nogil=True)
def mask_of(codes, used, cut):  # type: ignore[no-untyped-def]
    """The codes that go left, as bits (4,) uint64."""
    goes = np.zeros(4, np.uint64)
    present = np.zeros(CODES, np.bool_)
    for i in range(used):
        code = codes[i]
        present[code] = True
        if i < cut:
            goes[code >> 6] |= np.uint64(1) << np.uint64(code & 63)
    # Codes that this node has not seen follow their nearest neighbour that it has, the lower of two.
    above = np.full(CODES, CODES, np.int64)
    near = CODES
    for code in range(CODES - 1, -1, -1):
        near = code if present[code] else near
        above[code] = near
    near = -1
    for code in range(CODES):
        if present[code]:
            near = code
            continue
        other = above[code]
        chosen = near if near >= 0 and (other == CODES or code - near <= other - code) else other
        if chosen < CODES and goes_left(goes, chosen):
            goes[code >> 6] |= np.uint64(1) << np.uint64(code & 63)
    return goes


@njit(cache=True, nogil=True)
def make_room(rows, features):  # type: ignore[no-untyped-def]
    """Memory for nodes that show at most so many ``rows``."""
    xlogx = tabulate_xlogx(rows)
    cuts = Cuts(
        np.zeros((features, CODES), np.int64),
        np.zeros(features, np.int64),
        np.zeros(features, np.int64),
        np.zeros(features),
        np.zeros(features),
    )
    room = Room(
        np.zeros((CODES, _COARSE), np.int32),
        np.zeros(CODES, np.int64),
        np.zeros(CODES, np.int64),
        np.zeros((2, _COARSE), np.int64),
        np.zeros((2, _COARSE)),
        np.zeros((2, CODES)),
        np.zeros((_COARSE, CODES)),
        np.zeros(rows, np.uint8),
        np.zeros(rows, np.uint8),
        np.zeros(CODES, np.int64),
        xlogx,
        np.diff(xlogx),
    )
    return room, cuts


@njit(cache=True, nogil=True)
def cut_node(room, cuts, columns, target, free, alive, ordered, rows, minimum, penalty):  # type: ignore[no-untyped-def]
    """Finds the best cut of ``rows`` by each feature that is ``alive``; False where they all have one target."""
    classes, sizes = _classes(room, target, rows, ordered)
    if classes < 2:
        return False
    for number in range(len(columns)):
        if not alive[number]:
            cuts.gain[number] = -1.0
            cuts.near[number] = -np.inf
            continue
        _cut_feature(
            room, cuts, number, columns[number], rows, classes, sizes, minimum, free[number], ordered, penalty
        )
    return True
