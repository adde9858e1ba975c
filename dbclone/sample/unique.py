"""Uniqueness over several columns: what keys and values drawn one by one may have broken.

Takes a filled table, changes as few numbers as possible. Sets of one key are unique by construction already.
"""

from __future__ import annotations

import bisect

import numpy as np
import numpy.typing as npt

from dbclone.models.categories import CategoryCodec
from dbclone.models.table import TableModel
from dbclone.sample.filled import Filled
from dbclone.sample.streams import generator
from dbclone.schema import Kind

_ROUNDS = 60
_NUDGES = 8
_MOST_PLACES = 10_000_000
_MOST_LEFT = 2_000
"""Repeated rows that are left to be mended one by one."""


def mend_duplicates(filled: Filled, seed: int) -> int:
    """Makes every unique set of keys and coded columns unique; gives the number of rows that had to go.

    A few repeated rows may be left, of the sets that ``filled.repeated`` names.
    """
    dropped = 0
    for columns in filled.table.unique_sets:
        parts = _parts(filled, columns)
        if parts is None:
            continue
        keys, numbers = parts
        rng = generator(seed, "unique", filled.model.name, columns)
        for turn in range(_ROUNDS):
            repeated = _repeats(filled, keys, numbers)
            if not repeated.any():
                break
            if numbers and filled.model.entries[filled.model.by_name[numbers[-1]]].categories is not None:
                _recode(filled, numbers[-1], repeated, turn, rng)
            elif numbers and turn == _NUDGES and _place(filled, keys, numbers, repeated):
                break
            elif numbers:
                _nudge(filled, numbers[-1], repeated, turn)
            elif not _swap(filled, keys, repeated, rng):
                break
        repeated = _repeats(filled, keys, numbers)
        if 0 < repeated.sum() <= _MOST_LEFT:
            filled.repeated.add(columns)
        elif repeated.any():
            dropped += int(repeated.sum())
            filled.keep(~repeated)
    return dropped


def holds_by_construction(filled: Filled, columns: tuple[str, ...]) -> bool:
    """True where `mend_duplicates`, a counter or the drawing of parents sees to it that ``columns`` are unique."""
    table, model = filled.table, filled.model
    shared = [name for key in table.foreign_keys for name in key.columns]
    whole = [
        number
        for number, key in enumerate(table.foreign_keys)
        if set(key.columns) <= set(columns) and all(shared.count(name) == 1 for name in key.columns)
    ]
    for counter in model.counters:
        if counter.column in columns and counter.key in whole:
            return True
    parts = _parts(filled, columns)
    return parts is not None and set(parts[0]) <= set(whole)


def _parts(filled: Filled, columns: tuple[str, ...]) -> tuple[list[int], list[str]] | None:
    """The foreign keys and number columns that a unique set is made of, None where it holds texts or surrogates."""
    model = filled.model
    left = set(columns)
    keys = []
    for number, key in enumerate(filled.table.foreign_keys):
        if set(key.columns) & left and model.keys[number].mode not in ("absent", "child", "link", "self"):
            keys.append(number)
            left -= set(key.columns)
    counters = {counter.column: counter.key for counter in model.counters}
    for column in list(left):
        if column in counters and counters[column] in keys:
            return None
    numbers = [column for column in columns if column in left and _is_coded(model, column)]
    # Numbers last, for they can be moved by a step.
    numbers.sort(key=lambda name: name in model.value_index)
    return (keys, numbers) if set(numbers) == left else None


def _is_coded(model: TableModel, column: str) -> bool:
    if column not in model.by_name:
        return False
    entry = model.entries[model.by_name[column]]
    # A rare category becomes a text that a maker makes: nothing is known of it here.
    return entry.role == "column" and (entry.categories is None or not entry.categories.rare)


def _repeats(filled: Filled, keys: list[int], numbers: list[str]) -> npt.NDArray[np.bool_]:
    """Rows whose combination an earlier row holds already; NULLs are never equal."""
    code, missing = _combinations(filled, keys, numbers)
    order = np.argsort(code, kind="stable")
    again = np.zeros(filled.rows, bool)
    again[order[1:]] = code[order][1:] == code[order][:-1]
    return again & ~missing


