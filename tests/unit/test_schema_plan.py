"""The graph and the plan: parents first, the cheapest key of a cycle cut and linked, impossible mixes refused."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbclone.errors import SchemaError
from dbclone.schema import Column, ForeignKey, Kind, PrimaryKey, Schema, Strategy, Table, TableName, Type, make_plan
from dbclone.schema.graph import is_nullable

INT = Type(Kind.INTEGER, "integer")


def name(text: str) -> TableName:
    return TableName("main", text)


def schema_of(*keys: tuple[str, str, bool]) -> Schema:
    """Tables joined by (child, parent, nullable)."""
    tables: dict[str, Table] = {}
    for text in sorted({one for key in keys for one in key[:2]}):
        tables[text] = Table(name(text), (Column("id", INT, nullable=False),), PrimaryKey(("id",)))
    for number, (child, parent, nullable) in enumerate(keys):
        column, table = f"k{number}", tables[child]
        key = ForeignKey(name(child), (column,), name(parent), ("id",))
        columns = (*table.columns, Column(column, INT, nullable=nullable))
        tables[child] = replace(table, columns=columns, foreign_keys=(*table.foreign_keys, key))
    return Schema("sqlite", tuple(tables.values()))


LETTERS = st.sampled_from("abcde")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(LETTERS, LETTERS, st.booleans()), min_size=1, max_size=12))
def test_any_graph_fills_every_table_once_and_parents_first(keys: list[tuple[str, str, bool]]) -> None:
    schema = schema_of(*keys)
    plan = make_plan(schema)
    assert sorted(plan.tables) == sorted(schema.by_name)
    place = {table: number for number, table in enumerate(plan.tables)}
    for key in schema.foreign_keys:
        if not key.is_self and key not in plan.linked:
            assert place[key.parent] < place[key.table]
    assert plan.linked == {cut.key for cut in plan.cuts}
    inside = {table for cycle in plan.cycles for table in cycle}
    assert all(cut.key.table in inside and cut.key.parent in inside for cut in plan.cuts)
    # A link waits for both its tables.
    done: set[TableName] = set()
    for step in plan.steps:
        if step.action == "insert":
            done.add(step.table)
        else:
            assert step.key is not None
            assert {step.key.table, step.key.parent} <= done


def test_the_key_that_may_be_null_is_cut() -> None:
    plan = make_plan(schema_of(("stores", "employees", True), ("employees", "stores", False)))
    assert plan.tables == (name("stores"), name("employees"))
    assert [str(cut.key) for cut in plan.cuts] == ["main.stores(k0) -> main.employees(id)"]
    assert plan.cuts[0].reason == "its columns may be NULL, so it is linked once both tables exist"
    assert plan.cycles == ((name("employees"), name("stores")),)


def test_a_key_is_nullable_by_its_match() -> None:
    table = Table(name("t"), (Column("a", INT), Column("b", INT, nullable=False)))
    key = ForeignKey(name("t"), ("a", "b"), name("p"), ("a", "b"))
    assert is_nullable(table, key)
    assert not is_nullable(table, replace(key, match="FULL"))


@pytest.mark.parametrize(
    ("child", "parent", "message"),
    [
        ("synthesize", "skip", "main.c.k0 references main.p, which this clone leaves out."),
        ("synthesize", "empty", "main.c.k0 may not be NULL and references main.p, which this clone leaves empty."),
        ("copy", "synthesize", "main.c is to be copied, but main.c.k0 references main.p, which is to be synthesized"),
        ("mask", "synthesize", "main.c is to be masked, but main.c.k0 references main.p, which is to be synthesized"),
    ],
)
def test_impossible_mixes_are_refused(child: str, parent: str, message: str) -> None:
    chosen = {name("c"): Strategy(child), name("p"): Strategy(parent)}
    with pytest.raises(SchemaError, match=re.escape(message)) as caught:
        make_plan(schema_of(("c", "p", False)), chosen)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("child", "parent", "nullable"),
    [
        ("empty", "skip", False),
        ("skip", "skip", False),
        ("synthesize", "skip", True),
        ("synthesize", "empty", True),
        ("copy", "mask", False),
        ("synthesize", "copy", False),
    ],
)
def test_possible_mixes_are_planned(child: str, parent: str, nullable: bool) -> None:
    chosen = {name("c"): Strategy(child), name("p"): Strategy(parent)}
    plan = make_plan(schema_of(("c", "p", nullable)), chosen)
    assert set(plan.tables) == {table for table, one in chosen.items() if one is not Strategy.SKIP}
