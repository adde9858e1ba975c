"""A bundle does what its source did: the same clone, every kind of target, the same bytes for the same seed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from dbclone.dialects.postgresql.dump import find_pg_dump
from tests.clone.conftest import Pair
from tests.clone.runs import assert_same_rows, fine, rows_of, sqlite_contents, verified
from tests.roundtrip import contents

pytestmark = pytest.mark.xdist_group("chinook")
TABLES = 11


def test_generating_from_a_saved_bundle_is_cloning(
    postgres_clone: Callable[[str], Pair], postgres_bundle: Callable[[str], Path], free_database: Callable[[], str]
) -> None:
    pair, target = postgres_clone("chinook"), free_database()
    fine("generate", postgres_bundle("chinook"), target, "--quiet")
    verified(target, postgres_bundle("chinook"))
    assert contents(target) == contents(pair.target)


def test_generating_from_a_saved_bundle_is_cloning_between_files(shared_data: Path, tmp_path: Path) -> None:
    source, bundle = shared_data / "chinook.db", tmp_path / "chinook.dbclone"
    fine("clone", source, tmp_path / "cloned.db", "--quiet")
    fine("fit", source, "-o", bundle, "--quiet")
    fine("generate", bundle, tmp_path / "generated.db", "--quiet")
    verified(tmp_path / "generated.db", source)
    ours, theirs = sqlite_contents(tmp_path / "generated.db"), sqlite_contents(tmp_path / "cloned.db")
    assert ours == theirs


def test_fitting_twice_gives_the_same_bytes(
    shared_postgres: Callable[[str], str], postgres_bundle: Callable[[str], Path], tmp_path: Path
) -> None:
    fine("fit", shared_postgres("chinook"), "-o", tmp_path / "again.dbclone", "--quiet")
    assert (tmp_path / "again.dbclone").read_bytes() == postgres_bundle("chinook").read_bytes()


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_folder_of_files(
    kind: str, shared_postgres: Callable[[str], str], postgres_bundle: Callable[[str], Path], tmp_path: Path
) -> None:
    target = f"{kind}:{tmp_path / 'out'}"
    fine("generate", postgres_bundle("chinook"), target, "--quiet")
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(files) == TABLES + 1
    assert all(name.endswith(f".{kind}") for name in files if name != "_dbclone.json")
    report = verified(target, shared_postgres("chinook"))
    assert report["tables"] == TABLES
    assert report["rows"] == pytest.approx(sum(rows_of(shared_postgres("chinook")).values()), rel=0.02)


def test_sql_script_makes_the_same_clone(
    postgres_clone: Callable[[str], Pair],
    postgres_bundle: Callable[[str], Path],
    new_database: Callable[..., str],
    tmp_path: Path,
) -> None:
    pair, script, target = postgres_clone("chinook"), tmp_path / "chinook.sql", new_database()
    fine("generate", postgres_bundle("chinook"), script, "--quiet")
    psql = [str(find_pg_dump(15).with_name("psql")), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
    done = subprocess.run([*psql, f"--dbname={target}", f"--file={script}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    verified(target, pair.source)
    assert_same_rows(rows_of(target), rows_of(pair.source))
    assert contents(target) == contents(pair.target)


def test_same_seed_same_bytes_however_many_workers(postgres_bundle: Callable[[str], Path], tmp_path: Path) -> None:
    # Small chunks, so that two workers have something to share.
    (tmp_path / "dbclone.yaml").write_text(yaml.safe_dump({"chunk_rows": 500}))
    runs = {"first": (1, 1), "again": (1, 1), "two workers": (1, 2), "another seed": (2, 1)}
    found = {}
    for name, (seed, workers) in runs.items():
        chosen = ["--seed", seed, "--workers", workers, "-c", tmp_path / "dbclone.yaml", "--quiet"]
        fine("generate", postgres_bundle("chinook"), f"parquet:{tmp_path / name}", *chosen)
        found[name] = {path.name: path.read_bytes() for path in (tmp_path / name).glob("*.parquet")}
    assert len(found["first"]) == TABLES
    assert found["again"] == found["first"]
    assert found["two workers"] == found["first"]
    changed = {name for name, data in found["another seed"].items() if data != found["first"][name]}
    copied = {"genre.parquet", "media_type.parquet", "playlist.parquet"}
    assert changed == set(found["first"]) - copied
