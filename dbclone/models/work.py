"""The rows of one table while they are learned: numbers, codes, links and order. Lives only during a fit.

Takes Arrow tables, profile and schema, gives arrays. Nothing here enters a bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.models.arrows import beyond_shares, binary_as_text, to_numbers
from dbclone.models.categories import CategoryCodec, fit_categories
from dbclone.models.links import link_rows, positions, sibling_order
from dbclone.models.numbers import NumberCodec, fit_numbers
from dbclone.models.parallel import each
from dbclone.models.table import Calendar
from dbclone.models.trees import mutual_information
from dbclone.profile import exempt_values
from dbclone.profile.drawn import SHAPE, drawn_numbers, drawn_of
from dbclone.profile.value import Profile, Role, TableProfile
from dbclone.schema import Column, ForeignKey, Kind, Schema, Table, TableName, Type

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Sample:
    """The rows a fit learns from.

    ``rows`` counts the whole tables. ``children`` holds, for keys whose child was only sampled, the true number of
    children of each sampled parent row (parents,).
    """

    tables: Mapping[TableName, pa.Table]
    rows: Mapping[TableName, int]
    children: Mapping[ForeignKey, Floats]


@dataclass
class Hidden:
    """A hidden column: ``values`` (rows,) NaN where there are no children, ``known`` (rows,) false where the family
    is incomplete in the sample. ``type`` is the child's column's where the values are in its own units."""

    name: str
    role: str
    key: ForeignKey
    values: Floats
    known: npt.NDArray[np.bool_]
    grouped: bool = False
    type: Type | None = None


@dataclass
class Work:
    """One table's rows in the making; ``slots`` (rows, slots) appear once its model is fitted.

    ``calendars`` of its columns come with the class (driving parents,) of each parent.
    """

    table: Table
    profile: TableProfile
    data: pa.Table
    total: int
    real: bool
    numbers: dict[str, Floats]
    number_codecs: dict[str, NumberCodec]
    category_codecs: dict[str, CategoryCodec]
    categories: dict[str, Codes]
    links: list[Rows]
    driver: int = -1
    order: Rows = field(default_factory=lambda: np.zeros(0, np.int64))
    order_column: str = ""
    position: Rows = field(default_factory=lambda: np.zeros(0, np.int64))
    left: Rows = field(default_factory=lambda: np.zeros(0, np.int64))
    entity: Rows = field(default_factory=lambda: np.zeros(0, np.int64))
    hidden: list[Hidden] = field(default_factory=list)
    slots: Codes = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    grouped_slots: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    column_slots: int = 0
    place_slot: int = -1
    value_slots: frozenset[int] = frozenset()
    slots_about: dict[ForeignKey, frozenset[int]] = field(default_factory=dict)
    modelled: set[str] = field(default_factory=set)
    calendars: dict[str, tuple[Calendar, Floats]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        rows: int = self.data.num_rows
        return rows

    @property
    def keys(self) -> tuple[ForeignKey, ...]:
        return self.table.foreign_keys

    def valued(self) -> dict[str, tuple[Type, Floats]]:
        """What a child's numbers may be coded against: modelled numbers and the bounds of families."""
        found: dict[str, tuple[Type, Floats]] = {}
        for name, values in self.numbers.items():
            if name in self.modelled and self.is_coded(name):
                found[name] = self.table.column(name).type, values
        for one in self.hidden:
            if one.type is not None:
                found[one.name] = one.type, np.where(one.known, one.values, np.nan)
        return found

    def is_coded(self, name: str) -> bool:
        """True where the column's values are learned as codes, neither made nor numbered."""
        return self.profile.column(name).role is Role.CODED

    def is_named(self, name: str) -> bool:
        """True for numbers without an order: those of the shapes of documents."""
        return drawn_of(self.profile.column(name)) == SHAPE


def gather(
    schema: Schema, profile: Profile, sample: Sample, real: frozenset[TableName], k: int
) -> tuple[dict[TableName, Work], Sample]:
    """Encodes every sampled table, its rows in the order of their numbers; real tables stay as they are."""
    sample = _by_number(profile, sample, real)
    works = {}
    for name, data in sample.tables.items():
        table = schema.table(name)
        about = profile.table(name)
        work = Work(table, about, data, sample.rows[name], name in real, {}, {}, {}, {}, [])
        for key in table.foreign_keys:
            known = key.parent in sample.tables
            work.links.append(link_rows(key, sample.tables) if known else np.full(data.num_rows, -1, np.int64))
        _encode(work, k)
        work.entity = np.arange(data.num_rows)
        works[name] = work
    for work in works.values():
        _vouch(work, works, k)
    return works, sample


def _by_number(profile: Profile, sample: Sample, real: frozenset[TableName]) -> Sample:
    """Rows in the order in which they were made, which a surrogate key tells better than their place on disk."""
    tables: dict[TableName, pa.Table] = {}
    orders: dict[TableName, Rows] = {}
    for name, data in sample.tables.items():
        numbered = [column.name for column in profile.table(name).columns if column.role is Role.NUMBERED]
        if name in real or not numbered or not data.num_rows:
            tables[name] = data
            continue
        values = to_numbers(data.column(numbered[0]))
        if (np.diff(values) >= 0).all():
            tables[name] = data
            continue
        orders[name] = np.argsort(values, kind="stable").astype(np.int64)
        tables[name] = data.take(pa.array(orders[name]))
    children = dict(sample.children)
    for key, counts in sample.children.items():
        if key.parent in orders:
            children[key] = counts[orders[key.parent]]
    return Sample(tables, sample.rows, children)


