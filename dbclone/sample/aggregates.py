"""Columns of parents that sum up their children: derived once the children are there.

Takes the tables filled so far and the rules of the profile, changes the parents' columns. A table that waits for such a
sum is not final, so nobody writes it before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dbclone.profile.rules import Aggregate, Rule
from dbclone.profile.rules_check import gather
from dbclone.profile.rules_rows import agrees
from dbclone.sample.columns import Columns
from dbclone.sample.filled import Filled
from dbclone.sample.rules_formula import evaluated, most, rounded
from dbclone.schema import TableName


class Aggregates:
    """The sums that are still due. ``drawn`` are the tables whose rows are invented."""

    def __init__(self, rules: Sequence[Rule], drawn: frozenset[TableName], there: frozenset[TableName]) -> None:
        self._due = [
            rule for rule in rules if isinstance(rule, Aggregate) and rule.table in drawn and rule.child in there
        ]
        self._fixed: dict[TableName, set[str]] = {}

    def is_due(self, name: TableName) -> bool:
        """True while a column of the table waits for its children."""
        return any(rule.table == name for rule in self._due)

    def fixed(self, name: TableName) -> frozenset[str]:
        """The columns of a table that are sums already."""
        return frozenset(self._fixed.get(name, ()))

    def settle(self, filled: Mapping[TableName, Filled]) -> TableName | None:
        """Derives one column that can be derived now and gives its table, None where there is none.

        What follows from the column within its row is to be derived before the next: sums of sums come later.
        """
        rule = next((rule for rule in self._due if self._can_settle(rule, filled)), None)
        if rule is None:
            return None
        self._due.remove(rule)
        derive_aggregate(rule, filled)
        self._fixed.setdefault(rule.table, set()).add(rule.column)
        return rule.table

    def _can_settle(self, rule: Aggregate, filled: Mapping[TableName, Filled]) -> bool:
        if rule.table not in filled or rule.child not in filled:
            return False
        number = Columns(filled[rule.child], filled).numbered_key(rule.key)
        return filled[rule.child].has(f"parent{number}") and not self.is_due(rule.child)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def derive_aggregate(rule: Aggregate, filled: Mapping[TableName, Filled]) -> int:
    """Makes the column what its children say; gives the number of rows changed."""
    above, below = Columns(filled[rule.table], filled), Columns(filled[rule.child], filled)
    own = above.numbers(rule.column)
    values = np.zeros(below.rows) if rule.what == "count" else evaluated(below, rule.terms)
    if own is None or values is None or not above.can_change(rule.column):
        return 0
    number = below.numbered_key(rule.key)
    wanted, counts = gather(rule.what, values, below.filled.parents[number], above.rows)
    wanted = rounded(wanted, rule.digits) * above.unit(rule.column)
    if rule.empty == "zero":
        wanted = np.where(counts == 0, 0.0, wanted)
    elif rule.empty == "null":
        empty = np.flatnonzero((counts == 0) & ~np.isnan(own))
        if len(empty) and above.filled.table.column(rule.column).nullable:
            above.clear(rule.column, empty)
    told = ~np.isnan(wanted) & ((counts > 0) | (rule.empty == "zero"))
    off = told & ~(agrees(own, wanted, None)) & (np.abs(wanted) <= most(above.kind(rule.column)))
    rows = np.flatnonzero(off)
    if len(rows):
        above.put(rule.column, rows, wanted[rows])
    return len(rows)
