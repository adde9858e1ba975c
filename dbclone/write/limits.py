"""Values that a target cannot hold: NaN, infinite numbers, infinite moments, days before the year 1.

Takes batches on their way to a loader, gives batches that it can write, and remembers what was lost. What the target
holds passes as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.dialects.protocol import Loss
from dbclone.schema import Column, Kind, Schema, Table
from dbclone.schema.infinities import ABOVE, BELOW, FIRST, LAST

_MOMENTS = (
    (BELOW, "-infinity", "moment"),
    (ABOVE, "infinity", "moment"),
    (FIRST, "before the year 1", ""),
    (LAST, "after the year 9999", ""),
)
_NUMBERS = ((np.nan, "NaN", "nan"), (-np.inf, "-infinity", "infinity"), (np.inf, "infinity", "infinity"))


class Limits:
    """What ``holds`` names passes, see ``Loader``."""

    def __init__(self, schema: Schema, holds: frozenset[str]) -> None:
        self._holds = holds
        # Elsewhere the days that stand for what has no end are days like any others.
        self._stands = schema.dialect == "postgresql"
        self._lost: dict[Loss, None] = {}

    @property
    def losses(self) -> tuple[Loss, ...]:
        """What was lost so far."""
        return tuple(self._lost)

    def batches(self, table: Table, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches with all that the target cannot hold replaced."""
        for batch in batches:
            if not batch.num_columns:
                # Without a column nothing but the number of rows is left of them.
                yield batch
                continue
            arrays = [self._held(table, table.column(name), batch.column(name)) for name in batch.schema.names]
            yield pa.RecordBatch.from_arrays(arrays, schema=batch.schema)

    def _held(self, table: Table, column: Column, array: pa.Array) -> pa.Array:
        if pa.types.is_floating(array.type):
            return self._number(table, column, array)
        if self._stands and (pa.types.is_date(array.type) or pa.types.is_timestamp(array.type)):
            for day, words, need in _MOMENTS:
                if need not in self._holds and pc.any(pc.equal(array, _moment(day, array.type))).as_py():
                    self._lose(table, column, words, str(day))
        return array

    def _number(self, table: Table, column: Column, array: pa.Array) -> pa.Array:
        fixed = column.type.kind is Kind.DECIMAL and column.type.precision is not None
        holds = self._holds if not fixed or "decimal" in self._holds else frozenset()
        if {"nan", "infinity"} <= holds or pc.all(pc.is_finite(array)).as_py() is not False:
            return array
        for value, words, need in _NUMBERS:
            odd = pc.is_nan(array) if np.isnan(value) else pc.equal(array, value)
            if need not in holds and pc.any(odd).as_py():
                self._lose(table, column, words, "NULL" if column.nullable else "0")
                array = pc.if_else(odd, pa.scalar(None if column.nullable else 0.0, array.type), array)
        return array

    def _lose(self, table: Table, column: Column, words: str, fallback: str) -> None:
        self._lost[Loss("value", f"{table.name}.{column.name} {words}", fallback)] = None


def _moment(day: object, kind: pa.DataType) -> pa.Scalar:
    return pa.scalar(day, pa.date32()).cast(kind)
