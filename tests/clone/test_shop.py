"""The example shop, small and at its own size, between files: what a newcomer sees first."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from examples.shop import build
from tests.clone.runs import assert_same_rows, cloned, rows_of, sqlite_is_sound


@pytest.mark.parametrize("customers", [40, None], ids=["small", "default"])
def test_the_shop_is_cloned(customers: int | None, tmp_path: Path) -> None:
    source, target = tmp_path / "shop.db", tmp_path / "clone.db"
    if customers is None:
        build(source)
    else:
        build(source, customers=customers)
    facts = cloned(source, target)
    assert facts["losses"] == []
    assert_same_rows(rows_of(target), rows_of(source))
    sqlite_is_sound(target)
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("ATTACH ? AS source", [str(source)])
        for table in ("customers", "employees"):
            same = connection.execute(f"SELECT count(*) FROM {table} JOIN source.{table} s USING (email)").fetchone()
            assert same == (0,)
