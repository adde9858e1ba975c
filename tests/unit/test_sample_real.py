"""Tables that come as they are tell their children's values: prices that repeat, families that begin on a date."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from dbclone.models.learn import learn
from dbclone.models.numbers import fit_numbers
from dbclone.models.work import Sample
from dbclone.profile import learn_profile
from dbclone.sample.generate import Draw, Generator
from dbclone.schema import Column, ForeignKey, Kind, PrimaryKey, Schema, Strategy, Table, TableName, Type, make_plan

TEAMS, SEASONS = TableName("public", "teams"), TableName("public", "seasons")
WHOLE = Type(Kind.INTEGER, "bigint")
DAY = Type(Kind.DATE, "date")


def _whole(name: str) -> Column:
    return Column(name, WHOLE, nullable=False)


def league() -> tuple[Schema, dict[TableName, pa.Table]]:
    """Forty teams, each with a level of its own that its seasons stay near to, from a day of its own on."""
    rng = np.random.default_rng(5)
    level = rng.permutation(40) * 1_000 + 5_000
    team = np.repeat(np.arange(40), 12)
    start = np.repeat(rng.permutation(40) * 300, 12)
    won = level[team] + rng.integers(-9, 10, len(team))
    days = pa.array((start + np.tile(np.arange(12), 40) * 7).astype(np.int32)).cast(pa.date32())
    key = ForeignKey(SEASONS, ("team",), TEAMS, ("id",), "seasons_team")
    teams = Table(TEAMS, (_whole("id"), _whole("level")), PrimaryKey(("id",)))
    columns = (_whole("id"), _whole("team"), _whole("won"), Column("day", DAY, nullable=False))
    seasons = Table(SEASONS, columns, PrimaryKey(("id",)), foreign_keys=(key,))
    rows = {
        TEAMS: pa.table({"id": pa.array(np.arange(40) + 1, pa.int64()), "level": pa.array(level, pa.int64())}),
        SEASONS: pa.table(
            {
                "id": pa.array(np.arange(480) + 1, pa.int64()),
                "team": pa.array(team + 1, pa.int64()),
                "won": pa.array(won, pa.int64()),
                "day": days,
            }
        ),
    }
    return Schema("postgresql", (teams, seasons)), rows


def test_children_of_a_copied_table_keep_to_its_numbers_and_to_their_own_dates(tmp_path: Path) -> None:
    schema, tables = league()
    rows = {name: table.num_rows for name, table in tables.items()}
    profile = learn_profile(schema, tables, rows, k=5)
    plan = make_plan(schema, {TEAMS: Strategy.COPY})
    models, codes = learn(schema, plan, profile, Sample(tables, rows, {}))
    generator = Generator(schema, plan, profile, models, {TEAMS: tables[TEAMS]}, codes, Draw(seed=1), tmp_path)
    generator.fill()
    drawn = pa.Table.from_batches(generator.batches(SEASONS))
    generator.close()
    team = np.asarray(drawn["team"]) - 1
    level = np.asarray(tables[TEAMS]["level"])
    near = np.abs(np.asarray(drawn["won"]) - level[team]) < 1_000
    assert near.mean() > 0.9
    first = np.full(40, np.inf)
    np.minimum.at(first, np.asarray(tables[SEASONS]["team"]) - 1, np.asarray(tables[SEASONS]["day"].cast(pa.int32())))
    began = np.full(40, np.inf)
    np.minimum.at(began, team, np.asarray(drawn["day"].cast(pa.int32())))
    assert np.median(np.abs(began - first)) < 1_500


def test_numbers_are_drawn_inside_their_bins() -> None:
    values = np.concatenate([np.full(50, 7.0), np.arange(100.0, 400.0), [np.nan]])
    codec = fit_numbers(values, k=5, max_codes=16)
    codes = codec.encode(values)
    drawn = codec.decode(codes, np.linspace(0.0, 0.999, len(codes)))
    assert np.array_equal(codec.encode(drawn), codes)
    assert set(drawn[:50]) == {7.0}
    assert np.isnan(drawn[-1])
