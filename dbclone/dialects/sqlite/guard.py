"""What protects a SQLite target: never the source, never a stranger's file, never one that is in use.

Takes an Address, raises TargetRefused or returns. Writes nothing but a pending journal of the target's own.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from urllib.parse import quote as percent

from dbclone.dialects.address import Address
from dbclone.dialects.sqlite.catalog import list_entries
from dbclone.dialects.sqlite.source import identity_of, read_stamp
from dbclone.errors import TargetError, TargetRefused


def guard(address: Address, *, source_identity: str | None, replace: bool) -> None:
    """Raises TargetRefused unless the target is missing, empty, a clone, or ``replace`` says that it may go."""
    path = address.file
    if not path.exists():
        return
    if source_identity is not None and identity_of(path) == source_identity:
        raise TargetRefused(
            f"{address} is the source itself.", hint="choose another target: dbclone never writes to its source."
        )
    if not path.is_file():
        raise TargetRefused(f"{address} is no file.", hint="name a file for SQLite, or a folder with a final slash.")
    if path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        if file.read(15) != b"SQLite format 3":
            raise TargetRefused(
                f"{address} exists and is not a SQLite database.", hint="choose another name, or remove the file first."
            )
    if replace:
        return
    try:
        held = _held(path)
    except sqlite3.Error as error:
        raise TargetRefused(f"{address} exists and cannot be read: {error}.", hint="choose another name.") from None
    if held:
        raise TargetRefused(
            f"{address} is not empty ({held}) and was not made by dbclone.",
            hint="choose another name, or pass --replace to overwrite it.",
        )


def quiesce(path: Path) -> None:
    """Folds a target's -wal and -journal into it before it is replaced: left behind, they would be replayed into the
    new file. Raises TargetError where another program has the file open."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as connection:
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            if "not a database" in str(error) or "malformed" in str(error):
                return
            mode = "busy"
    if mode not in ("delete", "memory", "off"):
        raise TargetError(f"{path} is open in another program.", hint="close it and run the command again.")


def _held(path: Path) -> str:
    """What a stranger's file holds, in words; empty for an empty file and for a clone."""
    uri = f"file:{percent(str(path.absolute()))}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        if read_stamp(connection) is not None:
            return ""
        entries = list_entries(connection)
    tables = sum(entry.kind == "table" for entry in entries)
    if not entries:
        return ""
    return f"{tables} table{'' if tables == 1 else 's'}" if tables else f"{len(entries)} objects"
