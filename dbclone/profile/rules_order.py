"""Finds rules of order: between columns of a row, a row and its parent, and consecutive siblings.

Takes a table's Subject, gives rules. A rule counts only where shuffled rows would break it often: an order that holds
by the columns' ranges alone, or by chance in few rows, is none.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dbclone.profile.rules import Following, Inequality, Numbering, Ref, Rising
from dbclone.profile.rules_check import gather
from dbclone.profile.rules_names import NUMBERS, comparable
from dbclone.profile.rules_rows import Floats, families
from dbclone.profile.rules_subject import FEWEST, HEAD, Subject
from dbclone.schema import ForeignKey, Kind


def find_orders(subject: Subject) -> list[Inequality]:
    """Inequalities between columns of one row, without those that others imply."""
    found = []
    columns = subject.measures
    for place, first in enumerate(columns):
        for second in columns[place + 1 :]:
            if comparable(subject.kind(first), subject.kind(second)) and not subject.is_checked(first, second):
                one, other = subject.numbers(first), subject.numbers(second)
                rule = _inequality(subject, Ref(first), Ref(second), one, other)
                rule = rule or _inequality(subject, Ref(second), Ref(first), other, one)
                found += [rule] if rule else []
    return _reduced(found)


def find_parent_orders(subject: Subject) -> list[Inequality]:
    """Inequalities between moments of a row and of its parent's: nothing is shipped before it was ordered."""
    found: list[Inequality] = []
    for key in subject.keys:
        above = subject.of(key.parent)
        for first in subject.moments:
            for second in above.moments:
                if not comparable(subject.kind(first), above.kind(second)):
                    continue
                for falls in (False, True):
                    rule = _parent_order(subject, above, key, first, second, falls=falls)
                    found += [rule] if rule else []
    return _tightest(subject, found)


def _parent_order(
    subject: Subject, above: Subject, key: ForeignKey, first: str, second: str, *, falls: bool
) -> Inequality | None:
    """``first`` of the row is not before ``second`` of the parent, or with ``falls`` not after it.

    Counted by families, for children of one parent are no independent witnesses.
    """
    theirs = above.numbers(second)
    what = "highest" if falls else "lowest"
    bound, _ = gather(what, subject.numbers(first), subject.rows.links[key], len(theirs))
    low, high = (bound, theirs) if falls else (theirs, bound)
    if not _is_order(low, high):
        return None
    own, other = Ref(first), Ref(second, key.columns)
    ends = (own, other) if falls else (other, own)
    values = subject.rows.at(subject.name, ends[0]), subject.rows.at(subject.name, ends[1])
    return _named(subject, *ends, *values)


def _inequality(subject: Subject, low: Ref, high: Ref, lows: Floats, highs: Floats) -> Inequality | None:
    if (lows[:HEAD] > highs[:HEAD]).any() or not _is_order(lows, highs):
        return None
    if subject.kind(low.column) in NUMBERS and _is_scale(lows, highs):
        return None
    return _named(subject, low, high, lows, highs)


def _is_order(low: Floats, high: Floats) -> bool:
    """True where ``low <= high`` in every row, though not if rows were shuffled."""
    both = ~np.isnan(low) & ~np.isnan(high)
    low, high = low[both], high[both]
    if len(low) < FEWEST or (low > high).any() or (low == high).all():
        return False
    below = np.searchsorted(np.sort(low), high, side="right")
    return float((len(low) - below).mean()) >= FEWEST


def _is_scale(low: Floats, high: Floats) -> bool:
    """True where two numbers just lie on different scales: shuffled, hardly a row would be broken."""
    both = ~np.isnan(low) & ~np.isnan(high)
    below = np.searchsorted(np.sort(low[both]), high[both], side="right")
    return bool((1 - below / max(1, both.sum())).mean() < 0.02)


def _named(subject: Subject, low: Ref, high: Ref, lows: Floats, highs: Floats) -> Inequality:
    both = ~np.isnan(lows) & ~np.isnan(highs)
    strict = not (lows[both] == highs[both]).any() and _would_meet(lows[both], highs[both])
    names = subject.names
    sign = "<" if strict else "<="
    left, right = names.ref(subject.name, low), names.ref(subject.name, high)
    # Read from the row's own later column: shipped_at >= ordered_at.
    if high.key or (not low.key and subject.kind(low.column) in NUMBERS):
        text = f"{left} {sign} {right}"
    else:
        text = f"{right} {sign.replace('<', '>')} {left}"
    return Inequality(text, subject.name, int(both.sum()), low, high, strict)


def _would_meet(low: Floats, high: Floats) -> bool:
    """True where shuffled rows would often be equal, so that it means something that none is."""
    values, counts = np.unique(low, return_counts=True)
    place = np.clip(np.searchsorted(values, high), 0, len(values) - 1)
    return float(np.where(values[place] == high, counts[place], 0).mean()) >= FEWEST


