"""Clones and bundles that several tests look at, made once a session. Tests only read them."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clone.runs import cloned, fine
from tests.mariadb import MISSING, find_server, run, throwaway_server

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Pair:
    """A source and its clone, both PostgreSQL URLs; ``facts`` is what the command printed."""

    source: str
    target: str
    facts: dict[str, Any]


@pytest.fixture(scope="session")
def postgres_clone(
    shared_postgres: Callable[[str], str], new_session_database: Callable[..., str]
) -> Callable[[str], Pair]:
    """A function that gives a published database and its clone at scale 1."""
    made: dict[str, Pair] = {}

    def clone(name: str) -> Pair:
        if name not in made:
            source, target = shared_postgres(name), new_session_database(exists=False)
            made[name] = Pair(source, target, cloned(source, target))
        return made[name]

    return clone


@pytest.fixture(scope="session")
def postgres_bundle(
    shared_postgres: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """A function that gives the bundle of a published database."""
    folder = tmp_path_factory.mktemp("bundles")

    def fit(name: str) -> Path:
        path = folder / f"{name}.dbclone"
        if not path.exists():
            fine("fit", shared_postgres(name), "-o", path, "--quiet")
        return path

    return fit


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a server whose user may create databases."""
    named = os.environ.get("DBCLONE_TEST_MYSQL")
    if named:
        yield named.rstrip("/")
        return
    if find_server() is None:
        pytest.skip(MISSING)
    with throwaway_server() as url:
        yield url


@pytest.fixture
def database(server: str) -> Iterator[Callable[..., str]]:
    """A function that creates a database, runs ``sql`` in it and gives its URL; dropped after the test."""
    with databases(server) as create:
        yield create


@contextlib.contextmanager
def databases(server: str) -> Iterator[Callable[..., str]]:
    """Hands out databases on ``server`` and drops them at the end, whatever was made of them."""
    made: list[str] = []

    def create(script: str = "", *, exists: bool = True) -> str:
        name = f"dbclone_test_{os.getpid()}_{next(_numbers)}"
        made.append(name)
        if exists:
            run(server, f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
        if script:
            try:
                run(f"{server}/{name}", script)
            except Exception as error:
                if "MariaDB" not in str(run(server, "SELECT version()")):
                    pytest.skip(f"this server lacks something: {error}")
                raise
        return f"{server}/{name}"

    try:
        yield create
    finally:
        for name in made:
            run(server, f"DROP DATABASE IF EXISTS {name}")
