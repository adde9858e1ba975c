"""Polymorphic pairs: a column that names a table (``Post``, ``App\\Models\\Post``) beside one that holds its key.

Takes a Schema and type values, gives candidates and what each value means. Never looks at a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dbclone.profile.key_names import common_prefix, table_words, words_of
from dbclone.schema import Column, Kind, Pair, Schema, Table, TableName

_TYPES = frozenset("type model class table kind entity".split())
_IDS = frozenset("id key uuid guid no nr pk".split())
_KEYS = (Kind.INTEGER, Kind.TEXT, Kind.UUID)
MOST_TYPES = 50


@dataclass(frozen=True)
class PairProposal:
    """A pair and what speaks for it, one line a type; ``doubt`` says why it is not used even where keys are."""

    pair: Pair
    table: TableName
    evidence: tuple[str, ...]
    doubt: str = ""

    @property
    def usable(self) -> bool:
        return not self.doubt


def pair_candidates(schema: Schema) -> list[tuple[Table, Column, Column]]:
    """Tables with a column of types and one of keys whose names go together: ``owner_type`` and ``owner_id``."""
    found = []
    for table in schema:
        taken = {name for key in table.foreign_keys for name in key.columns}
        for column in table.columns:
            words = words_of(column.name)
            if len(words) < 2 or words[-1] not in _IDS or column.name in taken or column.type.kind not in _KEYS:
                continue
            if column.generated is not None or (column.name,) in table.unique_sets:
                continue
            named = [other for other in table.columns if _is_type(other, words[:-1])]
            named += [other for other in table.columns if _is_numbered_type(schema, table, other, words[:-1])]
            if len(named) == 1:
                found.append((table, named[0], column))
    return found


def types_table(schema: Schema, table: Table, column: Column) -> tuple[Table, tuple[str, ...]] | None:
    """The table that ``column`` references and the columns of texts that say there which table a type means.

    None where the column holds the names itself.
    """
    for key in table.foreign_keys:
        if key.columns == (column.name,) and not key.is_self and key.parent in schema:
            types = schema.table(key.parent)
            texts = tuple(one.name for one in types.columns if one.type.kind is Kind.TEXT)
            return (types, texts) if texts and types.key == key.parent_columns else None
    return None


def table_of(schema: Schema, value: str) -> TableName | None:
    """The table that a type value names, None where none or several could be meant."""
    words = words_of(re.split(r"[:.\\/]+", value.strip())[-1])
    prefix = common_prefix([table.name.name for table in schema])
    named = [(table.name, table_words(table.name.name, prefix)) for table in schema]
    for fitting in (
        [name for name, own in named if own == words],
        [name for name, own in named if words and own[-len(words) :] == words],
        [name for name, own in named if own and words[-len(own) :] == own],
    ):
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def key_of(table: Table, column: Column) -> str | None:
    """The one column of ``table`` that ``column`` can hold the key of: of its kind, or a number written as text."""
    if len(table.key) != 1:
        return None
    kind = table.column(table.key[0]).type.kind
    written = column.type.kind is Kind.TEXT and kind in (Kind.INTEGER, Kind.UUID)
    return table.key[0] if kind is column.type.kind or written else None


def holders(pairs: Iterable[PairProposal]) -> set[tuple[TableName, str]]:
    """The columns that hold the keys of usable pairs."""
    return {(one.table, one.pair.id_column) for one in pairs if one.usable}


def _is_numbered_type(schema: Schema, table: Table, column: Column, stem: tuple[str, ...]) -> bool:
    """True for a key into a table of types: ``content_type_id`` beside ``object_id``, as Django has it."""
    words = words_of(column.name)
    if words[-1:] != ("id",) or words[-2:-1] not in [(one,) for one in _TYPES]:
        return False
    fits = words[:-2] == stem or (words[:-1] == ("content", "type") and stem == ("object",))
    return fits and types_table(schema, table, column) is not None


def _is_type(column: Column, stem: tuple[str, ...]) -> bool:
    if column.type.kind not in (Kind.TEXT, Kind.ENUM):
        return False
    words = words_of(column.name)
    return words == stem or (words[:-1] == stem and words[-1] in _TYPES)
