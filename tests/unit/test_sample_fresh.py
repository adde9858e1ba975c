"""New values for single rows: of the column's form and length, also where no row shows what they look like."""

from __future__ import annotations

import numpy as np
import pytest

from dbclone.sample.fresh import Fresh
from dbclone.schema import Column, Kind, Table, TableName, Type

TAGS = Column("tags", Type(Kind.ARRAY, "text[]", element=Type(Kind.TEXT, "text")))
CODE = Column("code", Type(Kind.TEXT, "varchar(1)", length=1))
NAME = TableName("public", "t")


@pytest.mark.parametrize("column", [TAGS, CODE], ids=["array", "text"])
def test_values_out_of_nothing_fit_their_column(column: Column) -> None:
    fresh = Fresh(Table(NAME, (column,)), {column.name: [None] * 9}, range(9), (), np.random.default_rng(1))

    made = [fresh.value(column.name, None, turn) for turn in range(100)]

    if column is TAGS:
        assert set(made) == {"{}"}
    else:
        assert set(map(len, made)) == {1}


def test_texts_keep_to_the_columns_length_however_often_they_are_asked_for() -> None:
    column = Column("status", Type(Kind.TEXT, "CHAR(2)", length=2))
    fresh = Fresh(Table(NAME, (column,)), {"status": [None, "abcdef"]}, [], (), np.random.default_rng(0))

    made = [fresh.value("status", now, turn) for turn in range(80) for now in (None, "x")]

    assert {len(text) for text in made} == {1, 2}
