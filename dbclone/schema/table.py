"""The schema as a value: what the catalogue says, equal when equal, JSON both ways.

Takes catalogue facts from a dialect, gives frozen dataclasses. Never opens a database and never holds a row.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dbclone.schema.types import Type


@dataclass(frozen=True, order=True)
class TableName:
    """A table's name, which always carries its schema (``main`` in SQLite, the database's name in MySQL)."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Column:
    """``generated`` is the expression of a computed column, ``identity`` is ``always`` or ``by default``.

    ``sequence`` is the qualified name of the sequence that feeds the column (serial, identity, ``nextval`` default).
    """

    name: str
    type: Type
    nullable: bool = True
    default: str | None = None
    generated: str | None = None
    identity: str | None = None
    sequence: str | None = None
    comment: str | None = None
    collation: str | None = None

    @property
    def ignores_case(self) -> bool:
        """True where texts that differ in case alone are equal: NOCASE, or a MySQL collation that says so."""
        name = (self.collation or "").lower()
        return name == "nocase" or "_ci" in name

    @property
    def is_automatic(self) -> bool:
        """True where the database itself numbers the rows."""
        return self.identity is not None or self.sequence is not None


@dataclass(frozen=True)
class PrimaryKey:
    columns: tuple[str, ...]
    name: str | None = None


@dataclass(frozen=True)
class Unique:
    """A UNIQUE constraint or index. ``columns`` is empty where it is over ``expressions`` only."""

    columns: tuple[str, ...]
    name: str | None = None
    predicate: str | None = None
    expressions: tuple[str, ...] = ()
    nulls_distinct: bool = True
    deferrable: bool = False
    is_constraint: bool = True

    @property
    def is_plain(self) -> bool:
        """True where it says something of every row and of columns only."""
        return self.predicate is None and not self.expressions


@dataclass(frozen=True)
class ForeignKey:
    """``columns`` of ``table`` reference ``parent_columns`` of ``parent``, pairwise.

    ``inferred`` keys are declared nowhere and made nowhere. Where such a key has a value that stands for no parent
    (a 0, an empty text), ``empty`` is that value as text.
    """

    table: TableName
    columns: tuple[str, ...]
    parent: TableName
    parent_columns: tuple[str, ...]
    name: str | None = None
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"
    match: str = "SIMPLE"
    deferrable: bool = False
    initially_deferred: bool = False
    validated: bool = True
    inferred: bool = False
    empty: str | None = None

    def __str__(self) -> str:
        return f"{self.table}({', '.join(self.columns)}) -> {self.parent}({', '.join(self.parent_columns)})"

    @property
    def is_self(self) -> bool:
        return self.table == self.parent


@dataclass(frozen=True)
class PairTarget:
    """A ``value`` of a pair's type column, and the column of the table that it names."""

    value: str
    table: TableName
    column: str


@dataclass(frozen=True)
class Pair:
    """A polymorphic reference: ``type_column`` names a table, ``id_column`` holds the key of a row of it."""

    type_column: str
    id_column: str
    targets: tuple[PairTarget, ...]


@dataclass(frozen=True)
class Check:
    """A CHECK constraint; ``expression`` is SQL in the source's dialect, without the word CHECK.

    ``column`` names the column where the check comes from that column's domain, with VALUE replaced by it.
    """

    expression: str
    name: str | None = None
    validated: bool = True
    column: str | None = None


@dataclass(frozen=True)
class Exclusion:
    definition: str
    name: str | None = None


@dataclass(frozen=True)
class Index:
    """A non-unique index; ``definition`` is the source's own CREATE INDEX where it has one."""

    name: str
    columns: tuple[str, ...]
    definition: str | None = None


@dataclass(frozen=True)
class Partition:
    """A partition, itself partitioned or not, and its bound as the catalogue prints it (``FOR VALUES IN (..)``,
    ``DEFAULT``). ``condition`` is what its rows satisfy, None where only the database can tell (hash)."""

    name: TableName
    bound: str
    parent: TableName
    condition: str | None = None


