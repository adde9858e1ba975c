"""DuckDB behind SQLAlchemy: its catalogue from its own tables, and a file of its own for a target.

Takes a connection or a path, gives a Schema or a place to build in. SQLAlchemy's inspector asks DuckDB what only
PostgreSQL knows; DuckDB itself is asked here. Never imports duckdb.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dbclone.dialects.asking import ASKED, ROW, Told, told_by_halves
from dbclone.dialects.scratch import Scratch
from dbclone.schema import (
    Check,
    Column,
    ForeignKey,
    Index,
    Kind,
    PrimaryKey,
    Schema,
    SchemaObject,
    Sequence,
    Table,
    TableName,
    Type,
    Unique,
)
from dbclone.schema.infinities import ABOVE, BELOW

if TYPE_CHECKING:
    import pyarrow as pa

HOLDS = frozenset({"nan", "infinity", "moment"})
_BATCH, _READY, _LOADED = "_dbclone_batch", "_dbclone_ready", "_dbclone_loaded"
_MOST_LEVELS = 1_000
_OWN = "database_name = current_database() AND NOT internal"
_TABLES = f"SELECT schema_name, table_name, comment FROM duckdb_tables() WHERE {_OWN} AND NOT temporary"
_COLUMNS = f"""
SELECT schema_name, table_name, column_name, data_type, is_nullable, column_default, comment, is_generated,
       generation_expression
FROM duckdb_columns() WHERE {_OWN} ORDER BY table_oid, column_index
"""
_CONSTRAINTS = """
SELECT schema_name, table_name, constraint_type, constraint_column_names, expression, constraint_name, referenced_table,
       referenced_column_names
FROM duckdb_constraints() WHERE database_name = current_database() ORDER BY table_oid, constraint_index
"""
_INDEXES = (
    "SELECT schema_name, table_name, index_name, is_unique, expressions, sql FROM duckdb_indexes()"
    " WHERE database_name = current_database()"
)
_VIEWS = f"SELECT view_name, sql FROM duckdb_views() WHERE {_OWN} AND NOT temporary ORDER BY view_name"
_SEQUENCES = (
    "SELECT schema_name, sequence_name, start_value, increment_by, min_value, max_value, cycle"
    " FROM duckdb_sequences() WHERE database_name = current_database() AND NOT temporary ORDER BY sequence_name"
)
_NEXTVAL = re.compile(r"nextval\('(?:\"?[^'\".]+\"?\.)?\"?([^'\"]+)\"?'\)", re.IGNORECASE)
_COLUMN = re.compile(r'"(?:[^"]|"")+"|[\w$]+')
_BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}
_KINDS = {
    "BOOLEAN": Kind.BOOLEAN,
    "DATE": Kind.DATE,
    "TIME": Kind.TIME,
    "TIMESTAMP": Kind.TIMESTAMP,
    "TIMESTAMP_S": Kind.TIMESTAMP,
    "TIMESTAMP_MS": Kind.TIMESTAMP,
    "TIMESTAMP_NS": Kind.TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": Kind.TIMESTAMPTZ,
    "UUID": Kind.UUID,
    "JSON": Kind.JSON,
    "BLOB": Kind.BINARY,
    "BIT": Kind.BIT,
    "INTERVAL": Kind.INTERVAL,
}


def read_schema(connection: sa.Connection, *, without: frozenset[str] = frozenset()) -> Schema:
    """Every table but those of ``without``, views and sequences."""
    columns, constraints, indexes = (_grouped(connection, sql) for sql in (_COLUMNS, _CONSTRAINTS, _INDEXES))
    tables = []
    for place, name, comment in _rows(connection, _TABLES):
        if name not in without:
            key = (place, name)
            tables.append(_table(TableName(place, name), comment, columns[key], constraints[key], indexes[key]))
    return Schema(
        "duckdb",
        tuple(sorted(tables, key=lambda table: table.name)),
        tuple(Sequence(TableName(row[0], row[1]), *row[2:]) for row in _rows(connection, _SEQUENCES)),
        tuple(SchemaObject("view", name, None, sql) for name, sql in _rows(connection, _VIEWS)),
        "main",
        str(_rows(connection, "SELECT version()")[0][0]),
    )


def table_names(connection: sa.Connection) -> list[str]:
    """The tables of the default schema."""
    return [name for place, name, _ in _rows(connection, _TABLES) if place == "main"]


def _rows(connection: sa.Connection, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(sa.text(sql)).fetchall()]


def _grouped(connection: sa.Connection, sql: str) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for row in _rows(connection, sql):
        found[row[0], row[1]].append(row[2:])
    return found


def _table(
    own: TableName,
    comment: str | None,
    columns: list[tuple[Any, ...]],
    constraints: list[tuple[Any, ...]],
    indexes: list[tuple[Any, ...]],
) -> Table:
    of = defaultdict(list)
    for kind, *facts in constraints:
        of[kind].append(facts)
    uniques = [Unique(tuple(names), name) for names, _, name, _, _ in of["UNIQUE"]]
    plain: list[Index] = []
    for name, is_unique, expressions, sql in indexes:
        terms = _terms(str(expressions))
        names = tuple(_plain(term) for term in terms if _COLUMN.fullmatch(term))
        others = tuple(term for term in terms if not _COLUMN.fullmatch(term))
        if is_unique:
            uniques.append(Unique(names, name, expressions=others, is_constraint=False))
        else:
            plain.append(Index(name, names if not others else (), str(sql).rstrip("; \n")))
    key = next((PrimaryKey(tuple(names), name) for names, _, name, _, _ in of["PRIMARY KEY"]), None)
    return Table(
        own,
        tuple(_column(facts) for facts in columns),
        key,
        tuple(uniques),
        tuple(
            ForeignKey(own, tuple(names), TableName(own.schema, parent), tuple(theirs), name)
            for names, _, name, parent, theirs in of["FOREIGN KEY"]
        ),
        tuple(Check(str(expression), name) for _, expression, name, _, _ in of["CHECK"]),
        indexes=tuple(sorted(plain, key=lambda index: index.name)),
        comment=comment,
    )


def _terms(listed: str) -> list[str]:
    """``[a, "b c", lower(d)]`` as its parts; a comma in parentheses parts nothing."""
    parts, part, depth = [], "", 0
    for letter in listed.strip().removeprefix("[").removesuffix("]"):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(part.strip(" '"))
            part = ""
        else:
            part += letter
    return [*parts, part.strip(" '")]


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _column(facts: tuple[Any, ...]) -> Column:
    name, spelled, nullable, default, comment, is_generated, expression = facts
    sequence = _NEXTVAL.search(default or "") if not is_generated else None
    return Column(
        name,
        read_type(str(spelled)),
        bool(nullable),
        None if is_generated or sequence else default,
        expression if is_generated else None,
        None,
        sequence[1] if sequence else None,
        comment,
    )


def read_type(spelled: str) -> Type:
    """DuckDB's type as ours; nested ones travel as text."""
    word, _, rest = spelled.partition("(")
    if spelled.endswith("[]"):
        return Type(Kind.OTHER, spelled)
    if word.removeprefix("U") in _BITS:
        return Type(Kind.INTEGER, spelled, bits=_BITS[word.removeprefix("U")], unsigned=word.startswith("U"))
    if word in ("HUGEINT", "UHUGEINT", "BIGNUM", "VARINT"):
        return Type(Kind.DECIMAL, spelled, precision=38, scale=0)
    if word == "DECIMAL":
        precision, scale = (int(part) for part in rest.rstrip(")").split(","))
        return Type(Kind.DECIMAL, spelled, precision=precision, scale=scale)
    if word in ("FLOAT", "DOUBLE"):
        return Type(Kind.FLOAT, spelled, bits=32 if word == "FLOAT" else 64)
    if word == "ENUM":
        labels = tuple(text.replace("''", "'") for text in re.findall(r"'((?:[^']|'')*)'", rest))
        return Type(Kind.ENUM, spelled, labels=labels)
    if word == "VARCHAR":
        return Type(Kind.TEXT, spelled)
    return Type(_KINDS.get(spelled, Kind.OTHER), spelled)


