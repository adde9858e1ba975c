"""From one kind of database to another and from file to file: what is lost is listed, what remains is enforced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clone.runs import POSTGRES, SQLITE, assert_same_rows, cloned, rows_of, sqlite_is_sound

# What SQLite has no home for, by kind.
LOST = {
    "chinook": set(),
    "northwind": set(),
    "pagila": set("aggregate|domain|enum|function|materialized view|partitions|sequence|trigger|type|view".split("|")),
    "sakila": {"enum", "type"},
    "adventureworks_lt": {"domain", "sequence", "type"},
    "employees": {"function", "policy", "row security", "trigger", "view"},
}


def grouped(names: tuple[str, ...]) -> list[object]:
    return [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in names]


@pytest.mark.parametrize("name", grouped(POSTGRES))
def test_postgresql_to_sqlite(name: str, shared_postgres: Callable[[str], str], tmp_path: Path) -> None:
    source, target = shared_postgres(name), tmp_path / "clone.db"
    facts = cloned(source, target)
    assert_same_rows(rows_of(target), rows_of(source))
    sqlite_is_sound(target)
    assert {loss["kind"] for loss in facts["losses"]} == LOST[name]
    assert all(loss["name"] and loss["fallback"] for loss in facts["losses"])
    assert [path.name for path in tmp_path.iterdir()] == ["clone.db"]


@pytest.mark.parametrize("name", grouped(SQLITE))
def test_sqlite_to_sqlite(name: str, shared_data: Path, tmp_path: Path) -> None:
    source, target = shared_data / f"{name}.db", tmp_path / "clone.db"
    facts = cloned(source, target)
    assert_same_rows(rows_of(target), rows_of(source))
    sqlite_is_sound(target)
    assert facts["losses"] == []


@pytest.mark.parametrize("name", grouped(SQLITE))
def test_sqlite_to_postgresql(name: str, shared_data: Path, free_database: Callable[[], str]) -> None:
    source, target = shared_data / f"{name}.db", free_database()
    cloned(source, target)
    assert_same_rows(rows_of(target), rows_of(source))
