"""Undeclared keys in real databases: those that are there are found, those that chance made are not."""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from dbclone.config import Config
from dbclone.dialects import open_source, parse_address
from dbclone.errors import ConfigError
from dbclone.learned import asked_schema
from dbclone.pipeline import Silent
from dbclone.profile.evidence import Proposal
from dbclone.schema import Schema
from dbclone.undeclared import find_keys, with_proposals

TABLES = """
CREATE TABLE tenants (id integer PRIMARY KEY, name varchar(40));
CREATE TABLE customers (tenant_id integer NOT NULL, id integer NOT NULL, email varchar(60) NOT NULL UNIQUE, age integer,
  PRIMARY KEY (tenant_id, id));
CREATE TABLE orders (id integer PRIMARY KEY, tenant_id integer NOT NULL, customer_id integer NOT NULL,
  buyer_email varchar(60), rating integer, shop_ref char(36), parent_order_id integer NOT NULL, level integer);
CREATE TABLE shops (uid char(36) PRIMARY KEY, rank integer);
CREATE TABLE levels (id integer PRIMARY KEY, name varchar(20));
CREATE TABLE empties (id integer PRIMARY KEY, order_id integer, level_id integer);
CREATE TABLE loose (id integer PRIMARY KEY, shop_id char(36), tenant_id integer NOT NULL, order_id integer);
CREATE TABLE keyless (id integer, label varchar(20));
CREATE TABLE labelled (id integer PRIMARY KEY, keyless_id integer)
"""


def rows() -> dict[str, list[tuple[Any, ...]]]:
    chance = np.random.default_rng(7)

    def number(low: int, high: int) -> int:
        return int(chance.integers(low, high))

    shops = [str(uuid.UUID(bytes=chance.bytes(16))) for _ in range(80)]
    customers = [(1 + n % 4, n // 4 * 3 + 1, f"c{number(0, 10**9)}@x.org", 20 + n % 50) for n in range(200)]
    orders, loose = [], []
    for one in range(1, 601):
        tenant, customer, email, _ = customers[number(0, 200)]
        above = 0 if one < 50 else number(1, one)
        orders.append((one, tenant, customer, email, number(1, 6), shops[number(0, 80)], above, one % 9))
    for one in range(1, 301):
        loose.append((one, shops[number(0, 80)], number(1, 5), None if one % 3 else 10_000 + one))
    return {
        "tenants": [(n, f"t{n}") for n in range(1, 5)],
        "customers": customers,
        "orders": orders,
        "shops": [(one, n) for n, one in enumerate(shops, 1)],
        "levels": [(n, f"l{n}") for n in range(1, 10)],
        "loose": loose,
        "keyless": [(n * 5, f"k{n}") for n in range(1, 100)],
        "labelled": [(n, number(1, 100) * 5) for n in range(1, 300)],
    }


def sqlite_file(path: Path, script: str, filled: dict[str, list[tuple[Any, ...]]]) -> str:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
        for table, values in filled.items():
            connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values[0]))})", values)
        connection.commit()
    return str(path)


def postgres_database(create: Callable[..., str], script: str, filled: dict[str, list[tuple[Any, ...]]]) -> str:
    url = create(script)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, values in filled.items():
            cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(values[0]))})".encode(), values)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def legacy(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_file(tmp_path / "legacy.db", TABLES, rows())
    return postgres_database(request.getfixturevalue("new_database"), TABLES, rows())


def found_in(address: str, ignore: Iterable[str] = ()) -> dict[str, Proposal]:
    source = open_source(parse_address(address))
    with contextlib.closing(source):
        proposals = find_keys(source, source.schema(), ignore=ignore)
    return {short(one): one for one in proposals}


def short(one: Proposal) -> str:
    key = one.key
    own, above = ", ".join(key.columns), ", ".join(key.parent_columns)
    return f"{key.table.name}({own}) -> {key.parent.name}({above})"


def test_what_names_or_values_prove_is_proposed_and_nothing_else(legacy: str) -> None:
    found = found_in(legacy)
    assert set(found) == {
        "customers(tenant_id) -> tenants(id)",
        "empties(level_id) -> levels(id)",
        "empties(order_id) -> orders(id)",
        "labelled(keyless_id) -> keyless(id)",
        "loose(shop_id) -> shops(uid)",
        "loose(tenant_id) -> tenants(id)",
        "orders(buyer_email) -> customers(email)",
        "orders(parent_order_id) -> orders(id)",
        "orders(shop_ref) -> shops(uid)",
        "orders(tenant_id) -> tenants(id)",
        "orders(tenant_id, customer_id) -> customers(tenant_id, id)",
    }
    # Small numbers that happen to be in every serial key: orders.rating, orders.level, customers.age, shops.rank.
    email, order = found["orders(buyer_email) -> customers(email)"], found["empties(order_id) -> orders(id)"]
    assert email.evidence[-2:] == ("all 600 rows find their parent", "chance would not hit upon these values")
    assert order.evidence == ("names the table order", "the table is empty")
    assert all(one.usable for one in found.values())


