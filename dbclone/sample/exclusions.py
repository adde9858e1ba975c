"""EXCLUDE constraints: what would overlap an earlier row moves out of its way, or its row is left out.

Takes a table and its batches, gives batches. Understood are ranges, as a column or as two ends, circles, boxes and
polygons that may not overlap, and columns that may not differ, among rows that agree in other columns; about anything
else the database is asked while rows are mended. Rows are kept apart in the order in which they come, so that the first
of two stays.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlglot import expressions as exp

from dbclone.sample.demands import Apart, Cells, Condition, apart, broken_rows, demands_of, spelled
from dbclone.sample.excluded import excluded
from dbclone.sample.expressions import true_rows, values_of
from dbclone.sample.results import Unknown
from dbclone.sample.spans import Axis, Line, Span, axis_of_bounds, axis_of_range
from dbclone.schema import Exclusion, Table

_MADE = re.compile(r"^(?:\w+\.)?(?:int4|int8|num|ts|tstz|date)range$", re.I)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_TRIES = 40
Flags = npt.NDArray[np.bool_]


def keep_apart(
    table: Table,
    batches: Iterable[pa.RecordBatch],
    tell: Callable[[int], None],
    dialect: str = "postgresql",
    fixed: frozenset[str] = frozenset(),
    *,
    needed: bool = False,
) -> Iterator[pa.RecordBatch]:
    """The rows that no EXCLUDE constraint of ``table`` forbids; ``tell`` hears how many are missing.

    ``fixed`` columns are not moved. Where other tables need the rows (``needed``) none is left out.
    """
    guards = [guard for one in table.exclusions if (guard := _guard(table, one, dialect, fixed)) is not None]
    if not guards:
        yield from batches
        return
    checks = [demand for demand in demands_of(table, dialect) if isinstance(demand, Condition)]
    dropped = 0
    for batch in batches:
        kept = np.ones(batch.num_rows, bool)
        for guard in guards:
            before = batch
            batch, admitted = guard.admits(batch, kept)
            kept &= admitted
            if batch is not before:
                kept &= ~_broken(table, batch, checks)
        if needed:
            yield batch
            continue
        dropped += int((~kept).sum())
        yield batch if kept.all() else batch.filter(pa.array(kept))
    if dropped:
        tell(dropped)


def asked_of_database(table: Table, dialect: str) -> list[Apart]:
    """The EXCLUDE constraints that are kept neither here nor as a UNIQUE is."""
    unknown = []
    for one in table.exclusions:
        said = excluded(one, dialect)
        if (said is None or not said.is_unique) and _guard(table, one, dialect, frozenset()) is None:
            unknown.append(apart(table, one))
    return unknown


def _broken(table: Table, batch: pa.RecordBatch, checks: list[Condition]) -> Flags:
    """Rows that break a CHECK since they were moved."""
    broken = np.zeros(batch.num_rows, bool)
    cells = _cells(table, batch)
    for check in checks:
        try:
            broken |= broken_rows(check, cells, {})
        except Unknown:
            continue
    return broken


def _cells(table: Table, batch: pa.RecordBatch) -> Cells:
    arrays = {name: batch.column(name) for name in batch.schema.names}
    return Cells(table, arrays, batch.num_rows)


class _Room(Protocol):
    """Where the values of one group lie."""

    def take(self, value: Any) -> Any:
        """The value itself, another one that is free, or None."""
        ...


class _Guard:
    """One constraint: the expressions that must be equal, and the ``columns`` of what is kept apart."""

    def __init__(
        self,
        table: Table,
        equal: list[exp.Expression],
        where: exp.Expression | None,
        columns: tuple[str, ...],
        fixed: bool,
    ) -> None:
        self.table, self.equal, self.where, self.columns, self.fixed = table, equal, where, columns, fixed
        self._rooms: dict[tuple[object, ...], _Room] = {}

    def admits(self, batch: pa.RecordBatch, wanted: Flags) -> tuple[pa.RecordBatch, Flags]:
        """The batch with its values moved apart, and the rows that may stay."""
        values = self.read(batch)
        cells = _cells(self.table, batch)
        try:
            parts = [values_of(tree, cells) for tree in self.equal]
        except Unknown:
            return batch, wanted
        asked = wanted & self._applies(cells)
        for _, known in parts:
            asked &= known
        groups = [found.tolist() for found, _ in parts]
        result, moved = wanted.copy(), {}
        for row in np.flatnonzero(asked).tolist():
            if values[row] is None:
                continue
            group = tuple(found[row] for found in groups)
            room = self._rooms.get(group) or self._rooms.setdefault(group, self.room())
            free = room.take(values[row])
            if free is None or (free != values[row] and self.fixed):
                result[row] = False
            elif free != values[row]:
                moved[row] = free
        return (self.written(batch, moved) if moved else batch), result

    def _applies(self, cells: Cells) -> Flags:
        if self.where is None:
            return np.ones(cells.size, bool)
        try:
            return true_rows(self.where, cells)
        except Unknown:
            # A predicate only lifts the constraint for some rows: to keep it everywhere is always right.
            return np.ones(cells.size, bool)

    def room(self) -> _Room:
        raise NotImplementedError

    def read(self, batch: pa.RecordBatch) -> list[Any]:
        raise NotImplementedError

    def written(self, batch: pa.RecordBatch, moved: dict[int, Any]) -> pa.RecordBatch:
        raise NotImplementedError


class _Ranges(_Guard):
    """Ranges that may not overlap, in a column of their own."""

    axis = Axis("number", whole=False)

    def room(self) -> _Room:
        return Line(self.axis)

    def read(self, batch: pa.RecordBatch) -> list[Span | None]:
        texts = batch.column(self.columns[0]).to_pylist()
        return [None if text is None else self.axis.parse(str(text)) for text in texts]

    def written(self, batch: pa.RecordBatch, moved: dict[int, Span]) -> pa.RecordBatch:
        return _replaced(batch, self.columns[0], {row: self.axis.spell(span) for row, span in moved.items()})


class _Bounds(_Guard):
    """Ranges that two columns are the ends of; NULL is no end."""

    axis = Axis("number", whole=False)
    closed = False

    def room(self) -> _Room:
        return Line(self.axis)

    def read(self, batch: pa.RecordBatch) -> list[Span | None]:
        low, high = (_numbers(batch.column(name)) for name in self.columns)
        found: list[Span | None] = []
        for one, other in zip(low, high, strict=True):
            start = -math.inf if one is None else one
            stop = math.inf if other is None else self.axis.beyond(other) if self.closed else other
            found.append((start, stop) if start < stop else None)
        return found

    def written(self, batch: pa.RecordBatch, moved: dict[int, Span]) -> pa.RecordBatch:
        for place, name in enumerate(self.columns):
            back = 1 if self.closed and self.axis.whole and place else 0
            ends = {row: None if math.isinf(span[place]) else span[place] - back for row, span in moved.items()}
            batch = _replaced(batch, name, ends)
        return batch


class _Shapes(_Guard):
    """Circles or boxes that may not overlap."""

    def room(self) -> _Room:
        return _Plane()

    def read(self, batch: pa.RecordBatch) -> list[tuple[float, ...] | None]:
        texts = batch.column(self.columns[0]).to_pylist()
        return [None if text is None else _shape(str(text)) for text in texts]

    def written(self, batch: pa.RecordBatch, moved: dict[int, tuple[float, ...]]) -> pa.RecordBatch:
        return _replaced(batch, self.columns[0], {row: _spelled_shape(shape) for row, shape in moved.items()})


class _Polygons(_Guard):
    """Polygons that may not overlap: the boxes around them do not."""

    def room(self) -> _Room:
        return _Plane()

    def read(self, batch: pa.RecordBatch) -> list[tuple[float, ...] | None]:
        return [
            None if text is None else _around(_points(str(text))) for text in batch.column(self.columns[0]).to_pylist()
        ]

    def written(self, batch: pa.RecordBatch, moved: dict[int, tuple[float, ...]]) -> pa.RecordBatch:
        texts = batch.column(self.columns[0]).to_pylist()
        made = {}
        for row, box in moved.items():
            points = _points(str(texts[row]))
            x, y = box[0] - _around(points)[0], box[1] - _around(points)[1]
            made[row] = "(" + ",".join(f"({round(a + x, 6)!r},{round(b + y, 6)!r})" for a, b in points) + ")"
        return _replaced(batch, self.columns[0], made)


class _Alike(_Guard):
    """A column that may not differ within its group."""

    def room(self) -> _Room:
        return _First()

    def read(self, batch: pa.RecordBatch) -> list[Any]:
        return batch.column(self.columns[0]).to_pylist()  # type: ignore[no-any-return]

    def written(self, batch: pa.RecordBatch, moved: dict[int, Any]) -> pa.RecordBatch:
        place = batch.schema.names.index(self.columns[0])
        values = batch.column(place).to_pylist()
        for row, value in moved.items():
            values[row] = value
        field = batch.schema.field(place)
        return batch.set_column(place, field, pa.array(values, field.type))


class _First:
    """The first value is everyone's."""

    def __init__(self) -> None:
        self._value: Any = None

    def take(self, value: Any) -> Any:
        self._value = value if self._value is None else self._value
        return self._value


