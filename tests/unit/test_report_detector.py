"""The classifier finds what differs, and nothing where nothing does."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from dbclone.report import compare_tables, detector
from tests.report_shop import CUSTOMERS, ITEMS, ORDERS, PRODUCTS, shop_schema, shop_tables, shuffled

needs_lightgbm = pytest.mark.skipif(not detector.is_available(), reason="LightGBM is not installed")


@needs_lightgbm
def test_a_second_sample_is_not_told_apart() -> None:
    report = compare_tables(shop_schema(), shop_tables(customers=600), shop_tables(5, customers=600), detector=True)
    rows = {one.table: one.auc for one in report.c2st}
    assert set(rows) == {CUSTOMERS, ORDERS, ITEMS}
    assert all(value < 0.57 for value in rows.values())
    families = {one.table: one.auc for one in report.c2st_agg}
    assert set(families) == {CUSTOMERS, ORDERS}
    assert all(value < 0.6 for value in families.values())


@needs_lightgbm
def test_shuffled_columns_are_told_apart_by_the_columns_that_went_together() -> None:
    clone = shuffled(shop_tables(5, customers=600))
    report = compare_tables(shop_schema(), shop_tables(customers=600), clone, detector=True)
    rows = {one.table: one for one in report.c2st}
    assert rows[CUSTOMERS].auc > 0.65
    assert rows[CUSTOMERS].features[0][0] == "spent"
    families = {one.table: one for one in report.c2st_agg}
    assert families[CUSTOMERS].auc > 0.7
    assert any(name.startswith("orders(customer_id) ") for name, _ in families[CUSTOMERS].features)


@needs_lightgbm
def test_small_tables_are_left_out_and_rows_are_counted() -> None:
    source = shop_tables()
    report = compare_tables(shop_schema(), source, source, detector=True)
    assert PRODUCTS not in {one.table for one in report.c2st}
    assert next(one.rows for one in report.c2st if one.table == CUSTOMERS) == 300


@needs_lightgbm
def test_parents_without_children_do_no_harm() -> None:
    source = shop_tables()
    lonely = source[ORDERS].set_column(1, "customer_id", pa.nulls(source[ORDERS].num_rows, pa.int64()))
    report = compare_tables(shop_schema(), source, {**source, ORDERS: lonely}, detector=True)
    customers = next(one for one in report.c2st_agg if one.table == CUSTOMERS)
    assert customers.auc > 0.8
    assert 0.0 < sum(share for _, share in customers.features) <= 1.001


def test_without_lightgbm_a_note_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector, "is_available", lambda: False)
    tables = shop_tables()
    report = compare_tables(shop_schema(), tables, tables, detector=True)
    assert report.c2st == report.c2st_agg == ()
    assert report.notes == ("The detector was left out: it needs LightGBM (pip install lightgbm).",)


def test_summaries_of_children_are_what_they_say() -> None:
    values, groups = np.array([1.0, 3.0, np.nan, 5.0]), np.array([0, 0, 1, 2])
    found = detector._of_numbers(values, groups, 4)
    np.testing.assert_allclose(found["mean"], [2.0, np.nan, 5.0, np.nan])
    np.testing.assert_allclose(found["deviation"], [np.sqrt(2.0), np.nan, np.nan, np.nan])
    np.testing.assert_allclose(found["min"], [1.0, np.nan, 5.0, np.nan])
    np.testing.assert_allclose(found["max"], [3.0, np.nan, 5.0, np.nan])
    codes = detector._of_codes(np.array([0.0, 0.0, -1.0, np.nan]), np.array([0, 0, 0, 1]), 3)
    np.testing.assert_allclose(codes["variety"], [2.0, 0.0, np.nan])
    np.testing.assert_allclose(codes["mode share"], [2 / 3, 1.0, np.nan])
