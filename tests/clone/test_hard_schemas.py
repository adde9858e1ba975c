"""Every hard feature of `tests/schemas` in a source of its own: cloned natively, by portable means and into a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.clone.runs import assert_same_rows, cloned, fine, rows_of, sqlite_is_sound
from tests.roundtrip import query, schema_dump

CLAIM = "--? "
"""Begins a line of a schema whose query says something true of the source that must be true of its clone as well."""
SPARED = "--~ "
"""Begins a line that names tables with as many rows as other rows happen to admit, which no test can foretell."""
SCHEMAS = sorted((Path(__file__).resolve().parents[1] / "schemas").glob("*.sql"))
hard = pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)


def test_there_are_enough_of_them() -> None:
    assert len(SCHEMAS) >= 60


@hard
def test_to_postgresql(path: Path, new_database: Callable[..., str], free_database: Callable[[], str]) -> None:
    source, target = new_database(path.read_text()), free_database()
    facts = cloned(source, target)
    assert facts["violations"] == []
    # Days before the year 1, which no value in memory can be, and nothing else.
    assert [loss for loss in facts["losses"] if "before the year 1" not in loss["name"]] == []
    assert schema_dump(target) == schema_dump(source)
    lines = path.read_text().splitlines()
    spared = {name for line in lines if line.startswith(SPARED) for name in line.removeprefix(SPARED).split()}
    found, expected = rows_of(target), rows_of(source)
    assert_same_rows(found, expected | {name: found[name] for name in spared})
    for line in lines:
        if line.startswith(CLAIM):
            claim = line.removeprefix(CLAIM)
            assert (claim, query(source, claim), query(target, claim)) == (claim, [(True,)], [(True,)])


@hard
def test_to_sqlite(path: Path, new_database: Callable[..., str], tmp_path: Path) -> None:
    source, target = new_database(path.read_text()), tmp_path / "clone.db"
    cloned(source, target)
    sqlite_is_sound(target)
    assert sum(rows_of(target).values()) == pytest.approx(sum(rows_of(source).values()), rel=0.03)


def test_what_holds_little_stays_so(new_database: Callable[..., str], free_database: Callable[[], str]) -> None:
    path = next(path for path in SCHEMAS if path.stem == "11-bare")
    source, target = new_database(path.read_text()), free_database()
    cloned(source, target)
    columns = "a, b, c, d, e, f, g, h, i, j, owner_id"
    assert query(target, f"SELECT count(*) FROM hollow WHERE num_nonnulls({columns}) > 0") == [(0,)]
    assert query(target, "SELECT DISTINCT kind, price::text, at::text FROM uniform") == [("same", "9.99", "2024-05-01")]
    assert query(target, "SELECT id FROM single") == [(1,)]
    assert query(target, "SELECT title FROM single") != query(source, "SELECT title FROM single")
    assert query(target, "INSERT INTO vacant (label) VALUES ('first') RETURNING id") == [(1,)]
    assert query(target, "INSERT INTO hollow DEFAULT VALUES RETURNING id > 40") == [(True,)]
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        query(target, "INSERT INTO vacant_child VALUES (1, 4711, 'no')")


@pytest.mark.parametrize("scale", [0.1, 3])
def test_what_holds_little_scales(scale: float, new_database: Callable[..., str], tmp_path: Path) -> None:
    path = next(path for path in SCHEMAS if path.stem == "11-bare")
    fine("clone", new_database(path.read_text()), tmp_path / "clone.db", "--scale", scale, "--quiet")
    sqlite_is_sound(tmp_path / "clone.db")
    rows = rows_of(tmp_path / "clone.db")
    assert rows["vacant"] == rows["vacant_child"] == 0
    assert rows["keyless"] == pytest.approx(80 * scale, abs=1)
