"""What portable DDL needs to know of the server that it is made for: which types of the source it has.

Takes a session and a Schema of PostgreSQL's, gives the Schema with types that the server knows. Makes extensions that
are there to be made; never fails for one that is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import psycopg

from dbclone.dialects.portable_types import type_name
from dbclone.dialects.postgresql.connect import Session
from dbclone.dialects.postgresql.names import quote
from dbclone.dialects.protocol import Loss
from dbclone.schema import Column, Kind, Schema, Table, Type

_OWN = "postgresql"


def with_known_types(session: Session, schema: Schema) -> tuple[Schema, tuple[Loss, ...]]:
    """The schema with ``text`` in place of every type that this server does not have, each of them listed."""
    if schema.dialect != _OWN:
        return schema, ()
    spelled = {_spelled(column.type) for table in schema for column in table.columns} - {None}
    unknown = _unknown(session, spelled)
    losses: list[Loss] = []
    if unknown:
        losses += _make_extensions(session, schema, unknown)
        unknown = _unknown(session, unknown)
    tables = []
    for table in schema:
        strange = [column for column in table.columns if _spelled(column.type) in unknown]
        losses += [Loss("type", f"{table.name}.{column.name} {column.type.sql}", _FALLBACK) for column in strange]
        tables.append(_with_texts(table, {column.name for column in strange}))
    return replace(schema, tables=tuple(tables)), tuple(losses)


_FALLBACK = "text, in the source's text form, where small letters are others than capitals"


def _spelled(kind: Type) -> str | None:
    """The type's name in the target's DDL, None where that makes the type itself, or writes a text anyway."""
    element = kind.element.kind if kind.element is not None else kind.kind
    own = type_name(kind, _OWN, _OWN)
    return None if element is Kind.ENUM or own != kind.sql or "." not in own else own


def _unknown(session: Session, spelled: Iterable[str | None]) -> set[str | None]:
    found = session.execute(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regtype(name) IS NULL", [list(spelled)]
    ).fetchall()
    return {str(row[0]) for row in found}


def _make_extensions(session: Session, schema: Schema, unknown: set[str | None]) -> list[Loss]:
    """Where the source has their types, as far as that shows; else where the server puts them."""
    losses = []
    places = sorted({name.rpartition(".")[0] for name in unknown if name is not None})
    for item in schema.objects:
        if item.kind != "extension":
            continue
        creation = f"CREATE EXTENSION IF NOT EXISTS {quote(item.name)}"
        if any(_makes_known(session, creation, place, unknown) for place in places):
            continue
        try:
            with session.transaction():
                session.execute(creation.encode())
        except psycopg.Error as error:
            losses.append(Loss("extension", item.name, f"left out: {error.diag.message_primary}"))
    return losses


def _makes_known(session: Session, creation: str, place: str, unknown: set[str | None]) -> bool:
    """Makes the extension in the schema ``place``; undone, and False, where that brings no type that is looked for."""
    before = _unknown(session, unknown)
    try:
        with session.transaction():
            session.execute(f"CREATE SCHEMA IF NOT EXISTS {place}; {creation} SCHEMA {place}".encode())
            made = _unknown(session, unknown) != before
            if not made:
                raise psycopg.Rollback
    except psycopg.Error:
        return False
    return made


def _with_texts(table: Table, names: set[str]) -> Table:
    if not names:
        return table

    def known(column: Column) -> Column:
        text = replace(column.type, sql="text", element=None, domain=None)
        return replace(column, type=text) if column.name in names else column

    # An index may name what only the type has; a plain one serves.
    indexes = tuple(
        replace(index, definition=None) if names & set(index.columns) else index for index in table.indexes
    )
    return replace(table, columns=tuple(known(column) for column in table.columns), indexes=indexes)
