"""A schema of another database as MySQL's CREATE statements, for a session in the SQL mode ANSI_QUOTES.

Takes a Schema, gives text. Never opens a database. Columns of keys get a length, since MySQL indexes no endless text;
both ends of a foreign key get one type, since MySQL compares no two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbclone.dialects.portable import Attempt
from dbclone.dialects.portable_sql import translate_default
from dbclone.dialects.portable_types import type_name
from dbclone.dialects.portable_writer import ServerWriter, column_list, key_actions, quote
from dbclone.dialects.protocol import Loss
from dbclone.schema import Column, ForeignKey, Kind, Schema, Table, TableName, Unique

_KEY_LETTERS = 760
_KEY_LENGTH = 255
_INLINE_LENGTH = 1000
_ROW_LETTERS = 14_000
_PREFIX = 64
_NAME_LETTERS = 64
_WORDED = (
    Kind.TEXT, Kind.NETWORK, Kind.INTERVAL, Kind.ARRAY, Kind.RANGE, Kind.COMPOSITE, Kind.XML, Kind.TSVECTOR,
    Kind.GEOMETRIC, Kind.BIT, Kind.OTHER,
)  # fmt: skip
_ACTIONS = ("CASCADE", "SET NULL", "RESTRICT")

Place = tuple[TableName, str]


class MysqlWriter(ServerWriter):
    """Primary keys stand inside CREATE TABLE, for a column that numbers itself must be a key; the rest follows."""

    def __init__(self, schema: Schema, target: str) -> None:
        super().__init__(schema, target)
        self.above: dict[Place, Place] = {}
        self.lengths: dict[Place, int] = {}
        for table in self.schema:
            for key in table.foreign_keys:
                if key.parent in self.schema and not key.inferred:
                    for own, theirs in zip(key.columns, key.parent_columns, strict=True):
                        self.above.setdefault((table.name, own), (key.parent, theirs))
        for table in self.schema:
            self._measure(table)
        self.wide = {table.name for table in self.schema if self._letters(table) > _ROW_LETTERS}

    # -- types ----------------------------------------------------------------------------------------------------

    def _measure(self, table: Table) -> None:
        """The length that each text of a key may have, so that the key stays short enough to be indexed."""
        sets = [*table.unique_sets, *(key.columns for key in table.foreign_keys)]
        for columns in sets:
            texts = [name for name in columns if self._is_worded(table.column(name))]
            if not texts:
                continue
            room = (_KEY_LETTERS - 4 * (len(columns) - len(texts))) // len(texts)
            for name in texts:
                wanted = table.column(name).type.length or _KEY_LENGTH
                place = (table.name, name)
                self.lengths[place] = min(wanted, room, self.lengths.get(place, wanted))
        # A key that an index of the target begins with: both ends hold the same texts.
        for place in list(self.lengths):
            above = self.above.get(place)
            if above is not None:
                self.lengths.setdefault(above, self.lengths[place])

    @staticmethod
    def _is_worded(column: Column) -> bool:
        is_enum = column.type.kind is Kind.ENUM and not column.type.labels
        return column.type.kind in (*_WORDED, Kind.BINARY, Kind.JSON) or is_enum

    def _letters(self, table: Table) -> int:
        inline = [c.type.length or 0 for c in table.columns if c.type.kind is Kind.TEXT]
        return sum(length for length in inline if length <= _INLINE_LENGTH)

    def type_in(self, table: Table, column: Column) -> str:
        """The column's type, which is that of the column it references."""
        root = self._root(table, column)
        if self.source == self.target:
            # MariaDB prints it as a longtext with a check.
            return "json" if root.type.kind is Kind.JSON else root.type.sql
        if not self._is_worded(root):
            return type_name(root.type, self.source, self.target)
        length = self.lengths.get((table.name, column.name))
        if root.type.kind is Kind.BINARY:
            return f"varbinary({length})" if length else "longblob"
        if length is not None:
            return f"varchar({length})"
        if root.type.kind is Kind.JSON:
            return "json"
        own = column.type.length if column.type.kind is Kind.TEXT else None
        most = _PREFIX - 1 if table.name in self.wide else _INLINE_LENGTH
        return f"varchar({own})" if own and own <= most else "longtext"

    def _root(self, table: Table, column: Column) -> Column:
        place, seen = (table.name, column.name), set[Place]()
        while place in self.above and place not in seen:
            seen.add(place)
            place = self.above[place]
        root = self.schema.table(place[0]).column(place[1])
        return root if root.type.kind is column.type.kind else column

    def _enums(self) -> list[str]:
        """A list of labels is a type of its own column."""
        return []

    # -- tables ---------------------------------------------------------------------------------------------------

    def _table(self, table: Table) -> str:
        numbered = self._numbered(table)
        lines = [self._line(table, column, column.name == numbered) for column in table.columns]
        lines = lines or [self.placeholder(table)]
        if table.primary_key is not None:
            lines.append(f"PRIMARY KEY ({column_list(table.key)})")
        if numbered is not None and table.key[:1] != (numbered,):
            lines.append(f"KEY ({quote(numbered)})")
        comment = f" COMMENT = {_text(table.comment[:2048])}" if table.comment else ""
        return f"CREATE TABLE {self.sql_name(table.name)} (\n  " + ",\n  ".join(lines) + f"\n){comment}"

    def _numbered(self, table: Table) -> str | None:
        """The one column that MySQL can number by itself; others must be numbered by the application."""
        found = [c for c in table.columns if c.is_automatic and c.type.kind is Kind.INTEGER and c.generated is None]
        found.sort(key=lambda column: column.name not in table.key)
        for column in found[1:]:
            self.lose("sequence", f"{table.name}.{column.name}", "a column that the application must number")
        return found[0].name if found else None

    def _line(self, table: Table, column: Column, numbered: bool) -> str:
        self._list_losses(table, column)
        parts = [quote(column.name), self.type_in(table, column)]
        if self.source == self.target and column.collation and column.type.kind is not Kind.JSON:
            parts.append(f"COLLATE {column.collation}")
        elif (column.collation or "").upper() == "NOCASE":
            parts.append("COLLATE utf8mb4_general_ci")
        expression = self._generated(table, column) if column.generated is not None else None
        if expression is not None:
            # MariaDB lets no NOT NULL stand beside it.
            parts.append(f"GENERATED ALWAYS AS ({expression}) STORED")
        else:
            parts.append("NOT NULL" if self.must_be_filled(table, column) else "NULL")
        if numbered:
            parts.append("AUTO_INCREMENT")
        if column.comment:
            parts.append(f"COMMENT {_text(column.comment[:1024])}")
        return " ".join(parts)

    def _list_losses(self, table: Table, column: Column) -> None:
        where = f"{table.name}.{column.name}"
        spelled = self.type_in(table, column)
        if self.source == self.target:
            return
        if column.type.domain:
            self.lose("domain", f"{where} {column.type.domain}", f"{spelled} with the domain's checks")
        if column.collation and column.collation.upper() not in ("NOCASE", "BINARY"):
            self.lose("collation", f"{where} {column.collation}", "the target's own")
        if column.type.kind is Kind.TIMESTAMPTZ:
            self.lose("type", f"{where} {column.type.sql}", f"{spelled}, in UTC")
        elif column.type.kind in _WORDED and column.type.kind is not Kind.TEXT:
            self.lose("type", f"{where} {column.type.sql}", f"{spelled}, in the source's text form")
        elif column.type.kind is Kind.TEXT and (column.type.length or 1 << 30) > (
            self.lengths.get((table.name, column.name)) or 1 << 30
        ):
            self.lose("type", f"{where} {column.type.sql}", f"{spelled}, since a key needs a length")

    # -- what is tried while the tables are empty -----------------------------------------------------------------

    def _attempt_defaults(self, table: Table) -> None:
        for column in table.columns:
            if column.default is None or column.generated is not None or column.is_automatic:
                continue
            loss = Loss("default", f"{table.name}.{column.name}", f"left out: {' '.join(column.default.split())[:80]}")
            text = translate_default(column, self.source, self.target)
            if text is None:
                if column.default.strip("() ").lower() != "null":
                    self.losses.append(loss)
                continue
            if text.upper() in ("CURRENT_TIMESTAMP", "CURRENT_TIME"):
                text = f"{text}(6)"
            term = text if text.lstrip("+-").replace(".", "", 1).isdigit() else f"({text})"
            alter = f"ALTER TABLE {self.sql_name(table.name)} ALTER COLUMN {quote(column.name)} SET DEFAULT {term}"
            self.attempts.append(Attempt(alter, loss))

    def _attempt_checks(self, table: Table) -> None:
        for check in table.checks:
            text = self.check_text(table, check)
            if text is not None:
                where = f"{table.name}.{check.name or check.column or 'unnamed'}"
                name = check.name[:_NAME_LETTERS] if check.name else None
                self._attempt_check(table, name, text, where, ((table.name, check.expression),))

    # -- what follows the rows ------------------------------------------------------------------------------------

    def _uniqueness(self, table: Table) -> Iterator[str]:
        name = self.sql_name(table.name)
        for unique in self.clash_free_uniques(table):
            where = f"{table.name}.{unique.name or ', '.join(unique.columns)}"
            if not unique.nulls_distinct:
                self.lose("nulls not distinct", where, "a UNIQUE that lets several NULLs in")
            if unique.deferrable:
                self.lose("deferrable unique", where, "a UNIQUE that is checked at once")
            named = f"CONSTRAINT {quote(self._index_name(table, unique.name, unique.columns))} " if unique.name else ""
            yield f"ALTER TABLE {name} ADD {named}UNIQUE ({column_list(unique.columns)})"
        for unique in table.uniques:
            if not unique.is_plain:
                yield from self._partial_unique(table, unique)

    def _partial_unique(self, table: Table, unique: Unique) -> Iterator[str]:
        where = f"{table.name}.{unique.name or 'unnamed'}"
        if self.source == self.target and unique.predicate is None:
            terms = [quote(column) for column in unique.columns] + [_prefix(text) for text in unique.expressions]
            index = quote(self._index_name(table, unique.name, unique.columns))
            loss = Loss("unique index", where, "left out")
            statement = f"CREATE UNIQUE INDEX {index} ON {self.sql_name(table.name)} ({', '.join(terms)})"
            self.attempts.append(Attempt(statement, loss))
        else:
            self.lose("unique index", where, "left out: MySQL has none over some rows or over expressions")
        yield from ()

    def _indexes(self, table: Table) -> Iterator[str]:
        for index in table.indexes:
            if not index.columns or any(name not in table.by_name for name in index.columns):
                self.lose("index", f"{table.name}.{index.name}", "left out")
                continue
            if index.definition in ("FULLTEXT", "SPATIAL"):
                self.lose("index", f"{table.name}.{index.name}", "left out")
                continue
            terms = ", ".join(self._index_term(table, table.column(name)) for name in index.columns)
            name = quote(self._index_name(table, index.name, index.columns))
            yield f"CREATE INDEX {name} ON {self.sql_name(table.name)} ({terms})"

    def _index_term(self, table: Table, column: Column) -> str:
        spelled = self.type_in(table, column).lower()
        endless = spelled.endswith(("text", "blob")) or spelled == "json"
        length = column.type.length or 0
        return f"{quote(column.name)}({_PREFIX})" if endless or length > 4 * _PREFIX else quote(column.name)

    def _index_name(self, table: Table, wanted: str | None, columns: tuple[str, ...]) -> str:
        base = (wanted or "_".join([*columns, "idx"]))[: _NAME_LETTERS - 4]
        return self.index_name(table.name, base if base != "PRIMARY" else "primary_idx", columns)

    def _foreign_keys(self, table: Table) -> Iterator[str]:
        for key in self.keys_to_write(table):
            self._list_key_losses(table, key)
            free = self.free_name(table.name, f"{key.name}", _NAME_LETTERS) if key.name else None
            named = f"CONSTRAINT {quote(free)} " if free else ""
            yield (
                f"ALTER TABLE {self.sql_name(table.name)} ADD {named}FOREIGN KEY ({column_list(key.columns)})"
                f" REFERENCES {self.sql_name(key.parent)} ({column_list(key.parent_columns)})"
                f"{key_actions(_possible(key))}"
            )

    def _list_key_losses(self, table: Table, key: ForeignKey) -> None:
        where = f"{table.name}.{key.name or key.columns[0]}"
        if key.match == "FULL":
            self.lose("match full", where, "MATCH SIMPLE")
        if key.deferrable:
            self.lose("deferrable", where, "a foreign key that is checked at once")
        if "SET DEFAULT" in (key.on_delete, key.on_update):
            self.lose("foreign key action", where, "NO ACTION in place of SET DEFAULT")


def _possible(key: ForeignKey) -> ForeignKey:
    return replace(
        key,
        on_delete=key.on_delete if key.on_delete in _ACTIONS else "NO ACTION",
        on_update=key.on_update if key.on_update in _ACTIONS else "NO ACTION",
    )


def _prefix(expression: str) -> str:
    """``left(`a`, 10)``, as the catalogue is read, as the prefix ``a(10)`` that it stands for."""
    inner = expression.removeprefix("left(").removesuffix(")")
    if inner == expression:
        return f"({expression})"
    name, _, length = inner.rpartition(", ")
    return f"{name}({length})"


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