def select_term(column: Column, name: str) -> str:
    """What travels as text is printed by DuckDB itself: the driver's objects print otherwise."""
    if column.type.kind is Kind.TIMESTAMPTZ:
        return f"timezone('UTC', {name})"  # else the driver wants pytz
    is_text = column.type.storage == "string" and column.type.kind is not Kind.TEXT
    return f"CAST({name} AS VARCHAR)" if is_text else name


def insert(connection: sa.Connection, table: str, batch: pa.RecordBatch, *, endless: bool) -> None:
    """Rows as they are, without a detour through Python; with ``endless``, the days that stand for infinite moments
    become infinite."""
    import pyarrow as pa

    driver: Any = connection.connection.driver_connection
    listed = ", ".join('"' + name.replace('"', '""') + '"' for name in batch.schema.names)
    driver.register(_BATCH, pa.Table.from_batches([batch]))
    try:
        name = '"' + table.replace('"', '""') + '"'
        terms = ", ".join(_moment_term(field) for field in batch.schema) if endless else listed
        connection.exec_driver_sql(f"INSERT INTO {name} ({listed}) SELECT {terms} FROM {_BATCH}")
    finally:
        # An aborted transaction hears nothing any more, and its reason must not be lost over it.
        with contextlib.suppress(Exception):
            driver.unregister(_BATCH)


