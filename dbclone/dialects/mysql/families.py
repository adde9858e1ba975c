"""Which rows a `Family` means, as SQL: takes tables and a family, gives FROM, WHERE and ORDER BY.

A row belongs to the topmost ancestor that it reaches along the path; where a key of the path is NULL, that is the last
row reached, the row itself at worst. So no row is without a family and no family is torn. Never runs a query.
"""

from __future__ import annotations

from collections.abc import Callable

from dbclone.dialects.mysql.connect import quote
from dbclone.dialects.protocol import Family
from dbclone.schema import Kind, Table, TableName

_BUCKETS = 2**32


def select_rows(table: Table, family: Family | None, lookup: Callable[[TableName], Table]) -> str:
    """What follows FROM; the table that is read has the alias ``t0``. Rows come in the order of the primary key."""
    # A secondary index that covers the table would hand the rows out in its own order.
    hint = " FORCE INDEX FOR ORDER BY (PRIMARY)" if table.key else ""
    order = f" ORDER BY {', '.join(f't0.{quote(column)}' for column in table.key)}" if table.key else ""
    source = f"{relation(table)} AS t0{hint}"
    if family is None or family.fraction >= 1:
        return source + order
    hashes = [_hash(table, "t0", family.salt)]
    child, joins = "t0", ""
    for step, key in enumerate(family.path, start=1):
        parent, alias = lookup(key.parent), f"t{step}"
        pairs = zip(key.columns, key.parent_columns, strict=True)
        same = " AND ".join(f"{alias}.{quote(theirs)} = {child}.{quote(ours)}" for ours, theirs in pairs)
        joins += f" LEFT JOIN {relation(parent)} AS {alias} ON {same}"
        present = f"{alias}.{quote(key.parent_columns[0])} IS NOT NULL"
        hashes.append(f"CASE WHEN {present} THEN {_hash(parent, alias, family.salt)} END")
        child = alias
    chosen = f"coalesce({', '.join(reversed(hashes))})"
    return f"{source}{joins} WHERE {chosen} < {round(family.fraction * _BUCKETS)}{order}"


def spelled_columns(table: Table, lookup: Callable[[TableName], Table | None]) -> dict[str, str]:
    """Keys whose texts may differ from their parent's in case alone: the SQL of each such column in the parent's own
    spelling. dbclone compares texts as they stand, MySQL as their collation says."""
    terms: dict[str, str] = {}
    for number, key in enumerate(table.foreign_keys):
        parent = lookup(key.parent)
        if parent is None or key.is_self:
            continue
        alias = f"k{number}"
        pairs = list(zip(key.columns, key.parent_columns, strict=True))
        same = " AND ".join(f"{alias}.{quote(theirs)} = t0.{quote(own)}" for own, theirs in pairs)
        for own, theirs in pairs:
            if table.column(own).ignores_case and own not in terms and table.column(own).type.kind is Kind.TEXT:
                name = f"{alias}.{quote(theirs)}"
                found = f"SELECT {name} FROM {relation(parent)} AS {alias} WHERE {same} LIMIT 1"
                terms[own] = f"coalesce(({found}), t0.{quote(own)})"
    return terms


def relation(table: Table) -> str:
    return f"{quote(table.name.schema)}.{quote(table.name.name)}"


def _hash(table: Table, alias: str, salt: int) -> str:
    """A number below 2^32 from what names the row; rows that nothing names are told by all their columns."""
    sets = [columns for columns in table.unique_sets if not any(table.column(name).nullable for name in columns)]
    names = sets[0] if sets else tuple(column.name for column in table.columns)
    terms = ", ".join(f"{alias}.{quote(name)}" for name in names)
    return f"CAST(conv(left(sha1(concat_ws('/', {salt}, {terms})), 8), 16, 10) AS UNSIGNED)"
