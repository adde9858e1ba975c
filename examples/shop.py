"""Builds the example shop: a SQLite database of a chain of stores, invented but true to life.

Takes a path and a seed, gives the same file every time. Needs nothing but Python and never opens the network.

    python examples/shop.py shop.db
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
import random  # noqa: TID251 - an example needs nothing but Python
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]

SCHEMA = """
CREATE TABLE stores (
    store_id    INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    region      TEXT NOT NULL CHECK (region IN ('north', 'east', 'south', 'west')),
    opened_on   DATE NOT NULL,
    manager_id  INTEGER REFERENCES employees (employee_id)
);
CREATE TABLE employees (
    employee_id INTEGER PRIMARY KEY,
    store_id    INTEGER NOT NULL REFERENCES stores (store_id),
    boss_id     INTEGER REFERENCES employees (employee_id),
    first_name  TEXT NOT NULL,
    last_name   TEXT NOT NULL,
    email       TEXT NOT NULL UNIQUE,
    role        TEXT NOT NULL,
    salary      DECIMAL(10, 2) NOT NULL CHECK (salary > 0),
    hired_on    DATE NOT NULL
);
CREATE TABLE categories (
    category_id INTEGER PRIMARY KEY,
    parent_id   INTEGER REFERENCES categories (category_id),
    name        TEXT NOT NULL UNIQUE
);
CREATE TABLE products (
    sku         TEXT PRIMARY KEY,
    category_id INTEGER NOT NULL REFERENCES categories (category_id),
    name        TEXT NOT NULL,
    price       DECIMAL(10, 2) NOT NULL CHECK (price > 0),
    weight_g    INTEGER,
    attributes  JSON NOT NULL,
    added_on    DATE NOT NULL
);
CREATE TABLE tags (
    tag_id      INTEGER PRIMARY KEY,
    label       TEXT NOT NULL UNIQUE
);
CREATE TABLE product_tags (
    sku         TEXT NOT NULL REFERENCES products (sku),
    tag_id      INTEGER NOT NULL REFERENCES tags (tag_id),
    PRIMARY KEY (sku, tag_id)
);
CREATE TABLE customers (
    customer_id TEXT PRIMARY KEY,
    first_name  TEXT NOT NULL,
    last_name   TEXT NOT NULL,
    email       TEXT NOT NULL UNIQUE,
    phone       TEXT,
    born_on     DATE,
    segment     TEXT NOT NULL CHECK (segment IN ('private', 'business', 'reseller')),
    newsletter  BOOLEAN NOT NULL,
    home_store  INTEGER NOT NULL REFERENCES stores (store_id),
    joined_at   DATETIME NOT NULL
);
CREATE TABLE addresses (
    address_id  INTEGER PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers (customer_id),
    kind        TEXT NOT NULL CHECK (kind IN ('billing', 'shipping')),
    street      TEXT NOT NULL,
    zip         TEXT NOT NULL,
    city        TEXT NOT NULL,
    country     TEXT NOT NULL,
    UNIQUE (customer_id, kind)
);
CREATE TABLE orders (
    order_id     INTEGER PRIMARY KEY,
    number       TEXT NOT NULL UNIQUE,
    customer_id  TEXT NOT NULL REFERENCES customers (customer_id),
    store_id     INTEGER NOT NULL REFERENCES stores (store_id),
    status       TEXT NOT NULL CHECK (status IN ('open', 'shipped', 'delivered', 'cancelled')),
    ordered_at   DATETIME NOT NULL,
    shipped_at   DATETIME CHECK (shipped_at >= ordered_at),
    delivered_at DATETIME CHECK (delivered_at >= shipped_at),
    total        DECIMAL(10, 2) NOT NULL
);
CREATE TABLE order_items (
    order_id    INTEGER NOT NULL REFERENCES orders (order_id),
    line_no     INTEGER NOT NULL,
    sku         TEXT NOT NULL REFERENCES products (sku),
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    unit_price  DECIMAL(10, 2) NOT NULL,
    amount      DECIMAL(10, 2) NOT NULL,
    PRIMARY KEY (order_id, line_no)
);
CREATE TABLE reviews (
    review_id   INTEGER PRIMARY KEY,
    order_id    INTEGER NOT NULL,
    line_no     INTEGER NOT NULL,
    stars       INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
    body        TEXT,
    written_at  DATETIME NOT NULL,
    UNIQUE (order_id, line_no),
    FOREIGN KEY (order_id, line_no) REFERENCES order_items (order_id, line_no)
);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX order_items_sku ON order_items (sku);
CREATE VIEW revenue_by_month AS
    SELECT strftime('%Y-%m', ordered_at) AS month, count(*) AS orders, round(sum(total), 2) AS revenue
    FROM orders WHERE status <> 'cancelled' GROUP BY 1;
