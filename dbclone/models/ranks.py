"""Columns that count the rows of a parent, as finishing positions and line numbers do, in most of the families.

Takes a Work and the models of its keys, gives a RankModel a column. What counts in every family is a rule besides; what
follows from such a number, a label or another number, is told here for both. Holds no value of the source.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dbclone.models.links import positions
from dbclone.models.table import KeyModel, RankModel
from dbclone.models.work import Work
from dbclone.profile.rules_rows import families
from dbclone.schema import Kind

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_FEWEST = 20
"""Families that show how they count."""
_LEAST = 0.5
"""Share of families that count, beyond that of families thrown together at random."""
_SURE = 0.97
"""Share of rows whose value is the one that most rows of the same number have."""


def find_ranks(work: Work, keys: list[KeyModel], seed: int) -> list[RankModel]:
    """The columns that count, those without NULL first."""
    found: list[RankModel] = []
    if work.rows < 2 * _FEWEST:
        return found
    rng = np.random.default_rng(seed)
    for name in sorted(work.numbers, key=lambda name: int(np.isnan(work.numbers[name]).sum())):
        integer = work.table.column(name).type.kind is Kind.INTEGER
        if not integer or name not in work.modelled or not work.is_coded(name) or work.is_named(name):
            continue
        counted = _counted(work, keys, name, rng)
        if counted is not None:
            number, first, share = counted
            found.append(RankModel(name, number, first, share, _followers(work, name)))
    return found


def _counted(
    work: Work, keys: list[KeyModel], name: str, rng: np.random.Generator
) -> tuple[int, int, float] | None:
    """The key whose families count, from where, and the share that does; None where hardly more do than by chance."""
    values = work.numbers[name]
    best: tuple[int, int, float] | None = None
    for number, key in enumerate(work.keys):
        if key.is_self or keys[number].mode in ("absent", "child", "link"):
            continue
        rows = np.flatnonzero((work.links[number] >= 0) & ~np.isnan(values))
        parent, own = work.links[number][rows], values[rows]
        first, share = counting(parent, own)
        if share < _LEAST or share <= (0.0 if best is None else best[2]):
            continue
        if share - counting(parent, rng.permutation(own))[1] >= _LEAST:
            best = number, first, share
    return best


def counting(parent: Rows, values: Floats) -> tuple[int, float]:
    """From where most families of several rows count without gap or tie, and their share; ``parent`` and ``values``
    (rows,)."""
    order, follows = families(parent, values)
    parent, values = parent[order], values[order]
    family, lead = np.cumsum(~follows) - 1, values[~follows]
    several = np.bincount(family) > 1
    if several.sum() < _FEWEST:
        return 0, 0.0
    place, _ = positions(parent)
    even = np.bincount(family, values - place != lead[family]) == 0
    shares = [float((even & (lead == first))[several].mean()) for first in (0, 1)]
    first = int(shares[1] >= shares[0])
    return first, shares[first]


def _followers(work: Work, name: str) -> tuple[str, ...]:
    """The columns that have, where they and the number are there, nearly always the same with the same number."""
    values = work.numbers[name]
    found = []
    for other in work.modelled - {name}:
        if not work.is_coded(other):
            continue
        codes = work.categories.get(other)
        codes = work.number_codecs[other].encode(work.numbers[other]) if codes is None else codes
        there = np.flatnonzero(~np.isnan(values) & (codes > 0))
        if len(there) < 2 * _FEWEST:
            continue
        _, number = np.unique(values[there], return_inverse=True)
        seen = codes[there].astype(np.int64)
        counts = np.bincount(number * 256 + seen, minlength=(int(number.max()) + 1) * 256).reshape(-1, 256)
        varied = len(np.unique(seen)) >= 5
        # Either tells the other: what many numbers share follows from none.
        if varied and min(counts.max(axis=1).sum(), counts.max(axis=0).sum()) >= _SURE * len(there):
            found.append(other)
    return tuple(sorted(found))
