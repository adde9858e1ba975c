"""MySQL's SQL as text: scripts cut into statements, SHOW CREATE TABLE cut into its parts, names without a database.

Takes and gives text. Never runs anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<comment>--(?=\s|$)[^\n]*|\#[^\n]*|/\*(?!!).*?\*/)
      | (?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
      | (?P<name>`(?:[^`]|``)*`)
      | (?P<word>[\w$]+)
      | (?P<blank>\s+)
      | (?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_KEY = re.compile(r"^\s*(CONSTRAINT `(?:[^`]|``)+` FOREIGN KEY .*? REFERENCES (.*?) \(.*?)(,?)$")
_NAME = re.compile(r"`((?:[^`]|``)+)`")
_OPTIONS = (
    re.compile(r"\s+AUTO_INCREMENT=\d+"),
    re.compile(r"\s+(?:DATA|INDEX) DIRECTORY ?= ?'[^']*'"),
    re.compile(r"\s+TABLESPACE `[^`]*`"),
)
_ACCOUNT = r"(?:`(?:[^`]|``)*`|[\w$'.%-]+)"
_DEFINER = re.compile(rf"\s+DEFINER\s*=\s*{_ACCOUNT}(?:@{_ACCOUNT})?", re.IGNORECASE)
_END = "$dbclone$"


@dataclass(frozen=True)
class CreateTable:
    """A table's statement without its foreign keys, and those, each with the name of its parent."""

    sql: str
    keys: tuple[tuple[str, str], ...]


def cut_create_table(sql: str) -> CreateTable:
    """Cuts what SHOW CREATE TABLE prints, one item a line; counters and places on a disk are left out."""
    lines, keys = [], []
    for line in sql.split("\n"):
        found = _KEY.match(line)
        if found is None:
            lines.append(line)
            continue
        parts = [part.replace("``", "`") for part in _NAME.findall(found[2])]
        keys.append((found[1], ".".join(parts)))
    end = max(number for number, line in enumerate(lines) if line.startswith(")"))
    lines[end - 1] = lines[end - 1].removesuffix(",")
    tail = "\n".join(lines[end:])
    for option in _OPTIONS:
        tail = option.sub("", tail)
    return CreateTable("\n".join([*lines[:end], tail]), tuple(keys))


def without_definer(sql: str) -> str:
    """The statement as made by whoever runs it."""
    return _DEFINER.sub("", sql, count=1)


def without_database(sql: str, database: str) -> str:
    """The statement with ``database`` left out wherever it qualifies a name, so that it means the clone's own."""
    tokens = list(_TOKEN.finditer(sql))
    result: list[str] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        following = tokens[place + 1].group() if place + 1 < len(tokens) else ""
        before = result[-1] if result else ""
        if _plain(token) == database and following == "." and before != ".":
            place += 2
            continue
        result.append(token.group())
        place += 1
    return "".join(result)


def _plain(token: re.Match[str]) -> str | None:
    if token.lastgroup == "word":
        return token.group()
    return token.group()[1:-1].replace("``", "`") if token.lastgroup == "name" else None


def mentions(sql: str, names: frozenset[str]) -> bool:
    """True where the statement names one of ``names`` outside a text."""
    return any(_plain(token) in names for token in _TOKEN.finditer(sql))


def join_statements(statements: Iterator[str] | tuple[str, ...]) -> str:
    """A script that the client ``mysql`` reads: what holds semicolons of its own ends with another sign."""
    parts = []
    for statement in statements:
        text = statement.strip().rstrip(";").rstrip()
        if _holds_semicolon(text):
            parts.append(f"DELIMITER {_END}\n{text}\n{_END}\nDELIMITER ;\n")
        else:
            parts.append(f"{text};\n")
    return "".join(parts)


def split_statements(script: str) -> tuple[str, ...]:
    """The statements of a script that ``join_statements`` wrote."""
    found: list[str] = []
    opening, closing = f"DELIMITER {_END}\n", f"\n{_END}\nDELIMITER ;\n"
    while script:
        plain, has_compound, rest = script.partition(opening)
        found += _plain_statements(plain)
        if not has_compound:
            break
        compound, _, script = rest.partition(closing)
        found.append(compound)
    return tuple(found)


def _plain_statements(script: str) -> Iterator[str]:
    pending = ""
    for token in _TOKEN.finditer(script):
        if token.group() == ";":
            if pending.strip():
                yield pending.strip()
            pending = ""
        else:
            pending += token.group()
    if pending.strip():
        yield pending.strip()


def _holds_semicolon(text: str) -> bool:
    return any(token.group() == ";" for token in _TOKEN.finditer(text))
