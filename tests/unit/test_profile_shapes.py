"""Shapes of documents: how they are told apart, what becomes of rare ones, and which keys come together."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from dbclone.profile.documents import learn_json
from dbclone.profile.presence import learn_presence
from dbclone.profile.shapes import find_shapes, numbers_of, paths_of
from tests.documents import events

CLICK, LOGIN = {"type": "click", "x": 1}, {"type": "login", "ip": "10.0.0.1"}


def test_paths_are_pointers_with_types() -> None:
    assert paths_of({"a/b": [{"c": None}, 1.5], "d": {}}) == {
        ":object", "/a~1b:array", "/a~1b/-:object", "/a~1b/-/c:null", "/a~1b/-:number", "/d:object",
    }  # fmt: skip


def test_shapes_are_told_apart_by_paths_and_by_the_key_that_names_them() -> None:
    view = {"type": "view", "x": 2}
    key, shapes = find_shapes([CLICK] * 20 + [LOGIN] * 30 + [view] * 10, 5)

    assert key == "type"
    assert [(shape.value, shape.weight, shape.open) for shape in shapes] == [
        ('"login"', 30, False),
        ('"click"', 20, False),
        ('"view"', 10, False),
    ]


def test_a_key_that_says_nothing_of_the_others_names_no_shape() -> None:
    key, shapes = find_shapes([{"lang": "de" if n % 2 else "en"} | ({"x": 1} if n % 5 else {}) for n in range(100)], 5)

    assert key == ""
    assert [shape.weight for shape in shapes] == [80, 20]


def test_a_key_that_names_people_names_no_shape() -> None:
    mails = [{"email": "jane@corp.test", "x": 1}, {"email": "joe@corp.test", "y": 1}]

    root = learn_json([json.dumps(one) for one in mails * 20], 5)

    assert root["named"] == ""
    assert "corp" not in json.dumps(root)


def test_a_rare_shape_counts_as_the_nearest() -> None:
    rare = {"type": "click", "x": 1, "jane": 2}
    texts = [json.dumps(one) for one in [CLICK] * 40 + [LOGIN] * 30 + [rare] * 4]

    root = learn_json(texts, 5)

    assert "jane" not in json.dumps(root)
    found = numbers_of([json.dumps(rare), json.dumps(LOGIN), None, "{", "[]"], root)
    assert found[:2] == [1.0, 2.0]
    assert math.isnan(found[2])
    assert found[3] == 1.0
    assert [shape["weight"] for shape in root["shapes"]] == [44, 30]


def test_documents_of_one_kind_that_vary_are_a_group_of_their_own() -> None:
    rng = np.random.default_rng(1)
    options = [f"option{number}" for number in range(12)]
    varied = [{"type": "search"} | {key: 1 for key in options if rng.random() < 0.5} for _ in range(300)]

    key, shapes = find_shapes([CLICK] * 200 + varied, 5)

    assert key == "type"
    [group] = [shape for shape in shapes if shape.open]
    assert group.value == '"search"'
    assert group.weight > 200
    root = learn_json([json.dumps(one) for one in varied], 5)
    assert len(root["keys"]) == 13


def test_documents_that_all_differ_are_one_node() -> None:
    texts = [json.dumps({f"user{n}": n, "kind": "x"}) for n in range(50)]

    root = learn_json(texts, 5)

    assert "shapes" not in root
    assert [entry["key"] for entry in root["keys"]] == ["kind"]


def test_every_document_of_several_thousand_has_the_number_of_its_shape() -> None:
    texts = [text for _, _, text in events(3_000)]
    root = learn_json(texts, 5)

    numbers = np.array(numbers_of(texts, root))

    weights = [shape["weight"] for shape in root["shapes"]]
    assert np.bincount(numbers.astype(int), minlength=len(weights) + 1)[1:].tolist() == weights
    for text, number in zip(texts, numbers, strict=True):
        document, shape = json.loads(text), root["shapes"][int(number) - 1]
        rare = "jane_was_here" in document or document.get("items") == "stolen"
        assert rare or paths_of(document) == set(shape["paths"])
        assert json.dumps(document["type"]) == shape["value"]


def objects(there: np.ndarray[Any, Any], entries: list[dict[str, Any]]) -> None:
    for place, entry in enumerate(entries):
        if "after" in entry:
            for state in (False, True):
                own = there[there[:, entry["after"]] == state, place]
                assert entry["given"][int(state)] == pytest.approx(own.mean(), abs=0.03)


def test_keys_that_come_together_or_never_are_learned_as_pairs() -> None:
    rng = np.random.default_rng(1)
    first, alone = rng.random(500) < 0.5, rng.random(500) < 0.5
    there = np.stack([first, first, ~first, alone], axis=1)

    entries = learn_presence(there, 5)

    objects(there, entries)
    assert sum("after" in entry for entry in entries) == 2
    assert "after" not in entries[3]


def test_what_fewer_than_k_objects_do_none_does() -> None:
    first = np.arange(200) < 100
    second = first.copy()
    second[150:153] = True

    [_, entry] = learn_presence(np.stack([first, second], axis=1), 5)

    assert entry["given"] == [0.0, 1.0]
