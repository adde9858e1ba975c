"""A schema of another database as SQLite's CREATE statements.

Takes a Schema, gives text. What SQLite would refuse is found by asking an empty SQLite in memory; never opens a file.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from dbclone.dialects.portable import PortableDdl
from dbclone.dialects.portable_sql import translate, translate_default
from dbclone.dialects.portable_writer import Writer, column_list, indexable, key_actions, key_timing, quote
from dbclone.schema import Column, Kind, Table, Unique


class SqliteWriter(Writer):
    """Constraints stand inside CREATE TABLE, for SQLite has no ALTER TABLE that adds one."""

    def write(self) -> PortableDdl:
        pre: list[str] = []
        post: list[str] = []
        self.list_common_losses()
        for table in self.schema:
            pre.append(self._table(table))
            post += self._partial_uniques(table)
            post += self._indexes(table)
        self._list_comments()
        return PortableDdl(
            self.target,
            tuple(pre),
            tuple(post),
            tuple(self.losses),
            frozenset(self.plain),
            names=self.names,
            said=self.said,
        )

    def _table(self, table: Table) -> str:
        numbered = self._numbered(table)
        lines = [self._column(table, column, column.name == numbered) for column in table.columns]
        if table.primary_key is not None and numbered is None:
            lines.append(f"{_named(table.primary_key.name)}PRIMARY KEY ({column_list(table.key)})")
        for unique in self.clash_free_uniques(table):
            self._list_unique_losses(table, unique)
            if unique.is_constraint:
                lines.append(f"{_named(unique.name)}UNIQUE ({column_list(unique.columns)})")
        for key in self.keys_to_write(table):
            if key.match == "FULL":
                self.lose("match full", f"{table.name}.{key.name or key.columns[0]}", "MATCH SIMPLE")
            actions = key_actions(key).partition(" (")[0]
            lines.append(
                f"{_named(key.name)}FOREIGN KEY ({column_list(key.columns)}) REFERENCES {self.sql_name(key.parent)}"
                f" ({column_list(key.parent_columns)}){actions}{key_timing(key)}"
            )
        lines += self._checks(table)
        options = [word for word, on in (("WITHOUT ROWID", table.without_rowid), ("STRICT", table.strict)) if on]
        tail = f" {', '.join(options)}" if self.source == self.target and options else ""
        lines = lines or [self.placeholder(table)]
        return f"CREATE TABLE {self.sql_name(table.name)} (\n  " + ",\n  ".join(lines) + f"\n){tail}"

    def _numbered(self, table: Table) -> str | None:
        """The single integer key that SQLite can number by itself, None where there is none."""
        if len(table.key) != 1:
            return None
        column = table.column(table.key[0])
        return column.name if column.type.kind is Kind.INTEGER and column.is_automatic else None

    def _column(self, table: Table, column: Column, numbered: bool) -> str:
        self.list_type_losses(table, column)
        if numbered:
            return f"{quote(column.name)} INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"
        if column.is_automatic:
            self.lose("sequence", f"{table.name}.{column.name}", "a column that the application must number")
        parts = [quote(column.name), self.type_of(column)]
        generated = self._generated(table, column)
        if generated is not None:
            parts.append(f"GENERATED ALWAYS AS ({generated}) STORED")
        if self.must_be_filled(table, column):
            parts.append("NOT NULL")
        if column.default is not None and column.generated is None and not column.is_automatic:
            parts.append(self._default(table, column))
        if self.source == self.target and column.collation:
            parts.append(f"COLLATE {column.collation}")
        return " ".join(part for part in parts if part)

    def _generated(self, table: Table, column: Column) -> str | None:
        if column.generated is None:
            return None
        text = translate(column.generated, table.by_name, self.source, self.target)
        if text is not None and column.type.kind is Kind.DECIMAL and column.type.scale and self.source != self.target:
            text = f"ROUND({text}, {column.type.scale})"  # SQLite computes with doubles
        if text is not None and self._accepts(table, f"GENERATED ALWAYS AS ({text}) STORED", column):
            return text
        self.plain.add((table.name, column.name))
        flat = " ".join(column.generated.split())[:80]
        fallback = f"an ordinary column ({flat})"
        self.lose("generated column", f"{table.name}.{column.name}", fallback)
        return None

    def _default(self, table: Table, column: Column) -> str:
        text = translate_default(column, self.source, self.target)
        if text is None:
            if (column.default or "").strip("() ").lower() != "null":
                self.lose("default", f"{table.name}.{column.name}", f"left out: {column.default}")
            return ""
        for form in (f"DEFAULT {text}", f"DEFAULT ({text})"):
            if self._accepts(table, form, column):
                return form
        self.lose("default", f"{table.name}.{column.name}", f"left out: {column.default}")
        return ""

    def _checks(self, table: Table) -> Iterator[str]:
        if self.source != self.target:
            for column in table.columns:
                if column.type.kind is Kind.ENUM and column.type.labels:
                    yield f"CHECK ({self.label_check(column)})"
        for check in table.checks:
            text = self.check_text(table, check)
            if text is None:
                continue
            if self._accepts(table, f", CHECK ({text})"):
                yield f"{_named(check.name)}CHECK ({text})"
            else:
                del self.said[table.name, check.expression]
                self.lose("check", f"{table.name}.{check.name or check.column or 'unnamed'}", f"left out: {text}")

    def _accepts(self, table: Table, addition: str, column: Column | None = None) -> bool:
        """True where SQLite takes the addition to a bare copy of the table and can evaluate it on a row of NULLs."""
        lines = [
            f"{quote(other.name)} {self.type_of(other)}" + (f" {addition}" if other is column else "")
            for other in table.columns
        ]
        tail = addition if column is None else ""
        with contextlib.closing(sqlite3.connect(":memory:")) as memory:
            try:
                memory.execute(f"CREATE TABLE trial ({', '.join(lines)}{tail})")
                memory.execute("INSERT INTO trial DEFAULT VALUES")
            except sqlite3.IntegrityError:
                return True  # evaluated, and says no to a row of NULLs
            except sqlite3.Error:
                return False
        return True

    def _list_unique_losses(self, table: Table, unique: Unique) -> None:
        name = f"{table.name}.{unique.name or ', '.join(unique.columns)}"
        if not unique.nulls_distinct:
            self.lose("nulls not distinct", name, "a UNIQUE that lets several NULLs in")
        if unique.deferrable and self.source != self.target:
            self.lose("deferrable unique", name, "a UNIQUE that is checked at once")

    def _partial_uniques(self, table: Table) -> Iterator[str]:
        for unique in table.uniques:
            name = f"{table.name}.{unique.name or 'unnamed'}"
            if unique.is_plain and unique.is_constraint:
                continue
            if unique.is_plain and unique.columns == table.key:
                continue
            terms = [translate(text, table.by_name, self.source, self.target) for text in unique.expressions]
            predicate = translate(unique.predicate, table.by_name, self.source, self.target) if unique.predicate else ""
            keys = [quote(column) for column in unique.columns] + [str(term) for term in terms]
            tail = f"({', '.join(keys)})" + (f" WHERE {predicate}" if predicate else "")
            if None in terms or predicate is None or not self._accepts_index(table, tail):
                self.lose("unique index", name, "left out")
                continue
            self.note_unique(table, unique, terms, predicate)
            index = quote(self.index_name(table.name, unique.name, unique.columns))
            yield f"CREATE UNIQUE INDEX {index} ON {self.sql_name(table.name)} {tail}"

    def _accepts_index(self, table: Table, tail: str) -> bool:
        columns = ", ".join(f"{quote(other.name)} {self.type_of(other)}" for other in table.columns)
        with contextlib.closing(sqlite3.connect(":memory:")) as memory:
            try:
                memory.execute(f"CREATE TABLE trial ({columns})")
                memory.execute(f"CREATE UNIQUE INDEX trial_index ON trial {tail}")
                memory.execute("INSERT INTO trial DEFAULT VALUES")
            except sqlite3.Error:
                return False
        return True

    def _indexes(self, table: Table) -> Iterator[str]:
        for index in table.indexes:
            if self.source == self.target and index.definition:
                yield index.definition.rstrip("; \n")
                continue
            columns = indexable(table, index, self.target)
            if not columns:
                self.lose("index", f"{table.name}.{index.name}", "left out")
                continue
            name = quote(self.index_name(table.name, index.name, columns))
            yield f"CREATE INDEX {name} ON {self.sql_name(table.name)} ({column_list(columns)})"

    def _list_comments(self) -> None:
        texts = [table.comment for table in self.schema] + [c.comment for table in self.schema for c in table.columns]
        number = sum(text is not None for text in texts)
        if number:
            self.lose("comments", f"{number} on tables and columns", "left out")


def _named(name: str | None) -> str:
    return f"CONSTRAINT {quote(name)} " if name else ""
