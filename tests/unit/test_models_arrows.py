"""NaN and what has no end: how much of it is learned, and how it comes back."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa

from dbclone.models.arrows import beyond_shares, comparable, to_numbers, with_beyond
from dbclone.schema.infinities import ABOVE, BELOW

NAN, INF = float("nan"), float("inf")
DAY = datetime.date(2024, 1, 1)


def test_shares_are_of_rows_without_a_number_and_rare_ones_are_none() -> None:
    numbers = pa.array([NAN] * 6 + [INF] * 5 + [-INF] * 4 + [None] * 5 + [1.0] * 80)
    assert beyond_shares(numbers, 5).tolist() == [0.3, 0.0, 0.25]
    assert beyond_shares(numbers, 7).tolist() == []
    days = pa.array([BELOW] * 5 + [ABOVE] * 15 + [DAY] * 10, pa.date32())
    for column in (days, days.cast(pa.timestamp("us")), days.cast(pa.timestamp("us", "UTC"))):
        assert beyond_shares(column, 5).tolist() == [0.0, 0.25, 0.75]
        assert np.isnan(to_numbers(column)).sum() == 20
        assert np.isinf(comparable(column)).sum() == 20
    assert beyond_shares(pa.array(["infinity"] * 9), 5).tolist() == []


def test_they_come_back_in_place_of_so_many_nulls() -> None:
    draws = np.array([0.0, 0.29, 0.3, 0.55, 0.99])
    shares = np.array([0.3, 0.0, 0.25])
    made = with_beyond(pa.array([None, None, None, None, 7.0]), shares, draws).to_pylist()
    assert np.isnan(made[0])
    assert np.isnan(made[1])
    assert made[2:] == [INF, None, 7.0]
    days = with_beyond(pa.array([None, None, DAY], pa.date32()), np.array([0.0, 0.5, 0.5 - 1e-12]), draws[[0, 4, 4]])
    assert days.to_pylist() == [BELOW, ABOVE, DAY]
