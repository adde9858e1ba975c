"""Which parent row each child row references.

Takes Arrow tables and foreign keys, gives row numbers. Never opens a database.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dbclone.schema import ForeignKey, TableName

Rows = npt.NDArray[np.int64]


def link_rows(key: ForeignKey, tables: Mapping[TableName, pa.Table]) -> Rows:
    """(child rows,) the row number in the parent, -1 where the key is NULL or its parent is not there."""
    return match_rows(
        [tables[key.parent].column(name) for name in key.parent_columns],
        [tables[key.table].column(name) for name in key.columns],
    )


def match_rows(parent: list[pa.ChunkedArray], child: list[pa.ChunkedArray]) -> Rows:
    """Row number in ``parent`` columns of each row of ``child`` columns, -1 where there is none."""
    parent_rows, child_rows = len(parent[0]), len(child[0])
    if parent_rows == 0 or child_rows == 0:
        return np.full(child_rows, -1, np.int64)
    code_parent = np.zeros(parent_rows, np.int64)
    code_child = np.zeros(child_rows, np.int64)
    missing = np.zeros(child_rows, bool)
    for above, below in zip(parent, child, strict=True):
        codes, size = coded(above, below)
        missing |= codes[parent_rows:] < 0
        codes[codes < 0] = size - 1
        code_parent = code_parent * size + codes[:parent_rows]
        code_child = code_child * size + codes[parent_rows:]
        if len(parent) > 1:
            # Dense again, so that several columns never overflow.
            joined = pa.array(np.concatenate([code_parent, code_child])).dictionary_encode()
            dense = np.asarray(joined.indices).astype(np.int64)
            code_parent, code_child = dense[:parent_rows], dense[parent_rows:]
    where = np.full(int(max(code_parent.max(), code_child.max())) + 1, -1, np.int64)
    where[code_parent[::-1]] = np.arange(parent_rows - 1, -1, -1)
    found = where[code_child]
    found[missing] = -1
    return found


def coded(above: pa.ChunkedArray, below: pa.ChunkedArray) -> tuple[Rows, int]:
    """A number for each distinct value of both, one after the other, -1 for none, and more than there are of them."""
    if pa.types.is_integer(above.type) and pa.types.is_integer(below.type):
        above, below = above.cast(pa.int64()), below.cast(pa.int64())
    if above.type == below.type and _is_exact(above.type):
        chunks = [chunk for column in (above, below) for chunk in getattr(column, "chunks", [column])]
        found = pa.chunked_array(chunks, above.type).combine_chunks().dictionary_encode()
        return np.asarray(found.indices.fill_null(-1)).astype(np.int64), len(found.dictionary) + 1
    # Values of two kinds are for pandas, which takes a while to be imported.
    import pandas as pd

    codes, distinct = pd.factorize(np.concatenate([_plain(above), _plain(below)]), use_na_sentinel=True)
    return codes.astype(np.int64), len(distinct) + 1


def _is_exact(kind: pa.DataType) -> bool:
    """True where values are equal exactly where Arrow says so."""
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_date32(kind)
        or pa.types.is_timestamp(kind)
        or pa.types.is_time64(kind)
    )


def _plain(column: pa.ChunkedArray) -> npt.NDArray[np.generic]:
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_time64(kind):
        column = column.cast(pa.int64())
    elif pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    return np.asarray(column.to_pandas(integer_object_nulls=True), dtype=object)


def sibling_order(parent: Rows, rank: npt.NDArray[np.float64] | None) -> Rows:
    """Row numbers sorted by parent, within a parent by ``rank`` and then by position."""
    position = np.arange(len(parent))
    return np.lexsort((position, parent) if rank is None else (position, rank, parent)).astype(np.int64)


def positions(sorted_parent: Rows) -> tuple[Rows, Rows]:
    """Position of each row among its siblings and the number still to come, for rows sorted by parent."""
    rows = len(sorted_parent)
    if rows == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    starts = np.flatnonzero(np.concatenate([[True], sorted_parent[1:] != sorted_parent[:-1]]))
    sizes = np.diff(np.concatenate([starts, [rows]]))
    position = np.arange(rows) - np.repeat(starts, sizes)
    return position.astype(np.int64), (np.repeat(sizes, sizes) - 1 - position).astype(np.int64)
