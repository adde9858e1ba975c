"""Orders that mostly go to their customer's own town: clones send them there too. SQLite to SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from tests.clone.runs import cloned

TOWNS = ("ton", "ford", "ham", "side", "ing", "by", "ley", "worth", "mouth", "wick")
SCRIPT = """
CREATE TABLE customers (id integer PRIMARY KEY, town text NOT NULL, league text NOT NULL);
CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL REFERENCES customers, ship_town text NOT NULL,
    league text NOT NULL, amount integer NOT NULL);
"""


def test_orders_go_to_their_customers_town(tmp_path: Path) -> None:
    source, target = tmp_path / "source.db", tmp_path / "clone.db"
    rng = np.random.default_rng(6)
    # So many that few customers live in each, but enough orders go there to call them by their names.
    names = [first + last for first in ("Ay", "Bee", "Cee", "Dee", "Eel", "Eff", "Gee") for last in TOWNS]
    customers = [(n, str(rng.choice(names)), str(rng.choice(["gold", "blue"]))) for n in range(1, 201)]
    orders = []
    for number, customer in enumerate(np.sort(rng.integers(0, 200, 1500)), 1):
        _, town, league = customers[customer]
        sent = town if rng.random() < 0.93 else str(rng.choice(names))
        orders.append((number, int(customer) + 1, sent, league, int(rng.integers(5, 90))))
    with closing(sqlite3.connect(source)) as made, made:
        made.executescript(SCRIPT)
        made.executemany("INSERT INTO customers VALUES (?, ?, ?)", customers)
        made.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", orders)
    cloned(source, target, "--no-copy-reference")
    both = "SELECT avg(ship_town = town), avg(o.league = c.league) FROM orders o JOIN customers c ON c.id = customer"
    (wanted, _), (town, league) = (sqlite3.connect(path).execute(both).fetchone() for path in (source, target))
    assert abs(town - wanted) < 0.03
    assert league == 1.0
