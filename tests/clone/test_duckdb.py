"""DuckDB as source and target, through what any SQLAlchemy database gets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

duckdb = pytest.importorskip("duckdb", reason="no DuckDB here: pip install 'dbclone[duckdb]'")
pytest.importorskip("duckdb_engine", reason="no DuckDB here: pip install 'dbclone[duckdb]'")

from dbclone.dialects import open_loader, open_source, parse_address  # noqa: E402
from dbclone.dialects.protocol import Reading  # noqa: E402
from dbclone.errors import TargetError  # noqa: E402
from dbclone.schema import Kind  # noqa: E402
from examples.shop import build  # noqa: E402
from tests.clone.runs import assert_same_rows, cloned, error_of, fine, rows_of, sqlite_is_sound, verified  # noqa: E402
from tests.sqlite_cases import STAMP  # noqa: E402

HARD = """
CREATE TYPE mood AS ENUM ('good', 'it''s bad');
CREATE SEQUENCE numbers START 10;
CREATE TABLE region (country VARCHAR, code SMALLINT, name VARCHAR NOT NULL UNIQUE, PRIMARY KEY (country, code));
CREATE TABLE "Order" (
  "key" INTEGER PRIMARY KEY DEFAULT nextval('numbers'),
  "Two Words" UTINYINT NOT NULL CHECK ("Two Words" > 0),
  country VARCHAR, code SMALLINT,
  feeling mood NOT NULL,
  price DECIMAL(10, 2) DEFAULT 9.99,
  double_price DECIMAL(12, 2) GENERATED ALWAYS AS (price * 2) VIRTUAL,
  huge HUGEINT, whole UBIGINT, ratio FLOAT, precise DOUBLE, live BOOLEAN,
  day DATE, seen TIMESTAMP DEFAULT current_timestamp, zoned TIMESTAMPTZ, clock TIME, span INTERVAL,
  token UUID, body JSON, raw BLOB, flags BIT, list INTEGER[], pair STRUCT(a INTEGER, b VARCHAR),
  until DATE, CHECK (until >= day),
  FOREIGN KEY (country, code) REFERENCES region (country, code)
);
CREATE TABLE tree (id INTEGER PRIMARY KEY, above INTEGER REFERENCES tree (id), label VARCHAR);
CREATE UNIQUE INDEX by_label ON tree (label);
CREATE INDEX by_lower ON tree (lower(label));
CREATE VIEW seen AS SELECT "key" FROM "Order" WHERE live;
COMMENT ON TABLE tree IS 'it''s a tree';
INSERT INTO region SELECT ['DE', 'FR', 'IT'][i % 3 + 1], i // 3, 'region ' || i FROM range(9) t(i);
INSERT INTO "Order" ("Two Words", country, code, feeling, price, huge, whole, ratio, precise, live, day, zoned, clock,
  span, token, body, raw, flags, list, pair, until)
SELECT i % 9 + 1, ['DE', 'FR', 'IT'][i % 3 + 1], i % 9 // 3, ['good', 'it''s bad'][i % 2 + 1], i * 1.25,
  i * 10::HUGEINT, i, i / 4, i / 3, i % 2 = 0, DATE '2024-01-01' + i::INTEGER,
  TIMESTAMPTZ '2024-01-01 10:00:00+00' + to_hours(i),
  TIME '08:00:00' + to_minutes(i), to_hours(i), uuid(), {'on': i % 2 = 0, 'n': i % 5},
  encode('raw' || i),  '0101', [i % 3, 2], {'a': i % 2, 'b': 'x'}, DATE '2024-01-05' + (i + i % 4)::INTEGER
