"""What the writers of all targets share: names, types, constraints, and a list of what gets lost.

Takes a Schema and the name of a target's dialect, gives text. Never opens the source or the target.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbclone.dialects.portable import Attempt, PortableDdl, Saying
from dbclone.dialects.portable_sql import is_plain, translate, translate_default
from dbclone.dialects.portable_types import keeps_kind, type_name
from dbclone.dialects.protocol import Loss
from dbclone.schema import (
    Check,
    Column,
    ForeignKey,
    Index,
    Kind,
    Schema,
    Table,
    TableName,
    Unique,
    flat_names,
)

_NO_SCHEMAS = ("sqlite",)
_LEFT_OUT = "left out"
_LEAST_LOST = ("enum", "domain", "comment")


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def column_list(names: Iterable[str]) -> str:
    return ", ".join(quote(name) for name in names)


class Writer:
    """What all targets share: names, types, losses. One instance writes one schema."""

    def __init__(self, schema: Schema, target: str) -> None:
        self.schema = schema
        self.target = target
        self.source = schema.dialect
        self.losses: list[Loss] = []
        self.plain: set[tuple[TableName, str]] = set()
        self.said: dict[Saying, str] = {}
        self.names = dict(target_names(schema, target))
        self.taken = {(name.schema, self._known(name.name)) for name in self.names.values()}

    def write(self) -> PortableDdl:
        raise NotImplementedError

    def lose(self, kind: str, name: str, fallback: str) -> None:
        self.losses.append(Loss(kind, name, fallback))

    def placeholder(self, table: Table) -> str:
        """What stands in a table without columns, which only PostgreSQL knows."""
        if self.target == "postgresql":
            return ""
        self.lose("table", f"{table.name} without columns", 'a table with one column "_"')
        return f"{quote('_')} INTEGER"

    def sql_name(self, name: TableName) -> str:
        """A table of the source as the target's SQL calls it."""
        own = self.names[name]
        place = "" if self.target in _NO_SCHEMAS or not own.schema else f"{quote(own.schema)}."
        return place + quote(own.name)

    def must_be_filled(self, table: Table, column: Column) -> bool:
        """Computed columns that became ordinary ones may stay empty, for nobody may have their values."""
        return (not column.nullable or column.name in table.key) and (table.name, column.name) not in self.plain

    def type_of(self, column: Column) -> str:
        return type_name(column.type, self.source, self.target)

    def free_name(self, table: TableName, wanted: str | None, limit: int = 63) -> str | None:
        """``wanted`` where no other index, constraint or table of the target has it, else None."""
        place = self.names[table].schema
        if not wanted or (place, self._known(wanted)) in self.taken or len(wanted.encode()) > limit:
            return None
        self.taken.add((place, self._known(wanted)))
        return wanted

    def _known(self, name: str) -> str:
        """A name as the target tells it from others."""
        return name if self.target == "postgresql" else name.casefold()

    def index_name(self, table: TableName, wanted: str | None, columns: Iterable[str]) -> str:
        """A name that is free for certain, since an index must have one."""
        base = wanted or "_".join([self.names[table].name, *columns, "idx"])
        number = 0
        while True:
            name = self.free_name(table, base[:55] if number == 0 else f"{base[:55]}_{number}")
            if name is not None:
                return name
            number += 1

    def keys_to_write(self, table: Table) -> Iterator[ForeignKey]:
        for key in table.foreign_keys:
            if key.inferred:
                continue
            if key.parent not in self.schema:
                where = f"{table.name}.{key.columns[0]}"
                self.lose("foreign key", where, f"{_LEFT_OUT}: {key.parent} is not in this clone")
                continue
            yield key

    def clash_free_uniques(self, table: Table) -> Iterator[Unique]:
        """The UNIQUE constraints over whole columns, without those that repeat the primary key."""
        for unique in table.uniques:
            if unique.is_plain and unique.columns != table.key:
                yield unique

    def list_common_losses(self) -> None:
        """Objects that only their own database understands."""
        for item in self.schema.objects:
            if item.kind in _LEAST_LOST or (self.source == self.target and item.kind == "extension"):
                continue
            name = item.name if item.table is None or str(item.table) in item.name else f"{item.table}.{item.name}"
            self.lose(item.kind, name, _LEFT_OUT)
        for table in self.schema:
            name = str(table.name)
            if table.partitions:
                self.lose("partitions", name, f"one table holds the rows of its {len(table.partitions)} partitions")
            if table.inherits:
                self.lose("inheritance", name, "a table of its own")
            if table.row_security:
                self.lose("row security", name, _LEFT_OUT)
            for exclusion in table.exclusions:
                self.lose("exclusion constraint", f"{name}.{exclusion.name or exclusion.definition}", _LEFT_OUT)
        used = {column.sequence for table in self.schema for column in table.columns if column.sequence}
        for sequence in self.schema.sequences:
            if str(sequence.name) not in used and sequence.name.name not in used:
                self.lose("sequence", str(sequence.name), _LEFT_OUT)

    def list_type_losses(self, table: Table, column: Column) -> None:
        where = f"{table.name}.{column.name}"
        if column.type.domain:
            self.lose("domain", f"{where} {column.type.domain}", f"{self.type_of(column)} with the domain's checks")
        if column.type.kind is Kind.ENUM and self.source != self.target:
            self.lose("enum", f"{where} {column.type.sql}", f"{self.type_of(column)} with CHECK (... IN ...)")
        if self.source == "mysql" and column.collation:
            self.lose_collation(column.collation)
        elif self.source != self.target and column.collation:
            self.lose("collation", f"{where} {column.collation}", "the target's own")
        if column.type.kind is not Kind.ENUM and not keeps_kind(column.type, self.source, self.target):
            self.lose("type", f"{where} {column.type.sql}", f"{self.type_of(column)}, in the source's text form")

    def lose_collation(self, name: str) -> None:
        """MySQL names one for every text: listed once, not once a column."""
        loss = Loss("collation", name, "the target's own, which tells small from capital letters")
        if self.source != self.target and "_ci" in name and loss not in self.losses:
            self.losses.append(loss)

    def label_check(self, column: Column) -> str:
        labels = ", ".join("'" + label.replace("'", "''") + "'" for label in column.type.labels)
        return f"{quote(column.name)} IN ({labels})"

    def check_text(self, table: Table, check: Check) -> str | None:
        if not check.validated:
            self.lose("check", _check_name(table, check), f"{_LEFT_OUT}: it is not validated in the source")
            return None
        text = translate(check.expression, table.by_name, self.source, self.target)
        if text is None:
            fallback = f"{_LEFT_OUT}: {self.target} cannot say {_short(check.expression)}"
            self.lose("check", _check_name(table, check), fallback)
        else:
            self.said[table.name, check.expression] = text
        return text

    def note_unique(
        self, table: Table, unique: Unique, terms: Iterable[str | None], predicate: str
    ) -> tuple[Saying, ...]:
        """Keeps how the target says what a unique index is over."""
        texts = {(table.name, own): term for own, term in zip(unique.expressions, terms, strict=True) if term}
        if unique.predicate is not None:
            texts[table.name, unique.predicate] = predicate
        self.said |= texts
        return tuple(texts)


