"""CHECK constraints evaluated on rows in the making, and rows that break one mended.

Takes SQL conditions and filled tables. Conditions over columns that are no numbers or categories yet (texts that a
maker will make) are left to the makers and to the database. SQL's three-valued logic: NULL does not break a CHECK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlglot
from sqlglot import expressions as exp

from dbclone.models.arrows import DAY_US
from dbclone.sample.filled import Filled
from dbclone.sample.streams import generator
from dbclone.schema import Check, Kind, Table

Values = npt.NDArray[Any]


class Unknown(Exception):
    """The condition uses something that cannot be evaluated here."""


def mend_conditions(filled: Filled, dialect: str, seed: int) -> list[str]:
    """Replaces what breaks a CHECK by values of rows that keep it; gives the conditions that some rows still break.

    Conditions that share columns are mended as one: the values of all their columns are taken together from a row of
    the clone that keeps all of them, so that they fit and no condition is mended at the cost of another.
    """
    broken: list[str] = []
    for columns, checks in _groups(filled, dialect):
        parts = [(check, _breaks(check, filled, dialect)) for check in checks]
        bad = np.zeros(filled.rows, bool)
        for _, part in parts:
            bad |= False if part is None else part
        if not bad.any():
            continue
        good = np.flatnonzero(~bad)
        if not len(good):
            broken += [check.expression for check, part in parts if part is not None and part.any()]
            continue
        wrong = np.flatnonzero(bad)
        rng = generator(seed, "check", filled.model.name, columns)
        _take(filled, columns, wrong, good[rng.integers(0, len(good), len(wrong))])
    return broken


def admitted_rows(filled: Filled, numbers: Mapping[str, npt.NDArray[np.int64]], dialect: str) -> int:
    """How many of the first rows' ``numbers`` (column -> (rows,)) every CHECK over one such column admits.

    Applications keep tables of one row by ``CHECK (id = 1)``: what a key may be says how many rows there can be.
    """
    most = filled.rows
    for check in filled.table.checks:
        try:
            tree = sqlglot.parse_one(check.expression, read=_sqlglot(dialect))
            names = {_find(filled.table, column.name) for column in tree.find_all(exp.Column)}
            if len(names) != 1 or not names <= set(numbers):
                continue
            value, known = _evaluate(tree, _Numbers(filled, numbers))
        except (sqlglot.errors.SqlglotError, Unknown):
            continue
        refused = np.flatnonzero(known & ~value.astype(bool))
        most = min(most, int(refused[0])) if len(refused) else most
    return most


def _groups(filled: Filled, dialect: str) -> list[tuple[list[str], list[Check]]]:
    """Checks that can be evaluated here, those together that share columns, with all their columns."""
    groups: list[tuple[list[str], list[Check]]] = []
    for check in filled.table.checks:
        columns = _columns_of(check, filled, dialect)
        if columns is None:
            continue
        joined, checks = list(columns), [check]
        apart = []
        for group in groups:
            if set(group[0]) & set(joined):
                joined, checks = [*group[0], *joined], [*group[1], *checks]
            else:
                apart.append(group)
        groups = [*apart, (list(dict.fromkeys(joined)), checks)]
    return groups


def _columns_of(check: Check, filled: Filled, dialect: str) -> list[str] | None:
    """The modelled columns of a condition, None where it is none of this module's business."""
    try:
        tree = sqlglot.parse_one(check.expression, read=_sqlglot(dialect))
    except sqlglot.errors.SqlglotError:
        return None
    names = list(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))
    found = [_find(filled.table, name) for name in names]
    columns = [name for name in found if name is not None]
    if len(columns) != len(names) or not columns:
        return None
    model = filled.model
    usable = [name for name in columns if name in model.by_name and model.entries[model.by_name[name]].role == "column"]
    return usable if len(usable) == len(columns) else None


def _find(table: Table, name: str) -> str | None:
    if name in table.by_name:
        return name
    return next((column.name for column in table.columns if column.name.lower() == name.lower()), None)


