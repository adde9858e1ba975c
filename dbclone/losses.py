"""What is known to be lost before a row is read: in another kind of database, or with what was asked for.

Takes a Schema, an Address and a Config, gives losses. Never opens a database.
"""

from __future__ import annotations

import re
from pathlib import Path

from dbclone.config import Config
from dbclone.dialects import Address, Loss, parse_address
from dbclone.dialects.protocol import Ddl
from dbclone.errors import ConfigError
from dbclone.schema import Schema

_KINDS = {
    "duckdb": "duckdb",
    "mariadb": "mysql",
    "mysql": "mysql",
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "sqlite": "sqlite",
}


def dialect_of(target: str) -> str:
    """The kind of database that an address leads to, or that a bare word names."""
    if target.lower() in _KINDS:
        return _KINDS[target.lower()]
    # A word alone would be taken for a SQLite file, and its losses for those of what was meant.
    if re.fullmatch(r"\w+", target) and not Path(target).exists():
        raise ConfigError(
            f"{target} is no kind of database that dbclone knows by its name, and no file.",
            hint=f"name an address, or one of {', '.join(_KINDS)}.",
        )
    address = parse_address(target)
    if not address.is_database:
        raise ConfigError(
            f"{address} is no database: what is lost in files cannot be told here.",
            hint=f"name a database, or one of {', '.join(_KINDS)}.",
        )
    if address.dialect != "sqlalchemy":
        return address.dialect
    # Addresses of databases that only SQLAlchemy knows carry their kind in the scheme.
    return target.strip().partition(":")[0].partition("+")[0].lower()


def grants_lost(ddl: Ddl | None, address: Address, config: Config) -> tuple[Loss, ...]:
    """That GRANTs were asked for where nothing carries them."""
    carried = address.dialect == "postgresql" and ddl is not None and ddl.dialect == "postgresql"
    if not config.write.grants or (carried and config.write.ddl == "native"):
        return ()
    return (Loss("grants", "write.grants", "left out: only PostgreSQL's own DDL carries them, to PostgreSQL"),)


def losses_in(schema: Schema, dialect: str, config: Config) -> tuple[Loss, ...]:
    """What a database of another kind cannot have; nothing where the database's own DDL makes the target."""
    from dbclone.dialects.portable_ddl import portable_ddl

    if dialect == schema.dialect and config.write.ddl == "native":
        return ()
    return portable_ddl(schema, dialect).losses
