"""Clones and bundles that several tests look at, made once a session. Tests only read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clone.runs import cloned, fine


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
