"""Pairs of columns: codes in groups, shares that hide what few share, and rows that come to agree with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dbclone.models.balance import group_codes, shared
from dbclone.models.table import GROUPS, Balance, TableModel
from dbclone.sample.kernel import fill_rows
from dbclone.sample.program import compile_program
from tests.made_rows import category_entry, leaf, model_of

ROWS = 200


def test_numbers_are_grouped_by_equal_shares_and_categories_one_by_one() -> None:
    codes = np.repeat(np.arange(1, 101, dtype=np.uint8), 40)
    numbers = group_codes(codes, 5, category=False)
    assert numbers[0] == 0
    assert numbers[255] == GROUPS - 1
    assert (np.diff(numbers[1:101].astype(int)) >= 0).all()
    sizes = np.bincount(numbers[codes], minlength=GROUPS)[1 : GROUPS - 1]
    assert sizes.min() >= 0.8 * len(codes) / (GROUPS - 2)
    few = np.array([1] * 50 + [2] * 30 + [3] * 4 + [0] * 16, np.uint8)
    categories = group_codes(few, 5, category=True)
    # Three codes, of which one is too rare to be told from what is left over.
    assert categories[:4].tolist() == [0, 1, 2, GROUPS - 1]


def test_few_rows_have_few_groups() -> None:
    codes = np.arange(1, 101, dtype=np.uint8)
    assert len(np.unique(group_codes(codes, 5, category=False)[codes])) == 3


def test_weights_make_the_groups_of_those_that_have_most_narrow() -> None:
    codes = np.repeat(np.arange(1, 101, dtype=np.uint8), 40)
    weight = np.where(codes > 90, 10.0, 0.1)
    groups = group_codes(codes, 5, category=False, weight=weight)
    assert len(np.unique(groups[91:101])) >= 9
    assert len(np.unique(groups[1:91])) <= 3


def test_cells_of_few_entities_are_known_by_their_row_and_column_alone() -> None:
    counts, entities = np.zeros((GROUPS, GROUPS), np.int64), np.zeros((GROUPS, GROUPS), np.int64)
    counts[1, 1:4] = [60, 4, 2]
    counts[2, 1:4] = [30, 2, 4]
    entities[1:3, 1:4] = np.minimum(counts[1:3, 1:4], 50)
    shares = shared(counts, entities, 5)
    assert np.allclose(shares[1, :4], [0, 60 / 66, 3 / 66, 3 / 66])
    assert np.allclose(shares[2, :4], [0, 30 / 36, 3 / 36, 3 / 36])
    assert not shares[5].any()
    # One parent with many children is one entity.
    entities[1, 1] = 1
    assert np.allclose(shared(counts, entities, 5)[1].sum(), 1)
    assert shared(counts, entities, 5)[1, 1] < 60 / 66 + 1e-9


def together(model: TableModel, *, balanced: bool) -> float:
    """Share of the rows whose two columns have the same code, where each is drawn by itself."""
    program, _ = compile_program(model, np.array([3, 4], np.uint64))
    own, values = np.zeros((ROWS, model.slots), np.uint8), np.zeros((ROWS, 1))
    nothing: npt.NDArray[np.uint8] = np.zeros(ROWS, np.uint8)
    program = program if balanced else program.unbalanced
    follows = np.zeros(ROWS, bool)
    fill_rows(
        program, 0, 2, np.zeros((ROWS, 0), np.uint8), nothing, nothing, follows, own, values, np.zeros((ROWS, 1)), 0
    )
    assert np.bincount(own[:, 0], minlength=3).tolist() == [0, ROWS // 2, ROWS // 2]
    assert np.bincount(own[:, 1], minlength=3).tolist() == [0, ROWS // 2, ROWS // 2]
    return float((own[:, 0] == own[:, 1]).mean())


def test_rows_come_to_share_what_pairs_share_and_leaves_stay_as_they_are() -> None:
    half = leaf([1, 2], [0.5, 0.5], ROWS // 4)
    entries = [replace(category_entry(name, ["x", "y"]), tree=half) for name in "ab"]
    model = model_of(entries)
    groups = np.tile(np.minimum(np.arange(256), GROUPS - 1).astype(np.uint8), (2, 1))
    shares = np.zeros((3, GROUPS, GROUPS))
    shares[0, 0, 1:3] = shares[1, 0, 1:3] = 0.5
    shares[2, 1, 1:3], shares[2, 2, 1:3] = [0.8, 0.2], [0.2, 0.8]
    cells = np.flatnonzero(shares)
    first = len(model.context) + 2 + model.slots
    balance = Balance(
        features=np.array([first, first + 1]),
        groups=groups,
        entries=np.array([0, 1, 1]),
        pairs=np.array([[0, 0], [1, 1], [0, 1]]),
        cells=cells,
        shares=shares.ravel()[cells],
    )
    assert (balance.dense == shares).all()
    model = replace(model, balance=balance)
    assert abs(together(model, balanced=False) - 0.5) < 0.1
    assert abs(together(model, balanced=True) - 0.8) < 0.04