class _Plane:
    """Shapes that lie apart: circles (x, y, radius), boxes (right, top, left, bottom)."""

    def __init__(self) -> None:
        self._taken: list[tuple[float, ...]] = []
        self._rng = np.random.default_rng(0)

    def take(self, shape: tuple[float, ...]) -> tuple[float, ...] | None:
        """The shape where it is, anywhere among the others, or beyond them all."""
        if self._taken and self._hits(shape):
            held = np.array(self._taken)
            low, high = held[:, (-2 if len(shape) == 4 else 0) :][:, :2].min(axis=0), held[:, :2].max(axis=0)
            offsets = self._rng.uniform(low, high, (_TRIES, 2)) - np.array(shape[:2])
            far = high[0] - low[0] + 2 * (held[:, 2].max() if len(shape) == 3 else high[0] - low[0]) + 1
            for x, y in [*offsets.round(2).tolist(), (float(np.ceil(far + abs(shape[0]))), 0.0)]:
                moved = _shifted(shape, x, y)
                if not self._hits(moved):
                    shape = moved
                    break
            else:
                return None
        self._taken.append(shape)
        return shape

    def _hits(self, shape: tuple[float, ...]) -> bool:
        held = np.array(self._taken)
        if len(shape) == 3:
            away = np.hypot(held[:, 0] - shape[0], held[:, 1] - shape[1])
            return bool((away <= held[:, 2] + shape[2] + 1e-9).any())
        right, top, left, bottom = shape
        apart = (held[:, 2] > right) | (held[:, 0] < left) | (held[:, 3] > top) | (held[:, 1] < bottom)
        return bool((~apart).any())


