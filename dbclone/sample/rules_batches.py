"""Keeps rules about texts, which are there only when a table is written.

Takes a table's batches in the order in which they are written, gives them with texts composed, told by other columns,
or NULL as rules say. Remembers of earlier batches one answer for each value that tells another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.profile.rules import Composed, Dependency, NullWhen, Numbering, Part, Rule
from dbclone.sample.columns import Columns
from dbclone.sample.filled import Filled
from dbclone.sample.rules_values import sorted_dependencies
from dbclone.schema import Table

_MOST_ANSWERS = 2_000_000
Indices = npt.NDArray[np.int64]


def finish_batches(
    filled: Filled, rules: Sequence[Rule], batches: Iterable[pa.RecordBatch], chunk_rows: int
) -> Iterator[pa.RecordBatch]:
    """The batches as the rules of the table want them. Columns that other tables repeat stay as they are stored."""
    ours = [rule for rule in rules if rule.table == filled.table.name]
    # Whatever constraints ask of a column holds already.
    demanded = demanded_columns(filled.table)
    stays = filled.keys | demanded
    stays |= {copy.column for copy in filled.model.copies} | {one.column for one in ours if isinstance(one, Composed)}
    stays |= {one.column for one in ours if isinstance(one, Numbering)}
    stays |= {name for key in filled.table.foreign_keys for name in key.columns}
    stays |= {name for pair in filled.table.pairs for name in (pair.type_column, pair.id_column)}
    memories = _memories(filled, [one for one in ours if isinstance(one, Dependency)], stays)
    nulls = [one for one in ours if isinstance(one, NullWhen) and one.null and _is_late(filled, one.by, one.column)]
    nulls = [one for one in nulls if one.column not in demanded]
    composed = [one for one in ours if isinstance(one, Composed) and one.column not in filled.keys | demanded]
    composed = [one for one in composed if not any(part.key for part in one.parts)]
    risen = [name for name in filled.model.order.texts if name not in stays and filled.rows <= chunk_rows]
    for batch in batches:
        for name in risen:
            batch = _with(batch, name, in_order(batch.column(batch.schema.get_field_index(name))))
        for memory in memories:
            batch = memory.agree(batch)
        for null in nulls:
            batch = _emptied(batch, null, filled)
        for text in composed:
            batch = _composed(batch, text, filled)
        yield batch


def demanded_columns(table: Table) -> frozenset[str]:
    """The columns that a CHECK, a unique set or an exclusion speaks of."""
    texts = [check.expression for check in table.checks]
    texts += [text for unique in table.uniques for text in (*unique.expressions, unique.predicate or "")]
    texts += [one.definition for one in table.exclusions]
    plain = {name for unique in table.uniques for name in unique.columns} | set(table.key)
    return frozenset(plain | {name for name in table.by_name if any(name.lower() in text.lower() for text in texts)})


def _memories(filled: Filled, rules: list[Dependency], stays: frozenset[str] | set[str]) -> list[_Memory]:
    """One rule settles a column, here or before; the others change what they ask."""
    leaders, others = sorted_dependencies(rules, lambda name: name in stays)
    told = stays | {rule.column for rule in leaders}
    return [
        _Memory(rule, told if rule in others else stays)
        for rule in (*leaders, *others)
        if _is_late(filled, rule.by, rule.column)
    ]


def in_order(texts: pa.Array) -> pa.Array:
    """The texts in the order of the alphabet; what is NULL stays where it is."""
    there = np.flatnonzero(np.asarray(pc.is_valid(texts)))
    place = np.zeros(len(texts), np.int64)
    place[there] = np.asarray(pc.sort_indices(texts))[: len(there)]
    place[np.setdiff1d(np.arange(len(texts)), there)] = np.setdiff1d(np.arange(len(texts)), there)
    return texts.take(pa.array(place))


def _is_late(filled: Filled, *names: str) -> bool:
    """True where one of the columns is told only by its text."""
    columns = Columns(filled, {})
    for name in names:
        entry = columns.entry(name)
        if entry is None and columns.kind(name).storage != "string":
            continue
        if entry is None or entry.role == "length":
            return True
        if entry.categories is not None and (entry.categories.rare or (np.diff(entry.categories.start) > 1).any()):
            return True
    return False


class _Memory:
    """The first answer that each value of ``rule.by`` gave. Where the answer must ``stay``, the question changes: to
    one that gave this answer before."""

    def __init__(self, rule: Dependency, stays: frozenset[str] | set[str]) -> None:
        self.rule = rule
        self._moved = rule.column if rule.column not in stays else rule.by if rule.by not in stays else ""
        self._answers: dict[object, object] = {}
        self._asked: dict[object, list[object]] = {}
        self._turn = 0

    def agree(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if not self._moved or len(self._answers) > _MOST_ANSWERS:
            return batch
        by, column = (batch.column(batch.schema.get_field_index(name)) for name in (self.rule.by, self.rule.column))
        questions, answers = by.to_pylist(), column.to_pylist()
        for question, answer in zip(questions, answers, strict=True):
            if question is not None and question not in self._answers:
                self._answers[question] = answer
                self._asked.setdefault(answer, []).append(question)
        moved = self._moved == self.rule.column
        changed = answers if moved else questions
        off = 0
        for row, (question, answer) in enumerate(zip(list(questions), list(answers), strict=True)):
            if question is not None and self._answers[question] != answer:
                changed[row] = self._answers[question] if moved else self._other(answer, question)
                off += 1
        return batch if not off else _with(batch, self._moved, pa.array(changed, (column if moved else by).type))

    def _other(self, answer: object, question: object) -> object:
        """A question of this answer, each in turn; the row's own where there was none yet."""
        known = self._asked.get(answer)
        self._turn += 1
        return known[self._turn % len(known)] if known else question


