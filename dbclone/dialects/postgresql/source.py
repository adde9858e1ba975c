"""PostgreSQL as a source: takes an Address, gives schema, DDL and rows, all of one snapshot.

Every session is READ ONLY, so nothing is written to the source, not even a temporary table; no lock is held beyond the
snapshot's own.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pyarrow as pa

from dbclone.dialects.address import Address
from dbclone.dialects.postgresql.catalog import read_schema
from dbclone.dialects.postgresql.connect import Session, configure, connect
from dbclone.dialects.postgresql.dump import dump_schema
from dbclone.dialects.postgresql.entries import without_keys
from dbclone.dialects.postgresql.families import select_rows
from dbclone.dialects.postgresql.identity import read_identity, read_stamp
from dbclone.dialects.postgresql.names import literal, qualified
from dbclone.dialects.postgresql.rows import Field, copy_rows, fields_of, printed
from dbclone.dialects.postgresql.types import type_of_result
from dbclone.dialects.protocol import Ddl, Reading, Stamp
from dbclone.errors import ConnectError, SourceError
from dbclone.schema import ForeignKey, Schema, Table, TableName

_QUERY_ROWS = 65_536
_OPERATORS = """
SELECT string_agg(DISTINCT quote_ident(nspname), ', ') FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE nspname <> 'pg_catalog' AND oprname = '='
"""


class PostgresSource:
    """A database as it was when this was opened. ``read`` and ``query`` may be called from several threads."""

    sessions = 2

    def __init__(self, address: Address, *, lock_timeout: int = 30, statement_timeout: int = 3600) -> None:
        self.address = address
        self._settings = {
            "search_path": "",
            "row_security": "off",
            "lock_timeout": f"{lock_timeout}s",
            "statement_timeout": f"{statement_timeout}s",
            # Rows in the order in which they lie on disk, whoever else reads the table.
            "synchronize_seqscans": "off",
            "max_parallel_workers_per_gather": "0",
            "jit": "off",
        }
        self._lock = threading.RLock()
        self._idle: list[Session] = []
        self._schema: Schema | None = None
        self._with_operators: str | None = None
        self._main = connect(address)
        try:
            row = self._main.execute("SELECT coalesce(current_schema(), 'public')").fetchone()
            self._default_schema = str(row[0]) if row else "public"
            self.identity = read_identity(self._main)
            self.stamp: Stamp | None = read_stamp(self._main)
            configure(self._main, self._settings)
            self._main.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            exported = self._main.execute("SELECT pg_export_snapshot()").fetchone()
            self.snapshot = str(exported[0]) if exported else ""
        except psycopg.Error as error:
            self._main.close()
            raise ConnectError(f"{address.display}: no snapshot could be taken: {_message(error)}") from None
        except BaseException:
            self._main.close()
            raise

    def schema(self) -> Schema:
        """Everything that the catalogue says."""
        with self._lock:
            if self._schema is None:
                with self._guarded("the catalogue cannot be read"):
                    self._schema = read_schema(self._main, self._default_schema)
            return self._schema

    def ddl(
        self,
        without: frozenset[TableName] = frozenset(),
        unmade: frozenset[ForeignKey] = frozenset(),
        *,
        grants: bool = False,
    ) -> Ddl:
        """The database's own DDL by pg_dump, without some tables, what depends on them, and some keys.

        Raises SourceError where no fitting pg_dump is at hand.
        """
        schema = self.schema()
        partitions = frozenset(
            part.name for name in without if name in schema for part in schema.table(name).partitions
        )
        with self._lock, self._guarded("the DDL cannot be read"):
            ddl = dump_schema(
                self._main, snapshot=self.snapshot, without=without, partitions=partitions, grants=grants
            )
        return replace(ddl, post_data=without_keys(ddl.post_data, unmade, schema)) if unmade else ddl

    def read(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        """Rows of one table, at least one batch: an empty table gives an empty one (without columns, none).

        Raises SourceError that names the table.
        """
        table = reading.table
        if not table.columns:
            return
        fields = fields_of(table.columns, "t0")
        selection = select_rows(table, reading.family, self._lookup)
        statement = selection.statement(", ".join(field.sql for field in fields))
        try:
            with self._reader() as session:
                yield from copy_rows(session, statement, fields, reading.chunk_rows)
        except psycopg.Error as error:
            raise self._unreadable(table, error) from None
        except pa.ArrowInvalid as error:
            raise SourceError(
                f"{table.name} holds a value that cannot be read: {error}", where=str(table.name)
            ) from None

    def query(self, sql: str) -> pa.Table:
        """Runs one SELECT in the snapshot. Raises SourceError with the server's own words."""
        inner = sql.strip().rstrip(";")
        with self._lock, self._guarded("the query failed", inner), self._operators():
            described = self._main.execute(f"SELECT * FROM ({inner}\n) AS q LIMIT 0".encode())
            columns = described.description or []
            names = [f"c{number}" for number in range(len(columns))]
            types = [type_of_result(self._main, column.type_code) for column in columns]
            fields = [
                Field(column.name, kind, printed(f"q.{name}", kind))
                for column, name, kind in zip(columns, names, types, strict=True)
            ]
            statement = f"SELECT {', '.join(f.sql for f in fields)} FROM ({inner}\n) AS q({', '.join(names)})"
            return pa.Table.from_batches(list(copy_rows(self._main, statement, fields, _QUERY_ROWS)))

    @contextlib.contextmanager
    def _operators(self) -> Iterator[None]:
        """Operators of extensions are found by the search path alone: an ltree equals another by one of these."""
        if self._with_operators is None:
            row = self._main.execute(_OPERATORS).fetchone()
            self._with_operators = str(row[0] or "") if row else ""
        if not self._with_operators:
            yield
            return
        self._main.execute("SELECT set_config('search_path', %s, true)", [self._with_operators])
        yield
        self._main.execute("SELECT set_config('search_path', '', true)")

    def close(self) -> None:
        """Ends the snapshot and every session."""
        with self._lock:
            for session in [*self._idle, self._main]:
                session.close()
            self._idle.clear()

    def __enter__(self) -> PostgresSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lookup(self, name: TableName) -> Table:
        return self.schema().table(name)

    @contextlib.contextmanager
    def _reader(self) -> Iterator[Session]:
        """A session in the same snapshot that nobody else uses; one that failed or was left in the middle is closed.

        Its transaction ends with the reading, so that no lock on a table outlives it.
        """
        with self._lock:
            session = self._idle.pop() if self._idle else None
        if session is None:
            session = connect(self.address, database=self._main.info.dbname, settings=self._settings)
        try:
            session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            session.execute(f"SET TRANSACTION SNAPSHOT {literal(self.snapshot)}".encode())
            yield session
            session.execute("COMMIT")
        except BaseException:
            session.close()
            raise
        with self._lock:
            self._idle.append(session)

    @contextlib.contextmanager
    def _guarded(self, what: str, statement: str = "") -> Iterator[None]:
        """A savepoint around statements of the main session: one that fails must not cost the snapshot, one that
        does not must leave no lock behind. A refusal names the table of ``statement`` that was refused."""
        try:
            self._main.execute("SAVEPOINT dbclone")
            yield
            self._main.execute("ROLLBACK TO SAVEPOINT dbclone")
        except psycopg.Error as error:
            with contextlib.suppress(psycopg.Error):
                self._main.execute("ROLLBACK TO SAVEPOINT dbclone")
            if isinstance(error, psycopg.errors.InsufficientPrivilege) and statement:
                named = [table for table in self.schema() if qualified(table.name) in statement]
                refused = [table for table in named if not self._may_select(table)] or named
                if refused:
                    raise self._unreadable(refused[0], error) from None
            raise SourceError(f"{self.address.display}: {what}: {_message(error)}") from None

    def _unreadable(self, table: Table, error: psycopg.Error) -> SourceError:
        name = str(table.name)
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            if self._may_select(table):
                return SourceError(
                    f"{name} hides rows from this user by row-level security.",
                    where=name,
                    hint="connect as a role with BYPASSRLS or as the table's owner, or leave the table out with"
                    " tables.exclude.",
                )
            return SourceError(
                f"{name} cannot be read: permission denied.",
                where=name,
                hint=f"GRANT SELECT ON {name} TO {self._main.info.user}, or leave the table out with tables.exclude.",
            )
        if isinstance(error, psycopg.errors.LockNotAvailable):
            return SourceError(
                f"{name} is locked by another session.", where=name, hint="try again when that session is done."
            )
        if isinstance(error, psycopg.errors.QueryCanceled):
            return SourceError(f"{name} took too long to read.", where=name, hint="lower --sample-rows.")
        return SourceError(f"{name} cannot be read: {_message(error)}", where=name)

    def _may_select(self, table: Table) -> bool:
        wanted = [table.name.schema, table.name.name]
        with self._lock, contextlib.suppress(psycopg.Error, SourceError), self._guarded("privileges cannot be read"):
            row = self._main.execute(
                "SELECT has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') FROM pg_class c"
                " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s",
                wanted,
            ).fetchone()
            return bool(row and row[0])
        return False


def _message(error: psycopg.Error) -> str:
    return error.diag.message_primary or (str(error).splitlines() or [type(error).__name__])[0]
