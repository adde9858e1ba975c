"""The compiled loop that strings words together.

Takes a chain's flat arrays and wanted lengths, gives word numbers. Draws by a counter of its own for each row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

RECENT = 8
"""Words back within which a word hardly comes again."""
AGAIN = 0.02
"""Weight of a word that stands there already."""
_TRIES = 24


@njit(cache=True, inline="always")
def _uniform(state: np.uint64) -> tuple[np.uint64, float]:
    """Splitmix64: the next state and a number in [0, 1)."""
    state += np.uint64(0x9E3779B97F4A7C15)
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return state, np.float64(z >> np.uint64(11)) / 9007199254740992.0


@njit(cache=True, inline="always")
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


@njit(cache=True, nogil=True)
def walk(
    wanted: npt.NDArray[np.int64],
    seeds: npt.NDArray[np.uint64],
    start: int,
    ways: npt.NDArray[np.int64],
    then: npt.NDArray[np.int64],
    chance: npt.NDArray[np.float64],
    odd: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.int64],
    end: npt.NDArray[np.float64],
    reach: npt.NDArray[np.float64],
    other: npt.NDArray[np.float64],
    highest: npt.NDArray[np.float64],
    script: npt.NDArray[np.int64],
    members: npt.NDArray[np.int64],
    member_start: npt.NDArray[np.int64],
    member_share: npt.NDArray[np.float64],
    most: int,
) -> npt.NDArray[np.int32]:
    """Word numbers (rows, most), -1 after the last. ``member_share`` is cumulative within each script."""
    out = np.full((len(wanted), most), -1, np.int32)
    ends = np.empty(ways.shape[1] + 1)
    for row in range(len(wanted)):
        state, node, left = seeds[row], start, wanted[row] + 1
        for place in range(most):
            recent = out[row, max(0, place - RECENT) : place]
            total = _weigh(ends, recent, left, ways[node], then[node], chance[node], lengths, end, reach)
            own = script[node]
            near = min(left, other.shape[0] - 1)
            total += odd[node] * other[near, own]
            state, draw = _uniform(state)
            way = 0
            while way < ways.shape[1] and ends[way] <= draw * total:
                way += 1
            if way < ways.shape[1] and total > 0:
                word, node = ways[node, way], then[node, way]
            else:
                mine = slice(member_start[own], member_start[own + 1])
                before = out[row, place - 1] if place else -1
                state, word = _draw(
                    state, before, left, highest[near, own], members[mine], member_share[mine], lengths, end, reach
                )
                node = word
            out[row, place] = word
            left -= 1 + lengths[word]
            if left <= 0:
                break
    return out


@njit(cache=True)
def _weigh(
    ends: npt.NDArray[np.float64],
    recent: npt.NDArray[np.int32],
    left: int,
    ways: npt.NDArray[np.int64],
    then: npt.NDArray[np.int64],
    chance: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.int64],
    end: npt.NDArray[np.float64],
    reach: npt.NDArray[np.float64],
) -> float:
    """Fills ``ends`` with the cumulative weights of the known ways on, gives their sum."""
    total = 0.0
    for way in range(len(ways)):
        if chance[way] > 0:
            worth = chance[way] * _worth(ways[way], then[way], left, lengths, end, reach)
            if worth > 0 and lengths[ways[way]] > 3:
                for word in recent:
                    worth *= AGAIN if word == ways[way] else 1.0
            total += worth
        ends[way] = total
    return total


@njit(cache=True)
def _draw(
    state: np.uint64,
    before: int,
    left: int,
    highest: float,
    members: npt.NDArray[np.int64],
    shares: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.int64],
    end: npt.NDArray[np.float64],
    reach: npt.NDArray[np.float64],
) -> tuple[np.uint64, int]:
    """Any word by its share and worth, hardly ever the one before: by rejection first, which is quick."""
    for _ in range(_TRIES):
        state, draw = _uniform(state)
        place = int(np.searchsorted(shares, draw, side="right"))
        some = members[min(place, len(members) - 1)]
        state, draw = _uniform(state)
        if draw * highest < _worth(some, some, left, lengths, end, reach) and some != before:
            return state, some
    state, draw = _uniform(state)
    total = 0.0
    for at in range(len(members)):
        share = shares[at] - (shares[at - 1] if at else 0.0)
        total += share * _worth(members[at], members[at], left, lengths, end, reach)
    if total <= 0:
        return state, _nearest(left - 1, members, lengths)
    mark, so_far, best = draw * total, 0.0, members[0]
    for at in range(len(members)):
        share = shares[at] - (shares[at - 1] if at else 0.0)
        worth = share * _worth(members[at], members[at], left, lengths, end, reach)
        so_far += worth
        if worth > 0:
            best = members[at]
            if so_far > mark:
                break
    return state, best


@njit(cache=True)
def _nearest(size: int, members: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> int:
    """The shortest word of at least ``size`` signs, the longest of all where none has as many."""
    best = int(members[0])
    for word in members:
        enough, better = lengths[word] >= size, lengths[best] >= size
        closer = lengths[word] < lengths[best] if better else lengths[word] > lengths[best]
        if (enough and not better) or (enough == better and closer):
            best = int(word)
    return best
