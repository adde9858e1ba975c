"""Filling a SQLite file: made beside the target, proved, then moved into its place.

Takes Arrow batches, gives a database file. Never touches the target before ``publish``.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

import pyarrow as pa

from dbclone.dialects.address import Address
from dbclone.dialects.asking import Told
from dbclone.dialects.counting import check_name
from dbclone.dialects.portable import PortableDdl, question_of
from dbclone.dialects.portable_ddl import portable_ddl
from dbclone.dialects.portable_writer import target_names
from dbclone.dialects.protocol import Ddl, DdlMode, Loss, Stamp, Violation
from dbclone.dialects.scratch import Scratch
from dbclone.dialects.sqlite.asking import evaluate
from dbclone.dialects.sqlite.catalog import STAMP_TABLE, list_entries, quote
from dbclone.dialects.sqlite.guard import guard, quiesce
from dbclone.dialects.sqlite.statement import parse_create_table, tokens
from dbclone.dialects.sqlite.values import to_sqlite
from dbclone.errors import TargetError
from dbclone.schema import Schema, Table, TableName

_FAST = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA ignore_check_constraints = ON",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
)
_DDL = re.compile(
    r"""(?:\s|--[^\n]*\n|/\*.*?\*/)*
    (?: CREATE\s+(?:UNIQUE\s+)?(?:TABLE|INDEX|VIEW|TRIGGER|VIRTUAL\s+TABLE)\b
      | PRAGMA\s+(?:encoding|page_size|auto_vacuum|application_id|user_version)\s*=
      | INSERT\s+INTO\s+("(?:[^"]|"")+")\(\1\)\s+VALUES\s*\('rebuild'\)\s*;?\s*$
      | ANALYZE\s*;?\s*$ )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

_NO_DAMAGE = re.compile(r"ok$|NULL value in ")


