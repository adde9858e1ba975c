"""Checks that models from a stranger's bundle stay inside their own arrays: compiled loops trust every index.

Takes Models and the schema, profile, plan and real rows that they belong to, gives nothing. Raises BundleError at the
first index that leads outside, and at the first number that would make more rows than the bundle says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dbclone.errors import BundleError
from dbclone.models.categories import CategoryCodec
from dbclone.models.numbers import NumberCodec
from dbclone.models.table import (
    GROUPS,
    PLACE,
    Balance,
    Base,
    Calendar,
    Entry,
    KeyModel,
    Models,
    Pool,
    Stage,
    TableModel,
    hidden_name,
)
from dbclone.models.trees import Tree
from dbclone.profile.value import Profile, Role
from dbclone.schema import Plan, Schema, Table, TableName

_MOST_ROWS = 2**40
_MODES = {"drive", "category", "lookup", "draw", "self", "absent", "child", "link"}
_LATE = {"absent", "child", "link", "self"}
"""Modes of keys that lead nowhere while their table is filled."""
_ROLES = {"flag", "key", "column", "length", "count", "hidden", "bound", "place", "window"}
_FIRST_STEP = 3


@dataclass(frozen=True)
class Parts:
    """The rest of the bundle, which the models must agree with; ``place`` is each table's turn in the plan."""

    models: Models
    schema: Schema
    profile: Profile
    plan: Plan
    place: Mapping[TableName, int]

    def parent(self, model: TableModel, number: int) -> TableModel:
        """The model of the table that key ``number`` references, where it is filled before ``model``'s."""
        require(0 <= number < len(model.keys), model.name, "follows a key that is not there")
        name = self.schema.table(model.name).foreign_keys[number].parent
        early = self.place.get(name, len(self.place)) < self.place[model.name]
        require(name in self.models.by_name and early, model.name, "follows a key to a table that is not there yet")
        return self.models.table(name)


def check_models(
    models: Models,
    schema: Schema,
    profile: Profile,
    plan: Plan,
    real: Mapping[TableName, pa.Table],
    codes: Mapping[TableName, npt.NDArray[np.uint8]],
) -> None:
    """Raises BundleError where a tree, a codec or a key leads outside its arrays or its schema."""
    require(len(models.by_name) == len(models.tables), "the database", "has two models of one table")
    parts = Parts(models, schema, profile, plan, {name: turn for turn, name in enumerate(plan.tables)})
    for model in models.tables:
        require(
            model.name in schema and model.name in profile.by_name, model.name, "is in the models but not in the schema"
        )
        require(model.name in parts.place, model.name, "has a model but no place in the plan")
        _check_table(parts, model)
    for name, strategy in plan.strategies:
        if strategy.is_real and name in models.by_name:
            require(name in real, name, "has no rows to copy")
    for name in real:
        require(name in models.by_name and name in codes, name, "has rows but no model")
        _check_real(models.table(name), real[name], codes[name])


def require(condition: bool, name: object, what: str) -> None:
    """Raises BundleError unless ``condition`` holds."""
    if not condition:
        raise BundleError(f"the bundle is damaged: {name} {what}.")


