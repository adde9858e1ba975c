"""Distances between two samples, and what sampling noise alone would cost each.

Takes numpy arrays of numbers or codes, gives figures between 0 and 1 (1 is alike). Never sees a table or a column.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

_KS_NOISE = 0.8687
"""The mean of the Kolmogorov distribution: what sqrt(nm / (n + m)) * KS is on average for equal distributions."""


class Figure(NamedTuple):
    """``value`` was reached, ``expected`` is what a second sample of the same data would reach on average."""

    value: float
    expected: float


def ks_likeness(source: Floats, clone: Floats) -> Figure:
    """1 - the two-sample Kolmogorov-Smirnov distance of numbers without NaN; 0 where only one side is empty."""
    n, m = len(source), len(clone)
    if not n or not m:
        return Figure(float(n == m), 1.0)
    ours, theirs = np.sort(source), np.sort(clone)
    # Both functions step at values of either side: comparing after each step of each side finds the largest distance.
    at_ours = np.searchsorted(ours, ours, side="right") / n - np.searchsorted(theirs, ours, side="right") / m
    at_theirs = np.searchsorted(ours, theirs, side="right") / n - np.searchsorted(theirs, theirs, side="right") / m
    distance = max(float(np.abs(at_ours).max()), float(np.abs(at_theirs).max()))
    noise = min(1.0, _KS_NOISE * math.sqrt((n + m) / (n * m)))
    ties = _largest_tie(ours)
    # One value that everybody has cannot be off: KS noise shrinks with the spread that is left.
    return Figure(1.0 - distance, 1.0 - noise * min(1.0, 2.0 * math.sqrt(ties * (1.0 - ties)) if ties > 0.5 else 1.0))


def tv_likeness(source: Codes, clone: Codes, width: int, clustered: Floats | None = None) -> Figure:
    """1 - the total variation of two samples of codes in ``range(width)``; 0 where only one side is empty.

    ``clustered`` is a further relative variance of each code's share, for rows that come in families.
    """
    n, m = len(source), len(clone)
    if not n or not m:
        return Figure(float(n == m), 1.0)
    ours = np.bincount(source, minlength=width)
    distance = 0.5 * float(np.abs(ours / n - np.bincount(clone, minlength=width) / m).sum())
    return Figure(max(0.0, 1.0 - distance), 1.0 - _tv_noise(ours, m, clustered))


def families(parents: Codes) -> float:
    """Kish's effective number of families: fewer than there are parents where some have most of the children."""
    sizes = np.bincount(parents).astype(np.float64)
    squares = float((sizes**2).sum())
    return float(sizes.sum()) ** 2 / squares if squares else 0.0


def family_variance(bins: Codes, width: int, source: float, clone: float) -> Floats:
    """The relative variance that each bin of a parent's column owes to whole families being drawn, not single rows.

    ``bins`` holds one entry a child of the source; ``source`` and ``clone`` are effective numbers of families.
    """
    share = np.bincount(bins, minlength=width) / max(1, len(bins))
    inverse = 1.0 / max(1.0, source) + 1.0 / max(1.0, clone)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance: Floats = np.where(share > 0.0, (1.0 - share) / share * inverse, 0.0)
    return variance


def _tv_noise(counts: npt.NDArray[np.int64], m: int, clustered: Floats | None) -> float:
    """The mean total variation between a sample with these counts and a second one of ``m`` rows.

    Shares that were seen are overrated by the share of what was not: Turing's estimate says by how much (the rows whose
    cell has no other). The rest is the mean of a folded normal law around that shift.
    """
    n = int(counts.sum())
    seen = counts > 0
    unseen = 0.0 if seen.all() else float((counts == 1).sum()) / n
    share = counts[seen] / n
    variance = (1.0 - unseen) * share * (1.0 - share) * (1.0 / n + 1.0 / m)
    if clustered is not None:
        variance += clustered[seen] * share**2
    return min(1.0, 0.5 * (unseen + float(_folded_mean(unseen * share, np.sqrt(variance)).sum())))


def _folded_mean(shift: Floats, spread: Floats) -> Floats:
    """The mean distances from 0 of normal laws."""
    z = np.minimum(shift / np.maximum(spread, 1e-12), 30.0)
    mean: Floats = spread * math.sqrt(2.0 / math.pi) * np.exp(-z * z / 2.0) + shift * _erf(z / math.sqrt(2.0))
    return mean


def _erf(x: Floats) -> Floats:
    """The error function for x >= 0, right to seven digits (Abramowitz and Stegun, 7.1.26)."""
    t = 1.0 / (1.0 + 0.3275911 * x)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    value: Floats = 1.0 - series * np.exp(-x * x)
    return value


def _largest_tie(ordered: Floats) -> float:
    """The share of the most frequent value of a sorted sample, where it is more than half (else any number below)."""
    middle = ordered[len(ordered) // 2]
    low, high = np.searchsorted(ordered, middle, side="left"), np.searchsorted(ordered, middle, side="right")
    return float(high - low) / len(ordered)


def auc(scores: Floats, positive: npt.NDArray[np.bool_]) -> float:
    """The area under the ROC curve by ranks, ties counted half."""
    n, m = int(positive.sum()), int((~positive).sum())
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    return float((ranks[positive].sum() - n * (n + 1) / 2.0) / (n * m))
