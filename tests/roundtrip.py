"""A plain copy through a Source and a Loader, and the comparison that ends a test: equal DDL, equal rows."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import Literal

import psycopg

from dbclone.dialects.address import parse_address
from dbclone.dialects.postgresql import open_loader, open_source
from dbclone.dialects.postgresql.dump import find_pg_dump
from dbclone.dialects.protocol import Loss, Reading, Stamp, Violation
from dbclone.schema import TableName

STAMP = Stamp(version="0", bundle="b", seed=1, time="2024-01-01T00:00:00Z")
_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname), relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND c.relispopulated
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


@dataclass(frozen=True)
class Copied:
    rows: dict[str, int]
    losses: tuple[Loss, ...]
    violations: tuple[Violation, ...]


def copy_database(
    source_url: str,
    target_url: str,
    *,
    mode: Literal["native", "sqlalchemy"] = "native",
    replace: bool = False,
    without: frozenset[TableName] = frozenset(),
) -> Copied:
    """Every row of the source as it is; published unless a constraint fails."""
    with open_source(parse_address(source_url)) as source:
        schema = source.schema()
        loader = open_loader(parse_address(target_url), source_identity=source.identity, replace=replace, mode=mode)
        try:
            loader.create(schema, source.ddl(without) if mode == "native" else None)
            rows = {
                str(table.name): loader.load(table, source.read(Reading(table)))
                for table in schema
                if table.name not in without
            }
            violations = loader.finish()
            if not violations:
                loader.publish(STAMP)
        finally:
            loader.discard()
    return Copied(rows, loader.losses, violations)


def schema_dump(url: str) -> str:
    """``pg_dump --schema-only`` without what differs from run to run."""
    with psycopg.connect(url) as connection:
        program = find_pg_dump(connection.info.server_version // 10_000)
    command = [str(program), "--schema-only", "--dbname", url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)


def contents(url: str) -> dict[str, tuple[int, str]]:
    """Rows and a digest of each table and filled materialized view, the order of rows left aside."""
    found = {}
    with psycopg.connect(url, options="-c timezone=UTC -c extra_float_digits=1") as connection:
        for name, kind in connection.execute(_TABLES).fetchall():
            only = "ONLY " if kind == "r" else ""
            query = (
                f'SELECT count(*), md5(string_agg(x::text, chr(10) ORDER BY x::text COLLATE "C")) FROM {only}{name} x'
            )
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            found[name] = (row[0], row[1] or "")
    return found


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []
