"""What a SQLite column holds: the declared word is a wish, the rows decide.

Takes a declared type and one aggregate query's counts, gives a Type that every row of the column fits.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dbclone.schema import ForeignKey, Kind, TableName, Type

_DATE = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_UUID = "????????-????-????-????-????????????"
_LEAST_TEXT_DATES = 20
_COLUMNS_A_QUERY = 40
_FIRST_ROWS = 10_000


@dataclass(frozen=True)
class Held:
    """What a column's rows are stored as, and the extremes that its declaration may not allow.

    ``dates`` and ``uuids`` are counted among ``texts`` rows, and only where the column holds nothing but text.
    """

    stored: frozenset[str] = frozenset()
    texts: int = 0
    least: int = 0
    most: int = 0
    longest: int = 0
    dates: int = 0
    uuids: int = 0
    unfit: int = 0

    @property
    def kinds(self) -> frozenset[str]:
        """The storage classes but NULL; empty where the column holds no value."""
        return self.stored - {"null"}

    @property
    def has_nulls(self) -> bool:
        return "null" in self.stored


@dataclass(frozen=True)
class Declared:
    """A column as CREATE TABLE words it. ``kind`` is what the word promises."""

    name: str
    sql: str
    kind: Kind
    affinity: str
    first: int | None = None
    second: int | None = None


def declare(name: str, sql: str) -> Declared:
    """Reads a declared type by SQLite's own rules of affinity, and by the words people use."""
    word = re.sub(r"\(.*", "", sql).strip().upper()
    numbers = [int(text) for text in re.findall(r"\d+", sql[len(word) :])] if "(" in sql else []
    first = numbers[0] if numbers else None
    second = numbers[1] if len(numbers) > 1 else None
    return Declared(name, sql, _promised(word), _affinity(word), first, second)


