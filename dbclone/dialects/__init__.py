"""Everything that knows a database's name: takes an Address, gives a Source to read or a Loader to fill.

Drivers are imported when a database is opened, never before. Never sees a model.
"""

from __future__ import annotations

from dbclone.dialects.address import Address, parse_address
from dbclone.dialects.protocol import Ddl, DdlMode, Family, Loader, Loss, Reading, Source, Stamp, Violation
from dbclone.errors import ConfigError, SourceError, StampedSource

__all__ = [
    "Address",
    "Ddl",
    "DdlMode",
    "Family",
    "Loader",
    "Loss",
    "Reading",
    "Source",
    "Stamp",
    "Violation",
    "open_loader",
    "open_source",
    "parse_address",
]

_FILE_KINDS = {
    "parquet": "a folder of Parquet files",
    "csv": "a folder of CSV files",
    "sql": "a file of SQL statements",
    "bundle": "a bundle",
}


def open_source(address: Address, *, force: bool = False) -> Source:
    """Opens a database for reading.

    Raises ConnectError where it cannot be reached, StampedSource where it is itself a clone (unless ``force``), and
    SourceError where the address is no database.
    """
    if not address.is_database:
        hint = "name a database or a SQLite file."
        if address.dialect == "bundle":
            hint = f"run: dbclone generate {address} TARGET"
        raise SourceError(f"{address} is {_FILE_KINDS[address.dialect]}, not a database to read.", hint=hint)
    source = _source(address)
    if source.stamp is not None and not force:
        stamp = source.stamp
        source.close()
        raise StampedSource(
            f"{address} is itself a clone (made by dbclone {stamp.version} at {stamp.time}):"
            " models trained on synthetic rows collapse.",
            hint="name the original database, or pass --force if you are sure.",
        )
    return source


def open_loader(
    address: Address, *, source_identity: str | None = None, replace: bool = False, ddl_mode: DdlMode = "native"
) -> Loader:
    """Opens a scratch database that becomes ``address`` when it is published.

    ``source_identity`` is the ``identity`` of the source, which may never be the target. ``ddl_mode`` is ``native``
    (the source's own DDL where it is of the same dialect) or ``sqlalchemy`` (portable DDL, the loss listed). Raises
    TargetRefused where the target is the source, or is neither empty nor a clone and ``replace`` is false.
    """
    if ddl_mode not in ("native", "sqlalchemy"):
        raise ConfigError(f'"{ddl_mode}" is no way to make tables.', hint='write --ddl native or --ddl sqlalchemy.')
    if address.dialect == "postgresql":
        from dbclone.dialects import postgresql

        return postgresql.open_loader(address, source_identity=source_identity, replace=replace, mode=ddl_mode)
    if address.dialect == "sqlite":
        from dbclone.dialects import sqlite

        return sqlite.open_loader(address, source_identity=source_identity, replace=replace, ddl_mode=ddl_mode)
    if address.dialect == "mysql":
        from dbclone.dialects import mysql

        return mysql.open_loader(address, source_identity=source_identity, replace=replace, ddl_mode=ddl_mode)
    if address.is_database:
        from dbclone.dialects import base

        return base.open_loader(address, source_identity=source_identity, replace=replace)
    raise ConfigError(f"{address} is {_FILE_KINDS[address.dialect]}, not a database.", hint="name a database.")


def _source(address: Address) -> Source:
    if address.dialect == "postgresql":
        from dbclone.dialects import postgresql

        return postgresql.open_source(address)
    if address.dialect == "sqlite":
        from dbclone.dialects import sqlite

        return sqlite.open_source(address)
    if address.dialect == "mysql":
        from dbclone.dialects import mysql

        return mysql.open_source(address)
    from dbclone.dialects import base

    return base.open_source(address)
