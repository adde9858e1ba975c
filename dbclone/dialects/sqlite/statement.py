"""Reading CREATE TABLE: what SQLite's PRAGMAs do not tell (checks, computed columns, key names, timing).

Takes the text that sqlite_master keeps, gives its clauses with their place in the text. Never opens a database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<skip>\s+|--[^\n]*|/\*.*?(?:\*/|$))
  | (?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
  | (?P<text>[xX]?'(?:[^']|'')*')
  | (?P<word>[^\W\d][\w$]*)
  | (?P<number>\d[\w.]*)
  | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_TABLE_CLAUSES = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"}
_COLUMN_CLAUSES = _TABLE_CLAUSES | {"NOT", "NULL", "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS"}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The keyword that this may be, in capitals; empty for anything else."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The identifier, unquoted. SQLite takes a text in quotes for a name where a name is due."""
        if self.kind in ("name", "text") and self.text[0] in "\"`'":
            mark = self.text[0]
            return self.text[1:-1].replace(mark * 2, mark)
        return self.text[1:-1] if self.text.startswith("[") else self.text


@dataclass(frozen=True)
class Clause:
    """One constraint or property. ``column`` is the column that it was written at, None where it is the table's.

    ``kind``: primary key, unique, check, foreign key, generated, collate. ``start``/``end`` are its place in the text.
    """

    kind: str
    start: int
    end: int
    name: str | None = None
    column: str | None = None
    columns: tuple[str, ...] = ()
    text: str = ""
    parent: str = ""
    parent_columns: tuple[str, ...] = ()
    deferrable: bool = False
    initially_deferred: bool = False
    autoincrement: bool = False


@dataclass(frozen=True)
class TableStatement:
    sql: str
    clauses: tuple[Clause, ...]
    items: tuple[tuple[int, int], ...]
    name_span: tuple[int, int]

    def of(self, kind: str) -> tuple[Clause, ...]:
        return tuple(clause for clause in self.clauses if clause.kind == kind)

    def without(self, is_gone: Callable[[Clause], bool]) -> str:
        """The statement without the foreign keys for which ``is_gone`` holds."""
        sql = self.sql
        for clause in reversed(self.of("foreign key")):
            if not is_gone(clause):
                continue
            start, end = clause.start, clause.end
            if clause.column is None:
                start, end = self._with_comma(start, end)
            sql = sql[:start].rstrip() + sql[end:]
        return sql

    def _with_comma(self, start: int, end: int) -> tuple[int, int]:
        """A table constraint that is an item of its own goes with the comma before it."""
        for position, (first, last) in enumerate(self.items):
            if first == start and last == end and position:
                return self.items[position - 1][1], end
        return start, end


def tokens(sql: str) -> list[Token]:
    """The tokens of one statement, comments and blanks left out."""
    found = []
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup or "sign"
        if kind != "skip":
            found.append(Token(kind, match.group(), match.start(), match.end()))
    return found


def parse_create_table(sql: str) -> TableStatement:
    """Reads one CREATE TABLE statement; one that has no body (a virtual table) has no clauses."""
    parts = tokens(sql)
    opening = next((i for i, token in enumerate(parts) if token.text == "("), None)
    if opening is None or opening == 0:
        return TableStatement(sql, (), (), (0, 0))
    closing = _closing(parts, opening)
    clauses: list[Clause] = []
    items: list[tuple[int, int]] = []
    for item in _items(parts[opening + 1 : closing]):
        items.append((item[0].start, item[-1].end))
        clauses += _clauses(item, sql)
    named = parts[opening - 1]
    return TableStatement(sql, tuple(clauses), tuple(items), (named.start, named.end))


def mentions(sql: str, names: frozenset[str]) -> bool:
    """True where the statement names one of ``names`` (in small letters) outside a text."""
    return any(token.kind in ("name", "word") and token.name.lower() in names for token in tokens(sql))


def _closing(parts: list[Token], opening: int) -> int:
    depth = 0
    for position in range(opening, len(parts)):
        depth += (parts[position].text == "(") - (parts[position].text == ")")
        if depth == 0:
            return position
    return len(parts)


def _items(parts: list[Token]) -> Iterator[list[Token]]:
    depth, item = 0, list[Token]()
    for token in parts:
        depth += (token.text == "(") - (token.text == ")")
        if token.text == "," and depth == 0 and token.kind == "sign":
            if item:
                yield item
            item = []
        else:
            item.append(token)
    if item:
        yield item


def _clauses(item: list[Token], sql: str) -> Iterator[Clause]:
    column: str | None = None
    position = 0
    if item[0].word not in _TABLE_CLAUSES:
        column = item[0].name
        position = 1
        while position < len(item) and item[position].word not in _COLUMN_CLAUSES:
            position = _closing(item, position) + 1 if item[position].text == "(" else position + 1
    reader = _ClauseReader(item, sql, column)
    yield from reader.read(position)


