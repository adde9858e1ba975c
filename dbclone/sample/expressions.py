"""SQL conditions evaluated on columns of values, in SQL's three-valued logic.

Takes expressions that sqlglot parsed and anything with columns, gives arrays: values, and where they are known (not
NULL). Raises Unknown for whatever it does not understand. Never changes a row.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import sqlglot
from sqlglot import expressions as exp

from dbclone.schema import Kind

Values = npt.NDArray[Any]
Result = tuple[Values, npt.NDArray[np.bool_]]


class Unknown(Exception):
    """The condition uses something that cannot be evaluated here."""


class Columns(Protocol):
    """Rows whose columns can be asked for: numbers as numeric arrays, everything else as object arrays of texts."""

    @property
    def size(self) -> int: ...

    def column(self, name: str) -> Result: ...

    def kind(self, name: str) -> Kind | None: ...


@functools.lru_cache(maxsize=4_096)
def parse(expression: str, dialect: str) -> exp.Expr:
    """The condition as a tree, which nobody may change. Raises Unknown where sqlglot cannot read it."""
    try:
        return sqlglot.parse_one(expression, read=sqlglot_name(dialect))
    except sqlglot.errors.SqlglotError as error:
        raise Unknown(expression) from error


def columns_in(tree: exp.Expr) -> list[str]:
    """The names of the columns that a condition looks at."""
    return list(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))


def sqlglot_name(dialect: str) -> str:
    """What sqlglot calls one of our dialects."""
    return {"postgresql": "postgres"}.get(dialect, dialect if dialect in ("sqlite", "mysql", "duckdb") else "")


def breaks(tree: exp.Expr, rows: Columns, dialect: str) -> npt.NDArray[np.bool_]:
    """(rows,) true where the condition is false; NULL does not break a CHECK. Raises Unknown."""
    value, known = evaluate(tree, rows, dialect)
    result: npt.NDArray[np.bool_] = known & ~_truth(value)
    return result


def evaluate(node: exp.Expr, rows: Columns, dialect: str = "") -> Result:
    """The expression's value in every row, and where it is known. Raises Unknown."""
    if isinstance(node, exp.Paren | exp.Cast | exp.TryCast):
        return evaluate(node.this, rows, dialect)
    if isinstance(node, exp.Column):
        return rows.column(node.name)
    handler = next((handler for kinds, handler in _HANDLERS if isinstance(node, kinds)), _test)
    value, known = handler(node, rows, dialect)
    # Newer sqlglot keeps NOT in the node (NOT LIKE, NOT IN, IS NOT), older ones wrap the node in a Not.
    return (~_truth(value) if node.args.get("negate") else value), known


# -- comparisons ------------------------------------------------------------------------------------------------------

_COMPARE: Mapping[type[exp.Expr], Callable[[Values, Values], Values]] = {
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
}


def _test(node: exp.Expr, rows: Columns, dialect: str) -> Result:
    """A comparison, BETWEEN, or membership in a list or array."""
    kind = type(node)
    if isinstance(node, exp.Between):
        low = _compare(exp.GTE, node.this, node.args["low"], rows, dialect)
        high = _compare(exp.LTE, node.this, node.args["high"], rows, dialect)
        return low[0] & high[0], low[1] & high[1]
    if isinstance(node, exp.In):
        if not node.expressions:
            raise Unknown("In")
        return _in(node.this, node.expressions, rows, dialect)
    if kind is exp.EQ and isinstance(node.expression, exp.Any):
        return _in(node.this, _array_items(node.expression), rows, dialect)
    if isinstance(node, exp.NullSafeEQ | exp.NullSafeNEQ):
        (value, both), (_, left), (_, right) = (
            _compare(exp.EQ, node.this, node.expression, rows, dialect),
            evaluate(node.this, rows, dialect),
            evaluate(node.expression, rows, dialect),
        )
        same = (both & _truth(value)) | (~left & ~right)
        return same ^ isinstance(node, exp.NullSafeNEQ), np.ones(rows.size, bool)
    if kind in _COMPARE:
        return _compare(kind, node.this, node.expression, rows, dialect)
    raise Unknown(kind.__name__)


def _compare(kind: type[exp.Expr], left: exp.Expr, right: exp.Expr, rows: Columns, dialect: str) -> Result:
    (a, known_a), (b, known_b) = evaluate(left, rows, dialect), evaluate(right, rows, dialect)
    if a.dtype == object and b.dtype != object:
        a = _align(a, left, right, rows)
    elif b.dtype == object and a.dtype != object:
        b = _align(b, right, left, rows)
    known = known_a & known_b
    if a.dtype == object and kind not in (exp.EQ, exp.NEQ):
        # What stands where nothing is known may not be comparable at all.
        a, b = np.where(known, a, ""), np.where(known, b, "")
    return _COMPARE[kind](a, b), known


