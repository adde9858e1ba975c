"""Tables on disk: columns come back as they went in, replaced arrays replace, no more files stay open than need be."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dbclone.models.learn import learn
from dbclone.models.table import TableModel
from dbclone.models.work import Sample
from dbclone.profile import learn_profile
from dbclone.sample.filled import Filled, make_filled
from dbclone.sample.stored import RunFolder, store_column
from dbclone.schema import make_plan
from tests.report_shop import ITEMS, shop_schema, shop_tables

COLUMNS = {
    "int64": (pa.int64(), [3, None, -(2**62)]),
    "double": (pa.float64(), [0.5, None, -1e300]),
    "bool": (pa.bool_(), [True, None, False]),
    "string": (pa.string(), ["ä", None, ""]),
    "binary": (pa.binary(), [b"\x00", None, b""]),
    "date32": (pa.date32(), [datetime.date(1970, 1, 2), None, datetime.date(1066, 10, 14)]),
    "time64": (pa.time64("us"), [datetime.time(1, 2, 3), None, datetime.time(0)]),
    "timestamp": (pa.timestamp("us"), [datetime.datetime(2020, 1, 1), None, datetime.datetime(1900, 1, 1)]),  # noqa: DTZ001
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("nulls", [True, False])
def test_columns_come_back_as_they_went_in(tmp_path: Path, name: str, nulls: bool) -> None:
    kind, values = COLUMNS[name]
    values = [value for value in values if nulls or value is not None] * 7
    array = pa.array(values, kind)
    parts = [array[:5], array[5:5], array[5:12], array[12:]]
    stored = store_column(RunFolder(tmp_path), "column", kind, parts)
    # Another process opens it anew.
    opened = stored.open(RunFolder(tmp_path))
    assert opened.to_pylist() == values
    opened.validate(full=True)
    assert opened.take(pa.array([4, None, 0])).cast(kind).to_pylist() == [values[4], None, values[0]]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_without_rows(tmp_path: Path, name: str) -> None:
    kind, _ = COLUMNS[name]
    assert len(store_column(RunFolder(tmp_path), "column", kind, []).open(RunFolder(tmp_path))) == 0


def test_a_stored_column_is_mapped_and_not_read(tmp_path: Path) -> None:
    parts = (pa.array(np.arange(100_000) + start) for start in range(0, 2_000_000, 100_000))
    stored = store_column(RunFolder(tmp_path), "column", pa.int64(), parts)
    before = pa.total_allocated_bytes()
    opened = stored.open(RunFolder(tmp_path))
    assert opened[1_999_999].as_py() == 1_999_999
    assert pa.total_allocated_bytes() - before < 1_000_000


def test_few_files_stay_open_and_none_is_lost(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for number in range(600):
        folder.make(f"{number}.npy", (3,), np.int64)[:] = number
    if before:
        assert len(os.listdir("/proc/self/fd")) - before < 300
    assert [int(folder.array(f"{number}.npy")[1]) for number in range(600)] == list(range(600))


@pytest.fixture(scope="module")
def model() -> TableModel:
    schema, tables = shop_schema(), shop_tables()
    rows = {name: table.num_rows for name, table in tables.items()}
    profile = learn_profile(schema, tables, rows, k=5)
    return learn(schema, make_plan(schema), profile, Sample(tables, rows, {}))[0].table(ITEMS)


@pytest.fixture
def filled(tmp_path: Path, model: TableModel) -> Filled:
    return make_filled(RunFolder(tmp_path), 4, shop_schema().table(ITEMS), model, 5)


def reopened(filled: Filled, path: Path) -> Filled:
    return Filled(RunFolder(path), filled.table, filled.model, filled.layout)


def test_keys_are_null_until_they_are_set(filled: Filled) -> None:
    assert [list(rows) for rows in filled.parents] == [[-1] * 5] * 2
    assert not filled.follows.any()


def test_a_layout_opens_the_same_table_elsewhere(filled: Filled, tmp_path: Path) -> None:
    filled.own[2:, 0] = 7
    filled.parents[1] = np.arange(5)
    other = reopened(filled, tmp_path)
    assert list(other.own[:, 0]) == [0, 0, 7, 7, 7]
    assert list(other.parents[1]) == [0, 1, 2, 3, 4]
    other.own[0, 0] = 9
    assert filled.own[0, 0] == 9


def test_a_replaced_array_has_another_layout(filled: Filled, tmp_path: Path) -> None:
    filled.parents[1] = np.arange(5)
    before, view = filled.layout, filled.parents[1]
    filled.parents[1] = np.arange(5) * 2
    assert filled.layout != before
    assert list(view) == [0, 1, 2, 3, 4]
    assert list(reopened(filled, tmp_path).parents[1]) == [0, 2, 4, 6, 8]


def test_rows_that_go_take_all_of_theirs_along(filled: Filled, tmp_path: Path) -> None:
    filled.own[:, 0] = np.arange(5)
    filled.parents[0] = np.arange(5)
    filled.keep(np.array([True, False, True, False, True]))
    other = reopened(filled, tmp_path)
    assert other.rows == 3
    assert list(other.own[:, 0]) == list(other.parents[0]) == [0, 2, 4]
    assert list(other.parents[1]) == [-1, -1, -1]


def test_a_row_knows_its_place_in_the_output(filled: Filled) -> None:
    filled.output = np.array([4, 0, 3, 1, 2])
    assert list(filled.place[filled.output]) == [0, 1, 2, 3, 4]
