"""A SQLite file opened for reading: one read transaction from the first look to the last row.

Takes an Address, gives the Source protocol. Opened with ``mode=ro``: nothing can be written through it.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent

import pyarrow as pa

from dbclone.dialects.address import Address
from dbclone.dialects.protocol import Ddl, Family, Reading, Stamp
from dbclone.dialects.sqlite.catalog import (
    STAMP_TABLE,
    list_entries,
    quote,
    read_schema,
    shadow_tables,
    virtual_tables,
)
from dbclone.dialects.sqlite.statement import mentions, parse_create_table
from dbclone.dialects.sqlite.values import arrow_type, select_term, to_arrow
from dbclone.errors import ConnectError, SourceError
from dbclone.schema import Column, ForeignKey, Schema, Table

_KEPT_PRAGMAS = ("encoding", "page_size", "auto_vacuum", "application_id", "user_version")
_BUSY_SECONDS = 10.0


class SqliteSource:
    """Implements ``protocol.Source``."""

    sessions = 1

    def __init__(self, address: Address) -> None:
        self.address = address
        path = address.file
        self.identity = identity_of(path)
        self._connection = _open(path)
        try:
            # The first SELECT takes the snapshot; BEGIN alone takes nothing.
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            self.stamp = read_stamp(self._connection)
            self._wide = self._connection.execute("PRAGMA encoding").fetchone()[0] != "UTF-8"
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise _cannot_open(path, error) from None
        self._connection.create_function("dbclone_hash", -1, _hash, deterministic=True)
        self._schema: Schema | None = None

    def schema(self) -> Schema:
        if self._schema is None:
            try:
                self._schema = read_schema(self._connection)
            except sqlite3.Error as error:
                raise SourceError(f"The schema of {self.address} cannot be read: {error}.") from None
        return self._schema

    def ddl(
        self,
        without: frozenset[Any] = frozenset(),
        unmade: frozenset[ForeignKey] = frozenset(),
        *,
        grants: bool = False,  # noqa: ARG002 - a file has no roles
    ) -> Ddl:
        """The file's own CREATE statements. What depends on a table of ``without`` is left out as well."""
        dropped = {_spelled(key.table.name, key.columns, key.parent.name) for key in unmade}
        gone = frozenset(name.name.lower() for name in without)
        entries = list_entries(self._connection)
        shadows, virtual = shadow_tables(self._connection, entries), virtual_tables(entries)
        pre = [f"PRAGMA {name} = {self._pragma(name)}" for name in _KEPT_PRAGMAS]
        post: list[str] = []
        for entry in entries:
            if entry.name in shadows or entry.table in shadows or entry.name.lower() in gone or not entry.sql:
                continue
            if entry.kind == "table" and entry.name not in virtual:
                pre.append(_without_keys(entry.sql, entry.name, gone, dropped))
            elif entry.table.lower() not in gone and not mentions(entry.sql, gone):
                post.append(entry.sql)
        post.sort(key=_creation_order)
        post += [f"INSERT INTO {quote(name)}({quote(name)}) VALUES ('rebuild')" for name in self._rebuildable(virtual)]
        if self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'").fetchone():
            post.append("ANALYZE")
        return Ddl("sqlite", _script(pre), _script(post), sqlite3.sqlite_version)

    def read(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        table = reading.table
        columns = table.columns
        terms = [self._term(column) for column in columns]
        where = _family_where(reading.family, table, self.schema()) if reading.family else ""
        order = "" if table.without_rowid else f" ORDER BY t.{_rowid(table)}"
        sql = f"SELECT {', '.join(terms)} FROM {quote(table.name.name)} AS t{where}{order}"
        fields = pa.schema([pa.field(column.name, arrow_type(column)) for column in columns])
        try:
            cursor = self._connection.execute(sql)
            while rows := cursor.fetchmany(reading.chunk_rows):
                cells = zip(*rows, strict=True)
                arrays = [to_arrow(values, column, table.name) for values, column in zip(cells, columns, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, schema=fields)
        except sqlite3.Error as error:
            raise SourceError(
                f"{table.name} cannot be read: {error}.",
                where=str(table.name),
                hint="check the file with: sqlite3 FILE 'PRAGMA integrity_check'.",
            ) from None

    def query(self, sql: str) -> pa.Table:
        try:
            cursor = self._connection.execute(sql)
            rows = cursor.fetchall()
        except sqlite3.Error as error:
            raise SourceError(f"SQLite refuses a query: {error}.", where=str(self.address)) from None
        names = [entry[0] for entry in cursor.description or ()]
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        return pa.Table.from_arrays([_inferred(values) for values in columns], names=names)

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def _term(self, column: Column) -> str:
        name = f"t.{quote(column.name)}"
        term = select_term(column, name)
        # Bytes spare the detour through str, but a UTF-16 file would hand out UTF-16.
        return f"CAST({name} AS TEXT)" if self._wide and term.startswith("CAST(CAST") else term

    def _pragma(self, name: str) -> str:
        value = self._connection.execute(f"PRAGMA {name}").fetchone()[0]
        return f"'{value}'" if isinstance(value, str) else str(value)

    def _rebuildable(self, virtual: set[str]) -> list[str]:
        """Full-text tables over the rows of another table, which can fill themselves."""
        rows = self._connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name")
        found = []
        for name, sql in rows:
            flat = "".join(sql.split()).lower() if name in virtual else ""
            if "usingfts" in flat and "content=" in flat and "content=''" not in flat and 'content=""' not in flat:
                found.append(name)
        return found


def identity_of(path: Path) -> str:
    """The file itself, whatever it is called and through however many links."""
    try:
        status = os.stat(path)
    except OSError:
        return f"sqlite:{os.path.realpath(path)}"
    return f"sqlite:{status.st_dev}:{status.st_ino}"


def read_stamp(connection: sqlite3.Connection) -> Stamp | None:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ? AND type = 'table'", (STAMP_TABLE,))
    if known.fetchone() is None:
        return None
    row = connection.execute(f"SELECT stamp FROM {STAMP_TABLE}").fetchone()
    try:
        facts = json.loads(row[0])
        return Stamp(facts["version"], facts["bundle"], facts["seed"], facts["time"], facts.get("synthetic", True))
    except (TypeError, ValueError, KeyError):
        return None


def _open(path: Path) -> sqlite3.Connection:
    if not path.exists():
        near = difflib.get_close_matches(path.name, [p.name for p in _siblings(path)], n=1)
        hint = f'did you mean "{path.with_name(near[0])}"?' if near else "check the path."
        raise ConnectError(f"There is no file {path}.", hint=hint)
    if not path.is_file():
        raise ConnectError(f"{path} is no file.", hint="name a SQLite file.")
    uri = f"file:{percent(str(path.absolute()))}?mode=ro"
    try:
        return _connected(uri)
    except sqlite3.DatabaseError as error:
        if _is_still(path, error):
            return _connected(f"{uri}&immutable=1")
        raise _cannot_open(path, error) from None


def _connected(uri: str) -> sqlite3.Connection:
    # One connection serves the threads of the pipeline; the module itself serialises them.
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _siblings(path: Path) -> list[Path]:
    return [p for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []


def _is_still(path: Path, error: sqlite3.DatabaseError) -> bool:
    """A WAL database on a medium that cannot be written: SQLite wants to make its -shm file, but nobody writes."""
    log = path.with_name(path.name + "-wal")
    is_unwritable = not os.access(path.parent, os.W_OK)
    return "unable to open" in str(error) and is_unwritable and (not log.exists() or log.stat().st_size == 0)


def _cannot_open(path: Path, error: sqlite3.DatabaseError) -> ConnectError:
    text = str(error)
    if "not a database" in text:
        return ConnectError(f"{path} is not a SQLite database.", hint="name a SQLite file or a database URL.")
    if "locked" in text:
        return ConnectError(f"{path} is locked by another program.", hint="wait until it has finished writing.")
    if not os.access(path, os.R_OK):
        return ConnectError(f"{path} may not be read.", hint="ask for read permission on the file.")
    hint = "check it with: sqlite3 FILE 'PRAGMA integrity_check'."
    return ConnectError(f"{path} cannot be opened: {text}.", hint=hint)


def _without_keys(sql: str, table: str, parents: frozenset[str], dropped: set[tuple[str, ...]]) -> str:
    """CREATE TABLE without its keys to ``parents`` and without those that are ``dropped``."""
    return parse_create_table(sql).without(
        lambda key: key.parent.lower() in parents or _spelled(table, key.columns, key.parent) in dropped
    )


def _spelled(table: str, columns: Iterable[str], parent: str) -> tuple[str, ...]:
    """A key as SQLite compares names."""
    return tuple(name.lower() for name in (table, parent, *columns))


def _creation_order(sql: str) -> int:
    """Full-text tables before what may name them, triggers last: they must not fire while the rest is made."""
    words = sql.upper().split(None, 3)
    return {"VIRTUAL": 0, "INDEX": 1, "UNIQUE": 1, "VIEW": 2}.get(words[1] if len(words) > 1 else "", 3)


def _script(statements: list[str]) -> str:
    return "".join(f"{statement.rstrip().rstrip(';')};\n" for statement in statements)


def _inferred(values: tuple[Any, ...]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values], type=pa.string())


def _rowid(table: Table) -> str:
    taken = {column.name.lower() for column in table.columns}
    return next((name for name in ("_rowid_", "rowid", "oid") if name not in taken), "rowid")


def _hash(salt: int, *key: object) -> int:
    text = "\x1f".join("" if part is None else str(part) for part in key)
    return int.from_bytes(hashlib.blake2b(f"{salt}\x1f{text}".encode(), digest_size=4).digest(), "big")


def _family_where(family: Family, table: Table, schema: Schema) -> str:
    """Chooses rows by a hash of their topmost ancestor's key; a row that has no ancestor is hashed as itself."""
    joins, holder = "", "t"
    tables = [table]
    for step, key in enumerate(family.path):
        parent = schema.table(key.parent)
        alias = f"p{step}"
        pairs = zip(key.columns, key.parent_columns, strict=True)
        condition = " AND ".join(f"{alias}.{quote(own)} = {holder}.{quote(child)}" for child, own in pairs)
        joins += f" LEFT JOIN {quote(parent.name.name)} AS {alias} ON {condition}"
        holder = alias
        tables.append(parent)
    terms = ""
    for depth in range(len(tables) - 1, -1, -1):
        alias = "t" if depth == 0 else f"p{depth - 1}"
        columns = _identifying(tables[depth])
        hashed = f"dbclone_hash({family.salt}, {', '.join(f'{alias}.{name}' for name in columns)})"
        terms += f" WHEN {alias}.{columns[0]} IS NOT NULL THEN {hashed}" if depth else f" ELSE {hashed}"
    chosen = f"CASE{terms} END" if family.path else terms.removeprefix(" ELSE ")
    return f"{joins} WHERE {chosen} < {int(family.fraction * 2**32)}"


def _identifying(table: Table) -> list[str]:
    """Columns that tell one row from another: the primary key, else a unique set, else the rowid."""
    sets = table.unique_sets
    return [quote(name) for name in sets[0]] if sets else [_rowid(table)]
