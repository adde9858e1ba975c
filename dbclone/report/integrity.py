"""Whether every constraint of the schema holds in a database, and what was looked at to say so.

Takes a schema and the violations that a dialect counted, gives an `IntegrityReport`. Never opens a database.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dbclone.dialects.counting import UNTOLD, check_name, unique_name
from dbclone.dialects.protocol import Violation
from dbclone.schema import Schema, TableName


@dataclass(frozen=True)
class IntegrityReport:
    """``violations`` are the clone's own, ``known`` those that the source has as well (keys NOT VALID with orphans).

    ``unchecked`` names constraints that this database could not be asked about, each with its reason.
    """

    violations: tuple[Violation, ...] = ()
    tables: int = 0
    rows: int = 0
    primary_keys: int = 0
    uniques: int = 0
    foreign_keys: int = 0
    not_nulls: int = 0
    checks: int = 0
    exclusions: int = 0
    known: tuple[Violation, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.violations

    @property
    def constraints(self) -> int:
        """The number of constraints that were checked, NOT NULL included."""
        return sum(number for _, number in self.counts)

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """The checked constraints by kind, in words, kinds without any left out."""
        every = (
            ("primary key", self.primary_keys),
            ("unique constraint", self.uniques),
            ("foreign key", self.foreign_keys),
            ("NOT NULL column", self.not_nulls),
            ("check", self.checks),
            ("exclusion", self.exclusions),
        )
        return tuple((name, number) for name, number in every if number)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict with ``ok`` first; ``from_json`` gives an equal value back."""
        result: dict[str, Any] = {"ok": self.ok, "constraints": self.constraints}
        result |= _adapter().dump_python(self, mode="json")
        return result

    @staticmethod
    def from_json(data: dict[str, Any]) -> IntegrityReport:
        """The value that ``to_json`` wrote. Raises pydantic's ``ValidationError`` where the data has another shape."""
        fields = {name: value for name, value in data.items() if name not in ("ok", "constraints")}
        report: IntegrityReport = _adapter().validate_python(fields)
        return report


def integrity_report(
    schema: Schema,
    violations: Iterable[Violation],
    rows: Mapping[TableName, int],
    *,
    known: Iterable[Violation] = (),
    unchecked: Iterable[str] = (),
) -> IntegrityReport:
    """The report on a database of that schema. ``rows`` counts every table that was looked at.

    A violation that ``known`` lists for the same constraint is the source's own and no failure of the clone. What the
    database could not evaluate is unchecked: nothing is known of it.
    """
    excused = {(one.table, one.kind, one.constraint) for one in known}
    violations = tuple(violations)
    untold = {(one.table, one.constraint) for one in violations if one.kind == UNTOLD}
    reasons = (f"{table} {name}: this database could not evaluate it" for table, name in sorted(untold))
    violations = tuple(one for one in violations if one.kind != UNTOLD)
    fresh = [one for one in violations if (one.table, one.kind, one.constraint) not in excused]
    tables = [table for table in schema if table.name in rows]
    return IntegrityReport(
        violations=tuple(sorted(fresh, key=lambda one: (-one.rows, str(one.table), one.constraint))),
        tables=len(tables),
        rows=sum(rows[table.name] for table in tables),
        primary_keys=sum(table.primary_key is not None for table in tables),
        uniques=sum((table.name, unique_name(one)) not in untold for table in tables for one in table.uniques),
        foreign_keys=sum(key.parent in rows for table in tables for key in table.foreign_keys),
        not_nulls=sum(not column.nullable for table in tables for column in table.columns),
        checks=sum((table.name, check_name(one)) not in untold for table in tables for one in table.checks),
        exclusions=sum(len(table.exclusions) for table in tables),
        known=tuple(known),
        unchecked=(*unchecked, *reasons),
    )


@functools.cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(IntegrityReport)
