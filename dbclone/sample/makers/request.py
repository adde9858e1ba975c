"""What a maker is asked for: one text for each of some rows.

Takes settings learned by the profile, gives pa.Array of strings. Never sees a source value.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Request:
    """Texts wanted for ``numbers`` (the rows' numbers in the whole table, of ``total``), each near its ``lengths``.

    ``longest`` is the declared maximum in characters, None where there is none.
    """

    column: str
    settings: dict[str, Any]
    lengths: Ints
    numbers: Ints
    total: int
    unique: bool
    locale: str
    rng: np.random.Generator = field(repr=False)

    @property
    def size(self) -> int:
        return len(self.lengths)

    @property
    def longest(self) -> int | None:
        longest: int | None = self.settings.get("max")
        return longest

    def shuffled(self) -> Ints:
        """The rows' numbers under a permutation of the whole table that depends on the column alone."""
        return permute(self.numbers, self.total, stable_seed(self.column))


def stable_seed(*parts: object) -> int:
    """A seed from names and settings, the same in every process."""
    return zlib.crc32(json.dumps(parts, sort_keys=True, default=str).encode())


def permute(numbers: Ints, total: int, seed: int) -> Ints:
    """A bijection of 0..total-1: a Feistel network over the next power of four, walked until it lands inside."""
    if total <= 2:
        return numbers % max(1, total)
    half = max(1, (int(total - 1).bit_length() + 1) // 2)
    result = _feistel(numbers.astype(np.uint64), half, seed)
    outside = result >= total
    while outside.any():
        result[outside] = _feistel(result[outside], half, seed)
        outside = result >= total
    return result.astype(np.int64)


def _feistel(numbers: npt.NDArray[np.uint64], half: int, seed: int) -> npt.NDArray[np.uint64]:
    mask = np.uint64((1 << half) - 1)
    left, right = numbers >> np.uint64(half), numbers & mask
    for turn in range(4):
        key = np.uint64((seed * 2654435761 + turn * 40503) & 0xFFFFFFFF)
        mixed = (right + key) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
        left, right = right, left ^ ((mixed >> np.uint64(32)) & mask)
    return (left << np.uint64(half)) | right


def from_parts(*parts: pa.Array | str) -> pa.Array:
    """Texts joined row by row."""
    return pc.binary_join_element_wise(*parts, "")