"""

FIRST = """Anna Ben Carla David Elif Finn Greta Hannes Ida Jonas Katja Leo Mara Nils Olga Paul Rosa Samir Tilda Uwe Vera
Wanda Yara Zoe Adam Bea Clara Dario Emma Felix Gina Hugo Irma Jan Kira Lars Mia Noah Ole Pia Ruben Sara Theo Ulla
Viktor Yusuf Alma Boris Cem Dora Erik Flora Goran Helga Ivo Jule Karl Lina Max Nora Oskar Petra""".split()
LAST = """Albers Bauer Conrad Demir Ebert Fischer Graf Huber Iwers Jansen Keller Lange Maurer Neumann Otto Peters Quandt
Richter Schmidt Thiel Ulrich Vogel Weber Xander Yilmaz Zimmer Arnold Beck Cordes Dietz Engel Franke Gross Hartmann Jung
Kraus Lorenz Meier Nowak Oswald Pohl Ritter Sommer Tietz Urban Voss Winter Zeller Adler Brandt Busch Dorn Eich Frey
Geiger Hahn Jost Kuhn Lindner Moser Nagel Opitz Pfeiffer Roth Seidel Stein Unger Vetter Wolf Ziegler""".split()
LAST += [
    start + end
    for start in "Ober Unter Klein Neu Alt Hoch Wester Oster Linden Birken Stein Eichen Wald Wiesen Berg Brunn".split()
    for end in "mann meier hofer bach feld berg kamp horst wald stein brink hagen dorf reuter acker born".split()
]
STREETS = """Haupt Garten Berg Schiller Goethe Linden Bahnhof Kirch Wald Feld Mühlen Ring Markt Rosen Schloss Park Ahorn
Birken Tal Brunnen""".split()
CITIES = {
    "north": (("Hamburg", "20"), ("Kiel", "24"), ("Bremen", "28"), ("Lübeck", "23")),
    "east": (("Berlin", "10"), ("Leipzig", "04"), ("Dresden", "01"), ("Potsdam", "14")),
    "south": (("München", "80"), ("Stuttgart", "70"), ("Augsburg", "86"), ("Ulm", "89")),
    "west": (("Köln", "50"), ("Essen", "45"), ("Bonn", "53"), ("Aachen", "52")),
}
CATEGORIES = {
    "Kitchen": {"Pots": (35, 900), "Knives": (40, 250), "Mugs": (9, 320)},
    "Garden": {"Tools": (25, 1400), "Seeds": (4, 30), "Pots and planters": (18, 2500)},
    "Office": {"Paper": (7, 500), "Pens": (5, 40), "Lamps": (60, 1800)},
    "Sport": {"Balls": (22, 430), "Mats": (30, 1100), "Bottles": (14, 210)},
}
ADJECTIVES = "Classic Solid Light Nordic Compact Premium Basic Urban Eco Fine Sturdy Smart".split()
TAGS = "new sale gift vegan recycled handmade bestseller outdoor refurbished limited".split()
PRAISE = ("works very well", "looks great", "arrived quickly", "is worth the price", "feels solid", "was a good gift")
BLAME = ("broke after a week", "arrived late", "is smaller than shown", "scratches easily", "feels cheap")
REGION_PRICE = {"north": 1.0, "east": 0.94, "south": 1.12, "west": 1.04}
SEGMENTS = {"private": (0.78, 2.4, 2.2), "business": (0.17, 7.5, 4.5), "reseller": (0.05, 22.0, 8.0)}
"""Share of customers, mean orders a customer, mean lines an order."""
FIRST_DAY, LAST_DAY = dt.date(2021, 1, 1), dt.date(2024, 12, 31)


def build(path: Path, customers: int = 2000, seed: int = 2024) -> dict[str, int]:
    """Writes the shop to ``path``, replacing a file that is there, and returns the number of rows by table."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA foreign_keys = OFF; BEGIN;" + SCHEMA)
    counts = {}
    for table, rows in _rows(random.Random(seed), customers).items():
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        counts[table] = len(rows)
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise SystemExit(f"the shop breaks its own foreign keys: {broken[:3]}")
    connection.commit()
    connection.close()
    return counts


