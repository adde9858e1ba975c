"""What an EXCLUDE constraint says: the expressions it compares, by which operators, and for which rows.

Takes a constraint's definition, gives trees. What it does not understand gives None, and is left to the database.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import expressions as exp

from dbclone.sample.expressions import parsed
from dbclone.schema import Exclusion

_ELEMENT = re.compile(r"^\s*(?P<what>.+?)\s+WITH\s+(?P<operator>\S+)\s*$", re.I | re.S)
_QUOTED = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True)
class Element:
    """``tree`` of one row, ``text`` in the database's own words, compared with another row's by ``operator``."""

    text: str
    tree: exp.Expression
    operator: str


@dataclass(frozen=True)
class Excluded:
    """No two rows for which ``where`` holds may agree in all ``elements``."""

    elements: tuple[Element, ...]
    where: exp.Expression | None
    where_text: str

    @property
    def is_unique(self) -> bool:
        """True where it says no more than that rows differ."""
        return all(one.operator in ("=", "~=") for one in self.elements)


def excluded(exclusion: Exclusion, dialect: str) -> Excluded | None:
    """The constraint's parts, None where one is not understood."""
    inside = re.search(r"USING\s+\w+\s*\((?P<body>.*)", exclusion.definition, re.I | re.S)
    if inside is None:
        return None
    body, rest = _closed(inside["body"])
    predicate = re.match(r"\s*WHERE\s*(\(.*\))\s*(?:NOT\s+)?(?:DEFERRABLE|INITIALLY|$)", rest, re.I | re.S)
    elements = []
    for part in _split(body):
        element = _ELEMENT.match(part)
        tree = None if element is None else parsed(element["what"], dialect)
        if element is None or tree is None:
            return None
        elements.append(Element(element["what"], tree, element["operator"]))
    where_text = predicate[1] if predicate else ""
    return Excluded(tuple(elements), parsed(where_text, dialect) if predicate else None, where_text)


def _closed(text: str) -> tuple[str, str]:
    """What stands before the bracket that closes, and what behind it."""
    depth = 1
    for place, sign in enumerate(_QUOTED.sub(lambda quoted: "'" * len(quoted[0]), text)):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return text[:place], text[place + 1 :]
    return text, ""


def _split(body: str) -> list[str]:
    """Parts between commas that stand outside all brackets."""
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(_QUOTED.sub(lambda quoted: "'" * len(quoted[0]), body)):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            parts.append(body[start:place])
            start = place + 1
    return [*parts, body[start:]]
