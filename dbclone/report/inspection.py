"""What a source holds and how it would be cloned: the `inspect` output as text and JSON.

Takes a Schema, a Plan, a Profile and losses, gives rich renderables and a dict. Never prints and never shows a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from dbclone.dialects.protocol import Loss
from dbclone.profile.evidence import Proposal
from dbclone.profile.infer_pairs import PairProposal
from dbclone.profile.rules import rule_json
from dbclone.profile.value import ColumnProfile, Profile
from dbclone.report.names import Names, counted, listed
from dbclone.report.proposals import pairs_json, pairs_text, proposals_json, proposals_text
from dbclone.schema import ForeignKey, Plan, Schema, Strategy, Table, TableName, is_nullable

_MANY = 60


@dataclass(frozen=True)
class Inspection:
    """``rows`` counts each table; ``profile`` is None where no row was read; ``losses`` are for another database.

    ``proposals`` are undeclared keys, where they were looked for; the usable ones are in ``schema`` already.
    """

    schema: Schema
    plan: Plan
    profile: Profile | None = None
    rows: Mapping[TableName, int] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    pairs: tuple[PairProposal, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return inspection_json(self)


def inspection_text(found: Inspection) -> RenderableType:
    """Tables, foreign keys, cycles, plan, sensitive columns, reference tables, losses: each where there is any."""
    names = Names.of(table.name for table in found.schema)
    parts = [
        _headline(found),
        _tables(found, names),
        _keys(found, names),
        proposals_text(found.proposals, names),
        pairs_text(found.pairs, names),
        _cycles(found, names),
        _plan(found, names),
        _sensitive(found, names),
        _reference(found, names),
        _rules(found),
        _losses(found),
        Group(*(Text(f"! {note}", style="yellow") for note in found.notes)) if found.notes else None,
    ]
    return Group(*(Padding(part, (0, 0, 1, 0)) for part in parts if part is not None))


def inspection_rules_text(found: Inspection) -> RenderableType:
    """The rules with the number of rows that could have broken each."""
    rules = found.profile.rules if found.profile else ()
    if not rules:
        return Text("No rule found that rows could break and none does.", style="dim")
    grid = _grid("Rules", "rule", "kind", "rows>")
    for rule in rules:
        grid.add_row(rule.name, Text(rule.kind, style="dim"), f"{rule.rows:,}")
    return grid


def inspection_rules_json(found: Inspection) -> dict[str, Any]:
    """The same as a JSON-ready dict."""
    return {"rules": [rule_json(rule) for rule in (found.profile.rules if found.profile else ())]}


def inspection_json(found: Inspection) -> dict[str, Any]:
    """The same as a JSON-ready dict; ``schema`` and ``profile`` are complete."""
    return {
        "tables": [_table_json(found, table) for table in found.schema],
        "foreign_keys": [_key_json(found, key) for key in found.schema.foreign_keys],
        "proposals": proposals_json(found.proposals),
        "pairs": pairs_json(found.pairs),
        "cycles": [[str(name) for name in cycle] for cycle in found.plan.cycles],
        "cuts": [{"key": str(cut.key), "reason": cut.reason} for cut in found.plan.cuts],
        "plan": [
            {
                "action": step.action,
                "table": str(step.table),
                "key": str(step.key) if step.key else None,
                "strategy": found.plan.strategy(step.table).value,
                "reason": step.reason,
            }
            for step in found.plan.steps
        ],
        "sensitive": [
            {"column": f"{table}.{column.name}", "meaning": column.meaning, "filled_by": _maker(column)}
            | {"reason": column.reason}
            for table, column in _sensitive_columns(found)
        ],
        "reference": [
            {"table": str(table.name), "rows": table.rows, "reason": table.reference_reason}
            for table in (found.profile.tables if found.profile else ())
            if table.reference
        ],
        "losses": [asdict(loss) for loss in found.losses],
        **inspection_rules_json(found),
        "notes": list(found.notes),
        "schema": found.schema.to_json(),
        "profile": found.profile.to_json() if found.profile else None,
    }


def _headline(found: Inspection) -> Text:
    schema = found.schema
    server = f"{schema.dialect} {schema.server_version}".strip()
    rows = f", {counted(sum(found.rows.values()), 'row')}" if found.rows else ""
    keys = counted(len(schema.foreign_keys), "foreign key")
    return Text.assemble((server, "bold"), f": {counted(len(schema.tables), 'table')}{rows}, {keys}")


def _tables(found: Inspection, names: Names) -> RenderableType:
    grid = _grid("Tables", "table", "rows>", "columns>", "primary key", "unique", "becomes", "")
    for table in found.schema:
        strategy = found.plan.strategy(table.name)
        grid.add_row(
            names.table(table.name),
            f"{found.rows[table.name]:,}" if table.name in found.rows else "",
            str(len(table.columns)),
            ", ".join(table.key) if table.key else Text("none", style="yellow"),
            "; ".join(", ".join(one) for one in table.unique_sets if one != table.key),
            Text(strategy.value, style="" if strategy is Strategy.SYNTHESIZE else "cyan"),
            Text(listed(_remarks(table)), style="dim"),
        )
    return grid


def _remarks(table: Table) -> list[str]:
    remarks = []
    if table.partition_key:
        remarks.append(f"{counted(len(table.partitions), 'partition')} {table.partition_key}")
    if any(column.generated for column in table.columns):
        remarks.append("generated columns")
    if table.checks:
        remarks.append(counted(len(table.checks), "check"))
    if table.exclusions:
        remarks.append(counted(len(table.exclusions), "exclusion"))
    if table.row_security:
        remarks.append("row-level security")
    if table.inherits:
        remarks.append(f"inherits {listed([str(name) for name in table.inherits])}")
    return remarks


def _keys(found: Inspection, names: Names) -> RenderableType | None:
    if not found.schema.foreign_keys:
        return None
    grid = _grid("Foreign keys", "key", "references", "may be NULL", "on delete", "")
    for key in found.schema.foreign_keys:
        grid.add_row(
            names.columns(key),
            f"{names.table(key.parent)}({', '.join(key.parent_columns)})",
            _nullable(found, key),
            key.on_delete.lower(),
            Text(listed(_key_remarks(key)), style="dim"),
        )
    return grid


def _nullable(found: Inspection, key: ForeignKey) -> str:
    return "yes" if is_nullable(found.schema.table(key.table), key) else "no"


def _key_remarks(key: ForeignKey) -> list[str]:
    words = {
        "self reference": key.is_self,
        "deferrable": key.deferrable,
        "not validated": not key.validated,
        "inferred": key.inferred,
        f"match {key.match.lower()}": key.match != "SIMPLE",
    }
    return [word for word, true in words.items() if true]


def _cycles(found: Inspection, names: Names) -> RenderableType | None:
    if not found.plan.cycles:
        return None
    lines = [Text("Cycles", style="bold")]
    for cycle in found.plan.cycles:
        lines.append(Text("  " + " ↔ ".join(names.table(name) for name in cycle)))
        for cut in found.plan.cuts:
            if cut.key.table in cycle and cut.key.parent in cycle:
                lines.append(Text.assemble("    cut at ", (names.key(cut.key), "cyan"), f": {cut.reason}"))
    return Group(*lines)


def _plan(found: Inspection, names: Names) -> RenderableType:
    grid = _grid("Plan", "step>", "", "table or key", "reason")
    for number, step in enumerate(found.plan.steps[:_MANY], 1):
        strategy = found.plan.strategy(step.table)
        action = "fill" if strategy is Strategy.SYNTHESIZE else strategy.value
        what = names.key(step.key) if step.key else names.table(step.table)
        grid.add_row(
            str(number), step.action if step.key else action, what, Text(_short(step.reason, names), style="dim")
        )
    if len(found.plan.steps) > _MANY:
        grid.add_row("", "", f"and {len(found.plan.steps) - _MANY} more (--json lists all)", "")
    return grid


def _short(reason: str, names: Names) -> str:
    """The plan's reason without the schema that all tables share."""
    prefix = "after "
    if names.qualified or not reason.startswith(prefix):
        return reason
    return prefix + ", ".join(part.split(".", 1)[-1] for part in reason.removeprefix(prefix).split(", "))


