"""Search vectors: different lexemes that many documents share, with positions, as long as asked for.

Takes lexemes with their weights, gives PostgreSQL's text form.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers.faked import words_in
from dbclone.sample.makers.owned import no_room
from dbclone.sample.makers.request import Ints, Request, from_parts

LEAST_LEXEMES = 10
_ROUNDS = 24
_SHORT = 9
"""Positions of one digit: how many of them a vector takes is what fits it to its length."""

Flags = npt.NDArray[np.bool_]


def make_tsvector(request: Request) -> pa.Array:
    """Lexemes that many documents share, no one twice in a row; plain words where too few are shared."""
    if request.unique and request.total > 1:
        raise no_room(request)
    words, weights = request.settings.get("lexemes") or [], request.settings.get("weights") or []
    if len(words) < LEAST_LEXEMES:
        words = [word for word in words_in("en_US") if word.isascii() and word.isalpha()]
        weights = [1] * len(words)
    positions = bool(request.settings.get("positions", True))
    drawn, taken, short = _draw(request, np.fromiter(map(len, words), np.int64, len(words)), weights, positions)
    used = taken.sum(axis=1)
    offsets = np.zeros(request.size + 1, np.int32)
    np.cumsum(used, out=offsets[1:])
    lexemes = pa.array([f"'{word}'" for word in words], pa.string()).take(pa.array(drawn[taken]))
    if positions:
        place = np.arange(int(offsets[-1])) - np.repeat(offsets[:-1], used)
        few = np.repeat(short, used)
        number = np.where(place < few, place + 1, 10 + (place - few) % 90)
        lexemes = from_parts(lexemes, ":", pa.array(number).cast(pa.string()))
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), lexemes), " ")


def _draw(request: Request, sizes: Ints, weights: list[int], positions: bool) -> tuple[Ints, Flags, Ints]:
    """Lexemes (rows, most), which of them are taken, and how many of these have a position of one digit."""
    share = np.array(weights, np.float64)
    typical = float(np.average(sizes, weights=share)) + 3 + 2 * positions
    most = int(min(len(sizes) * 2, max(4.0, 1.5 * request.lengths.max(initial=0) / typical + 8)))
    drawn = np.zeros((request.size, most), np.int64)
    taken, short = np.zeros(drawn.shape, bool), np.zeros(request.size, np.int64)
    best = np.full(request.size, np.inf)
    for _ in range(_ROUNDS):
        rows = np.flatnonzero(best > 0)
        if not len(rows):
            break
        some = request.rng.choice(len(sizes), size=(len(rows), most), p=share / share.sum())
        off, count, few, fresh = _fit(some, sizes, request.lengths[rows], positions)
        better = off < best[rows]
        chosen = rows[better]
        best[chosen], drawn[chosen], short[chosen] = off[better], some[better], few[better]
        taken[chosen] = (fresh & (np.cumsum(fresh, axis=1) <= count[:, None]))[better]
    return drawn, taken, short


def _fit(some: Ints, sizes: Ints, wanted: Ints, positions: bool) -> tuple[Ints, Ints, Ints, Flags]:
    """How far the best number of lexemes is from the length, that number, its short positions, and who is no repeat."""
    order = np.argsort(some, axis=1, kind="stable")
    ranked = np.take_along_axis(some, order, axis=1)
    repeat = np.zeros(some.shape, bool)
    repeat[:, 1:] = ranked[:, 1:] == ranked[:, :-1]
    fresh = np.empty(some.shape, bool)
    np.put_along_axis(fresh, order, ~repeat, axis=1)
    length = np.cumsum(np.where(fresh, sizes[some] + 3 + 2 * positions, 0), axis=1) - 1
    count = np.cumsum(fresh, axis=1)
    spare = wanted[:, None] - length
    long = np.clip(spare, np.maximum(count - _SHORT, 0), count) if positions else np.zeros_like(spare)
    off = np.abs(spare - long)
    place = np.argmin(off, axis=1)
    row = np.arange(len(some))
    return off[row, place], count[row, place], (count - long)[row, place], fresh
