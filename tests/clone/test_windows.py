"""Parents that have their time: drivers have careers, and drive for the same team again. SQLite to SQLite."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import numpy as np
import pytest

import dbclone

SCRIPT = """
CREATE TABLE races (id integer PRIMARY KEY, held date NOT NULL);
CREATE TABLE drivers (id integer PRIMARY KEY, born integer NOT NULL);
CREATE TABLE teams (id integer PRIMARY KEY, founded integer NOT NULL);
CREATE TABLE results (id integer PRIMARY KEY, race integer NOT NULL REFERENCES races (id),
    driver integer NOT NULL REFERENCES drivers (id), team integer NOT NULL REFERENCES teams (id),
    points integer NOT NULL, UNIQUE (race, driver));
"""
RACES, GRID = 300, 12


def build(path: Path) -> None:
    """A grid of twelve seats; each driver has one for 25 races on the mean, and stays with the seat's team."""
    rng = np.random.default_rng(5)
    day = dt.date(1980, 3, 1)
    races = [(number + 1, (day + dt.timedelta(days=14 * number)).isoformat()) for number in range(RACES)]
    drivers: list[tuple[int, int]] = []
    results = []
    seats = [0] * GRID
    for race in range(RACES):
        for seat in range(GRID):
            if not seats[seat] or rng.random() < 0.04:
                drivers.append((len(drivers) + 1, 1955 + race // 26))
                seats[seat] = len(drivers)
        for place in rng.permutation(GRID):
            team = 1 + place // 2 + 6 * (race // 100)
            results.append((len(results) + 1, race + 1, seats[place], int(team), int(rng.integers(0, 10))))
    # Their numbers do not tell when they drove.
    mixed = rng.permutation(len(drivers)) + 1
    drivers = sorted((int(mixed[number - 1]), born) for number, born in drivers)
    results = [(one, race, int(mixed[driver - 1]), team, points) for one, race, driver, team, points in results]
    with sqlite3.connect(path) as connection:
        connection.executescript(SCRIPT)
        connection.executemany("INSERT INTO races VALUES (?, ?)", races)
        connection.executemany("INSERT INTO drivers VALUES (?, ?)", drivers)
        connection.executemany("INSERT INTO teams VALUES (?, ?)", [(n, 1970 + n) for n in range(1, 19)])
        connection.executemany("INSERT INTO results VALUES (?, ?, ?, ?, ?)", results)


def careers(path: Path) -> tuple[float, float]:
    """How long careers are, as a share of all races, on the mean over results; how often the team stays the same."""
    with sqlite3.connect(path) as connection:
        order = "SELECT driver, team, rank() OVER (ORDER BY held) AS at FROM results JOIN races ON races.id = race"
        rows = connection.execute(f"SELECT driver, team, at FROM ({order}) ORDER BY driver, at").fetchall()
    driver, team, at = (np.array(column) for column in zip(*rows, strict=True))
    follows = driver[1:] == driver[:-1]
    length = [np.ptp(at[driver == one]) / np.ptp(at) * (driver == one).sum() for one in np.unique(driver)]
    return float(np.sum(length) / len(rows)), float((team[1:] == team[:-1])[follows].mean())


def test_careers_are_as_long_as_they_were_and_teams_are_kept(tmp_path: Path) -> None:
    source, target = tmp_path / "source.db", tmp_path / "clone.db"
    build(source)
    dbclone.clone(str(source), str(target), tables={"copy_reference": False})
    (length, loyalty), (drawn, kept) = careers(source), careers(target)
    assert drawn == pytest.approx(length, rel=0.3)
    assert kept > 0.75 * loyalty
    assert dbclone.verify(str(target)).ok
