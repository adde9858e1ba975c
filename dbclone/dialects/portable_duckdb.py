"""A schema of another database as DuckDB's CREATE statements, parents first.

Takes a Schema, gives text. Never opens a database. DuckDB adds neither a check nor a foreign key to a table that is
there: constraints stand inside CREATE TABLE, and keys that close a circle of several tables are lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dbclone.dialects.portable import Attempt, PortableDdl
from dbclone.dialects.portable_sql import is_plain, translate, translate_default
from dbclone.dialects.portable_types import type_name
from dbclone.dialects.portable_writer import Writer, column_list, quote
from dbclone.dialects.protocol import Loss
from dbclone.schema import Column, ForeignKey, Kind, Schema, Table, TableName, Type


class DuckdbWriter(Writer):
    """Every constraint inside CREATE TABLE, indexes after the rows."""

    def __init__(self, schema: Schema, target: str) -> None:
        super().__init__(schema, target)
        self.done: set[TableName] = set()
        self.loose: dict[TableName, Attempt] = {}

    def write(self) -> PortableDdl:
        self.list_common_losses()
        order = list(self._order())
        pre = [self._table(table) for table in order]
        post = [statement for table in self.schema for statement in self._indexes(table)]
        plain = frozenset(self.plain)
        losses = tuple(self.losses)
        return PortableDdl(
            self.target,
            tuple(pre),
            tuple(post),
            losses,
            plain,
            names=self.names,
            said=self.said,
            loose=self.loose,
        )

    def _order(self) -> Iterator[Table]:
        """Parents before children; of tables that wait for each other alone, the one that waits for fewest is next."""
        waiting = {
            table.name: {key.parent for key in table.foreign_keys if key.parent in self.schema and not key.is_self}
            for table in self.schema
        }
        while waiting:
            left = {name: parents & set(waiting) for name, parents in waiting.items()}
            above = {name: _reached(name, left) for name in left}
            # Nothing that these wait for does not wait for them.
            next_ones = [name for name in left if all(name in above[other] for other in above[name])]
            name = min(next_ones, key=lambda one: (len(left[one]), str(one)))
            del waiting[name]
            yield self.schema.table(name)

    def _table(self, table: Table) -> str:
        lines = [self._column(table, column) for column in table.columns] or [self.placeholder(table)]
        if table.primary_key is not None:
            lines.append(f"PRIMARY KEY ({column_list(table.key)})")
        for unique in table.uniques:
            where = f"{table.name}.{unique.name or ', '.join(unique.columns)}"
            computed = any(table.column(name).generated is not None for name in unique.columns)
            if not unique.is_plain or unique.columns == table.key or computed:
                if not unique.is_plain or computed:
                    self.lose("unique index", where, "left out")
                continue
            if not unique.nulls_distinct:
                self.lose("nulls not distinct", where, "a UNIQUE that lets several NULLs in")
            lines.append(f"UNIQUE ({column_list(unique.columns)})")
        keys = [key for key in self.keys_to_write(table) if self._is_possible(key)]
        lines += [self._key(key) for key in keys if not key.is_self]
        lines += self._checks(table)
        self.done.add(table.name)
        loose = f"CREATE TABLE {self.sql_name(table.name)} (\n  " + ",\n  ".join(lines) + "\n)"
        own = [key for key in keys if key.is_self]
        if not own:
            return loose
        names = ", ".join(f"{key.table}.{key.name or key.columns[0]}" for key in own)
        loss = Loss("foreign key", names, "left out: rows lead back to themselves, or stand in too many levels")
        self.loose[table.name] = Attempt(loose, loss)
        return loose.removesuffix("\n)") + "".join(f",\n  {self._key(key)}" for key in own) + "\n)"

    def _key(self, key: ForeignKey) -> str:
        if key.on_delete not in ("", "NO ACTION") or key.on_update not in ("", "NO ACTION"):
            self.lose("foreign key action", f"{key.table}.{key.name or key.columns[0]}", "NO ACTION")
        parent = self.sql_name(key.parent)
        return f"FOREIGN KEY ({column_list(key.columns)}) REFERENCES {parent} ({column_list(key.parent_columns)})"

    def _is_possible(self, key: ForeignKey) -> bool:
        above = self.schema.table(key.parent) if key.is_self or key.parent in self.done else None
        if above is not None and key.parent_columns in above.unique_sets:
            ends = [(self.schema.table(key.table), key.columns), (above, key.parent_columns)]
            if not any(table.column(name).generated is not None for table, names in ends for name in names):
                return True
            self.lose("foreign key", f"{key.table}.{key.name or key.columns[0]}", "left out: a column is computed")
            return False
        reason = "left out: DuckDB lets no table reference one that comes later while rows come in"
        self.lose("foreign key", f"{key.table}.{key.name or key.columns[0]}", reason)
        return False

    def type_of(self, column: Column) -> str:
        return type_name(column.type, self.source, self.target)

    def _column(self, table: Table, column: Column) -> str:
        self.list_type_losses(table, column)
        where = f"{table.name}.{column.name}"
        parts = [quote(column.name), self._key_type(table, column)]
        if column.generated is not None:
            text = column.generated if self.source == self.target else self._generated(table, column)
            # Nor does it make tables without a column of their own.
            if text is not None and table.stored_columns:
                # DuckDB computes such a column whenever it is read.
                return " ".join([*parts, f"GENERATED ALWAYS AS ({text}) VIRTUAL"])
            self.plain.add((table.name, column.name))
            self.lose("generated column", where, f"an ordinary column ({' '.join(column.generated.split())[:80]})")
        if column.is_automatic:
            self.lose("sequence", where, "a column that the application must number")
        elif column.default is not None and column.generated is None:
            parts.append(self._default(table, column))
        if self.must_be_filled(table, column):
            parts.append("NOT NULL")
        return " ".join(part for part in parts if part)

    def _key_type(self, table: Table, column: Column) -> str:
        """A key has the type of what it references: DuckDB compares no two."""
        seen = {(table.name, column.name)}
        while True:
            pairs = (
                (key.parent, theirs)
                for key in self.schema.table(table.name).foreign_keys
                if key.parent in self.schema
                for own, theirs in zip(key.columns, key.parent_columns, strict=True)
                if own == column.name
            )
            above = next(pairs, None)
            if above is None or above in seen:
                return self.type_of(column)
            seen.add(above)
            table, column = self.schema.table(above[0]), self.schema.table(above[0]).column(above[1])

    def _generated(self, table: Table, column: Column) -> str | None:
        others = {name: other for name, other in table.by_name.items() if other.generated is None}
        if column.name in table.key or not is_plain(column.generated or "", others, self.source):
            return None
        return translate(column.generated or "", others, self.source, self.target)

    def _default(self, table: Table, column: Column) -> str:
        text = translate_default(column, self.source, self.target)
        known = text is not None and (text[:1] in "'-+" or text[:1].isdigit() or text.upper().startswith("CURRENT_"))
        if known or self.source == self.target:
            return f"DEFAULT {text}"
        if (column.default or "").strip("() ").lower() != "null":
            self.lose("default", f"{table.name}.{column.name}", f"left out: {column.default}")
        return ""

    def _checks(self, table: Table) -> Iterator[str]:
        if self.source != self.target:
            for column in table.columns:
                if column.type.kind is Kind.ENUM and column.type.labels:
                    yield f"CHECK ({self.label_check(column)})"
        stored = {column.name: column for column in table.stored_columns}
        for check in table.checks:
            if self.source == self.target:
                self.said[table.name, check.expression] = check.expression
                yield f"CHECK ({check.expression})"
            elif is_plain(check.expression, stored, self.source) or self._compares(table, check.expression):
                text = self.check_text(table, check)
                if text is not None:
                    yield f"CHECK ({text})"
            else:
                flat = " ".join(check.expression.split())[:80]
                self.lose("check", f"{table.name}.{check.name or check.column or 'unnamed'}", f"left out: {flat}")

    def _compares(self, table: Table, expression: str) -> bool:
        """True where plain comparisons are of dates and labels as well, which DuckDB compares as all others do."""
        comparable = (Kind.DATE, Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMPTZ, Kind.ENUM)
        seen = {
            name: replace(column, type=Type(Kind.TEXT, "")) if column.type.kind in comparable else column
            for name, column in table.by_name.items()
            if column.generated is None
        }
        return is_plain(expression, seen, self.source)

    def _indexes(self, table: Table) -> Iterator[str]:
        for index in table.indexes:
            if not index.columns or any(name not in table.by_name for name in index.columns):
                self.lose("index", f"{table.name}.{index.name}", "left out")
                continue
            name = quote(self.index_name(table.name, index.name, index.columns))
            yield f"CREATE INDEX {name} ON {self.sql_name(table.name)} ({column_list(index.columns)})"


def _reached(name: TableName, parents: Mapping[TableName, set[TableName]]) -> set[TableName]:
    """All tables that ``name`` waits for, however far away."""
    found: set[TableName] = set()
    pending = [name]
    while pending:
        fresh = parents[pending.pop()] - found
        found |= fresh
        pending += fresh
    return found
