"""Running DDL, entry by entry: takes entries and a session, gives what the target could not have.

Tables, types and keys must come into being; a view, a function or a policy that the target refuses is listed as lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import psycopg

from dbclone.dialects.postgresql.connect import Session
from dbclone.dialects.postgresql.entries import Entry
from dbclone.dialects.protocol import Loss
from dbclone.errors import TargetError

_BATCH = 50
_DISPENSABLE = frozenset(
    {
        "ACCESS METHOD",
        "AGGREGATE",
        "CAST",
        "COMMENT",
        "CONVERSION",
        "EVENT TRIGGER",
        "EXTENSION",
        "FOREIGN DATA WRAPPER",
        "FOREIGN TABLE",
        "FUNCTION",
        "MATERIALIZED VIEW",
        "OPERATOR",
        "OPERATOR CLASS",
        "OPERATOR FAMILY",
        "POLICY",
        "PROCEDURAL LANGUAGE",
        "PROCEDURE",
        "PUBLICATION",
        "PUBLICATION TABLE",
        "PUBLICATION TABLES IN SCHEMA",
        "RULE",
        "SECURITY LABEL",
        "SERVER",
        "STATISTICS",
        "TEXT SEARCH CONFIGURATION",
        "TEXT SEARCH DICTIONARY",
        "TRANSFORM",
        "TRIGGER",
        "VIEW",
    }
)
_OWNER = re.compile(r"\n+ALTER [^\n]* OWNER TO (\"(?:[^\"]|\"\")+\"|\w+);\s*$")


def build(session: Session, entries: Sequence[Entry]) -> tuple[Loss, ...]:
    """Runs ``entries`` in order. Raises TargetError that names the first indispensable one that fails."""
    owners = _owners(session)
    losses: list[Loss] = []
    for start in range(0, len(entries), _BATCH):
        batch = [(entry, _with_known_owner(entry.sql, owners)) for entry in entries[start : start + _BATCH]]
        try:
            with session.transaction():
                session.execute("\n".join(text for _, text in batch).encode())
        except psycopg.Error:
            for entry, text in batch:
                loss = _run_one(session, entry, text, losses)
                losses += [loss] if loss else []
    return tuple(losses)


def _run_one(session: Session, entry: Entry, text: str, losses: Sequence[Loss]) -> Loss | None:
    label = entry.name if entry.schema == "-" else f"{entry.schema}.{entry.name}"
    try:
        with session.transaction():
            session.execute(text.encode())
    except psycopg.errors.DuplicateSchema:
        # Every new database has "public" already.
        return None
    except psycopg.Error as error:
        message = error.diag.message_primary or str(error)
        if entry.kind in _DISPENSABLE:
            return Loss(entry.kind.lower(), label, f"left out: {message}")
        missing = [loss.name for loss in losses if loss.kind == "extension"]
        raise TargetError(
            f"{entry.kind.lower()} {label} cannot be made in the target: {message}",
            where=label,
            hint=f"install the extension {', '.join(missing)} on the target's server first."
            if missing
            else "--ddl sqlalchemy makes plain tables, keys, checks and indexes, and lists what it loses.",
        ) from None
    return None


def _owners(session: Session) -> frozenset[str]:
    """The roles, as SQL writes them, to whom this session may give what it makes."""
    rows = session.execute(
        "SELECT quote_ident(rolname) FROM pg_roles"
        " WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) OR rolname = current_user"
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)


def _with_known_owner(text: str, owners: frozenset[str]) -> str:
    found = _OWNER.search(text)
    return text[: found.start()] + "\n" if found and found[1] not in owners else text
