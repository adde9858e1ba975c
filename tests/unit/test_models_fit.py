"""The fit of a table: rules that columns follow, what values are coded against, the order of rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from dbclone.models.fit import fit_table
from dbclone.models.hidden import summarise
from dbclone.models.keys import fit_keys
from dbclone.models.order import fit_order
from dbclone.models.rules import find_copies, find_counters, fit_numbered
from dbclone.models.table import NO_CODE, PLACE, CounterModel, Entry, OrderKey, TableModel, hidden_name
from dbclone.models.trees import Growth
from dbclone.models.work import Hidden, Work
from tests.models_family import by_table, driven, works_of

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def same_numbers_in_any_order() -> None:
    RNG.bit_generator.state = np.random.default_rng(0).bit_generator.state


def ids(rows: int) -> pa.Array:
    return pa.array(np.arange(1, rows + 1))


def fit(works: dict[str, Work], name: str, *, simple: bool = False) -> TableModel:
    keys, codes = fit_keys(works[name], by_table(works), frozenset(), {}, simple)
    return fit_table(works[name], by_table(works), keys, codes, growth=Growth(), simple=simple, seed=0)


def entry(model: TableModel, name: str) -> Entry:
    return model.entries[model.by_name[name]]


def family(**columns: pa.Array) -> dict[str, Work]:
    """50 parents with a colour and a rate, 20 children each, driven."""
    parents = {"id": ids(50), "rate": pa.array(RNG.integers(1000, 9000, 50).astype(np.float64))}
    children = {"id": ids(1000), "p": pa.array(np.repeat(np.arange(1, 51), 20)), **columns}
    works = works_of({"p": pa.table(parents), "c": pa.table(children)}, {"c": {"p": "p"}})
    works["p"].order = np.arange(50)
    works["p"].position = works["p"].left = np.zeros(50, np.int64)
    driven(works, "c", 0)
    return works


def test_a_counter_numbers_the_siblings() -> None:
    works = family(line=pa.array(np.tile(np.arange(3, 23), 50)), other=pa.array(RNG.integers(0, 20, 1000)))
    assert find_counters(works["c"]) == [CounterModel("line", 0, 3)]
    fit(works, "p")
    assert set(fit(works, "c").by_name) == {PLACE, "other"}


def test_a_copy_repeats_the_parents_column_and_a_number_must_do_so_always() -> None:
    works = family()
    theirs = np.repeat(works["p"].numbers["rate"], 20)
    tables = {"p": works["p"].data, "c": works["c"].data.append_column("rate", pa.array(theirs))}
    works = works_of(tables, {"c": {"p": "p"}})
    driven(works, "c", 0)
    keys, _ = fit_keys(works["c"], by_table(works), frozenset(), {}, False)
    assert [(one.column, one.key, one.parent_column) for one in find_copies(works["c"], by_table(works), keys)] == [
        ("rate", 0, "rate")
    ]
    theirs[7] += 1
    tables["c"] = tables["c"].set_column(2, "rate", pa.array(theirs))
    works = works_of(tables, {"c": {"p": "p"}})
    driven(works, "c", 0)
    assert find_copies(works["c"], by_table(works), keys) == []


def test_a_copy_of_two_values_is_one_where_chance_would_tell_them_apart() -> None:
    leagues = RNG.choice(["east", "west"], 50)

    def copied(theirs: np.ndarray, ours: np.ndarray) -> list[tuple[str, str]]:
        works = family(league=pa.array(ours.tolist()))
        parents = works["p"].data.append_column("league", pa.array(theirs.tolist()))
        works = works_of({"p": parents, "c": works["c"].data}, {"c": {"p": "p"}})
        driven(works, "c", 0)
        keys, _ = fit_keys(works["c"], by_table(works), frozenset(), {}, False)
        return [(one.column, one.parent_column) for one in find_copies(works["c"], by_table(works), keys)]

    assert copied(leagues, np.repeat(leagues, 20)) == [("league", "league")]
    # Where nearly all are of one league, agreeing says nothing.
    leagues[:] = "east"
    leagues[0] = "west"
    assert copied(leagues, np.repeat(leagues, 20)) == []


def test_surrogate_keys_keep_their_ends_and_no_gap_of_fewer_than_k_rows() -> None:
    numbers = np.concatenate([np.arange(1, 51), np.arange(1001, 1051)])
    (model,) = fit_numbered(works_of({"t": pa.table({"id": pa.array(numbers)})}, {})["t"], 5)
    assert (model.column, model.quantiles[0], model.quantiles[-1]) == ("id", 1.0, 1050.0)
    assert len(model.quantiles) == 21


def test_a_difference_to_another_column_is_found() -> None:
    start = RNG.integers(10_000, 12_000, 2000)
    late = start + RNG.choice([1, 2, 3, 7], 2000)
    columns = {"begun": start.astype("datetime64[D]"), "ended": late.astype("datetime64[D]")}
    table = pa.table({"id": ids(2000), **{name: pa.array(values) for name, values in columns.items()}})
    works = works_of({"t": table}, {})
    works["t"].order = np.arange(2000)
    works["t"].position = works["t"].left = np.zeros(2000, np.int64)
    model = fit(works, "t")
    (stage,) = entry(model, "ended").stages
    assert (stage.base.kind, stage.base.column, stage.base.way) == ("column", "begun", "difference")
    assert stage.codec is not None
    assert stage.codec.spikes.tolist() == [1.0, 2.0, 3.0, 7.0]
    assert entry(model, "begun").stages == ()
    assert entry(fit(works, "t", simple=True), "ended").stages == ()


def test_no_number_is_coded_against_one_that_only_lies_far_from_it() -> None:
    # Neither has a grid, and the difference would say nothing of either.
    latitudes, people = RNG.uniform(-60, 70, 2000), RNG.lognormal(11, 2, 2000)
    table = pa.table({"id": ids(2000), "people": pa.array(people), "latitude": pa.array(latitudes)})
    works = works_of({"t": table}, {})
    works["t"].order = np.arange(2000)
    works["t"].position = works["t"].left = np.zeros(2000, np.int64)
    model = fit(works, "t")
    assert entry(model, "latitude").stages == entry(model, "people").stages == ()


def test_a_walk_from_sibling_to_sibling_is_found() -> None:
    steps = RNG.choice([1, 2], (50, 20))
    steps[:, 0] = RNG.integers(0, 5000, 50)
    model_of = family(at=pa.array(np.cumsum(steps, axis=1).ravel()))
    fit(model_of, "p")
    stage = entry(fit(model_of, "c"), "at").stages[0]
    assert (stage.base.kind, stage.base.column, stage.base.way) == ("sibling", "at", "difference")
    # First children have no sibling before them: the stage's code says so.
    model = fit(model_of, "c")
    coded = model_of["c"].slots[:, model.first_slot[model.by_name["at"]] + 1]
    assert (coded[::20] == NO_CODE).all()
    assert (np.delete(coded, np.arange(0, 1000, 20)) != NO_CODE).all()


def test_a_value_that_stays_among_siblings_is_coded_as_the_same() -> None:
    changes = RNG.random((50, 20)) < 0.1
    changes[:, 0] = True
    fresh = RNG.integers(0, 12, (50, 20))
    last = np.maximum.accumulate(np.where(changes, np.arange(20), 0), axis=1)
    works = family(kind=pa.array([f"kind {one}" for one in np.take_along_axis(fresh, last, axis=1).ravel()]))
    fit(works, "p")
    stage = entry(fit(works, "c"), "kind").stages[0]
    assert (stage.base.kind, stage.base.way, stage.codec) == ("sibling", "same", None)


def test_slots_follow_the_rows_not_the_siblings() -> None:
    works = family(flag=pa.array(RNG.choice(["a", "b"], 1000, p=[0.7, 0.3]).tolist()))
    shuffled = RNG.permutation(1000)
    data = works["c"].data.take(pa.array(shuffled)).set_column(0, "id", ids(1000))
    works = works_of({"p": works["p"].data, "c": data}, {"c": {"p": "p"}})
    works["p"].order = np.arange(50)
    works["p"].position = works["p"].left = np.zeros(50, np.int64)
    work = driven(works, "c", 0)
    fit(works, "p")
    model = fit(works, "c")
    assert np.array_equal(work.slots[:, model.first_slot[model.by_name["flag"]]], work.categories["flag"])


def test_no_tree_looks_at_context_that_was_dropped() -> None:
    works = family(value=pa.array(RNG.normal(0, 1, 1000)))
    fit(works, "p")
    model = fit(works, "c")
    # The parent's rate says nothing, but what it shares with the value is kept.
    assert len(model.context) == 1
    assert model.balance is not None
    assert 0 in model.balance.features
    limit = len(model.context) + 2 + 2 * model.slots
    trees = [tree for one in model.entries for tree in (one.tree, *(stage.tree for stage in one.stages))]
    assert all(tree.feature.max() < limit and 0 not in tree.feature for tree in trees)


def test_a_parents_column_that_tells_is_kept_as_context() -> None:
    works = family()
    theirs = np.repeat(works["p"].numbers["rate"], 20)
    low = pa.array(np.where(theirs < 5000, "low", "high").tolist())
    works = works_of({"p": works["p"].data, "c": works["c"].data.append_column("class", low)}, {"c": {"p": "p"}})
    works["p"].order = np.arange(50)
    works["p"].position = works["p"].left = np.zeros(50, np.int64)
    driven(works, "c", 0)
    fit(works, "p")
    model = fit(works, "c")
    assert [feature.path for feature in model.context] == [(0,)]
    assert 0 in entry(model, "class").tree.feature


def test_rows_rise_with_a_column_and_ties_with_the_next() -> None:
    # Days of nine rows and hours within them; the last column has no order.
    day = np.repeat(np.arange(60), 9).astype(np.float64)
    hour = np.sort(RNG.normal(0, 5, (60, 9)), axis=1).ravel()
    columns = {"day": day, "hour": hour, "x": RNG.normal(0, 1, 540)}
    table = pa.table({"id": ids(540), **{name: pa.array(values) for name, values in columns.items()}})
    work = works_of({"t": table}, {})["t"]
    assert fit_order(work, []).keys == (OrderKey("day"), OrderKey("hour"))
    backwards = works_of({"t": table.set_column(1, "day", pa.array(day[::-1]))}, {})["t"]
    assert fit_order(backwards, []).keys[0] == OrderKey("day", descending=True)


def test_families_that_lie_apart_are_mixed_and_those_that_lie_together_are_not() -> None:
    works = family()
    keys, _ = fit_keys(works["c"], by_table(works), frozenset(), {}, False)
    assert not fit_order(works["c"], keys).mixed
    data = works["c"].data.take(pa.array(RNG.permutation(1000))).set_column(0, "id", ids(1000))
    works = works_of({"p": works["p"].data, "c": data}, {"c": {"p": "p"}})
    driven(works, "c", 0)
    order = fit_order(works["c"], keys)
    assert (order.keys, order.mixed) == ((), True)


def test_what_most_of_a_parents_children_have_is_told_apart_from_what_few_have() -> None:
    # Two parents have a club each: too few to learn what goes with one, enough to learn that children keep to it.
    own = np.repeat(np.arange(50) // 2, 20)
    away = RNG.random(1000) < 0.2
    club = np.where(away, RNG.integers(0, 25, 1000), own)
    works = family(club=pa.array([f"club {one}" for one in club]))
    summaries = summarise(works["c"].links[0], 50, {}, works["c"].categories, most=14)
    known = np.ones(50, bool)
    works["p"].hidden += [
        Hidden(hidden_name(works["c"].keys[0], one.what), "hidden", works["c"].keys[0], one.values, known, True)
        for one in summaries
        if one.what == "mode club"
    ]
    fit(works, "p")
    stages = entry(fit(works, "c"), "club").stages
    assert (stages[0].base.kind, stages[0].base.way) == ("parent", "same")
