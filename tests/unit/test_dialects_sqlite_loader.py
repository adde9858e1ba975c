"""SQLite as a target: a faithful copy, every constraint proved, the guard, and no litter however a run ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from dbclone.dialects import counting, open_loader, open_source, parse_address
from dbclone.dialects.protocol import Ddl, Violation
from dbclone.errors import TargetError, TargetRefused
from dbclone.schema import TableName
from tests.sqlite_cases import HARD, STAMP, copy, dump, rows, sqlite_file


def test_a_copy_equals_its_source(tmp_path: Path) -> None:
    path = sqlite_file(tmp_path / "a.db", HARD)
    copied = copy(path, tmp_path / "b.db", chunk_rows=2)
    assert (copied.rows, copied.losses, copied.violations) == (11, (), ())
    assert dump(tmp_path / "b.db") == dump(path)
    assert rows(tmp_path / "b.db", "PRAGMA user_version") == [(7,)]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.db", "b.db"]
    sqlite_file(tmp_path / "b.db", """INSERT INTO "we""ird ta'ble" (tick) VALUES ('new')""")
    assert rows(tmp_path / "b.db", """SELECT max("br acket") FROM "we""ird ta'ble" """) == [(4,)]


@pytest.mark.parametrize("name", ["chinook", "northwind", "sakila"])
def test_published_databases(tmp_path: Path, shared_data: Path, name: str) -> None:
    source, target = shared_data / f"{name}.db", tmp_path / "b.db"
    copied = copy(source, target)
    assert (copied.losses, copied.violations) == ((), ())
    assert rows(target, "PRAGMA foreign_key_check") == []
    assert dump(target) == dump(source)
    clone = open_source(parse_address(str(target)), force=True)
    assert clone.schema() == copied.schema
    assert counting.violations(clone, clone.schema()) == ()
    clone.close()


BROKEN = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE child (
  id INTEGER PRIMARY KEY, up INTEGER CONSTRAINT points REFERENCES parent, age INT CONSTRAINT adult CHECK (age >= 18)
);
CREATE UNIQUE INDEX codes ON parent (code);
"""


def test_broken_constraints_are_counted(tmp_path: Path) -> None:
    source = open_source(parse_address(str(sqlite_file(tmp_path / "a.db", BROKEN))))
    schema, ddl = source.schema(), source.ddl()
    source.close()
    parent, child = (schema.table(TableName("main", text)) for text in ("parent", "child"))
    loader = open_loader(parse_address(str(tmp_path / "b.db")))
    loader.create(schema, ddl)
    loader.load(parent, [pa.record_batch({"id": [1, 2, 3], "code": ["a", "a", "b"]})])
    loader.load(child, [pa.record_batch({"id": [1, 2, 3], "up": [1, 8, 9], "age": [18, 17, None]})])
    assert loader.finish() == (
        Violation(parent.name, "unique", "codes", 1),
        Violation(child.name, "foreign key", "points", 2),
        Violation(child.name, "check", "adult", 1),
    )
    loader.discard()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.db"]


def test_refused_rows_name_the_column(tmp_path: Path) -> None:
    script = "CREATE TABLE t (id INTEGER PRIMARY KEY, title TEXT NOT NULL)"
    source = open_source(parse_address(str(sqlite_file(tmp_path / "a.db", script))))
    schema, ddl = source.schema(), source.ddl()
    source.close()
    loader = open_loader(parse_address(str(tmp_path / "b.db")))
    loader.create(schema, ddl)
    with pytest.raises(TargetError) as caught:
        loader.load(schema.tables[0], [pa.record_batch({"id": [1], "title": pa.array([None], pa.string())})])
    message = "main.t.title: SQLite refuses rows of main.t: NOT NULL constraint failed: t.title."
    assert str(caught.value).startswith(message)
    loader.discard()


