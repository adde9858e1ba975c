"""Documents as they are made: nothing that the source has not, whatever its documents look like."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from dbclone.profile.documents import learn_json
from dbclone.profile.drawn import with_drawn
from dbclone.profile.settings import problem_of
from dbclone.profile.shapes import numbers_of, paths_of
from dbclone.profile.value import ColumnProfile, Maker, Role, TableProfile
from dbclone.sample.texts import make_texts
from dbclone.schema import TableName
from tests.documents import events

NAME = TableName("public", "t")


def made_like(documents: list[Any]) -> list[Any]:
    """A clone's documents, through all that a bundle and a table's model do with them."""
    texts = [json.dumps(document) for document in documents]
    root = learn_json(texts, 5)
    maker = with_drawn(Maker("json", {"root": root, "compact": False, "lengths": [10, 20, 40]}))
    assert problem_of(maker, "string") is None
    drawn = numbers_of(texts, root) if "drawn" in maker.settings else list(map(len, texts))
    return made_by(maker, np.array(drawn, np.int32))


def made_by(maker: Maker, drawn: np.ndarray[Any, Any]) -> list[Any]:
    column = ColumnProfile("c", Role.TEXT, maker=Maker(maker.name, json.loads(json.dumps(maker.settings))))
    table, rng = TableProfile(NAME, len(drawn), len(drawn), (column,)), np.random.default_rng(1)
    made = make_texts(table, {"c": drawn}, first_row=0, total_rows=len(drawn), rng=rng, locale="en_US")["c"]
    return [json.loads(text) for text in made.to_pylist()]


def anything(rng: np.random.Generator, depth: int = 0) -> Any:
    draw = rng.random()
    if depth > 4 or draw < 0.3:
        return [None, True, False, 1, 2.5, "a", "b", -3, 1e300, 10**20][int(rng.integers(10))]
    if draw < 0.7:
        return {f"k{rng.integers(6)}": anything(rng, depth + 1) for _ in range(int(rng.integers(4)))}
    return [anything(rng, depth + 1) for _ in range(int(rng.integers(4)))]


@pytest.mark.parametrize("seed", range(4))
def test_no_path_and_no_type_is_new(seed: int) -> None:
    rng = np.random.default_rng(seed)
    documents = [anything(rng) for _ in range(500)]

    made = made_like(documents)

    assert frozenset().union(*map(paths_of, made)) <= frozenset().union(*map(paths_of, documents))


@pytest.mark.parametrize("seed", range(4))
def test_shapes_that_many_have_are_made_exactly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    documents = [document for document in [anything(rng) for _ in range(30)] for _ in range(20)]

    made = made_like(documents)

    assert [paths_of(one) for one in made] == [paths_of(one) for one in documents]


def test_every_array_holds_the_items_that_its_shape_is_known_by() -> None:
    documents = [json.loads(text) for _, _, text in events(2_000)]

    made = made_like(documents)

    discounted = [one for one in made if any("discount" in item for item in one.get("items", ()))]
    theirs = sum(any("discount" in item for item in one["items"]) for one in documents if "total" in one)
    assert len(discounted) == pytest.approx(theirs, abs=3)
    assert any("discount" not in item for one in discounted for item in one["items"])
    assert {len(one["items"]) for one in made if "items" in one} <= {1, 2, 3, 4, 5}


def test_objects_of_optional_keys_may_have_none() -> None:
    rng = np.random.default_rng(1)
    keys = [f"k{number}" for number in range(10)]
    documents = [{"in": {key: 1 for key in keys if rng.random() < 0.2}} for _ in range(600)]

    made = made_like(documents)

    assert 20 < sum(not one["in"] for one in made) < 150


def test_a_number_that_names_no_shape_gives_any() -> None:
    documents = [{"a": 1}] * 30 + [{"b": 1}] * 30
    maker = with_drawn(Maker("json", {"root": learn_json([json.dumps(one) for one in documents], 5)}))

    made = made_by(maker, np.array([99, -3, 1, 2, 0] * 10, np.int32))

    assert {tuple(one) for one in made} == {("a",), ("b",)}
    assert made[2] != made[3]


def test_pairs_that_are_seldom_there_leave_no_row_out() -> None:
    leaf = {"choices": ["x"], "weights": [1], "rest": 0}
    pairs = [{"key": key, "share": 0.1, "leaf": leaf} for key in ("a", "b")]
    column = ColumnProfile("c", Role.TEXT, maker=Maker("other", {"sql": "hstore", "pairs": pairs}))
    table, rng = TableProfile(NAME, 200, 200, (column,)), np.random.default_rng(1)

    made = make_texts(table, {"c": np.full(200, 9)}, first_row=0, total_rows=200, rng=rng, locale="en_US")["c"]

    assert len(made) == 200
    assert set(made.to_pylist()) == {"", '"a"=>"x"', '"b"=>"x"', '"a"=>"x", "b"=>"x"'}
