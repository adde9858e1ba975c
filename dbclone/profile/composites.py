"""Values that are made of others: rows of a composite type, labels of a path, pairs of an hstore.

Takes distinct texts, gives makers' settings, part by part. Keeps nothing that fewer than k values share.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dbclone.profile.leaves import learn_leaf
from dbclone.profile.numbers import learn_number
from dbclone.schema import Kind, Type

_FIELD = re.compile(r'("(?:[^"\\]|\\.|"")*"|[^,()"]*)(?:,|$)')
_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)')
_LEAVES = (
    Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.MONEY, Kind.BOOLEAN, Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ,
    Kind.UUID, Kind.NETWORK, Kind.TEXT,
)  # fmt: skip
_NESTED = (Kind.COMPOSITE, Kind.RANGE, Kind.ARRAY, Kind.JSON)
_MOST_LEVELS = 20
_MOST_KEYS = 200
Learn = Callable[[Type, Sequence[str], int], tuple[str, dict[str, Any]]]


def read_composite(text: str) -> list[str | None]:
    """The fields of a row in PostgreSQL's text form, None for NULL."""
    body, place = text[1:-1], 0
    found: list[str | None] = []
    while place <= len(body):
        match = _FIELD.match(body, place)
        if match is None:
            return []
        field = match[1]
        if field.startswith('"'):
            found.append(re.sub(r'\\(.)|""', lambda sign: sign[1] or '"', field[1:-1]))
        else:
            found.append(field or None)
        if not match[0].endswith(","):
            break
        place = match.end()
    return found


def learn_composite(type_: Type, texts: Sequence[str], k: int, learn: Learn) -> dict[str, Any]:
    """The share of NULLs and the values of each field. ``learn`` learns fields that have a structure themselves."""
    rows = [fields for fields in map(read_composite, texts) if len(fields) == len(type_.fields)]
    parts = []
    for place, field in enumerate(type_.fields):
        filled = [value for fields in rows if (value := fields[place]) is not None]
        leaf = learn_field(field, filled, k, learn)
        share = round(1 - len(filled) / len(rows), 3) if rows else 1.0
        parts.append({"nulls": share if leaf is not None else 1.0, "leaf": leaf, "max": field.length})
    return {"fields": len(type_.fields), "parts": parts}


def learn_field(type_: Type, filled: Sequence[str], k: int, learn: Learn) -> dict[str, Any] | None:
    """A leaf of one type, None where only NULL is sure to be a value of it."""
    if type_.labels:
        counted = Counter(filled)
        return {
            "choices": list(type_.labels),
            "weights": [counted[label] + 1 for label in type_.labels],
            "rest": 0,
        }
    if type_.domain is None and type_.kind in _NESTED:
        name, settings = learn(type_, filled, k)
        return {"rest": len(filled), "maker": {"name": name, "settings": settings}}
    if type_.domain is None and type_.kind in _LEAVES:
        return learn_leaf(filled, k, kind=type_.kind)
    # A domain may demand anything: only what k rows share keeps it for certain.
    shared = [(text, count) for text, count in Counter(filled).most_common(100) if count >= k]
    if not shared:
        return None
    return {"choices": [text for text, _ in shared], "weights": [count for _, count in shared], "rest": 0}


def learn_path(texts: Sequence[str], k: int) -> dict[str, Any]:
    """How long the paths of an ltree are, and which labels k of them share at each level."""
    paths = [text.split(".") for text in texts if text]
    levels = []
    for level in range(min(_MOST_LEVELS, max(map(len, paths), default=0))):
        counted = Counter(path[level] for path in paths if len(path) > level)
        shared = [(label, count) for label, count in counted.most_common(100) if count >= k]
        rest = sum(counted.values()) - sum(count for _, count in shared)
        levels.append({"choices": [one for one, _ in shared], "weights": [n for _, n in shared], "rest": rest})
    return {"levels": levels, "depth": learn_number(np.array([len(path) for path in paths], float), k)}


def learn_pairs(texts: Sequence[str], k: int) -> dict[str, Any]:
    """The keys that k values of an hstore share, how often each is there, and its values."""
    rows = [dict(_PAIR.findall(text)) for text in texts]
    counted = Counter(key for row in rows for key in row)
    keys = [(key, count) for key, count in counted.most_common(_MOST_KEYS) if count >= k]
    return {
        "pairs": [
            {
                "key": key,
                "share": round(count / max(1, len(rows)), 3),
                "leaf": learn_leaf([row[key] for row in rows if key in row], k, name=key),
            }
            for key, count in keys
        ]
    }
