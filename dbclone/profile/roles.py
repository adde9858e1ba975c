"""Who fills a column: the engine, a maker, a counter, the referenced row or the target database.

Takes a Table, a Column, its Facts and Meaning, gives a Role with its reason in words. Never stores a value.
"""

from __future__ import annotations

from dbclone.profile.checks import listed_values, mentions
from dbclone.profile.documents import has_shapes
from dbclone.profile.facts import Facts
from dbclone.profile.meanings import Meaning, public_share
from dbclone.profile.value import Role
from dbclone.schema import Column, Kind, Table

LEAST_COVERED = 0.3
"""A text is a category where at least this share of its rows holds a value that k rows share."""

MOSTLY_PUBLIC = 0.5
"""Or where this share of its rows holds such a value or a public one."""

MOSTLY_WHOLE = 0.9
"""Documents of several shapes are categories only where they repeat this often."""

MOST_PUBLIC = 250
"""Public values that the engine can still tell apart."""

_ALWAYS_MADE = (Kind.UUID, Kind.TSVECTOR, Kind.BINARY, Kind.XML)


def judge_role(
    table: Table, column: Column, facts: Facts, meaning: Meaning, k: int, *, sensitive: bool
) -> tuple[Role, str]:
    """The role and why."""
    if column.generated is not None:
        return Role.COMPUTED, "the database computes it"
    if any(column.name in key.columns for key in table.foreign_keys):
        return Role.FOREIGN, "it references another table"
    if any(column.name == pair.id_column for pair in table.pairs):
        return Role.FOREIGN, "it references the table that its pair names"
    if any(column.name == pair.type_column for pair in table.pairs):
        return Role.CODED, "it names the table that its pair references"
    if column.type.kind is Kind.INTEGER and is_surrogate(table, column, facts):
        return Role.NUMBERED, "it numbers the rows"
    if column.type.storage not in ("string", "binary"):
        kind = str(column.type.kind)
        article = "an" if kind[0] in "aeiou" else "a"
        return Role.CODED, meaning.reason if meaning.name else f"{article} {kind}"
    return _role_of_text(table, column, facts, meaning, k, sensitive)


def is_surrogate(table: Table, column: Column, facts: Facts) -> bool:
    """True for integers that do nothing but tell rows apart."""
    unique = is_unique(table, column)
    if column.is_automatic or (unique and table.key == (column.name,)):
        return True
    distinct = facts.present > 0 and facts.distinct == facts.present
    return (unique and distinct) or (column.name in table.key and distinct and facts.rows >= 50)


def is_unique(table: Table, column: Column) -> bool:
    """True where a constraint or index over this column alone (or an expression of it) forbids repeats."""
    if (column.name,) in table.unique_sets:
        return True
    return any(unique.columns == (column.name,) for unique in table.uniques) or bool(unique_expression(table, column))


def unique_expression(table: Table, column: Column) -> str | None:
    """What of this column alone must not repeat: ``lower(email)`` in an index or as a computed column."""
    texts = [one.expressions[0] for one in table.uniques if not one.columns and len(one.expressions) == 1]
    sets = [one.columns for one in table.uniques] + [table.key]
    texts += [other.generated for other in table.columns if other.generated and (other.name,) in sets]
    for text in texts:
        named = [other.name for other in table.columns if mentions(text, other.name)]
        if named == [column.name]:
            return text
    return None


def completes_key(table: Table, column: Column, roles: dict[str, Role]) -> bool:
    """True where a made text must tell the rows apart because no other column of a key of several columns does."""
    return roles[column.name] is Role.TEXT and any(
        column.name in columns
        and not any(roles[other] is Role.NUMBERED for other in columns)
        and column.name == next(name for name in columns if roles[name] is Role.TEXT)
        for columns in (*table.unique_sets, *(unique.columns for unique in table.uniques))
        if len(columns) > 1
    )


def _role_of_text(
    table: Table, column: Column, facts: Facts, meaning: Meaning, k: int, sensitive: bool
) -> tuple[Role, str]:
    kind = column.type.kind
    listed = kind is Kind.ENUM or bool(listed_values(table, column, facts))
    if listed and not sensitive and not is_unique(table, column):
        return Role.CODED, "the schema lists its values"
    if kind in _ALWAYS_MADE:
        return Role.TEXT, f"a {kind}"
    if is_unique(table, column):
        return Role.TEXT, f"{meaning.reason}; no value repeats" if meaning.name else "no value repeats"
    if sensitive:
        return Role.TEXT, f"sensitive: {meaning.reason}"
    whole = facts.covered >= MOSTLY_WHOLE or not has_shapes(facts, k)
    if facts.present and facts.covered >= LEAST_COVERED and whole:
        values = "1 value that" if facts.frequent == 1 else f"{facts.frequent} values that"
        return Role.CODED, f"{values} {k} rows or more share cover {facts.covered:.0%} of the rows"
    public = public_share(meaning.name, facts, k)
    if facts.present and facts.distinct <= MOST_PUBLIC and public >= MOSTLY_PUBLIC and public > facts.covered:
        return Role.CODED, f"public values in {public:.0%} of the rows: {meaning.reason}"
    return Role.TEXT, meaning.reason if meaning.name else "mostly rare texts"
