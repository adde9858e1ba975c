"""MySQL or MariaDB as a source: takes an Address, gives schema, DDL and rows, all of one snapshot.

The one session is READ ONLY and takes no lock: ``START TRANSACTION WITH CONSISTENT SNAPSHOT`` freezes the rows of
transactional engines, and a savepoint around each statement gives its metadata locks back at once, so that nobody's
ALTER TABLE waits for dbclone. Tables of MyISAM and its like are read as they are at that moment.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from pymysql.constants import ER
from pymysql.cursors import SSCursor

from dbclone.dialects.address import Address
from dbclone.dialects.base_rows import inferred
from dbclone.dialects.mysql.catalog import read_schema
from dbclone.dialects.mysql.connect import (
    DriverError,
    code_of,
    configure,
    connect,
    database_of,
    flavour_of,
    quote,
    rows_of,
    words_of,
)
from dbclone.dialects.mysql.ddl import read_ddl
from dbclone.dialects.mysql.families import select_rows, spelled_columns
from dbclone.dialects.mysql.identity import read_identity, read_stamp
from dbclone.dialects.mysql.rows import arrow_type, select_term, to_arrow
from dbclone.dialects.protocol import Ddl, Reading, Stamp
from dbclone.errors import ConnectError, SourceError
from dbclone.schema import ForeignKey, Schema, Table, TableName

_CHUNK_ROWS = 16_384
_PIECE = 1_000
_DENIED = (ER.TABLEACCESS_DENIED_ERROR, ER.COLUMNACCESS_DENIED_ERROR)
_TOO_SLOW = (1969, 3024)


class MysqlSource:
    """A database as it was when this was opened. ``read`` and ``query`` may be called from several threads."""

    sessions = 1

    def __init__(self, address: Address, *, lock_timeout: int = 30, statement_timeout: int = 3600) -> None:
        self.address = address
        self.database = database_of(address)
        self._lock = threading.RLock()
        self._stream: _Stream | None = None
        self._schema: Schema | None = None
        self._session = connect(address)
        try:
            self.flavour = flavour_of(self._session)
            timeout = "max_statement_time" if self.flavour.is_mariadb else "max_execution_time"
            settings = {
                # Identifiers in double quotes are the project's; texts are in single ones everywhere.
                "sql_mode": "ANSI_QUOTES",
                "lock_wait_timeout": lock_timeout,
                timeout: statement_timeout if self.flavour.is_mariadb else statement_timeout * 1000,
                "transaction_isolation" if not self.flavour.is_mariadb else "tx_isolation": "REPEATABLE-READ",
            }
            configure(self._session, settings)
            self.identity = read_identity(self._session, self.database)
            self.stamp: Stamp | None = read_stamp(self._session, self.database)
            rows_of(self._session, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        except DriverError as error:
            self._session.close()
            raise ConnectError(f"{address.display}: no snapshot could be taken: {words_of(error)}.") from None
        except BaseException:
            self._session.close()
            raise

    def schema(self) -> Schema:
        """Everything that the catalogue says."""
        if self._schema is None:
            with self._statement("the catalogue cannot be read"):
                self._schema = read_schema(self._session, self.database, self.flavour)
        return self._schema

    def ddl(
        self,
        without: frozenset[TableName] = frozenset(),
        unmade: frozenset[ForeignKey] = frozenset(),
        *,
        grants: bool = False,  # noqa: ARG002 - rights are the server's here, not the database's
    ) -> Ddl:
        """The database's own SHOW CREATE statements, without some tables, their triggers and the keys to them."""
        schema = self.schema()
        with self._statement("the DDL cannot be read"):
            return read_ddl(self._session, schema, without, unmade, self.flavour)

    def read(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        """Rows of one table in the order of its primary key. Raises SourceError that names the table."""
        table = reading.table
        fields = pa.schema([pa.field(column.name, arrow_type(column)) for column in table.columns])
        spelled = spelled_columns(table, self.schema().by_name.get)
        terms = [spelled.get(c.name) or select_term(c, f"t0.{quote(c.name)}") for c in table.columns]
        sql = f"SELECT {', '.join(terms)} FROM {select_rows(table, reading.family, self._lookup)}"
        size = min(reading.chunk_rows, _CHUNK_ROWS)
        try:
            with contextlib.closing(_Stream(self, sql)) as stream:
                while rows := stream.fetch(size):
                    pairs = zip(zip(*rows, strict=True), table.columns, strict=True)
                    arrays = [to_arrow(values, column, table.name) for values, column in pairs]
                    yield pa.RecordBatch.from_arrays(arrays, schema=fields)
        except DriverError as error:
            raise self._unreadable(table, error) from None

    def query(self, sql: str) -> pa.Table:
        """Runs one SELECT in the snapshot. Raises SourceError with the server's own words."""
        with self._statement("the query failed", sql), self._session.cursor() as cursor:
            cursor.execute(sql)
            rows, names = cursor.fetchall(), [entry[0] for entry in cursor.description or ()]
        columns: Sequence[Any] = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        return pa.Table.from_arrays([inferred(values) for values in columns], names=names)

    def close(self) -> None:
        """Ends the snapshot and the session."""
        with self._lock, contextlib.suppress(DriverError):
            if self._session.open:
                self._session.close()

    def __enter__(self) -> MysqlSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lookup(self, name: TableName) -> Table:
        return self.schema().table(name)

    @contextlib.contextmanager
    def _statement(self, what: str, sql: str = "") -> Iterator[None]:
        """The session for one statement whose rows are taken at once."""
        with self._lock:
            if self._stream is not None:
                self._stream.take_rest()
            try:
                rows_of(self._session, "SAVEPOINT dbclone")
                try:
                    yield
                finally:
                    rows_of(self._session, "ROLLBACK TO SAVEPOINT dbclone")
            except DriverError as error:
                table = self._named_in(sql) if code_of(error) in _DENIED else None
                if table is not None:
                    raise self._unreadable(table, error) from None
                raise SourceError(f"{self.address.display}: {what}: {words_of(error)}.") from None

    def _named_in(self, sql: str) -> Table | None:
        named = (table for table in self.schema() if f'"{table.name.schema}"."{table.name.name}"' in sql)
        return next(named, None)

    def _unreadable(self, table: Table, error: DriverError) -> SourceError:
        name = str(table.name)
        if code_of(error) in _DENIED:
            return SourceError(
                f"{name} cannot be read: permission denied.",
                where=name,
                hint=f"GRANT SELECT ON {name} TO the user, or leave the table out with tables.exclude.",
            )
        if code_of(error) in _TOO_SLOW:
            return SourceError(f"{name} took too long to read.", where=name, hint="lower --sample-rows.")
        if code_of(error) == ER.LOCK_WAIT_TIMEOUT:
            return SourceError(f"{name} is locked by another session.", where=name, hint="try again when it is done.")
        if code_of(error) == ER.TABLE_DEF_CHANGED:
            return SourceError(
                f"{name} was altered after the snapshot was taken.", where=name, hint="run the command again."
            )
        return SourceError(f"{name} cannot be read: {words_of(error)}.", where=name)


class _Stream:
    """The rows of one SELECT, fetched as they are asked for. A session knows one such result at a time: where another
    statement comes between, what is left of the rows is taken into memory."""

    def __init__(self, source: MysqlSource, sql: str) -> None:
        self._source = source
        self._kept: list[tuple[Any, ...]] | None = None
        with source._lock:
            if source._stream is not None:
                source._stream.take_rest()
            session = source._session
            rows_of(session, "SAVEPOINT dbclone")
            # Values come as the server prints them: Arrow reads a whole column of texts at once.
            before, session.decoders = session.decoders, {}
            try:
                self._cursor = session.cursor(SSCursor)
                self._cursor.execute(sql)
            finally:
                session.decoders = before
            source._stream = self

    def fetch(self, rows: int) -> list[tuple[Any, ...]]:
        with self._source._lock:
            if self._kept is None:
                return list(self._cursor.fetchmany(rows))
            taken, self._kept = self._kept[:rows], self._kept[rows:]
            return taken

    def take_rest(self) -> None:
        """Frees the session for another statement."""
        with self._source._lock:
            if self._kept is None:
                self._kept = list(self._cursor.fetchall())
                self._end()

    def close(self) -> None:
        with self._source._lock:
            if self._kept is None:
                self._kept = []
                with contextlib.suppress(DriverError):
                    self._end()

    def _end(self) -> None:
        self._source._stream = None
        self._cursor.close()
        rows_of(self._source._session, "ROLLBACK TO SAVEPOINT dbclone")
