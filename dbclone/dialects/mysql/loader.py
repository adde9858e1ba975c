"""MySQL or MariaDB as a target: takes a schema, DDL and batches, gives a clone that appears at once or not at all.

Rows go in by LOAD DATA LOCAL INFILE where the server allows it, else by INSERTs of many rows, into tables that have
their primary key, UNIQUE and CHECK constraints but neither foreign key nor trigger. Foreign keys are added over the
rows with the session's checks on, which is the server's own proof. No check is ever switched off.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from dbclone.dialects.address import Address
from dbclone.dialects.asking import ASKED, Told
from dbclone.dialects.mysql.asking import ROW_COLUMN, evaluate
from dbclone.dialects.mysql.connect import (
    DriverError,
    Session,
    code_of,
    configure,
    flavour_of,
    quote,
    rows_of,
    words_of,
)
from dbclone.dialects.mysql.ddl import made_objects
from dbclone.dialects.mysql.encode import Place, to_lines, to_values
from dbclone.dialects.mysql.finish import Finished, add_keys, make_objects
from dbclone.dialects.mysql.foreign import check_statements, known_here
from dbclone.dialects.mysql.guard import open_place
from dbclone.dialects.mysql.statements import split_statements
from dbclone.dialects.portable import PortableDdl, Saying, question_of
from dbclone.dialects.portable_ddl import portable_ddl
from dbclone.dialects.portable_writer import target_names
from dbclone.dialects.protocol import Ddl, DdlMode, Loss, Stamp, Violation
from dbclone.dialects.refusal import refused_by_check
from dbclone.errors import TargetError
from dbclone.schema import Schema, Table, TableName

_NATIVE_MODE = "NO_AUTO_VALUE_ON_ZERO"
_PORTABLE_MODE = "ANSI_QUOTES,NO_AUTO_VALUE_ON_ZERO"
_LOAD_MODE = "STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_BACKSLASH_ESCAPES"
_NO_FILES = (1148, 2068, 3948, 4166)
_INSERT_BYTES = 1 << 20
_COLUMNS = """
SELECT table_name, column_name, column_type, generation_expression, extra FROM information_schema.columns
WHERE table_schema = %s
"""


class MysqlLoader:
    """Implements ``protocol.Loader``. ``losses`` grows with what ``finish`` finds that the target cannot have."""

    holds: frozenset[str] = frozenset()

    def __init__(
        self,
        address: Address,
        *,
        source_identity: str | None = None,
        replace: bool = False,
        ddl_mode: DdlMode = "native",
    ) -> None:
        self.address = address
        self.losses: tuple[Loss, ...] = ()
        self._portable: PortableDdl | None = None
        self.plain: frozenset[tuple[TableName, str]] = frozenset()
        self._ddl_mode = ddl_mode
        self._place = open_place(address, source_identity=source_identity, replace=replace)
        self._refused: set[Saying] = set()
        self._schema: Schema | None = None
        self._names: Mapping[TableName, TableName] = {}
        self._post: tuple[str, ...] = ()
        self._types: dict[tuple[str, str], str] = {}
        self._finished = Finished((), (), ())
        self._files = True
        self._published = False

    def create(self, schema: Schema, ddl: Ddl | None) -> tuple[Loss, ...]:
        """Makes the tables: from ``ddl`` where it is MySQL's own, else portably, with the loss listed.

        Raises TargetError that names what cannot be made.
        """
        self._schema = schema
        self._names = target_names(schema, "mysql")
        if ddl is not None and ddl.dialect == "mysql" and self._ddl_mode == "native":
            self.losses = self._create_natively(schema, ddl)
        else:
            self._portable = portable_ddl(schema, "mysql")
            self._schema = self._portable.schema
            self.losses = self._create_portably(self._portable)
        with self._place.session() as session:
            for table, column, spelled, expression, extra in rows_of(session, _COLUMNS, (self._place.name,)):
                if not expression and "GENERATED" not in str(extra).upper().replace("DEFAULT_GENERATED", ""):
                    self._types[table, column] = spelled
            self._files = bool(rows_of(session, "SELECT @@local_infile")[0][0])
        return self.losses

    def _create_natively(self, schema: Schema, ddl: Ddl) -> tuple[Loss, ...]:
        pre, post = split_statements(ddl.pre_data), split_statements(ddl.post_data)
        check_statements((*pre, *post))
        self._place.create(options="", mode=_NATIVE_MODE)
        with self._place.session() as session:
            statements, losses = known_here(session, (*pre, *post))
            pre, self._post = statements[: len(pre)], statements[len(pre) :]
            for statement in pre:
                self._run(session, statement)
        return (*losses, *_left_out(schema, self._post))

    def _create_portably(self, ddl: PortableDdl) -> tuple[Loss, ...]:
        self.plain, self._names = ddl.plain, ddl.names
        # As in other databases: texts that differ are different texts, trailing blanks included.
        self._place.create(options="CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", mode=_PORTABLE_MODE)
        losses = ddl.losses
        with self._place.session() as session:
            collation = "utf8mb4_nopad_bin" if flavour_of(session).is_mariadb else "utf8mb4_0900_bin"
            with contextlib.suppress(DriverError):
                rows_of(session, f"ALTER DATABASE CHARACTER SET utf8mb4 COLLATE {collation}")
            for statement in ddl.pre:
                self._run(session, statement)
            for attempt in ddl.attempts:
                try:
                    rows_of(session, attempt.sql)
                except DriverError:
                    losses += (attempt.loss,)
                    self._refused.update(attempt.sayings)
        self._post = ddl.post
        return losses

    def load(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        """Writes the columns that a batch holds; those that the server computes itself are passed over.

        Raises TargetError that names table and column, in the server's words.
        """
        if self._portable is not None:
            table, batches = self._portable.under_names(table, batches)
        own = self._names[table.name].name
        total = 0
        with self._place.session() as session:
            configure(session, {"sql_mode": _LOAD_MODE})
            try:
                for batch in batches:
                    if batch.num_rows:
                        self._write(session, table, own, batch, self._places(table, own, batch))
                        total += batch.num_rows
            except DriverError as error:
                raise _rejected(table, words_of(error)) from None
            configure(session, {"sql_mode": self._place.mode})
        return total

    def _write(self, session: Session, table: Table, own: str, batch: pa.RecordBatch, places: list[Place]) -> None:
        if not places:
            rows_of(session, f"INSERT INTO {quote(own)} () VALUES {', '.join(['()'] * batch.num_rows)}")
            return
        if self._files:
            try:
                self._load_file(session, table, own, batch, places)
                return
            except DriverError as error:
                if code_of(error) not in _NO_FILES:
                    raise
                self._files = False
        self._insert(session, own, batch, places)

    def _load_file(self, session: Session, table: Table, own: str, batch: pa.RecordBatch, places: list[Place]) -> None:
        """LOCAL turns errors into warnings and passes over rows that break a constraint: both are looked for."""
        columns = [f"@v{i}" if place.wrapped else quote(place.column.name) for i, place in enumerate(places)]
        made = [
            f"{quote(place.column.name)} = {place.wrapped.format(f'@v{i}')}"
            for i, place in enumerate(places)
            if place.wrapped
        ]
        with _file(to_lines(batch, places)) as path, session.cursor() as cursor:
            statement = (
                f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE {quote(own)} CHARACTER SET utf8mb4"
                " FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' LINES TERMINATED BY '\\n'"
                f" ({', '.join(columns)}){' SET ' + ', '.join(made) if made else ''}"
            )
            # The mode without backslashes would read '\n' as two letters.
            cursor.execute(statement.replace("'\\n'", "0x0A"))
            written = cursor.rowcount
            told = rows_of(session, "SHOW WARNINGS") if cursor.warning_count else []
        serious = [row for row in told if str(row[0]).lower() != "note"]
        if serious or written != batch.num_rows:
            words = str(serious[0][2]) if serious else f"{batch.num_rows - written} rows were passed over"
            raise _rejected(table, words)

    def _insert(self, session: Session, own: str, batch: pa.RecordBatch, places: list[Place]) -> None:
        opening = f"INSERT INTO {quote(own)} ({', '.join(quote(place.column.name) for place in places)}) VALUES "
        for rows in _portions(to_values(batch, places)):
            rows_of(session, opening + ",".join(rows))

    def evaluate(self, table: Table, expression: str, columns: Mapping[str, pa.Array]) -> Told | None:
        """(rows,) what ``expression`` gives for rows that are not written yet, as texts, and where it raises an error.

        None where the target left out what says so, or the rows cannot be asked about.
        """
        own = self._names[table.name].name
        asked = question_of(self._portable, table, expression, columns, self._refused)
        if asked is None:
            return None
        table, expression, batch = asked
        if not all((own, name) in self._types for name in batch.schema.names):
            return None
        places = [Place(ROW_COLUMN, ROW_COLUMN.type.sql), *self._places(table, own, batch)]
        with self._place.session() as session:

            def write(numbered: pa.RecordBatch) -> None:
                configure(session, {"sql_mode": _LOAD_MODE})
                try:
                    self._write(session, table, ASKED, numbered, places)
                finally:
                    configure(session, {"sql_mode": self._place.mode})

            return evaluate(session, own, expression, batch, write)

    def _places(self, table: Table, own: str, batch: pa.RecordBatch) -> list[Place]:
        zeros = self._schema is not None and self._schema.dialect == "mysql"
        return [
            Place(table.column(name), self._types[own, name], zeros)
            for name in batch.schema.names
            if name in table.by_name and (own, name) in self._types
        ]

    def finish(self) -> tuple[Violation, ...]:
        """Foreign keys and other constraints, then views, routines and triggers; gives what rows break.

        Raises TargetError where something other than a row is at fault.
        """
        if self._schema is None:
            raise TargetError(f"{self.address.display}: nothing was created.")
        with self._place.session() as session:
            violations, lost = add_keys(session, self._post, self._schema, self._names, self._place.name)
            self._set_sequences(session, self._schema)
            self._finished = make_objects(session, self._post) if not violations else self._finished
            for own in self._names.values():
                rows_of(session, f"ANALYZE TABLE {quote(own.name)}")
        self.losses += (*lost, *self._finished.losses)
        return violations

    def publish(self, stamp: Stamp) -> None:
        """Puts the clone in the target's place, stamped. Raises TargetError; then the target is as it was."""
        failed = self._place.publish(stamp, (*self._finished.made, *self._finished.events))
        self._published = True
        for kind, name in sorted(made_objects(failed)):
            self.losses += (Loss(kind, name, "left out: the target refuses it"),)

    def discard(self) -> None:
        """Removes what was built. Does nothing after ``publish``."""
        if not self._published:
            self._place.discard()

    def _run(self, session: Session, statement: str) -> None:
        try:
            rows_of(session, statement)
        except DriverError as error:
            flat = " ".join(statement.split())[:120]
            raise TargetError(
                f"{self.address.display} refuses a statement: {words_of(error)} ({flat}).",
                hint="--ddl sqlalchemy makes plain tables, keys, checks and indexes, and lists what it loses.",
            ) from None

    def _set_sequences(self, session: Session, schema: Schema) -> None:
        """A sequence that feeds a column goes on after the greatest value there."""
        known = {str(sequence.name): sequence.name.name for sequence in schema.sequences}
        made = {row[0] for row in rows_of(session, "SHOW FULL TABLES WHERE Table_type = 'SEQUENCE'")}
        for table in schema:
            for column in table.columns:
                name = known.get(column.sequence or "")
                if name is None or name not in made:
                    continue
                own = quote(self._names[table.name].name)
                top = rows_of(session, f"SELECT max({quote(column.name)}) FROM {own}")[0][0]
                if isinstance(top, int):
                    rows_of(session, f"SELECT SETVAL({quote(name)}, {top})")


