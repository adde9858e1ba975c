"""SQLite, by Python's own sqlite3: takes an Address, gives a Source or a Loader. Never needs SQLAlchemy."""

from __future__ import annotations

from dbclone.dialects.address import Address
from dbclone.dialects.protocol import DdlMode
from dbclone.dialects.sqlite.loader import SqliteLoader
from dbclone.dialects.sqlite.source import SqliteSource

__all__ = ["SqliteLoader", "SqliteSource", "open_loader", "open_source"]


def open_source(address: Address) -> SqliteSource:
    """Opens a SQLite file for reading. Raises ConnectError where it is missing, locked or no SQLite database."""
    return SqliteSource(address)


def open_loader(
    address: Address, *, source_identity: str | None = None, replace: bool = False, ddl_mode: DdlMode = "native"
) -> SqliteLoader:
    """Opens a scratch file beside the target. Raises TargetRefused where the guard protects the target."""
    return SqliteLoader(address, source_identity=source_identity, replace=replace, ddl_mode=ddl_mode)
