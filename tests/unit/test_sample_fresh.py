"""Fresh values for rows that break a condition."""

from __future__ import annotations

import numpy as np

from dbclone.sample.fresh import Fresh
from dbclone.schema import Column, Kind, Table, TableName, Type


def test_texts_keep_to_the_columns_length_however_often_they_are_asked_for() -> None:
    kind = Type(Kind.TEXT, "CHAR(2)", length=2)
    table = Table(TableName("main", "addresses"), columns=(Column("status", kind),))
    fresh = Fresh(table, {"status": [None, "abcdef"]}, [], (), np.random.default_rng(0))
    made = [fresh.value("status", now, turn) for turn in range(80) for now in (None, "x")]
    assert {len(text) for text in made} == {1, 2}
