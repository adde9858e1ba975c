"""What a user is told when a target refuses a row for a constraint that nothing here could foresee.

Takes the constraint, gives the error. Knows no database.
"""

from __future__ import annotations

from dbclone.errors import TargetError
from dbclone.schema import Table


def refused_by_check(table: Table, check: str, words: str) -> TargetError:
    """The error that names the CHECK and the config key that helps."""
    where = f"{table.name}.{check}"
    return TargetError(
        f"{where} refuses rows: {words.rstrip('.')}.",
        where=where,
        hint=f'give {table.name} the strategy "mask", "copy" or "empty" under tables.strategies.',
    )
