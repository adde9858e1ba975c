"""What a table's columns, and those of its parents, have in common two by two: the shares that rows are to agree with.

Takes the matrix that trees are grown on, gives a Balance. Never holds a count that fewer than k entities share: such
cells are known by their row and column of the table alone.

Samples that agree with known totals are balanced samples (Deville and Tillé, 2004); rows are brought to agree with them
one by one, as herding does (Welling, 2009).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from numba import njit

from dbclone.models.drafts import Draft
from dbclone.models.layout import Layout
from dbclone.models.measures import tell_information
from dbclone.models.table import GROUPS, NO_CODE, Balance

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
MOST_ROWS = 20_000
"""Rows up to which chance makes a difference; further ones make up for it by themselves."""
_FEWEST = 20
"""Rows of a table of which more can be said than its columns one by one."""
_MOST_PAIRS = 40
"""Columns that an entry is held against."""
_SCREEN_ROWS = 4_096


def fit_balance(layout: Layout, drafts: list[Draft], own: Codes, k: int) -> Balance | None:
    """The shares of a table's pairs of columns, None where chance makes no difference or nothing can be said.

    ``own`` (rows, slots) in sibling order. Features are numbered as in ``layout.matrix``.
    """
    if layout.simple or not _FEWEST <= len(own) <= MOST_ROWS:
        return None
    matrix = layout.matrix(own)
    held = list(_held(layout, drafts, matrix))
    if not held:
        return None
    wanted = sorted({feature for pair in held for feature in pair[1:]})
    groups = _groups(layout, drafts, matrix, wanted, k)
    place = {feature: number for number, feature in enumerate(wanted)}
    pairs = np.array([(place[first], place[second]) for _, first, second in held], np.int64)
    shares = _shares(layout, matrix[:, wanted], groups, pairs, k)
    cells = np.flatnonzero(shares)
    entries = np.array([entry for entry, _, _ in held], np.int64)
    return Balance(np.array(wanted, np.int64), groups, entries, pairs, cells, shares.ravel()[cells])


def _starts(layout: Layout, drafts: list[Draft]) -> list[int]:
    """The features that are the drafts' values."""
    widths = [len(draft.grouped) for draft in drafts]
    ends = np.cumsum([layout.first_own(sum(widths)), *widths])
    return [int(end) for end in ends[:-1]]


def _groups(layout: Layout, drafts: list[Draft], matrix: Codes, wanted: list[int], k: int) -> Codes:
    """(wanted features, 256) the groups of their codes."""
    free = layout.grouped(flag for draft in drafts for flag in draft.grouped)
    starts = _starts(layout, drafts)
    heavy = {
        start: np.nan_to_num(draft.values[layout.work.order])
        for start, draft in zip(starts, drafts, strict=True)
        if draft.role == "count" and draft.values is not None
    }
    return np.stack(
        [
            group_codes(matrix[:, feature], k, category=bool(free[feature]), weight=heavy.get(feature))
            for feature in wanted
        ]
    )


def _held(layout: Layout, drafts: list[Draft], matrix: Codes) -> Iterator[tuple[int, int, int]]:
    """(entry, feature, the entry's own feature) for what an entry is held against; first its own, for it as a whole."""
    width = sum(len(draft.grouped) for draft in drafts)
    keys = sum(len(draft.grouped) for draft in drafts if draft.is_key)
    sample = np.linspace(0, len(matrix) - 1, min(len(matrix), _SCREEN_ROWS)).astype(np.int64)
    above = layout.columns_above()
    before: list[int] = []
    for number, (draft, start) in enumerate(zip(drafts, _starts(layout, drafts), strict=True)):
        if not draft.drawn or (matrix[:, start] == matrix[0, start]).all():
            continue
        seen = np.array([*before, *above], np.int64)
        if draft.is_key:
            seen = layout.before_keys(seen, width, keys)
        if len(seen) > _MOST_PAIRS:
            told = tell_information(matrix, np.ascontiguousarray(matrix[:, start]), seen, sample)
            seen = np.sort(seen[np.argsort(-told, kind="stable")[:_MOST_PAIRS]])
        yield from ((number, feature, start) for feature in (start, *seen.tolist()))
        before.append(start)


