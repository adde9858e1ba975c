"""Children per parent and the rows that get them: totals exact, hierarchies without a cycle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dbclone.models.table import KeyModel
from dbclone.sample.parents import adjust, degrees, grow_hierarchy, true_counts
from dbclone.schema import ForeignKey
from tests.made_rows import THINGS, filled_things

BOSS = ForeignKey(THINGS, ("boss",), THINGS, ("id",))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(0, 60), st.integers(0, 99))
def test_counts_add_up_to_what_is_wanted(counts: list[int], wanted: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert int(adjust(np.array(counts), wanted, False, rng).sum()) == wanted
    single = adjust(np.minimum(counts, 1), wanted, True, rng)
    assert int(single.sum()) == min(wanted, len(counts))
    assert set(single.tolist()) <= {0, 1}


def test_the_source_s_counts_are_dealt_out_in_their_shares(tmp_path: Path) -> None:
    model = KeyModel(0, "draw", rows=np.array([0, 1, 5]), repeats=np.array([50, 25, 25]))
    parent = filled_things(tmp_path, {"id": list(range(200))})
    counts = degrees(parent, BOSS, model, 1)
    assert np.bincount(counts).tolist() == [100, 50, 0, 0, 0, 50]
    assert (counts == degrees(parent, BOSS, model, 1)).all()
    assert (counts != degrees(parent, BOSS, model, 2)).any()


def test_codes_occur_as_often_as_the_source_says() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 3, 1000).astype(np.uint8)
    nulls = codes == 0
    follows = rng.random(1000) < 0.6
    follows[0] = False
    true_counts(codes, follows, np.array([1, 3]), rng)
    assert ((codes == 0) == nulls).all()
    one, three = int((codes == 1).sum()), int((codes == 2).sum())
    assert abs(three - 3 * one) <= 3


def test_a_hierarchy_has_its_levels_and_no_cycle(tmp_path: Path) -> None:
    model = KeyModel(0, "self", rows=np.array([0, 3]), repeats=np.array([6, 3]), depths=np.array([1, 3, 6]))
    filled = filled_things(tmp_path, {"id": list(range(100))}, parents=[(BOSS, model, [-1] * 100)])
    above = grow_hierarchy(filled, 0, 1)
    depth = np.zeros(100, int)
    for row in range(100):
        at = row
        while above[at] >= 0:
            at = int(above[at])
            depth[row] += 1
            assert depth[row] < 100
    assert np.bincount(depth).tolist() == [10, 30, 60]


def test_a_rooted_hierarchy_ends_in_rows_that_are_their_own_parent(tmp_path: Path) -> None:
    model = KeyModel(0, "self", rows=np.array([0, 4]), repeats=np.array([4, 1]), depths=np.array([1, 4]), rooted=True)
    filled = filled_things(tmp_path, {"id": list(range(50))}, parents=[(BOSS, model, [-1] * 50)])
    above = grow_hierarchy(filled, 0, 1)
    roots = np.flatnonzero(above == np.arange(50))
    assert len(roots) == 10
    assert set(above.tolist()) <= set(roots.tolist())
