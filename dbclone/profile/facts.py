"""What one column's rows say, counted once: nulls, distinct values, how much of it k rows share.

Takes an Arrow column, gives Facts. Lives only while a profile is learned: Facts hold real values and are never stored.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MOST_VALUES = 20_000
"""Distinct values that learning looks at; patterns and words are long stable by then."""

CHECKED_VALUES = 1_000
"""Distinct values that a content test (a regular expression, a vocabulary) is run on."""


@dataclass(frozen=True)
class Facts:
    """``texts`` are distinct values, most frequent first, ``counts`` how many rows hold each (string columns only);
    ``every`` distinct value is more than these where they are many.

    ``covered`` is the share of non-null rows whose value at least k rows share, ``frequent`` the number of such values,
    here or, of those that are ``vouched`` for, in another column.
    """

    rows: int
    nulls: int
    distinct: int
    covered: float = 0.0
    frequent: int = 0
    texts: tuple[str, ...] = field(default=(), repr=False)
    counts: tuple[int, ...] = field(default=(), repr=False)
    lengths: tuple[int, ...] = field(default=(), repr=False)
    vouched: frozenset[str] = field(default=frozenset(), repr=False)
    every: pa.Array = field(default_factory=lambda: pa.array([], pa.string()), repr=False, compare=False)

    def shared(self, k: int) -> frozenset[str]:
        """The values that k rows or more share."""
        return frozenset(text for text, count in zip(self.texts, self.counts, strict=True) if count >= k)

    def vouched_by(self, words: frozenset[str], k: int) -> Facts:
        """The same where k rows of another column share each of ``words``."""
        rare = zip(self.texts, self.counts, strict=True)
        vouched = {text: count for text, count in rare if count < k and text in words}
        if not vouched:
            return self
        covered = self.covered + sum(vouched.values()) / max(1, self.present)
        return replace(self, covered=covered, frequent=self.frequent + len(vouched), vouched=frozenset(vouched))

    def spread(self, most: int) -> list[str]:
        """Texts as often as rows hold them, at most ``most``: an even spread."""
        places = np.repeat(np.arange(len(self.texts)), self.counts)
        if len(places) > most:
            places = places[np.linspace(0, len(places) - 1, most).astype(np.int64)]
        return [self.texts[place] for place in places]

    @property
    def present(self) -> int:
        return self.rows - self.nulls

    @property
    def null_share(self) -> float:
        return self.nulls / self.rows if self.rows else 0.0

    @property
    def rareness(self) -> float:
        """Distinct values a row: 1 where no value repeats."""
        return self.distinct / self.present if self.present else 0.0

    @functools.cached_property
    def checked(self) -> tuple[str, ...]:
        """An even spread over the distinct values, without surrounding blanks."""
        step = max(1, len(self.texts) // CHECKED_VALUES)
        return tuple(text.strip() for text in self.texts[::step] if text.strip())

    @functools.cached_property
    def widest(self) -> int:
        return max(map(len, self.texts), default=0)


def count_column(column: pa.ChunkedArray, k: int) -> Facts:
    """Counts one column; texts are collected for string columns only."""
    rows, nulls = len(column), column.null_count
    if not pa.types.is_string(column.type):
        return Facts(rows, nulls, _distinct(column))
    counted = column.combine_chunks().value_counts()
    values, counts = counted.field("values"), counted.field("counts").to_numpy()
    real = values.is_valid().to_numpy(zero_copy_only=False)
    values, counts = values.filter(pa.array(real)), counts[real]
    shared = counts >= k
    present = max(1, rows - nulls)
    order = np.argsort(-counts, kind="stable")[:MOST_VALUES]
    return Facts(
        rows,
        nulls,
        len(values),
        covered=float(counts[shared].sum() / present),
        frequent=int(shared.sum()),
        texts=tuple(values.take(pa.array(order)).to_pylist()),
        counts=tuple(counts[order].tolist()),
        lengths=length_quantiles(column, k),
        every=values,
    )


def length_quantiles(column: pa.ChunkedArray, k: int, steps: int = 64) -> tuple[int, ...]:
    """Text lengths at even ranks; the k shortest and the k longest rows only lend a length that they share."""
    lengths = pc.utf8_length(column).combine_chunks().drop_null().to_numpy(zero_copy_only=False)
    lengths = np.sort(lengths[lengths > 0])
    if len(lengths) == 0:
        return ()
    edge = min(k - 1, (len(lengths) - 1) // 2)
    inner = lengths[edge : len(lengths) - edge]
    ranks = np.linspace(0, len(inner) - 1, min(steps, len(inner))).round().astype(np.int64)
    return tuple(int(length) for length in inner[ranks])


def _distinct(column: pa.ChunkedArray) -> int:
    if pa.types.is_binary(column.type):
        lengths = pc.binary_length(column).to_numpy()
        if np.nan_to_num(lengths).sum() > 50_000_000:
            return int(len(column) - column.null_count)
    distinct: int = pc.count_distinct(column, mode="only_valid").as_py()
    return distinct
