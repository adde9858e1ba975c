"""How to reach a MySQL server: takes an Address, gives connection parameters from the URL, option file, environment.

The order is the client's own: the URL, then the option file (``~/.my.cnf``), then ``MYSQL_PWD``. Opens no connection.
"""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from dbclone.dialects.address import Address
from dbclone.errors import ConfigError

_GROUPS = ("client", "client-server", "client-mariadb", "dbclone")
_FROM_FILE = {
    "user": "user",
    "password": "password",
    "host": "host",
    "port": "port",
    "socket": "unix_socket",
    "ssl-ca": "ssl_ca",
    "ssl-cert": "ssl_cert",
    "ssl-key": "ssl_key",
}
_FROM_URL = ("unix_socket", "connect_timeout", "ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_disabled")
_TRUTHS = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}


def parameters(address: Address) -> dict[str, Any]:
    """What PyMySQL's ``connect`` takes. ``database`` is "" where the address names none."""
    parts = urlsplit(address.url)
    query = dict(parse_qsl(parts.query))
    named: dict[str, Any] = {
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "host": unquote(parts.hostname or ""),
        "port": parts.port,
        "database": unquote(parts.path.removeprefix("/")),
    }
    for name in _FROM_URL:
        if name in query:
            named[name] = _typed(name, query[name])
    file = query.get("read_default_file")
    if file is not None and not Path(file).expanduser().is_file():
        raise ConfigError(f"{address.display} names an option file that is not there: {file}.")
    found = _option_file(Path(file or "~/.my.cnf").expanduser(), query.get("read_default_group"))
    if parts.password is not None:
        found.pop("password", None)
    if named["host"] not in ("", "localhost"):
        found.pop("unix_socket", None)
    elif "unix_socket" in found and named["port"] is None and named["host"] == "":
        found.pop("host", None)
    merged = {**found, **{name: value for name, value in named.items() if value not in ("", None)}}
    if parts.password is None and "password" not in merged and os.environ.get("MYSQL_PWD"):
        merged["password"] = os.environ["MYSQL_PWD"]
    merged.setdefault("host", "localhost")
    merged.setdefault("database", "")
    merged["port"] = int(merged.get("port") or 3306)
    return merged


def _option_file(path: Path, group: str | None) -> dict[str, Any]:
    """The client's groups of an option file; {} where there is none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    parser = configparser.RawConfigParser(allow_no_value=True, strict=False, comment_prefixes=("#", ";"))
    try:
        # "!include" stands in no section.
        parser.read_string("\n".join(line.strip() for line in lines if not line.lstrip().startswith("!")))
    except configparser.Error:
        raise ConfigError(f"{path} is no option file that dbclone can read.", hint="[client] begins it.") from None
    found: dict[str, Any] = {}
    for name in (*_GROUPS, *((group,) if group else ())):
        if not parser.has_section(name):
            continue
        for option, value in parser.items(name):
            known = _FROM_FILE.get(option.replace("_", "-"))
            if known is not None and value is not None:
                found[known] = _unquoted(value)
    return found


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _typed(name: str, value: str) -> Any:
    if name == "connect_timeout":
        return int(value) if value.isdigit() else None
    return _TRUTHS.get(value.lower(), value) if name in ("ssl_verify_cert", "ssl_disabled") else value
