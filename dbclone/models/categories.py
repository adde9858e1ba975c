"""Categories as small codes: 0 for NULL, the values in falling frequency, a last code for all that is rare.

Takes Arrow strings, gives uint8 codes and back. Holds no value that fewer than k rows share, unless it is public.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Codes = npt.NDArray[np.uint8]
_OWN_CODES = 180
_TAIL_CODES = 60


@dataclass(frozen=True)
class CategoryCodec:
    """``values`` in falling frequency; code c stands for ``values[start[c - 1] : start[c]]``, drawn by ``weights``.

    Frequent values have a code each, a long tail shares codes. ``rare`` is the code of values left out (0: there are
    none), ``rare_lengths`` (n,) int32 their length quantiles in characters.
    """

    values: tuple[str, ...]
    start: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    rare: int
    rare_lengths: npt.NDArray[np.int32]

    @property
    def size(self) -> int:
        """How many codes there are, NULL's and the rare one included."""
        return len(self.start) + (1 if self.rare else 0)

    def encode(self, column: pa.Array | pa.ChunkedArray) -> Codes:
        """Codes (n,) of a string column."""
        if len(self.values):
            place = pc.index_in(column, value_set=pa.array(self.values, pa.string()))
            found = np.asarray(pc.fill_null(place, -1)).astype(np.int64)
        else:
            found = np.full(len(column), -1, np.int64)
        code_of = np.searchsorted(self.start, np.arange(len(self.values)), side="right")
        known = code_of[np.clip(found, 0, None)] if len(code_of) else 0
        codes = np.where(found >= 0, known, self.rare or min(1, len(self.start) - 1))
        codes[np.asarray(column.is_null())] = 0
        return codes.astype(np.uint8)

    def decode(self, codes: Codes, draws: npt.NDArray[np.float64]) -> tuple[pa.Array, npt.NDArray[np.int32]]:
        """Strings (n,) and the lengths wanted of rare ones (n,): -2 where the string stands, -1 for NULL.

        ``draws`` (n,) uniform in [0, 1).
        """
        code = codes.astype(np.int64)
        lengths = np.full(len(code), -2, np.int32)
        place = np.full(len(code), -1, np.int64)
        known = (code > 0) & (code < len(self.start))
        low, high = self.start[code[known] - 1], self.start[code[known]]
        below = np.concatenate([[0.0], np.cumsum(self.weights)])
        mark = below[low] + draws[known] * (below[high] - below[low])
        place[known] = np.clip(np.searchsorted(below, mark, side="right") - 1, low, high - 1)
        rare = (code == self.rare) if self.rare else np.zeros(len(code), bool)
        if rare.any():
            lengths[rare] = self.rare_lengths[(draws[rare] * len(self.rare_lengths)).astype(np.int64)]
        lengths[code == 0] = -1
        indices = pa.array(np.where(place >= 0, place, 0), pa.int64(), mask=place < 0)
        source = pa.array(self.values if self.values else ("",), pa.string())
        return source.take(indices), lengths


def same_codes(codec: CategoryCodec, other: CategoryCodec) -> npt.NDArray[np.float64]:
    """(codec.size,) the code that ``other`` has for the value of each code, NaN where one is for several values."""
    place = {other.values[low]: code for code, low in enumerate(other.start[:-1], 1) if other.start[code] == low + 1}
    found = np.full(max(codec.size, 1), np.nan)
    for code, low in enumerate(codec.start[:-1], 1):
        if codec.start[code] == low + 1:
            found[code] = place.get(codec.values[low], np.nan)
    return found


def fit_categories(
    column: pa.Array | pa.ChunkedArray, *, k: int, public: bool = False, labels: frozenset[str] = frozenset()
) -> CategoryCodec:
    """Learns a codec from a string column. ``public`` values and the schema's own ``labels`` are exempt from ``k``."""
    counted = pc.value_counts(column)
    pairs = [(item["values"].as_py(), item["counts"].as_py()) for item in counted]
    pairs = sorted([pair for pair in pairs if pair[0] is not None], key=lambda pair: (-pair[1], pair[0]))
    kept = [(value, count) for value, count in pairs if count >= k or public or value in labels]
    values = tuple(value for value, _ in kept)
    weights = np.array([count for _, count in kept], np.float64)
    left_out = [(value, count) for value, count in pairs if not (count >= k or public or value in labels)]
    own = len(kept) if len(kept) <= _OWN_CODES + _TAIL_CODES else _OWN_CODES
    start = list(range(own + 1))
    if own < len(kept):
        tail = np.cumsum(weights[own:])
        cuts = np.searchsorted(tail, np.linspace(0, tail[-1], _TAIL_CODES + 1)[1:-1]) + own + 1
        start += [int(cut) for cut in np.unique(cuts) if own < cut < len(kept)] + [len(kept)]
    rare = len(start) if left_out else 0
    repeats = [count for _, count in left_out]
    lengths = np.sort(np.repeat([len(value) for value, _ in left_out], repeats)).astype(np.int32)
    if len(lengths) > 101:
        lengths = np.quantile(lengths, np.linspace(0, 1, 101)).astype(np.int32)
    return CategoryCodec(values, np.array(start, np.int64), weights, rare, lengths)
