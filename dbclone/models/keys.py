"""Foreign keys: how a row finds its parents.

Takes links, gives a KeyModel a key and the codes of its draws. Never sees values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dbclone.models.table import KeyModel
from dbclone.models.windows import clump_of, find_axis, find_mate, row_times
from dbclone.models.work import Work, lookup_path
from dbclone.schema import ForeignKey, TableName

Rows = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
NEW, SAME, FIRST_STEP = 1, 2, 3
_CATEGORY_PARENTS = 240
_STEPS = 60
_ALONE = 1.1
"""Rows of a parent in a family up to which it is of no interest which of them is which."""
_CHANCES = 20
"""Siblings of one parent that chance would make, to say of them that they are kept apart."""
_APART = 0.03
"""Share of those that may be there all the same."""


def fit_keys(
    work: Work,
    works: Mapping[TableName, Work],
    cut: frozenset[int],
    children: Mapping[ForeignKey, npt.NDArray[np.float64]],
    simple: bool,
) -> tuple[list[KeyModel], dict[int, Codes]]:
    """One model a foreign key, and per key the codes (rows,) that its entry is to learn, where it has one.

    ``cut`` are keys linked afterwards; ``simple`` leaves out all structure between keys.
    """
    found: dict[int, KeyModel] = {}
    codes: dict[int, Codes] = {}
    resolved: list[int] = [work.driver] if work.driver >= 0 else []
    # Keys to larger tables first: what they reference tells the smaller ones' rows, never the other way.
    for number in sorted(range(len(work.keys)), key=lambda n: -_parent_rows(work, works, n)):
        key = work.keys[number]
        if key.parent not in works or (not (work.links[number] >= 0).any() and work.rows > 0):
            found[number] = KeyModel(number, "absent", nulls=1.0)
            continue
        counts, model = _counted(work, works[key.parent], number, children)
        if number == work.driver:
            found[number] = replace(model, mode="drive")
        elif key.is_self:
            found[number] = _self_model(model, work.links[number])
        elif number in cut:
            found[number] = _cut_model(model, work, works)
        else:
            via = () if simple else lookup_path(work, works, number, resolved)
            resolved.append(number)
            if via:
                found[number] = replace(model, mode="lookup", via=via)
            else:
                others = [one for one in resolved[:-1] if one in found and found[one].mode in ("draw", "category")]
                found[number], codes[number] = _drawn_model(model, work, works, counts, others, simple)
    return [found[number] for number in range(len(work.keys))], codes


def _parent_rows(work: Work, works: Mapping[TableName, Work], number: int) -> int:
    parent = work.keys[number].parent
    return works[parent].rows if parent in works else 0


def _counted(
    work: Work, above: Work, number: int, children: Mapping[ForeignKey, npt.NDArray[np.float64]]
) -> tuple[Rows, KeyModel]:
    """Children per parent (parents,), and a model that holds what all modes have in common."""
    key = work.keys[number]
    parent = work.links[number]
    linked = parent >= 0
    counts = children.get(key, np.bincount(parent[linked], minlength=above.rows)).astype(np.int64)
    rows, repeats = np.unique(counts, return_counts=True)
    unique = any(set(columns) <= set(key.columns) for columns in work.table.unique_sets)
    nulls = float(1 - linked.mean()) if work.rows else 0.0
    return counts, KeyModel(number, "draw", nulls, rows, repeats, above.rows, unique)


def _drawn_model(
    model: KeyModel, work: Work, works: Mapping[TableName, Work], counts: Rows, others: list[int], simple: bool
) -> tuple[KeyModel, Codes]:
    """A key whose rows are drawn: one by one where the parents are few and real, else by their counts.

    ``others`` are the keys that are resolved before this one, the driver aside.
    """
    parent, above = work.links[model.key], works[work.keys[model.key].parent]
    if above.real and above.rows <= _CATEGORY_PARENTS and not model.unique and not simple:
        codes = np.where(parent >= 0, parent + 1, 0).astype(np.uint8)
        return replace(model, mode="category", counts=counts), codes
    steps, codes = _steps(work, model.key, above.rows, simple)
    model = replace(model, apart=not simple and _is_apart(work, parent))
    timed = None if simple else _timed_model(model, work, works, codes, others)
    return timed or (replace(model, mode="draw", steps=steps), codes)


def _timed_model(
    model: KeyModel, work: Work, works: Mapping[TableName, Work], stepped: Codes, others: list[int]
) -> tuple[KeyModel, Codes] | None:
    """A key whose parents have their time, and the codes of its draws; None where the ``stepped`` codes (rows,) save
    more, or where a parent's rows of one family would have to be told apart."""
    if work.driver < 0 or model.unique:
        return None
    parent, driving = work.links[model.key], works[work.keys[work.driver].parent]
    axis, gain = find_axis(work, driving, model.key)
    if not axis or gain <= _saved_by(stepped, parent):
        return None
    mate, same = find_mate(work, model.key, others, row_times(work, driving, axis))
    clump = clump_of(parent, work.links[work.driver])
    if mate < 0 and clump > _ALONE:
        return None
    codes = np.where(parent >= 0, np.where(same, SAME, NEW), 0).astype(np.uint8)
    return replace(model, mode="draw", axis=axis, mate=mate, clump=clump), codes


