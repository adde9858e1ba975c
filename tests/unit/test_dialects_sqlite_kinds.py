"""What SQLite's loosely typed columns are taken for, and that every value comes back as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbclone.dialects import open_source, parse_address
from dbclone.dialects.protocol import Reading
from dbclone.schema import Kind, TableName
from tests.sqlite_cases import copy, rows, sqlite_file

CASES = [
    ("INTEGER", ["1", "-5", "9223372036854775807"], Kind.INTEGER, None),
    ("INTEGER", ["1", "'two'"], Kind.TEXT, None),
    ("INTEGER", ["1", "2.5"], Kind.FLOAT, None),
    ("SMALLINT", ["1", "70000"], Kind.INTEGER, None),
    ("NUMERIC(5,2)", ["1.25", "3"], Kind.DECIMAL, None),
    ("NUMERIC", ["9007199254740993", "1"], Kind.INTEGER, None),
    ("REAL", ["1", "2.5", "9e999"], Kind.FLOAT, None),
    ("BOOLEAN", ["0", "1"], Kind.BOOLEAN, None),
    ("BOOLEAN", ["0", "2"], Kind.INTEGER, None),
    ("BOOLEAN", ["'t'", "'f'"], Kind.TEXT, None),
    ("VARCHAR(3)", ["'abc'", "''"], Kind.TEXT, None),
    ("BLOB", ["x'00ff'", "x''"], Kind.BINARY, None),
    ("BLOB", ["'text'", "'s'"], Kind.TEXT, None),
    ("", ["'a'", "'b'"], Kind.TEXT, None),
    ("DATE", ["'2024-02-29'", "'0001-01-01'"], Kind.DATE, "YYYY-MM-DD"),
    ("DATE", ["'2024-02-30'", "'2024-01-01'"], Kind.TEXT, None),
    ("DATE", ["20240101", "20240102"], Kind.INTEGER, None),
    ("DATETIME", ["1700000000", "1700000001"], Kind.INTEGER, None),
    ("DATETIME", ["'2024-01-01 10:00:00'", "'1969-12-31 23:59:59'"], Kind.TIMESTAMP, "YYYY-MM-DD HH:MM:SS"),
    ("DATETIME", ["'2024-01-01T10:00:00'", "'2024-01-02T00:00:00'"], Kind.TIMESTAMP, "YYYY-MM-DDTHH:MM:SS"),
    ("DATETIME", ["'2024-01-01 10:00'", "'2024-01-02 11:30'"], Kind.TIMESTAMP, "YYYY-MM-DD HH:MM"),
    ("DATETIME", ["'2024-01-01 10:00:00.000000'"], Kind.TIMESTAMP, "YYYY-MM-DD HH:MM:SS.ffffff"),
    ("DATETIME", ["'2024-01-01 10:00:00.120'", "'2024-01-01 10:00:00.000'"], Kind.TIMESTAMP, "YYYY-MM-DD HH:MM:SS.fff"),
    ("DATETIME", ["'2024-01-01 10:00:00'", "'2024-01-01 10:00:00.5'"], Kind.TIMESTAMP, "YYYY-MM-DD HH:MM:SS[.f]"),
    ("DATETIME", ["'2024-01-01 10:00:00'", "'2024-01-01 10:00:00.000'"], Kind.TEXT, None),
    ("DATETIME", ["'2024-01-01'", "'2024-01-01 09:00:00'"], Kind.TIMESTAMP, "YYYY-MM-DD[ HH:MM:SS]"),
    ("DATETIME", ["'2024-01-01'", "'2024-01-01 00:00:00'"], Kind.TEXT, None),
    ("DATETIME", ["'2024-01-01 10:00:00Z'"], Kind.TIMESTAMPTZ, "YYYY-MM-DD HH:MM:SSZ"),
    ("DATETIME", ["'2024-01-01 10:00:00.250000+00:00'"], Kind.TIMESTAMPTZ, "YYYY-MM-DD HH:MM:SS.ffffff+00:00"),
    ("DATETIME", ["'2024-01-01 10:00:00+02:00'"], Kind.TEXT, None),
    ("TIMESTAMPTZ", ["'2024-01-01 10:00:00'"], Kind.TIMESTAMPTZ, "YYYY-MM-DD HH:MM:SS"),
    ("TIME", ["'10:30:00'", "'23:59:59'"], Kind.TIME, "HH:MM:SS"),
    ("TIME", ["'10:30'", "'00:00'"], Kind.TIME, "HH:MM"),
    ("TEXT", ["'2024-01-01'", "'2024-01-02'"], Kind.TEXT, None),
    ("TEXT", [f"'2024-01-{day:02d}'" for day in range(1, 29)], Kind.DATE, "YYYY-MM-DD"),
    ("CHAR(36)", ["'0190b0a2-1111-7abc-8def-001122334455'"], Kind.UUID, None),
    ("JSON", ["'{\"a\": 1}'", "'[]'"], Kind.JSON, None),
    ("JSON", ["'{oops'"], Kind.TEXT, None),
]


@pytest.mark.parametrize(("declared", "values", "kind", "form"), CASES)
def test_the_rows_decide(tmp_path: Path, declared: str, values: list[str], kind: Kind, form: str | None) -> None:
    listed = ", ".join(f"({value})" for value in [*values, "NULL"])
    script = f"CREATE TABLE t (v {declared}); INSERT INTO t VALUES {listed};"
    path = sqlite_file(tmp_path / "a.db", script)
    copied = copy(path, tmp_path / "b.db")
    type_ = copied.schema.table(TableName("main", "t")).column("v").type
    assert (type_.kind, type_.form, type_.sql) == (kind, form, declared)
    question = "SELECT v, typeof(v) FROM t"
    assert rows(tmp_path / "b.db", question) == rows(path, question)


@pytest.mark.parametrize(
    ("declared", "kind"),
    [("INTEGER", Kind.INTEGER), ("DATETIME", Kind.TIMESTAMP), ("NUMERIC(9,2)", Kind.DECIMAL), ("BLOB", Kind.BINARY)],
)
def test_without_rows_the_declaration_decides(tmp_path: Path, declared: str, kind: Kind) -> None:
    path = sqlite_file(tmp_path / "a.db", f"CREATE TABLE t (v {declared})")
    source = open_source(parse_address(str(path)))
    assert source.schema().tables[0].column("v").type.kind is kind
    source.close()


def test_a_declaration_that_rows_break_gives_no_limit(tmp_path: Path) -> None:
    script = """CREATE TABLE t (a VARCHAR(3), b NUMERIC(5, 2), c VARCHAR(3), d NUMERIC(5, 2));
        INSERT INTO t VALUES ('abcd', 1234.5, 'abc', 123.45);"""
    source = open_source(parse_address(str(sqlite_file(tmp_path / "a.db", script))))
    types = [column.type for column in source.schema().tables[0].columns]
    limits = [(type_.length, type_.precision, type_.scale) for type_ in types]
    assert limits == [(None, None, None), (None, None, None), (3, None, None), (None, 5, 2)]
    source.close()


def test_both_ends_of_a_key_are_of_one_kind(tmp_path: Path) -> None:
    days = ", ".join(f"('2024-01-{day:02d}')" for day in range(1, 29))
    script = f"""CREATE TABLE days (day TEXT PRIMARY KEY); INSERT INTO days VALUES {days};
        CREATE TABLE notes (id INTEGER PRIMARY KEY, day TEXT REFERENCES days);"""
    empty = open_source(parse_address(str(sqlite_file(tmp_path / "a.db", script))))
    assert [t.column("day").type.kind for t in empty.schema()] == [Kind.DATE, Kind.DATE]
    empty.close()
    sqlite_file(tmp_path / "a.db", "INSERT INTO notes VALUES (1, '2024-01-05')")
    few = open_source(parse_address(str(tmp_path / "a.db")))
    assert [t.column("day").type.kind for t in few.schema()] == [Kind.TEXT, Kind.TEXT]
    few.close()


def test_text_that_is_no_utf8_is_read_nevertheless(tmp_path: Path) -> None:
    script = "CREATE TABLE t (v TEXT); INSERT INTO t VALUES (CAST(x'61ff' AS TEXT)), ('b')"
    path = sqlite_file(tmp_path / "a.db", script)
    source = open_source(parse_address(str(path)))
    batch = next(iter(source.read(Reading(source.schema().tables[0]))))
    assert batch.column("v").to_pylist() == ["a\ufffd", "b"]
    source.close()


def test_a_utf16_file_keeps_its_encoding(tmp_path: Path) -> None:
    path = sqlite_file(tmp_path / "a.db", "PRAGMA encoding='UTF-16le'; CREATE TABLE t (v); INSERT INTO t VALUES ('é')")
    copy(path, tmp_path / "b.db")
    assert rows(tmp_path / "b.db", "SELECT v FROM t") == [("é",)]
    assert rows(tmp_path / "b.db", "PRAGMA encoding") == [("UTF-16le",)]
