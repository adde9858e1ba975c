"""Column types of PostgreSQL: takes pg_type, gives `Type` values with domains resolved to their base.

Reads the catalogue only, never a row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbclone.dialects.postgresql.connect import Session
from dbclone.schema import Kind, Type

_KINDS = {
    "int2": Kind.INTEGER,
    "int4": Kind.INTEGER,
    "int8": Kind.INTEGER,
    "oid": Kind.INTEGER,
    "numeric": Kind.DECIMAL,
    "float4": Kind.FLOAT,
    "float8": Kind.FLOAT,
    "money": Kind.MONEY,
    "bool": Kind.BOOLEAN,
    "text": Kind.TEXT,
    "varchar": Kind.TEXT,
    "bpchar": Kind.TEXT,
    "char": Kind.TEXT,
    "name": Kind.TEXT,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "timetz": Kind.TIME,
    "timestamp": Kind.TIMESTAMP,
    "timestamptz": Kind.TIMESTAMPTZ,
    "interval": Kind.INTERVAL,
    "uuid": Kind.UUID,
    "json": Kind.JSON,
    "jsonb": Kind.JSON,
    "bytea": Kind.BINARY,
    "bit": Kind.BIT,
    "varbit": Kind.BIT,
    "inet": Kind.NETWORK,
    "cidr": Kind.NETWORK,
    "macaddr": Kind.NETWORK,
    "macaddr8": Kind.NETWORK,
    "point": Kind.GEOMETRIC,
    "line": Kind.GEOMETRIC,
    "lseg": Kind.GEOMETRIC,
    "box": Kind.GEOMETRIC,
    "path": Kind.GEOMETRIC,
    "polygon": Kind.GEOMETRIC,
    "circle": Kind.GEOMETRIC,
    "xml": Kind.XML,
    "tsvector": Kind.TSVECTOR,
}
_BITS = {"int2": 16, "int4": 32, "int8": 64, "oid": 32, "float4": 32, "float8": 64}
_EXTENSION_KINDS = {"citext": Kind.TEXT}
_HEADER = 4
"""Type modifiers of varchar and numeric count their own header."""

_TYPES = """
SELECT t.oid::bigint, n.nspname, t.typname, t.typtype, t.typbasetype::bigint, t.typtypmod, t.typnotnull,
       coalesce(e.oid, 0)::bigint, coalesce(r.rngsubtype, 0)::bigint, format_type(t.oid, NULL),
       EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_type e ON e.typarray = t.oid
