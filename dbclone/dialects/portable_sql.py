"""SQL expressions of one database in the words of another: checks, defaults and generated columns.

Takes catalogue text, gives text or None where the meaning would not survive. Never runs anything.
"""

from __future__ import annotations

import datetime
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from dbclone.schema import Column, Kind
from dbclone.schema.infinities import ABOVE, BELOW

_TEXTS = (Kind.TEXT, Kind.ENUM, Kind.UUID, Kind.XML, Kind.JSON)
_PLAIN_NODES: tuple[type[exp.Expression], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Paren, exp.Null, exp.Boolean, exp.Neg, exp.Not, exp.And, exp.Or,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In,
    exp.Between, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Round, exp.Abs, exp.Upper, exp.Lower, exp.Length,
    exp.DPipe, exp.Concat, exp.Cast, exp.DataType, exp.DataTypeParam, exp.Tuple,
)  # fmt: skip
_NOW = {
    "now()", "current_timestamp", "current_timestamp()", "transaction_timestamp()", "statement_timestamp()",
    "clock_timestamp()", "localtimestamp", "datetime('now')", "datetime('now','localtime')",
    "strftime('%y-%m-%d %h:%m:%f','now')", "strftime('%y-%m-%d %h:%m:%s','now')", "sysdate", "getdate()",
}  # fmt: skip
_TODAY = {"current_date", "current_date()", "curdate()", "('now'::text)::date", "date('now')", "now()::date"}
_ZONED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)([+-])(\d\d)(?::(\d\d))?")
_ENDLESS = ("postgresql", "duckdb")
"""Databases that know infinite moments."""
_DAYS = {"infinity": str(ABOVE), "-infinity": str(BELOW)}
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


def translate(text: str, columns: Mapping[str, Column], source: str, target: str) -> str | None:
    """The expression in ``target``'s dialect with every column quoted, None where it cannot be said there.

    ``columns`` are those that the expression may name.
    """
    if source == target:
        return text
    tree = _parse(text, source)
    if tree is None:
        return None
    try:
        tree = _bind(tree, columns, source)
        if target in ("sqlite", "mysql"):
            tree = _rewrite(tree, _in_utc, columns)
        if target not in _ENDLESS:
            tree = _rewrite(tree, _finite, columns)
        tree = _rewrite(tree, _neutral, columns)
        if target == "sqlite":
            tree = _rewrite(tree, _for_sqlite, columns)
        elif target == "duckdb":
            tree = _rewrite(tree, _for_duckdb, columns)
        elif source == "sqlite":
            tree = _rewrite(tree, _from_sqlite, columns)
        return tree.sql(dialect=_glot(target), unsupported_level=ErrorLevel.RAISE)
    except (SqlglotError, _Untranslatable, ValueError, RecursionError):
        return None


def is_plain(text: str, columns: Mapping[str, Column], source: str) -> bool:
    """True where the expression is made of arithmetic, comparisons and text joins alone, over numbers and texts only:
    what every database computes alike and calls immutable."""
    tree = _parse(text, source)
    if tree is None:
        return False
    named = {column.name.lower(): column for column in columns.values()}
    for node in tree.walk():
        if not isinstance(node, _PLAIN_NODES):
            return False
        if isinstance(node, exp.Column):
            column = named.get(node.name.lower())
            if column is None or not (column.type.is_number or column.type.kind is Kind.TEXT):
                return False
    return True


def translate_default(column: Column, source: str, target: str) -> str | None:
    """A DEFAULT in ``target``'s dialect, None where there is none to say."""
    text = _unwrap((column.default or "").strip())
    if not text or text.lower() == "null":
        return None
    if source == target:
        return column.default
    squeezed = re.sub(r"\s*([,()])\s*", r"\1", text.lower())
    if squeezed in _NOW:
        return "CURRENT_TIME" if column.type.kind is Kind.TIME else "CURRENT_TIMESTAMP"
    if squeezed in _TODAY:
        return "CURRENT_DATE"
    value = _unwrap(re.sub(r"::[\w\s.\"\[\](),]+$", "", text).strip())
    if column.type.kind is Kind.BOOLEAN:
        return _boolean_default(value, target)
    if _NUMBER.fullmatch(value):
        return value
    if column.type.is_number and _NUMBER.fullmatch(value.strip("'")):
        return value.strip("'")
    if column.type.is_temporal and target not in _ENDLESS and value.strip("'") in _DAYS:
        return "'" + _DAYS[value.strip("'")] + "'"
    if re.fullmatch(r"'(?:[^']|'')*'", value):
        return value
    if source == "sqlite" and re.fullmatch(r'"[^"]*"', value):
        return "'" + value[1:-1].replace("'", "''") + "'"
    if source == "mysql" and column.type.kind in _TEXTS:
        return "'" + value.replace("'", "''") + "'"
    return translate(text, {}, source, target)


def _boolean_default(value: str, target: str) -> str | None:
    truth = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}.get(value.strip("'").lower())
    if truth is None:
        return None
    if target == "postgresql":
        return "true" if truth else "false"
    return "1" if truth else "0"


