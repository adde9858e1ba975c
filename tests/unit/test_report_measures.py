"""Distances against their definitions, and expected noise against noise that was drawn."""

from __future__ import annotations

import numpy as np
import pytest

from dbclone.report.measures import auc, ks_likeness, tv_likeness


def brute_ks(a: np.ndarray, b: np.ndarray) -> float:
    return max(abs(float((a <= x).mean()) - float((b <= x).mean())) for x in np.concatenate([a, b]))


@pytest.mark.parametrize("seed", range(5))
def test_ks_is_the_largest_distance_of_the_two_functions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 8, 60).astype(float), rng.integers(1, 9, 45).astype(float)
    assert ks_likeness(a, b).value == pytest.approx(1.0 - brute_ks(a, b))


def test_ks_takes_infinite_values() -> None:
    assert ks_likeness(np.array([1.0, np.inf]), np.array([1.0, np.inf])).value == 1.0


def test_ks_of_equal_and_of_disjoint_samples() -> None:
    a = np.arange(50, dtype=float)
    assert ks_likeness(a, a).value == 1.0
    assert ks_likeness(a, a + 100).value == 0.0


def test_an_empty_side_is_unlike_and_two_are_alike() -> None:
    none, some = np.array([]), np.array([1.0])
    assert ks_likeness(some, none).value == 0.0
    assert ks_likeness(none, none).value == 1.0
    assert tv_likeness(np.array([0]), np.array([], np.int64), 2).value == 0.0


def test_total_variation_of_codes() -> None:
    assert tv_likeness(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 3).value == pytest.approx(0.75)
    assert tv_likeness(np.array([0, 0]), np.array([1, 2]), 3).value == 0.0


@pytest.mark.parametrize("rows", [50, 400])
def test_expected_figures_are_what_second_samples_reach(rows: int) -> None:
    rng = np.random.default_rng(7)
    ks, tv = [], []
    for _ in range(200):
        ks.append(ks_likeness(rng.normal(size=rows), rng.normal(size=rows)))
        tv.append(tv_likeness(rng.integers(0, 12, rows), rng.integers(0, 12, rows), 12))
    for drawn in (ks, tv):
        reached = np.mean([figure.value for figure in drawn])
        assert np.mean([figure.expected for figure in drawn]) == pytest.approx(reached, abs=0.02)


def test_a_constant_is_expected_to_be_met() -> None:
    assert ks_likeness(np.ones(30), np.ones(30)) == (1.0, 1.0)


def test_auc_counts_ties_half() -> None:
    truth = np.array([True, True, False, False])
    assert auc(np.array([0.9, 0.8, 0.2, 0.1]), truth) == 1.0
    assert auc(np.array([0.5, 0.5, 0.5, 0.5]), truth) == 0.5
    assert auc(np.array([0.1, 0.9, 0.5, 0.5]), truth) == 0.5
