"""Who gets how many children, and which row gets which parent.

Takes filled parents and key models, gives row numbers. Counts follow the source's own distribution by rank, so that
fan-outs and totals do not drift.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dbclone.models.table import KeyModel, hidden_name
from dbclone.sample.filled import Filled
from dbclone.sample.giving import draw_parents, settle_codes
from dbclone.sample.streams import generator, stream
from dbclone.sample.windows import draw_in_time
from dbclone.schema import ForeignKey, TableName, is_nullable

Rows = npt.NDArray[np.int64]


def degrees(parent: Filled, key: ForeignKey, model: KeyModel, seed: int) -> Rows:
    """Children of each row of ``parent`` along ``key``: the drawn counts give the ranks, the source the counts."""
    if not parent.rows or not len(model.rows):
        return np.zeros(parent.rows, np.int64)
    rng = generator(seed, "degrees", key)
    place = parent.model.value_index.get(hidden_name(key, "count"))
    drawn = np.zeros(parent.rows) if place is None else np.nan_to_num(np.asarray(parent.values[:, place]))
    rank = np.empty(parent.rows, np.int64)
    rank[np.lexsort((rng.random(parent.rows), drawn))] = np.arange(parent.rows)
    reach = np.cumsum(model.repeats)
    at = np.searchsorted(reach, (rank + 0.5) / parent.rows * reach[-1], side="right")
    counts: Rows = model.rows[np.clip(at, 0, len(model.rows) - 1)]
    mean = float((model.rows * model.repeats).sum() / reach[-1])
    if abs(counts.sum() - mean * parent.rows) > 0.2 * mean * parent.rows:
        # Too few parents to show the few that have most children: each stands for the mean of its share of the source.
        counts = _stratum_means(model, parent.rows, rng)[rank]
    return counts


def _stratum_means(model: KeyModel, parents: int, rng: np.random.Generator) -> Rows:
    """(parents,) ascending: the source's counts averaged over equal shares of its parents, rounded at random."""
    reach = np.concatenate([[0], np.cumsum(model.repeats)])
    total = np.concatenate([[0], np.cumsum(model.rows * model.repeats)])
    edges = np.interp(np.linspace(0, reach[-1], parents + 1), reach, total)
    means = np.diff(edges) / (reach[-1] / parents)
    whole = np.floor(means)
    result: Rows = (whole + (rng.random(parents) < means - whole)).astype(np.int64)
    return result


def adjust(counts: Rows, wanted: int, unique: bool, rng: np.random.Generator) -> Rows:
    """``counts`` changed as little as possible so that they add up to ``wanted`` (with ``unique`` at most 1 each)."""
    total = int(counts.sum())
    if total == wanted or not len(counts):
        return counts
    if not total and wanted > 0:
        return (
            rng.multinomial(wanted, np.full(len(counts), 1 / len(counts))).astype(np.int64)
            if not unique
            else counts + (rng.permutation(len(counts)) < wanted)
        )
    result = counts.astype(np.float64)
    if total and abs(wanted / total - 1) > 0.05:
        result *= wanted / total
    whole = np.floor(result)
    whole += rng.random(len(whole)) < result - whole
    final = whole.astype(np.int64)
    if unique:
        final = np.minimum(final, 1)
    for _ in range(64):
        short = wanted - int(final.sum())
        if short == 0:
            break
        able = np.flatnonzero(final > 0) if short < 0 else np.flatnonzero((final < 1) if unique else (final > 0))
        if short > 0 and not len(able):
            able = np.flatnonzero(final < 1) if unique else np.arange(len(final))
        if short < 0 and len(able) > -short:
            # Prefer to shrink families that stay families.
            large = able[final[able] > 1]
            able = large if len(large) >= -short else able
        if not len(able):
            break
        chosen = rng.choice(able, min(abs(short), len(able)), replace=False)
        final[chosen] += 1 if short > 0 else -1
    return final


def choose_parents(
    filled: Filled,
    number: int,
    others: Mapping[TableName, Filled],
    codes: npt.NDArray[np.uint8],
    distinct: bool,
    seed: int,
) -> Rows:
    """(n,) the parent row of each row along foreign key ``number``; -2 where none was left.

    ``distinct``: the schema has it that siblings never share a parent.
    """
    model = filled.model.keys[number]
    key = filled.table.foreign_keys[number]
    parent = others[key.parent]
    rng = generator(seed, "parents", key)
    if model.mode == "lookup":
        return _look_up(filled, model, others, parent.rows, rng)
    if model.mode == "category":
        true_counts(codes, filled.follows, model.counts, rng)
        place = codes.astype(np.int64) - 1
        chosen: Rows = np.where(place >= 0, place % max(1, parent.rows), -1)
        return chosen
    wanted = int((codes > 0).sum())
    counts = adjust(degrees(parent, key, model, seed), wanted, model.unique, rng)
    apart = distinct or model.apart
    if model.axis:
        drawn = draw_in_time(filled, number, others, codes, counts, apart, seed)
    else:
        steps = model.steps if len(model.steps) else np.zeros(1, np.int64)
        drawn = draw_parents(
            np.ascontiguousarray(codes),
            filled.follows,
            counts.copy(),
            steps,
            apart,
            model.unique,
            np.uint64(stream(seed, "draw", key)),
        )
    none = np.flatnonzero(drawn == -2)
    if len(none) and parent.rows and not distinct and not model.unique:
        # What no constraint asks for is not worth a row.
        drawn[none] = rng.choice(np.repeat(np.arange(parent.rows), np.maximum(counts, 1)), len(none))
    return drawn


