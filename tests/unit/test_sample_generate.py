"""Drawing in chunks: the same rows whatever makes them, families whole, keys of a part in step with the wider key."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbclone.bundle import Bundle, load
from dbclone.errors import ModelError
from dbclone.models.learn import learn
from dbclone.models.work import Sample
from dbclone.profile import learn_profile
from dbclone.sample.executor import open_executor
from dbclone.sample.filled import make_filled
from dbclone.sample.generate import Draw, Generator, chunks_of, implied_keys
from dbclone.sample.processes import Processes
from dbclone.sample.stored import RunFolder
from dbclone.schema import (
    Column,
    ForeignKey,
    Kind,
    PrimaryKey,
    Schema,
    Strategy,
    Table,
    TableName,
    Type,
    make_plan,
)
from tests.report_shop import CUSTOMERS, ITEMS, ORDERS, shop_schema, shop_tables

Drawn = dict[TableName, pa.Table]


def learned(schema: Schema, tables: dict[TableName, pa.Table]) -> Bundle:
    rows = {name: table.num_rows for name, table in tables.items()}
    profile = learn_profile(schema, tables, rows, k=5)
    models, codes = learn(schema, make_plan(schema), profile, Sample(tables, rows, {}))
    strategies = {table.name: Strategy.SYNTHESIZE for table in schema}
    return Bundle(schema, profile, models, strategies, rows, {}, codes)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Path]:
    bundle = learned(shop_schema(), shop_tables())
    path = tmp_path_factory.mktemp("bundle") / "shop.dbclone"
    bundle.save(path)
    return bundle, path


def generator_of(bundle: Bundle, folder: Path, draw: Draw, **more: object) -> Generator:
    folder.mkdir()
    plan = make_plan(bundle.schema)
    parts = bundle.schema, plan, bundle.profile, bundle.models, bundle.real, bundle.codes
    return Generator(*parts, draw, folder, **more)  # type: ignore[arg-type]


def drawn(bundle: Bundle, folder: Path, draw: Draw, **more: object) -> Drawn:
    generator = generator_of(bundle, folder, draw, **more)
    generator.fill()
    tables = {name: pa.Table.from_batches(generator.batches(name)) for name in generator.tables if name.name != "empty"}
    generator.close()
    return tables


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with open_executor(2) as executor:
        assert isinstance(executor, Processes)
        yield executor


def test_as_many_processes_as_one_likes_draw_the_same_rows(
    shop: tuple[Bundle, Path], processes: Executor, tmp_path: Path
) -> None:
    bundle, path = shop
    draw = Draw(seed=3, scale=2.0, chunk_rows=300)
    here = drawn(bundle, tmp_path / "here", draw)
    there = drawn(bundle, tmp_path / "there", draw, executor=processes, reopen=functools.partial(load, path))
    assert here[ITEMS].num_rows > 10 * draw.chunk_rows
    assert here == there


def test_any_executor_will_do(shop: tuple[Bundle, Path], tmp_path: Path) -> None:
    bundle, path = shop
    draw = Draw(seed=3, chunk_rows=300)
    with ThreadPoolExecutor(3) as executor:
        there = drawn(bundle, tmp_path / "there", draw, executor=executor, reopen=functools.partial(load, path))
    assert drawn(bundle, tmp_path / "here", draw) == there


def test_processes_need_to_know_where_the_bundle_is(
    shop: tuple[Bundle, Path], processes: Executor, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="what was learned is not on disk"):
        drawn(shop[0], tmp_path / "run", Draw(chunk_rows=100), executor=processes)


def test_another_seed_draws_other_rows(shop: tuple[Bundle, Path], tmp_path: Path) -> None:
    one, other = (drawn(shop[0], tmp_path / str(seed), Draw(seed=seed)) for seed in (1, 2))
    assert one[CUSTOMERS] != other[CUSTOMERS]


def test_references_lead_to_rows_however_small_the_chunks(shop: tuple[Bundle, Path], tmp_path: Path) -> None:
    tables = drawn(shop[0], tmp_path / "run", Draw(chunk_rows=7, scale=0.2))
    assert set(tables[ITEMS]["order_id"].to_pylist()) <= set(tables[ORDERS]["id"].to_pylist())
    assert max(batch.num_rows for batch in tables[ITEMS].to_batches()) <= 7


def test_a_table_is_ready_when_its_parents_keys_are(shop: tuple[Bundle, Path], tmp_path: Path) -> None:
    generator = generator_of(shop[0], tmp_path / "run", Draw())
    seen: dict[TableName, int] = {}

    def ready(name: TableName) -> None:
        # Its batches can be had at once, while other tables are still to be drawn.
        seen[name] = sum(batch.num_rows for batch in generator.batches(name))

    generator.fill(ready=ready)
    assert set(seen) == set(generator.tables)
    assert list(seen).index(CUSTOMERS) < list(seen).index(ORDERS) < list(seen).index(ITEMS)
    assert seen[ITEMS] == generator.filled[ITEMS].rows


@given(sizes=st.lists(st.integers(0, 12), max_size=40), size=st.integers(1, 15))
def test_chunks_never_part_siblings(
    shop: tuple[Bundle, Path], tmp_path_factory: pytest.TempPathFactory, sizes: list[int], size: int
) -> None:
    bundle = shop[0]
    counts = np.array(sizes, np.int64)
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    filled = make_filled(folder, 0, bundle.schema.table(ITEMS), bundle.models.table(ITEMS), int(counts.sum()))
    position = np.concatenate([[], *(np.arange(count) for count in counts)]).astype(np.int64)
    filled.position = position
    chunks = chunks_of(filled, size)
    assert [row for start, stop in chunks for row in range(start, stop)] == list(range(len(position)))
    assert all(position[start] == 0 for start, _ in chunks)
    assert all(stop - start >= size for start, stop in chunks[:-1])


# -- keys of a part ---------------------------------------------------------------------------------------------------

PARTS, MAKERS, OFFERS, LINES = (TableName("public", name) for name in ("parts", "makers", "offers", "lines"))


def _table(name: TableName, columns: tuple[str, ...], key: tuple[str, ...], *keys: ForeignKey) -> Table:
    made = tuple(Column(column, Type(Kind.INTEGER, "bigint"), nullable=False) for column in columns)
    return Table(name, made, PrimaryKey(key), foreign_keys=keys)


def offers_schema() -> Schema:
    offers = (
        ForeignKey(OFFERS, ("part",), PARTS, ("id",), "offers_part"),
        ForeignKey(OFFERS, ("maker",), MAKERS, ("id",), "offers_maker"),
    )
    lines = (
        ForeignKey(LINES, ("maker",), MAKERS, ("id",), "lines_maker"),
        ForeignKey(LINES, ("maker", "part"), OFFERS, ("maker", "part"), "lines_offer"),
        ForeignKey(LINES, ("part",), PARTS, ("id",), "lines_part"),
    )
    return Schema(
        "postgresql",
        (
            _table(LINES, ("id", "part", "maker", "pieces"), ("id",), *lines),
            _table(MAKERS, ("id",), ("id",)),
            _table(OFFERS, ("part", "maker"), ("part", "maker"), *offers),
            _table(PARTS, ("id",), ("id",)),
        ),
    )


def offers_tables() -> dict[TableName, pa.Table]:
    rng = np.random.default_rng(0)
    part = np.repeat(np.arange(300), 3)
    maker = (part + np.tile([0, 17, 41], 300)) % 60
    row = rng.integers(0, 900, 4_000)
    return {
        PARTS: pa.table({"id": np.arange(300)}),
        MAKERS: pa.table({"id": np.arange(60)}),
        OFFERS: pa.table({"part": part, "maker": maker}),
        LINES: pa.table(
            {"id": np.arange(4_000), "part": part[row], "maker": maker[row], "pieces": rng.integers(1, 9, 4_000)}
        ),
    }


def test_the_wider_key_leads_to_the_row_of_the_narrower() -> None:
    schema = offers_schema()
    assert implied_keys(schema.table(LINES), schema) == {0: (1, 1), 2: (1, 0)}
    assert implied_keys(schema.table(OFFERS), schema) == {}


def test_composite_references_agree_with_their_parts(tmp_path: Path) -> None:
    tables = drawn(learned(offers_schema(), offers_tables()), tmp_path / "run", Draw(chunk_rows=500))
    offers = set(zip(*(tables[OFFERS][name].to_pylist() for name in ("part", "maker")), strict=True))
    lines = set(zip(*(tables[LINES][name].to_pylist() for name in ("part", "maker")), strict=True))
    assert tables[LINES].num_rows > 3_000
    assert lines <= offers
