"""What the order of rows follows: exactly, on the whole, or not at all."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dbclone.models.order import fit_order
from dbclone.models.table import OrderKey, OrderModel
from tests.models_family import works_of


def order_of(values: np.ndarray) -> OrderModel:
    table = pa.table({"id": np.arange(len(values)), "a": values.astype(np.float64)})
    work = works_of({"things": table}, {})["things"]
    work.modelled = {"a"}
    return fit_order(work, [])


def test_an_exact_order_is_followed_exactly() -> None:
    assert order_of(np.arange(400)).keys == (OrderKey("a"),)
    assert order_of(-np.arange(400)).keys == (OrderKey("a", descending=True),)


def test_a_loose_order_is_followed_with_as_many_strays() -> None:
    rng = np.random.default_rng(0)
    values = np.arange(2000)
    lost = rng.random(2000) < 0.25
    values[lost] = rng.integers(0, 2000, lost.sum())
    (key,) = order_of(values).keys
    assert (key.column, key.descending) == ("a", False)
    assert 0.15 < key.strays < 0.35
    (fallen,) = order_of(values[::-1]).keys
    assert fallen.descending


def test_no_order_is_none() -> None:
    assert order_of(np.random.default_rng(0).integers(0, 99, 2000)).keys == ()


def test_runs_of_equal_values_are_seen() -> None:
    rng = np.random.default_rng(1)
    groups = np.arange(100).astype(np.float64)
    groups[rng.choice(100, 20, replace=False)] += 40
    (key,) = order_of(np.repeat(groups, 20)).keys
    assert key.runs
