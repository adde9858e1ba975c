"""Rows from a pool that another learner drew: picked without replacement, decoded like any other code.

Takes a filled table whose model has a pool, overwrites the codes and numbers of the columns in it. Knows no learner.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dbclone.models.calendar_parts import calendar_matrix
from dbclone.models.numbers import NumberCodec
from dbclone.models.table import Pool
from dbclone.sample.filled import Filled
from dbclone.sample.kernel import uniforms
from dbclone.sample.streams import generator, stream

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


def take_pool(filled: Filled, seed: int, chunk_rows: int) -> None:
    """Gives every row the codes of one pool row; the pool is used up before a row of it comes again."""
    pool = filled.model.pool
    if pool is None:
        return
    for start in range(0, filled.rows, chunk_rows):
        stop = min(start + chunk_rows, filled.rows)
        codes = pool.codes[_picks(filled, pool, start, stop, seed)]
        for place, number in enumerate(pool.entries):
            _put(filled, number, codes[:, place], start, stop, seed)


def _picks(filled: Filled, pool: Pool, start: int, stop: int, seed: int) -> npt.NDArray[np.int64]:
    """(stop - start,) pool rows, each round over the pool in an order of its own."""
    size = len(pool.codes)
    row = np.arange(start, stop)
    result = np.empty(stop - start, np.int64)
    for turn in range(start // size, (stop - 1) // size + 1):
        order = generator(seed, "pool", filled.model.name, turn).permutation(size)
        here = row // size == turn
        result[here] = order[row[here] % size]
    return result


def _put(filled: Filled, number: int, codes: Codes, start: int, stop: int, seed: int) -> None:
    model, part = filled.model, slice(start, stop)
    entry = model.entries[number]
    slot = model.first_slot[number]
    filled.own[part, slot] = codes
    if not entry.has_value or entry.numbers is None:
        return
    draws = uniforms(np.uint64(stream(seed, "pool", model.name, entry.name)), start, stop - start)
    values = decode_numbers(entry.numbers, codes, draws)
    filled.values[part, model.value_index[entry.name]] = values
    if entry.unit:
        first = slot + 1 + len(entry.stages)
        filled.own[part, first : model.first_slot[number + 1]] = calendar_matrix(values, entry.unit)


def decode_numbers(codec: NumberCodec, codes: Codes, draws: Floats) -> Floats:
    """Numbers (n,) for codes (n,), NaN for NULL; ``draws`` (n,) uniform in [0, 1) choose inside a bin."""
    exact = np.full(codec.size, np.nan)
    exact[codec.spike_codes] = codec.spikes
    values = exact[codes]
    binned = np.isnan(values) & (codes > 0)
    if binned.any():
        low, high = np.zeros(codec.size), np.zeros(codec.size)
        low[codec.bin_codes], high[codec.bin_codes] = codec.first[:-1], codec.first[1:]
        place = low[codes] + draws * (high - low)[codes]
        drawn = np.interp(place, np.arange(len(codec.knots)), codec.knots)
        if codec.grid > 0:
            drawn = codec.offset + np.rint((drawn - codec.offset) / codec.grid) * codec.grid
        values[binned] = np.clip(drawn, codec.low, codec.high)[binned]
    return values
