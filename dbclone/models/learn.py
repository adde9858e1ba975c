"""Learns every table: drivers and order first, then hidden columns bottom-up, then the trees top-down.

Takes Schema, Plan, Profile and a Sample, gives Models and the codes of real (copied, masked) tables.
Never opens a database; rows stay in here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dbclone.models.calendars import find_calendars
from dbclone.models.fit import fit_table
from dbclone.models.hidden import bounds, count_children, proportions, summarise
from dbclone.models.keys import fit_keys
from dbclone.models.learners import with_pool
from dbclone.models.pairs import with_pairs
from dbclone.models.table import KeyModel, Models, TableModel, hidden_name
from dbclone.models.trees import Growth
from dbclone.models.windows import reach, row_times
from dbclone.models.work import Hidden, Sample, Work, arrange, choose_driver, gather
from dbclone.profile.value import Profile, Role
from dbclone.schema import ForeignKey, Kind, Plan, Schema, TableName

Codes = npt.NDArray[np.uint8]
_DRIVING_SUMMARIES = 14
_OTHER_SUMMARIES = 6
_FEWEST_STEPS = 40
"""From sibling to sibling, to say of a number that it runs on."""


def learn(
    schema: Schema,
    plan: Plan,
    profile: Profile,
    sample: Sample,
    *,
    learner: str = "trees",
    learners: Mapping[TableName, str] | None = None,
    growth: Growth | None = None,
    seed: int = 0,
    progress: Callable[[str, int, int], None] = lambda _label, _done, _total: None,
) -> tuple[Models, dict[TableName, Codes]]:
    """Models of every table in ``sample``, and the codes (rows, slots) of those whose rows come as they are.

    ``learner`` is ``trees``, ``independent`` (the same codes, no dependence between columns, tables or rows) or
    ``sdv:...`` (the columns of a row depend on each other as SDV has it); ``learners`` overrides it for single tables.
    Raises ConfigError where a learner's library is not installed.
    """
    chosen = {name: (learners or {}).get(name, learner) for name in sample.tables}
    simple = frozenset(name for name, one in chosen.items() if one != "trees")
    grown = growth or Growth(k=profile.k)
    real = frozenset(name for name in sample.tables if plan.strategy(name).is_real)
    works, sample = gather(schema, profile, sample, real, profile.k)
    order = [name for name in plan.tables if name in works]
    cuts = {name: frozenset(n for n, key in enumerate(works[name].keys) if key in plan.linked) for name in order}
    _arrange_all([works[name] for name in order], works, cuts)
    keys: dict[TableName, tuple[list[KeyModel], dict[int, Codes]]] = {}
    for name in order:
        keys[name] = fit_keys(works[name], works, cuts[name], sample.children, name in simple)
    for name in reversed(order):
        _summarise_children(works[name], works, keys[name][0], sample.children, simple, profile.k)
    models: list[TableModel] = []
    codes: dict[TableName, Codes] = {}
    for done, name in enumerate(order):
        progress(str(name), done, len(order))
        model = fit_table(works[name], works, *keys[name], growth=grown, simple=name in simple, seed=seed)
        model = with_pool(model, works[name], chosen[name], seed)
        models.append(with_pairs(model, works[name].table, sample.tables))
        if name in real:
            codes[name] = works[name].slots
    progress("", len(order), len(order))
    return Models(tuple(models), learner, profile.k), codes


def _arrange_all(
    order: list[Work], works: Mapping[TableName, Work], cuts: Mapping[TableName, frozenset[int]]
) -> None:
    """Chooses each table's driver and sorts its rows, parents before children."""
    for work in order:
        cut = cuts[work.table.name]
        keys = enumerate(work.keys)
        usable = [n for n, key in keys if n not in cut and not key.is_self and key.parent in works]
        work.driver = choose_driver(work, works, usable)
        arrange(work, works)


