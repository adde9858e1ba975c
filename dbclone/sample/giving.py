"""The compiled loops that give rows to parents.

Takes flat arrays, fills flat arrays. Every choice follows from a seed and from the rows' order.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from dbclone.sample.kernel import mix, unit


@njit(cache=True)
def _shuffle(items, state):  # type: ignore[no-untyped-def]
    """Shuffles in place; gives the state to go on with."""
    for i in range(len(items) - 1, 0, -1):
        state = mix(state)
        j = int(unit(state) * (i + 1))
        items[i], items[j] = items[j], items[i]
    return state


@njit(cache=True)
def _step_from(before, step, remaining, barred, family):  # type: ignore[no-untyped-def]
    """The parent ``step`` rows on, or the next that way with rows to give; -1 where none is near."""
    at = before + step
    way = 1 if step > 0 else -1
    for _ in range(24):
        if at < 0 or at >= len(remaining):
            break
        if remaining[at] > 0 and barred[at] != family:
            return at
        at += way
    return -1


@njit(cache=True)
def _any_from(at, full, barred, family):  # type: ignore[no-untyped-def]
    """The first parent from ``at`` on, round the end, that may be had; -1 where none may."""
    for _ in range(len(full)):
        if not full[at] and barred[at] != family:
            return at
        at = at + 1 if at + 1 < len(full) else 0
    return -1


@njit(cache=True)
def _next_slot(slots, waiting, queue, remaining, barred, family):  # type: ignore[no-untyped-def]
    """The next parent due; -1 where none is. ``queue``: how far ``slots`` is, and where ``waiting`` begins and ends."""
    for look in range(queue[1], min(queue[2], queue[1] + 16)):
        at = waiting[look]
        if remaining[at] <= 0 or barred[at] != family:
            waiting[look] = waiting[queue[1]]
            queue[1] += 1
            if remaining[at] > 0:
                return at
    while queue[0] < len(slots):
        at = slots[queue[0]]
        queue[0] += 1
        if remaining[at] <= 0:
            continue
        if barred[at] != family:
            return at
        waiting[queue[2]] = at
        queue[2] += 1
    return -1


@njit(cache=True)
def _has(result, follows, row, parent):  # type: ignore[no-untyped-def]
    """Whether the family of ``row`` has ``parent``."""
    at = row
    while at > 0 and follows[at]:
        at -= 1
    while True:
        if result[at] == parent:
            return True
        at += 1
        if at >= len(result) or not follows[at]:
            return False


@njit(cache=True)
def _exchange(codes, follows, result, row, waiting, queue, remaining, barred, family, state):  # type: ignore[no-untyped-def]
    """A parent for ``row`` from an earlier family, which takes one that this family has and that is due still; -1
    where none was found. Gives it and the state to go on with."""
    for look in range(queue[1], min(queue[2], queue[1] + 8)):
        due = waiting[look]
        if remaining[due] <= 0 or row == 0:
            continue
        for _ in range(16):
            state = mix(state)
            other = int(unit(state) * row)
            given = result[other]
            # What was chosen by where the row before it leads stays, and so does that row.
            leads = codes[other] != 1 or (other + 1 < row and follows[other + 1] and codes[other + 1] != 1)
            if given < 0 or leads or barred[given] == family or _has(result, follows, other, due):
                continue
            result[other] = due
            remaining[due] -= 1
            waiting[look] = waiting[queue[1]]
            queue[1] += 1
            return given, state
    return -1, state


@njit(cache=True)
def draw_parents(  # type: ignore[no-untyped-def]  # noqa: C901 a draw is one loop
    codes, follows, remaining, steps, distinct, unique, seed
):
    """Gives every row a parent so that each parent gets as many rows as ``remaining`` (parents,) says.

    ``codes`` (n,): 0 NULL, 1 any, 2 the previous sibling's, 3 + i that one plus ``steps[i]``. ``distinct``: siblings
    never share a parent; ``unique``: no two rows do. Gives (n,) parent rows: -1 for NULL, -2 where no parent was left.
    """
    rows, parents = len(codes), len(remaining)
    result = np.full(rows, -1, np.int64)
    if parents == 0:
        result[codes != 0] = -2
        return result
    slots = np.repeat(np.arange(parents), remaining)
    state = _shuffle(slots, np.uint64(seed))
    # The family that may not have a parent again, where siblings are distinct; else no family's number.
    barred = np.full(parents, -1 if distinct else -2, np.int64)
    full = np.zeros(parents, np.bool_)
    waiting = np.empty(len(slots), np.int64)
    queue = np.zeros(3, np.int64)
    family = -1
    before = -1
    for row in range(rows):
        if not follows[row]:
            family += 1
            before = -1
        code = codes[row]
        if code == 0:
            before = -1
            continue
        chosen = -1
        if code == 2 and before >= 0 and remaining[before] > 0 and not distinct and not unique:
            chosen = before
        elif code >= 3 and before >= 0:
            chosen = _step_from(before, steps[code - 3], remaining, barred, family)
        if chosen < 0:
            chosen = _next_slot(slots, waiting, queue, remaining, barred, family)
        taken = chosen >= 0
        if not taken and distinct and not unique:
            # Who is due is in this family already: an earlier one takes it and gives one of its own.
            chosen, state = _exchange(codes, follows, result, row, waiting, queue, remaining, barred, family, state)
        if chosen < 0:
            # Counts are used up: any parent that breaks nothing.
            state = mix(state)
            chosen = _any_from(int(unit(state) * parents), full, barred, family)
        if chosen < 0:
            result[row] = -2
            continue
        if taken:
            remaining[chosen] -= 1
        if distinct:
            barred[chosen] = family
        full[chosen] = unique
        result[row] = chosen
        before = chosen
    return result


@njit(cache=True)
def settle_codes(codes, follows, short, seed):  # type: ignore[no-untyped-def]
    """Moves runs of equal siblings from codes with too many rows to codes with too few, whole runs before parts.

    ``codes`` (n,) and ``short`` (codes,), rows missing of code c + 1, are changed in place.
    """
    rows = len(codes)
    starts = np.empty(rows + 1, np.int64)
    runs = 0
    for row in range(rows):
        if row == 0 or not follows[row] or codes[row] != codes[row - 1]:
            starts[runs] = row
            runs += 1
    starts[runs] = rows
    order = np.arange(runs)
    state = _shuffle(order, np.uint64(seed))
    for part in range(2):
        for number in range(runs):
            start = starts[order[number]]
            code = np.int64(codes[start]) - 1
            if code < 0 or short[code] >= 0:
                continue
            size = starts[order[number] + 1] - start
            if part == 0 and -short[code] < size:
                continue
            size = min(size, -short[code])
            least = size if part == 0 else 1
            total = short[short >= least].sum()
            if total == 0:
                continue
            state = mix(state)
            chosen = _short_code(short, least, unit(state) * total)
            size = min(size, short[chosen])
            codes[start : start + size] = chosen + 1
            short[chosen] -= size
            short[code] += size


@njit(cache=True)
def _short_code(short, least, mark):  # type: ignore[no-untyped-def]
    """The code where ``mark`` falls when those with ``least`` rows missing lie end to end."""
    chosen = -1
    for other in range(len(short)):
        if short[other] >= least:
            chosen = other
            mark -= short[other]
            if mark < 0:
                break
    return chosen
