"""SQL scripts: run by the database that they are written for, they give the rows and the schema back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dbclone.dialects.postgresql.dump import find_pg_dump
from dbclone.errors import TargetRefused
from dbclone.write.script import read_stamp
from tests.roundtrip import contents, query, schema_dump
from tests.sqlite_cases import HARD, STAMP, copy, dump, rows, sqlite_file


def run_psql(url: str, script: Path) -> None:
    psql = find_pg_dump(15).with_name("psql")
    command = [str(psql), "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={url}", f"--file={script}"]
    subprocess.run(command, check=True, capture_output=True)


def test_sqlite(tmp_path: Path) -> None:
    source = sqlite_file(tmp_path / "a.db", HARD)
    copied = copy(source, tmp_path / "b.sql", chunk_rows=2)
    assert (copied.rows, copied.losses) == (11, ())
    again = sqlite_file(tmp_path / "again.db", (tmp_path / "b.sql").read_text())
    assert dump(again) == dump(source)
    assert read_stamp(tmp_path / "b.sql") == STAMP
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.db", "again.db", "b.sql"]


@pytest.mark.parametrize("name", ["pagila", "sakila", "adventureworks_lt"])
def test_postgresql(
    shared_postgres: Callable[[str], str], new_database: Callable[[], str], tmp_path: Path, name: str
) -> None:
    source, target = shared_postgres(name), new_database()
    copy(source, tmp_path / "b.sql")
    run_psql(target, tmp_path / "b.sql")
    assert schema_dump(target) == schema_dump(source)
    expected, found = contents(source), contents(target)
    assert {name: found[name] for name in expected} == expected


def test_sqlite_for_postgresql(new_database: Callable[[], str], tmp_path: Path) -> None:
    source, target = sqlite_file(tmp_path / "a.db", HARD), new_database()
    copy(source, f"sql+postgresql:{tmp_path}/b.sql")
    run_psql(target, tmp_path / "b.sql")
    assert query(target, "SELECT * FROM pair ORDER BY 1, 2") == rows(source, "SELECT * FROM pair ORDER BY 1, 2")
    strict = query(target, "SELECT * FROM strictly ORDER BY 1")
    assert strict == [(1, 1.5, "a", b"\x00\xff"), (2, None, "", b"")]
    assert query(target, "INSERT INTO child (pa) VALUES (NULL) RETURNING id") == [(10,)]


def test_postgresql_for_sqlite(new_database: Callable[[str], str], tmp_path: Path) -> None:
    script = """CREATE TABLE t (f double precision, b boolean, y bytea, at timestamptz, s text);
        INSERT INTO t VALUES ('Infinity', true, '\\x00ff', '2024-01-01 10:00:00.5+02', 'it''s');
        INSERT INTO t VALUES (NULL, NULL, NULL, NULL, NULL)"""
    copy(new_database(script), f"sql+sqlite:{tmp_path}/b.sql")
    again = sqlite_file(tmp_path / "again.db", (tmp_path / "b.sql").read_text())
    assert rows(again, "SELECT * FROM t") == [
        (float("inf"), 1, b"\x00\xff", "2024-01-01 08:00:00.500000", "it's"),
        (None,) * 5,
    ]


def test_the_guard(tmp_path: Path) -> None:
    source = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i INTEGER)")
    (tmp_path / "b.sql").write_text("SELECT 1;")
    with pytest.raises(TargetRefused, match=r"b\.sql exists and was not made by dbclone"):
        copy(source, tmp_path / "b.sql")
    copy(source, tmp_path / "b.sql", replace=True)
    copy(source, tmp_path / "b.sql")
