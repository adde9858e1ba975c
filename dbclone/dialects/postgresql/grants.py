"""Privileges: takes what pg_dump says of them and a session, grants them in the clone to the roles that its server has.

Runs nothing but GRANT, REVOKE and ALTER DEFAULT PRIVILEGES on objects of the database itself: a bundle may come from a
stranger, and roles and other databases are none of its business.
"""

from __future__ import annotations

import re

import psycopg

from dbclone.dialects.postgresql.connect import Session
from dbclone.dialects.postgresql.entries import parse_entries
from dbclone.dialects.protocol import Loss

KINDS = ("ACL", "DEFAULT ACL")
_STATEMENT = re.compile(r"(?:[^;\"]|\"(?:[^\"]|\"\")*\")+;")
_OURS = re.compile(
    r"\s*(?:(?:GRANT|REVOKE)\s[^;]*?\sON\s+(?:TABLE|SEQUENCE|SCHEMA|FUNCTION|PROCEDURE|ROUTINE|TYPE|DOMAIN|LANGUAGE|"
    r"FOREIGN\s+(?:SERVER|DATA\s+WRAPPER))\s|ALTER\s+DEFAULT\s+PRIVILEGES\s)",
    re.IGNORECASE,
)


def grant(session: Session, text: str) -> tuple[Loss, ...]:
    """Runs the entries of ``text``; lists what the target's server has no role for, or refuses."""
    losses = []
    for entry in parse_entries(text):
        for statement in _STATEMENT.findall(entry.sql):
            if entry.kind not in KINDS or not _OURS.match(statement):
                continue
            try:
                with session.transaction():
                    session.execute(statement.encode())
            except psycopg.Error as error:
                reason = error.diag.message_primary or type(error).__name__
                losses.append(Loss("grant", " ".join(statement.split()).rstrip(";"), f"left out: {reason}"))
    return tuple(losses)
