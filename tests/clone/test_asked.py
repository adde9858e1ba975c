"""CHECKs that only a database can judge, in databases of every kind: kept, listed, or told before a row is written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.clone.runs import cloned, error_of, fine
from tests.mariadb import run
from tests.roundtrip import query

HASHED = """
CREATE FUNCTION fine(t text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT length(t) > 1 $$;
CREATE TABLE flag (id int PRIMARY KEY, code text NOT NULL, n int,
  CONSTRAINT hashed CHECK (md5(code) < 'c'),
  CONSTRAINT odd_bits CHECK (get_bit(int4send(n), 24) = 0),
  CONSTRAINT own CHECK (fine(code)));
INSERT INTO flag SELECT i, 'c' || i, i * 2 FROM generate_series(1, 400) i WHERE md5('c' || i) < 'c';
"""
RARE = """
CREATE TABLE flag (id int PRIMARY KEY, code text NOT NULL UNIQUE, CONSTRAINT rare CHECK (md5(code) < '008'));
INSERT INTO flag SELECT row_number() OVER (), 'c' || i FROM generate_series(1, 100000) i WHERE md5('c' || i) < '008';
"""
BROKEN = "SELECT count(*) FROM flag WHERE NOT md5(code) < 'c'"
mysql = pytest.mark.xdist_group("mysql")


def lost(facts: dict[str, Any]) -> set[str]:
    return {loss["name"] for loss in facts["losses"] if loss["kind"] == "check"}


def test_portable_ddl_keeps_what_the_same_kind_of_database_knows(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database(HASHED), free_database()
    facts = json.loads(fine("clone", source, target, "--ddl", "sqlalchemy", "--json", "--quiet"))
    assert lost(facts) == {"public.flag.own"}
    report = json.loads(fine("verify", target, "--against", source, "--json", "--quiet"))
    assert (report["ok"], ["own" in one for one in report["unchecked"]]) == (True, [True])
    assert query(target, BROKEN) == [(0,)]
    assert query(target, "SELECT count(*) FROM flag") == query(source, "SELECT count(*) FROM flag")
    assert query(target, "SELECT count(*) FROM flag WHERE get_bit(int4send(n), 24) <> 0") == [(0,)]


@mysql
def test_mariadb_keeps_what_it_knows_and_lists_the_rest(
    new_database: Callable[..., str], database: Callable[..., str]
) -> None:
    source, target = new_database(HASHED), database()
    facts = cloned(source, target)
    assert lost(facts) == {"public.flag.odd_bits", "public.flag.own"}
    assert run(target, BROKEN) == [(0,)]
    assert run(target, "SELECT count(*) FROM flag") == query(source, "SELECT count(*) FROM flag")


def test_files_list_what_they_cannot_say(new_database: Callable[..., str], tmp_path: Path) -> None:
    pytest.importorskip("duckdb_engine", reason="no DuckDB here: pip install 'dbclone[duckdb]'")
    source = new_database(HASHED)
    for target in (str(tmp_path / "clone.db"), f"duckdb:///{tmp_path}/clone.duckdb"):
        facts = cloned(source, target)
        assert lost(facts) == {"public.flag.hashed", "public.flag.odd_bits", "public.flag.own"}
        assert facts["rows"]["public.flag"] == query(source, "SELECT count(*) FROM flag")[0][0]


@mysql
def test_mariadb_is_asked_about_its_own_functions(database: Callable[..., str]) -> None:
    source = database(
        "CREATE TABLE f (id int PRIMARY KEY, code varchar(20) NOT NULL, CONSTRAINT odd CHECK (crc32(code) % 2 = 1));"
        "INSERT INTO f SELECT seq, concat('c', seq) FROM seq_1_to_400 WHERE crc32(concat('c', seq)) % 2 = 1"
    )
    target = database()
    facts = cloned(source, target)
    assert (lost(facts), facts["notes"]) == (set(), [])
    assert run(target, "SELECT count(*) FROM f WHERE crc32(code) % 2 = 1") == run(source, "SELECT count(*) FROM f")


def test_sqlite_is_asked_about_its_own_functions(tmp_path: Path) -> None:
    source, target = tmp_path / "source.db", tmp_path / "clone.db"
    check = "unicode(substr(code, -1)) % 2 = 1 AND json_valid(json_quote(code)) AND code <> 'C7'"
    with closing(sqlite3.connect(source)) as connection:
        columns = "id INTEGER PRIMARY KEY, code TEXT COLLATE NOCASE NOT NULL"
        connection.execute(f"CREATE TABLE f ({columns}, CHECK ({check}))")
        connection.executemany("INSERT INTO f (code) VALUES (?)", [(f"c{i}",) for i in range(1, 300, 2) if i != 7])
        connection.commit()
    facts = cloned(source, target)
    assert (facts["losses"], facts["notes"], facts["rows"]) == ([], [], {"main.f": 149})
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute(f"SELECT count(*) FROM f WHERE {check}").fetchall() == [(149,)]


def test_duckdb_is_asked_about_its_own_functions(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="no DuckDB here: pip install 'dbclone[duckdb]'")
    pytest.importorskip("duckdb_engine", reason="no DuckDB here: pip install 'dbclone[duckdb]'")
    with duckdb.connect(str(tmp_path / "source.duckdb")) as connection:
        connection.execute("CREATE TABLE f (id INTEGER PRIMARY KEY, code VARCHAR NOT NULL, CHECK (hash(code) % 2 = 1))")
        connection.execute("INSERT INTO f SELECT i, 'c' || i FROM range(500) t(i) WHERE hash('c' || i) % 2 = 1")
        rows = connection.execute("SELECT count(*) FROM f").fetchall()
    facts = cloned(f"duckdb:///{tmp_path}/source.duckdb", f"duckdb:///{tmp_path}/clone.duckdb")
    assert (facts["losses"], facts["notes"]) == ([], [])
    with duckdb.connect(str(tmp_path / "clone.duckdb")) as connection:
        assert connection.execute("SELECT count(*) FROM f WHERE hash(code) % 2 = 1").fetchall() == rows


RARE_ERROR = (
    "rows can be given no values that keep CHECK rare ((md5(code) < '008'::text)).\n\n"
    'Hint: give public.flag the strategy "mask", "copy" or "empty" under tables.strategies.'
)


def test_what_no_value_keeps_stops_the_run_before_a_row_is_written(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database(RARE), new_database("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
    for options in (["--ddl", "sqlalchemy"], ["--ddl", "native"]):
        code, text = error_of("clone", source, target, "--replace", *options)
        assert (code, text.startswith("Error: public.flag.rare: "), text.endswith(RARE_ERROR)) == (1, True, True), text
        assert query(target, "SELECT id FROM kept") == [(7,)]
        assert error_of("clone", source, free_database(), *options) == (code, text)


@mysql
def test_what_no_value_keeps_stops_the_run_to_mariadb_as_well(
    new_database: Callable[..., str], server: str, database: Callable[..., str]
) -> None:
    source, target = new_database(RARE), database(exists=False)
    before = run(server, "SHOW DATABASES")
    code, text = error_of("clone", source, target)
    assert (code, text.startswith("Error: public.flag.rare: "), text.endswith(RARE_ERROR)) == (1, True, True), text
    assert run(server, "SHOW DATABASES") == before


SLOTS = """
CREATE EXTENSION intarray;
CREATE TABLE slot (id int PRIMARY KEY, tags int[] NOT NULL CHECK (tags <@ ARRAY[1, 2, 3, 4, 5, 6, 7, 8]),
  CONSTRAINT one_each EXCLUDE USING gist (tags gist__int_ops WITH &&));
INSERT INTO slot SELECT n, ARRAY[n] FROM generate_series(1, 8) n;
"""


def test_what_an_exclusion_leaves_no_room_for_stops_the_run(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database(SLOTS), free_database()
    options = ("--scale", "5", "--no-copy-reference")
    code, text = error_of("clone", source, target, *options)
    first, _, hint = text.partition("\n\nHint: ")
    assert (code, first.startswith("Error: public.slot.one_each: 32 of 40 rows ")) == (1, True)
    assert "one_each EXCLUDE USING gist (tags WITH " in first
    assert hint == 'give public.slot the strategy "mask", "copy" or "empty" under tables.strategies.'
    assert cloned(source, target, "--no-copy-reference")["rows"] == {"public.slot": 8}
