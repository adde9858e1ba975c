"""Which database this is and whether dbclone made it: takes a session, gives an identity and a stamp.

The stamp is the database's comment, where no dump of the schema shows it.
"""

from __future__ import annotations

import json
from dataclasses import asdict

import psycopg

from dbclone.dialects.postgresql.connect import Session
from dbclone.dialects.protocol import Stamp

_MARKER = "dbclone"
_START = "extract(epoch FROM pg_postmaster_start_time())::numeric::text"


def read_identity(session: Session, database: str | None = None) -> str:
    """``postgresql:system:start:oid``: the cluster, the server's start for roles that may not ask for the cluster, and
    the database's number (of ``database`` where that is named, else of the session's own)."""
    try:
        row = session.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
        system = str(row[0]) if row else "?"
    except psycopg.errors.InsufficientPrivilege:
        system = "?"
    name = database if database is not None else session.info.dbname
    found = session.execute(
        f"SELECT {_START}, oid::text FROM pg_database WHERE datname = %s".encode(), [name]
    ).fetchone()
    start, oid = found if found else ("?", "?")
    return f"postgresql:{system}:{start}:{oid}"


def same_database(one: str, other: str) -> bool:
    """True where two identities mean the same database."""
    parts, others = one.split(":"), other.split(":")
    if len(parts) != 4 or len(others) != 4 or parts[0] != others[0] or parts[3] != others[3] or parts[3] == "?":
        return False
    if "?" not in (parts[1], others[1]):
        return parts[1] == others[1]
    return parts[2] == others[2]


def stamp_text(stamp: Stamp) -> str:
    return json.dumps({_MARKER: asdict(stamp)}, sort_keys=True)


def parse_stamp(comment: str | None) -> Stamp | None:
    """The stamp in a database's comment, None where somebody else wrote it."""
    try:
        data = json.loads(comment or "")
    except ValueError:
        return None
    if not isinstance(data, dict) or not isinstance(data.get(_MARKER), dict):
        return None
    found = data[_MARKER]
    return Stamp(
        version=str(found.get("version", "")),
        bundle=str(found.get("bundle", "")),
        seed=int(found.get("seed", 0)),
        time=str(found.get("time", "")),
        synthetic=bool(found.get("synthetic", True)),
    )


def read_stamp(session: Session, database: str | None = None) -> Stamp | None:
    """The stamp of ``database``, of the session's own where none is named."""
    name = database if database is not None else session.info.dbname
    row = session.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    return parse_stamp(row[0] if row else None)
