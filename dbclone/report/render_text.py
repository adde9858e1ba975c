"""Reports as text for a terminal: rich renderables, worst first.

Takes a `Comparison` or one of its parts, gives a renderable. Never prints.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from dbclone.profile.rules_check import Tally
from dbclone.report.comparison import Comparison
from dbclone.report.figures import FidelityReport, KeyFidelity, TableFidelity
from dbclone.report.findings import CLOSE, VISIBLE
from dbclone.report.integrity import IntegrityReport
from dbclone.report.names import Names, counted, listed
from dbclone.report.rules import RulesReport
from dbclone.report.verdict import Level, Verdict

_COLOURS = {Level.GOOD: "green", Level.FAIR: "yellow", Level.POOR: "dark_orange", Level.BROKEN: "red"}
_NONE = Text("-", style="dim")
_MANY = 40


def comparison_text(comparison: Comparison, *, verbose: bool = False) -> RenderableType:
    """The verdict, then tables and keys with their figures; ``verbose`` adds every column."""
    parts = [verdict_text(comparison.verdict)]
    if comparison.integrity is not None and not comparison.integrity.ok:
        parts.append(_violations(comparison.integrity))
    if comparison.fidelity is not None:
        parts.append(fidelity_text(comparison.fidelity, verbose=verbose))
    if comparison.rules is not None and comparison.rules.rules:
        parts.append(rules_text(comparison.rules, verbose=verbose))
    return Group(*parts)


def verdict_text(verdict: Verdict) -> RenderableType:
    """Headline and paragraph, then what asks for a decision."""
    colour = _COLOURS[verdict.level]
    body: list[RenderableType] = [Text(verdict.paragraph)]
    body += [Text.assemble(("! ", "bold yellow"), warning) for warning in verdict.warnings]
    return Panel(Group(*body), title=Text(verdict.headline, style=f"bold {colour}"), border_style=colour, expand=True)


def integrity_text(report: IntegrityReport) -> RenderableType:
    """What was checked, by kind, and every constraint that is broken."""
    if report.ok:
        line = f"All {report.constraints:,} constraints hold over {report.rows:,} rows in {report.tables:,} tables"
        kinds = listed([counted(number, name) for name, number in report.counts], most=9)
        parts: list[RenderableType] = [
            Text.assemble(("✓ ", "bold green"), line, (f" ({kinds})", "dim") if kinds else "")
        ]
    else:
        parts = [
            Text(f"✗ {len(report.violations):,} of {report.constraints:,} constraints are broken", style="bold red"),
            _violations(report),
        ]
    for one in report.known:
        parts.append(Text(f"! broken in the source too: {one.kind} {one.constraint} of {one.table}", style="yellow"))
    parts += [Text(f"! not checked: {one}", style="yellow") for one in report.unchecked]
    return Group(*parts)


def fidelity_text(report: FidelityReport, *, verbose: bool = False) -> RenderableType:
    """Means, tables and foreign keys; ``verbose`` adds every column with its figure."""
    names = Names.of(table.name for table in report.tables)
    parts: list[RenderableType] = [_means(report), _tables(report, names)]
    if report.keys:
        parts.append(_keys(report.keys, names))
    if verbose:
        parts.append(_columns(report.tables, names))
    parts += [Text(f"! {note}", style="yellow") for note in report.notes]
    return Group(*parts)


def rules_text(report: RulesReport, *, verbose: bool = False) -> RenderableType:
    """How many of the source's rules the clone keeps, and those that it breaks; ``verbose`` lists all."""
    broken = report.broken
    colour = "yellow" if broken else "green"
    line = Text.assemble(
        ("! " if broken else "✓ ", f"bold {colour}"),
        f"{report.kept:,} of {counted(len(report.rules), 'rule')} of the source hold in every row of the clone",
    )
    shown = report.rules if verbose else broken[:_MANY]
    if not shown:
        return Padding(line, (1, 0, 0, 0))
    table = Table(title="Rules" if verbose else "Broken rules", title_justify="left", box=None, pad_edge=False)
    table.add_column("rule", overflow="fold")
    for heading in ("rows", "hold", "source"):
        table.add_column(heading, justify="right")
    for one in shown:
        rows = "" if one.clone is None else f"{one.clone.rows:,}"
        table.add_row(one.rule.name, rows, _held(one.clone), _held(one.source))
    return Padding(Group(line, table), (1, 0, 0, 0))


def _held(tally: Tally | None) -> Text:
    if tally is None or tally.share is None:
        return _NONE
    # 99.96 % is not all of them.
    share = "100%" if tally.kept == tally.rows else f"{math.floor(tally.share * 1000) / 10:.1f}%"
    return Text(share, style="green" if tally.kept == tally.rows else "yellow")


def figure(value: float | None, expected: float | None = None) -> Text:
    """A figure with two digits, coloured by its distance to what was expected of it."""
    if value is None:
        return _NONE
    gap = (1.0 if expected is None else expected) - value
    colour = "green" if gap <= CLOSE else "yellow" if gap <= VISIBLE else "red"
    return Text(f"{value:.2f}", style=colour)


