"""Foreign keys that share columns: (tenant_id, site_id) and (tenant_id, payer_id) must lead to rows of one tenant.

Takes a filled table and its parents, changes the later key where it disagrees with an earlier one. Never adds a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    by_code = np.argsort(own, kind="stable")
    for code, rows in _by_group(given[wanted[off]], np.flatnonzero(off)):
        start, stop = np.searchsorted(own[by_code], [code, code + 1])
        pool = by_code[start:stop]
        for row in rows:
            fit = pool if depth is None else pool[depth[pool] < depth[row]]
            if len(fit):
                result[row] = fit[rng.integers(0, len(fit))]
            elif is_nullable(filled.table, key):
                result[row] = -1
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
        sides = [
            _values(holder, others, one.parent_columns[one.columns.index(name)])
            for holder, one in ((parent, key), (first_parent, first))
        ]
        if sides[0] is None or sides[1] is None:
            return None
        joined = pa.concat_arrays([_octets(side) for side in sides if side is not None])
        column = np.asarray(pc.fill_null(joined.dictionary_encode().indices, -1)).astype(np.int64)
        _, code = np.unique(code * (int(column.max(initial=0)) + 2) + column + 1, return_inverse=True)
    return code[:size].astype(np.int64), code[size:].astype(np.int64)


def _octets(values: pa.Array) -> pa.Array:
    """(n,) what tells values apart, whatever they are: a BLOB is no text."""
    binary = pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type)
    return (values if binary else values.cast(pa.large_string())).cast(pa.large_binary())


def _values(holder: Filled, others: Others, column: str) -> pa.Array | None:
    """(n,) a column of a table in the making, by row, as far as keys tell it."""
    if column in holder.keys:
        return holder.key(column).take(holder.place)
    for number, key in enumerate(holder.table.foreign_keys):
        parent = others.get(key.parent)
        if column not in key.columns or parent is None or key.is_self or holder.model.keys[number].mode in _LATE:
            continue
        above = _values(parent, others, key.parent_columns[key.columns.index(column)])
        rows = holder.parents[number]
        return None if above is None else above.take(pa.array(np.where(rows >= 0, rows, 0), pa.int64(), mask=rows < 0))
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
