"""One value inside a structure: a shared choice, or what its maker makes.

Takes a learned leaf, gives texts. The makers of leaves are those that need no structure of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers import scalars
from dbclone.sample.makers.meant import make_faked
from dbclone.sample.makers.numbers import make_moment, make_number
from dbclone.sample.makers.pattern import make_pattern
from dbclone.sample.makers.request import Request
from dbclone.sample.makers.words import make_words

LEAF_MAKERS: dict[str, Callable[[Request], pa.Array]] = {
    "faker": make_faked,
    "pattern": make_pattern,
    "words": make_words,
    "number": make_number,
    "moment": make_moment,
    "uuid": scalars.make_uuid,
    "labels": scalars.make_labels,
    "network": scalars.make_network,
}

_NO_MAKER: dict[str, Any] = {"name": "words", "settings": {}}
"""Leaves that the schema lists (an array of an enum) are choices and nothing else."""


def _maker(name: str) -> Callable[[Request], pa.Array]:
    """What makes a leaf; a leaf that has a structure itself is made like a column of it."""
    if name in LEAF_MAKERS:
        return LEAF_MAKERS[name]
    # They are made of leaves in their turn.
    from dbclone.sample.makers import MAKERS

    return MAKERS[name]


def make_leaf(leaf: dict[str, Any], size: int, around: Request) -> pa.Array:
    """``size`` texts; ``around`` is the request of the column that the leaf is part of."""
    rng = around.rng
    maker = leaf.get("maker") or _NO_MAKER
    settings = maker["settings"]
    lengths = rng.choice(np.array(settings.get("lengths") or [8], np.int64), size)
    numbers = np.zeros(size, np.int64)
    inner = Request(around.column, settings, lengths, numbers, around.total, False, around.locale, rng)
    choices = leaf.get("choices")
    if not choices:
        return _maker(maker["name"])(inner)
    weights = np.array([*leaf["weights"], leaf.get("rest", 0)], np.float64)
    drawn = rng.choice(len(weights), size=size, p=weights / weights.sum())
    chosen = pa.array([*choices, ""], pa.string()).take(pa.array(drawn))
    if not leaf.get("rest"):
        return chosen
    made = _maker(maker["name"])(inner)
    return pc.if_else(pa.array(drawn == len(choices)), made, chosen)
