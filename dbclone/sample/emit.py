"""From codes to rows: filled tables become Arrow batches, keys first, texts last.

Takes filled tables, gives record batches of the stored columns in the schema's order and storage types.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.models.arrows import arrow_type, from_numbers, text_as_binary, with_beyond
from dbclone.models.numbers import NumberCodec
from dbclone.models.table import Models, NumberedModel
from dbclone.profile.rules import Composed, Part, Rule
from dbclone.profile.value import Profile, Role
from dbclone.sample.filled import Filled
from dbclone.sample.kernel import uniforms
from dbclone.sample.streams import generator, stream
from dbclone.sample.texts import make_texts
from dbclone.schema import Column, ForeignKey, Schema, TableName

Rows = npt.NDArray[np.int64]


class Emitter:
    """Turns ranges of a filled table's rows, in output order, into columns. The same seed gives the same bytes."""

    def __init__(self, profile: Profile, seed: int) -> None:
        self.profile, self.seed = profile, seed

    def batch(self, filled: Filled, others: Mapping[TableName, Filled], start: int, stop: int) -> pa.RecordBatch:
        """The stored columns of rows ``start`` .. ``stop``. The keys of all parents must be stored."""
        fields = fields_of(filled)
        rows = filled.output[start:stop]
        made: dict[str, pa.Array] = {}
        lengths: dict[str, npt.NDArray[np.int32]] = {}
        half: dict[str, pa.Array] = {}
        for column in filled.table.stored_columns:
            if column.name in filled.keys:
                made[column.name] = filled.raw_key(column.name)[start:stop]
                continue
            values, wanted = self._column(filled, others, column, rows, start)
            if wanted is None:
                made[column.name] = values
            else:
                half[column.name], lengths[column.name] = values, wanted
        known = {name: _cast(values, fields.field(name).type) for name, values in made.items()}
        stand = {name: _cast(values, fields.field(name).type) for name, values in half.items() if values is not None}
        texts = self._texts(filled, lengths, start, known | stand)
        for name, wanted in lengths.items():
            known[name] = _merge(stand[name], texts[name], wanted) if name in stand else texts[name]
        for name, above in copied_texts(self.profile, filled).items():
            if name not in filled.keys:
                known[name] = self._repeated(filled, others, known[name], above, rows)
        # Texts were made to fit what was drawn, so that they are the same whenever they are made.
        arrays = [filled.patched(field.name, start, _cast(known[field.name], field.type)) for field in fields]
        if not arrays:
            return pa.RecordBatch.from_struct_array(pa.array([{}] * len(rows), pa.struct([])))
        return pa.RecordBatch.from_arrays(arrays, schema=fields)

    def _repeated(
        self, filled: Filled, others: Mapping[TableName, Filled], own: pa.Array, above: Part, rows: Rows
    ) -> pa.Array:
        """The parent's text wherever both rows have one."""
        number = next(n for n, key in enumerate(filled.table.foreign_keys) if key.columns == above.key)
        parent = filled.table.foreign_keys[number].parent
        if parent not in others or above.column not in others[parent].keys:
            return own
        theirs = _cast(_referenced(others[parent], above.column, filled.parents[number][rows]), own.type)
        return pc.if_else(pc.and_(pc.is_valid(own), pc.is_valid(theirs)), theirs, own)

    def written(self, filled: Filled, others: Mapping[TableName, Filled], start: int, stop: int) -> pa.RecordBatch:
        """``batch`` without the rows that are left out."""
        batch = self.batch(filled, others, start, stop)
        gone = filled.gone[start:stop]
        return batch.filter(pa.array(~gone)) if gone.any() else batch

    def some(
        self, filled: Filled, others: Mapping[TableName, Filled], names: Collection[str], start: int, stop: int
    ) -> dict[str, pa.Array]:
        """Columns of rows ``start`` .. ``stop`` as ``batch`` gives them; texts are made only where asked for."""
        found: dict[str, pa.Array] = {}
        for name in names:
            kind = arrow_type(filled.table.column(name).type.storage)
            if name in filled.keys:
                found[name] = _cast(filled.key(name)[start:stop], kind)
                continue
            rows = filled.output[start:stop]
            values, wanted = self._column(filled, others, filled.table.column(name), rows, start)
            if wanted is not None:
                batch = self.batch(filled, others, start, stop)
                return {one: batch.column(one) for one in names}
            found[name] = filled.patched(name, start, _cast(values, kind))
        return found

    def key_part(
        self, filled: Filled, others: Mapping[TableName, Filled], name: str, start: int, stop: int
    ) -> pa.Array:
        """Rows ``start`` .. ``stop`` of a referenced column that is no surrogate."""
        column = filled.table.column(name)
        values, wanted = self._column(filled, others, column, filled.output[start:stop], start)
        if wanted is not None:
            texts = self._texts(filled, {name: wanted}, start, {})[name]
            values = _merge(values, texts, wanted) if values is not None else texts
        return _cast(values, arrow_type(column.type.storage))

    def numbers(self, filled: Filled, model: NumberedModel, chunk_rows: int) -> Iterator[pa.Array]:
        """A surrogate key: rising numbers, as dense as the source's; where rows are more, so is the range."""
        kind = arrow_type(filled.table.column(model.column).type.storage)
        numbers = numbers_of(model, filled.rows, filled.model.rows)
        for start in range(0, filled.rows, chunk_rows):
            yield pa.array(numbers[start : start + chunk_rows], pa.int64()).cast(kind)

    # -- columns --------------------------------------------------------------------------------------------------

    def _texts(
        self, filled: Filled, lengths: Mapping[str, npt.NDArray[np.int32]], start: int, known: Mapping[str, pa.Array]
    ) -> dict[str, pa.Array]:
        if not lengths:
            return {}
        name = filled.table.name
        rng = generator(self.seed, "texts", name, start)
        about, total, locale = self.profile.table(name), filled.rows, self.profile.locale
        return make_texts(about, lengths, first_row=start, total_rows=total, rng=rng, locale=locale, known=known)

    def _column(
        self, filled: Filled, others: Mapping[TableName, Filled], column: Column, rows: Rows, start: int
    ) -> tuple[pa.Array, npt.NDArray[np.int32] | None]:
        """The column's values for ``rows``; where texts are to be made, also their lengths (-2: a value stands)."""
        about = self.profile.table(filled.table.name).column(column.name)
        kind = arrow_type(column.type.storage)
        for number, pair in enumerate(filled.table.pairs):
            if pair.id_column == column.name:
                return _paired(filled, others, number, kind, rows), None
        keys = [n for n, key in enumerate(filled.table.foreign_keys) if column.name in key.columns]
        if about.role is Role.FOREIGN or keys:
            return self._foreign(filled, others, column, keys, rows), None
        counter = next((counter for counter in filled.model.counters if counter.column == column.name), None)
        if counter is not None:
            own = f"counter {column.name}"
            counted: Rows = filled.array(own)[rows] if filled.has(own) else filled.position[rows]
            return from_numbers(counter.first + counter.step * counted.astype(np.float64), kind), None
        copy = next((copy for copy in filled.model.copies if copy.column == column.name), None)
        if copy is not None:
            parent = others[filled.table.foreign_keys[copy.key].parent]
            return _referenced(parent, copy.parent_column, filled.parents[copy.key][rows]), None
        if column.name not in filled.model.by_name:
            return pa.nulls(len(rows), kind), None
        entry = filled.model.entries[filled.model.by_name[column.name]]
        if entry.categories is not None:
            codes = filled.own[:, filled.model.first_slot[filled.model.by_name[column.name]]][rows]
            draws = uniforms(np.uint64(stream(self.seed, "category", filled.table.name, column.name)), start, len(rows))
            values, wanted = entry.categories.decode(codes, draws)
            if column.type.storage == "binary":
                values = text_as_binary(values)
            missing = bool((wanted != -2).any()) and about.maker is not None
            return values, wanted if missing else None
        numbers = filled.values[:, filled.model.value_index[column.name]][rows]
        if about.role is Role.TEXT:
            return None, np.where(np.isnan(numbers), -1, np.maximum(numbers, 0)).astype(np.int32)
        made = from_numbers(numbers, kind, _decimals(column, entry.numbers))
        if entry.numbers is None or not len(entry.numbers.beyond):
            return made, None
        # One stream for the whole row: columns that end together in the source do so here.
        draws = uniforms(np.uint64(stream(self.seed, "beyond", filled.table.name)), start, len(rows))
        return with_beyond(made, entry.numbers.beyond, draws), None

    def _foreign(
        self, filled: Filled, others: Mapping[TableName, Filled], column: Column, keys: list[int], rows: Rows
    ) -> pa.Array:
        driver = filled.model.driver
        result: pa.Array | None = None
        for number in sorted(keys, key=lambda n: n != driver):
            key: ForeignKey = filled.table.foreign_keys[number]
            above = key.parent_columns[key.columns.index(column.name)]
            if key.parent not in others or above not in others[key.parent].keys:
                continue
            values = _referenced(others[key.parent], above, filled.parents[number][rows])
            result = values if result is None else _coalesce(result, values)
            if not result.null_count:
                break
        if result is None:
            result = pa.nulls(len(rows), arrow_type(column.type.storage))
        emptied = (filled.table.foreign_keys[number].empty for number in keys)
        nothing = next((value for value in emptied if value is not None), None)
        if nothing is not None:
            return result.fill_null(pa.scalar(nothing).cast(result.type))
        if result.null_count and not column.nullable:
            return self._of_any_parent(filled, others, column, keys, rows, result)
        return result

    def _of_any_parent(
        self,
        filled: Filled,
        others: Mapping[TableName, Filled],
        column: Column,
        keys: list[int],
        rows: Rows,
        values: pa.Array,
    ) -> pa.Array:
        """A column that may not be NULL, of a key that is NULL since another of its columns is: any parent's value."""
        for number in keys:
            key = filled.table.foreign_keys[number]
            above = key.parent_columns[key.columns.index(column.name)]
            parent = others.get(key.parent)
            if parent is not None and parent.rows and above in parent.keys:
                drawn = uniforms(np.uint64(stream(self.seed, "loose", filled.table.name, column.name)), 0, filled.rows)
                place = (drawn[rows] * parent.rows).astype(np.int64)
                return _coalesce(values, parent.key(above).take(pa.array(place)))
        return values


