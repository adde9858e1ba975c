"""Which row gets which parent where parents have their time: careers, seasons, products on sale.

Takes the rows in the order of time and what each parent is to have, gives parents. A sweep over time: parents that have
begun go on at their own pace, then new ones begin, so that counts hold exactly and windows stay as long as they are
drawn, though they may lie a little sooner or later.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from numba import njit

from dbclone.models.table import PLACE, KeyModel, hidden_name
from dbclone.models.windows import times_of
from dbclone.sample.filled import Filled
from dbclone.sample.kernel import mix, unit
from dbclone.sample.streams import generator, stream
from dbclone.schema import TableName

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def draw_in_time(
    filled: Filled,
    number: int,
    others: Mapping[TableName, Filled],
    codes: npt.NDArray[np.uint8],
    counts: Rows,
    distinct: bool,
    seed: int,
) -> Rows:
    """(n,) the parent row of each row along key ``number``: as many each as ``counts`` (parents,) says."""
    model = filled.model.keys[number]
    key = filled.table.foreign_keys[number]
    times = _times(filled, model, others)
    order = np.lexsort((np.arange(filled.rows), times))
    names = hidden_name(key, "from"), hidden_name(key, "for")
    first, pace = _paces(others[key.parent], names, counts, model.clump, seed)
    if distinct:
        first = np.minimum(first, _latest(times[order], filled.follows[order], counts))
    mates = filled.parents[model.mate][order] if model.mate >= 0 else np.full(filled.rows, -1, np.int64)
    drawn = sweep(
        codes[order],
        filled.follows[order],
        times[order],
        first,
        pace,
        np.where(counts > 0, counts, 0),
        np.ascontiguousarray(mates),
        distinct,
        1.0 / model.clump,
        np.uint64(stream(seed, "sweep", key)),
    )
    result = np.empty(filled.rows, np.int64)
    result[order] = drawn
    return result


def _times(filled: Filled, model: KeyModel, others: Mapping[TableName, Filled]) -> Floats:
    driver = filled.model.driver
    driving = others[filled.table.foreign_keys[driver].parent]
    at = driving.model.value_index.get(model.axis, -1) if model.axis != PLACE else -1
    axis = np.asarray(driving.values[:, at]) if at >= 0 else driving.place.astype(np.float64)
    return times_of(axis, np.asarray(filled.parents[driver]))


def _paces(
    parent: Filled, names: tuple[str, str], counts: Rows, clump: float, seed: int
) -> tuple[Floats, Floats]:
    """(parents,) when each begins to have children, and the time between two of them."""
    rng = generator(seed, "due", names[0])
    first, length = (np.array(parent.values[:, parent.model.value_index[name]]) for name in names)
    first = np.where(np.isnan(first), rng.random(parent.rows), first)
    return first, np.where(np.isnan(length), 0.0, length) / np.maximum(1.0, counts / clump - 1.0)


def _latest(times: Floats, follows: npt.NDArray[np.bool_], counts: Rows) -> Floats:
    """(parents,) when each has to begin if it is to have its ``counts`` (parents,), no more than one a family.

    ``times`` (n,) and ``follows`` (n,) in the order of time.
    """
    begins = times[~follows]
    return begins[np.clip(len(begins) - counts, 0, len(begins) - 1)] if len(begins) else np.zeros(len(counts))


@njit(cache=True)
def _push(times, owners, size, time, owner):  # type: ignore[no-untyped-def]
    """Puts a parent into a heap, the earliest first; gives the heap's new size."""
    at = size
    while at > 0:
        above = (at - 1) // 2
        if times[above] <= time:
            break
        times[at], owners[at] = times[above], owners[above]
        at = above
    times[at], owners[at] = time, owner
    return size + 1


@njit(cache=True)
def _pop(times, owners, size):  # type: ignore[no-untyped-def]
    """Takes the earliest out of a heap; gives the heap's new size. The caller has looked at it."""
    size -= 1
    time, owner = times[size], owners[size]
    at = 0
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size and times[below + 1] < times[below]:
            below += 1
        if times[below] >= time:
            break
        times[at], owners[at] = times[below], owners[below]
        at = below
    times[at], owners[at] = time, owner
    return size


