"""What a unique set has left: counted where it can be, nothing where there is too much."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlglot import expressions as exp

from dbclone.sample.combinations import free_combinations
from dbclone.sample.demands import Distinct, Present
from dbclone.schema import Column, ForeignKey, Kind, Table, TableName, Type

NAME = TableName("main", "slot")
KEY = ForeignKey(NAME, ("room",), TableName("main", "room"), ("id",))
TABLE = Table(
    NAME,
    (Column("room", Type(Kind.INTEGER, "int")), Column("hour", Type(Kind.INTEGER, "int")),
     Column("late", Type(Kind.BOOLEAN, "bool"))),
    foreign_keys=(KEY,),
)  # fmt: skip
KINDS = {"room": pa.int64(), "hour": pa.int64(), "late": pa.bool_()}
VALUES: dict[str, list[Any]] = {"room": [1, 1, 2], "hour": [1, 2, 1], "late": [False, False, None]}


def free(*columns: str, taken: set[tuple[Any, ...]], hours: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    demand = Distinct(columns, tuple(exp.column(name, quoted=True) for name in columns), None, columns)
    keys = [(Present(("room",), 0, KEY), [(1,), (2,), (3,), (None,)])]
    return free_combinations(demand, TABLE, VALUES, KINDS, keys, {"hour": hours}, taken)


def test_what_no_row_has_is_left() -> None:
    assert free("room", "hour", taken={(1, 1), (1, 2), (2, 1), (3, 2)}) == [
        {"room": 2, "hour": 2},
        {"room": 3, "hour": 1},
    ]


def test_the_schema_says_what_else_there_may_be() -> None:
    assert free("hour", taken={(1,), (2,)}, hours=("1", "4")) == [{"hour": 3}, {"hour": 4}]
    assert free("late", taken={(False,)}) == [{"late": True}]


def test_too_many_are_not_counted() -> None:
    VALUES["hour"] = list(range(3_000))
    assert free("room", "hour", taken=set()) == []
    VALUES["hour"] = [1, 2, 1]