def _take(filled: Filled, columns: list[str], wrong: npt.NDArray[np.int64], donors: npt.NDArray[np.int64]) -> None:
    model = filled.model
    for name in columns:
        number = model.by_name[name]
        slots = slice(model.first_slot[number], model.first_slot[number + 1])
        filled.own[wrong, slots] = filled.own[donors, slots]
        if name in model.value_index:
            filled.values[wrong, model.value_index[name]] = filled.values[donors, model.value_index[name]]


def _breaks(check: Check, filled: Filled, dialect: str) -> npt.NDArray[np.bool_] | None:
    """(rows,) true where the condition is false; None where it cannot be told."""
    tree = sqlglot.parse_one(check.expression, read=_sqlglot(dialect))
    try:
        value, known = _evaluate(tree, _Rows(filled))
    except Unknown:
        return None
    result: npt.NDArray[np.bool_] = known & ~value.astype(bool)
    return result


class _Rows:
    """Columns of a filled table as arrays: numbers as float64, categories as object strings."""

    def __init__(self, filled: Filled) -> None:
        self.filled = filled
        self.size = filled.rows

    def column(self, name: str) -> tuple[Values, npt.NDArray[np.bool_]]:
        model = self.filled.model
        found = _find(self.filled.table, name)
        if found is None or found not in model.by_name:
            raise Unknown(name)
        if found in model.value_index:
            numbers = np.array(self.filled.values[:, model.value_index[found]])
            return numbers, ~np.isnan(numbers)
        entry = model.entries[model.by_name[found]]
        if (
            entry.categories is None
            or entry.categories.rare
            or len(entry.categories.start) - 1 != len(entry.categories.values)
        ):
            raise Unknown(name)
        codes = self.filled.own[:, model.first_slot[model.by_name[found]]].astype(np.int64)
        texts = np.array([*entry.categories.values, ""], object)
        return texts[codes - 1], codes > 0

    def kind(self, name: str) -> Kind | None:
        found = _find(self.filled.table, name)
        return None if found is None else self.filled.table.column(found).type.kind


class _Numbers(_Rows):
    """Surrogate keys as they will be numbered."""

    def __init__(self, filled: Filled, numbers: Mapping[str, npt.NDArray[np.int64]]) -> None:
        super().__init__(filled)
        self._numbers = numbers

    def column(self, name: str) -> tuple[Values, npt.NDArray[np.bool_]]:
        found = _find(self.filled.table, name)
        if found is None or found not in self._numbers:
            raise Unknown(name)
        values = self._numbers[found].astype(np.float64)
        return values, np.ones(len(values), bool)


Result = tuple[Values, npt.NDArray[np.bool_]]
_COMPARE: Mapping[type[exp.Expr], Callable[[Values, Values], Values]] = {
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
}
_ARITHMETIC: Mapping[type[exp.Expr], Callable[[Values, Values], Values]] = {
    exp.Add: lambda a, b: a + b,
    exp.Sub: lambda a, b: a - b,
    exp.Mul: lambda a, b: a * b,
}


def _evaluate(node: exp.Expr, rows: _Rows) -> Result:
    if isinstance(node, exp.Paren | exp.Cast | exp.TryCast):
        return _evaluate(node.this, rows)
    if isinstance(node, exp.Column):
        return rows.column(node.name)
    if isinstance(node, exp.Literal | exp.Boolean | exp.Null | exp.Neg):
        return _constant(node, rows)
    if isinstance(node, exp.And | exp.Or):
        return _connect(node, rows)
    if isinstance(node, exp.Not):
        value, known = _evaluate(node.this, rows)
        return ~value.astype(bool), known
    if isinstance(node, exp.Is):
        return _is(node, rows)
    if type(node) in _ARITHMETIC:
        return _calculate(node, rows)
    return _test(node, rows)


def _test(node: exp.Expr, rows: _Rows) -> Result:
    """A comparison, BETWEEN, or membership in a list or array."""
    kind = type(node)
    if isinstance(node, exp.Between):
        low = _compare(exp.GTE, node.this, node.args["low"], rows)
        high = _compare(exp.LTE, node.this, node.args["high"], rows)
        return low[0] & high[0], low[1] & high[1]
    if isinstance(node, exp.In):
        return _in(node.this, node.expressions, rows)
    if kind is exp.EQ and isinstance(node.expression, exp.Any):
        return _in(node.this, _array_items(node.expression), rows)
    if kind in _COMPARE:
        return _compare(kind, node.this, node.expression, rows)
    raise Unknown(kind.__name__)


