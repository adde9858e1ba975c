"""Keeps rules about single rows, and about rows with their parents and siblings, in a table that was just filled.

Takes a filled table, its parents and the rules of the profile. A column that follows from others is derived, a bound
that was missed is drawn again within it as far off as other rows are; what the trees drew right stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dbclone.profile.rules import (
    Combination,
    Dependency,
    Following,
    Formula,
    Inequality,
    NullWhen,
    NullWith,
    Numbering,
    Rule,
)
from dbclone.sample.columns import Columns
from dbclone.sample.filled import Filled
from dbclone.sample.rules_declared import declared_orders
from dbclone.sample.rules_formula import keep_formulas
from dbclone.sample.rules_nulls import keep_nulls
from dbclone.sample.rules_order import keep_followings, keep_inequalities, keep_numberings
from dbclone.sample.rules_values import keep_combinations, keep_dependencies
from dbclone.sample.streams import generator
from dbclone.schema import TableName

_ROUNDS = 4
Step = Callable[[], int]


def touching(rules: Sequence[Rule], table: TableName, columns: frozenset[str]) -> list[Rule]:
    """The rules of a table about ``columns`` and about what is derived of them."""
    ours = [rule for rule in rules if rule.table == table and isinstance(rule, Formula | Inequality)]
    reached = set(columns)
    for _ in ours:
        reached |= {rule.column for rule in ours if isinstance(rule, Formula) and reached & _columns(rule)}
    return [rule for rule in ours if reached & _columns(rule)]


def _columns(rule: Formula | Inequality) -> set[str]:
    """The row's own columns that a rule speaks of."""
    if isinstance(rule, Inequality):
        return {ref.column for ref in (rule.low, rule.high) if not ref.key}
    return {rule.column, *(factor.ref.column for term in rule.terms for factor in term.factors if not factor.ref.key)}


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def keep_rules(
    filled: Filled,
    others: Mapping[TableName, Filled],
    rules: Sequence[Rule],
    seed: int,
    dialect: str,
    fixed: frozenset[str] = frozenset(),
) -> int:
    """Makes every rule of the table hold that can be made to; gives the number of values changed.

    ``fixed`` are columns that must stay. Steps that undo each other are repeated until nothing changes any more.
    """
    ours = [rule for rule in rules if rule.table == filled.table.name]
    if not ours or not filled.rows or filled.real is not None:
        return 0
    columns = Columns(filled, others)
    rng = generator(seed, "rules", filled.model.name)
    derived = fixed | {rule.column for rule in ours if isinstance(rule, Formula) and columns.can_change(rule.column)}
    derived |= {rule.column for rule in ours if isinstance(rule, Numbering) and columns.can_change(rule.column)}
    told = derived | {rule.column for rule in ours if isinstance(rule, Dependency)}
    orders = [rule for rule in ours if isinstance(rule, Inequality)] + declared_orders(filled.table, dialect)
    formulas = [rule for rule in ours if isinstance(rule, Formula) and rule.column not in fixed]
    steps: list[Step] = [
        lambda: keep_dependencies(columns, [rule for rule in ours if isinstance(rule, Dependency)], derived, rng),
        lambda: keep_combinations(columns, [rule for rule in ours if isinstance(rule, Combination)], told, rng),
        lambda: keep_nulls(columns, [rule for rule in ours if isinstance(rule, NullWhen | NullWith)], orders, rng),
        lambda: keep_inequalities(columns, orders, told, rng),
        lambda: keep_numberings(columns, [rule for rule in ours if isinstance(rule, Numbering)]),
        lambda: keep_followings(columns, [rule for rule in ours if isinstance(rule, Following)]),
        lambda: keep_formulas(columns, formulas),
    ]
    total = 0
    for _ in range(_ROUNDS):
        changed = sum(step() for step in steps)
        total += changed
        if not changed:
            break
    return total
