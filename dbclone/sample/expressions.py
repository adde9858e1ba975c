"""SQL conditions evaluated on columns: comparisons, arithmetic, logic, NULL as SQL has it.

Takes a condition and arrays, gives which rows break it. What it does not understand it raises `Unknown` for, and leaves
to others. Never changes a value.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlglot
from sqlglot import expressions as exp

from dbclone.models.arrows import DAY_US
from dbclone.sample.functions import ESCAPE, FUNCTIONS, Evaluate, is_constant
from dbclone.sample.results import Columns, Flags, Result, Unknown, Values, constant_as, truth
from dbclone.schema import Check, Table

_SPELLED = {"!~~*": "NOT ILIKE", "!~~": "NOT LIKE", "~~*": "ILIKE", "~~": "LIKE"}
"""What PostgreSQL prints for LIKE, which sqlglot takes in part for a regular expression."""
_AS_TEXT = "dbclone: compared as a text"
_DAY = len("2024-01-01")


@functools.lru_cache(maxsize=2_000)
def parsed(expression: str, dialect: str) -> exp.Expression | None:
    """The tree of a condition in the database's own SQL, None where sqlglot does not understand it."""
    known = {"postgresql": "postgres", "mariadb": "mysql"}.get(dialect, dialect)
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    if known == "postgres":
        for sign, word in _SPELLED.items():
            expression = expression.replace(f" {sign} ", f" {word} ")
    try:
        tree = sqlglot.parse_one(expression, read=known if known in ("postgres", "sqlite", "mysql", "duckdb") else "")
    except sqlglot.errors.SqlglotError:
        return None
    if known in ("sqlite", "mysql"):
        # SQLite's LIKE sees no capitals, nor does MySQL's in its usual collations.
        tree = tree.transform(_careless)
    if known in ("postgres", "mysql"):
        for like in tree.find_all(exp.Like, exp.ILike):
            like.meta[ESCAPE] = "\\"
    if known == "sqlite":
        for literal in tree.find_all(exp.Literal):
            literal.meta[_AS_TEXT] = True
    return tree if isinstance(tree, exp.Expression) else None


def _careless(node: exp.Expression) -> exp.Expression:
    # Newer sqlglot keeps NOT LIKE in the node: every argument moves.
    return exp.ILike(**node.args) if isinstance(node, exp.Like) else node


def bare(tree: exp.Expression) -> exp.Expression:
    """The expression without the brackets and the casts between texts that PostgreSQL prints around it."""
    while isinstance(tree, exp.Paren) or (isinstance(tree, exp.Cast) and tree.to.is_type(*exp.DataType.TEXT_TYPES)):
        tree = tree.this
    return tree


def column_names(tree: exp.Expression) -> list[str]:
    """The columns that a condition names, each once."""
    return list(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))


def broken_rows(tree: exp.Expression, rows: Columns) -> Flags:
    """(n,) true where the condition is false; NULL breaks nothing. Raises Unknown."""
    result = _evaluate(tree, rows)
    flags: Flags = result.known & ~truth(result)
    return flags


def true_rows(tree: exp.Expression, rows: Columns) -> Flags:
    """(n,) true where the condition is true, as a WHERE has it. Raises Unknown."""
    result = _evaluate(tree, rows)
    flags: Flags = result.known & truth(result)
    return flags


def values_of(tree: exp.Expression, rows: Columns) -> tuple[Values, Flags]:
    """(n,) the value of an expression, and where it is no NULL. Raises Unknown."""
    result = _evaluate(tree, rows)
    return result.values, result.known


def result_of(tree: exp.Expression, rows: Columns) -> Result:
    """(n,) the value of an expression and what it is. Raises Unknown."""
    return _evaluate(tree, rows)


def numbers_of(tree: exp.Expression, rows: Columns) -> tuple[npt.NDArray[np.float64], Flags]:
    """(n,) the value of an expression over numbers or dates, and where it is no NULL. Raises Unknown."""
    result = _evaluate(tree, rows)
    if result.kind == "text":
        raise Unknown("text")
    return np.asarray(result.values, np.float64), result.known


