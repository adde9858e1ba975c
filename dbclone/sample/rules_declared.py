"""The inequalities that CHECK constraints declare, as rules: what both kinds ask of a column is kept in one go.

Takes a Table, gives Inequalities. Conditions that say more than ``a <= b`` are left to the mending of CHECKs.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import expressions as exp

from dbclone.profile.rules import Inequality, Ref
from dbclone.sample.expressions import parsed
from dbclone.schema import Table

_SIGNS: dict[type[exp.Expr], tuple[bool, bool]] = {
    exp.LTE: (False, False),
    exp.LT: (False, True),
    exp.GTE: (True, False),
    exp.GT: (True, True),
}
"""Whether the higher one stands first, and whether the two are never equal."""


def declared_orders(table: Table, dialect: str) -> list[Inequality]:
    """``a <= b`` for each CHECK that says so, alone, beside AND, or unless one of the two is NULL."""
    found: list[Inequality] = []
    for check in table.checks:
        tree = parsed(check.expression, dialect) if check.validated else None
        if tree is not None:
            found += _orders(tree, table)
    return found


def _orders(node: exp.Expr, table: Table) -> Iterator[Inequality]:
    if isinstance(node, exp.Paren):
        yield from _orders(node.this, table)
    elif isinstance(node, exp.And):
        yield from _orders(node.this, table)
        yield from _orders(node.expression, table)
    elif isinstance(node, exp.Or):
        sides = [part for part in node.flatten() if not isinstance(part.unnest(), exp.Is)]
        if len(sides) == 1:
            yield from _orders(sides[0], table)
    elif type(node) in _SIGNS:
        left, right = _column(node.this, table), _column(node.expression, table)
        if left and right:
            turned, strict = _SIGNS[type(node)]
            low, high = (right, left) if turned else (left, right)
            yield Inequality(node.sql(), table.name, 0, Ref(low), Ref(high), strict)


def _column(node: exp.Expr, table: Table) -> str:
    """The column that a side of a comparison is, empty where it is more than that."""
    node = node.unnest()
    if isinstance(node, exp.Cast):
        node = node.this.unnest()
    if not isinstance(node, exp.Column):
        return ""
    return next((one.name for one in table.columns if one.name.lower() == node.name.lower()), "")
