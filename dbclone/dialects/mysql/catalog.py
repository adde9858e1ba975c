"""The catalogue of one database as a Schema, from information_schema.

Takes a session and a database's name, gives a Schema. Looks at rows only to learn what a type leaves open; never
writes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbclone.dialects.mysql.connect import Flavour, Session, plain_mode, quote, rows_of
from dbclone.dialects.mysql.names import FOREIGN_ENGINES, STAMP_TABLE
from dbclone.dialects.mysql.objects import read_objects, read_sequences
from dbclone.dialects.mysql.types import Facts, Observed, question, type_of
from dbclone.schema import (
    Check,
    Column,
    ForeignKey,
    Index,
    Partition,
    PrimaryKey,
    Schema,
    SchemaObject,
    Table,
    TableName,
    Unique,
)

_TABLES = """
SELECT table_name, coalesce(engine, ''), coalesce(table_collation, ''), table_comment
FROM information_schema.tables
WHERE table_schema = %s AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
"""
_COLUMNS = """
SELECT table_name, column_name, data_type, column_type, character_maximum_length, numeric_precision, numeric_scale,
       is_nullable, column_default, extra, generation_expression, collation_name, column_comment
FROM information_schema.columns WHERE table_schema = %s ORDER BY table_name, ordinal_position
"""
_KEYS = """
SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_schema, k.referenced_table_name,
       k.referenced_column_name, r.delete_rule, r.update_rule
FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r
  ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
  AND r.table_name = k.table_name
WHERE k.table_schema = %s AND k.referenced_table_name IS NOT NULL
ORDER BY k.table_name, k.constraint_name, k.ordinal_position
"""
_INDEXES = """
SELECT table_name, index_name, non_unique, column_name, sub_part, index_type, {expression}
FROM information_schema.statistics WHERE table_schema = %s ORDER BY table_name, index_name, seq_in_index
"""
_PARTITIONS = """
SELECT table_name, partition_name, partition_method, partition_expression, partition_description
FROM information_schema.partitions WHERE table_schema = %s AND partition_name IS NOT NULL
ORDER BY table_name, partition_ordinal_position, subpartition_ordinal_position
"""
_CHECKS_MARIADB = """
SELECT table_name, if(level = 'Column', NULL, constraint_name), check_clause, 'YES'
FROM information_schema.check_constraints WHERE constraint_schema = %s ORDER BY table_name, constraint_name
"""
_CHECKS_MYSQL = """
SELECT t.table_name, c.constraint_name, c.check_clause, t.enforced
FROM information_schema.check_constraints c JOIN information_schema.table_constraints t
  ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
  AND t.constraint_type = 'CHECK'
WHERE c.constraint_schema = %s ORDER BY t.table_name, c.constraint_name
"""
_JSON_CHECK = re.compile(r"\s*\(*\s*json_valid\s*\(\s*`((?:[^`]|``)+)`\s*\)\s*\)*\s*", re.IGNORECASE)
_NEXTVAL = re.compile(r"next(?:val\s*\(|\s+value\s+for\s+)\s*`([^`]+)`\.`([^`]+)`", re.IGNORECASE)
_INTRODUCER = re.compile(r"\b_(?:utf8mb4|utf8mb3|utf8|latin1|ascii|binary)(?='|\\')", re.IGNORECASE)

Rows = Mapping[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class _Catalog:
    """The catalogue's rows by table."""

    database: str
    flavour: Flavour
    columns: Rows
    keys: Rows
    indexes: Rows
    partitions: Rows
    checks: Rows

    def name(self, table: str) -> TableName:
        return TableName(self.database, table)


def read_schema(session: Session, database: str, flavour: Flavour) -> Schema:
    """Every table of the database but dbclone's stamp, with its views, triggers, routines and events as objects."""
    with plain_mode(session):
        return _read_schema(session, database, flavour)


def _read_schema(session: Session, database: str, flavour: Flavour) -> Schema:
    found = rows_of(session, _TABLES, (database,))
    found = [row for row in found if row[0] != STAMP_TABLE]
    elsewhere = [row[0] for row in found if row[1].lower() in FOREIGN_ENGINES]
    catalog = _read(session, database, flavour)
    own = [row for row in sorted(found) if row[0] not in elsewhere]
    odd = _observe(session, catalog, [row[0] for row in own])
    tables = [_table(catalog, row, odd) for row in own]
    foreign = tuple(SchemaObject("foreign table", name) for name in sorted(elsewhere))
    return Schema(
        "mysql",
        tuple(sorted(tables, key=lambda table: table.name)),
        read_sequences(session, database, flavour),
        (*read_objects(session, database), *foreign),
        database,
        flavour.text,
    )


