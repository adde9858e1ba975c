"""Pools of candidate texts, sorted by length, so that a hundred thousand picks cost one draw.

Takes candidates, gives picks near the wanted lengths; in unique columns distinct picks by the row's number alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers.request import Ints, Request, from_parts, permute, stable_seed

BLOCK = 8
"""Candidates that one row of a unique column may choose from."""


class Pool:
    """Candidates in order of their length. Repeated candidates are picked more often."""

    def __init__(self, candidates: Iterable[str]) -> None:
        found = sorted((text for text in candidates if text), key=lambda text: (len(text), text)) or ["x"]
        self.texts = pa.array(found, pa.string())
        self.composed: dict[int, tuple[str, ...]] = {}
        self.lengths: Ints = np.fromiter(map(len, found), np.int64, len(found))
        self._sizes, self._starts = np.unique(self.lengths, return_index=True)
        self._ends = np.append(self._starts[1:], len(found))

    def __len__(self) -> int:
        return len(self.lengths)

    def pick(self, lengths: Ints, rng: np.random.Generator) -> pa.Array:
        """One candidate for each wanted length: of that length where there is one, else of the nearest."""
        return self.texts.take(pa.array(self.places(lengths, rng)))

    def places(self, lengths: Ints, rng: np.random.Generator) -> Ints:
        bucket = nearest(self._sizes, lengths)
        width = self._ends[bucket] - self._starts[bucket]
        places: Ints = self._starts[bucket] + (rng.random(len(lengths)) * width).astype(np.int64)
        return places

    def of_length(self, length: int) -> list[str]:
        """The candidates of exactly this length."""
        bucket = int(np.searchsorted(self._sizes, length))
        if bucket == len(self._sizes) or self._sizes[bucket] != length:
            return []
        found: list[str] = self.texts[int(self._starts[bucket]) : int(self._ends[bucket])].to_pylist()
        return found

    def around(self, length: int, rng: np.random.Generator) -> str:
        """A candidate of about the length: one of the fifty nearest."""
        place = int(np.searchsorted(self.lengths, length)) + int(rng.integers(-25, 25))
        return str(self.texts[min(max(place, 0), len(self) - 1)].as_py())

    def upto(self, longest: int | None) -> Pool:
        """The pool without candidates longer than ``longest``; cut ones where all are."""
        if longest is None or self.lengths[-1] <= longest:
            return self
        fitting = self.texts.filter(pa.array(self.lengths <= longest)).to_pylist()
        return Pool(fitting or [text[:longest].strip() or text[:longest] for text in self.texts.to_pylist()])

    def thinned(self, size: int, typical: Ints, seed: int, wanted: Ints) -> Pool:
        """About ``size`` different candidates, spread over the ``typical`` lengths, for columns whose values repeat;
        one for each ``wanted`` length that is not typical."""
        kept: list[str] = []
        size = max(1, size - len(np.setdiff1d(wanted, typical)))
        for length in np.union1d(typical, wanted).tolist():
            share = float((typical == length).mean())
            texts = list(dict.fromkeys(self.of_length(length)))
            order = np.random.default_rng([seed, length]).permutation(len(texts))
            kept += [texts[place] for place in order[: max(1, round(size * share))]]
        return Pool(kept) if kept else self


def nearest(sorted_values: Ints, wanted: Ints) -> Ints:
    """Index of the value nearest to each wanted one (the smaller of two)."""
    right = np.clip(np.searchsorted(sorted_values, wanted), 0, len(sorted_values) - 1)
    left = np.maximum(right - 1, 0)
    closer = np.abs(sorted_values[left] - wanted) <= np.abs(sorted_values[right] - wanted)
    return np.where(closer, left, right)


def pick(pool: Pool, request: Request) -> pa.Array:
    """Candidates for a request, distinct over the whole table where the column is unique."""
    if request.unique:
        return pick_unique(pool, request)
    return pool.upto(request.longest).pick(request.lengths, request.rng)


def pick_unique(pool: Pool, request: Request) -> pa.Array:
    """Every row owns a few candidates by its number and takes the one nearest in length.

    Once the pool is used up a number is appended; then no candidate ends with a digit, so no two rows agree. Candidates
    differ in more than capitals.
    """
    texts = _distinct(pool, request.longest, request.total)
    groups = max(1, min(len(texts) // BLOCK if request.total > len(texts) else len(texts), request.total))
    size = len(texts) // groups
    owner = request.shuffled()
    group, generation = owner % groups, owner // groups
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    order = permute(np.arange(len(texts)), len(texts), stable_seed("owners", request.column))
    owned = order[: groups * size].reshape(size, groups)[:, group]
    gap = np.abs(lengths[owned] - request.lengths) + request.rng.random(owned.shape) * 0.5
    chosen = owned[np.argmin(gap, axis=0), np.arange(request.size)]
    base = pa.array(texts, pa.string()).take(pa.array(chosen))
    if not generation.any():
        return base
    number = pa.array(generation + 1).cast(pa.string())
    if request.longest is None or int(lengths.max()) + len(str(request.total)) < request.longest:
        number = pc.if_else(pc.match_substring(base, " "), from_parts(" ", number), number)
    return from_parts(base, pc.if_else(pa.array(generation > 0), number, ""))


def _distinct(pool: Pool, longest: int | None, total: int) -> list[str]:
    """Candidates that differ; where they are fewer than the rows, only those that a number can be appended to."""
    everything = _different(pool.texts.to_pylist(), longest)
    if len(everything) >= total:
        return everything
    room = None if longest is None else longest - len(str(total))
    appendable = _different([text for text in everything if not text[-1].isdigit()], room)
    return appendable or list("abcdefghijklmnopqrstuvwxyz")


def _different(texts: Sequence[str], longest: int | None) -> list[str]:
    seen: dict[str, str] = {}
    for text in texts:
        if longest is None or len(text) <= longest:
            seen.setdefault(text.lower(), text)
    return list(seen.values())
