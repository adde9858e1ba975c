"""Values of any database brought to the source's types."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from dbclone.report.alignment import align, common, find
from dbclone.schema import Kind, TableName, Type


@pytest.mark.parametrize(
    ("kind", "given", "wanted"),
    [
        (Kind.INTEGER, ["1", " 2 ", "x", None, "3.0"], [1, 2, None, None, 3]),
        (Kind.DECIMAL, ["1.5", "-2e3", "", None], [1.5, -2000.0, None, None]),
        (Kind.BOOLEAN, ["t", "FALSE", "1", "maybe", None], [True, False, True, None, None]),
        (Kind.DATE, ["2024-02-29", "2024-02-29 10:00:00", "soon", None], [dt.date(2024, 2, 29)] * 2 + [None] * 2),
        (Kind.TIME, ["10:11:12", None], [dt.time(10, 11, 12), None]),
        (Kind.BINARY, ["ab", None], [b"ab", None]),
        (Kind.TEXT, ["ab", None], ["ab", None]),
    ],
)
def test_text_becomes_what_the_source_has(kind: Kind, given: list[str | None], wanted: list[object]) -> None:
    assert align(pa.array(given, pa.string()), Type(kind, kind.value)).to_pylist() == wanted


def test_text_becomes_timestamps_with_and_without_zone() -> None:
    text = pa.array(["2024-01-01 10:00:00", "2024-01-01T12:00:00+02:00", "2024-01-01 10:00:00Z", "2024-02-30", None])
    ten = dt.datetime.fromisoformat("2024-01-01 10:00")
    plain = align(text, Type(Kind.TIMESTAMP, "timestamp")).to_pylist()
    assert plain == [ten, ten.replace(hour=12), ten, None, None]
    zoned = align(text, Type(Kind.TIMESTAMPTZ, "timestamptz")).to_pylist()
    assert zoned == [ten.replace(tzinfo=dt.UTC)] * 3 + [None] * 2


@pytest.mark.parametrize(
    ("given", "kind", "wanted"),
    [
        (pa.array([1, 0, None]), Kind.BOOLEAN, [True, False, None]),
        (pa.array([True, None]), Kind.INTEGER, [1, None]),
        (pa.array([1.0, 2.0]), Kind.INTEGER, [1, 2]),
        (pa.nulls(2), Kind.TIMESTAMP, [None, None]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), Kind.TEXT, ["a", "b", "a"]),
        (pa.array([1_704_085_200_000_000], pa.timestamp("us")), Kind.DATE, [dt.date(2024, 1, 1)]),
        (pa.array([b"\xff\x00", b"\x01"]), Kind.TEXT, ["ff00", "01"]),
        (pa.array([[1, 2], None]), Kind.ARRAY, ["[1, 2]", None]),
        (pa.chunked_array([[1], [2]]), Kind.DECIMAL, [1.0, 2.0]),
    ],
)
def test_other_types_are_cast(given: pa.Array, kind: Kind, wanted: list[object]) -> None:
    assert align(given, Type(kind, kind.value)).to_pylist() == wanted


def test_keys_of_two_types_meet() -> None:
    left, right = common(pa.array([1, 2]), pa.array([1.0, 3.0]))
    assert left.type == right.type == pa.float64()
    left, right = common(pa.array([1, 2]), pa.array(["1", "3"]))
    assert left.to_pylist() == ["1", "2"]


def test_a_table_is_found_by_its_bare_name_where_only_one_has_it() -> None:
    table = pa.table({"a": [1]})
    wanted = TableName("public", "a")
    assert find({TableName("main", "a"): table}, wanted) is table
    assert find({TableName("x", "a"): table, TableName("y", "a"): table}, wanted) is None
    assert find({TableName("x", "a"): pa.table({}), wanted: table}, wanted) is table