def _read(session: Session, database: str, flavour: Flavour) -> _Catalog:
    def grouped(sql: str) -> Rows:
        result: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for row in rows_of(session, sql, (database,)):
            result[row[0]].append(tuple(row[1:]))
        return result

    has_expressions = not flavour.is_mariadb and flavour.version >= (8, 0, 13)
    has_checks = flavour.version >= ((10, 2, 22) if flavour.is_mariadb else (8, 0, 16))
    checks = _CHECKS_MARIADB if flavour.is_mariadb else _CHECKS_MYSQL
    return _Catalog(
        database,
        flavour,
        grouped(_COLUMNS),
        grouped(_KEYS),
        grouped(_INDEXES.format(expression="expression" if has_expressions else "NULL")),
        grouped(_PARTITIONS),
        grouped(checks) if has_checks else {},
    )


def _table(catalog: _Catalog, row: tuple[Any, ...], odd: set[tuple[str, str]]) -> Table:
    name, _, _, comment = row
    checks = [check for check in catalog.checks.get(name, ()) if check[2] == "YES"]
    documents = {match[1].replace("``", "`") for check in checks if (match := _JSON_CHECK.fullmatch(check[1]))}
    facts = [_facts(column, documents) for column in catalog.columns[name]]
    observed = Observed(frozenset(column for table, column in odd if table == name))
    primary, uniques, indexes = _indexes(catalog.indexes.get(name, ()), facts)
    columns = tuple(
        _column(raw, known, observed, catalog) for raw, known in zip(catalog.columns[name], facts, strict=True)
    )
    parts = catalog.partitions.get(name, ())
    return Table(
        catalog.name(name),
        columns,
        primary,
        uniques,
        _foreign_keys(catalog, name),
        (*_checks(checks, documents), *_partition_checks(parts)),
        indexes=indexes,
        partition_key=f"{parts[0][1]} ({parts[0][2] or ''})" if parts else None,
        partitions=tuple(
            Partition(catalog.name(f"{name}#{part}"), str(bound or "").strip(), catalog.name(name))
            for part, _, _, bound in dict.fromkeys(parts)
        ),
        comment=comment or None,
    )


def _checks(rows: Sequence[tuple[Any, ...]], documents: set[str]) -> Iterator[Check]:
    for name, clause, _ in rows:
        match = _JSON_CHECK.fullmatch(clause)
        # Such a check is how MariaDB says JSON.
        if match is None or match[1].replace("``", "`") not in documents:
            # A check of a column is called as the column is, which other constraints may be as well.
            yield Check(_plain(clause), name)


def _partition_checks(parts: Sequence[tuple[Any, ...]]) -> Iterator[Check]:
    """What the partitions let in, said as a check: a row that fits none of them cannot be stored."""
    if not parts:
        return
    _, method, expression, _ = parts[0]
    bounds = [str(part[3]) for part in dict.fromkeys(parts) if part[3] is not None]
    if not expression or len(bounds) != len(dict.fromkeys(part[0] for part in parts)) or "," in expression:
        return
    if method.startswith("LIST") and not any("DEFAULT" in bound for bound in bounds):
        listed = ",".join(bounds)
        nothing = f" OR {expression} IS NULL" if "NULL" in listed.upper().split(",") else ""
        values = ",".join(value for value in listed.split(",") if value.upper() != "NULL")
        yield Check(f"{expression} IN ({values}){nothing}")
    elif method.startswith("RANGE") and bounds and "MAXVALUE" not in bounds:
        yield Check(f"{expression} < {bounds[-1]}")


def _facts(row: tuple[Any, ...], documents: set[str]) -> Facts:
    name, word, spelled, length, precision, scale = row[:6]
    return Facts(name, word.lower(), spelled, length, precision, scale, name in documents and word == "longtext")


