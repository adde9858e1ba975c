"""What the names of a column and of a table say about whether one references the other.

Takes names, gives a strength from 0 to 1 with its reason in words. Never looks at a row.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

Tokens = tuple[str, ...]

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[^\W\d_a-zA-Z]+|\d+")
_SUFFIXES = frozenset(
    "id no nr num number code cd key fk pk uuid guid ref oid uid sk iso by to via of for from".split()
)
_RUN_ON = ("uuid", "guid", "code", "key", "id", "no", "nr", "fk")
_GENERIC = frozenset({("id",), ("uuid",), ("guid",), ("pk",), ("key",), ("oid",), ("row", "id"), ("rowid",)})
_TABLE_MARKS = frozenset("tbl tb t tab dim mst lkp lu lookup".split())
_TABLE_TAILS = frozenset("header head master main base info data record tbl table entity".split())
_IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman", "staff": "staff"}
_PEOPLE_TABLES = ("user", "employee", "staff", "person", "member", "account", "contact", "customer")
_STAFF_TABLES = frozenset(_PEOPLE_TABLES[:5])
_BOSSES = frozenset("manager supervisor boss superior mentor report leader teamlead rep representative".split())
_ACTORS = frozenset(
    "owner author creator editor assignee approver reviewer sender recipient receiver seller buyer salesperson agent"
    " operator clerk responsible created create updated update modified deleted approved assigned submitted invited"
    " reported closed opened uploaded posted requested requester reporter".split()
)
_ABOVE = frozenset(
    "parent root ancestor previous prev next original predecessor successor reply replied duplicate replaces replaced"
    " replacement superseded supersedes forked linked sibling twin mother father".split()
)


@dataclass(frozen=True)
class NamedKey:
    """A key that could be referenced: the words of its table and of its column.

    ``is_primary`` where it is the primary key, ``is_only`` where no other table has a key of that name.
    """

    table: Tokens
    column: Tokens
    is_primary: bool = True
    is_only: bool = False

    @property
    def is_generic(self) -> bool:
        return self.column in _GENERIC


@dataclass(frozen=True)
class Likeness:
    """``strength`` from 0 to 1: .9 and more leaves no other reading, .5 is a hint that the rows must confirm."""

    strength: float
    reason: str


@dataclass(frozen=True)
class NamedColumn:
    """A column that could reference: all its words, and those left without an ``id``, ``no``, ``by``... at an end."""

    words: Tokens
    stem: Tokens
    suffix: str

    @property
    def is_marked(self) -> bool:
        return bool(self.suffix)


@functools.lru_cache(maxsize=65_536)
def words_of(name: str) -> Tokens:
    """The words of a name in lower case and in the singular: ``SalesOrderIDs`` gives sale, order, id."""
    return tuple(singular(word.lower()) for word in _WORDS.findall(name))


@functools.lru_cache(maxsize=65_536)
def singular(word: str) -> str:
    """An English noun in the singular; equal for singular and plural is all that is asked of it."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "uses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def common_prefix(names: Collection[str]) -> str:
    """The first word that most of the table names share (``wp`` of ``wp_posts``), empty where there is none."""
    firsts = [words[0] for words in map(words_of, names) if len(words) > 1]
    if not firsts:
        return ""
    word, count = Counter(firsts).most_common(1)[0]
    return word if count >= 4 and count >= 0.6 * len(names) else ""


def table_words(name: str, prefix: str = "") -> Tokens:
    """The words of a table's name without marks such as ``tbl_`` and without the ``prefix`` of them all."""
    words = words_of(name)
    while len(words) > 1 and (words[0] in _TABLE_MARKS or words[0] == prefix):
        words = words[1:]
    return words


@functools.lru_cache(maxsize=65_536)
def read_column(name: str, tables: frozenset[str] = frozenset()) -> NamedColumn:
    """A column's words. ``tables`` are table names run together, which tell ``customerid`` from ``paid``."""
    words = words_of(name)
    if len(words) == 1:
        for end in _RUN_ON:
            rest = words[0].removesuffix(end)
            if rest != words[0] and singular(rest) in tables:
                words = (singular(rest), end)
                break
    if len(words) > 1 and words[-1] in _SUFFIXES:
        return NamedColumn(words, words[:-1], words[-1])
    if len(words) > 1 and words[0] in ("id", "fk", "cod"):
        return NamedColumn(words, words[1:], words[0])
    return NamedColumn(words, words, "")


