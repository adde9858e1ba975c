"""Any database that SQLAlchemy knows, as a source and as a target, with nothing that is special to one of them.

Takes an Address, gives a Source or a Loader. The source's connection only ever selects. A target is filled in place:
it must be empty or a clone of ours, and a failure empties it again.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from dbclone.dialects.address import Address
from dbclone.dialects.base_catalog import read_schema
from dbclone.dialects.base_rows import arrow_type, bound_type, family_keys, inferred, python_rows, to_arrow
from dbclone.dialects.counting import violations
from dbclone.dialects.portable_ddl import portable_ddl, quote, target_names
from dbclone.dialects.protocol import Ddl, Loss, Reading, Stamp, Violation
from dbclone.errors import ConfigError, ConnectError, SourceError, TargetError, TargetRefused
from dbclone.schema import ForeignKey, Schema, Table, TableName

if TYPE_CHECKING:
    import pyarrow as pa

STAMP_TABLE = "_dbclone"


def open_source(address: Address) -> SqlSource:
    """Opens a database for reading. Raises ConnectError where it cannot be reached."""
    return SqlSource(address)


def open_loader(address: Address, *, source_identity: str | None = None, replace: bool = False) -> SqlLoader:
    """Opens an empty target. Raises TargetRefused where the guard protects it."""
    return SqlLoader(address, source_identity=source_identity, replace=replace)


class SqlSource:
    """Implements ``protocol.Source`` on one connection in one transaction, at the database's best isolation."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._engine, self._connection = _connect(address)
        self.identity = _identity(self._connection, address)
        self.stamp = _read_stamp(self._connection)
        self._lock = threading.Lock()
        self._schema: Schema | None = None

    def schema(self) -> Schema:
        if self._schema is None:
            try:
                self._schema = read_schema(self._connection, without=frozenset({STAMP_TABLE}))
            except SQLAlchemyError as error:
                raise SourceError(f"The schema of {self.address} cannot be read: {_words(error)}.") from None
        return self._schema

    def ddl(
        self,
        without: frozenset[TableName] = frozenset(),  # noqa: ARG002 there is none to thin out
        unmade: frozenset[ForeignKey] = frozenset(),  # noqa: ARG002
    ) -> Ddl | None:
        return None

    def read(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        table = reading.table
        width = len(table.columns)
        keys = family_keys(reading.family, table, self.schema(), _sql_name) if reading.family else None
        terms = [f"t.{quote(column.name)}" for column in table.columns] + list(keys.terms if keys else ())
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
        self._engine, self._connection = _connect(address)
        self._lock = threading.Lock()
        self._schema: Schema | None = None
        self._names: dict[TableName, TableName] = {}
        self._post: tuple[str, ...] = ()
        self._mine: list[str] = []
        self._done = False
        self._old = self._guard(source_identity, replace=replace)

    def create(self, schema: Schema, ddl: Ddl | None) -> tuple[Loss, ...]:  # noqa: ARG002 portable DDL is all there is
        name = self._engine.dialect.name
        self._schema = schema
        portable = portable_ddl(schema, name)
        self._names, self._post, self.plain = target_names(schema, name), portable.post, portable.plain
        losses = portable.losses
        with self._lock:
            self._drop(self._old)
            self._mine = [own.name for own in self._names.values()]
            for statement in portable.pre:
                self._run(statement)
            for attempt in portable.attempts:
                if not self._try(attempt.sql):
                    losses += (attempt.loss,)
        return losses

    def load(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        total = 0
        own = self._names[table.name].name
        for batch in batches:
            names = [n for n in batch.schema.names if n in table.by_name and self._is_given(table, n)]
            rows = python_rows(batch, [table.column(name) for name in names])
            if not rows:
                continue
            columns = [sa.column(name, bound_type(table.column(name))) for name in names]
            statement = sa.table(own, *columns).insert()
            try:
                with self._lock:
                    self._connection.execute(statement, rows)
            except SQLAlchemyError as error:
                raise TargetError(
                    f"{self.address} refuses rows of {table.name}: {_words(error)}.", where=str(table.name)
                ) from None
            total += len(rows)
        return total

    def finish(self) -> tuple[Violation, ...]:
        assert self._schema is not None, "create comes first"
        with self._lock:
            self._connection.commit()
            refused = [statement for statement in self._post if not self._try(statement)]
            self._connection.commit()
        source = SqlSource(self.address)
        try:
            own = source.schema()
            found = violations(source, own)
        finally:
            source.close()
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

    def discard(self) -> None:
        if self._done:
            return
        self._done = True
        with contextlib.suppress(SQLAlchemyError, TargetError):
            self._connection.rollback()
            self._drop(self._mine)
            self._connection.commit()
        self._connection.close()
        self._engine.dispose()

    def _guard(self, source_identity: str | None, *, replace: bool) -> list[str]:
        """The tables that must go before ours come; raises TargetRefused where they may not."""
        if source_identity is not None and source_identity == _identity(self._connection, self.address):
            raise TargetRefused(f"{self.address} is the source itself.", hint="choose another target.")
        held = sa.inspect(self._connection).get_table_names()
        if held and not replace and _read_stamp(self._connection) is None:
            raise TargetRefused(
                f"{self.address} is not empty ({len(held)} tables) and was not made by dbclone.",
                hint="choose another name, or pass --replace to overwrite it.",
            )
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


def _connect(address: Address) -> tuple[sa.Engine, sa.Connection]:
    try:
        engine = sa.create_engine(address.url)
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
    if url.get_backend_name() == "sqlite" and url.database:
        from dbclone.dialects.sqlite.source import identity_of

        return identity_of(address.file)
    return f"{url.get_backend_name()}:{url.host or ''}:{url.port or ''}:{url.database or ''}".lower()


def _read_stamp(connection: sa.Connection) -> Stamp | None:
    if not sa.inspect(connection).has_table(STAMP_TABLE):
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
