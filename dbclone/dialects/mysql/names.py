"""What of a server is the user's own, and how dbclone marks what it makes: names only, no connection."""

from __future__ import annotations

import re

STAMP_TABLE = "_dbclone"
MARK = "__dbclone_"
SYSTEM = ("information_schema", "mysql", "performance_schema", "sys", "ndbinfo")
FOREIGN_ENGINES = ("federated", "connect", "spider", "s3", "mroonga", "oqgraph", "sphinx", "ndbcluster")
"""Engines whose rows lie elsewhere: what is written to such a table is written to another database."""

_NAME_LETTERS = 64
_SUFFIX = re.compile(r"__dbclone_([0-9a-f]{8})(_old)?")


def scratch_prefix(target: str) -> str:
    """What the scratch databases of a target begin with, the target's name cut where the server would."""
    return target[: _NAME_LETTERS - len(MARK) - 12] + MARK


def token_of(name: str, target: str) -> str | None:
    """The token of a scratch database of ``target``, None where ``name`` is none."""
    prefix = scratch_prefix(target)
    found = _SUFFIX.fullmatch(name[len(prefix) - len(MARK) :]) if name.startswith(prefix) else None
    return found[1] if found else None


def lock_name(token: str) -> str:
    """The server-wide lock that a run holds as long as it lives."""
    return f"dbclone_{token}"
