"""SQL's functions on values: rounding, parts of dates, texts, patterns, documents, bits.

Takes a node of a condition and what evaluates the nodes below it, gives its values. Never asks for a column itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sqlglot import expressions as exp

from dbclone.models.arrows import DAY_US
from dbclone.sample.json_paths import pick, steps_of, type_of
from dbclone.sample.results import UNITS, Result, Unknown, Values

Evaluate = Callable[[exp.Expression], Result]
ESCAPE = "dbclone: takes its meaning from the next sign"
"""What a LIKE says in its meta of the sign that makes the next one stand for itself."""


def _rounded(node: exp.Expression, evaluate: Evaluate) -> Result:
    inner = evaluate(node.this)
    if inner.kind == "text":
        raise Unknown("a text")
    values = np.asarray(inner.values, np.float64)
    if isinstance(node, exp.Round):
        decimals = node.args.get("decimals")
        scale = 10.0 ** (int(decimals.name) if decimals is not None else 0)
        return Result(np.sign(values) * np.floor(np.abs(values) * scale + 0.5 + 1e-9) / scale, inner.known, inner.kind)
    if isinstance(node, exp.Neg | exp.Abs):
        return Result(-values if isinstance(node, exp.Neg) else np.abs(values), inner.known, inner.kind)
    return Result(np.floor(values) if isinstance(node, exp.Floor) else np.ceil(values), inner.known, inner.kind)


def _extract(node: exp.Expression, evaluate: Evaluate) -> Result:
    inner = evaluate(node.expression)
    part = node.name.lower()
    if inner.kind not in ("date", "moment"):
        raise Unknown(part)
    days = np.floor(inner.values if inner.kind == "date" else inner.values / DAY_US)
    stamps = np.where(inner.known & np.isfinite(days), days, 0).astype("datetime64[D]")
    months = stamps.astype("datetime64[M]")
    if part in ("dow", "isodow"):
        monday = (days + 3) % 7
        return Result(monday + 1 if part == "isodow" else (monday + 1) % 7, inner.known)
    if part == "year":
        return Result(stamps.astype("datetime64[Y]").astype(np.int64) + 1970.0, inner.known)
    if part == "month":
        return Result(months.astype(np.int64) % 12 + 1.0, inner.known)
    if part == "day":
        return Result((stamps - months.astype("datetime64[D]")).astype(np.int64) + 1.0, inner.known)
    if part == "hour" and inner.kind == "moment":
        return Result(np.floor(inner.values % DAY_US / 3.6e9), inner.known)
    raise Unknown(part)


def _truncated(node: exp.Expression, evaluate: Evaluate) -> Result:
    """date_trunc; days and weeks begin in UTC."""
    inner = evaluate(node.this)
    unit = node.args.get("unit")
    found = unit.find(exp.Literal, exp.Var) if unit is not None else None
    name = found.name.lower() if found is not None else ""
    if inner.kind not in ("date", "moment") or name not in _TRUNCATED:
        raise Unknown(name)
    scale = 1.0 if inner.kind == "date" else DAY_US
    there = inner.known & np.isfinite(inner.values)
    days = np.where(there, np.asarray(inner.values, np.float64) / scale, 0.0)
    if name in _CLOCKS:
        step = UNITS[name] / DAY_US
        cut = np.floor(days / step + 1e-9) * step
    elif name == "week":
        cut = np.floor((np.floor(days) + 3) / 7) * 7 - 3
    else:
        kept = "datetime64[Y]" if name == "year" else "datetime64[M]"
        months = np.floor(days).astype("datetime64[D]").astype(kept)
        if name == "quarter":
            number = months.astype(np.int64)
            months = (number - number % 3).astype("datetime64[M]")
        cut = months.astype("datetime64[D]").astype(np.int64).astype(np.float64)
    return Result(np.where(there, cut * scale, inner.values), inner.known, inner.kind)


_CLOCKS = ("day", "hour", "minute", "second")
_TRUNCATED = (*_CLOCKS, "week", "month", "quarter", "year")


def _mapped(inner: Result, change: Callable[[str], Any], kind: str) -> Result:
    if inner.kind != "text":
        raise Unknown("no text")
    made = [change(str(value)) if there else None for value, there in zip(inner.values, inner.known, strict=True)]
    if kind == "text":
        values = np.array(made, object)
    else:
        values = np.array([0.0 if value is None else float(value) for value in made])
    return Result(values, inner.known, kind)


def _text(node: exp.Expression, evaluate: Evaluate) -> Result:
    if isinstance(node, exp.Length) and node.args.get("binary"):
        return _mapped(evaluate(node.this), lambda text: len(text.encode()), "number")
    changes: Mapping[type[exp.Expression], tuple[Callable[[str], Any], str]] = {
        exp.Length: (len, "number"),
        exp.ByteLength: (lambda text: len(text.encode()), "number"),
        exp.Lower: (str.lower, "text"),
        exp.Upper: (str.upper, "text"),
    }
    change, kind = changes[type(node)]
    return _mapped(evaluate(node.this), change, kind)


def _trim(node: exp.Expression, evaluate: Evaluate) -> Result:
    signs = node.expression.name if node.expression is not None else " "
    side = str(node.args.get("position") or "BOTH").upper()
    strip: Callable[[str], str] = {
        "LEADING": lambda text: text.lstrip(signs),
        "TRAILING": lambda text: text.rstrip(signs),
    }.get(side, lambda text: text.strip(signs))
    return _mapped(evaluate(node.this), strip, "text")


def _pattern(node: exp.Expression, evaluate: Evaluate) -> Result:
    if not is_constant(node.expression):
        raise Unknown("a pattern from a column")
    found = node.expression.find(exp.Literal)
    if found is None or not found.args.get("is_string"):
        raise Unknown("pattern")
    ignore = re.I if isinstance(node, exp.RegexpILike | exp.ILike) else 0
    if isinstance(node, exp.Like | exp.ILike):
        literals = [part.name for part in node.expression.find_all(exp.Literal)]
        spelled = len(literals) == 2 and node.expression.find(exp.Anonymous) is not None  # like_escape('a!_', '!')
        regex = _like_regex(found.name, literals[1] if spelled else node.meta.get(ESCAPE, ""))
        test = re.compile(regex, re.S | ignore).fullmatch
    else:
        text = found.name
        if isinstance(node.expression, exp.Anonymous | exp.SimilarTo) or node.expression.find(exp.Anonymous):
            text = _similar(text)
        try:
            test = re.compile(python_regex(text), ignore).search
        except re.error:
            raise Unknown(text) from None
    return _mapped(evaluate(node.this), lambda value: test(value) is not None, "number")


def _escaped(node: exp.Expression, evaluate: Evaluate) -> Result:
    inner = node.this.copy()
    inner.meta[ESCAPE] = node.expression.name
    return evaluate(inner)


_LIKE = {"%": ".*", "_": "."}


def _like_regex(pattern: str, escape: str) -> str:
    """LIKE's pattern as a regular expression; a sign after ``escape`` stands for itself."""
    parts, signs = [], iter(pattern)
    for sign in signs:
        parts.append(re.escape(next(signs, "")) if sign == escape else _LIKE.get(sign, re.escape(sign)))
    return "".join(parts)


