"""Foreign keys as row numbers: which parent row each child row belongs to, on both sides.

Takes Arrow tables, gives numpy arrays. Keys of any number of columns and any types; NULL and orphans have no parent.
Never opens a database.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.report.alignment import align, common
from dbclone.report.features import TablePair
from dbclone.report.measures import Codes
from dbclone.schema import ForeignKey


@dataclass(frozen=True)
class Side:
    """``parents[row]`` is the parent's row number, -1 where the key is empty or leads nowhere.

    ``children[row]`` counts the children of each parent row; ``empty`` and ``orphans`` count child rows.
    """

    parents: Codes
    children: Codes
    empty: int
    orphans: int


@dataclass(frozen=True)
class Link:
    key: ForeignKey
    source: Side
    clone: Side


def link(key: ForeignKey, child: TablePair, parent: TablePair) -> Link | None:
    """The foreign key on both sides, None where a column of it was not read."""
    sides = (child.source, parent.source), (child.clone, parent.clone)
    for ours, theirs in sides:
        if not set(key.columns) <= set(ours.column_names) or not set(key.parent_columns) <= set(theirs.column_names):
            return None
    source, clone = (_side(key, child, parent, ours, theirs) for ours, theirs in sides)
    return Link(key, source, clone)


def _side(key: ForeignKey, child: TablePair, parent: TablePair, ours: pa.Table, theirs: pa.Table) -> Side:
    rows, parent_rows = ours.num_rows, theirs.num_rows
    child_codes, parent_codes = np.zeros(rows, np.int64), np.zeros(parent_rows, np.int64)
    complete, parent_complete = np.ones(rows, bool), np.ones(parent_rows, bool)
    found = np.ones(rows, bool)
    for name, parent_name in zip(key.columns, key.parent_columns, strict=True):
        one, two = common(
            align(ours[name], child.table.column(name).type),
            align(theirs[parent_name], parent.table.column(parent_name).type),
        )
        values = pc.unique(two.drop_null())
        one_codes, two_codes = _codes(one, values), _codes(two, values)
        complete &= _known(one)
        parent_complete &= _known(two)
        found &= one_codes >= 0
        child_codes, parent_codes = _combined(child_codes, one_codes, parent_codes, two_codes)
    positions = _positions(child_codes, np.where(parent_complete, parent_codes, -1))
    positions[~(found & complete)] = -1
    children = np.bincount(positions[positions >= 0], minlength=parent_rows).astype(np.int64)
    return Side(positions, children, int((~complete).sum()), int((complete & (positions < 0)).sum()))


def _codes(array: pa.Array, values: pa.Array) -> Codes:
    codes: Codes = pc.index_in(array, value_set=values, skip_nulls=True).fill_null(-1).to_numpy().astype(np.int64)
    return codes


def _known(array: pa.Array) -> npt.NDArray[np.bool_]:
    known: npt.NDArray[np.bool_] = array.is_valid().to_numpy(zero_copy_only=False)
    return known


def _combined(child: Codes, one: Codes, parent: Codes, two: Codes) -> tuple[Codes, Codes]:
    """Codes of the columns so far and the next one as one dense code, so that any number of columns fits 64 bits."""
    width = max(int(one.max(initial=0)), int(two.max(initial=0))) + 2
    joint = np.concatenate([child * width + one + 1, parent * width + two + 1])
    _, dense = np.unique(joint, return_inverse=True)
    return dense[: len(child)].astype(np.int64), dense[len(child) :].astype(np.int64)


def _positions(child: Codes, parent: Codes) -> Codes:
    """The row number of the first parent with the child's code, -1 where there is none; parents of code -1 are none."""
    first = np.full(max(int(child.max(initial=0)), int(parent.max(initial=0))) + 1, -1, np.int64)
    rows = np.arange(len(parent))[::-1]
    real = parent[::-1] >= 0
    first[parent[::-1][real]] = rows[real]
    return first[child]
