"""PostgreSQL to PostgreSQL on published databases: the same DDL, rows, constraints, and numbers that go on."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from dbclone.dialects.address import parse_address
from dbclone.dialects.postgresql import open_source
from dbclone.schema import Table
from tests.clone.conftest import Pair
from tests.clone.runs import POSTGRES, assert_same_rows, rows_of
from tests.roundtrip import schema_dump

Clones = Callable[[str], Pair]
# One worker makes each clone once.
published = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in POSTGRES]
)


@published
def test_schema_is_the_source_s_own(name: str, postgres_clone: Clones) -> None:
    pair = postgres_clone(name)
    assert schema_dump(pair.target) == schema_dump(pair.source)
    assert pair.facts["losses"] == []
    assert pair.facts["violations"] == []


@published
def test_each_table_has_as_many_rows(name: str, postgres_clone: Clones) -> None:
    pair = postgres_clone(name)
    found = rows_of(pair.target)
    assert_same_rows(found, rows_of(pair.source))
    assert sum(found.values()) == sum(pair.facts["rows"].values())


@published
def test_rows_can_be_inserted_where_the_database_numbers_them(name: str, postgres_clone: Clones) -> None:
    pair = postgres_clone(name)
    with open_source(parse_address(pair.target)) as opened:
        numbered = [table for table in opened.schema() if any(column.is_automatic for column in table.columns)]
    with psycopg.connect(pair.target) as connection:
        for table in numbered:
            insert_again(connection, table)
            connection.rollback()


def insert_again(connection: psycopg.Connection[tuple[object, ...]], table: Table) -> None:
    """One row goes and comes back without its numbers, so that every other constraint is content with it: triggers
    and foreign keys are on when it comes back, and each new number is beyond all that are there."""
    name = sql.Identifier(table.name.schema, table.name.name)
    automatic = [column for column in table.columns if column.is_automatic]
    others = sql.SQL(", ").join(sql.Identifier(c.name) for c in table.stored_columns if not c.is_automatic)
    numbers = sql.SQL(", ").join(sql.Identifier(column.name) for column in automatic)
    highest = sql.SQL(", ").join(sql.SQL("max({})").format(sql.Identifier(column.name)) for column in automatic)
    before = connection.execute(sql.SQL("SELECT {} FROM {}").format(highest, name)).fetchone()
    assert before is not None
    if before[0] is None:
        # There is no row to learn from how one looks, but the numbers can be asked for.
        for column in automatic:
            assert connection.execute("SELECT nextval(%s::regclass)", [column.sequence]).fetchone() == (1,)
        return
    connection.execute("SET LOCAL session_replication_role = replica")
    connection.execute(
        sql.SQL("CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT t.tableoid AS part, t.ctid AS place, t.* FROM {} t"
                " LIMIT 1").format(name)
    )
    delete = sql.SQL("DELETE FROM {} t WHERE (t.tableoid, t.ctid) IN (SELECT part, place FROM kept)")
    assert connection.execute(delete.format(name)).rowcount == 1
    connection.execute("SET LOCAL session_replication_role = origin")
    insert = sql.SQL("INSERT INTO {name} ({others}) SELECT {others} FROM kept RETURNING {numbers}")
    after = connection.execute(insert.format(name=name, others=others, numbers=numbers)).fetchone()
    assert after is not None
    assert all(new > old for new, old in zip(after, before, strict=True)), f"{table.name}: {after} after {before}"  # type: ignore[operator]


@published
def test_nothing_is_left_beside_the_clone(name: str, postgres_clone: Clones) -> None:
    pair = postgres_clone(name)
    with psycopg.connect(pair.target) as connection:
        query = "SELECT datname FROM pg_database WHERE datname LIKE current_database() || '\\_\\_dbclone%%'"
        assert connection.execute(query).fetchall() == []
