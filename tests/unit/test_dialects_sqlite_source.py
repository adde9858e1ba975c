"""SQLite as a source: the whole catalogue, one snapshot, whole families, and errors that say what to do."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbclone.dialects import Source, open_source, parse_address
from dbclone.dialects.protocol import Family, Reading
from dbclone.errors import ConnectError, SourceError, StampedSource
from dbclone.schema import Check, ForeignKey, Schema, TableName, Unique
from tests.sqlite_cases import HARD, copy, rows, sqlite_file


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Source]:
    source = open_source(parse_address(str(path)))
    try:
        yield source
    finally:
        source.close()


def name(text: str) -> TableName:
    return TableName("main", text)


@pytest.fixture
def hard(tmp_path: Path) -> Iterator[Source]:
    with opened(sqlite_file(tmp_path / "hard.db", HARD)) as source:
        yield source


def test_keys(hard: Source) -> None:
    weird = name("we\"ird ta'ble")
    assert hard.schema().table(name("child")).foreign_keys == (
        ForeignKey(name("child"), ("up",), name("child"), ("id",), deferrable=True, initially_deferred=True),
        ForeignKey(name("child"), ("w",), weird, ("br acket",), on_delete="SET NULL", on_update="CASCADE"),
        ForeignKey(name("child"), ("pa", "pb"), name("pair"), ("a", "b"), "to_pair"),
    )
    assert hard.schema().table(name("pair")).key == ("a", "b")


def test_constraints_and_indexes(hard: Source) -> None:
    weird = hard.schema().table(name("we\"ird ta'ble"))
    assert weird.checks == (
        Check("\"order\" <> 'x'"),
        Check("length(tick) < 50 AND tick NOT IN ('(', ')')", "sane"),
    )
    assert weird.uniques == (
        Unique(("tick",)),
        Unique(("order",), "lowered", expressions=("lower(tick)",), is_constraint=False),
    )
    pair = hard.schema().table(name("pair"))
    assert pair.uniques == (Unique(("a",), "one_note", "note = 'only'", is_constraint=False),)
    assert [(index.name, index.columns) for index in pair.indexes] == [("by_note", ("note",))]


def test_columns_and_options(hard: Source) -> None:
    weird = hard.schema().table(name("we\"ird ta'ble"))
    assert weird.column("full_name").generated == "tick || ' ' || \"order\""
    assert weird.column("twice").generated == "[br acket] * 2"
    assert weird.column("br acket").identity == "by default"
    assert (weird.column("tick").collation, weird.column("order").default) == ("NOCASE", "'a,b)'")
    assert [(t.name.name, t.without_rowid, t.strict) for t in hard.schema() if t.without_rowid or t.strict] == [
        ("pair", True, False),
        ("strictly", False, True),
    ]
    assert [(item.kind, item.name) for item in hard.schema().objects] == [("trigger", "touched"), ("view", "seen")]
    assert Schema.from_json(hard.schema().to_json()) == hard.schema()


def test_ddl_without_a_table_drops_what_needs_it(hard: Source, tmp_path: Path) -> None:
    ddl = hard.ddl(frozenset({name("pair")}))
    assert ddl is not None
    script = ddl.pre_data + ddl.post_data
    assert " pair" not in script
    assert "touched" not in script
    again = sqlite_file(tmp_path / "again.db", script)
    with opened(again) as source:
        keys = source.schema().table(name("child")).foreign_keys
    assert [key.columns for key in keys] == [("up",), ("w",)]


def test_virtual_tables_are_objects_and_their_shadows_nothing(tmp_path: Path) -> None:
    script = """CREATE TABLE doc (id INTEGER PRIMARY KEY, txt TEXT); INSERT INTO doc VALUES (1, 'apple pie');
        CREATE VIRTUAL TABLE search USING fts5(txt, content='doc', content_rowid='id');
        CREATE VIRTUAL TABLE own USING fts5(words); INSERT INTO own VALUES ('secret');"""
    path = sqlite_file(tmp_path / "a.db", script)
    copied = copy(path, tmp_path / "b.db")
    assert [table.name.name for table in copied.schema] == ["doc"]
    assert [(loss.kind, loss.name) for loss in copied.losses] == [("virtual table", "own"), ("virtual table", "search")]
    assert rows(tmp_path / "b.db", "SELECT txt FROM search WHERE search MATCH 'apple'") == [("apple pie",)]
    assert rows(tmp_path / "b.db", "SELECT count(*) FROM own") == [(0,)]


def test_families_stay_whole(tmp_path: Path) -> None:
    values = ", ".join(f"({i}, {i % 300 + 1 if i % 7 else 'NULL'})" for i in range(3000))
    script = f"""CREATE TABLE top (id INTEGER PRIMARY KEY);
        CREATE TABLE mid (id INTEGER PRIMARY KEY, top_id INTEGER REFERENCES top);
        CREATE TABLE low (id INTEGER PRIMARY KEY, mid_id INTEGER REFERENCES mid);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO top SELECT i FROM n;
        INSERT INTO mid VALUES {values};
        INSERT INTO low SELECT id * 10, id FROM mid;"""
    with opened(sqlite_file(tmp_path / "a.db", script)) as source:
        schema = source.schema()
        top, mid, low = (schema.table(name(text)) for text in ("top", "mid", "low"))
        to_top, to_mid = mid.foreign_keys[0], low.foreign_keys[0]

        def ids(reading: Reading, column: str) -> set[int | None]:
            return {value for batch in source.read(reading) for value in batch.column(column).to_pylist()}

        tops = ids(Reading(top, Family((), 0.3, 5)), "id")
        assert 50 < len(tops) < 130
        mids = ids(Reading(mid, Family((to_top,), 0.3, 5), chunk_rows=100), "id")
        assert ids(Reading(mid, Family((to_top,), 0.3, 5)), "top_id") <= tops | {None}
        assert ids(Reading(low, Family((to_mid, to_top), 0.3, 5)), "mid_id") == mids
        assert tops != ids(Reading(top, Family((), 0.3, 6)), "id")


def test_the_snapshot_does_not_see_later_rows(tmp_path: Path) -> None:
    script = "PRAGMA journal_mode=WAL; CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1)"
    path = sqlite_file(tmp_path / "a.db", script)
    with opened(path) as source:
        sqlite_file(path, "INSERT INTO t VALUES (2)")
        assert source.query('SELECT count(*) AS n FROM "t"').to_pylist() == [{"n": 1}]


def test_nothing_can_be_written(tmp_path: Path) -> None:
    path = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i)")
    with opened(path) as source, pytest.raises(SourceError, match="attempt to write a readonly database"):
        source.query("INSERT INTO t VALUES (1)")


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    sqlite_file(tmp_path / "orders.db", "CREATE TABLE t (i)")
    with pytest.raises(ConnectError) as missing:
        open_source(parse_address(str(tmp_path / "order.db")))
    assert str(missing.value) == f'There is no file {tmp_path}/order.db.\n\nHint: did you mean "{tmp_path}/orders.db"?'
    (tmp_path / "text.db").write_text("hello, this is no database at all, only text " * 20)
    with pytest.raises(ConnectError) as text:
        open_source(parse_address(str(tmp_path / "text.db")))
    assert str(text.value).startswith(f"{tmp_path}/text.db is not a SQLite database.")


def test_a_locked_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbclone.dialects.sqlite.source._BUSY_SECONDS", 0.1)
    path = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i)")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConnectError, match=r"a\.db is locked by another program\."):
            open_source(parse_address(str(path)))


def test_a_clone_is_no_source_unless_forced(tmp_path: Path) -> None:
    copy(sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i)"), tmp_path / "b.db")
    with pytest.raises(StampedSource) as caught:
        open_source(parse_address(str(tmp_path / "b.db")))
    assert str(caught.value) == (
        f"{tmp_path}/b.db is itself a clone (made by dbclone 0 at 2024-01-01T00:00:00Z): models trained on synthetic"
        " rows collapse.\n\nHint: name the original database, or pass --force if you are sure."
    )
    forced = open_source(parse_address(str(tmp_path / "b.db")), force=True)
    assert [table.name.name for table in forced.schema()] == ["t"]
    forced.close()


def test_files_are_no_sources(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder of Parquet files, not a database to read"):
        open_source(parse_address(f"{tmp_path}/"))


def test_identity_follows_links(tmp_path: Path) -> None:
    path = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i)")
    os.symlink(path, tmp_path / "link.db")
    with opened(path) as one, opened(tmp_path / "link.db") as other:
        assert one.identity == other.identity


def test_sqlite_needs_no_sqlalchemy() -> None:
    program = "import dbclone.dialects.sqlite, sys; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
