"""What the figures mean, in a paragraph that someone who never saw them understands.

Takes a `Comparison`, gives a `Verdict`. Says nothing of what was not compared, and nothing better than it is.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dbclone.dialects.protocol import Violation
from dbclone.report.comparison import Comparison
from dbclone.report.figures import Detection, FidelityReport, TableFidelity, TextRepeats
from dbclone.report.findings import CLOSE, NEAR, VISIBLE, Finding, distance, findings
from dbclone.report.integrity import IntegrityReport
from dbclone.report.names import Names, counted, listed
from dbclone.schema import TableName

_COPIED_ROWS = 0.05
_REPEATED_TEXTS = 0.10
_FEWEST_TEXTS = 5
_REFERENCE_ROWS = 1_000


class Level(StrEnum):
    """How good the clone is; ``broken`` is a constraint or a table that does not hold what it must."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    BROKEN = "broken"


@dataclass(frozen=True)
class Verdict:
    """What is to be said of constraints, of likeness and of privacy, each in sentences.

    ``worst`` are at most five findings of each kind, the farthest first. ``warnings`` ask for a
    decision: broken constraints, missing tables, signs of repeated data.
    """

    level: Level
    headline: str
    integrity: tuple[str, ...] = ()
    likeness: tuple[str, ...] = ()
    privacy: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    worst: tuple[Finding, ...] = ()

    @property
    def paragraph(self) -> str:
        return " ".join((*self.integrity, *self.likeness, *self.privacy))

    def to_json(self) -> dict[str, Any]:
        result: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return result


def judge(comparison: Comparison) -> Verdict:
    """The verdict on what was compared."""
    names = _names(comparison)
    fidelity = comparison.fidelity
    repeats = [*_repeat_warnings(comparison, names)]
    level = _level(comparison)
    compared = fidelity is not None and bool(fidelity.tables or fidelity.missing_tables)
    return Verdict(
        level,
        _headline(level, bool(repeats)),
        integrity=tuple(_integrity(comparison.integrity, names)),
        likeness=tuple(_alike(fidelity, names)) if fidelity and compared else (),
        privacy=tuple(_privacy(comparison, fidelity, names)) if fidelity and compared else (),
        warnings=(*_failures(comparison, names), *repeats),
        worst=findings(fidelity),
    )


def _names(comparison: Comparison) -> Names:
    tables = {one.table for one in comparison.integrity.violations} if comparison.integrity else set()
    if comparison.fidelity:
        tables |= {table.name for table in comparison.fidelity.tables} | set(comparison.fidelity.missing_tables)
    return Names.of(tables)


def _level(comparison: Comparison) -> Level:
    if not comparison.ok:
        return Level.BROKEN
    gap = distance(comparison.fidelity) if comparison.fidelity else 0.0
    return Level.GOOD if gap <= CLOSE else Level.FAIR if gap <= VISIBLE else Level.POOR


def _headline(level: Level, repeats: bool) -> str:
    if level is Level.BROKEN:
        return "The clone is broken: do not use it as it is."
    if repeats:
        return "The clone works, but look at what it repeats of the source before it is given away."
    return {
        Level.GOOD: "The clone is sound and looks like its source.",
        Level.FAIR: "The clone is sound, with differences worth a look.",
        Level.POOR: "The clone is sound, but does not look much like its source.",
    }[level]


def _integrity(report: IntegrityReport | None, names: Names) -> Iterator[str]:
    if report is None:
        return
    over = f"over {counted(report.rows, 'row')} in {counted(report.tables, 'table')}"
    kinds = listed([counted(number, name) for name, number in report.counts], most=9)
    if not report.constraints:
        yield f"The source declares no constraint; the clone was read {over}."
    elif report.ok:
        every = f"Every one of the {report.constraints:,} constraints"
        one = "The one constraint" if report.constraints == 1 else every
        yield f"{one} of the source holds ({kinds}), checked {over}."
    else:
        rows = sum(one.rows for one in report.violations)
        broken = listed([_violation(one, names) for one in report.violations], most=3)
        share = f"{len(report.violations)} of {report.constraints:,} constraints"
        yield f"{share} broken, by {counted(rows, 'row')}: {broken}."
    if report.known:
        already = listed([_violation(one, names) for one in report.known])
        yield f"The source itself breaks {counted(len(report.known), 'constraint')}, and so may the clone: {already}."
    if report.unchecked:
        yield f"{counted(len(report.unchecked), 'constraint')} could not be checked here: {listed(report.unchecked)}."


def _alike(fidelity: FidelityReport, names: Names) -> Iterator[str]:
    yield from _rows(fidelity, names)
    yield from _likeness(fidelity)
    yield from _detected(fidelity, names)


def _rows(fidelity: FidelityReport, names: Names) -> Iterator[str]:
    if fidelity.missing_tables:
        yield f"Missing in the clone: {listed([names.table(name) for name in fidelity.missing_tables])}."
    lost = [f"{names.table(table.name)}.{name}" for table in fidelity.tables for name in table.missing_columns]
    if lost:
        yield f"Columns missing in the clone: {listed(lost)}."
    source, clone = (sum(getattr(table, side) for table in fidelity.tables) for side in ("source_rows", "clone_rows"))
    yield f"It has {counted(clone, 'row')}, the source {source:,}."


