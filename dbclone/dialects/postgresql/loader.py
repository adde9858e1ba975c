"""PostgreSQL as a target: takes a schema, DDL and batches, gives a clone that appears in one step or not at all.

What it builds lies in a scratch database (or an open transaction) until ``publish``. Rows go in by COPY while there is
neither key nor trigger, so the order of tables does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import psycopg
import pyarrow as pa

from dbclone.dialects.address import Address
from dbclone.dialects.asking import Told
from dbclone.dialects.portable import PortableDdl, Saying, question_of
from dbclone.dialects.portable_ddl import portable_ddl
from dbclone.dialects.postgresql.asking import evaluate
from dbclone.dialects.postgresql.build import build
from dbclone.dialects.postgresql.connect import configure
from dbclone.dialects.postgresql.encode import to_csv
from dbclone.dialects.postgresql.entries import Entry, parse_entries, read_facts
from dbclone.dialects.postgresql.finish import finish
from dbclone.dialects.postgresql.grants import grant
from dbclone.dialects.postgresql.guard import open_place
from dbclone.dialects.postgresql.identity import stamp_text
from dbclone.dialects.postgresql.names import qualified, quote
from dbclone.dialects.postgresql.portable import with_known_types
from dbclone.dialects.postgresql.reach import refuse_reaching
from dbclone.dialects.protocol import Ddl, Loss, Stamp, Violation
from dbclone.dialects.refusal import refused_by_check
from dbclone.errors import TargetError
from dbclone.schema import Column, Schema, Table, TableName

_COPY_COLUMN = re.compile(r"^COPY .*?, line \d+, column (.+?)(?::|$)", re.MULTILINE)
_KINDS = (
    (re.compile(r"\bFOREIGN KEY\b"), "FK CONSTRAINT"),
    (re.compile(r"^\s*ALTER TABLE .*\bADD (?:CONSTRAINT|PRIMARY KEY|UNIQUE|CHECK)", re.DOTALL), "CONSTRAINT"),
    (re.compile(r"^\s*CREATE (?:UNIQUE )?INDEX\b"), "INDEX"),
)


class PostgresLoader:
    """Fills one clone. ``losses`` grows with what ``finish`` finds that the target cannot have."""

    holds = frozenset({"nan", "infinity", "decimal", "moment"})

    def __init__(
        self,
        address: Address,
        *,
        source_identity: str | None = None,
        replace: bool = False,
        mode: Literal["native", "sqlalchemy"] = "native",
    ) -> None:
        self.address = address
        self.losses: tuple[Loss, ...] = ()
        self._mode = mode
        self._place = open_place(address, source_identity=source_identity, replace=replace)
        self._schema: Schema | None = None
        self._names: Mapping[TableName, TableName] = {}
        self._plain: frozenset[tuple[TableName, str]] = frozenset()
        self._post: tuple[Entry, ...] = ()
        self._positions: Mapping[str, int] = {}
        self._portable: PortableDdl | None = None
        self._refused: set[Saying] = set()
        self._grants = ""
        self._published = False

    def create(self, schema: Schema, ddl: Ddl | None) -> tuple[Loss, ...]:
        """Makes the tables: from ``ddl`` where it is PostgreSQL's own, else portably, with the loss listed.

        Raises TargetError that names what cannot be made.
        """
        self._schema = schema
        self._names = {table.name: table.name for table in schema}
        if ddl is not None and ddl.dialect == "postgresql" and self._mode == "native":
            self.losses = self._create_natively(ddl)
        else:
            self.losses = self._create_portably(schema)
        return self.losses

    def _create_natively(self, ddl: Ddl) -> tuple[Loss, ...]:
        refuse_reaching((*parse_entries(ddl.pre_data), *parse_entries(ddl.post_data)))
        facts, left_out = read_facts(ddl.pre_data)
        losses = (*left_out, *self._place.create(facts))
        with self._place.session() as session:
            configure(session, {"search_path": ""})
            losses += build(session, parse_entries(ddl.pre_data))
            session.execute("RESET search_path; RESET default_table_access_method")
        self._post, self._grants = parse_entries(ddl.post_data), ddl.grants
        self._positions = {
            name.removeprefix("sequence "): int(value) for name, value in facts.items() if name.startswith("sequence ")
        }
        return losses

    def _create_portably(self, schema: Schema) -> tuple[Loss, ...]:
        losses = self._place.create({})
        with self._place.session() as session:
            schema, unknown = with_known_types(session, schema)
            ddl = self._portable = portable_ddl(schema, "postgresql")
            self._names, self._plain = ddl.names, ddl.plain
            losses = (*losses, *ddl.losses, *unknown)
            losses += build(session, [_entry(statement, "TABLE") for statement in ddl.pre])
            for attempt in ddl.attempts:
                try:
                    with session.transaction():
                        session.execute(attempt.sql.encode())
                except psycopg.Error:
                    losses += (attempt.loss,)
                    self._refused.update(attempt.sayings)
        self._post = tuple(_entry(statement, "OTHER") for statement in ddl.post)
        return losses

    def load(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        """Writes the rows of ``table`` and returns their number. Columns that no batch has take their default.

        Raises TargetError that names table and column, in the server's words.
        """
        full = (batch for batch in batches if batch.num_rows)
        first = next(full, None)
        if first is None:
            return 0
        present = set(first.schema.names)
        columns = [column for column in self._writable(table) if column.name in present]
        listed = ", ".join(quote(column.name) for column in columns)
        target = qualified(self._names.get(table.name, table.name))
        if not columns:
            return self._load_bare(target, sum(batch.num_rows for batch in _chain(first, full)))
        command = f"COPY {target} ({listed}) FROM STDIN (FORMAT csv, NULL '', ENCODING 'UTF8')"
        rows = 0
        try:
            with (
                self._place.session() as session,
                session.transaction(),
                session.cursor() as cursor,
                cursor.copy(command.encode()) as copy,
            ):
                for batch in _chain(first, full):
                    copy.write(to_csv(batch, columns))
                    rows += batch.num_rows
        except psycopg.Error as error:
            raise _rejected(table, error) from None
        except pa.ArrowInvalid as error:
            raise TargetError(
                f"{table.name}: a value does not fit its column: {error}", where=str(table.name)
            ) from None
        return rows

    def _load_bare(self, target: str, rows: int) -> int:
        """Rows without a column that could be named: COPY knows none, and computed columns compute themselves."""
        with self._place.session() as session, session.transaction():
            session.execute(f"INSERT INTO {target} SELECT FROM generate_series(1, {rows})".encode())
        return rows

    def evaluate(
        self, table: Table, expression: str, columns: Mapping[str, pa.Array]
    ) -> Told | None:
        """(rows,) what ``expression`` gives for rows that are not written yet, as texts, and where it raises an error.

        None where the target left out what says so, or the rows cannot be asked about.
        """
        asked = question_of(self._portable, table, expression, columns, self._refused)
        if asked is None:
            return None
        with self._place.session() as session:
            return evaluate(session, asked[0], self._names.get(table.name, table.name), *asked[1:])

    def _writable(self, table: Table) -> tuple[Column, ...]:
        return tuple(
            column for column in table.columns if column.generated is None or (table.name, column.name) in self._plain
        )

    def finish(self) -> tuple[Violation, ...]:
        """Indexes, constraints, triggers, sequences, materialized views; gives the constraints that rows break.

        Raises TargetError where something other than a row is at fault.
        """
        if self._schema is None:
            raise TargetError(f"{self.address.display}: nothing was created.")
        violations, losses = finish(self._place, self._post, self._schema, self._names)
        with self._place.session() as session:
            for sequence, value in self._positions.items():
                # It may have gone with a table that was left out.
                session.execute("SELECT setval(to_regclass(%s), %s)", [sequence, value])
            losses += grant(session, self._grants)
        self.losses += losses
        return violations

    def publish(self, stamp: Stamp) -> None:
        """Puts the clone in the target's place, stamped. Raises TargetError; then the target is as it was."""
        self._place.publish(stamp_text(stamp))
        self._published = True

    def discard(self) -> None:
        """Removes what was built. Does nothing after ``publish``."""
        if not self._published:
            self._place.discard()


def _entry(statement: str, otherwise: str) -> Entry:
    kind = next((kind for pattern, kind in _KINDS if pattern.search(statement)), otherwise)
    name = " ".join(statement.split())[:60]
    return Entry(kind if otherwise != "TABLE" else otherwise, "-", name, statement.rstrip().rstrip(";") + ";\n")


def _chain(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def _rejected(table: Table, error: psycopg.Error) -> TargetError:
    found = _COPY_COLUMN.search(error.diag.context or "")
    column = error.diag.column_name or (found[1] if found else None)
    where = f"{table.name}.{column}" if column else str(table.name)
    message = error.diag.message_primary or (str(error).splitlines() or [type(error).__name__])[0]
    hint = None
    if isinstance(error, psycopg.errors.CheckViolation):
        if error.diag.constraint_name is not None:
            return refused_by_check(table, error.diag.constraint_name, message)
        hint = "a row's key lies outside every partition."
    return TargetError(f"{where} cannot be loaded: {message}", where=where, hint=hint)
