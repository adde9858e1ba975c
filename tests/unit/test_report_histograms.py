"""Bars that name no value which fewer than k rows, or k parents, share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from dbclone.report import Histogram, compare_tables
from dbclone.report.features import Feature, pair_tables
from dbclone.report.histograms import count_histogram, histogram
from dbclone.schema import Column, ForeignKey, Kind, PrimaryKey, Schema, Table, TableName, Type
from tests.report_shop import shop_schema, shop_tables

NAME = TableName("main", "t")


def feature(source: pa.Array, clone: pa.Array, kind: Kind) -> Feature:
    schema = Schema("sqlite", (Table(NAME, (Column("x", Type(kind, kind.value)),)),))
    return pair_tables(schema, NAME, pa.table({"x": source}), pa.table({"x": clone})).features[0]


def words(*counts: tuple[str, int]) -> pa.Array:
    return pa.array([word for word, number in counts for _ in range(number)])


def test_rare_categories_are_others() -> None:
    found = histogram(
        feature(words(("a", 60), ("b", 30), ("c", 10), ("rare", 4)), words(("a", 9), ("z", 1)), Kind.TEXT), 5
    )
    assert found == Histogram(("a", "b", "c", "others"), (0.57692, 0.28846, 0.09615, 0.03846), (0.9, 0.0, 0.0, 0.1))


def test_values_that_the_schema_lists_are_named_however_rare() -> None:
    found = histogram(feature(words(("a", 9), ("rare", 1)), words(("a", 1)), Kind.ENUM), 5)
    assert found is not None
    assert found.labels == ("a", "rare")


def test_nothing_is_shown_where_no_value_is_common_or_all_are_hidden() -> None:
    assert histogram(feature(words(("a", 4), ("b", 4)), words(("a", 1)), Kind.TEXT), 5) is None
    one = feature(words(("a", 40)), words(("a", 1)), Kind.TEXT)
    assert histogram(replace(one, sensitive=True), 5) is None


def test_a_value_of_one_parent_is_not_named_for_its_many_rows() -> None:
    one = feature(words(("Salem Street", 20), ("paid", 20)), words(("paid", 3)), Kind.TEXT)
    owners = np.concatenate([np.zeros(20, np.int64), np.arange(20) % 10])
    found = histogram(one, 5, [owners])
    assert found is not None
    assert found.labels == ("paid", "others")
    few = histogram(one, 5, [np.arange(40) % 2])
    assert few is not None
    assert few.labels == ("Salem Street", "paid")


def test_ends_of_ranges_are_round_and_tell_no_extreme() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(1_000.0, 100.0, 500), [987_654.32]])
    found = histogram(feature(pa.array(values), pa.array(values), Kind.DECIMAL), 5)
    assert found is not None
    assert found.labels[0].startswith("< ")
    assert not any("987" in label for label in found.labels if float(label.split()[-1].replace(",", "")) > 2_000)
    assert all(float(label.split()[-1].replace(",", "")) % 10 == 0 for label in found.labels)
    assert sum(found.source) == pytest.approx(1.0, abs=1e-3)


def test_values_orders_of_magnitude_apart_get_growing_bars() -> None:
    values = np.random.default_rng(0).lognormal(5.0, 2.0, 2_000)
    found = histogram(feature(pa.array(values), pa.array(values), Kind.FLOAT), 5)
    assert found is not None
    assert "100 – 200" in found.labels
    assert "200 – 500" in found.labels
    assert max(found.source) < 0.3


def test_few_distinct_numbers_are_bars_of_their_own() -> None:
    found = histogram(feature(pa.array([1] * 20 + [2] * 10), pa.array([1, 3]), Kind.INTEGER), 5)
    assert found == Histogram(("1", "2", "others"), (0.66667, 0.33333, 0.0), (0.5, 0.0, 0.5))


def test_dates_are_cut_at_days() -> None:
    days = pa.array(np.arange(400).astype("datetime64[D]"))
    found = histogram(feature(days, days, Kind.DATE), 5)
    assert found is not None
    assert all(len(label.split()[-1]) == len("1970-01-01") for label in found.labels)


def test_hours_are_cut_at_hours() -> None:
    hours = pa.array(np.arange(0, 86_400_000_000, 60_000_000), pa.time64("us"))
    found = histogram(feature(hours, hours, Kind.TIME), 5)
    assert found is not None
    assert found.labels[-1].startswith("≥ ")
    assert len(found.labels[-1]) == len("≥ 18:00")


def test_small_tables_and_constants_show_nothing_that_points_at_a_row() -> None:
    assert histogram(feature(pa.array([1.0, 2.0, 3.0]), pa.array([1.0]), Kind.DECIMAL), 5) is None
    found = histogram(feature(pa.array([7] * 40), pa.array([7]), Kind.INTEGER), 5)
    assert found == Histogram(("7",), (1.0,), (1.0,))


def test_counts_end_where_k_parents_are_left() -> None:
    source = np.array([0] * 20 + [1] * 20 + [2] * 6 + [11])
    found = count_histogram(source, np.array([0, 1, 50]), 5)
    assert found is not None
    assert found.labels == ("0", "1", "2+")
    assert found.clone == pytest.approx((1 / 3, 1 / 3, 1 / 3), abs=1e-4)
    assert count_histogram(np.array([1, 2]), np.array([1]), 5) is None


def test_a_comparison_hides_what_it_is_told_to_and_what_one_parent_owns() -> None:
    people, bills = TableName("main", "people"), TableName("main", "bills")
    key = ForeignKey(bills, ("person",), people, ("id",))
    integer, text = Type(Kind.INTEGER, "int"), Type(Kind.TEXT, "text")
    schema = Schema(
        "sqlite",
        (
            Table(
                bills, (Column("person", integer), Column("street", text), Column("city", text)), foreign_keys=(key,)
            ),
            Table(people, (Column("id", integer),), PrimaryKey(("id",))),
        ),
    )
    owner = np.repeat(np.arange(10), 8)
    tables = {
        people: pa.table({"id": range(10)}),
        bills: pa.table({"person": owner, "street": [f"{one} Salem Street" for one in owner], "city": ["Bern"] * 80}),
    }
    shown = {c.name: c.histogram for c in compare_tables(schema, tables, tables).tables[0].columns}
    assert shown["street"] is None
    assert shown["city"] == Histogram(("Bern",), (1.0,), (1.0,))
    hidden = compare_tables(schema, tables, tables, sensitive={bills: frozenset({"city"})})
    assert hidden.tables[0].columns[1].histogram is None


def test_no_label_of_the_shop_is_rare() -> None:
    tables = shop_tables()
    report = compare_tables(shop_schema(), tables, tables)
    texts = {
        str(v)
        for t in tables.values()
        for name in ("email", "code")
        if name in t.column_names
        for v in t[name].to_pylist()
    }
    labels = {label for t in report.tables for c in t.columns if c.histogram for label in c.histogram.labels}
    assert labels
    assert not labels & texts