def _align(texts: Values, spelled: exp.Expr, beside: exp.Expr, rows: Columns) -> Values:
    """A text constant as the number that the column beside it is stored as."""
    while isinstance(spelled, exp.Paren | exp.Cast | exp.TryCast):
        spelled = spelled.this
    column = next(iter(beside.find_all(exp.Column)), None)
    kind = rows.kind(column.name) if column is not None else None
    if not isinstance(spelled, exp.Literal):
        raise Unknown(type(spelled).__name__)
    first = str(spelled.this)
    try:
        if kind is Kind.DATE:
            return np.full(len(texts), np.datetime64(first[:10], "D").astype(np.int64), np.float64)
        if kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
            return np.full(len(texts), np.datetime64(first[:26].replace(" ", "T"), "us").astype(np.int64), np.float64)
        if kind is Kind.TIME:
            parts = [float(part) for part in first.split(":")]
            seconds = sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
            # The end of the day, 24:00, lies after every time of it.
            return np.full(len(texts), seconds * 1e6)
        return np.full(len(texts), float(first))
    except ValueError:
        raise Unknown(first) from None


def _in(what: exp.Expr, items: list[exp.Expr], rows: Columns, dialect: str) -> Result:
    _, known = evaluate(what, rows, dialect)
    found = np.zeros(rows.size, bool)
    for item in items:
        found |= _truth(_compare(exp.EQ, what, item, rows, dialect)[0])
    return found, known


def _array_items(node: exp.Expr) -> list[exp.Expr]:
    arrays = list(node.find_all(exp.Array))
    if len(arrays) != 1:
        raise Unknown("Any")
    return list(arrays[0].expressions)


# -- logic ------------------------------------------------------------------------------------------------------------


def _connect(node: Any, rows: Columns, dialect: str) -> Result:
    (a, known_a), (b, known_b) = evaluate(node.this, rows, dialect), evaluate(node.expression, rows, dialect)
    one, other = _truth(a), _truth(b)
    if isinstance(node, exp.And):
        false = (known_a & ~one) | (known_b & ~other)
        return ~false, (known_a & known_b) | false
    true = (known_a & one) | (known_b & other)
    return true, (known_a & known_b) | true


def _not(node: Any, rows: Columns, dialect: str) -> Result:
    value, known = evaluate(node.this, rows, dialect)
    return ~_truth(value), known


def _is(node: Any, rows: Columns, dialect: str) -> Result:
    value, known = evaluate(node.this, rows, dialect)
    every = np.ones(rows.size, bool)
    if isinstance(node.expression, exp.Null):
        return ~known, every
    if isinstance(node.expression, exp.Boolean):
        return known & (_truth(value) == bool(node.expression.this)), every
    raise Unknown("Is")


def _case(node: Any, rows: Columns, dialect: str) -> Result:
    default = node.args.get("default")
    value, known = evaluate(default if default is not None else exp.Null(), rows, dialect)
    for branch in reversed(node.args["ifs"]):
        test = branch.this if node.this is None else exp.EQ(this=node.this.copy(), expression=branch.this.copy())
        chosen, sure = evaluate(test, rows, dialect)
        then, there = evaluate(branch.args["true"], rows, dialect)
        here = sure & _truth(chosen)
        if (then.dtype == object) != (value.dtype == object) and known.any():
            raise Unknown("Case")
        value, known = np.where(here, then, value), np.where(here, there, known)
    return value, known


def _truth(value: Values) -> npt.NDArray[np.bool_]:
    if value.dtype == object:
        raise Unknown("a text as a condition")
    return value.astype(bool)


# -- values -----------------------------------------------------------------------------------------------------------

_ARITHMETIC: Mapping[type[exp.Expr], Callable[[Values, Values], Values]] = {
    exp.Add: lambda a, b: a + b,
    exp.Sub: lambda a, b: a - b,
    exp.Mul: lambda a, b: a * b,
    exp.Mod: lambda a, b: np.fmod(a, np.where(b == 0, 1, b)),
}


def _calculate(node: Any, rows: Columns, dialect: str) -> Result:
    (a, known_a), (b, known_b) = evaluate(node.this, rows, dialect), evaluate(node.expression, rows, dialect)
    if a.dtype == object or b.dtype == object:
        raise Unknown(type(node).__name__)
    return _ARITHMETIC[type(node)](a, b), known_a & known_b


