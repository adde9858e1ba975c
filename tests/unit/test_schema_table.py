"""Schemas as values: JSON both ways for any schema, and what names mean."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dbclone.schema import (
    Check,
    Column,
    Exclusion,
    ForeignKey,
    Index,
    Partition,
    PrimaryKey,
    Schema,
    SchemaObject,
    Sequence,
    Table,
    TableName,
    Type,
    Unique,
)

PARTS = [Check, Column, Exclusion, ForeignKey, Index, Partition, PrimaryKey, SchemaObject, Sequence, TableName, Unique]
# A type may hold a type: one level is enough to show it.
st.register_type_strategy(
    Type, st.builds(Type, element=st.none() | st.builds(Type, element=st.none(), labels=st.just(("a", "ü"))))
)
TABLES = st.builds(Table, columns=st.lists(st.from_type(Column), max_size=3).map(tuple))
SCHEMAS = st.builds(Schema, tables=st.lists(TABLES, max_size=3).map(tuple))


@settings(max_examples=40, deadline=None)
@given(SCHEMAS)
def test_json_gives_an_equal_schema_back(schema: Schema) -> None:
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


@pytest.mark.parametrize("data", [None, {}, {"dialect": "sqlite"}, {"dialect": "sqlite", "tables": [{"name": 3}]}])
def test_json_of_another_shape_is_refused(data: object) -> None:
    with pytest.raises(ValidationError):
        Schema.from_json(data)


def named(*names: tuple[str, str]) -> Schema:
    return Schema("postgresql", tuple(Table(TableName(*name), ()) for name in names))


def test_short_names_carry_the_schema_only_where_two_tables_share_a_name() -> None:
    assert list(named(("a", "x"), ("b", "y")).short_names.values()) == ["x", "y"]
    assert list(named(("a", "x"), ("b", "x"), ("b", "y")).short_names.values()) == ["a.x", "b.x", "b.y"]


def test_a_name_finds_one_table_or_none() -> None:
    schema = named(("a", "x"), ("b", "x"), ("public", "y"), ("b", "y"), ("b", "z"))
    assert schema.find("b.x") == TableName("b", "x")
    assert schema.find("x") is None
    assert schema.find("y") == TableName("public", "y")
    assert schema.find("z") == TableName("b", "z")
    assert schema.find("nothing") is None


def test_unique_sets_are_those_that_hold_for_every_row() -> None:
    uniques = (Unique(("b",)), Unique(("c",), predicate="c > 0"), Unique((), expressions=("lower(d)",)), Unique(("a",)))
    table = Table(TableName("main", "t"), (), PrimaryKey(("a",)), uniques)
    assert table.unique_sets == (("a",), ("b",))
