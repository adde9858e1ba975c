"""Which keys of objects come together, where objects vary too much to be told apart by their shape.

Takes which keys are there in which objects, gives each key the one that it follows and its shares with and without it:
the tree of pairs that tell most of each other (Chow and Liu, 1968). Says nothing about pairs that fewer than k have.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
_LEAST_TOLD = 5.0
"""Nats over all objects from which on a pair is no chance (half a chi-square of 10, of one degree of freedom)."""


def learn_presence(there: Flags, k: int) -> list[dict[str, Any]]:
    """For each column of ``there`` (objects, keys): nothing, or ``after`` (the key that it follows) and ``given`` (its
    shares where that one is missing and where it is there)."""
    objects, keys = there.shape
    told = _told(there) * objects
    found: list[dict[str, Any]] = [{} for _ in range(keys)]
    waiting = set(range(keys))
    best = np.full(keys, _LEAST_TOLD)
    above = np.full(keys, -1)
    while waiting:
        # The pair that tells most next (Prim, 1957); a key that no other tells anything about begins a tree of its own.
        key = max(sorted(waiting), key=lambda one: (above[one] >= 0, best[one]))
        waiting.discard(key)
        if above[key] >= 0:
            found[key] = {"after": int(above[key]), "given": _given(there[:, key], there[:, above[key]], k)}
        nearer = (told[key] > best) & np.isin(np.arange(keys), list(waiting))
        best[nearer], above[nearer] = told[key][nearer], key
    return found


def _given(own: Flags, other: Flags, k: int) -> list[float]:
    return [round(_share(own[other == there], float(own.mean()), k), 4) for there in (False, True)]


def _share(own: Flags, everywhere: float, k: int) -> float:
    """The share of the flags; what fewer than k objects do, none does."""
    if len(own) < k:
        return everywhere
    count = int(own.sum())
    if count < k:
        return 0.0
    return 1.0 if len(own) - count < k else count / len(own)


def _told(there: Flags) -> npt.NDArray[np.float64]:
    """(keys, keys) mutual information of each two columns, in nats."""
    flags = there.astype(np.float64)
    objects = max(1, len(flags))
    both = flags.T @ flags / objects
    share = flags.mean(axis=0) if len(flags) else np.zeros(there.shape[1])
    first, second = share[:, None], share[None, :]
    cells = (
        (both, first * second),
        (first - both, first * (1 - second)),
        (second - both, (1 - first) * second),
        (1 - first - second + both, (1 - first) * (1 - second)),
    )
    total: npt.NDArray[np.float64] = np.zeros_like(both)
    for seen, expected in cells:
        with np.errstate(divide="ignore", invalid="ignore"):
            total += np.where((seen > 1e-12) & (expected > 0), seen * np.log(seen / expected), 0.0)
    return total