def _vouch(work: Work, works: Mapping[TableName, Work], k: int) -> None:
    """Gives exact codes to a parent's rare numbers that k or more of its children's rows repeat: prices, rates."""
    for number, key in enumerate(work.keys):
        above = works.get(key.parent)
        row = work.links[number]
        if above is None or above.real or key.is_self or not (row >= 0).any():
            continue
        binned = [name for name, codec in above.number_codecs.items() if len(codec.bin_codes) and above.is_coded(name)]
        for theirs in binned:
            kind = above.table.column(theirs).type.kind
            for name in [name for name in work.numbers if work.is_coded(name)]:
                if work.table.column(name).type.kind != kind:
                    continue
                seen = work.numbers[name]
                repeated = seen == np.where(row >= 0, above.numbers[theirs][np.clip(row, 0, None)], np.nan)
                if repeated.mean() < 0.25:
                    continue
                values, counts = np.unique(seen[repeated], return_counts=True)
                beyond = above.number_codecs[theirs].beyond
                codec = fit_numbers(above.numbers[theirs], k=k, vouched=values[counts >= k])
                above.number_codecs[theirs] = replace(codec, beyond=beyond)


def _encode(work: Work, k: int) -> None:
    """Gives every column that is learned its codec, and what it is learned from."""
    learned = [c for c in work.table.columns if work.profile.column(c.name).role in (Role.CODED, Role.TEXT)]
    for column, (codec, values) in zip(learned, each(lambda c: _encoded(work, c, k), learned, work.rows), strict=True):
        if isinstance(codec, CategoryCodec):
            work.category_codecs[column.name], work.categories[column.name] = codec, values
        else:
            work.number_codecs[column.name], work.numbers[column.name] = codec, values


def _encoded(work: Work, column: Column, k: int) -> tuple[CategoryCodec | NumberCodec, npt.NDArray[Any]]:
    """The codec of one column, and its codes where it has categories, else its numbers."""
    about, values = work.profile.column(column.name), work.data.column(column.name)
    binary = column.type.storage == "binary" and _is_repeated(values, k)
    if binary:
        values = binary_as_text(values)
    if binary or (about.role is Role.CODED and column.type.storage == "string"):
        known = () if binary else exempt_values(about, pc.unique(values).to_pylist())
        labels = frozenset({*column.type.labels, *known, *about.vouched})
        categories = fit_categories(values, k=k, public=about.public, labels=labels)
        return categories, categories.encode(values)
    numbers = drawn_numbers(values, about) if drawn_of(about) else to_numbers(values)
    # The profile has seen k rows of each shape.
    exempt = column.type.kind is Kind.BOOLEAN or drawn_of(about) == SHAPE
    codec = fit_numbers(numbers, k=k, exempt=exempt)
    return replace(codec, beyond=beyond_shares(values, k)), numbers


def _is_repeated(values: pa.ChunkedArray, k: int) -> bool:
    """True where k rows or more share nearly every binary value: placeholder pictures, flags."""
    present = values.drop_null()
    if len(present) < k:
        return False
    counts = np.asarray(pc.value_counts(present.combine_chunks()).field("counts"))
    return bool(counts[counts >= k].sum() >= 0.5 * len(present))


def unit_of(work: Work, name: str) -> float:
    """Numbers a day for columns that have a calendar, 0 for all others."""
    column = work.table.column(name)
    if name not in work.numbers or work.profile.column(name).role is not Role.CODED:
        return 0.0
    unit = {Kind.DATE: 1.0, Kind.TIMESTAMP: 86_400e6, Kind.TIMESTAMPTZ: 86_400e6}.get(column.type.kind, 0.0)
    values = work.numbers[name]
    if not unit or np.isnan(values).all() or np.nanmax(values) - np.nanmin(values) < 3 * unit:
        return 0.0
    return unit


def choose_driver(work: Work, works: Mapping[TableName, Work], usable: list[int]) -> int:
    """The foreign key under which the table's rows are made, -1 for none.

    Rows that lie beside their siblings tell it; else the key with the most parents that are themselves invented.
    """
    best, best_score = -1, 0.0
    direct = [
        number
        for number in usable
        if not any(_leads_to(work, works, other, number) for other in usable if other != number)
    ]
    for number in direct or usable:
        score = _driver_score(work.links[number], works[work.keys[number].parent].real)
        if score > best_score:
            best, best_score = number, score
    return best


