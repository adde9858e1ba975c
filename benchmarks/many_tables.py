"""A schema of very many tables: takes a PostgreSQL server, makes the schema, inspects and clones it, prints seconds.

    python benchmarks/many_tables.py postgresql://postgres@127.0.0.1/postgres
    python benchmarks/many_tables.py postgresql://postgres@127.0.0.1/postgres --tables 120 --keys 360 --rows 20

The schema is the same every time: keys to earlier tables, to the table itself and round in cycles; simple, composite
and shared ones. Everything that is made is dropped at the end. Exits 1 where the clone is not sound.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import psycopg
from psycopg.conninfo import make_conninfo

_TYPES = (
    "integer NOT NULL", "text", "numeric(10,2) NOT NULL", "timestamptz NOT NULL", "date", "boolean NOT NULL",
    "varchar(30) NOT NULL", "bigint", "jsonb",
)  # fmt: skip
_NAMES = ("amount", "note", "price", "created_at", "due_on", "active", "status", "counter", "payload")
_VALUES = {
    "amount": "(random() * 1000)::int",
    "note": "md5(g::text)",
    "price": "round((random() * 500)::numeric, 2)",
    "created_at": "timestamptz '2024-01-01' + g * interval '7 hours'",
    "due_on": "date '2024-01-01' + (random() * 365)::int",
    "active": "random() < 0.8",
    "status": "(ARRAY['new', 'paid', 'sent', 'done'])[1 + (random() * 3)::int]",
    "counter": "g * 17",
    "payload": """jsonb_build_object('n', g, 'kind', 'k' || g % 3)""",
}


@dataclass(frozen=True)
class Made:
    """The script that makes the tables and rows, and the one that adds the keys over them."""

    tables: str
    keys: str


def make_schema(tables: int, keys: int, rows: int) -> Made:
    """``tables`` tables with ``keys`` foreign keys and ``rows`` rows each; equal arguments give equal scripts."""
    rng = np.random.default_rng(1)
    columns: list[dict[str, str]] = [{} for _ in range(tables)]
    checks: list[list[str]] = [[] for _ in range(tables)]
    constraints: list[str] = []
    for number in range(tables):
        for place in sorted(rng.choice(len(_NAMES), int(rng.integers(2, 6)), replace=False).tolist()):
            columns[number][_NAMES[place]] = _TYPES[place]
        if "status" in columns[number]:
            checks[number].append("CHECK (status IN ('new', 'paid', 'sent', 'done'))")
    filled: list[dict[str, str]] = [{name: _VALUES[name] for name in kept} for kept in columns]
    for number in range(keys):
        child = number % tables
        kind = "self" if number % 40 == 7 else "late" if number % 50 == 11 else "pair" if number % 20 == 3 else "plain"
        parent = child if kind == "self" else int(rng.integers(child + 1, tables)) if kind == "late" and (
            child + 1 < tables) else int(rng.integers(0, max(1, child)))  # fmt: skip
        name = f"ref_{number}"
        nullable = kind in ("self", "late") or number % 3 == 0
        columns[child][name] = "bigint" + ("" if nullable else " NOT NULL")
        row = f"1 + (g * {int(rng.integers(3, 999)) * 2 + 1} + {number}) % {rows}"
        filled[child][name] = f"CASE WHEN g % 5 > 0 THEN {row} END" if nullable else row
        ours, theirs = name, "id"
        if kind == "pair":
            # The tenant is shared by all such keys of the table.
            columns[child].setdefault("ref_tenant", "integer NOT NULL")
            filled[child].setdefault("ref_tenant", "1 + g % 4")
            filled[child][name] = (
                f"1 + ((g % 4) + 4 * ((g + {number}) % {max(1, rows // 4)})) % {max(4, rows // 4 * 4)}"
            )
            ours, theirs = f"ref_tenant, {name}", "tenant_id, id"
        constraints.append(
            f"ALTER TABLE t{child:04} ADD CONSTRAINT t{child:04}_{name} FOREIGN KEY ({ours})"
            f" REFERENCES t{parent:04} ({theirs});"
        )
    scripts = ["SELECT setseed(0.5);"]
    for number in range(tables):
        listed = "".join(f", {name} {kind}" for name, kind in columns[number].items())
        listed += "".join(f", {check}" for check in checks[number])
        scripts.append(
            f"CREATE TABLE t{number:04} (id bigserial PRIMARY KEY, tenant_id integer NOT NULL{listed},"
            f" UNIQUE (tenant_id, id));"
            f" INSERT INTO t{number:04} (tenant_id{''.join(f', {name}' for name in filled[number])})"
            f" SELECT 1 + (g - 1) % 4{''.join(f', {value}' for value in filled[number].values())}"
            f" FROM generate_series(1, {rows}) g ORDER BY g;"
        )
    return Made("\n".join(scripts), "\n".join(constraints))


@contextlib.contextmanager
def source(server: str, made: Made, name: str) -> Iterator[str]:
    """The URL of a database that holds the schema; dropped at the end, and its clone too."""
    _drop(server, name, f"{name}_clone")
    with psycopg.connect(make_conninfo(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url = make_conninfo(server, dbname=name)
    address = server.rpartition("/")[0] + f"/{name}"
    try:
        with psycopg.connect(url) as connection:
            connection.execute(made.tables.encode())
            connection.commit()
            connection.execute(made.keys.encode())
        yield address
    finally:
        _drop(server, name, f"{name}_clone")


def _drop(server: str, *names: str) -> None:
    with psycopg.connect(make_conninfo(server), autocommit=True) as connection:
        for name in names:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def timed(*arguments: str) -> tuple[float, str]:
    """Seconds and output of a dbclone command. Raises SystemExit with its complaint where it fails."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "dbclone", *arguments, "--quiet"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"dbclone {arguments[0]} failed: {done.stderr.strip()}")
    return time.monotonic() - start, done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", help="a PostgreSQL address whose role may create databases")
    parser.add_argument("--tables", type=int, default=1_000)
    parser.add_argument("--keys", type=int, default=3_000)
    parser.add_argument("--rows", type=int, default=100, help="rows of each table")
    parser.add_argument("--prefix", default="dbclone_many", help="of the databases that are made")
    asked = parser.parse_args()
    made = make_schema(asked.tables, asked.keys, asked.rows)
    print(f"{asked.tables} tables, {asked.keys} foreign keys, {asked.rows} rows each")
    with source(asked.server, made, asked.prefix) as address:
        seconds, _ = timed("inspect", address, "--json")
        print(f"inspect  {seconds:7.1f} s")
        target = f"{address}_clone"
        seconds, output = timed("clone", address, target, "--json")
        facts = json.loads(output)
        stages = ", ".join(f"{stage} {value:.1f}" for stage, value in facts["seconds"].items())
        print(f"clone    {seconds:7.1f} s  ({stages})")
        print(f"         {sum(facts['rows'].values()):,} rows, {len(facts['notes'])} notes")
        seconds, output = timed("verify", target, "--against", address, "--json")
        report = json.loads(output)
        print(f"verify   {seconds:7.1f} s  ({report['constraints']:,} constraints, {len(report['violations'])} broken)")


if __name__ == "__main__":
    main()