@contextlib.contextmanager
def _file(content: bytes) -> Iterator[str]:
    """A file that only this user can read, for as long as one statement takes."""
    descriptor, path = tempfile.mkstemp(prefix="dbclone-", suffix=".csv")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield Path(path).as_posix().replace("'", "''")
    finally:
        Path(path).unlink(missing_ok=True)


def _portions(rows: list[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    size = 0
    for row in rows:
        portion.append(row)
        size += len(row)
        if size >= _INSERT_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _left_out(schema: Schema, post: tuple[str, ...]) -> tuple[Loss, ...]:
    """What the database's own DDL could not bring along."""
    made = made_objects(post)
    reason = "left out: it needs a table that is not in this clone, or this user may not see it"
    losses = [
        Loss(item.kind, item.name, reason)
        for item in schema.objects
        if item.kind not in ("on update", "foreign table") and (item.kind, item.name) not in made
    ]
    losses += [
        Loss(item.kind, item.name, "left out: its rows lie in another database")
        for item in schema.objects
        if item.kind == "foreign table"
    ]
    losses += [
        Loss("foreign key", f"{key.table}.{key.columns[0]}", f"left out: {key.parent} is not in this clone")
        for key in schema.foreign_keys
        if key.parent not in schema and not key.inferred
    ]
    return tuple(losses)


def _rejected(table: Table, words: str) -> TargetError:
    found = re.search(r"(?:[Cc]olumn|for key) '([^']+)'", words)
    column = found[1].rpartition(".")[2] if found else None
    where = f"{table.name}.{column}" if column in table.by_name else str(table.name)
    check = re.search(r"(?:CONSTRAINT `|[Cc]heck constraint ')([^`']+)[`']", words)
    if check is None:
        return TargetError(f"{where} cannot be loaded: {words}.", where=where)
    return refused_by_check(table, check[1], words)
