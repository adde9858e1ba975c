"""Numbers as small codes: exact codes for frequent values, quantile bins for the rest, 0 for NULL.

Takes float64 arrays (dates as days, times and timestamps as microseconds), gives uint8 codes and back.
Holds no value that fewer than k rows share: bin knots are means over k neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dbclone.models.loops import loop

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]

MAX_CODES = 250
_KNOTS_PER_BIN = 8


@dataclass(frozen=True)
class NumberCodec:
    """Codes rise with the value; code 0 is NULL.

    ``spikes`` (s,) exact values, ascending, with ``spike_codes`` (s,); ``edges`` (b + 1,) of the bins, with
    ``bin_codes`` (b,); ``knots`` of the quantile function, bin i covering ``knots[first[i]] .. knots[first[i + 1]]``.
    A drawn value is rounded to ``offset + n * grid`` (grid 0: not at all) and kept inside ``low .. high``. ``beyond``
    (3,) are the shares of NaN, -infinity and infinity among the rows of code 0, (0,) where there are none.
    """

    spikes: Floats
    spike_codes: Codes
    edges: Floats
    bin_codes: Codes
    knots: Floats
    first: npt.NDArray[np.int64]
    grid: float
    offset: float
    low: float
    high: float
    beyond: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def size(self) -> int:
        """How many codes there are, NULL's included."""
        return 1 + len(self.spike_codes) + len(self.bin_codes)

    def encode(self, values: Floats) -> Codes:
        """Codes (n,) of ``values`` (n,), NaN as 0."""
        codes = np.zeros(len(values), np.uint8)
        _encode(values, self.spikes, self.spike_codes, self.edges, self.bin_codes, codes)
        return codes

    def decode(self, codes: Codes, within: Floats) -> Floats:
        """(n,) numbers that ``codes`` (n,) stand for, ``within`` (n,) 0 .. 1 of the way through their bins."""
        values = np.full(self.size, np.nan)
        values[self.spike_codes] = self.spikes
        bins = np.zeros(self.size, np.int64)
        bins[self.bin_codes] = np.arange(len(self.bin_codes))
        codes = np.minimum(codes, self.size - 1)
        result: Floats = values[codes]
        binned = np.flatnonzero(np.isin(codes, self.bin_codes))
        if not len(binned):
            return result
        low, high = self.first[bins[codes[binned]]], self.first[bins[codes[binned]] + 1]
        drawn = np.interp(low + within[binned] * (high - low), np.arange(len(self.knots)), self.knots)
        if self.grid > 0:
            drawn = self.offset + np.rint((drawn - self.offset) / self.grid) * self.grid
        result[binned] = np.clip(drawn, self.low, self.high)
        return result

    @property
    def step(self) -> float:
        """What values are told apart by: the grid or, where there is none, a millionth of their range."""
        return self.grid if self.grid > 0 else max((self.high - self.low) * 1e-6, 1e-12)

    def log_widths(self, step: float | None = None) -> Floats:
        """(size,) logarithm of the number of steps that each code stands for, 0 where it is exact.

        Costs of two codecs only compare where both count the same ``step``.
        """
        widths = np.zeros(self.size)
        step = self.step if step is None else step
        for number, code in enumerate(self.bin_codes):
            span = self.edges[number + 1] - self.edges[number]
            widths[code] = np.log(max(span / step, 1.0))
        return widths

    def representatives(self) -> Floats:
        """(size,) the value in the middle of each code; NaN for NULL."""
        middle = np.full(self.size, np.nan)
        middle[self.spike_codes] = self.spikes
        for number, code in enumerate(self.bin_codes):
            middle[code] = self.knots[(self.first[number] + self.first[number + 1]) // 2]
        return middle


@loop(nogil=True)
def _first_not_below(ascending, value):  # type: ignore[no-untyped-def]
    """The first place in ``ascending`` whose number is not below ``value``; without a branch that could go wrong."""
    base = 0
    left = len(ascending)
    while left > 1:
        half = left >> 1
        base += half * (ascending[base + half - 1] < value)
        left -= half
    return base + (left > 0 and ascending[base] < value)


@loop(nogil=True)
def _encode(values, spikes, spike_codes, edges, bin_codes, result):  # type: ignore[no-untyped-def]
    for row in range(len(values)):
        value = values[row]
        if np.isnan(value):
            continue
        near = _first_not_below(spikes, value)
        if near < len(spikes) and spikes[near] == value:
            result[row] = spike_codes[near]
        elif len(bin_codes):
            place = _first_not_below(edges, value)
            # A value on an edge belongs to the bin that begins there.
            while place < len(edges) and edges[place] <= value:
                place += 1
            result[row] = bin_codes[min(max(place - 1, 0), len(bin_codes) - 1)]
        elif len(spikes):
            near = min(near, len(spikes) - 1)
            below = max(near - 1, 0)
            result[row] = spike_codes[below if abs(spikes[below] - value) < abs(spikes[near] - value) else near]


def fit_numbers(
    values: Floats,
    *,
    k: int,
    max_codes: int = 128,
    exempt: bool = False,
    grid: float | None = None,
    vouched: Floats | None = None,
) -> NumberCodec:
    """Learns a codec from ``values`` (n,), NaN for NULL.

    ``exempt`` values (booleans, values that the schema lists) may be exact however rare; ``grid`` overrides the one
    found. ``vouched`` values are shared by k rows elsewhere, and exact likewise.
    """
    valid = values[~np.isnan(values)]
    distinct, counts = np.unique(valid, return_counts=True)
    step, offset = find_grid(distinct) if grid is None else (grid, 0.0)
    if not len(valid):
        nothing, no_codes = np.empty(0), np.empty(0, np.uint8)
        first = np.zeros(1, np.int64)
        return NumberCodec(nothing, no_codes, nothing, no_codes, nothing, first, 1.0, 0.0, 0.0, 0.0)
    weights = counts if vouched is None else np.where(np.isin(distinct, vouched), np.maximum(counts, k), counts)
    spikes = _choose_spikes(distinct, weights, k, max_codes, exempt)
    rest = ~np.isin(distinct, spikes)
    ordered = np.repeat(distinct[rest], counts[rest])
    edges, knots, first = _bins(ordered, k, max(1, max_codes - len(spikes)), step)
    low = min([edges[0]] if len(edges) else [], default=np.inf)
    high = max([edges[-1]] if len(edges) else [], default=-np.inf)
    if len(spikes):
        low, high = min(low, spikes[0]), max(high, spikes[-1])
    middles = knots[(first[:-1] + first[1:]) // 2] if len(first) > 1 else np.empty(0)
    order = np.argsort(np.concatenate([spikes, middles]), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    codes = rank.astype(np.uint8)
    return NumberCodec(
        spikes=spikes,
        spike_codes=codes[: len(spikes)],
        edges=edges,
        bin_codes=codes[len(spikes) :],
        knots=knots,
        first=first,
        grid=float(step),
        offset=float(offset),
        low=float(low),
        high=float(high),
    )


def _choose_spikes(distinct: Floats, counts: npt.NDArray[np.int64], k: int, max_codes: int, exempt: bool) -> Floats:
    if exempt and len(distinct) <= MAX_CODES - 1:
        return distinct
    total = int(counts.sum())
    safe = counts >= k
    if safe.all() and len(distinct) <= max_codes:
        return distinct
    frequent = safe & (counts >= max(k, total / (2 * max_codes)))
    chosen = np.flatnonzero(frequent)
    if len(chosen) > max_codes // 2:
        chosen = chosen[np.argsort(-counts[chosen], kind="stable")[: max_codes // 2]]
    return distinct[np.sort(chosen)]


def _bins(ordered: Floats, k: int, room: int, step: float) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Edges, knots and the first knot of each bin for the values without a code of their own, ascending."""
    if not len(ordered):
        return np.empty(0), np.empty(0), np.zeros(1, np.int64)
    rows = len(ordered)
    cuts = _cut_shares(ordered, k, room)
    reach = max(1, min(k, rows))
    low, high = float(ordered[:reach].mean()), float(ordered[-reach:].mean())
    if step > 0:
        low = np.floor(low / step) * step if reach > 1 else low
        high = np.ceil(high / step) * step if reach > 1 else high
    starts, sizes = np.array(cuts[:-1]), np.diff(cuts)
    pieces = np.clip(sizes // max(k, 1), 1, _KNOTS_PER_BIN)
    first = np.concatenate([[0], np.cumsum(pieces)])
    # Evenly inside each bin.
    step_in = np.arange(first[-1]) - np.repeat(first[:-1], pieces)
    marks = np.repeat(starts, pieces) + step_in * np.repeat(sizes, pieces) // np.repeat(pieces, pieces)
    knots = np.concatenate([_local_means(ordered, marks, k), [high]])
    knots[0] = low
    path = np.maximum.accumulate(np.clip(knots, low, high))
    # A cut lies between two values: the edge for encoding is their midpoint, so that both decode to their own bin.
    inner = starts[1:]
    edges = np.concatenate([[low], (ordered[inner - 1] + ordered[inner]) / 2, [high]])
    return np.maximum.accumulate(edges), path, first.astype(np.int64)


def _cut_shares(ordered: Floats, k: int, room: int) -> list[int]:
    """Places in ``ordered`` that cut it into at most ``room`` shares of k rows or more, its ends included."""
    rows = len(ordered)
    wanted = max(1, min(room, rows // max(k, 1)))
    # Equal shares of rows, but never an edge between equal values.
    cuts = np.unique(np.searchsorted(ordered, ordered[np.linspace(0, rows, wanted + 1)[1:-1].astype(np.int64)]))
    keep = [0]
    for cut in [*cuts[cuts > 0].tolist(), rows]:
        if cut - keep[-1] >= min(k, rows) and (rows - cut >= k or cut == rows):
            keep.append(cut)
    if keep[-1] != rows:
        keep.append(rows)
    return keep


def _local_means(ordered: Floats, marks: npt.NDArray[np.int64], k: int) -> Floats:
    """Means over the k neighbours of each mark."""
    reach = max(1, k // 2)
    # Around the middle of the range, so that large numbers lose no digits in the running sum.
    centre = float(ordered[len(ordered) // 2])
    total = np.concatenate([[0.0], np.cumsum(ordered - centre)])
    low, high = np.maximum(0, marks - reach), np.minimum(len(ordered), marks + reach)
    means: Floats = centre + (total[high] - total[low]) / np.maximum(1, high - low)
    return means


def find_grid(values: Floats) -> tuple[float, float]:
    """The coarsest step and offset on which all ``values`` lie; (0, 0) where there is none coarser than 1e-6."""
    if not len(values):
        return 1.0, 0.0
    # All of them: a stride over regular series would see steps of its own making.
    sample = values if (values[1:] > values[:-1]).all() else np.unique(values)
    for decimals in range(7):
        scaled = sample * 10.0**decimals
        # Numbers that large are whole: the microseconds of a day far away, beside which the others keep their grid.
        if np.abs(scaled).max() > (4e18 if decimals == 0 else 9e15):
            break
        whole = np.rint(scaled)
        if np.all(np.abs(scaled - whole) <= 1e-6 * np.maximum(1.0, np.abs(scaled) * 1e-6)):
            integers = whole.astype(np.int64)
            steps = np.diff(integers)
            step = int(np.gcd.reduce(steps)) if len(steps) else 1
            step = max(1, step)
            # A shared divisor of a few values is chance, unless it is a round one.
            if len(sample) < 20 and not _is_round(step):
                step = _round_divisor(step)
            return step / 10.0**decimals, float(integers[0] % step) / 10.0**decimals
    return 0.0, 0.0


_ROUND = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 1_000, 100, 50, 25, 10, 5)


def _is_round(step: int) -> bool:
    return step in _ROUND


def _round_divisor(step: int) -> int:
    return next((candidate for candidate in _ROUND if step % candidate == 0), 1)