@dataclass(frozen=True)
class Table:
    """One table. A partitioned table is one table; its partitions are listed, never tables of their own:
    those of every level, parents before their own partitions."""

    name: TableName
    columns: tuple[Column, ...]
    primary_key: PrimaryKey | None = None
    uniques: tuple[Unique, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    indexes: tuple[Index, ...] = ()
    partition_key: str | None = None
    partitions: tuple[Partition, ...] = ()
    inherits: tuple[TableName, ...] = ()
    row_security: bool = False
    without_rowid: bool = False
    strict: bool = False
    comment: str | None = None
    pairs: tuple[Pair, ...] = ()

    @functools.cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def column(self, name: str) -> Column:
        return self.by_name[name]

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key's columns, empty where there is none."""
        return self.primary_key.columns if self.primary_key else ()

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns that a writer names: all but the computed ones."""
        return tuple(column for column in self.columns if column.generated is None)

    @property
    def partition_bounds(self) -> tuple[str, ...]:
        """Conditions of which each row satisfies one, empty where every row has a partition or nothing is known."""
        parents = {one.parent for one in self.partitions}
        known = {one.name: one.condition for one in self.partitions}
        bounds = []
        for one in self.partitions:
            if one.name in parents:
                continue
            # Hash partitions take every row that their parent takes.
            condition = one.condition or known.get(one.parent)
            if condition is None:
                return ()
            bounds.append(condition)
        return tuple(dict.fromkeys(bounds))

    @property
    def unique_sets(self) -> tuple[tuple[str, ...], ...]:
        """Every set of columns that is unique over all rows, the primary key first."""
        sets = [self.key] if self.key else []
        sets += [unique.columns for unique in self.uniques if unique.is_plain]
        return tuple(dict.fromkeys(sets))


@dataclass(frozen=True)
class Sequence:
    """A sequence and the column that owns or uses it."""

    name: TableName
    start: int = 1
    increment: int = 1
    minimum: int | None = None
    maximum: int | None = None
    cycle: bool = False


@dataclass(frozen=True)
class SchemaObject:
    """Anything else the source holds: ``kind`` is ``view``, ``materialized view``, ``trigger``, ``function``,
    ``procedure``, ``domain``, ``enum``, ``composite type``, ``rule``, ``policy``, ``extension``, ``aggregate``...
    ``definition`` is its own CREATE statement where the catalogue has one."""

    kind: str
    name: str
    table: TableName | None = None
    definition: str | None = None


@dataclass(frozen=True)
class Schema:
    """A whole database's shape. Tables are sorted by name, so that equal databases give equal values."""

    dialect: str
    tables: tuple[Table, ...]
    sequences: tuple[Sequence, ...] = ()
    objects: tuple[SchemaObject, ...] = ()
    default_schema: str = "public"
    server_version: str = ""

    @functools.cached_property
    def by_name(self) -> dict[TableName, Table]:
        return {table.name: table for table in self.tables}

    def table(self, name: TableName) -> Table:
        return self.by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def __iter__(self) -> Iterator[Table]:
        return iter(self.tables)

    @functools.cached_property
    def foreign_keys(self) -> tuple[ForeignKey, ...]:
        return tuple(key for table in self.tables for key in table.foreign_keys)

    def children_of(self, name: TableName) -> tuple[ForeignKey, ...]:
        """The foreign keys that reference a table, its own self references included."""
        return self._children.get(name, ())

    @functools.cached_property
    def _children(self) -> dict[TableName, tuple[ForeignKey, ...]]:
        found: dict[TableName, list[ForeignKey]] = {}
        for key in self.foreign_keys:
            found.setdefault(key.parent, []).append(key)
        return {name: tuple(keys) for name, keys in found.items()}

    @functools.cached_property
    def short_names(self) -> dict[TableName, str]:
        """Names for places that know no schemas (files, SQLite): the bare name, or ``schema.name`` for every table
        where two schemas hold equal names."""
        bare = {table.name.name for table in self.tables}
        clash = len(bare) != len(self.tables)
        return {table.name: str(table.name) if clash else table.name.name for table in self.tables}

    def find(self, text: str) -> TableName | None:
        """The table that ``text`` (``name`` or ``schema.name``) means, None where none or several could be meant."""
        exact = [table.name for table in self.tables if str(table.name) == text]
        loose = [table.name for table in self.tables if table.name.name == text]
        if exact:
            return exact[0]
        preferred = [name for name in loose if name.schema == self.default_schema]
        candidates = preferred or loose
        return candidates[0] if len(candidates) == 1 else None

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict; ``Schema.from_json`` gives an equal value back."""
        result: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return result

    @staticmethod
    def from_json(data: object) -> Schema:
        """The value that ``to_json`` wrote.

        Raises pydantic's ``ValidationError`` where the data has another shape.
        """
        schema: Schema = _adapter().validate_python(data)
        return schema


@functools.cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Schema)
