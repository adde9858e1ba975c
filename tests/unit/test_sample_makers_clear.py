"""Invented codes that are none of the source's: also where they repeat, must be unique, or have hardly any room."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dbclone.profile.clear import learn_clear
from dbclone.sample.makers.clear import keep_clear
from dbclone.sample.makers.pattern import make_pattern
from dbclone.sample.makers.places import fit_postcodes
from dbclone.sample.makers.request import Request

ROWS = 3_000


def request(digits: int, taken: int, rows: int = ROWS, *, unique: bool = False, **more: Any) -> Request:
    shape = {"weight": 1, "segments": [{"literal": "K"}, {"class": "digit", "min": digits, "max": digits}]}
    clear = learn_clear(codes(digits, taken))
    settings: dict[str, Any] = {"shapes": [shape], "clear": clear, "lengths": [digits + 1]} | more
    lengths = np.full(rows, digits + 1)
    return Request("t.code", settings, lengths, np.arange(rows), rows, unique, "en_US", np.random.default_rng(1))


def codes(digits: int, taken: int) -> pa.Array:
    return pa.array([f"K{number:0{digits}d}" for number in range(taken)], pa.string())


@pytest.mark.parametrize("taken", [3, 100, 9_000])
def test_codes_of_the_source_never_come_up(taken: int) -> None:
    made = make_pattern(request(4, taken)).to_pylist()

    assert len(made) == ROWS
    assert set(made).isdisjoint(codes(4, taken).to_pylist())
    assert all(len(text) == 5 and text[0] == "K" and text[1:].isdigit() for text in made)


def test_codes_that_repeat_as_often_as_the_source_s_never_come_up_either() -> None:
    made = make_pattern(request(4, 5_000, distinct=80)).to_pylist()

    assert 20 < len(set(made)) <= 80
    assert set(made).isdisjoint(codes(4, 5_000).to_pylist())


def test_unique_codes_are_clear_where_there_is_room() -> None:
    made = make_pattern(request(6, 20_000, unique=True)).to_pylist()

    assert len(set(made)) == ROWS
    assert set(made).isdisjoint(codes(6, 20_000).to_pylist())


def test_unique_codes_are_the_same_in_chunks() -> None:
    whole = request(6, 20_000, unique=True)
    rows = np.arange(1_000, 1_500)
    part = Request("t.code", whole.settings, whole.lengths[rows], rows, ROWS, True, "en_US", np.random.default_rng(9))

    assert make_pattern(part).to_pylist() == make_pattern(whole).to_pylist()[1_000:1_500]


def test_being_unique_comes_first_where_room_is_short() -> None:
    made = make_pattern(request(2, 50, rows=100, unique=True)).to_pylist()

    assert sorted(made) == codes(2, 100).to_pylist()


def test_a_pattern_without_a_clear_text_still_ends() -> None:
    made = make_pattern(request(1, 10))

    assert len(made) == ROWS


def test_postcodes_that_fit_their_state_are_clear_too() -> None:
    zips = pa.array([f"{number:05d}" for number in range(99_501, 99_951, 2)])
    whole = request(5, 5, rows=500)
    asked = Request(
        "t.zip", {"clear": learn_clear(zips)}, whole.lengths, whole.numbers, 500, False, "en_US", whole.rng
    )

    given = pa.array(["12345"] * 498 + [None, ""])
    made = fit_postcodes(given, pa.array(["AK"] * 500), asked).to_pylist()

    assert all("99501" <= text <= "99951" for text in made[:498])
    assert set(made).isdisjoint(zips.to_pylist())
    assert made[498:] == [None, ""]


def test_null_and_empty_texts_stay() -> None:
    clear = learn_clear(pa.array(["K1", "", "K2"]))
    again = pa.array(["K1"] * 100)

    kept = keep_clear(pa.array(["K1", None, ""]), lambda rows: again.take(pa.array(rows)), clear)

    assert kept.to_pylist() == ["K1", None, ""]
