"""Portable DDL as a value: statements for a target, what is lost on the way, and how the target says what the source
says.

Takes and gives text and Arrow batches. Never opens a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from dbclone.dialects.protocol import Loss
from dbclone.schema import Schema, Table, TableName
from dbclone.schema.folded import Renamed

Saying = tuple[TableName, str]
"""An expression of the source about one table."""


@dataclass(frozen=True)
class Attempt:
    """A statement to run while the tables are still empty; where the target refuses it, ``loss`` is what is lost, and
    what the source says in ``sayings`` binds no row there."""

    sql: str
    loss: Loss
    sayings: tuple[Saying, ...] = ()


@dataclass(frozen=True)
class PortableDdl:
    """``pre`` comes before the rows, then ``attempts`` one by one, then the rows, then ``post``.

    ``plain`` are the computed columns that became ordinary ones, so that the writer must supply their values.
    ``names`` says what each of the source's tables is called in the target, ``renamed`` which of their columns have
    another name there, which those of ``schema`` bear. ``said`` is how CHECKs and unique expressions are put there.
    ``loose`` is how tables are made whose keys into themselves their rows cannot be loaded under.
    """

    target: str
    pre: tuple[str, ...]
    post: tuple[str, ...]
    losses: tuple[Loss, ...]
    plain: frozenset[tuple[TableName, str]] = frozenset()
    attempts: tuple[Attempt, ...] = ()
    names: Mapping[TableName, TableName] = field(default_factory=dict, hash=False)
    renamed: Renamed = field(default_factory=dict, hash=False)
    schema: Schema | None = None
    said: Mapping[Saying, str] = field(default_factory=dict, hash=False)
    loose: Mapping[TableName, Attempt] = field(default_factory=dict, hash=False)

    def under_names(self, table: Table, batches: Iterable[pa.RecordBatch]) -> tuple[Table, Iterable[pa.RecordBatch]]:
        """A table of the source and its rows with their columns under the target's names."""
        own = self.renamed.get(table.name)
        if not own or self.schema is None:
            return table, batches
        return self.schema.table(table.name), (_under_names(batch, own) for batch in batches)

    def question(
        self, table: Table, expression: str, columns: Mapping[str, pa.Array], refused: Iterable[Saying] = ()
    ) -> tuple[Table, str, pa.RecordBatch] | None:
        """What to ask the target about an expression of the source, None where it binds no row there."""
        text = self.said.get((table.name, expression))
        if text is None or (table.name, expression) in refused:
            return None
        batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
        table, batches = self.under_names(table, [batch])
        return table, text, next(iter(batches))


def question_of(
    portable: PortableDdl | None,
    table: Table,
    expression: str,
    columns: Mapping[str, pa.Array],
    refused: Iterable[Saying] = (),
) -> tuple[Table, str, pa.RecordBatch] | None:
    """The same of a target whose DDL may be the source's own: then in the source's words."""
    if portable is not None:
        return portable.question(table, expression, columns, refused)
    return table, expression, pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _under_names(batch: pa.RecordBatch, own: Mapping[str, str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(batch.columns, names=[own.get(name, name) for name in batch.schema.names])