def _driver_score(parent: Rows, real: bool) -> float:
    """How much speaks for making rows under ``parent`` (rows,), 0 where nothing does."""
    rows = len(parent)
    linked = parent >= 0
    if rows == 0 or linked.mean() < 0.5:
        return 0.0
    used = len(np.unique(parent[linked]))
    adjacent = float((parent[1:] == parent[:-1]).mean()) if rows > 1 else 0.0
    chance = float(((np.bincount(parent[linked]) / linked.sum()) ** 2).sum())
    possible = 1.0 - used / max(1, int(linked.sum()))
    together = (adjacent - chance) / max(1e-9, possible - chance) if possible > chance + 0.02 else 0.0
    if used < 20 and together < 0.5:
        # Families of a handful of parents teach nothing that the parent's own code could not.
        return 0.0
    many = float(0.3 * np.log1p(used) / np.log1p(max(2, rows)))
    return 1.0 + 4.0 * max(0.0, together) + many + (0.0 if real else 0.5) + float(linked.mean())


def _leads_to(work: Work, works: Mapping[TableName, Work], first: int, number: int) -> bool:
    """True where the row that ``number`` references can be read off that of ``first``, but not the other way."""
    middle = works[work.keys[first].parent]
    return bool(lookup_path(work, works, number, [first])) and middle.rows > works[work.keys[number].parent].rows


def lookup_path(work: Work, works: Mapping[TableName, Work], number: int, resolved: list[int]) -> tuple[int, ...]:
    """The path through another key that leads to the same row, empty where none does."""
    wanted = work.links[number]
    target = work.keys[number].parent
    if works[target].rows < 2:
        return ()
    for first in resolved:
        middle = work.keys[first].parent
        if work.keys[first].is_self or middle not in works:
            continue
        for second, key in enumerate(works[middle].keys):
            if key.parent != target or key.is_self:
                continue
            through, row = works[middle].links[second], work.links[first]
            reached = np.where(row >= 0, through[np.clip(row, 0, None)] if len(through) else -1, -1)
            both = (wanted >= 0) & (reached >= 0)
            missed = (wanted >= 0) & (reached < 0)
            if both.sum() >= 5 and (wanted[both] == reached[both]).mean() >= 0.995 and missed.mean() < 0.005:
                return (first, second)
    return ()


def arrange(work: Work, works: Mapping[TableName, Work]) -> None:
    """Sorts siblings: as they lie, or by a date where dates do not follow the rows' positions."""
    if work.driver < 0:
        work.order = np.arange(work.rows)
        work.position = np.zeros(work.rows, np.int64)
        work.left = np.zeros(work.rows, np.int64)
        return
    parent = work.links[work.driver]
    shown = np.where(parent < 0, works[work.keys[work.driver].parent].rows + np.arange(work.rows), parent)
    order = sibling_order(shown, None)
    column = _ordering_date(work, shown, order)
    if column:
        order = sibling_order(shown, np.nan_to_num(work.numbers[column], nan=np.inf))
    work.order, work.order_column = order, column
    work.position, work.left = positions(shown[order])
    above = works[work.keys[work.driver].parent].entity
    theirs = above[np.clip(parent, 0, None)] if len(above) else 0
    work.entity = np.where(parent >= 0, theirs, len(above) + np.arange(work.rows))


def _told(work: Work, parent: Rows, order: Rows, leave_out: str) -> float:
    """Nats a row that position and the previous sibling tell of the other columns, siblings in this ``order``."""
    place, _ = positions(parent[order])
    rows = np.flatnonzero(place > 0)[:20_000]
    here, before = order[rows], order[np.maximum(rows - 1, 0)]
    columns = [(codes[here], codes[before]) for codes in work.categories.values()]
    for name, codec in work.number_codecs.items():
        if name != leave_out:
            columns.append((codec.encode(work.numbers[name][here]), codec.encode(work.numbers[name][before])))
    total = 0.0
    for target, sibling in columns:
        features = np.stack([sibling, np.minimum(place[rows], 250).astype(np.uint8)], axis=1)
        total += float(np.maximum(0.0, mutual_information(np.ascontiguousarray(features), target)).max(initial=0.0))
    return total / max(1, len(rows))


def _ordering_date(work: Work, parent: Rows, order: Rows) -> str:
    """The first date that most siblings have and that does not run with their positions, empty where none."""
    same = parent[order][1:] == parent[order][:-1]
    if same.sum() < 10:
        return ""
    for name in work.numbers:
        kind = work.table.column(name).type
        if not kind.is_temporal or kind.kind is Kind.TIME or not work.is_coded(name):
            continue
        values = work.numbers[name]
        if np.isnan(values).mean() > 0.01:
            continue
        steps = np.diff(values[order])[same]
        rising = float((steps >= 0).mean()) if len(steps) else 1.0
        if not 0.05 < rising < 0.97 or len(np.unique(values)) <= 20:
            return ""
        dated = sibling_order(parent, values)
        regular = np.diff(values[dated])[parent[dated][1:] == parent[dated][:-1]]
        _, repeats = np.unique(regular, return_counts=True)
        # Sorting forgets how the rows lay: it must pay, by steps that repeat or by what neighbours then tell.
        pays = _told(work, parent, dated, name) > 1.1 * _told(work, parent, order, name) + 0.01
        return name if repeats.max() >= 0.3 * len(regular) or pays else ""
    return ""