def _rows(rng: random.Random, customers: int) -> dict[str, list[Row]]:
    stores, employees = _stores(rng)
    categories, products = _products(rng)
    tags = [(i + 1, label) for i, label in enumerate(TAGS)]
    people = list(_customers(rng, customers, stores))
    orders, items = _orders(rng, people, stores, products)
    return {
        "stores": stores,
        "employees": employees,
        "categories": categories,
        "products": products,
        "tags": tags,
        "product_tags": list(_product_tags(rng, products)),
        "customers": people,
        "addresses": list(_addresses(rng, people, stores)),
        "orders": orders,
        "order_items": items,
        "reviews": list(_reviews(rng, orders, items)),
    }


def _stores(rng: random.Random) -> tuple[list[Row], list[Row]]:
    """Stores are managed by employees, who work in stores: a cycle."""
    stores: list[Row] = []
    employees: list[Row] = []
    mails: set[str] = set()
    for region, cities in CITIES.items():
        for city, part in [(city, part) for city, _ in cities for part in ("Center", "Park")][:6]:
            store = len(stores) + 1
            opened = FIRST_DAY - dt.timedelta(days=rng.randint(200, 4000))
            manager = len(employees) + 1
            stores.append((store, f"{city} {part}", region, str(opened), manager))
            for place in range(rng.randint(5, 11)):
                role = "manager" if place == 0 else rng.choices(("clerk", "cashier", "buyer"), (6, 4, 1))[0]
                base = {"manager": 5200, "clerk": 3000, "cashier": 2600, "buyer": 3900}[role]
                first, last = rng.choice(FIRST), rng.choice(LAST)
                above = manager if place < 5 or rng.random() < 0.4 else manager + rng.randint(1, 4)
                boss = None if place == 0 else above
                salary = round(base * REGION_PRICE[region] * rng.lognormvariate(0, 0.1), -1)
                hired = opened + dt.timedelta(days=int((LAST_DAY - opened).days * rng.random() ** 0.7))
                mail = _mail(first, last, "shop.example", mails)
                employees.append((len(employees) + 1, store, boss, first, last, mail, role, salary, str(hired)))
    return stores, employees


