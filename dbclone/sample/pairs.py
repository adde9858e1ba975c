"""Polymorphic pairs: which row of which table each row's pair leads to.

Takes a filled table, its types and the tables that they name, gives row numbers. Parents have as many children of a
type as in the source; a unique set over the pair is kept.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.models.table import PairModel
from dbclone.sample.emit import Emitter, pair_names
from dbclone.sample.filled import Filled
from dbclone.sample.parents import adjust
from dbclone.sample.streams import generator
from dbclone.schema import Pair, TableName

Rows = npt.NDArray[np.int64]
_ROUNDS = 100


def lead_pairs(filled: Filled, others: Mapping[TableName, Filled], emitter: Emitter, seed: int) -> None:
    """Says of every row of the table where its pairs lead; the keys of the tables that they name must be stored.

    A target whose keys are not stored yet is passed over.
    """
    for number, pair in enumerate(filled.table.pairs):
        types = emitter.some(filled, others, [pair.type_column], 0, filled.rows)[pair.type_column].cast(pa.string())
        target, parent = _choose(filled, number, types, others, seed)
        for columns in filled.table.unique_sets:
            rest = set(columns) - {pair.type_column, pair.id_column}
            if pair.id_column in columns and rest:
                known = emitter.some(filled, others, sorted(rest), 0, filled.rows)
                room = {place: others[one.table].rows for place, one in enumerate(pair.targets) if one.table in others}
                rng = generator(seed, "pair unique", filled.table.name, columns)
                parent = _keep_unique(_families(known, filled.rows), target, parent, room, rng)
        for name, values in zip(pair_names(number), (target, parent), strict=True):
            by_row = np.empty(filled.rows, np.int64)
            by_row[filled.output] = values
            filled.put(name, by_row)


def _families(known: Mapping[str, pa.Array], rows: int) -> Rows:
    """(rows,) a number for each combination of values."""
    family = np.zeros(rows, np.int64)
    for values in known.values():
        codes = values.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        _, family = np.unique(family * (int(codes.max(initial=0)) + 2) + codes + 1, return_inverse=True)
    return family.astype(np.int64)


def _choose(
    filled: Filled, number: int, types: pa.Array, others: Mapping[TableName, Filled], seed: int
) -> tuple[Rows, Rows]:
    """For each row, in the order of ``types``: which target of pair ``number`` it leads to and which row there.

    -1 where it leads nowhere: no type, or a target without rows.
    """
    pair: Pair = filled.table.pairs[number]
    about = {model.target: model for model in filled.model.pairs if model.pair == number}
    target, parent = np.full(len(types), -1, np.int64), np.full(len(types), -1, np.int64)
    alone = any(set(columns) <= {pair.type_column, pair.id_column} for columns in filled.table.unique_sets)
    for place, one in enumerate(pair.targets):
        above = others.get(one.table)
        rows = np.flatnonzero(np.asarray(pc.fill_null(pc.equal(types, one.value), False)))
        if above is None or not above.rows or one.column not in above.keys or place not in about or not len(rows):
            continue
        rng = generator(seed, "pair", filled.table.name, pair.id_column, one.value)
        rows = rows[rng.random(len(rows)) >= about[place].nulls]
        drawn = _draw(about[place], above.rows, len(rows), alone, rng)
        target[rows[: len(drawn)]], parent[rows[: len(drawn)]] = place, drawn
    return target, parent


def _keep_unique(family: Rows, target: Rows, parent: Rows, sizes: Mapping[int, int], rng: np.random.Generator) -> Rows:
    """``parent`` changed where two rows of a ``family`` (the rest of a unique set) lead to the same row."""
    parent = parent.copy()
    for _ in range(_ROUNDS):
        order = np.lexsort((parent, target, family))
        same = (np.diff(family[order]) == 0) & (np.diff(target[order]) == 0) & (np.diff(parent[order]) == 0)
        again = order[1:][same]
        again = again[parent[again] >= 0]
        if not len(again):
            break
        room = np.array([sizes[int(one)] for one in target[again]])
        parent[again] = (rng.random(len(again)) * room).astype(np.int64)
    return parent


def _draw(about: PairModel, parents: int, wanted: int, alone: bool, rng: np.random.Generator) -> Rows:
    """(wanted,) parents; fewer where each may be named once and there are not as many."""
    counts = np.zeros(parents, np.int64)
    if len(about.rows):
        # By rank rather than by chance, so that the few parents that have most children are among them.
        reach = np.cumsum(about.repeats)
        at = np.searchsorted(reach, (rng.permutation(parents) + 0.5) / parents * reach[-1], side="right")
        counts = about.rows[np.clip(at, 0, len(about.rows) - 1)]
    counts = adjust(np.minimum(counts, 1) if alone else counts, wanted, alone, rng)
    drawn = rng.permutation(np.repeat(np.arange(parents), counts))
    if len(drawn) < wanted and not alone:
        drawn = np.concatenate([drawn, rng.integers(0, parents, wanted - len(drawn))])
    return drawn[:wanted].astype(np.int64)
