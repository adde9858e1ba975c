"""Uniqueness over several columns: mended with few changes, rows dropped only where no value is left."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dbclone.models.table import KeyModel
from dbclone.sample.unique import mend_duplicates
from dbclone.schema import ForeignKey, TableName, Unique
from tests.made_rows import THINGS, filled_things, numbers_of, words_of

NAN = float("nan")
SHOP, DAY = (ForeignKey(THINGS, (name,), TableName("main", f"{name}s"), ("id",)) for name in ("shop", "day"))


def test_what_is_unique_already_stays_as_it_is(tmp_path: Path) -> None:
    filled = filled_things(tmp_path, {"a": [1, 1, 2], "b": [1, 2, 1]}, uniques=[("a", "b")])
    assert mend_duplicates(filled, 1) == 0
    assert numbers_of(filled, "a") == [1, 1, 2]
    assert numbers_of(filled, "b") == [1, 2, 1]


def test_nulls_are_never_equal(tmp_path: Path) -> None:
    filled = filled_things(tmp_path, {"a": [1, 1, 1], "b": [NAN, NAN, NAN]}, uniques=[("a", "b")])
    assert mend_duplicates(filled, 1) == 0
    assert filled.rows == 3


def test_a_repeated_number_moves_and_the_first_one_stays(tmp_path: Path) -> None:
    filled = filled_things(tmp_path, {"a": [1, 1, 2, 9], "b": [5, 5, 5, 100]}, uniques=[("a", "b")])
    assert mend_duplicates(filled, 1) == 0
    pairs = list(zip(numbers_of(filled, "a"), numbers_of(filled, "b"), strict=True))
    assert len(set(pairs)) == 4
    assert [pairs[row] for row in (0, 2, 3)] == [(1, 5), (2, 5), (9, 100)]
    assert pairs[1][0] == 1


def test_a_dense_family_loses_no_row(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    shops, days = 4, 50
    # Each shop has a row for every day but two, drawn with repeats.
    day = np.concatenate([[0, days - 1], rng.integers(0, days, shops * (days - 2) - 2)]).astype(float)
    shop = np.repeat(np.arange(shops), days - 2)
    parents = [(SHOP, KeyModel(0, "drive"), shop.tolist())]
    filled = filled_things(tmp_path, {"on": day.tolist()}, parents=parents, uniques=[("shop", "on")])
    assert mend_duplicates(filled, 1) == 0
    pairs = set(zip(filled.parents[0].tolist(), numbers_of(filled, "on"), strict=True))
    assert len(pairs) == shops * (days - 2)
    assert filled.parents[0].tolist() == shop.tolist()
    assert {value for _, value in pairs} <= set(map(float, range(days)))


def test_what_moves_for_one_set_repeats_no_row_of_another(tmp_path: Path) -> None:
    numbers: dict[str, list[float]] = {"a": [1, 1, 1, 1, 2, 2], "line": [1, 2, 3, 4, 1, 2], "b": [7, 7, 8, 8, 7, 7]}
    filled = filled_things(tmp_path, numbers, uniques=[("a", "line"), ("b", "line")])
    assert mend_duplicates(filled, 1) == 0
    for other in ("a", "b"):
        repeats = 6 - len(set(zip(numbers_of(filled, other), numbers_of(filled, "line"), strict=True)))
        assert repeats == 0 or (other, "line") in filled.repeated


def test_a_predicate_names_its_own_columns_alone(tmp_path: Path) -> None:
    numbers: dict[str, list[float]] = {"tenant": [2, 2, 3, 3, 3], "id": [5, 6, 5, 6, 7], "name": [1, 1, 1, 1, 1]}
    numbers["users_id"] = [1, NAN, 1, NAN, 1]
    uniques = [Unique(("tenant", "id")), Unique(("name",), predicate="users_id IS NOT NULL")]
    filled = filled_things(tmp_path, numbers, uniques=uniques)
    mend_duplicates(filled, 1, "sqlite")
    assert numbers_of(filled, "id") == [5, 6, 5, 6, 7]


def test_rows_go_where_there_are_fewer_values_than_rows(tmp_path: Path) -> None:
    filled = filled_things(tmp_path, words={"word": ["x", "y", "x", "y", "x"] * 500}, uniques=[("word",)])
    assert mend_duplicates(filled, 1) == 2_498
    assert filled.rows == 2
    assert sorted(word or "" for word in words_of(filled, "word")) == ["x", "y"]


def test_a_few_repeats_are_left_to_be_mended_and_told(tmp_path: Path) -> None:
    filled = filled_things(tmp_path, words={"word": ["x", "y", "x", "y", "x"]}, uniques=[("word",)])
    assert mend_duplicates(filled, 1) == 0
    assert filled.rows == 5
    assert filled.repeated == {("word",)}


def test_repeated_words_become_other_words_of_the_column(tmp_path: Path) -> None:
    numbers, words = {"a": [1, 1, 1, 2]}, {"word": ["x", "x", "y", "z"]}
    filled = filled_things(tmp_path, numbers, words, uniques=[("a", "word")])
    assert mend_duplicates(filled, 1) == 0
    assert numbers_of(filled, "a") != [1, 1, 1, 2] or len(set(words_of(filled, "word")[:3])) == 3


def test_keys_are_exchanged_so_that_every_parent_keeps_its_children(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    shop, day = np.repeat(np.arange(30), 4), rng.permutation(np.repeat(np.arange(40), 3))
    day[:2] = day[1]
    parents = [(SHOP, KeyModel(0, "drive"), shop.tolist()), (DAY, KeyModel(1, "draw"), day.tolist())]
    filled = filled_things(tmp_path, parents=parents, uniques=[("shop", "day")])
    assert mend_duplicates(filled, 1) == 0
    assert filled.parents[0].tolist() == shop.tolist()
    assert sorted(filled.parents[1].tolist()) == sorted(day.tolist())
    assert len(set(zip(filled.parents[0].tolist(), filled.parents[1].tolist(), strict=True))) == len(shop)
