"""Which rows a `Family` means, as SQL: takes tables and a family, gives FROM, WHERE and ORDER BY.

A row belongs to the topmost ancestor that it reaches along the path; where a key of the path is NULL, that is the last
row reached, the row itself at worst. So no row is without a family and no family is torn. Never runs a query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dbclone.dialects.postgresql.names import quote, relation
from dbclone.dialects.protocol import Family
from dbclone.schema import ForeignKey, Kind, Table, TableName

_BUCKETS = 2**31


@dataclass(frozen=True)
class Selection:
    """``source`` follows FROM; the table that is read has the alias ``t0``."""

    source: str
    where: str = ""
    order: str = ""

    def statement(self, columns: str) -> str:
        parts = [f"SELECT {columns} FROM {self.source}", self.where, self.order]
        return " ".join(part for part in parts if part)


def select_rows(table: Table, family: Family | None, lookup: Callable[[TableName], Table]) -> Selection:
    """The rows of ``table`` that belong to ``family``, all of them where that is None, in physical order."""
    source = f"{relation(table)} AS t0"
    if family is None or (family.fraction >= 1):
        return Selection(source)
    hashes = [_hash(_key_text(table, "t0"), family.salt)]
    child, joins = table, []
    for step, key in enumerate(family.path, start=1):
        parent = lookup(key.parent)
        if step == len(family.path) and _names_parent(key, child, parent):
            values = [f"t{step - 1}.{quote(column)}" for column in _in_key_order(key, parent)]
            hashes.append(_guarded(values, _hash(_text_of(values), family.salt)))
        else:
            joins.append(_join(key, parent, step))
            known = [f"t{step}.{quote(column)}" for column in key.parent_columns]
            hashes.append(_guarded(known, _hash(_key_text(parent, f"t{step}"), family.salt)))
        child = parent
    chosen = f"COALESCE({', '.join(reversed(hashes))})"
    threshold = round(family.fraction * _BUCKETS)
    return Selection(
        " ".join([source, *joins]),
        f"WHERE ({chosen} & {_BUCKETS - 1}) < {threshold}",
        # A join may hand rows out in any order.
        "ORDER BY t0.tableoid, t0.ctid" if joins else "",
    )


def _join(key: ForeignKey, parent: Table, step: int) -> str:
    pairs = zip(key.columns, key.parent_columns, strict=True)
    condition = " AND ".join(f"t{step}.{quote(theirs)} = t{step - 1}.{quote(ours)}" for ours, theirs in pairs)
    rows = f"{relation(parent)} AS t{step}"
    if set(key.parent_columns) not in [set(columns) for columns in parent.unique_sets]:
        # An inferred key may name columns that no constraint keeps unique: one parent a value, always the same.
        columns = ", ".join(quote(column) for column in key.parent_columns)
        rows = f"(SELECT DISTINCT ON ({columns}) * FROM {relation(parent)} ORDER BY {columns}, ctid) AS t{step}"
    return f"LEFT JOIN {rows} ON {condition}"


def _key_columns(table: Table) -> tuple[str, ...]:
    for columns in table.unique_sets:
        if not any(table.column(name).nullable for name in columns):
            return columns
    return ()


def _key_text(table: Table, alias: str) -> str:
    columns = _key_columns(table)
    if not columns:
        # Nothing names the row but all of it.
        return _text_of([f"{alias}.{quote(column.name)}" for column in table.columns])
    return _text_of([f"{alias}.{quote(column)}" for column in columns])


def _text_of(values: list[str]) -> str:
    return f"{values[0]}::text" if len(values) == 1 else f"ROW({', '.join(values)})::text"


def _hash(text: str, salt: int) -> str:
    # The bytes alone count: a nondeterministic collation has no say in it.
    return f'hashtextextended({text} COLLATE "C", {salt % 2**63})'


def _guarded(values: list[str], expression: str) -> str:
    present = " AND ".join(f"{value} IS NOT NULL" for value in values)
    return f"CASE WHEN {present} THEN {expression} END"


def _names_parent(key: ForeignKey, child: Table, parent: Table) -> bool:
    """True where the key's own columns print as the parent's key does, so that no join is needed to know it."""
    if set(_key_columns(parent)) != set(key.parent_columns):
        return False
    for ours, theirs in zip(key.columns, key.parent_columns, strict=True):
        mine, other = child.column(ours).type, parent.column(theirs).type
        if mine.sql != other.sql and not (mine.kind is other.kind is Kind.INTEGER):
            return False
    return True


def _in_key_order(key: ForeignKey, parent: Table) -> list[str]:
    pairs = dict(zip(key.parent_columns, key.columns, strict=True))
    return [pairs[column] for column in _key_columns(parent)]
