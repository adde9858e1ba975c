"""MySQL 8 and MariaDB as a source and as a target; the only place that imports pymysql.

Takes an Address, gives a Source or a Loader. Hands both out lazily: importing this package opens no driver.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dbclone.dialects.protocol import DdlMode
from dbclone.errors import ConfigError

if TYPE_CHECKING:
    from dbclone.dialects.address import Address
    from dbclone.dialects.mysql.loader import MysqlLoader
    from dbclone.dialects.mysql.source import MysqlSource

__all__ = ["open_loader", "open_source"]


def open_source(address: Address, *, lock_timeout: int = 30, statement_timeout: int = 3600) -> MysqlSource:
    """Opens a database in one read-only snapshot; the timeouts are seconds a statement.

    Raises ConnectError where it cannot be opened, ConfigError where the driver is not installed.
    """
    with _driver(address):
        from dbclone.dialects.mysql.source import MysqlSource

    return MysqlSource(address, lock_timeout=lock_timeout, statement_timeout=statement_timeout)


def open_loader(
    address: Address, *, source_identity: str | None = None, replace: bool = False, ddl_mode: DdlMode = "native"
) -> MysqlLoader:
    """Guards the target and makes ready to fill a scratch database beside it.

    Raises ConnectError, ConfigError, and TargetRefused where the target is the source or holds what is not ours.
    """
    with _driver(address):
        from dbclone.dialects.mysql.loader import MysqlLoader

    return MysqlLoader(address, source_identity=source_identity, replace=replace, ddl_mode=ddl_mode)


@contextlib.contextmanager
def _driver(address: Address) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "pymysql":
            raise
        raise ConfigError(f"{address} needs the Python package PyMySQL.", hint="pip install 'dbclone[mysql]'") from None