def _violations(report: IntegrityReport) -> Table:
    table = Table(title="Broken constraints", title_justify="left", box=None, pad_edge=False)
    for heading in ("table", "kind", "constraint"):
        table.add_column(heading)
    table.add_column("rows", justify="right")
    for one in report.violations[:_MANY]:
        table.add_row(str(one.table), one.kind, one.constraint, Text(f"{one.rows:,}", style="red"))
    return table


def _means(report: FidelityReport) -> RenderableType:
    words = {
        "shape": "columns",
        "pair_tv": "pairs",
        "card": "children per parent",
        "pc": "joins",
        "hop2": "two joins",
        "c2st": "detector AUC, rows",
        "c2st_agg": "detector AUC, families",
    }
    summary, expected = report.summary, report.expected
    table = Table(title="Likeness to the source", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("figure", justify="right")
    table.add_column("expected of a second sample", justify="right", style="dim")
    for name, word in words.items():
        value = summary[name]
        if value is None:
            continue
        if name.startswith("c2st"):
            table.add_row(word, _skill(value), "0.50")
        else:
            want = expected[name]
            table.add_row(word, figure(value, want), "" if want is None else f"{want:.2f}")
    return Padding(table, (1, 0, 0, 0))


def _skill(value: float) -> Text:
    return Text(f"{value:.2f}", style="green" if value < 0.6 else "yellow" if value < 0.75 else "red")


def _tables(report: FidelityReport, names: Names) -> RenderableType:
    detected = {one.table: one.auc for one in report.c2st}
    table = Table(title="Tables", title_justify="left", box=None, pad_edge=False)
    table.add_column("table", no_wrap=True)
    for heading in ("rows", "source", "columns", "pairs", "copies"):
        table.add_column(heading, justify="right")
    if detected:
        table.add_column("AUC", justify="right")
    table.add_column("weakest column")
    for one in sorted(report.tables, key=_badness, reverse=True):
        worst = min(one.columns, key=lambda column: column.shape - column.expected, default=None)
        cells: list[RenderableType] = [
            names.table(one.name),
            f"{one.clone_rows:,}",
            f"{one.source_rows:,}",
            figure(one.shape, one.shape_expected),
            figure(one.pair_tv, one.pair_expected),
            _copied(one),
        ]
        if detected:
            cells.append(_skill(detected[one.name]) if one.name in detected else _NONE)
        cells.append(f"{worst.name} {worst.shape:.2f}" if worst is not None and worst.shape < worst.expected else "")
        table.add_row(*cells)
    for name in report.missing_tables:
        table.add_row(names.table(name), Text("missing", style="red"))
    return Padding(table, (1, 0, 0, 0))


def _copied(one: TableFidelity) -> Text:
    if one.identical:
        return Text("source's rows", style="dim")
    # One or two columns are often equal without anything being copied.
    return Text(f"{one.copies.share:.0%}") if one.copies and one.copies.columns >= 3 else _NONE


def _badness(one: TableFidelity) -> tuple[float, int, str]:
    gaps = [(one.shape_expected or 0.0) - (one.shape or 0.0)]
    if one.pair_tv is not None:
        gaps.append((one.pair_expected or 0.0) - one.pair_tv)
    return max(0.0, *gaps), one.source_rows, str(one.name)


def _keys(keys: Iterable[KeyFidelity], names: Names) -> RenderableType:
    table = Table(title="Foreign keys", title_justify="left", box=None, pad_edge=False)
    table.add_column("key", overflow="fold")
    for heading in ("children", "per parent", "source", "none", "source", "joins"):
        table.add_column(heading, justify="right")
    for one in sorted(keys, key=lambda key: (key.card - key.expected, str(key.key))):
        table.add_row(
            names.key(one.key),
            figure(one.card, one.expected),
            f"{one.clone_mean:,.2f}",
            f"{one.source_mean:,.2f}",
            f"{one.clone_childless:.0%}",
            f"{one.source_childless:.0%}",
            figure(one.pc, one.pc_expected),
        )
    return Padding(table, (1, 0, 0, 0))


def _columns(tables: Iterable[TableFidelity], names: Names) -> RenderableType:
    table = Table(title="Columns", title_justify="left", box=None, pad_edge=False)
    table.add_column("column", overflow="fold")
    table.add_column("compared by")
    for heading in ("figure", "expected", "NULL", "source"):
        table.add_column(heading, justify="right")
    for one in tables:
        for column in sorted(one.columns, key=lambda column: column.shape - column.expected):
            table.add_row(
                f"{names.table(one.name)}.{column.name}",
                column.measure.value,
                figure(column.shape, column.expected),
                f"{column.expected:.2f}",
                f"{column.clone_nulls:.0%}",
                f"{column.source_nulls:.0%}",
            )
    return Padding(table, (1, 0, 0, 0))
