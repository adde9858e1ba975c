"""The order of a table's rows: what it follows.

Takes a Work and its key models, gives an OrderModel. Never sorts anything.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.models.table import KeyModel, OrderKey, OrderModel
from dbclone.models.work import Work
from dbclone.profile.value import Role

Floats = npt.NDArray[np.float64]
_FEWEST = 30
PLACED_ROWS = 40
"""Rows from which on it can be learned what goes with their places."""
_RANKED = 20_000
"""Texts that are put into the order of the alphabet."""
_LEAST = 0.3
"""Correlation with their place below which rows follow a column as good as not."""


def fit_order(work: Work, models: list[KeyModel], *, placed: bool = False) -> OrderModel:
    """What the rows' order follows: columns and parents that rise with it, the coarsest first.

    ``placed`` where an order that nothing leads to may be drawn row by row.
    """
    if work.rows < 3:
        return OrderModel()
    keys: list[OrderKey] = []
    tied = np.ones(work.rows - 1, bool)
    for _ in range(3):
        found = _next_order_key(work, tied, keys, models)
        if found is None:
            break
        key, values = found
        keys.append(key)
        tied &= values[1:] == values[:-1]
        if tied.mean() < 0.02:
            break
    families = work.driver >= 0 and not work.order_column and _in_families(work)
    if placed and not keys and not families and work.rows >= PLACED_ROWS:
        return OrderModel(texts=_risen_texts(work), placed=True)
    loose = None if keys else _loose_key(work, models, families)
    keys += [loose] if loose else []
    return OrderModel(tuple(keys), not keys and work.driver >= 0 and not families, _risen_texts(work))


def _loose_key(work: Work, models: list[KeyModel], families: bool) -> OrderKey | None:
    """What the order follows on the whole though not from row to row; only the driver would not part families."""
    best, most = None, _LEAST
    for key, values in _candidates(work, models, whole=False):
        if families and key.key != work.driver:
            continue
        known = ~np.isnan(values)
        together = _correlation(values[known])
        # A parent's place tells more than a column that goes with it.
        size = abs(together) + (0.02 if key.key >= 0 else 0.0)
        if known.sum() >= _FEWEST and known.mean() >= 0.5 and size > most:
            runs = _equal_neighbours(values) > 0.5 * _equal_neighbours(np.sort(values))
            best, most = replace(key, descending=together < 0, strays=1.0 - abs(together), runs=runs), size
    return best


def _correlation(values: Floats) -> float:
    """Spearman's, of values with their places, as PostgreSQL's planner measures it."""
    if len(values) < 2 or np.ptp(values) == 0:
        return 0.0
    rank = np.empty(len(values))
    rank[np.argsort(values, kind="stable")] = np.arange(len(values))
    # Equal values are of one rank: the mean of theirs.
    _, group = np.unique(values, return_inverse=True)
    mean = np.bincount(group, rank) / np.bincount(group)
    return float(np.corrcoef(mean[group], np.arange(len(values)))[0, 1])


def _equal_neighbours(values: Floats) -> float:
    return float((values[1:] == values[:-1]).mean())


def _risen_texts(work: Work) -> tuple[str, ...]:
    """Made texts that lie in the order of the alphabet, as titles and names in lists do."""
    found = []
    for column in work.table.columns:
        about = work.profile.column(column.name)
        made = about.role is Role.TEXT and about.maker is not None and "group" not in about.maker.settings
        if not made or column.type.storage != "string" or about.distinct < _FEWEST:
            continue
        values = work.data.column(column.name).drop_null()
        if len(values) > _RANKED:
            # Even steps through the rows: whether they follow the alphabet shows in some of them.
            values = values.take(pa.array(np.linspace(0, len(values) - 1, _RANKED).astype(np.int64)))
        values = values.combine_chunks()
        rank = np.asarray(pc.rank(values, tiebreaker="dense")).astype(np.float64)
        if len(rank) >= _FEWEST and _correlation(rank) >= 0.9:
            found.append(column.name)
    return tuple(found)


def _runs_through(values: Floats, descending: bool) -> bool:
    """True where values rise over the whole table, not only from reset to reset (Spearman's correlation)."""
    rank = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    together = float(np.corrcoef(rank, np.arange(len(values)))[0, 1])
    return together < -0.95 if descending else together > 0.95


def _in_families(work: Work) -> bool:
    """True where siblings lie together, or rows follow their parents one by one."""
    parent = work.links[work.driver]
    inside = float((work.position > 0).mean())
    if inside > 0.1:
        return bool((parent[1:] == parent[:-1]).mean() >= 0.9 * inside)
    return bool(np.corrcoef(parent, np.arange(len(parent)))[0, 1] > 0.95) if np.ptp(parent) else True


def _candidates(work: Work, models: list[KeyModel], *, whole: bool = True) -> list[tuple[OrderKey, Floats]]:
    """Columns and keys with their values (rows,); where ``whole`` only those without NULL, else NaN for it."""
    found: list[tuple[OrderKey, Floats]] = []
    for name in work.numbers:
        coded = work.profile.column(name).role is Role.CODED and name in work.modelled
        if coded and not (whole and np.isnan(work.numbers[name]).any()):
            found.append((OrderKey(column=name), work.numbers[name]))
    for number, rows in enumerate(work.links):
        # A key that is linked afterwards leads to rows that are not there yet.
        early = models[number].mode not in ("absent", "child", "link", "self")
        if early and not (whole and (rows < 0).any()):
            found.append((OrderKey(key=number), np.where(rows < 0, np.nan, rows.astype(np.float64))))
    return found


def _next_order_key(
    work: Work, tied: npt.NDArray[np.bool_], keys: list[OrderKey], models: list[KeyModel]
) -> tuple[OrderKey, Floats] | None:
    """The candidate that rises (or falls) wherever the keys so far are equal, with the most steps."""
    best: tuple[OrderKey, Floats] | None = None
    most = 0.02 * max(1, int(tied.sum()))
    for key, values in _candidates(work, models):
        if any(one.column == key.column and one.key == key.key for one in keys):
            continue
        steps = np.diff(values)[tied]
        moves = int((steps != 0).sum())
        for descending in (False, True):
            along = int(((steps < 0) if descending else (steps > 0)).sum())
            if moves > most and along >= 0.985 * moves and (keys or _runs_through(values, descending)):
                best, most = (replace(key, descending=descending), values), moves
    return best