def partition_check(table: Table) -> tuple[Check, ...]:
    """What says that each row has a partition, where not every row has one."""
    bounds = table.partition_bounds
    return (Check(" OR ".join(f"({one})" for one in bounds), "of its partitions"),) if bounds else ()


def _evaluate(node: exp.Expression, rows: Columns) -> Result:
    for kind, handle in _NODES.items():
        if isinstance(node, kind):
            result = handle(node, rows)
            # Newer sqlglot keeps NOT in the node (NOT LIKE, NOT IN, IS NOT), older ones wrap the node in a Not.
            return Result(~truth(result), result.known) if node.args.get("negate") else result
    raise Unknown(type(node).__name__)


def _column(node: exp.Expression, rows: Columns) -> Result:
    return rows.column(node.name)


def _literal(node: exp.Expression, rows: Columns) -> Result:
    every = np.ones(rows.size, bool)
    if isinstance(node, exp.Boolean):
        return Result(np.full(rows.size, float(bool(node.this))), every)
    if isinstance(node, exp.Null):
        return Result(np.zeros(rows.size), ~every)
    if node.args.get("is_string"):
        return Result(np.full(rows.size, node.this, object), every, "text")
    text = str(node.this)
    # Whole numbers stay whole: ids beyond 2^53 differ in digits that a float does not have.
    return Result(np.full(rows.size, int(text) if text.isdigit() and len(text) < 19 else float(text)), every)


def _cast(node: exp.Expression, rows: Columns) -> Result:
    inner = _evaluate(node.this, rows)
    wanted = _shape_of_type(node.args["to"])
    if wanted is None or wanted == inner.kind:
        return inner
    if inner.kind == "text" and is_constant(node.this):
        value = constant_as(str(inner.values[0]), wanted) if rows.size else 0.0
        return Result(np.full(rows.size, value), inner.known, wanted)
    if inner.kind == "text" and wanted == "number":
        return _parsed_numbers(inner)
    if inner.kind == "date" and wanted == "moment":
        return Result(inner.values * DAY_US, inner.known, "moment")
    if inner.kind == "moment" and wanted == "date":
        return Result(np.floor(inner.values / DAY_US), inner.known, "date")
    raise Unknown(f"cast from {inner.kind} to {wanted}")


def _parsed_numbers(inner: Result) -> Result:
    values = np.zeros(len(inner.values))
    for row in np.flatnonzero(inner.known):
        try:
            values[row] = float(inner.values[row])
        except ValueError:
            raise Unknown(str(inner.values[row])) from None
    return Result(values, inner.known)


def _shape_of_type(kind: exp.Expression) -> str | None:
    text = str(kind.this.value if isinstance(kind, exp.DataType) and hasattr(kind.this, "value") else kind).upper()
    if isinstance(kind, exp.DataType) and kind.args.get("nested"):
        raise Unknown(text)
    if text.startswith(("TIMESTAMP", "DATETIME")):
        return "moment"
    if text.startswith("TIME"):
        return "time"
    if text in ("DATE", "INTERVAL"):
        return text.lower()
    if text.startswith(("TEXT", "VARCHAR", "CHAR", "NCHAR", "BPCHAR")):
        return "text"
    if text in ("INT", "BIGINT", "SMALLINT", "DECIMAL", "DOUBLE", "FLOAT", "NUMERIC", "MONEY", "REAL", "BOOLEAN"):
        return "number"
    # A type of the schema's own: an enum or a domain changes no value.
    return None


def _logic(node: exp.Expression, rows: Columns) -> Result:
    one, other = _evaluate(node.this, rows), _evaluate(node.expression, rows)
    a, b = truth(one), truth(other)
    if isinstance(node, exp.And):
        false = (one.known & ~a) | (other.known & ~b)
        return Result(~false, (one.known & other.known) | false)
    true = (one.known & a) | (other.known & b)
    return Result(true, (one.known & other.known) | true)