def _combinations(
    filled: Filled, keys: list[int], numbers: list[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(rows,) a number for each combination of parents and values, and where one of them is NULL."""
    parts = [np.where(filled.parents[number] < 0, np.nan, filled.parents[number]) for number in keys]
    parts += [_numbers(filled, name) for name in numbers]
    missing = np.zeros(filled.rows, bool)
    code = np.zeros(filled.rows, np.int64)
    for part in parts:
        missing |= np.isnan(part)
        _, dense = np.unique(part, return_inverse=True)
        _, code = np.unique(code * (int(dense.max(initial=0)) + 1) + dense, return_inverse=True)
    return code.astype(np.int64), missing


def _numbers(filled: Filled, name: str) -> npt.NDArray[np.float64]:
    """A column as numbers: its values, or its codes where it is a category."""
    model = filled.model
    if name in model.value_index:
        values = np.array(filled.values[:, model.value_index[name]])
        # Whatever is no half is one of two values when it is written.
        boolean = filled.table.column(name).type.kind is Kind.BOOLEAN
        return np.where(np.isnan(values), np.nan, values > 0.5) if boolean else values
    codes = filled.own[:, model.first_slot[model.by_name[name]]].astype(np.float64)
    categories = model.entries[model.by_name[name]].categories
    if categories is not None and filled.table.column(name).ignores_case:
        codes = _without_case(categories)[codes.astype(np.int64)]
    return np.where(codes == 0, np.nan, codes)


def _without_case(categories: CategoryCodec) -> npt.NDArray[np.float64]:
    """For each code the first one whose value differs in no more than case."""
    first: dict[str, int] = {}
    same = np.arange(categories.size + 1, dtype=np.float64)
    for code, place in enumerate(categories.start[:-1].tolist(), start=1):
        same[code] = first.setdefault(categories.values[place].casefold(), code)
    return same


def _recode(filled: Filled, name: str, repeated: npt.NDArray[np.bool_], turn: int, rng: np.random.Generator) -> None:
    """Gives repeated rows the next category, from a random one on."""
    model = filled.model
    entry = model.entries[model.by_name[name]]
    assert entry.categories is not None
    slot = model.first_slot[model.by_name[name]]
    count = max(1, len(entry.categories.start) - 1)
    codes = filled.own[:, slot].astype(np.int64)
    shift = 1 if turn else rng.integers(1, count + 1, int(repeated.sum()))
    codes[repeated] = (codes[repeated] - 1 + shift) % count + 1
    filled.own[:, slot] = codes.astype(np.uint8)


def _nudge(filled: Filled, name: str, repeated: npt.NDArray[np.bool_], turn: int) -> None:
    """Moves repeated values by one more grid step a round, the other way where an end is reached."""
    place = filled.model.value_index[name]
    codec = filled.model.entries[filled.model.by_name[name]].numbers
    assert codec is not None
    step = codec.grid if codec.grid > 0 else max(1e-6, (codec.high - codec.low) * 1e-6)
    values = np.array(filled.values[:, place])
    sign = 1.0 if turn % 2 == 0 else -1.0
    moved = values[repeated] + sign * (turn // 2 + 1) * step
    too_high = moved > codec.high
    moved[too_high] = values[repeated][too_high] - (turn + 1) * step
    too_low = moved < codec.low
    back = values[repeated][too_low] + (turn + 1) * step
    # Between two narrow ends neither way leads on: the next round, or the rows' end, decides.
    moved[too_low] = np.minimum(back, codec.high)
    values[repeated] = moved
    filled.values[:, place] = values


def _place(filled: Filled, keys: list[int], numbers: list[str], repeated: npt.NDArray[np.bool_]) -> bool:
    """Moves each repeated value to the nearest one that its family leaves free; False where values are too fine for it.

    Where families take up most of the values there are (a row for each day), steps alone would never find the gaps.
    """
    model = filled.model
    codec = model.entries[model.by_name[numbers[-1]]].numbers
    assert codec is not None
    if codec.grid <= 0 or (codec.high - codec.low) / codec.grid > _MOST_PLACES:
        return False
    place = model.value_index[numbers[-1]]
    values = np.array(filled.values[:, place])
    places = int(np.rint((codec.high - codec.low) / codec.grid)) + 1
    at = np.rint((values - codec.low) / codec.grid)
    family, _ = _combinations(filled, keys, numbers[:-1])
    rows = np.flatnonzero(np.isin(family, family[repeated]) & ~np.isnan(at))
    rows = rows[np.argsort(family[rows], kind="stable")]
    borders = np.flatnonzero(np.diff(family[rows])) + 1
    for part in np.split(rows, borders):
        again = part[repeated[part]]
        taken = np.zeros(places, bool)
        taken[np.clip(at[part[~repeated[part]]], 0, places - 1).astype(np.int64)] = True
        free = np.flatnonzero(~taken).tolist()
        for row in again[: len(free)]:
            near = bisect.bisect_left(free, at[row])
            if near == len(free) or (near > 0 and at[row] - free[near - 1] <= free[near] - at[row]):
                near -= 1
            values[row] = codec.low + free.pop(near) * codec.grid
    filled.values[:, place] = values
    return True


def _swap(filled: Filled, keys: list[int], repeated: npt.NDArray[np.bool_], rng: np.random.Generator) -> bool:
    """Exchanges the last key of repeated rows with that of random others, which keeps every count."""
    movable = [number for number in keys if filled.model.keys[number].mode in ("draw", "category")]
    if not movable:
        return False
    rows = filled.parents[movable[-1]].copy()
    broken = np.flatnonzero(repeated)
    others = rng.integers(0, filled.rows, len(broken))
    rows[broken], rows[others] = rows[others], rows[broken].copy()
    filled.parents[movable[-1]] = rows
    return True
