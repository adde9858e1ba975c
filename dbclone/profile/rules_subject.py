"""One table as the search for rules sees it: which columns are worth a look, and their rows.

Takes RuleRows and the profile's columns, gives a Subject. Finds no rule itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from dbclone.profile.rules_check import tells
from dbclone.profile.rules_names import NUMBERS, RuleNames
from dbclone.profile.rules_rows import Floats, Ints, RuleRows
from dbclone.profile.value import Role, TableProfile
from dbclone.schema import ForeignKey, Kind, Table, TableName

FEWEST = 15
"""Rows that chance would have to break for a rule to count: it then holds by chance once in three million trials."""

HEAD = 2_000
"""Rows that most ideas do not outlive, so that few are tried on all."""


@dataclass(frozen=True)
class Subject:
    """``profiles`` are those of all tables; columns that the database computes are nobody's business here."""

    rows: RuleRows
    table: Table
    profiles: Mapping[TableName, TableProfile]
    k: int

    @property
    def name(self) -> TableName:
        return self.table.name

    @property
    def size(self) -> int:
        return self.rows.size(self.name)

    @property
    def names(self) -> RuleNames:
        return RuleNames(self.rows.schema)

    @property
    def rng(self) -> np.random.Generator:
        """The same for every search, so that the same rows give the same rules."""
        return np.random.default_rng(0)

    def of(self, name: TableName) -> Subject:
        """Another table."""
        return Subject(self.rows, self.rows.schema.table(name), self.profiles, self.k)

    def kind(self, column: str) -> Kind:
        return self.table.column(column).type.kind

    def role(self, column: str) -> Role:
        return self.profiles[self.name].column(column).role

    def numbers(self, column: str) -> Floats:
        return self.rows.numbers(self.name, column)

    def codes(self, column: str) -> Ints:
        return self.rows.codes(self.name, column)

    def is_checked(self, *columns: str) -> bool:
        """True where a CHECK speaks of all the columns: what it declares is no rule of ours."""
        return any(all(column in check.expression for column in columns) for check in self.table.checks)

    @functools.cached_property
    def keys(self) -> tuple[ForeignKey, ...]:
        """Foreign keys into other tables that are here and that rules can name."""
        found = (key for key in self.table.foreign_keys if self.rows.is_named(key) and not key.is_self)
        return tuple(key for key in found if (self.rows.links[key] >= 0).any())

    def witnesses(self, *facts: Ints) -> Ints:
        """Rows (n,) that speak for themselves: one a parent where a parent tells all ``facts`` (rows,) of its children.

        What thirty orders say because one customer lives in Ireland has one witness.
        """
        for key in self.keys:
            parent = self.rows.links[key]
            if all(tells(parent, fact) for fact in facts):
                _, first = np.unique(parent, return_index=True)
                if len(first) < self.size:
                    return np.asarray(first)
        return np.arange(self.size)

    @functools.cached_property
    def numbered(self) -> list[str]:
        """Surrogate keys."""
        return self._those(lambda name: self.role(name) is Role.NUMBERED)

    @functools.cached_property
    def moments(self) -> list[str]:
        """Dates and times of a calendar."""
        kinds = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
        return self._those(lambda name: self.kind(name) in kinds and self.role(name) is Role.CODED)

    @functools.cached_property
    def amounts(self) -> list[str]:
        """Numbers that measure something."""
        return self._those(lambda name: self.kind(name) in NUMBERS and self.role(name) is Role.CODED)

    @functools.cached_property
    def integers(self) -> list[str]:
        return [name for name in self.amounts if self.kind(name) is Kind.INTEGER]

    @functools.cached_property
    def measures(self) -> list[str]:
        """All that ``<=`` may stand between."""
        times = self._those(lambda name: self.kind(name) is Kind.TIME and self.role(name) is Role.CODED)
        return [*self.moments, *self.amounts, *times]

    def _those(self, wanted: Callable[[str], bool]) -> list[str]:
        """Stored columns that vary and are ``wanted``, at most 60: beyond that, pairs are too many to try."""
        about = self.profiles[self.name].by_name
        return [
            column.name
            for column in self.table.stored_columns
            if column.name in about and about[column.name].distinct > 1 and wanted(column.name)
        ][:60]