def compare(column: NamedColumn, own: Tokens, key: NamedKey, *, is_self: bool) -> Likeness | None:
    """Whether ``column`` of a table ``own`` reads like a reference to ``key``; None where it does not."""
    table = " ".join(key.table)
    if column.words == key.column and not key.is_generic:
        if is_self or (_is_about(column.stem, own) and not _is_about(column.stem, key.table)):
            return None
        if _is_about(column.stem, key.table):
            return Likeness(1.0, f"named like the key of {table}")
        if key.is_only and key.is_primary:
            return Likeness(0.85, f"named like the key that only {table} has")
        return Likeness(0.7 if key.is_primary else 0.55, f"named like a key of {table}")
    if not column.stem or not _fits(column, key):
        return None
    found = _by_table(column, own, key, is_self=is_self)
    return found or _by_role(column, key, is_self=is_self)


def points_within(stem: Tokens) -> bool:
    """True for words that point within a table: parent, previous, reply."""
    return bool(set(stem) & _ABOVE)


def names_somebody(stem: Tokens) -> bool:
    """True for words that people are called by: manager, owner, created (by)."""
    return bool(set(stem) & (_BOSSES | _ACTORS))


def holds_people(table: Tokens) -> bool:
    """True for tables of users, employees, customers."""
    return table[-1] in _PEOPLE_TABLES


def _fits(column: NamedColumn, key: NamedKey) -> bool:
    """Whether the column could mean this key of the table and not another one (``product_code`` is no ``id``)."""
    last = key.column[-1]
    if key.is_primary:
        return True
    return column.suffix == last or column.words[-1] == last


def _is_about(stem: Tokens, table: Tokens) -> bool:
    return bool(stem) and (stem == table or table[-len(stem) :] == stem or _abbreviates(stem, table) > 0)


def _by_table(column: NamedColumn, own: Tokens, key: NamedKey, *, is_self: bool) -> Likeness | None:
    stem, table = column.stem, key.table
    name = " ".join(table)
    less = 0.0 if column.is_marked else 0.3
    if stem == table:
        return None if is_self else Likeness(0.95 - less, f"names the table {name}")
    if len(stem) > len(table) and stem[-len(table) :] == table:
        return Likeness(0.84 + 0.01 * len(table) - less, f"names the table {name} in a role")
    if len(stem) > len(table) and stem[: len(table)] == table and column.is_marked and not is_self:
        return Likeness(0.5, f"begins with the name of the table {name}")
    if is_self:
        return None
    if table[-len(stem) :] == stem:
        shared = len(set(own) & set(table[: -len(stem)]))
        return Likeness(0.75 + 0.05 * min(2, shared) - less, f"ends the name of the table {name}")
    if table[: len(stem)] == stem and set(table[len(stem) :]) <= _TABLE_TAILS:
        return Likeness(0.75 - less, f"begins the name of the table {name}")
    likeness = _abbreviates(stem, table)
    if likeness and column.is_marked:
        return Likeness(likeness, f"abbreviates the name of the table {name}")
    return None


def _by_role(column: NamedColumn, key: NamedKey, *, is_self: bool) -> Likeness | None:
    if not key.is_primary:
        return None
    stem, last = set(column.stem), key.table[-1]
    if is_self and stem & _ABOVE and (column.is_marked or column.stem[-1] in _ABOVE):
        return Likeness(0.7, "points within its own table by its name")
    bossy, acting = bool(stem & _BOSSES), bool(stem & _ACTORS)
    if not column.is_marked and (column.stem[-1] not in _BOSSES | _ACTORS or column.stem[-1].endswith(("ed", "te"))):
        # "created" alone is when, not who.
        return None
    if last not in _PEOPLE_TABLES or not (bossy or acting):
        return None
    if is_self:
        strength = 0.7 if last in _STAFF_TABLES else 0.5
        return Likeness(strength, "points to another of its own table by its name") if bossy else None
    order = ("employee", "staff", *(one for one in _PEOPLE_TABLES if one not in ("employee", "staff")))
    rank = (order if bossy else _PEOPLE_TABLES).index(last)
    return Likeness(0.68 - 0.01 * rank, f"names somebody, and {' '.join(key.table)} holds people")


def _abbreviates(stem: Tokens, table: Tokens) -> float:
    """.65 where each word begins one of the table's (``emp``), .55 where it leaves letters out (``dept``), else 0."""
    if len(stem) != len(table) or stem == table:
        return 0.0
    if all(len(short) >= 3 and long.startswith(short) for short, long in zip(stem, table, strict=True)):
        return 0.65
    fits = all(_leaves_out(short, long) for short, long in zip(stem, table, strict=True))
    return 0.55 if fits else 0.0


def _leaves_out(short: str, long: str) -> bool:
    if short == long:
        return True
    if len(short) < 3 or len(short) > len(long) - 2 or short[0] != long[0]:
        return False
    letters = iter(long)
    return all(letter in letters for letter in short)
