"""Trees: planted dependences are found, noise is not, and leaves keep rows and entities enough."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dbclone.models.trees import Growth, Tree, grow_tree, log_loss, mutual_information, stump

Codes = npt.NDArray[np.uint8]
RNG = np.random.default_rng(7)


@pytest.fixture(autouse=True)
def same_numbers_in_any_order() -> None:
    RNG.bit_generator.state = np.random.default_rng(7).bit_generator.state
NOISE = RNG.integers(0, 20, (4000, 3)).astype(np.uint8)


def grown(matrix: Codes, target: Codes, *, grouped: bool = True, ordered: bool = False, **growth: float) -> Tree:
    entities = np.arange(len(target))
    return grow_tree(
        matrix,
        target,
        ordered=ordered,
        grouped=np.full(matrix.shape[1], grouped),
        allowed=np.arange(matrix.shape[1]),
        entities=entities,
        growth=Growth(**growth),  # type: ignore[arg-type]
        seed=1,
    )


def leaf_of(tree: Tree, matrix: Codes) -> npt.NDArray[np.int64]:
    node = np.zeros(len(matrix), np.int64)
    while (tree.feature[node] >= 0).any():
        inner = tree.feature[node] >= 0
        code = matrix[np.arange(len(matrix)), np.where(inner, tree.feature[node], 0)].astype(np.uint64)
        bits = (tree.mask[node, code >> np.uint64(6)] >> (code & np.uint64(63))) & np.uint64(1)
        node = np.where(inner, np.where(bits == 1, tree.left[node], tree.right[node]), node)
    return tree.left[node].astype(np.int64)


def test_a_stump_is_the_targets_own_distribution() -> None:
    tree = stump(np.array([4, 4, 4, 9], np.uint8))
    assert tree.leaves == 1
    assert tree.codes.tolist() == [4, 9]
    assert tree.cumulative.tolist() == [0.75, 1.0]
    loss = log_loss(tree, np.zeros((3, 0), np.uint8), np.array([4, 9, 1], np.uint8), 0.01)
    assert loss == pytest.approx(-np.log([0.75, 0.25, 0.01]))


def test_noise_is_not_split_on() -> None:
    target = np.random.default_rng(1).integers(0, 6, len(NOISE)).astype(np.uint8)
    assert grown(NOISE, target, grouped=False).leaves == 1


def test_a_planted_threshold_is_found_exactly() -> None:
    target = (NOISE[:, 1] >= 7).astype(np.uint8)
    tree = grown(NOISE, target)
    assert (tree.leaves, int(tree.feature[0])) == (2, 1)
    assert log_loss(tree, NOISE, target).max() == 0.0


def test_codes_are_grouped_freely_only_where_allowed() -> None:
    target = np.isin(NOISE[:, 2], [1, 4, 9, 16]).astype(np.uint8)
    assert grown(NOISE, target, grouped=True).leaves == 2
    assert grown(NOISE, target, grouped=False).leaves == 9


def test_interactions_are_found_one_split_below() -> None:
    target = np.where(NOISE[:, 0] < 10, NOISE[:, 1] >= 10, 2).astype(np.uint8)
    tree = grown(NOISE, target)
    assert tree.leaves == 3
    assert log_loss(tree, NOISE, target).max() == 0.0


@pytest.mark.parametrize(("k", "leaves"), [(1, 20), (5, 4), (19, 2), (25, 1)])
def test_a_leaf_keeps_its_rows_and_k_entities(k: int, leaves: int) -> None:
    rng = np.random.default_rng(3)
    target = (NOISE[:, 0] + rng.integers(0, 3, len(NOISE))).astype(np.uint8)
    # Each code's rows are of two entities only: with 30 rows a leaf may be one code, but not with 5 entities.
    entities = 2 * NOISE[:, 0].astype(np.int64) + rng.integers(0, 2, len(NOISE))
    tree = grow_tree(
        NOISE,
        target,
        ordered=True,
        grouped=np.zeros(3, bool),
        allowed=np.arange(3),
        entities=entities,
        growth=Growth(min_leaf=30, k=k),
        seed=0,
    )
    leaf = leaf_of(tree, NOISE)
    assert np.bincount(leaf, minlength=tree.leaves).tolist() == tree.rows.tolist()
    assert tree.leaves >= leaves
    assert tree.rows.min() >= 30
    assert min(len(np.unique(entities[leaf == number])) for number in range(tree.leaves)) >= k


def test_leaves_hold_the_distribution_of_their_rows() -> None:
    target = (NOISE[:, 0] // 5 + np.random.default_rng(5).integers(0, 2, len(NOISE))).astype(np.uint8)
    tree = grown(NOISE, target)
    leaf = leaf_of(tree, NOISE)
    for number in range(tree.leaves):
        codes, counts = np.unique(target[leaf == number], return_counts=True)
        part = slice(tree.start[number], tree.start[number + 1])
        assert tree.codes[part].tolist() == codes.tolist()
        assert tree.cumulative[part] == pytest.approx(np.cumsum(counts) / counts.sum())


def test_the_cap_on_leaves_holds_and_smoothing_adds_what_the_parent_saw() -> None:
    target = NOISE[:, 0]
    assert grown(NOISE, target, max_leaves=4).leaves == 4
    target = (NOISE[:, 0] // 5 + np.random.default_rng(5).integers(0, 2, len(NOISE))).astype(np.uint8)
    bare, smooth = grown(NOISE, target), grown(NOISE, target, smooth=5.0)
    assert np.array_equal(bare.feature, smooth.feature)
    assert len(smooth.codes) > len(bare.codes)


def test_mutual_information_is_that_of_the_joint_distribution_less_chance() -> None:
    target = NOISE[:, 0] % 4
    told = mutual_information(NOISE, target)
    expected = len(NOISE) * np.log(4)
    assert told[0] == pytest.approx(expected, rel=0.02)
    assert np.abs(told[1:]).max() < 0.02 * expected