def _not(node: exp.Expression, rows: Columns) -> Result:
    inner = _evaluate(node.this, rows)
    return Result(~truth(inner), inner.known)


def _is(node: exp.Expression, rows: Columns) -> Result:
    every = np.ones(rows.size, bool)
    if isinstance(node.expression, exp.Null):
        return Result(~_known(node.this, rows), every)
    if isinstance(node.expression, exp.Boolean):
        inner = _evaluate(node.this, rows)
        return Result(inner.known & (truth(inner) == bool(node.expression.this)), every)
    raise Unknown("Is")


def _known(node: exp.Expression, rows: Columns) -> Flags:
    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    return rows.known(node.name) if isinstance(node, exp.Column) else _evaluate(node, rows).known


def _arithmetic(node: exp.Expression, rows: Columns) -> Result:
    one, other = _evaluate(node.this, rows), _evaluate(node.expression, rows)
    known = one.known & other.known
    kinds = (one.kind, other.kind)
    if "text" in kinds:
        raise Unknown("arithmetic on texts")
    a, b = np.asarray(one.values, np.float64), np.asarray(other.values, np.float64)
    if isinstance(node, exp.Mod):
        safe = np.where(b == 0, 1.0, b)
        return Result(np.fmod(a, safe), known & (b != 0))
    if isinstance(node, exp.Div):
        safe = np.where(b == 0, 1.0, b)
        # Whole numbers divide to whole numbers in most databases; here it cannot be told, so only exact ones count.
        if kinds == ("number", "number") and not np.all(a / safe == np.trunc(a / safe)):
            raise Unknown("a division with a rest")
        return Result(a / safe, known & (b != 0), one.kind)
    return Result(_ARITHMETIC[type(node)](a, b), known, _kind_of(type(node), *kinds))


def _kind_of(node: type[exp.Expression], one: str, other: str) -> str:
    if one == other == "number":
        return "number"
    if node is exp.Sub and one == other:
        return "number" if one == "date" else "interval"
    if {one, other} == {"date", "number"}:
        return "date"
    if "interval" in (one, other) and {one, other} <= {"moment", "time", "interval", "number"}:
        rest = {one, other} - {"interval"}
        return "interval" if rest <= {"number"} else rest.pop()
    raise Unknown(f"{one} and {other}")


_ARITHMETIC: Mapping[type[exp.Expression], Callable[[Values, Values], Values]] = {
    exp.Add: lambda a, b: a + b,
    exp.Sub: lambda a, b: a - b,
    exp.Mul: lambda a, b: a * b,
}
_COMPARE: Mapping[type[exp.Expression], Callable[[Values, Values], Values]] = {
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
}


def _comparison(node: exp.Expression, rows: Columns) -> Result:
    if isinstance(node.expression, exp.Any | exp.All):
        return _any_or_all(node, rows)
    return _compare(type(node), node.this, node.expression, rows)


def _compare(kind: type[exp.Expression], left: exp.Expression, right: exp.Expression, rows: Columns) -> Result:
    one, other = _aligned(left, right, rows)
    known = one.known & other.known
    labels = _labels(left, right, rows)
    if labels and kind not in (exp.EQ, exp.NEQ):
        one, other = _ranks(one, labels), _ranks(other, labels)
    if one.kind == "document":
        raise Unknown("documents compared")
    if one.kind == "text":
        if kind not in (exp.EQ, exp.NEQ) and not labels:
            # How texts are sorted is the database's own matter.
            raise Unknown("the order of texts")
        return Result(_COMPARE[kind](one.values, other.values).astype(bool), known)
    if one.values.dtype.kind in "iub" and other.values.dtype.kind in "iub":
        return Result(_COMPARE[kind](one.values, other.values), known)
    a, b = np.asarray(one.values, np.float64), np.asarray(other.values, np.float64)
    if kind in (exp.EQ, exp.NEQ, exp.LTE, exp.GTE):
        # Decimals travel as floats: what differs by less than they can tell is equal.
        close = np.isclose(a, b, rtol=1e-12, atol=1e-9)
        b = np.where(close, a, b)
    return Result(_COMPARE[kind](a, b), known)


