"""Six published databases cloned from PostgreSQL to PostgreSQL, and what an independent score says of each clone.

    python benchmarks/acceptance.py postgresql://postgres@127.0.0.1/postgres [NAME...] [--scale 0.1]

Takes a server whose role may create databases, and the dumps and the score of ``../shared``; gives one table on stdout.
A source that the server holds under its own name is read there; another is restored and dropped again. Exits 1 where
any clone breaks a constraint, lacks a table or, at scale 1, holds 2 % more or fewer rows than its source.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

NAMES = ("chinook", "northwind", "pagila", "sakila", "adventureworks_lt", "employees")
BROKEN = ("fk_viol", "pk_dup", "notnull", "uniq_dup", "check", "tables_missing")
FIGURES = ("shape50", "pair_tv", "card", "pc", "hop2", "c2st", "c2st_agg")
MOST_ROWS_OFF = 0.02
HOUSE = Path(__file__).resolve().parents[1]


def main() -> int:
    """Runs the clones one after another, so that their seconds can be compared."""
    options = _options()
    shared = Path(options.shared)
    rows: list[dict[str, Any]] = []
    for name in options.names or NAMES:
        with _database(options, name, shared) as source, _place(options, f"{name}_clone") as target:
            rows.append(_measure(name, source, target, options, shared))
        print(_line(name, rows[-1]), file=sys.stderr, flush=True)
    print(_table(rows))
    failed = [row["name"] for row in rows if _failed(row, options.scale)]
    print(f"Failed: {', '.join(failed)}" if failed else "No violation.")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", help="a PostgreSQL URL whose role may create databases")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which databases; all of {', '.join(NAMES)} if none")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--learner", default="trees")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--shared", default=HOUSE.parent / "shared", help="the folder of data/ and eval/score.py")
    parser.add_argument("--prefix", default="dbclone_acceptance_", help="how the databases made here are named")
    parser.add_argument("--keep", action="store_true", help="leave the clones on the server")
    return parser.parse_args()


@contextlib.contextmanager
def _database(options: argparse.Namespace, name: str, shared: Path) -> Iterator[str]:
    """The source's URL: the server's own database of that name, or one restored for this run."""
    with psycopg.connect(options.server) as connection:
        there = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount
    if there:
        yield _url(options.server, name)
        return
    with _place(options, name, keep=False) as url:
        _execute(options.server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(options.prefix + name)))
        command = ["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--dbname", _bare(url)]
        subprocess.run([*command, str(shared / "data" / f"{name}.dump")], check=True, env=_environment(url))
        yield url


@contextlib.contextmanager
def _place(options: argparse.Namespace, name: str, *, keep: bool | None = None) -> Iterator[str]:
    """The URL of a database that is dropped before and after."""
    identifier = sql.Identifier(options.prefix + name)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier)
    _execute(options.server, drop)
    try:
        yield _url(options.server, options.prefix + name)
    finally:
        if not (options.keep if keep is None else keep):
            _execute(options.server, drop)


def _measure(name: str, source: str, target: str, options: argparse.Namespace, shared: Path) -> dict[str, Any]:
    dbclone = [sys.executable, "-m", "dbclone"]
    chosen = ["--seed", str(options.seed), "--scale", str(options.scale), "--learner", options.learner]
    start = time.monotonic()
    chosen += ["--workers", str(options.workers), "--quiet"]
    cloned = _run([*dbclone, "clone", _bare(source), _bare(target), *chosen], source)
    seconds = time.monotonic() - start
    row: dict[str, Any] = {"name": name, "seconds": seconds, "clone": cloned.returncode, "verify": None, "score": None}
    if cloned.returncode:
        print(cloned.stderr, file=sys.stderr)
        return row
    verified = _run([*dbclone, "verify", _bare(target), "--against", _bare(source), "--quiet"], source)
    row["verify"] = verified.returncode
    if verified.returncode:
        print(verified.stdout, verified.stderr, file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "score.json"
        score = [sys.executable, str(shared / "eval" / "score.py"), _bare(source), _bare(target), "--json", str(file)]
        scored = _run(score, source)
        if not file.exists():
            print(scored.stderr, file=sys.stderr)
            return row
        row["score"] = json.loads(file.read_text())["summary"]
    return row


def _failed(row: dict[str, Any], scale: float) -> bool:
    score = row["score"]
    if row["clone"] or row["verify"] or score is None or any(score[figure] for figure in BROKEN):
        return True
    off = max(abs(score["rows_ratio_min"] - 1), abs(score["rows_ratio_max"] - 1))
    return scale == 1 and off > MOST_ROWS_OFF


def _table(rows: list[dict[str, Any]]) -> str:
    heads = ("database", *BROKEN, "verify", "rows min", "rows max", *FIGURES, "s")
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---"] + ["---:"] * (len(heads) - 1)) + " |"]
    return "\n".join(lines + [_line(row["name"], row) for row in rows])


def _line(name: str, row: dict[str, Any]) -> str:
    score = row["score"] or {}
    cells = [name, *(score.get(figure, "-") for figure in BROKEN), "ok" if row["verify"] == 0 else "FAILED"]
    cells += [score.get("rows_ratio_min", "-"), score.get("rows_ratio_max", "-")]
    cells += [_figure(score.get(figure)) for figure in FIGURES]
    return "| " + " | ".join(str(cell) for cell in [*cells, f"{row['seconds']:.1f}"]) + " |"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _run(command: list[str], url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=HOUSE, env=_environment(url))


def _environment(url: str) -> dict[str, str]:
    """The server's password travels where no list of processes shows it."""
    password = make_url(url).password
    return {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}


def _bare(url: str) -> str:
    return make_url(url).set(password=None).render_as_string(hide_password=False)


def _url(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)


def _execute(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


if __name__ == "__main__":
    sys.exit(main())
