"""Loading beside drawing: tables in order, errors in the caller's thread, and nothing loads after the caller left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pytest

from dbclone.dialects.protocol import Loader
from dbclone.schema import Column, Kind, Table, TableName, Type
from dbclone.write.background import BackgroundLoading

TABLES = [Table(TableName("", name), (Column("n", Type(Kind.INTEGER, "integer")),)) for name in "abc"]


class Rows:
    """The loading half of a Loader, into lists."""

    def __init__(self, *, fails_at: int | None = None, stops_after: int | None = None) -> None:
        self.loaded: dict[str, list[int]] = {}
        self.order: list[str] = []
        self._fails_at, self._stops_after = fails_at, stops_after

    def load(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        into = self.loaded.setdefault(table.name.name, [])
        self.order.append(table.name.name)
        for number, batch in enumerate(batches, 1):
            if batch["n"][0].as_py() == self._fails_at:
                raise ValueError("full")
            into += batch["n"].to_pylist()
            if number == self._stops_after:
                break
        return len(into)


def batches(start: int, count: int, made: list[int] | None = None) -> Iterator[pa.RecordBatch]:
    for number in range(start, start + count):
        if made is not None:
            made.append(number)
        yield pa.record_batch({"n": [number]})


def loading(rows: Rows) -> BackgroundLoading:
    loader: Loader = rows  # type: ignore[assignment]
    return BackgroundLoading(loader)


def load_all(rows: Rows, made: Iterator[pa.RecordBatch]) -> None:
    with loading(rows) as beside:
        beside.add(TABLES[0], made)
        beside.finish()


def test_tables_are_loaded_in_the_order_in_which_they_are_added() -> None:
    rows = Rows()
    with loading(rows) as beside:
        for place, table in enumerate(TABLES):
            beside.add(table, batches(10 * place, place))
        counts = beside.finish()
    assert rows.order == ["a", "b", "c"]
    assert rows.loaded == {"a": [], "b": [10], "c": [20, 21]}
    assert counts == {table.name: place for place, table in enumerate(TABLES)}


def test_what_a_loader_leaves_is_not_the_next_tables() -> None:
    rows = Rows(stops_after=1)
    with loading(rows) as beside:
        for place, table in enumerate(TABLES):
            beside.add(table, batches(10 * place, 3))
        beside.finish()
    assert rows.loaded == {"a": [0], "b": [10], "c": [20]}


def test_few_batches_are_made_ahead() -> None:
    made: list[int] = []
    go_on = threading.Event()

    class Slow(Rows):
        def load(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
            go_on.wait(10)
            return super().load(table, batches)

    with loading(Slow()) as beside:
        beside.add(TABLES[0], batches(0, 50, made))
        time.sleep(0.3)
        assert len(made) <= 4
        go_on.set()
        assert beside.finish()[TABLES[0].name] == 50


def test_an_error_of_the_loader_is_the_callers() -> None:
    with pytest.raises(ValueError, match="full"):
        load_all(Rows(fails_at=1), batches(0, 3))


def test_an_error_in_making_a_batch_is_the_callers() -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield from batches(0, 1)
        raise KeyError("a fault")

    with pytest.raises(KeyError, match="a fault"):
        load_all(Rows(), broken())


def test_nothing_is_loaded_once_the_caller_has_failed() -> None:
    before = threading.active_count()

    def endless() -> Iterator[pa.RecordBatch]:
        while True:
            yield from batches(0, 1)

    def interrupted() -> None:
        with loading(Rows()) as beside:
            beside.add(TABLES[0], endless())
            raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="gone"):
        interrupted()
    assert threading.active_count() == before
