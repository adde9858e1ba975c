"""Races that no constraint describes: nobody starts twice, places count, labels follow. And towns of a country whose
keys come last. SQLite to SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from tests.clone.runs import cloned

RACES = """
CREATE TABLE races (id integer PRIMARY KEY, held date NOT NULL, laps integer NOT NULL);
CREATE TABLE drivers (id integer PRIMARY KEY, born integer NOT NULL);
CREATE TABLE results (id integer PRIMARY KEY, race integer NOT NULL REFERENCES races, driver integer NOT NULL
    REFERENCES drivers, place integer, label text NOT NULL, points integer NOT NULL);
"""
LANDS = """
CREATE TABLE lands (code text PRIMARY KEY, capital text, area real NOT NULL,
    FOREIGN KEY (capital, code) REFERENCES towns (name, land));
CREATE TABLE towns (name text NOT NULL, land text NOT NULL REFERENCES lands, lat real NOT NULL, people real NOT NULL,
    PRIMARY KEY (name, land));
CREATE TABLE airports (id integer PRIMARY KEY, land text NOT NULL REFERENCES lands, town text, lat real NOT NULL,
    FOREIGN KEY (town, land) REFERENCES towns (name, land));
"""


def test_nobody_starts_twice_and_places_count_with_their_labels(tmp_path: Path) -> None:
    source, target = tmp_path / "source.db", tmp_path / "clone.db"
    rng = np.random.default_rng(2)
    rows = []
    for race in range(1, 201):
        for place, driver in enumerate(rng.permutation(60)[: rng.integers(8, 14)], 1):
            # Who did not finish has no place: one in ten, the last ones.
            out = place > 7 and rng.random() < 0.5
            label = "out" if out else f"P{place}"
            number = None if out else place
            rows.append((len(rows) + 1, race, int(driver) + 1, number, label, max(0, 10 - 2 * place)))
    with closing(sqlite3.connect(source)) as made, made:
        made.executescript(RACES)
        held = [(n, f"19{60 + n // 12}-{1 + n % 12:02}-11", 50 + n % 7) for n in range(1, 201)]
        made.executemany("INSERT INTO races VALUES (?, ?, ?)", held)
        made.executemany("INSERT INTO drivers VALUES (?, ?)", [(n, 1930 + n) for n in range(1, 61)])
        made.executemany("INSERT INTO results VALUES (?, ?, ?, ?, ?, ?)", rows)
    cloned(source, target, "--no-copy-reference")
    with closing(sqlite3.connect(target)) as made:
        (twice,) = made.execute("SELECT count(*) - count(DISTINCT race || ' ' || driver) FROM results").fetchone()
        (many,) = made.execute("SELECT count(*) FROM results").fetchone()
        assert (twice, many) == (0, len(rows))
        ranks = made.execute("SELECT count(place), count(DISTINCT place), max(place) FROM results GROUP BY race")
        even = [there == distinct for there, distinct, _ in ranks]
        assert np.mean(even) > 0.95
        wrong = "SELECT count(*) FROM results WHERE place IS NOT NULL AND label <> 'P' || place"
        (off,) = made.execute(wrong).fetchone()
        assert off <= 0.01 * many


def test_towns_lie_in_their_airports_land_though_keys_come_last(tmp_path: Path) -> None:
    source, target = tmp_path / "source.db", tmp_path / "clone.db"
    rng = np.random.default_rng(3)
    lands = [f"L{n}" for n in range(60)]
    towns = [(f"T{n}", land) for land in lands for n in range(int(rng.integers(2, 12)))]
    lats = {land: float(rng.uniform(-50, 60)) for land in lands}
    places = np.sort(rng.integers(0, len(towns), 500))
    # Now and then no town is known, so that the land is not what the town says.
    airports = [(n, towns[at][1], None if n % 20 == 0 else towns[at][0]) for n, at in enumerate(places, 1)]
    with closing(sqlite3.connect(source)) as made, made:
        made.executescript(LANDS)
        made.executemany("INSERT INTO lands VALUES (?, 'T0', ?)", [(land, rng.lognormal(10, 1)) for land in lands])
        people = [(*town, lats[town[1]] + rng.normal(), rng.lognormal(10, 2)) for town in towns]
        made.executemany("INSERT INTO towns VALUES (?, ?, ?, ?)", people)
        made.executemany(
            "INSERT INTO airports VALUES (?, ?, ?, ?)", [(*one, lats[one[1]] + rng.normal()) for one in airports]
        )
    cloned(source, target, "--no-copy-reference")
    with closing(sqlite3.connect(target)) as made:
        kept = made.execute("SELECT count(*), count(town), count(DISTINCT land) FROM airports").fetchone()
        assert abs(kept[1] - 475) <= 10
        assert abs(kept[2] - len({land for _, land, _ in airports})) <= 2
        together = "SELECT count(*) FROM airports a JOIN towns t ON (t.name, t.land) = (a.town, a.land)"
        (near,) = made.execute(f"{together} WHERE abs(a.lat - t.lat) < 5").fetchone()
        assert near > 0.9 * kept[1]
