"""Counting, left to the database: rows, children per parent, and rows that break a constraint.

Takes a Source, gives numbers, in SQL that every database understands. Never reads a row into memory to count it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dbclone.dialects.protocol import Source, Violation
from dbclone.errors import DbcloneError
from dbclone.schema import Check, Column, ForeignKey, Pair, PairTarget, Schema, Table, TableName, Unique

if TYPE_CHECKING:
    import pyarrow as pa

UNTOLD = "check not evaluated"
"""The ``kind`` of a Violation of 0 rows: the database could not evaluate it, so it counts as unchecked, not broken."""

_TERMS_A_QUERY = 100


def row_counts(source: Source, tables: Iterable[TableName]) -> dict[TableName, int]:
    """The exact number of rows of each table."""
    schema = source.schema()
    return {name: _count(source, f"SELECT count(*) FROM {_relation(schema, name)}") for name in tables}


def children_per_parent(source: Source, key: ForeignKey) -> pa.Table:
    """One row a parent that has children: the referenced columns under the parent's names, and their count ``n``.

    Parents without children are absent; rows with a NULL in the key count for no parent.
    """
    schema = source.schema()
    pairs = zip(key.columns, key.parent_columns, strict=True)
    named = ", ".join(f"{_quote(own)} AS {_quote(other)}" for own, other in pairs)
    own = ", ".join(_quote(column) for column in key.columns)
    filled = _filled(key.columns)
    return source.query(
        f"SELECT {named}, count(*) AS {_quote('n')} FROM {_relation(schema, key.table)} WHERE {filled} GROUP BY {own}"
    )


def violations(source: Source, schema: Schema) -> tuple[Violation, ...]:
    """Every constraint of ``schema`` that rows of ``source`` break, with the number of rows.

    A check that the database cannot evaluate is given with 0 rows and the kind ``check not evaluated``.
    """
    found: list[Violation] = []
    for table in schema:
        found += _nulls(source, schema, table)
        found += _duplicates(source, schema, table)
        found += _broken_checks(source, schema, table)
    for key in schema.foreign_keys:
        if key.parent in schema:
            found += _orphans(source, schema, key)
    for table in schema:
        for pair in table.pairs:
            found += _lost_pairs(source, schema, table, pair)
    return tuple(found)


def count_orphans(source: Source, schema: Schema, key: ForeignKey) -> int:
    """Rows whose key is filled but names no parent, and with MATCH FULL also those that fill it in part."""
    pairs = zip(key.columns, key.parent_columns, strict=True)
    same = " AND ".join(f"p.{_quote(parent)} = c.{_quote(own)}" for own, parent in pairs)
    child, parent = _relation(schema, key.table), _relation(schema, key.parent)
    lost = f"{_filled(key.columns, 'c.')} AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {same})"
    if key.empty is not None:
        column = schema.table(key.table).column(key.columns[0])
        lost += f" AND c.{_quote(column.name)} <> {_constant(key.empty, column)}"
    if key.match == "FULL" and len(key.columns) > 1:
        empty = " AND ".join(f"c.{_quote(column)} IS NULL" for column in key.columns)
        lost = f"({lost}) OR (NOT ({_filled(key.columns, 'c.')}) AND NOT ({empty}))"
    return _count(source, f"SELECT count(*) FROM {child} c WHERE {lost}")


def _orphans(source: Source, schema: Schema, key: ForeignKey) -> Iterator[Violation]:
    rows = count_orphans(source, schema, key)
    if rows:
        yield Violation(key.table, "foreign key", key.name or str(key), rows)


def count_lost(source: Source, schema: Schema, table: Table, pair: Pair, target: PairTarget) -> tuple[int, int]:
    """Rows of one type that fill their key, and those of them whose key names no row of the type's table."""
    own, above = f"c.{_quote(pair.id_column)}", f"p.{_quote(target.column)}"
    kinds = table.column(pair.id_column).type.kind, schema.table(target.table).column(target.column).type.kind
    if kinds[0] is not kinds[1]:
        above = f"CAST({above} AS {'CHAR' if schema.dialect == 'mysql' else 'VARCHAR(60)'})"
    # Type names of PHP hold backslashes, which MySQL reads as signs of their own.
    value = target.value.replace("\\", "\\\\") if schema.dialect == "mysql" else target.value
    of_type = f"c.{_quote(pair.type_column)} = '{value.replace(chr(39), chr(39) * 2)}' AND {own} IS NOT NULL"
    child, parent = _relation(schema, table.name), _relation(schema, target.table)
    lost = f"{of_type} AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {above} = {own})"
    return (
        _count(source, f"SELECT count(*) FROM {child} c WHERE {of_type}"),
        _count(source, f"SELECT count(*) FROM {child} c WHERE {lost}"),
    )


