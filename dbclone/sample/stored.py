"""Arrays and columns in files of the run folder, mapped into memory: what grows with the rows lies here.

Takes numpy arrays and Arrow columns, gives them back as views of their files, to any process that sees the folder.
Never holds a column whole, and never more than a few hundred files open.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Array = npt.NDArray[Any]
_OPEN_FILES = 256
_STEP = 1 << 20


class RunFolder:
    """Named arrays in one folder. Safe to read from several threads; a name is written once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: OrderedDict[str, Array] = OrderedDict()
        self._lock = threading.Lock()

    def make(self, name: str, shape: tuple[int, ...], kind: npt.DTypeLike) -> Array:
        """A new array of zeros, written through to its file."""
        self.describe(name, shape, np.dtype(kind))
        made = self._map(name, "w+")
        self._remember(name, made)
        return made

    def save(self, name: str, values: Array) -> None:
        """Writes a new array."""
        whole = np.ascontiguousarray(values)
        whole.tofile(self.path / name)
        self.describe(name, values.shape, values.dtype)

    def array(self, name: str) -> Array:
        """The array; changes in it are changes of the file."""
        with self._lock:
            found = self._open.get(name)
            if found is not None:
                self._open.move_to_end(name)
                return found
        opened = self._map(name, "r+")
        self._remember(name, opened)
        return opened

    def describe(self, name: str, shape: tuple[int, ...], kind: np.dtype[Any]) -> None:
        """Type and shape beside the file: npy headers are Python, which 3.11 cannot parse in two threads."""
        (self.path / f"{name}.json").write_text(json.dumps([kind.str, list(shape)]))

    def _map(self, name: str, mode: Literal["r+", "w+"]) -> Array:
        kind, lengths = json.loads((self.path / f"{name}.json").read_text())
        shape = tuple(lengths)
        if 0 in shape:
            # An array without elements cannot be mapped.
            return np.zeros(shape, np.dtype(kind))
        return np.asarray(np.memmap(self.path / name, np.dtype(kind), mode, shape=shape))

    def drop(self, name: str) -> None:
        """Removes an array that nobody will ask for again; views of it stay valid."""
        with self._lock:
            self._open.pop(name, None)
        # A mapped file cannot be removed everywhere; it goes with the folder then.
        with contextlib.suppress(OSError):
            (self.path / name).unlink(missing_ok=True)
            (self.path / f"{name}.json").unlink(missing_ok=True)

    def _remember(self, name: str, values: Array) -> None:
        with self._lock:
            self._open[name] = values
            while len(self._open) > _OPEN_FILES:
                self._open.popitem(last=False)


@dataclass(frozen=True)
class StoredColumn:
    """An Arrow column of ``rows`` values: its bytes, their offsets where lengths vary, and which are not NULL."""

    kind: pa.DataType
    rows: int
    data: str
    offsets: str = ""
    valid: str = ""

    def open(self, folder: RunFolder) -> pa.Array:
        """The column as one array over its files."""
        valid = pa.py_buffer(folder.array(self.valid)) if self.valid else None
        data = folder.array(self.data)
        if pa.types.is_boolean(self.kind):
            missing = None if valid is None else _unpacked(folder.array(self.valid), self.rows)
            return pa.array(data.view(np.bool_), mask=missing)
        buffers = [valid, pa.py_buffer(data)]
        if self.offsets:
            buffers.insert(1, pa.py_buffer(folder.array(self.offsets)))
        return pa.Array.from_buffers(self.kind, self.rows, buffers)


def store_column(folder: RunFolder, name: str, kind: pa.DataType, parts: Iterable[pa.Array]) -> StoredColumn:
    """Writes a column part by part. Texts come back as their large type, so that no column is too long."""
    kind = {pa.string(): pa.large_string(), pa.binary(): pa.large_binary()}.get(kind, kind)
    varies = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    files = {what: f"{name}.{what}" for what in ("data", "offsets", "valid")}
    rows, end, nulls = 0, 0, 0
    with contextlib.ExitStack() as stack:
        data = _ArrayFile(stack, folder, files["data"], np.dtype(np.uint8))
        offsets = _ArrayFile(stack, folder, files["offsets"], np.dtype(np.int64))
        valid = _ArrayFile(stack, folder, files["valid"], np.dtype(np.uint8))
        if varies:
            offsets.write(np.zeros(1, np.int64))
        for part in parts:
            array = part.cast(kind)
            rows += len(array)
            nulls += array.null_count
            valid.write(np.asarray(array.is_valid()).astype(np.uint8))
            if varies:
                bounds = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
                if len(bounds) > 1:
                    data.write(_bytes(array.buffers()[2])[bounds[0] : bounds[-1]])
                    offsets.write(bounds[1:] - bounds[0] + end)
                    end += int(bounds[-1] - bounds[0])
            elif pa.types.is_boolean(kind):
                data.write(np.asarray(array.fill_null(False)).astype(np.uint8))
            else:
                width = kind.bit_width // 8
                data.write(_bytes(array.buffers()[1])[array.offset * width : (array.offset + len(array)) * width])
    packed = _pack(folder, files["valid"], rows) if nulls else ""
    return StoredColumn(kind, rows, files["data"], files["offsets"] if varies else "", packed)


class _ArrayFile:
    """A file of one dimension that grows; it is described once its length is known."""

    def __init__(self, stack: contextlib.ExitStack, folder: RunFolder, name: str, kind: np.dtype[Any]) -> None:
        self._folder, self._name, self._kind = folder, name, kind
        self._file: BinaryIO = stack.enter_context((folder.path / name).open("wb"))
        self._length = 0
        stack.callback(self._finish)

    def write(self, values: Array) -> None:
        self._file.write(np.ascontiguousarray(values).data)
        self._length += len(values)

    def _finish(self) -> None:
        self._folder.describe(self._name, (self._length,), self._kind)


def _bytes(buffer: pa.Buffer | None) -> Array:
    return np.zeros(0, np.uint8) if buffer is None else np.frombuffer(buffer, np.uint8)


def _pack(folder: RunFolder, name: str, rows: int) -> str:
    """One byte a row becomes one bit a row, in a file of its own."""
    flags, packed = folder.array(name), f"{name}.bits"
    bits = folder.make(packed, ((rows + 7) // 8,), np.uint8)
    for start in range(0, rows, _STEP):
        part = np.packbits(flags[start : start + _STEP], bitorder="little")
        bits[start // 8 : start // 8 + len(part)] = part
    folder.drop(name)
    return packed


def _unpacked(bits: Array, rows: int) -> Array:
    """True where a value is NULL."""
    missing: Array = np.unpackbits(bits, count=rows, bitorder="little") == 0
    return missing