def _unwrap(text: str) -> str:
    """Without parentheses around the whole."""
    while text.startswith("(") and text.endswith(")") and _closes_at_end(text):
        text = text[1:-1].strip()
    return text


def _closes_at_end(text: str) -> bool:
    depth, quoted = 0, False
    for position, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        if quoted:
            continue
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return position == len(text) - 1
    return False


class _Untranslatable(Exception):
    """The meaning would change."""


def _parse(text: str, source: str) -> exp.Expression | None:
    # sqlglot warns on its own logger about what it cannot parse; None says so already.
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    try:
        tree = sqlglot.parse_one(f"SELECT {text}", read=_glot(source))
    except (SqlglotError, RecursionError):
        return None
    found = tree.expressions if isinstance(tree, exp.Select) else []
    if len(found) != 1 or isinstance(found[0], exp.Alias) or tree.find(exp.Subquery, exp.Star):
        return None
    return found[0].copy() if isinstance(found[0], exp.Expression) else None


def _glot(dialect: str) -> str:
    return {"postgresql": "postgres", "mariadb": "mysql", "mssql": "tsql"}.get(dialect, dialect)


def _bind(tree: exp.Expression, columns: Mapping[str, Column], source: str) -> exp.Expression:
    """Every column by its catalogue spelling, in quotes; SQLite's ``"text"`` for no column becomes a text."""
    exact = {column.name.lower(): column.name for column in columns.values()}

    def bind(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Column):
            return node
        name = node.name if node.name in columns else exact.get(node.name.lower())
        if name is not None:
            return exp.column(exp.to_identifier(name, quoted=True))
        if source == "sqlite" and isinstance(node.this, exp.Identifier) and node.this.args.get("quoted"):
            return exp.Literal.string(node.name)
        raise _Untranslatable

    return tree.transform(bind)


def _rewrite(
    tree: exp.Expression,
    change: Callable[[exp.Expression, Mapping[str, Column]], exp.Expression],
    columns: Mapping[str, Column],
) -> exp.Expression:
    """``change`` on every node, leaves first, so that what replaces a node is made of finished parts."""
    nodes: list[Any] = list(tree.dfs())
    for node in reversed(nodes):
        is_root = node is tree
        changed = change(node, columns)
        if changed is node:
            continue
        if is_root:
            tree = changed
        else:
            node.replace(changed)
    return tree


def _in_utc(node: exp.Expression, _: Mapping[str, Column]) -> exp.Expression:
    """A moment with its zone as those have it whose moments bear none: in UTC."""
    zoned = exp.DataType.Type.TIMESTAMPTZ
    if not (isinstance(node, exp.Cast) and node.to.is_type(zoned) and isinstance(node.this, exp.Literal)):
        return node
    match = _ZONED.fullmatch(node.this.name)
    if match is None:
        return node
    text, sign, hours, minutes = match.groups()
    ahead = datetime.timedelta(hours=int(hours), minutes=int(minutes or 0))
    moment = datetime.datetime.fromisoformat(text)
    return exp.Literal.string(str(moment - ahead if sign == "+" else moment + ahead))


def _finite(node: exp.Expression, _: Mapping[str, Column]) -> exp.Expression:
    """A moment without end as the day that stands for it among the rows."""
    if not (isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal)):
        return node
    day = _DAYS.get(node.this.name.lower())
    if day is None or not node.to.is_type(*exp.DataType.TEMPORAL_TYPES):
        return node
    return exp.Literal.string(day if node.to.is_type(exp.DataType.Type.DATE) else f"{day} 00:00:00")


def _neutral(node: exp.Expression, columns: Mapping[str, Column]) -> exp.Expression:
    """``x = ANY (ARRAY[..])``, as PostgreSQL prints IN, back to IN; casts that say nothing away."""
    if isinstance(node, (exp.EQ, exp.NEQ)):
        wrapped = _quantified(node.expression, "ANY" if isinstance(node, exp.EQ) else "ALL")
        if wrapped is not None:
            values = _array(wrapped)
            if values is None:
                raise _Untranslatable
            inside = exp.In(this=node.this, expressions=values)
            return inside if isinstance(node, exp.EQ) else exp.Not(this=exp.Paren(this=inside))
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return _cast(node, columns)
    return node


def _quantified(node: exp.Expression, word: str) -> exp.Expression | None:
    """What stands behind ANY or ALL, which sqlglot knows as nodes of their own or as functions."""
    if isinstance(node, exp.Any if word == "ANY" else exp.All):
        inner = node.this
    elif isinstance(node, exp.Anonymous) and node.name.upper() == word and len(node.expressions) == 1:
        inner = node.expressions[0]
    else:
        return None
    return inner if isinstance(inner, exp.Expression) else None


def _array(node: exp.Expression | None) -> list[exp.Expression] | None:
    while isinstance(node, (exp.Paren, exp.Cast)):
        node = node.this
    return list(node.expressions) if isinstance(node, exp.Array) else None