def _affinity(word: str) -> str:
    if "INT" in word:
        return "integer"
    if any(part in word for part in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if "BLOB" in word or not word:
        return "blob"
    return "real" if any(part in word for part in ("REAL", "FLOA", "DOUB")) else "numeric"


def _promised(word: str) -> Kind:
    if word in ("BOOLEAN", "BOOL"):
        return Kind.BOOLEAN
    if word.startswith(("TIMESTAMPTZ", "TIMESTAMP WITH TIME", "DATETIMEOFFSET")):
        return Kind.TIMESTAMPTZ
    if word.startswith(("DATETIME", "TIMESTAMP", "SMALLDATETIME")):
        return Kind.TIMESTAMP
    if word == "DATE":
        return Kind.DATE
    if word.startswith("TIME"):
        return Kind.TIME
    if word in ("UUID", "UNIQUEIDENTIFIER", "GUID"):
        return Kind.UUID
    if word in ("JSON", "JSONB"):
        return Kind.JSON
    affinity = _affinity(word)
    if affinity == "blob":
        return Kind.BINARY if word else Kind.TEXT
    return {"integer": Kind.INTEGER, "text": Kind.TEXT, "real": Kind.FLOAT}.get(affinity, Kind.DECIMAL)


def observe(connection: sqlite3.Connection, table: str, columns: Sequence[Declared]) -> dict[str, Held]:
    """Learns what each column holds, in two passes over the table for every forty columns."""
    found: dict[str, Held] = {}
    for start in range(0, len(columns), _COLUMNS_A_QUERY):
        part = columns[start : start + _COLUMNS_A_QUERY]
        names = ", ".join(f"typeof({_quoted(column.name)})" for column in part)
        combinations = connection.execute(f"SELECT DISTINCT {names} FROM {table}").fetchall()
        stored = [frozenset(row[i] for row in combinations) for i in range(len(part))]
        terms = {column.name: _terms(column, kinds) for column, kinds in zip(part, stored, strict=True)}
        wanted = [f"{text} AS {_quoted(f'{name}/{field}')}" for name in terms for field, text in terms[name].items()]
        cursor = connection.execute(f"SELECT {', '.join(wanted)} FROM {table}" if wanted else "SELECT 1")
        row = dict(zip([entry[0] for entry in cursor.description], cursor.fetchone(), strict=True))
        for column, kinds in zip(part, stored, strict=True):
            facts = {field: row[f"{column.name}/{field}"] or 0 for field in terms[column.name]}
            found[column.name] = Held(kinds, **facts)
    return found


def _terms(column: Declared, stored: frozenset[str]) -> dict[str, str]:
    """What to ask of a column, given what it is stored as: a field of Held to an aggregate."""
    name, kinds = _quoted(column.name), stored - {"null"}
    if kinds == {"text"}:
        terms = {"texts": f"count({name})"}
        if column.first is not None:
            terms["longest"] = f"max(length({name}))"
        if column.affinity in ("text", "numeric"):
            terms["dates"] = f"count(CASE WHEN {name} GLOB '{_DATE}*' THEN 1 END)"
        if column.kind in (Kind.UUID, Kind.TEXT) and column.first in (None, 36):
            terms["uuids"] = f"count(CASE WHEN {name} GLOB '{_UUID}' AND {name} NOT GLOB '*[^0-9a-fA-F-]*' THEN 1 END)"
        return terms
    if not kinds or not kinds <= {"integer", "real"}:
        return {}
    terms = {} if "real" in kinds else {"least": f"min({name})", "most": f"max({name})"}
    if column.kind is Kind.DECIMAL and column.first is not None:
        scale = column.second or 0
        limit = 10 ** max(column.first - scale, 0)
        terms["unfit"] = f"count(CASE WHEN abs({name}) >= {limit} OR round({name}, {scale}) <> {name} THEN 1 END)"
    return terms


def decide(connection: sqlite3.Connection, table: str, column: Declared, held: Held) -> Type:
    """The type that every row fits; a column without a value is what its declaration promises."""
    if not held.kinds:
        return _empty_type(column)
    if held.kinds == {"blob"}:
        return Type(Kind.BINARY, column.sql)
    if held.kinds == {"text"}:
        return _text_type(connection, table, column, held)
    if column.affinity == "text" or held.kinds & {"text", "blob"}:
        return Type(Kind.TEXT, column.sql)
    return _number_type(column, held)


def _empty_type(column: Declared) -> Type:
    if column.kind is Kind.INTEGER:
        return Type(Kind.INTEGER, column.sql, bits=_declared_bits(column))
    if column.kind is Kind.DECIMAL:
        return Type(Kind.DECIMAL, column.sql, precision=column.first, scale=column.second)
    return Type(column.kind, column.sql, length=column.first if column.kind is Kind.TEXT else None)


def _number_type(column: Declared, held: Held) -> Type:
    reals = "real" in held.kinds
    if column.kind is Kind.BOOLEAN and not reals and held.least >= 0 and held.most <= 1:
        return Type(Kind.BOOLEAN, column.sql)
    if column.kind is Kind.FLOAT:
        return Type(Kind.FLOAT, column.sql)
    if column.kind is Kind.DECIMAL:
        fits = not held.unfit and column.first is not None
        # A bare NUMERIC whose rows are whole numbers beyond what a double can hold must travel as integers.
        if not reals and max(abs(held.least), abs(held.most)) > 2**53:
            return Type(Kind.INTEGER, column.sql, bits=64)
        precision, scale = (column.first, column.second) if fits else (None, None)
        return Type(Kind.DECIMAL, column.sql, precision=precision, scale=scale)
    if reals:
        return Type(Kind.FLOAT, column.sql)
    needed = 16 if _fits(held, 15) else 32 if _fits(held, 31) else 64
    return Type(Kind.INTEGER, column.sql, bits=max(needed, _declared_bits(column)))


def _fits(held: Held, power: int) -> bool:
    bound: int = 2**power
    return -bound <= held.least and held.most < bound


def _declared_bits(column: Declared) -> int:
    word = column.sql.upper()
    if any(part in word for part in ("SMALLINT", "TINYINT", "INT2")):
        return 16
    return 32 if any(part in word for part in ("MEDIUMINT", "INT4")) else 64


def _text_type(connection: sqlite3.Connection, table: str, column: Declared, held: Held) -> Type:
    temporal = column.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ, Kind.TIME)
    enough = held.texts >= _LEAST_TEXT_DATES
    if held.dates == held.texts and (temporal or enough):
        form = _date_form(connection, table, column.name)
        if form is not None:
            zoned = column.kind is Kind.TIMESTAMPTZ or form.endswith(("Z", "+00:00"))
            kind = Kind.DATE if form == "YYYY-MM-DD" else Kind.TIMESTAMPTZ if zoned else Kind.TIMESTAMP
            return Type(kind, column.sql, form=form)
    if column.kind is Kind.TIME:
        form = _time_form(connection, table, column.name)
        if form is not None:
            return Type(Kind.TIME, column.sql, form=form)
    if held.uuids == held.texts and (column.kind is Kind.UUID or column.first == 36 or enough):
        return Type(Kind.UUID, column.sql)
    if column.kind is Kind.JSON and _is_json(connection, table, column.name):
        return Type(Kind.JSON, column.sql)
    length = column.first if column.affinity == "text" and held.longest <= (column.first or 0) else None
    return Type(Kind.TEXT, column.sql, length=length)


