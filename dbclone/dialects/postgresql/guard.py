"""The guard of the target: takes an Address, gives a place to build in, or refuses.

Refused are the source itself, the server's own databases, and whatever holds something that dbclone did not make.
Never changes the target.
"""

from __future__ import annotations

import secrets

from dbclone.dialects.address import Address
from dbclone.dialects.postgresql.connect import Session, connect, database_name, is_of_database
from dbclone.dialects.postgresql.identity import parse_stamp, read_identity, same_database
from dbclone.dialects.postgresql.names import USER_SCHEMA, of_no_extension
from dbclone.dialects.postgresql.place import OpenTransaction, Place, ScratchDatabase, Target, remove_stale
from dbclone.errors import ConnectError, TargetError, TargetRefused

_MAINTENANCE = ("postgres", "defaultdb")
_OWN_DATABASES = ("postgres", "template0", "template1", "defaultdb")
_HOLDS_SOMETHING = f"""
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE {USER_SCHEMA} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
                 AND {of_no_extension("pg_class", "c.oid")})
    OR EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
               WHERE {USER_SCHEMA} AND {of_no_extension("pg_proc", "p.oid")})
    OR EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
               WHERE {USER_SCHEMA} AND t.typtype IN ('d', 'e', 'r') AND {of_no_extension("pg_type", "t.oid")})
"""
_FOUND = """
SELECT d.oid::bigint, shobj_description(d.oid, 'pg_database'), pg_has_role(d.datdba, 'USAGE') FROM pg_database d
WHERE d.datname = %s
"""
_MAY_CREATE = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"


def open_place(address: Address, *, source_identity: str | None, replace: bool) -> Place:
    """Where to build a clone for ``address``.

    Raises ConnectError, TargetRefused, and TargetError where the role has no right to build anything.
    """
    name = database_name(address)
    if name in _OWN_DATABASES:
        raise TargetRefused(
            f"{address.display} is the server's own database.", hint="name a database that is to hold the clone."
        )
    token = secrets.token_hex(4)
    maintenance = _maintenance(address, token)
    if maintenance is None:
        return _in_place(address, name, token, source_identity, replace)
    try:
        return _beside(address, name, token, maintenance, source_identity, replace)
    except BaseException:
        maintenance.close()
        raise


def _beside(
    address: Address, name: str, token: str, maintenance: Session, source_identity: str | None, replace: bool
) -> Place:
    found = maintenance.execute(_FOUND, [name]).fetchone()
    may_create = bool((maintenance.execute(_MAY_CREATE).fetchone() or (False,))[0])
    if found is None:
        if not may_create:
            raise TargetError(
                f'{address.display} does not exist, and user "{maintenance.info.user}" may not create databases.',
                hint=f'ALTER ROLE "{maintenance.info.user}" CREATEDB, or have the database created with this user'
                " as its owner.",
            )
        target = Target(address, name, None, token)
        remove_stale(maintenance, name)
        return ScratchDatabase(target, maintenance)
    oid, comment, owned = found
    if source_identity is not None and same_database(source_identity, read_identity(maintenance, name)):
        raise _is_source(address)
    if not (replace or parse_stamp(comment)):
        with connect(address, database=name) as session:
            _refuse_full(address, session)
    target = Target(address, name, oid, token)
    remove_stale(maintenance, name)
    if may_create and owned:
        return ScratchDatabase(target, maintenance)
    if not owned:
        raise TargetError(
            f'{address.display} belongs to another user than "{maintenance.info.user}".',
            hint=f'ALTER DATABASE "{name}" OWNER TO "{maintenance.info.user}", or name a database that does not exist'
            " yet.",
        )
    maintenance.close()
    return OpenTransaction(target)


def _in_place(address: Address, name: str, token: str, source_identity: str | None, replace: bool) -> Place:
    """Where only the target itself lets this user in."""
    with connect(address, database=name) as session:
        if source_identity is not None and same_database(source_identity, read_identity(session)):
            raise _is_source(address)
        oid, comment, owned = session.execute(_FOUND, [name]).fetchone() or (None, None, False)
        if not (replace or parse_stamp(comment)):
            _refuse_full(address, session)
        if not owned:
            raise TargetError(
                f'{address.display} belongs to another user than "{session.info.user}".',
                hint=f'ALTER DATABASE "{name}" OWNER TO "{session.info.user}".',
            )
    return OpenTransaction(Target(address, name, oid, token))


def _refuse_full(address: Address, session: Session) -> None:
    row = session.execute(_HOLDS_SOMETHING.encode()).fetchone()
    if row and row[0]:
        raise TargetRefused(
            f"{address.display} is not empty and was not made by dbclone.",
            hint="name another target, or give --replace to lose all that it holds.",
        )


def _is_source(address: Address) -> TargetRefused:
    return TargetRefused(f"{address.display} is the source itself.", hint="name another database as the target.")


def _maintenance(address: Address, token: str) -> Session | None:
    """A session beside the target, None where the server lets this user into no database but the target."""
    for name in _MAINTENANCE:
        try:
            return connect(address, database=name, application=f"dbclone {token}")
        except ConnectError as error:
            if not is_of_database(error):
                raise
    return None