def _check_table(parts: Parts, model: TableModel) -> None:
    name, table = model.name, parts.schema.table(model.name)
    require(set(table.by_name) == set(parts.profile.table(name).by_name), name, "has columns without a profile")
    require(0 <= model.rows <= _MOST_ROWS, name, "has a number of rows that cannot be")
    require(len(model.keys) == len(table.foreign_keys), name, "has other keys than the schema")
    drivers = [number for number, key in enumerate(model.keys) if key.mode == "drive"]
    require(
        drivers == ([model.driver] if model.driver >= 0 else []) and model.driver >= -1,
        name,
        "is driven by no key of its own",
    )
    if model.driver >= 0:
        parts.parent(model, model.driver)
    require(0 <= model.key_entries <= len(model.entries), name, "counts its entries wrongly")
    require(len(model.by_name) == len(model.entries), name, "has two entries of one name")
    for feature in model.context:
        _check_path(parts, model, feature.path, feature.slot)
    width = len(model.context) + 2 + 2 * model.slots
    for entry in model.entries:
        _check_entry(parts, model, entry, width)
    for number, key in enumerate(model.keys):
        _check_key(parts, model, number, key)
    _check_rest(parts, model, table)
    if model.pool is not None:
        _check_pool(model, model.pool)
    if model.balance is not None:
        _check_balance(model, model.balance, width)
    for one in model.pairs:
        there = 0 <= one.pair < len(table.pairs) and 0 <= one.target < len(table.pairs[one.pair].targets)
        require(there, name, "leads by a pair that is not there")
        flat = one.rows.ndim == one.repeats.ndim == 1 and len(one.rows) == len(one.repeats)
        require(flat and bool((one.rows >= 0).all() and (one.repeats >= 0).all()), name, "has counts of no sense")
        require(not len(one.repeats) or one.repeats.sum() > 0, name, "has counts of no sense")
        total = float((one.rows.astype(np.float64) * one.repeats).sum())
        require(total <= model.rows and 0 <= one.nulls <= 1, name, "has more children than rows")


def _check_real(model: TableModel, rows: pa.Table, codes: npt.NDArray[np.uint8]) -> None:
    name = model.name
    require(codes.shape == (rows.num_rows, model.slots), name, "has codes of another shape than its rows")
    require(codes.dtype == np.uint8, name, "has codes of another type")
    for entry, slot in zip(model.entries, model.first_slot, strict=False):
        if entry.role in ("count", "window") and entry.numbers is not None:
            require(int(codes[:, slot].max(initial=0)) < entry.numbers.size, name, "has codes without a value")


def _check_path(parts: Parts, model: TableModel, path: tuple[int, ...], slot: int) -> None:
    at = model
    require(0 < len(path) <= 8, model.name, "looks at itself")
    for number in path:
        above = parts.parent(at, number)
        require(
            at.keys[number].mode not in _LATE or at is not model, model.name, "looks along a key that leads nowhere yet"
        )
        at = above
    require(0 <= slot < at.slots, model.name, "looks at a slot that is not there")


# -- entries ----------------------------------------------------------------------------------------------------------


def _check_entry(parts: Parts, model: TableModel, entry: Entry, width: int) -> None:
    name = model.name
    require(entry.role in _ROLES, name, "has an entry of no role")
    _check_tree(model, entry.tree, width)
    for codec in (entry.numbers, entry.start):
        if codec is not None:
            _check_numbers(model, codec)
    if entry.role in ("column", "length"):
        _check_column(parts, model, entry)
    elif entry.role in ("count", "hidden", "bound", "place", "window"):
        require(entry.numbers is not None, name, "has a hidden column without a codec")
    if entry.has_value:
        start = entry.numbers if entry.start is None else entry.start
        require(
            start is not None and int(entry.tree.codes.max(initial=0)) < start.size,
            name,
            "draws a code without a value",
        )
    for stage in entry.stages:
        _check_stage(parts, model, entry, stage, width)
    shares = entry.shares
    weighed = shares.ndim == 1 and shares.size <= 256 and np.isfinite(shares).all() and (shares >= 0).all()
    require(bool(weighed), name, "has shares that are none")
    require(entry.single.ndim == 1 and entry.single.size <= 256, name, "has too many codes that come once")
    if entry.categories is not None:
        _check_categories(model, entry.categories)
    require(bool(np.isfinite(entry.unit)) and entry.unit in (0.0, 1.0, 86_400e6), name, "has a calendar of no unit")


def _check_column(parts: Parts, model: TableModel, entry: Entry) -> None:
    """A column's codec must fit what the column holds: texts have categories, all else has numbers."""
    name, table = model.name, parts.schema.table(model.name)
    require(entry.name in table.by_name, name, "fills a column that is not there")
    storage = table.column(entry.name).type.storage
    if storage == "binary" and entry.categories is not None:
        # Bytes that many rows repeat travel as hexadecimal text.
        whole = all(re.fullmatch("([0-9a-f]{2})*", value) for value in entry.categories.values)
        require(whole and entry.role == "column" and entry.numbers is None, name, "has bytes that are none")
        return
    text = storage == "string"
    coded = parts.profile.table(name).column(entry.name).role is Role.CODED
    require((entry.role == "column") is coded, name, "fills a column that the profile gives to somebody else")
    require((entry.categories is not None) is (coded and text), name, "has categories where numbers belong")
    require((entry.numbers is None) is (coded and text), name, "has numbers where categories belong")