def _similar(text: str) -> str:
    return "^(?:" + "".join(_LIKE.get(sign, sign) for sign in text) + ")$"


_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s",
    "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


def python_regex(pattern: str) -> str:
    """PostgreSQL's regular expression as Python's, as far as they differ. Raises Unknown."""
    for name, signs in _CLASSES.items():
        pattern = pattern.replace(f"[:{name}:]", signs)
    if "[[" in pattern or r"\m" in pattern or r"\M" in pattern or pattern.startswith("***"):
        raise Unknown(pattern)
    return pattern.replace(r"\y", r"\b")


def is_constant(node: exp.Expression) -> bool:
    return not any(node.find_all(exp.Column))


def _joined(node: exp.Expression, evaluate: Evaluate) -> Result:
    one, other = evaluate(node.this), evaluate(node.expression)
    if one.kind != "text" or other.kind != "text":
        raise Unknown("no texts")
    return Result(one.values + other.values, one.known & other.known, "text")


def _positioned(node: exp.Expression, evaluate: Evaluate) -> Result:
    part = node.args.get("substr")
    if part is None or not isinstance(part, exp.Literal | exp.Cast):
        raise Unknown("position")
    sought = part.find(exp.Literal)
    wanted = sought.name if sought is not None else ""
    return _mapped(evaluate(node.this), lambda text: text.find(wanted) + 1, "number")


