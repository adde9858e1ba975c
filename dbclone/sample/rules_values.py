"""Keeps functional dependencies and combinations of categories.

Takes Columns and rules. Rows that disagree follow the most frequent answer among the rows of the clone; forbidden
combinations take one side from a row that shares the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from dbclone.profile.rules import Combination, Dependency
from dbclone.sample.columns import Columns

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_MOVABLE = ("draw", "category")


def keep_dependencies(
    columns: Columns, rules: Sequence[Dependency], fixed: frozenset[str] | set[str], rng: np.random.Generator
) -> int:
    """What others hang on comes first. Where a column is settled already, what should tell it gives way."""
    kept = {name for names in columns.filled.table.unique_sets for name in names}
    leaders, others = sorted_dependencies(rules, lambda name: name in kept or not _can_give_way(columns, name))
    changed = 0
    for place, rule in enumerate([*leaders, *others]):
        by = columns.codes(rule.by)
        if by is None or columns.is_open(rule.column):
            continue
        if place >= len(leaders) or rule.column in fixed or rule.column in kept:
            changed += _ask_another(columns, rule, by, rng) if rule.by not in kept else 0
        elif columns.key_number(rule.column) >= 0:
            changed += _same_parent(columns, rule, by)
        elif columns.can_change(rule.column):
            own = _answers(columns, rule.column)
            rows, donors = disagreeing(by, own)
            if len(rows):
                columns.take(rule.column, rows, donors)
            changed += len(rows)
    return changed


def _can_give_way(columns: Columns, name: str) -> bool:
    number = columns.key_number(name)
    return columns.filled.model.keys[number].mode in _MOVABLE if number >= 0 else columns.can_change(name)


def _ask_another(columns: Columns, rule: Dependency, by: Rows, rng: np.random.Generator) -> int:
    """Rows whose answer must stay take their ``by`` from a row whose answer is the same and right."""
    number = columns.key_number(rule.by)
    if not _can_give_way(columns, rule.by):
        return 0
    answers = _answers(columns, rule.column) if columns.key_number(rule.column) < 0 else columns.codes(rule.column)
    if answers is None:
        return 0
    wrong, right = _make_room(by, answers, disagreeing(by, answers - answers.min())[0])
    rows, donors = _alike(answers, wrong, right, rng)
    if len(rows) and number >= 0:
        parents = np.array(columns.filled.parents[number])
        parents[rows] = parents[donors]
        columns.filled.parents[number] = parents
    elif len(rows):
        columns.take(rule.by, rows, donors)
    return len(rows)


def _make_room(by: Rows, answers: Rows, wrong: Rows) -> tuple[Rows, Rows]:
    """Rows whose answer is not that of their ``by``, and those whose is, once each answer has one ``by`` at least.

    An answer that is nowhere the most frequent takes the ``by`` of which it has the largest share, unless the answer
    that gives way would be left with none.
    """
    good = by >= 0
    good[wrong] = False
    sizes = np.bincount(by[by >= 0])
    for answer in np.setdiff1d(answers[wrong], answers[good]):
        groups, counts = np.unique(by[(by >= 0) & (answers == answer)], return_counts=True)
        seat = groups[np.argmax(counts / sizes[groups])]
        inside = by == seat
        if np.isin(answers[good & inside], answers[good & ~inside]).all():
            good[inside] = answers[inside] == answer
    known = by >= 0
    return np.flatnonzero(known & ~good), np.flatnonzero(good)


def sorted_dependencies(
    rules: Sequence[Dependency], is_fixed: Callable[[str], bool]
) -> tuple[list[Dependency], list[Dependency]]:
    """For each column the one rule that settles it, each after those that settle what it hangs on; and the others.

    What cannot give way settles first, then what most rows of the source prove.
    """
    best = sorted(rules, key=lambda rule: (not is_fixed(rule.by), -rule.rows))
    leaders = {rule.column: rule for rule in reversed(best)}
    left, done = list(leaders.values()), list[Dependency]()
    while left:
        waiting = {rule.column for rule in left}
        # Where they run in a circle, the best proven one begins.
        ready = [rule for rule in left if rule.by not in waiting] or [min(left, key=best.index)]
        done += ready
        left = [rule for rule in left if rule not in ready]
    return done, [rule for rule in best if rule not in done]


def _answers(columns: Columns, column: str) -> Rows:
    """(rows,) a number for each value, NULL among them."""
    numbers = columns.numbers(column)
    if numbers is not None:
        return np.asarray(np.unique(numbers, return_inverse=True)[1]).astype(np.int64)
    model = columns.filled.model
    if column in model.value_index:
        return np.asarray(columns.missing(column)).astype(np.int64)
    return np.asarray(columns.filled.own[:, model.first_slot[model.by_name[column]]]).astype(np.int64)


def disagreeing(by: Rows, answers: Rows) -> tuple[Rows, Rows]:
    """Rows whose answer is not the most frequent of their ``by`` (-1: nothing known), and a row that has that."""
    known = np.flatnonzero(by >= 0)
    if not len(known):
        return known, known
    pairs, first, inverse, counts = np.unique(
        by[known] * (answers.max() + 1) + answers[known], return_index=True, return_inverse=True, return_counts=True
    )
    group = pairs // (answers.max() + 1)
    order = np.lexsort((first, -counts, group))
    _, lead = np.unique(group[order], return_index=True)
    best = np.empty(len(pairs), np.int64)
    size = np.diff(np.concatenate([lead, [len(order)]]))
    best[order] = np.repeat(order[lead], size)
    off = best[inverse] != inverse
    return known[off], known[first[best[inverse[off]]]]


def _same_parent(columns: Columns, rule: Dependency, by: Rows) -> int:
    """A key that another column tells: rows that disagree reference what most of their kind do."""
    filled = columns.filled
    number = columns.key_number(rule.column)
    about, key = filled.model.keys[number], filled.table.foreign_keys[number]
    if about.mode not in _MOVABLE or about.unique or len(key.columns) > 1:
        return 0
    parents = np.array(filled.parents[number])
    rows, donors = disagreeing(by, parents + 1)
    if len(rows):
        parents[rows] = parents[donors]
        filled.parents[number] = parents
    return len(rows)


def keep_combinations(
    columns: Columns, rules: Sequence[Combination], told: frozenset[str] | set[str], rng: np.random.Generator
) -> int:
    """One side changes: that which nothing else tells."""
    changed = 0
    for rule in rules:
        free = [name for name in (rule.second, rule.first) if columns.can_change(name) and name not in told]
        free = free or [name for name in (rule.second, rule.first) if columns.can_change(name)]
        if not free:
            continue
        moved = free[0]
        stays = rule.first if moved == rule.second else rule.second
        bad = _banned(columns, rule)
        beside = columns.codes(stays)
        if bad is None or beside is None or not bad.any():
            continue
        rows, donors = _alike(beside, np.flatnonzero(bad), np.flatnonzero(~bad), rng)
        if len(rows):
            columns.take(moved, rows, donors)
        changed += len(rows)
    return changed


def _banned(columns: Columns, rule: Combination) -> Flags | None:
    bad = np.zeros(columns.rows, bool)
    for one, other in rule.without:
        first, second = columns.is_one_of(rule.first, (one,)), columns.is_one_of(rule.second, (other,))
        if first is None or second is None:
            return None
        bad |= first & second
    return bad


def _alike(beside: Rows, rows: Rows, donors: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Those of ``rows`` for which there is a donor with the same ``beside``, each with one of those at random."""
    donors = donors[np.argsort(beside[donors], kind="stable")]
    low = np.searchsorted(beside[donors], beside[rows], side="left")
    high = np.searchsorted(beside[donors], beside[rows], side="right")
    there = high > low
    chosen = low[there] + (rng.random(int(there.sum())) * (high - low)[there]).astype(np.int64)
    return rows[there], donors[chosen]
