"""Learners by table: which of them is asked, what is said where one is missing, and rows taken from a pool."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import dbclone
from dbclone.bundle import Bundle, load
from dbclone.errors import ConfigError
from dbclone.models.learn import learn
from dbclone.models.learners import check_learners
from dbclone.models.numbers import fit_numbers
from dbclone.models.table import Models, Pool, TableModel
from dbclone.models.work import Sample
from dbclone.profile import learn_profile
from dbclone.sample.generate import Draw, Generator
from dbclone.sample.pool import decode_numbers
from dbclone.schema import Strategy, make_plan
from tests.report_shop import CUSTOMERS, ORDERS, shop_schema, shop_tables

SCHEMA, TABLES = shop_schema(), shop_tables()
ROWS = {name: table.num_rows for name, table in TABLES.items()}
PROFILE = learn_profile(SCHEMA, TABLES, ROWS, k=5)
PLAN = make_plan(SCHEMA)


def learned(learner: str = "trees", **learners: str) -> Models:
    by_table = {table.name: learners[table.name.name] for table in SCHEMA if table.name.name in learners}
    models, _ = learn(SCHEMA, PLAN, PROFILE, Sample(TABLES, ROWS, {}), learner=learner, learners=by_table)
    return models


def drawn(models: Models, folder: Path, seed: int = 0, chunk_rows: int = 50_000, scale: float = 1.0) -> Generator:
    draw = Draw(seed=seed, scale=scale, chunk_rows=chunk_rows)
    generator = Generator(SCHEMA, PLAN, PROFILE, models, {}, {}, draw, folder)
    generator.fill()
    return generator


def splits(model: TableModel) -> int:
    return sum(int((entry.tree.feature >= 0).sum()) for entry in model.entries)


def test_independent_looks_at_nothing() -> None:
    models = learned("independent")
    assert [splits(model) for model in models.tables] == [0] * len(models.tables)


def test_one_table_may_have_another_learner() -> None:
    models = learned(customers="independent")
    assert splits(models.table(CUSTOMERS)) == 0
    assert splits(models.table(ORDERS)) > 0
    # Nothing ties hidden columns to a parent whose columns are independent; the count is what gives it children.
    assert {entry.role for entry in models.table(CUSTOMERS).entries} == {"column", "length", "count"}


@pytest.mark.skipif(importlib.util.find_spec("sdv") is not None, reason="sdv is installed")
def test_a_missing_library_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        check_learners(["trees", "sdv:ctgan"])
    expected = 'the learner "sdv:ctgan" needs SDV, which is not installed.\n\nHint: pip install "dbclone[sdv]"'
    assert str(caught.value) == expected
    from examples.shop import build

    source = tmp_path / "shop.db"
    build(source, customers=20)
    with pytest.raises(ConfigError) as caught:
        dbclone.fit(str(source), learners={"orders": "sdv:ctgan"})
    assert str(caught.value) == expected


def test_our_own_learners_need_nothing() -> None:
    check_learners(["trees", "independent"])


def with_pool(models: Models, codes: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], *names: str) -> Models:
    """``models`` whose customers take ``codes`` (rows, names) from a pool."""
    customers = models.table(CUSTOMERS)
    pool = Pool(tuple(customers.by_name[name] for name in names), codes)
    tables = tuple(replace(one, pool=pool) if one.name == CUSTOMERS else one for one in models.tables)
    return replace(models, tables=tables)


@pytest.fixture(scope="module")
def pooled() -> Models:
    """Every private customer spends little and every other one much, which independent columns cannot know."""
    models = learned("independent")
    customers = models.table(CUSTOMERS)
    spent = customers.entries[customers.by_name["spent"]]
    segments = customers.entries[customers.by_name["segment"]]
    assert segments.categories is not None
    rng = np.random.default_rng(0)
    segment = rng.integers(1, 4, 500)
    private = 1 + segments.categories.values.index("private")
    middle = spent.size // 2
    spending = np.where(segment == private, rng.integers(1, middle, 500), rng.integers(middle, spent.size, 500))
    return with_pool(models, np.stack([segment, spending], axis=1).astype(np.uint8), "segment", "spent")


def test_rows_keep_the_dependence_of_the_pool(pooled: Models, tmp_path: Path) -> None:
    generator = drawn(pooled, tmp_path)
    table = pa.Table.from_batches(list(generator.batches(CUSTOMERS)))
    private = np.asarray(table["segment"].to_pandas() == "private")
    spent = table["spent"].to_numpy()
    assert spent[private].max() <= spent[~private].min()
    assert generator.filled[ORDERS].rows == ROWS[ORDERS]


def test_chunks_change_no_row_and_seeds_do(pooled: Models, tmp_path: Path) -> None:
    def rows(seed: int, chunk_rows: int) -> list[object]:
        folder = tmp_path / f"{seed}-{chunk_rows}"
        folder.mkdir()
        batches = list(drawn(pooled, folder, seed, chunk_rows).batches(CUSTOMERS))
        return pa.Table.from_batches(batches)["spent"].to_pylist()

    assert rows(1, 70) == rows(1, 50_000)
    assert rows(1, 7) != rows(2, 7)


def test_a_pool_is_used_up_before_a_row_of_it_comes_again(pooled: Models, tmp_path: Path) -> None:
    pool = pooled.table(CUSTOMERS).pool
    assert pool is not None
    filled = drawn(pooled, tmp_path, scale=5.0).filled[CUSTOMERS]
    slots = [filled.model.first_slot[number] for number in pool.entries]
    first = np.array(filled.own[: len(pool.codes)][:, slots])
    assert sorted(map(tuple, first.tolist())) == sorted(map(tuple, pool.codes.tolist()))


def test_a_pool_travels_in_a_bundle(pooled: Models, tmp_path: Path) -> None:
    strategies = {table.name: Strategy.SYNTHESIZE for table in SCHEMA}
    Bundle(SCHEMA, PROFILE, pooled, strategies, ROWS, {}, {}).save(tmp_path / "x.dbclone")
    pool, ours = load(tmp_path / "x.dbclone").models.table(CUSTOMERS).pool, pooled.table(CUSTOMERS).pool
    assert pool is not None
    assert ours is not None
    assert pool.entries == ours.entries
    assert np.array_equal(pool.codes, ours.codes)


@pytest.mark.parametrize("grid", [None, 0.0])
def test_decoded_numbers_stay_in_their_code(grid: float | None) -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate([np.round(rng.gamma(2.0, 50.0, 3_000), 2), np.zeros(400), np.full(100, np.nan)])
    codec = fit_numbers(values, k=5, grid=grid)
    codes = codec.encode(values)
    decoded = decode_numbers(codec, codes, rng.random(len(codes)))
    assert np.array_equal(np.isnan(decoded), np.isnan(values))
    assert (decoded[values == 0] == 0).all()
    # A value on the border of two bins may be rounded over it.
    assert (np.abs(codec.encode(decoded).astype(int) - codes) <= 1).all()
    assert (codec.encode(decoded) == codes).mean() > 0.95


def test_checks_that_share_a_column_hold_though_nothing_is_known_of_them(tmp_path: Path) -> None:
    """shipped_at >= ordered_at and delivered_at >= shipped_at: mending one must not break the other."""
    from examples.shop import build

    source, target = tmp_path / "shop.db", tmp_path / "clone.db"
    build(source, customers=60)
    result = dbclone.clone(str(source), str(target), learner="independent")
    assert result.violations == ()
    assert dbclone.verify(str(target), against=str(source)).ok
