"""Columns of two tables as numbers, codes and bins that can be compared.

Takes Arrow tables of source and clone, gives numpy arrays. Bins and categories are learned from the source alone.
Never opens a database.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.report.alignment import align
from dbclone.report.figures import Measure
from dbclone.report.measures import Codes, Floats
from dbclone.schema import Column, Kind, Schema, Table, TableName

BINS = 10
"""Quantile bins of a number; a number with no more values keeps them."""
CATEGORIES = 20
"""Categories with a bin of their own; the rest share one."""
_RARE = 5
_VARIED = 300


@dataclass(frozen=True)
class Numbers:
    """Numbers, seconds or lengths of both sides, NaN for NULL."""

    source: Floats
    clone: Floats

    @functools.cached_property
    def _steps(self) -> tuple[bool, Floats]:
        known = self.source[np.isfinite(self.source)]
        values = np.unique(known)
        if len(values) <= BINS:
            return True, values
        return False, np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))

    @property
    def width(self) -> int:
        return len(self._steps[1]) + 2

    def bins(self, values: Floats) -> Codes:
        """Codes in ``range(width)``, the last one for NULL."""
        exact, steps = self._steps
        if exact:
            found = np.minimum(np.searchsorted(steps, values), max(0, len(steps) - 1))
            known = steps[found] == values if len(steps) else np.zeros(len(values), bool)
            codes = np.where(known, found, len(steps))
        else:
            codes = np.searchsorted(steps, values, side="right")
        return np.where(np.isnan(values), self.width - 1, codes).astype(np.int64)


@dataclass(frozen=True)
class Categories:
    """Codes of both sides by descending frequency in the source, -1 for NULL; ``labels[code]`` is the value.

    Codes from ``known`` on are values that only the clone has.
    """

    source: Codes
    clone: Codes
    counts: Codes
    labels: pa.Array

    @functools.cached_property
    def known(self) -> int:
        return int((self.counts > 0).sum())

    @property
    def width(self) -> int:
        return CATEGORIES + 2

    def bins(self, codes: Codes) -> Codes:
        """Codes in ``range(width)``, the last one for NULL."""
        frequent = min(CATEGORIES, self.known)
        return np.where(codes < 0, self.width - 1, np.where(codes < frequent, codes, CATEGORIES))


@dataclass(frozen=True)
class Feature:
    """A column that is compared. ``texts`` are its values where ``values`` are only their lengths.

    Of a ``sensitive`` column nothing is expected, as its values are replaced on purpose, and no value is named.
    """

    name: str
    measure: Measure
    type_kind: Kind
    values: Numbers | Categories
    texts: Categories | None = None
    sensitive: bool = False

    @functools.cached_property
    def source_bins(self) -> Codes:
        return _bins(self.values, self.values.source)

    @functools.cached_property
    def clone_bins(self) -> Codes:
        return _bins(self.values, self.values.clone)

    @property
    def width(self) -> int:
        return self.values.width


@dataclass(frozen=True)
class TablePair:
    """One table on both sides: the columns that say something, keys left out. ``missing`` are not in the clone."""

    table: Table
    source: pa.Table
    clone: pa.Table
    features: tuple[Feature, ...]
    missing: tuple[str, ...]


def pair_tables(
    schema: Schema, name: TableName, source: pa.Table, clone: pa.Table, sensitive: frozenset[str] = frozenset()
) -> TablePair:
    """Aligns every column of the table; keys (foreign, referenced or a primary key of one column) are no features."""
    table = schema.table(name)
    keys = key_columns(schema, table)
    features = []
    for column in table.columns:
        if column.name in keys or column.name not in source.column_names or column.name not in clone.column_names:
            continue
        feature = _feature(column, align(source[column.name], column.type), align(clone[column.name], column.type))
        if feature is not None:
            features.append(replace(feature, sensitive=column.name in sensitive))
    missing = tuple(c.name for c in table.columns if c.name in source.column_names and c.name not in clone.column_names)
    return TablePair(table, source, clone, tuple(features), missing)


def key_columns(schema: Schema, table: Table) -> frozenset[str]:
    """Columns whose values only link rows: they are compared by what they join, not by value."""
    own = {name for key in table.foreign_keys for name in key.columns}
    referenced = {name for key in schema.children_of(table.name) for name in key.parent_columns}
    return frozenset(own | referenced | (set(table.key) if len(table.key) == 1 else set()))


def is_varied(counts: npt.NDArray[np.int64]) -> bool:
    """True for text that a safe clone must not repeat value by value (names, addresses, prose).

    ``counts`` are the rows of each value: more than 50 values, and more than 300, or every second row another, or three
    rows of ten with a value that fewer than five share.
    """
    rows, values = int(counts.sum()), len(counts)
    if values <= 50:
        return False
    return values > _VARIED or values > 0.5 * rows or float(counts[counts < _RARE].sum()) > 0.3 * rows


def _feature(column: Column, source: pa.Array, clone: pa.Array) -> Feature | None:
    if source.null_count == len(source):
        return None
    kind = column.type.kind
    if column.type.is_number:
        return Feature(column.name, Measure.NUMBER, kind, Numbers(_floats(source), _floats(clone)))
    if column.type.is_temporal:
        return Feature(column.name, Measure.TIME, kind, Numbers(_seconds(source), _seconds(clone)))
    texts = _categories(source, clone)
    if kind in (Kind.BOOLEAN, Kind.ENUM) or not is_varied(texts.counts[: texts.known]):
        return Feature(column.name, Measure.CATEGORY, kind, texts)
    return Feature(column.name, Measure.LENGTH, kind, Numbers(_lengths(source), _lengths(clone)), texts)


def _bins(values: Numbers | Categories, side: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> Codes:
    if isinstance(values, Numbers):
        return values.bins(side.astype(np.float64, copy=False))
    return values.bins(side.astype(np.int64, copy=False))


def _floats(array: pa.Array) -> Floats:
    values: Floats = pc.cast(array, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def _seconds(array: pa.Array) -> Floats:
    if pa.types.is_date32(array.type):
        return _floats(array.cast(pa.int32())) * 86_400.0
    return _floats(array.cast(pa.int64())) / 1e6


def _lengths(array: pa.Array) -> Floats:
    return _floats(pc.binary_length(array) if pa.types.is_binary(array.type) else pc.utf8_length(array))


def _categories(source: pa.Array, clone: pa.Array) -> Categories:
    if pa.types.is_boolean(source.type):
        source, clone = (pc.if_else(one, "true", "false") for one in (source, clone))
    if source.type != clone.type:
        source, clone = source.cast(pa.large_string()), clone.cast(pa.large_string())
    encoded = pa.concat_arrays([source, clone]).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    ours, theirs = codes[: len(source)], codes[len(source) :]
    counts = np.bincount(ours[ours >= 0], minlength=len(encoded.dictionary))
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(order) + 1, np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = -1
    labels = encoded.dictionary.take(pa.array(order))
    return Categories(rank[ours], rank[theirs], counts[order].astype(np.int64), labels)
