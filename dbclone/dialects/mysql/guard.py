"""The guard of the target: takes an Address, gives a place to build in, or refuses.

Refused are the source itself, the server's own databases, and whatever holds something that dbclone did not make.
Never changes the target.
"""

from __future__ import annotations

import secrets

from dbclone.dialects.address import Address
from dbclone.dialects.mysql.connect import DriverError, Session, connect, database_of, literal, rows_of, words_of
from dbclone.dialects.mysql.identity import read_identity, read_stamp
from dbclone.dialects.mysql.names import SYSTEM, lock_name
from dbclone.dialects.mysql.place import ScratchDatabase, remove_stale
from dbclone.errors import ConnectError, TargetRefused

_HELD = (
    ("information_schema.tables", "table_schema"),
    ("information_schema.routines", "routine_schema"),
    ("information_schema.events", "event_schema"),
)


def open_place(address: Address, *, source_identity: str | None, replace: bool) -> ScratchDatabase:
    """Where to build a clone for ``address``. Raises ConnectError and TargetRefused."""
    name = database_of(address)
    if name.lower() in SYSTEM:
        raise TargetRefused(
            f"{address.display} is the server's own database.", hint="name a database that is to hold the clone."
        )
    token = secrets.token_hex(4)
    session = connect(address, database="", application=f"dbclone {token}")
    try:
        exists = bool(rows_of(session, "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (name,)))
        if source_identity is not None and source_identity == read_identity(session, name):
            raise TargetRefused(f"{address.display} is the source itself.", hint="name another database as the target.")
        if exists and not replace and _holds_something(session, name) and read_stamp(session, name) is None:
            raise TargetRefused(
                f"{address.display} is not empty and was not made by dbclone.",
                hint="name another target, or give --replace to lose all that it holds.",
            )
        # As long as this session lives, no other run takes what this one makes for litter.
        rows_of(session, "SELECT GET_LOCK(%s, 0)", (lock_name(token),))
        remove_stale(session, name)
    except DriverError as error:
        session.close()
        raise ConnectError(f"{address.display} cannot be looked at: {words_of(error)}.") from None
    except BaseException:
        session.close()
        raise
    return ScratchDatabase(address, name, token, session, exists=exists)


def _holds_something(session: Session, name: str) -> bool:
    parts = [f"(SELECT count(*) FROM {view} WHERE {column} = {literal(name)})" for view, column in _HELD]
    return bool(rows_of(session, f"SELECT {' + '.join(parts)}")[0][0])