def insert_by_level(
    connection: sa.Connection, own: str, stage: str, listed: str, keys: Iterable[ForeignKey]
) -> bool:
    """Rows of the table ``stage`` into ``own``, each after the rows that it references there. False, with some of them
    missing, where rows lead back to themselves or stand in too many levels. All names but the keys' are in quotes."""
    above = " AND ".join(f"({_is_met(key, own)})" for key in keys)
    connection.exec_driver_sql(f"CREATE OR REPLACE TEMP TABLE {_LOADED} (r BIGINT)")
    left = int(connection.exec_driver_sql(f"SELECT count(*) FROM {stage}").scalar_one())
    for _ in range(_MOST_LEVELS):
        if not left:
            break
        ready = f"SELECT s.rowid AS r FROM {stage} s WHERE s.rowid NOT IN (SELECT r FROM {_LOADED}) AND {above}"
        connection.exec_driver_sql(f"CREATE OR REPLACE TEMP TABLE {_READY} AS {ready}")
        found = int(connection.exec_driver_sql(f"SELECT count(*) FROM {_READY}").scalar_one())
        if not found:
            break
        chosen = f"SELECT {listed} FROM {stage} s WHERE s.rowid IN (SELECT r FROM {_READY}) ORDER BY s.rowid"
        connection.exec_driver_sql(f"INSERT INTO {own} ({listed}) {chosen}")
        connection.exec_driver_sql(f"INSERT INTO {_LOADED} FROM {_READY}")
        connection.commit()
        left -= found
    return not left


def _is_met(key: ForeignKey, own: str) -> str:
    """True of a row ``s`` that references none, or one that is there."""
    pairs = [(_quoted(mine), _quoted(theirs)) for mine, theirs in zip(key.columns, key.parent_columns, strict=True)]
    none = " OR ".join(f"s.{mine} IS NULL" for mine, _ in pairs)
    same = " AND ".join(f"o.{theirs} = s.{mine}" for mine, theirs in pairs)
    return f"{none} OR EXISTS (SELECT 1 FROM {own} o WHERE {same})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _moment_term(field: pa.Field) -> str:
    """A column of moments with those that have no end, any other as it is."""
    import pyarrow as pa

    name: str = '"' + field.name.replace('"', '""') + '"'
    if not (pa.types.is_date(field.type) or pa.types.is_timestamp(field.type)):
        return name
    word, zone = "DATE", ""
    if pa.types.is_timestamp(field.type):
        word, zone = ("TIMESTAMPTZ", " 00:00:00+00") if field.type.tz else ("TIMESTAMP", " 00:00:00")
    below, above = (f"{word} '{day}{zone}'" for day in (BELOW, ABOVE))
    return f"CASE {name} WHEN {below} THEN {word} '-infinity' WHEN {above} THEN {word} 'infinity' ELSE {name} END"


def evaluate(connection: sa.Connection, table: str, expression: str, batch: pa.RecordBatch) -> Told | None:
    """(rows,) the values of an expression over columns of ``table`` as texts, and where it raises an error; None where
    it cannot be asked."""
    import pyarrow as pa

    driver: Any = connection.connection.driver_connection
    failing: type[Exception] = connection.dialect.loaded_dbapi.Error
    names = ['"' + name.replace('"', '""') + '"' for name in batch.schema.names]
    own = '"' + table.replace('"', '""') + '"'
    arrays = [pa.array(range(batch.num_rows), pa.int64()), *batch.columns]
    numbered = pa.Table.from_arrays(arrays, names=[ROW, *batch.schema.names])
    asked = f'SELECT "{ROW}", CAST(({expression}) AS VARCHAR) FROM {ASKED} WHERE "{ROW}" BETWEEN ? AND ?'
    # A statement that fails ends the transaction that it stands in: here a cursor of its own has nothing to lose.
    with contextlib.closing(driver.cursor()) as cursor:

        def ask(start: int, stop: int) -> list[tuple[int, object]]:
            cursor.execute(asked, [start, stop - 1])
            return list(cursor.fetchall())

        try:
            cursor.register(_BATCH, numbered)
            # The shape of the table, without its rows: types, enums and collations are the target's own.
            shape = f'SELECT 0::BIGINT AS "{ROW}", {", ".join(names)} FROM {own} LIMIT 0'
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE {ASKED} AS {shape}")
            cursor.execute(f"INSERT INTO {ASKED} SELECT * FROM {_BATCH}")
            return told_by_halves(batch.num_rows, ask, failing)
        except failing:
            return None


# -- a file as a target -----------------------------------------------------------------------------------------------


def file_of(url: sa.URL) -> Path | None:
    """The file of a DuckDB address, None for another database and for one in memory."""
    if url.get_backend_name() != "duckdb" or not url.database or url.database.startswith((":memory:", "md:")):
        return None
    return Path(url.database)


def identity_of(path: Path) -> str:
    """The file itself, whatever it is called and through however many links."""
    try:
        status = os.stat(path)
    except OSError:
        return f"duckdb:{os.path.realpath(path)}"
    return f"duckdb:{status.st_dev}:{status.st_ino}"


class ScratchFile:
    """A DuckDB file beside the target, moved into its place in one step. DuckDB opens no empty file: it makes its own
    beside the one that holds the lock."""

    def __init__(self, target: Path) -> None:
        self._scratch = Scratch(target, folder=False)
        self.path = self._scratch.path.with_name(self._scratch.path.name + "-db")

    def publish(self) -> None:
        os.replace(self.path, self._scratch.path)
        self._scratch.publish()

    def discard(self) -> None:
        self._scratch.discard()
