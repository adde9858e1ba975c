"""What differs between two schemas of one kind of database: tables, columns, keys, constraints and everything else.

Takes two Schemas, gives changes in words. Pure: no database, no rows. Names decide what is the same thing; a constraint
without a name is the same where it says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from dbclone.schema.table import Check, Column, ForeignKey, Index, Schema, Sequence, Table, Unique

Part = TypeVar("Part")


@dataclass(frozen=True)
class Change:
    """``what`` (table, column, type, foreign key...) at ``where``; ``before`` is None for what is new, ``after`` for
    what is gone."""

    what: str
    where: str
    before: str | None = None
    after: str | None = None

    @property
    def is_new(self) -> bool:
        return self.before is None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.what} {self.where} is new{_told(self.after)}"
        if self.after is None:
            return f"{self.what} {self.where} is gone{_told(self.before)}"
        return f"{self.what} of {self.where} was {self.before}, is {self.after}"

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict."""
        return {"what": self.what, "where": self.where, "before": self.before, "after": self.after, "text": str(self)}


def diff_schemas(before: Schema, after: Schema) -> tuple[Change, ...]:
    """Every change that leads from one schema to the other, by table; none where nothing that matters differs.

    Comments, the server's version and inferred keys do not count.
    """
    changes: list[Change] = []
    tables = {name: table for schema in (before, after) for name, table in schema.by_name.items()}
    for name in sorted(tables):
        if name not in after:
            changes.append(Change("table", str(name), ""))
        elif name not in before:
            changes.append(Change("table", str(name), None, ""))
        else:
            changes += _table(before.table(name), after.table(name))
    changes += _parts("sequence", "", before.sequences, after.sequences, lambda one: str(one.name), _sequence)
    objects = [{f"{one.kind} {one.name}": one for one in schema.objects} for schema in (before, after)]
    for label in sorted(objects[0].keys() | objects[1].keys()):
        old, new = (held.get(label) for held in objects)
        one = old or new
        assert one is not None
        if old is None or new is None:
            changes.append(Change(one.kind, one.name, None if old is None else "", None if new is None else ""))
        elif _flat(old.definition) != _flat(new.definition):
            changes.append(Change(f"definition of {one.kind}", one.name, "another", _short(new.definition)))
    return tuple(changes)


def _table(before: Table, after: Table) -> Iterator[Change]:
    name = str(before.name)
    old, new = before.by_name, after.by_name
    for column in (*before.columns, *(one for one in after.columns if one.name not in old)):
        where = f"{name}.{column.name}"
        if column.name not in new:
            yield Change("column", where, column.type.sql)
        elif column.name not in old:
            yield Change("column", where, None, _column(column))
        else:
            yield from _facts(where, _column_facts(old[column.name]), _column_facts(new[column.name]))
    keys = [table.primary_key.columns if table.primary_key else () for table in (before, after)]
    if keys[0] != keys[1]:
        yield Change("primary key", name, *(", ".join(key) or "none" for key in keys))
    yield from _parts("unique", name, before.uniques, after.uniques, lambda one: one.name, _unique)
    declared, still = ([key for key in table.foreign_keys if not key.inferred] for table in (before, after))
    yield from _parts("foreign key", name, declared, still, lambda one: one.name, _key)
    yield from _parts("check", name, before.checks, after.checks, lambda one: one.name, _check)
    yield from _parts(
        "exclusion", name, before.exclusions, after.exclusions, lambda one: one.name, lambda one: _flat(one.definition)
    )
    yield from _parts("index", name, before.indexes, after.indexes, lambda one: one.name, _index)
    yield from _parts(
        "partition", name, before.partitions, after.partitions, lambda one: str(one.name), lambda one: one.bound
    )
    yield from _facts(name, _table_facts(before), _table_facts(after))


def _facts(where: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for what, old in before.items():
        if old != after[what]:
            yield Change(what, where, old, after[what])


def _column_facts(column: Column) -> dict[str, str]:
    return {
        "type": column.type.domain or column.type.sql,
        "base type": column.type.sql if column.type.domain else "none",
        "enum labels": ", ".join(column.type.labels) or "none",
        "nullability": "NULL" if column.nullable else "NOT NULL",
        "default": column.default or "none",
        "expression": column.generated or "none",
        "identity": column.identity or "none",
        "collation": column.collation or "default",
    }


def _table_facts(table: Table) -> dict[str, str]:
    return {
        "partition key": table.partition_key or "none",
        "parents": ", ".join(map(str, table.inherits)) or "none",
        "row-level security": "on" if table.row_security else "off",
    }


def _parts(
    what: str,
    table: str,
    before: Iterable[Part],
    after: Iterable[Part],
    name: Callable[[Part], str | None],
    words: Callable[[Part], str],
) -> Iterator[Change]:
    """Named parts by their names, others by what they say."""
    old, new = ({name(one) or words(one): words(one) for one in parts} for parts in (before, after))
    for label in (*old, *(one for one in new if one not in old)):
        where = f"{table} {label}".strip()
        if label not in new:
            yield Change(what, where, old[label])
        elif label not in old:
            yield Change(what, where, None, new[label])
        elif old[label] != new[label]:
            yield Change(what, where, old[label], new[label])


def _column(column: Column) -> str:
    return f"{column.type.sql}{'' if column.nullable else ' NOT NULL'}"


def _unique(one: Unique) -> str:
    text = ", ".join((*one.columns, *one.expressions))
    text += f" where {_flat(one.predicate)}" if one.predicate else ""
    text += "" if one.nulls_distinct else ", nulls not distinct"
    return text + (", deferrable" if one.deferrable else "")


def _key(one: ForeignKey) -> str:
    text = f"({', '.join(one.columns)}) -> {one.parent}({', '.join(one.parent_columns)})"
    rules = {
        f"on delete {one.on_delete.lower()}": one.on_delete != "NO ACTION",
        f"on update {one.on_update.lower()}": one.on_update != "NO ACTION",
        f"match {one.match.lower()}": one.match != "SIMPLE",
        "deferrable": one.deferrable,
        "initially deferred": one.initially_deferred,
        "not valid": not one.validated,
    }
    return ", ".join([text, *(rule for rule, holds in rules.items() if holds)])


def _check(one: Check) -> str:
    return _flat(one.expression) + ("" if one.validated else ", not valid")


def _index(one: Index) -> str:
    return _flat(one.definition) or ", ".join(one.columns)


def _sequence(one: Sequence) -> str:
    return f"from {one.start} by {one.increment}, {one.minimum} to {one.maximum}{', cycling' if one.cycle else ''}"


def _flat(text: str | None) -> str:
    return " ".join((text or "").split())


def _short(text: str | None) -> str:
    flat = _flat(text)
    return flat if len(flat) <= 100 else f"{flat[:97]}..."


def _told(text: str | None) -> str:
    return f": {text}" if text else ""
