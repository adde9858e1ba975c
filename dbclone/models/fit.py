"""Fits one table: the rules that columns follow, what each value is coded against, and the trees of the rest.

Takes a Work and those of its parents, gives a TableModel and leaves the rows' slots in the Work.
Never sees the children: hidden columns stand for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dbclone.models.balance import fit_balance
from dbclone.models.drafts import Draft, draft_entries
from dbclone.models.layout import Grower, Layout, lay_out
from dbclone.models.order import fit_order
from dbclone.models.parallel import each
from dbclone.models.ranks import find_ranks
from dbclone.models.representations import choose_bases
from dbclone.models.rules import find_copies, find_counters, fit_numbered
from dbclone.models.table import NO_CODE, Balance, Entry, Feature, KeyModel, Stage, TableModel
from dbclone.models.trees import Growth, Tree
from dbclone.models.work import Work
from dbclone.schema import ForeignKey, TableName

Codes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]
_FEWEST = 20
"""Rows that the next stage needs to be learned from what is left over; else it learns from what this one saw."""


def fit_table(
    work: Work,
    works: Mapping[TableName, Work],
    keys: list[KeyModel],
    key_codes: Mapping[int, Codes],
    *,
    growth: Growth,
    simple: bool,
    seed: int,
) -> TableModel:
    """The fitted table; ``work.slots`` holds its rows' codes afterwards.

    ``key_codes`` are what `fit_keys` gave; ``simple`` leaves out all dependence.
    """
    counters = find_counters(work)
    copies = [] if simple else find_copies(work, works, keys)
    ruled = {one.column for one in counters} | {one.column for one in copies}
    work.modelled = {*work.numbers, *work.categories} - ruled
    layout = lay_out(work, works, keys, simple=simple)
    order = fit_order(work, keys, placed=not simple)
    drafts = draft_entries(work, keys, key_codes, growth.k, placed=None if simple else order.placed)
    if not simple:
        drafts = choose_bases(drafts, work, works, keys, layout, growth, seed)
    # In sibling order, as everything that trees are grown on.
    blocks = [np.zeros((work.rows, 0), np.uint8), *(draft.slots for draft in drafts)]
    own = np.ascontiguousarray(np.concatenate(blocks, axis=1)[work.order])
    entries = _grow(drafts, layout, own, growth, seed)
    balance = fit_balance(layout, drafts, own, growth.k)
    entries, context, balance = _prune(entries, layout, balance)
    _leave_slots(work, drafts, entries, own)
    return TableModel(
        name=work.table.name,
        rows=work.total,
        driver=work.driver,
        entries=tuple(entries),
        key_entries=sum(draft.is_key for draft in drafts),
        context=tuple(context),
        keys=tuple(keys),
        numbered=fit_numbered(work, growth.k),
        counters=tuple(counters),
        copies=tuple(copies),
        order=order,
        balance=balance,
        ranks=() if simple else tuple(find_ranks(work, keys, seed)),
    )


def _grow(drafts: list[Draft], layout: Layout, own: Codes, growth: Growth, seed: int) -> list[Entry]:
    """The entries with their trees, on ``own`` slots (rows, slots) in sibling order."""
    grouped = layout.grouped(_grouped(drafts))
    grower = Grower(layout.matrix(own), grouped, layout.work.entity[layout.work.order], growth, seed)
    ends = np.cumsum([len(draft.grouped) for draft in drafts]).tolist()
    places = zip(drafts, [0, *ends[:-1]], strict=True) if drafts else ()
    keys = sum(len(draft.grouped) for draft in drafts if draft.is_key)
    return each(lambda place: _grow_entry(place[0], layout, own, place[1], keys, grower), places, layout.work.rows)


def _grouped(drafts: list[Draft]) -> Iterable[bool]:
    """Of each own slot, whether its codes may be grouped in any way."""
    return (flag for draft in drafts for flag in draft.grouped)


def _grow_entry(draft: Draft, layout: Layout, own: Codes, slot: int, keys: int, grower: Grower) -> Entry:
    """The entry whose first slot is ``slot``: a tree for each stage on the rows that the ones before pass on.

    The first ``keys`` slots are drawn before all others.
    """
    work = layout.work
    width = own.shape[1]
    allowed = layout.allowed(width, slot)
    if draft.is_key:
        allowed = layout.before_keys(allowed, width, keys)
    if draft.role != "place":
        allowed = layout.off_places(allowed)
    rows = np.arange(work.rows) if draft.known is None else np.flatnonzero(draft.known[work.order])
    stages = []
    for place, one in enumerate(draft.stages):
        coded = own[:, slot + 1 + place]
        there = rows[coded[rows] != NO_CODE]
        # Later stages may look at what an earlier one said.
        seen = np.concatenate([allowed, np.arange(place) + layout.first_own(width) + slot + 1])
        if one.base.way == "pace":
            seen = seen[:0]
        tree = grower.tree(coded, there, seen, one.codec is not None)
        stages.append(Stage(one.base, tree, one.codec, one.anchors, one.calendar))
        passed = rows[one.passes[work.order][rows]]
        rows = passed if len(passed) >= _FEWEST else rows
    codes = own[:, slot]
    if draft.start is not None and draft.values is not None:
        codes = draft.start.encode(draft.values)[work.order]
    if draft.role == "count" and draft.values is not None and _is_concentrated(draft.values):
        allowed, grower = allowed[allowed >= layout.first_own(width)], grower.for_few()
    return Entry(
        name=draft.name,
        role=draft.role,
        size=draft.size,
        tree=grower.tree(codes, rows, allowed, not draft.category),
        numbers=draft.numbers,
        categories=work.category_codecs.get(draft.name) if draft.role == "column" else None,
        stages=tuple(stages),
        start=draft.start,
        unit=draft.unit,
        child=draft.child,
        shares=_shares(own[:, slot], draft.size) if draft.stages else np.zeros(0),
        single=_single(draft, work, own[:, slot], grower.seed),
    )


def _is_concentrated(counts: npt.NDArray[np.float64]) -> bool:
    """True where a hundredth of the parents has most of the children.

    So few have little evidence for anything, but much depends on them: which they are is asked of their own row only,
    for every question more asks for more evidence.
    """
    most = np.sort(counts)[::-1][: max(1, len(counts) // 100)]
    return bool(most.sum() > 0.5 * counts.sum())


def _single(draft: Draft, work: Work, codes: Codes, seed: int) -> Codes:
    """The codes that siblings never share, where they would by chance: the names of a year's races."""
    none = np.zeros(0, np.uint8)
    if draft.role != "column" or work.driver < 0 or (work.position > 0).sum() < _FEWEST:
        return none
    codec = work.category_codecs.get(draft.name)
    if codec is None:
        # Ranks are as good as never shared, too, but who comes first does not leave the others what nobody wants.
        return none
    may = np.flatnonzero(np.diff(codec.start) == 1) + 1
    family = np.cumsum(work.position == 0)
    asked = np.isin(codes, may)
    if asked.mean() < 0.05:
        return none
    repeats = _repeats(family[asked], codes[asked])
    if repeats > 0.03 * asked.sum():
        # More than chance could make up for.
        return none
    mixed = np.random.default_rng(seed).permutation(codes)
    chance = _repeats(family[np.isin(mixed, may)], mixed[np.isin(mixed, may)])
    common = codes[asked] <= (np.bincount(family)[family])[asked]
    if chance < 30 or repeats > 0.03 * chance or common.mean() > 0.9:
        return none
    return may.astype(np.uint8)


