"""Names as a reader wants them: without the schema where all tables share one, keys in one short line.

Takes table names and foreign keys, gives text. Never opens a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dbclone.schema import ForeignKey, TableName


@dataclass(frozen=True)
class Names:
    """``qualified`` is true where tables of several schemas are spoken of."""

    qualified: bool = True

    @staticmethod
    def of(tables: Iterable[TableName]) -> Names:
        return Names(len({name.schema for name in tables}) > 1)

    def table(self, name: TableName) -> str:
        return str(name) if self.qualified else name.name

    def key(self, key: ForeignKey) -> str:
        return f"{self.columns(key)} → {self.table(key.parent)}"

    def columns(self, key: ForeignKey) -> str:
        """The child's side of a key: ``orders.customer_id``, ``orders(a, b)``."""
        table = self.table(key.table)
        return f"{table}.{key.columns[0]}" if len(key.columns) == 1 else f"{table}({', '.join(key.columns)})"


def counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def listed(words: Sequence[str], *, most: int = 5) -> str:
    """``a, b and c``, or ``a, b and 3 more`` where there are more than ``most``."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
