"""Names that another database cannot hold: where capitals do not count, at most so many letters, no blank at the end.

Takes a Schema and the kind of the other database, gives names that it takes and tells apart. Pure.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from dbclone.schema.table import ForeignKey, Schema, Table, TableName

Renamed = Mapping[TableName, Mapping[str, str]]
_ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_FOLDS: Mapping[str, Callable[[str], str]] = {
    "sqlite": lambda name: name.translate(_ASCII),
    "duckdb": str.casefold,
    "mysql": str.casefold,
}
_MOST = 64
_ROOM = 55


def flat_names(schema: Schema, target: str) -> dict[TableName, str]:
    """``schema.short_names`` as ``target`` takes them, numbered where two of them would be one there."""
    fold = _FOLDS.get(target)
    short = schema.short_names
    if fold is None or schema.dialect == target:
        return short
    return dict(zip(short, _apart(short.values(), fold, target), strict=True))


def told_apart(schema: Schema, target: str) -> tuple[Schema, Renamed]:
    """The schema with columns that ``target`` takes and can tell apart, and what each renamed one is called (table ->
    column -> name). Texts of SQL name them by their new names, too."""
    fold = _FOLDS.get(target)
    if fold is None or schema.dialect == target:
        return schema, {}
    renamed: dict[TableName, dict[str, str]] = {}
    for table in schema:
        names = [column.name for column in table.columns]
        changed = {old: new for old, new in zip(names, _apart(names, fold, target), strict=True) if old != new}
        if changed:
            renamed[table.name] = changed
    if not renamed:
        return schema, {}
    return replace(schema, tables=tuple(_under(table, renamed) for table in schema)), renamed


def _apart(names: Iterable[str], fold: Callable[[str], str], target: str) -> list[str]:
    """The names in their order; of those that are one when folded, all but the plainest are numbered."""
    every = [_taken_there(name, target) for name in names]
    plain = {fold(name): name for name in reversed(every)} | {fold(name): name for name in every if name == fold(name)}
    taken = set(plain)
    result = []
    for name in every:
        if plain[fold(name)] == name and name not in result:
            result.append(name)
            continue
        number = 2
        while fold(f"{name[:_ROOM]}_{number}") in taken:
            number += 1
        result.append(f"{name[:_ROOM]}_{number}")
        taken.add(fold(result[-1]))
    return result


def _taken_there(name: str, target: str) -> str:
    if target != "mysql":
        return name
    # Of Unicode it takes the first plane.
    return "".join(sign if ord(sign) < 0x10000 else "_" for sign in name)[:_MOST].rstrip(" ") or "_"


def _under(table: Table, renamed: Renamed) -> Table:
    """A table with its columns, and those of the tables that it references, under their new names."""
    own = renamed.get(table.name, {})

    def named(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(own.get(name, name) for name in columns)

    def key(one: ForeignKey) -> ForeignKey:
        above = renamed.get(one.parent, {})
        return replace(
            one, columns=named(one.columns), parent_columns=tuple(above.get(n, n) for n in one.parent_columns)
        )

    keys = tuple(key(one) for one in table.foreign_keys)
    if not own:
        return replace(table, foreign_keys=keys)
    columns = tuple(
        replace(
            column, name=own.get(column.name, column.name), generated=column.generated and _said(column.generated, own)
        )
        for column in table.columns
    )
    uniques = tuple(
        replace(
            one,
            columns=named(one.columns),
            predicate=one.predicate and _said(one.predicate, own),
            expressions=tuple(_said(text, own) for text in one.expressions),
        )
        for one in table.uniques
    )
    return replace(
        table,
        columns=columns,
        foreign_keys=keys,
        uniques=uniques,
        primary_key=table.primary_key and replace(table.primary_key, columns=named(table.primary_key.columns)),
        checks=tuple(replace(one, expression=_said(one.expression, own)) for one in table.checks),
        indexes=tuple(replace(one, columns=named(one.columns)) for one in table.indexes),
        # What leads to rows of several tables is asked of the source's own names alone.
        pairs=(),
    )


def _said(text: str, own: Mapping[str, str]) -> str:
    """SQL with other names of columns; those that are renamed have capitals or signs, and stand in quotes."""
    quoted = {'"' + old.replace('"', '""') + '"': '"' + new.replace('"', '""') + '"' for old, new in own.items()}
    return re.sub("|".join(map(re.escape, quoted)), lambda match: quoted[match[0]], text)
