"""An invented database as plain values: its tables, constraints and rows. Knows nothing of dbclone.

Takes what `invent` draws, gives SQL scripts (`spell`) and the questions of `judge` something to read. Never opens a
database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Type:
    """``name`` is how PostgreSQL calls it; ``labels`` are an enum's, ``length`` that of varchar and char."""

    name: str
    length: int | None = None
    labels: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.name in ("smallint", "integer", "bigint", "numeric", "double precision")

    @property
    def is_text(self) -> bool:
        return self.name in ("text", "varchar", "char")

    @property
    def is_comparable(self) -> bool:
        """True where keys and UNIQUE may be made of it."""
        return self.name not in ("jsonb", "integer[]", "text[]", "double precision")


@dataclass(frozen=True)
class Column:
    """``style`` is how its values are spread; ``numbering`` is serial, always (identity) or rowid where automatic."""

    name: str
    type: Type
    nullable: bool = True
    style: str = "wide"
    numbering: str | None = None


@dataclass(frozen=True)
class Key:
    """A foreign key. ``late`` ones reference a table that is filled afterwards."""

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    deferrable: bool = False
    late: bool = False


@dataclass(frozen=True)
class Unique:
    columns: tuple[str, ...]
    where: str | None = None


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    uniques: tuple[Unique, ...] = ()
    keys: tuple[Key, ...] = ()
    checks: tuple[str, ...] = ()
    without_rowid: bool = False
    wanted: int = 0

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def unique_sets(self) -> tuple[tuple[str, ...], ...]:
        """What a foreign key may reference."""
        sets = [self.primary_key] if self.primary_key else []
        return tuple(dict.fromkeys([*sets, *(one.columns for one in self.uniques if one.where is None)]))


@dataclass(frozen=True)
class Database:
    """Tables in the order in which they were filled, and their rows."""

    dialect: str
    tables: tuple[Table, ...]
    rows: dict[str, list[Row]] = field(hash=False, repr=False)

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)