def _lost_pairs(source: Source, schema: Schema, table: Table, pair: Pair) -> Iterator[Violation]:
    for target in pair.targets:
        _, rows = count_lost(source, schema, table, pair, target)
        if rows:
            name = f"{table.name}({pair.type_column}, {pair.id_column}) -> {target.table}({target.column})"
            yield Violation(table.name, "foreign key", name, rows)


def _duplicates(source: Source, schema: Schema, table: Table) -> Iterator[Violation]:
    relation = _relation(schema, table.name)
    if table.primary_key is not None:
        key = Unique(table.key, table.primary_key.name, nulls_distinct=False)
        rows = _count(source, _duplicate_query(relation, key))
        if rows:
            yield Violation(table.name, "primary key", key.name or f"({', '.join(table.key)})", rows)
    for unique in table.uniques:
        name = unique_name(unique)
        try:
            rows = _count(source, _duplicate_query(relation, unique))
        except DbcloneError:
            yield Violation(table.name, UNTOLD, name, 0)
            continue
        if rows:
            yield Violation(table.name, "unique", name, rows)


def _duplicate_query(relation: str, unique: Unique) -> str:
    terms = [_quote(column) for column in unique.columns] + [f"({text})" for text in unique.expressions]
    wanted = [f"({unique.predicate})"] if unique.predicate else []
    if unique.nulls_distinct:
        wanted += [f"{term} IS NOT NULL" for term in terms]
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    groups = f"SELECT count(*) AS n FROM {relation}{where} GROUP BY {', '.join(terms)} HAVING count(*) > 1"
    return f"SELECT coalesce(sum(n - 1), 0) FROM ({groups}) d"


def _nulls(source: Source, schema: Schema, table: Table) -> Iterator[Violation]:
    required = [column.name for column in table.columns if not column.nullable]
    for start in range(0, len(required), _TERMS_A_QUERY):
        part = required[start : start + _TERMS_A_QUERY]
        conditions = [f"{_quote(name)} IS NULL" for name in part]
        for name, rows in zip(part, _count_each(source, _relation(schema, table.name), conditions), strict=True):
            if rows:
                yield Violation(table.name, "not null", name, rows)


def _broken_checks(source: Source, schema: Schema, table: Table) -> Iterator[Violation]:
    relation = _relation(schema, table.name)
    conditions = [f"NOT ({check.expression})" for check in table.checks]
    try:
        counts: list[int | None] = list(_count_each(source, relation, conditions)) if conditions else []
    except DbcloneError:
        counts = [_count_or_none(source, relation, condition) for condition in conditions]
    for check, rows in zip(table.checks, counts, strict=True):
        if rows is None:
            yield Violation(table.name, UNTOLD, check_name(check), 0)
        elif rows:
            yield Violation(table.name, "check", check_name(check), rows)


def unique_name(unique: Unique) -> str:
    return unique.name or f"({', '.join(unique.columns or unique.expressions)})"


def check_name(check: Check) -> str:
    return check.name or " ".join(check.expression.split())


def _count_or_none(source: Source, relation: str, condition: str) -> int | None:
    try:
        return next(iter(_count_each(source, relation, [condition])))
    except DbcloneError:
        return None


def _count_each(source: Source, relation: str, conditions: list[str]) -> list[int]:
    """How many rows meet each condition, in one pass."""
    terms = [f"coalesce(sum(CASE WHEN {text} THEN 1 ELSE 0 END), 0) AS c{i}" for i, text in enumerate(conditions)]
    row = source.query(f"SELECT {', '.join(terms)} FROM {relation}").to_pylist()[0]
    return [int(row[f"c{i}"]) for i in range(len(conditions))]


def _count(source: Source, sql: str) -> int:
    value = source.query(sql).column(0)[0].as_py()
    return int(value or 0)


def _filled(columns: Iterable[str], prefix: str = "") -> str:
    return " AND ".join(f"{prefix}{_quote(column)} IS NOT NULL" for column in columns)


def _constant(text: str, column: Column) -> str:
    """The value that stands for no parent; of a number only digits are taken over into the statement."""
    return str(int(text)) if column.type.is_number else "'" + text.replace("'", "''") + "'"


def _relation(schema: Schema, name: TableName) -> str:
    """The table in quotes; a PostgreSQL table with inheriting children counts only its own rows."""
    text = f"{_quote(name.schema)}.{_quote(name.name)}"
    is_inherited = schema.dialect == "postgresql" and any(name in table.inherits for table in schema)
    return f"ONLY {text}" if is_inherited else text


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
