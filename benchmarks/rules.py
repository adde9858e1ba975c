"""Which rules of each source its clone keeps, and whether its rows lie in the order of the source's.

    python benchmarks/rules.py postgresql://postgres@127.0.0.1/postgres [NAME...]

A rule is what holds in every row of the source though no constraint says so (`dbclone inspect --rules`). Rules are
found in the source and counted in a clone of default settings. Order is what PostgreSQL's planner measures of it: the
correlation of each column with the place of its rows (``pg_stats.correlation`` after ANALYZE); the table names the
column, of tables with 100 rows or more, where source and clone are farthest apart, and gives the mean distance over all
of them. Gives Markdown on stdout.
"""

from __future__ import annotations

import sys
import time

import psycopg
from databases import NAMES, figure, parser, scratch, source, table

import dbclone
from dbclone.report.rules import RulesReport

_CORRELATIONS = """
SELECT schemaname || '.' || tablename, attname, correlation
FROM pg_stats JOIN pg_namespace n ON nspname = schemaname
     JOIN pg_class ON relname = tablename AND relnamespace = n.oid AND reltuples >= 100
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND correlation IS NOT NULL
"""
Correlations = dict[tuple[str, str], float]


def main() -> int:
    """Runs every database, one after the other; 1 where a rule is broken."""
    given = parser(__doc__).parse_args()
    rows: list[list[str]] = []
    broken: list[list[str]] = []
    for name in given.names or NAMES:
        with source(given.server, name, given.shared) as url, scratch(given.server, f"dbclone_rules_{name}") as clone:
            start = time.monotonic()
            dbclone.clone(url, clone, seed=given.seed)
            seconds = time.monotonic() - start
            report = dbclone.compare(url, clone).rules
            assert report is not None
            before, after = _correlations(url), _correlations(clone)
        apart = {place: abs(value - after[place]) for place, value in before.items() if place in after}
        worst = max(apart, key=apart.__getitem__, default=None)
        mean = sum(apart.values()) / len(apart) if apart else None
        rows.append([name, *_counts(report), *_worst(worst, before, after), figure(mean, 2), figure(seconds, 1)])
        broken += [
            [name, one.rule.name, one.rule.kind, f"{one.clone.rows:,}", f"{one.clone.share or 0:.4%}"]
            for one in report.broken
            if one.clone is not None
        ]
        print(" ".join(rows[-1]), file=sys.stderr, flush=True)
    heads = ("database", "rules", "kept", "not counted", "order farthest off", "source", "clone", "apart", "mean", "s")
    print(table(heads, rows))
    if broken:
        print("\n" + table(("database", "broken rule", "kind", "rows", "hold"), broken, left=3))
    return 1 if broken else 0


def _counts(report: RulesReport) -> list[str]:
    return [str(len(report.rules)), str(report.kept), str(len(report.uncounted))]


def _worst(place: tuple[str, str] | None, before: Correlations, after: Correlations) -> list[str]:
    if place is None:
        return ["-", "-", "-", "-"]
    one, other = before[place], after[place]
    return [".".join(place), figure(one, 2), figure(other, 2), figure(abs(one - other), 2)]


def _correlations(url: str) -> Correlations:
    """By table and column. The source was analysed when it was filled; the clone is now."""
    with psycopg.connect(url, autocommit=True) as connection:
        if "dbclone_rules" in url:
            connection.execute("ANALYZE")
        return {(one, column): float(value) for one, column, value in connection.execute(_CORRELATIONS)}


if __name__ == "__main__":
    sys.exit(main())
