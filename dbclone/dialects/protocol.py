"""What every database offers to the rest of dbclone: a Source to read, a Loader to fill, and the values they speak in.

Takes and gives Arrow batches and frozen values. Never sees a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from dbclone.schema import ForeignKey, Schema, Table, TableName

if TYPE_CHECKING:
    import pyarrow as pa

    from dbclone.dialects.address import Address


DdlMode = Literal["native", "sqlalchemy"]
"""The source's own DDL where the target is of the same dialect, or portable DDL with its losses listed."""


@dataclass(frozen=True)
class Ddl:
    """A database's own DDL in two sections: what comes before the rows and what comes after them; ``grants`` last."""

    dialect: str
    pre_data: str
    post_data: str
    server_version: str = ""
    grants: str = ""


@dataclass(frozen=True)
class Stamp:
    """What marks a database as made by dbclone. ``time`` is ISO 8601 in UTC."""

    version: str
    bundle: str
    seed: int
    time: str
    synthetic: bool = True


@dataclass(frozen=True)
class Family:
    """Rows whose topmost ancestor along ``path`` falls into ``fraction`` of all ancestors, chosen by a hash of its key.

    ``path`` leads from the table that is read upwards (child to parent); an empty path samples the table's own rows.
    The same (key value, salt) is chosen in every table, so that families stay whole.
    """

    path: tuple[ForeignKey, ...]
    fraction: float
    salt: int = 0


@dataclass(frozen=True)
class Reading:
    """Which rows to read: every stored and computed column of ``table``, in the table's physical order."""

    table: Table
    family: Family | None = None
    chunk_rows: int = 65_536


@dataclass(frozen=True)
class Violation:
    """``rows`` rows of ``table`` break ``constraint`` (``kind``: foreign key, unique, not null, check)."""

    table: TableName
    kind: str
    constraint: str
    rows: int


@dataclass(frozen=True)
class Loss:
    """Something the source has and the target will not: ``kind`` and ``name`` as in SchemaObject; what replaces it."""

    kind: str
    name: str
    fallback: str


class Source(Protocol):
    """A database opened for reading only; nothing is ever written to it and no lock is held beyond a snapshot's.

    Batches hold one field a column, in the schema's order, of the Arrow type that ``Column.type.storage`` names.
    """

    address: Address
    identity: str
    stamp: Stamp | None
    sessions: int
    """How many readings of one snapshot may go on at a time."""

    def schema(self) -> Schema: ...

    def ddl(
        self,
        without: frozenset[TableName] = frozenset(),
        unmade: frozenset[ForeignKey] = frozenset(),
        *,
        grants: bool = False,
    ) -> Ddl | None:
        """The database's own DDL, None where the dialect has no such tool. ``without`` are tables left out, ``unmade``
        are keys that the clone is not to have; with ``grants`` also who may do what."""
        ...

    def read(self, reading: Reading) -> Iterator[pa.RecordBatch]: ...

    def query(self, sql: str) -> pa.Table:
        """Runs one SELECT in the same snapshot. Identifiers are in double quotes whatever the database."""
        ...

    def close(self) -> None: ...


class Loader(Protocol):
    """Fills a scratch database that nobody sees until ``publish``; ``discard`` leaves the target as it was.

    ``holds`` says which odd values it can write: ``nan``, ``infinity`` (of numbers), ``decimal`` (both of them in
    decimals of a fixed size, too) and ``moment`` (infinite ones).
    """

    address: Address

    @property
    def holds(self) -> frozenset[str]: ...

    def create(self, schema: Schema, ddl: Ddl | None) -> tuple[Loss, ...]:
        """Makes the tables of ``schema``: from ``ddl`` where it is of this dialect, else portably; gives the loss."""
        ...

    def load(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        """Writes rows of ``table.stored_columns`` and returns their number. Safe to call from several threads."""
        ...

    def finish(self) -> tuple[Violation, ...]:
        """Indexes, constraints, sequences, triggers, materialized views; then the proof that every constraint holds."""
        ...

    def publish(self, stamp: Stamp) -> None:
        """Puts the scratch database in the target's place in one step and stamps it."""
        ...

    def discard(self) -> None:
        """Removes the scratch database. Does nothing after ``publish``."""
        ...
