"""Bends a table's trees until the rows that they draw agree in sum with the rows that they were learned from.

Takes a Program and how often each tree drew each code, gives the Program with the leaves' distributions weighted.
Every leaf is right by itself, but which rows come to which leaf is drawn, too: over a chain of columns and siblings
small shifts add up. One factor a code and tree takes them back (raking: Deming and Stephan, 1940), while the shape of
each leaf beside the others stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from dbclone.models.table import NO_CODE, TableModel
from dbclone.models.trees import Tree
from dbclone.sample.program import Program

Floats = npt.NDArray[np.float64]

CODES = 256
PASSES = 4
_PRIOR = 1.0
"""Rows of doubt: a code that is expected once and was drawn never says little."""
_MOST = 4.0
"""A code is never made more than so many times as likely, or less."""


def calibrate(
    program: Program, model: TableModel, begin: int, end: int, fill: Callable[[Program], npt.NDArray[np.uint8]]
) -> None:
    """Calls ``fill`` until entries ``begin`` .. ``end`` of its rows (n, slots) have the shares of the source."""
    wanted = {number: _shares(tree) for number, tree in _trees(model, begin, end).items()}
    factors = {number: np.ones(CODES) for number in wanted}
    bent = program
    for turn in range(PASSES):
        own = fill(bent)
        if turn == PASSES - 1:
            break
        for number, drawn in _drawn(model, begin, end, own).items():
            target = wanted[number] * drawn.sum()
            step = (target + _PRIOR) / (drawn + _PRIOR)
            factors[number] = np.clip(factors[number] * step, 1 / _MOST, _MOST)
        bent = program._replace(cumulative=_weighted(program, factors))


def _trees(model: TableModel, begin: int, end: int) -> dict[int, Tree]:
    """The trees of the entries, by their number in the program."""
    found: dict[int, Tree] = {}
    number = 0
    for place, entry in enumerate(model.entries):
        for tree in (entry.tree, *(stage.tree for stage in entry.stages)):
            if begin <= place < end and tree.leaves > 1:
                found[number] = tree
            number += 1
    return found


def _shares(tree: Tree) -> Floats:
    """(256,) share of each code among the rows that the tree was learned from."""
    sizes = np.diff(tree.start)
    leaf = np.repeat(np.arange(tree.leaves), sizes)
    weights = _densities(tree.cumulative, tree.start) * tree.rows[leaf]
    total = np.bincount(tree.codes, weights, minlength=CODES)
    return total / max(total.sum(), 1e-12)


def _densities(cumulative: Floats, start: npt.NDArray[np.int64]) -> Floats:
    """The leaves' probabilities, from their distribution functions one after the other."""
    density = np.diff(cumulative, prepend=0.0)
    firsts = start[:-1][np.diff(start) > 0]
    density[firsts] = cumulative[firsts]
    return density


def _drawn(model: TableModel, begin: int, end: int, own: npt.NDArray[np.uint8]) -> dict[int, Floats]:
    """(256,) how often each code was drawn by each tree of more than one leaf."""
    found: dict[int, Floats] = {}
    number = 0
    for place, entry in enumerate(model.entries):
        first = number
        number += 1 + len(entry.stages)
        if not begin <= place < end:
            continue
        slot = model.first_slot[place]
        free = np.ones(len(own), bool)
        for step, stage in enumerate(entry.stages):
            codes = own[:, slot + 1 + step]
            tried = codes != NO_CODE
            if stage.tree.leaves > 1:
                found[first + 1 + step] = np.bincount(codes[tried], minlength=CODES).astype(np.float64)
            free &= ~(codes == 1) if stage.base.way == "same" else ~tried
        if entry.tree.leaves > 1:
            found[first] = np.bincount(own[free, slot], minlength=CODES).astype(np.float64)
    return found


def _weighted(program: Program, factors: dict[int, Floats]) -> Floats:
    """The distribution functions of all leaves with each code of each tree weighted."""
    cumulative = program.cumulative.copy()
    for number, weights in factors.items():
        leaves = program.start[program.leaf_first[number] : program.leaf_first[number + 1]]
        low, high = leaves[0], leaves[-1]
        start = leaves - low
        density = _densities(cumulative[low:high], start) * weights[program.codes[low:high]]
        sums = np.cumsum(density)
        before = np.concatenate([[0.0], sums])[start]
        sizes = np.diff(start)
        inside = sums - np.repeat(before[:-1], sizes)
        total = np.repeat(before[1:] - before[:-1], sizes)
        cumulative[low:high] = inside / np.maximum(total, 1e-300)
    return cumulative
