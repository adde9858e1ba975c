"""DDL from elsewhere: what a stranger's bundle may ask for, and what this server must hear in other words.

Takes statements, gives them with the collations and engines that the server has, and the Loss. Raises TargetError for
anything that makes no part of a database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dbclone.dialects.mysql.connect import Session, rows_of
from dbclone.dialects.mysql.ddl import CREATES
from dbclone.dialects.mysql.names import FOREIGN_ENGINES
from dbclone.dialects.mysql.statements import mentions
from dbclone.dialects.protocol import Loss
from dbclone.errors import TargetError

_OTHER = re.compile(
    r"""\s*(?: ALTER\s+DATABASE\s+CHARACTER\s+SET\s+\w+\s+COLLATE\s+\w+\s*$
          | ALTER\s+TABLE\s+`(?:[^`]|``)+`\s+ADD\s+(?:CONSTRAINT|FOREIGN)\b
          | SET\s+SESSION\s+sql_mode\s*=\s*'[\w,]*'\s*$ )""",
    re.IGNORECASE | re.VERBOSE,
)
_COLLATION = re.compile(r"\bCOLLATE(\s*=\s*|\s+)(\w+)", re.IGNORECASE)
_ENGINE = re.compile(r"(?<=\n\) )ENGINE\s*=\s*(\w+)", re.IGNORECASE)
_COMPOUND = frozenset({"trigger", "function", "procedure", "event", "view"})


def check_statements(statements: Iterable[str]) -> None:
    """A bundle may come from a stranger: its DDL makes tables and what belongs to them, and reads from nowhere else."""
    for statement in statements:
        named = CREATES.match(statement)
        is_table = named is not None and named["kind"].upper() in ("TABLE", "SEQUENCE")
        words = frozenset({"SELECT", "select", "Select"})
        reads = is_table and mentions(statement.rpartition("\n)")[2], words)
        engine = _ENGINE.search(statement) if is_table else None
        if (named is None and not _OTHER.match(statement)) or reads or _is_foreign(engine):
            raise TargetError(
                "The DDL of the source holds a statement that makes no part of a database:"
                f" {' '.join(statement.split())[:60]}",
                hint="do not use this bundle: dbclone itself never writes such a statement.",
            )


def _is_foreign(engine: re.Match[str] | None) -> bool:
    return engine is not None and engine[1].lower() in FOREIGN_ENGINES


def known_here(session: Session, statements: Sequence[str]) -> tuple[tuple[str, ...], tuple[Loss, ...]]:
    """The statements with the nearest collation and engine for each that this server does not know."""
    collations = {str(row[0]).lower() for row in rows_of(session, "SHOW COLLATION")}
    engines = {str(row[0]).lower() for row in rows_of(session, "SHOW ENGINES") if str(row[1]) in ("YES", "DEFAULT")}
    losses: dict[str, Loss] = {}

    def collate(found: re.Match[str]) -> str:
        name = found[2].lower()
        if name in collations:
            return found[0]
        nearest = nearest_collation(name)
        losses[name] = Loss("collation", found[2], nearest)
        return f"COLLATE{found[1]}{nearest}"

    def run_on(found: re.Match[str]) -> str:
        if found[1].lower() in engines:
            return found[0]
        losses[found[1]] = Loss("engine", found[1], "InnoDB")
        return "ENGINE=InnoDB"

    changed = []
    for statement in statements:
        named = CREATES.match(statement)
        if named is None or named["kind"].lower() not in _COMPOUND:
            statement = _ENGINE.sub(run_on, _COLLATION.sub(collate, statement))
        changed.append(statement)
    return tuple(changed), tuple(losses.values())


def nearest_collation(name: str) -> str:
    """A collation that MySQL and MariaDB both have and that finds the same texts equal, or more of them."""
    if name.endswith("_bin"):
        return "utf8mb4_bin"
    return "utf8mb4_unicode_520_ci" if "_ci" in name else "utf8mb4_bin"
