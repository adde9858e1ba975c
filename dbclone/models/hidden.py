"""Hidden columns: what a parent row knows of its children before they exist.

Takes the children's numbers and their parent's row numbers, gives one number a parent and summary, most telling first.
Never sees a name or a text. The extended-parent scheme is that of DESIGN.md; the choice of summaries is by the
between-parent share of variance (intraclass correlation, Fisher 1925).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dbclone.models.parallel import each

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
_PROPORTIONS = 4
_TOGETHER = 0.4
"""Correlation from which on the ratio of two numbers is of interest."""

_COMPARED = 10_000
"""Parents, or a few more, on which two summaries are compared."""


@dataclass(frozen=True)
class Summary:
    """``values`` (parents,) NaN where there is nothing to summarise; ``telling`` is its intraclass correlation."""

    what: str
    values: Floats
    telling: float


def count_children(parent: Rows, parents: int) -> Floats:
    """Children per parent (parents,)."""
    return np.bincount(parent[parent >= 0], minlength=parents).astype(np.float64)


def bounds(parent: Rows, parents: int, values: Floats) -> tuple[Floats, Floats]:
    """The lowest and the highest of each parent's children's values (parents,), NaN where there is none."""
    usable = (parent >= 0) & ~np.isnan(values)
    low, high = np.full(parents, np.inf), np.full(parents, -np.inf)
    np.minimum.at(low, parent[usable], values[usable])
    np.maximum.at(high, parent[usable], values[usable])
    return np.where(np.isfinite(low), low, np.nan), np.where(np.isfinite(high), high, np.nan)


def proportions(numbers: Mapping[str, Floats]) -> dict[str, Floats]:
    """The logarithms of the ratios of those ``numbers`` (rows,) that rise together: sales a customer, price a unit.

    At most `_PROPORTIONS` of them; NaN where one of both is not positive.
    """
    positive = {}
    for name, values in numbers.items():
        with np.errstate(invalid="ignore"):
            usable = values > 0
        if usable.mean() > 0.5:
            positive[name] = np.log(np.where(usable, values, np.nan))
    found: list[tuple[float, str, Floats]] = []
    for first, second in itertools.combinations(positive, 2):
        both = ~np.isnan(positive[first]) & ~np.isnan(positive[second])
        a, b = positive[first][both], positive[second][both]
        if both.mean() > 0.5 and a.std() > 0 and b.std() > 0:
            together = abs(float(np.corrcoef(a, b)[0, 1]))
            found.append((together, f"{first} / {second}", positive[first] - positive[second]))
    found.sort(key=lambda one: -one[0])
    return {name: ratio for together, name, ratio in found[:_PROPORTIONS] if together > _TOGETHER}


def summarise(
    parent: Rows, parents: int, numbers: dict[str, Floats], categories: dict[str, Codes], *, most: int
) -> list[Summary]:
    """At most ``most`` summaries of the child's columns per parent, those that differ most between parents."""
    linked = parent >= 0
    owner = parent[linked]
    counts = np.bincount(owner, minlength=parents)

    def of_numbers(name: str) -> list[Summary]:
        return _number_summaries(name, numbers[name][linked], owner, parents)

    def of_categories(name: str) -> list[Summary]:
        return _category_summaries(name, categories[name][linked], owner, parents, counts)

    described = [*each(of_numbers, numbers, len(owner)), *each(of_categories, categories, len(owner))]
    found = [summary for summaries in described for summary in summaries]
    found.sort(key=lambda summary: -summary.telling)
    chosen: list[Summary] = []
    step = max(1, parents // _COMPARED)
    for summary in found:
        if summary.telling <= 0.02 or len(chosen) == most:
            break
        if not any(_alike(summary.values[::step], other.values[::step]) for other in chosen):
            chosen.append(summary)
    return chosen


def _alike(first: Floats, second: Floats) -> bool:
    """True where one summary says nothing that the other does not."""
    both = ~np.isnan(first) & ~np.isnan(second)
    if both.sum() < 10 or (np.isnan(first) != np.isnan(second)).mean() > 0.05:
        return False
    a, b = first[both], second[both]
    if a.std() == 0 or b.std() == 0:
        return bool(a.std() == b.std())
    return bool(abs(np.corrcoef(a, b)[0, 1]) > 0.98)


def _number_summaries(name: str, values: Floats, owner: Rows, parents: int) -> list[Summary]:
    valid = ~np.isnan(values)
    if valid.sum() < 10:
        return []
    values, owner = values[valid], owner[valid]
    centre, spread = values.mean(), values.std()
    if spread == 0:
        return []
    values = (values - centre) / spread
    counts = np.bincount(owner, minlength=parents).astype(np.float64)
    has = counts > 0
    mean = np.full(parents, np.nan)
    mean[has] = np.bincount(owner, values, parents)[has] / counts[has]
    telling = _intraclass(values, owner, counts, mean)
    several = counts > 1
    # In the column's own units, so that children's values can be coded against it.
    result = [Summary(f"mean {name}", mean * spread + centre, telling)]
    if several.sum() > 20:
        low = np.full(parents, np.inf)
        high = np.full(parents, -np.inf)
        np.minimum.at(low, owner, values)
        np.maximum.at(high, owner, values)
        extent = np.where(several, high - low, np.nan)
        # Spans say how far a family's values reach; sequences (dates, series) need them more than means.
        result.append(Summary(f"span {name}", extent, 0.6 * _distinctness(extent[several], counts[several], telling)))
        result.append(Summary(f"low {name}", np.where(has, low, np.nan), 0.8 * telling))
        result.append(Summary(f"high {name}", np.where(has, high, np.nan), 0.7 * telling))
    return result


def _distinctness(extent: Floats, counts: Floats, telling: float) -> float:
    """How much a family's span says beyond its size: variance of the span left after its mean per size."""
    total = extent.var()
    if total == 0:
        return 0.0
    size = np.minimum(counts, 30).astype(np.int64)
    per_size = np.bincount(size, extent) / np.maximum(1, np.bincount(size))
    left = (extent - per_size[size]).var()
    return float(min(1.0, left / total)) * (0.3 + 0.7 * telling)


def _category_summaries(name: str, codes: Codes, owner: Rows, parents: int, counts: Rows) -> list[Summary]:
    frequencies = np.bincount(codes, minlength=256)
    order = np.argsort(-frequencies, kind="stable")
    present = [int(code) for code in order if frequencies[code] > 0]
    if len(present) < 2:
        return []
    has = counts > 0
    result = []
    for code in present[: 3 if len(present) > 2 else 1]:
        flags = (codes == code).astype(np.float64)
        share = np.full(parents, np.nan)
        share[has] = np.bincount(owner, flags, parents)[has] / counts[has]
        telling = _intraclass(flags, owner, counts.astype(np.float64), share)
        result.append(Summary(f"share {name}={code}", share, telling))
    if 2 < len(present) <= 250:
        mode, sticky = _mode(codes, owner, parents)
        if sticky > 0:
            result.append(Summary(f"mode {name}", mode, sticky))
    return result


def _mode(codes: Codes, owner: Rows, parents: int) -> tuple[Floats, float]:
    """Each parent's most frequent code, and how far its share exceeds what chance gives."""
    joint, repeats = np.unique(owner * 256 + codes, return_counts=True)
    order = np.lexsort((joint % 256, -repeats, joint // 256))
    parent, first = np.unique((joint // 256)[order], return_index=True)
    mode = np.full(parents, np.nan)
    mode[parent] = (joint[order] % 256)[first]
    sizes = np.bincount(owner, minlength=parents)[parent]
    several = sizes > 1
    if several.sum() < 20:
        return mode, 0.0
    top = repeats[order][first][several] / sizes[several]
    same = float(((top * sizes[several] - 1) / (sizes[several] - 1)).mean())
    shares = np.bincount(codes, minlength=256) / len(codes)
    chance = float((shares**2).sum())
    return mode, max(0.0, (same - 2 * chance) / max(1e-9, 1 - chance))


def _intraclass(values: Floats, owner: Rows, counts: Floats, mean: Floats) -> float:
    """Share of the variance that lies between parents, less what chance puts there."""
    groups = int((counts > 0).sum())
    rows = len(values)
    if groups < 2 or rows <= groups:
        return 1.0 if groups == rows and groups > 1 else 0.0
    within = float(((values - mean[owner]) ** 2).sum()) / (rows - groups)
    between = float((counts[counts > 0] * (mean[counts > 0] - values.mean()) ** 2).sum()) / (groups - 1)
    size = (rows - float((counts**2).sum()) / rows) / (groups - 1)
    return max(0.0, (between - within) / (between + (size - 1) * within)) if between + (size - 1) * within > 0 else 0.0
