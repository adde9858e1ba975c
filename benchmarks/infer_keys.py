"""How many declared foreign keys are found again once they are dropped, and how many others are proposed.

    python benchmarks/infer_keys.py postgresql://postgres@127.0.0.1/postgres [NAME ...]

Each database is copied without its foreign keys, the copy is searched, and the copy is dropped. With --clone the copy
is cloned with its inferred keys, and the declared keys are counted in that clone.
"""

from __future__ import annotations

import contextlib
import subprocess
import time

from databases import NAMES, bare, execute, figure, parser, scratch, source, table
from psycopg import connect, sql

import dbclone
from dbclone.dialects import open_source, parse_address
from dbclone.dialects.counting import count_orphans
from dbclone.schema import ForeignKey, Schema
from dbclone.undeclared import find_keys

_Ends = tuple[str, frozenset[tuple[str, str]], str]


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--clone", action="store_true", help="also clone each copy and count orphans")
    given = arguments.parse_args()
    rows, total = [], [0, 0, 0]
    for name in given.names or NAMES:
        with source(given.server, name, given.shared) as url, scratch(given.server, f"dbclone_bare_{name}") as stripped:
            _copy_without_keys(url, stripped)
            declared = {_ends(key): key for key in _schema(url).foreign_keys}
            start = time.monotonic()
            with contextlib.closing(open_source(parse_address(stripped))) as opened:
                proposed = {_ends(one.key): one for one in find_keys(opened, opened.schema())}
            seconds = time.monotonic() - start
            right = len(declared.keys() & proposed.keys())
            others = [str(one.key) for ends, one in proposed.items() if ends not in declared]
            missed = [str(key) for ends, key in declared.items() if ends not in proposed]
            figures = [f"{len(declared)}", f"{len(proposed)}", f"{right}", figure(seconds, 1)]
            broken = _orphans_in_clone(given.server, name, stripped, url, given.seed) if given.clone else "-"
            rows.append([name, *figures, broken, ", ".join(missed) or "-", ", ".join(others) or "-"])
            total = [a + b for a, b in zip(total, (len(declared), len(proposed), right), strict=True)]
    heads = ("database", "declared", "proposed", "right", "s", "orphans in clone", "missed", "others")
    print(table(heads, rows))
    print(f"\nprecision {figure(total[2] / total[1])}, recall {figure(total[2] / total[0])}")


def _copy_without_keys(url: str, target: str) -> None:
    dumped = subprocess.run(["pg_dump", "--no-owner", bare(url)], capture_output=True, check=True)
    subprocess.run(["psql", "-q", "-d", bare(target)], input=dumped.stdout, capture_output=True, check=True)
    with connect(target) as connection:
        keys = connection.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' AND conparentid = 0"
        ).fetchall()
    for relation, key in keys:
        # A regclass prints itself in quotes where it needs them.
        drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.SQL(relation), sql.Identifier(key))
        execute(target, drop)


def _orphans_in_clone(server: str, name: str, stripped: str, declared: str, seed: int) -> str:
    with scratch(server, f"dbclone_bare_{name}_clone") as target:
        dbclone.clone(stripped, target, seed=seed, keys={"infer": True})
        schema = _schema(declared)
        with contextlib.closing(open_source(parse_address(target), force=True)) as opened:
            return str(sum(count_orphans(opened, schema, key) for key in schema.foreign_keys))


def _schema(url: str) -> Schema:
    with contextlib.closing(open_source(parse_address(url))) as opened:
        return opened.schema()


def _ends(key: ForeignKey) -> _Ends:
    return str(key.table), frozenset(zip(key.columns, key.parent_columns, strict=True)), str(key.parent)


if __name__ == "__main__":
    main()
