"""One HTML page that holds a whole comparison: no script, no font, no picture from elsewhere.

Takes a `Comparison`, gives text. Shows shares and named categories that k or more rows share, never a row.
"""

from __future__ import annotations

import math
from importlib.resources import files
from typing import Any

from dbclone.report.charts import columns_chart, rows_chart, scale_chart
from dbclone.report.comparison import Comparison
from dbclone.report.diagram import svg
from dbclone.report.figures import ColumnFidelity, FidelityReport, Histogram, KeyFidelity, Measure, TableFidelity
from dbclone.report.findings import CLOSE, VISIBLE
from dbclone.report.names import Names, counted
from dbclone.schema import Schema

_CHARTS = 1_500
"""Charts on one page; past them tables still show their figures."""
_FIGURES = (
    ("shape", "Columns", "each column's values by themselves"),
    ("pair_tv", "Pairs", "how two columns of a table go together"),
    ("card", "Children", "children per parent, for every foreign key"),
    ("pc", "Joins", "columns of parents with those of their children"),
    ("hop2", "Two joins", "columns of grandparents with those of grandchildren"),
)


def html_page(comparison: Comparison, schema: Schema | None = None) -> str:
    """The page; with ``schema``, or where the comparison has one, it shows the graph of foreign keys as well."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = files("dbclone.report")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "share": _share,
        "figure": _figure,
        "number": "{:,}".format,
        "seconds": _seconds,
        "counted": counted,
        "held": _held,
    }
    template = environment.from_string(folder.joinpath("page.html.j2").read_text(encoding="utf-8"))
    fidelity, drawn = comparison.fidelity, schema or comparison.schema
    page: str = template.render(
        style=Markup(folder.joinpath("page.css").read_text(encoding="utf-8")),
        comparison=comparison,
        verdict=comparison.verdict,
        integrity=comparison.integrity,
        rules=comparison.rules,
        fidelity=fidelity,
        facts=comparison.facts,
        names=Names.of(table.name for table in fidelity.tables) if fidelity else Names(),
        diagram=Markup(svg(drawn)) if drawn else None,
        **(_body(fidelity, Markup) if fidelity else {"figures": [], "tables": [], "keys": [], "detections": []}),
    )
    return page


def _body(fidelity: FidelityReport, markup: Any) -> dict[str, Any]:
    left = _CHARTS
    tables = []
    for table in sorted(fidelity.tables, key=_badness):
        columns = []
        for column in sorted(table.columns, key=lambda one: (one.shape - one.expected, one.name)):
            chart = _chart(column, markup) if left > 0 else None
            left -= chart is not None
            columns.append({"fact": column, "chart": chart, "tone": tone(column.shape, column.expected)})
        tones = tone(table.shape, table.shape_expected), tone(table.pair_tv, table.pair_expected)
        tables.append({"fact": table, "columns": columns, "shape_tone": tones[0], "pair_tone": tones[1]})
    keys = []
    for key in sorted(fidelity.keys, key=lambda one: (min(one.card - one.expected, _joined(one)), str(one.key))):
        chart = markup(columns_chart(key.histogram)) if key.histogram and left > 0 else None
        left -= chart is not None
        keys.append({"fact": key, "chart": chart, "tone": tone(key.card, key.expected)})
    return {"figures": _means(fidelity, markup), "tables": tables, "keys": keys, "detections": _detections(fidelity)}


def tone(value: float | None, expected: float | None) -> str:
    """``good``, ``fair`` or ``poor`` by the distance to what was expected; ``none`` where there is no figure."""
    if value is None:
        return "none"
    gap = (1.0 if expected is None else expected) - value
    return "good" if gap <= CLOSE else "fair" if gap <= VISIBLE else "poor"


def _means(fidelity: FidelityReport, markup: Any) -> list[dict[str, Any]]:
    summary, expected = fidelity.summary, fidelity.expected
    found = []
    for name, label, what in _FIGURES:
        value, want = summary[name], expected[name]
        if value is not None:
            tile = {"label": label, "what": what, "value": value, "expected": want, "tone": tone(value, want)}
            found.append(tile | {"chart": markup(scale_chart(value, want))})
    return found


def _detections(fidelity: FidelityReport) -> list[dict[str, Any]]:
    both = ((fidelity.c2st, "rows"), (fidelity.c2st_agg, "rows with a summary of their children"))
    found = [{"fact": one, "what": what} for every, what in both for one in every]
    return sorted(found, key=lambda one: -one["fact"].auc)


def _chart(column: ColumnFidelity, markup: Any) -> Any:
    histogram: Histogram | None = column.histogram
    if histogram is None:
        return None
    return markup(rows_chart(histogram) if column.measure is Measure.CATEGORY else columns_chart(histogram))


def _badness(table: TableFidelity) -> tuple[float, str]:
    gaps = [0.0]
    if table.shape is not None and table.shape_expected is not None:
        gaps.append(table.shape_expected - table.shape)
    if table.pair_tv is not None and table.pair_expected is not None:
        gaps.append(table.pair_expected - table.pair_tv)
    return -max(gaps), str(table.name)


def _joined(key: KeyFidelity) -> float:
    return key.pc - key.pc_expected if key.pc is not None and key.pc_expected is not None else 0.0


def _share(value: float) -> str:
    return f"{value:.0%}" if value in (0.0, 1.0) or 0.01 <= value <= 0.99 else f"{value:.1%}"


def _held(value: float) -> str:
    """A share that says 100 % only of all."""
    return "100%" if value == 1.0 else f"{math.floor(value * 1000) / 10:.1f}%"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 60 else f"{int(value // 60)} min {value % 60:.0f} s"