def _repeats(family: npt.NDArray[np.int64], codes: Codes) -> int:
    """How many rows have the code of another row of their family."""
    return len(codes) - len(np.unique(family * 256 + codes))


def _shares(codes: Codes, size: int) -> npt.NDArray[np.float64]:
    counts = np.bincount(codes, minlength=size)[:size].astype(np.float64)
    shares: npt.NDArray[np.float64] = counts / max(1.0, float(counts.sum()))
    return shares


def _prune(
    entries: list[Entry], layout: Layout, balance: Balance | None
) -> tuple[list[Entry], list[Feature], Balance | None]:
    """Drops the context that nothing looks at and renumbers the features of all that looks at some."""
    total = len(layout.features)
    width = sum(entry.slots for entry in entries)
    others = layout.first_own(width) + width - total
    used = set() if balance is None else {int(number) for number in balance.features if number < total}
    for entry in entries:
        for tree in (entry.tree, *(stage.tree for stage in entry.stages)):
            used |= {int(number) for number in np.unique(tree.feature) if 0 <= number < total}
    kept = sorted(used)
    # One more than there are features: a leaf's -1 finds the last, which stays -1.
    renumber = np.full(total + others + 1, -1, np.int32)
    renumber[kept] = np.arange(len(kept))
    renumber[total : total + others] = np.arange(others) + len(kept)

    def moved(tree: Tree) -> Tree:
        return replace(tree, feature=renumber[tree.feature])

    changed = []
    for entry in entries:
        stages = tuple(replace(stage, tree=moved(stage.tree)) for stage in entry.stages)
        changed.append(replace(entry, tree=moved(entry.tree), stages=stages))
    moved_balance = None if balance is None else replace(balance, features=renumber[balance.features].astype(np.int64))
    return changed, [layout.features[number] for number in kept], moved_balance


def _leave_slots(work: Work, drafts: list[Draft], entries: list[Entry], own: Codes) -> None:
    """Leaves in ``work`` what its children's fits ask of it: slots in row order, and what they are of."""
    slots = np.empty_like(own)
    slots[work.order] = own
    about: dict[ForeignKey, set[int]] = {}
    values: set[int] = set()
    first = 0
    for draft, entry in zip(drafts, entries, strict=True):
        if draft.role == "place":
            work.place_slot = first
        if not draft.drawn and draft.numbers is not None and draft.values is not None:
            slots[:, first] = draft.numbers.encode(draft.values)
        if entry.role in ("column", "length"):
            values.add(first)
        if entry.child is not None and entry.role in ("hidden", "bound", "window"):
            about.setdefault(entry.child, set()).update(range(first, first + entry.slots))
        first += entry.slots
    work.slots = slots
    work.value_slots = frozenset(values)
    work.grouped_slots = np.array(list(_grouped(drafts)), bool)
    work.slots_about = {key: frozenset(numbers) for key, numbers in about.items()}
    summaries = ("count", "hidden", "bound", "window")
    work.column_slots = sum(entry.slots for entry in entries if entry.role not in summaries)
