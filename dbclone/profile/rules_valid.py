"""Whether a rule speaks of what is there.

Takes a Rule and a Schema, gives a bool. For bundles of strangers, and for clones that lack a table or a column.
"""

from __future__ import annotations

from collections.abc import Iterable

from dbclone.profile.rules import (
    Aggregate,
    Combination,
    Composed,
    Dependency,
    Following,
    Formula,
    Inequality,
    Key,
    Meeting,
    NullWhen,
    NullWith,
    Numbering,
    Ref,
    Rising,
    Rule,
    Term,
)
from dbclone.schema import ForeignKey, Schema, TableName


def is_valid(rule: Rule, schema: Schema) -> bool:
    """True where every table, column and foreign key of the rule is in the schema."""
    if rule.table not in schema:
        return False
    match rule:
        case Inequality():
            return _all(schema, rule.table, (rule.low, rule.high))
        case Formula():
            return _all(schema, rule.table, (Ref(rule.column), *_refs(rule.terms)))
        case Composed():
            parts = (Ref(part.column, part.key) for part in rule.parts if part.column)
            return _all(schema, rule.table, (Ref(rule.column), *parts))
        case Dependency() | NullWith() | NullWhen():
            return _all(schema, rule.table, (Ref(rule.column), Ref(rule.by)))
        case Combination():
            return _all(schema, rule.table, (Ref(rule.first), Ref(rule.second)))
        case Rising():
            known = not rule.key or find_key(schema, rule.table, rule.key) is not None
            return known and _all(schema, rule.table, (Ref(rule.column), Ref(rule.by)))
        case Numbering():
            found = find_key(schema, rule.table, rule.key) is not None
            return found and _all(schema, rule.table, (Ref(rule.column),))
        case Following():
            found = find_key(schema, rule.table, rule.key) is not None
            return found and _all(schema, rule.table, (Ref(rule.start), Ref(rule.end)))
        case Aggregate():
            key = find_key(schema, rule.child, rule.key) if rule.child in schema else None
            there = key is not None and key.parent == rule.table
            return (
                there and _all(schema, rule.table, (Ref(rule.column),)) and _all(schema, rule.child, _refs(rule.terms))
            )
        case Meeting():
            ends = end_of(schema, rule.table, rule.first), end_of(schema, rule.table, rule.second)
            return ends[0] is not None and ends[0] == ends[1]


def find_key(schema: Schema, table: TableName, columns: Key) -> ForeignKey | None:
    """The table's foreign key of these columns into a table of the schema."""
    keys = schema.table(table).foreign_keys
    return next((key for key in keys if key.columns == columns and key.parent in schema), None)


def end_of(schema: Schema, table: TableName, path: tuple[Key, ...]) -> TableName | None:
    """The table that a path of keys leads to, None where a step is missing."""
    name: TableName | None = table if path else None
    for columns in path:
        key = find_key(schema, name, columns) if name is not None else None
        name = None if key is None else key.parent
    return name


def _refs(terms: tuple[Term, ...]) -> list[Ref]:
    return [factor.ref for term in terms for factor in term.factors]


def _all(schema: Schema, table: TableName, refs: Iterable[Ref]) -> bool:
    for ref in refs:
        key = find_key(schema, table, ref.key) if ref.key else None
        if ref.key and key is None:
            return False
        holder = schema.table(key.parent) if key is not None else schema.table(table)
        if ref.column not in holder.by_name:
            return False
    return True