def _observe(session: Session, catalog: _Catalog, tables: Iterable[str]) -> set[tuple[str, str]]:
    """The odd columns, by table and name: one pass over each table whose types leave something open.

    What numbers itself stays far below 2^63, and a key is as odd as what it references: neither is worth a pass.
    """
    odd: set[tuple[str, str]] = set()
    for table in tables:
        linked = {row[1] for row in catalog.keys.get(table, ())}
        rows = [row for row in catalog.columns[table] if "AUTO_INCREMENT" not in (row[8] or "").upper()]
        facts = [_facts(row, set()) for row in rows if row[0] not in linked]
        asked = [(known.name, condition) for known in facts if (condition := question(known, quote(known.name)))]
        if asked:
            terms = ", ".join(f"coalesce(max({condition}), 0)" for _, condition in asked)
            answers = rows_of(session, f"SELECT {terms} FROM {quote(catalog.database)}.{quote(table)}")[0]
            odd |= {(table, name) for (name, _), answer in zip(asked, answers, strict=True) if answer}
    before = -1
    while before != len(odd):
        before = len(odd)
        odd |= {(table, row[1]) for table, rows in catalog.keys.items() for row in rows if (row[3], row[4]) in odd}
    return odd


def _column(row: tuple[Any, ...], facts: Facts, observed: Observed, catalog: _Catalog) -> Column:
    nullable, default, extra, expression, collation, comment = row[6:]
    words = (extra or "").upper()
    generated = _plain(expression) if expression and "GENERATED" in words.replace("DEFAULT_GENERATED", "") else None
    if "STORED ROW START" in words or "STORED ROW END" in words or expression in ("ROW START", "ROW END"):
        generated = expression or words
    sequence = _NEXTVAL.search(default or "")
    return Column(
        facts.name,
        type_of(facts, observed),
        nullable == "YES",
        None if generated is not None or sequence else _default(default, words, facts, catalog.flavour),
        generated,
        "by default" if "AUTO_INCREMENT" in words else None,
        f"{sequence[1]}.{sequence[2]}" if sequence else None,
        comment or None,
        collation if facts.word in ("char", "varchar", "enum", "set") or facts.word.endswith("text") else None,
    )


def _default(default: str | None, extra: str, facts: Facts, flavour: Flavour) -> str | None:
    """A default as SQL: MariaDB says it so, MySQL leaves the quotes of texts and times out."""
    if default is None or default.upper() == "NULL":
        return None
    if flavour.is_mariadb:
        return default
    bare = facts.word in ("bit",) or re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", default) is not None
    is_now = default.upper().startswith("CURRENT_TIMESTAMP")
    if "DEFAULT_GENERATED" in extra or is_now or (bare and facts.word not in ("char", "varchar", "enum", "set")):
        return _plain(default)
    return "'" + default.replace("'", "''") + "'"


def _plain(expression: str) -> str:
    """An expression without the marks that MySQL prints around its texts (``_utf8mb4\\'a\\'``)."""
    return _INTRODUCER.sub("", expression).replace("\\'", "'")


def _foreign_keys(catalog: _Catalog, table: str) -> tuple[ForeignKey, ...]:
    grouped: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in catalog.keys.get(table, ()):
        grouped[row[0]].append(row)
    return tuple(
        ForeignKey(
            catalog.name(table),
            tuple(row[1] for row in rows),
            TableName(rows[0][2], rows[0][3]),
            tuple(row[4] for row in rows),
            name,
            _action(rows[0][5]),
            _action(rows[0][6]),
        )
        for name, rows in grouped.items()
    )


def _action(rule: str) -> str:
    """InnoDB checks at once in any case."""
    return "NO ACTION" if rule == "RESTRICT" else rule


def _indexes(
    rows: Sequence[tuple[Any, ...]], facts: Sequence[Facts]
) -> tuple[PrimaryKey | None, tuple[Unique, ...], tuple[Index, ...]]:
    lengths = {known.name: known.length for known in facts}
    grouped: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        grouped[row[0]].append(row)
    primary: PrimaryKey | None = None
    uniques: list[Unique] = []
    indexes: list[Index] = []
    for name, parts in grouped.items():
        whole = tuple(c for _, _, c, prefix, _, _ in parts if c is not None and (not prefix or prefix == lengths[c]))
        terms = tuple(
            _plain(expression) if column is None else f"left({quote(column)}, {prefix})"
            for _, _, column, prefix, _, expression in parts
            if column is None or column not in whole
        )
        if name == "PRIMARY":
            primary = PrimaryKey(tuple(part[2] for part in parts))
            if terms:
                uniques.append(Unique(whole, name, expressions=terms, is_constraint=False))
        elif parts[0][1] in (0, "0"):
            uniques.append(Unique(whole, name, expressions=terms, is_constraint=not terms))
        else:
            kind = parts[0][4]
            columns = tuple(part[2] for part in parts if part[2] is not None)
            indexes.append(Index(name, columns, None if kind in ("BTREE", "HASH") else kind))
    return primary, tuple(uniques), tuple(sorted(indexes, key=lambda index: index.name))
