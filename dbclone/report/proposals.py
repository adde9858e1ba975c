"""Undeclared keys with what speaks for them, as text and JSON.

Takes proposals, gives a rich table and dicts. Never prints and never shows a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table as Grid
from rich.text import Text

from dbclone.profile.evidence import Proposal
from dbclone.profile.infer_pairs import PairProposal
from dbclone.report.names import Names


def proposals_text(proposals: Sequence[Proposal], names: Names) -> RenderableType | None:
    """One line a key, None where there is none."""
    if not proposals:
        return None
    title = Text("Undeclared keys, found by name and by query", style="bold")
    grid = Grid(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for heading in ("key", "references", "used"):
        grid.add_column(heading, overflow="fold")
    for heading in ("NULL", "parents reached"):
        grid.add_column(heading, justify="right")
    grid.add_column("because", overflow="fold")
    for one in proposals:
        because = "; ".join([*one.evidence, *([one.doubt] if one.doubt else [])])
        grid.add_row(
            names.columns(one.key),
            f"{names.table(one.key.parent)}({', '.join(one.key.parent_columns)})",
            "yes" if one.usable else Text("no", style="yellow"),
            f"{one.nulls:.0%}",
            f"{one.coverage:.0%}",
            Text(because, style="dim"),
        )
    return grid


def pairs_text(pairs: Sequence[PairProposal], names: Names) -> RenderableType | None:
    """One line a pair, None where there is none."""
    if not pairs:
        return None
    title = Text("Polymorphic pairs", style="bold")
    grid = Grid(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for heading in ("pair", "references", "used", "because"):
        grid.add_column(heading, overflow="fold")
    for one in pairs:
        because = "; ".join([*one.evidence, *([one.doubt] if one.doubt else [])])
        grid.add_row(
            f"{names.table(one.table)}({one.pair.type_column}, {one.pair.id_column})",
            ", ".join(f"{names.table(target.table)}({target.column})" for target in one.pair.targets),
            "yes" if one.usable else Text("no", style="yellow"),
            Text(because, style="dim"),
        )
    return grid


def pairs_json(pairs: Sequence[PairProposal]) -> list[dict[str, Any]]:
    """The same as JSON-ready dicts."""
    return [
        {
            "table": str(one.table),
            "type_column": one.pair.type_column,
            "id_column": one.pair.id_column,
            "types": {
                target.value: {"table": str(target.table), "column": target.column} for target in one.pair.targets
            },
            "used": one.usable,
            "evidence": list(one.evidence),
            "doubt": one.doubt or None,
        }
        for one in pairs
    ]


def proposals_json(proposals: Sequence[Proposal]) -> list[dict[str, Any]]:
    """The same as JSON-ready dicts; ``table``, ``columns``, ``parent`` and ``parent_columns`` fit ``keys.extra``."""
    return [
        {
            "table": str(one.key.table),
            "columns": list(one.key.columns),
            "parent": str(one.key.parent),
            "parent_columns": list(one.key.parent_columns),
            "used": one.usable,
            "strength": one.strength,
            "evidence": list(one.evidence),
            "doubt": one.doubt or None,
            "rows": one.rows,
            "orphans": one.orphans,
            "nulls": round(one.nulls, 6),
            "coverage": round(one.coverage, 6),
        }
        for one in proposals
    ]
