"""A schema of one database as CREATE statements of another, with everything that gets lost on the way listed.

Takes a Schema and the name of a target's dialect, gives text. Never opens the source or the target.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbclone.dialects.portable import PortableDdl
from dbclone.dialects.portable_duckdb import DuckdbWriter
from dbclone.dialects.portable_mysql import MysqlWriter
from dbclone.dialects.portable_sqlite import SqliteWriter
from dbclone.dialects.portable_writer import ServerWriter, Writer
from dbclone.dialects.protocol import Loss
from dbclone.schema import Schema, TableName, flat_names, told_apart


def portable_ddl(schema: Schema, target: str) -> PortableDdl:
    """``schema`` for ``target`` (``postgresql``, ``sqlite`` or another SQLAlchemy dialect's name)."""
    apart, renamed = told_apart(schema, target)
    ddl = _writer(apart, target).write()
    told = [
        Loss("name", f"{table}.{old}", f'called "{new}", which the target tells from the others')
        for table, names in renamed.items()
        for old, new in names.items()
    ]
    flat = flat_names(schema, target)
    told += [
        Loss("name", str(table), f'called "{flat[table]}", which the target tells from the others')
        for table, short in schema.short_names.items()
        if flat[table] != short
    ]
    spellings = _spellings(schema, apart)
    said = {(name, own): ddl.said[name, text] for name, own, text in spellings if (name, text) in ddl.said}
    return replace(ddl, losses=(*told, *ddl.losses), renamed=renamed, schema=apart, said=said)


def _spellings(schema: Schema, apart: Schema) -> Iterator[tuple[TableName, str, str]]:
    """Every expression of the source, and the same with its columns under the target's names."""
    for table, other in zip(schema, apart, strict=True):
        pairs = [(one.expression, two.expression) for one, two in zip(table.checks, other.checks, strict=True)]
        for one, two in zip(table.uniques, other.uniques, strict=True):
            pairs += zip(one.expressions, two.expressions, strict=True)
            pairs += [(one.predicate or "", two.predicate or "")]
        yield from ((table.name, own, text) for own, text in pairs)


def _writer(schema: Schema, target: str) -> Writer:
    if target == "sqlite":
        return SqliteWriter(schema, target)
    if target == "mysql":
        return MysqlWriter(schema, target)
    if target == "duckdb":
        return DuckdbWriter(schema, target)
    return ServerWriter(schema, target)
