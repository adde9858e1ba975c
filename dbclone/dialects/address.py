"""Where a database or file is: takes what the user typed, gives a frozen Address.

Looks at the file system only to tell a folder from a file; never connects, never imports a driver. The password stays
in ``Address.text`` and ``Address.url`` and is in no repr, no error and not in ``Address.display``.
"""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from dbclone.errors import ConfigError

DATABASES = ("postgresql", "sqlite", "mysql", "sqlalchemy")
FILES = ("parquet", "csv", "sql", "bundle")

_SCHEMES = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "sqlite": "sqlite",
    "mysql": "mysql",
    "mariadb": "mysql",
}
_SQL_FLAVOURS = ("postgresql", "sqlite", "mysql")
_FOREIGN_SCHEMES = ("oracle", "mssql", "duckdb", "snowflake", "cockroachdb", "redshift", "bigquery", "databricks")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9_]*)(?:\+([A-Za-z0-9_]+))?://(.*)$", re.DOTALL)
_PREFIX = re.compile(r"^(parquet|csv|sql|sqlite|bundle)(?:\+([a-z]+))?:(.*)$", re.DOTALL)
_CONNINFO = re.compile(r"^\s*(?:host|hostaddr|port|dbname|user|password|service|sslmode)\s*=", re.IGNORECASE)
_SECRETS = re.compile(r"((?:password|passwd|pwd|sslpassword|token|secret)=)[^&;\s]*", re.IGNORECASE)
_HINT = 'write a database URL (postgresql://user@host/name), a SQLite file (shop.db) or a folder with a trailing "/".'


@dataclass(frozen=True)
class Address:
    """``dialect`` is one of DATABASES or FILES; ``url`` is for the driver alone, ``path`` for files and SQLite.

    ``flavour`` is the SQL dialect that the user asked of a ``.sql`` file, None where it follows the source.
    """

    text: str = field(repr=False)
    dialect: str
    url: str = field(repr=False)
    path: Path | None
    display: str
    flavour: str | None = None

    @property
    def is_database(self) -> bool:
        return self.dialect in DATABASES

    @property
    def file(self) -> Path:
        """The path of an address that has one. Raises ConfigError for a database server."""
        if self.path is None:
            raise ConfigError(f"{self.display} is a database server, not a file.", hint=_HINT)
        return self.path

    def __str__(self) -> str:
        return self.display


def parse_address(text: str) -> Address:
    """Tells what ``text`` means. Raises ConfigError where it means nothing that dbclone can open."""
    if not text.strip() or "\0" in text:
        raise ConfigError("The address is empty.", hint=_HINT)
    text = text.strip()
    scheme = _SCHEME.match(text)
    if scheme:
        return _parse_url(text, scheme[1].lower(), scheme[2], scheme[3])
    if _CONNINFO.match(text):
        raise ConfigError(
            "The address is a libpq connection string, which dbclone takes as a URL only.",
            hint="write postgresql://user@host:5432/name, or postgresql://?service=NAME for a service file's entry.",
        )
    prefix = _PREFIX.match(text)
    if prefix:
        return _parse_prefixed(text, prefix[1], prefix[2], prefix[3])
    return _parse_path(text)


def _parse_url(text: str, scheme: str, driver: str | None, rest: str) -> Address:
    if scheme == "file":
        return _parse_path(unquote(rest))
    shown = f"{scheme}://{_hide(rest)}"
    dialect = _SCHEMES.get(scheme)
    if dialect == "postgresql":
        _check_port(rest, shown)
        return Address(text, dialect, f"postgresql+psycopg://{rest}", None, shown)
    if dialect == "mysql":
        _check_port(rest, shown)
        return Address(text, dialect, f"mysql+{driver or 'pymysql'}://{rest}", None, shown)
    if dialect == "sqlite":
        return _parse_sqlite(text, rest)
    if scheme in ("http", "https", "ftp", "s3", "gs", "ssh"):
        raise ConfigError(f'"{scheme}" is no kind of database.', where=shown, hint=_HINT)
    near = difflib.get_close_matches(scheme, [*_SCHEMES, *_FOREIGN_SCHEMES], n=1, cutoff=0.75)
    if near and near[0] != scheme:
        raise ConfigError(f'"{scheme}" is no kind of database.', where=shown, hint=f'did you mean "{near[0]}://"?')
    return Address(text, "sqlalchemy", text, None, f"{scheme}{'+' + driver if driver else ''}://{_hide(rest)}")