def _shifted(shape: tuple[float, ...], x: float, y: float) -> tuple[float, ...]:
    if len(shape) == 3:
        return round(shape[0] + x, 6), round(shape[1] + y, 6), shape[2]
    return tuple(round(value + (y if place % 2 else x), 6) for place, value in enumerate(shape))


def _shape(text: str) -> tuple[float, ...] | None:
    numbers = [float(found) for found in _NUMBER.findall(text)]
    if text.startswith("<") and len(numbers) == 3:
        return tuple(numbers)
    if len(numbers) != 4:
        return None
    (a, b, c, d) = numbers
    return max(a, c), max(b, d), min(a, c), min(b, d)


def _points(text: str) -> list[tuple[float, float]]:
    numbers = [float(found) for found in _NUMBER.findall(text)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _around(points: list[tuple[float, float]]) -> tuple[float, ...]:
    """The box around some points: right, top, left, bottom."""
    across, up = zip(*points, strict=True)
    return max(across), max(up), min(across), min(up)


def _spelled_shape(shape: tuple[float, ...]) -> str:
    x, y, *rest = (repr(value) for value in shape)
    return f"<({x},{y}),{rest[0]}>" if len(rest) == 1 else f"({x},{y}),({rest[0]},{rest[1]})"


def _numbers(array: pa.Array) -> list[Any]:
    if pa.types.is_date(array.type):
        array = array.cast(pa.date32()).cast(pa.int32())
    elif pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("us", array.type.tz)).cast(pa.int64())
    elif pa.types.is_decimal(array.type):
        array = array.cast(pa.float64())
    return array.to_pylist()  # type: ignore[no-any-return]