def _check_stage(parts: Parts, model: TableModel, entry: Entry, stage: Stage, width: int) -> None:
    name, base, tree = model.name, stage.base, stage.tree
    _check_tree(model, tree, width)
    ways = ("difference", "ratio", "same", "step", "pace")
    known = base.kind in ("sibling", "parent", "column", "calendar") and base.way in ways
    require(known, name, "has a base of no kind")
    require(bool(np.isfinite(stage.anchors).all()), name, "has an anchor that is no number")
    if base.way == "same":
        plain = base.kind == "sibling" and (not entry.has_value or base.column in model.value_index)
        named = base.kind in ("parent", "calendar") and not entry.has_value
        require(plain or named or entry.has_value, name, "repeats a value that is not there")
    else:
        require(stage.codec is not None and entry.has_value, name, "has a difference without a codec")
        assert stage.codec is not None
        _check_numbers(model, stage.codec)
        codes = stage.codec.size + len(stage.anchors)
        require(int(tree.codes.max(initial=0)) < codes, name, "draws a difference without a value")
        there = base.kind != "sibling" or base.column in model.value_index
        require(there, name, "is coded against a column that is not there")
    require((base.kind == "calendar") is (stage.calendar is not None), name, "follows a calendar that is not there")
    if stage.calendar is not None:
        _check_calendar(parts, model, entry, base, stage.calendar)
    if base.way in ("step", "pace"):
        driven = base.kind == "sibling" and base.key == model.driver >= 0
        require(driven and base.toward in parts.parent(model, base.key).value_index, name, "steps toward no bound")
    if base.kind == "column":
        require(base.column in model.value_index, name, "is coded against a column that is not there")
    if base.kind == "parent":
        above = parts.parent(model, base.key)
        there = _has_numbers(above, base.column) if entry.has_value else _names_codes(above, base.column, entry)
        require(there, name, "is coded against a column that is not there")


def _check_calendar(parts: Parts, model: TableModel, entry: Entry, base: Base, calendar: Calendar) -> None:
    name, times, values = model.name, calendar.times, calendar.values
    require(base.way == "same" and calendar.time in model.value_index, name, "follows a calendar of no time")
    shaped = times.ndim == 1 and values.ndim == 2 and values.shape[1] == len(times) > 0 and len(values) > 0
    require(shaped and bool((np.diff(times) > 0).all()), name, "has a calendar of uneven arrays")
    said = values[~np.isnan(values)]
    codes = entry.has_value or bool(((said >= 0) & (said < entry.size) & (said == np.rint(said))).all())
    require(codes and bool(np.isfinite(said).all()), name, "has a calendar of values that are none")
    if calendar.hidden:
        above = parts.parent(model, base.key)
        there = above.by_name.get(calendar.hidden)
        coded = there is not None and above.entries[there].numbers is not None
        require(coded, name, "follows a calendar of no class")


def _has_numbers(above: TableModel, column: str) -> bool:
    """True where a parent's column has values, or codes that stand for numbers."""
    number = above.by_name.get(column)
    return column in above.value_index or (number is not None and above.entries[number].numbers is not None)


def _names_codes(above: TableModel, hidden: str, entry: Entry) -> bool:
    """True where every code of a parent's hidden column stands for one of the codes of ``entry``, or where both have
    categories."""
    number = above.by_name.get(hidden)
    if number is not None and above.entries[number].categories is not None:
        return entry.categories is not None
    codec = None if number is None else above.entries[number].numbers
    if codec is None:
        return False
    named = codec.representatives()[1:]
    return bool(((named >= 0) & (named < entry.size) & (named == np.rint(named))).all())


