"""A run killed in the middle of writing: the target is as it was, and the next run takes its litter away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.clone.runs import fine, verified
from tests.roundtrip import contents, query

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.xdist_group("chinook")
# Reports on stdout before it loads the third table and then waits for its end.
SLOWLY = """
import sys, time
from dbclone import pipeline

class Slowly(pipeline.Silent):
    def advance(self, label, done, total):
        if label == "tables" and done >= 3:
            print("writing", flush=True)
            time.sleep(600)

pipeline.generate(pipeline.load(sys.argv[1]), sys.argv[2], progress=Slowly(), seed=9)
"""


@contextmanager
def killed_while_writing(bundle: Path, target: object) -> Iterator[None]:
    """Runs the body while a generate run stands in the middle of its writing, then kills that without a warning."""
    command = [sys.executable, "-c", SLOWLY, str(bundle), str(target)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True)
    try:
        assert run.stdout is not None
        assert run.stdout.readline() == b"writing\n"
        yield
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        if run.stdout is not None:
            run.stdout.close()


def test_sqlite(postgres_bundle: Callable[[str], Path], tmp_path: Path) -> None:
    bundle, target = postgres_bundle("chinook"), tmp_path / "target.db"
    fine("generate", bundle, target, "--quiet")
    before = target.read_bytes()
    with killed_while_writing(bundle, target):
        assert len(list(tmp_path.iterdir())) > 1
    assert target.read_bytes() == before
    fine("generate", bundle, target, "--seed", "1", "--quiet")
    verified(target, bundle)
    assert [path.name for path in tmp_path.iterdir()] == ["target.db"]
    assert target.read_bytes() != before


def test_folder(postgres_bundle: Callable[[str], Path], tmp_path: Path) -> None:
    bundle, target = postgres_bundle("chinook"), tmp_path / "target"
    fine("generate", bundle, f"{target}/", "--quiet")
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    with killed_while_writing(bundle, f"{target}/"):
        assert len(list(tmp_path.iterdir())) > 1
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    fine("generate", bundle, f"{target}/", "--quiet")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_postgresql(postgres_bundle: Callable[[str], Path], free_database: Callable[[], str]) -> None:
    bundle, target = postgres_bundle("chinook"), free_database()
    fine("generate", bundle, target, "--quiet")
    before = contents(target)
    here = "SELECT datname FROM pg_database WHERE datname ^@ current_database()"
    with killed_while_writing(bundle, target):
        assert len(query(target, here)) == 2
    assert contents(target) == before
    for _ in range(100):
        # The server notices a dead client in its own time.
        if query(target, "SELECT count(*) FROM pg_stat_activity WHERE application_name ^@ 'dbclone'") == [(0,)]:
            break
        time.sleep(0.1)
    fine("generate", bundle, target, "--seed", "1", "--quiet")
    verified(target, bundle)
    assert len(query(target, here)) == 1
    assert contents(target) != before
