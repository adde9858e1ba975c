"""Sessions on a MySQL or MariaDB server: takes an Address, gives an open connection or an error that says what to do.

Every session speaks utf8mb4 and UTC. A password never reaches a message.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pymysql
from pymysql.constants import ER

from dbclone.dialects.address import Address
from dbclone.dialects.mysql.options import parameters
from dbclone.errors import ConfigError, ConnectError

Session = pymysql.Connection
DriverError = pymysql.err.MySQLError

_CONNECT_SECONDS = 15
_DAY = 86_400
_NOT_KNOWN = (1193, 1227, 1231)
"""Errors of SET: no such variable on this server, or not this user's to set."""


@dataclass(frozen=True)
class Flavour:
    """Which server it is, for the few things that MySQL and MariaDB do differently."""

    is_mariadb: bool
    version: tuple[int, ...]
    text: str


def connect(
    address: Address,
    *,
    database: str | None = None,
    settings: Mapping[str, object] | None = None,
    files: bool = False,
    application: str = "dbclone",
) -> Session:
    """Opens a session in autocommit mode. ``database`` overrides the address's own ("" selects none).

    ``files`` lets the server ask for the file that a LOAD DATA statement names. Raises ConnectError.
    """
    wanted = parameters(address)
    if database is not None:
        wanted["database"] = database
    if not wanted["database"]:
        wanted.pop("database")
    wanted.setdefault("connect_timeout", _CONNECT_SECONDS)
    try:
        session = pymysql.connect(
            **wanted, charset="utf8mb4", autocommit=True, local_infile=files, program_name=application
        )
    except (DriverError, OSError) as error:
        raise _explain(address, wanted, error) from None
    except RuntimeError as error:
        # PyMySQL without the package that encrypts a password for a server without TLS.
        raise ConnectError(
            f"{address.display} cannot be opened: {_hidden(str(error), wanted)}.",
            hint="pip install cryptography, or connect with TLS (ssl_ca=... in the URL).",
        ) from None
    everywhere: dict[str, object] = {
        "time_zone": "+00:00",
        "wait_timeout": 7 * _DAY,
        "net_read_timeout": _DAY,
        "net_write_timeout": _DAY,
        "sql_quote_show_create": 1,
        "group_concat_max_len": 1_000_000,
    }
    configure(session, {**everywhere, **(settings or {})})
    return session


def configure(session: Session, settings: Mapping[str, object]) -> None:
    """Sets variables of the session; those that this server does not know, or this user may not set, stay as they are.

    A value of None sets nothing.
    """
    with session.cursor() as cursor:
        for name, value in settings.items():
            if value is None:
                continue
            try:
                cursor.execute(f"SET SESSION {name} = %s", (value,))
            except DriverError as error:
                if code_of(error) not in _NOT_KNOWN:
                    raise


def rows_of(session: Session, sql: str, values: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
    """All rows of one statement. Percent signs in ``sql`` stand for ``values``, where there are any."""
    with session.cursor() as cursor:
        cursor.execute(sql, tuple(values) if values is not None else None)
        return list(cursor.fetchall())


@contextlib.contextmanager
def plain_mode(session: Session, mode: str = "") -> Iterator[None]:
    """The server's own default way to write SQL, for what it prints and for what it printed once."""
    before = rows_of(session, "SELECT @@sql_mode")[0][0]
    configure(session, {"sql_mode": mode})
    try:
        yield
    finally:
        configure(session, {"sql_mode": before})


def flavour_of(session: Session) -> Flavour:
    """The server's kind and version."""
    text = str(rows_of(session, "SELECT VERSION()")[0][0])
    numbers = re.search(r"\d+(?:\.\d+)*", text.removeprefix("5.5.5-"))
    version = tuple(int(part) for part in numbers.group().split(".")) if numbers else ()
    return Flavour("mariadb" in text.lower(), version, text)


def database_of(address: Address) -> str:
    """The database that the address means. Raises ConfigError where it names none."""
    name = str(parameters(address)["database"])
    if not name:
        raise ConfigError(f"{address.display} names no database.", hint="write mysql://user@host:3306/name.")
    return name


def code_of(error: Exception) -> int:
    """The server's error number, 0 where there is none."""
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0


def words_of(error: Exception) -> str:
    """The server's own words."""
    text = str(error.args[1]) if len(error.args) > 1 else str(error)
    return " ".join(text.split()).rstrip(".")


def quote(name: str) -> str:
    """An identifier in MySQL's own marks, which mean the same in every SQL mode."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """A text for SQL that is read without backslash escapes."""
    return "'" + text.replace("'", "''") + "'"


def _hidden(text: str, wanted: Mapping[str, Any]) -> str:
    secret = wanted.get("password")
    return text.replace(str(secret), "***") if secret else text


def _explain(address: Address, wanted: Mapping[str, Any], error: Exception) -> ConnectError:
    text, place = _hidden(words_of(error), wanted), address.display
    message, hint = _CAUSES.get(code_of(error), ("", None))
    if not message and re.search(r"refused|No such file", text):
        message, hint = _REFUSED
    elif not message and re.search(r"Name or service|getaddrinfo|not known", text):
        message, hint = "no host is known by that name.", "check the spelling of the host in the URL."
    elif not message and "timed out" in text:
        message, hint = "the server did not answer in time.", "check host, port and firewall."
    if not message:
        return ConnectError(f"{place} cannot be opened: {text}.")
    named = {"user": wanted.get("user", ""), "database": wanted.get("database", "")}
    return ConnectError(f"{place}: {message.format(**named)}", hint=hint)


_REFUSED = ("no server answers there.", "check host and port, and that the server runs.")
_CAUSES: dict[int, tuple[str, str | None]] = {
    ER.ACCESS_DENIED_ERROR: (
        'the server refused user "{user}" or the password.',
        "put the password into ~/.my.cnf or MYSQL_PWD, where no list of processes shows it.",
    ),
    ER.DBACCESS_DENIED_ERROR: (
        'user "{user}" may not use database "{database}".',
        "GRANT SELECT, SHOW VIEW, TRIGGER on it lets the user read.",
    ),
    ER.BAD_DB_ERROR: ('the server has no database "{database}".', "SHOW DATABASES lists those of a server."),
    ER.CON_COUNT_ERROR: ("the server has no free connection.", "wait, or raise max_connections."),
}
