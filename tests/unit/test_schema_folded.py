"""What a database without capitals calls what differs in nothing else."""

from __future__ import annotations

import pytest

from dbclone.schema import (
    Check,
    Column,
    ForeignKey,
    Kind,
    PrimaryKey,
    Schema,
    Table,
    TableName,
    Type,
    Unique,
    flat_names,
    told_apart,
)

NUMBER = Type(Kind.INTEGER, "integer")
ITEM, OTHER = TableName("public", "item"), TableName("public", "Item")
SCHEMA = Schema(
    "postgresql",
    (
        Table(OTHER, (Column("ref", NUMBER),), foreign_keys=(ForeignKey(OTHER, ("ref",), ITEM, ("Id",)),)),
        Table(
            ITEM,
            (Column("Id", NUMBER), Column("id", NUMBER), Column("id_2", NUMBER)),
            PrimaryKey(("id",)),
            uniques=(Unique(("Id",), predicate='"Id" > id'),),
            checks=(Check('("Id" > id)'),),
        ),
    ),
)


@pytest.mark.parametrize("target", ["sqlite", "duckdb", "mysql"])
def test_what_would_be_one_is_numbered(target: str) -> None:
    apart, renamed = told_apart(SCHEMA, target)
    assert renamed == {ITEM: {"Id": "Id_3"}}
    item, other = apart.table(ITEM), apart.table(OTHER)
    assert [column.name for column in item.columns] == ["Id_3", "id", "id_2"]
    assert (item.key, item.uniques[0].columns) == (("id",), ("Id_3",))
    assert (item.checks[0].expression, item.uniques[0].predicate) == ('("Id_3" > id)', '"Id_3" > id')
    assert other.foreign_keys[0].parent_columns == ("Id_3",)
    assert flat_names(SCHEMA, target) == {OTHER: "Item_2", ITEM: "item"}


def test_what_mysql_has_no_room_for_is_cut() -> None:
    names = [f"{'x' * 62} {number}" for number in (1, 2)]
    table = Table(ITEM, tuple(Column(name, NUMBER) for name in ["trail", "trail ", *names]))
    apart, _ = told_apart(Schema("postgresql", (table,)), "mysql")
    assert [column.name for column in apart.tables[0].columns] == ["trail", "trail_2", names[0], names[1]]
    longer = Schema("postgresql", tuple(Table(TableName(place, "y" * 63), ()) for place in ("app", "apps")))
    flat = list(flat_names(longer, "mysql").values())
    assert flat == [f"app.{'y' * 60}", f"apps.{'y' * 59}"]


@pytest.mark.parametrize("target", ["postgresql", "parquet"])
def test_capitals_count_elsewhere(target: str) -> None:
    assert told_apart(SCHEMA, target) == (SCHEMA, {})
    assert flat_names(SCHEMA, target) == SCHEMA.short_names


def test_a_database_holds_its_own_names() -> None:
    held = Schema("mysql", SCHEMA.tables)
    assert flat_names(held, "mysql") == held.short_names
