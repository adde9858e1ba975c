"""What follows the rows: constraints and indexes over them, then views, routines and triggers.

Takes a session and statements, gives Violations, Losses and the statements that worked. A constraint that rows break
is counted; one that this server cannot have is listed as lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbclone.dialects.mysql.connect import DriverError, Session, code_of, plain_mode, quote, rows_of, words_of
from dbclone.dialects.mysql.ddl import CREATES
from dbclone.dialects.protocol import Loss, Violation
from dbclone.errors import TargetError
from dbclone.schema import ForeignKey, Schema, TableName

_ORPHANS = (1216, 1452)
_DUPLICATES = (1062, 1169, 1586)
_ALTER = re.compile(r"\s*ALTER\s+TABLE\s+([`\"](?:[^`\"]|``|\"\")+[`\"])\s+ADD\s", re.IGNORECASE)
_INDEX = re.compile(r"\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+([`\"][^`\"]+[`\"])\s+ON\s+([`\"][^`\"]+[`\"])", re.IGNORECASE)
_CONSTRAINT = re.compile(r"CONSTRAINT\s+[`\"]((?:[^`\"]|``|\"\")+)[`\"]", re.IGNORECASE)
_SEPARATE = ",\n  ADD "


@dataclass(frozen=True)
class Finished:
    """Statements that made views, routines and triggers in the scratch database, events apart, and what was refused."""

    made: tuple[str, ...]
    events: tuple[str, ...]
    losses: tuple[Loss, ...]


def add_keys(
    session: Session, statements: Sequence[str], schema: Schema, names: Mapping[TableName, TableName], place: str
) -> tuple[tuple[Violation, ...], tuple[Loss, ...]]:
    """Runs every ALTER TABLE and CREATE INDEX. All keys of a table are added in one pass over its rows.

    Raises TargetError where a table itself is at fault.
    """
    rows_of(session, "SET SESSION foreign_key_checks = 1, unique_checks = 1")
    adding = _Adding(session, schema, names, place)
    for statement in statements:
        if _ALTER.match(statement) or _INDEX.match(statement):
            adding.run(statement)
    return tuple(adding.violations), tuple(adding.losses)


class _Adding:
    """Constraints added one statement after the other, with what they met."""

    def __init__(self, session: Session, schema: Schema, names: Mapping[TableName, TableName], place: str) -> None:
        self.session = session
        self.schema = schema
        self.names = names
        self.place = place
        self.back = {own.name: name for name, own in names.items()}
        self.violations: list[Violation] = []
        self.losses: list[Loss] = []

    def run(self, statement: str) -> None:
        try:
            rows_of(self.session, statement)
        except DriverError as error:
            parts = statement.split(_SEPARATE)
            if len(parts) == 1:
                self._explain(statement, error)
                return
            # One of several is at fault: each for itself.
            head = parts[0].partition("\n  ADD ")[0]
            for part in (parts[0], *(f"{head}\n  ADD {part}" for part in parts[1:])):
                self.run(part)

    def _explain(self, statement: str, error: DriverError) -> None:
        """A refusal as what rows break, or as something that this server cannot have."""
        altered, indexed = _ALTER.match(statement), _INDEX.match(statement)
        own = _plain(altered[1] if altered else indexed[2] if indexed else "")
        named = _CONSTRAINT.search(statement)
        label = named[1] if named else _plain(indexed[1]) if indexed else " ".join(statement.split())[:60]
        table = self.schema.by_name.get(self.back.get(own, TableName("", "")))
        if table is None:
            raise TargetError(f"{own} cannot be altered: {words_of(error)}.")
        code = code_of(error)
        if code in _ORPHANS:
            key = next((key for key in table.foreign_keys if key.name == label), None)
            rows = _orphans(self.session, key, self.names)
            self.violations.append(Violation(table.name, "foreign key", label, rows))
        elif code in _DUPLICATES:
            self.violations.append(Violation(table.name, "unique", label, 1))
        else:
            kind = "foreign key" if "FOREIGN KEY" in statement else "index" if indexed else "constraint"
            reason = words_of(error).replace(f"`{self.place}`.", "")
            self.losses.append(Loss(kind, f"{table.name}.{label}", f"left out: {reason}"))


def _orphans(session: Session, key: ForeignKey | None, names: Mapping[TableName, TableName]) -> int:
    if key is None:
        return 1
    child, parent = quote(names[key.table].name), quote(names[key.parent].name)
    same = " AND ".join(
        f"p.{quote(theirs)} = c.{quote(own)}" for own, theirs in zip(key.columns, key.parent_columns, strict=True)
    )
    filled = " AND ".join(f"c.{quote(own)} IS NOT NULL" for own in key.columns)
    sql = f"SELECT count(*) FROM {child} c WHERE {filled} AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {same})"
    return max(1, int(rows_of(session, sql)[0][0]))


def make_objects(session: Session, statements: Sequence[str]) -> Finished:
    """Makes views, routines and triggers, those that need others once these are there; events are only collected,
    since they would run while the clone is still being made."""
    pending: list[tuple[str, str]] = []
    events: list[str] = []
    mode = ""
    for statement in statements:
        named = CREATES.match(statement)
        if statement.upper().startswith("SET SESSION SQL_MODE"):
            mode = statement
        elif named and named["kind"].upper() == "EVENT":
            events += [mode, statement] if mode else [statement]
        elif named:
            pending.append((mode if named["kind"].upper() != "VIEW" else "", statement))
    made: list[str] = []
    errors: dict[str, str] = {}
    with plain_mode(session):
        while pending:
            refused = []
            for mode, statement in pending:
                try:
                    if mode:
                        rows_of(session, mode)
                    rows_of(session, statement)
                    made += [mode, statement] if mode else [statement]
                except DriverError as error:
                    errors[statement] = words_of(error)
                    refused.append((mode, statement))
            if len(refused) == len(pending):
                break
            pending = refused
    losses = [_lost(statement, errors[statement]) for _, statement in pending]
    return Finished(tuple(made), tuple(events), tuple(losses))


def _lost(statement: str, words: str) -> Loss:
    named = CREATES.match(statement)
    assert named is not None
    return Loss(named["kind"].lower(), named["name"].strip("`").replace("``", "`"), f"left out: {words}")


def _plain(name: str) -> str:
    mark = name[:1]
    return name[1:-1].replace(mark * 2, mark) if mark in ("`", '"') else name