def _is_apart(work: Work, parent: Rows) -> bool:
    """True where siblings hardly ever share their ``parent`` (rows,), as chance would often have it: no driver starts
    twice in a race, and no schema has to say so."""
    if work.driver < 0:
        return False
    both = (parent >= 0) & (work.links[work.driver] >= 0)
    family, other = work.links[work.driver][both], parent[both]
    if not len(other):
        return False
    shares = np.bincount(other) / len(other)
    sizes = np.bincount(family).astype(np.float64)
    # Rows that meet another of their family by chance, where families are small beside the number of parents.
    chance = min(float((sizes * (sizes - 1)).sum() / 2 * (shares**2).sum()), float(len(other)))
    shared = len(other) - len(np.unique(family * (int(other.max()) + 1) + other))
    return chance >= _CHANCES and shared <= _APART * chance


def _saved_by(codes: Codes, parent: Rows) -> float:
    """Nats a row that the steps of ``codes`` (rows,) save."""
    linked = parent >= 0
    shares = np.bincount(parent[linked]) / max(1, int(linked.sum()))
    plain = -np.log(shares[parent[linked]])
    odds = np.bincount(codes[linked], minlength=FIRST_STEP) / max(1, int(linked.sum()))
    stepped = -np.log(odds[codes[linked]]) + np.where(codes[linked] == NEW, plain, 0.0)
    return float((plain - stepped).mean()) if linked.any() else 0.0


def _self_model(model: KeyModel, parent: Rows) -> KeyModel:
    """A hierarchy: how many rows each level has; rows in a cycle, or below one, count as topmost."""
    rows = len(parent)
    rooted = bool((parent == np.arange(rows)).any())
    depth = np.zeros(rows, np.int64)
    above = np.where((parent >= 0) & (parent != np.arange(rows)), parent, -1)
    at = above.copy()
    for _ in range(1000):
        moving = at >= 0
        if not moving.any():
            break
        depth[moving] += 1
        at[moving] = above[at[moving]]
    depth[at >= 0] = 0
    return replace(model, mode="self", depths=np.bincount(depth, minlength=1), rooted=rooted)


def _cut_model(model: KeyModel, work: Work, works: Mapping[TableName, Work]) -> KeyModel:
    """A key linked afterwards: to one of the row's own children where the source does so, else by counts."""
    above = works[work.keys[model.key].parent]
    parent = work.links[model.key]
    linked = np.flatnonzero(parent >= 0)
    for back, key in enumerate(above.keys):
        if key.parent == work.table.name and len(linked):
            agrees = (above.links[back][parent[linked]] == linked).mean()
            if agrees >= 0.9:
                return replace(model, mode="child", via=(back,))
    return replace(model, mode="link")


def _steps(work: Work, number: int, parents: int, simple: bool) -> tuple[Rows, Codes]:
    """The rank differences that recur between siblings, and each row's code."""
    parent = work.links[number]
    codes = np.where(parent >= 0, NEW, 0).astype(np.uint8)
    if simple or work.driver < 0 or work.rows < 20:
        return np.zeros(0, np.int64), codes
    here = parent[work.order]
    before = np.concatenate([[-1], here[:-1]])
    usable = (here >= 0) & (before >= 0) & (work.position > 0)
    if usable.sum() < 20:
        return np.zeros(0, np.int64), codes
    counts = np.bincount(parent[parent >= 0], minlength=parents).astype(np.float64)
    chosen = _recurring((here - before)[usable], counts / counts.sum())
    result = np.full(work.rows, NEW, np.int64)
    result[here < 0] = 0
    full = np.where(usable, here - before, np.iinfo(np.int64).min)
    steps = [value for value in chosen if value != 0]
    if 0 in chosen:
        result[full == 0] = SAME
    for place, value in enumerate(steps):
        result[full == value] = FIRST_STEP + place
    codes = np.empty(work.rows, np.uint8)
    codes[work.order] = result
    return np.array(steps, np.int64), codes


def _recurring(step: Rows, shares: npt.NDArray[np.float64]) -> list[int]:
    """The most frequent of the differences ``step``, as far as chance does not explain them.

    ``shares`` (parents,) of the children.
    """
    parents = len(shares)
    values, repeats = np.unique(step, return_counts=True)
    pairs = sorted(zip(values.tolist(), repeats.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    chosen = []
    for value, repeat in pairs[:_STEPS]:
        shifted = shares[max(0, value) :][: parents - abs(value)], shares[max(0, -value) :][: parents - abs(value)]
        chance = float((shifted[0] * shifted[1]).sum())
        share = repeat / len(step)
        if share > max(0.01, 4 * chance) and repeat >= 10:
            chosen.append(value)
    return chosen
