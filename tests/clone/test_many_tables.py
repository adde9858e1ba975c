"""A schema of very many tables and keys, cycles and shared columns among them, made by the benchmark's own script."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from benchmarks.many_tables import make_schema
from tests.clone.runs import assert_same_rows, cloned, rows_of


def test_hundred_tables(new_database: Callable[..., str], free_database: Callable[[], str]) -> None:
    made = make_schema(100, 300, 12)
    source, target = new_database(made.tables), free_database()
    with psycopg.connect(source) as connection:
        connection.execute(made.keys.encode())
    facts = cloned(source, target)
    assert facts["violations"] == []
    assert_same_rows(rows_of(target), rows_of(source))