@njit(cache=True)
def _settle(times, owners, size, due, left):  # type: ignore[no-untyped-def]
    """Drops what is no longer so from the top of a heap; gives the heap's new size."""
    while size > 0 and (times[0] != due[owners[0]] or left[owners[0]] == 0):
        size = _pop(times, owners, size)
    return size


@njit(cache=True)
def _spare(ended, ends, barred, family):  # type: ignore[no-untyped-def]
    """The parent that has had its rows last of all who may have one more; -1 where none may."""
    for at in range(ends - 1, -1, -1):
        if barred[ended[at]] != family:
            return ended[at]
    return -1


@njit(cache=True)
def sweep(codes, follows, times, first, pace, counts, mates, distinct, ends, seed):  # type: ignore[no-untyped-def]  # noqa: C901 a sweep is one loop
    """Gives rows in the order of time a parent each, (n,): -1 for NULL, -2 where none was left.

    ``codes`` (n,): 0 NULL, 1 who is due next, 2 the parent that the last row with the same of ``mates`` (n,) had.
    ``times`` (n,) rising. Parents (parents,) begin at ``first``, have ``counts`` rows, ``pace`` apart; ``distinct``:
    siblings (``follows`` (n,)) never share a parent, else one's turn ends with the chance ``ends``.
    """
    rows, parents = len(codes), len(counts)
    result = np.full(rows, -1, np.int64)
    left, due = counts.copy(), first.copy()
    barred = np.full(parents, -1 if distinct else -2, np.int64)
    room = rows + parents + 1
    # Those that have begun, those that have not, and those whose turn it is but who may not have this family.
    going, goers, size = np.empty(room), np.empty(room, np.int64), 0
    coming, comers, rest = np.empty(parents + 1), np.empty(parents + 1, np.int64), 0
    held = np.empty(parents + 1, np.int64)
    holds = 0
    for parent in range(parents):
        if left[parent] > 0:
            rest = _push(coming, comers, rest, due[parent], parent)
    last = np.full(max(0, mates.max()) + 1 if rows else 1, -1, np.int64)
    ended, over = np.empty(parents, np.int64), 0
    family = -1
    state = np.uint64(seed)
    for row in range(rows):
        if not follows[row]:
            family += 1
            for number in range(holds):
                size = _push(going, goers, size, due[held[number]], held[number])
            holds = 0
        if codes[row] == 0:
            continue
        now, mate = times[row], mates[row]
        chosen = -1
        if codes[row] == 2 and mate >= 0 and last[mate] >= 0:
            again = last[mate]
            if left[again] > 0 and barred[again] != family:
                chosen = again
        while chosen < 0:
            size = _settle(going, goers, size, due, left)
            rest = _settle(coming, comers, rest, due, left)
            if size == 0 and rest == 0:
                break
            if rest == 0 or (size > 0 and going[0] <= max(now, coming[0])):
                parent = goers[0]
                size = _pop(going, goers, size)
                if barred[parent] == family:
                    held[holds] = parent
                    holds += 1
                else:
                    chosen = parent
            else:
                chosen = comers[0]
        state = mix(state)
        if chosen < 0:
            chosen = _spare(ended, over, barred, family)
        if chosen < 0:
            result[row] = -2
            continue
        if left[chosen] > 0:
            left[chosen] -= 1
            if left[chosen] == 0:
                ended[over] = chosen
                over += 1
        if distinct:
            barred[chosen] = family
        step = pace[chosen] * (0.5 + unit(state)) if distinct or unit(mix(state)) < ends else 0.0
        # Who comes late catches up a step, who comes early goes on from there. Of two places the later counts.
        since = min(max(due[chosen], now - step), now)
        due[chosen] = np.nextafter(max(since + step, due[chosen]), 4.0)
        if left[chosen] > 0:
            size = _push(going, goers, size, due[chosen], chosen)
        if mate >= 0:
            last[mate] = chosen
        result[row] = chosen
    return result
