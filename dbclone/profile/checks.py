"""What declared CHECKs say of a text column: the values that they list, or the format that they demand.

Takes a Table and a Column, gives values or a pattern. Reads the constraint's text only, whatever the dialect; what it
does not understand it leaves alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from dbclone.profile.facts import Facts
from dbclone.schema import Check, Column, Schema, Table, TableName

_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_MATCHING = re.compile(r"~|\blike\b|\bsimilar\b|\bregexp\b|\bglob\b|\bmatch\b", re.I)
_REGEX = re.compile(r"(?:(?<![~!])~\*?(?!~)|(?<!NOT )\bREGEXP\b)\s*'((?:[^']|'')*)'", re.I)
_LIKE = re.compile(r"(?:(?<!!)~~\*?|(?<!NOT )\bLIKE\b)\s*'((?:[^']|'')*)'", re.I)


def listed_values(table: Table, column: Column, facts: Facts) -> tuple[str, ...]:
    """The values that a CHECK lists for the column, where every one of its rows holds one of them; else none."""
    for expression in _expressions(table, column):
        listed = tuple(dict.fromkeys(text.replace("''", "'") for text in _LITERAL.findall(expression)))
        if listed and not _MATCHING.search(expression) and set(facts.texts) <= set(listed):
            return listed
    return ()


def lists_of_children(schema: Schema) -> Schema:
    """The schema with the lists that CHECKs of children give for a key as CHECKs of the column that it references: they
    say what parents are called, too."""
    lists: dict[TableName, list[Check]] = {}
    for key in schema.foreign_keys:
        child = schema.table(key.table)
        for name, above in zip(key.columns, key.parent_columns, strict=True) if key.parent in schema else ():
            for expression in _expressions(child, child.column(name)):
                if not _MATCHING.search(expression):
                    lists.setdefault(key.parent, []).append(Check(expression, column=above))
    tables = (replace(table, checks=(*table.checks, *lists.get(table.name, ()))) for table in schema.tables)
    return replace(schema, tables=tuple(tables))


def demanded_pattern(table: Table, column: Column) -> dict[str, Any] | None:
    """A pattern for a CHECK with a simple regular expression, None where there is none that is understood."""
    for expression in _expressions(table, column):
        found = _REGEX.search(expression)
        if found is not None:
            return pattern_of(found[1].replace("''", "'"))
        found = _LIKE.search(expression)
        if found is not None:
            signs = {"%": "[a-z0-9]{1,8}", "_": "[A-Z0-9]"}
            return pattern_of("".join(signs.get(sign, re.escape(sign)) for sign in found[1].replace("''", "'")))
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
        or (mentions(check.expression, column.name) and not any(mentions(check.expression, name) for name in others))
    ]


def mentions(expression: str, name: str) -> bool:
    """True where a condition names the column."""
    bare = _LITERAL.sub("''", expression)
    return re.search(rf'(?<![\w"]){re.escape(name)}(?![\w"])|"{re.escape(name)}"', bare) is not None


def pattern_of(regex: str) -> dict[str, Any] | None:
    """Shapes of texts that match a regular expression, not of all that do; None where it is not understood."""
    for name, signs in _POSIX.items():
        regex = regex.replace(f"[:{name}:]", signs)
    try:
        tree = list(_parser.parse(regex))
    except (re.error, OverflowError, RecursionError):
        return None
    shapes = _shapes(tree)
    if not shapes:
        return None
    whole = [[segment for segment in shape if segment.get("literal") != ""] for shape in shapes]
    return {"shapes": [{"weight": 1, "segments": shape} for shape in whole if shape]} if any(whole) else None


_POSIX = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "xdigit": "0-9a-f"}
_MOST_SHAPES = 24
_MOST_MORE = 8
"""How far a part that may be repeated without end is repeated beyond its least."""
Shape = list[dict[str, Any]]


def _shapes(tree: Iterable[Any]) -> list[Shape] | None:
    """Every way that a part of a regular expression can be spelled, up to a limit."""
    found: list[Shape] = [[]]
    for sign in tree:
        ways = _ways(sign)
        if ways is None:
            return None
        found = [[*shape, *way] for shape in found for way in ways][:_MOST_SHAPES]
    return [_joined(shape) for shape in found]


def _ways(sign: tuple[Any, Any]) -> list[Shape] | None:
    code, value = str(sign[0]), sign[1]
    if code == "AT":
        return [[]]
    if code == "LITERAL":
        return [[{"literal": chr(value)}]]
    if code in ("IN", "NOT_LITERAL", "ANY"):
        name = _class_within(code, value)
        return None if name is None else [[name]]
    if code == "SUBPATTERN":
        return _shapes(value[-1])
    if code == "BRANCH":
        ways = [_shapes(branch) for branch in value[1]]
        return None if None in ways else [shape for way in ways if way is not None for shape in way][:_MOST_SHAPES]
    if code in ("MAX_REPEAT", "MIN_REPEAT"):
        return _repeated(value[0], value[1], list(value[2]))
    return None


def _repeated(least: int, most: int, body: list[Any]) -> list[Shape] | None:
    once = _shapes(body)
    if once is None:
        return None
    most = min(int(most), least + _MOST_MORE)
    if len(body) == 1 and len(once) == 1 and len(once[0]) == 1 and "class" in once[0][0]:
        return [[once[0][0] | {"min": least, "max": most}]]
    counts = range(least, min(most, least + 2) + 1)
    return [shape * count for count in counts for shape in (once if count else once[:1])][:_MOST_SHAPES]


def _class_within(code: str, value: Any) -> dict[str, Any] | None:
    """A class of signs that all match; one sign where there is none."""
    for name, signs in _MEMBERS.items():
        if all(_matches(code, value, ord(sign)) for sign in signs):
            return {"class": name, "min": 1, "max": 1}
    for place in range(32, 127):
        if _matches(code, value, place):
            return {"literal": chr(place)}
    return None


def _matches(code: str, value: Any, sign: int) -> bool:
    if code == "ANY":
        return sign != 10
    if code == "NOT_LITERAL":
        return bool(sign != value)
    negated = found = False
    for kind, what in value:
        match str(kind):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found = found or bool(sign == what)
            case "RANGE":
                found = found or bool(what[0] <= sign <= what[1])
            case "CATEGORY":
                found = found or _in_category(str(what), chr(sign))
    return found is not negated


def _in_category(name: str, sign: str) -> bool:
    _, _, kind = name.rpartition("_")
    found = {"DIGIT": sign.isdigit(), "SPACE": sign.isspace(), "WORD": sign.isalnum() or sign == "_"}.get(kind, False)
    return found != ("_NOT_" in name)


_MEMBERS = {
    "alnum": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "HEX36": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "letter": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "lower": "abcdefghijklmnopqrstuvwxyz",
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "digit": "0123456789",
}


def _joined(shape: Shape) -> Shape:
    """Neighbouring literals as one."""
    found: Shape = []
    for segment in shape:
        if found and "literal" in segment and "literal" in found[-1]:
            found[-1] = {"literal": found[-1]["literal"] + segment["literal"]}
        else:
            found.append(dict(segment))
    return found