def _cast(node: exp.Cast, columns: Mapping[str, Column]) -> exp.Expression:
    inner, kind = node.this, node.to
    while isinstance(inner, exp.Paren):
        inner = inner.this
    if isinstance(inner, exp.Literal):
        if kind.is_type(*exp.DataType.NUMERIC_TYPES):
            if not _NUMBER.fullmatch(inner.name.strip()):
                raise _Untranslatable
            return exp.Literal.number(inner.name)
        if kind.is_type(exp.DataType.Type.DATE):
            return exp.Literal.string(inner.name[:10])
        if _is_text(kind):
            return exp.Literal.string(inner.name)
        if kind.is_type(*exp.DataType.TEMPORAL_TYPES) and re.fullmatch(r"\d{4}-\d\d-\d\d( .*)?", inner.name):
            return exp.Literal.string(inner.name if " " in inner.name else f"{inner.name} 00:00:00")
    if isinstance(inner, exp.Column) and _is_text(kind):
        column = columns.get(inner.name)
        if column is not None and column.type.kind in _TEXTS:
            return inner
    return node


def _is_text(kind: exp.DataType) -> bool:
    """Text, or a type of the source's own such as an enum."""
    return kind.is_type(*exp.DataType.TEXT_TYPES) or kind.this is exp.DataType.Type.USERDEFINED


_TEMPORAL = (Kind.DATE, Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMPTZ, Kind.INTERVAL)
_ORDERED = (exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between)


def _for_sqlite(node: exp.Expression, columns: Mapping[str, Column]) -> exp.Expression:
    sides = [side for side in (node.this, node.args.get("expression")) if isinstance(side, exp.Expression)]
    if isinstance(node, (exp.Add, exp.Sub)) and any(_has_kind(side, columns, _TEMPORAL) for side in sides):
        # Dates are texts there, with which nothing can be added.
        raise _Untranslatable
    if isinstance(node, _ORDERED) and any(_has_kind(side, columns, (Kind.ENUM, Kind.INTERVAL)) for side in sides):
        # Labels are texts there, in the order of their letters.
        raise _Untranslatable
    if isinstance(node, (exp.Like, exp.ILike)):
        return _escaping(exp.Like(**node.args), node)
    if isinstance(node, exp.Extract):
        letter = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "dow": "%w", "doy": "%j"}
        pattern = letter.get(node.name.lower())
        if pattern is None:
            raise _Untranslatable
        part = exp.Anonymous(this="STRFTIME", expressions=[exp.Literal.string(pattern), node.expression])
        return exp.cast(part, "INTEGER")
    if isinstance(node, exp.Cast):
        # SQLite would read CAST('2024-05-01' AS DATE) as the number 2024.
        if node.to.is_type(exp.DataType.Type.DATE):
            return exp.Anonymous(this="DATE", expressions=[node.this])
        if not node.to.is_type(*exp.DataType.NUMERIC_TYPES, *exp.DataType.TEXT_TYPES):
            raise _Untranslatable
    if isinstance(node, exp.Div) and not isinstance(node.this, exp.Cast):
        # A decimal 7.0 is stored as the integer 7, which SQLite would divide as one.
        kinds = {columns[c.name].type.kind for c in node.find_all(exp.Column) if c.name in columns}
        if kinds & {Kind.DECIMAL, Kind.FLOAT, Kind.MONEY}:
            return exp.Div(this=exp.cast(node.this, "REAL"), expression=node.expression)
    if isinstance(node, (exp.RegexpLike, exp.RegexpILike, exp.SimilarTo)):
        raise _Untranslatable
    return node


def _for_duckdb(node: exp.Expression, _: Mapping[str, Column]) -> exp.Expression:
    return _escaping(node, node) if isinstance(node, (exp.Like, exp.ILike)) else node


def _escaping(like: exp.Expression, node: exp.Expression) -> exp.Expression:
    """The LIKE as it is where its pattern has no backslash, which means nothing there unless it is said."""
    if "\\" not in like.expression.sql() or isinstance(node.parent, exp.Escape):
        return like
    return exp.Escape(this=like, expression=exp.Literal.string("\\"))


def _has_kind(node: exp.Expression, columns: Mapping[str, Column], kinds: tuple[Kind, ...]) -> bool:
    while isinstance(node, exp.Paren):
        node = node.this
    column = columns.get(node.name) if isinstance(node, exp.Column) else None
    return column is not None and column.type.kind in kinds


def _from_sqlite(node: exp.Expression, columns: Mapping[str, Column]) -> exp.Expression:
    # LIKE ignores case in SQLite: a case-sensitive one would refuse rows that the source holds.
    if isinstance(node, exp.Like):
        # Newer sqlglot keeps NOT LIKE in the node: every argument moves.
        return exp.ILike(**node.args)
    if isinstance(node, exp.Glob):
        raise _Untranslatable
    if isinstance(node, (exp.EQ, exp.NEQ, exp.In)) and isinstance(node.this, exp.Column):
        column = columns.get(node.this.name)
        if column is not None and column.type.kind is Kind.BOOLEAN:
            return node.transform(_truth)
    return node


def _truth(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Literal) and node.name in ("0", "1"):
        return exp.Boolean(this=node.name == "1")
    return node
