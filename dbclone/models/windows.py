"""When a parent's children come: a career, a season, the time on sale, along the order in which rows are made.

Takes the rows' driving parents and the links of another key, says along which column of the driving parent the other
key's children lie together, and from where to where each parent's reach. Never sees values of the rows themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dbclone.models.hidden import bounds
from dbclone.models.table import PLACE
from dbclone.models.work import Work
from dbclone.schema import Kind

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_LEAST_GAIN = 0.3
"""Nats a row that windows have to save."""
_FEWEST = 60


def times_of(axis: Floats, parent: Rows) -> Floats:
    """(rows,) when each row comes, in (0, 1): the middle of its family's ranks where families are sorted by ``axis``
    (parents,), NaN last, and then as they lie. Rows without a parent (-1) come between, as they lie."""
    rows = len(parent)
    times = (np.arange(rows) + 0.5) / max(1, rows)
    linked = parent >= 0
    if not linked.any():
        return times
    order = np.argsort(np.where(np.isnan(axis), np.inf, axis), kind="stable")
    sizes = np.bincount(parent[linked], minlength=len(axis))
    ends = np.empty(len(axis))
    ends[order] = np.cumsum(sizes[order])
    middle = (ends - 0.5 * sizes) / linked.sum()
    times[linked] = middle[parent[linked]]
    return times


def reach(times: Floats, parent: Rows, parents: int) -> tuple[Floats, Floats]:
    """When the first child of each parent (parents,) comes, and how long after it the last one; NaN without any."""
    first, last = bounds(parent, parents, times)
    return first, last - first


def row_times(work: Work, driving: Work, axis: str) -> Floats:
    """(rows,) when each row of ``work`` comes along ``axis`` of its driving parent."""
    values = np.arange(driving.rows, dtype=np.float64) if axis == PLACE else driving.numbers[axis]
    return times_of(values, work.links[work.driver])


def find_axis(work: Work, driving: Work, number: int) -> tuple[str, float]:
    """The column of the driving parent along which the children of key ``number`` lie together most, and the nats a
    row that this saves; empty and 0 where it is not worth it."""
    best, most = "", _LEAST_GAIN
    if work.rows < _FEWEST:
        return "", 0.0
    for name in _axes(driving):
        gain = _gain(row_times(work, driving, name), work.links[number])
        if gain > most:
            best, most = name, gain
    return (best, most) if best else ("", 0.0)


def _axes(driving: Work) -> Iterator[str]:
    """What might tell time: dates of the driving parent, and its rows' places."""
    yield PLACE
    for name, values in driving.numbers.items():
        kind = driving.table.column(name).type
        dated = kind.is_temporal and kind.kind is not Kind.TIME
        if dated and driving.is_coded(name) and np.isnan(values).mean() < 0.05:
            yield name


def _gain(times: Floats, parent: Rows) -> float:
    """Nats a row that it saves to know from when to when each parent has children, less what chance saves.

    Of n children at random times the first and the last are (n - 1) / (n + 1) apart; the n - 2 between are what the
    window tells of.
    """
    linked = parent >= 0
    if linked.sum() < _FEWEST:
        return 0.0
    counts = np.bincount(parent[linked])
    _, extent = reach(times, parent, len(counts))
    several = counts > 2
    sizes = counts[several].astype(np.float64)
    chance = (sizes - 1) / (sizes + 1)
    share = np.maximum(extent[several], 1.0 / linked.sum()) / chance
    return float(((sizes - 2) * -np.log(share)).sum() / linked.sum())


def clump_of(parent: Rows, driver: Rows) -> float:
    """How many of a parent's rows come together in one family, on the mean."""
    both = (parent >= 0) & (driver >= 0)
    pairs = len(np.unique(parent[both] * (int(driver.max(initial=0)) + 1) + driver[both]))
    return float(both.sum()) / pairs if pairs else 1.0


def find_mate(work: Work, number: int, others: list[int], times: Floats) -> tuple[int, npt.NDArray[np.bool_]]:
    """The key among ``others`` whose parent's previous row mostly has the same parent along key ``number`` (a driver's
    team), and the rows (rows,) that do have it; -1 where there is none."""
    parent = work.links[number]
    shares = np.bincount(parent[parent >= 0]) / max(1, int((parent >= 0).sum()))
    chance = float((shares**2).sum())
    best, most, same = -1, max(0.5, chance + 0.2), np.zeros(work.rows, bool)
    for other in others:
        order = np.lexsort((np.arange(work.rows), times, work.links[other]))
        mate, mine = work.links[other][order], parent[order]
        follows = (mate[1:] == mate[:-1]) & (mate[1:] >= 0) & (mine[1:] >= 0)
        again = follows & (mine[1:] == mine[:-1])
        share = float(again.sum()) / max(1, int(follows.sum()))
        # Where hardly any row follows another of its kind there is little to say.
        if share > most and follows.mean() > 0.3:
            best, most = other, share
            same = np.zeros(work.rows, bool)
            same[order[1:]] = again
    return best, same
