"""Bends a table's trees until the rows that they draw agree in sum with the rows that they were learned from.

Takes a Program and a function that fills rows by it, fills the rows by the Program with its leaves weighted. Every leaf
is right by itself, but which rows come to which leaf is drawn, too: over a chain of columns and siblings small shifts
add up. One factor a code and tree takes them back (raking: Deming and Stephan, 1940), while the leaves of a tree stay
as different from each other as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dbclone.models.table import NO_CODE, Entry, TableModel
from dbclone.models.trees import Tree
from dbclone.sample.program import Program

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

_CODES = 256
_SAME = np.arange(_CODES, dtype=np.uint8)
_TRIALS = 8
_ROWS = 40_000
"""Rows to fill in trials: the more rows there are, the less chance shifts their sums."""
_PRIOR = 1.0
"""Rows of doubt: a code that is expected once and was drawn never says little."""
_MOST = 4.0
"""A code is never made more than so many times as likely, or less."""
_DAMPING = 0.7
_CERTAIN = 3.0
"""So many rows of a category are expected that chance alone hardly ever leaves all of them out."""


class Sums(NamedTuple):
    """Of one tree: ``shares`` and ``drawn`` (256,) by code; ``place`` (codes,) where the tree's own codes are found in
    these. ``entry`` is that whose values are meant, -1 where only the tree's codes are."""

    tree: int
    shares: Floats
    drawn: Floats
    place: Codes
    entry: int = -1

    @property
    def off(self) -> float:
        return float(np.abs(self.shares * self.drawn.sum() - self.drawn).sum())

    def step(self) -> Floats:
        """(256,) how many times as likely each code ought to be."""
        step: Floats = ((self.shares * self.drawn.sum() + _PRIOR) / (self.drawn + _PRIOR)) ** _DAMPING
        return step


