"""A SQLite shop whose rows follow a rule of every kind that no constraint declares.

Takes a path and a seed, writes the same file every time.
"""

from __future__ import annotations

import datetime as dt
import random  # noqa: TID251 - whole rows are easier told one by one
import sqlite3
from contextlib import closing
from pathlib import Path

SCHEMA = """
CREATE TABLE tenants (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL REFERENCES tenants (id), first_name TEXT NOT NULL,
    last_name TEXT NOT NULL, full_name TEXT NOT NULL, country TEXT NOT NULL, currency TEXT NOT NULL,
    joined_on DATE NOT NULL, n_orders INTEGER NOT NULL, spent DECIMAL(12, 2) NOT NULL, last_order_on DATE
);
CREATE TABLE rates (
    customer_id INTEGER NOT NULL REFERENCES customers (id), from_on DATE NOT NULL, to_on DATE NOT NULL,
    percent INTEGER NOT NULL, PRIMARY KEY (customer_id, from_on)
);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    customer_id INTEGER NOT NULL REFERENCES customers (id), placed_on DATE NOT NULL, status TEXT NOT NULL,
    channel TEXT NOT NULL, shipped_on DATE, carrier TEXT, days INTEGER, net DECIMAL(12, 2) NOT NULL,
    tax DECIMAL(12, 2) NOT NULL, total DECIMAL(12, 2) NOT NULL
);
CREATE TABLE items (
    order_id INTEGER NOT NULL REFERENCES orders (id), line_no INTEGER NOT NULL, quantity INTEGER NOT NULL,
    price DECIMAL(8, 2) NOT NULL, discount DECIMAL(3, 2) NOT NULL, amount DECIMAL(12, 2) NOT NULL,
    PRIMARY KEY (order_id, line_no)
);
"""

EXPECTED = {
    "customers.full_name = first_name || ' ' || last_name",
    "customers.country -> currency",
    "customers.n_orders = count(*) of orders",
    "customers.spent = sum(total) of orders",
    "customers.last_order_on = max(placed_on) of orders",
    "rates.from_on = to_on of the one before within customer_id",
    "orders.placed_on >= customers.joined_on",
    "orders.placed_on rises with id",
    "orders.shipped_on IS NULL if and only if status = open",
    "orders.shipped_on IS NULL like carrier",
    "orders.shipped_on IS NULL like days",
    "orders.total = net + tax",
    "orders.net = sum(amount) of items",
    "orders.days = shipped_on - placed_on",
    "orders.status with channel: never lost and counter",
    "orders.tenant_id = orders.customer_id->customers.tenant_id",
    "items.line_no counts 1, 2... within order_id",
    "items.amount = quantity * price * (1 - discount)",
}
"""Names of rules that are there by construction."""

FIRST = [a + b for a in "An Be Ca Do El Fi Gu Ha".split() for b in "na ra lo mi".split()]
LAST = [a + b for a in "Berg Feld Hoch Klein Ober Stein Unter Wald".split() for b in "er mann meier hof".split()]
MONEY = {"Austria": "EUR", "France": "EUR", "Sweden": "SEK", "Norway": "NOK", "Japan": "JPY"}
START = dt.date(2020, 1, 1)


def build_ruled_shop(path: Path, customers: int = 250, seed: int = 1) -> None:
    """Writes about three orders a customer and three items an order."""
    rng = random.Random(seed)
    people = _people(rng, customers)
    orders, items = _orders(rng, people)
    with closing(sqlite3.connect(path)) as file:
        file.executescript(SCHEMA)
        _insert(file, "tenants", [[number, f"tenant {number}"] for number in range(1, 9)])
        _insert(file, "customers", people)
        _insert(file, "rates", _rates(rng, people))
        _insert(file, "orders", orders)
        _insert(file, "items", items)
        file.commit()


def _people(rng: random.Random, customers: int) -> list[list[object]]:
    found: list[list[object]] = []
    for number in range(1, customers + 1):
        first, last, country = rng.choice(FIRST), rng.choice(LAST), rng.choice(list(MONEY))
        joined = START + dt.timedelta(days=rng.randrange(900))
        name = f"{first} {last}"
        found.append([number, rng.randint(1, 8), first, last, name, country, MONEY[country], joined, 0, 0.0, None])
    return found


def _rates(rng: random.Random, people: list[list[object]]) -> list[list[object]]:
    found: list[list[object]] = []
    for person in people:
        day = person[7]
        assert isinstance(day, dt.date)
        for _ in range(rng.randint(1, 4)):
            after = day + dt.timedelta(days=rng.randint(60, 300))
            found.append([person[0], day, after, rng.randint(1, 20)])
            day = after
    return found


def _orders(rng: random.Random, people: list[list[object]]) -> tuple[list[list[object]], list[list[object]]]:
    drawn = []
    for person in people:
        joined = person[7]
        assert isinstance(joined, dt.date)
        drawn += [(joined + dt.timedelta(days=rng.randrange(700)), person) for _ in range(rng.choice((0, 1, 2, 4, 7)))]
    drawn.sort(key=lambda one: (one[0], one[1][0]))
    orders: list[list[object]] = []
    items: list[list[object]] = []
    for number, (day, person) in enumerate(drawn, 1):
        lines = [_line(rng, number, place) for place in range(1, rng.randint(2, 5) + 1)]
        net = round(sum(float(str(line[5])) for line in lines), 2)
        tax = round(net * rng.choice((0.07, 0.1, 0.19)) + rng.choice((0.0, 1.5)), 2)
        total = round(net + tax, 2)
        status = rng.choice(("open", "sent", "sent", "lost"))
        channel = rng.choice(("web", "phone") if status == "lost" else ("web", "phone", "counter"))
        days = None if status == "open" else rng.randint(0, 20)
        sent = None if days is None else day + dt.timedelta(days=days)
        carrier = None if days is None else rng.choice(("mule", "ship"))
        orders.append(
            [number, person[1], person[0], day, status, channel, sent, carrier, days, net, tax, total],
        )
        items += lines
        person[8] = int(str(person[8])) + 1
        person[9] = round(float(str(person[9])) + total, 2)
        person[10] = day
    return orders, items


def _line(rng: random.Random, order: int, place: int) -> list[object]:
    quantity, price = rng.randint(1, 9), rng.randint(200, 9000) / 100
    discount = rng.choice((0, 0, 0, 10, 25)) / 100
    # In whole cents of a percent: no float decides how a half is rounded.
    exact = quantity * round(price * 100) * (100 - round(discount * 100))
    return [order, place, quantity, price, discount, (exact + 50) // 100 / 100]


def _insert(file: sqlite3.Connection, table: str, rows: list[list[object]]) -> None:
    marks = ", ".join("?" * len(rows[0]))
    file.executemany(f"INSERT INTO {table} VALUES ({marks})", [[_plain(one) for one in row] for row in rows])


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value