LEFT JOIN pg_range r ON r.rngtypid = t.oid OR (t.typtype = 'm' AND to_jsonb(r) ->> 'rngmultitypid' = t.oid::text)
"""
_LABELS = "SELECT enumtypid::bigint, enumlabel FROM pg_enum ORDER BY enumtypid, enumsortorder"
_FIELDS = """
SELECT t.oid::bigint, a.atttypid::bigint, a.atttypmod FROM pg_type t
JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY t.oid, a.attnum
"""
_DOMAIN_CHECKS = """
SELECT contypid::bigint, conname, pg_get_expr(conbin, 0), convalidated FROM pg_constraint
WHERE contypid <> 0 AND contype = 'c' ORDER BY contypid, conname
"""


@dataclass(frozen=True)
class DomainCheck:
    """``expression`` speaks of VALUE."""

    name: str
    expression: str
    validated: bool


@dataclass(frozen=True)
class _Row:
    schema: str
    name: str
    category: str
    base: int
    base_modifier: int
    not_null: bool
    element: int
    subtype: int
    sql: str
    of_extension: bool


class TypeCatalog:
    """Every type of one database, by oid."""

    def __init__(self, session: Session) -> None:
        self._rows = {oid: _Row(*rest) for oid, *rest in session.execute(_TYPES).fetchall()}
        self._labels: dict[int, list[str]] = {}
        for oid, label in session.execute(_LABELS).fetchall():
            self._labels.setdefault(oid, []).append(label)
        self._fields: dict[int, list[tuple[int, int]]] = {}
        for oid, field, modifier in session.execute(_FIELDS).fetchall():
            self._fields.setdefault(oid, []).append((field, modifier))
        self._checks: dict[int, list[DomainCheck]] = {}
        for oid, name, expression, validated in session.execute(_DOMAIN_CHECKS).fetchall():
            self._checks.setdefault(oid, []).append(DomainCheck(name, expression, validated))

    def resolve(self, oid: int, modifier: int, sql: str) -> Type:
        """The type of a column; ``sql`` is ``format_type(oid, modifier)``."""
        row = self._rows[oid]
        if row.category == "d":
            # A domain carries its base's modifier itself.
            base = self.resolve(row.base, row.base_modifier, self._spelled(row.base, row.base_modifier))
            return _with_domain(base, f"{row.schema}.{row.name}")
        kind = self._kind(row)
        element = row.element or row.subtype
        return Type(
            kind=kind,
            sql=sql,
            length=_length(row, modifier),
            precision=_precision(row, modifier),
            scale=_scale(row, modifier),
            labels=tuple(self._labels.get(oid, ())),
            element=self.resolve(element, modifier, self._spelled(element, modifier)) if element else None,
            bits=_BITS.get(row.name) if row.schema == "pg_catalog" else None,
            unsigned=row.schema == "pg_catalog" and row.name == "oid",
            fields=tuple(self.resolve(one, own, self._spelled(one, own)) for one, own in self._fields.get(oid, ())),
        )

    def forbids_null(self, oid: int) -> bool:
        """True where the type is a domain that is NOT NULL, itself or by a domain that it is made of."""
        row = self._rows[oid]
        return row.category == "d" and (row.not_null or self.forbids_null(row.base))

    def checks(self, oid: int) -> tuple[DomainCheck, ...]:
        """The checks of a domain and of the domains that it is made of."""
        row = self._rows[oid]
        if row.category != "d":
            return ()
        return (*self.checks(row.base), *self._checks.get(oid, ()))

    def _kind(self, row: _Row) -> Kind:
        if row.element:
            return Kind.ARRAY
        if row.category == "e":
            return Kind.ENUM
        if row.category in ("r", "m"):
            return Kind.RANGE
        if row.category == "c":
            return Kind.COMPOSITE
        if row.schema == "pg_catalog":
            return _KINDS.get(row.name, Kind.OTHER)
        return _EXTENSION_KINDS.get(row.name, Kind.OTHER) if row.of_extension else Kind.OTHER

    def _spelled(self, oid: int, modifier: int) -> str:
        row = self._rows[oid]
        if modifier < 0 or row.schema != "pg_catalog":
            return row.sql
        suffix = _modifier_text(row, modifier)
        words = row.sql.split(" ", 1)
        # The modifier of a time type stands before the words about its zone.
        return f"{words[0]}{suffix} {words[1]}" if row.name.startswith("time") and suffix else row.sql + suffix


def _with_domain(base: Type, name: str) -> Type:
    return replace(base, domain=name)


def _length(row: _Row, modifier: int) -> int | None:
    if row.schema != "pg_catalog":
        return None
    if row.name in ("varchar", "bpchar"):
        return modifier - _HEADER if modifier >= _HEADER else None
    if row.name in ("bit", "varbit"):
        return modifier if modifier > 0 else None
    return {"char": 1, "name": 63}.get(row.name)


def _precision(row: _Row, modifier: int) -> int | None:
    if row.schema != "pg_catalog" or modifier < 0:
        return None
    if row.name == "numeric":
        return ((modifier - _HEADER) >> 16) & 0xFFFF
    return modifier if row.name in ("time", "timetz", "timestamp", "timestamptz") else None


def _scale(row: _Row, modifier: int) -> int | None:
    if row.schema != "pg_catalog" or row.name != "numeric" or modifier < 0:
        return 2 if row.name == "money" else None
    # Eleven bits with a sign, since PostgreSQL 15 allows numeric(3, -2).
    return (((modifier - _HEADER) & 0x7FF) ^ 0x400) - 0x400


def _modifier_text(row: _Row, modifier: int) -> str:
    if row.name == "numeric":
        return f"({_precision(row, modifier)},{_scale(row, modifier)})"
    length = _length(row, modifier)
    if length is not None and row.name in ("varchar", "bpchar", "bit", "varbit"):
        return f"({length})"
    precision = _precision(row, modifier)
    return f"({precision})" if precision is not None else ""


def type_of_result(session: Session, oid: int) -> Type:
    """The type of a query's column; the server has resolved domains already."""
    known = session.adapters.types.get(oid)
    if known is None:
        return Type(Kind.OTHER, "")
    if known.array_oid == oid:
        return Type(Kind.ARRAY, f"{known.regtype}[]")
    return Type(_KINDS.get(known.name, Kind.OTHER), known.regtype, bits=_BITS.get(known.name))