def _parse_sqlite(text: str, rest: str) -> Address:
    """SQLAlchemy's forms: three slashes lead a relative path, four an absolute one."""
    location, _, _query = rest.partition("?")
    location = unquote(location[1:]) if location.startswith("/") else unquote(location)
    location = location.removeprefix("file:")
    if location in ("", ":memory:"):
        raise ConfigError(
            "A SQLite database in memory ends with the program that made it.",
            hint="name a file: sqlite:///shop.db or just shop.db.",
        )
    return _sqlite_file(text, Path(location))


def _parse_prefixed(text: str, kind: str, flavour: str | None, rest: str) -> Address:
    if not rest:
        raise ConfigError(f'"{text}" names no path.', hint=f"write {kind}:PATH.")
    if flavour is not None and (kind != "sql" or flavour not in _SQL_FLAVOURS):
        raise ConfigError(
            f'"{kind}+{flavour}" is no kind of target.',
            hint=f"a .sql file is written for one of {', '.join('sql+' + name for name in _SQL_FLAVOURS)}.",
        )
    path = Path(rest).expanduser()
    if kind == "sqlite":
        return _sqlite_file(text, path)
    if kind in ("parquet", "csv") and path.is_file():
        raise ConfigError(f"{rest} is a file; {kind} targets are folders.", hint=f"name a folder: {kind}:out/.")
    return Address(text, kind, "", path, text, flavour)


def _parse_path(text: str) -> Address:
    path = Path(text).expanduser()
    ends_as_folder = text.endswith(("/", os.sep))
    if path.is_dir() or (ends_as_folder and not path.exists()):
        kind = "csv" if _holds_csv(path) else "parquet"
        return Address(text, kind, "", path, text)
    if ends_as_folder:
        raise ConfigError(f'"{text}" is a file, not a folder.', hint="leave the trailing slash out.")
    suffix = path.suffix.lower()
    if suffix == ".sql":
        return Address(text, "sql", "", path, text)
    if suffix == ".dbclone":
        return Address(text, "bundle", "", path, text)
    if suffix in (".parquet", ".csv"):
        kind = suffix[1:]
        raise ConfigError(
            f'"{text}" is one file, but a database has many tables.',
            hint=f"name a folder: {kind}:{path.with_suffix('')}/ gets one {suffix} file a table.",
        )
    return _sqlite_file(text, path)


def _sqlite_file(text: str, path: Path) -> Address:
    if path.is_dir():
        raise ConfigError(f"{path} is a folder, not a SQLite file.", hint="name a file inside it.")
    return Address(text, "sqlite", f"sqlite:///{path}", path, str(path))


def _holds_csv(path: Path) -> bool:
    if not path.is_dir():
        return False
    names = [entry.suffix.lower() for entry in path.iterdir()]
    return ".csv" in names and ".parquet" not in names


def _hide(rest: str) -> str:
    """The part after ``://`` without its password, even where that holds an unescaped ``@``, ``/`` or ``?``."""
    user, at, host = rest.rpartition("@")
    if at and ":" in user:
        user = user.partition(":")[0] + ":***"
    return _SECRETS.sub(r"\1***", f"{user}{at}{host}")


def _check_port(rest: str, shown: str) -> None:
    location, _, query = rest.partition("?")
    hosts = location.rpartition("@")[2].partition("/")[0]
    ports = [host.rpartition(":")[2] for host in hosts.split(",") if ":" in host and not host.endswith("]")]
    ports += [port for name, value in parse_qsl(query) if name == "port" for port in value.split(",")]
    if any(port and not port.isdigit() for port in ports):
        raise ConfigError(
            "The address has a port that is no number.",
            where=shown,
            hint='a "/", "@", ":" or "?" in the password must be percent-encoded (%2F, %40, %3A, %3F).',
        )
