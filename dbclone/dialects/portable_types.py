"""Column types of one database in the words of another.

Takes a Type, gives the type's name in the target's SQL. Never opens a database.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

from dbclone.schema import Kind, Type

_SQLITE = {
    # The declared word decides SQLite's affinity: no word here but INTEGER may contain "INT".
    Kind.FLOAT: "REAL",
    Kind.MONEY: "NUMERIC(19, 2)",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIME: "TIME",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.TIMESTAMPTZ: "TIMESTAMPTZ",
    Kind.UUID: "CHAR(36)",
    Kind.JSON: "JSON",
    Kind.BINARY: "BLOB",
}
_POSTGRESQL = {
    Kind.MONEY: "numeric(19,2)",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.TIME: "time without time zone",
    Kind.TIMESTAMP: "timestamp without time zone",
    Kind.TIMESTAMPTZ: "timestamp with time zone",
    Kind.UUID: "uuid",
    Kind.JSON: "jsonb",
    Kind.BINARY: "bytea",
}
_MYSQL = {
    Kind.MONEY: "decimal(19,2)",
    Kind.BOOLEAN: "tinyint(1)",
    Kind.DATE: "date",
    Kind.TIME: "time(6)",
    Kind.TIMESTAMP: "datetime(6)",
    # Its own timestamp ends in 2038.
    Kind.TIMESTAMPTZ: "datetime(6)",
    Kind.UUID: "char(36)",
    Kind.JSON: "json",
    Kind.BINARY: "longblob",
}
_PG_TEXT_ONLY = (Kind.COMPOSITE, Kind.OTHER)


def type_name(type_: Type, source: str, target: str) -> str:
    """``type_`` as ``target`` spells it; a kind that the target lacks becomes text."""
    if source != target and type_.kind is Kind.DECIMAL and type_.precision is not None:
        # Only PostgreSQL rounds to the left of the point, or has fewer digits than stand behind it.
        scale = max(type_.scale or 0, 0)
        type_ = replace(type_, precision=max(type_.precision - min(type_.scale or 0, 0), scale), scale=scale)
    if target == "sqlite":
        return type_.sql if source == target else _sqlite(type_)
    if target == "postgresql":
        return _own_postgresql(type_) if source == target else _postgresql(type_)
    if target == "mysql":
        return type_.sql if source == target else _mysql(type_)
    if source != target and target == "duckdb" and type_.kind is Kind.DECIMAL and not 0 < (type_.precision or 0) <= 38:
        return "DOUBLE"  # a decimal without bounds, which travels as a double anyway
    return type_.sql if source == target else _generic(type_, target)


def keeps_kind(type_: Type, source: str, target: str) -> bool:
    """False where a value becomes mere text in the target."""
    if source == target:
        return not (target == "postgresql" and type_.kind in _PG_TEXT_ONLY)
    named = {"postgresql": _POSTGRESQL, "mysql": _MYSQL}.get(target, _SQLITE)
    return type_.kind in {Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.TEXT} | set(named)


def _sqlite(type_: Type) -> str:
    if type_.kind is Kind.INTEGER:
        return "BIGINT" if type_.bits == 64 else "SMALLINT" if type_.bits in (8, 16) else "INTEGER"
    if type_.kind is Kind.DECIMAL:
        return "NUMERIC" + _parameters(type_, ", ")
    if type_.kind is Kind.TEXT:
        return f"VARCHAR({type_.length})" if type_.length else "TEXT"
    if type_.kind is Kind.ENUM and type_.labels:
        return f"VARCHAR({max(map(len, type_.labels))})"
    return _SQLITE.get(type_.kind, "TEXT")


def _postgresql(type_: Type) -> str:
    if type_.kind is Kind.INTEGER:
        if type_.unsigned:
            return "bigint"  # what travels as an integer is below 2^63
        return {8: "smallint", 16: "smallint", 24: "integer", 32: "integer"}.get(type_.bits or 64, "bigint")
    if type_.kind is Kind.DECIMAL:
        return "numeric" + _parameters(type_, ",")
    if type_.kind is Kind.FLOAT:
        return "real" if type_.bits == 32 else "double precision"
    if type_.kind is Kind.TEXT:
        return f"character varying({type_.length})" if type_.length else "text"
    return _POSTGRESQL.get(type_.kind, "text")


def _mysql(type_: Type) -> str:
    if type_.kind is Kind.INTEGER:
        word = {8: "tinyint", 16: "smallint", 24: "mediumint", 32: "int"}.get(type_.bits or 64, "bigint")
        return f"{word} unsigned" if type_.unsigned else word
    if type_.kind is Kind.DECIMAL:
        if type_.precision is None or type_.precision > 65 or not 0 <= (type_.scale or 0) <= 30:
            return "double"  # a decimal without bounds, which travels as a double anyway
        return f"decimal({type_.precision},{type_.scale or 0})"
    if type_.kind is Kind.FLOAT:
        return "float" if type_.bits == 32 else "double"
    if type_.kind is Kind.TEXT:
        return f"varchar({type_.length})" if type_.length and type_.length <= 1000 else "longtext"
    if type_.kind is Kind.ENUM and type_.labels:
        labels = "','".join(label.replace("\\", "\\\\").replace("'", "''") for label in type_.labels)
        return f"enum('{labels}')"
    return _MYSQL.get(type_.kind, "longtext")


def _own_postgresql(type_: Type) -> str:
    return "text" if type_.kind in _PG_TEXT_ONLY else type_.sql


def _parameters(type_: Type, comma: str) -> str:
    if type_.precision is None:
        return ""
    return f"({type_.precision}{comma}{type_.scale})" if type_.scale else f"({type_.precision})"


@functools.cache
def _compiler(target: str) -> Any:
    from sqlalchemy.dialects import registry

    return registry.load(target)().type_compiler_instance


def _generic(type_: Type, target: str) -> str:
    return str(_compiler(target).process(generic_type(type_)))


def generic_type(type_: Type) -> Any:
    """SQLAlchemy's own type for it, which every dialect of SQLAlchemy spells and binds."""
    import sqlalchemy as sa

    wide = sa.String(type_.length) if type_.length else sa.Text()
    labels = sa.String(max((len(label) for label in type_.labels), default=255))
    whole = sa.SmallInteger() if type_.bits in (8, 16) else sa.Integer() if type_.bits == 32 else sa.BigInteger()
    known: dict[Kind, sa.types.TypeEngine[Any]] = {
        Kind.INTEGER: whole,
        Kind.DECIMAL: sa.Numeric(type_.precision, type_.scale),
        Kind.FLOAT: sa.Double(),
        Kind.MONEY: sa.Numeric(19, 2),
        Kind.BOOLEAN: sa.Boolean(),
        Kind.TEXT: wide,
        Kind.ENUM: labels,
        Kind.DATE: sa.Date(),
        Kind.TIME: sa.Time(),
        Kind.TIMESTAMP: sa.DateTime(),
        Kind.TIMESTAMPTZ: sa.DateTime(timezone=True),
        Kind.UUID: sa.String(36),
        Kind.BINARY: sa.LargeBinary(),
    }
    return known.get(type_.kind, sa.Text())