def _check_tree(model: TableModel, tree: Tree, width: int) -> None:
    nodes, leaves = len(tree.feature), len(tree.start) - 1
    name = model.name
    same = len(tree.left) == len(tree.right) == nodes and tree.mask.shape == (nodes, 4)
    require(nodes > 0 and leaves > 0 and same and len(tree.rows) == leaves, name, "has a tree of uneven arrays")
    flat = all(
        one.ndim == 1
        for one in (tree.feature, tree.left, tree.right, tree.start, tree.codes, tree.cumulative, tree.rows)
    )
    require(flat, name, "has a tree of uneven arrays")
    inner = tree.feature >= 0
    number = np.arange(nodes)
    require(bool((tree.feature < width).all()), name, "has a tree that looks outside the row")
    for side in (tree.left, tree.right):
        # Children come after their parent, so that every walk ends.
        inside = bool(((side[inner] > number[inner]) & (side[inner] < nodes)).all())
        require(inside, name, "has a tree that walks outside itself")
    leaf = tree.left[~inner]
    require(bool(((leaf >= 0) & (leaf < leaves)).all()), name, "has a leaf that is not there")
    require(len(tree.codes) == len(tree.cumulative), name, "has leaves of uneven arrays")
    rising = tree.start[0] == 0 and tree.start[-1] == len(tree.codes) and (np.diff(tree.start) >= 0).all()
    require(bool(rising), name, "has leaves outside their codes")
    require(bool((tree.rows >= 0).all()), name, "has a leaf of fewer than no rows")


# -- codecs -----------------------------------------------------------------------------------------------------------


def _check_numbers(model: TableModel, codec: NumberCodec) -> None:
    name, size = model.name, codec.size
    arrays = (codec.spikes, codec.spike_codes, codec.edges, codec.bin_codes, codec.knots, codec.first)
    require(all(one.ndim == 1 for one in arrays), name, "has a codec of uneven arrays")
    require(size <= 256 and len(codec.spikes) == len(codec.spike_codes), name, "has too many codes")
    used = np.concatenate([codec.spike_codes, codec.bin_codes]).astype(np.int64)
    require(bool((np.sort(used) == np.arange(1, size)).all()), name, "has codes that are not its own")
    bins = len(codec.bin_codes)
    require(len(codec.edges) == (bins + 1 if bins else 0), name, "has bins without edges")
    require(len(codec.first) == bins + 1, name, "has bins without knots")
    if bins:
        inside = codec.first[0] >= 0 and codec.first[-1] == len(codec.knots) - 1 and (np.diff(codec.first) > 0).all()
        require(bool(inside), name, "has bins outside their knots")
    values = np.concatenate([[codec.grid, codec.offset, codec.low, codec.high], codec.knots, codec.edges, codec.spikes])
    require(bool(np.isfinite(values).all() and codec.grid >= 0), name, "has a scale that is no number")
    shares = codec.beyond
    whole = shares.shape in ((0,), (3,)) and bool((shares >= 0).all()) and shares.sum() <= 1 + 1e-9
    require(whole, name, "has shares of no numbers that are none")


def _check_categories(model: TableModel, codec: CategoryCodec) -> None:
    name, start = model.name, codec.start
    require(
        all(one.ndim == 1 for one in (start, codec.weights, codec.rare_lengths)), name, "has a codec of uneven arrays"
    )
    rising = len(start) > 0 and start[0] == 0 and start[-1] == len(codec.values) and (np.diff(start) > 0).all()
    require(bool(rising), name, "has categories out of order")
    weighed = (
        len(codec.weights) == len(codec.values) and np.isfinite(codec.weights).all() and (codec.weights >= 0).all()
    )
    require(
        bool(weighed) and codec.size <= 256 and codec.rare in (0, len(start)), name, "has categories without weights"
    )
    lengths = len(codec.rare_lengths) > 0 and (codec.rare_lengths >= 0).all()
    require(not codec.rare or bool(lengths), name, "has rare values of no length")