def _labels(left: exp.Expression, right: exp.Expression, rows: Columns) -> tuple[str, ...]:
    for side in (left, right):
        for column in side.find_all(exp.Column):
            found = rows.labels(column.name)
            if found:
                return found
    return ()


def _ranks(result: Result, labels: tuple[str, ...]) -> Result:
    place = {label: float(number) for number, label in enumerate(labels)}
    return Result(np.array([place.get(str(value), -1.0) for value in result.values]), result.known)


def _aligned(left: exp.Expression, right: exp.Expression, rows: Columns) -> tuple[Result, Result]:
    one, other = _evaluate(left, rows), _evaluate(right, rows)
    if one.kind == other.kind:
        return one, other
    if one.kind == "text" and is_constant(left):
        return _as_kind(one, other.kind, left), other
    if other.kind == "text" and is_constant(right):
        return one, _as_kind(other, one.kind, right)
    if {one.kind, other.kind} == {"date", "moment"}:
        return tuple(  # type: ignore[return-value]
            Result(part.values * DAY_US, part.known, "moment") if part.kind == "date" else part for part in (one, other)
        )
    if "text" in (one.kind, other.kind):
        raise Unknown(f"{one.kind} and {other.kind}")
    if not {one.kind, other.kind} <= {"number", "interval"}:
        raise Unknown(f"{one.kind} and {other.kind}")
    return one, other


def _as_kind(texts: Result, kind: str, node: exp.Expression | None = None) -> Result:
    text = str(texts.values[0]) if len(texts.values) else ""
    value = constant_as(text, kind) if text else 0.0
    if kind == "moment" and len(text) == _DAY and node is not None and node.meta.get(_AS_TEXT):
        # To SQLite moments are texts: the first one of a day comes after the day itself.
        value -= 500_000
    return Result(np.full(len(texts.values), value), texts.known, kind)


def _interval(node: exp.Expression, rows: Columns) -> Result:
    unit = node.args.get("unit")
    text = f"{node.this.name if node.this is not None else ''} {unit.name if unit is not None else ''}".strip()
    return Result(np.full(rows.size, constant_as(text, "interval")), np.ones(rows.size, bool), "interval")


def _between(node: exp.Expression, rows: Columns) -> Result:
    low = _compare(exp.GTE, node.this, node.args["low"], rows)
    high = _compare(exp.LTE, node.this, node.args["high"], rows)
    return Result(truth(low) & truth(high), low.known & high.known)


def _in(node: exp.Expression, rows: Columns) -> Result:
    if node.args.get("query") is not None:
        raise Unknown("a query")
    return _any_of(exp.EQ, node.this, node.expressions, rows)


def _any_or_all(node: exp.Expression, rows: Columns) -> Result:
    arrays = list(node.expression.find_all(exp.Array))
    if len(arrays) != 1:
        raise Unknown("Any")
    if isinstance(node.expression, exp.Any):
        return _any_of(type(node), node.this, arrays[0].expressions, rows)
    every = np.ones(rows.size, bool)
    known = every.copy()
    for item in arrays[0].expressions:
        part = _compare(type(node), node.this, item, rows)
        every &= truth(part) | ~part.known
        known &= part.known
    return Result(every, known | ~every)


def _any_of(kind: type[exp.Expression], what: exp.Expression, items: list[exp.Expression], rows: Columns) -> Result:
    found, known = np.zeros(rows.size, bool), np.ones(rows.size, bool)
    for item in items:
        part = _compare(kind, what, item, rows)
        found |= truth(part) & part.known
        known &= part.known
    return Result(found, known | found)


