"""A Hypothesis strategy that invents databases: any mix of keys, references and constraints, and rows that keep them.

Takes draws, gives `shape.Database` values. The structure is drawn by Hypothesis, so that it shrinks; the rows come from
one drawn seed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st

from tests.fuzz.conditions import check_of, predicate_of
from tests.fuzz.draws import Draws
from tests.fuzz.fill import fill
from tests.fuzz.shape import Column, Database, Key, Table, Type, Unique
from tests.fuzz.values import LABELS, STYLES

T = TypeVar("T")

TABLES = (
    "users", "orders", "items", "tenants", "Order", "select", "my table", "größe", "log", "tags", "user_tags", "a",
    "employees", "x" * 60, 'we"ird', "addresses", "payments", "events",
)  # fmt: skip
COLUMNS = (
    "name", "email", "status", "price", "quantity", "created_at", "born", "active", "note", "code", "zip", "token",
    "payload", "Mixed Case", "order", "größe", "phone", "city", "start_date", "end_date", "level", "total", "user",
    "country", "value", "password", "url", "first_name", "last_name", "description", "position", "deleted_at",
)  # fmt: skip
_COMMON = ("integer", "text", "varchar", "numeric", "date", "timestamptz", "boolean", "bigint")
_SELDOM = ("smallint", "double precision", "char", "uuid", "jsonb", "integer[]", "text[]", "enum", "bytea")
_KEYS = ("automatic", "automatic", "automatic", "integer", "text", "uuid", "pair", "tenant", "none", "inherit", "line",
         "junction")  # fmt: skip
_BY_DIALECT = {"sqlite": ("rowid",), "postgresql": ("serial", "always", "default")}


@dataclass
class _Draft:
    """A table in the making. ``own`` is true where its primary key depends on no other table."""

    name: str
    wanted: int
    columns: list[Column] = field(default_factory=list)
    primary_key: tuple[str, ...] = ()
    uniques: list[Unique] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    kind: str = "automatic"
    own: bool = True

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def targets(self) -> list[tuple[str, ...]]:
        return list(self.table((), False).unique_sets)

    def add(self, column: Column) -> str:
        """The name under which the column was added."""
        name, number = column.name, 1
        while any(other.name.lower() == name.lower() for other in self.columns):
            number += 1
            name = f"{column.name}{number}"
        self.columns.append(dataclasses.replace(column, name=name))
        return name

    def table(self, checks: tuple[str, ...], without_rowid: bool) -> Table:
        columns, uniques, keys = tuple(self.columns), tuple(self.uniques), tuple(self.keys)
        return Table(self.name, columns, self.primary_key, uniques, keys, checks, without_rowid, self.wanted)


@st.composite
def databases(draw: st.DrawFn, dialect: str) -> Database:
    """A whole database for SQLite or PostgreSQL."""
    draws = Draws(draw)
    names = draws.several(TABLES, draws.pick((1, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8, 12)))
    drafts = [_draft(draws, name, dialect) for name in names]
    for place in range(len(drafts)):
        _identify(draws, drafts, place, dialect)
        for _ in range(draws.pick((0, 1, 1, 2, 3)) if place or draws.chance(40) else 0):
            _refer(draws, drafts, place)
        _make_unique(draws, drafts[place])
    tables = tuple(_finished(draws, draft) for draft in drafts)
    return Database(dialect, tables, fill(tables, draws.number(2**32 - 1)))


def _draft(draws: Draws, name: str, dialect: str) -> _Draft:
    """A table with plain columns, and with its key unless that is made of foreign keys."""
    draft = _Draft(name, draws.pick((5, 0, 1, 2, 3, 8, 12, 20, 40)))
    draft.kind = draws.pick(_KEYS)
    if draft.kind in ("inherit", "line", "junction"):
        draft.own = False
    else:
        _own_key(draws, draft, dialect)
    for _ in range(draws.pick((1, 0, 2, 3, 5))):
        draft.add(plain_column(draws, draws.pick(COLUMNS)))
    if not draft.columns:
        draft.add(plain_column(draws, draws.pick(COLUMNS)))
    return draft


def plain_column(draws: Draws, name: str, kinds: Sequence[str] = ()) -> Column:
    kind = draws.pick(kinds or (_SELDOM if draws.chance(25) else _COMMON))
    length = {"varchar": (50, 10, 3, 1), "char": (2, 1, 5)}.get(kind)
    labels = draws.pick(LABELS) if kind == "enum" else ()
    made = Type(kind, draws.pick(length) if length else None, labels)
    return Column(name, made, draws.chance(40), draws.pick(STYLES[kind]))


def _own_key(draws: Draws, draft: _Draft, dialect: str) -> None:
    def keyed(name: str, type_: Type, style: str, numbering: str | None = None) -> str:
        return draft.add(Column(name, type_, nullable=False, style=style, numbering=numbering))

    integer = Type(draws.pick(("integer", "bigint")))
    if draft.kind == "automatic":
        draft.primary_key = (keyed("id", integer, "serial", draws.pick(_BY_DIALECT[dialect])),)
    elif draft.kind == "integer":
        draft.primary_key = (keyed("nr", integer, draws.pick(("serial", "wide"))),)
    elif draft.kind == "text":
        style = draws.pick(("code", "email", "category", "name"))
        draft.primary_key = (keyed("code", Type("varchar", 50), style),)
    elif draft.kind == "uuid":
        draft.primary_key = (keyed("id", Type("uuid"), "wide"),)
    elif draft.kind == "tenant":
        draft.primary_key = (keyed("tenant_id", Type("integer"), "small"), keyed("id", integer, "serial"))
    elif draft.kind == "pair":
        parts = [
            plain_column(draws, f"k{n}", ("integer", "varchar", "date", "boolean", "char", "enum")) for n in (1, 2)
        ]
        draft.primary_key = tuple(keyed(part.name, part.type, part.style) for part in parts)


def _identify(draws: Draws, drafts: list[_Draft], place: int, dialect: str) -> None:
    """Makes the primary key out of foreign keys to earlier tables, where that is its kind."""
    draft = drafts[place]
    if draft.own:
        return
    parents = [other for other in drafts[:place] if other.targets]
    if not parents:
        draft.kind = "automatic"
        _own_key(draws, draft, dialect)
        return
    columns: list[str] = []
    for _ in range(2 if draft.kind == "junction" else 1):
        columns += _add_key(draws, draft, draws.pick(parents), identifying=True)
    if draft.kind == "line":
        line = Column("line_no", Type("integer"), nullable=False, style=draws.pick(("small", "serial")))
        columns.append(draft.add(line))
    draft.primary_key = tuple(dict.fromkeys(columns))


def _refer(draws: Draws, drafts: list[_Draft], place: int) -> None:
    """Adds a foreign key: to an earlier table, to the table itself, or to a later one, which closes cycles."""
    draft = drafts[place]
    way = draws.pick(("earlier", "earlier", "earlier", "earlier", "self", "late"))
    if way == "self":
        others = [draft] if draft.targets else []
    elif way == "late":
        others = [other for other in drafts[place + 1 :] if other.own and other.primary_key]
    else:
        others = [other for other in drafts[:place] if other.targets]
    if others:
        _add_key(draws, draft, draws.pick(others), late=way == "late")


def _add_key(
    draws: Draws, draft: _Draft, parent: _Draft, *, identifying: bool = False, late: bool = False
) -> list[str]:
    target = parent.primary_key if late else draws.pick(parent.targets)
    nullable = not identifying and draws.chance(50)
    columns: list[str] = []
    taken = list(draft.columns)
    for above in target:
        theirs = parent.column(above)
        alike = [one for one in taken if one.type == theirs.type and one.numbering is None and one.name not in columns]
        if parent is draft:
            alike = [one for one in alike if one.name not in target or (one.name == above and len(target) > 1)]
        shared = [one for one in alike if one.name == above]
        if not shared and draws.chance(10):
            shared = alike
        if shared and draws.chance(5 if len(target) == 1 else 60 if above != "id" else 15):
            columns.append(draws.pick(shared).name)
            continue
        name = above if len(target) > 1 and not identifying and draws.chance(50) else f"{parent.name[:40]}_{above[:15]}"
        style = "wide" if theirs.style == "serial" else theirs.style
        columns.append(draft.add(Column(name, theirs.type, nullable, style)))
    if identifying:
        changed = [dataclasses.replace(one, nullable=False) if one.name in columns else one for one in draft.columns]
        draft.columns[:] = changed
    made = Key(tuple(columns), parent.name, target, late or draws.chance(10), late)
    known = any(set(other.columns) == set(made.columns) and other.parent == made.parent for other in draft.keys)
    if not known and not (parent is draft and made.columns == target):
        draft.keys.append(made)
    return columns


def _make_unique(draws: Draws, draft: _Draft) -> None:
    for _ in range(draws.pick((0, 0, 1, 1, 2))):
        choice = [column.name for column in draft.columns if column.type.is_comparable]
        if draws.chance(40) and draft.keys:
            # One-to-one, or once per parent.
            columns = list(draws.pick(draft.keys).columns)
            columns += draws.several(choice, 1) if draws.chance(50) else []
        else:
            columns = draws.several(choice, draws.pick((1, 2)))
        columns = list(dict.fromkeys(columns))
        if not columns or any(set(columns) == set(one) for one in draft.targets):
            continue
        where = predicate_of(draws, draft.columns) if draws.chance(35) else None
        draft.uniques.append(Unique(tuple(columns), where))


def _finished(draws: Draws, draft: _Draft) -> Table:
    checks = [check_of(draws, draft.columns) for _ in range(draws.pick((0, 0, 1, 1, 2, 3)))]
    plain_key = draft.primary_key and not any(column.numbering for column in draft.columns)
    kept = tuple(dict.fromkeys(check for check in checks if check))
    return draft.table(kept, bool(plain_key) and draws.chance(15))