FROM range(1, 121) t(i);
INSERT INTO tree SELECT i, NULL, 'node ' || i FROM range(5) t(i);
INSERT INTO tree SELECT i, i % 5, 'node ' || i FROM range(5, 60) t(i);
"""


def file_with(path: Path, script: str) -> str:
    with duckdb.connect(str(path)) as connection:
        connection.execute(script)
    return f"duckdb:///{path}"


def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(url.removeprefix("duckdb:///"), read_only=True) as connection:
        found: list[tuple[object, ...]] = connection.execute(sql).fetchall()
    return found


def counts(url: str) -> dict[str, int]:
    names = rows(url, "SELECT table_name FROM duckdb_tables() WHERE table_name <> '_dbclone'")
    return {str(name): int(str(rows(url, f'SELECT count(*) FROM "{name}"')[0][0])) for (name,) in names}


def kinds_lost(facts: Mapping[str, list[dict[str, str]]]) -> dict[str, int]:
    kinds = [loss["kind"] for loss in facts["losses"]]
    return {kind: kinds.count(kind) for kind in kinds}


def test_the_shop_in_and_out(tmp_path: Path) -> None:
    shop, back = tmp_path / "shop.db", tmp_path / "back.db"
    build(shop, customers=60)
    inside, again = f"duckdb:///{tmp_path}/a.duckdb", f"duckdb:///{tmp_path}/b.duckdb"
    facts = cloned(shop, inside)
    # Two tables that wait for each other; trees are loaded level by level.
    lost = [loss["name"] for loss in facts["losses"] if loss["kind"] == "foreign key"]
    assert lost == ["main.employees.store_id"]
    own = "FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY' AND table_name = referenced_table"
    assert rows(inside, f"SELECT table_name {own} ORDER BY table_name") == [("categories",), ("employees",)]
    assert_same_rows(counts(inside), rows_of(shop))
    for target in (again, back):
        fine("clone", inside, target, "--force", "--quiet")
        verified(target, inside)
    sqlite_is_sound(back)
    assert_same_rows(rows_of(back), rows_of(shop))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.duckdb", "b.duckdb", "back.db", "shop.db"]


def test_a_hard_schema(tmp_path: Path) -> None:
    source, target = file_with(tmp_path / "a.duckdb", HARD), f"duckdb:///{tmp_path}/b.duckdb"
    facts = cloned(source, target)
    assert kinds_lost(facts) == {"view": 1, "sequence": 1, "index": 1}
    with duckdb.connect(str(tmp_path / "b.duckdb")) as connection, pytest.raises(duckdb.ConstraintException):
        connection.execute("INSERT INTO tree VALUES (1000, 999, 'nowhere')")
    assert_same_rows(counts(target), counts(source))
    kinds = "SELECT column_name, data_type, is_nullable FROM duckdb_columns() WHERE table_name = 'Order'"
    assert rows(target, kinds) == rows(source, kinds)
    assert rows(target, 'SELECT count(*) FROM "Order" WHERE double_price <> price * 2') == [(0,)]
    assert rows(target, 'SELECT count(DISTINCT pair) > 1, count(DISTINCT list) > 1 FROM "Order"') == [(True, True)]
    with duckdb.connect(str(tmp_path / "b.duckdb")) as connection, pytest.raises(duckdb.ConstraintException):
        connection.execute("UPDATE \"Order\" SET country = 'XX'")


def test_a_hard_schema_to_sqlite(tmp_path: Path) -> None:
    source, target = file_with(tmp_path / "a.duckdb", HARD), tmp_path / "b.db"
    cloned(source, target)
    sqlite_is_sound(target)
    assert_same_rows(rows_of(target), counts(source))


def test_a_copy_is_exact(tmp_path: Path) -> None:
    source, target = file_with(tmp_path / "a.duckdb", HARD), f"duckdb:///{tmp_path}/b.duckdb"
    opened, loader = open_source(parse_address(source)), open_loader(parse_address(target))
    schema = opened.schema()
    order = next(table for table in schema if table.name.name == "Order")
    assert {c.type.kind for c in order.columns} >= {
        Kind.ENUM,
        Kind.DECIMAL,
        Kind.UUID,
        Kind.JSON,
        Kind.BIT,
        Kind.INTERVAL,
    }
    loader.create(schema, None)
    for table in schema:
        loader.load(table, opened.read(Reading(table, chunk_rows=50)))
    assert loader.finish() == ()
    loader.publish(STAMP)
    opened.close()
    for name in ("region", "tree"):
        assert rows(target, f"FROM {name} ORDER BY ALL") == rows(source, f"FROM {name} ORDER BY ALL")
    every = 'SELECT * REPLACE (zoned::VARCHAR AS zoned) FROM "Order" ORDER BY "key"'
    assert rows(target, every) == rows(source, every)


TREES = """
CREATE TABLE part (id INTEGER PRIMARY KEY, inside INTEGER REFERENCES part, label VARCHAR);
CREATE TABLE page (id INTEGER PRIMARY KEY, root INTEGER REFERENCES page, title VARCHAR);
CREATE TABLE note (
  id INTEGER PRIMARY KEY, page_id INTEGER NOT NULL REFERENCES page, part_id INTEGER REFERENCES part,
  above INTEGER REFERENCES note
);
INSERT INTO part SELECT n, CASE WHEN n >= 5 THEN n / 5 END, 'part ' || n FROM generate_series(1, 80) g(n);
INSERT INTO page SELECT n, n - n % 10, 'page ' || n FROM generate_series(0, 59) g(n);
INSERT INTO note SELECT n, n % 60, n % 80 + 1, CASE WHEN n >= 10 THEN n / 2 END FROM generate_series(1, 150) g(n);
"""


def test_tables_that_reference_themselves_are_loaded_by_level(new_database: Callable[..., str], tmp_path: Path) -> None:
    target = f"duckdb:///{tmp_path}/clone.duckdb"
    facts = cloned(new_database(TREES), target)
    # A root that references itself is refused by DuckDB: the key is left out, and said to be.
    assert [loss["name"] for loss in facts["losses"] if loss["kind"] == "foreign key"] == [
        "public.page.page_root_fkey"
    ]
    made = "FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY' GROUP BY 1 ORDER BY 1"
    assert rows(target, f"SELECT table_name, count(*) {made}") == [("note", 3), ("part", 1)]
    assert rows(target, "SELECT count(*) FROM part p JOIN part a ON a.id = p.inside")[0][0] > 50  # type: ignore[operator]
    assert facts["rows"] == {"public.note": 150, "public.page": 60, "public.part": 80}


def test_refusals_and_failure(tmp_path: Path) -> None:
    source = file_with(tmp_path / "a.duckdb", "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
    full = file_with(tmp_path / "b.duckdb", "CREATE TABLE mine (a INTEGER)")
    assert "is not empty (1 tables) and was not made by dbclone" in error_of("clone", source, full)[1]
    assert "is the source itself" in error_of("clone", source, source, "--replace")[1]
    assert "There is no file" in error_of("inspect", f"duckdb:///{tmp_path}/none.duckdb")[1]
    opened, loader = open_source(parse_address(source)), open_loader(parse_address(full), replace=True)
    table = opened.schema().tables[0]
    loader.create(opened.schema(), None)
    loader.load(table, [pa.record_batch({"id": [1, 1]})])
    with pytest.raises(TargetError, match=r"main\.t cannot be loaded: .*duplicate key"):
        loader.finish()
    loader.discard()
    opened.close()
    assert counts(full) == {"mine": 0}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.duckdb", "b.duckdb"]
    fine("clone", source, full, "--replace", "--quiet")
    assert counts(full) == {"t": 2}
    assert json.loads(fine("verify", full, "--json"))["ok"] is True
