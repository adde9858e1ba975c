"""Rules as values: what is always true of the source's rows though no constraint says so.

Takes nothing from rows, gives frozen dataclasses that the profile holds as JSON. A rule names columns and keys; the
only values in it are constants of formulas and categories that k rows or more share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dbclone.schema import TableName

Key = tuple[str, ...]
"""A foreign key by its columns."""


@dataclass(frozen=True)
class Ref:
    """A column of the row itself, or of the row that foreign key ``key`` references."""

    column: str
    key: Key = ()


@dataclass(frozen=True)
class Factor:
    """``way``: the value itself (``plain``), what it leaves of one (``rest``: 1 - x), one ``more`` (1 + x), or what is
    divided by it (``over``: 1 / x)."""

    ref: Ref
    way: Literal["plain", "rest", "more", "over"] = "plain"


@dataclass(frozen=True)
class Term:
    """``scale`` times the product of ``factors``."""

    factors: tuple[Factor, ...]
    scale: float = 1.0


@dataclass(frozen=True)
class Part:
    """A piece of a composed text: a column's text (the parent's, with ``key``), as it is or in one ``case``, or the
    ``text`` between two."""

    column: str = ""
    key: Key = ()
    case: Literal["", "lower", "upper"] = ""
    text: str = ""


@dataclass(frozen=True)
class _Rule:
    """``rows`` of the source it was counted on: those that could have broken it."""

    name: str
    table: TableName
    rows: int


@dataclass(frozen=True)
class Inequality(_Rule):
    """``low <= high`` wherever both are filled; never equal where ``strict``."""

    low: Ref
    high: Ref
    strict: bool = False
    kind: Literal["inequality"] = "inequality"


@dataclass(frozen=True)
class Formula(_Rule):
    """``column`` is the sum of ``terms``, rounded to ``digits`` decimals (None: not rounded).

    Moments count in days.
    """

    column: str
    terms: tuple[Term, ...]
    digits: int | None
    kind: Literal["formula"] = "formula"


@dataclass(frozen=True)
class Composed(_Rule):
    """The text ``column`` is its ``parts`` one after the other."""

    column: str
    parts: tuple[Part, ...]
    kind: Literal["composed"] = "composed"


@dataclass(frozen=True)
class Dependency(_Rule):
    """Rows of equal ``by`` have equal ``column``."""

    by: str
    column: str
    kind: Literal["dependency"] = "dependency"


@dataclass(frozen=True)
class NullWith(_Rule):
    """Where ``by`` is NULL (filled, unless ``when_null``), ``column`` is NULL (filled, unless ``null``).

    ``both``: and the other way round.
    """

    column: str
    by: str
    when_null: bool
    null: bool
    both: bool
    kind: Literal["null with"] = "null with"


@dataclass(frozen=True)
class NullWhen(_Rule):
    """``column`` is NULL (filled, unless ``null``) where ``by`` is one of ``values``; ``only``: and nowhere else."""

    column: str
    by: str
    values: tuple[str, ...]
    null: bool
    only: bool
    kind: Literal["null when"] = "null when"


@dataclass(frozen=True)
class Combination(_Rule):
    """``first`` and ``second`` never meet in one of ``without``, pairs of frequent values."""

    first: str
    second: str
    without: tuple[tuple[str, str], ...]
    kind: Literal["combination"] = "combination"


@dataclass(frozen=True)
class Rising(_Rule):
    """``column`` never falls (rises, where ``strict``) from row to row in the order of ``by``.

    With ``key`` only among the children of one parent.
    """

    column: str
    by: str
    key: Key = ()
    strict: bool = False
    kind: Literal["rising"] = "rising"


@dataclass(frozen=True)
class Numbering(_Rule):
    """``column`` counts the children of one parent from ``first`` up without gaps."""

    column: str
    key: Key
    first: int
    kind: Literal["numbering"] = "numbering"


@dataclass(frozen=True)
class Following(_Rule):
    """Siblings in the order of ``start``: none starts before ``end`` of the one before (at it, where ``seamless``)."""

    start: str
    end: str
    key: Key
    seamless: bool
    kind: Literal["following"] = "following"


@dataclass(frozen=True)
class Aggregate(_Rule):
    """``column`` is the ``what`` of ``terms`` over the rows of ``child`` that reference the row by ``key``.

    ``empty``: what it is without children: ``zero``, ``null`` or ``any`` where no row of the source tells.
    """

    column: str
    child: TableName
    key: Key
    what: Literal["sum", "count", "lowest", "highest"]
    terms: tuple[Term, ...]
    digits: int | None
    empty: Literal["zero", "null", "any"]
    kind: Literal["aggregate"] = "aggregate"


@dataclass(frozen=True)
class Meeting(_Rule):
    """Two paths of foreign keys from a row lead to the same ancestor wherever both lead to one."""

    first: tuple[Key, ...]
    second: tuple[Key, ...]
    kind: Literal["meeting"] = "meeting"


Rule = (
    Inequality
    | Formula
    | Composed
    | Dependency
    | NullWith
    | NullWhen
    | Combination
    | Rising
    | Numbering
    | Following
    | Aggregate
    | Meeting
)


def without(rules: tuple[Rule, ...], off: list[str]) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """The rules that are not switched ``off`` by name, however it is spaced, and the names that no rule has."""
    named = {" ".join(name.split()) for name in off}
    unknown = tuple(sorted(named - {rule.name for rule in rules}))
    return tuple(rule for rule in rules if rule.name not in named), unknown


def rule_json(rule: Rule) -> dict[str, Any]:
    """What a list of rules says of one."""
    return {"rule": rule.name, "kind": rule.kind, "table": str(rule.table), "rows": rule.rows}
