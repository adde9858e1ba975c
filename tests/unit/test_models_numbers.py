"""Number codecs: what is exact, what is blurred, and that no value rarer than k is kept."""

from __future__ import annotations

import numpy as np
import pytest

from dbclone.models.numbers import find_grid, fit_numbers


def test_frequent_values_have_codes_of_their_own_and_null_has_zero() -> None:
    values = np.array([3.0] * 5 + [1.0] * 6 + [np.nan] * 2)
    codec = fit_numbers(values, k=5)
    assert codec.spikes.tolist() == [1.0, 3.0]
    assert codec.size == 3
    assert codec.encode(np.array([1.0, 3.0, np.nan])).tolist() == [1, 2, 0]
    assert codec.representatives()[1:].tolist() == [1.0, 3.0]
    assert codec.log_widths().tolist() == [0.0, 0.0, 0.0]


def test_a_value_between_spikes_takes_the_nearest() -> None:
    codec = fit_numbers(np.repeat([1.0, 10.0], 5), k=5)
    assert codec.encode(np.array([-4.0, 4.0, 7.0, 99.0])).tolist() == [1, 1, 2, 2]


@pytest.mark.parametrize("k", [2, 5, 20])
def test_bins_hold_k_rows_each_and_knots_no_rare_value(k: int) -> None:
    values = np.random.default_rng(k).lognormal(3, 1, 1000)
    codec = fit_numbers(values, k=k)
    assert len(codec.spikes) == 0
    assert np.bincount(codec.encode(values))[1:].min() >= k
    assert not np.isin(codec.knots, values).any()
    assert codec.low == pytest.approx(np.sort(values)[:k].mean())
    assert codec.high == pytest.approx(np.sort(values)[-k:].mean())
    assert not np.isin([codec.low, codec.high], values).any()


def test_codes_rise_with_the_value_across_spikes_and_bins() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([np.full(300, 50.0), rng.normal(50, 20, 700)])
    codec = fit_numbers(values, k=5, max_codes=20)
    assert codec.spikes.tolist() == [50.0]
    middle = codec.representatives()[1:]
    assert (np.diff(middle) >= 0).all()
    ordered = np.sort(values[values != 50.0])
    assert (np.diff(codec.encode(ordered).astype(int)[ordered > 60]) >= 0).all()


def test_rare_values_are_exact_only_where_exempt_or_vouched_for() -> None:
    values = np.concatenate([np.repeat([1.0, 2.0], 50), [7.0, 9.0, 11.0, 13.0, 15.0, 17.0]])
    assert fit_numbers(values, k=5).spikes.tolist() == [1.0, 2.0]
    assert fit_numbers(values, k=5, exempt=True).spikes.tolist() == np.unique(values).tolist()
    rest = values[values > 2]
    assert fit_numbers(values, k=5, vouched=rest).spikes.tolist() == np.unique(values).tolist()


def test_nothing_but_null_gives_a_codec_of_one_code() -> None:
    codec = fit_numbers(np.full(4, np.nan), k=5)
    assert codec.size == 1
    assert codec.encode(np.array([np.nan, 3.0])).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (1.0, 0.0)),
        ([1.25, 2.5, 1.0], (0.25, 0.0)),
        ([3.0, 10.0, 24.0], (1.0, 0.0)),  # seven is chance among so few
        (list(range(3, 200, 7)), (7.0, 3.0)),
        ([5.0, 105.0, 305.0], (100.0, 5.0)),
        ([0.1234567891, 0.9876543219], (0.0, 0.0)),
    ],
)
def test_the_grid_is_the_coarsest_step_that_is_no_chance(values: list[float], expected: tuple[float, float]) -> None:
    assert find_grid(np.array(values, np.float64)) == expected


def test_a_day_far_away_leaves_the_others_their_grid() -> None:
    day = 86_400e6
    moments = np.array([19_000.0, 19_001.0, 19_005.0, 2_932_896.0]) * day
    assert find_grid(moments)[0] == day
    assert find_grid(np.array([1.5, 3.0, 1e17]))[0] == 0.0