class SqliteLoader:
    """Implements ``protocol.Loader``. ``plain`` are computed columns of the source that need values here."""

    holds = frozenset({"infinity", "decimal"})

    def __init__(
        self,
        address: Address,
        *,
        source_identity: str | None = None,
        replace: bool = False,
        ddl_mode: DdlMode = "native",
    ) -> None:
        self.address = address
        self.plain: frozenset[tuple[TableName, str]] = frozenset()
        self._ddl_mode = ddl_mode
        guard(address, source_identity=source_identity, replace=replace)
        self._scratch = Scratch(address.file, folder=False)
        self._connection = sqlite3.connect(self._scratch.path, isolation_level=None, check_same_thread=False)
        self._lock = threading.Lock()
        self._schema: Schema | None = None
        self._names: dict[TableName, TableName] = {}
        self._computed: dict[TableName, frozenset[str]] = {}
        self._post: tuple[str, ...] = ()
        self._portable: PortableDdl | None = None

    def create(self, schema: Schema, ddl: Ddl | None) -> tuple[Loss, ...]:
        self._schema = schema
        self._names = target_names(schema, "sqlite")
        if ddl is not None and ddl.dialect == "sqlite" and self._ddl_mode == "native":
            pre, self._post = _statements(ddl.pre_data), _statements(ddl.post_data)
            _refuse_other_than_ddl((*pre, *self._post))
            losses = _native_losses(schema, self._post)
        else:
            portable = self._portable = portable_ddl(schema, "sqlite")
            pre, self._post, losses = portable.pre, portable.post, portable.losses
            self.plain, self._schema = portable.plain, portable.schema
        with self._lock:
            settings = [statement for statement in pre if _is_pragma(statement)]
            tables = [statement for statement in pre if not _is_pragma(statement)]
            for statement in (*_FAST, *settings, "BEGIN", *tables):
                self._execute(statement)
        for table in schema:
            name = _text(self._names[table.name].name)
            rows = self._rows(f"SELECT name FROM pragma_table_xinfo({name}) WHERE hidden > 1")
            self._computed[table.name] = frozenset(str(row[0]) for row in rows)
        return losses

    def load(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        """Writes the columns that a batch holds; those that SQLite computes itself are passed over."""
        if self._portable is not None:
            table, batches = self._portable.under_names(table, batches)
        total = 0
        computed = self._computed.get(table.name, frozenset())
        target = self._names[table.name].name
        for batch in batches:
            names = [name for name in batch.schema.names if name in table.by_name and name not in computed]
            columns = [to_sqlite(batch.column(name), table.column(name)) for name in names]
            if not batch.num_rows:
                continue
            listed = ", ".join(quote(name) for name in names)
            sql = f"INSERT INTO {quote(target)} ({listed}) VALUES ({', '.join('?' * len(names))})"
            if not names:
                sql = f"INSERT INTO {quote(target)} DEFAULT VALUES"
            rows = zip(*columns, strict=True) if columns else iter([()] * batch.num_rows)
            with self._lock:
                self._insert(table, sql, rows)
            total += batch.num_rows
        return total

    def evaluate(self, table: Table, expression: str, columns: Mapping[str, pa.Array]) -> Told | None:
        """(rows,) what ``expression`` gives for rows that are not written yet, as texts, and where it raises an error.

        None where the target left out what says so, or the rows cannot be asked about.
        """
        own = self._names[table.name].name
        asked = question_of(self._portable, table, expression, columns)
        if asked is None:
            return None
        with self._lock:
            made = self._rows(f"SELECT sql FROM sqlite_master WHERE type = 'table' AND name = {_text(own)}")
            types = self._rows(f"SELECT name, type FROM pragma_table_xinfo({_text(own)})")
        return evaluate(str(made[0][0]), {str(name): str(kind) for name, kind in types}, *asked)

    def finish(self) -> tuple[Violation, ...]:
        """Indexes, views and triggers, then the proof. Violations are counted, not raised."""
        assert self._schema is not None, "create comes first"
        found: list[Violation] = []
        with self._lock:
            self._execute("COMMIT")
            for statement in self._post:
                found += self._after(statement)
            self._execute("PRAGMA ignore_check_constraints = OFF")
            found += self._orphans()
            found += self._broken_checks()
            # Of tables WITHOUT ROWID older versions of SQLite see NULLs that are none.
            wrong = [row[0] for row in self._rows("PRAGMA quick_check") if not _NO_DAMAGE.match(str(row[0]))]
        if wrong and not found:
            raise TargetError(f"The file made for {self.address} is damaged: {wrong[0]}.", hint="is the disk full?")
        return tuple(found)

    def publish(self, stamp: Stamp) -> None:
        with self._lock:
            self._execute(f"CREATE TABLE {STAMP_TABLE} (stamp TEXT NOT NULL)")
            text = json.dumps(asdict(stamp), sort_keys=True)
            self._connection.execute(f"INSERT INTO {STAMP_TABLE} VALUES (?)", (text,))
            self._connection.close()
        try:
            quiesce(self._scratch.target)
        except TargetError:
            self._scratch.discard()
            raise
        self._scratch.publish()

    def discard(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._scratch.discard()

    def _execute(self, statement: str) -> None:
        try:
            self._connection.execute(statement)
        except sqlite3.Error as error:
            flat = " ".join(statement.split())[:120]
            raise TargetError(f"SQLite refuses a statement for {self.address}: {error} ({flat}).") from None

    def _rows(self, sql: str) -> list[tuple[object, ...]]:
        return self._connection.execute(sql).fetchall()

    def _insert(self, table: Table, sql: str, rows: Iterator[tuple[object, ...]]) -> None:
        try:
            self._connection.executemany(sql, rows)
        except (sqlite3.Error, OverflowError) as error:
            # "NOT NULL constraint failed: film.title" names the column last.
            column = re.search(r"constraint failed: [^.]+\.(\w+)", str(error))
            where = f"{table.name}.{column.group(1)}" if column else str(table.name)
            raise TargetError(
                f"SQLite refuses rows of {table.name}: {error}.",
                where=where,
                hint="run the command again with --verbose, or leave the table out with tables.exclude.",
            ) from None

    def _after(self, statement: str) -> Iterator[Violation]:
        try:
            self._connection.execute(statement)
        except sqlite3.IntegrityError:
            table, rows = self._count_duplicates(statement)
            yield Violation(table, "unique", _index_name(statement), rows)
        except sqlite3.Error as error:
            flat = " ".join(statement.split())[:120]
            raise TargetError(f"SQLite refuses a statement for {self.address}: {error} ({flat}).") from None

    def _count_duplicates(self, statement: str) -> tuple[TableName, int]:
        """The table of a unique index that could not be made, and the rows that stand in its way."""
        assert self._schema is not None
        parsed = parse_create_table(statement)
        terms = [statement[start:end] for start, end in parsed.items]
        start, end = parsed.name_span
        name = statement[start:end].strip('"`[]')
        where = re.search(r"\bWHERE\b(.*)$", statement[parsed.items[-1][1] :], re.IGNORECASE | re.DOTALL)
        filled = " AND ".join(f"({term}) IS NOT NULL" for term in terms)
        condition = f"{filled} AND ({where.group(1)})" if where else filled
        groups = f"SELECT count(*) - 1 AS n FROM {quote(name)} WHERE {condition} GROUP BY {', '.join(terms)}"
        rows = self._rows(f"SELECT sum(n) FROM ({groups})")[0][0]
        own = next((source for source, target in self._names.items() if target.name == name), TableName("main", name))
        return own, int(str(rows or 0))

    def _orphans(self) -> Iterator[Violation]:
        assert self._schema is not None
        for table in self._schema:
            target = self._names[table.name].name
            keys = {row[0]: row[2] for row in self._rows(f"SELECT * FROM pragma_foreign_key_list({_text(target)})")}
            if not keys:
                continue
            try:
                rows = self._rows(f"SELECT fkid, count(*) FROM pragma_foreign_key_check({_text(target)}) GROUP BY fkid")
            except sqlite3.OperationalError as error:
                raise TargetError(
                    f"SQLite cannot check the foreign keys of {table.name}: {error}.",
                    where=str(table.name),
                    hint="a foreign key must reference a primary key or UNIQUE columns.",
                ) from None
            for number, count in rows:
                yield Violation(table.name, "foreign key", self._key_label(table, int(str(number))), int(str(count)))

    def _key_label(self, table: Table, number: int) -> str:
        target = self._names[table.name].name
        rows = self._rows(f'SELECT "from", "table" FROM pragma_foreign_key_list({_text(target)}) WHERE id = {number}')
        columns = tuple(str(row[0]) for row in rows)
        key = next((key for key in table.foreign_keys if key.columns == columns), None)
        return (key.name or str(key)) if key else f"{table.name}({', '.join(columns)})"

    def _broken_checks(self) -> Iterator[Violation]:
        """Checks by the words that this file holds, which are not always the source's."""
        assert self._schema is not None
        own = {target.name: source for source, target in self._names.items()}
        for entry in list_entries(self._connection):
            if entry.kind != "table" or entry.name not in own:
                continue
            table = self._schema.table(own[entry.name])
            labels = {check.name: check_name(check) for check in table.checks}
            for clause in parse_create_table(entry.sql).of("check"):
                rows = self._rows(f"SELECT count(*) FROM {quote(entry.name)} WHERE NOT ({clause.text})")[0][0]
                if rows:
                    label = labels.get(clause.name) if clause.name else clause.text
                    yield Violation(table.name, "check", label or str(clause.name), int(str(rows)))


def _statements(script: str) -> tuple[str, ...]:
    """The statements of a script; a trigger's own semicolons end none."""
    found, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    return (*found, pending.strip()) if pending.strip() else tuple(found)


def _refuse_other_than_ddl(statements: Iterable[str]) -> None:
    """A bundle may come from a stranger: ATTACH or VACUUM INTO would write to other files than the target."""
    for statement in statements:
        if not _DDL.match(statement):
            raise TargetError(
                f"The DDL of the source holds a statement that makes no part of a database: {statement[:60]}",
                hint="do not use this bundle: dbclone itself never writes such a statement.",
            )


def _native_losses(schema: Schema, post: tuple[str, ...]) -> tuple[Loss, ...]:
    """What the file's own DDL could not bring along because it needs a table that is left out."""
    losses = []
    made = "\n".join(post)
    for item in schema.objects:
        if item.kind == "virtual table":
            losses.append(Loss(item.kind, item.name, "made again; filled where it indexes another table"))
        elif item.definition is not None and item.definition.rstrip().rstrip(";") not in made:
            losses.append(Loss(item.kind, item.name, "left out: it needs a table that is not in this clone"))
    for key in schema.foreign_keys:
        if key.parent not in schema:
            name = f"{key.table}.{key.columns[0]}"
            losses.append(Loss("foreign key", name, f"left out: {key.parent} is not in this clone"))
    return tuple(losses)


def _index_name(statement: str) -> str:
    """What follows INDEX, which the catalogue keeps without IF NOT EXISTS."""
    parts = tokens(statement)
    at = next(i for i, token in enumerate(parts) if token.word == "INDEX")
    return parts[at + 1].name


def _is_pragma(statement: str) -> bool:
    return statement.lstrip()[:6].upper() == "PRAGMA"


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