def _calculate(node: exp.Expr, rows: _Rows) -> Result:
    (a, known_a), (b, known_b) = _evaluate(node.this, rows), _evaluate(node.expression, rows)
    if a.dtype == object or b.dtype == object:
        raise Unknown(type(node).__name__)
    return _ARITHMETIC[type(node)](a, b), known_a & known_b


def _constant(node: exp.Expr, rows: _Rows) -> Result:
    every, none = np.ones(rows.size, bool), np.zeros(rows.size, bool)
    if isinstance(node, exp.Null):
        return np.zeros(rows.size), none
    if isinstance(node, exp.Boolean):
        return np.full(rows.size, float(bool(node.this))), every
    if isinstance(node, exp.Neg):
        value, known = _evaluate(node.this, rows)
        if value.dtype == object:
            raise Unknown("Neg")
        return -value, known
    if node.args.get("is_string"):
        return np.full(rows.size, node.this, object), every
    return np.full(rows.size, float(node.this)), every


def _connect(node: exp.Expr, rows: _Rows) -> Result:
    (a, known_a), (b, known_b) = _evaluate(node.this, rows), _evaluate(node.expression, rows)
    one, other = a.astype(bool), b.astype(bool)
    if isinstance(node, exp.And):
        false = (known_a & ~one) | (known_b & ~other)
        return ~false, (known_a & known_b) | false
    true = (known_a & one) | (known_b & other)
    return true, (known_a & known_b) | true


def _is(node: exp.Expr, rows: _Rows) -> Result:
    value, known = _evaluate(node.this, rows)
    every = np.ones(rows.size, bool)
    # Newer sqlglot keeps IS NOT in the node, older ones wrap the node in a Not.
    negated = bool(node.args.get("negate"))
    if isinstance(node.expression, exp.Null):
        return ~known ^ negated, every
    if isinstance(node.expression, exp.Boolean):
        return (known & (value.astype(bool) == bool(node.expression.this))) ^ negated, every
    raise Unknown("Is")


def _in(what: exp.Expr, items: list[exp.Expr], rows: _Rows) -> Result:
    value, known = _evaluate(what, rows)
    found = np.zeros(rows.size, bool)
    for item in items:
        found |= _compare(exp.EQ, what, item, rows)[0].astype(bool)
    return found, known & np.ones(len(value), bool)


def _array_items(node: exp.Expr) -> list[exp.Expr]:
    arrays = list(node.find_all(exp.Array))
    if len(arrays) != 1:
        raise Unknown("Any")
    return list(arrays[0].expressions)


def _compare(kind: type[exp.Expr], left: exp.Expr, right: exp.Expr, rows: _Rows) -> Result:
    (a, known_a), (b, known_b) = _evaluate(left, rows), _evaluate(right, rows)
    if a.dtype == object and b.dtype != object:
        a = _align(a, right, rows)
    elif b.dtype == object and a.dtype != object:
        b = _align(b, left, rows)
    return _COMPARE[kind](a, b), known_a & known_b


def _align(texts: Values, beside: exp.Expr, rows: _Rows) -> Values:
    """A text constant as the number that the column beside it is stored as."""
    column = next(iter(beside.find_all(exp.Column)), None)
    kind = rows.kind(column.name) if column is not None else None
    first = str(texts[0]) if len(texts) else "0"
    try:
        if kind is Kind.DATE:
            return np.full(len(texts), np.datetime64(first[:10], "D").astype(np.int64), np.float64)
        if kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
            return np.full(len(texts), np.datetime64(first[:26].replace(" ", "T"), "us").astype(np.int64), np.float64)
        if kind is Kind.TIME:
            parts = [float(part) for part in first.split(":")]
            seconds = sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
            return np.full(len(texts), seconds * 1e6 % DAY_US)
        return np.full(len(texts), float(first))
    except ValueError:
        raise Unknown(first) from None


def _sqlglot(dialect: str) -> str:
    return {"postgresql": "postgres"}.get(dialect, dialect if dialect in ("sqlite", "mysql", "duckdb") else "")
