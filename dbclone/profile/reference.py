"""Which tables are reference data (countries, currencies, roles), where the profile is sure.

Takes a Schema and judged tables, gives a verdict with its reason per table. Never looks at rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dbclone.profile.value import ColumnProfile, Role, TableProfile
from dbclone.schema import Column, Kind, Schema, TableName

MOST_ROWS = 1_000
MOST_LABELS = 250
"""Rows of own words (categories, roles) that still read as a list somebody keeps; places and codes may be more."""

_PLACES = frozenset(
    "country country_code country_code3 currency currency_code language language_code state state_code timezone unit "
    "city district color weekday month gender".split()
)
_LABELS = frozenset({None, "name", "title", "code", "job", "mime_type", "name_title", "color", "unit"})
_FREE = frozenset({"prose", "url", "hostname", "user_agent", "file_path", "file_name", "hash", "vin"})
_AMOUNT = re.compile(
    r"price|cost|amount|salary|total|balance|revenue|budget|quantity|qty|stock|weight|freight|fee", re.I
)
_DESCRIPTION = re.compile(r"descr|definition|explan", re.I)
_DESCRIBED_ROWS = 25
_STAMP = re.compile(r"updat|modif|creat|insert|chang|valid|since|until|_at$|stamp", re.I)


def judge_reference(schema: Schema, tables: Mapping[TableName, TableProfile]) -> dict[TableName, tuple[bool, str]]:
    """A verdict per table; a table is reference only where every table that it references is."""
    verdicts = {name: _alone(schema, table, tables) for name, table in tables.items()}
    changed = True
    while changed:
        changed = False
        for key in schema.foreign_keys:
            if verdicts[key.table][0] and not verdicts.get(key.parent, (False, ""))[0]:
                verdicts[key.table] = (False, f"it references {key.parent}, which is no reference data")
                changed = True
    return verdicts


def _alone(schema: Schema, table: TableProfile, tables: Mapping[TableName, TableProfile]) -> tuple[bool, str]:
    if not table.rows:
        return False, "it is empty"
    if table.rows > MOST_ROWS:
        return False, f"it has {table.rows:,} rows, more than {MOST_ROWS:,}"
    others = {key.table for key in schema.children_of(table.name)} - {table.name}
    if not others:
        return False, "no other table references it"
    declared = schema.table(table.name)
    if declared.pairs:
        return False, f"{declared.pairs[0].id_column} leads to rows of other tables"
    for column in table.columns:
        doubt = _doubt(declared.column(column.name), column, table.rows)
        if doubt is not None:
            return False, doubt
    users = sum(tables[name].rows for name in others if name in tables)
    if users < 2 * table.rows and table.rows > _DESCRIBED_ROWS:
        return False, f"only {users:,} rows reference its {table.rows:,}: it is no list to choose from"
    return True, f"{table.rows} rows that {_count(len(others))} reference, none of them sensitive or free text"


def _count(others: int) -> str:
    return "another table's rows" if others == 1 else f"the rows of {others} other tables"


def _doubt(declared: Column, column: ColumnProfile, rows: int) -> str | None:
    """Why a column speaks against reference data, None where it does not."""
    if column.sensitive:
        return f"{column.name} is sensitive ({column.meaning})"
    if column.role in (Role.FOREIGN, Role.NUMBERED, Role.COMPUTED) or column.distinct <= 1:
        return None
    if declared.type.is_temporal and not _STAMP.search(column.name):
        return f"{column.name} dates the rows"
    if declared.type.kind is Kind.MONEY or (declared.type.is_number and _AMOUNT.search(column.name)):
        return f"{column.name} is an amount"
    if declared.type.kind in (
        Kind.JSON,
        Kind.XML,
        Kind.BINARY,
        Kind.COMPOSITE,
        Kind.TSVECTOR,
        Kind.GEOMETRIC,
        Kind.OTHER,
    ):
        return f"{column.name} is {declared.type.kind}"
    if declared.type.kind is not Kind.TEXT or column.public or column.meaning in _PLACES:
        return None
    if column.meaning == "prose" and rows <= _DESCRIBED_ROWS and _DESCRIPTION.search(column.name):
        # A list of a few kinds, each described in a sentence, is still a list of kinds.
        return None
    if column.meaning in _FREE or column.meaning not in _LABELS:
        return f"{column.name} is free text"
    return f"{column.name} holds {column.distinct} own texts" if column.distinct > MOST_LABELS else None
