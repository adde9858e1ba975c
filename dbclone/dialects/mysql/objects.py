"""Everything of a database that is no table: takes a session, gives `SchemaObject` and `Sequence` values.

Also lists what a column does beyond its type (ON UPDATE CURRENT_TIMESTAMP) and that no other database can.
"""

from __future__ import annotations

from dbclone.dialects.mysql.connect import Flavour, Session, quote, rows_of
from dbclone.schema import SchemaObject, Sequence, TableName

_VIEWS = "SELECT 'view', table_name, NULL, view_definition FROM information_schema.views WHERE table_schema = %s"
_TRIGGERS = """
SELECT 'trigger', trigger_name, event_object_table,
       concat(action_timing, ' ', event_manipulation, ' ', action_statement)
FROM information_schema.triggers WHERE trigger_schema = %s
"""
_ROUTINES = """
SELECT lower(routine_type), routine_name, NULL, routine_definition FROM information_schema.routines
WHERE routine_schema = %s
"""
_EVENTS = "SELECT 'event', event_name, NULL, event_definition FROM information_schema.events WHERE event_schema = %s"
_UPDATES = """
SELECT 'on update', concat(table_name, '.', column_name), table_name, extra FROM information_schema.columns
WHERE table_schema = %s AND extra LIKE '%%on update%%'
"""
_SEQUENCES = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type = 'SEQUENCE'"


def read_objects(session: Session, database: str) -> tuple[SchemaObject, ...]:
    """Views, triggers, routines and events, sorted by kind and name."""
    found = []
    for query in (_VIEWS, _TRIGGERS, _ROUTINES, _EVENTS, _UPDATES):
        for kind, name, table, definition in rows_of(session, query, (database,)):
            owner = TableName(database, table) if table is not None else None
            found.append(SchemaObject(kind, name, owner, definition))
    return tuple(sorted(found, key=lambda item: (item.kind, item.name)))


def read_sequences(session: Session, database: str, flavour: Flavour) -> tuple[Sequence, ...]:
    """MariaDB's sequences; MySQL has none."""
    if not flavour.is_mariadb:
        return ()
    found = []
    for (name,) in rows_of(session, _SEQUENCES, (database,)):
        start, step, low, high, cycle = rows_of(
            session,
            "SELECT start_value, increment, minimum_value, maximum_value, cycle_option"
            f" FROM {quote(database)}.{quote(name)}",
        )[0]
        found.append(Sequence(TableName(database, name), start, step, low, high, bool(cycle)))
    return tuple(sorted(found, key=lambda one: one.name))
