"""Texts that no invented one may equal: closed without exception, told by nothing that a bundle holds."""

from __future__ import annotations

import base64
import json

import numpy as np
import pyarrow as pa
import pytest

from dbclone.profile.clear import SHARE, is_clear, learn_clear, with_clear
from dbclone.profile.settings import problem_of
from dbclone.profile.value import Maker


def phones(start: int, count: int) -> pa.Array:
    return pa.array([f"+49 30 {number:07d}" for number in range(start, start + count)], pa.string())


@pytest.mark.parametrize("count", [1, 5, 60, 847, 30_000])
def test_all_texts_of_the_source_are_closed_and_one_in_eight_others_is_free(count: int) -> None:
    clear = learn_clear(phones(0, count))

    assert not is_clear(phones(0, count), clear).any()
    free = is_clear(phones(100_000, 100_000), clear)
    assert free.mean() == pytest.approx(1 / SHARE, abs=0.005)


def test_a_closed_bucket_raises_the_odds_of_being_in_the_source_by_an_eighth_at_most() -> None:
    for count in (1, 5, 60, 847, 30_000):
        clear = learn_clear(phones(0, count))
        bits = np.unpackbits(np.frombuffer(base64.b64decode(clear["free"]), np.uint8))
        closed = 1 - bits.sum() / clear["buckets"]
        assert 1 / closed == pytest.approx(8 / 7)
        assert clear["buckets"] <= max(8, 1.2 * count)


def test_the_same_texts_in_any_order_give_the_same_settings() -> None:
    texts = phones(0, 300)

    assert learn_clear(texts) == learn_clear(texts.take(pa.array(np.arange(300)[::-1])))
    assert learn_clear(texts) != learn_clear(phones(0, 299))


def test_signs_and_capitals_make_no_other_text() -> None:
    clear = learn_clear(pa.array(["L4E 3M5", "+1 (555) 0100-22"]))

    assert not is_clear(pa.array(["l4e3m5", "L4E-3M5", "15550100 22"]), clear).any()


def test_what_is_not_spelled_needs_no_settings() -> None:
    texts = phones(0, 20)

    assert "clear" in with_clear(Maker("pattern", {}), "phone", texts).settings
    assert "clear" in with_clear(Maker("faker", {}), "postcode", texts).settings
    assert "clear" not in with_clear(Maker("faker", {}), "first_name", texts).settings
    assert "clear" not in with_clear(Maker("pattern", {}), "house_number", texts).settings


@pytest.mark.parametrize(
    "clear",
    [
        {"buckets": 8, "free": ""},
        {"buckets": 12, "free": "AAAA"},
        {"buckets": 16, "free": "gA=="},
        {"buckets": 8, "free": "%"},
        {"buckets": -8, "free": "gA=="},
        {"buckets": 2**40, "free": "gA=="},
    ],
)
def test_bits_from_a_stranger_are_checked(clear: dict[str, object]) -> None:
    shapes = [{"weight": 1, "segments": [{"class": "digit", "min": 4, "max": 4}]}]
    good = {"shapes": shapes, "clear": {"buckets": 8, "free": "gA=="}}

    assert problem_of(Maker("pattern", json.loads(json.dumps(good))), "string") is None
    assert problem_of(Maker("pattern", good | {"clear": clear}), "string") is not None
