"""The DDL of a database in its own words: takes a session and its schema, gives two scripts.

Before the rows: sequences and tables. After them: foreign keys, then routines, views, triggers and events, each as made
by whoever runs the script and without the source's own name in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbclone.dialects.mysql.connect import DriverError, Flavour, Session, plain_mode, quote, rows_of
from dbclone.dialects.mysql.statements import (
    cut_create_table,
    join_statements,
    mentions,
    without_database,
    without_definer,
)
from dbclone.dialects.protocol import Ddl
from dbclone.schema import ForeignKey, Schema, SchemaObject, TableName

_COLUMN_OF = {"view": 1, "trigger": 2, "function": 2, "procedure": 2, "event": 3}
_MODE_OF = {"trigger": 1, "function": 1, "procedure": 1, "event": 1}
_ORDER = ("function", "procedure", "view", "trigger", "event")


def read_ddl(
    session: Session,
    schema: Schema,
    without: frozenset[TableName],
    unmade: frozenset[ForeignKey],
    flavour: Flavour,
) -> Ddl:
    """Both scripts. What stands in a table of ``without``, or names one, is left out, and so are ``unmade`` keys."""
    database = schema.default_schema
    pre, keys, post = [], [], list[str]()
    with plain_mode(session):
        pre.append(_database(session, database))
        for sequence in schema.sequences:
            text = _shown(session, "SEQUENCE", f"{quote(database)}.{quote(sequence.name.name)}", 1)
            pre.append(without_database(text, database))
        gone = frozenset(name.name for name in without)
        for table in schema:
            if table.name in without:
                continue
            text = without_database(_shown(session, "TABLE", _full(table.name), 1), database)
            parts = cut_create_table(text)
            pre.append(parts.sql)
            own = {f"CONSTRAINT {quote(key.name)} " for key in unmade if key.table == table.name and key.name}
            kept = [
                sql
                for sql, parent in parts.keys
                if parent not in gone and "." not in parent and not sql.startswith(tuple(own))
            ]
            if kept:
                keys.append(f"ALTER TABLE {quote(table.name.name)}\n  ADD " + ",\n  ADD ".join(kept))
        for kind in _ORDER:
            made = [
                list(_object(session, database, item, gone))
                for item in schema.objects
                if item.kind == kind and item.table not in without
            ]
            for statements in _bases_first(made) if kind == "view" else made:
                post += statements
    return Ddl("mysql", join_statements(tuple(pre)), join_statements((*keys, *post)), flavour.text)


def _database(session: Session, database: str) -> str:
    charset, collation = rows_of(
        session,
        "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata"
        " WHERE schema_name = %s",
        (database,),
    )[0]
    return f"ALTER DATABASE CHARACTER SET {charset} COLLATE {collation}"


def _object(session: Session, database: str, item: SchemaObject, gone: frozenset[str]) -> Iterator[str]:
    """The object's statement, after the SQL mode that it was written in; nothing where this user may not see it."""
    name = f"{quote(database)}.{quote(item.name)}"
    try:
        row = rows_of(session, f"SHOW CREATE {item.kind.upper()} {name}")[0]
    except DriverError:
        return
    text = row[_COLUMN_OF[item.kind]]
    if text is None:
        return
    text = without_database(without_definer(str(text)), database)
    if gone and mentions(text, gone):
        return
    if item.kind in _MODE_OF:
        yield f"SET SESSION sql_mode = '{row[_MODE_OF[item.kind]]}'"
    yield text


def _bases_first(made: list[list[str]]) -> Iterator[list[str]]:
    """Views before those that look at them."""
    named = {match["name"].strip("`"): one for one in made if one and (match := CREATES.match(one[-1]))}
    waiting = {name: {other for other in named if mentions(one[-1], frozenset({other}))} for name, one in named.items()}
    while waiting:
        name = min(waiting, key=lambda one: (len(waiting[one] & set(waiting) - {one}), one))
        del waiting[name]
        yield named[name]


def _shown(session: Session, kind: str, name: str, column: int) -> str:
    return str(rows_of(session, f"SHOW CREATE {kind} {name}")[0][column])


def _full(name: TableName) -> str:
    return f"{quote(name.schema)}.{quote(name.name)}"


def made_objects(script: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """Kind and name of every view, trigger, routine and event that the statements make."""
    found = set()
    for statement in script:
        named = CREATES.match(statement)
        if named:
            found.add((named["kind"].lower(), named["name"].strip("`").replace("``", "`")))
    return frozenset(found)


CREATES = re.compile(
    r"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?(?:SQL\s+SECURITY\s+\w+\s+)?(?:AGGREGATE\s+)?"
    r"(?P<kind>TABLE|SEQUENCE|VIEW|TRIGGER|FUNCTION|PROCEDURE|EVENT)\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    r"(?P<name>`(?:[^`]|``)+`|[\w$]+)(?=[\s(])",
    re.IGNORECASE,
)
