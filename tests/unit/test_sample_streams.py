"""Streams: named by what they are for, the same on every machine."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbclone.sample.streams import generator, stream
from dbclone.schema import TableName

NAMES = st.lists(st.text(st.characters(exclude_characters="\x1f"), max_size=5), max_size=4)


def test_streams_are_part_of_the_format() -> None:
    # The same seed gives the same bytes in later versions too.
    assert stream(0) == 4246866556266386882
    assert stream(3, "draw", TableName("public", "orders")) == 8209798262056807674
    assert generator(0, "x").integers(0, 1000, 3).tolist() == [40, 211, 103]


@given(st.integers(0, 2**63), NAMES, st.integers(0, 2**63), NAMES)
def test_other_names_other_streams(seed: int, names: list[str], other_seed: int, others: list[str]) -> None:
    same = (seed, names) == (other_seed, others)
    assert (stream(seed, *names) == stream(other_seed, *others)) == same
    assert 0 <= stream(seed, *names) < 2**63


def test_what_is_joined_is_not_what_is_listed() -> None:
    assert stream(1, "ab", "c") != stream(1, "a", "bc") != stream(1, "abc")
    assert stream(1, 2) == stream(1, "2") != stream(12)