def _date_form(connection: sqlite3.Connection, table: str, column: str) -> str | None:
    """How all dates of a column are spelled, None where one is no date or where two spellings could be one instant."""
    name = _quoted(column)
    # Adding no days moves 30 February on to March; date() alone would let it stand.
    unreal = f"date(substr({name}, 1, 10), '+0 days') IS NOT substr({name}, 1, 10) OR julianday({name}) IS NULL"
    tail = f"substr({name}, 11, 1) || substr({name}, 14, 1) || substr({name}, 17, 1) || substr({name}, 20)"
    frame = f"CASE WHEN length({name}) <= 19 THEN {tail} ELSE substr({name}, 11, 1) || '::' || " + (
        f"CASE WHEN substr({name}, 20) GLOB '*Z' THEN 'Z' WHEN substr({name}, 20) GLOB '*+00:00' THEN '+00:00' "
        f"WHEN substr({name}, 20) GLOB '.*[^0-9]*' OR substr({name}, 20, 1) <> '.' THEN '?' ELSE '' END END"
    )
    midnight = f"substr({name}, 12) IN ('', '00:00', '00:00:00')"
    blank = f"ltrim(substr({name}, 21), '0') IN ('', 'Z', '+00:00')"
    wanted = f"length({name}), {frame}, {midnight}, {blank}, {unreal}"
    held = f"{table} WHERE {name} IS NOT NULL"
    first = f"SELECT count(*), count(DISTINCT {name}) FROM (SELECT {name} FROM {held} LIMIT {_FIRST_ROWS})"
    looked, distinct = connection.execute(first).fetchone()
    # Days repeat, instants seldom do: looking at each value once pays for the former only.
    if distinct * 2 < looked:
        held = f"(SELECT DISTINCT {name} FROM {held})"
    rows = connection.execute(f"SELECT DISTINCT {wanted} FROM {held}").fetchmany(64)
    if any(row[4] for row in rows):
        return None
    lengths = {row[0]: row[1] for row in rows}
    if set(lengths) == {10}:
        return "YYYY-MM-DD"
    return _instant_form(rows, lengths)


def _instant_form(rows: list[tuple[int, str, int, int, int]], lengths: Mapping[int, str]) -> str | None:
    frames = {frame for length, frame, *_ in rows if length > 10}
    if len(frames) != 1:
        return None
    frame = frames.pop()
    between, suffix = frame[:1], frame[3:]
    if between not in (" ", "T") or suffix not in ("", "Z", "+00:00"):
        return None
    spans = sorted(length - len(suffix) for length in lengths if length > 10)
    base = f"YYYY-MM-DD{between}HH:MM"
    if 10 in lengths:
        # A date alone stands for midnight, provided that no midnight is written out.
        if spans != [19] or suffix or any(length == 19 and midnight for length, _, midnight, *_ in rows):
            return None
        return f"YYYY-MM-DD[{between}HH:MM:SS]"
    if spans == [16]:
        return base + suffix
    if spans == [19]:
        return f"{base}:SS{suffix}"
    digits = {span - 20 for span in spans if span > 19}
    if len(digits) != 1 or not 1 <= max(digits) <= 6 or spans[0] < 19:
        return None
    fraction = "." + "f" * digits.pop()
    if spans[0] == 19:
        if any(length - len(suffix) > 19 and blank for length, _, _, blank, _ in rows):
            return None
        fraction = f"[{fraction}]"
    return f"{base}:SS{fraction}{suffix}"


def _time_form(connection: sqlite3.Connection, table: str, column: str) -> str | None:
    name = _quoted(column)
    rows = connection.execute(
        f"SELECT DISTINCT length({name}), {name} GLOB '[0-2][0-9]:[0-5][0-9]*' AND julianday({name}) IS NOT NULL"
        f" FROM {table} WHERE {name} IS NOT NULL"
    ).fetchmany(16)
    if len(rows) != 1 or not rows[0][1]:
        return None
    return {5: "HH:MM", 8: "HH:MM:SS", 12: "HH:MM:SS.fff", 15: "HH:MM:SS.ffffff"}.get(rows[0][0])


def _is_json(connection: sqlite3.Connection, table: str, column: str) -> bool:
    name = _quoted(column)
    try:
        found = connection.execute(f"SELECT 1 FROM {table} WHERE {name} IS NOT NULL AND NOT json_valid({name}) LIMIT 1")
        return found.fetchone() is None
    except sqlite3.OperationalError:  # SQLite before 3.38 may lack JSON
        return False


def agree(
    types: dict[tuple[TableName, str], Type], keys: Iterable[ForeignKey], empty: set[tuple[TableName, str]]
) -> None:
    """Gives both ends of every foreign key one kind, in place: the parent's where the child holds no value or the
    same sort of text, plain text where two sorts of text meet."""
    keys = tuple(keys)
    for _ in range(len(types) + 1):
        changed = False
        for key in keys:
            for own, other in zip(key.columns, key.parent_columns, strict=True):
                child, parent = types.get((key.table, own)), types.get((key.parent, other))
                if child is None or parent is None or child.kind is parent.kind:
                    continue
                changed |= _agree_pair(types, (key.table, own), (key.parent, other), empty)
        if not changed:
            return


def _agree_pair(
    types: dict[tuple[TableName, str], Type],
    child: tuple[TableName, str],
    parent: tuple[TableName, str],
    empty: set[tuple[TableName, str]],
) -> bool:
    before = (types[child], types[parent])
    if child in empty:
        types[child] = replace(types[parent], sql=types[child].sql)
    elif parent in empty:
        types[parent] = replace(types[child], sql=types[parent].sql)
    elif not (types[child].is_number and types[parent].is_number):
        types[child] = Type(Kind.TEXT, types[child].sql)
        types[parent] = Type(Kind.TEXT, types[parent].sql)
    return before != (types[child], types[parent])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
