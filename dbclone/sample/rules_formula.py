"""Derives columns that are formulas of others.

Takes Columns and rules, changes the formulas' columns. What would not fit the column's type stays as it was drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dbclone.profile.rules import Formula, Ref, Term
from dbclone.profile.rules_rows import agrees, evaluate
from dbclone.sample.columns import Columns
from dbclone.schema import Kind, Type

Floats = npt.NDArray[np.float64]


def keep_formulas(columns: Columns, rules: Sequence[Formula]) -> int:
    """Formulas of columns that are formulas themselves come after those."""
    changed = 0
    for rule in _sorted(rules):
        wanted = evaluated(columns, rule.terms) if columns.can_change(rule.column) else None
        if wanted is not None:
            changed += derive(columns, rule.column, wanted, rule.digits)
    return changed


def evaluated(columns: Columns, terms: tuple[Term, ...]) -> Floats | None:
    """(rows,) the sum of ``terms``, None where an ingredient is not to be had."""
    values: dict[Ref, Floats] = {}
    for ref in dict.fromkeys(factor.ref for term in terms for factor in term.factors):
        value = columns.value(ref)
        if value is None:
            return None
        values[ref] = value
    return evaluate(terms, values.__getitem__)


def derive(columns: Columns, column: str, wanted: Floats, digits: int | None) -> int:
    """Makes ``column`` what is ``wanted`` (rows,) wherever both are known; gives the number of rows changed."""
    own = columns.value(Ref(column))
    assert own is not None
    known = ~np.isnan(own) & ~np.isnan(wanted)
    wanted = rounded(wanted, digits)
    off = known & ~agrees(own, wanted, None) & (np.abs(wanted) <= most(columns.kind(column)))
    rows = np.flatnonzero(off)
    if len(rows):
        columns.put(column, rows, wanted[rows] * columns.unit(column))
    return len(rows)


def rounded(values: Floats, digits: int | None) -> Floats:
    """Halves away from zero, as databases round; None leaves all digits."""
    if digits is None:
        return values
    scale = 10.0**digits
    result: Floats = np.copysign(np.floor(np.abs(values) * scale * (1 + 1e-15) + 0.5 + 1e-9), values) / scale
    return result


def most(kind: Type) -> float:
    """The largest number that a column of the type can hold."""
    if kind.kind is Kind.INTEGER:
        return float(2.0 ** ((kind.bits or 64) - 1) - 1)
    if kind.kind is Kind.DECIMAL and kind.precision is not None:
        scale = kind.scale or 0
        return float(10.0 ** (kind.precision - scale) - 10.0**-scale)
    return float("inf")


def _sorted(rules: Sequence[Formula]) -> list[Formula]:
    """Ingredients before what is made of them."""
    left, done = list(rules), list[Formula]()
    while left:
        waiting = {rule.column for rule in left}
        ready = [rule for rule in left if not (_own(rule) & waiting) - {rule.column}]
        done += ready or left
        left = [rule for rule in left if rule not in done]
    return done


def _own(rule: Formula) -> set[str]:
    return {factor.ref.column for term in rule.terms for factor in term.factors if not factor.ref.key}
