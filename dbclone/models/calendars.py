"""What many parents' children have in common at a time: school holidays of a state, weather of a place, a list price.

Takes a child's numbers, categories and driving parents, gives Calendars: parents fall into few classes, and all of a
class have the same value at the same time. Never holds a cell that fewer than k parents share.

Classes are found by leader clustering (Hartigan, 1975) of the parents' values by time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dbclone.models.table import Calendar
from dbclone.models.work import Work
from dbclone.schema import Kind

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_MOST_CLASSES = 48
_MOST_TIMES = 5_000
_MOST_CELLS = 20_000_000
_FEWEST_TIMES = 10
_ALIKE = 0.98
"""Of the times at which parents differ and that two parents of a class have in common, those at which these agree."""
_AGREED = 0.98
_MOST_LEFT = 0.3
"""Of what the most frequent value of all does not explain, the share that classes may leave unexplained, too."""


@dataclass(frozen=True)
class Found:
    """A calendar, and the class (parents,) of each parent from 1 on, 0 without children."""

    calendar: Calendar
    classes: Rows


def find_calendars(child: Work, parents: int, k: int) -> dict[str, Found]:
    """The columns of ``child`` that its driving parents' classes and another column tell, each with its calendar."""
    if child.driver < 0 or child.real:
        return {}
    parent = child.links[child.driver]
    found: dict[str, Found] = {}
    columns: list[tuple[str, Rows, Floats]] = []
    for time, values in _times(child, parent, parents, k):
        columns = columns or list(_columns(child))
        for column, codes, meant in columns:
            if column in found or column == time:
                continue
            one = _find(time, values, codes, meant, parent, parents, k)
            if one is not None:
                found[column] = one
    return found


def _times(child: Work, parent: Rows, parents: int, k: int) -> Iterator[tuple[str, Floats]]:
    """Columns by which children of many parents meet, one child of each parent at a time."""
    for name, values in child.numbers.items():
        kind = child.table.column(name).type
        dated = (kind.is_temporal and kind.kind is not Kind.TIME) or kind.kind is Kind.INTEGER
        usable = (parent >= 0) & ~np.isnan(values)
        if not dated or not child.is_coded(name) or usable.mean() < 0.95:
            continue
        times = np.unique(values[usable])
        most = min(_MOST_TIMES, _MOST_CELLS / max(1, parents), usable.sum() / (2 * k))
        if not _FEWEST_TIMES <= len(times) <= most:
            continue
        pairs = len(np.unique(parent[usable] * len(times) + np.searchsorted(times, values[usable])))
        if pairs >= 0.95 * usable.sum():
            yield name, values


def _columns(child: Work) -> Iterator[tuple[str, Rows, Floats]]:
    """Columns that may follow a calendar: their codes (rows,), -1 for a NULL number, and what each code means."""
    for name, given in child.categories.items():
        if child.is_coded(name):
            size = child.category_codecs[name].size
            yield name, given.astype(np.int64), np.arange(size, dtype=np.float64)
    for name, values in child.numbers.items():
        if child.is_coded(name):
            known = ~np.isnan(values)
            meant, inverse = np.unique(values[known], return_inverse=True)
            codes = np.full(len(values), -1, np.int64)
            codes[known] = inverse
            yield name, codes, meant


def _find(
    time: str, values: Floats, codes: Rows, meant: Floats, parent: Rows, parents: int, k: int
) -> Found | None:
    usable = (parent >= 0) & ~np.isnan(values) & (codes >= 0)
    if usable.sum() < 0.95 * len(codes) or len(np.unique(codes[usable])) < 2:
        return None
    times, place = np.unique(values[usable], return_inverse=True)
    owner, seen = parent[usable], codes[usable]
    usual = np.bincount(seen).max() / len(seen)
    if _keeps_to_itself(owner, seen) > 1 - 0.5 * (1 - usual):
        return None
    table = np.full((parents, len(times)), -1, np.int32)
    table[owner, place] = seen
    classes = _classes(table, k)
    if classes is None:
        return None
    told, agreed = _told(table, classes, k)
    if agreed < _AGREED or 1 - agreed > _MOST_LEFT * (1 - usual):
        return None
    shown = np.where(told >= 0, meant[np.clip(told, 0, None)], np.nan)
    return Found(Calendar(time, times, shown), classes)


