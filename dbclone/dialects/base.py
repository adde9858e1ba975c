"""Any database that SQLAlchemy knows, as a source and as a target, with nothing that is special to one of them.

Takes an Address, gives a Source or a Loader. The source's connection only ever selects. A target is filled in place:
it must be empty or a clone of ours, and a failure empties it again.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from dbclone.dialects import base_duckdb
from dbclone.dialects.address import Address
from dbclone.dialects.asking import Told
from dbclone.dialects.base_catalog import read_schema
from dbclone.dialects.base_rows import arrow_type, bound_type, family_keys, inferred, python_rows, to_arrow
from dbclone.dialects.counting import violations
from dbclone.dialects.portable import PortableDdl, Saying
from dbclone.dialects.portable_ddl import portable_ddl
from dbclone.dialects.portable_writer import quote, target_names
from dbclone.dialects.protocol import Ddl, Loss, Reading, Stamp, Violation
from dbclone.errors import ConfigError, ConnectError, SourceError, TargetError, TargetRefused
from dbclone.schema import Column, ForeignKey, Schema, Table, TableName

if TYPE_CHECKING:
    import pyarrow as pa

STAMP_TABLE = "_dbclone"
_STAGE = "_dbclone_rows_of_{}"


def open_source(address: Address) -> SqlSource:
    """Opens a database for reading. Raises ConnectError where it cannot be reached."""
    return SqlSource(address)


def open_loader(address: Address, *, source_identity: str | None = None, replace: bool = False) -> SqlLoader:
    """Opens an empty target. Raises TargetRefused where the guard protects it."""
    return SqlLoader(address, source_identity=source_identity, replace=replace)


class SqlSource:
    """Implements ``protocol.Source`` on one connection in one transaction, at the database's best isolation."""

    sessions = 1

    def __init__(self, address: Address, *, shared: tuple[sa.Engine, sa.Connection] | None = None) -> None:
        self.address = address
        self._is_shared = shared is not None
        self._engine, self._connection = shared or _connect(address, reads_only=True)
        self.identity = _identity(self._connection, address)
        self.stamp = _read_stamp(self._connection)
        self._lock = threading.Lock()
        self._schema: Schema | None = None

    def schema(self) -> Schema:
        if self._schema is None:
            try:
                read = base_duckdb.read_schema if self._engine.dialect.name == "duckdb" else read_schema
                self._schema = read(self._connection, without=frozenset({STAMP_TABLE}))
            except SQLAlchemyError as error:
                raise SourceError(f"The schema of {self.address} cannot be read: {_words(error)}.") from None
        return self._schema

    def ddl(
        self,
        without: frozenset[TableName] = frozenset(),  # noqa: ARG002 there is none to thin out
        unmade: frozenset[ForeignKey] = frozenset(),  # noqa: ARG002
        *,
        grants: bool = False,  # noqa: ARG002
    ) -> Ddl | None:
        return None

    def read(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        table = reading.table
        width = len(table.columns)
        keys = family_keys(reading.family, table, self.schema(), _sql_name) if reading.family else None
        named = base_duckdb.select_term if self._engine.dialect.name == "duckdb" else _named
        terms = [named(column, f"t.{quote(column.name)}") for column in table.columns] + list(
            keys.terms if keys else ()
        )
        order = f" ORDER BY {', '.join(f't.{quote(name)}' for name in table.key)}" if table.key else ""
        joins = keys.joins if keys else ""
        sql = f"SELECT {', '.join(terms)} FROM {_sql_name(table.name)} t{joins}{order}"
        fields = pa.schema([pa.field(column.name, arrow_type(column)) for column in table.columns])
        try:
            statement = _literal(self._spelled(sql)).execution_options(yield_per=reading.chunk_rows)
            for rows in self._connection.execute(statement).partitions(reading.chunk_rows):
                kept: list[Any] = [row[:width] for row in rows if keys is None or keys.chosen(row[width:])]
                columns = zip(*kept, strict=True) if kept else itertools.repeat((), width)
                pairs = zip(columns, table.columns, strict=True)
                arrays = [to_arrow(values, column, table.name) for values, column in pairs]
                yield pa.RecordBatch.from_arrays(arrays, schema=fields)
        except SQLAlchemyError as error:
            raise SourceError(
                f"{table.name} cannot be read: {_words(error)}.",
                where=str(table.name),
                hint="ask for the right to select from it, or leave it out with tables.exclude.",
            ) from None

    def query(self, sql: str) -> pa.Table:
        import pyarrow as pa

        try:
            with self._lock:
                result = self._connection.execute(_literal(self._spelled(sql)))
                names, rows = list(result.keys()), result.fetchall()
        except SQLAlchemyError as error:
            raise SourceError(f"{self.address} refuses a query: {_words(error)}.") from None
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        return pa.Table.from_arrays([inferred(values) for values in columns], names=names)

    def close(self) -> None:
        if self._is_shared:
            return
        with contextlib.suppress(SQLAlchemyError):
            self._connection.close()
            self._engine.dispose()

    def _spelled(self, sql: str) -> str:
        return _spelled(sql, self._engine.dialect)


class SqlLoader:
    """Implements ``protocol.Loader`` where no scratch database can be renamed: rows first, constraints after them."""

    def __init__(self, address: Address, *, source_identity: str | None = None, replace: bool = False) -> None:
        self.address = address
        self.plain: frozenset[tuple[TableName, str]] = frozenset()
        self._lock = threading.Lock()
        self._schema: Schema | None = None
        self._names: dict[TableName, TableName] = {}
        self._post: tuple[str, ...] = ()
        self._portable: PortableDdl | None = None
        self._refused: set[Saying] = set()
        self._mine: list[str] = []
        self._staged: tuple[TableName, ...] = ()
        self._made: dict[TableName, str] = {}
        self.losses: tuple[Loss, ...] = ()
        self._done = False
        self._scratch = _guarded_file(address, source_identity, replace=replace)
        self._engine, self._connection = _connect(address, file=self._scratch.path if self._scratch else None)
        self._old = [] if self._scratch else self._guard(source_identity, replace=replace)

    @property
    def holds(self) -> frozenset[str]:
        return base_duckdb.HOLDS if self._engine.dialect.name == "duckdb" else frozenset()

    def create(self, schema: Schema, ddl: Ddl | None) -> tuple[Loss, ...]:  # noqa: ARG002 portable DDL is all there is
        name = self._engine.dialect.name
        portable = self._portable = portable_ddl(schema, name)
        self._schema = portable.schema
        self._names, self._post, self.plain = target_names(schema, name), portable.post, portable.plain
        self.losses = portable.losses
        with self._lock:
            if self._old:
                self._drop(self._old)
            self._mine = [own.name for own in self._names.values()]
            for statement in portable.pre:
                self._run(statement)
            if name == "duckdb":
                self._stage(portable.pre)
            for attempt in portable.attempts:
                if not self._try(attempt.sql):
                    self.losses += (attempt.loss,)
                    self._refused.update(attempt.sayings)
        return self.losses

    def load(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        if self._portable is not None:
            table, batches = self._portable.under_names(table, batches)
        total = 0
        endless = self._schema is not None and self._schema.dialect == "postgresql"
        own = _STAGE.format(self._names[table.name].name) if self._staged else self._names[table.name].name
        for batch in batches:
            names = [n for n in batch.schema.names if n in table.by_name and self._is_given(table, n)]
            if not batch.num_rows:
                continue
            try:
                with self._lock:
                    if not names:
                        for _ in range(batch.num_rows):
                            self._connection.execute(sa.text(f"INSERT INTO {quote(own)} DEFAULT VALUES"))
                    elif self._engine.dialect.name == "duckdb":
                        base_duckdb.insert(self._connection, own, batch.select(names), endless=endless)
                    else:
                        columns = [sa.column(name, bound_type(table.column(name))) for name in names]
                        rows = python_rows(batch, [table.column(name) for name in names])
                        self._connection.execute(sa.table(own, *columns).insert(), rows)
            except SQLAlchemyError as error:
                raise TargetError(
                    f"{self.address} refuses rows of {table.name}: {_words(error)}.", where=str(table.name)
                ) from None
            total += batch.num_rows
        return total

    def evaluate(self, table: Table, expression: str, columns: Mapping[str, pa.Array]) -> Told | None:
        """(rows,) what ``expression`` gives for rows that are not written yet, as texts, and where it raises an error.

        None where the target left out what says so, or cannot be asked.
        """
        portable = self._portable
        question = None if portable is None else portable.question(table, expression, columns, self._refused)
        if question is None or self._engine.dialect.name != "duckdb":
            return None
        _, text, batch = question
        with self._lock:
            # What asks is another connection, which sees what is committed.
            self._connection.commit()
            return base_duckdb.evaluate(self._connection, self._names[table.name].name, text, batch)

    def finish(self) -> tuple[Violation, ...]:
        assert self._schema is not None, "create comes first"
        with self._lock:
            self._connection.commit()
            self._unstage()
            refused = [statement for statement in self._post if not self._try(statement)]
            self._connection.commit()
        source = SqlSource(self.address, shared=(self._engine, self._connection))
        own = source.schema()
        found = violations(source, own)
        back = {target: name for name, target in self._names.items()}
        found = tuple(Violation(back.get(v.table, v.table), v.kind, v.constraint, v.rows) for v in found)
        if refused and not found:
            raise TargetError(f"{self.address} refuses: {' '.join(refused[0].split())[:200]}.")
        return found

    def publish(self, stamp: Stamp) -> None:
        with self._lock:
            self._run(f"CREATE TABLE {STAMP_TABLE} (stamp VARCHAR(1000) NOT NULL)")
            text = json.dumps(asdict(stamp), sort_keys=True)
            self._connection.execute(sa.table(STAMP_TABLE, sa.column("stamp")).insert(), [{"stamp": text}])
            self._connection.commit()
            self._done = True
            self._connection.close()
        self._engine.dispose()
        if self._scratch is not None:
            self._scratch.publish()

    def discard(self) -> None:
        if self._done:
            return
        self._done = True
        with contextlib.suppress(SQLAlchemyError, TargetError):
            self._connection.rollback()
            if self._scratch is None:
                self._drop(self._mine)
                self._connection.commit()
        self._connection.close()
        self._engine.dispose()
        if self._scratch is not None:
            self._scratch.discard()

    def _stage(self, creations: Iterable[str]) -> None:
        """Where foreign keys are checked row by row, rows wait in tables without any until their parents are there."""
        back = {quote(own.name): source for source, own in self._names.items()}
        found = ((re.match(r'CREATE TABLE ("(?:[^"]|"")+")', statement), statement) for statement in creations)
        self._made = {back[one[1]]: statement for one, statement in found if one is not None}
        self._staged = tuple(self._made)
        for name in self._staged:
            own = self._names[name].name
            self._run(f"CREATE TABLE {quote(_STAGE.format(own))} AS SELECT * FROM {quote(own)} LIMIT 0")

    def _unstage(self) -> None:
        """Rows into their tables, parents first; the database checks each. Raises TargetError."""
        assert self._schema is not None
        for name in self._staged:
            table, own = self._schema.table(name), self._names[name].name
            given = [quote(c.name) for c in table.columns if self._is_given(table, c.name)]
            stage, listed = quote(_STAGE.format(own)), ", ".join(given)
            filling = f"INSERT INTO {quote(own)} ({listed}) SELECT {listed} FROM {stage}"
            own_keys = [key for key in table.foreign_keys if key.is_self and not key.inferred]
            try:
                if self._portable is not None and name in self._portable.loose and own_keys:
                    if not base_duckdb.insert_by_level(self._connection, quote(own), stage, listed, own_keys):
                        self._loosen(name)
                        self._connection.execute(_literal(filling))
                elif given:
                    self._connection.execute(_literal(filling))
            except SQLAlchemyError as error:
                raise TargetError(f"{table.name} cannot be loaded: {_words(error)}.", where=str(table.name)) from None
            self._run(f"DROP TABLE {stage}")
            self._connection.commit()
        self._staged = ()

    def _loosen(self, name: TableName) -> None:
        """Makes a table anew without its keys into itself, and with it those after it, which may reference it and are
        empty still."""
        assert self._portable is not None
        later = self._staged[self._staged.index(name) :]
        for one in reversed(later):
            self._run(f"DROP TABLE {quote(self._names[one].name)}")
            self._connection.commit()
        loose = self._portable.loose[name]
        self.losses += (loose.loss,)
        for one in later:
            self._run(loose.sql if one == name else self._made[one])
        self._connection.commit()

    def _guard(self, source_identity: str | None, *, replace: bool) -> list[str]:
        """The tables that must go before ours come; raises TargetRefused where they may not."""
        if source_identity is not None and source_identity == _identity(self._connection, self.address):
            raise TargetRefused(f"{self.address} is the source itself.", hint="choose another target.")
        held = sa.inspect(self._connection).get_table_names()
        if held and not replace and _read_stamp(self._connection) is None:
            raise _not_empty(self.address, held)
        return held

    def _is_given(self, table: Table, name: str) -> bool:
        return table.column(name).generated is None or (table.name, name) in self.plain

    def _drop(self, names: Iterable[str]) -> None:
        metadata = sa.MetaData()
        known = set(sa.inspect(self._connection).get_table_names())
        wanted = [name for name in names if name in known]
        metadata.reflect(self._connection, only=wanted)
        metadata.drop_all(self._connection)

    def _run(self, statement: str) -> None:
        try:
            self._connection.execute(_literal(_spelled(statement, self._engine.dialect)))
        except SQLAlchemyError as error:
            raise TargetError(f"{self.address} refuses a statement: {_words(error)}.") from None

    def _try(self, statement: str) -> bool:
        # Committed one by one: many databases end a transaction at every DDL statement anyway.
        self._connection.commit()
        try:
            self._connection.execute(_literal(_spelled(statement, self._engine.dialect)))
            self._connection.commit()
        except SQLAlchemyError:
            self._connection.rollback()
            return False
        return True


def _guarded_file(address: Address, source_identity: str | None, *, replace: bool) -> base_duckdb.ScratchFile | None:
    """A file to build in, where the target is one that SQLAlchemy fills; raises TargetRefused as ``_guard`` does."""
    path = base_duckdb.file_of(_url_of(address))
    if path is None:
        return None
    if source_identity is not None and source_identity == base_duckdb.identity_of(path):
        raise TargetRefused(f"{address} is the source itself.", hint="choose another target.")
    if path.exists() and not replace:
        engine, connection = _connect(address, reads_only=True)
        held, stamp = base_duckdb.table_names(connection), _read_stamp(connection)
        connection.close()
        engine.dispose()
        if held and stamp is None:
            raise _not_empty(address, held)
    return base_duckdb.ScratchFile(path)


def _not_empty(address: Address, held: list[str]) -> TargetRefused:
    return TargetRefused(
        f"{address} is not empty ({len(held)} tables) and was not made by dbclone.",
        hint="choose another name, or pass --replace to overwrite it.",
    )


def _url_of(address: Address) -> sa.URL:
    try:
        return sa.make_url(address.url)
    except ArgumentError:
        raise ConfigError(f"{address} is no SQLAlchemy URL.", hint="check its spelling.") from None


def _connect(
    address: Address, *, reads_only: bool = False, file: Path | None = None
) -> tuple[sa.Engine, sa.Connection]:
    """``file`` is opened in place of the address's own."""
    url = _url_of(address)
    path = base_duckdb.file_of(url)
    # DuckDB would make a file that is not there.
    if path is not None and reads_only and not path.is_file():
        raise ConnectError(f"There is no file {path}.", hint="check the path.")
    arguments = {"read_only": True} if path is not None and reads_only else {}
    try:
        engine = sa.create_engine(url.set(database=str(file)) if file else url, connect_args=arguments)
        connection = engine.connect()
    except (NoSuchModuleError, ArgumentError):
        raise ConfigError(
            f"{address} names a kind of database that SQLAlchemy does not know here.",
            hint="install its SQLAlchemy dialect, or check the part before ://.",
        ) from None
    except ImportError as error:
        hint = f"pip install {error.name}"
        raise ConfigError(f"{address} needs the Python package {error.name}.", hint=hint) from None
    except SQLAlchemyError as error:
        hint = "check host, name and password."
        raise ConnectError(f"{address} cannot be opened: {_words(error)}.", hint=hint) from None
    return engine, connection


def _identity(connection: sa.Connection, address: Address) -> str:
    """Where nothing better is known, the address without its user and password."""
    url = connection.engine.url
    file = base_duckdb.file_of(url)
    if file is not None:
        return base_duckdb.identity_of(file)
    if url.get_backend_name() == "sqlite" and url.database:
        from dbclone.dialects.sqlite.source import identity_of

        return identity_of(address.file)
    return f"{url.get_backend_name()}:{url.host or ''}:{url.port or ''}:{url.database or ''}".lower()


def _read_stamp(connection: sa.Connection) -> Stamp | None:
    if connection.engine.dialect.name == "duckdb":
        known = STAMP_TABLE in base_duckdb.table_names(connection)
    else:
        known = sa.inspect(connection).has_table(STAMP_TABLE)
    if not known:
        return None
    text = connection.execute(sa.select(sa.column("stamp")).select_from(sa.table(STAMP_TABLE))).scalar()
    try:
        facts = json.loads(str(text))
        return Stamp(facts["version"], facts["bundle"], facts["seed"], facts["time"], facts["synthetic"])
    except (ValueError, KeyError, TypeError):
        return None


def _literal(sql: str) -> sa.TextClause:
    """SQL as it stands: a colon is no parameter."""
    return sa.text(sql.replace(":", r"\:"))


def _words(error: SQLAlchemyError) -> str:
    """The driver's own words; SQLAlchemy's would quote the statement with its values."""
    original = getattr(error, "orig", None)
    return " ".join(str(original if original is not None else error).split()).rstrip(".")


def _named(_: Column, name: str) -> str:
    return name


def _sql_name(name: TableName) -> str:
    return f"{quote(name.schema)}.{quote(name.name)}" if name.schema else quote(name.name)


def _spelled(sql: str, dialect: sa.Dialect) -> str:
    """Double quotes are the project's; a dialect may write identifiers in others, and none knows an empty schema."""
    sql = sql.replace('"".', "")
    mark = dialect.identifier_preparer.initial_quote
    if mark == '"':
        return sql
    parts = sql.split("'")
    # Every other part is inside a text.
    parts[::2] = [part.replace('"', mark) if mark != "[" else _bracketed(part) for part in parts[::2]]
    return "'".join(parts)


def _bracketed(text: str) -> str:
    pieces = text.split('"')
    return "".join(piece if i % 2 == 0 else f"[{piece}]" for i, piece in enumerate(pieces))