def _replaced(batch: pa.RecordBatch, name: str, values: dict[int, Any]) -> pa.RecordBatch:
    """The batch with other values, given as numbers or texts, in some rows of a column."""
    place = batch.schema.names.index(name)
    field = batch.schema.field(place)
    numbers = _numbers(batch.column(place))
    for row, value in values.items():
        numbers[row] = value
    if pa.types.is_date(field.type):
        made = pa.array(numbers, pa.int32()).cast(pa.date32()).cast(field.type)
    elif pa.types.is_timestamp(field.type):
        made = pa.array(numbers, pa.int64()).cast(pa.timestamp("us", field.type.tz)).cast(field.type)
    elif pa.types.is_decimal(field.type):
        made = pa.array(numbers, pa.float64()).cast(field.type)
    else:
        made = pa.array(numbers, field.type)
    return batch.set_column(place, field, made)


# -- what a constraint says -------------------------------------------------------------------------------------------


def _guard(table: Table, exclusion: Exclusion, dialect: str, fixed: frozenset[str]) -> _Guard | None:
    said = excluded(exclusion, dialect)
    if said is None or said.is_unique:
        return None
    equal: list[exp.Expression] = []
    kept: tuple[str, exp.Expression] | None = None
    for element in said.elements:
        if element.operator == "=":
            equal.append(element.tree)
        elif element.operator in ("&&", "<>") and kept is None:
            kept = element.operator, element.tree
        elif element.operator != "&&":
            return None
    return None if kept is None else _made_of(table, kept[0], _inner(kept[1]), equal, said.where, fixed)


def _made_of(
    table: Table,
    operator: str,
    tree: exp.Expression,
    equal: list[exp.Expression],
    where: exp.Expression | None,
    fixed: frozenset[str],
) -> _Guard | None:
    """The guard of what is kept apart: a column, or a range made of two."""
    shared = fixed | {name for key in table.foreign_keys if len(key.columns) > 1 for name in key.columns}
    if isinstance(tree, exp.Column):
        name = spelled(table, tree.name)
        if name is None:
            return None
        column = table.column(name)
        if operator == "<>":
            return _Alike(table, equal, where, (name,), name in shared)
        axis = axis_of_range(column.type.sql)
        if axis is not None:
            ranges = _Ranges(table, equal, where, (name,), name in shared)
            ranges.axis = axis
            return ranges
        shapes: dict[str, type[_Guard]] = {"circle": _Shapes, "box": _Shapes, "polygon": _Polygons}
        guard = shapes.get(column.type.sql)
        return None if guard is None else guard(table, equal, where, (name,), name in shared)
    if operator != "&&" or not isinstance(tree, exp.Anonymous) or not _MADE.match(tree.name):
        return None
    names = [_bound(table, part) for part in tree.expressions[:2]]
    if len(names) < 2 or names[0] is None or names[1] is None:
        return None
    from dbclone.models.arrows import arrow_type

    axis = axis_of_bounds(arrow_type(table.column(names[0]).type.storage))
    if axis is None:
        return None
    bounds = _Bounds(table, equal, where, (names[0], names[1]), bool(shared & set(names)))
    bounds.axis = axis
    bounds.closed = len(tree.expressions) > 2 and "]" in tree.expressions[2].sql()
    return bounds


def _bound(table: Table, tree: exp.Expression) -> str | None:
    """The column that a range ends with; NULL may stand for a constant in the far."""
    tree = _inner(tree)
    if isinstance(tree, exp.Coalesce):
        tree = _inner(tree.this)
    return spelled(table, tree.name) if isinstance(tree, exp.Column) else None


def _inner(tree: exp.Expression) -> exp.Expression:
    while isinstance(tree, exp.Paren | exp.Cast):
        tree = tree.this
    return tree
