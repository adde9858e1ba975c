"""Small drawings for the page: two histograms side by side, a figure on its scale. Plain SVG, coloured by the page.

Takes histograms and figures, gives SVG text. Shows no value that the histogram does not name.
"""

from __future__ import annotations

from html import escape

from dbclone.report.figures import Histogram

_WIDTH, _TALL = 260.0, 64.0
_ROW = 15.0
_LABELS = 104.0
_WIDEST = 44.0
_LETTERS = 17


def columns_chart(histogram: Histogram) -> str:
    """Upright bars for ranges of numbers: the source as an area behind, the clone as bars before it."""
    count = len(histogram.labels)
    top = max(*histogram.source, *histogram.clone, 1e-9)
    step = min(_WIDTH / count, _WIDEST)
    right = step * count
    parts = [_open(_WIDTH, _TALL + 16.0)]
    for number, (label, ours, theirs) in enumerate(_bars(histogram)):
        x = number * step
        wide, narrow = max(1.0, step - 1.0), max(0.8, (step - 1.0) * 0.5)
        tall, low = ours / top * _TALL, theirs / top * _TALL
        middle = x + (wide - narrow) / 2.0
        parts.append(
            f"<g><title>{_title(label, ours, theirs)}</title>"
            f'<rect class="hit" x="{x:.1f}" y="0" width="{step:.1f}" height="{_TALL}"/>'
            f'<rect class="ours" x="{x:.1f}" y="{_TALL - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}"/>'
            f'<rect class="theirs" x="{middle:.1f}" y="{_TALL - low:.1f}" width="{narrow:.1f}" height="{low:.1f}"/></g>'
        )
    parts.append(f'<path class="axis" d="M0 {_TALL + 0.5}H{right:.0f}"/>')
    first, last = histogram.labels[0], histogram.labels[-1]
    parts.append(f'<text class="tick" x="0" y="{_TALL + 13:.0f}">{escape(_cut(first, 22))}</text>')
    if count > 1:
        end = max(right, 120.0)
        parts.append(
            f'<text class="tick" x="{end:.0f}" y="{_TALL + 13:.0f}" text-anchor="end">{escape(_cut(last, 22))}</text>'
        )
    return "".join([*parts, "</svg>"])


def rows_chart(histogram: Histogram) -> str:
    """Lying bars for categories, each with its label."""
    top = max(*histogram.source, *histogram.clone, 1e-9)
    room = _WIDTH - _LABELS
    parts = [_open(_WIDTH, _ROW * len(histogram.labels) + 2.0)]
    for number, (label, ours, theirs) in enumerate(_bars(histogram)):
        y = number * _ROW
        parts.append(
            f"<g><title>{_title(label, ours, theirs)}</title>"
            f'<rect class="hit" x="0" y="{y:.1f}" width="{_WIDTH}" height="{_ROW}"/>'
            f'<text class="tick" x="{_LABELS - 7:.0f}" y="{y + 11:.1f}" text-anchor="end">'
            f"{escape(_cut(label, _LETTERS))}</text>"
            f'<rect class="ours" x="{_LABELS}" y="{y + 2:.1f}" width="{ours / top * room:.1f}" height="11"/>'
            f'<rect class="theirs" x="{_LABELS}" y="{y + 5:.1f}" width="{theirs / top * room:.1f}" height="5"/></g>'
        )
    return "".join([*parts, "</svg>"])


def scale_chart(value: float, expected: float | None) -> str:
    """A figure between 0 and 1 as a bar, with a mark where a second sample of the same data would be."""
    width = 120.0
    parts = [
        _open(width, 10.0, "scale"),
        f'<rect class="track" x="0" y="3" width="{width}" height="4" rx="2"/>',
        f'<rect class="theirs" x="0" y="3" width="{max(0.0, min(1.0, value)) * width:.1f}" height="4" rx="2"/>',
    ]
    if expected is not None:
        parts.append(f'<rect class="mark" x="{min(1.0, expected) * width - 1:.1f}" y="0" width="2" height="10"/>')
    return "".join([*parts, "</svg>"])


def _open(width: float, height: float, name: str = "chart") -> str:
    return f'<svg class="{name}" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">'


def _bars(histogram: Histogram) -> list[tuple[str, float, float]]:
    return list(zip(histogram.labels, histogram.source, histogram.clone, strict=True))


def _title(label: str, ours: float, theirs: float) -> str:
    return escape(f"{label}: source {ours:.1%}, clone {theirs:.1%}")


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"