def _sensitive(found: Inspection, names: Names) -> RenderableType | None:
    if found.profile is None:
        return None
    columns = list(_sensitive_columns(found))
    if not columns:
        return Text("No column looks sensitive.", style="dim")
    grid = _grid("Sensitive columns", "column", "holds", "filled by", "because")
    for table, column in columns:
        reason = Text(column.reason, style="dim")
        grid.add_row(f"{names.table(table)}.{column.name}", column.meaning or "", _maker(column), reason)
    return grid


def _sensitive_columns(found: Inspection) -> Iterator[tuple[TableName, ColumnProfile]]:
    for table in found.profile.tables if found.profile else ():
        for column in table.columns:
            if column.sensitive:
                yield table.name, column


def _maker(column: ColumnProfile) -> str:
    return column.maker.name if column.maker else column.role.value


def _reference(found: Inspection, names: Names) -> RenderableType | None:
    tables = [table for table in found.profile.tables if table.reference] if found.profile else []
    if not tables:
        return None
    grid = _grid("Reference tables", "table", "rows>", "becomes", "because")
    for table in tables:
        becomes = found.plan.strategy(table.name).value
        grid.add_row(names.table(table.name), f"{table.rows:,}", becomes, Text(table.reference_reason, style="dim"))
    return grid


def _rules(found: Inspection) -> RenderableType | None:
    rules = found.profile.rules if found.profile else ()
    if not rules:
        return None
    text = f"{counted(len(rules), 'rule')} hold{'s' if len(rules) == 1 else ''} in every row"
    return Text(f"{text} without being declared; --rules lists them.", style="dim")


def _losses(found: Inspection) -> RenderableType | None:
    if not found.losses:
        return None
    grid = _grid("Not carried over", "kind", "name", "instead")
    for loss in found.losses[:_MANY]:
        grid.add_row(loss.kind, loss.name, loss.fallback)
    if len(found.losses) > _MANY:
        grid.add_row("", f"and {len(found.losses) - _MANY} more (--json lists all)", "")
    return grid


def _grid(title: str, *headings: str) -> Grid:
    """A table without lines; a heading that ends in ``>`` is set to the right."""
    grid = Grid(title=Text(title, style="bold"), title_justify="left", box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        right = heading.endswith(">")
        grid.add_column(heading.removesuffix(">"), justify="right" if right else "left", overflow="fold")
    return grid


def _table_json(found: Inspection, table: Table) -> dict[str, Any]:
    return {
        "name": str(table.name),
        "rows": found.rows.get(table.name),
        "columns": len(table.columns),
        "primary_key": list(table.key),
        "unique": [list(one) for one in table.unique_sets if one != table.key],
        "strategy": found.plan.strategy(table.name).value,
    }


def _key_json(found: Inspection, key: ForeignKey) -> dict[str, Any]:
    return {
        "table": str(key.table),
        "columns": list(key.columns),
        "parent": str(key.parent),
        "parent_columns": list(key.parent_columns),
        "nullable": is_nullable(found.schema.table(key.table), key),
        "remarks": _key_remarks(key),
    }
