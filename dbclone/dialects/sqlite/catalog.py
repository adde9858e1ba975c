"""SQLite's catalogue as a Schema, from PRAGMAs and from the CREATE statements that it keeps.

Takes an open connection, gives a Schema. Reads rows only to learn what loosely typed columns hold; never writes.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from dbclone.dialects.sqlite.kinds import Held, agree, decide, declare, observe
from dbclone.dialects.sqlite.statement import Clause, TableStatement, parse_create_table
from dbclone.schema import (
    Check,
    Column,
    ForeignKey,
    Index,
    Kind,
    PrimaryKey,
    Schema,
    SchemaObject,
    Table,
    TableName,
    Type,
    Unique,
)

STAMP_TABLE = "_dbclone"
_VIRTUAL, _STORED = 2, 3


@dataclass(frozen=True)
class _Entry:
    kind: str
    name: str
    table: str
    sql: str


def read_schema(connection: sqlite3.Connection) -> Schema:
    """Everything the file declares: tables with their constraints, views, triggers and virtual tables."""
    entries = list_entries(connection)
    virtual = virtual_tables(entries)
    shadows = shadow_tables(connection, entries)
    reader = _Reader(connection, entries)
    names = [e.name for e in entries if e.kind == "table" and e.name not in shadows and e.name not in virtual]
    tables = reader.tables(sorted(names))
    return Schema(
        "sqlite",
        tuple(sorted(tables, key=lambda table: table.name)),
        objects=tuple(_objects(entries, virtual)),
        default_schema="main",
        server_version=sqlite3.sqlite_version,
    )


def list_entries(connection: sqlite3.Connection) -> list[_Entry]:
    """sqlite_master without SQLite's own tables and dbclone's stamp."""
    rows = connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY rowid")
    return [_Entry(*row) for row in rows if not row[1].startswith("sqlite_") and row[2] != STAMP_TABLE]


def virtual_tables(entries: list[_Entry]) -> set[str]:
    return {e.name for e in entries if e.kind == "table" and re.match(r"\s*CREATE\s+VIRTUAL\b", e.sql, re.IGNORECASE)}


def shadow_tables(connection: sqlite3.Connection, entries: list[_Entry]) -> set[str]:
    """The tables in which virtual tables keep their data; SQLite names them itself since 3.37."""
    virtual = virtual_tables(entries)
    try:
        rows = connection.execute("SELECT name FROM pragma_table_list WHERE type = 'shadow' AND schema = 'main'")
        return {row[0] for row in rows}
    except sqlite3.OperationalError:
        endings = "content data idx docsize config segments segdir stat node parent rowid".split()
        return {f"{name}_{ending}" for name in virtual for ending in endings}


def table_name(name: str) -> TableName:
    return TableName("main", name)


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _objects(entries: list[_Entry], virtual: set[str]) -> Iterator[SchemaObject]:
    for entry in sorted(entries, key=lambda e: (e.kind, e.name)):
        if entry.name in virtual:
            yield SchemaObject("virtual table", entry.name, None, entry.sql)
        elif entry.kind == "view":
            yield SchemaObject("view", entry.name, None, entry.sql)
        elif entry.kind == "trigger":
            yield SchemaObject("trigger", entry.name, table_name(entry.table), entry.sql)


class _Reader:
    """Reads all tables of one file, since both ends of a foreign key must agree on a type."""

    def __init__(self, connection: sqlite3.Connection, entries: list[_Entry]) -> None:
        self.connection = connection
        self.sql = {entry.name: entry.sql for entry in entries}
        self.types: dict[tuple[TableName, str], Type] = {}
        self.held: dict[tuple[TableName, str], Held] = {}
        self.spelling = {e.name.lower(): e.name for e in entries if e.kind == "table"}

    def tables(self, names: list[str]) -> list[Table]:
        statements = {name: parse_create_table(self.sql[name]) for name in names}
        keys = {name: self._foreign_keys(name, statements[name]) for name in names}
        for name in names:
            self._learn_types(name)
        empty = {place for place, held in self.held.items() if not held.kinds}
        agree(self.types, [key for found in keys.values() for key in found], empty)
        return [self._table(name, statements[name], keys[name]) for name in names]

    def _rows(self, pragma: str, argument: str) -> list[sqlite3.Row]:
        cursor = self.connection.cursor()
        cursor.row_factory = sqlite3.Row
        return cursor.execute(f"SELECT * FROM pragma_{pragma}(?)", (argument,)).fetchall()

    def _learn_types(self, name: str) -> None:
        declared = [declare(row["name"], row["type"]) for row in self._rows("table_xinfo", name) if row["hidden"] != 1]
        held = observe(self.connection, quote(name), declared)
        for column in declared:
            place = (table_name(name), column.name)
            self.held[place] = held[column.name]
            self.types[place] = decide(self.connection, quote(name), column, held[column.name])

    def _table(self, name: str, statement: TableStatement, keys: tuple[ForeignKey, ...]) -> Table:
        own = table_name(name)
        after = statement.sql[statement.items[-1][1] :].upper() if statement.items else ""
        without_rowid = bool(re.search(r"WITHOUT\s+ROWID", after))
        columns, key = self._columns(name, statement, without_rowid)
        primary = next(iter(statement.of("primary key")), None)
        uniques, indexes = self._indexes(name, statement)
        return Table(
            own,
            columns,
            PrimaryKey(key, primary.name if primary else None) if key else None,
            uniques,
            keys,
            tuple(Check(clause.text, clause.name) for clause in statement.of("check")),
            indexes=indexes,
            without_rowid=without_rowid,
            strict=bool(re.search(r"\bSTRICT\b", after)),
        )

    def _columns(
        self, name: str, statement: TableStatement, without_rowid: bool
    ) -> tuple[tuple[Column, ...], tuple[str, ...]]:
        rows = [row for row in self._rows("table_xinfo", name) if row["hidden"] != 1]
        key = tuple(row["name"] for row in sorted(rows, key=lambda row: row["pk"]) if row["pk"])
        generated = {c.column: c.text for c in statement.of("generated")}
        collations = {c.column: c.text for c in statement.of("collate")}
        linked = {self._spelled(name, row["from"]) for row in self._rows("foreign_key_list", name)}
        columns = []
        for row in rows:
            place = (table_name(name), row["name"])
            type_ = self.types[place]
            is_rowid = key == (row["name"],) and row["type"].upper() == "INTEGER" and not without_rowid
            is_numbered = is_rowid and type_.kind is Kind.INTEGER and row["name"] not in linked
            # SQLite lets NULL into a primary key that is no rowid; only the rows can tell.
            nullable = not row["notnull"] and not is_rowid
            if row["pk"] and (without_rowid or not self.held[place].has_nulls):
                nullable = False
            columns.append(
                Column(
                    row["name"],
                    type_,
                    nullable,
                    row["dflt_value"] if row["hidden"] not in (_VIRTUAL, _STORED) else None,
                    generated.get(row["name"]) if row["hidden"] in (_VIRTUAL, _STORED) else None,
                    "by default" if is_numbered else None,
                    collation=collations.get(row["name"]),
                )
            )
        return tuple(columns), key

    def _foreign_keys(self, name: str, statement: TableStatement) -> tuple[ForeignKey, ...]:
        grouped: dict[int, list[sqlite3.Row]] = {}
        for row in self._rows("foreign_key_list", name):
            grouped.setdefault(row["id"], []).append(row)
        # SQLite numbers the keys from the last declared to the first.
        clauses = list(reversed(statement.of("foreign key")))
        found = []
        for number in sorted(grouped):
            rows = sorted(grouped[number], key=lambda row: row["seq"])
            columns = tuple(self._spelled(name, row["from"]) for row in rows)
            parent = self.spelling.get(rows[0]["table"].lower(), rows[0]["table"])
            clause = clauses[number] if number < len(clauses) and len(clauses) == len(grouped) else Clause("", 0, 0)
            found.append(
                ForeignKey(
                    table_name(name),
                    columns,
                    table_name(parent),
                    self._parent_columns(parent, rows),
                    clause.name,
                    rows[0]["on_delete"],
                    rows[0]["on_update"],
                    "FULL" if rows[0]["match"] == "FULL" else "SIMPLE",
                    clause.deferrable,
                    clause.initially_deferred,
                )
            )
        return tuple(reversed(found))

    def _parent_columns(self, parent: str, rows: list[sqlite3.Row]) -> tuple[str, ...]:
        """A key that names no columns of its parent means the primary key."""
        if all(row["to"] is not None for row in rows):
            return tuple(self._spelled(parent, row["to"]) for row in rows)
        ordered = sorted((row["pk"], row["name"]) for row in self._rows("table_xinfo", parent) if row["pk"])
        key = tuple(name for _, name in ordered)
        return key if len(key) == len(rows) else tuple(row["from"] for row in rows)

    def _spelled(self, table: str, column: str) -> str:
        """A column's name as its table spells it; SQLite compares names without regard to case."""
        names = {row["name"].lower(): row["name"] for row in self._rows("table_xinfo", table)}
        return str(names.get(column.lower(), column))

    def _indexes(self, name: str, statement: TableStatement) -> tuple[tuple[Unique, ...], tuple[Index, ...]]:
        uniques: list[Unique] = []
        indexes: list[Index] = []
        named = {tuple(c.lower() for c in clause.columns): clause.name for clause in statement.of("unique")}
        for row in sorted(self._rows("index_list", name), key=lambda row: -row["seq"]):
            terms = [r for r in self._rows("index_xinfo", row["name"]) if r["key"]]
            columns = tuple(term["name"] for term in terms if term["cid"] >= 0)
            if row["origin"] == "pk":
                continue
            definition = self.sql.get(row["name"], "")
            if not row["unique"]:
                indexes.append(Index(row["name"], columns, definition or None))
                continue
            is_constraint = row["origin"] == "u"
            predicate, expressions = _index_terms(definition, len(terms) - len(columns)) if definition else (None, ())
            label = named.get(tuple(c.lower() for c in columns)) if is_constraint else row["name"]
            uniques.append(
                Unique(columns, label, predicate if row["partial"] else None, expressions, is_constraint=is_constraint)
            )
        return tuple(uniques), tuple(sorted(indexes, key=lambda index: index.name))


def _index_terms(definition: str, number: int) -> tuple[str | None, tuple[str, ...]]:
    """The predicate of a CREATE INDEX statement and those of its terms that are no columns."""
    statement = parse_create_table(definition)
    if not statement.items:
        return None, ()
    texts = [definition[start:end] for start, end in statement.items]
    name = re.compile(r'[\w$]+|"[^"]*"|`[^`]*`|\[[^\]]*\]')
    expressions = tuple(text for text in texts if not name.fullmatch(text.split(" ")[0]))
    after = definition[statement.items[-1][1] :]
    where = re.search(r"\)\s*WHERE\s+(.*)$", after, re.IGNORECASE | re.DOTALL)
    return (where.group(1).strip().rstrip(";") if where else None), expressions[:number] if number else ()
