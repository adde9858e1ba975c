"""Columns of one row that speak of the same person or place, so that they are made together.

Takes judged columns, gives them back with ``group`` in their makers' settings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from dbclone.profile.meanings import Meaning
from dbclone.profile.value import ColumnProfile, Maker

NAMES = frozenset("first_name last_name full_name".split())
DERIVED = frozenset("email username middle_name".split())
_OWN = frozenset("first_name last_name middle_name".split())
"""Names that repeat from person to person; a repeated address or full name is somebody else's than the row's."""

PLACE = frozenset("state state_code postcode".split())


def group_columns(columns: tuple[ColumnProfile, ...], meanings: Mapping[str, Meaning]) -> tuple[ColumnProfile, ...]:
    """Marks each person's and each place's columns with the prefix of their names (``""``, ``billing``...).

    An address without a name beside it goes with the table's only person; a name that comes twice stands alone.
    """
    prefixes = [meanings[column.name].prefix for column in columns if column.meaning in NAMES and column.maker]
    people = Counter(prefixes)
    seen: set[tuple[str, str | None]] = set()
    result = []
    for column in columns:
        group = _group(column, meanings[column.name].prefix, people)
        if group and column.maker and (group, column.meaning) not in seen:
            seen.add((group, column.meaning))
            column = replace(column, maker=Maker(column.maker.name, column.maker.settings | {"group": group}))
        result.append(column)
    return tuple(result)


def _group(column: ColumnProfile, prefix: str, people: Counter[str]) -> str | None:
    if column.maker is None or (column.meaning not in _OWN | PLACE and column.maker.settings.get("distinct")):
        return None
    if column.meaning in NAMES and column.maker.name == "faker":
        return f"person:{prefix}"
    if column.meaning in DERIVED and column.maker.name == "faker":
        only = next(iter(people)) if len(people) == 1 else prefix
        return f"person:{prefix if prefix in people else only}"
    if column.meaning in PLACE and column.maker.name in ("faker", "pattern"):
        return f"place:{prefix}"
    return None
