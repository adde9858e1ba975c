"""The compiled loop that strings words together.

Takes a chain's flat arrays and wanted lengths, gives word numbers. Draws by a counter of its own for each row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dbclone.models.loops import loop

RECENT = 8
"""Words back within which a word hardly comes again."""
AGAIN = 0.02
"""Weight of a word that stands there already."""
_TRIES = 8


@loop(inline="always")
def _uniform(state: np.uint64) -> tuple[np.uint64, float]:
    """Splitmix64: the next state and a number in [0, 1)."""
    state += np.uint64(0x9E3779B97F4A7C15)
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return state, np.float64(z >> np.uint64(11)) / 9007199254740992.0


@loop(nogil=True)
def _worth(
    word: int,
    then: int,
    left: int,
    lengths: npt.NDArray[np.int64],
    end: npt.NDArray[np.float64],
    reach: npt.NDArray[np.float64],
) -> float:
    rest = left - 1 - lengths[word]
    if rest == 0:
        return float(end[word])
    return float(reach[min(rest, reach.shape[0] - 1), then]) if rest > 0 else 0.0


@loop(nogil=True)
def walk(
    wanted: npt.NDArray[np.int64],
    seeds: npt.NDArray[np.uint64],
    start: int,
    ways: npt.NDArray[np.int64],
    then: npt.NDArray[np.int64],
    chance: npt.NDArray[np.float64],
    known: npt.NDArray[np.int64],
    odd: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.int64],
    end: npt.NDArray[np.float64],
    reach: npt.NDArray[np.float64],
    other: npt.NDArray[np.float64],
    begin: npt.NDArray[np.float64],
    script: npt.NDArray[np.int64],
    members: npt.NDArray[np.int64],
    member_start: npt.NDArray[np.int64],
    member_ends: npt.NDArray[np.float32],
    out: npt.NDArray[np.int32],
    ends: npt.NDArray[np.float64],
) -> None:
    """Fills ``out`` (rows, most), which is -1 throughout, with word numbers. ``begin`` (left, ways) are the cumulative
    weights of the ways from the start, ``member_ends`` (left, members) those of any word, cumulative within each
    script; ``ends`` (ways + 1,) is room to work in."""
    for row in range(len(wanted)):
        state, node, left = seeds[row], start, wanted[row] + 1
        for place in range(out.shape[1]):
            near = min(left, other.shape[0] - 1)
            own = script[node]
            if node == start:
                total = begin[near, known[start] - 1] if known[start] else 0.0
            else:
                here = ways[node], then[node], chance[node]
                total = _weigh(ends, out, row, place, left, known[node], *here, lengths, end, reach)
            total += odd[node] * other[near, own]
            state, draw = _uniform(state)
            mark = draw * total
            if node == start:
                way = _above(begin[near], 0, known[start], mark)
            else:
                way = 0
                while way < known[node] and ends[way] <= mark:
                    way += 1
            if way < known[node] and total > 0:
                word, node = ways[node, way], then[node, way]
            else:
                first, last = member_start[own], member_start[own + 1]
                before = out[row, place - 1] if place else -1
                state, word = _draw(state, before, left, members, member_ends[near], first, last, lengths)
                node = word
            out[row, place] = word
            left -= 1 + lengths[word]
            if left <= 0:
                break


@loop(nogil=True)
def _above(ends: npt.NDArray[Any], first: int, last: int, mark: float) -> int:
    """The first place from ``first`` on whose cumulative weight is above ``mark``, ``last`` where none is."""
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if ends[middle] > mark:
            high = middle
        else:
            low = middle + 1
    return low


@loop(nogil=True)
def _weigh(
    ends: npt.NDArray[np.float64],
    out: npt.NDArray[np.int32],
    row: int,
    place: int,
    left: int,
    known: int,
    ways: npt.NDArray[np.int64],
    then: npt.NDArray[np.int64],
    chance: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.int64],
    end: npt.NDArray[np.float64],
    reach: npt.NDArray[np.float64],
) -> float:
    """Fills ``ends`` with the cumulative weights of the known ways on, gives their sum."""
    total = 0.0
    for way in range(known):
        worth = chance[way] * _worth(ways[way], then[way], left, lengths, end, reach)
        if worth > 0 and lengths[ways[way]] > 3:
            for at in range(max(0, place - RECENT), place):
                if out[row, at] == ways[way]:
                    worth *= AGAIN
        total += worth
        ends[way] = total
    return total


@loop(nogil=True)
def _draw(
    state: np.uint64,
    before: int,
    left: int,
    members: npt.NDArray[np.int64],
    ends: npt.NDArray[np.float32],
    first: int,
    last: int,
    lengths: npt.NDArray[np.int64],
) -> tuple[np.uint64, int]:
    """Any word of a script by its share and worth, hardly ever the one ``before``."""
    total = ends[last - 1]
    if total <= 0:
        return state, _nearest(left - 1, members[first:last], lengths)
    word = members[first]
    for _ in range(_TRIES):
        state, draw = _uniform(state)
        word = members[min(_above(ends, first, last, draw * total), last - 1)]
        if word != before:
            break
    return state, word


@loop(nogil=True)
def _nearest(size: int, members: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> int:
    """The shortest word of at least ``size`` signs, the longest of all where none has as many."""
    best = int(members[0])
    for word in members:
        enough, better = lengths[word] >= size, lengths[best] >= size
        closer = lengths[word] < lengths[best] if better else lengths[word] > lengths[best]
        if (enough and not better) or (enough == better and closer):
            best = int(word)
    return best