class _ClauseReader:
    """Walks over one item's tokens, one constraint at a time."""

    def __init__(self, item: list[Token], sql: str, column: str | None) -> None:
        self.item = item
        self.sql = sql
        self.column = column
        self.name: str | None = None
        self.named_at: int | None = None

    def read(self, position: int) -> Iterator[Clause]:
        while position < len(self.item):
            word = self.item[position].word
            if word == "CONSTRAINT" and position + 1 < len(self.item):
                self.name, self.named_at = self.item[position + 1].name, self.item[position].start
                position += 2
                continue
            clause, position = self._clause(word, position)
            if clause is not None:
                yield clause
            if clause is not None or word in ("NOT", "NULL", "DEFAULT"):
                self.name, self.named_at = None, None

    def _clause(self, word: str, at: int) -> tuple[Clause | None, int]:
        if word in ("PRIMARY", "UNIQUE"):
            return self._uniqueness(word, at)
        if word == "CHECK" and self._is(at + 1, "("):
            text, end = self._inside(at + 1)
            return self._made("check", at, end, text=text), end
        if word == "AS" and self._is(at + 1, "("):
            text, end = self._inside(at + 1)
            return self._made("generated", at, end, text=text), end
        if word == "COLLATE" and at + 1 < len(self.item):
            return self._made("collate", at, at + 2, text=self.item[at + 1].name), at + 2
        if word == "FOREIGN":
            columns, after = self._names(at + 2)
            return self._reference(at, after, columns)
        if word == "REFERENCES":
            return self._reference(at, at, (self.column or "",))
        if word == "DEFAULT" and self._is(at + 1, "("):
            return None, self._inside(at + 1)[1]
        if self._is(at, "("):
            return None, self._inside(at)[1]
        return None, at + 1

    def _uniqueness(self, word: str, at: int) -> tuple[Clause, int]:
        kind = "primary key" if word == "PRIMARY" else "unique"
        after = at + 2 if word == "PRIMARY" else at + 1
        columns: tuple[str, ...] = (self.column or "",)
        if self._is(after, "("):
            columns, after = self._names(after)
        automatic = any(token.word == "AUTOINCREMENT" for token in self.item[after : after + 2])
        return self._made(kind, at, after, columns=columns, autoincrement=automatic), after

    def _reference(self, at: int, references: int, columns: tuple[str, ...]) -> tuple[Clause, int]:
        parent, after = self.item[references + 1].name, references + 2
        parent_columns: tuple[str, ...] = ()
        if self._is(after, "("):
            parent_columns, after = self._names(after)
        waits = deferred = False
        while after < len(self.item):
            word = self.item[after].word
            following = self.item[after + 1].word if after + 1 < len(self.item) else ""
            if word == "ON":
                after += 4 if self.item[min(after + 2, len(self.item) - 1)].word in ("SET", "NO") else 3
            elif word == "MATCH" or (word == "NOT" and following == "DEFERRABLE"):
                after += 2
            elif word == "DEFERRABLE":
                waits, after = True, after + 1
            elif word == "INITIALLY":
                deferred, after = waits and following == "DEFERRED", after + 2
            else:
                break
        clause = self._made(
            "foreign key",
            at,
            after,
            columns=columns,
            parent=parent,
            parent_columns=parent_columns,
            deferrable=waits,
            initially_deferred=deferred,
        )
        return clause, after

    def _made(
        self,
        kind: str,
        first: int,
        after: int,
        *,
        columns: tuple[str, ...] = (),
        text: str = "",
        parent: str = "",
        parent_columns: tuple[str, ...] = (),
        deferrable: bool = False,
        initially_deferred: bool = False,
        autoincrement: bool = False,
    ) -> Clause:
        start = self.named_at if self.named_at is not None else self.item[first].start
        end = self.item[min(after, len(self.item)) - 1].end
        return Clause(
            kind, start, end, self.name, self.column, columns, text, parent, parent_columns, deferrable,
            initially_deferred, autoincrement,
        )  # fmt: skip

    def _is(self, at: int, text: str) -> bool:
        return at < len(self.item) and self.item[at].text == text

    def _inside(self, opening: int) -> tuple[str, int]:
        """The text between two parentheses and the position after them."""
        closing = _closing(self.item, opening)
        last = self.item[min(closing, len(self.item) - 1)]
        return self.sql[self.item[opening].end : last.start].strip(), closing + 1

    def _names(self, opening: int) -> tuple[tuple[str, ...], int]:
        closing = _closing(self.item, opening)
        parts = list(_items(self.item[opening + 1 : closing]))
        return tuple(part[0].name for part in parts), closing + 1
