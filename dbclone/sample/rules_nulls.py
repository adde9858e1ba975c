"""Keeps NULLs where rules want them and values where rules want those.

Takes Columns and rules. A value that has to be there is another row's; a moment keeps its distance to the one that it
may not come before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dbclone.profile.rules import Inequality, NullWhen, NullWith, Ref
from dbclone.sample.columns import Columns

Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


def keep_nulls(
    columns: Columns, rules: Sequence[NullWhen | NullWith], orders: Sequence[Inequality], rng: np.random.Generator
) -> int:
    """What hangs on a category first, then what hangs on that."""
    changed = 0
    for rule in sorted(rules, key=lambda one: (isinstance(one, NullWith), isinstance(one, NullWith) and not one.both)):
        if columns.is_open(rule.column) or columns.is_open(rule.by):
            continue
        if isinstance(rule, NullWhen):
            changed += _keep_when(columns, rule, orders, rng)
        elif rule.both:
            # Several may hang on one column: they follow it.
            wanted = columns.missing(rule.column) == (rule.null == rule.when_null)
            changed += _make(columns, rule.by, wanted, ~wanted, orders, rng)
        else:
            met = columns.missing(rule.by) == rule.when_null
            nothing = np.zeros(columns.rows, bool)
            null, full = (met, nothing) if rule.null else (nothing, met)
            changed += _make(columns, rule.column, null, full, orders, rng)
    return changed


def _keep_when(columns: Columns, rule: NullWhen, orders: Sequence[Inequality], rng: np.random.Generator) -> int:
    met = columns.is_one_of(rule.by, rule.values)
    if met is None:
        return 0
    if columns.key_number(rule.column) >= 0:
        return _follow_key(columns, rule, met, rng)
    other = ~met if rule.only else np.zeros(columns.rows, bool)
    null, full = (met, other) if rule.null else (other, met)
    return _make(columns, rule.column, null, full, orders, rng)


def _make(
    columns: Columns, column: str, null: Flags, full: Flags, orders: Sequence[Inequality], rng: np.random.Generator
) -> int:
    """Makes ``column`` NULL in the rows ``null`` and filled in those that are ``full``."""
    if not columns.can_change(column) or not columns.filled.table.column(column).nullable:
        return 0
    missing = columns.missing(column)
    empty = np.flatnonzero(null & ~missing)
    if len(empty):
        columns.clear(column, empty)
    short = np.flatnonzero(full & missing)
    donors = np.flatnonzero(~missing & full)
    donors = donors if len(donors) else np.flatnonzero(~missing & ~null)
    if len(short) and len(donors):
        chosen = donors[rng.integers(0, len(donors), len(short))]
        columns.take(column, short, chosen)
        _keep_distance(columns, column, short, chosen, orders)
    return len(empty) + (len(short) if len(donors) else 0)


def _keep_distance(columns: Columns, column: str, rows: Rows, donors: Rows, orders: Sequence[Inequality]) -> None:
    """Moments of other rows mean something only beside what they follow or precede there."""
    entry = columns.entry(column)
    if entry is None or not entry.unit:
        return
    for rule in orders:
        for one, other in ((rule.high, rule.low), (rule.low, rule.high)):
            beside = columns.value(other) if one == Ref(column) else None
            own = columns.numbers(column) if beside is not None else None
            if beside is None or own is None:
                continue
            moved = own[donors] + (beside[rows] - beside[donors]) * columns.unit(column)
            known = ~np.isnan(moved)
            if known.any():
                columns.put(column, rows[known], moved[known])
                return


def _follow_key(columns: Columns, rule: NullWhen, met: Flags, rng: np.random.Generator) -> int:
    """Whom a row references is settled: here the category follows, exchanged between rows where it can be."""
    null = columns.missing(rule.column) == rule.null
    if not columns.can_change(rule.by):
        return 0
    # Rows that lack the category, and rows that have it wrongly where it is said to have it only then.
    lacking, wrongly = (
        np.flatnonzero(null & ~met if rule.only else np.zeros(len(met), bool)),
        np.flatnonzero(met & ~null),
    )
    pairs = min(len(lacking), len(wrongly))
    lacking, wrongly = rng.permutation(lacking), rng.permutation(wrongly)
    with_it, without = np.flatnonzero(null & met), np.flatnonzero(~null & ~met)
    given = np.concatenate([wrongly[:pairs], _some(with_it if len(with_it) else wrongly, len(lacking) - pairs, rng)])
    taken = np.concatenate([lacking[:pairs], _some(without if len(without) else lacking, len(wrongly) - pairs, rng)])
    rows, donors = np.concatenate([lacking[: len(given)], wrongly[: len(taken)]]), np.concatenate([given, taken])
    if len(rows):
        columns.take(rule.by, rows, donors)
    return len(rows)


def _some(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    return rng.choice(rows, count) if count > 0 and len(rows) else np.zeros(0, np.int64)