def _check_pool(model: TableModel, pool: Pool) -> None:
    name, entries = model.name, model.entries
    require(pool.codes.ndim == 2 and pool.codes.shape[1] == len(pool.entries), name, "has a pool of another shape")
    require(len(pool.codes) > 0 and len(set(pool.entries)) == len(pool.entries), name, "has an empty pool")
    for place, number in enumerate(pool.entries):
        there = 0 <= number < len(entries) and entries[number].role in ("column", "length")
        require(there, name, "has a pool of columns that are not there")
        codec = entries[number].categories or entries[number].numbers
        inside = codec is not None and int(pool.codes[:, place].max()) < codec.size
        require(inside, name, "has a pool of codes without a value")


def _check_balance(model: TableModel, balance: Balance, width: int) -> None:
    name, count = model.name, len(balance.features)
    features, groups, pairs = balance.features, balance.groups, balance.pairs
    shaped = features.ndim == 1 and groups.shape == (count, 256) and pairs.shape == (len(balance.entries), 2)
    require(shaped and balance.entries.ndim == 1, name, "has pairs of uneven arrays")
    require(bool(((features >= 0) & (features < width)).all()), name, "has pairs that look outside the row")
    require(bool((groups < GROUPS).all()), name, "has groups that are not there")
    require(bool(((pairs >= 0) & (pairs < count)).all()), name, "has pairs of what is not there")
    entries = balance.entries
    sorted_ = bool((np.diff(entries) >= 0).all() and ((entries >= 0) & (entries < len(model.entries))).all())
    require(sorted_, name, "has pairs out of order")
    cells = balance.cells
    even = cells.ndim == balance.shares.ndim == 1 and len(cells) == len(balance.shares)
    inside = even and bool(((cells >= 0) & (cells < len(pairs) * GROUPS**2)).all())
    require(inside and bool(np.isfinite(balance.shares).all()), name, "has shares of pairs that are not there")


# -- keys and what else a table has -----------------------------------------------------------------------------------


def _check_key(parts: Parts, model: TableModel, number: int, key: KeyModel) -> None:
    name, declared = model.name, parts.schema.table(model.name).foreign_keys[number]
    require(key.key == number and key.mode in _MODES, name, "has a key of no kind")
    require(0 <= key.nulls <= 1, name, "has a share of NULL that cannot be")
    require(
        (key.mode == "self") is (declared.is_self and key.mode != "absent"),
        name,
        "references itself by a key that does not",
    )
    counts, repeats = key.rows, key.repeats
    plain = counts.ndim == repeats.ndim == 1 and len(counts) == len(repeats)
    require(plain and bool((counts >= 0).all() and (repeats >= 0).all()), name, "has counts of no sense")
    total = float((counts.astype(np.float64) * repeats).sum())
    require(total <= model.rows, name, "has more children than rows")
    rising = len(counts) == 0 or ((np.diff(counts) > 0).all() and repeats.sum() > 0)
    require(bool(rising), name, "has counts out of order")
    require(key.depths.ndim == 1 and bool((key.depths >= 0).all()), name, "has a hierarchy of no sense")
    require(len(key.depths) <= max(1, model.rows), name, "has a hierarchy deeper than its rows")
    require(key.mode != "self" or len(key.depths) > 0, name, "has a hierarchy of no sense")
    if key.mode in ("drive", "category", "lookup", "draw"):
        require(declared not in parts.plan.linked, name, "draws a key that is to be linked")
        parts.parent(model, number)
    elif key.mode in ("child", "link"):
        require(declared in parts.plan.linked, name, "links a key that is not to be linked")
    _check_codes(parts, model, number, key)
    _check_via(parts, model, number, key)


def _check_window(parts: Parts, model: TableModel, number: int, key: KeyModel) -> None:
    """What is drawn in time needs a driving parent, windows of the other parent, and a mate that is there before."""
    name, declared = model.name, parts.schema.table(model.name).foreign_keys[number]
    require(key.mode == "draw" and model.driver >= 0 and number != model.driver, name, "draws along no axis")
    driving = parts.parent(model, model.driver)
    require(key.axis == PLACE or key.axis in driving.value_index, name, "draws along no axis")
    values = parts.parent(model, number).value_index
    windows = all(hidden_name(declared, what) in values for what in ("from", "for"))
    require(windows, name, "draws from windows that are not there")
    early = 0 <= key.mate < len(model.keys) and model.keys[key.mate].mode in ("draw", "category")
    before = early and (-model.keys[key.mate].parents, key.mate) < (-key.parents, number)
    require(key.mate == -1 or before, name, "follows a mate that is not there yet")