def _keeps_to_itself(owner: Rows, seen: Rows) -> float:
    """Share of the rows whose value is the one that most of their siblings have."""
    joint, counts = np.unique(owner * (int(seen.max()) + 1) + seen, return_counts=True)
    most = np.zeros(int(owner.max()) + 1, np.int64)
    np.maximum.at(most, joint // (int(seen.max()) + 1), counts)
    return float(most.sum() / len(seen))


def _classes(table: npt.NDArray[np.int32], k: int) -> Rows | None:
    """(parents,) the class of each row of ``table`` (parents, times; -1 where unknown) from 1 on; None where they are
    too many, or one would be of fewer than k parents."""
    there: npt.NDArray[np.bool_] = np.asarray((table >= 0).any(axis=1))
    table = table[:, _contested(table, k)]
    if not table.shape[1]:
        return np.where(there, 1, 0)
    leaders = np.empty((_MOST_CLASSES * 2, table.shape[1]), np.int32)
    count = 0
    classes = np.zeros(len(table), np.int64)
    for number in np.argsort(-(table >= 0).sum(axis=1), kind="stable"):
        row = table[number]
        known = row >= 0
        if not known.any():
            break
        shared = known & (leaders[:count] >= 0)
        agreed = ((leaders[:count] == row) & shared).sum(axis=1) / np.maximum(1, shared.sum(axis=1))
        agreed[shared.sum(axis=1) < 0.5 * known.sum()] = 0.0
        best = int(agreed.argmax()) if count else -1
        if best < 0 or agreed[best] < _ALIKE:
            if count == len(leaders):
                return None
            best = count
            leaders[count] = -1
            count += 1
        leaders[best] = np.where(leaders[best] >= 0, leaders[best], row)
        classes[number] = best + 1
    return _merged(table, leaders[:count], classes, k)


def _contested(table: npt.NDArray[np.int32], k: int) -> Rows:
    """The times at which k parents or more have another value than most."""
    size = int(table.max()) + 1
    parent, place = np.nonzero(table >= 0)
    joint, counts = np.unique(place * size + table[parent, place], return_counts=True)
    most = np.zeros(table.shape[1], np.int64)
    np.maximum.at(most, joint // size, counts)
    return np.flatnonzero(np.bincount(place, minlength=table.shape[1]) - most >= k)


def _merged(
    table: npt.NDArray[np.int32], leaders: npt.NDArray[np.int32], classes: Rows, k: int
) -> Rows | None:
    """``classes`` without those of fewer than k parents, whose parents go where they agree most; None where none is
    left or too many are."""
    sizes = np.bincount(classes, minlength=len(leaders) + 1)
    kept = np.flatnonzero(sizes[1:] >= k)
    if not 0 < len(kept) <= _MOST_CLASSES or sizes[1:][kept].sum() < 0.8 * sizes[1:].sum():
        return None
    renumbered = np.zeros(len(leaders) + 1, np.int64)
    renumbered[kept + 1] = np.arange(len(kept)) + 1
    result: Rows = renumbered[classes]
    for number in np.flatnonzero((classes > 0) & (result == 0)):
        agreed = ((leaders[kept] == table[number]) & (table[number] >= 0)).sum(axis=1)
        result[number] = int(agreed.argmax()) + 1
    return result


def _told(table: npt.NDArray[np.int32], classes: Rows, k: int) -> tuple[npt.NDArray[np.int32], float]:
    """(classes, times) the value that most parents of a class have, -1 where fewer than k have it; and the share of all
    values that are told so."""
    told = np.full((int(classes.max(initial=0)), table.shape[1]), -1, np.int32)
    right = 0
    size = int(table.max()) + 1
    for number in range(len(told)):
        own = table[classes == number + 1]
        parent, place = np.nonzero(own >= 0)
        joint, counts = np.unique(place * size + own[parent, place], return_counts=True)
        order = np.lexsort((joint, counts))
        # The most frequent value of each time is written last.
        often = order[counts[order] >= k]
        told[number, joint[often] // size] = joint[often] % size
        right += int(((own == told[number]) & (own >= 0)).sum())
    return told, right / max(1, int((table >= 0).sum()))
