"""The published databases that benchmarks run on, the server that holds them, and the score that knows nothing of us.

Takes the URL of a PostgreSQL server and the folder with ``data/*.dump`` and ``eval/score.py``. A source that the server
holds under its own name is read there; another is restored and dropped again.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

NAMES = ("chinook", "northwind", "pagila", "sakila", "adventureworks_lt", "employees", "rossmann")
HOUSE = Path(__file__).resolve().parents[1]


def parser(description: str | None) -> argparse.ArgumentParser:
    """The arguments that every benchmark on these databases takes."""
    result = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("server", help="a PostgreSQL URL whose role may create databases")
    result.add_argument("names", nargs="*", metavar="NAME", help=f"which databases; all of {', '.join(NAMES)} if none")
    result.add_argument("--seed", type=int, default=0)
    result.add_argument("--shared", type=Path, default=HOUSE.parent / "shared", help="the folder of data/ and eval/")
    return result


@contextlib.contextmanager
def source(server: str, name: str, shared: Path) -> Iterator[str]:
    """The URL of a source to read: the server's own database of that name, or one restored for this run."""
    with psycopg.connect(server) as connection:
        there = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount
    if there:
        yield _url(server, name)
        return
    with scratch(server, f"dbclone_source_{name}") as url:
        program = ["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--dbname", bare(url)]
        subprocess.run([*program, str(shared / "data" / f"{name}.dump")], check=True, env=_environment(url))
        yield url


@contextlib.contextmanager
def scratch(server: str, name: str, template: str | None = None) -> Iterator[str]:
    """The URL of a database made for this run, of the same contents as ``template``, and dropped after it."""
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    make = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        make += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    execute(server, drop)
    execute(server, make)
    try:
        yield _url(server, name)
    finally:
        execute(server, drop)


def execute(url: str, statement: sql.Composed | sql.SQL) -> None:
    """Runs one statement outside any transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def bare(url: str) -> str:
    """The URL without its password, for places that others can see."""
    return make_url(url).set(password=None).render_as_string(hide_password=False)


def load_score(shared: Path) -> ModuleType:
    """``eval/score.py`` as a module."""
    spec = importlib.util.spec_from_file_location("score", shared / "eval" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table(heads: tuple[str, ...], rows: list[list[str]], left: int = 1) -> str:
    """A Markdown table whose first ``left`` columns are texts."""
    lines = [heads, tuple("---" if place < left else "---:" for place in range(len(heads))), *map(tuple, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def figure(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _url(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)


def _environment(url: str) -> dict[str, str]:
    """The server's password travels where no list of processes shows it."""
    password = make_url(url).password
    return {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
