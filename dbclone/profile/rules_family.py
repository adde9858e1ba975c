"""Finds rules between tables: what a parent sums up of its children, and keys whose paths meet.

Takes a table's Subject, gives rules. A sum over families of one is a copy, and no rule of this module.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dbclone.profile.rules import Aggregate, Factor, Key, Meeting, Ref, Term
from dbclone.profile.rules_check import gather
from dbclone.profile.rules_formula import digits_of, plain_of
from dbclone.profile.rules_names import comparable
from dbclone.profile.rules_rows import Flags, Floats, Ints, agrees, evaluate
from dbclone.profile.rules_subject import FEWEST, Subject
from dbclone.schema import ForeignKey

Terms = tuple[Term, ...]
_MOST_INGREDIENTS = 12
_TRIED = 40
_GLIMPSE = 6
"""Families that nearly every wrong idea is contradicted by."""
_WHAT = {"sum": "sum", "count": "count", "lowest": "min", "highest": "max"}


def find_aggregates(subject: Subject) -> list[Aggregate]:
    """Columns of a table that sum up the rows that reference it, at most one rule a column."""
    found: dict[str, Aggregate] = {}
    for key in subject.rows.schema.children_of(subject.name):
        families = _families(subject, key)
        if families is None:
            continue
        for column in [name for name in [*subject.amounts, *subject.moments] if name not in found]:
            rule = _aggregate(subject, key, column, families)
            if rule is not None:
                found[column] = rule
    return list(found.values())


@dataclass(frozen=True)
class _Families:
    """``counts`` (parents,) of children, ``told`` where all are known; ``few`` parents and ``theirs``, their children,
    that ideas are first tried on, each with the ``place`` of its parent among them."""

    parent: Ints
    counts: Ints
    told: Flags
    few: Ints
    theirs: Ints
    place: Ints


def _families(subject: Subject, key: ForeignKey) -> _Families | None:
    """None where too few families of two or more are whole."""
    if key.is_self or not subject.rows.is_named(key):
        return None
    parent = subject.rows.links[key]
    counts = np.bincount(parent[parent >= 0], minlength=subject.size)
    told = subject.rows.whole.get(key, np.ones(subject.size, bool))
    several = np.flatnonzero(told & (counts > 1))
    if len(several) < FEWEST:
        return None
    few = several[np.argsort(counts[several], kind="stable")[:_TRIED]]
    # A row without a parent finds the last place, which nobody has.
    place = np.full(subject.size + 1, -1, np.int64)
    place[few] = np.arange(len(few))
    theirs = np.flatnonzero(place[parent] >= 0)
    return _Families(parent, counts, told, few, theirs, place[parent[theirs]])


def _aggregate(subject: Subject, key: ForeignKey, column: str, families: _Families) -> Aggregate | None:
    values = subject.numbers(column)
    if column in subject.amounts and _matches(subject, values, families.counts.astype(np.float64), families, 0):
        return _named(subject, key, column, "count", (), 0, families)
    child = subject.of(key.table)
    for what, terms in _ideas(subject, child, column, families):
        digits = digits_of(subject, column) if what == "sum" else None
        few = evaluate(terms, lambda ref: child.rows.at(child.name, ref, families.theirs))
        tried, _ = gather(what, few, families.place, len(families.few))
        if not agrees(values[families.few], tried, digits).all():
            continue
        whole = evaluate(terms, lambda ref: child.rows.at(child.name, ref))
        wanted, _ = gather(what, whole, families.parent, subject.size)
        if _matches(subject, values, wanted, families, digits):
            return _named(subject, key, column, what, terms, digits, families)
    return None


def _ideas(subject: Subject, child: Subject, column: str, families: _Families) -> Iterator[tuple[str, Terms]]:
    """What the column might sum up, the simplest first."""
    if column in subject.moments:
        for name in child.moments:
            if comparable(subject.kind(column), child.kind(name)):
                yield "lowest", (Term((plain_of(Ref(name)),)),)
                yield "highest", (Term((plain_of(Ref(name)),)),)
        return
    refs = [Ref(name) for name in child.amounts][:_MOST_INGREDIENTS]
    for key in child.keys:
        if key.parent != subject.name:
            refs += [Ref(name, key.columns) for name in child.of(key.parent).amounts]
    refs = refs[: 2 * _MOST_INGREDIENTS]
    if not refs:
        return
    singles = [(Term((plain_of(ref),)),) for ref in refs]
    yield from (("sum", terms) for terms in singles)
    yield from ((what, terms) for terms in singles for what in ("lowest", "highest"))
    two, three = _likely_products(subject, child, column, refs, families)
    pairs = list(itertools.combinations(range(len(refs)), 2))
    for one, other in pairs:
        if two[one, other]:
            yield "sum", (Term((plain_of(refs[one]), plain_of(refs[other]))),)
    for one, other in pairs[:100]:
        for third in np.flatnonzero(three[one, other]).tolist():
            if third not in (one, other):
                yield "sum", (Term((plain_of(refs[one]), plain_of(refs[other]), Factor(refs[third], "rest"))),)


def _likely_products(
    subject: Subject, child: Subject, column: str, refs: list[Ref], families: _Families
) -> tuple[Flags, Flags]:
    """(m, m) and (m, m, n) false where a sum of ``a * b``, of ``a * b * (1 - c)``, is not the column in a few families.

    All products at once over a dozen rows; trying them one by one takes the time of everything else together.
    """
    some = families.few[:_GLIMPSE]
    parent = families.parent[families.theirs]
    rows = families.theirs[np.isin(parent, some)]
    family = np.argsort(some)[np.searchsorted(np.sort(some), families.parent[rows])]
    order = np.argsort(family, kind="stable")
    rows, starts = rows[order], np.searchsorted(family[order], np.arange(len(some)))
    values = np.stack([child.rows.at(child.name, ref)[rows] for ref in refs], axis=1)
    rest = np.nan_to_num(1.0 - values[:, :_MOST_INGREDIENTS])
    products = np.nan_to_num(values)[:, :, None] * np.nan_to_num(values)[:, None, :]
    goal = subject.numbers(column)[some]
    digits = digits_of(subject, column)
    two = np.add.reduceat(products, starts)
    three = np.add.reduceat(products[:, :, :, None] * rest[:, None, None, :], starts)
    return (
        np.asarray(agrees(goal[:, None, None], two, digits).all(axis=0)),
        np.asarray(agrees(goal[:, None, None, None], three, digits).all(axis=0)),
    )


def _matches(subject: Subject, values: Floats, wanted: Floats, families: _Families, digits: int | None) -> bool:
    """True where the column is the aggregate of every whole family, though of no other family's rows."""
    rows = np.flatnonzero(families.told & (families.counts > 0) & ~np.isnan(wanted))
    if len(rows) < FEWEST or np.isnan(values[rows]).any() or not agrees(values[rows], wanted[rows], digits).all():
        return False
    other = subject.rng.permutation(rows)
    return bool((~agrees(values[rows], wanted[other], digits)).sum() >= FEWEST)


