"""Sessions on a PostgreSQL server: takes an Address, gives an open connection or a ConnectError that says what to do.

A URL is handed to libpq as it is, which adds its own environment, service and password files. A password never reaches
a message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import conninfo, sql
from psycopg.rows import TupleRow

from dbclone.dialects.address import Address
from dbclone.errors import ConnectError

Session = psycopg.Connection[TupleRow]

_SECRETS = ("password", "sslpassword")
_CONNECT_SECONDS = "15"


def parameters(address: Address) -> dict[str, Any]:
    """The libpq parameters that the address itself names.

    Raises ConnectError where libpq cannot read it.
    """
    url = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", address.url)
    try:
        return conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        # libpq quotes the part that it cannot read, which may be the password.
        detail = "it is not well formed" if ":" in str(error) else str(error)
        raise ConnectError(
            f"{address.display} is no PostgreSQL address that libpq understands: {detail}.",
            hint="write postgresql://user@host:5432/name; percent-encode special characters of the password.",
        ) from None


def connect(
    address: Address,
    *,
    database: str | None = None,
    application: str = "dbclone",
    settings: Mapping[str, str] | None = None,
) -> Session:
    """Opens a session in autocommit mode, with ISO dates in UTC and UTF-8 text.

    ``database`` overrides the address's own. Raises ConnectError.
    """
    wanted = parameters(address)
    if database is not None:
        wanted["dbname"] = database
    if "connect_timeout" not in wanted and "PGCONNECT_TIMEOUT" not in os.environ:
        wanted["connect_timeout"] = _CONNECT_SECONDS
    try:
        session = psycopg.connect(**wanted, autocommit=True, client_encoding="UTF8", prepare_threshold=None)
    except psycopg.OperationalError as error:
        raise _explain(address, wanted, error) from None
    except (psycopg.ProgrammingError, UnicodeError) as error:
        raise ConnectError(f"{address.display} cannot be opened: {_first_line(error, wanted)}.") from None
    # SET, not startup options: a connection pooler in between refuses those.
    everywhere = {
        **({"idle_session_timeout": "0"} if session.info.server_version >= 140_000 else {}),
        "application_name": application,
        "DateStyle": "ISO, YMD",
        "IntervalStyle": "postgres",
        "TimeZone": "UTC",
        "extra_float_digits": "1",
        "bytea_output": "hex",
        "lc_monetary": "C",
        "idle_in_transaction_session_timeout": "0",
        "client_min_messages": "warning",
    }
    try:
        configure(session, {**everywhere, **(settings or {})})
    except psycopg.Error as error:
        session.close()
        raise ConnectError(f"{address.display} cannot be opened: {_first_line(error, wanted)}.") from None
    return session


def configure(session: Session, settings: Mapping[str, str]) -> None:
    """Sets parameters of the session, in one round trip."""
    parts = [
        sql.SQL("SELECT pg_catalog.set_config({}, {}, false)").format(name, value) for name, value in settings.items()
    ]
    session.execute(sql.SQL("; ").join(parts))


def database_name(address: Address) -> str:
    """The database that the address means, as libpq would choose it. Raises ConnectError where only a service says."""
    named = parameters(address)
    if named.get("dbname"):
        return str(named["dbname"])
    if named.get("service"):
        with connect(address) as session:
            return str(session.info.dbname)
    defaults = {option.keyword.decode(): option.val for option in psycopg.pq.Conninfo.get_defaults()}
    default = defaults.get("dbname")
    if default:
        return default.decode()
    user = named.get("user") or (defaults.get("user") or b"").decode()
    return str(user)


def is_of_database(error: ConnectError) -> bool:
    """True where another database of the same server might let the user in."""
    return any(words in error.message for words in _OF_DATABASE)


def _explain(address: Address, wanted: Mapping[str, Any], error: psycopg.OperationalError) -> ConnectError:
    text = _first_line(error, wanted)
    place = address.display
    for pattern, message, hint in _CAUSES:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return ConnectError(f"{place}: {message.format(*found.groups())}", hint=hint)
    return ConnectError(f"{place} cannot be opened: {text}")


def _first_line(error: Exception, wanted: Mapping[str, Any]) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    for name in _SECRETS:
        secret = wanted.get(name)
        if secret:
            text = text.replace(str(secret), "***")
    return text


_OF_DATABASE = ("has no database", "may not connect to", "does not admit")

_CAUSES = (
    (
        r"password authentication failed for user \"(.*?)\"",
        'the server refused the password of user "{0}".',
        "check the password in the URL, in PGPASSWORD or in ~/.pgpass.",
    ),
    (
        r"no password supplied",
        "the server asks for a password and none was given.",
        "put it into PGPASSWORD or ~/.pgpass, where no list of processes shows it.",
    ),
    (
        r"role \"(.*?)\" does not exist",
        'the server has no user "{0}".',
        "name the user in the URL: postgresql://user@host/name.",
    ),
    (
        r"database \"(.*)\" does not exist",
        'the server has no database "{0}".',
        "psql --list shows the databases of a server.",
    ),
    (
        r"(?:could not translate|failed to resolve) host(?: name)? [\"'](.*?)[\"']",
        'no host is known by the name "{0}".',
        "check the spelling of the host in the URL.",
    ),
    (
        r"connection refused|No such file or directory",
        "no server answers there.",
        "check host and port, and that PostgreSQL runs: pg_isready says so.",
    ),
    (
        r"timeout expired|timed out",
        "the server did not answer in time.",
        "check host, port and firewall; connect_timeout=SECONDS in the URL gives it longer.",
    ),
    (
        r"no pg_hba\.conf entry",
        "the server does not admit this user from this machine.",
        "add a line to pg_hba.conf, or try ?sslmode=require.",
    ),
    (
        r"permission denied for database \"(.*?)\"",
        'the user may not connect to "{0}".',
        "GRANT CONNECT ON DATABASE lets it in.",
    ),
    (
        r"server does not support SSL|SSL (?:error|SYSCALL)|certificate",
        "no encrypted connection could be made.",
        "check sslmode and sslrootcert in the URL.",
    ),
    (
        r"too many (?:clients|connections)|remaining connection slots",
        "the server has no free connection.",
        "wait, or raise max_connections.",
    ),
    (
        r"definition of service \"(.*?)\" not found",
        'pg_service.conf has no service "{0}".',
        "PGSERVICEFILE names the file that libpq reads.",
    ),
)
