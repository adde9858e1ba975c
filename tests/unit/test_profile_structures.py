"""Structures: what of JSON, arrays, ranges and the like is learned, and what is not."""

from __future__ import annotations

import json

from dbclone.profile.composites import read_composite
from dbclone.profile.documents import has_sensitive, learn_json, learn_xml
from dbclone.profile.structures import learn_array, learn_interval, learn_range, read_array
from dbclone.schema import Kind, Type


def test_json_keys_that_fewer_than_k_documents_have_are_left_out() -> None:
    texts = [
        json.dumps({"size": "L", "n": n, "secret_of_jane": 1} if n == 3 else {"size": "L", "n": n}) for n in range(20)
    ]

    root = learn_json(texts, 5)

    assert [entry["key"] for entry in root["keys"]] == ["size", "n"]
    assert root["keys"][0]["node"]["text"]["choices"] == ["L"]
    assert "jane" not in json.dumps(root)


def test_json_leaves_that_name_people_are_sensitive_and_never_kept() -> None:
    texts = [json.dumps({"email": f"jane{n % 2}@corp.test", "paid": True}) for n in range(20)]

    root = learn_json(texts, 5)

    assert has_sensitive(root)
    assert "corp" not in json.dumps(root)


def test_json_of_changing_types() -> None:
    root = learn_json(['{"a": 1}'] * 6 + ['{"a": "x"}'] * 6 + ["[1, 2]"] * 6 + ["not json"], 5)

    assert root["kinds"] == {"array": 6, "object": 12}
    assert [shape["node"]["kinds"] for shape in root["shapes"]] == [{"array": 6}, {"object": 6}, {"object": 6}]
    kinds = [shape["node"]["keys"][0]["node"]["kinds"] for shape in root["shapes"][1:]]
    assert kinds == [{"number": 6}, {"string": 6}]


def test_arrays_are_read_as_postgresql_writes_them() -> None:
    assert read_array('{a,"b c",NULL,"q\\"x",""}') == ["a", "b c", None, 'q"x', ""]
    assert read_array("{}") == []
    assert read_array("{{1,2},{3,4}}") is None
    assert read_array("[0:1]={1,2}") is None


def test_arrays_keep_shared_elements_only() -> None:
    learned = learn_array(Type(Kind.TEXT, "text"), ["{red,blue}"] * 5 + ["{red}"] * 5 + ["{jane}"], 5)

    assert learned["leaf"]["choices"] == ["red", "blue"]
    assert learned["distinct"]
    assert "jane" not in json.dumps(learned)


def test_ranges_and_intervals() -> None:
    days = learn_range("daterange", [f"[2024-01-{n:02d},2024-02-{n:02d})" for n in range(1, 29)] + ["empty"], 5)
    spans = learn_interval(["1 mon 02:00:00", "3 days", "1 year 2 mons", "-01:30:00"] * 5, 5)

    assert (days["kind"], days["bounds"]) == ("date", "[)")
    assert spans["months"]["share"] == 0.5
    assert spans["days"]["quantiles"][0] == 3.0


def test_rows_are_split_into_fields() -> None:
    assert read_composite('(1,"a,b",,x)') == ["1", "a,b", None, "x"]
    assert read_composite('("say ""no""","back\\\\slash","(2,""b c"")")') == ['say "no"', "back\\slash", '(2,"b c")']
    assert read_composite("(,)") == [None, None]


def test_xml_with_a_dtd_is_not_parsed() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'

    assert learn_xml([bomb] * 10, 5) == {}
    assert learn_xml(["<a><b>x</b></a>"] * 10, 5)["children"][0]["node"]["tag"] == "b"