def _look_up(
    filled: Filled, model: KeyModel, others: Mapping[TableName, Filled], parents: int, rng: np.random.Generator
) -> Rows:
    """(n,) the row that another key's row references; any of ``parents`` rows where that path ends early."""
    first, second = model.via
    middle = others[filled.table.foreign_keys[first].parent]
    above = filled.parents[first]
    through = middle.parents[second]
    found: Rows = np.where(above >= 0, through[np.clip(above, 0, None)] if len(through) else -1, -1).astype(np.int64)
    missing = np.flatnonzero(found < 0)
    if len(missing) and parents:
        # The source leaves as many of these rows empty as its share of NULL says.
        filled_up = missing[rng.random(len(missing)) >= model.nulls * filled.rows / len(missing)]
        found[filled_up] = rng.integers(0, parents, len(filled_up))
    return found


def true_counts(
    codes: npt.NDArray[np.uint8], follows: npt.NDArray[np.bool_], counts: Rows, rng: np.random.Generator
) -> None:
    """Changes ``codes`` (n,) in place until code c is as frequent as ``counts[c - 1]`` says, whole runs first."""
    linked = int((codes > 0).sum())
    if not linked or not counts.sum():
        return
    exact = counts * (linked / counts.sum())
    wanted = np.floor(exact).astype(np.int64)
    order = np.argsort(wanted - exact, kind="stable")
    wanted[order[: linked - int(wanted.sum())]] += 1
    short = wanted - np.bincount(codes, minlength=len(counts) + 1)[1 : len(counts) + 1]
    settle_codes(codes, follows, short, np.uint64(rng.integers(0, 2**63)))


def grow_hierarchy(filled: Filled, number: int, seed: int) -> Rows:
    """(n,) each row's parent in its own table: levels as deep as the source's, no cycle."""
    model = filled.model.keys[number]
    key = filled.table.foreign_keys[number]
    rng = generator(seed, "hierarchy", key)
    rows = filled.rows
    result = np.full(rows, -1, np.int64)
    if not rows:
        return result
    shares = model.depths / max(1, model.depths.sum())
    sizes = np.floor(np.cumsum(shares) * rows + 0.5).astype(np.int64)
    sizes = np.diff(np.concatenate([[0], sizes]))
    counts = degrees(filled, key, model, seed)
    order = np.lexsort((rng.random(rows), counts == 0)) if len(sizes) > 1 else np.arange(rows)
    order = _levels(order, counts, sizes)
    start = 0
    above: Rows = np.zeros(0, np.int64)
    for size in sizes:
        level = order[start : start + size]
        start += int(size)
        if len(above) and len(level):
            slots = np.repeat(above, np.maximum(adjust(counts[above], len(level), model.unique, rng), 0))
            rng.shuffle(slots)
            if len(slots) < len(level):
                slots = np.concatenate([slots, rng.choice(above, len(level) - len(slots))])
            result[level] = slots[: len(level)]
        elif model.rooted:
            result[level] = level
        if len(level):
            above = level
    if (result < 0).any() and not is_nullable(filled.table, key):
        result = _closed(result, unique=model.unique)
    return result


def _closed(above: Rows, *, unique: bool) -> Rows:
    """``above`` with a parent for every row: rows that have none reference each other in a ring; with ``unique`` the
    last row of each chain references the first one of the next."""
    result = above.copy()
    first = np.flatnonzero(above < 0)
    if not unique:
        result[first] = np.roll(first, 1)
        return result
    used = np.zeros(len(above), bool)
    used[above[above >= 0]] = True
    last = np.flatnonzero(~used)
    # As many rows lack a parent as are nobody's parent, and no chain may close upon itself before all others are in.
    ends = {int(row): int(row) for row in first}
    below = {int(parent): int(row) for row, parent in enumerate(above) if parent >= 0}
    for row in first:
        at = int(row)
        while at in below:
            at = below[at]
        ends[int(row)] = at
    tails = np.array([ends[int(row)] for row in first], np.int64)
    result[first] = np.roll(tails, 1) if len(tails) == len(last) else result[first]
    return result


def _levels(order: Rows, counts: Rows, sizes: Rows) -> Rows:
    """Rows with children first within each level but the last, so that every level has rows to hang the next on."""
    with_children = [int(row) for row in order if counts[row] > 0]
    without = [int(row) for row in order if counts[row] == 0]
    # Row numbers rise with depth on the whole: parents are older than their children.
    with_children.sort()
    result: list[int] = []
    for level, size in enumerate(sizes):
        last = level == len(sizes) - 1
        need = int(size)
        inner = 0 if last else max(1, round(need * len(with_children) / max(1, len(with_children) + len(without))))
        taken = with_children[:inner]
        with_children = with_children[inner:]
        fill = need - len(taken)
        taken += without[:fill]
        without = without[fill:]
        if len(taken) < need:
            extra = need - len(taken)
            taken += with_children[:extra]
            with_children = with_children[extra:]
        result += taken
    return np.array(result + with_children + without, np.int64)