@pytest.mark.parametrize(
    "statement",
    ["ATTACH 'other.db' AS x", "VACUUM INTO 'other.db'", "PRAGMA writable_schema = ON", "INSERT INTO t VALUES (1)"],
)
def test_a_strangers_ddl_does_nothing_else(tmp_path: Path, statement: str) -> None:
    source = open_source(parse_address(str(sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i INTEGER)"))))
    schema = source.schema()
    source.close()
    loader = open_loader(parse_address(str(tmp_path / "b.db")))
    with pytest.raises(TargetError, match="The DDL of the source holds a statement that makes no part of a database"):
        loader.create(schema, Ddl("sqlite", f"CREATE TABLE t (i INTEGER);\n{statement};\n", ""))
    loader.discard()


def test_threads_may_load_at_once(tmp_path: Path) -> None:
    script = "CREATE TABLE a (i INTEGER); CREATE TABLE b (i INTEGER)"
    source = open_source(parse_address(str(sqlite_file(tmp_path / "a.db", script))))
    schema, ddl = source.schema(), source.ddl()
    source.close()
    loader = open_loader(parse_address(str(tmp_path / "b.db")))
    loader.create(schema, ddl)
    batches = [pa.record_batch({"i": list(range(1000))})] * 20
    threads = [threading.Thread(target=loader.load, args=(table, batches)) for table in schema]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loader.finish() == ()
    loader.publish(STAMP)
    assert rows(tmp_path / "b.db", "SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)") == [(20_000, 20_000)]


def test_the_guard(tmp_path: Path) -> None:
    source = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i)")
    os.link(source, tmp_path / "same.db")
    with pytest.raises(TargetRefused) as same:
        copy(source, tmp_path / "same.db", replace=True)
    assert str(same.value) == (
        f"{tmp_path}/same.db is the source itself.\n\nHint: choose another target: dbclone never writes to its source."
    )
    other = sqlite_file(tmp_path / "other.db", "CREATE TABLE mine (i); INSERT INTO mine VALUES (1)")
    before = other.read_bytes()
    with pytest.raises(TargetRefused) as held:
        copy(source, other)
    assert str(held.value) == (
        f"{other} is not empty (1 table) and was not made by dbclone.\n\n"
        "Hint: choose another name, or pass --replace to overwrite it."
    )
    assert other.read_bytes() == before
    (tmp_path / "notes.txt").write_text("my notes, which are no database and must stay")
    with pytest.raises(TargetRefused, match="exists and is not a SQLite database"):
        copy(source, f"sqlite:{tmp_path}/notes.txt", replace=True)
    with pytest.raises(TargetError, match="There is no folder"):
        copy(source, tmp_path / "nowhere" / "b.db")


def test_replacing(tmp_path: Path) -> None:
    source = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i); INSERT INTO t VALUES (1)")
    script = "PRAGMA journal_mode=WAL; CREATE TABLE mine (i); INSERT INTO mine VALUES (1)"
    other = sqlite_file(tmp_path / "b.db", script)
    other.chmod(0o640)
    copy(source, other, replace=True)
    assert rows(other, "SELECT * FROM t") == [(1,)]
    assert other.stat().st_mode & 0o777 == 0o640
    sqlite_file(source, "INSERT INTO t VALUES (2)")
    copy(source, other)  # stamped: no --replace needed
    assert rows(other, "SELECT * FROM t") == [(1,), (2,)]
    (tmp_path / "empty.db").touch()
    copy(source, tmp_path / "empty.db")
    os.symlink(other, tmp_path / "link.db")
    copy(source, tmp_path / "link.db")
    assert (tmp_path / "link.db").is_symlink()
    assert sorted(e.name for e in tmp_path.iterdir()) == ["a.db", "b.db", "empty.db", "link.db"]


def test_a_target_in_use_is_left_alone(tmp_path: Path) -> None:
    source = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i)")
    target = sqlite_file(tmp_path / "b.db", "PRAGMA journal_mode=WAL; CREATE TABLE mine (i)")
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM mine").fetchall()
        with pytest.raises(TargetError, match=r"b\.db is open in another program"):
            copy(source, target, replace=True)
    assert rows(target, "SELECT name FROM sqlite_master") == [("mine",)]
    assert sorted(e.name for e in tmp_path.iterdir()) == ["a.db", "b.db"]


def test_a_killed_run_leaves_the_target_and_its_litter_goes_with_the_next(tmp_path: Path) -> None:
    source = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i); INSERT INTO t VALUES (1)")
    target = sqlite_file(tmp_path / "b.db", "CREATE TABLE mine (i)")
    program = f"""
import os, signal
from dbclone.dialects import open_loader, open_source, parse_address
from dbclone.dialects.protocol import Reading
source = open_source(parse_address({str(source)!r}))
loader = open_loader(parse_address({str(target)!r}), replace=True)
loader.create(source.schema(), source.ddl())
loader.load(source.schema().tables[0], source.read(Reading(source.schema().tables[0])))
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    assert rows(target, "SELECT name FROM sqlite_master") == [("mine",)]
    assert len(list(tmp_path.glob(".b.db.dbclone-*"))) == 1
    live = open_loader(parse_address(str(target)), replace=True)
    copy(source, target, replace=True)
    assert len(list(tmp_path.glob(".b.db.dbclone-*"))) == 1, "the scratch of a run that lives stays"
    live.discard()
    assert sorted(e.name for e in tmp_path.iterdir()) == ["a.db", "b.db"]