def _reduced(rules: list[Inequality]) -> list[Inequality]:
    """Without ``a <= c`` where ``a <= b`` and ``b <= c``."""
    pairs = {(rule.low.column, rule.high.column) for rule in rules}
    middle = {column for pair in pairs for column in pair}
    return [
        rule
        for rule in rules
        if not any((rule.low.column, one) in pairs and (one, rule.high.column) in pairs for one in middle)
    ]


def _tightest(subject: Subject, rules: list[Inequality]) -> list[Inequality]:
    """Of rules against one parent only those that no order within the row, or within the parent, implies."""
    if not rules:
        return []
    own = {(rule.low.column, rule.high.column) for rule in find_orders(subject)}
    kept = []
    for rule in rules:
        others = [other for other in rules if other is not rule]
        implied = any(
            (other.low == rule.low and (other.high.column, rule.high.column) in own and not rule.high.key)
            or (other.high == rule.high and (rule.low.column, other.low.column) in own and not rule.low.key)
            for other in others
        )
        if not implied:
            kept.append(rule)
    return kept


def find_rising(subject: Subject) -> list[Rising]:
    """Moments that never fall as the surrogate key rises, over the whole table or within families."""
    found = []
    for by in subject.numbered[:1]:
        for column in subject.moments:
            if np.isnan(subject.numbers(column)).any():
                continue
            key: ForeignKey | None = None
            for key in (None, *subject.keys):
                rule = _rising(subject, column, by, key)
                if rule is not None:
                    found.append(rule)
                    break
    return found


def _rising(subject: Subject, column: str, by: str, key: ForeignKey | None) -> Rising | None:
    parent = np.zeros(subject.size, np.int64) if key is None else subject.rows.links[key]
    order, follows = families(parent, subject.numbers(by))
    steps = np.diff(subject.numbers(column)[order])[follows[1:]] if len(order) else np.zeros(0)
    # Each step that is one would fall half of the time; so would the family's first if it were another's.
    if (steps > 0).sum() < 2 * FEWEST or (steps < 0).any():
        return None
    strict = bool((steps > 0).all()) and len(steps) >= 2 * FEWEST and _collides(subject, column)
    name = f"{subject.names.ref(subject.name, Ref(column))} rises with {by}"
    if key is not None:
        name += f" within {subject.names.key(key.columns)}"
    columns = key.columns if key else ()
    return Rising(name, subject.name, len(steps), column, by, columns, strict)


def _collides(subject: Subject, column: str) -> bool:
    """True for days: moments to the microsecond never meet anyway."""
    return subject.kind(column) is Kind.DATE


def find_numberings(subject: Subject) -> list[Numbering]:
    """Columns that count the children of one parent."""
    found = []
    for key in subject.keys:
        for column in subject.integers:
            values = subject.numbers(column)
            if np.isnan(values).any():
                continue
            order, follows = families(subject.rows.links[key], values)
            if follows.sum() < 2 * FEWEST or not (np.diff(values[order])[follows[1:]] == 1).all():
                continue
            first = values[order][~follows]
            if (first == first[0]).all() and first[0] in (0, 1):
                start = int(first[0])
                own = subject.names.ref(subject.name, Ref(column))
                name = f"{own} counts {start}, {start + 1}... within {subject.names.key(key.columns)}"
                found.append(Numbering(name, subject.name, len(order), column, key.columns, start))
                break
    return found


def find_followings(subject: Subject) -> list[Following]:
    """Periods of one parent's children that never overlap: salaries, prices, memberships."""
    return [rule for key in subject.keys for rule in _followings(subject, key)]


def _followings(subject: Subject, key: ForeignKey) -> Iterator[Following]:
    parent = subject.rows.links[key]
    for start in subject.moments:
        for end in subject.moments:
            if start == end or subject.kind(start) != subject.kind(end):
                continue
            starts, ends = subject.numbers(start), subject.numbers(end)
            if np.isnan(starts).any() or (starts > ends).any() or (starts == ends).all():
                continue
            order, follows = families(parent, starts, np.nan_to_num(ends, nan=np.inf))
            if not len(order):
                continue
            before, after = ends[order][:-1], starts[order][1:]
            usable = follows[1:] & ~np.isnan(before)
            if usable.sum() < 2 * FEWEST or (after < before)[usable].any():
                continue
            shuffled = starts[order][:-1] + subject.rng.permutation((ends - starts)[order])[:-1]
            if (after < shuffled)[usable].sum() < FEWEST:
                continue
            seamless = bool((after == before)[usable].all())
            names = subject.names
            sign = "=" if seamless else ">="
            own = names.ref(subject.name, Ref(start))
            text = f"{own} {sign} {end} of the one before within {names.key(key.columns)}"
            yield Following(text, subject.name, int(usable.sum()), start, end, key.columns, seamless)