def _distinct(node: exp.Expression, rows: Columns) -> Result:
    one, other = _aligned(node.this, node.expression, rows)
    same = (one.known & other.known & (one.values == other.values)) | (~one.known & ~other.known)
    return Result(same if isinstance(node, exp.NullSafeEQ) else ~same, np.ones(rows.size, bool))


def _case(node: exp.Expression, rows: Columns) -> Result:
    default = node.args.get("default")
    branches = [(part.this, part.args["true"]) for part in node.args["ifs"]]
    result = _evaluate(default, rows) if default is not None else _literal(exp.Null(), rows)
    for condition, value in reversed(branches):
        if node.this is not None:
            chosen = _compare(exp.EQ, node.this, condition, rows)
        else:
            chosen = _evaluate(condition, rows)
        taken = truth(chosen) & chosen.known
        part = _evaluate(value, rows)
        if part.kind != result.kind and result.known.any():
            raise Unknown("branches of different kinds")
        known = np.where(taken, part.known, result.known)
        result = Result(np.where(taken, part.values, result.values), known, part.kind)
    return result


def _coalesce(node: exp.Expression, rows: Columns) -> Result:
    parts = [_evaluate(part, rows) for part in (node.this, *node.expressions)]
    result = parts[0]
    for part in parts[1:]:
        part = _as_kind(part, result.kind) if part.kind == "text" and result.kind != "text" else part
        if part.kind != result.kind:
            raise Unknown("coalesce over different kinds")
        result = Result(np.where(result.known, result.values, part.values), result.known | part.known, result.kind)
    return result


def _extreme(node: exp.Expression, rows: Columns) -> Result:
    parts = [_evaluate(part, rows) for part in (node.this, *node.expressions) if part is not None]
    if any(part.kind != parts[0].kind or part.kind == "text" for part in parts):
        raise Unknown("greatest over different kinds")
    choose = np.fmax if isinstance(node, exp.Greatest) else np.fmin
    values = functools.reduce(choose, [np.where(part.known, part.values, np.nan) for part in parts])
    return Result(np.nan_to_num(values), ~np.isnan(values), parts[0].kind)


def _function(node: exp.Expression, rows: Columns) -> Result:
    name, every = node.name.lower(), np.ones(rows.size, bool)
    if name in ("num_nonnulls", "num_nulls"):
        filled = np.sum([_known(part, rows) for part in node.expressions], axis=0).astype(float)
        return Result(filled if name == "num_nonnulls" else len(node.expressions) - filled, every)
    return FUNCTIONS[exp.Anonymous](node, lambda part: _evaluate(part, rows))


def _same(node: exp.Expression, rows: Columns) -> Result:
    return _evaluate(node.this, rows)


def _in_columns(function: Callable[[exp.Expression, Evaluate], Result]) -> Callable[[exp.Expression, Columns], Result]:
    return lambda node, rows: function(node, lambda part: _evaluate(part, rows))


_NODES: Mapping[type[Any] | tuple[type[Any], ...], Callable[[exp.Expression, Columns], Result]] = {
    exp.Paren: _same,
    exp.Collate: _same,
    exp.Cast: _cast,
    exp.Column: _column,
    (exp.Literal, exp.Boolean, exp.Null): _literal,
    (exp.And, exp.Or): _logic,
    exp.Not: _not,
    exp.Is: _is,
    (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod): _arithmetic,
    exp.Between: _between,
    exp.In: _in,
    (exp.NullSafeEQ, exp.NullSafeNEQ): _distinct,
    (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE): _comparison,
    exp.Case: _case,
    exp.Coalesce: _coalesce,
    (exp.Greatest, exp.Least): _extreme,
    exp.Interval: _interval,
    exp.Anonymous: _function,
    **{kinds: _in_columns(function) for kinds, function in FUNCTIONS.items() if kinds is not exp.Anonymous},
}
