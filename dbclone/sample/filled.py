"""A table in the making: codes, numbers and parents of its rows, on disk in the run folder.

Takes a folder and sizes, gives memory-mapped arrays, so that memory does not grow with the number of rows and every
process of a run sees the same table. Draws nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dbclone.models.table import TableModel
from dbclone.sample.stored import RunFolder, StoredColumn, store_column
from dbclone.schema import Table, TableName

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """What another process needs to open a filled table: the file of each array by name, and the stored key columns."""

    table: TableName
    number: int
    rows: int
    files: Mapping[str, str]
    keys: Mapping[str, StoredColumn]


class Filled:
    """``own`` (n, slots) uint8, ``values`` (n, v) float64, ``parents`` one (n,) int64 a foreign key (-1: NULL).

    Rows are in the order in which they were made, siblings together; ``output`` (n,) lists them in the order in which
    they are written, ``place`` (n,) says where each of them stands there. ``key`` is a column that other tables
    reference, by place. Arrays may be changed in place or replaced.
    """

    def __init__(self, folder: RunFolder, table: Table, model: TableModel, layout: Layout) -> None:
        self.table, self.model, self.real = table, model, None
        self.rows = layout.rows
        self._folder, self._number = folder, layout.number
        self._files, self._keys = dict(layout.files), dict(layout.keys)
        self._version = 0
        self.parents = _Parents(self, len(model.keys))

    real: pa.Table | None

    @property
    def layout(self) -> Layout:
        return Layout(self.table.name, self._number, self.rows, dict(self._files), dict(self._keys))

    @property
    def own(self) -> npt.NDArray[np.uint8]:
        return self.array("own")

    @property
    def values(self) -> npt.NDArray[np.float64]:
        return self.array("values")

    @property
    def position(self) -> Rows:
        return self._rows("position", 0)

    @position.setter
    def position(self, rows: Rows) -> None:
        self.put("position", rows)

    @property
    def left(self) -> Rows:
        return self._rows("left", 0)

    @left.setter
    def left(self, rows: Rows) -> None:
        self.put("left", rows)

    @property
    def output(self) -> Rows:
        return self.array("output")

    @output.setter
    def output(self, rows: Rows) -> None:
        self.put("output", rows)
        place = np.empty(self.rows, np.int64)
        place[rows] = np.arange(self.rows)
        self.put("place", place)

    @property
    def place(self) -> Rows:
        return self.array("place")

    @property
    def follows(self) -> npt.NDArray[np.bool_]:
        return self.position > 0

    def keep(self, kept: npt.NDArray[np.bool_]) -> None:
        """Leaves only the rows that ``kept`` (n,) marks."""
        for name in list(self._files):
            self.put(name, self.array(name)[kept])
        self.rows = int(kept.sum())

    # -- keys -----------------------------------------------------------------------------------------------------

    @property
    def keys(self) -> frozenset[str]:
        """The columns that ``store_key`` has stored."""
        return frozenset(self._keys)

    def key(self, column: str) -> pa.Array:
        """A stored key column by place. Texts are of their large type."""
        return self._keys[column].open(self._folder)

    def store_key(self, column: str, kind: pa.DataType, parts: Iterable[pa.Array]) -> None:
        """Stores a column that is given part by part, in the order of ``output``."""
        number = self.table.columns.index(self.table.column(column))
        self._keys[column] = store_column(self._folder, f"{self._number}.key{number}", kind, parts)

    # -- arrays ---------------------------------------------------------------------------------------------------

    def array(self, name: str) -> npt.NDArray[Any]:
        return self._folder.array(self._files[name])

    def has(self, name: str) -> bool:
        return name in self._files

    def make(self, name: str, shape: tuple[int, ...], kind: npt.DTypeLike) -> None:
        """A new array of zeros."""
        self._files[name] = self._named(name)
        self._folder.make(self._files[name], shape, kind)

    def put(self, name: str, values: npt.NDArray[Any]) -> None:
        """Stores or replaces an array."""
        before = self._files.get(name)
        self._files[name] = self._named(name)
        self._folder.save(self._files[name], np.ascontiguousarray(values))
        if before is not None:
            self._folder.drop(before)

    def _named(self, name: str) -> str:
        self._version += 1
        return f"{self._number}.{name}.{self._version}.npy"

    def _rows(self, name: str, otherwise: int) -> Rows:
        if self.has(name):
            return self.array(name)
        alike: Rows = np.broadcast_to(np.int64(otherwise), (self.rows,))
        return alike


class _Parents:
    """The parent rows of each foreign key, all -1 until they are set."""

    def __init__(self, filled: Filled, keys: int) -> None:
        self._filled, self._keys = filled, keys

    def __len__(self) -> int:
        return self._keys

    def __getitem__(self, number: int) -> Rows:
        return self._filled._rows(f"parent{number}", -1)

    def __setitem__(self, number: int, rows: Rows) -> None:
        self._filled.put(f"parent{number}", rows)

    def __iter__(self) -> Iterator[Rows]:
        return (self[number] for number in range(self._keys))


def make_filled(folder: RunFolder, number: int, table: Table, model: TableModel, rows: int) -> Filled:
    """Empty arrays for ``rows`` rows in ``folder``."""
    filled = Filled(folder, table, model, Layout(table.name, number, rows, {}, {}))
    filled.make("own", (rows, model.slots), np.uint8)
    filled.make("values", (rows, len(model.value_index)), np.float64)
    return filled
