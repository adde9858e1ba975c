"""The figures that are farther off than noise explains, and how far off a clone is as a whole.

Takes a `FidelityReport`, gives `Finding`s and one distance. Every figure is judged by what a second sample of the same
data would have reached, so that a small table is not blamed for its noise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from dbclone.report.figures import FidelityReport, mean
from dbclone.report.names import Names

KINDS = ("column", "pair", "key", "join")
NEAR = 0.02
"""The distance to the expected figure that is not worth a word."""
CLOSE, VISIBLE = 0.06, 0.15
"""Distances up to which a figure, or a whole clone, is close to its source, or visibly different."""
_TELLING = 0.6
"""Where noise alone leaves less, there are too few rows to judge by."""
_EACH_COLUMN = 2
_DETECTED = 0.3
_LOST = 0.3

_WORDS = {
    "column": "values of {}",
    "pair": "how {} go together",
    "key": "children per parent of {}",
    "join": "how {} go together across their key",
}


@dataclass(frozen=True)
class Finding:
    """One figure far from what was expected: ``kind`` is column, pair, key or join, ``where`` names it."""

    kind: str
    where: str
    figure: float
    expected: float
    columns: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        return self.expected - self.figure

    @property
    def words(self) -> str:
        return _WORDS[self.kind].format(self.where)

    def __str__(self) -> str:
        return f"{self.words} ({self.figure:.2f}, {self.expected:.2f} expected)"


def findings(fidelity: FidelityReport | None, each: int = 5) -> tuple[Finding, ...]:
    """At most ``each`` columns, pairs, keys and joins that are farther off than noise explains, farthest first.

    A column enters at most two pairs, so that one bad column does not hide the rest.
    """
    chosen: list[Finding] = []
    for kind in KINDS:
        every = [one for one in _candidates(fidelity) if one.kind == kind] if fidelity else []
        seen: Counter[str] = Counter()
        kept: list[Finding] = []
        for one in sorted(every, key=lambda one: (-one.gap, one.where)):
            crowded = any(seen[column] >= _EACH_COLUMN for column in one.columns)
            if one.gap > NEAR and len(kept) < each and not crowded:
                kept.append(one)
                seen.update(one.columns)
        chosen += kept
    return tuple(sorted(chosen, key=lambda one: (-one.gap, one.where)))


def distance(fidelity: FidelityReport) -> float:
    """How far a clone is from a second sample of the same data: the worst of the kinds of figures, each a mean.

    Means hide a single combination that is lost: from a gap of 0.3 on, the worst one makes a clone visibly different.
    A detector counts as well, where one was asked: an AUC of 0.7 is at the edge of close, 1 at that of visible.
    """
    every = list(_candidates(fidelity))
    groups = [[max(0.0, one.gap) for one in every if one.kind == kind] for kind in ("column", "key")]
    groups.append([_short(table.pair_tv, table.pair_expected) for table in fidelity.tables if table.pair_count])
    groups.append([_short(key.pc, key.pc_expected) for key in fidelity.keys if key.pc is not None])
    groups.append([_short(hop.figure, hop.expected) for hop in fidelity.hops])
    groups += [[_DETECTED * max(0.0, one.auc - 0.5) for one in found] for found in (fidelity.c2st, fidelity.c2st_agg)]
    worst = max((one.gap for one in every), default=0.0)
    groups.append([min(VISIBLE, CLOSE * worst / _LOST) if worst > _LOST else 0.0])
    return max(mean(group) or 0.0 for group in groups)


def _short(figure: float | None, expected: float | None) -> float:
    """By how much a mean falls short, 0 where it rests on too few rows."""
    if figure is None or expected is None or expected < _TELLING:
        return 0.0
    return max(0.0, expected - figure)


def _candidates(fidelity: FidelityReport) -> Iterator[Finding]:
    return (one for one in _every(fidelity) if one.expected >= _TELLING)


def _every(fidelity: FidelityReport) -> Iterator[Finding]:
    names = Names.of(table.name for table in fidelity.tables)
    for table in fidelity.tables:
        label = names.table(table.name)
        for column in table.columns:
            yield Finding("column", f"{label}.{column.name}", column.shape, column.expected)
        for pair in table.pairs:
            ends = f"{label}.{pair.left}", f"{label}.{pair.right}"
            yield Finding("pair", f"{ends[0]} and {pair.right}", pair.figure, pair.expected, ends)
    for key in fidelity.keys:
        yield Finding("key", names.key(key.key), key.card, key.expected)
        for pair in key.pairs:
            ends = f"{names.table(key.key.parent)}.{pair.left}", f"{names.table(key.key.table)}.{pair.right}"
            yield Finding("join", f"{ends[0]} and {ends[1]}", pair.figure, pair.expected, ends)
