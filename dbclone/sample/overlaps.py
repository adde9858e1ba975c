"""Foreign keys that share columns: (tenant_id, site_id) and (tenant_id, payer_id) must lead to rows of one tenant.

Takes a filled table and its parents, changes the later key where it disagrees with an earlier one. Never adds a row.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.filled import Filled
from dbclone.sample.streams import generator
from dbclone.schema import ForeignKey, TableName, is_nullable

Rows = npt.NDArray[np.int64]
Others = Mapping[TableName, Filled]
_LATE = ("self", "link", "child", "absent")
_LONGEST = 64
"""Keys that a column is followed along to where it comes from."""


def agree_on_shared(filled: Filled, others: Others, seed: int, *, linked: bool = False) -> None:
    """Draws parents again that differ from another key's parent in a column that both keys share.

    A row for which no parent agrees keeps none, where the key may be NULL. ``linked`` is for the keys that are known
    last; they stay without cycles, for a row that changes only ever moves to one nearer to the top.
    """
    keys = filled.table.foreign_keys
    order = sorted(range(len(keys)), key=lambda n: (n != filled.model.driver, len(keys[n].columns)))
    settled: list[int] = []
    for number in order:
        late = filled.model.keys[number].mode in _LATE
        if late == linked and filled.model.keys[number].mode != "absent":
            for other in settled:
                _agree(filled, others, number, other, seed)
        if not late or linked:
            settled.append(number)


def _agree(filled: Filled, others: Others, number: int, other: int, seed: int) -> None:
    key, first = filled.table.foreign_keys[number], filled.table.foreign_keys[other]
    shared = sorted(set(key.columns) & set(first.columns))
    if not shared or key.parent not in others or first.parent not in others:
        return
    theirs = _codes(others[key.parent], key, others[first.parent], first, shared, others)
    if theirs is None:
        return
    own, given = theirs
    above, wanted = filled.parents[number], filled.parents[other]
    if not len(own) or not len(given):
        return
    off = (above >= 0) & (wanted >= 0) & (own[np.clip(above, 0, None)] != given[np.clip(wanted, 0, None)])
    if not off.any():
        return
    rng = generator(seed, "agree", key, first)
    result = above.copy()
    depth = _depths(filled, number) if key.is_self else None
    optional = is_nullable(filled.table, key)
    by_code = np.argsort(own, kind="stable")
    # Parents keep the rows that they were to have, as far as these may have them.
    held = rng.permutation(above[off])
    held = held[np.argsort(own[held], kind="stable")]
    for code, rows in _by_group(given[wanted[off]], np.flatnonzero(off)):
        pool = by_code[slice(*np.searchsorted(own[by_code], [code, code + 1]))]
        if depth is not None:
            for row in rows:
                fit = pool[depth[pool] < depth[row]]
                if len(fit):
                    result[row] = fit[rng.integers(0, len(fit))]
                elif optional:
                    result[row] = -1
        elif len(pool):
            mine = rng.permutation(held[slice(*np.searchsorted(own[held], [code, code + 1]))])
            more = np.resize(rng.permutation(pool), max(0, len(rows) - len(mine)))
            result[rows] = np.concatenate([mine, more])[: len(rows)]
        elif optional:
            result[rows] = -1
    filled.parents[number] = result


def _by_group(codes: Rows, rows: Rows) -> Iterator[tuple[int, Rows]]:
    order = np.argsort(codes, kind="stable")
    borders = np.flatnonzero(np.diff(codes[order])) + 1
    for part in np.split(order, borders):
        if len(part):
            yield int(codes[part[0]]), rows[part]


def _codes(
    parent: Filled, key: ForeignKey, first_parent: Filled, first: ForeignKey, shared: list[str], others: Others
) -> tuple[Rows, Rows] | None:
    """Numbers that tell the shared columns' values apart, for the rows of both parents; None where they are unknown."""
    size = parent.rows
    code = np.zeros(size + first_parent.rows, np.int64)
    for name in shared:
        column = _column_codes(
            _traced(parent, others, key.parent_columns[key.columns.index(name)]),
            _traced(first_parent, others, first.parent_columns[first.columns.index(name)]),
        )
        if column is None:
            return None
        _, code = np.unique(code * (int(column.max(initial=0)) + 2) + column + 1, return_inverse=True)
    return code[:size].astype(np.int64), code[size:].astype(np.int64)


def _column_codes(one: _Traced, other: _Traced) -> Rows | None:
    """A number for each value of one column, ``one`` after the ``other``, -1 for NULL; None where they are unknown."""
    if one.values is not None and other.values is not None:
        joined = pa.concat_arrays([_octets(one.values), _octets(other.values)])
        return np.asarray(pc.fill_null(joined.dictionary_encode().indices, -1)).astype(np.int64)
    if one.holder is other.holder and one.column == other.column:
        # Tables of a cycle know their keys last, but whose key a row repeats is known.
        return np.concatenate([one.rows, other.rows])
    return None


def _octets(values: pa.Array) -> pa.Array:
    """(n,) what tells values apart, whatever they are: a BLOB is no text."""
    binary = pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type)
    return (values if binary else values.cast(pa.large_string())).cast(pa.large_binary())


@dataclass(frozen=True)
class _Traced:
    """Where the values of a column come from: ``rows`` (n,) of ``holder``, -1 for none, has them as ``column``."""

    holder: Filled
    column: str
    rows: Rows

    @functools.cached_property
    def values(self) -> pa.Array | None:
        """(n,) None where the holder's keys are not there yet."""
        if self.column not in self.holder.keys:
            return None
        missing = self.rows < 0
        if not self.holder.rows:
            return pa.nulls(len(self.rows), self.holder.key(self.column).type)
        place = self.holder.place[np.where(missing, 0, self.rows)]
        return self.holder.key(self.column).take(pa.array(place, pa.int64(), mask=missing))


def _traced(holder: Filled, others: Others, column: str) -> _Traced:
    """Where a column of a table in the making comes from, as far as its keys tell it."""
    rows = np.arange(holder.rows)
    for _ in range(_LONGEST):
        number = None if column in holder.keys else _leading(holder, others, column)
        if number is None:
            break
        key, above = holder.table.foreign_keys[number], holder.parents[number]
        rows = np.where(rows >= 0, above[np.clip(rows, 0, None)] if len(above) else -1, -1)
        holder, column = others[key.parent], key.parent_columns[key.columns.index(column)]
    return _Traced(holder, column, rows)


def _leading(holder: Filled, others: Others, column: str) -> int | None:
    """The number of a key that is known and says what the column holds."""
    for number, key in enumerate(holder.table.foreign_keys):
        known = key.parent in others and not key.is_self and holder.model.keys[number].mode not in _LATE
        if column in key.columns and known:
            return number
    return None


def _depths(filled: Filled, number: int) -> Rows:
    """(n,) how many rows lie above each one in its own table."""
    depth = np.zeros(filled.rows, np.int64)
    above = filled.parents[number]
    for _ in range(64):
        below = (above >= 0) & (above != np.arange(filled.rows))
        deeper = np.where(below, depth[np.clip(above, 0, None)] + 1, 0)
        if (deeper == depth).all():
            break
        depth = deeper
    return depth
