"""Finds the rules of a whole database.

Takes RuleRows and the profiles of their tables, gives rules sorted by table, each with the rows that could have broken
it. Reads no database.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dbclone.profile.rules import (
    Aggregate,
    Combination,
    Composed,
    Dependency,
    Formula,
    Inequality,
    Meeting,
    NullWhen,
    NullWith,
    Numbering,
    Ref,
    Rule,
)
from dbclone.profile.rules_family import find_aggregates, find_meetings
from dbclone.profile.rules_formula import find_composed, find_formulas
from dbclone.profile.rules_order import (
    find_followings,
    find_numberings,
    find_orders,
    find_parent_orders,
    find_rising,
)
from dbclone.profile.rules_rows import RuleRows
from dbclone.profile.rules_subject import FEWEST, Subject
from dbclone.profile.rules_values import find_combinations, find_dependencies, find_null_pairs, find_null_whens
from dbclone.profile.value import TableProfile
from dbclone.schema import TableName

_SEARCHES = (
    find_formulas,
    find_composed,
    find_orders,
    find_parent_orders,
    find_rising,
    find_numberings,
    find_followings,
    find_dependencies,
    find_null_pairs,
    find_null_whens,
    find_combinations,
    find_aggregates,
    find_meetings,
)


# Products of large numbers leave the floats, and then agree with nothing.
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def mine_rules(rows: RuleRows, profiles: Mapping[TableName, TableProfile], k: int) -> tuple[Rule, ...]:
    """Every rule that holds in all of ``rows``, that chance would have broken and that no other implies."""
    found: list[Rule] = []
    for table in rows.schema:
        if table.name not in rows.tables or rows.size(table.name) < FEWEST:
            continue
        subject = Subject(rows, table, profiles, k)
        mined: list[Rule] = [rule for search in _SEARCHES for rule in search(subject)]
        found += [rule for rule in mined if not _follows(rule, mined)]
    made = (rule for rule in found if isinstance(rule, Formula | Composed))
    copied: dict[tuple[TableName, str], Rule] = {(rule.table, rule.column): rule for rule in made if copied_from(rule)}
    return tuple(rule for rule in found if not _mirrors(rule, found, copied))


def copied_from(rule: Rule) -> Ref | None:
    """The parent's column that a rule says a column repeats, None where it says something else."""
    if isinstance(rule, Formula) and len(rule.terms) == 1 and rule.terms[0].scale == 1:
        factors = rule.terms[0].factors
        return factors[0].ref if len(factors) == 1 and factors[0].way == "plain" and factors[0].ref.key else None
    if isinstance(rule, Composed) and len(rule.parts) == 1 and not rule.parts[0].case and rule.parts[0].key:
        return Ref(rule.parts[0].column, rule.parts[0].key)
    return None


def columns_of(rule: Rule) -> frozenset[str]:
    """The row's own columns that a rule about single rows speaks of, empty for other rules."""
    match rule:
        case Inequality():
            inside = not rule.low.key and not rule.high.key
            return frozenset({rule.low.column, rule.high.column} if inside else ())
        case Dependency() | NullWith() | NullWhen():
            return frozenset({rule.by, rule.column})
        case Combination():
            return frozenset({rule.first, rule.second})
    return frozenset()


def _follows(rule: Rule, mined: list[Rule]) -> bool:
    """True where another rule of the table says as much."""
    own = columns_of(rule)
    for other in mined:
        match other:
            case Formula():
                parts = {factor.ref.column for term in other.terms for factor in term.factors if not factor.ref.key}
                if isinstance(rule, Inequality | Dependency) and own and own <= parts | {other.column}:
                    return True
            case NullWith() if isinstance(rule, NullWhen):
                tied = other.both and other.null and other.when_null and rule.column == other.by
                if tied or own == {other.column, other.by}:
                    return True
            case Numbering() if isinstance(rule, Combination) and other.column in own:
                return True
            case Composed() if isinstance(rule, Dependency):
                # The whole tells its parts.
                if rule.by == other.column and rule.column in {part.column for part in other.parts}:
                    return True
            case Meeting() if isinstance(rule, Dependency):
                ends = {other.first, other.second}
                if ((rule.column,),) in ends and any(len(path) == 2 and path[0] == (rule.by,) for path in ends):
                    return True
            case Dependency() if isinstance(rule, Combination) and own == {other.by, other.column}:
                return True
    return False


def _mirrors(rule: Rule, found: list[Rule], copied: Mapping[tuple[TableName, str], Rule]) -> bool:
    """True where a rule only repeats what rows of a parent say: its columns, or all but the key, are copies."""
    if isinstance(rule, Aggregate) and rule.what in ("lowest", "highest"):
        refs = {factor.ref.column for term in rule.terms for factor in term.factors}
        return any(
            isinstance(other, Formula) and other.table == rule.child and other.column in refs and copied_from(other)
            for other in found
        )
    own = columns_of(rule)
    sources = [copied_from(copied[rule.table, name]) for name in own if (rule.table, name) in copied]
    keys = {source.key for source in sources if source}
    by_key = isinstance(rule, Dependency) and (rule.by,) in keys
    return bool(own) and len(keys) == 1 and (len(sources) == len(own) or by_key)
