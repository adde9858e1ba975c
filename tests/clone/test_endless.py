"""NaN, infinite numbers and moments and days before the year 1 in targets that may have none."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.clone.runs import cloned, fine
from tests.mariadb import run
from tests.roundtrip import query

SOURCE = """
CREATE TABLE odd (
  id int PRIMARY KEY, until date NOT NULL DEFAULT 'infinity', seen timestamptz, born date, ratio double precision NOT NULL, price numeric(8, 2),
  CHECK (until > '2019-12-31'), CONSTRAINT paid CHECK ((price = 'NaN') = (until = 'infinity'))
);
INSERT INTO odd SELECT n, CASE WHEN n % 4 = 0 THEN 'infinity'::date ELSE date '2020-01-01' + n END,
  CASE WHEN n % 4 = 1 THEN '-infinity'::timestamptz ELSE timestamptz '2020-01-01 UTC' + n * interval '1 hour' END,
  CASE WHEN n % 4 = 2 THEN date '0044-03-15 BC' ELSE date '2000-01-01' + n END,
  CASE WHEN n % 4 = 3 THEN 'Infinity' WHEN n % 4 = 2 THEN 'NaN' ELSE n / 2.0 END, CASE WHEN n % 4 = 0 THEN 'NaN' ELSE n * 1.25 END
FROM generate_series(1, 400) n;
"""  # noqa: E501
MOMENTS = {
    ("public.odd.until infinity", "9999-12-30"),
    ("public.odd.seen -infinity", "0001-01-02"),
    ("public.odd.born before the year 1", "0001-01-03"),
}
COUNTS = (
    "SELECT sum(until = '9999-12-30'), sum(seen < '0001-01-03'), sum(born = '0001-01-03'), sum(ratio = 0),"
    " sum(price IS NULL) FROM odd"
)


def replaced(facts: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(loss["name"], loss["fallback"]) for loss in facts["losses"] if loss["kind"] == "value"}


def about_a_quarter(counts: tuple[Any, ...]) -> bool:
    return all(70 <= int(count) <= 130 for count in counts)


@pytest.mark.xdist_group("mysql")
def test_mariadb_holds_none_of_it(new_database: Callable[..., str], database: Callable[..., str]) -> None:
    source, target = new_database(SOURCE), database()
    facts = cloned(source, target)
    numbers = {
        ("public.odd.ratio NaN", "0"),
        ("public.odd.ratio infinity", "0"),
        ("public.odd.price NaN", "NULL"),
    }
    assert replaced(facts) == MOMENTS | numbers
    counts = run(target, COUNTS)[0]
    assert about_a_quarter((*counts[:3], counts[3] / 2, counts[4])), counts
    assert "DEFAULT '9999-12-30'" in str(run(target, "SHOW CREATE TABLE odd")[0][1])


def test_sqlite_holds_infinite_numbers(new_database: Callable[..., str], tmp_path: Path) -> None:
    target = tmp_path / "clone.db"
    facts = cloned(new_database(SOURCE), target)
    assert replaced(facts) == MOMENTS | {("public.odd.ratio NaN", "0"), ("public.odd.price NaN", "NULL")}
    with closing(sqlite3.connect(target)) as connection:
        counts = connection.execute(COUNTS).fetchall()[0]
        endless = connection.execute("SELECT count(*) FROM odd WHERE ratio > 1e308").fetchall()[0]
    assert about_a_quarter((*counts, *endless)), (counts, endless)


def test_duckdb_holds_all_but_decimals_that_are_none(new_database: Callable[..., str], tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="no DuckDB here: pip install 'dbclone[duckdb]'")
    pytest.importorskip("duckdb_engine", reason="no DuckDB here: pip install 'dbclone[duckdb]'")
    facts = cloned(new_database(SOURCE), f"duckdb:///{tmp_path}/clone.duckdb")
    born = ("public.odd.born before the year 1", "0001-01-03")
    assert replaced(facts) == {born, ("public.odd.price NaN", "NULL")}
    with duckdb.connect(str(tmp_path / "clone.duckdb"), read_only=True) as connection:
        counts = connection.execute(
            "SELECT count(*) FILTER (until = 'infinity'), count(*) FILTER (seen = '-infinity'),"
            " count(*) FILTER (isnan(ratio)), count(*) FILTER (isinf(ratio)) FROM odd"
        ).fetchone()
    assert about_a_quarter(counts), counts


def test_files_hold_numbers_that_are_none(new_database: Callable[..., str], tmp_path: Path) -> None:
    source = new_database(SOURCE)
    facts = cloned(source, f"parquet:{tmp_path}/rows")
    assert replaced(facts) == MOMENTS
    ratios = pq.read_table(tmp_path / "rows" / "odd.parquet").column("ratio").to_pylist()
    assert about_a_quarter((sum(ratio != ratio for ratio in ratios), sum(ratio == float("inf") for ratio in ratios)))


def test_a_script_for_postgresql_holds_what_postgresql_does(new_database: Callable[..., str], tmp_path: Path) -> None:
    source, target = new_database(SOURCE), new_database()
    facts = json.loads(fine("clone", source, tmp_path / "clone.sql", "--json", "--quiet"))
    assert replaced(facts) == {("public.odd.born before the year 1", "0001-01-03")}
    query(target, "\n".join(x for x in (tmp_path / "clone.sql").read_text().splitlines() if not x.startswith("\\")))
    counts = "SELECT count(*) FILTER (WHERE {}), count(*) FILTER (WHERE {}), count(*) FILTER (WHERE {}) FROM odd"
    odd = ("until = 'infinity'", "seen = '-infinity'", "ratio = 'NaN'")
    assert about_a_quarter(query(target, counts.format(*odd))[0])
