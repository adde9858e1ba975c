"""The source's rules counted again on its clone.

Takes rules, a schema and the rows of both sides, gives a `RulesReport`. Never opens a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dbclone.models.rules import rule_rows
from dbclone.profile.rules import Aggregate, Rule, rule_json
from dbclone.profile.rules_check import Tally, count_rule
from dbclone.profile.rules_rows import RuleRows
from dbclone.report.alignment import align, find
from dbclone.schema import Schema, TableName


@dataclass(frozen=True)
class RuleCount:
    """One rule on both sides; ``clone`` is None where the clone's rows could not be asked."""

    rule: Rule
    source: Tally
    clone: Tally | None

    @property
    def is_kept(self) -> bool:
        """True where no row of the clone breaks it."""
        return self.clone is not None and self.clone.kept == self.clone.rows

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict; shares are None where no row could break the rule."""
        return {
            **rule_json(self.rule),
            "kept": self.is_kept,
            "source": _tally_json(self.source),
            "clone": None if self.clone is None else _tally_json(self.clone),
        }


@dataclass(frozen=True)
class RulesReport:
    """Every rule of the source, those with the lowest share in the clone first."""

    rules: tuple[RuleCount, ...] = ()

    @property
    def broken(self) -> tuple[RuleCount, ...]:
        return tuple(one for one in self.rules if one.clone is not None and not one.is_kept)

    @property
    def uncounted(self) -> tuple[RuleCount, ...]:
        return tuple(one for one in self.rules if one.clone is None)

    @property
    def kept(self) -> int:
        return sum(one.is_kept for one in self.rules)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict: how many were found and kept, and each rule."""
        return {"found": len(self.rules), "kept": self.kept, "rules": [one.to_json() for one in self.rules]}


def count_rules(
    rules: tuple[Rule, ...],
    schema: Schema,
    source: Mapping[TableName, pa.Table],
    clone: Mapping[TableName, pa.Table],
    *,
    sampled: Mapping[TableName, bool],
) -> RulesReport:
    """Counts every rule in the rows of both sides; ``sampled`` says of which clone tables only some rows are here."""
    left = rule_rows(schema, source)
    found = {table.name: _aligned(schema, table.name, clone) for table in schema}
    right = rule_rows(schema, {name: rows for name, rows in found.items() if rows is not None})
    counts = [RuleCount(rule, _source_tally(rule, left), _clone_tally(rule, right, sampled)) for rule in rules]
    return RulesReport(tuple(sorted(counts, key=lambda one: (_share(one), one.rule.name))))


def _aligned(schema: Schema, name: TableName, clone: Mapping[TableName, pa.Table]) -> pa.Table | None:
    """A table of the clone in the types of the source, None where it or a column is missing."""
    rows, table = find(clone, name), schema.table(name)
    if rows is None or not set(table.by_name) <= set(rows.column_names):
        return None
    return pa.table({column.name: align(rows.column(column.name), column.type) for column in table.columns})


def _source_tally(rule: Rule, rows: RuleRows) -> Tally:
    # The source's own count: the rule was found because all of these rows keep it.
    return Tally(rule.rows, rule.rows) if isinstance(rule, Aggregate) else count_rule(rule, rows)


def _clone_tally(rule: Rule, rows: RuleRows, sampled: Mapping[TableName, bool]) -> Tally | None:
    if isinstance(rule, Aggregate) and sampled.get(rule.child):
        return None
    try:
        return count_rule(rule, rows)
    except (KeyError, StopIteration):
        # The clone lacks a table that the rule speaks of.
        return None


def _share(one: RuleCount) -> float:
    share = None if one.clone is None else one.clone.share
    return 2.0 if share is None else share


def _tally_json(tally: Tally) -> dict[str, Any]:
    return {"rows": tally.rows, "kept": tally.kept, "share": tally.share}
