"""Hidden columns: counts and bounds are exact, summaries are those that tell parents apart."""

from __future__ import annotations

import numpy as np

from dbclone.models.hidden import bounds, count_children, summarise

PARENT = np.repeat(np.arange(100), 8)


def test_children_are_counted_and_orphans_are_not() -> None:
    assert count_children(np.array([0, 2, 2, -1, 2]), 4).tolist() == [1, 0, 3, 0]


def test_bounds_leave_out_null_and_families_without_values() -> None:
    parent = np.array([0, 0, 1, 2, -1])
    low, high = bounds(parent, 4, np.array([5.0, 2.0, np.nan, 7.0, 1.0]))
    np.testing.assert_array_equal(low, [2.0, np.nan, 7.0, np.nan])
    np.testing.assert_array_equal(high, [5.0, np.nan, 7.0, np.nan])


def test_what_differs_between_parents_is_summarised_and_noise_is_not() -> None:
    rng = np.random.default_rng(0)
    level = np.repeat(rng.normal(0, 10, 100), 8)
    numbers = {"level": level + rng.normal(0, 1, 800), "noise": rng.normal(0, 1, 800)}
    found = summarise(PARENT, 100, numbers, {}, most=10)
    assert found[0].what == "mean level"
    assert found[0].telling > 0.9
    assert not any("mean noise" in one.what for one in found)
    assert np.corrcoef(found[0].values, level[::8])[0, 1] > 0.99


def test_categories_that_families_share_give_their_mode() -> None:
    rng = np.random.default_rng(0)
    usual = np.repeat(rng.integers(1, 6, 100), 8)
    codes = np.where(rng.random(800) < 0.1, rng.integers(1, 6, 800), usual).astype(np.uint8)
    found = {one.what: one for one in summarise(PARENT, 100, {}, {"kind": codes}, most=10)}
    assert (found["mode kind"].values == usual[::8]).mean() > 0.98


def test_no_more_than_asked_for_and_nothing_said_twice() -> None:
    level = np.repeat(np.random.default_rng(0).normal(0, 10, 100), 8)
    twice = summarise(PARENT, 100, {"a": level, "b": 2 * level + 1}, {}, most=10)
    assert [one.what for one in twice] == ["mean a"]
    other = np.repeat(np.random.default_rng(1).normal(0, 10, 100), 8)
    assert len(summarise(PARENT, 100, {"a": level, "b": other}, {}, most=1)) == 1


def test_parents_without_children_have_no_summary() -> None:
    values = np.repeat(np.random.default_rng(0).normal(0, 10, 100), 8)
    found = summarise(PARENT, 120, {"a": values}, {}, most=1)[0]
    assert np.flatnonzero(np.isnan(found.values)).tolist() == list(range(100, 120))
