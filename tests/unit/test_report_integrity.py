"""What was checked, what is broken, and what the source breaks as well."""

from __future__ import annotations

import json

from rich.console import Console

from dbclone.dialects.counting import check_name
from dbclone.dialects.protocol import Violation
from dbclone.report import IntegrityReport, integrity_report
from dbclone.report.render_text import integrity_text
from tests.report_shop import CUSTOMERS, EMPTY, ITEMS, ORDERS, PRODUCTS, shop_schema

ROWS = {CUSTOMERS: 300, ORDERS: 900, ITEMS: 2_000, PRODUCTS: 40, EMPTY: 0}
ORPHANS = Violation(ITEMS, "foreign key", "items_order_fkey", 3)
DOUBLES = Violation(CUSTOMERS, "unique", "customers_email_key", 12)


def shown(report: IntegrityReport) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(integrity_text(report))
    return captured.get()


def test_a_sound_clone() -> None:
    report = integrity_report(shop_schema(), (), ROWS)
    assert report.ok
    assert (report.tables, report.rows, report.constraints) == (5, 3_240, 28)
    assert report.counts == (
        ("primary key", 5),
        ("unique constraint", 1),
        ("foreign key", 4),
        ("NOT NULL column", 17),
        ("check", 1),
    )
    assert "All 28 constraints hold over 3,240 rows in 5 tables" in shown(report)


def test_tables_that_were_left_out_are_not_counted() -> None:
    report = integrity_report(shop_schema(), (), {ORDERS: 900})
    assert (report.tables, report.foreign_keys, report.primary_keys) == (1, 0, 1)


def test_broken_constraints_come_with_the_most_rows_first() -> None:
    report = integrity_report(shop_schema(), (ORPHANS, DOUBLES), ROWS)
    assert not report.ok
    assert report.violations == (DOUBLES, ORPHANS)
    text = shown(report)
    assert "2 of 28 constraints are broken" in text
    assert "customers_email_key" in text


def test_what_the_source_breaks_too_is_no_failure() -> None:
    report = integrity_report(
        shop_schema(), (ORPHANS,), ROWS, known=(Violation(ITEMS, "foreign key", "items_order_fkey", 7),)
    )
    assert report.ok
    assert "broken in the source too: foreign key items_order_fkey of public.items" in shown(report)


def test_what_the_database_cannot_evaluate_is_unchecked_and_not_broken() -> None:
    asked = integrity_report(shop_schema(), (), ROWS)
    untold = Violation(CUSTOMERS, "check not evaluated", asked_check(), 0)
    report = integrity_report(shop_schema(), (untold,), ROWS)
    assert report.ok
    assert report.violations == ()
    assert report.unchecked == (f"{CUSTOMERS} {untold.constraint}: this database could not evaluate it",)
    assert report.checks == asked.checks - 1


def asked_check() -> str:
    return next(check_name(check) for check in shop_schema().table(CUSTOMERS).checks)


def test_json_brings_the_same_report_back() -> None:
    report = integrity_report(
        shop_schema(), (ORPHANS,), ROWS, unchecked=("check spent_positive: written in another dialect",)
    )
    data = json.loads(json.dumps(report.to_json()))
    assert data["ok"] is False
    assert data["violations"][0] == {
        "table": {"schema": "public", "name": "items"},
        "kind": "foreign key",
        "constraint": "items_order_fkey",
        "rows": 3,
    }
    assert IntegrityReport.from_json(data) == report
    assert "not checked: check spent_positive: written in another dialect" in shown(report)
