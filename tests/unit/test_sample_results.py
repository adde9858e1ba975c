"""Constants of SQL conditions as columns store them."""

from __future__ import annotations

import pytest

from dbclone.sample.results import Unknown, as_number, as_span
from dbclone.schema import Kind


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("-7.5", Kind.DECIMAL, -7.5),
        ("$1,234.50", Kind.DECIMAL, 1234.5),
        ("true", Kind.BOOLEAN, 1.0),
        ("1970-01-03", Kind.DATE, 2.0),
        ("-infinity", Kind.DATE, float("-inf")),
        ("1970-01-01 02:00:00+02", Kind.TIMESTAMPTZ, 0.0),
        ("00:01:30.5", Kind.TIME, 90.5e6),
    ],
)
def test_constants_are_numbers_of_their_column(text: str, kind: Kind, number: float) -> None:
    assert as_number(text, kind) == number


@pytest.mark.parametrize(
    ("text", "microseconds"), [("1 day 02:00:00", 93.6e9), ("-00:00:01", -1e6), ("2 weeks", 1.2096e12)]
)
def test_spans(text: str, microseconds: float) -> None:
    assert as_span(text) == microseconds


def test_what_is_no_constant_is_said() -> None:
    with pytest.raises(Unknown):
        as_number("tomorrow", Kind.DATE)
