"""Schemas reshaped: tables left out, keys added and ignored, and what another database lacks of one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbclone.config import Config
from dbclone.errors import ConfigError
from dbclone.reshape import asked_constraints, compare_schemas, counterparts, drop_tables, with_keys
from dbclone.schema import Check, Column, ForeignKey, Kind, PrimaryKey, Schema, SchemaObject, Table, TableName, Type

INT = Type(Kind.INTEGER, "integer")


def shop(dialect: str = "postgresql", schema: str = "public", more: tuple[Check, ...] = ()) -> Schema:
    orders, people = TableName(schema, "orders"), TableName(schema, "people")
    key = ForeignKey(orders, ("person",), people, ("id",))
    columns = Column("id", INT, nullable=False), Column("person", INT)
    return Schema(
        dialect,
        (
            Table(orders, columns, PrimaryKey(("id",)), foreign_keys=(key,), checks=more),
            Table(people, columns[:1], PrimaryKey(("id",))),
        ),
        objects=(SchemaObject("trigger", "told", people), SchemaObject("view", "all")),
        default_schema=schema,
    )


def test_dropped_tables_take_their_keys_and_objects_along() -> None:
    left = drop_tables(shop(), frozenset({TableName("public", "people")}))
    assert [table.name.name for table in left] == ["orders"]
    assert left.foreign_keys == ()
    assert [one.name for one in left.objects] == ["all"]
    assert drop_tables(shop(), frozenset()) == shop()


@pytest.mark.parametrize("text", ["orders.person", "public.orders.person"])
def test_ignored_keys_are_not_followed(text: str) -> None:
    assert with_keys(shop(), Config.model_validate({"keys": {"ignore": [text]}})).foreign_keys == ()


def test_added_keys_are_marked_as_such() -> None:
    extra = {"table": "people", "columns": ["id"], "parent": "orders", "parent_columns": ["id"]}
    added = with_keys(shop(), Config.model_validate({"keys": {"extra": [extra]}})).foreign_keys
    assert [str(key) for key in added if key.inferred] == ["public.people(id) -> public.orders(id)"]
    wrong = Config.model_validate({"keys": {"extra": [{**extra, "parent_columns": ["no"]}]}})
    with pytest.raises(ConfigError, match=r"keys.extra names orders\(no\), which is not in the source."):
        with_keys(shop(), wrong)


def test_tables_stand_for_each_other_across_databases() -> None:
    names = counterparts(shop(), shop("sqlite", "main"))
    assert names == {TableName("public", one): TableName("main", one) for one in ("orders", "people")}


def test_what_another_database_lacks_is_listed_and_the_rest_renamed() -> None:
    own = shop("sqlite", "main")
    assert compare_schemas(shop(), own)[0] == ()
    renamed = compare_schemas(shop(), own)[1]
    assert [str(key) for key in renamed.foreign_keys] == ["main.orders(person) -> main.people(id)"]
    own = replace(own, tables=(replace(own.tables[0], columns=own.tables[0].columns[:1]),))
    missing, shared = compare_schemas(shop(), own)
    assert [(str(one.table), one.constraint) for one in missing] == [
        ("public.orders", "person is missing"),
        ("public.people", "is missing"),
    ]
    assert shared.tables == ()


def test_checks_in_another_sql_count_only_where_the_target_has_them() -> None:
    kept, lost = Check("id > 0", "kept"), Check("id ~ 'x'", "lost")
    expected, own = shop(more=(kept, lost)), shop("sqlite", "main", (replace(kept, expression="id > 0.0"),))
    asked, unchecked = asked_constraints(expected, own)
    assert [check.expression for check in asked.table(TableName("public", "orders")).checks] == ["id > 0.0"]
    assert unchecked == ("public.orders lost: it is not in the target",)
    assert asked_constraints(expected, expected) == (expected, ())