def group_codes(codes: Codes, k: int, *, category: bool, weight: Floats | None = None) -> Codes:
    """(256,) the group of each code: the most frequent categories one by one, of numbers equal shares, as many as k
    rows a cell leave room for. With ``weight`` (rows,) the shares are of its sum.

    Group 0 is NULL, the last what is not there and what is left over.
    """
    counts = np.bincount(codes, minlength=256).astype(np.float64)
    if weight is not None:
        counts = np.bincount(codes, weight, minlength=256) + 1e-9 * counts
    counts[[0, NO_CODE]] = 0.0
    groups = np.full(256, GROUPS - 1, np.uint8)
    groups[0] = 0
    if category:
        order = np.argsort(-counts, kind="stable")[: GROUPS - 2]
        often = order[counts[order] >= k]
        groups[often] = np.arange(len(often)) + 1
    elif counts.any():
        most = int(np.clip(np.sqrt(len(codes) / (2 * k)), 2, GROUPS - 2))
        middle = (np.cumsum(counts) - 0.5 * counts) / counts.sum()
        groups[1:NO_CODE] = 1 + np.minimum(most - 1, (middle[1:NO_CODE] * most).astype(np.int64))
    return groups


def _shares(layout: Layout, codes: Codes, groups: Codes, pairs: Rows, k: int) -> Floats:
    """(pairs, groups, groups) as Balance has them, of the ``codes`` (rows, features) in sibling order."""
    grouped = np.stack([groups[number][codes[:, number]] for number in range(len(groups))])
    alone = np.zeros((1, len(codes)), np.uint8)
    beside = np.where(pairs[:, 0] == pairs[:, 1], len(groups), pairs[:, 0])
    entity = layout.work.entity[layout.work.order]
    order = np.argsort(entity, kind="stable")
    told = np.stack([beside, pairs[:, 1]], axis=1)
    counts, entities = _tabulate(np.concatenate([grouped, alone]), told, entity[order], order)
    return shared(counts, entities, k)


@njit(cache=True, nogil=True)
def _tabulate(coded, pairs, entity, order):  # type: ignore[no-untyped-def]
    """(pairs, groups, groups) rows, and entities, of each pair of groups. ``entity`` (rows,) rises along ``order``."""
    counts = np.zeros((len(pairs), GROUPS, GROUPS), np.int64)
    entities = np.zeros((len(pairs), GROUPS, GROUPS), np.int64)
    last = np.empty((GROUPS, GROUPS), np.int64)
    for number in range(len(pairs)):
        first, second = coded[pairs[number, 0]], coded[pairs[number, 1]]
        last[:] = -1
        for place in range(len(order)):
            a, b = first[order[place]], second[order[place]]
            counts[number, a, b] += 1
            if last[a, b] != entity[place]:
                last[a, b] = entity[place]
                entities[number, a, b] += 1
    return counts, entities


def shared(counts: Rows, entities: Rows, k: int) -> Floats:
    """(..., groups, groups) shares of the second group by the first; cells of fewer than k entities share what is left
    to their row as their columns share what is left of the table."""
    known = entities >= k
    left = np.where(known, 0, counts)
    spread = np.where(known, 0.0, left.sum(axis=-2, keepdims=True) * np.ones_like(counts, np.float64))
    sums = spread.sum(axis=-1, keepdims=True)
    spread = np.divide(spread * left.sum(axis=-1, keepdims=True), sums, out=np.zeros_like(spread), where=sums > 0)
    cells = np.where(known, counts, spread)
    total = cells.sum(axis=-1, keepdims=True)
    shares: Floats = np.divide(cells, total, out=np.zeros_like(cells, np.float64), where=total > 0)
    return shares
