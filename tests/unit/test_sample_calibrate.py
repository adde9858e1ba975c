"""Rows that come to other leaves than the source did still have its shares; siblings share what they may alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dbclone.models.table import Entry, TableModel
from dbclone.models.trees import Tree
from dbclone.sample.calibrate import calibrate
from dbclone.sample.kernel import fill_rows
from dbclone.sample.program import Program, compile_program
from tests.made_rows import category_entry, leaf, model_of

ROWS = 400


def by_position() -> Tree:
    """The first half of positions is mostly a, the other mostly b."""
    mask = np.zeros((3, 4), np.uint64)
    mask[0, :2] = np.uint64(0xFFFFFFFFFFFFFFFF)
    return Tree(
        feature=np.array([0, -1, -1], np.int32),
        left=np.array([1, 0, 1], np.int32),
        right=np.array([2, 0, 0], np.int32),
        mask=mask,
        start=np.array([0, 2, 4], np.int64),
        codes=np.array([1, 2, 1, 2], np.uint8),
        cumulative=np.array([0.9, 1.0, 0.1, 1.0]),
        rows=np.array([50, 50], np.int64),
    )


def drawn(model: TableModel, position: npt.NDArray[np.uint8], *, calibrated: bool) -> npt.NDArray[np.uint8]:
    program, _ = compile_program(model, np.arange(1, 1 + len(model.entries), dtype=np.uint64))
    own, values = np.zeros((len(position), model.slots), np.uint8), np.zeros((len(position), 1))
    context, bases = np.zeros((len(position), 0), np.uint8), np.zeros((len(position), 1))
    end = len(model.entries)

    def fill(bent: Program) -> npt.NDArray[np.uint8]:
        fill_rows(bent, 0, end, context, position, position, position > 0, own, values, bases, 0)
        return own

    if calibrated:
        calibrate(program, model, 0, end, fill)
    else:
        fill(program)
    return own[:, 0].copy()


def test_a_shift_of_rows_between_leaves_does_not_shift_the_sums() -> None:
    entry: Entry = replace(category_entry("c", ["a", "b"]), tree=by_position())
    first = np.zeros(ROWS, np.uint8)
    plain, bent = (drawn(model_of([entry]), first, calibrated=one) for one in (False, True))
    assert abs((plain == 1).mean() - 0.9) < 0.02
    assert abs((bent == 1).mean() - 0.5) < 0.08


def test_what_is_right_stays_as_it_was() -> None:
    entry: Entry = replace(category_entry("c", ["a", "b"]), tree=by_position())
    halves = np.tile(np.repeat(np.array([0, 200], np.uint8), 50), ROWS // 100)
    bent = drawn(model_of([entry]), halves, calibrated=True)
    assert abs((bent[halves == 0] == 1).mean() - 0.9) < 0.03
    assert abs((bent[halves == 200] == 1).mean() - 0.1) < 0.03


def test_siblings_do_not_share_what_they_never_do() -> None:
    names = [chr(97 + n) for n in range(20)]
    entry: Entry = replace(category_entry("c", names), tree=leaf(range(1, 21), [0.05] * 20, 64))
    position = np.tile(np.arange(10, dtype=np.uint8), ROWS // 10)
    shared, alone = (
        drawn(model_of([one]), position, calibrated=False).reshape(-1, 10)
        for one in (entry, replace(entry, single=np.arange(1, 21, dtype=np.uint8)))
    )
    assert sum(len(set(family)) < 10 for family in shared.tolist()) > 10
    assert all(len(set(family)) == 10 for family in alone.tolist())


def test_a_category_whose_leaf_no_row_comes_to_is_brought_back() -> None:
    # Two rows in a hundred are c, all of them far down a family.
    tree = replace(by_position(), codes=np.array([1, 2, 2, 3], np.uint8), cumulative=np.array([0.9, 1.0, 0.96, 1.0]))
    entry: Entry = replace(category_entry("c", ["a", "b", "c"]), tree=tree)
    codes = drawn(model_of([entry]), np.zeros(ROWS, np.uint8), calibrated=True)
    assert (codes == 3).sum() == round(0.02 * ROWS)
