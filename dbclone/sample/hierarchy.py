"""Keeps hierarchies within their kin: a row's parent in its own table belongs to the same ancestor as the row.

Takes a filled table whose levels are grown, changes who hangs on whom. Levels stay as deep as they were wherever a
parent of the right kin is there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dbclone.sample.filled import Filled
from dbclone.sample.streams import generator

Rows = npt.NDArray[np.int64]


def keep_kin(filled: Filled, own: int, other: int, seed: int) -> None:
    """Makes self reference ``own`` lead to rows that share the parent along key ``other``.

    Every kin gets a topmost row, in exchange with one that has several; then each row of another kin's branch moves
    to one of its own.
    """
    above, kin = np.array(filled.parents[own]), np.array(filled.parents[other])
    if not (above >= 0).any():
        return
    rng = generator(seed, "kin", filled.model.name, own)
    rooted = bool((above == np.arange(len(above))).any())
    above = np.where(above == np.arange(len(above)), -1, above)
    above = _spread_roots(above, kin, rng)
    depth = _depths(above)
    for level in range(1, int(depth.max(initial=0)) + 1):
        rows = np.flatnonzero(depth == level)
        off = rows[kin[rows] != kin[above[rows]]]
        for row in off.tolist():
            near = np.flatnonzero((kin == kin[row]) & (depth == level - 1))
            near = near if len(near) else np.flatnonzero((kin == kin[row]) & (depth < level))
            if len(near):
                above[row] = rng.choice(near)
        depth = _depths(above)
    filled.parents[own] = np.where(above < 0, np.arange(len(above)), above) if rooted else above


def _spread_roots(above: Rows, kin: Rows, rng: np.random.Generator) -> Rows:
    """Exchanges the places of rows so that each kin has a topmost row, as far as others have one to spare."""
    roots = np.flatnonzero(above < 0)
    counts = np.bincount(kin[roots][kin[roots] >= 0], minlength=int(kin.max(initial=0)) + 1)
    spare = [row for row in rng.permutation(roots).tolist() if kin[row] >= 0]
    result = above.copy()
    for lacking in np.setdiff1d(kin[kin >= 0], kin[roots]).tolist():
        giver = next((row for row in spare if counts[kin[row]] > 1), None)
        if giver is None:
            break
        taker = int(rng.choice(np.flatnonzero(kin == lacking)))
        counts[kin[giver]] -= 1
        spare.remove(giver)
        result = _exchanged(result, giver, taker)
    return result


def _exchanged(above: Rows, one: int, other: int) -> Rows:
    """The hierarchy with two rows in each other's place."""
    names = np.arange(len(above))
    names[[one, other]] = other, one
    result = np.where(above >= 0, names[np.clip(above, 0, None)], -1)
    result[[one, other]] = result[[other, one]]
    return result


def _depths(above: Rows) -> Rows:
    depth, at = np.zeros(len(above), np.int64), above
    for _ in range(len(above)):
        moving = at >= 0
        if not moving.any():
            break
        depth[moving] += 1
        at = np.where(moving, above[np.clip(at, 0, None)], -1)
    return depth
