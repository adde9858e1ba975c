"""Long series end where their family ends: the steps from sibling to sibling do not drift away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from dbclone.models.learn import learn
from dbclone.models.work import Sample
from dbclone.profile import learn_profile
from dbclone.sample.generate import Draw, Generator
from dbclone.schema import Column, ForeignKey, Kind, PrimaryKey, Schema, Strategy, Table, TableName, Type, make_plan

LANDS, TOWNS = TableName("public", "lands"), TableName("public", "towns")


def _whole(name: str) -> Column:
    return Column(name, Type(Kind.INTEGER, "bigint"), nullable=False)


def lands() -> tuple[Schema, dict[TableName, pa.Table]]:
    """Two hundred lands with their towns from the largest down, as a census lists them: down to 100,000 in most."""
    rng = np.random.default_rng(3)
    counts = rng.integers(3, 60, 200)
    least = np.where(rng.random(200) < 0.8, 90_000, 2_000)
    towns = [np.sort(rng.pareto(1.1, size) * low + low)[::-1] for size, low in zip(counts, least, strict=True)]
    land, people = np.repeat(np.arange(200), counts) + 1, np.concatenate(towns).astype(np.int64)
    key = ForeignKey(TOWNS, ("land",), LANDS, ("id",), "towns_land")
    schema = Schema(
        "postgresql",
        (
            Table(LANDS, (_whole("id"),), PrimaryKey(("id",))),
            Table(TOWNS, (_whole("id"), _whole("land"), _whole("people")), PrimaryKey(("id",)), foreign_keys=(key,)),
        ),
    )
    rows = {
        LANDS: pa.table({"id": np.arange(200) + 1}),
        TOWNS: pa.table({"id": np.arange(len(land)) + 1, "land": land, "people": people}),
    }
    return schema, rows


def test_series_that_fall_stop_where_they_did(tmp_path: Path) -> None:
    schema, tables = lands()
    rows = {name: table.num_rows for name, table in tables.items()}
    profile = learn_profile(schema, tables, rows, k=5)
    plan = make_plan(schema, {LANDS: Strategy.COPY})
    models, codes = learn(schema, plan, profile, Sample(tables, rows, {}))
    generator = Generator(schema, plan, profile, models, {LANDS: tables[LANDS]}, codes, Draw(seed=1), tmp_path)
    generator.fill()
    drawn = pa.Table.from_batches(generator.batches(TOWNS))
    generator.close()
    ends = []
    for one in (tables[TOWNS], drawn):
        least = np.full(200, np.inf)
        np.minimum.at(least, np.asarray(one["land"]) - 1, np.asarray(one["people"]))
        ends.append(least)
    assert (np.abs(np.log(ends[1] / ends[0])) < 0.2).mean() > 0.9
    land = np.asarray(drawn["land"])
    same = land[1:] == land[:-1]
    assert (np.diff(np.asarray(drawn["people"]))[same] <= 0).mean() > 0.97