def pair_names(number: int) -> tuple[str, str]:
    """The arrays that say of each row which target of a pair it leads to and which row there."""
    return f"pair{number}target", f"pair{number}row"


def _paired(
    filled: Filled, others: Mapping[TableName, Filled], number: int, kind: pa.DataType, rows: Rows
) -> pa.Array:
    """The keys that ``rows`` hold of the tables that their types name."""
    pair, names = filled.table.pairs[number], pair_names(number)
    result = pa.nulls(len(rows), kind)
    if not filled.has(names[0]):
        return result
    target, parent = (filled.array(name)[rows] for name in names)
    for place, one in enumerate(pair.targets):
        if (target == place).any():
            values = _referenced(others[one.table], one.column, np.where(target == place, parent, -1))
            result = pc.coalesce(result, _cast(values, kind))
    return result


def copied_texts(profile: Profile, filled: Filled) -> dict[str, Part]:
    """The texts of a table that a rule says are those of a parent, by column."""
    return {
        rule.column: rule.parts[0]
        for rule in profile.rules
        if isinstance(rule, Composed) and rule.table == filled.table.name and rule.parts[0].key
    }


def key_columns(filled: Filled, models: Models, schema: Schema, rules: Sequence[Rule] = ()) -> list[Column]:
    """The columns of a table that other rows repeat, and its surrogates."""
    wanted = {name for key in schema.children_of(filled.table.name) for name in key.parent_columns}
    wanted |= {model.column for model in filled.model.numbered}
    pairs = (pair for table in schema for pair in table.pairs)
    wanted |= {one.column for pair in pairs for one in pair.targets if one.table == filled.table.name}
    wanted |= {
        copy.parent_column
        for model in models.tables
        for copy in model.copies
        if schema.table(model.name).foreign_keys[copy.key].parent == filled.table.name
    }
    for rule in rules:
        if isinstance(rule, Composed) and rule.parts[0].key:
            key = next(key for key in schema.table(rule.table).foreign_keys if key.columns == rule.parts[0].key)
            wanted |= {rule.parts[0].column} if key.parent == filled.table.name else set()
    return [column for column in filled.table.columns if column.name in wanted]


