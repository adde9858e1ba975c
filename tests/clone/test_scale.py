"""Smaller and larger clones: every constraint holds, and a parent keeps the children that it would have had."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psycopg
import pytest
from psycopg import sql

from dbclone.dialects.address import parse_address
from dbclone.dialects.postgresql import open_source
from dbclone.schema import ForeignKey
from tests.clone.runs import fine, rows_of, verified

Counts = npt.NDArray[np.int64]


FEWEST_PARENTS = 20
"""One parent is no distribution: of 8 employees a tenth is one."""
FEWEST_CHILDREN = 5
"""Below so many children a copied parent, chance alone deals them out otherwise."""

scaled = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ("chinook", "pagila")]
)


@pytest.mark.parametrize("scale", [0.1, 5.0])
@scaled
def test_fan_outs_are_kept(
    name: str,
    scale: float,
    shared_postgres: Callable[[str], str],
    postgres_bundle: Callable[[str], Path],
    free_database: Callable[[], str],
) -> None:
    source, target = shared_postgres(name), free_database()
    facts = json.loads(fine("generate", postgres_bundle(name), target, "--scale", scale, "--json", "--quiet"))
    verified(target, source)
    rows = rows_of(source)
    copied = {table.split(".")[1] for table in facts["copied"]}
    off = {
        table: (found, rows[table])
        for table, found in rows_of(target).items()
        if found != pytest.approx(rows[table] * (1 if table in copied else scale), rel=0.15, abs=1)
    }
    assert off == {}
    with open_source(parse_address(source)) as opened:
        schema = opened.schema()
    kept, shared = {}, {}
    for key in schema.foreign_keys:
        ours, theirs = children(source, key), children(target, key)
        if key.parent.name not in copied and len(theirs) >= FEWEST_PARENTS:
            kept[str(key)] = 1 - distance(ours, theirs)
        elif key.parent.name in copied and theirs.sum() >= FEWEST_CHILDREN * len(theirs):
            # The same parents are there: they share out what there is as the source's did.
            shared[str(key)] = 1 - float(np.abs(ours / ours.sum() - theirs / theirs.sum()).sum()) / 2
    for likeness in (kept, shared):
        assert len(likeness) >= 2
        assert mean(likeness) >= 0.9, listed(likeness)


@scaled
def test_fan_outs_are_kept_for_every_key_where_no_parent_is_copied(
    name: str, shared_postgres: Callable[[str], str], free_database: Callable[[], str]
) -> None:
    source, target = shared_postgres(name), free_database()
    fine("clone", source, target, "--scale", "5", "--no-copy-reference", "--quiet")
    verified(target, source)
    with open_source(parse_address(source)) as opened:
        schema = opened.schema()
    likeness = {str(key): 1 - distance(children(source, key), children(target, key)) for key in schema.foreign_keys}
    assert mean(likeness) >= 0.9, listed(likeness)


def mean(likeness: dict[str, float]) -> float:
    return sum(likeness.values()) / len(likeness)


def listed(likeness: dict[str, float]) -> str:
    return "\n".join(f"{value:.3f} {key}" for key, value in sorted(likeness.items(), key=lambda item: item[1]))


def children(url: str, key: ForeignKey) -> Counts:
    """The number of children of each parent row, parents with none included, in the order of the parents' keys."""
    query = sql.SQL(
        "SELECT coalesce(n, 0) FROM {parent} p LEFT JOIN"
        " (SELECT {columns}, count(*) AS n FROM {child} GROUP BY {columns}) c ON {joined}"
        " ORDER BY {parents}"
    )
    joined = [
        sql.SQL("c.{} = p.{}").format(sql.Identifier(ours), sql.Identifier(theirs))
        for ours, theirs in zip(key.columns, key.parent_columns, strict=True)
    ]
    statement = query.format(
        child=sql.Identifier(key.table.schema, key.table.name),
        parent=sql.Identifier(key.parent.schema, key.parent.name),
        columns=sql.SQL(", ").join(map(sql.Identifier, key.columns)),
        parents=sql.SQL(", ").join(sql.Identifier("p", column) for column in key.parent_columns),
        joined=sql.SQL(" AND ").join(joined),
    )
    with psycopg.connect(url) as connection:
        return np.asarray([row[0] for row in connection.execute(statement).fetchall()], np.int64)


def distance(ours: Counts, theirs: Counts) -> float:
    """Kolmogorov and Smirnov's: the largest difference of the two distribution functions."""
    points = np.union1d(ours, theirs)
    steps = [np.searchsorted(np.sort(side), points, side="right") / max(1, len(side)) for side in (ours, theirs)]
    return float(np.abs(steps[0] - steps[1]).max())
