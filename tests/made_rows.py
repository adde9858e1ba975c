"""Filled tables made by hand: numbers and categories as entries, one leaf a tree, keys as parent rows.

Takes a folder and plain lists, gives a ``Filled`` that the modules of sample/ can be tried on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from dbclone.models.categories import fit_categories
from dbclone.models.numbers import fit_numbers
from dbclone.models.table import CounterModel, Entry, KeyModel, OrderModel, TableModel
from dbclone.models.trees import Tree
from dbclone.sample.filled import Filled, make_filled
from dbclone.sample.stored import RunFolder
from dbclone.schema import Check, Column, ForeignKey, Kind, Table, TableName, Type, Unique

THINGS = TableName("main", "things")


def leaf(codes: Sequence[int] = (1,), shares: Sequence[float] = (1.0,), rows: int = 10) -> Tree:
    """A tree of one leaf."""
    return Tree(
        feature=np.array([-1], np.int32),
        left=np.zeros(1, np.int32),
        right=np.zeros(1, np.int32),
        mask=np.zeros((1, 4), np.uint64),
        start=np.array([0, len(codes)], np.int64),
        codes=np.array(codes, np.uint8),
        cumulative=np.cumsum(np.array(shares, np.float64)),
        rows=np.array([rows], np.int64),
    )


def number_entry(name: str, values: Sequence[float]) -> Entry:
    codec = fit_numbers(np.array(values, np.float64), k=1)
    return Entry(name, "column", codec.size, leaf(), numbers=codec)


def category_entry(name: str, values: Sequence[str | None]) -> Entry:
    codec = fit_categories(pa.array(values, pa.string()), k=1)
    return Entry(name, "column", codec.size, leaf(), categories=codec)


def model_of(
    entries: Sequence[Entry],
    keys: Sequence[KeyModel] = (),
    counters: Sequence[CounterModel] = (),
    order: OrderModel | None = None,
) -> TableModel:
    return TableModel(
        THINGS, 10, -1, tuple(entries), 0, (), tuple(keys), (), tuple(counters), (), order or OrderModel()
    )


def filled_things(
    folder: Path,
    numbers: Mapping[str, Sequence[float]] | None = None,
    words: Mapping[str, Sequence[str | None]] | None = None,
    *,
    parents: Sequence[tuple[ForeignKey, KeyModel, Sequence[int]]] = (),
    checks: Sequence[Check] = (),
    uniques: Sequence[tuple[str, ...] | Unique] = (),
    kinds: Mapping[str, Kind] | None = None,
    order: OrderModel | None = None,
) -> Filled:
    """Rows with these values. The codecs know every value that is given, and no other word."""
    numbers, words = numbers or {}, words or {}
    entries = [number_entry(name, values) for name, values in numbers.items()]
    entries += [category_entry(name, values) for name, values in words.items()]
    kind = dict.fromkeys(numbers, Kind.INTEGER) | dict.fromkeys(words, Kind.TEXT) | dict(kinds or {})
    columns = [Column(name, Type(kind[name], kind[name].value)) for name in (*numbers, *words)]
    columns += [Column(name, Type(Kind.INTEGER, "integer")) for key, _, _ in parents for name in key.columns]
    table = Table(
        THINGS,
        tuple(columns),
        uniques=tuple(one if isinstance(one, Unique) else Unique(one) for one in uniques),
        foreign_keys=tuple(key for key, _, _ in parents),
        checks=tuple(checks),
    )
    model = model_of(entries, [one for _, one, _ in parents], order=order)
    rows = max([len(one) for one in (*numbers.values(), *words.values(), *(rows for _, _, rows in parents))], default=0)
    filled = make_filled(RunFolder(folder), 0, table, model, rows)
    for name, given in numbers.items():
        filled.values[:, model.value_index[name]] = given
    for name, texts in words.items():
        codec = model.entries[model.by_name[name]].categories
        assert codec is not None
        filled.own[:, model.first_slot[model.by_name[name]]] = codec.encode(pa.array(texts, pa.string()))
    for number, (_, _, above) in enumerate(parents):
        filled.parents[number] = np.array(above, np.int64)
    return filled


def numbers_of(filled: Filled, name: str) -> list[float | None]:
    values = filled.values[:, filled.model.value_index[name]]
    return [None if np.isnan(value) else float(value) for value in values]


def words_of(filled: Filled, name: str) -> list[str | None]:
    number = filled.model.by_name[name]
    codec = filled.model.entries[number].categories
    assert codec is not None
    codes = filled.own[:, filled.model.first_slot[number]]
    return [codec.values[code - 1] if code else None for code in codes.tolist()]
