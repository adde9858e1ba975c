"""What conditions a row: the matrix that a table's trees walk, and trees grown on it.

Takes a Work and those of its parents, gives uint8 matrices in sibling order. Never chooses what is learned.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dbclone.models.calendar_parts import position_codes
from dbclone.models.table import NO_CODE, Feature, KeyModel
from dbclone.models.trees import Growth, Tree, grow_tree, stump
from dbclone.models.work import Work
from dbclone.schema import TableName

Codes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]
Block = tuple[list[Feature], Codes]


@dataclass(frozen=True)
class Layout:
    """[context | position | left | previous sibling's slots | own slots], the layout that the kernel walks.

    ``context`` (rows, features) in sibling order are the ancestors' slots that ``features`` name.
    """

    work: Work
    works: Mapping[TableName, Work]
    features: tuple[Feature, ...]
    context: Codes
    simple: bool

    def matrix(self, own: Codes) -> Codes:
        """The whole matrix for the table's ``own`` slots (rows, slots), in sibling order."""
        work = self.work
        before = np.full_like(own, NO_CODE)
        if work.driver >= 0:
            before[1:] = own[:-1]
            before[work.position == 0] = NO_CODE
        position, left = position_codes(work.position), position_codes(work.left)
        blocks = [self.context, position[:, None], left[:, None], before, own]
        return np.ascontiguousarray(np.concatenate(blocks, axis=1))

    def first_own(self, width: int) -> int:
        """The feature that is the first of ``width`` own slots."""
        return len(self.features) + 2 + width

    def allowed(self, width: int, number: int) -> Rows:
        """Features that the slot ``number`` of ``width`` own slots may look at."""
        return np.zeros(0, np.int64) if self.simple else np.arange(self.first_own(width) + number)

    def off_places(self, allowed: Rows) -> Rows:
        """Those of ``allowed`` that do not say where an ancestor stands: its summaries tell its rows more of it."""
        off: Rows = allowed[~np.isin(allowed, self._places)]
        return off

    @functools.cached_property
    def _places(self) -> Rows:
        return np.flatnonzero([self._above(feature).place_slot == feature.slot for feature in self.features])

    def columns_above(self) -> list[int]:
        """The features that are values of ancestors' own columns and texts' lengths, nearest ancestors first."""
        found = [
            number
            for number, feature in enumerate(self.features)
            if feature.slot in self._above(feature).value_slots
        ]
        return sorted(found, key=lambda number: len(self.features[number].path))

    def before_keys(self, allowed: Rows, width: int, keys: int) -> Rows:
        """Those of ``allowed`` that are there while keys are drawn: neither what other parents tell nor, of the
        previous sibling, more than the ``keys`` slots that come before all others of the ``width``."""
        late = [number for number, feature in enumerate(self.features) if feature.path[0] != self.work.driver]
        before = self.first_own(width) - width
        early: Rows = allowed[~np.isin(allowed, [*late, *range(before + keys, before + width)])]
        return early

    def grouped(self, own: Iterable[bool]) -> npt.NDArray[np.bool_]:
        """Which features may be split by any grouping of their codes, given that of the own slots."""
        slots = list(own)
        above = [bool(self._above(feature).grouped_slots[feature.slot]) for feature in self.features]
        return np.array([*above, False, False, *slots, *slots], bool)

    def _above(self, feature: Feature) -> Work:
        work = self.work
        for number in feature.path:
            work = self.works[work.keys[number].parent]
        return work


@dataclass(frozen=True)
class Grower:
    """Grows trees on one ``matrix`` (rows, features); ``grouped`` (features,), ``entities`` (rows,) as in grow_tree."""

    matrix: Codes
    grouped: npt.NDArray[np.bool_]
    entities: Rows
    growth: Growth
    seed: int

    def for_few(self) -> Grower:
        """Leaves as small as privacy allows."""
        return replace(self, growth=replace(self.growth, min_leaf=max(2, self.growth.k)))

    def tree(self, codes: Codes, rows: Rows, allowed: Rows, ordered: bool) -> Tree:
        """The tree of ``codes`` (all rows,) on ``rows`` and the features ``allowed``, a stump where rows are few."""
        if not len(allowed) or len(rows) < 2 * self.growth.min_leaf:
            return stump(codes[rows] if len(rows) else codes[codes != NO_CODE])
        return grow_tree(
            self.matrix,
            codes,
            ordered=ordered,
            grouped=self.grouped,
            allowed=allowed,
            entities=self.entities,
            growth=self.growth,
            seed=self.seed,
            rows=rows,
        )


def lay_out(work: Work, works: Mapping[TableName, Work], keys: list[KeyModel], *, simple: bool) -> Layout:
    """The layout of a table: nothing of its ancestors where it is ``simple``, else all that varies."""
    blocks = [] if simple else _blocks(work, works, keys)
    features = [feature for block, _ in blocks for feature in block]
    nothing = np.zeros((work.rows, 0), np.uint8)
    context = np.concatenate([nothing, *(codes for _, codes in blocks)], axis=1)
    return Layout(work, works, tuple(features), np.ascontiguousarray(context), simple)


def _blocks(work: Work, works: Mapping[TableName, Work], keys: list[KeyModel]) -> list[Block]:
    """Each parent's slots; of the driving parent's own parents the columns, where no key of ours leads there too."""
    blocks: list[Block] = []
    for number, key in enumerate(work.keys):
        if key.is_self or keys[number].mode in ("absent", "child", "link", "category"):
            continue
        above = works[key.parent]
        row = work.links[number]
        blocks.append(_block(work, (number,), above.slots, row, _telling_too_much(work, works, number)))
        if number != work.driver:
            continue
        for second, further in enumerate(above.keys):
            lookup = any(model.mode == "lookup" and model.via == (number, second) for model in keys)
            if further.is_self or lookup or further.parent not in works or further.parent == work.table.name:
                continue
            top = works[further.parent]
            through = above.links[second]
            reached = np.where(row >= 0, through[np.clip(row, 0, None)] if len(through) else -1, -1)
            blocks.append(_block(work, (number, second), top.slots[:, : top.column_slots], reached))
    return blocks


def _block(work: Work, path: tuple[int, ...], slots: Codes, row: Rows, without: frozenset[int] = frozenset()) -> Block:
    """The ``slots`` (ancestor's rows, slots) that vary, of the ancestor ``row`` of each row, in sibling order."""
    if not slots.size:
        return [], np.zeros((work.rows, 0), np.uint8)
    varying = np.flatnonzero((slots != slots[:1]).any(axis=0))
    varied = np.array([slot for slot in varying if slot not in without], np.int64)
    block = np.where(row[:, None] >= 0, slots[np.clip(row, 0, None)][:, varied], NO_CODE).astype(np.uint8)
    return [Feature(path, int(slot)) for slot in varied], block[work.order]


def _telling_too_much(work: Work, works: Mapping[TableName, Work], number: int) -> frozenset[int]:
    """Slots of another parent that summarise so few rows that each row would be told of itself.

    The driving parent's summaries are meant to: its rows are drawn one after the other to fulfil them.
    """
    row = work.links[number]
    counts = np.bincount(row[row >= 0])
    if number == work.driver or (counts**2).sum() >= 6 * counts.sum():
        return frozenset()
    return works[work.keys[number].parent].slots_about.get(work.keys[number], frozenset())