def _check_codes(parts: Parts, model: TableModel, number: int, key: KeyModel) -> None:
    """What a key's entry draws must be a step, or one of the rows that it names."""
    name, entry = model.name, model.by_name.get(f"key {number}")
    highest = 1 if entry is None else int(model.entries[entry].tree.codes.max(initial=0))
    require(key.steps.ndim == 1 and bool((np.abs(key.steps) < _MOST_ROWS).all()), name, "has steps of no sense")
    if key.mode == "draw":
        require(highest < _FIRST_STEP + len(key.steps), name, "draws a step that is not there")
    if key.axis:
        _check_window(parts, model, number, key)
    if key.mode == "category":
        plain = key.counts.ndim == 1 and bool((key.counts >= 0).all()) and float(key.counts.sum()) <= model.rows
        require(plain and len(key.counts) > 0 and highest <= len(key.counts), name, "names a row that is not there")


def _check_via(parts: Parts, model: TableModel, number: int, key: KeyModel) -> None:
    name, declared = model.name, parts.schema.table(model.name).foreign_keys[number]
    require(len(key.via) == {"lookup": 2, "child": 1}.get(key.mode, 0), name, "looks a key up where there is none")
    if key.mode == "lookup":
        first, second = key.via
        middle = parts.parent(model, first)
        require(first != number and model.keys[first].mode not in _LATE, name, "looks a key up where there is none")
        require(0 <= second < len(middle.keys), name, "looks a key up where there is none")
        reached = parts.schema.table(middle.name).foreign_keys[second].parent
        require(reached == declared.parent, name, "looks a key up in another table")
    if key.mode == "child":
        keys = parts.schema.table(declared.parent).foreign_keys
        back = 0 <= key.via[0] < len(keys) and keys[key.via[0]].parent == name
        require(back and declared.parent in parts.models.by_name, name, "is linked by a key that does not come back")


def _check_rest(parts: Parts, model: TableModel, table: Table) -> None:
    """Surrogate keys, counters, columns copied from parents and the order of rows."""
    name = model.name
    for numbered in model.numbered:
        marks = numbered.quantiles
        require(numbered.column in table.by_name, name, "numbers a column that is not there")
        usable = marks.ndim == 1 and len(marks) > 0 and np.isfinite(marks).all() and (np.diff(marks) >= 0).all()
        require(bool(usable), name, "numbers rows by marks of no sense")
    for counter in model.counters:
        there = counter.column in table.by_name and 0 <= counter.key < len(model.keys)
        require(there, name, "counts along a key that is not there")
    for rank in model.ranks:
        there = 0 <= rank.key < len(model.keys) and rank.column in model.value_index
        require(there and model.keys[rank.key].mode not in _LATE, name, "ranks along a key that is not there")
        require(rank.first in (0, 1) and 0 <= rank.share <= 1, name, "ranks along a key that is not there")
        require(set(rank.followers) <= set(model.by_name), name, "ranks a column that is not there")
    for copy in model.copies:
        above = parts.parent(model, copy.key)
        columns = parts.schema.table(above.name).by_name
        there = copy.column in table.by_name and copy.parent_column in columns
        require(there and model.keys[copy.key].mode not in _LATE, name, "copies a column that is not there")
        same = columns[copy.parent_column].type.storage == table.column(copy.column).type.storage
        require(same, name, "copies a column of another type")
    require(set(model.order.texts) <= set(table.by_name), name, "is in the order of nothing")
    places = [entry.name for entry in model.entries if entry.role == "place"]
    require(places in ([], [PLACE]) and (bool(places) or not model.order.placed), name, "is in the order of nothing")
    for one in model.order.keys:
        require(0.0 <= one.strays <= 1.0, name, "is in the order of nothing")
        if one.key < 0:
            require(one.column in model.value_index, name, "is in the order of nothing")
        else:
            parts.parent(model, one.key)
            require(model.keys[one.key].mode not in _LATE, name, "is in the order of nothing")
