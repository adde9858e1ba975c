"""CHECK conditions on rows in the making: SQL's three values, what cannot be told, and how rows are mended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dbclone.errors import ModelError
from dbclone.sample.conditions import mend_conditions
from dbclone.schema import Check, Kind
from tests.made_rows import filled_things, numbers_of, words_of

NAN = float("nan")
A = [1.0, 5.0, NAN, 9.0]
B = [2.0, 2.0, 2.0, NAN]
WORD = ["x", "y", None, "x"]


@pytest.mark.parametrize(
    ("condition", "breaking"),
    [
        ("a < b", [1]),
        ("a < 6", [3]),
        ("a <> 5", [1]),
        ("NOT (a >= 6)", [3]),
        ("a BETWEEN 2 AND 8", [0, 3]),
        ("a IN (1, 9)", [1]),
        ("a = ANY (ARRAY[1, 9])", [1]),
        ("a + b * 2 < 6", [1]),
        ("a > -1 AND b < 3", []),
        ("word = 'x'", [1]),
        ("word IN ('x', 'z')", [1]),
        ("a IS NOT NULL", [2]),
        ("b IS NULL OR a IS NULL", [0, 1]),
        # Unknown AND false is false, unknown AND true is unknown.
        ("a > 100 AND b > 100", [0, 1, 2, 3]),
        ("(a > 100) IS TRUE", [0, 1, 2, 3]),
        ("a > 100 AND b > 1", [0, 1, 3]),
        # Unknown OR true is true, unknown OR false is unknown.
        ("a > 100 OR b = 2", []),
        ("a > 100 OR b > 100", [0, 1]),
        ("(a > 6) IS TRUE", [0, 1, 2]),
        ("(a > 6) IS NOT TRUE", [3]),
        ("NOT a IS NULL", [2]),
        ("a NOT IN (1, 9)", [0, 3]),
        ("a % 2 = 1", []),
        ("abs(a - 5) < 4", [0, 3]),
        ("length(word) = 1", []),
        ("upper(word) = 'X'", [1]),
        ("word ~ '^[x-z]$' AND word !~ 'y'", [1]),
        ("word LIKE 'x%'", [1]),
        ("num_nonnulls(a, b) = 2", [2, 3]),
        ("(a IS NULL) = (word IS NULL)", []),
        ("CASE WHEN word = 'x' THEN a < 5 ELSE b = 2 END", [3]),
        ("coalesce(b, 0) > 0", [3]),
        ("greatest(a, b) < 9", [3]),
        ("round(a / 4.0) < 2", []),
        ("NULL", []),
        ("FALSE", []),
    ],
)
def test_rows_that_break_a_condition_are_the_ones_that_change(
    tmp_path: Path, condition: str, breaking: list[int]
) -> None:
    filled = filled_things(tmp_path, {"a": A, "b": B}, {"word": WORD}, checks=[Check(condition)])
    before = [*zip(numbers_of(filled, "a"), numbers_of(filled, "b"), words_of(filled, "word"), strict=True)]
    mend_conditions(filled, "postgresql", 1)
    after = [*zip(numbers_of(filled, "a"), numbers_of(filled, "b"), words_of(filled, "word"), strict=True)]
    assert [row for row in range(4) if row not in breaking] == [row for row in range(4) if after[row] == before[row]]
    mend_conditions(filled, "postgresql", 2)


def test_the_run_stops_where_no_value_keeps_a_condition(tmp_path: Path) -> None:
    checks = [Check("(a > 5 AND a < 5) IS TRUE", "impossible")]
    filled = filled_things(tmp_path, {"a": A, "b": B}, {"word": WORD}, checks=checks)
    with pytest.raises(ModelError) as caught:
        mend_conditions(filled, "postgresql", 1)
    first, _, hint = str(caught.value).partition("\n\nHint: ")
    assert first == "main.things.impossible: 4 of 4 rows can be given no values that keep CHECK impossible."
    assert hint == 'give main.things the strategy "mask", "copy" or "empty" under tables.strategies.'


def test_what_an_equation_says_is_computed(tmp_path: Path) -> None:
    net, tax = [10.0, 20.0, 30.0, 40.0], [1.0, 2.0, 3.0, 4.0]
    numbers = {"net": net, "tax": tax, "gross": [11.0, 5.0, 33.0, NAN]}
    filled = filled_things(tmp_path, numbers, checks=[Check("gross = net + tax")])
    mend_conditions(filled, "postgresql", 1)
    rows = zip(*(numbers_of(filled, name) for name in ("net", "tax", "gross")), strict=True)
    assert [row for row in rows if None not in row and row[2] != row[0] + row[1]] == []  # type: ignore[operator]
    assert numbers_of(filled, "net")[1] == 20.0


def test_conditions_that_share_columns_are_mended_together(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    low, middle, high = (rng.integers(0, 100, 500).astype(float).tolist() for _ in range(3))
    checks = [Check("low <= middle"), Check("middle <= high"), Check("apart < 50")]
    apart = rng.integers(0, 100, 500).astype(float).tolist()
    filled = filled_things(tmp_path, {"low": low, "middle": middle, "high": high, "apart": apart}, checks=checks)
    kept = {row for row in zip(low, middle, high, strict=True) if row[0] <= row[1] <= row[2]}
    mend_conditions(filled, "postgresql", 1)
    found = [*zip(*(numbers_of(filled, name) for name in ("low", "middle", "high")), strict=True)]
    assert set(found) <= kept
    assert all(value is not None and value < 50 for value in numbers_of(filled, "apart"))
    # The lone condition takes nothing from the other columns.
    assert [new for new, old in zip(numbers_of(filled, "apart"), apart, strict=True) if old < 50] == [
        old for old in apart if old < 50
    ]


def test_dates_compare_with_constants_in_their_own_units(tmp_path: Path) -> None:
    days = [float(np.datetime64(day, "D").astype(int)) for day in ("1999-12-31", "2000-01-01", "2020-05-05")]
    checks = [Check("born >= '2000-01-01'::date")]
    filled = filled_things(tmp_path, {"born": days}, checks=checks, kinds={"born": Kind.DATE})
    mend_conditions(filled, "postgresql", 1)
    assert numbers_of(filled, "born")[1:] == days[1:]
    assert numbers_of(filled, "born")[0] in days[1:]


@pytest.mark.parametrize("condition", ["md5(word) = 'x'", "sqrt(a) = 2", "a / 2 = 3", "nowhere > 1", "a >", "word > 3"])
def test_what_cannot_be_told_here_is_left_alone(tmp_path: Path, condition: str) -> None:
    filled = filled_things(tmp_path, {"a": A, "b": B}, {"word": WORD}, checks=[Check(condition)])
    before = numbers_of(filled, "a"), words_of(filled, "word")
    mend_conditions(filled, "postgresql", 1)
    assert (numbers_of(filled, "a"), words_of(filled, "word")) == before
