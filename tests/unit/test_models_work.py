"""Works: rows in the order of their numbers, the driver, siblings by date, and values that children vouch for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from dbclone.models.work import choose_driver, lookup_path
from tests.models_family import by_table, driven, works_of

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def same_numbers_in_any_order() -> None:
    RNG.bit_generator.state = np.random.default_rng(0).bit_generator.state


def ids(rows: int) -> pa.Array:
    return pa.array(np.arange(1, rows + 1))


def test_rows_come_in_the_order_of_their_numbers_and_links_follow() -> None:
    tables = {
        "p": pa.table({"id": pa.array([30, 10, 20]), "v": pa.array([3.0, 1.0, 2.0])}),
        "c": pa.table({"id": ids(3), "p": pa.array([30, 20, None])}),
    }
    works = works_of(tables, {"c": {"p": "p"}})
    assert works["p"].numbers["v"].tolist() == [1.0, 2.0, 3.0]
    assert works["c"].links[0].tolist() == [2, 1, -1]


def test_real_tables_keep_their_order() -> None:
    table = pa.table({"id": pa.array([30, 10, 20]), "v": pa.array([3.0, 1.0, 2.0])})
    assert works_of({"p": table}, {}, real=frozenset({"p"}))["p"].numbers["v"].tolist() == [3.0, 1.0, 2.0]


def test_rows_are_made_under_the_parent_beside_whose_rows_they_lie() -> None:
    basket = np.repeat(np.arange(1, 101), 5)
    product = RNG.integers(1, 51, 500)
    tables = {
        "product": pa.table({"id": ids(50)}),
        "basket": pa.table({"id": ids(100)}),
        "line": pa.table({"id": ids(500), "product": pa.array(product), "basket": pa.array(basket)}),
    }
    works = works_of(tables, {"line": {"product": "product", "basket": "basket"}})
    assert choose_driver(works["line"], by_table(works), [0, 1]) == 1
    assert choose_driver(works["line"], by_table(works), [0]) == 0
    assert choose_driver(works["line"], by_table(works), []) == -1


def test_a_handful_of_parents_drives_nothing() -> None:
    tables = {
        "p": pa.table({"id": ids(4)}),
        "c": pa.table({"id": ids(200), "p": pa.array(RNG.integers(1, 5, 200))}),
    }
    works = works_of(tables, {"c": {"p": "p"}})
    assert choose_driver(works["c"], by_table(works), [0]) == -1


def test_siblings_are_arranged_as_they_lie_and_entities_are_their_roots() -> None:
    tables = {
        "p": pa.table({"id": ids(3)}),
        "c": pa.table({"id": ids(5), "p": pa.array([2, 1, 2, None, 2])}),
    }
    work = driven(works_of(tables, {"c": {"p": "p"}}), "c", 0)
    assert work.order.tolist() == [1, 0, 2, 4, 3]
    assert (work.position.tolist(), work.left.tolist()) == ([0, 0, 1, 2, 0], [0, 2, 1, 0, 0])
    # A row without a parent is an entity of its own.
    assert work.entity.tolist() == [1, 0, 1, 6, 1]


def test_siblings_are_arranged_by_date_where_rows_lie_in_no_order() -> None:
    parent = np.repeat(np.arange(1, 41), 25)
    day = RNG.permuted(np.tile(np.arange(25), 40).reshape(40, 25), axis=1).ravel() + 3 * parent
    tables = {
        "p": pa.table({"id": ids(40)}),
        "c": pa.table(
            {
                "id": ids(1000),
                "p": pa.array(parent),
                "day": pa.array(day.astype("datetime64[D]")),
                "rising": pa.array((day // 8).astype(np.int64)),
            }
        ),
    }
    work = driven(works_of(tables, {"c": {"p": "p"}}), "c", 0)
    assert work.order_column == "day"
    steps = np.diff(work.numbers["day"][work.order])
    assert (steps[work.position[1:] > 0] > 0).all()


def test_a_lookup_needs_agreement_in_nearly_every_row() -> None:
    owner = RNG.integers(1, 31, 60)
    order = RNG.integers(1, 61, 400)
    agreed = owner[order - 1]
    links = {"order": {"customer": "customer"}, "line": {"order": "order", "customer": "customer"}}

    def path(customer: np.ndarray) -> tuple[int, ...]:
        tables = {
            "customer": pa.table({"id": ids(30)}),
            "order": pa.table({"id": ids(60), "customer": pa.array(owner)}),
            "line": pa.table({"id": ids(400), "order": pa.array(order), "customer": pa.array(customer)}),
        }
        works = works_of(tables, links)
        return lookup_path(works["line"], by_table(works), 1, [0])

    assert path(agreed) == (0, 0)
    assert path(np.where(np.arange(400) < 10, agreed % 30 + 1, agreed)) == ()


def test_rare_prices_that_k_children_repeat_are_exact() -> None:
    price = np.round(RNG.gamma(3.0, 10.0, 60), 2)
    product = np.concatenate([np.repeat(np.arange(1, 41), 8), np.arange(41, 61)])
    tables = {
        "product": pa.table({"id": ids(60), "price": pa.array(price)}),
        "line": pa.table({"id": ids(340), "product": pa.array(product), "paid": pa.array(price[product - 1])}),
    }
    alone = works_of({"product": tables["product"]}, {})["product"].number_codecs["price"]
    assert len(alone.spikes) == 0
    vouched = works_of(tables, {"line": {"product": "product"}})["product"].number_codecs["price"]
    assert np.isin(vouched.spikes, price[:40]).all()
    assert len(vouched.spikes) > 10
