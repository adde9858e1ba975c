"""Every command once, on a small example shop: what it prints where, and how it exits."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dbclone.cli import app
from dbclone.config import Config, load_config
from examples.shop import build


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def fine(*args: object) -> str:
    result = run(*args)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    build(path, customers=200)
    return path


@pytest.fixture(scope="module")
def clone(shop: Path) -> Path:
    path = shop.with_name("clone.db")
    fine("clone", shop, path)
    return path


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_clone_says_what_it_did_and_what_comes_next(shop: Path) -> None:
    result = run("clone", shop, "new.db", "--scale", "0.5", "--seed", "3")
    assert result.exit_code == 0, result.output
    first, *_, last = result.stdout.splitlines()
    assert first.startswith(f"new.db is a clone of {shop}: 11 tables, ")
    assert ", seed 3, " in first
    assert last == f"Next: dbclone compare {shop} new.db"
    assert "Every constraint holds." in result.stdout
    assert result.stderr != ""


def test_quiet_leaves_stderr_empty(shop: Path) -> None:
    result = run("clone", shop, "new.db", "--quiet")
    assert result.exit_code == 0
    assert result.stderr == ""


def test_clone_as_json(shop: Path) -> None:
    data = json.loads(fine("clone", shop, "new.db", "--json", "--quiet"))
    assert data["seed"] == 0
    assert len(data["rows"]) == 11


def test_clone_with_a_report(shop: Path) -> None:
    assert "Report: report.html" in fine("clone", shop, "new.db", "--report", "report.html")
    assert Path("report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_tables_and_rows_are_chosen_by_flags(shop: Path) -> None:
    fine("clone", shop, "new.db", "--exclude", "reviews", "--rows", "products=40")
    connection = sqlite3.connect("new.db")
    assert connection.execute("SELECT count(*) FROM products").fetchone() == (40,)
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'reviews'").fetchone() == (0,)
    connection.close()


def test_fit_then_generate_is_clone(shop: Path, clone: Path) -> None:
    assert "Next: dbclone generate shop.dbclone TARGET" in fine("fit", shop, "-o", "shop.dbclone")
    fine("generate", "shop.dbclone", "new.db")
    query = "SELECT * FROM orders ORDER BY order_id"
    ours, theirs = sqlite3.connect("new.db"), sqlite3.connect(clone)
    assert ours.execute(query).fetchall() == theirs.execute(query).fetchall()
    ours.close()
    theirs.close()


def test_verify(shop: Path, clone: Path) -> None:
    assert "constraints hold" in fine("verify", clone)
    assert json.loads(fine("verify", clone, "--against", shop, "--json"))["ok"] is True


def test_verify_exits_1_where_a_constraint_is_broken(clone: Path) -> None:
    broken = Path("broken.db")
    broken.write_bytes(clone.read_bytes())
    connection = sqlite3.connect(broken)
    connection.execute("UPDATE orders SET store_id = 999 WHERE order_id = (SELECT min(order_id) FROM orders)")
    connection.commit()
    connection.close()
    result = run("verify", broken)
    assert result.exit_code == 1
    assert "1 of " in result.stdout


def test_compare(shop: Path, clone: Path) -> None:
    data: dict[str, Any] = json.loads(fine("compare", shop, clone, "--json", "--html", "page.html"))
    assert data["ok"] is True
    assert 0.5 < data["score"] <= 1
    assert Path("page.html").exists()


@pytest.mark.parametrize("limit", ["1.1", "card=1.1"])
def test_compare_exits_3_below_a_limit(shop: Path, clone: Path, limit: str) -> None:
    result = run("compare", shop, clone, "--quiet", "--fail-under", limit)
    assert result.exit_code == 3
    assert "below 1.1." in result.stderr


def test_compare_knows_its_figures(shop: Path, clone: Path) -> None:
    result = run("compare", shop, clone, "--quiet", "--fail-under", "beauty=1")
    assert result.exit_code == 2
    assert "--fail-under knows no figure beauty; it knows score, " in result.stderr


def test_inspect(shop: Path) -> None:
    text = fine("inspect", shop)
    assert "order_items" in text
    assert "email" in text
    data = json.loads(fine("inspect", shop, "--json", "--quiet"))
    assert len(data["tables"]) == 11
    assert ["main.employees", "main.stores"] in data["cycles"]


def test_inspect_lists_what_another_database_lacks(shop: Path) -> None:
    def lost(*target: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(fine("inspect", shop, *target, "--json", "--quiet"))["losses"]
        return found

    assert lost("sqlite") == []
    # Two names of one kind, and both ways to give it.
    assert lost("mariadb") == lost("--target", "mysql") != []
    assert lost("postgres") == lost("--target", "postgresql") != lost("mysql")
    assert any("comes later" in loss["fallback"] for loss in lost("duckdb"))
    result = run("inspect", shop, "orakel", "--quiet")
    assert result.exit_code == 2
    assert result.stderr.strip() == (
        "Error: orakel is no kind of database that dbclone knows by its name, and no file.\n\n"
        "Hint: name an address, or one of duckdb, mariadb, mysql, postgres, postgresql, sqlite."
    )


@pytest.mark.parametrize(("language", "start"), [("mermaid", "erDiagram"), ("dot", "digraph"), ("svg", "<svg ")])
def test_graphs(shop: Path, language: str, start: str) -> None:
    result = run("inspect", shop, "--graph", language)
    assert result.stdout.startswith(start)
    assert result.stderr == ""


def test_init_writes_a_config_that_changes_nothing_yet(shop: Path) -> None:
    assert "describes the 11 tables" in fine("init", shop)
    assert load_config("dbclone.yaml") == Config()
    assert "customers" in Path("dbclone.yaml").read_text(encoding="utf-8")
    assert fine("init", shop, "-o", "-", "--quiet") == Path("dbclone.yaml").read_text(encoding="utf-8")


def test_errors_of_the_pipeline_are_words(tmp_path: Path) -> None:
    result = run("clone", tmp_path / "none.db", "new.db")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-3].startswith("Error: ")
    assert result.stderr.splitlines()[-1].startswith("Hint: ")
    assert not Path("new.db").exists()