def _named(
    subject: Subject, key: ForeignKey, column: str, what: str, terms: Terms, digits: int | None, families: _Families
) -> Aggregate:
    values = subject.numbers(column)[families.told & (families.counts == 0)]
    empty = "any"
    if len(values):
        empty = "zero" if (values == 0).all() else "null" if np.isnan(values).all() else "any"
    names = subject.names
    child = names.table(key.table)
    inside = "*" if what == "count" else names.terms(key.table, terms)
    text = f"{names.ref(subject.name, Ref(column))} = {_WHAT[what]}({inside}) of {child}"
    if sum(other.parent == subject.name for other in subject.rows.schema.table(key.table).foreign_keys) > 1:
        text += f" by {names.key(key.columns)}"
    rows = int((families.told & (families.counts > 0)).sum()) + (0 if empty == "any" else len(values))
    return Aggregate(text, subject.name, rows, column, key.table, key.columns, what, terms, digits, empty)  # type: ignore[arg-type]


def find_meetings(subject: Subject) -> list[Meeting]:
    """Pairs of paths, of at most two keys each, that always lead to the same ancestor."""
    paths: list[tuple[ForeignKey, ...]] = [(key,) for key in subject.keys]
    paths += [(key, second) for key in subject.keys for second in subject.of(key.parent).keys]
    selves = [key for key in subject.table.foreign_keys if key.is_self and subject.rows.is_named(key)]
    paths += [(key, second) for key in selves for second in subject.keys]
    found = []
    for first, second in itertools.combinations(paths, 2):
        if first[0] == second[0] or first[-1].parent != second[-1].parent or _declared(first, second):
            continue
        rule = _meeting(subject, tuple(key.columns for key in first), tuple(key.columns for key in second))
        if rule is not None:
            found.append(rule)
    return _independent(found)


def _meeting(subject: Subject, first: tuple[Key, ...], second: tuple[Key, ...]) -> Meeting | None:
    one, other = subject.rows.walk(subject.name, first), subject.rows.walk(subject.name, second)
    both = (one >= 0) & (other >= 0)
    one, other = one[both], other[both]
    if len(one) < FEWEST or (one != other).any() or (one != subject.rng.permutation(other)).sum() < FEWEST:
        return None
    name = f"{subject.names.path(subject.name, first)} = {subject.names.path(subject.name, second)}"
    return Meeting(name, subject.name, len(one), first, second)


def _declared(first: tuple[ForeignKey, ...], second: tuple[ForeignKey, ...]) -> bool:
    """True where keys that share columns make the paths meet anyway."""
    short, long = (first, second) if len(first) < len(second) else (second, first)
    return len(short) == 1 and len(long) == 2 and set(short[0].columns) <= set(long[0].columns)


def _independent(rules: list[Meeting]) -> list[Meeting]:
    """Without longer paths that meet because shorter ones do."""
    short = {(rule.first, rule.second) for rule in rules}
    return [
        rule
        for rule in rules
        if not (len(rule.first) == len(rule.second) == 2 and (rule.first[:1], rule.second[:1]) in short)
    ]
