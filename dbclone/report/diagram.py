"""The graph of foreign keys as Mermaid, DOT and SVG: boxes list key columns, arrows lead from child to parent.

Takes a Schema, gives text. Needs no program beside this one; the SVG carries its own style for light and dark pages.
"""

from __future__ import annotations

import re
from html import escape

from dbclone.report.layout import Box, Layout, Path, lay_out
from dbclone.report.names import Names
from dbclone.schema import ForeignKey, Schema, Table, is_nullable

_STYLE = """
.dbg-box{fill:#ffffff;stroke:#b9c0c9}
.dbg-head{fill:#eef1f5}
.dbg-name{font:600 13px system-ui,sans-serif;fill:#1d2530}
.dbg-column{font:12px system-ui,sans-serif;fill:#46505c}
.dbg-mark{font:600 9px system-ui,sans-serif;fill:#8a94a0}
.dbg-line{fill:none;stroke:#7d8997;stroke-width:1.3}
.dbg-optional{stroke-dasharray:4 3}
.dbg-cut{stroke:#c2571a}
.dbg-arrow{fill:#7d8997}
.dbg-arrow-cut{fill:#c2571a}
@media (prefers-color-scheme:dark){
.dbg-box{fill:#1b2027;stroke:#414b57}
.dbg-head{fill:#262d36}
.dbg-name{fill:#e6eaf0}
.dbg-column{fill:#b3bcc7}
.dbg-mark{fill:#7c8794}
.dbg-line{stroke:#76828f}
.dbg-cut{stroke:#ef9156}
.dbg-arrow{fill:#76828f}
.dbg-arrow-cut{fill:#ef9156}
}
"""


def mermaid(schema: Schema) -> str:
    """An ``erDiagram`` that GitHub and GitLab draw: every table with its key columns, every foreign key."""
    names = Names.of(table.name for table in schema)
    lines = ["erDiagram"]
    for table in schema:
        columns = key_columns(table)
        label = _mermaid_name(names.table(table.name))
        if not columns:
            lines.append(f"    {label}")
            continue
        lines.append(f"    {label} {{")
        for name in columns:
            kind = table.column(name).type.kind.value
            lines.append(f"        {kind} {_word(name)} {', '.join(marks(table, name))}".rstrip())
        lines.append("    }")
    for key in schema.foreign_keys:
        if key.parent not in schema:
            continue
        table = schema.table(key.table)
        above = "|o" if is_nullable(table, key) else "||"
        below = "o|" if _is_one_to_one(table, key) else "o{"
        parent, child = (_mermaid_name(names.table(name)) for name in (key.parent, key.table))
        text = ", ".join(key.columns).replace('"', "'")
        lines.append(f'    {parent} {above}--{below} {child} : "{text}"')
    return "\n".join(lines) + "\n"


def dot(schema: Schema) -> str:
    """A graph for Graphviz: ``dot -Tpng``."""
    names = Names.of(table.name for table in schema)
    lines = ["digraph schema {", "  rankdir=RL;", '  node [shape=plain fontname="Helvetica"];']
    for table in schema:
        rows = [f'<tr><td bgcolor="#eef1f5"><b>{escape(names.table(table.name))}</b></td></tr>']
        for name in key_columns(table):
            note = f" ({', '.join(marks(table, name))})"
            rows.append(f'<tr><td align="left" port="{_port(table, name)}">{escape(name + note)}</td></tr>')
        body = f'<table border="0" cellborder="1" cellspacing="0" cellpadding="4">{"".join(rows)}</table>'
        lines.append(f"  {_dot_name(names.table(table.name))} [label=<{body}>];")
    for key in schema.foreign_keys:
        if key.parent not in schema:
            continue
        child, parent = schema.table(key.table), schema.table(key.parent)
        ends = (
            f"{_dot_name(names.table(child.name))}:{_port(child, key.columns[0])}",
            f"{_dot_name(names.table(parent.name))}:{_port(parent, key.parent_columns[0])}",
        )
        style = " [style=dashed]" if is_nullable(child, key) else ""
        lines.append(f"  {ends[0]} -> {ends[1]}{style};")
    lines.append("}")
    return "\n".join(lines) + "\n"


def svg(schema: Schema) -> str:
    """A drawing of our own: parents left, children right; dashed where a key may be NULL, coloured where it is cut."""
    layout = lay_out(schema)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {layout.width:.0f} {layout.height:.0f}"'
        f' width="{layout.width:.0f}" height="{layout.height:.0f}" role="img" aria-label="Tables and foreign keys">',
        f"<style>{_STYLE}</style>",
        "<defs>",
        _arrow("dbg-to", "dbg-arrow"),
        _arrow("dbg-to-cut", "dbg-arrow-cut"),
        "</defs>",
    ]
    parts += [_line(path) for path in layout.paths]
    parts += [_box(box, layout) for box in layout.boxes]
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def key_columns(table: Table) -> tuple[str, ...]:
    """The columns that link rows, in the table's order: primary, foreign and those that others may reference."""
    keys = set(table.key) | {name for key in table.foreign_keys for name in key.columns}
    return tuple(column.name for column in table.columns if column.name in keys)


def marks(table: Table, name: str) -> tuple[str, ...]:
    """``PK`` and ``FK`` as they apply to a column."""
    foreign = any(name in key.columns for key in table.foreign_keys)
    return tuple(mark for mark, true in (("PK", name in table.key), ("FK", foreign)) if true)


def _is_one_to_one(table: Table, key: ForeignKey) -> bool:
    return any(set(columns) <= set(key.columns) for columns in table.unique_sets if columns)


def _word(name: str) -> str:
    word = re.sub(r"\W", "_", name)
    return word if word and not word[0].isdigit() else f"_{word}"


def _mermaid_name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else '"' + name.replace('"', "'") + '"'


def _dot_name(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _port(table: Table, name: str) -> str:
    """Ports are numbered: names may hold characters that DOT reads otherwise."""
    return f"c{[column.name for column in table.columns].index(name)}"


def _arrow(name: str, style: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0.8 8 4 0 7.2z" class="{style}"/></marker>'
    )


def _line(path: Path) -> str:
    classes = ["dbg-line"] + ["dbg-optional"] * path.optional + ["dbg-cut"] * path.cut
    end = "dbg-to-cut" if path.cut else "dbg-to"
    return (
        f'<path class="{" ".join(classes)}" d="{path.data}" marker-end="url(#{end})">'
        f"<title>{escape(path.title)}</title></path>"
    )


def _box(box: Box, layout: Layout) -> str:
    x, y, width, head = box.x, box.y, box.width, layout.head
    parts = [
        f"<g><title>{escape(box.title)}</title>",
        f'<rect class="dbg-box" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{box.height:.1f}" rx="5"/>',
        f'<path class="dbg-head" d="M{x + 0.5:.1f} {y + head:.1f}v{-head + 5.5:.1f}q0-5 5-5h{width - 11:.1f}',
        f'q5 0 5 5v{head - 5.5:.1f}z"/>',
        f'<text class="dbg-name" x="{x + 9:.1f}" y="{y + 17:.1f}">{escape(box.label)}</text>',
    ]
    for number, (name, note) in enumerate(box.columns):
        line, right = y + head + layout.row * number + 14, x + width - 8
        parts += [
            f'<text class="dbg-column" x="{x + 9:.1f}" y="{line:.1f}">{escape(name)}</text>',
            f'<text class="dbg-mark" x="{right:.1f}" y="{line - 0.5:.1f}" text-anchor="end">{escape(note)}</text>',
        ]
    parts.append("</g>")
    return "".join(parts)