def _summarise_children(
    child: Work,
    works: Mapping[TableName, Work],
    keys: list[KeyModel],
    children: Mapping[ForeignKey, npt.NDArray[np.float64]],
    simple: frozenset[TableName],
    k: int,
) -> None:
    """Adds to each parent of ``child`` the hidden columns that describe its children.

    No more than their count where one of the two tables is ``simple``, since nothing would tie them to anything.
    """
    for number, key in enumerate(child.keys):
        mode = keys[number].mode
        if key.parent not in works or mode in ("absent", "child", "link"):
            continue
        parent = works[key.parent]
        counts = count_children(child.links[number], parent.rows)
        true = children.get(key, counts)
        known = counts == true
        if mode in ("drive", "draw", "self"):
            everywhere = np.ones(parent.rows, bool)
            parent.hidden.append(Hidden(hidden_name(key, "count"), "count", key, true, everywhere))
        if child.table.name in simple or key.parent in simple or mode == "self":
            continue
        if keys[number].axis:
            _add_window(child, works, number, keys[number].axis)
        if mode == "drive":
            _add_bounds(child, parent, number, known)
            _add_calendars(child, parent, number, k)
        numbers, categories = _apart(child)
        if mode == "drive":
            kinds = {name: child.table.column(name).type for name in child.numbers if child.is_coded(name)}
            numbers |= proportions({name: child.numbers[name] for name, kind in kinds.items() if kind.is_number})
        numbers |= {hidden.name: hidden.values for hidden in child.hidden if not hidden.grouped and hidden.type is None}
        most = _DRIVING_SUMMARIES if mode == "drive" else _OTHER_SUMMARIES
        found = summarise(child.links[number], parent.rows, numbers, categories, most=most)
        for summary in found:
            grouped = summary.what.startswith("mode ")
            parent.hidden.append(Hidden(hidden_name(key, summary.what), "hidden", key, summary.values, known, grouped))


def _apart(child: Work) -> tuple[dict[str, npt.NDArray[np.float64]], dict[str, Codes]]:
    """Columns with an order and columns without; what has numbers may still have none."""
    shapes = {name for name in child.numbers if child.is_named(name)}
    numbers = {name: values for name, values in child.numbers.items() if name not in shapes}
    named = {name: child.number_codecs[name].encode(values) for name, values in child.numbers.items() if name in shapes}
    return numbers, child.categories | named


def _add_window(child: Work, works: Mapping[TableName, Work], number: int, axis: str) -> None:
    """Parents know when their children begin to come, and for how long they do."""
    key = child.keys[number]
    parent, driving = works[key.parent], works[child.keys[child.driver].parent]
    times = row_times(child, driving, axis)
    everywhere = np.ones(parent.rows, bool)
    for what, values in zip(("from", "for"), reach(times, child.links[number], parent.rows), strict=True):
        parent.hidden.append(Hidden(hidden_name(key, what), "window", key, values, everywhere))


def _add_calendars(child: Work, parent: Work, number: int, k: int) -> None:
    """Parents know to which class they belong where all children of a class have the same at the same time."""
    key = child.keys[number]
    everywhere = np.ones(parent.rows, bool)
    hidden: list[Hidden] = []
    for column, found in find_calendars(child, parent.rows, k).items():
        classes = np.where(found.classes > 0, found.classes, np.nan).astype(np.float64)
        name = ""
        if len(found.calendar.values) > 1:
            # Columns of one calendar are of one class.
            known = [one.name for one in hidden if np.array_equal(one.values, classes, equal_nan=True)]
            name = known[0] if known else hidden_name(key, f"class {column}")
            hidden += [] if known else [Hidden(name, "hidden", key, classes, everywhere, True)]
        child.calendars[column] = replace(found.calendar, hidden=name), classes
    parent.hidden += hidden


def _add_bounds(child: Work, parent: Work, number: int, known: npt.NDArray[np.bool_]) -> None:
    """Families begin and end on dates that parents, and other tables' families, often share."""
    added = 0
    for name, values in child.numbers.items():
        kind = child.table.column(name).type
        coded = child.profile.column(name).role is Role.CODED
        dated = kind.is_temporal and kind.kind is not Kind.TIME
        if not coded or not (dated or kind.is_number) or added >= 4 or len(np.unique(values[~np.isnan(values)])) < 20:
            continue
        if not dated and not _runs_on(child, values):
            continue
        key = child.keys[number]
        for what, found in zip(("first", "last"), bounds(child.links[number], parent.rows, values), strict=True):
            parent.hidden.append(Hidden(hidden_name(key, f"{what} {name}"), "bound", key, found, known, type=kind))
            added += 1


def _runs_on(child: Work, values: npt.NDArray[np.float64]) -> bool:
    """True where numbers (rows,) rise from sibling to sibling, or fall."""
    follows = np.flatnonzero(child.position > 0)
    steps = values[child.order[follows]] - values[child.order[follows - 1]]
    steps = steps[~np.isnan(steps)]
    enough = len(steps) >= _FEWEST_STEPS and len(np.unique(steps)) >= 20
    return enough and max(float((steps >= 0).mean()), float((steps <= 0).mean())) >= 0.97
