"""The order of rows: by columns, by the places of parents, or mixed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dbclone.models.table import KeyModel, OrderKey, OrderModel
from dbclone.sample.filled import Filled
from dbclone.sample.ordering import output_order
from dbclone.schema import ForeignKey, TableName
from tests.made_rows import THINGS, filled_things

NAN = float("nan")
SHOP = ForeignKey(THINGS, ("shop",), TableName("main", "shops"), ("id",))


def shops(folder: Path, places: list[int]) -> Filled:
    """Parents that are written in the order ``places``."""
    folder.mkdir()
    filled = filled_things(folder, {"id": [float(one) for one in places]})
    filled.output = np.array(places)
    return filled


def test_rows_come_as_made_where_nothing_is_known(tmp_path: Path) -> None:
    filled = filled_things(tmp_path, {"a": [3, 1, 2]})
    assert output_order(filled, {}, 1).tolist() == [0, 1, 2]


def test_ties_of_one_key_are_broken_by_the_next_and_then_as_made(tmp_path: Path) -> None:
    order = OrderModel((OrderKey("a", descending=True), OrderKey("b")))
    filled = filled_things(tmp_path, {"a": [1, 2, 2, 1, 2], "b": [7, 9, 8, 7, 9]}, order=order)
    assert output_order(filled, {}, 1).tolist() == [2, 1, 4, 0, 3]


def test_nulls_come_last(tmp_path: Path) -> None:
    for name, descending in (("up", False), ("down", True)):
        (tmp_path / name).mkdir()
        order = OrderModel((OrderKey("a", descending=descending),))
        filled = filled_things(tmp_path / name, {"a": [NAN, 2, 1]}, order=order)
        assert output_order(filled, {}, 1).tolist()[-1] == 0


def test_rows_follow_the_places_of_their_parents_and_orphans_come_last(tmp_path: Path) -> None:
    above = shops(tmp_path / "shops", [2, 0, 1])
    parents = [(SHOP, KeyModel(0, "draw"), [0, -1, 1, 2, 0])]
    filled = filled_things(tmp_path, {"a": [0] * 5}, parents=parents, order=OrderModel((OrderKey(key=0),)))
    # Parent 2 is written first, then 0, then 1.
    assert output_order(filled, {SHOP.parent: above}, 1).tolist() == [3, 0, 4, 2, 1]


def test_mixed_rows_are_a_permutation_that_the_seed_decides(tmp_path: Path) -> None:
    filled = filled_things(tmp_path, {"a": [float(i % 2) for i in range(50)]}, order=OrderModel((OrderKey("a"),), True))
    one, again, other = (output_order(filled, {}, seed).tolist() for seed in (1, 1, 2))
    assert one == again != other
    assert sorted(one) == list(range(50))
    assert [row % 2 for row in one] == [0] * 25 + [1] * 25


def test_strays_lie_anywhere(tmp_path: Path) -> None:
    values = [float(i) for i in np.random.default_rng(0).permutation(3000)]
    filled = filled_things(tmp_path, {"a": values}, order=OrderModel((OrderKey("a", strays=0.3),)))
    placed = np.array(values)[output_order(filled, {}, 1)]
    assert 0.6 < np.corrcoef(placed, np.arange(3000))[0, 1] < 0.8
    assert (np.diff(placed) == 1).mean() > 0.3


def test_runs_of_equal_values_stray_together(tmp_path: Path) -> None:
    values = [float(i % 100) for i in range(3000)]
    filled = filled_things(tmp_path, {"a": values}, order=OrderModel((OrderKey("a", strays=0.4, runs=True),)))
    placed = np.array(values)[output_order(filled, {}, 1)]
    assert (np.diff(placed) != 0).sum() == 99
    assert np.corrcoef(placed, np.arange(3000))[0, 1] < 0.95


def test_columns_may_have_no_say(tmp_path: Path) -> None:
    order = OrderModel((OrderKey("a"), OrderKey("b")))
    filled = filled_things(tmp_path, {"a": [1, 2, 3], "b": [3, 2, 1]}, order=order)
    assert output_order(filled, {}, 1, {"a"}).tolist() == [2, 1, 0]
