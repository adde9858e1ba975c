"""MySQL's column types as ours: takes what information_schema says of a column, gives a Type.

``Observed`` says what only the rows can tell: whether a tinyint(1) is a truth, whether a TIME is a time of day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbclone.schema import Kind, Type

_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "integer": 32, "bigint": 64, "year": 16}
_TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
_BINARY = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
_OTHERS = {
    "date": Kind.DATE,
    "datetime": Kind.TIMESTAMP,
    "timestamp": Kind.TIMESTAMPTZ,
    "json": Kind.JSON,
    "uuid": Kind.UUID,
    "inet4": Kind.NETWORK,
    "inet6": Kind.NETWORK,
    "point": Kind.GEOMETRIC,
}
_LABEL = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True)
class Facts:
    """A column as information_schema tells it; ``spelled`` is COLUMN_TYPE, such as ``int(10) unsigned``."""

    name: str
    word: str
    spelled: str
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    is_json: bool = False


@dataclass(frozen=True)
class Observed:
    """``odd`` columns hold more than their usual reading: a tinyint(1) with a 7, a TIME of 30 hours, a bigint above
    2^63."""

    odd: frozenset[str] = frozenset()


def question(facts: Facts, quoted: str) -> str | None:
    """The condition that makes a column odd, None where its type alone says all."""
    if facts.spelled == "tinyint(1)":
        return f"{quoted} NOT IN (0, 1)"
    if facts.word == "time":
        return f"{quoted} < '00:00:00' OR {quoted} >= '24:00:00'"
    if facts.word == "bigint" and "unsigned" in facts.spelled:
        return f"{quoted} > 9223372036854775807"
    return None


def type_of(facts: Facts, observed: Observed) -> Type:
    """The type; what dbclone has no word for travels as text."""
    word, sql, odd = facts.word, facts.spelled, facts.name in observed.odd
    unsigned = "unsigned" in sql
    if (sql == "tinyint(1)" and not odd) or sql == "bit(1)":
        return Type(Kind.BOOLEAN, sql)
    if word == "bigint" and odd:
        return Type(Kind.DECIMAL, sql, precision=20, scale=0, unsigned=True)
    if word in _BITS:
        return Type(Kind.INTEGER, sql, bits=_BITS[word], unsigned=unsigned)
    if word in ("decimal", "numeric"):
        return Type(Kind.DECIMAL, sql, precision=facts.precision, scale=facts.scale, unsigned=unsigned)
    if word in ("float", "double"):
        return Type(Kind.FLOAT, sql, bits=32 if word == "float" else 64, unsigned=unsigned)
    return _worded(facts, odd)


def _worded(facts: Facts, odd: bool) -> Type:
    word, sql = facts.word, facts.spelled
    if word == "bit":
        return Type(Kind.BIT, sql, length=facts.precision)
    if word == "time":
        return Type(Kind.INTERVAL if odd else Kind.TIME, sql)
    if word == "enum":
        return Type(Kind.ENUM, sql, labels=labels_of(sql))
    if word == "set":
        element = Type(Kind.ENUM, sql.replace("set", "enum", 1), labels=labels_of(sql))
        return Type(Kind.ARRAY, sql, element=element)
    if facts.is_json:
        return Type(Kind.JSON, sql)
    if word in _TEXTS:
        return Type(Kind.TEXT, sql, length=facts.length if word in ("char", "varchar") else None)
    if word in _BINARY:
        return Type(Kind.BINARY, sql, length=facts.length if word in ("binary", "varbinary") else None)
    return Type(_OTHERS.get(word, Kind.OTHER), sql)


def labels_of(spelled: str) -> tuple[str, ...]:
    """The labels of ``enum('a','b')``, in order."""
    return tuple(match.group(1).replace("''", "'") for match in _LABEL.finditer(spelled))
