"""Clones of databases that declare no keys: those that were inferred hold in the clone as declared ones would."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dbclone.dialects.postgresql.dump import find_pg_dump
from tests.clone.runs import cloned, fine, run

STRIPPED = """
CREATE TABLE users (id integer PRIMARY KEY, login varchar(30) NOT NULL UNIQUE, manager_id integer);
CREATE TABLE tasks (id integer PRIMARY KEY, user_id integer NOT NULL, parent_id integer NOT NULL, hours integer);
INSERT INTO users SELECT n * 7, 'user' || (n * 7919 % 1000), CASE WHEN n > 5 THEN (n % 5 + 1) * 7 END
  FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 200) SELECT n FROM s) q;
INSERT INTO tasks SELECT n * 3, (n * 31 % 200 + 1) * 7, CASE WHEN n < 40 THEN 0 ELSE (n % 39 + 1) * 3 END, n % 12
  FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1500) SELECT n FROM s) q;
"""


def stripped_file(path: Path) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(STRIPPED)
        connection.commit()
    return path


def test_inferred_keys_hold_in_a_clone_and_are_counted_by_verify(tmp_path: Path) -> None:
    source, target, bundle = stripped_file(tmp_path / "a.db"), tmp_path / "b.db", tmp_path / "a.dbclone"
    cloned(source, target, "--infer-keys")
    with contextlib.closing(sqlite3.connect(target)) as connection:
        [[orphans]] = connection.execute("SELECT count(*) FROM tasks WHERE user_id NOT IN (SELECT id FROM users)")
        [[roots]] = connection.execute("SELECT count(*) FROM tasks WHERE parent_id = 0")
        [[lost]] = connection.execute(
            "SELECT count(*) FROM tasks WHERE parent_id <> 0 AND parent_id NOT IN (SELECT id FROM tasks)"
        )
        assert connection.execute("SELECT count(*) FROM pragma_foreign_key_list('tasks')").fetchone() == (0,)
    assert (orphans, lost) == (0, 0)
    assert 20 <= roots <= 80
    report = json.loads(fine("verify", target, "--against", source, "--infer-keys", "--json", "--quiet"))
    assert (report["ok"], report["foreign_keys"]) == (True, 3)
    fine("fit", source, "-o", bundle, "--infer-keys", "--quiet")
    with contextlib.closing(sqlite3.connect(target)) as connection:
        connection.execute("UPDATE tasks SET user_id = 1 WHERE id IN (SELECT id FROM tasks LIMIT 3)")
        connection.commit()
    for against in ((source, "--infer-keys"), (bundle,)):
        result = run("verify", target, "--against", *against, "--json", "--quiet")
        assert result.exit_code == 1
        [broken] = json.loads(result.stdout)["violations"]
        assert (broken["constraint"], broken["rows"]) == ("main.tasks(user_id) -> main.users(id)", 3)


@pytest.mark.parametrize("name", ["northwind", "sakila"])
def test_a_published_database_without_its_keys_keeps_them_in_its_clone(
    name: str, shared_postgres: Callable[[str], str], new_database: Callable[..., str], tmp_path: Path
) -> None:
    declared = shared_postgres(name)
    stripped = copy_without_keys(declared, new_database)
    target = new_database(exists=False)
    cloned(stripped, target, "--infer-keys")
    # The declared keys, which the clone's own schema knows nothing of, are asked of it.
    report = json.loads(fine("verify", target, "--against", declared, "--json", "--quiet"))
    assert report["ok"] is True
    assert report["foreign_keys"] >= 13


def copy_without_keys(source: str, new_database: Callable[..., str]) -> str:
    url = new_database()
    program = find_pg_dump(15)
    dumped = subprocess.run([str(program), "--no-owner", source], capture_output=True, text=True, check=True)
    psql = program.with_name("psql")
    subprocess.run([str(psql), "-q", "-d", url], input=dumped.stdout, capture_output=True, text=True, check=True)
    with psycopg.connect(url, autocommit=True) as connection:
        keys = connection.execute(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint"
            " WHERE contype = 'f' AND conparentid = 0"
        ).fetchall()
        for (statement,) in keys:
            connection.execute(statement.encode())
    return url


SPARSE = """
CREATE TABLE parts (id integer PRIMARY KEY, name varchar(20));
CREATE TABLE uses (id integer PRIMARY KEY, part_id integer NOT NULL REFERENCES parts, kept_id integer NOT NULL,
  amount integer, CONSTRAINT kept FOREIGN KEY (kept_id) REFERENCES parts(id));
INSERT INTO parts SELECT n * 7, 'n' || n
  FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 300) SELECT n FROM s) q;
INSERT INTO uses SELECT n, (n % 300 + 1) * 7, (n * 31 % 300 + 1) * 7, n % 10
  FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 2000) SELECT n FROM s) q;
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_ignored_key_is_a_plain_column_and_not_in_the_clone(
    kind: str, new_database: Callable[..., str], tmp_path: Path
) -> None:
    if kind == "sqlite":
        source, target = str(tmp_path / "a.db"), str(tmp_path / "b.db")
        with contextlib.closing(sqlite3.connect(source)) as connection:
            connection.executescript(SPARSE)
            connection.commit()
    else:
        source, target = new_database(SPARSE), new_database(exists=False)
    config = tmp_path / "ignore.yaml"
    config.write_text("keys: {ignore: [uses.part_id]}\n")
    facts = json.loads(fine("clone", source, target, "--config", config, "--json", "--quiet"))
    [note] = [note for note in facts["notes"] if "keys.ignore" in note]
    assert note.endswith(
        ".uses(part_id) -> " + note.partition(".")[0] + ".parts(id) is ignored, as keys.ignore asks: the clone does not"
        " have it"
    )
    assert json.loads(fine("verify", target, "--against", source, "--config", config, "--json", "--quiet"))["ok"]
    found = json.loads(fine("inspect", target, "--json", "--quiet"))
    assert [key["columns"] for key in found["foreign_keys"]] == [["kept_id"]]


def test_what_an_undeclared_key_references_stays_unique(tmp_path: Path) -> None:
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.executescript("CREATE TABLE shops (id INTEGER, city TEXT); CREATE TABLE sales (shop_id INTEGER);")
        connection.executemany("INSERT INTO shops VALUES (?, ?)", [(n * 5, "Ulm") for n in range(1, 200)])
        connection.executemany("INSERT INTO sales VALUES (?)", [((n % 199 + 1) * 5,) for n in range(900)])
        connection.commit()
    cloned(source, target, "--infer-keys")
    with contextlib.closing(sqlite3.connect(target)) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT id) FROM shops").fetchone() == (199, 199)
        lost = "SELECT count(*) FROM sales WHERE shop_id NOT IN (SELECT id FROM shops)"
        assert connection.execute(lost).fetchone() == (0,)
