"""Rows as rules see them: numbers, categories, NULLs and links of sampled tables, each made once when asked for.

Takes a Schema, Arrow tables and who references whom, gives numpy arrays. Reads no database and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.profile.rules import Key, Ref, Term
from dbclone.schema import ForeignKey, Kind, Schema, TableName

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_DAY = {Kind.TIMESTAMP: 86_400e6, Kind.TIMESTAMPTZ: 86_400e6}


class RuleRows:
    """``links`` (child rows,) are parent rows by foreign key, -1 for none; ``whole`` (parents,) says of a key's parents
    whose children are all there, and is absent where all are. ``read`` makes numbers of an Arrow column."""

    def __init__(
        self,
        schema: Schema,
        tables: Mapping[TableName, pa.Table],
        links: Mapping[ForeignKey, Ints],
        read: Callable[[pa.ChunkedArray], Floats],
        whole: Mapping[ForeignKey, Flags] | None = None,
    ) -> None:
        self.schema, self.tables, self.links, self.whole = schema, tables, links, whole or {}
        self._read = read
        self._numbers: dict[tuple[TableName, str], Floats] = {}
        self._codes: dict[tuple[TableName, str], Ints] = {}

    def size(self, table: TableName) -> int:
        rows: int = self.tables[table].num_rows
        return rows

    def key(self, table: TableName, columns: Key) -> ForeignKey:
        """The key that rules name by its ``columns``: the first, where the same columns reference several tables."""
        return next(key for key in self.schema.table(table).foreign_keys if key.columns == columns)

    def is_named(self, key: ForeignKey) -> bool:
        """True where rules can name the key, which is here."""
        return key in self.links and self.key(key.table, key.columns) == key

    def numbers(self, table: TableName, column: str) -> Floats:
        """(rows,) numbers, NaN for NULL; moments in days."""
        place = table, column
        if place not in self._numbers:
            unit = _DAY.get(self.schema.table(table).column(column).type.kind, 1.0)
            self._numbers[place] = self._read(self.tables[table].column(column)) / unit
        return self._numbers[place]

    def codes(self, table: TableName, column: str) -> Ints:
        """(rows,) equal where values are equal, -1 for NULL."""
        place = table, column
        if place not in self._codes:
            values = self.tables[table].column(column)
            if pa.types.is_floating(values.type) or pa.types.is_boolean(values.type):
                # Zero has a sign, which tells no values apart.
                values = pa.array(self.numbers(table, column) + 0.0, from_pandas=True)
            coded = values.dictionary_encode()
            coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
            found = np.asarray(coded.indices.fill_null(-1))
            self._codes[place] = found.astype(np.int64)
        return self._codes[place]

    def missing(self, table: TableName, column: str) -> Flags:
        """(rows,) true where the column is NULL."""
        found: Flags = np.asarray(self.tables[table].column(column).is_null())
        return found

    def filled(self, table: TableName, column: str) -> Ints:
        """The rows whose column is neither NULL nor an empty text."""
        lengths = pc.binary_length(self.tables[table].column(column).cast(pa.string()))
        return np.flatnonzero(np.asarray(pc.fill_null(pc.greater(lengths, 0), False)))

    def texts(
        self, table: TableName, column: str, key: Key = (), few: Ints | None = None
    ) -> npt.NDArray[np.object_]:
        """(rows,) values as text, None for NULL; of the parent with ``key``; of a ``few`` rows only, where given."""
        if key and few is not None:
            link = self.key(table, key)
            parents = self.links[link][few]
            some = np.full(len(few), None, object)
            some[parents >= 0] = self.texts(link.parent, column, few=parents[parents >= 0])
            return some
        if key:
            link = self.key(table, key)
            above = self.texts(link.parent, column)
            rows = self.links[link]
            there = np.full(len(rows), None, object)
            there[rows >= 0] = above[rows[rows >= 0]]
            return there
        values = self.tables[table].column(column)
        values = values if few is None else values.take(pa.array(few))
        if not pa.types.is_string(values.type):
            values = values.cast(pa.string())
        return np.asarray(values.to_numpy(), dtype=object)

    def at(self, table: TableName, ref: Ref, few: Ints | None = None) -> Floats:
        """(rows,) numbers of a column of the row or of its parent, NaN where there is none; of a ``few`` rows only,
        where given."""
        if not ref.key:
            values = self.numbers(table, ref.column)
            return values if few is None else values[few]
        key = self.key(table, ref.key)
        return take(self.numbers(key.parent, ref.column), self.links[key] if few is None else self.links[key][few])

    def walk(self, table: TableName, path: tuple[Key, ...]) -> Ints:
        """(rows,) the ancestor that ``path`` leads to, -1 where it ends early."""
        rows, name = np.arange(self.size(table)), table
        for columns in path:
            key = self.key(name, columns)
            links = self.links[key]
            rows = np.where(rows >= 0, links[np.clip(rows, 0, None)] if len(links) else -1, -1)
            name = key.parent
        return rows


def take(values: Floats, rows: Ints) -> Floats:
    """(rows,) of ``values`` (parents,), NaN where the row is -1."""
    if not len(values):
        return np.full(len(rows), np.nan)
    return np.where(rows >= 0, values[np.clip(rows, 0, None)], np.nan)


def evaluate(terms: tuple[Term, ...], value: Callable[[Ref], Floats]) -> Floats:
    """(rows,) the sum of ``terms``, NaN where a value is missing."""
    total: Floats | None = None
    for term in terms:
        product: Floats | float = term.scale
        for factor in term.factors:
            product = product * _way(value(factor.ref), factor.way)
        total = np.asarray(product) if total is None else total + product
    assert total is not None
    return total


def _way(values: Floats, way: str) -> Floats:
    if way == "over":
        return 1.0 / np.where(values == 0, np.nan, values)
    return values if way == "plain" else 1.0 - values if way == "rest" else 1.0 + values


def agrees(values: Floats, wanted: Floats, digits: int | None) -> Flags:
    """(rows,) true where ``values`` are ``wanted``, however its last digit was rounded."""
    near = 1e-9 * (1.0 + np.abs(wanted))
    # What lies half way may have been rounded either way, and money is often cut off instead.
    found: Flags = np.abs(values - wanted) <= near + (0.0 if digits is None else 0.5000001 * 10.0**-digits)
    return found


def families(parent: Ints, *ranks: npt.NDArray[np.generic]) -> tuple[Ints, Flags]:
    """Rows (linked,) sorted by parent and then by ``ranks``, and whether each follows a sibling."""
    linked = np.flatnonzero(parent >= 0)
    order = linked
    if not _is_sorted(parent[linked], *(rank[linked] for rank in ranks)):
        order = linked[np.lexsort((*(rank[linked] for rank in reversed(ranks)), parent[linked]))]
    follows = np.zeros(len(order), bool)
    follows[1:] = parent[order][1:] == parent[order][:-1]
    return order, follows


def _is_sorted(*ranks: npt.NDArray[Any]) -> bool:
    """True where rows lie in the order of the first rank, those of one in that of the next, as most tables do."""
    tied = np.ones(max(0, len(ranks[0]) - 1), bool)
    for rank in ranks:
        if (tied & ~(rank[1:] >= rank[:-1])).any():
            return False
        tied &= rank[1:] == rank[:-1]
    return True