class ServerWriter(Writer):
    """Targets with ALTER TABLE: constraints follow the rows."""

    def __init__(self, schema: Schema, target: str) -> None:
        super().__init__(schema, target)
        self.attempts: list[Attempt] = []

    def write(self) -> PortableDdl:
        pre = [*self._schemas(), *self._enums()]
        post: list[str] = []
        keys: list[str] = []
        self.list_common_losses()
        for table in self.schema:
            pre.append(self._table(table))
            pre += self._comments(table)
            self._attempt_defaults(table)
            self._attempt_checks(table)
            post += self._uniqueness(table)
            post += self._indexes(table)
            keys += self._foreign_keys(table)
        return PortableDdl(
            self.target,
            tuple(pre),
            (*post, *keys),
            tuple(self.losses),
            frozenset(self.plain),
            tuple(self.attempts),
            self.names,
            said=self.said,
        )

    def _schemas(self) -> list[str]:
        if self.target != "postgresql":
            return []
        wanted = sorted({name.schema for name in self.names.values()} - {"public"})
        return [f"CREATE SCHEMA IF NOT EXISTS {quote(name)}" for name in wanted]

    def _enums(self) -> list[str]:
        if self.source != self.target:
            return []
        types = [column.type for table in self.schema for column in table.columns]
        types += [type_.element for type_ in types if type_.element is not None]
        made = {t.sql: t.labels for t in types if t.kind is Kind.ENUM}
        return [
            f"CREATE TYPE {name} AS ENUM (" + ", ".join("'" + label.replace("'", "''") + "'" for label in labels) + ")"
            for name, labels in sorted(made.items())
        ]

    def _table(self, table: Table) -> str:
        lines = [self._column(table, column) for column in table.columns] or [self.placeholder(table)]
        return f"CREATE TABLE {self.sql_name(table.name)} (\n  " + ",\n  ".join(lines) + "\n)"

    def _column(self, table: Table, column: Column) -> str:
        self.list_type_losses(table, column)
        parts = [quote(column.name), self.type_of(column)]
        if column.generated is not None:
            expression = self._generated(table, column)
            if expression is not None:
                parts.append(f"GENERATED ALWAYS AS ({expression}) STORED")
        elif column.is_automatic and column.type.kind is Kind.INTEGER:
            parts.append(self._identity(column))
        if self.must_be_filled(table, column):
            parts.append("NOT NULL")
        return " ".join(part for part in parts if part)

    def _generated(self, table: Table, column: Column) -> str | None:
        text = column.generated or ""
        where = f"{table.name}.{column.name}"
        others = {name: other for name, other in table.by_name.items() if other.generated is None}
        if self.source == self.target:
            return text
        if is_plain(text, others, self.source):
            translated = translate(text, others, self.source, self.target)
            if translated is not None:
                return translated
        self.plain.add((table.name, column.name))
        self.lose("generated column", where, f"an ordinary column ({_short(text)})")
        return None

    def _identity(self, column: Column) -> str:
        if self.target != "postgresql":
            return ""
        sequence = next((s for s in self.schema.sequences if column.sequence in (str(s.name), s.name.name)), None)
        mode = "ALWAYS" if column.identity == "always" else "BY DEFAULT"
        options = ""
        if sequence is not None and (sequence.increment != 1 or sequence.start != 1):
            ends = (("MINVALUE", sequence.minimum), ("MAXVALUE", sequence.maximum))
            limits = "".join(f" {word} {end}" for word, end in ends if end is not None)
            options = f" (START WITH {sequence.start} INCREMENT BY {sequence.increment}{limits})"
        return f"GENERATED {mode} AS IDENTITY{options}"

    def _comments(self, table: Table) -> list[str]:
        if self.target != "postgresql":
            return []
        name = self.sql_name(table.name)
        lines = [f"COMMENT ON TABLE {name} IS {_literal(table.comment)}"] if table.comment else []
        return lines + [
            f"COMMENT ON COLUMN {name}.{quote(column.name)} IS {_literal(column.comment)}"
            for column in table.columns
            if column.comment
        ]

    def _attempt_defaults(self, table: Table) -> None:
        for column in table.columns:
            if column.default is None or column.generated is not None or column.is_automatic:
                continue
            loss = Loss("default", f"{table.name}.{column.name}", f"{_LEFT_OUT}: {_short(column.default)}")
            text = translate_default(column, self.source, self.target)
            if text is not None:
                alter = f"ALTER TABLE {self.sql_name(table.name)} ALTER COLUMN {quote(column.name)} SET DEFAULT {text}"
                self.attempts.append(Attempt(alter, loss))
            elif column.default.strip("() ").lower() != "null":
                self.losses.append(loss)

    def _attempt_checks(self, table: Table) -> None:
        if self.source != self.target:
            for column in table.columns:
                if column.type.kind is Kind.ENUM and column.type.labels:
                    self._attempt_check(table, None, self.label_check(column), f"{table.name}.{column.name}", ())
        for check in table.checks:
            text = self.check_text(table, check)
            if text is not None:
                sayings = ((table.name, check.expression),)
                self._attempt_check(table, check.name, text, _check_name(table, check), sayings)

    def _attempt_check(
        self, table: Table, name: str | None, text: str, where: str, sayings: tuple[Saying, ...]
    ) -> None:
        named = f"CONSTRAINT {quote(name)} " if name else ""
        loss = Loss("check", where, f"{_LEFT_OUT}: {self.target} refuses {_short(text)}")
        statement = f"ALTER TABLE {self.sql_name(table.name)} ADD {named}CHECK ({text})"
        self.attempts.append(Attempt(statement, loss, sayings))

    def _uniqueness(self, table: Table) -> Iterator[str]:
        name = self.sql_name(table.name)
        if table.primary_key is not None:
            named = self._named(table, table.primary_key.name)
            yield f"ALTER TABLE {name} ADD {named}PRIMARY KEY ({column_list(table.key)})"
        for unique in self.clash_free_uniques(table):
            distinct = " NULLS NOT DISTINCT" if not unique.nulls_distinct and self.target == "postgresql" else ""
            wait = " DEFERRABLE" if unique.deferrable and self.target == "postgresql" else ""
            columns = column_list(unique.columns)
            if unique.is_constraint:
                yield f"ALTER TABLE {name} ADD {self._named(table, unique.name)}UNIQUE{distinct} ({columns}){wait}"
            else:
                index = quote(self.index_name(table.name, unique.name, unique.columns))
                yield f"CREATE UNIQUE INDEX {index} ON {name} ({columns}){distinct}"
        for unique in table.uniques:
            if not unique.is_plain:
                yield from self._partial_unique(table, unique)

    def _partial_unique(self, table: Table, unique: Unique) -> Iterator[str]:
        terms = [translate(text, table.by_name, self.source, self.target) for text in unique.expressions]
        predicate = translate(unique.predicate, table.by_name, self.source, self.target) if unique.predicate else ""
        loss = Loss("unique index", f"{table.name}.{unique.name or 'unnamed'}", _LEFT_OUT)
        if None in terms or predicate is None:
            self.losses.append(loss)
            return
        keys = [quote(column) for column in unique.columns] + [f"({term})" for term in terms]
        where = f" WHERE {predicate}" if predicate else ""
        index = quote(self.index_name(table.name, unique.name, unique.columns))
        # Tried while the table is empty: a term that the target cannot compute must not stop a finished load.
        statement = f"CREATE UNIQUE INDEX {index} ON {self.sql_name(table.name)} ({', '.join(keys)}){where}"
        self.attempts.append(Attempt(statement, loss, self.note_unique(table, unique, terms, predicate)))
        yield from ()

    def _named(self, table: Table, name: str | None) -> str:
        free = self.free_name(table.name, name)
        return f"CONSTRAINT {quote(free)} " if free else ""

    def _indexes(self, table: Table) -> Iterator[str]:
        for index in table.indexes:
            if self.source == self.target and index.definition:
                yield index.definition.rstrip("; \n")
                continue
            columns = indexable(table, index, self.target)
            if not columns:
                self.lose("index", f"{table.name}.{index.name}", _LEFT_OUT)
                continue
            name = quote(self.index_name(table.name, index.name, columns))
            yield f"CREATE INDEX {name} ON {self.sql_name(table.name)} ({column_list(columns)})"

    def _foreign_keys(self, table: Table) -> Iterator[str]:
        for key in self.keys_to_write(table):
            match = " MATCH FULL" if key.match == "FULL" else ""
            free = f"CONSTRAINT {quote(key.name)} " if key.name else ""
            waits = key_timing(key)
            valid = " NOT VALID" if not key.validated and self.target == "postgresql" else ""
            yield (
                f"ALTER TABLE {self.sql_name(table.name)} ADD {free}FOREIGN KEY ({column_list(key.columns)})"
                f" REFERENCES {self.sql_name(key.parent)} ({column_list(key.parent_columns)})"
                f"{match}{key_actions(key)}{waits}{valid}"
            )


