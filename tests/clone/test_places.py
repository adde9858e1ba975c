"""Where rows stand in their table's order tells of them what no column does: SQLite to SQLite."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

import dbclone


def cloned(tmp_path: Path, script: str, rows: dict[str, list[tuple[object, ...]]]) -> sqlite3.Connection:
    source, target = tmp_path / "source.db", tmp_path / "clone.db"
    with sqlite3.connect(source) as connection:
        connection.executescript(script)
        for table, values in rows.items():
            marks = ", ".join("?" * len(values[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
    dbclone.clone(str(source), str(target), tables={"copy_reference": False})
    return sqlite3.connect(target)


@pytest.mark.parametrize("seed", [1, 2])
def test_those_that_were_there_first_have_most_of_the_children(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shops = [(number, float(rng.integers(100, 900))) for number in range(1, 501)]
    sales = [(number, int(rng.integers(1, 3)), float(rng.integers(1, 60))) for number in range(1, 3001)]
    clone = cloned(
        tmp_path,
        """CREATE TABLE shops (id integer PRIMARY KEY, area real NOT NULL);
        CREATE TABLE sales (id integer PRIMARY KEY, shop integer NOT NULL REFERENCES shops (id), amount real NOT NULL);
        """,
        {"shops": shops, "sales": sales},
    )
    used = [shop for (shop,) in clone.execute("SELECT DISTINCT shop FROM sales")]
    # A leaf holds five parents and more, for privacy's sake: which of the first ones it is stays open.
    assert len(used) == 2
    assert max(used) <= 12


def test_rows_that_were_written_parent_by_parent_in_several_passes_still_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    people = [(number, int(rng.integers(18, 80))) for number in range(1, 201)]
    payments: list[tuple[object, ...]] = []
    for _ in range(2):
        for person, _age in people:
            for _ in range(int(rng.integers(1, 6))):
                payments.append((len(payments) + 1, person, float(rng.integers(1, 100))))
    clone = cloned(
        tmp_path,
        """CREATE TABLE people (id integer PRIMARY KEY, age integer NOT NULL);
        CREATE TABLE payments (id integer PRIMARY KEY, person integer NOT NULL REFERENCES people (id), amount real);
        """,
        {"people": people, "payments": payments},
    )
    drawn = np.array([person for (person,) in clone.execute("SELECT person FROM payments ORDER BY id")])
    source = np.array([person for _, person, _ in payments])
    together = [float((one[1:] == one[:-1]).mean()) for one in (source, drawn)]
    assert together[1] == pytest.approx(together[0], abs=0.12)
    # A pass goes once through all people: in either half of the rows their numbers rise on the whole.
    for half in np.array_split(drawn, 2):
        assert np.corrcoef(np.arange(len(half)), half)[0, 1] > 0.4