def _constant(node: Any, rows: Columns, _dialect: str) -> Result:
    every, none = np.ones(rows.size, bool), np.zeros(rows.size, bool)
    if isinstance(node, exp.Null):
        return np.zeros(rows.size), none
    if isinstance(node, exp.Boolean):
        return np.full(rows.size, float(bool(node.this))), every
    if node.args.get("is_string"):
        return np.full(rows.size, node.this, object), every
    text = str(node.this)
    # Whole numbers stay whole: ids beyond 2^53 differ in digits that a float does not have.
    return np.full(rows.size, int(text) if text.isdigit() and len(text) < 19 else float(text)), every


def _number_of(node: Any, rows: Columns, dialect: str) -> Result:
    value, known = evaluate(node.this, rows, dialect)
    if value.dtype == object:
        raise Unknown(type(node).__name__)
    numbers = value.astype(np.float64) if value.dtype == bool else value
    return -numbers if isinstance(node, exp.Neg) else abs(numbers), known


def _trimmed(text: str) -> str:
    return text.strip(" ")


_TEXT_CHANGES: Mapping[type[exp.Expr], Callable[[str], str]] = {
    exp.Upper: str.upper,
    exp.Lower: str.lower,
    exp.Trim: _trimmed,
}


def _text_of(node: Any, rows: Columns, dialect: str) -> Result:
    value, known = evaluate(node.this, rows, dialect)
    if value.dtype != object:
        raise Unknown(type(node).__name__)
    if isinstance(node, exp.Length):
        return np.fromiter((len(str(one)) for one in value), np.int64, len(value)), known
    if isinstance(node, exp.Trim) and (node.expression is not None or node.args.get("position")):
        raise Unknown("Trim")
    change = _TEXT_CHANGES[type(node)]
    changed = np.empty(len(value), object)
    changed[:] = [change(str(one)) for one in value]
    return changed, known


def _coalesce(node: Any, rows: Columns, dialect: str) -> Result:
    value, known = evaluate(node.this, rows, dialect)
    for other in node.expressions:
        then, there = evaluate(other, rows, dialect)
        if (then.dtype == object) != (value.dtype == object):
            raise Unknown("Coalesce")
        value, known = np.where(known, value, then), known | there
    return value, known


def _like(node: Any, rows: Columns, dialect: str) -> Result:
    value, known = evaluate(node.this, rows, dialect)
    pattern = node.expression
    while isinstance(pattern, exp.Paren | exp.Cast | exp.TryCast):
        pattern = pattern.this
    if value.dtype != object or not isinstance(pattern, exp.Literal):
        raise Unknown(type(node).__name__)
    # SQLite's LIKE sees no capitals, nor does MySQL's in its usual collations.
    careless = isinstance(node, exp.Like) and dialect in ("sqlite", "mysql")
    folded = careless or isinstance(node, exp.ILike | exp.RegexpILike)
    plain = isinstance(node, exp.Like | exp.ILike)
    try:
        matcher = re.compile(_like_regex(pattern.this) if plain else pattern.this, (re.I if folded else 0) | re.S)
    except re.error:
        raise Unknown(pattern.this) from None
    matches = matcher.fullmatch if plain else matcher.search
    return np.fromiter((matches(str(one)) is not None for one in value), bool, len(value)), known


def _like_regex(pattern: str) -> str:
    return "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in pattern)


def _counted_nulls(node: Any, rows: Columns, dialect: str) -> Result:
    if node.name.lower() not in ("num_nonnulls", "num_nulls"):
        raise Unknown(node.name)
    known = np.stack([evaluate(one, rows, dialect)[1] for one in node.expressions])
    wanted = known if node.name.lower() == "num_nonnulls" else ~known
    return wanted.sum(axis=0), np.ones(rows.size, bool)


_HANDLERS: tuple[tuple[Any, Callable[[Any, Columns, str], Result]], ...] = (
    (exp.Literal | exp.Boolean | exp.Null, _constant),
    (exp.And | exp.Or, _connect),
    (exp.Not, _not),
    (exp.Is, _is),
    (exp.Case, _case),
    (exp.Neg | exp.Abs, _number_of),
    (exp.Length | exp.Upper | exp.Lower | exp.Trim, _text_of),
    (exp.Coalesce, _coalesce),
    (exp.Like | exp.ILike | exp.RegexpLike | exp.RegexpILike, _like),
    (exp.Anonymous, _counted_nulls),
    (exp.Add | exp.Sub | exp.Mul | exp.Mod, _calculate),
)