def _emptied(batch: pa.RecordBatch, rule: NullWhen, filled: Filled) -> pa.RecordBatch:
    """NULL where the column that decides says so in the end."""
    column = filled.table.column(rule.column)
    if not column.nullable or rule.column in filled.keys or Columns(filled, {}).key_number(rule.column) >= 0:
        return batch
    by = batch.column(batch.schema.get_field_index(rule.by))
    met = pc.is_in(by.cast(pa.string()), value_set=pa.array(rule.values, pa.string()))
    values = batch.column(batch.schema.get_field_index(rule.column))
    return _with(batch, rule.column, pc.if_else(met, pa.scalar(None, values.type), values))


def _composed(batch: pa.RecordBatch, rule: Composed, filled: Filled) -> pa.RecordBatch:
    values = batch.column(batch.schema.get_field_index(rule.column))
    texts = [_part(batch, part) for part in rule.parts]
    whole = pc.binary_join_element_wise(*texts, "") if len(texts) > 1 else texts[0]
    known = pc.and_(pc.is_valid(values), pc.is_valid(whole))
    length = filled.table.column(rule.column).type.length
    if length is not None:
        # What does not fit the column stays as it was made.
        known = pc.and_(known, pc.fill_null(pc.less_equal(pc.utf8_length(whole), length), False))
    return _with(batch, rule.column, pc.if_else(known, whole.cast(values.type), values))


def _part(batch: pa.RecordBatch, part: Part) -> pa.Array:
    if not part.column:
        return pa.array([part.text] * batch.num_rows, pa.string())
    values = batch.column(batch.schema.get_field_index(part.column)).cast(pa.string())
    return {"": lambda text: text, "lower": pc.utf8_lower, "upper": pc.utf8_upper}[part.case](values)


def _with(batch: pa.RecordBatch, name: str, values: pa.Array) -> pa.RecordBatch:
    place = batch.schema.get_field_index(name)
    arrays = [values if number == place else batch.column(number) for number in range(batch.num_columns)]
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)