def fields_of(filled: Filled) -> pa.Schema:
    """The Arrow schema of a table's batches."""
    return pa.schema([pa.field(column.name, arrow_type(column.type.storage)) for column in filled.table.stored_columns])


def _referenced(parent: Filled, column: str, above: Rows) -> pa.Array:
    """The parent's column for each row's parent row; NULL where there is none."""
    missing = above < 0
    stored = parent.key(column)
    if not len(stored):
        return pa.nulls(len(above), stored.type)
    place = parent.place[np.where(missing, 0, above)]
    return stored.take(pa.array(place, pa.int64(), mask=missing))


def _merge(values: pa.Array, texts: pa.Array, wanted: npt.NDArray[np.int32]) -> pa.Array:
    return pc.if_else(pa.array(wanted == -2), values, texts)


def _coalesce(first: pa.Array, second: pa.Array) -> pa.Array:
    return pc.coalesce(first, second.cast(first.type))


def _cast(values: pa.Array, kind: pa.DataType) -> pa.Array:
    return values if values.type == kind else values.cast(kind)


def _decimals(column: Column, codec: NumberCodec | None) -> int | None:
    """As many as the column's own steps need: 1 for steps of 1.5, 2 for steps of 0.25."""
    if column.type.scale is not None:
        return column.type.scale
    if codec is None or codec.grid <= 0:
        return None
    for decimals in range(7):
        scaled = np.array([codec.grid, codec.offset]) * 10.0**decimals
        if (np.abs(scaled - np.rint(scaled)) < 1e-6).all():
            return decimals
    return None


def numbers_of(model: NumberedModel, rows: int, source_rows: int) -> npt.NDArray[np.int64]:
    """(rows,) rising numbers, as dense as the source's; where rows are more than there, so is the range."""
    marks = model.quantiles
    places = np.linspace(0, max(1, rows - 1), len(marks))
    row = np.arange(rows, dtype=np.float64)
    # Distances from the first number, which even very large ids leave small enough for a float.
    wanted = np.interp(row, places, (marks - marks[0]).astype(np.float64)) * max(1.0, rows / max(1, source_rows))
    # Never twice the same, however dense the source's numbers lie.
    lead = np.maximum.accumulate(np.floor(wanted + 1e-6) - row) if rows else row
    numbers: npt.NDArray[np.int64] = marks[0] + (row + lead).astype(np.int64)
    return numbers
