"""The command line as a user runs it, and the questions that end every whole run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from click.testing import CliRunner, Result

from dbclone.cli import app

POSTGRES = ("chinook", "northwind", "pagila", "sakila", "adventureworks_lt", "employees")
SQLITE = ("chinook", "northwind", "sakila")
_TABLES = """
SELECT CASE relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || format('%I.%I', n.nspname, c.relname),
       CASE count(*) OVER (PARTITION BY c.relname) WHEN 1 THEN c.relname ELSE n.nspname || '.' || c.relname END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1, 2
"""
_FILE_TABLES = """
SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '_dbclone%'
"""


def run(*args: object, env: Mapping[str, str | None] | None = None) -> Result:
    return CliRunner(env=env).invoke(app, [str(arg) for arg in args])


def fine(*args: object, env: Mapping[str, str | None] | None = None) -> str:
    """What a run that has to succeed prints on stdout."""
    result = run(*args, env=env)
    assert result.exit_code == 0, result.output
    return result.stdout


def cloned(source: object, target: object, *options: object) -> dict[str, Any]:
    """A clone's facts; it ends with dbclone's own verdict on the target, asked for every constraint of the source."""
    facts: dict[str, Any] = json.loads(fine("clone", source, target, "--json", "--quiet", *options))
    verified(target, source)
    return facts


def verified(target: object, against: object) -> dict[str, Any]:
    """Every table of ``against`` is there and every constraint was asked about and holds."""
    report: dict[str, Any] = json.loads(fine("verify", target, "--against", against, "--json", "--quiet"))
    assert report["ok"] is True
    # What the target's database has no word for is listed at the clone and again here, never passed over in silence.
    assert all(one.endswith("it is not in the target") for one in report["unchecked"])
    return report


def error_of(*args: object, env: Mapping[str, str | None] | None = None) -> tuple[int, str]:
    """How a run that has to fail exits, and its whole complaint."""
    result = run(*args, "--quiet", env=env)
    assert result.stdout == ""
    return result.exit_code, result.stderr.strip()


def rows_of(database: object) -> dict[str, int]:
    """Rows per table of a PostgreSQL URL or a SQLite file, by bare name; with its schema where two would be equal."""
    if str(database).startswith("postgresql"):
        with psycopg.connect(str(database)) as connection:
            names = connection.execute(_TABLES).fetchall()
            return {name: _one(connection.execute(f"SELECT count(*) FROM {table}".encode())) for table, name in names}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as file:
        names = file.execute(_FILE_TABLES).fetchall()
        return {name: _one(file.execute(f'SELECT count(*) FROM "{name}"')) for (name,) in names}


def assert_same_rows(found: Mapping[str, int], expected: Mapping[str, int]) -> None:
    """Within 2 % for each table, which is exact where a table has fewer than 50 rows."""
    assert set(found) == set(expected)
    off = {name: (found[name], rows) for name, rows in expected.items() if abs(found[name] - rows) > 0.02 * rows}
    assert off == {}


def sqlite_is_sound(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def sqlite_contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in an order of their own."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in rows_of(path)
        }


def _one(cursor: Any) -> int:
    return int(cursor.fetchone()[0])
