"""How many rows of each type lead to one parent: what is learned of polymorphic pairs.

Takes Arrow tables, gives a PairModel for each type. Never sees a connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.models.links import match_rows
from dbclone.models.table import PairModel, TableModel
from dbclone.schema import Table, TableName


def with_pairs(model: TableModel, table: Table, tables: Mapping[TableName, pa.Table]) -> TableModel:
    """The model with the children per parent of every type of the table's pairs."""
    found = []
    rows = tables[table.name]
    for number, pair in enumerate(table.pairs):
        types = rows.column(pair.type_column).cast(pa.string())
        for place, target in enumerate(pair.targets):
            if target.table not in tables:
                continue
            own = rows.column(pair.id_column).filter(pc.fill_null(pc.equal(types, target.value), False))
            above = tables[target.table].column(target.column)
            if own.type != above.type:
                above = above.cast(own.type)
            linked = match_rows([above], [own])
            counts = np.bincount(linked[linked >= 0], minlength=len(above)).astype(np.int64)
            values, repeats = np.unique(counts, return_counts=True)
            nulls = own.null_count / len(own) if len(own) else 0.0
            found.append(PairModel(number, place, nulls, values.astype(np.int64), repeats.astype(np.int64)))
    return replace(model, pairs=tuple(found))