def _products(rng: random.Random) -> tuple[list[Row], list[Row]]:
    categories: list[Row] = []
    products: list[Row] = []
    for group, kinds in CATEGORIES.items():
        top = len(categories) + 1
        categories.append((top, None, group))
        for kind, (price, grams) in kinds.items():
            category = len(categories) + 1
            categories.append((category, top, kind))
            for _ in range(rng.randint(12, 30)):
                size = rng.choices(("S", "M", "L"), (3, 5, 2))[0]
                factor = {"S": 0.7, "M": 1.0, "L": 1.6}[size] * rng.lognormvariate(0, 0.3)
                facts: dict[str, Any] = {"size": size, "color": rng.choice(("black", "white", "green", "blue", "red"))}
                if group == "Kitchen":
                    facts["dishwasher"] = rng.random() < 0.6
                if rng.random() < 0.3:
                    facts["care"] = {"wash": rng.choice((30, 40, 60)), "iron": rng.random() < 0.2}
                sku = f"{group[:3].upper()}-{len(products) + 1001:05d}"
                name = f"{rng.choice(ADJECTIVES)} {kind.lower().removesuffix('s')} {size}"
                weight = None if rng.random() < 0.06 else int(grams * factor)
                added = FIRST_DAY - dt.timedelta(days=rng.randint(0, 900))
                row = (sku, category, name, math.floor(price * factor) + 0.99, weight, json.dumps(facts), str(added))
                products.append(row)
    return categories, products


def _product_tags(rng: random.Random, products: list[Row]) -> Iterator[Row]:
    for product in products:
        weights = [5 if tag == "gift" and product[3] < 20 else 1 + (tag == "bestseller") for tag in TAGS]
        chosen = {rng.choices(range(len(TAGS)), weights)[0] + 1 for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))}
        yield from ((product[0], tag) for tag in sorted(chosen))


def _customers(rng: random.Random, count: int, stores: list[Row]) -> Iterator[Row]:
    mails: set[str] = set()
    names, weights = list(SEGMENTS), [share for share, _, _ in SEGMENTS.values()]
    for _ in range(count):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        segment = rng.choices(names, weights)[0]
        firm = f"{last.lower()}-{rng.choice(('handel', 'gmbh', 'buero'))}.example"
        mail = _mail(first, last, "mail.example" if segment == "private" else firm, mails)
        phone = None if rng.random() < 0.2 else f"+49 {rng.randint(151, 179)} {rng.randint(1000000, 9999999)}"
        born = None
        if segment == "private" and rng.random() < 0.85:
            born = str(dt.date(1940, 1, 1) + dt.timedelta(days=int(rng.betavariate(2.4, 2.0) * 365 * 66)))
        store = rng.choices(stores, [3 if store[2] == "south" else 2 for store in stores])[0]
        joined = _moment(rng, FIRST_DAY, LAST_DAY - dt.timedelta(days=60))
        newsletter = int(rng.random() < (0.55 if segment == "private" else 0.2))
        key = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        yield (key, first, last, mail, phone, born, segment, newsletter, store[0], str(joined))


def _addresses(rng: random.Random, people: list[Row], stores: list[Row]) -> Iterator[Row]:
    region = {store[0]: store[2] for store in stores}
    number = 0
    for person in people:
        for kind in ("billing", "shipping")[: 2 if rng.random() < 0.35 else 1]:
            number += 1
            city, start = rng.choices(CITIES[region[person[8]]], (5, 3, 2, 1))[0]
            street = f"{rng.choice(STREETS)}straße {rng.randint(1, 140)}"
            yield (number, person[0], kind, street, f"{start}{rng.randint(100, 999)}", city, "Germany")


def _orders(
    rng: random.Random, people: list[Row], stores: list[Row], products: list[Row]
) -> tuple[list[Row], list[Row]]:
    """Orders in the order of time; whoever buys cheap things once mostly does so again."""
    drafts = []
    for person in people:
        _, orders, lines = SEGMENTS[person[6]]
        joined = dt.datetime.fromisoformat(person[9])
        taste = rng.sample(products, 12)
        for _ in range(min(int(rng.gammavariate(0.9, orders / 0.9)), 120)):
            at = _moment(rng, joined.date(), LAST_DAY)
            drafts.append((max(at, joined), person, taste, lines))
    drafts.sort(key=lambda draft: (draft[0], draft[1][0]))
    region = {store[0]: store[2] for store in stores}
    orders_, items, numbers = [], [], dict.fromkeys(range(2021, 2025), 0)
    for order, (at, person, taste, lines) in enumerate(drafts, 1):
        store = person[8] if rng.random() < 0.85 else rng.choice(stores)[0]
        total = 0.0
        for line in range(1, 1 + max(1, min(int(rng.expovariate(1 / lines)), 25))):
            product = rng.choice(taste if rng.random() < 0.6 else products)
            quantity = {"private": 1, "business": 3, "reseller": 10}[person[6]] * rng.choices((1, 2, 3), (7, 2, 1))[0]
            price = round(product[3] * REGION_PRICE[region[store]] * (0.85 if person[6] == "reseller" else 1), 2)
            amount = round(quantity * price, 2)
            total += amount
            items.append((order, line, product[0], quantity, price, amount))
        numbers[at.year] += 1
        number = f"ORD-{at.year}-{numbers[at.year]:06d}"
        orders_.append((order, number, person[0], store, *_progress(rng, at), round(total, 2)))
    return orders_, items


