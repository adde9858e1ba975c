"""DDL that would act outside of the scratch database: takes entries, raises where one does.

A bundle may come from a stranger, and its DDL is run. pg_dump writes none of what is refused here. What a function's
body does is not looked at: nothing calls it while a clone is made, but for CHECKs, indexes and materialized views.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbclone.dialects.postgresql.entries import Entry
from dbclone.errors import TargetError

_QUOTED = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<name>\"(?:[^\"]|\"\")*\")"
    r"|\b[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|(?P<mark>\$(?:[A-Za-z_]\w*)?\$).*?(?P=mark)",
    re.DOTALL,
)
_STATEMENT = re.compile(
    r"(?:^|;)\s*(COPY|DO|LOAD|CALL|ALTER\s+SYSTEM|CREATE\s+SUBSCRIPTION|ALTER\s+SUBSCRIPTION|CREATE\s+DATABASE|"
    r"DROP\s+DATABASE|ALTER\s+DATABASE|CREATE\s+(?:ROLE|USER)(?!\s+MAPPING)|ALTER\s+(?:ROLE|USER)(?!\s+MAPPING)|"
    r"CREATE\s+TABLESPACE)\b",
    re.IGNORECASE,
)
_FUNCTION = re.compile(
    r"\b(lo_import|lo_export|pg_read_file|pg_read_binary_file|pg_ls_dir|pg_file_write|dblink\w*)\s*\(", re.IGNORECASE
)
_UNTRUSTED = re.compile(
    r"\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?\"?(\w+u|file_fdw|adminpack|dblink)\"?[\s;]", re.IGNORECASE
)


def refuse_reaching(entries: Iterable[Entry]) -> None:
    """Raises TargetError for the first entry that runs a program, touches a file or another database, or may do so."""
    for entry in entries:
        bare = _QUOTED.sub(_emptied, entry.sql)
        found = _STATEMENT.search(bare) or _UNTRUSTED.search(bare)
        if found is None and entry.kind not in ("FUNCTION", "PROCEDURE", "EXTENSION"):
            found = _FUNCTION.search(bare)
        if found is not None:
            raise TargetError(
                f"the DDL of {entry.kind.lower()} {entry.name} would act outside of the clone: {found[1].upper()}.",
                where=entry.name,
                hint="--ddl sqlalchemy makes plain tables, keys, checks and indexes instead.",
            )


def _emptied(quoted: re.Match[str]) -> str:
    """What stands in quotes without its content, names of plain words aside."""
    if quoted["comment"]:
        return " "
    if quoted["name"]:
        return quoted["name"] if quoted["name"].strip('"').isidentifier() else '""'
    return "''"
