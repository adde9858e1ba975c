"""Bars for two samples side by side, without a value that fewer than k of the source's rows share.

Takes a column's numbers or codes, gives a `Histogram`. Ends of ranges are round numbers inside the k-th smallest and
largest value, so that no extreme is told.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from dbclone.report.features import Categories, Feature, Numbers
from dbclone.report.figures import Histogram, Measure
from dbclone.report.measures import Codes, Floats
from dbclone.schema import Kind

_BARS = 20
_TOP = 10
_LABEL = 32
_SKEWED, _CROWDED = 30.0, 0.4
_PERIODS = tuple(float(s) for s in (1, 10, 60, 600, 3_600, 21_600)) + tuple(
    86_400.0 * days for days in (1, 2, 7, 14, 30.436875, 91.310625, 182.62125, 365.2425, 730.485, 1826.2125, 3652.425)
)


def histogram(feature: Feature, k: int, owners: Sequence[Codes] = ()) -> Histogram | None:
    """Bars of a column, None where the source has too few rows to show any.

    ``owners`` are the row's parents, one array a foreign key: a value is named where ``k`` rows and ``k`` parents have
    it, so that one customer's address is not named for being on many invoices. A sensitive column has no value named.
    """
    values = feature.values
    if isinstance(values, Numbers):
        return _of_numbers(values, feature.measure, k)
    if feature.type_kind in (Kind.ENUM, Kind.BOOLEAN):
        return _of_categories(values, np.flatnonzero(values.counts > 0))
    return None if feature.sensitive else _of_categories(values, _nameable(values, k, owners))


def count_histogram(source: Codes, clone: Codes, k: int) -> Histogram | None:
    """Bars of children per parent: each number by itself up to where fewer than ``k`` parents are left."""
    if len(source) < 2 * k or not len(clone):
        return None
    top = int(np.sort(source)[-k])
    if top > 12:
        return _of_numbers(Numbers(source.astype(np.float64), clone.astype(np.float64)), Measure.LENGTH, k)
    labels = (*(str(number) for number in range(top)), f"{top}+")
    ours, theirs = (np.bincount(np.minimum(one, top), minlength=top + 1) / len(one) for one in (source, clone))
    return Histogram(labels, _shares(ours), _shares(theirs))


def _nameable(values: Categories, k: int, owners: Sequence[Codes]) -> Codes:
    """The codes that ``k`` rows, and ``k`` parents of every key that has as many, share; frequent ones first."""
    named = values.counts >= k
    width = max(1, len(values.counts))
    for parents in owners:
        linked = (parents >= 0) & (values.source >= 0)
        joint = np.unique(parents[linked] * width + values.source[linked])
        if len(np.unique(joint // width)) >= k:
            named &= np.bincount(joint % width, minlength=len(values.counts)) >= k
    return np.flatnonzero(named)


def _of_categories(values: Categories, named: Codes) -> Histogram | None:
    shown = named[:_TOP]
    if not len(shown) or not values.counts.sum():
        return None
    labels = [_short(_text(values.labels[int(code)].as_py())) for code in shown]
    bar = np.full(len(values.counts), len(shown))
    bar[shown] = np.arange(len(shown))
    sides = [bar[side[side >= 0]] for side in (values.source, values.clone)]
    shares = [np.bincount(side, minlength=len(shown) + 1) / max(1, len(side)) for side in sides]
    if shares[0][-1] or shares[1][-1]:
        return Histogram((*labels, "others"), _shares(shares[0]), _shares(shares[1]))
    return Histogram(tuple(labels), _shares(shares[0][:-1]), _shares(shares[1][:-1]))


def _of_numbers(values: Numbers, measure: Measure, k: int) -> Histogram | None:
    ours, theirs = (side[np.isfinite(side)] for side in (values.source, values.clone))
    if len(ours) < 4 * k:
        return None
    exact, counts = np.unique(ours, return_counts=True)
    if len(exact) <= _BARS and counts.min() >= k:
        return _of_spikes(exact, ours, theirs, measure)
    ordered = np.sort(ours)
    low = max(ordered[k - 1], float(np.quantile(ordered, 0.01)))
    high = min(ordered[-k], float(np.quantile(ordered, 0.99)))
    if not high > low:
        return None
    edges, step = _even_edges(low, high, measure, bool((ordered == np.round(ordered)).all()))
    if measure is not Measure.TIME and low > 0.0 and high / low > _SKEWED and _crowded(edges, ours):
        edges = _growing_edges(low, high)
    if not 1 <= len(edges) <= 3 * _BARS:
        return None
    bars = [np.bincount(np.searchsorted(edges, one, side="right"), minlength=len(edges) + 1) for one in (ours, theirs)]
    names = [_name(edge, step, measure) for edge in edges]
    between = [f"{a} – {b}" for a, b in itertools.pairwise(names)]
    return Histogram((f"< {names[0]}", *between, f"≥ {names[-1]}"), *(_shares(bar / max(1, bar.sum())) for bar in bars))


def _even_edges(low: float, high: float, measure: Measure, whole: bool) -> tuple[Floats, float]:
    step = _step(high - low, measure, whole)
    edges: Floats = np.arange(math.floor(low / step) + 1, math.ceil(high / step)).astype(np.float64) * step
    return edges, step


def _growing_edges(low: float, high: float) -> Floats:
    """1, 2, 5, 10, 20, 50... between both: bars for values that lie orders of magnitude apart."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    edges = np.array([factor * 10.0**power for power in powers for factor in (1.0, 2.0, 5.0)])
    return edges[(edges > low) & (edges < high)]


def _crowded(edges: Floats, values: Floats) -> bool:
    counts = np.bincount(np.searchsorted(edges, values, side="right"))
    return bool(counts.max() > _CROWDED * len(values))


def _of_spikes(exact: Floats, ours: Floats, theirs: Floats, measure: Measure) -> Histogram:
    labels = [_name(value, 0.0, measure) for value in exact]
    shares = []
    for side in (ours, theirs):
        place = np.minimum(np.searchsorted(exact, side), len(exact) - 1)
        codes = np.where(exact[place] == side, place, len(exact))
        shares.append(np.bincount(codes, minlength=len(exact) + 1) / max(1, len(side)))
    if shares[1][-1]:
        return Histogram((*labels, "others"), _shares(shares[0]), _shares(shares[1]))
    return Histogram(tuple(labels), _shares(shares[0][:-1]), _shares(shares[1][:-1]))


def _step(span: float, measure: Measure, whole: bool) -> float:
    least = span / _BARS
    if measure is Measure.TIME:
        return next((period for period in _PERIODS if period >= least), _PERIODS[-1] * math.ceil(least / _PERIODS[-1]))
    power = 10.0 ** math.floor(math.log10(least))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= least * 0.999)
    return max(1.0, step) if whole else step


def _name(value: float, step: float, measure: Measure) -> str:
    if measure is Measure.TIME:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=min(max(value, -6.2e10), 2.5e11))
        if 0 <= value < 86_400 and step < 86_400:
            return moment.strftime("%H:%M:%S" if step < 60 else "%H:%M")
        day = f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}"
        whole = value % 86_400 == 0 if not step else step >= 86_400
        return day if whole else f"{day} {moment:%H:%M}"
    return f"{value:,.10g}" if abs(value) < 1e15 else f"{value:.3g}"


def _text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _short(text: str) -> str:
    return text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"


def _shares(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)
