"""A database beside itself, beside a second sample, beside shuffled columns, and beside what is missing."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from dbclone.report import FidelityReport, Measure, compare_tables, findings
from dbclone.schema import Column, Kind, Schema, Table, TableName, Type
from tests.report_shop import CUSTOMERS, EMPTY, ITEMS, ORDERS, PRODUCTS, shop_schema, shop_tables, shuffled

FIGURES = ("shape", "pair_tv", "card", "pc", "hop2")


@pytest.fixture(scope="module")
def source() -> dict[TableName, pa.Table]:
    return shop_tables()


def test_a_database_equals_itself(source: dict[TableName, pa.Table]) -> None:
    report = compare_tables(shop_schema(), source, source)
    assert [report.summary[name] for name in FIGURES] == [1.0] * 5
    assert report.score == pytest.approx(1.0)
    assert all(table.identical for table in report.tables if table.source_rows)
    assert not any(key.orphans for key in report.keys)


def test_the_order_of_rows_says_nothing(source: dict[TableName, pa.Table]) -> None:
    rng = np.random.default_rng(3)
    mixed = {name: table.take(pa.array(rng.permutation(table.num_rows))) for name, table in source.items()}
    report = compare_tables(shop_schema(), source, mixed)
    assert [report.summary[name] for name in FIGURES] == [1.0] * 5


def test_a_second_sample_reaches_what_is_expected(source: dict[TableName, pa.Table]) -> None:
    report = compare_tables(shop_schema(), source, shop_tables(seed=5))
    for name in ("shape", "pair_tv", "card"):
        assert report.summary[name] == pytest.approx(report.expected[name], abs=0.05), name


def test_shuffled_columns_keep_their_shape_and_lose_their_dependence(source: dict[TableName, pa.Table]) -> None:
    report = compare_tables(shop_schema(), source, shuffled(source))
    assert report.summary["shape"] == report.summary["card"] == 1.0
    joined = next(key for key in report.keys if key.key.table == ORDERS).pairs[0]
    assert (joined.left, joined.right) == ("segment", "trade")
    assert joined.figure < joined.expected - 0.3
    customers = next(table for table in report.tables if table.name == CUSTOMERS)
    assert (customers.pairs[0].left, customers.pairs[0].right) == ("segment", "spent")
    assert customers.pairs[0].figure < customers.pairs[0].expected - 0.15


def test_keys_are_no_features_and_texts_count_by_length(source: dict[TableName, pa.Table]) -> None:
    report = compare_tables(shop_schema(), source, source)
    measures = {table.name: {c.name: c.measure for c in table.columns} for table in report.tables}
    assert measures[ITEMS] == {"line": Measure.NUMBER, "quantity": Measure.NUMBER}
    assert measures[CUSTOMERS]["email"] is Measure.LENGTH
    assert measures[ORDERS]["status"] is measures[ORDERS]["trade"] is Measure.CATEGORY
    assert measures[ORDERS]["placed"] is Measure.TIME


def test_random_keys_are_seen_in_children_per_parent(source: dict[TableName, pa.Table]) -> None:
    orders = source[ORDERS]
    one = orders.set_column(1, "customer_id", pa.array(np.full(orders.num_rows, 7)))
    report = compare_tables(shop_schema(), source, {**source, ORDERS: one})
    key = next(key for key in report.keys if key.key.table == ORDERS)
    assert key.card < 0.4
    assert key.clone_childless == pytest.approx(299 / 300)
    assert key.source_nulls == pytest.approx(0.1, abs=0.04)
    assert key.clone_nulls == 0.0


def test_orphans_are_counted(source: dict[TableName, pa.Table]) -> None:
    items = source[ITEMS]
    lost = items.set_column(2, "product_id", pa.array([99_999, *items["product_id"].to_pylist()[1:]]))
    report = compare_tables(shop_schema(), source, {**source, ITEMS: lost})
    assert {key.key.name: key.orphans for key in report.keys}["items_product_fkey"] == 1


def test_missing_tables_and_columns_are_named_and_weigh(source: dict[TableName, pa.Table]) -> None:
    clone = {name: table for name, table in source.items() if name != PRODUCTS}
    clone[CUSTOMERS] = clone[CUSTOMERS].drop_columns(["spent"])
    report = compare_tables(shop_schema(), source, clone)
    assert report.missing_tables == (PRODUCTS,)
    assert next(table for table in report.tables if table.name == CUSTOMERS).missing_columns == ("spent",)
    assert {key.key.parent for key in report.keys} == {CUSTOMERS, ORDERS}
    assert report.score == pytest.approx(0.8)


def test_an_empty_clone_is_unlike(source: dict[TableName, pa.Table]) -> None:
    report = compare_tables(shop_schema(), source, {name: table.slice(0, 0) for name, table in source.items()})
    assert report.summary["shape"] == 0.0
    assert all(table.copies is None and not table.identical for table in report.tables)


def test_tables_without_rows_are_listed_and_noted(source: dict[TableName, pa.Table]) -> None:
    filled = pa.table({"id": [1, 2], "note": ["a", "b"]})
    report = compare_tables(shop_schema(), source, {**source, EMPTY: filled})
    table = next(table for table in report.tables if table.name == EMPTY)
    assert (table.source_rows, table.clone_rows, table.columns) == (0, 2, ())
    assert report.notes == ("public.empty has no rows in the source, but 2 in the clone.",)


def test_a_clone_in_another_database_is_read_in_the_source_types(source: dict[TableName, pa.Table]) -> None:
    def as_text(table: pa.Table) -> pa.Table:
        return pa.table({name: table[name].cast(pa.string()) for name in table.column_names})

    clone = {TableName("main", name.name): as_text(table) for name, table in source.items()}
    report = compare_tables(shop_schema(), source, clone)
    assert [report.summary[name] for name in FIGURES] == [1.0] * 5


def test_true_counts_stand_beside_samples(source: dict[TableName, pa.Table]) -> None:
    report = compare_tables(
        shop_schema(), source, source, source_rows={CUSTOMERS: 9_000}, clone_rows={CUSTOMERS: 8_000}
    )
    table = next(table for table in report.tables if table.name == CUSTOMERS)
    assert (table.source_rows, table.clone_rows, table.compared) == (9_000, 8_000, (300, 300))


def test_columns_all_null_constant_or_exotic_do_no_harm() -> None:
    name = TableName("main", "odd")
    kinds = {"nothing": Kind.TEXT, "constant": Kind.INTEGER, "blob": Kind.BINARY, "clock": Kind.TIME, "doc": Kind.JSON}
    schema = Schema("sqlite", (Table(name, tuple(Column(one, Type(kind, "x")) for one, kind in kinds.items())),))
    table = pa.table(
        {
            "nothing": pa.nulls(30, pa.string()),
            "constant": pa.array([1] * 30),
            "blob": pa.array([b"\xff"] * 15 + [None] * 15),
            "clock": pa.array(np.arange(30) * 1_000_000, pa.time64("us")),
            "doc": pa.array(['{"a": 1}'] * 30),
        }
    )
    report = compare_tables(schema, {name: table}, {name: table})
    assert {column.name: column.shape for column in report.tables[0].columns} == {
        "constant": 1.0,
        "blob": 1.0,
        "clock": 1.0,
        "doc": 1.0,
    }
    assert report.tables[0].columns[1].source_nulls == 0.5


def test_infinite_and_missing_numbers_are_compared() -> None:
    name = TableName("main", "t")
    schema = Schema(
        "sqlite", (Table(name, (Column("x", Type(Kind.FLOAT, "double")), Column("y", Type(Kind.FLOAT, "double")))),)
    )
    values = [float("inf"), float("-inf"), float("nan"), None, *map(float, range(40))]
    table = pa.table({"x": pa.array(values, pa.float64()), "y": pa.array(values[::-1], pa.float64())})
    report = compare_tables(schema, {name: table}, {name: table})
    assert report.summary["shape"] == report.summary["pair_tv"] == 1.0


def test_json_brings_the_same_report_back(source: dict[TableName, pa.Table]) -> None:
    report = compare_tables(shop_schema(), source, shop_tables(seed=5))
    text = json.dumps(report.to_json(), allow_nan=False)
    assert FidelityReport.from_json(json.loads(text)) == report
    assert json.loads(text)["summary"] == report.summary


def test_nothing_is_expected_of_what_is_replaced_on_purpose(source: dict[TableName, pa.Table]) -> None:
    customers = source[CUSTOMERS]
    other = customers.set_column(1, "segment", pa.array(["none"] * customers.num_rows))
    clone = {**source, CUSTOMERS: other}
    blamed = findings(compare_tables(shop_schema(), source, clone))
    assert {one.kind for one in blamed} == {"column", "pair", "join"}
    report = compare_tables(shop_schema(), source, clone, sensitive={CUSTOMERS: frozenset({"segment"})})
    assert findings(report) == ()
    column = next(table for table in report.tables if table.name == CUSTOMERS).columns[0]
    assert (column.name, column.sensitive, column.shape, column.expected) == ("segment", True, 0.0, 0.0)


def test_a_handful_of_parents_says_nothing_unless_they_were_copied(source: dict[TableName, pa.Table]) -> None:
    few = {**source, PRODUCTS: source[PRODUCTS].slice(0, 5)}
    items = source[ITEMS].num_rows
    few[ITEMS] = source[ITEMS].set_column(2, "product_id", pa.array(np.arange(items) % 5 + 1))
    drawn = few[PRODUCTS].set_column(2, "price", pa.array([1e6, 2e6, 3e6, 4e6, 5e6]))

    def joined(clone: dict[TableName, pa.Table]) -> tuple[float, float]:
        report = compare_tables(shop_schema(), few, clone)
        pair = next(key for key in report.keys if key.key.name == "items_product_fkey").pairs[0]
        return pair.figure, pair.expected

    assert joined({**few, PRODUCTS: drawn}) == (0.0, 0.0)
    shuffled_items = shuffled(few)[ITEMS].set_column(2, "product_id", pa.array(np.zeros(items, np.int64) + 1))
    figure, expected = joined({**few, ITEMS: shuffled_items})
    assert figure < 0.3
    assert expected > 0.9


def test_large_tables_are_sampled_alike_on_both_sides() -> None:
    name = TableName("main", "t")
    schema = Schema("sqlite", (Table(name, tuple(Column(one, Type(Kind.INTEGER, "int")) for one in "ab")),))
    rng = np.random.default_rng(0)
    table = pa.table({one: rng.integers(0, 50, 1_200_000) for one in "ab"})
    assert compare_tables(schema, {name: table}, {name: table}).summary["pair_tv"] == 1.0


def test_the_same_seed_gives_the_same_report(source: dict[TableName, pa.Table]) -> None:
    both = [compare_tables(shop_schema(), source, shop_tables(seed=5), seed=4) for _ in range(2)]
    assert both[0] == both[1]
