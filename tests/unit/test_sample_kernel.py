"""The compiled loops: streams that do not depend on chunks, codes drawn in their shares, parents by their counts."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbclone.sample.giving import draw_parents, settle_codes
from dbclone.sample.kernel import fill_rows, uniforms
from dbclone.sample.program import compile_program
from tests.made_rows import leaf, model_of, number_entry

NO_STEPS = np.zeros(1, np.int64)


def flags(*firsts: int, rows: int) -> np.ndarray:
    follows = np.ones(rows, bool)
    follows[list(firsts)] = False
    return follows


def test_streams_do_not_depend_on_where_a_chunk_begins() -> None:
    whole = uniforms(7, 0, 1000)
    assert (whole == np.concatenate([uniforms(7, 0, 300), uniforms(7, 300, 700)])).all()
    assert ((whole >= 0) & (whole < 1)).all()
    assert abs(whole.mean() - 0.5) < 0.03
    assert not np.isclose(whole, uniforms(8, 0, 1000)).any()


def test_a_leaf_gives_its_codes_in_exact_shares() -> None:
    entry = number_entry("a", [1.0] * 5 + [2.0] * 5 + [3.0] * 10)
    entry = type(entry)(entry.name, entry.role, entry.size, leaf([1, 2, 3], [0.25, 0.25, 0.5], 64), entry.numbers)
    model = model_of([entry])
    program, bases = compile_program(model, np.array([99], np.uint64))
    assert bases == []
    rows = 128
    own, values = np.zeros((rows, model.slots), np.uint8), np.zeros((rows, 1))
    nothing = np.zeros(rows, np.uint8)
    fill_rows(
        program, 0, 1, np.zeros((rows, 0), np.uint8), nothing, nothing, np.zeros(rows, bool), own, values,
        np.zeros((rows, 1)), 0,
    )  # fmt: skip
    # 64 strata are drawn without replacement, twice.
    assert Counter(values[:, 0].tolist()) == {1.0: 32, 2.0: 32, 3.0: 64}
    assert (values[:, 0] == own[:, 0]).all()


def test_every_parent_gets_as_many_rows_as_it_is_due() -> None:
    counts = np.array([0, 3, 1, 6], np.int64)
    codes, follows = np.ones(10, np.uint8), np.zeros(10, bool)
    chosen = draw_parents(codes, follows, counts.copy(), NO_STEPS, False, False, np.uint64(1))
    assert np.bincount(chosen, minlength=4).tolist() == [0, 3, 1, 6]


def test_codes_say_null_the_same_parent_and_how_far_on() -> None:
    codes = np.array([1, 2, 2, 0, 1, 3, 4], np.uint8)
    follows = flags(0, 4, rows=7)
    chosen = draw_parents(
        codes, follows, np.full(9, 9, np.int64), np.array([2, -1], np.int64), False, False, np.uint64(3)
    )
    assert chosen[0] == chosen[1] == chosen[2]
    assert chosen[3] == -1
    if chosen[4] + 2 < 9:
        assert chosen[5] == chosen[4] + 2
    assert chosen[6] == chosen[5] - 1 or chosen[5] == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 40), st.integers(0, 10**6), st.booleans(), st.booleans())
def test_siblings_or_rows_that_may_not_share_a_parent_never_do(
    parents: int, rows: int, seed: int, distinct: bool, unique: bool
) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, rows).astype(np.uint8)
    follows = rng.random(rows) < 0.7
    follows[0] = False
    remaining = rng.multinomial(int((codes > 0).sum()), np.full(parents, 1 / parents)).astype(np.int64)
    if unique:
        remaining = np.minimum(remaining, 1)
    due = remaining.copy()
    chosen = draw_parents(codes, follows, remaining, np.array([1], np.int64), distinct, unique, np.uint64(seed))
    assert ((chosen == -1) == (codes == 0)).all()
    assert (remaining == np.maximum(0, due - np.bincount(chosen[chosen >= 0], minlength=parents))).all()
    family = np.cumsum(~follows)
    linked = chosen >= 0
    pairs = list(zip(family[linked].tolist(), chosen[linked].tolist(), strict=True))
    if distinct:
        assert len(set(pairs)) == len(pairs)
    if unique:
        assert len(set(chosen[linked].tolist())) == int(linked.sum())
    if not distinct and not unique:
        assert (chosen != -2).all()


@pytest.mark.parametrize("code", [0, 1])
def test_without_parents_only_null_can_be_had(code: int) -> None:
    codes = np.full(3, code, np.uint8)
    chosen = draw_parents(codes, np.zeros(3, bool), np.zeros(0, np.int64), NO_STEPS, False, False, np.uint64(1))
    assert chosen.tolist() == [-1 if code == 0 else -2] * 3


def test_codes_are_settled_to_the_counts_asked_for_whole_runs_first() -> None:
    codes = np.array([1] * 6 + [1] * 3 + [2] * 3 + [0], np.uint8)
    follows = flags(0, 6, 9, 12, rows=13)
    short = np.array([-3, 0, 3], np.int64)
    settle_codes(codes, follows, short, np.uint64(5))
    assert short.tolist() == [0, 0, 0]
    # The run of three goes as one; the run of six would be too much.
    assert codes.tolist() == [1] * 6 + [3] * 3 + [2] * 3 + [0]