def _part_of_text(node: exp.Expression, evaluate: Evaluate) -> Result:
    def whole(name: str, otherwise: int) -> int:
        given = node.args.get(name)
        if given is None:
            return otherwise
        if not isinstance(given, exp.Literal):
            raise Unknown(name)
        return int(given.name)

    inner = evaluate(node.this)
    if isinstance(node, exp.Left):
        return _mapped(inner, lambda text: text[: whole("expression", 0)], "text")
    if isinstance(node, exp.Right):
        return _mapped(inner, lambda text: text[-whole("expression", 1) :], "text")
    start, length = whole("start", 1) - 1, whole("length", 10**9)
    return _mapped(inner, lambda text: text[max(0, start) : max(0, start + length)], "text")


def _starts(node: exp.Expression, evaluate: Evaluate) -> Result:
    sought = node.expression.find(exp.Literal)
    if sought is None:
        raise Unknown("starts_with")
    return _mapped(evaluate(node.this), lambda text: text.startswith(sought.name), "number")


def _json_part(node: exp.Expression, evaluate: Evaluate) -> Result:
    sought = node.expression if isinstance(node.expression, exp.Literal) else node.expression.find(exp.Literal)
    if isinstance(node.expression, exp.JSONPath):
        steps = steps_of(str(node.expression.sql(dialect="sqlite")).strip("'"))
    elif sought is None or (sought.args.get("is_string") and isinstance(node, _DEEP)):
        steps = None if sought is None else steps_of(sought.name)
    else:
        steps = (sought.name,) if sought.args.get("is_string") else (int(sought.name),)
    if steps is None:
        raise Unknown("a path")
    as_text = isinstance(node, exp.JSONExtractScalar | exp.JSONBExtractScalar)
    part = _of_documents(evaluate(node.this), lambda text: pick(text, steps, as_text=as_text))
    # How a document within a document is spelled is the database's own matter.
    return part if as_text else Result(part.values, part.known, "document")


def _of_documents(inner: Result, read: Callable[[str], str | None]) -> Result:
    if inner.kind not in ("text", "document"):
        raise Unknown("no document")
    try:
        found = [read(str(text)) if there else None for text, there in zip(inner.values, inner.known, strict=True)]
    except ValueError:
        raise Unknown("no document") from None
    return Result(np.array([one or "" for one in found], object), np.array([one is not None for one in found]), "text")


_DEEP = (exp.JSONBExtract, exp.JSONBExtractScalar)


def _bits(node: exp.Expression, evaluate: Evaluate) -> Result:
    one, other = evaluate(node.this), evaluate(node.expression)
    if one.kind != "number" or other.kind != "number":
        raise Unknown("bits of texts")
    a, b = (np.asarray(part.values).astype(np.int64) for part in (one, other))
    return Result(_BITS[type(node)](a, b), one.known & other.known)


_BITS: Mapping[type[exp.Expression], Callable[[Values, Values], Values]] = {
    exp.BitwiseAnd: np.bitwise_and,
    exp.BitwiseOr: np.bitwise_or,
    exp.BitwiseXor: np.bitwise_xor,
    exp.BitwiseLeftShift: np.left_shift,
    exp.BitwiseRightShift: np.right_shift,
}


def _called(node: exp.Expression, evaluate: Evaluate) -> Result:
    """Functions that sqlglot has no node for."""
    name = node.name.lower()
    if name in ("octet_length", "btrim") and len(node.expressions) == 1:
        change: Callable[[str], Any] = (lambda text: len(text.encode())) if name == "octet_length" else str.strip
        return _mapped(evaluate(node.expressions[0]), change, "number" if name == "octet_length" else "text")
    if name in ("json_typeof", "jsonb_typeof"):
        return _of_documents(evaluate(node.expressions[0]), type_of)
    raise Unknown(name)


FUNCTIONS: Mapping[type[Any] | tuple[type[Any], ...], Callable[[exp.Expression, Evaluate], Result]] = {
    (exp.Round, exp.Abs, exp.Floor, exp.Ceil, exp.Neg): _rounded,
    tuple(_BITS): _bits,
    (exp.JSONExtract, exp.JSONExtractScalar, *_DEEP): _json_part,
    exp.Extract: _extract,
    (exp.TimestampTrunc, exp.DateTrunc): _truncated,
    (exp.Length, exp.ByteLength, exp.Lower, exp.Upper): _text,
    exp.Trim: _trim,
    (exp.RegexpLike, exp.RegexpILike, exp.Like, exp.ILike): _pattern,
    exp.Escape: _escaped,
    exp.DPipe: _joined,
    exp.StrPosition: _positioned,
    (exp.Substring, exp.Left, exp.Right): _part_of_text,
    exp.StartsWith: _starts,
    exp.Anonymous: _called,
}
"""Nodes and what gives their values, but for what asks whether columns are NULL."""
