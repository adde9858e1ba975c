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
import pyarrow.compute as pc

from dbclone.models.table import TableModel
from dbclone.sample.stored import RunFolder, StoredColumn, store_column
from dbclone.schema import Table, TableName

Rows = npt.NDArray[np.int64]
_STEP = 1 << 16


@dataclass(frozen=True)
class Layout:
    """What another process needs to open a filled table: the file of each array by name, and the stored key columns."""

    table: TableName
    number: int
    rows: int
    files: Mapping[str, str]
    keys: Mapping[str, StoredColumn]
    raw: Mapping[str, StoredColumn]
    patches: Mapping[str, Patch]


@dataclass(frozen=True)
class Patch:
    """Values of one column that replace what was drawn: the array of their places in the output, rising, and they."""

    places: str
    values: StoredColumn


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
        self._raw, self._patches = dict(layout.raw), dict(layout.patches)
        self._version = 0
        self.repeated: set[tuple[str, ...]] = set()
        self.parents = _Parents(self, len(model.keys))

    real: pa.Table | None

    @property
    def layout(self) -> Layout:
        files, keys, raw, patches = dict(self._files), dict(self._keys), dict(self._raw), dict(self._patches)
        return Layout(self.table.name, self._number, self.rows, files, keys, raw, patches)

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
        """Leaves only the rows that ``kept`` (n,) marks, in their order. Stored keys and patches are gone."""
        moved = np.cumsum(kept) - 1
        order = self.array("output") if self.has("output") else None
        for number, key in enumerate(self.table.foreign_keys):
            if key.is_self and self.has(f"parent{number}"):
                above = self.parents[number]
                self.parents[number] = np.where((above >= 0) & kept[above], moved[above], -1)
        for name in list(self._files):
            self.put(name, self.array(name)[kept])
        self.rows = int(kept.sum())
        self._keys, self._raw, self._patches = {}, {}, {}
        if order is not None:
            self.output = moved[order[kept[order]]]

    def leave_out(self, rows: Rows) -> None:
        """Rows that are not to be written though others may have chosen them: their keys become NULL for these."""
        gone = np.array(self.gone)
        gone[self.place[rows]] = True
        self.put("gone", gone)
        for name in self.keys:
            kind = self.key(name).type
            self.patch(name, dict.fromkeys(self.place[rows].tolist()), kind)

    @property
    def gone(self) -> npt.NDArray[np.bool_]:
        """(n,) true at the places of the output that are left out."""
        return self.array("gone") if self.has("gone") else np.zeros(self.rows, bool)

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
        self._keys[column] = self._store(column, kind, parts)

    def raw_key(self, column: str) -> pa.Array:
        """A stored key column as it was before any of it was patched: what the row's texts were made to fit."""
        return (self._raw.get(column) or self._keys[column]).open(self._folder)

    def _store(self, column: str, kind: pa.DataType, parts: Iterable[pa.Array]) -> StoredColumn:
        self._version += 1
        number = self.table.columns.index(self.table.column(column))
        return store_column(self._folder, f"{self._number}.column{number}.{self._version}", kind, parts)

    # -- patches --------------------------------------------------------------------------------------------------

    def patch(self, column: str, values: Mapping[int, Any], kind: pa.DataType) -> None:
        """Replaces the column's values at these places of the output, in stored keys too."""
        whole = dict(values)
        if column in self._patches:
            before = self._patches[column]
            known = before.values.open(self._folder).to_pylist()
            whole = dict(zip(self.array_of(before).tolist(), known, strict=True)) | whole
        places = np.array(sorted(whole), np.int64)
        self._version += 1
        name = f"{self._number}.places.{self._version}.npy"
        self._folder.save(name, places)
        new = pa.array([whole[place] for place in places.tolist()], kind)
        self._patches[column] = Patch(name, self._store(column, kind, [new]))
        if column in self._keys:
            self._raw.setdefault(column, self._keys[column])
            drawn = self.raw_key(column)
            parts = (drawn[start : start + _STEP] for start in range(0, len(drawn), _STEP))
            patched = (self.patched(column, start * _STEP, part) for start, part in enumerate(parts))
            self._keys[column] = self._store(column, kind, patched)

    def array_of(self, patch: Patch) -> Rows:
        """The places that a patch is about."""
        return self._folder.array(patch.places)

    def patched(self, column: str, start: int, drawn: pa.Array) -> pa.Array:
        """``drawn``, the column's values from place ``start`` on, with what replaces some of them."""
        patch = self._patches.get(column)
        if patch is None:
            return drawn
        places = self.array_of(patch)
        first, last = np.searchsorted(places, [start, start + len(drawn)])
        if first == last:
            return drawn
        mask = np.zeros(len(drawn), bool)
        mask[places[first:last] - start] = True
        new = patch.values.open(self._folder)[int(first) : int(last)].cast(drawn.type)
        return pc.replace_with_mask(drawn, pa.array(mask), new)

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
    filled = Filled(folder, table, model, Layout(table.name, number, rows, {}, {}, {}, {}))
    filled.make("own", (rows, model.slots), np.uint8)
    filled.make("values", (rows, len(model.value_index)), np.float64)
    return filled
