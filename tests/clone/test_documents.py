"""Documents keep their shapes: key paths and types that come together in the source, with the columns tied to them."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import psycopg
import pytest

import dbclone
from dbclone.profile.shapes import Paths, paths_of
from tests.clone.runs import cloned
from tests.documents import RARE, events, shapes_of

ROWS = 3_000


@pytest.fixture(params=["json", "text"])
def source_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Events in SQLite, in a column that is declared JSON and in one that only holds it."""
    path = tmp_path / "events.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            f"CREATE TABLE events (id integer PRIMARY KEY, event_type text NOT NULL, payload {request.param} NOT NULL)"
        )
        connection.executemany("INSERT INTO events VALUES (?, ?, ?)", events(ROWS))
        connection.commit()
    return path


def assert_same_shapes(source: list[tuple[str, str]], clone: list[tuple[str, str]]) -> None:
    theirs, ours = shapes_of(source), shapes_of(clone)
    assert len(theirs) >= 8
    assert min(theirs.values()) <= RARE
    assert all(theirs[shape] >= 5 for shape in ours)
    for shape, rows in theirs.items():
        if rows >= 5:
            assert abs(ours[shape] - rows) <= 0.2 * rows + 5, (shape, rows, ours[shape])
    # Nobody's document is there again, but those so small that they come by chance.
    assert {text for _, text in source if len(text) > 60}.isdisjoint(text for _, text in clone)


def test_documents_in_sqlite_keep_their_shapes(source_file: Path, tmp_path: Path) -> None:
    cloned(source_file, tmp_path / "clone.db")

    query = "SELECT event_type, payload FROM events"
    with closing(sqlite3.connect(source_file)) as source, closing(sqlite3.connect(tmp_path / "clone.db")) as clone:
        assert_same_shapes(source.execute(query).fetchall(), clone.execute(query).fetchall())


def test_documents_in_postgresql_keep_their_shapes(new_database: Callable[..., str]) -> None:
    source, target = new_database(), new_database()
    with psycopg.connect(source) as connection:
        connection.execute("CREATE TABLE events (id int PRIMARY KEY, event_type text NOT NULL, payload jsonb NOT NULL)")
        connection.cursor().executemany("INSERT INTO events VALUES (%s, %s, %s)", list(events(ROWS)))

    cloned(source, target)

    query = "SELECT event_type, payload::text FROM events"
    with psycopg.connect(source) as before, psycopg.connect(target) as after:
        assert_same_shapes(before.execute(query).fetchall(), after.execute(query).fetchall())


def test_sizes_of_arrays_go_with_other_columns(new_database: Callable[..., str]) -> None:
    source, target = new_database(), new_database()
    with psycopg.connect(source) as connection:
        connection.execute("CREATE TABLE parcels (id int PRIMARY KEY, size text NOT NULL, codes text[])")
        connection.execute(
            """INSERT INTO parcels SELECT n, (ARRAY['none', 'one', 'three', 'one'])[n % 4 + 1],
            (ARRAY[md5(n::text), md5(n::text || 'b'), md5(n::text || 'c')])[1:(ARRAY[0, 1, 3, 1])[n % 4 + 1]]
            FROM generate_series(1, 900) n"""
        )

    cloned(source, target)

    with psycopg.connect(target) as connection:
        query = "SELECT size, cardinality(codes), count(*) > 200 FROM parcels GROUP BY 1, 2 ORDER BY 2"
        assert connection.execute(query).fetchall() == [("none", 0, True), ("one", 1, True), ("three", 3, True)]


def test_neither_workers_nor_a_saved_bundle_change_documents(source_file: Path, tmp_path: Path) -> None:
    bundle = dbclone.fit(str(source_file))
    bundle.save(tmp_path / "events.dbclone")
    again = dbclone.load(tmp_path / "events.dbclone")
    assert again.profile == bundle.profile

    for one, workers, name in ((bundle, 1, "one"), (again, 2, "two")):
        dbclone.generate(one, f"csv:{tmp_path / name}", seed=3, workers=workers)

    first, second = (next((tmp_path / name).glob("*events*.csv")).read_bytes() for name in ("one", "two"))
    assert first == second


def test_a_bundle_holds_no_rare_shape(source_file: Path) -> None:
    profile = json.dumps(dbclone.fit(str(source_file)).profile.to_json())

    assert '"/items/-/sku:string"' in profile
    assert "jane" not in profile
    assert "stolen" not in profile
    assert "/items:string" not in profile


def test_shapes_go_with_the_parent(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    kinds = ({"search": "x", "hits": 3}, {"x": 1, "y": 2}, {"error": "boom", "line": 4}, {"page": "/home"})
    with closing(sqlite3.connect(tmp_path / "source.db")) as connection:
        connection.execute("CREATE TABLE users (id integer PRIMARY KEY, age integer NOT NULL)")
        connection.execute(
            "CREATE TABLE logs (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users (id), data json)"
        )
        for user in range(1, 301):
            connection.execute("INSERT INTO users VALUES (?, ?)", (user, int(rng.integers(18, 90))))
            favourite = int(rng.integers(4))
            for _ in range(int(rng.integers(4, 16))):
                kind = favourite if rng.random() < 0.75 else int(rng.integers(4))
                text = json.dumps(kinds[kind] | {"took": int(rng.integers(10**6))})
                connection.execute("INSERT INTO logs (user_id, data) VALUES (?, ?)", (user, text))
        connection.commit()

    cloned(tmp_path / "source.db", tmp_path / "clone.db", "--no-copy-reference")

    source, clone = (_loyalty(tmp_path / name) for name in ("source.db", "clone.db"))
    assert source > 0.75
    assert abs(source - clone) < 0.1


def _loyalty(path: Path) -> float:
    """The share that a user's most frequent shape has, on average."""
    by_user: dict[int, Counter[Paths]] = {}
    with closing(sqlite3.connect(path)) as connection:
        for user, text in connection.execute("SELECT user_id, data FROM logs"):
            by_user.setdefault(user, Counter())[paths_of(json.loads(text))] += 1
    return float(np.mean([max(shapes.values()) / shapes.total() for shapes in by_user.values()]))