def _likeness(fidelity: FidelityReport) -> Iterator[str]:
    summary, expected = fidelity.summary, fidelity.expected
    words = {"shape": "single columns", "pair_tv": "pairs of columns", "card": "children per parent", "pc": "joins"}
    parts = [f"{words[name]} {summary[name]:.2f} ({expected[name]:.2f})" for name in words if summary[name] is not None]
    if not parts:
        return
    yield (
        "Likeness to the source, where 1 is equal and the figure in brackets is what a second sample of the same data"
        f" would reach: {listed(parts)}."
    )
    gap = distance(fidelity)
    if gap <= NEAR:
        yield "That is as near as a second sample of the same data."
    elif gap <= CLOSE:
        yield "That is close: tests and queries see the same distributions."
    elif gap <= VISIBLE:
        yield "The differences are visible: single columns may agree, some combinations do not."
    else:
        yield "That is far off: draw no conclusions about the source from this clone."
    weakest = findings(fidelity, each=1)[:3]
    if weakest:
        yield f"Furthest off: {'; '.join(map(str, weakest))}."


def _detected(fidelity: FidelityReport, names: Names) -> Iterator[str]:
    for every, what in ((fidelity.c2st, "rows"), (fidelity.c2st_agg, "parents with their children")):
        if not every:
            continue
        average = sum(max(one.auc, 0.5) for one in every) / len(every)
        easiest = _easiest(max(every, key=lambda one: one.auc), names)
        yield f"A classifier tells the clone's {what} from the source's {_skill(average)} (AUC {average:.2f}{easiest})."


def _skill(value: float) -> str:
    if value < 0.55:
        return "hardly better than a coin"
    return "seldom" if value < 0.65 else "often" if value < 0.85 else "nearly always"


def _easiest(one: Detection, names: Names) -> str:
    looked = f", by {one.features[0][0]}" if one.features else ""
    return f"; most easily {names.table(one.table)} at {one.auc:.2f}{looked}" if one.auc >= 0.55 else ""


def _privacy(comparison: Comparison, fidelity: FidelityReport, names: Names) -> Iterator[str]:
    found = [(name, text) for name, text in fidelity.texts if text.rows]
    if fidelity.texts and not found:
        yield f"No text that fewer than {fidelity.k} rows of the source share appears in the clone."
    elif found:
        name, most = found[0]
        values = sum(text.values for _, text in found)
        yield (
            f"{counted(values, 'text')} that fewer than {fidelity.k} rows of the source share also stand in the clone,"
            f" most of all in {names.table(name)}.{most.column}: {most.share:.0%} of its values"
            f" ({most.expected:.0%} would by chance)."
        )
    rows = [table for table in fidelity.tables if table.copies and table.copies.columns >= 3 and not table.identical]
    if rows:
        worst = max(rows, key=_excess)
        copies = worst.copies
        if copies is None or not copies.share:
            yield "No row of the clone equals a row of the source in all columns but keys."
        else:
            yield (
                f"Of {names.table(worst.name)}, {copies.share:.1%} of the rows equal a row of the source in all"
                f" {copies.columns} columns but keys ({copies.expected:.1%} would by chance)."
            )
    yield from _reference(comparison, fidelity, names)


def _reference(comparison: Comparison, fidelity: FidelityReport, names: Names) -> Iterator[str]:
    same = [table.name for table in fidelity.tables if table.identical]
    meant = [name for name in same if name in _copied(comparison)]
    other = [name for name in same if name not in meant]
    if meant:
        yield f"Copied as reference data: {listed([names.table(name) for name in meant], most=12)}."
    if other:
        yield (
            f"{listed([names.table(name) for name in other], most=12)} {'holds' if len(other) == 1 else 'hold'} the"
            " source's own rows, unchanged: right for reference data, wrong for anything personal."
        )


def _failures(comparison: Comparison, names: Names) -> Iterator[str]:
    if comparison.integrity is not None:
        for one in comparison.integrity.violations:
            yield f"Broken: {_violation(one, names)}."
    if comparison.fidelity is not None:
        for name in comparison.fidelity.missing_tables:
            yield f"Missing: {names.table(name)} has rows in the source and is not in the clone."


def _repeat_warnings(comparison: Comparison, names: Names) -> Iterator[str]:
    fidelity = comparison.fidelity
    if fidelity is None:
        return
    copied = _copied(comparison)
    texts = [
        f"{names.table(name)}.{text.column} ({text.share:.0%})"
        for name, text in fidelity.texts
        if name not in copied and _repeats(text)
    ]
    if texts:
        yield (
            f"Texts that fewer than {fidelity.k} rows of the source share come back in {listed(texts)}. Common words"
            " (first names, cities) may do so by chance; if these are none, declare the columns sensitive."
        )
    rows = [
        f"{names.table(table.name)} ({table.copies.share:.0%}, {table.copies.expected:.0%} would by chance)"
        for table in sorted(fidelity.tables, key=_excess, reverse=True)
        if table.copies and table.copies.columns >= 3 and not table.identical and _excess(table) > _COPIED_ROWS
        if table.name not in copied
    ]
    if rows:
        yield f"Rows equal to a row of the source in every column but keys: {listed(rows)}."
    large = [
        names.table(table.name)
        for table in fidelity.tables
        if table.identical and table.name not in copied and table.source_rows > _REFERENCE_ROWS
    ]
    if large:
        yield f"Not synthetic at all, the source's rows unchanged: {listed(large)}."


def _copied(comparison: Comparison) -> set[TableName]:
    return {name for name, strategy in comparison.facts.strategies if strategy in ("copy", "mask")}


def _repeats(text: TextRepeats) -> bool:
    return text.rows >= _FEWEST_TEXTS and text.share > text.expected + _REPEATED_TEXTS


def _excess(table: TableFidelity) -> float:
    return table.copies.share - table.copies.expected if table.copies else 0.0


def _violation(one: Violation, names: Names) -> str:
    return f"{one.kind} {one.constraint} of {names.table(one.table)} ({counted(one.rows, 'row')})"


@functools.cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Verdict)
