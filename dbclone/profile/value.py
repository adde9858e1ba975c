"""The profile as a value: what the rows say about each column, and how its values will be made.

Takes nothing from a database, gives frozen dataclasses with JSON both ways. Holds no value that fewer than k rows
share.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dbclone.profile.rules import Rule
from dbclone.schema import TableName


class Role(StrEnum):
    """Who fills a column."""

    CODED = "coded"
    """The engine: numbers, dates, categories, frequent texts. Rare texts go to the column's maker."""
    TEXT = "text"
    """A maker alone (names, e-mails, codes, prose, JSON...); the engine learns only NULL and length."""
    NUMBERED = "numbered"
    """Surrogate keys: unique numbers that keep their gaps."""
    FOREIGN = "foreign"
    """The referenced row."""
    COMPUTED = "computed"
    """The target database (generated columns); never written."""


@dataclass(frozen=True)
class Maker:
    """How to make a text: ``name`` picks the maker (``faker``, ``pattern``, ``words``, ``uuid``, ``json``...),
    ``settings`` is what it learned, JSON only."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class ColumnProfile:
    """``meaning`` is what the values are (``first_name``, ``email``, ``city``, ``price``...), None where unknown.

    ``public`` values identify nobody (enum labels, countries, currencies) and are exempt from k.
    ``vouched`` values are rare here but k rows or more of another column share each, which means the same.
    ``nulls`` is a share, ``distinct`` a count over the sample. ``reason`` says in words why the column was judged so.
    """

    name: str
    role: Role
    meaning: str | None = None
    sensitive: bool = False
    public: bool = False
    unique: bool = False
    maker: Maker | None = None
    nulls: float = 0.0
    distinct: int = 0
    reason: str = ""
    vouched: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableProfile:
    """``rows`` is the whole table's count, ``sampled`` the number that was learned from.

    ``reference`` is true where the profile is sure that the rows are reference data (see the design's ``copy``).
    """

    name: TableName
    rows: int
    sampled: int
    columns: tuple[ColumnProfile, ...]
    reference: bool = False
    reference_reason: str = ""

    @functools.cached_property
    def by_name(self) -> dict[str, ColumnProfile]:
        return {column.name: column for column in self.columns}

    def column(self, name: str) -> ColumnProfile:
        return self.by_name[name]


@dataclass(frozen=True)
class Profile:
    """``locale`` is the one Faker will use, e.g. ``en_US``; ``k`` the privacy threshold it was learned with.

    ``rules`` are those that a clone is to keep.
    """

    tables: tuple[TableProfile, ...]
    locale: str = "en_US"
    k: int = 5
    rules: tuple[Rule, ...] = ()

    @functools.cached_property
    def by_name(self) -> dict[TableName, TableProfile]:
        return {table.name: table for table in self.tables}

    def table(self, name: TableName) -> TableProfile:
        return self.by_name[name]

    def to_json(self) -> dict[str, Any]:
        result: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return result

    @staticmethod
    def from_json(data: object) -> Profile:
        """The value that ``to_json`` wrote. Raises pydantic's ``ValidationError`` where the data has another shape."""
        profile: Profile = _adapter().validate_python(data)
        return profile


@functools.cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Profile)
