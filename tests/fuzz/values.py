"""Values of an invented column, by its type and style.

Takes a column and a numpy Generator, gives one value. What CHECKs may demand of a style stands beside it.
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.fuzz.shape import Column, Type

CATEGORIES = ("new", "paid", "shipped", "lost", "o'clock")
LABELS = (("low", "high"), ("red", "green", "blue", "Very dark"), ("a",))
_WORDS = "alpha beta gamma delta river stone market letter number garden paper window silver north".split()
_NAMES = "Anna Bert Carla Dieter Eva Frank Greta Hans Ines Jürgen Zoë Łukasz".split()
_FAMILY = "Smith Jones Müller Brown O'Hara García Nowak Ivanov Lee".split()
_CODES = "ABCDEFGHJK"
_DAY = datetime.date(2015, 1, 1)

STYLES: dict[str, tuple[str, ...]] = {
    "smallint": ("small", "wide", "negative", "constant"),
    "integer": ("small", "wide", "negative", "constant", "serial"),
    "bigint": ("small", "wide", "negative", "huge", "serial"),
    "numeric": ("small", "wide", "negative", "constant"),
    "double precision": ("small", "wide", "negative", "constant"),
    "text": ("category", "name", "email", "words", "code", "blank", "constant", "long"),
    "varchar": ("category", "name", "email", "words", "code", "blank"),
    "char": ("letters", "digits"),
    "boolean": ("even", "mostly", "constant"),
    "date": ("wide", "days", "constant"),
    "timestamptz": ("wide", "days", "constant"),
    "uuid": ("wide",),
    "jsonb": ("wide", "flat"),
    "integer[]": ("wide",),
    "text[]": ("wide",),
    "enum": ("wide",),
    "bytea": ("wide",),
}
"""How the values of a type may be spread. Nothing is unique but where a key or UNIQUE says so."""

RANGES = {"small": (0, 5), "wide": (0, 9_000), "negative": (-50, 50), "constant": (7, 7), "serial": (1, 60)}
"""The numbers of a style, from and to."""


def draw(column: Column, rng: np.random.Generator) -> Any:
    """A value for ``column``, never NULL."""
    return _MAKERS[column.type.name](column.type, column.style, rng)


def _number(_type: Type, style: str, rng: np.random.Generator) -> int:
    if style == "huge":
        return 9_007_199_254_740_993 + int(rng.integers(0, 1_000))
    low, high = RANGES[style]
    return int(rng.integers(low, high + 1))


def _fraction(_type: Type, style: str, rng: np.random.Generator) -> float:
    low, high = RANGES[style]
    return float(round(low + (high - low) * rng.random(), 0 if style == "small" else 2))


def _text(one: Type, style: str, rng: np.random.Generator) -> str:
    text = _TEXTS[style](rng)
    return text[: one.length] if one.length else text


def _code(rng: np.random.Generator) -> str:
    return f"{rng.choice(list(_CODES))}{rng.choice(list(_CODES))}-{int(rng.integers(0, 10_000)):04}"


def _email(rng: np.random.Generator) -> str:
    return f"{rng.choice(_WORDS)}{int(rng.integers(0, 99))}@{rng.choice(_WORDS)}.com"


def _words(rng: np.random.Generator) -> str:
    return " ".join(rng.choice(_WORDS, int(rng.integers(1, 9))))


_TEXTS: dict[str, Callable[[np.random.Generator], str]] = {
    "category": lambda rng: str(rng.choice(CATEGORIES)),
    "name": lambda rng: f"{rng.choice(_NAMES)} {rng.choice(_FAMILY)}",
    "email": _email,
    "words": _words,
    "code": _code,
    "blank": lambda rng: str(rng.choice(["", "", "x", "0", "NULL"])),
    "constant": lambda _rng: "same",
    "long": lambda rng: " ".join(rng.choice(_WORDS, 60)),
}


def _char(one: Type, style: str, rng: np.random.Generator) -> str:
    signs = "0123456789" if style == "digits" else "ABCXYZ"
    return "".join(rng.choice(list(signs), one.length or 1))


def _flag(_type: Type, style: str, rng: np.random.Generator) -> bool:
    return bool(rng.random() < {"even": 0.5, "mostly": 0.9, "constant": 1.0}[style])


def _date(_type: Type, style: str, rng: np.random.Generator) -> datetime.date:
    return _DAY + datetime.timedelta(days=int(rng.integers(0, {"wide": 4_000, "days": 6, "constant": 1}[style])))


def _moment(one: Type, style: str, rng: np.random.Generator) -> datetime.datetime:
    seconds = 0 if style == "days" else int(rng.integers(0, 86_400))
    day = datetime.datetime.combine(_date(one, style, rng), datetime.time(), datetime.UTC)
    return day if style == "constant" else day + datetime.timedelta(seconds=seconds)


def _document(_type: Type, style: str, rng: np.random.Generator) -> str:
    made: dict[str, Any] = {"n": int(rng.integers(0, 9)), "kind": str(rng.choice(CATEGORIES))}
    if style == "wide":
        made["tags"] = [str(one) for one in rng.choice(_WORDS, int(rng.integers(0, 4)))]
        made["deep"] = None if rng.random() < 0.3 else {"ok": bool(rng.random() < 0.5)}
    return json.dumps(made)


def _array(one: Type, _style: str, rng: np.random.Generator) -> str:
    size = int(rng.integers(0, 4))
    items = rng.integers(0, 9, size) if one.name == "integer[]" else rng.choice(_WORDS, size)
    return "{" + ",".join(map(str, items)) + "}"


_MAKERS: dict[str, Callable[[Type, str, np.random.Generator], Any]] = {
    "smallint": _number,
    "integer": _number,
    "bigint": _number,
    "numeric": _fraction,
    "double precision": _fraction,
    "text": _text,
    "varchar": _text,
    "char": _char,
    "boolean": _flag,
    "date": _date,
    "timestamptz": _moment,
    "uuid": lambda _type, _style, rng: str(uuid.UUID(bytes=rng.bytes(16), version=4)),
    "jsonb": _document,
    "integer[]": _array,
    "text[]": _array,
    "enum": lambda one, _style, rng: str(rng.choice(one.labels)),
    "bytea": lambda _type, _style, rng: rng.bytes(int(rng.integers(1, 12))),
}
