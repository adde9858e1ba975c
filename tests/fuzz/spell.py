"""An invented database as SQL: a script that makes it, rows included, in SQLite or PostgreSQL.

Takes a `shape.Database`, gives text. Never opens a database.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from tests.fuzz.shape import Column, Database, Key, Row, Table, Type

_SQLITE = {
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "bytea": "BLOB",
    "char": "CHAR",
    "date": "DATE",
    "double precision": "REAL",
    "enum": "TEXT",
    "integer": "INTEGER",
    "integer[]": "TEXT",
    "jsonb": "JSON",
    "numeric": "NUMERIC(10,2)",
    "smallint": "SMALLINT",
    "text": "TEXT",
    "text[]": "TEXT",
    "timestamptz": "TIMESTAMP",
    "uuid": "CHAR(36)",
    "varchar": "VARCHAR",
}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def listed(names: Iterable[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def script(database: Database) -> str:
    """Everything at once; foreign keys come last, so that rows may reference each other."""
    if database.dialect == "sqlite":
        parts = ["PRAGMA foreign_keys = OFF;", "BEGIN;"]
        parts += [create_table(table, "sqlite", keys=True) + ";" for table in database.tables]
        parts += [*_inserts(database), *_indexes(database), "COMMIT;"]
        return "\n".join(parts)
    enums = {column.type for table in database.tables for column in table.columns if column.type.labels}
    parts = [f"CREATE TYPE {enum_name(one)} AS ENUM ({_texts(one.labels)});" for one in sorted(enums, key=enum_name)]
    parts += [create_table(table, "postgresql", keys=False) + ";" for table in database.tables]
    parts += [*_inserts(database), *_indexes(database), *_sequences(database)]
    for table in database.tables:
        parts += [f"ALTER TABLE {quoted(table.name)} ADD {_key(key)};" for key in table.keys]
    return "\n".join(parts)


def create_table(table: Table, dialect: str, *, keys: bool, bare: bool = False) -> str:
    """CREATE TABLE; a ``bare`` one has no NOT NULL and an extra column ``#`` that numbers rows."""
    lines = [_column(table, column, dialect, bare) for column in table.columns]
    if bare:
        lines.append('"#" INTEGER')
    if table.primary_key and not any(column.numbering == "rowid" for column in table.columns):
        lines.append(f"PRIMARY KEY ({listed(table.primary_key)})")
    lines += [f"UNIQUE ({listed(unique.columns)})" for unique in table.uniques if unique.where is None]
    lines += [f"CHECK ({check})" for check in table.checks]
    if dialect == "sqlite":
        enums = [column for column in table.columns if column.type.labels]
        lines += [f"CHECK ({quoted(one.name)} IN ({_texts(one.type.labels)}))" for one in enums]
    if keys:
        lines += [_key(key) for key in table.keys]
    end = " WITHOUT ROWID" if table.without_rowid and dialect == "sqlite" and not bare else ""
    body = ",\n  ".join(lines)
    return f"CREATE TABLE {quoted(table.name)} (\n  {body}\n){end}"


def partial_indexes(table: Table) -> list[str]:
    return [
        f"CREATE UNIQUE INDEX {quoted(f'{table.name[:40]}_only_{place}')} ON {quoted(table.name)}"
        f" ({listed(one.columns)}) WHERE {one.where}"
        for place, one in enumerate(table.uniques)
        if one.where is not None
    ]


def type_name(one: Type, dialect: str) -> str:
    if one.name == "enum" and dialect == "postgresql":
        return enum_name(one)
    name = _SQLITE[one.name] if dialect == "sqlite" else one.name
    if one.name == "numeric" and dialect == "postgresql":
        return "numeric(10,2)"
    return f"{name}({one.length})" if one.length else name


def enum_name(one: Type) -> str:
    return quoted("enum_" + "_".join(one.labels)[:50])


def literal(value: Any) -> str:
    """A value as SQL that SQLite and PostgreSQL read alike, arrays and bytes of PostgreSQL excepted."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, datetime.datetime):
        return f"'{value:%Y-%m-%d %H:%M:%S}'"
    return "'" + str(value).replace("'", "''") + "'"


def plain(value: Any) -> Any:
    """A value as sqlite3 takes it."""
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value) if isinstance(value, datetime.date) else value


def _column(table: Table, column: Column, dialect: str, bare: bool) -> str:
    name = quoted(column.name)
    if dialect == "sqlite":
        if column.numbering == "rowid":
            return f"{name} INTEGER PRIMARY KEY"
        return f"{name} {type_name(column.type, dialect)}{'' if column.nullable or bare else ' NOT NULL'}"
    if column.numbering == "serial":
        return f"{name} {'bigserial' if column.type.name == 'bigint' else 'serial'}"
    if column.numbering == "always":
        return f"{name} {column.type.name} GENERATED ALWAYS AS IDENTITY"
    if column.numbering == "default":
        return f"{name} {column.type.name} GENERATED BY DEFAULT AS IDENTITY"
    return f"{name} {type_name(column.type, dialect)}{'' if column.nullable else ' NOT NULL'}"


def _key(key: Key) -> str:
    late = " DEFERRABLE INITIALLY DEFERRED" if key.deferrable else ""
    return f"FOREIGN KEY ({listed(key.columns)}) REFERENCES {quoted(key.parent)} ({listed(key.parent_columns)}){late}"


def _inserts(database: Database) -> list[str]:
    result = []
    for table in database.tables:
        rows = database.rows[table.name]
        if not rows:
            continue
        names = [column.name for column in table.columns]
        values = ",\n".join(
            f"  ({', '.join(_value(table, name, row, database.dialect) for name in names)})" for row in rows
        )
        forced = any(column.numbering == "always" for column in table.columns) and database.dialect == "postgresql"
        override = " OVERRIDING SYSTEM VALUE" if forced else ""
        result.append(f"INSERT INTO {quoted(table.name)} ({listed(names)}){override} VALUES\n{values};")
    return result


def _value(table: Table, name: str, row: Row, dialect: str) -> str:
    value = row[name]
    if dialect == "postgresql":
        if isinstance(value, bytes):
            return f"'\\x{value.hex()}'"
        if isinstance(value, datetime.datetime):
            return f"'{value:%Y-%m-%d %H:%M:%S}+00'"
    return literal(value)


def _indexes(database: Database) -> list[str]:
    return [f"{index};" for table in database.tables for index in partial_indexes(table)]


def _sequences(database: Database) -> list[str]:
    result = []
    for table in database.tables:
        for column in table.columns:
            most = (
                max((row[column.name] for row in database.rows[table.name]), default=None) if column.numbering else None
            )
            if most is not None and most > 0:
                named = f"pg_get_serial_sequence({literal(quoted(table.name))}, {literal(column.name)})"
                result.append(f"SELECT setval({named}, {most});")
    return result


def _texts(values: Iterable[str]) -> str:
    return ", ".join(literal(value) for value in values)