def calibrate(program: Program, model: TableModel, begin: int, end: int, fill: Callable[[Program], Codes]) -> None:
    """Calls ``fill`` until entries ``begin`` .. ``end`` of its rows (n, slots) have the shares of the source."""
    own = fill(program)
    if not len(own):
        return
    densities = _densities(program.cumulative, program.start)
    aims = {number: _Aim.of(entry) for number, entry in enumerate(model.entries[begin:end], begin)}
    found: dict[int, tuple[Sums, Floats]] = {}
    best: dict[int, tuple[Sums, Floats]] = {}

    def judge() -> None:
        for sums in _sums(model, aims, own):
            factor = found[sums.tree][1] if sums.tree in found else np.ones(_CODES)
            if sums.tree not in best or sums.off < best[sums.tree][0].off:
                best[sums.tree] = sums, factor
            found[sums.tree] = sums, np.clip(factor * sums.step(), 1 / _MOST, _MOST)

    for _ in range(int(np.clip(_ROWS // len(own), 1, _TRIALS))):
        judge()
        own = fill(_bent(program, densities, found))
    judge()
    _bring_back(program, model, begin, end, fill(_bent(program, densities, best)))


def _bring_back(program: Program, model: TableModel, begin: int, end: int, own: Codes) -> None:
    """Gives rows (n, slots) the categories that some must have and none has, since no row came to their leaves.

    Not where they come in runs of siblings, which single rows would break.
    """
    for place, entry in enumerate(model.entries[begin:end], begin):
        if entry.categories is None or entry.role != "column" or entry.stages:
            continue
        slot = model.first_slot[place]
        learned = _learned(entry.tree)
        drawn = _counts(own[:, slot])
        missing = np.flatnonzero((drawn == 0) & (learned * len(own) >= _CERTAIN))
        if not len(missing) or not drawn.any():
            continue
        rng = np.random.default_rng(int(program.seeds[place]))
        common = rng.permutation(np.flatnonzero(own[:, slot] == drawn.argmax()))
        for code in missing[missing > 0]:
            rows, common = np.split(common, [min(len(common), int(np.rint(learned[code] * len(own))))])
            own[rows, slot] = code


class _Aim(NamedTuple):
    """What the trees of an entry were learned from: (256,) shares of the codes of each stage, and of the entry's own
    tree, whose codes are found at ``place`` (codes,) in these."""

    stages: tuple[Floats, ...]
    own: Floats
    place: Codes

    @classmethod
    def of(cls, entry: Entry) -> _Aim:
        # The values that stages lead to, not their starts, are to have the source's shares.
        own = _padded(entry.shares) if len(entry.shares) else _learned(entry.tree)
        place = _start_codes(entry) if len(entry.shares) else _SAME
        return cls(tuple(_learned(stage.tree) for stage in entry.stages), own, place)


def _sums(model: TableModel, aims: Mapping[int, _Aim], own: Codes) -> Iterator[Sums]:
    """What the trees of more than one leaf drew, beside what they were learned from."""
    number = 0
    for place, entry in enumerate(model.entries):
        first = number
        number += 1 + len(entry.stages)
        if place not in aims:
            continue
        aim, slot = aims[place], model.first_slot[place]
        free = np.ones(len(own), bool)
        for step, stage in enumerate(entry.stages):
            if stage.base.way == "pace":
                continue
            codes = own[:, slot + 1 + step]
            tried = codes != NO_CODE
            if stage.tree.leaves > 1:
                yield Sums(first + 1 + step, aim.stages[step], _counts(codes[tried]), _SAME)
            free &= ~(codes == 1) if stage.base.way == "same" else ~tried
        if len(entry.shares):
            yield Sums(first, aim.own, _counts(own[:, slot]), aim.place, place)
        elif entry.tree.leaves > 1 and entry.start is None:
            yield Sums(first, aim.own, _counts(own[free, slot]), aim.place)


def _counts(codes: Codes) -> Floats:
    return np.bincount(codes, minlength=_CODES).astype(np.float64)


def _padded(shares: Floats) -> Floats:
    return np.concatenate([shares, np.zeros(_CODES - len(shares))])


def _start_codes(entry: Entry) -> Codes:
    """The entry's code of each code of its tree, whose codec is another where values start differently."""
    if entry.start is None or entry.numbers is None:
        return _SAME
    return entry.numbers.encode(entry.start.representatives())


def _learned(tree: Tree) -> Floats:
    """(256,) share of each code among the rows that the tree was learned from."""
    leaf = np.repeat(np.arange(tree.leaves), np.diff(tree.start))
    # A bundle from a stranger may count less than nothing.
    weights = np.maximum(0.0, _densities(tree.cumulative, tree.start) * tree.rows[leaf])
    total = np.bincount(tree.codes, weights, minlength=_CODES)
    return total / max(float(total.sum()), 1e-12)


def _densities(cumulative: Floats, start: npt.NDArray[np.int64]) -> Floats:
    """The leaves' probabilities, from their distribution functions one after the other."""
    density = np.diff(cumulative, prepend=0.0)
    firsts = start[:-1][np.diff(start) > 0]
    density[firsts] = cumulative[firsts]
    return density


def _bent(program: Program, densities: Floats, found: dict[int, tuple[Sums, Floats]]) -> Program:
    """The program, whose leaves have ``densities``, with each code of each tree so many times as likely, before the
    leaves sum to one."""
    cumulative, accept = program.cumulative.copy(), program.accept.copy()
    for number, (sums, factor) in found.items():
        weights = np.ones(_CODES)
        weights[: len(sums.place)] = factor[sums.place]
        leaves = program.start[program.leaf_first[number] : program.leaf_first[number + 1]]
        low, high = leaves[0], leaves[-1]
        start = leaves - low
        density = densities[low:high] * weights[program.codes[low:high]]
        rising = np.cumsum(density)
        before = np.concatenate([[0.0], rising])[start]
        sizes = np.diff(start)
        inside = rising - np.repeat(before[:-1], sizes)
        total = np.repeat(before[1:] - before[:-1], sizes)
        cumulative[low:high] = inside / np.maximum(total, 1e-300)
        if sums.entry >= 0:
            accept[sums.entry] = factor / max(1.0, float(factor[sums.drawn > 0].max(initial=1.0)))
    return program._replace(cumulative=cumulative, accept=accept)
