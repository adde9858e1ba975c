"""What is wrong with a clone of an invented database, asked in plain SQL and without dbclone.

Takes the invented database and a way to ask the clone, gives complaints. An empty list is a sound clone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.fuzz.shape import Database, Table
from tests.fuzz.spell import listed, literal, quoted

Ask = Callable[[str], list[tuple[Any, ...]]]


def complaints(database: Database, dialect: str, ask: Ask) -> list[str]:
    """Every constraint that some row of the clone breaks, with the number of rows."""
    found = []
    for table in database.tables:
        for what, question in _questions(table, database, dialect):
            rows = ask(question)[0][0]
            if rows:
                found.append(f"{table.name}: {rows} rows break {what}")
    return found


def row_counts(database: Database, ask: Ask) -> dict[str, int]:
    return {table.name: int(ask(f"SELECT count(*) FROM {quoted(table.name)}")[0][0]) for table in database.tables}


def _questions(table: Table, database: Database, dialect: str) -> Iterator[tuple[str, str]]:
    """(what is asked, SQL that counts the rows which break it)."""
    name = quoted(table.name)
    for column in table.columns:
        if not column.nullable:
            yield f"{column.name} NOT NULL", f"SELECT count(*) FROM {name} WHERE {quoted(column.name)} IS NULL"
        if column.type.length:
            longer = f"length({quoted(column.name)}) > {column.type.length}"
            yield f"{column.name} {column.type}", f"SELECT count(*) FROM {name} WHERE {longer}"
        if column.type.labels and dialect == "sqlite":
            labels = ", ".join(map(literal, column.type.labels))
            yield (
                f"labels of {column.name}",
                f"SELECT count(*) FROM {name} WHERE {quoted(column.name)} NOT IN ({labels})",
            )
    for unique in [(table.primary_key, None)] if table.primary_key else []:
        yield f"PRIMARY KEY {unique[0]}", _repeats(table, unique[0], None)
    for one in table.uniques:
        yield f"UNIQUE {one.columns} WHERE {one.where}", _repeats(table, one.columns, one.where)
    for key in table.keys:
        pairs = zip(key.columns, key.parent_columns, strict=True)
        there = " AND ".join(f"c.{quoted(child)} IS NOT NULL" for child in key.columns)
        equal = " AND ".join(f"p.{quoted(above)} = c.{quoted(child)}" for child, above in pairs)
        parent = quoted(database.table(key.parent).name)
        yield (
            f"FOREIGN KEY {key.columns} -> {key.parent}{key.parent_columns}",
            f"SELECT count(*) FROM {name} c WHERE {there} AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {equal})",
        )
    for check in table.checks:
        yield f"CHECK ({check})", f"SELECT count(*) FROM {name} WHERE NOT ({check})"


def _repeats(table: Table, columns: tuple[str, ...], where: str | None) -> str:
    conditions = [f"{quoted(column)} IS NOT NULL" for column in columns]
    conditions += [f"({where})"] if where else []
    groups = f"SELECT 1 FROM {quoted(table.name)} WHERE {' AND '.join(conditions)} GROUP BY {listed(columns)}"
    return f"SELECT count(*) FROM ({groups} HAVING count(*) > 1) repeated"
