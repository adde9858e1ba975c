"""Column types: what a value is (`Kind`), what the catalogue calls it, and how it travels (`Type.storage`).

Takes catalogue facts, gives frozen values. Never opens a database and never holds a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a value is, whatever the database calls it."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    MONEY = "money"
    BOOLEAN = "boolean"
    TEXT = "text"
    ENUM = "enum"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    INTERVAL = "interval"
    UUID = "uuid"
    JSON = "json"
    ARRAY = "array"
    RANGE = "range"
    COMPOSITE = "composite"
    BINARY = "binary"
    BIT = "bit"
    NETWORK = "network"
    GEOMETRIC = "geometric"
    XML = "xml"
    TSVECTOR = "tsvector"
    OTHER = "other"


_STORAGE = {
    Kind.INTEGER: "int64",
    Kind.DECIMAL: "double",
    Kind.FLOAT: "double",
    Kind.MONEY: "double",
    Kind.BOOLEAN: "bool",
    Kind.DATE: "date32",
    Kind.TIME: "time64[us]",
    Kind.TIMESTAMP: "timestamp[us]",
    Kind.TIMESTAMPTZ: "timestamp[us, tz=UTC]",
    Kind.BINARY: "binary",
}


@dataclass(frozen=True)
class Type:
    """A column's type. ``sql`` is the catalogue's own spelling, e.g. ``numeric(10,2)`` or ``public.mpaa_rating``.

    A domain is resolved to its base type; ``domain`` keeps its qualified name. ``form`` is how a database that keeps
    dates as text spells this column's (``YYYY-MM-DD HH:MM:SS``). ``fields`` are the types of a composite one's fields.
    """

    kind: Kind
    sql: str
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    labels: tuple[str, ...] = ()
    element: Type | None = None
    domain: str | None = None
    bits: int | None = None
    unsigned: bool = False
    form: str | None = None
    fields: tuple[Type, ...] = ()

    @property
    def storage(self) -> str:
        """The Arrow type, by name, in which values travel from reader to writer.

        Kinds without a native Arrow type travel as ``string`` in the source database's own text form.
        """
        return _STORAGE.get(self.kind, "string")

    @property
    def is_number(self) -> bool:
        return self.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.MONEY)

    @property
    def is_temporal(self) -> bool:
        return self.kind in (Kind.DATE, Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
