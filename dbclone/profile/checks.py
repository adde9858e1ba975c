"""What declared CHECKs say of a text column: the values that they list, or the format that they demand.

Takes a Table and a Column, gives values or a pattern. Reads the constraint's text only, whatever the dialect; what it
does not understand it leaves alone.
"""

from __future__ import annotations

import re
from typing import Any

from dbclone.profile.facts import Facts
from dbclone.schema import Column, Table

_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_MATCHING = re.compile(r"~|\blike\b|\bsimilar\b|\bregexp\b|\bglob\b|\bmatch\b", re.I)
_REGEX = re.compile(r"(?:~|\bREGEXP\b)\s*'((?:[^']|'')*)'", re.I)
_SIGNS = re.compile(r"(\\d|\\w|\[[^\]\[\\^]+\]|\\[.\-/+()]|[\w@ #:/-])(?:\{(\d+)(?:,(\d+))?\}|([?+*]))?")
_CLASSES = {
    "0-9": "digit",
    "A-Z": "upper",
    "a-z": "lower",
    "A-Za-z": "letter",
    "a-zA-Z": "letter",
    "0-9a-f": "hex",
    "a-f0-9": "hex",
    "0-9A-F": "HEX",
    "A-F0-9": "HEX",
    "A-Z0-9": "HEX",
    "0-9A-Z": "HEX",
    "a-z0-9": "hex",
    "A-Za-z0-9": "alnum",
    "a-zA-Z0-9": "alnum",
}


def listed_values(table: Table, column: Column, facts: Facts) -> tuple[str, ...]:
    """The values that a CHECK lists for the column, where every one of its rows holds one of them; else none."""
    for expression in _expressions(table, column):
        listed = tuple(dict.fromkeys(text.replace("''", "'") for text in _LITERAL.findall(expression)))
        if listed and not _MATCHING.search(expression) and set(facts.texts) <= set(listed):
            return listed
    return ()


def demanded_pattern(table: Table, column: Column) -> dict[str, Any] | None:
    """A pattern for a CHECK with a simple regular expression, None where there is none that is understood."""
    for expression in _expressions(table, column):
        found = _REGEX.search(expression)
        if found is not None:
            return pattern_of(found[1].replace("''", "'"))
    return None


def demands_format(table: Table, column: Column) -> bool:
    """True where a CHECK compares the column with a pattern, understood or not."""
    return any(_MATCHING.search(expression) for expression in _expressions(table, column))


def _expressions(table: Table, column: Column) -> list[str]:
    """CHECKs that speak of this column alone."""
    others = [other.name for other in table.columns if other.name != column.name]
    return [
        check.expression
        for check in table.checks
        if check.column == column.name
        or (_mentions(check.expression, column.name) and not any(_mentions(check.expression, name) for name in others))
    ]


def _mentions(expression: str, name: str) -> bool:
    bare = _LITERAL.sub("''", expression)
    return re.search(rf'(?<![\w"]){re.escape(name)}(?![\w"])|"{re.escape(name)}"', bare) is not None


def pattern_of(regex: str) -> dict[str, Any] | None:
    """Shapes for an anchored regular expression of literals, classes and counts; None for anything richer."""
    if not (regex.startswith("^") and regex.endswith("$")):
        return None
    body, place, segments = regex[1:-1], 0, []
    while place < len(body):
        match = _SIGNS.match(body, place)
        if match is None:
            return None
        sign, low, high, mark = match.groups()
        least = int(low) if low else 0 if mark in ("?", "*") else 1
        most = int(high) if high else least if low else {"?": 1, "+": 8, "*": 8}.get(mark or "", 1)
        segment = _segment(sign, least, most)
        if segment is None:
            return None
        segments.append(segment)
        place = match.end()
    return {"shapes": [{"weight": 1, "segments": segments}]} if segments else None


def _segment(sign: str, least: int, most: int) -> dict[str, Any] | None:
    if sign in ("\\d", "\\w") or sign.startswith("["):
        name = {"\\d": "digit", "\\w": "alnum"}.get(sign) or _CLASSES.get(sign[1:-1])
        return None if name is None else {"class": name, "min": least, "max": most}
    return {"literal": sign.removeprefix("\\") * least} if least == most else None