def test_a_value_that_stands_for_no_parent_is_told_from_an_orphan(legacy: str) -> None:
    above = found_in(legacy)["orders(parent_order_id) -> orders(id)"]
    assert above.key.empty == "0"
    assert above.orphans == 0
    assert '49 rows hold "0", which stands for none' in above.evidence
    assert round(above.nulls, 3) == round(49 / 600, 3)


def test_ignored_columns_reference_nothing(legacy: str) -> None:
    left = found_in(legacy, ignore=["orders.shop_ref", "customers.tenant_id", "orders.customer_id"])
    assert not any(name.startswith(("orders(shop_ref)", "customers(tenant_id)", "orders(tenant_id, ")) for name in left)


def test_many_orphans_speak_against_a_key_and_few_forbid_its_use_where_it_may_not_be_null(tmp_path: Path) -> None:
    script = """
    CREATE TABLE orders (id integer PRIMARY KEY, total real);
    CREATE TABLE lines (id integer PRIMARY KEY, order_id integer NOT NULL);
    CREATE TABLE notes (id integer PRIMARY KEY, order_id integer);
    CREATE TABLE marks (id integer PRIMARY KEY, order_id integer)
    """
    orders = [(n, n * 1.5) for n in range(1, 301)]
    lines = [(n, n if n > 2 else n + 5000) for n in range(1, 301)]
    marks = [(n, n + 250) for n in range(1, 301)]
    address = sqlite_file(
        tmp_path / "a.db", script, {"orders": orders, "lines": lines, "notes": lines, "marks": marks}
    )
    found = found_in(address)
    assert set(found) == {"lines(order_id) -> orders(id)", "notes(order_id) -> orders(id)"}
    assert found["notes(order_id) -> orders(id)"].usable
    assert found["lines(order_id) -> orders(id)"].doubt == "2 rows find no parent, and the column may not be NULL"
    source = open_source(parse_address(address))
    with contextlib.closing(source):
        used = with_proposals(source.schema(), found.values())
    assert [str(key) for key in used.foreign_keys] == ["main.notes(order_id) -> main.orders(id)"]


def test_declared_keys_stay_and_lend_their_names(tmp_path: Path) -> None:
    script = """
    CREATE TABLE people (nr integer PRIMARY KEY, name text);
    CREATE TABLE cars (id integer PRIMARY KEY, keeper integer REFERENCES people);
    CREATE TABLE boats (id integer PRIMARY KEY, keeper integer)
    """
    filled = {"people": [(n * 11, "x") for n in range(1, 9)], "cars": [(1, 11)], "boats": [(1, 22), (2, 33)]}
    found = found_in(sqlite_file(tmp_path / "a.db", script, filled))
    assert list(found) == ["boats(keeper) -> people(nr)"]
    assert found["boats(keeper) -> people(nr)"].evidence[0] == (
        "main.cars.keeper is declared to reference it under this name"
    )


def asked(address: str, keys: dict[str, Any]) -> Schema:
    source = open_source(parse_address(address))
    with contextlib.closing(source):
        return asked_schema(source, Config.model_validate({"keys": keys}), Silent()).schema


def test_keys_that_the_config_adds_are_checked_against_the_rows(legacy: str) -> None:
    extra = {"table": "orders", "columns": ["level"], "parent": "levels", "parent_columns": ["id"]}
    [key] = asked(legacy, {"extra": [extra]}).foreign_keys
    assert (key.inferred, key.empty) == (True, "0")
    wrong = {"table": "loose", "columns": ["tenant_id"], "parent": "keyless", "parent_columns": ["id"]}
    with pytest.raises(ConfigError) as refused:
        asked(legacy, {"extra": [wrong]})
    assert "rows find no parent there, and" in str(refused.value)
    assert "loose.tenant_id may not be NULL" in str(refused.value)
    other = {"table": "orders", "columns": ["level"], "parent": "levels", "parent_columns": ["name"]}
    with pytest.raises(ConfigError, match="no value of the one is one of the other"):
        asked(legacy, {"extra": [other]})


def test_a_key_that_is_added_twice_is_there_once(legacy: str) -> None:
    extra = {"table": "orders", "columns": ["level"], "parent": "levels", "parent_columns": ["id"]}
    assert len(asked(legacy, {"extra": [extra, extra]}).foreign_keys) == 1
