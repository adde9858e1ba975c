"""Spans that are kept apart: each stays where it is while it can, and lies in the nearest gap otherwise."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pyarrow as pa
import pytest

from dbclone.sample.exclusions import keep_apart
from dbclone.sample.spans import Axis, Line, Span, axis_of_range
from dbclone.schema import Check, Column, Exclusion, Kind, Table, TableName, Type

NUMBERS = Axis("number", whole=True)


def taken(*spans: Span) -> list[Span | None]:
    line = Line(NUMBERS)
    return [line.take(span) for span in spans]


@pytest.mark.parametrize(
    ("sql", "text", "span", "spelled"),
    [
        ("int4range", "[3,5)", (3, 5), "[3,5)"),
        ("int4range", "(3,5]", (4, 6), "[4,6)"),
        ("numrange", "[1.5,2.25)", (1.5, 2.25), "[1.5,2.25)"),
        ("daterange", "[2024-01-01,)", (19723, math.inf), '["2024-01-01",)'),
        ("tsrange", '["2024-01-01 10:00",infinity)', (1704103200000000, math.inf), '["2024-01-01 10:00:00.000000",)'),
        ("int8range", "empty", None, ""),
    ],
)
def test_ranges_are_read_and_spelled(sql: str, text: str, span: Span | None, spelled: str) -> None:
    axis = axis_of_range(sql)
    assert axis is not None
    assert axis.parse(text) == span
    assert span is None or axis.spell(span) == spelled


def test_what_is_free_stays() -> None:
    assert taken((0, 5), (10, 15), (5, 10)) == [(0, 5), (10, 15), (5, 10)]


def test_what_is_taken_moves_to_the_nearest_gap_that_is_long_enough() -> None:
    assert taken((0, 5), (6, 10), (12, 20), (1, 3))[-1] == (10, 12)
    assert taken((0, 5), (6, 10), (12, 20), (1, 4))[-1] == (20, 23)


def test_what_is_open_lasts_until_the_next_begins() -> None:
    assert taken((10, 20), (0, math.inf)) == [(10, 20), (0, 10)]
    assert taken((10, math.inf), (30, 35)) == [(10, math.inf), (5, 10)]
    assert taken((-math.inf, math.inf), (0, 1))[-1] is None


@pytest.mark.parametrize("seed", range(5))
def test_no_two_overlap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 300, 200)
    found = taken(*((int(low), math.inf if n % 20 == 0 else int(low) + 1 + n % 9) for n, low in enumerate(starts)))
    spans = sorted(span for span in found if span is not None)
    assert len(spans) > 190
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))


def test_a_row_that_would_break_a_check_is_left_out_and_counted() -> None:
    whole = Type(Kind.INTEGER, "integer")
    columns = (*(Column(name, whole) for name in ("who", "low", "high")), Column("gone", Type(Kind.BOOLEAN, "bool")))
    exclusion = Exclusion("EXCLUDE USING gist (who WITH =, int4range(low, high) WITH &&) WHERE (NOT gone)")
    table = Table(TableName("public", "t"), columns, exclusions=(exclusion,), checks=(Check("high <= 10"),))
    rows = [(1, 0, 4, False), (1, 2, 6, False), (1, 4, 9, False), (1, 4, 9, True), (2, 0, 4, False)]
    batch = pa.record_batch(dict(zip(("who", "low", "high", "gone"), map(list, zip(*rows, strict=True)), strict=True)))
    missing: list[int] = []
    (kept,) = keep_apart(table, [batch], missing.append)
    # The second one moves behind the first, where the third would have been, for which ten is too low an end.
    assert list(zip(kept["who"].to_pylist(), kept["low"].to_pylist(), kept["high"].to_pylist(), strict=True)) == [
        (1, 0, 4),
        (1, 4, 8),
        (1, 4, 9),
        (2, 0, 4),
    ]
    assert missing == [1]
