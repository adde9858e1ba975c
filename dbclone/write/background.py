"""Loading beside drawing: takes a Loader and the batches of tables, one after the other, gives the rows of each.

One thread makes the batches, another loads them, so that rows are made while the database takes in those before. The
order of tables and of rows is that in which they are given. Raises in the caller's thread what went wrong in these.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dbclone.dialects.protocol import Loader
from dbclone.schema import Table, TableName

if TYPE_CHECKING:
    import pyarrow as pa

_AHEAD = 2
_PATIENCE = 0.2


class _Stopped(Exception):
    """The caller has given up."""


class BackgroundLoading:
    """``add`` tables, then ``finish``. Left by an exception, it stops, and waits until nothing touches the target."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._tables: queue.SimpleQueue[tuple[Table, Iterable[pa.RecordBatch]] | None] = queue.SimpleQueue()
        self._batches: queue.Queue[tuple[Table | None, pa.RecordBatch | None]] = queue.Queue(_AHEAD)
        self._rows: dict[TableName, int] = {}
        self._stop = threading.Event()
        self._error: BaseException | None = None
        parts = (self._make, self._load)
        self._threads = [threading.Thread(target=self._guarded, args=(part,), daemon=True) for part in parts]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stop.set()
        self._tables.put(None)
        for thread in self._threads:
            thread.join()

    def add(self, table: Table, batches: Iterable[pa.RecordBatch]) -> None:
        """Says that ``batches`` may be taken and loaded from now on. Raises what went wrong so far."""
        self._check()
        self._tables.put((table, batches))

    def finish(self, progress: Callable[[int], None] = lambda _done: None) -> dict[TableName, int]:
        """Waits until all is loaded, telling how many tables are; gives the rows of each. Raises what went wrong."""
        self._tables.put(None)
        while any(thread.is_alive() for thread in self._threads):
            progress(len(self._rows))
            self._threads[-1].join(_PATIENCE)
            self._check()
        self._check()
        return self._rows

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    # -- the threads ----------------------------------------------------------------------------------------------

    def _guarded(self, part: Callable[[], None]) -> None:
        try:
            part()
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - it is the caller's to raise
            self._error = self._error or error
            self._stop.set()

    def _make(self) -> None:
        while (asked := self._tables.get()) is not None:
            table, batches = asked
            self._pass(table, None)
            for batch in batches:
                self._pass(table, batch)
        self._pass(None, None)

    def _load(self) -> None:
        table, _ = self._next()
        while table is not None:
            following: list[Table | None] = []
            self._rows[table.name] = self._loader.load(table, self._batches_of(following))
            # A loader may stop reading early; what it left is not the next table's.
            table = following[0] if following else self._skip()

    def _batches_of(self, following: list[Table | None]) -> Iterator[pa.RecordBatch]:
        while True:
            table, batch = self._next()
            if batch is None:
                following.append(table)
                return
            yield batch

    def _skip(self) -> Table | None:
        while True:
            table, batch = self._next()
            if batch is None:
                return table

    def _pass(self, table: Table | None, batch: pa.RecordBatch | None) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(queue.Full):
                self._batches.put((table, batch), timeout=_PATIENCE)
                return
        raise _Stopped

    def _next(self) -> tuple[Table | None, pa.RecordBatch | None]:
        while not self._stop.is_set():
            with contextlib.suppress(queue.Empty):
                return self._batches.get(timeout=_PATIENCE)
        raise _Stopped
