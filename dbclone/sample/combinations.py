"""The values that a unique set has left: every combination of what its columns may hold, but for those that are taken.

Takes a table's values, its foreign keys and the constants of its CHECKs, gives rows of the set's columns. Chance finds
the last free place of a timetable late; counting finds it at once, where there are not too many to count.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from dbclone.sample.demands import Cells, Distinct, Present, keys_of
from dbclone.schema import Column, Kind, Table

Row = dict[str, Any]
_MOST = 5_000
_MOST_BETWEEN = 200


def free_combinations(
    demand: Distinct,
    table: Table,
    values: Mapping[str, list[Any]],
    kinds: Mapping[str, pa.DataType],
    keys: Sequence[tuple[Present, list[tuple[Any, ...]]]],
    constants: Mapping[str, Sequence[str]],
    taken: Collection[tuple[Any, ...]],
) -> list[Row]:
    """What the columns of ``demand`` may hold together that no row in ``taken`` has; nothing where it says something of
    some rows only, or where there are too many to count. ``keys`` come with their parents' rows."""
    if not demand.plain or demand.where is not None:
        return []
    choices: list[list[Row]] = []
    left = list(demand.plain)
    for key, parents in keys:
        if set(key.columns) <= set(left):
            if len(parents) > 10 * _MOST:
                return []
            rows = dict.fromkeys(parent for parent in parents if None not in parent)
            choices.append([dict(zip(key.columns, row, strict=True)) for row in rows])
            left = [name for name in left if name not in key.columns]
    for name in left:
        held = _possible(table.column(name), values[name], constants.get(name, ()))
        choices.append([{name: value} for value in held])
    if math.prod(map(len, choices)) > _MOST:
        return []
    every = [_joined(parts) for parts in itertools.product(*choices)]
    try:
        arrays = {name: pa.array([row[name] for row in every], kinds[name]) for name in demand.plain}
    except (pa.ArrowException, OverflowError):
        return []
    found = keys_of(demand, Cells(table, arrays, len(every)))
    return [row for row, key in zip(every, found, strict=True) if key is not None and key not in taken]


def _joined(parts: Sequence[Row]) -> Row:
    whole: Row = {}
    for part in parts:
        whole |= part
    return whole


def _possible(column: Column, held: Sequence[Any], constants: Sequence[str]) -> list[Any]:
    """What the column's rows hold, and what the schema itself lists."""
    listed: Iterator[Any] = iter(())
    if column.type.labels:
        listed = iter(column.type.labels)
    elif column.type.kind is Kind.BOOLEAN:
        listed = iter((False, True))
    elif column.type.kind is Kind.INTEGER:
        whole = [int(text) for text in constants if text.lstrip("-").isdigit() and len(text) < 18]
        narrow = whole and max(whole) - min(whole) <= _MOST_BETWEEN
        listed = iter(range(min(whole), max(whole) + 1) if narrow else whole)
    elif column.type.kind is Kind.TEXT:
        listed = (text for text in constants if column.type.length is None or len(text) <= column.type.length)
    return list(dict.fromkeys(itertools.chain((value for value in held if value is not None), listed)))


def shuffled(rows: list[Row], rng: np.random.Generator) -> list[Row]:
    """The rows in an order by chance."""
    return [rows[place] for place in rng.permutation(len(rows))]
