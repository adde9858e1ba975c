"""Keys: which mode each one gets, and what its model remembers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from dbclone.models.keys import FIRST_STEP, NEW, SAME, fit_keys
from dbclone.models.table import KeyModel
from dbclone.models.work import Work
from tests.models_family import by_table, driven, works_of

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def same_numbers_in_any_order() -> None:
    RNG.bit_generator.state = np.random.default_rng(0).bit_generator.state


def ids(rows: int) -> pa.Array:
    return pa.array(np.arange(1, rows + 1))


def fitted(
    works: dict[str, Work], child: str, cut: frozenset[int] = frozenset(), simple: bool = False
) -> list[KeyModel]:
    return fit_keys(works[child], by_table(works), cut, {}, simple)[0]


def test_counts_per_parent_are_kept_run_length_coded() -> None:
    parent = pa.array([1, 1, 2, None, 1, 2])
    works = works_of({"p": pa.table({"id": ids(4)}), "c": pa.table({"id": ids(6), "p": parent})}, {"c": {"p": "p"}})
    (model,) = fitted(works, "c")
    assert (model.mode, model.parents, model.unique) == ("draw", 4, False)
    assert model.nulls == pytest.approx(1 / 6)
    # Two parents have no child, one has two and one has three.
    assert (model.rows.tolist(), model.repeats.tolist()) == ([0, 2, 3], [2, 1, 1])
    driven(works, "c", 0)
    assert fitted(works, "c")[0].mode == "drive"


def test_a_hierarchy_is_known_by_its_levels() -> None:
    above = pa.array([None, 1, 1, 2, 4, None])
    works = works_of({"t": pa.table({"id": ids(6), "up": above})}, {"t": {"up": "t"}})
    (model,) = fitted(works, "t")
    assert (model.mode, model.depths.tolist(), model.rooted) == ("self", [2, 2, 1, 1], False)
    works = works_of({"t": pa.table({"id": ids(3), "up": pa.array([1, 1, 2])})}, {"t": {"up": "t"}})
    (model,) = fitted(works, "t")
    assert (model.depths.tolist(), model.rooted) == ([1, 1, 1], True)


def test_a_cycle_counts_as_topmost_and_ends() -> None:
    works = works_of({"t": pa.table({"id": ids(3), "up": pa.array([2, 1, 1])})}, {"t": {"up": "t"}})
    assert fitted(works, "t")[0].depths.tolist() == [3]


def test_few_real_parents_become_categories_and_null_is_code_zero() -> None:
    parent = pa.array([1, 3, None, 3])
    tables = {"p": pa.table({"id": ids(3)}), "c": pa.table({"id": ids(4), "p": parent})}
    works = works_of(tables, {"c": {"p": "p"}}, real=frozenset({"p"}))
    models, codes = fit_keys(works["c"], by_table(works), frozenset(), {}, False)
    assert (models[0].mode, models[0].counts.tolist()) == ("category", [1, 0, 2])
    assert codes[0].tolist() == [1, 3, 0, 3]
    assert fitted(works, "c", simple=True)[0].mode == "draw"


def test_a_parent_that_another_parent_names_is_looked_up() -> None:
    owner = RNG.integers(1, 31, 60)
    order = np.sort(RNG.integers(1, 61, 400))
    tables = {
        "customer": pa.table({"id": ids(30)}),
        "order": pa.table({"id": ids(60), "customer": pa.array(owner)}),
        "line": pa.table({"id": ids(400), "order": pa.array(order), "customer": pa.array(owner[order - 1])}),
    }
    works = works_of(tables, {"order": {"customer": "customer"}, "line": {"order": "order", "customer": "customer"}})
    driven(works, "order", 0)
    driven(works, "line", 0)
    models = fitted(works, "line")
    assert [model.mode for model in models] == ["drive", "lookup"]
    assert models[1].via == (0, 0)


def test_a_key_linked_afterwards_may_lead_to_a_child_of_its_own() -> None:
    team = np.repeat(np.arange(1, 11), 3)
    leader = np.arange(1, 31, 3)
    tables = {
        "team": pa.table({"id": ids(10), "leader": pa.array(leader)}),
        "person": pa.table({"id": ids(30), "team": pa.array(team)}),
    }
    links = {"team": {"leader": "person"}, "person": {"team": "team"}}
    model = fitted(works_of(tables, links), "team", cut=frozenset({0}))[0]
    assert (model.mode, model.via) == ("child", (0,))
    tables["team"] = tables["team"].set_column(1, "leader", pa.array(np.roll(leader, 1)))
    assert fitted(works_of(tables, links), "team", cut=frozenset({0}))[0].mode == "link"


def test_steps_between_siblings_are_those_that_recur() -> None:
    # Every family walks up the places three by three, from a place of its own.
    start = np.repeat(RNG.integers(0, 150, 50), 6)
    place = start + 3 * np.tile(np.arange(6), 50)
    trip = np.repeat(np.arange(1, 51), 6)
    tables = {
        "trip": pa.table({"id": ids(50)}),
        "place": pa.table({"id": ids(200)}),
        "stop": pa.table({"id": ids(300), "trip": pa.array(trip), "place": pa.array(place + 1)}),
    }
    works = works_of(tables, {"stop": {"trip": "trip", "place": "place"}})
    driven(works, "stop", 0)
    models, codes = fit_keys(works["stop"], by_table(works), frozenset(), {}, False)
    assert models[1].steps.tolist() == [3]
    assert codes[1].tolist() == [NEW, *[FIRST_STEP] * 5] * 50
    still = tables["stop"].set_column(2, "place", pa.array(start + 1))
    works = works_of({**tables, "stop": still}, {"stop": {"trip": "trip", "place": "place"}})
    driven(works, "stop", 0)
    models, codes = fit_keys(works["stop"], by_table(works), frozenset(), {}, False)
    assert models[1].steps.tolist() == []
    assert codes[1].tolist() == [NEW, *[SAME] * 5] * 50


def test_a_key_without_a_single_link_is_absent() -> None:
    tables = {"p": pa.table({"id": ids(3)}), "c": pa.table({"id": ids(2), "p": pa.array([None, None], pa.int64())})}
    (model,) = fitted(works_of(tables, {"c": {"p": "p"}}), "c")
    assert (model.mode, model.nulls) == ("absent", 1.0)


def test_siblings_that_never_share_a_parent_are_kept_apart() -> None:
    races, seats, drivers = 40, 10, 30
    grid = np.array([RNG.permutation(drivers)[:seats] for _ in range(races)]).ravel() + 1
    data = {"id": ids(races * seats), "race": pa.array(np.repeat(np.arange(1, races + 1), seats))}
    above = {"race": pa.table({"id": ids(races)}), "driver": pa.table({"id": ids(drivers)})}
    links = {"start": {"race": "race", "driver": "driver"}}

    def apart(driver: np.ndarray) -> bool:
        works = works_of({**above, "start": pa.table({**data, "driver": pa.array(driver)})}, links)
        driven(works, "start", 0)
        return fitted(works, "start")[1].apart

    assert apart(grid)
    # One car that two drivers shared is no habit; drivers drawn at random meet often.
    grid[1] = grid[0]
    assert apart(grid)
    assert not apart(RNG.integers(1, drivers + 1, races * seats))
    # Where drivers are many, nobody meets by chance either: that says nothing.
    above["driver"] = pa.table({"id": ids(100_000)})
    assert not apart(RNG.permutation(100_000)[: races * seats] + 1)
