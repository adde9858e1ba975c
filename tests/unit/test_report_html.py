"""The page: complete, self-contained, safe to give away."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pyarrow as pa
import pytest
from rich.console import Console

from dbclone.dialects.protocol import Loss, Violation
from dbclone.report import Comparison, RunFacts, compare_tables, integrity_report
from dbclone.report.html import html_page
from dbclone.report.render_text import comparison_text
from dbclone.schema import Column, Kind, Schema, Table, TableName, Type
from tests.report_shop import CUSTOMERS, ITEMS, PRODUCTS, shop_schema, shop_tables, shuffled

FACTS = RunFacts(
    source="postgresql://db/shop",
    target="postgresql://db/qa",
    seed=7,
    scale=1.0,
    bundle="0badcafe",
    version="0.1.0",
    time="2026-01-02T03:04:05Z",
    seconds=(("fit", 3.21), ("sample", 75.0)),
    losses=(Loss("view", "sales_by_day", "left out"),),
    strategies=((PRODUCTS, "copy"),),
    settings=(("workers", "2"),),
    notes=("The locale was taken from the addresses.",),
)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    clone = {**shuffled(shop_tables(5)), PRODUCTS: shop_tables()[PRODUCTS]}
    rows = {name: table.num_rows for name, table in clone.items()}
    broken = (Violation(ITEMS, "foreign key", "items_order_fkey", 3),)
    fidelity = compare_tables(shop_schema(), shop_tables(), clone)
    return Comparison(integrity_report(shop_schema(), broken, rows), fidelity, FACTS)


class Tags(HTMLParser):
    """Checks that tags are nested and remembers them with their attributes."""

    VOID = ("meta", "br", "link", "img")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("dd", "dt", "li", "p") and self.open[-1] != tag:
            return
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_fetches_nothing(comparison: Comparison) -> None:
    page = html_page(comparison, shop_schema())
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    names = {tag for tag, _ in tags.seen}
    assert not names & {"script", "link", "img", "iframe", "object"}
    assert not [attrs for _, attrs in tags.seen if {"src", "href"} & set(attrs)]
    assert "@import" not in page
    assert re.findall(r"url\(([^)]*)\)", page) == [
        one for one in re.findall(r"url\(([^)]*)\)", page) if one.startswith("#")
    ]
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}


def test_the_page_says_all_there_is_to_say(comparison: Comparison) -> None:
    page = html_page(comparison, shop_schema())
    for text in (
        "The clone is broken: do not use it as it is.",
        "1 of 28 constraints are broken.",
        "items_order_fkey",
        "Furthest from the source",
        "how customers.segment and orders.trade go together across their key",
        "orders.customer_id → customers",
        "Copied as reference data: products.",
        "postgresql://db/qa",
        "0badcafe",
        "fit 3.2 s, sample 1 min 15 s",
        "sales_by_day",
        "products (copy)",
        "The locale was taken from the addresses.",
        "Tables and foreign keys",
    ):
        assert text in page, text


def test_no_rare_value_of_the_source_is_on_the_page(comparison: Comparison) -> None:
    page = html_page(comparison)
    source = shop_tables()
    for text in (*source[CUSTOMERS]["email"].to_pylist(), *source[PRODUCTS]["code"].to_pylist()):
        assert text not in page
    highest = max(source[CUSTOMERS]["spent"].to_pylist())
    assert f"{highest:,}" not in page
    assert f"{highest}" not in page


def test_names_and_values_are_escaped() -> None:
    name = TableName("main", "<b>t</b>")
    schema = Schema("sqlite", (Table(name, (Column("<i>", Type(Kind.TEXT, "text")),)),))
    table = pa.table({"<i>": ["<script>alert(1)</script>"] * 10})
    page = html_page(Comparison(fidelity=compare_tables(schema, {name: table}, {name: table})), schema)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>t</b>" not in page
    assert "<i>" not in page


def test_a_page_without_rows_or_constraints(comparison: Comparison) -> None:
    assert "How it was made" in html_page(Comparison())
    assert "Every constraint holds." in html_page(Comparison(integrity_report(shop_schema(), (), {})))
    assert "Privacy" in html_page(Comparison(fidelity=comparison.fidelity))


def test_detector_and_missing_tables_are_shown() -> None:
    from dbclone.report import Detection, FidelityReport

    found = Detection(CUSTOMERS, 0.91, 300, (("spent", 0.7), ("segment", 0.2)))
    page = html_page(Comparison(fidelity=FidelityReport((), missing_tables=(ITEMS,), c2st=(found,))))
    assert "0.91" in page
    assert "spent 70%" in page
    assert "items has rows in the source and is not in the clone" in page


def test_the_same_in_a_terminal(comparison: Comparison) -> None:
    console = Console(width=140)
    with console.capture() as captured:
        console.print(comparison_text(comparison, verbose=True))
    text = captured.get()
    for part in (
        "The clone is broken: do not use it as it is.",
        "Broken constraints",
        "Likeness to the source",
        "orders.customer_id → customers",
        "customers.segment",
        "source's rows",
    ):
        assert part in text, part
