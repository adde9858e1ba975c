"""Counts a rule on rows: how many could break it, and in how many it holds.

Takes a Rule and RuleRows, gives a Tally. The same count serves to find rules and to recount them on a clone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dbclone.profile.rules import (
    Aggregate,
    Combination,
    Composed,
    Dependency,
    Following,
    Formula,
    Inequality,
    Meeting,
    NullWhen,
    NullWith,
    Numbering,
    Rising,
    Rule,
)
from dbclone.profile.rules_rows import Flags, Floats, Ints, RuleRows, agrees, evaluate, families

_NONE = np.zeros(0, bool)


@dataclass(frozen=True)
class Tally:
    """``rows`` that could break the rule, and how many of them keep it."""

    rows: int
    kept: int

    @property
    def share(self) -> float | None:
        """The share that keeps it, None where no row could break it."""
        return self.kept / self.rows if self.rows else None


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def count_rule(rule: Rule, rows: RuleRows) -> Tally:
    """Counts ``rule``; the tables and columns that it names must be among ``rows``."""
    held = _held(rule, rows)
    return Tally(len(held), int(held.sum()))


def _held(rule: Rule, rows: RuleRows) -> Flags:  # noqa: C901 - one line a kind of rule
    """(those that could break the rule,) true where they keep it."""
    match rule:
        case Inequality():
            return _inequality(rule, rows)
        case Formula():
            wanted = evaluate(rule.terms, lambda ref: rows.at(rule.table, ref))
            return _equal(rows.numbers(rule.table, rule.column), wanted, rule.digits)
        case Composed():
            return _composed(rule, rows)
        case Dependency():
            return depends(rows.codes(rule.table, rule.by), rows.codes(rule.table, rule.column))
        case NullWith():
            return _null_with(rule, rows)
        case NullWhen():
            return _null_when(rule, rows)
        case Combination():
            return _combination(rule, rows)
        case Rising():
            return _rising(rule, rows)
        case Numbering():
            return _numbering(rule, rows)
        case Following():
            return _following(rule, rows)
        case Aggregate():
            return _aggregate(rule, rows)
        case Meeting():
            first, second = rows.walk(rule.table, rule.first), rows.walk(rule.table, rule.second)
            both = (first >= 0) & (second >= 0)
            return np.asarray(first[both] == second[both])


def _inequality(rule: Inequality, rows: RuleRows) -> Flags:
    low, high = rows.at(rule.table, rule.low), rows.at(rule.table, rule.high)
    both = ~np.isnan(low) & ~np.isnan(high)
    return np.asarray(low[both] < high[both] if rule.strict else low[both] <= high[both])


def _equal(values: Floats, wanted: Floats, digits: int | None) -> Flags:
    both = ~np.isnan(values) & ~np.isnan(wanted)
    return agrees(values[both], wanted[both], digits)


def _composed(rule: Composed, rows: RuleRows) -> Flags:
    values = rows.texts(rule.table, rule.column)
    parts = [_part_texts(rule, rows, place) for place in range(len(rule.parts))]
    held = []
    for value, *texts in zip(values, *parts, strict=True):
        if isinstance(value, str) and all(isinstance(text, str) for text in texts):
            held.append(value == "".join(texts))
    return np.array(held, bool)


def _part_texts(rule: Composed, rows: RuleRows, place: int) -> npt.NDArray[np.object_]:
    part = rule.parts[place]
    if not part.column:
        return np.full(rows.size(rule.table), part.text, object)
    texts = rows.texts(rule.table, part.column, part.key)
    if part.case:
        change = str.lower if part.case == "lower" else str.upper
        texts = np.array([change(text) if isinstance(text, str) else None for text in texts], object)
    return texts


def depends(by: Ints, column: Ints) -> Flags:
    """(rows whose ``by`` came before,) true where ``column`` is as it was then."""
    there = np.flatnonzero(by >= 0)
    order = there[np.argsort(by[there], kind="stable")]
    again = by[order][1:] == by[order][:-1]
    return np.asarray((column[order][1:] == column[order][:-1])[again])


def tells(by: Ints, column: Ints) -> bool:
    """Whether `depends` holds throughout, without its sorting: one value is kept for each of ``by``."""
    there = by >= 0
    by, column = by[there], column[there]
    last = np.zeros(int(by.max(initial=-1)) + 1, column.dtype)
    last[by] = column
    return bool((last[by] == column).all())


def _null_with(rule: NullWith, rows: RuleRows) -> Flags:
    column, by = rows.missing(rule.table, rule.column), rows.missing(rule.table, rule.by)
    met = by == rule.when_null
    if rule.both:
        return np.asarray((column == rule.null) == met)
    return np.asarray(column[met] == rule.null)


def _null_when(rule: NullWhen, rows: RuleRows) -> Flags:
    column = rows.missing(rule.table, rule.column) == rule.null
    met = np.isin(rows.texts(rule.table, rule.by).astype(str), rule.values)
    if rule.only:
        return np.asarray(column == met)
    return np.asarray(column[met])


def _combination(rule: Combination, rows: RuleRows) -> Flags:
    first, second = rows.texts(rule.table, rule.first), rows.texts(rule.table, rule.second)
    banned = set(rule.without)
    there = [(one, other) for one, other in zip(first, second, strict=True) if one is not None and other is not None]
    return np.array([pair not in banned for pair in there], bool)


def _rising(rule: Rising, rows: RuleRows) -> Flags:
    parent = rows.links[rows.key(rule.table, rule.key)] if rule.key else np.zeros(rows.size(rule.table), np.int64)
    values, by = rows.numbers(rule.table, rule.column), rows.numbers(rule.table, rule.by)
    known = ~np.isnan(values) & ~np.isnan(by)
    order, follows = families(np.where(known, parent, -1), by)
    steps = np.diff(values[order])[follows[1:]] if len(order) else np.zeros(0)
    return np.asarray(steps > 0 if rule.strict else steps >= 0)


def _numbering(rule: Numbering, rows: RuleRows) -> Flags:
    parent = rows.links[rows.key(rule.table, rule.key)]
    values = rows.numbers(rule.table, rule.column)
    order, follows = families(np.where(np.isnan(values), -1, parent), values)
    found = values[order]
    held = found == rule.first
    held[1:] = np.where(follows[1:], np.diff(found) == 1, held[1:])
    return np.asarray(held)


def _following(rule: Following, rows: RuleRows) -> Flags:
    parent = rows.links[rows.key(rule.table, rule.key)]
    start, end = rows.numbers(rule.table, rule.start), rows.numbers(rule.table, rule.end)
    order, follows = families(np.where(np.isnan(start), -1, parent), start, np.nan_to_num(end, nan=np.inf))
    if not len(order):
        return _NONE
    before, after = end[order][:-1], start[order][1:]
    usable = follows[1:] & ~np.isnan(before)
    return np.asarray((after == before if rule.seamless else after >= before)[usable])


def _aggregate(rule: Aggregate, rows: RuleRows) -> Flags:
    key = rows.key(rule.child, rule.key)
    values = rows.numbers(rule.table, rule.column)
    if rule.what == "count":
        terms = np.ones(rows.size(rule.child))
    else:
        terms = evaluate(rule.terms, lambda ref: rows.at(rule.child, ref))
    wanted, counts = gather(rule.what, terms, rows.links[key], len(values))
    told = rows.whole.get(key, np.ones(len(values), bool))
    with_children = told & (counts > 0) & ~np.isnan(wanted)
    held = agrees(values[with_children], wanted[with_children], rule.digits)
    held &= ~np.isnan(values[with_children])
    if rule.empty == "any":
        return held
    without = values[told & (counts == 0)]
    return np.concatenate([held, np.isnan(without) if rule.empty == "null" else without == 0])


def gather(what: str, values: Floats, parent: Ints, parents: int) -> tuple[Floats, Ints]:
    """(parents,) the aggregate of the children's ``values`` and their number; NaN where there is nothing to tell."""
    linked = np.flatnonzero(parent >= 0)
    counts = np.bincount(parent[linked], minlength=parents)
    if what == "count":
        return counts.astype(np.float64), counts
    if what == "sum":
        total = np.bincount(parent[linked], np.nan_to_num(values[linked]), parents)
        return np.where(counts > 0, total, np.nan), counts
    filled = linked[~np.isnan(values[linked])]
    found = np.full(parents, np.inf if what == "lowest" else -np.inf)
    (np.minimum if what == "lowest" else np.maximum).at(found, parent[filled], values[filled])
    return np.where(np.isfinite(found), found, np.nan), counts