def _progress(rng: random.Random, at: dt.datetime) -> tuple[str, str, str | None, str | None]:
    """A status, and the dates that go with it: no date where the order has not come that far."""
    end = dt.datetime.combine(LAST_DAY, dt.time(23, 59, 59))
    if rng.random() < 0.06:
        return "cancelled", str(at), None, None
    shipped = at + dt.timedelta(seconds=int(rng.gammavariate(2, 40000)))
    delivered = shipped + dt.timedelta(seconds=int(rng.gammavariate(4, 45000)))
    if shipped > end:
        return "open", str(at), None, None
    if delivered > end:
        return "shipped", str(at), str(shipped), None
    return "delivered", str(at), str(shipped), str(delivered)


def _reviews(rng: random.Random, orders: list[Row], items: list[Row]) -> Iterator[Row]:
    number = 0
    delivered = {order[0]: order[7] for order in orders if order[7]}
    for order, line, *_ in items:
        if order not in delivered or rng.random() > 0.09:
            continue
        number += 1
        stars = rng.choices((1, 2, 3, 4, 5), (6, 6, 12, 30, 46))[0]
        words = PRAISE if stars > 3 else BLAME if stars < 3 else PRAISE + BLAME
        said = rng.sample(words, rng.choice((1, 1, 2)))
        body = None if rng.random() < 0.25 else "It " + " and ".join(said) + rng.choice((".", ".", "!"))
        at = dt.datetime.fromisoformat(delivered[order]) + dt.timedelta(seconds=int(rng.expovariate(1 / 600000)))
        yield (number, order, line, stars, body, str(at))


def _moment(rng: random.Random, first: dt.date, last: dt.date) -> dt.datetime:
    """A time of opening hours; December is busy, Sunday is not."""
    span = (last - first).days
    while True:
        day = first + dt.timedelta(days=rng.randint(0, span))
        weight = (0.15 if day.weekday() == 6 else 1.3 if day.weekday() == 5 else 0.8) * (1 if day.month < 11 else 1.6)
        if span < 7 or rng.random() * 2.1 < weight:
            hour = rng.choices(range(8, 22), (1, 2, 4, 5, 6, 5, 4, 4, 5, 6, 7, 6, 4, 2))[0]
            return dt.datetime.combine(day, dt.time(hour, rng.randint(0, 59), rng.randint(0, 59)))


def _mail(first: str, last: str, host: str, taken: set[str]) -> str:
    name = f"{first}.{last}".lower()
    number = 1
    while (mail := f"{name}{number if number > 1 else ''}@{host}") in taken:
        number += 1
    taken.add(mail)
    return mail


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Builds the example shop as a SQLite file.")
    parser.add_argument("path", nargs="?", type=Path, default=Path("shop.db"))
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--replace", action="store_true", help="replace a file that is there")
    given = parser.parse_args()
    if given.path.exists() and not given.replace:
        parser.error(f"{given.path} exists; name another file or say --replace")
    for table, rows in build(given.path, given.customers, given.seed).items():
        print(f"{table:14} {rows:7,}")
