"""The ordered steps that fill a target, with the reason for each.

Takes a Schema and a strategy per table, gives a Plan. Never opens a database.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dbclone.errors import SchemaError
from dbclone.schema.graph import Cut, is_nullable, order_tables
from dbclone.schema.table import ForeignKey, Schema, TableName


class Strategy(StrEnum):
    """What becomes of a table's rows."""

    SYNTHESIZE = "synthesize"
    COPY = "copy"
    MASK = "mask"
    EMPTY = "empty"
    SKIP = "skip"

    @property
    def is_real(self) -> bool:
        """True where the source's own rows arrive, with their own keys."""
        return self in (Strategy.COPY, Strategy.MASK)


@dataclass(frozen=True)
class Step:
    """``action`` is ``insert`` (fill a table) or ``link`` (fill a foreign key of rows already drawn)."""

    action: str
    table: TableName
    key: ForeignKey | None = None
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """``steps`` in order; ``cuts`` and ``cycles`` explain the link steps."""

    steps: tuple[Step, ...]
    strategies: tuple[tuple[TableName, Strategy], ...]
    cuts: tuple[Cut, ...]
    cycles: tuple[tuple[TableName, ...], ...]

    @functools.cached_property
    def tables(self) -> tuple[TableName, ...]:
        """Tables in the order in which they are filled."""
        return tuple(step.table for step in self.steps if step.action == "insert")

    @functools.cached_property
    def linked(self) -> frozenset[ForeignKey]:
        """The keys filled by a link step, after the table that they reference exists."""
        return frozenset(step.key for step in self.steps if step.action == "link" and step.key is not None)

    def strategy(self, name: TableName) -> Strategy:
        return self._strategies.get(name, Strategy.SYNTHESIZE)

    @functools.cached_property
    def _strategies(self) -> dict[TableName, Strategy]:
        return dict(self.strategies)


def make_plan(schema: Schema, strategies: Mapping[TableName, Strategy] | None = None) -> Plan:
    """Plans every table that is not skipped.

    Raises SchemaError where a real (copied, masked) row would reference an invented or missing one, or where a table
    that stays must reference one that is empty or left out.
    """
    chosen = {table.name: (strategies or {}).get(table.name, Strategy.SYNTHESIZE) for table in schema}
    _refuse_impossible(schema, chosen)
    present = [name for name, strategy in chosen.items() if strategy is not Strategy.SKIP]
    order = order_tables(schema, present)
    cut_keys = {cut.key: cut.reason for cut in order.cuts}
    links_due = dict(cut_keys)
    steps: list[Step] = []
    done: set[TableName] = set()
    for name in order.tables:
        keys = schema.table(name).foreign_keys
        parents = sorted({str(key.parent) for key in keys if not key.is_self and key not in cut_keys})
        reason = f"after {', '.join(parents)}" if parents else "waits for no other table"
        steps.append(Step("insert", name, reason=reason))
        done.add(name)
        for key in list(links_due):
            if key.table in done and key.parent in done:
                steps.append(Step("link", key.table, key, links_due.pop(key)))
    return Plan(tuple(steps), tuple(sorted(chosen.items())), order.cuts, order.cycles)


def _refuse_strange_pairs(schema: Schema, chosen: Mapping[TableName, Strategy]) -> None:
    for table in schema:
        for pair in table.pairs:
            invented = [one.table for one in pair.targets if not chosen.get(one.table, Strategy.SKIP).is_real]
            if chosen[table.name].is_real and invented:
                where = f"{table.name}.{pair.id_column}"
                raise SchemaError(
                    f"{table.name} is to be {_PAST[chosen[table.name]]}, but {where} leads to {invented[0]}, whose rows"
                    " are not the source's: its real rows would point at others.",
                    where=where,
                    hint=f'give {invented[0]} the strategy "copy" or "mask" too, or list {where} under keys.ignore.',
                )


def _refuse_impossible(schema: Schema, chosen: Mapping[TableName, Strategy]) -> None:
    _refuse_strange_pairs(schema, chosen)
    for key in schema.foreign_keys:
        child, parent = chosen[key.table], chosen.get(key.parent, Strategy.SKIP)
        where = f"{key.table}.{key.columns[0]}"
        other = f" Or list {where} under keys.ignore: the schema does not declare this key." if key.inferred else ""
        if child in (Strategy.SKIP, Strategy.EMPTY):
            continue
        if parent is Strategy.SKIP and not is_nullable(schema.table(key.table), key):
            raise SchemaError(
                f"{where} references {key.parent}, which this clone leaves out.",
                where=where,
                hint=f'add "{key.parent}" to tables.include, or give {key.table} the strategy "skip" or "empty".'
                f"{other}",
            )
        if parent is Strategy.EMPTY and not is_nullable(schema.table(key.table), key):
            raise SchemaError(
                f"{where} may not be NULL and references {key.parent}, which this clone leaves empty.",
                where=where,
                hint=f'give {key.table} the strategy "empty" as well, or {key.parent} another one.{other}',
            )
        if child.is_real and not parent.is_real and not key.is_self:
            raise SchemaError(
                f"{key.table} is to be {_PAST[child]}, but {where} references {key.parent}, which is to be"
                f" {_PAST[parent]}: its real rows would point at invented ones.",
                where=where,
                hint=f'give {key.parent} the strategy "copy" or "mask" too, or {key.table} "synthesize".{other}',
            )


_PAST = {
    Strategy.SYNTHESIZE: "synthesized",
    Strategy.COPY: "copied",
    Strategy.MASK: "masked",
    Strategy.EMPTY: "left empty",
    Strategy.SKIP: "left out",
}
