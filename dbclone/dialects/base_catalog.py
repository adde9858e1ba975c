"""The schema of any database through SQLAlchemy's inspector.

Takes a connection, gives a Schema of its default schema's tables. What the inspector does not see is not in it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

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


def read_schema(connection: sa.Connection, *, without: frozenset[str] = frozenset()) -> Schema:
    """Every table of the default schema but those of ``without``, and its views as objects."""
    inspector = sa.inspect(connection)
    dialect = connection.engine.dialect
    place = inspector.default_schema_name or ""
    names = sorted(name for name in inspector.get_table_names() if name not in without)
    return Schema(
        "mysql" if dialect.name == "mariadb" else dialect.name,
        tuple(_table(inspector, place, name) for name in names),
        objects=tuple(SchemaObject("view", name) for name in sorted(inspector.get_view_names())),
        default_schema=place,
        server_version=".".join(str(part) for part in getattr(dialect, "server_version_info", None) or ()),
    )


def _table(inspector: sa.Inspector, place: str, name: str) -> Table:
    own = TableName(place, name)
    key = inspector.get_pk_constraint(name)
    key_columns = tuple(key.get("constrained_columns") or ())
    keys = tuple(_foreign_key(own, place, facts) for facts in inspector.get_foreign_keys(name))
    linked = {column for foreign in keys for column in foreign.columns}
    declared = _asked(lambda: inspector.get_unique_constraints(name), [])
    uniques = [Unique(tuple(facts["column_names"]), facts.get("name")) for facts in declared]
    indexes = []
    for facts in _asked(lambda: inspector.get_indexes(name), []):
        columns = tuple(column for column in facts["column_names"] if column is not None)
        if not facts["unique"]:
            indexes.append(Index(str(facts["name"]), columns))
        elif len(columns) == len(facts["column_names"]) and columns not in [u.columns for u in uniques]:
            uniques.append(Unique(columns, facts["name"], is_constraint=False))
    comment = _asked(lambda: inspector.get_table_comment(name), {"text": None})
    return Table(
        own,
        tuple(_column(facts, key_columns, linked) for facts in inspector.get_columns(name)),
        PrimaryKey(key_columns, key.get("name")) if key_columns else None,
        tuple(uniques),
        keys,
        tuple(Check(c["sqltext"], c.get("name")) for c in _asked(lambda: inspector.get_check_constraints(name), [])),
        indexes=tuple(sorted(indexes, key=lambda index: index.name)),
        comment=comment["text"],
    )


def _asked(question: Callable[[], Any], otherwise: Any) -> Any:
    """Not every dialect can answer every question."""
    with contextlib.suppress(NotImplementedError):
        return question()
    return otherwise


def _foreign_key(own: TableName, place: str, facts: Any) -> ForeignKey:
    options = facts.get("options") or {}
    return ForeignKey(
        own,
        tuple(facts["constrained_columns"]),
        TableName(facts.get("referred_schema") or place, facts["referred_table"]),
        tuple(facts["referred_columns"]),
        facts.get("name"),
        str(options.get("ondelete") or "NO ACTION").upper(),
        str(options.get("onupdate") or "NO ACTION").upper(),
        "FULL" if str(options.get("match") or "").upper() == "FULL" else "SIMPLE",
        bool(options.get("deferrable")),
        str(options.get("initially") or "").upper() == "DEFERRED",
    )


def _column(facts: Any, key: tuple[str, ...], linked: set[str]) -> Column:
    computed = facts.get("computed")
    identity = facts.get("identity")
    automatic = None
    if identity:
        automatic = "always" if identity.get("always") else "by default"
    elif key == (facts["name"],) and facts["name"] not in linked and isinstance(facts["type"], sa.Integer):
        automatic = "by default" if facts.get("autoincrement") in (True, "auto") else None
    return Column(
        facts["name"],
        read_type(facts["type"]),
        bool(facts.get("nullable", True)) and facts["name"] not in key,
        None if computed else facts.get("default"),
        computed["sqltext"] if computed else None,
        automatic,
        comment=facts.get("comment"),
    )


def read_type(type_: sa.types.TypeEngine[Any]) -> Type:
    """SQLAlchemy's type as ours; one that SQLAlchemy does not know travels as text."""
    sql = _asked(lambda: str(type_), type(type_).__name__)
    if isinstance(type_, sa.Enum):
        return Type(Kind.ENUM, sql, labels=tuple(type_.enums))
    if isinstance(type_, sa.Integer):
        bits = 16 if isinstance(type_, sa.SmallInteger) else 64 if isinstance(type_, sa.BigInteger) else 32
        return Type(Kind.INTEGER, sql, bits=bits, unsigned=bool(getattr(type_, "unsigned", False)))
    if isinstance(type_, (sa.Float, sa.Double)):
        return Type(Kind.FLOAT, sql)
    if isinstance(type_, sa.Numeric):
        return Type(Kind.DECIMAL, sql, precision=type_.precision, scale=type_.scale)
    if isinstance(type_, sa.DateTime):
        return Type(Kind.TIMESTAMPTZ if type_.timezone else Kind.TIMESTAMP, sql)
    if isinstance(type_, sa.String):
        return Type(Kind.TEXT, sql, length=type_.length)
    for known, kind in _KINDS:
        if isinstance(type_, known):
            return Type(kind, sql)
    return Type(Kind.OTHER, sql)


_KINDS: tuple[tuple[type[Any], Kind], ...] = (
    (sa.Boolean, Kind.BOOLEAN),
    (sa.Date, Kind.DATE),
    (sa.Time, Kind.TIME),
    (sa.Interval, Kind.INTERVAL),
    (sa.LargeBinary, Kind.BINARY),
    (sa.JSON, Kind.JSON),
    (sa.Uuid, Kind.UUID),
    (sa.ARRAY, Kind.ARRAY),
)
