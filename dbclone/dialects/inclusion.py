"""Counting what undeclared keys would hold, left to the database: values of columns, and values without a parent.

Takes a Source, gives numbers of whole tables, by SELECT alone. Never reads a row into memory to count it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

from dbclone.dialects.counting import count_orphans
from dbclone.dialects.portable_writer import quote
from dbclone.dialects.protocol import Source
from dbclone.errors import DbcloneError
from dbclone.schema import Column, ForeignKey, Kind, Schema, Table, TableName

_COLUMNS_A_QUERY = 20
_MOST_NAMES = 1_000
_NONE = {Kind.INTEGER: ("0", "-1"), Kind.TEXT: ("", "0", "-")}


@dataclass(frozen=True)
class ValueCounts:
    """One column of a whole table. ``low`` and ``high`` are of integers, ``width`` is the mean length of texts."""

    filled: int
    distinct: int
    low: int | None = None
    high: int | None = None
    width: float = 0.0


def count_values(source: Source, schema: Schema, table: Table, columns: Iterable[Column]) -> dict[str, ValueCounts]:
    """The values of some columns, in one pass over the table for every twenty of them.

    A column that the database cannot count (a type without equality) is absent.
    """
    wanted = list(columns)
    found: dict[str, ValueCounts] = {}
    for start in range(0, len(wanted), _COLUMNS_A_QUERY):
        part = wanted[start : start + _COLUMNS_A_QUERY]
        try:
            found |= _count_together(source, schema, table, part)
        except DbcloneError:
            for column in part:
                with contextlib.suppress(DbcloneError):
                    found |= _count_together(source, schema, table, [column])
    return found


def _count_together(source: Source, schema: Schema, table: Table, columns: list[Column]) -> dict[str, ValueCounts]:
    terms = [term for number, column in enumerate(columns) for term in _terms(number, column)]
    row = source.query(f"SELECT {', '.join(terms)} FROM {_relation(schema, table.name)}").to_pylist()[0]
    found = {}
    for number, column in enumerate(columns):
        low, high, width = (row.get(f"{what}{number}") for what in ("l", "h", "w"))
        found[column.name] = ValueCounts(
            int(row[f"f{number}"]),
            int(row[f"d{number}"]),
            None if low is None else int(low),
            None if high is None else int(high),
            float(width or 0.0),
        )
    return found


def count_key(source: Source, schema: Schema, key: ForeignKey) -> tuple[int, int, int] | None:
    """Rows that fill the key, its distinct values, and rows without a parent; None where it cannot be compared."""
    columns = ", ".join(quote(column) for column in key.columns)
    child = _relation(schema, key.table)
    try:
        total = source.query(f"SELECT count(*) AS n FROM {child} WHERE {_filled(key.columns)}")
        distinct = source.query(
            f"SELECT count(*) AS n FROM (SELECT DISTINCT {columns} FROM {child} WHERE {_filled(key.columns)}) d"
        )
        return int(total.column(0)[0].as_py()), int(distinct.column(0)[0].as_py()), count_orphans(source, schema, key)
    except DbcloneError:
        return None


def empty_value(source: Source, schema: Schema, key: ForeignKey) -> str | None:
    """The one value that all rows without a parent have and that reads like none (0, -1, an empty text), else None."""
    kind = schema.table(key.table).column(key.columns[0]).type.kind
    if len(key.columns) > 1 or kind not in _NONE:
        return None
    own, above = quote(key.columns[0]), quote(key.parent_columns[0])
    child, parent = _relation(schema, key.table), _relation(schema, key.parent)
    found = source.query(
        f"SELECT min(c.{own}) AS low, max(c.{own}) AS high FROM {child} c WHERE c.{own} IS NOT NULL"
        f" AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE p.{above} = c.{own})"
    ).to_pylist()[0]
    low, high = (str(found[name]) for name in ("low", "high"))
    return low if low == high and low in _NONE[kind] else None


def count_types(source: Source, schema: Schema, table: Table, column: str, most: int) -> dict[str, int] | None:
    """The values of a type column with their rows, NULL and the empty text left out; None where they are too many."""
    name, relation = quote(column), _relation(schema, table.name)
    distinct = source.query(f"SELECT count(DISTINCT {name}) AS n FROM {relation}")
    if int(distinct.column(0)[0].as_py()) > most:
        return None
    counted = source.query(
        f"SELECT {name} AS v, count(*) AS n FROM {relation} WHERE {name} IS NOT NULL GROUP BY {name}"
    ).to_pylist()
    return {str(row["v"]): int(row["n"]) for row in counted if str(row["v"])}


def read_names(source: Source, schema: Schema, table: Table, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The key of every row of a small table, and its ``columns`` where they are not NULL, as texts."""
    listed = ", ".join(quote(name) for name in (*table.key, *columns))
    rows = source.query(f"SELECT {listed} FROM {_relation(schema, table.name)}").slice(0, _MOST_NAMES).to_pylist()
    return [tuple(str(value) for value in row.values() if value is not None) for row in rows]


def is_key(source: Source, schema: Schema, table: Table, columns: tuple[str, ...]) -> bool:
    """True where no two rows share their values, whether or not a constraint says so."""
    if columns in table.unique_sets:
        return True
    names = ", ".join(quote(column) for column in columns)
    repeated = source.query(
        f"SELECT count(*) AS n FROM (SELECT {names} FROM {_relation(schema, table.name)} WHERE {_filled(columns)}"
        f" GROUP BY {names} HAVING count(*) > 1) d"
    )
    return int(repeated.column(0)[0].as_py()) == 0


def _terms(number: int, column: Column) -> list[str]:
    name = quote(column.name)
    terms = [f"count({name}) AS f{number}", f"count(DISTINCT {name}) AS d{number}"]
    if column.type.kind is Kind.INTEGER:
        terms += [f"min({name}) AS l{number}", f"max({name}) AS h{number}"]
    elif column.type.kind is Kind.TEXT:
        terms.append(f"avg(length({name})) AS w{number}")
    return terms


def _filled(columns: Iterable[str]) -> str:
    return " AND ".join(f"{quote(column)} IS NOT NULL" for column in columns)


def _relation(schema: Schema, name: TableName) -> str:
    """The table in quotes; a PostgreSQL table with inheriting children counts only its own rows."""
    text = f"{quote(name.schema)}.{quote(name.name)}"
    is_inherited = schema.dialect == "postgresql" and any(name in table.inherits for table in schema)
    return f"ONLY {text}" if is_inherited else text
