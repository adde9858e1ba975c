"""A folder of Parquet or CSV files, one a table, beside a ``_dbclone.json`` that says what made it.

Takes Arrow batches, gives files whose bytes depend on the rows alone, not on how they were batched. Never keeps more
than one row group of a table in memory, and never removes a file that it does not know.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Protocol
from urllib.parse import quote as percent

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from dbclone.dialects.address import Address
from dbclone.dialects.protocol import Ddl, Loss, Stamp, Violation
from dbclone.dialects.scratch import Scratch
from dbclone.errors import TargetError, TargetRefused
from dbclone.schema import Column, Schema, Table, TableName
from dbclone.write.arrays import arrow_type, fit, hexadecimal

STAMP_FILE = "_dbclone.json"
_GROUP_ROWS = 65_536
_SUFFIXES = (".parquet", ".csv")


class FolderLoader:
    """Implements ``protocol.Loader``. Files compute nothing: every computed column is expected with its values."""

    holds = frozenset({"nan", "infinity", "decimal"})

    def __init__(self, address: Address, *, replace: bool = False) -> None:
        self.address = address
        self.plain: frozenset[tuple[TableName, str]] = frozenset()
        _guard(address.file, replace=replace)
        self._scratch = Scratch(address.file, folder=True)
        self._schema: Schema | None = None
        self._rows: dict[TableName, int] = {}
        self._lock = threading.Lock()

    def create(self, schema: Schema, ddl: Ddl | None) -> tuple[Loss, ...]:  # noqa: ARG002 files take no DDL
        self._schema = schema
        self.plain = frozenset((t.name, c.name) for t in schema for c in t.columns if c.generated is not None)
        rules = sum(len(t.foreign_keys) + len(t.checks) + len(t.uniques) + bool(t.primary_key) for t in schema)
        losses = [Loss("constraints", f"{rules} keys and checks", f"described in {STAMP_FILE}, enforced by nobody")]
        losses += [Loss(item.kind, item.name, "left out") for item in schema.objects if item.definition is not None]
        return tuple(losses) if rules else tuple(losses[1:])

    def load(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        total = 0
        iterator = iter(batches)
        first = next(iterator, None)
        columns = list(table.stored_columns)
        if first is not None:
            columns = [column for column in table.columns if column.name in first.schema.names]
        with self._writer(table, columns) as writer:
            for group in _groups(_chained(first, iterator), columns, str(table.name)):
                writer.write(group)
                total += group.num_rows
        with self._lock:
            self._rows[table.name] = total
        return total

    def finish(self) -> tuple[Violation, ...]:
        """Writes a file without rows for each table that got none. A folder proves nothing."""
        for table in self._tables():
            if table.name not in self._rows:
                self.load(table, ())
        return ()

    def publish(self, stamp: Stamp) -> None:
        schema = self._known_schema()
        facts = {
            "format": self.address.dialect,
            "rows": {schema.short_names[name]: count for name, count in sorted(self._rows.items())},
            "schema": schema.to_json(),
            **asdict(stamp),
        }
        text = json.dumps(facts, indent=1, sort_keys=True)
        (self._scratch.path / STAMP_FILE).write_text(text + "\n", encoding="utf-8")
        self._scratch.publish()

    def discard(self) -> None:
        self._scratch.discard()

    def _known_schema(self) -> Schema:
        if self._schema is None:
            raise TargetError(f"{self.address} has no tables yet.", hint="call create first.")
        return self._schema

    def _tables(self) -> tuple[Table, ...]:
        return self._known_schema().tables

    def _writer(self, table: Table, columns: list[Column]) -> _TableFile:
        path = self._scratch.path / f"{file_stem(self._known_schema().short_names[table.name])}.{self.address.dialect}"
        return _CsvFile(path, columns) if self.address.dialect == "csv" else _ParquetFile(path, columns)


def file_stem(name: str) -> str:
    """A table's name as a file may be called; only what no file system takes is percent-encoded."""
    safe = "".join(percent(letter, safe="") if letter in '/\\:*?"<>|%\0' else letter for letter in name)
    return "%2E" + safe[1:] if safe.startswith(".") else safe


class _TableFile(Protocol):
    def __enter__(self) -> _TableFile: ...

    def __exit__(self, *_: object) -> None: ...

    def write(self, group: pa.Table) -> None: ...


class _ParquetFile:
    def __init__(self, path: Path, columns: list[Column]) -> None:
        schema = pa.schema([pa.field(column.name, arrow_type(column)) for column in columns])
        self._writer = pa_parquet.ParquetWriter(
            path, schema, version="2.6", compression="zstd", compression_level=3, use_dictionary=True
        )

    def __enter__(self) -> _ParquetFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write(self, group: pa.Table) -> None:
        self._writer.write_table(group, row_group_size=_GROUP_ROWS)


class _CsvFile:
    """NULL is an empty field, an empty text is ``""``; bytes are written as ``\\x`` and hexadecimal digits."""

    def __init__(self, path: Path, columns: list[Column]) -> None:
        self._binary = [i for i, column in enumerate(columns) if arrow_type(column) == pa.binary()]
        fields = [pa.field(c.name, pa.string() if i in self._binary else arrow_type(c)) for i, c in enumerate(columns)]
        self._schema = pa.schema(fields)
        self._writer = pa_csv.CSVWriter(path, self._schema)

    def __enter__(self) -> _CsvFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write(self, group: pa.Table) -> None:
        columns = [
            hexadecimal(column, "\\x") if i in self._binary else column for i, column in enumerate(group.columns)
        ]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))


def _guard(path: Path, *, replace: bool) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise TargetRefused(f"{path} is a file, not a folder.", hint="choose another name, or remove it first.")
    names = sorted(entry.name for entry in path.iterdir())
    foreign = [name for name in names if name != STAMP_FILE and not name.endswith(_SUFFIXES)]
    if foreign:
        raise TargetRefused(
            f"{path} holds files that are no tables ({', '.join(foreign[:3])}{'...' if len(foreign) > 3 else ''}).",
            hint="choose a new folder: a folder is replaced as a whole.",
        )
    if names and STAMP_FILE not in names and not replace:
        raise TargetRefused(
            f"{path} is not empty ({len(names)} file{'' if len(names) == 1 else 's'}) and was not made by dbclone.",
            hint="choose another name, or pass --replace to overwrite it.",
        )


def _chained(first: pa.RecordBatch | None, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    if first is not None:
        yield first
        yield from rest


def _groups(batches: Iterable[pa.RecordBatch], columns: list[Column], where: str) -> Iterator[pa.Table]:
    """Tables of exactly one row group (the last is shorter), however the rows arrived."""
    schema = pa.schema([pa.field(column.name, arrow_type(column)) for column in columns])
    pending: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        arrays = [fit(batch.column(column.name), column, where) for column in columns]
        pending.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
        held += batch.num_rows
        while held >= _GROUP_ROWS:
            table = pa.Table.from_batches(pending, schema)
            yield table.slice(0, _GROUP_ROWS).combine_chunks()
            pending = table.slice(_GROUP_ROWS).to_batches()
            held -= _GROUP_ROWS
    if held:
        yield pa.Table.from_batches(pending, schema).combine_chunks()
