"""Keeping rules in rows that break them, and leaving rows alone that do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbclone.models.table import KeyModel
from dbclone.profile.rules import (
    Combination,
    Dependency,
    Factor,
    Following,
    Formula,
    Inequality,
    NullWhen,
    NullWith,
    Ref,
    Rule,
    Term,
)
from dbclone.sample.columns import Columns
from dbclone.sample.filled import Filled
from dbclone.sample.rules import keep_rules
from dbclone.sample.rules_batches import in_order
from dbclone.sample.rules_formula import rounded
from dbclone.sample.rules_values import disagreeing
from dbclone.schema import ForeignKey, TableName
from tests.made_rows import THINGS, filled_things

NAN = float("nan")
SHOP = ForeignKey(THINGS, ("shop",), TableName("main", "shops"), ("id",))


def kept(filled: Filled, *rules: Rule) -> int:
    return keep_rules(filled, {THINGS: filled}, rules, 1, "sqlite")


def numbers(filled: Filled, name: str) -> list[float]:
    found = Columns(filled, {}).numbers(name)
    assert found is not None
    return found.tolist()


def product(*names: str) -> tuple[Term, ...]:
    return (Term(tuple(Factor(Ref(name)) for name in names)),)


def test_a_formula_is_derived_where_all_is_known(tmp_path: Path) -> None:
    filled = filled_things(tmp_path, {"a": [2, 3, NAN, 5], "b": [1.5, 2, 2, 3], "c": [3, 7, 8, NAN]})
    rule = Formula("c = a * b", THINGS, 20, "c", product("a", "b"), 2)
    assert kept(filled, rule) == 1
    assert numbers(filled, "c")[:3] == [3, 6, 8]
    assert np.isnan(numbers(filled, "c")[3])
    assert kept(filled, rule) == 0


def test_formulas_of_formulas(tmp_path: Path) -> None:
    filled = filled_things(tmp_path, {"a": [1.0, 2], "b": [0.0, 0], "c": [0.0, 0]})
    first = Formula("b = a * a", THINGS, 20, "b", product("a", "a"), 0)
    kept(filled, Formula("c = b * a", THINGS, 20, "c", product("b", "a"), 0), first)
    assert numbers(filled, "c") == [1, 8]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)), min_size=3, max_size=60))
def test_inequalities_hold_afterwards(tmp_path: Path, rows: list[tuple[int, int, int]]) -> None:
    filled = filled_things(tmp_path, {name: [float(row[i]) for row in rows] for i, name in enumerate("abc")})
    before = np.array(rows, float)
    kept(
        filled,
        Inequality("a <= b", THINGS, 20, Ref("a"), Ref("b")),
        Inequality("b <= c", THINGS, 20, Ref("b"), Ref("c")),
    )
    a, b, c = (np.array(numbers(filled, name)) for name in "abc")
    assert (a <= b).all()
    assert (b <= c).all()
    fine = (before[:, 0] <= before[:, 1]) & (before[:, 1] <= before[:, 2])
    assert np.array_equal(np.stack([a, b, c], axis=1)[fine], before[fine])


def test_nulls_follow_a_category_and_each_other(tmp_path: Path) -> None:
    filled = filled_things(
        tmp_path,
        {"day": [3, NAN, 5, NAN, 6], "cost": [NAN, 1, NAN, 2, 3]},
        {"state": ["open", "sent", "sent", "open", "sent"]},
    )
    kept(
        filled,
        NullWhen("", THINGS, 20, "day", "state", ("open",), null=True, only=True),
        NullWith("", THINGS, 20, "day", "cost", when_null=True, null=True, both=True),
    )
    for name in ("day", "cost"):
        assert np.isnan(numbers(filled, name)).tolist() == [True, False, False, True, False]


def test_one_answer_for_each_value(tmp_path: Path) -> None:
    filled = filled_things(
        tmp_path, {}, {"city": ["Ulm", "Ulm", "Ulm", "Bonn", "Bonn"], "state": ["BW", "BW", "NW", "NW", "NW"]}
    )
    kept(filled, Dependency("", THINGS, 20, "city", "state"))
    codes = Columns(filled, {}).codes("state")
    assert codes is not None
    assert len(set(codes[:3])) == 1
    assert codes[0] != codes[3] == codes[4]


def test_the_most_frequent_answer_wins() -> None:
    rows, donors = disagreeing(np.array([0, 0, 0, 1, -1, -1]), np.array([5, 7, 7, 5, 1, 2]))
    assert rows.tolist() == [0]
    assert donors.tolist() == [1]


def test_values_that_never_meet(tmp_path: Path) -> None:
    filled = filled_things(tmp_path, {}, {"a": ["x", "x", "y", "y"], "b": ["p", "q", "p", "q"]})
    kept(filled, Combination("", THINGS, 20, "a", "b", (("x", "q"),)))
    columns = Columns(filled, {})
    first, second = columns.is_one_of("a", ("x",)), columns.is_one_of("b", ("q",))
    assert first is not None
    assert second is not None
    assert not (first & second).any()


def test_periods_end_where_the_next_one_starts(tmp_path: Path) -> None:
    parents = [(SHOP, KeyModel(0, "draw"), [0, 0, 1, 0])]
    filled = filled_things(tmp_path, {"start": [5, 1, 3, 9], "end": [7, 8, 4, 99]}, parents=parents)
    kept(filled, Following("", THINGS, 20, "start", "end", ("shop",), seamless=True))
    assert numbers(filled, "end") == [9, 5, 4, 99]


def test_halves_are_rounded_away_from_zero() -> None:
    assert rounded(np.array([0.125, -0.125, 1.005, 2.5]), 2).tolist() == [0.13, -0.13, 1.01, 2.5]
    assert rounded(np.array([2.5, 3.5]), 0).tolist() == [3, 4]


def test_texts_are_put_in_order_around_what_is_missing() -> None:
    assert in_order(pa.array(["c", None, "a", "b"])).to_pylist() == ["a", None, "b", "c"]
