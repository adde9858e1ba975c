"""Rows that satisfy an invented schema, tried one by one against an in-memory SQLite that knows its constraints.

Takes tables and a seed, gives rows. A row that no attempt gets past the constraints is left out, so that every schema
can be filled; the foreign keys are kept by choosing parents, those of cycles by a second round.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from tests.fuzz.shape import Key, Row, Table
from tests.fuzz.spell import create_table, listed, partial_indexes, plain, quoted
from tests.fuzz.values import draw

_ATTEMPTS = 30
_ABSENT = object()


def fill(tables: Sequence[Table], seed: int) -> dict[str, list[Row]]:
    """At most ``wanted`` rows a table, in the order of ``tables``."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[Row]] = {table.name: [] for table in tables}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as oracle:
        for table in tables:
            oracle.execute(create_table(table, "sqlite", keys=False, bare=True))
            for index in partial_indexes(table):
                oracle.execute(index)
        for table in tables:
            for _ in range(table.wanted):
                _add_row(table, rows, oracle, rng)
        for table in tables:
            for key in table.keys:
                if key.late:
                    _link(table, key, rows, oracle, rng)
    _prune(tables, rows)
    return rows


def _add_row(table: Table, rows: dict[str, list[Row]], oracle: sqlite3.Connection, rng: np.random.Generator) -> None:
    for _ in range(_ATTEMPTS):
        row = _attempt(table, rows, rng)
        if row is not None and _insert(table, row, len(rows[table.name]), oracle):
            rows[table.name].append(row)
            return


def _insert(table: Table, row: Row, number: int, oracle: sqlite3.Connection) -> bool:
    names = [column.name for column in table.columns]
    marks = ", ".join("?" * (len(names) + 1))
    statement = f'INSERT INTO {quoted(table.name)} ({listed(names)}, "#") VALUES ({marks})'
    try:
        oracle.execute(statement, [*(plain(row[name]) for name in names), number])
    except sqlite3.IntegrityError:
        return False
    return True


def _attempt(table: Table, rows: Mapping[str, list[Row]], rng: np.random.Generator) -> Row | None:
    """A row whose foreign keys hold; those of ``late`` keys are still empty. None where no parents fit together."""
    row: Row = {}
    referring = {name for key in table.keys for name in key.columns}
    for column in table.columns:
        if column.name not in referring:
            row[column.name] = _plain_value(table, column.name, rows, rng)
    for key in sorted(table.keys, key=lambda key: (key.late, key.parent == table.name)):
        if key.late:
            row |= {name: None for name in key.columns if name not in row}
            continue
        open_columns = [name for name in key.columns if name not in row and table.column(name).nullable]
        if open_columns and rng.random() < 0.25:
            # One empty column is enough for the whole key to count as absent.
            empty = open_columns if rng.random() < 0.7 else [open_columns[int(rng.integers(len(open_columns)))]]
            row |= dict.fromkeys(empty)
        elif any(row.get(name, _ABSENT) is None for name in key.columns):
            continue
        elif not _refer(table, key, row, rows, rng):
            if not open_columns:
                return None
            row |= dict.fromkeys(open_columns)
    for column in table.columns:
        if column.name not in row:
            row[column.name] = None if column.nullable and rng.random() < 0.7 else draw(column, rng)
    return row


def _plain_value(table: Table, name: str, rows: Mapping[str, list[Row]], rng: np.random.Generator) -> Any:
    column = table.column(name)
    if column.numbering is not None or column.style == "serial":
        before = max((row[name] for row in rows[table.name] if row[name] is not None), default=0)
        return before + (1 if rng.random() < 0.8 else int(rng.integers(2, 20)))
    share = {"constant": 1.0, "blank": 0.5}.get(column.style, 0.2)
    return None if column.nullable and rng.random() < share else draw(column, rng)


def _refer(table: Table, key: Key, row: Row, rows: Mapping[str, list[Row]], rng: np.random.Generator) -> bool:
    """Sets the columns of ``key`` that are still open to those of a parent that fits the others."""
    parents = [other for other in rows[key.parent] if _fits(key, row, other)]
    if key.parent == table.name and all(name in row for name in key.parent_columns) and _fits(key, row, row):
        parents.append(row)
    if not parents:
        return False
    # Half of the children gather at the first parents, so that families differ in size.
    span = len(parents) if rng.random() < 0.5 else max(1, len(parents) // 4)
    chosen = parents[int(rng.integers(span))]
    row |= {name: chosen[above] for name, above in zip(key.columns, key.parent_columns, strict=True)}
    return True


def _fits(key: Key, row: Row, parent: Row) -> bool:
    pairs = zip(key.columns, key.parent_columns, strict=True)
    return all(parent[above] is not None and row.get(name, parent[above]) == parent[above] for name, above in pairs)


def _link(
    table: Table, key: Key, rows: Mapping[str, list[Row]], oracle: sqlite3.Connection, rng: np.random.Generator
) -> None:
    """Fills a key of a cycle, now that the table that it references has rows."""
    own = [name for name in key.columns if not any(name in other.columns for other in table.keys if not other.late)]
    own = [name for name in own if name not in table.primary_key]
    for number, row in enumerate(rows[table.name]):
        if any(row[name] is not None for name in own) or not own:
            continue
        if all(table.column(name).nullable for name in own) and rng.random() < 0.2:
            continue
        known = {name: value for name, value in row.items() if name not in own}
        parents = [other for other in rows[key.parent] if _fits(key, known, other)]
        for _ in range(8 if parents else 0):
            chosen = parents[int(rng.integers(len(parents)))]
            above = dict(zip(key.columns, key.parent_columns, strict=True))
            values = {name: chosen[above[name]] for name in own}
            sets = ", ".join(f"{quoted(name)} = ?" for name in own)
            try:
                oracle.execute(
                    f'UPDATE {quoted(table.name)} SET {sets} WHERE "#" = ?', [*map(plain, values.values()), number]
                )
            except sqlite3.IntegrityError:
                continue
            row |= values
            break


def _prune(tables: Sequence[Table], rows: dict[str, list[Row]]) -> None:
    """Removes rows that lack what may not be missing, until every row that is left holds."""
    while True:
        before = sum(map(len, rows.values()))
        for table in tables:
            rows[table.name] = [row for row in rows[table.name] if _holds(table, row, rows)]
        if sum(map(len, rows.values())) == before:
            return


def _holds(table: Table, row: Row, rows: Mapping[str, list[Row]]) -> bool:
    if any(row[column.name] is None and not column.nullable for column in table.columns):
        return False
    for key in table.keys:
        wanted = tuple(row[name] for name in key.columns)
        if None not in wanted and not any(
            wanted == tuple(other[name] for name in key.parent_columns) for other in rows[key.parent]
        ):
            return False
    return True