def target_names(schema: Schema, target: str) -> dict[TableName, TableName]:
    """What each table is called in the target: schemas are kept between two PostgreSQL databases, ``public`` takes
    those of a database that knows none, and SQLite's ``main`` takes all, flattened."""
    if target in ("mysql", "duckdb"):
        # The tables stand where the session is, those of all schemas beside each other.
        return {name: TableName("", short) for name, short in flat_names(schema, target).items()}
    if schema.dialect == target:
        return {name: name for name in schema.short_names}
    place = {"postgresql": "public", "sqlite": "main"}.get(target, "")
    return {name: TableName(place, short) for name, short in flat_names(schema, target).items()}


def key_actions(key: ForeignKey) -> str:
    text = f" ON DELETE {key.on_delete}" if key.on_delete not in ("", "NO ACTION") else ""
    return text + (f" ON UPDATE {key.on_update}" if key.on_update not in ("", "NO ACTION") else "")


def key_timing(key: ForeignKey) -> str:
    if not key.deferrable:
        return ""
    return " DEFERRABLE INITIALLY DEFERRED" if key.initially_deferred else " DEFERRABLE"


def indexable(table: Table, index: Index, target: str) -> tuple[str, ...]:
    """The index's columns as far as a plain index of the target can hold them."""
    odd = (Kind.TSVECTOR, Kind.RANGE, Kind.GEOMETRIC, Kind.XML)
    usable = all(name in table.by_name and table.column(name).type.kind not in odd for name in index.columns)
    return index.columns if usable or target == "sqlite" else ()


def _check_name(table: Table, check: Check) -> str:
    return f"{table.name}.{check.name or check.column or 'unnamed'}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else flat[:77] + "..."


def _literal(text: str | None) -> str:
    return "'" + (text or "").replace("'", "''") + "'"
