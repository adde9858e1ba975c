"""Finds rules about which values meet: functional dependencies, NULLs that come together, combinations never seen.

Takes a table's Subject, gives rules. Values are named only where k rows share them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dbclone.profile.rules import Combination, Dependency, NullWhen, NullWith, Ref
from dbclone.profile.rules_check import tells
from dbclone.profile.rules_rows import Ints
from dbclone.profile.rules_subject import FEWEST, HEAD, Subject
from dbclone.profile.value import Role
from dbclone.schema import Kind

_MOST_VALUES = 30
"""Distinct values beyond which a column is no category that others could hang on."""
_MOST_SMALL = 12
"""The same for numbers, of which small ones may be codes."""
_MOST_PAIRS = 200
Flags = npt.NDArray[np.bool_]


def find_dependencies(subject: Subject) -> list[Dependency]:
    """Columns that another one tells, without those that follow from two other dependencies."""
    columns = [name for name in _valued(subject) if subject.codes(name).max(initial=-1) > 0]
    pairs = {}
    for by, column in itertools.permutations(columns, 2):
        rows = _told(subject.codes(by), subject.codes(column))
        if rows and not _is_trivial(subject, by, column):
            pairs[by, column] = rows
    found = []
    for (by, column), rows in pairs.items():
        measured = by in subject.amounts or by in subject.moments
        if measured and subject.profiles[subject.name].column(by).distinct > 0.3 * subject.size:
            # Two measurements are equal by chance: they name nothing.
            continue
        if subject.role(by) is Role.TEXT and sum(one == by for one, _ in pairs) > max(2, len(columns) // 2):
            # It names somebody who has several rows: a key in all but name.
            continue
        between = [one for one in columns if (by, one) in pairs and (one, column) in pairs and (one, by) not in pairs]
        if not between and not _is_echo(subject, by, column, [c for c in columns if (c, by) in pairs]):
            name = f"{subject.names.ref(subject.name, Ref(by))} -> {column}"
            found.append(Dependency(name, subject.name, rows, by, column))
    return found


def _valued(subject: Subject) -> list[str]:
    """Columns whose values repeat: a key of the table tells everything anyway."""
    about = subject.profiles[subject.name]
    alone = {columns[0] for columns in subject.table.unique_sets if len(columns) == 1}
    return [
        column.name
        for column in subject.table.stored_columns
        if column.name not in alone
        and about.column(column.name).role in (Role.CODED, Role.TEXT, Role.FOREIGN)
        and 1 < about.column(column.name).distinct <= 0.9 * subject.size
        and column.type.kind not in (Kind.JSON, Kind.BINARY, Kind.XML, Kind.TSVECTOR)
    ][:40]


def _told(by: Ints, column: Ints) -> int:
    """The rows whose ``by`` came before and whose ``column`` it told; 0 where it does not, or where anything would."""
    if len(by) > HEAD and not tells(by[:HEAD], column[:HEAD]):
        return 0
    there = by >= 0
    sizes = np.bincount(by[there])
    repeats = np.maximum(sizes - 1, 0)
    again = int(repeats.sum())
    if 3 * (again - int(repeats.max(initial=0))) < FEWEST:
        # What one value says is no dependency: those who bought nothing have spent nothing.
        return 0
    shares = np.bincount(column[there] + 1) / max(1, there.sum())
    if again * (1.0 - float((shares**2).sum())) < FEWEST:
        return 0
    return again if tells(by, column) else 0


def _is_echo(subject: Subject, by: str, column: str, tellers: list[str]) -> bool:
    """True where a third column tells both and so repeats what few of its values say: they are the witnesses."""
    for third in tellers:
        _, first = np.unique(subject.codes(third), return_index=True)
        if not _told(subject.codes(by)[first], subject.codes(column)[first]):
            return True
    return False


def _is_trivial(subject: Subject, by: str, column: str) -> bool:
    """True where a constraint says so already: a composite key whose other columns never vary."""
    keys = subject.table.foreign_keys
    return any(by in key.columns and column in key.columns for key in keys)


def find_null_pairs(subject: Subject) -> list[NullWith]:
    """Columns that are NULL together, never together, or one only where the other is."""
    columns = [column.name for column in subject.table.stored_columns if column.nullable]
    missing = {name: subject.rows.missing(subject.name, name) for name in columns}
    columns = [name for name in columns if 0 < missing[name].mean() < 1][:60]
    found: list[NullWith] = []
    for first, second in itertools.combinations(columns, 2):
        if not subject.is_checked(first, second) and not _is_trivial(subject, first, second):
            found += _null_pair(subject, first, second, missing[first], missing[second])
    return _without_chains(found)


def _null_pair(subject: Subject, first: str, second: str, one: Flags, other: Flags) -> Iterator[NullWith]:
    never = {(a, b) for a, b in itertools.product((True, False), repeat=2) if not ((one == a) & (other == b)).any()}
    rows = subject.witnesses(one.astype(np.int64), other.astype(np.int64)) if never else np.arange(0)
    never = {(a, b) for a, b in never if (one[rows] == a).mean() * (other[rows] == b).mean() * len(rows) >= FEWEST}
    own, names = subject.names.ref(subject.name, Ref(first)), subject.name
    if never >= {(True, False), (False, True)}:
        yield NullWith(f"{own} IS NULL like {second}", names, len(one), first, second, True, True, True)
    elif never >= {(True, True), (False, False)}:
        yield NullWith(f"{own} IS NULL unless {second} is", names, len(one), first, second, False, True, True)
    for a, b in never if len(never) == 1 else ():
        # Where ``first`` is ``a``, ``second`` is never ``b``; read so that the condition is a filled column if it can.
        column, by, null, when = (second, first, not b, a) if not a or b else (first, second, not a, b)
        met = int(((one if by == first else other) == when).sum())
        own = subject.names.ref(subject.name, Ref(column))
        text = f"{own} IS {'' if null else 'NOT '}NULL where {by} IS {'' if when else 'NOT '}NULL"
        yield NullWith(text, names, met, column, by, when, null, False)


def _without_chains(rules: list[NullWith]) -> list[NullWith]:
    """Of columns that are NULL together, each is tied to the first only."""
    tied: set[str] = set()
    kept = []
    for rule in rules:
        alike = rule.both and rule.null == rule.when_null
        if alike and rule.column in tied:
            continue
        if alike:
            tied.add(rule.by)
        kept.append(rule)
    # What a tied column implies, the one that it is tied to implies as well.
    return [rule for rule in kept if rule.both or not ({rule.column, rule.by} & tied)]


def find_null_whens(subject: Subject) -> list[NullWhen]:
    """Columns that are NULL, or filled, where a category has certain values: ``shipped_at`` by ``status``."""
    found: list[NullWhen] = []
    nullable = [column.name for column in subject.table.stored_columns if column.nullable]
    missing = {name: subject.rows.missing(subject.name, name) for name in nullable}
    for by in _categories(subject):
        codes, texts = subject.codes(by), _texts(subject, by)
        for name in nullable:
            if name != by and 0 < missing[name].mean() < 1 and not subject.is_checked(name, by):
                found += _null_when(subject, name, by, missing[name], codes, texts)
    return found


def _categories(subject: Subject) -> list[str]:
    """Columns of few values: words, flags, small numbers, keys into small tables are none."""
    kinds = (Kind.TEXT, Kind.ENUM, Kind.BOOLEAN, Kind.INTEGER)
    about = subject.profiles[subject.name].by_name
    return [
        column.name
        for column in subject.table.stored_columns
        if column.type.kind in kinds
        and about[column.name].role is Role.CODED
        and not about[column.name].sensitive
        and (column.type.kind is not Kind.INTEGER or about[column.name].distinct <= _MOST_SMALL)
        and 1 < about[column.name].distinct <= _MOST_VALUES
    ][:30]


def _texts(subject: Subject, column: str) -> list[str]:
    """The text of each code."""
    codes, texts = subject.codes(column), subject.rows.texts(subject.name, column)
    _, first = np.unique(codes[codes >= 0], return_index=True)
    return [str(texts[row]) for row in np.flatnonzero(codes >= 0)[first]]


def _null_when(
    subject: Subject, column: str, by: str, missing: Flags, codes: Ints, texts: list[str]
) -> Iterator[NullWhen]:
    there = codes >= 0
    counts = np.bincount(codes[there], minlength=len(texts))
    nulls = np.bincount(codes[there], missing[there], minlength=len(texts)).astype(np.int64)
    often = counts >= subject.k
    always, never = often & (nulls == counts), often & (nulls == 0)
    if not (always.any() or never.any()):
        return
    seen = subject.witnesses(codes, missing.astype(np.int64))
    share = float(missing[seen].mean())
    heard = np.bincount(codes[seen][there[seen]], minlength=len(texts))
    chance = float(heard[always].sum() * (1 - share)), float(heard[never].sum() * share)
    own = subject.names.ref(subject.name, Ref(column))
    if (always | never).all() and there.all() and min(chance) >= FEWEST:
        few = always if always.sum() <= never.sum() else never
        null = few is always
        yield _when(subject, column, by, texts, few, null=null, only=True, own=own, rows=len(codes))
        return
    for which, null, expected in ((always, True, chance[0]), (never, False, chance[1])):
        if expected >= FEWEST:
            rows = int(counts[which].sum())
            yield _when(subject, column, by, texts, which, null=null, only=False, own=own, rows=rows)


def _when(
    subject: Subject,
    column: str,
    by: str,
    texts: list[str],
    which: Flags,
    *,
    null: bool,
    only: bool,
    own: str,
    rows: int,
) -> NullWhen:
    values = tuple(sorted(text for text, wanted in zip(texts, which, strict=True) if wanted))
    shown = f"= {values[0]}" if len(values) == 1 else f"in ({', '.join(values)})"
    text = f"{own} IS {'' if null else 'NOT '}NULL {'if and only if' if only else 'where'} {by} {shown}"
    return NullWhen(text, subject.name, rows, column, by, values, null, only)


def find_combinations(subject: Subject) -> list[Combination]:
    """Pairs of categories of which some values never meet, though chance alone would often make them."""
    found = []
    for first, second in itertools.combinations(_categories(subject), 2):
        one, other = subject.codes(first), subject.codes(second)
        both = (one >= 0) & (other >= 0)
        if both.sum() < 5 * FEWEST or subject.is_checked(first, second):
            continue
        if tells(one[both], other[both]) or tells(other[both], one[both]):
            continue
        seen = _met(one, other, np.flatnonzero(both))
        rows = subject.witnesses(one, other)
        heard = _met(one, other, rows[both[rows]])
        expected = heard.sum(axis=1, keepdims=True) * heard.sum(axis=0, keepdims=True) / heard.sum()
        never = np.argwhere((seen == 0) & (expected >= max(FEWEST, subject.k)))
        if 0 < len(never) <= _MOST_PAIRS:
            left, right = _texts(subject, first), _texts(subject, second)
            pairs = tuple(sorted((left[a], right[b]) for a, b in never.tolist()))
            name = f"{subject.names.ref(subject.name, Ref(first))} with {second}: {_shown(pairs)}"
            found.append(Combination(name, subject.name, int(both.sum()), first, second, pairs))
    return found


def _met(one: Ints, other: Ints, rows: Ints) -> npt.NDArray[np.float64]:
    """(codes of ``one``, codes of ``other``) how often they meet in some rows."""
    shape = int(one.max()) + 1, int(other.max()) + 1
    counts = np.bincount(one[rows] * shape[1] + other[rows], minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(np.float64)


def _shown(pairs: tuple[tuple[str, str], ...]) -> str:
    some = ", ".join(f"{one} and {other}" for one, other in pairs[:2])
    return f"never {some}" + (f" nor {len(pairs) - 2} more" if len(pairs) > 2 else "")
