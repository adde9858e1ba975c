"""The order of a table's rows: what it follows.

Takes a Work and its key models, gives an OrderModel. Never sorts anything.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dbclone.models.table import KeyModel, OrderKey, OrderModel
from dbclone.models.work import Work
from dbclone.profile.value import Role

Floats = npt.NDArray[np.float64]


def fit_order(work: Work, models: list[KeyModel]) -> OrderModel:
    """What the rows' order follows: columns and parents that rise with it, the coarsest first."""
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
    return OrderModel(tuple(keys), mixed=not keys and work.driver >= 0 and not families)


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


def _candidates(work: Work, models: list[KeyModel]) -> list[tuple[OrderKey, Floats]]:
    found: list[tuple[OrderKey, Floats]] = []
    for name in work.numbers:
        coded = work.profile.column(name).role is Role.CODED and name in work.modelled
        if coded and not np.isnan(work.numbers[name]).any():
            found.append((OrderKey(column=name), work.numbers[name]))
    for number, rows in enumerate(work.links):
        # A key that is linked afterwards leads to rows that are not there yet.
        early = models[number].mode not in ("absent", "child", "link", "self")
        if early and (rows >= 0).all():
            found.append((OrderKey(key=number), rows.astype(np.float64)))
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
