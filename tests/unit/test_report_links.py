"""Foreign keys as row numbers: composite, NULL, orphaned, self and of mixed types."""

from __future__ import annotations

import pyarrow as pa

from dbclone.report.features import pair_tables
from dbclone.report.links import Link, link
from dbclone.schema import Column, ForeignKey, Kind, PrimaryKey, Schema, Table, TableName, Type

PARENT, CHILD = TableName("s", "parent"), TableName("s", "child")


def linked(parent: pa.Table, child: pa.Table, columns: tuple[str, ...], kinds: dict[str, Kind] | None = None) -> Link:
    def table(name: TableName, data: pa.Table, keys: tuple[ForeignKey, ...]) -> Table:
        found = [
            Column(one, Type((kinds or {}).get(f"{name.name}.{one}", Kind.INTEGER), "x")) for one in data.column_names
        ]
        return Table(name, tuple(found), PrimaryKey(columns) if name == PARENT else None, foreign_keys=keys)

    key = ForeignKey(CHILD, columns, PARENT, columns)
    schema = Schema("postgresql", (table(CHILD, child, (key,)), table(PARENT, parent, ())))
    pairs = [pair_tables(schema, name, data, data) for name, data in ((CHILD, child), (PARENT, parent))]
    found = link(key, *pairs)
    assert found is not None
    return found


def test_one_column() -> None:
    found = linked(pa.table({"a": [10, 20, 30]}), pa.table({"a": pa.array([20, None, 99, 20, 10])}), ("a",)).source
    assert found.parents.tolist() == [1, -1, -1, 1, 0]
    assert found.children.tolist() == [1, 2, 0]
    assert (found.empty, found.orphans) == (1, 1)


def test_composite_keys_match_in_all_columns_and_are_empty_where_one_is() -> None:
    parent = pa.table({"a": [1, 1, 2], "b": [1, 2, 1]})
    child = pa.table({"a": pa.array([1, 2, 2, 1, None]), "b": pa.array([2, 1, 2, None, 1])})
    found = linked(parent, child, ("a", "b")).source
    assert found.parents.tolist() == [1, 2, -1, -1, -1]
    assert (found.empty, found.orphans) == (2, 1)


def test_texts_and_numbers_meet() -> None:
    kinds = {"parent.a": Kind.DECIMAL, "child.a": Kind.INTEGER}
    found = linked(pa.table({"a": [1.0, 2.0]}), pa.table({"a": [2, 1]}), ("a",), kinds).source
    assert found.parents.tolist() == [1, 0]
    kinds = {"parent.a": Kind.TEXT, "child.a": Kind.TEXT}
    found = linked(pa.table({"a": ["x", "y"]}), pa.table({"a": ["y", "z"]}), ("a",), kinds).source
    assert found.parents.tolist() == [1, -1]


def test_no_rows_on_either_side() -> None:
    none = pa.table({"a": pa.array([], pa.int64())})
    assert linked(none, pa.table({"a": [1]}), ("a",)).source.orphans == 1
    assert linked(pa.table({"a": [1]}), none, ("a",)).source.children.tolist() == [0]
    assert linked(none, none, ("a",)).source.parents.tolist() == []


def test_a_key_whose_column_was_not_read_is_none() -> None:
    key = ForeignKey(CHILD, ("a",), PARENT, ("a",))
    tables = (
        Table(CHILD, (Column("a", Type(Kind.INTEGER, "x")),), foreign_keys=(key,)),
        Table(PARENT, (Column("a", Type(Kind.INTEGER, "x")),)),
    )
    schema = Schema("postgresql", tables)
    data = pa.table({"a": [1]})
    assert (
        link(key, pair_tables(schema, CHILD, pa.table({"b": [1]}), data), pair_tables(schema, PARENT, data, data))
        is None
    )
