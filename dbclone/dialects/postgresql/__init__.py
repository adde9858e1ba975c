"""PostgreSQL 13 to 18 as a source and as a target; the only place that imports psycopg.

Takes an Address, gives a Source or a Loader. Hands both out lazily: importing this package opens no driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dbclone.dialects.address import Address
    from dbclone.dialects.postgresql.loader import PostgresLoader
    from dbclone.dialects.postgresql.source import PostgresSource

__all__ = ["open_loader", "open_source"]


def open_source(address: Address, *, lock_timeout: int = 30, statement_timeout: int = 3600) -> PostgresSource:
    """Opens a database in one read-only snapshot; the timeouts are seconds a statement.

    Raises ConnectError where it cannot be opened.
    """
    from dbclone.dialects.postgresql.source import PostgresSource

    return PostgresSource(address, lock_timeout=lock_timeout, statement_timeout=statement_timeout)


def open_loader(
    address: Address,
    *,
    source_identity: str | None = None,
    replace: bool = False,
    mode: Literal["native", "sqlalchemy"] = "native",
) -> PostgresLoader:
    """Guards the target and makes ready to fill a scratch database beside it.

    Raises ConnectError, and TargetRefused where the target is the source or holds what is not ours to replace.
    """
    from dbclone.dialects.postgresql.loader import PostgresLoader

    return PostgresLoader(address, source_identity=source_identity, replace=replace, mode=mode)
