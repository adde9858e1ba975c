"""Rules that no constraint declares: found, kept in every row of a clone, recounted, switched off."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from examples.shop import build
from tests.clone.runs import cloned, fine, run
from tests.ruled_shop import EXPECTED, build_ruled_shop


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ruled") / "shop.db"
    build_ruled_shop(path)
    return path


def recounted(source: object, target: object, *options: object) -> dict[str, dict[str, object]]:
    """What compare says of each rule, by name."""
    report = json.loads(fine("compare", source, target, "--json", "--quiet", *options))
    return {one["rule"]: one for one in report["rules"]["rules"]}


def broken(counts: dict[str, dict[str, object]]) -> dict[str, object]:
    return {name: one["clone"] for name, one in counts.items() if not one["kept"]}


def test_every_kind_of_rule_is_found_and_listed(ruled: Path) -> None:
    found = json.loads(fine("inspect", ruled, "--rules", "--json", "--quiet"))["rules"]
    assert {one["rule"] for one in found} >= EXPECTED
    assert all(one["rows"] >= 15 for one in found)
    listed = fine("inspect", ruled, "--rules", "--quiet", env={"COLUMNS": "200"})
    assert "orders.total = net + tax" in listed
    assert "rules hold in every row without being declared" in fine("inspect", ruled, "--quiet")


def test_a_clone_keeps_all_of_them(ruled: Path, tmp_path: Path) -> None:
    target = tmp_path / "clone.db"
    cloned(ruled, target)
    counts = recounted(ruled, target)
    assert set(counts) >= EXPECTED
    assert broken(counts) == {}
    with closing(sqlite3.connect(target)) as file:
        # Asked in the database's own words as well, not only in ours.
        wrong = """SELECT count(*) FROM orders
                   WHERE abs(total - net - tax) > 0.001 OR (shipped_on IS NULL) <> (status = 'open')"""
        assert file.execute(wrong).fetchone() == (0,)
        sums = """SELECT count(*) FROM orders o JOIN (SELECT order_id, sum(amount) s FROM items GROUP BY 1) i
                  ON i.order_id = o.id WHERE abs(o.net - i.s) > 0.001"""
        assert file.execute(sums).fetchone() == (0,)
        assert file.execute("SELECT count(DISTINCT total) > 100 FROM orders").fetchone() == (1,)


@pytest.mark.parametrize("scale", ["0.3", "3"])
def test_at_another_scale(ruled: Path, tmp_path: Path, scale: str) -> None:
    target = tmp_path / "clone.db"
    cloned(ruled, target, "--scale", scale)
    assert broken(recounted(ruled, target)) == {}


def test_between_databases(ruled: Path, tmp_path: Path, free_database: Callable[[], str]) -> None:
    there, back = free_database(), tmp_path / "back.db"
    cloned(ruled, there)
    assert broken(recounted(ruled, there)) == {}
    cloned(there, back, "--force")
    assert broken(recounted(there, back)) == {}


def test_the_same_bytes_with_two_workers(ruled: Path, tmp_path: Path) -> None:
    for workers in ("1", "2"):
        fine("clone", ruled, tmp_path / workers, "--workers", workers, "--quiet")
    for file in sorted((tmp_path / "1").glob("*.parquet")):
        assert file.read_bytes() == (tmp_path / "2" / file.name).read_bytes(), file.name


def test_a_rule_can_be_switched_off(ruled: Path, tmp_path: Path) -> None:
    config, target = tmp_path / "dbclone.yaml", tmp_path / "clone.db"
    config.write_text('rules: {off: ["orders.total = net + tax", "orders.total = net * tax"]}\n')
    notes = json.loads(fine("clone", ruled, target, "--json", "--quiet", "--config", config))["notes"]
    assert notes == ["rules.off names orders.total = net * tax, which is no rule here"]
    counts = recounted(ruled, target)
    assert set(broken(counts)) == {"orders.total = net + tax"}
    assert "Broken rules" in run("compare", ruled, target, "--quiet").stdout
    config.write_text("rules: {enabled: false}\n")
    found = json.loads(fine("inspect", ruled, "--rules", "--json", "--quiet", "--config", config))
    assert found == {"rules": []}


def test_the_example_shop_keeps_its_rules(tmp_path: Path) -> None:
    source, target, page = tmp_path / "shop.db", tmp_path / "clone.db", tmp_path / "report.html"
    build(source)
    cloned(source, target)
    counts = recounted(source, target, "--html", page)
    assert set(counts) >= {
        "orders.total = sum(amount) of order_items",
        "order_items.amount = quantity * unit_price",
        "orders.shipped_at IS NULL if and only if status in (cancelled, open)",
        "employees.store_id = employees.boss_id->employees.store_id",
    }
    assert broken(counts) == {}
    assert "order_items.amount = quantity * unit_price" in page.read_text()


@pytest.mark.parametrize("name", ["chinook"])
def test_published_databases_keep_theirs(name: str, postgres_clone: Callable[[str], object]) -> None:
    pair = postgres_clone(name)
    counts = recounted(pair.source, pair.target)  # type: ignore[attr-defined]
    assert counts
    assert broken(counts) == {}
