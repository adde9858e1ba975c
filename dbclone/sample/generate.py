"""Draws a whole database: every table's rows, keys before values, parents before children.

Takes Schema, Plan, Profile, Models, the rows of real tables and a seed, gives Arrow batches table by table. The chunks
are made by an executor; which rows make a chunk never depends on it. Never sees a connection.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dbclone.errors import ModelError
from dbclone.models.links import link_rows
from dbclone.models.table import Models, TableModel
from dbclone.profile.rules import Dependency, NullWhen, NullWith, Rule
from dbclone.profile.value import Profile
from dbclone.sample.aggregates import Aggregates
from dbclone.sample.conditions import admitted_parents, admitted_rows, mend_conditions, mend_linked
from dbclone.sample.demands import Ask
from dbclone.sample.emit import fields_of, numbers_of
from dbclone.sample.exclusions import keep_apart
from dbclone.sample.executor import Serial, Threads, in_order
from dbclone.sample.filled import Filled, make_filled
from dbclone.sample.hierarchy import keep_kin
from dbclone.sample.ordering import keep_places
from dbclone.sample.overlaps import agree_on_shared
from dbclone.sample.parents import adjust, choose_parents, degrees, grow_hierarchy
from dbclone.sample.pool import take_pool
from dbclone.sample.ranks import keep_ranks
from dbclone.sample.real import fill_real
from dbclone.sample.rules import keep_rules, touching
from dbclone.sample.rules_batches import finish_batches
from dbclone.sample.rules_keys import keep_bounded, keep_meetings, kin_keys, written_order
from dbclone.sample.settling import Settling, ranges_of
from dbclone.sample.stored import RunFolder
from dbclone.sample.streams import generator
from dbclone.sample.tasks import (
    Draw,
    Layouts,
    Learned,
    Run,
    World,
    emit_chunk,
    enter,
    fill_chunk,
    leave,
    warm,
)
from dbclone.sample.unique import mend_duplicates
from dbclone.schema import ForeignKey, Plan, Schema, Strategy, Table, TableName, is_nullable

__all__ = ["Draw", "Generator"]

T = TypeVar("T")
Rows = npt.NDArray[np.int64]
Progress = Callable[[str, int, int], None]


_STEP = 1 << 16
_ABOUT_KEYS = (Dependency, NullWhen, NullWith)
_RESOLVED_ELSEWHERE = ("drive", "absent", "child", "link", "self")


def _in_memory() -> Learned:
    raise ModelError("what was learned is not on disk.", hint="give the generator a way to reopen it, or one worker.")


class Generator:
    """One run. ``fill`` draws everything but texts into the run folder, ``batches`` writes a table out as Arrow.

    ``reopen`` gives, in another process, what a bundle holds; only an executor other than ``Serial`` needs it.
    """

    def __init__(
        self,
        schema: Schema,
        plan: Plan,
        profile: Profile,
        models: Models,
        real: Mapping[TableName, pa.Table],
        real_codes: Mapping[TableName, npt.NDArray[np.uint8]],
        draw: Draw,
        folder: Path,
        *,
        executor: Executor | None = None,
        reopen: Callable[[], Learned] = _in_memory,
    ) -> None:
        self.schema, self.plan, self.profile, self.models = schema, plan, profile, models
        self.real, self.real_codes, self.draw = real, real_codes, draw
        self.folder = RunFolder(folder)
        self.notes: list[str] = []
        self._executor = executor or Serial()
        self._serial = isinstance(self._executor, Serial | Threads)
        self._world = World(schema, profile, models, draw, self.folder, own=True)
        self._run = Run(str(folder), draw, reopen)
        drawn = frozenset(name for name in self.tables if plan.strategy(name) is Strategy.SYNTHESIZE)
        self._aggregates = Aggregates(profile.rules, drawn, frozenset(self.tables))
        enter(self._run, self._world)
        if not self._serial:
            for _ in range(getattr(self._executor, "workers", 1)):
                self._executor.submit(warm, self._run)

    def close(self) -> None:
        """Lets go of the run folder's files."""
        leave(self._run)

    @property
    def filled(self) -> dict[TableName, Filled]:
        """The tables that are there."""
        return self._world.filled

    @property
    def tables(self) -> tuple[TableName, ...]:
        """The tables that will hold rows, parents first."""
        return tuple(name for name in self.plan.tables if name in self.models.by_name)

    def fill(
        self,
        progress: Progress = lambda _label, _done, _total: None,
        ready: Callable[[TableName], None] = lambda _name: None,
        ask: Ask | None = None,
    ) -> None:
        """Draws every table; says of each when it is ``ready``, that is when ``batches`` may be asked for it.

        ``ask`` lets the target's database judge what only it understands. Raises ModelError where no rows can satisfy
        the schema.
        """
        waits = self._aggregates.is_due
        run = self._world, self.plan, self._run
        settling = Settling(*run, self._chunkwise, self._layouts, self.notes, waits, ask)
        for done, name in enumerate(self.tables):
            progress(str(name), done, len(self.tables))
            if self.plan.strategy(name).is_real:
                self.filled[name] = self._real(name, done)
            elif self.plan.strategy(name) is Strategy.EMPTY:
                self.filled[name] = self._empty(name, done)
            else:
                self.filled[name] = self._synthesize(name, done)
            self._link_due(name)
            self._sum_up()
            settling.settle(ready)
        settling.finish(ready)
        progress("", len(self.tables), len(self.tables))

    def batches(self, name: TableName) -> Iterator[pa.RecordBatch]:
        """The rows of one table, of its stored columns, in chunks. Only of tables that are ready."""
        filled = self.filled[name]
        if filled.real is not None:
            fields = fields_of(filled)
            kept = filled.real.select(fields.names).cast(fields)
            yield from kept.to_batches(max_chunksize=self.draw.chunk_rows)
            return
        ranges = ranges_of(filled.rows, self.draw.chunk_rows)
        layouts = self._layouts()
        made = self._chunkwise(emit_chunk, [(self._run, layouts, name, start, stop) for start, stop in ranges])
        made = finish_batches(filled, self.profile.rules, made, self.draw.chunk_rows)
        # A row that others reference must stay as they know it; the database will say where it overlaps another.
        children = self.schema.children_of(name)
        fixed = frozenset(column for key in children for column in key.parent_columns)
        tell = functools.partial(self._tell_overlaps, name)
        yield from keep_apart(filled.table, made, tell, self.schema.dialect, fixed, needed=bool(children))

    def _tell_overlaps(self, name: TableName, rows: int) -> None:
        self.notes.append(f"{name}: {rows} rows left out, since they would overlap others (EXCLUDE)")

    # -- tasks ----------------------------------------------------------------------------------------------------

    def _chunkwise(self, task: Callable[..., T], arguments: list[tuple[Any, ...]]) -> Iterator[T]:
        """What ``task`` makes of each of ``arguments``. A table of one chunk is not worth a journey."""
        return in_order(Serial() if len(arguments) == 1 else self._executor, task, arguments)

    def _layouts(self) -> Layouts:
        return {} if self._serial else {name: filled.layout for name, filled in self.filled.copy().items()}

    def _sum_up(self) -> None:
        """Derives what parents sum up of children that are there now, and what follows from it."""
        while (name := self._aggregates.settle(self.filled)) is not None:
            filled, fixed = self.filled[name], self._aggregates.fixed(name)
            rules = touching(self.profile.rules, name, fixed)
            keep_rules(filled, self.filled, rules, self.draw.seed, self.schema.dialect, fixed)
            mend_conditions(filled, self.schema.dialect, self.draw.seed)

    # -- one table ------------------------------------------------------------------------------------------------

    def _real(self, name: TableName, number: int) -> Filled:
        table, model, data = self.schema.table(name), self.models.table(name), self.real[name]
        filled = make_filled(self.folder, number, table, model, data.num_rows)
        filled.real = data
        filled.own[:] = self.real_codes[name]
        tables = {other: part.real for other, part in self.filled.items() if part.real is not None} | {name: data}
        for place, key in enumerate(table.foreign_keys):
            if key.parent in tables:
                filled.parents[place] = link_rows(key, tables)
        filled.output = np.arange(data.num_rows)
        fill_real(filled, self.draw.seed)
        return filled

    def _empty(self, name: TableName, number: int) -> Filled:
        filled = make_filled(self.folder, number, self.schema.table(name), self.models.table(name), 0)
        filled.output = np.zeros(0, np.int64)
        return filled

    def _ratio(self, name: TableName) -> float:
        """How many times as many rows as in the source this table is to have."""
        model = self.models.table(name)
        if name in self.draw.rows:
            return self.draw.rows[name] / max(1, model.rows)
        if self.plan.strategy(name).is_real:
            return 1.0
        if model.driver >= 0:
            parent = self.schema.table(name).foreign_keys[model.driver].parent
            if not self.plan.strategy(parent).is_real:
                return self._ratio(parent)
        return self.draw.scale

    def _synthesize(self, name: TableName, number: int) -> Filled:
        table, model = self.schema.table(name), self.models.table(name)
        rng = generator(self.draw.seed, "rows", name)
        wanted = round(self._ratio(name) * model.rows)
        if self.draw.scale < 1 and model.rows and name not in self.draw.rows:
            wanted = max(wanted, 1)
        if model.driver >= 0:
            counts, alone = self._drive(name, model, wanted, rng)
            filled = make_filled(self.folder, number, table, model, int(counts.sum()) + alone)
            _lay_families(filled, counts)
        else:
            filled = make_filled(self.folder, number, table, model, wanted)
        self.filled[name] = filled
        self._fill_entries(filled)
        return filled

    def _drive(self, name: TableName, model: TableModel, wanted: int, rng: np.random.Generator) -> tuple[Rows, int]:
        """The number of rows of every row of the driving parent, and the number of rows without a parent."""
        key = self.schema.table(name).foreign_keys[model.driver]
        parent = self.filled[key.parent]
        about = model.keys[model.driver]
        counts = degrees(parent, key, about, self.draw.seed)
        alone = round(about.nulls * wanted)
        natural = int(counts.sum())
        free = self.draw.scale != 1.0 and not self.plan.strategy(key.parent).is_real and name not in self.draw.rows
        if not free or abs(natural + alone - wanted) > 0.2 * wanted + 5:
            counts = adjust(counts, wanted - alone, about.unique, rng)
        admitted = admitted_parents(parent, self.schema.table(name), key, self.schema.dialect)
        if admitted is not None:
            total = int(counts.sum())
            counts = np.where(admitted, counts, 0)
            counts[admitted] = adjust(counts[admitted], total, about.unique, rng)
            short = total - int(counts.sum())
            if short > 0:
                self.notes.append(f"{name}: {short} rows left out, since a CHECK forbids what their parents are called")
        return counts, alone

    def _fill_entries(self, filled: Filled) -> None:
        model = filled.model
        if model.key_entries:
            self._fill_chunks(filled, resolved=False)
        self._resolve_keys(filled)
        if model.key_entries < len(model.entries):
            self._fill_chunks(filled, resolved=True)
        take_pool(filled, self.draw.seed, self.draw.chunk_rows)
        keep_ranks(filled, self.draw.seed)
        self._keep_rules(filled, self.profile.rules)
        self._keep_admitted(filled)
        filled.output = written_order(filled, self.filled, self.profile.rules, self.draw.seed)
        keep_places(filled)

    def _keep_rules(self, filled: Filled, rules: Sequence[Rule]) -> None:
        """Makes rules hold, then constraints."""
        fixed = self._aggregates.fixed(filled.table.name)
        for turn in range(2):
            changed = keep_rules(filled, self.filled, rules, self.draw.seed, self.schema.dialect, fixed)
            # Mending may break a rule, but whatever keeps rules must not break a constraint in turn.
            if changed or not turn:
                self._mend(filled)

    def _mend(self, filled: Filled) -> None:
        """Makes CHECKs and uniqueness hold."""
        model = filled.model
        mend_conditions(filled, self.schema.dialect, self.draw.seed, self.filled)
        dropped = mend_duplicates(filled, self.draw.seed, self.schema.dialect, self.filled)
        if dropped:
            self.notes.append(f"{model.name}: {dropped} rows left out, since no value was free that keeps them unique")

    def _keep_admitted(self, filled: Filled) -> None:
        """Leaves out the rows whose number a CHECK forbids."""
        model = filled.model
        if not model.numbered or not filled.table.checks or filled.rows <= model.rows:
            return
        numbers = {one.column: numbers_of(one, filled.rows, model.rows) for one in model.numbered}
        most = admitted_rows(filled, numbers, self.schema.dialect)
        if most < filled.rows:
            self.notes.append(f"{model.name}: {filled.rows - most} rows left out, since a CHECK forbids their numbers")
            filled.keep(np.arange(filled.rows) < most)

    def _fill_chunks(self, filled: Filled, *, resolved: bool) -> None:
        layouts = self._layouts()
        task = functools.partial(fill_chunk, resolved=resolved)
        chunks = chunks_of(filled, self.draw.chunk_rows)
        for _ in self._chunkwise(task, [(self._run, layouts, filled.table.name, *part) for part in chunks]):
            pass

    # -- keys -----------------------------------------------------------------------------------------------------

    def _resolve_keys(self, filled: Filled) -> None:
        model = filled.model
        linked = self.plan.linked
        # In the order in which they were learned: larger parents first, lookups last.
        order = sorted(range(len(model.keys)), key=lambda number: -model.keys[number].parents)
        for lookup in (False, True):
            for number in order:
                about = model.keys[number]
                key = filled.table.foreign_keys[number]
                if (about.mode == "lookup") is not lookup or about.mode in _RESOLVED_ELSEWHERE or key in linked:
                    continue
                slot = model.by_name.get(f"key {number}")
                codes = np.ones(filled.rows, np.uint8)
                if slot is not None:
                    codes = np.array(filled.own[:, model.first_slot[slot]])
                distinct = self._distinct_among_siblings(filled, number)
                chosen = choose_parents(filled, number, self.filled, codes, distinct, self.draw.seed)
                filled.parents[number] = chosen
                if slot is not None and about.mode == "category":
                    filled.own[:, model.first_slot[slot]] = codes
        self._follow_wider_keys(filled)
        agree_on_shared(filled, self.filled, self.draw.seed)
        keep_meetings(filled, self.filled, self.profile.rules, self.draw.seed)
        keep_bounded(filled, self.filled, self.profile.rules, self.draw.seed)
        missing = np.zeros(filled.rows, bool)
        for number, key in enumerate(filled.table.foreign_keys):
            rows = filled.parents[number]
            if (rows == -2).any():
                if is_nullable(filled.table, key):
                    filled.parents[number] = np.where(rows == -2, -1, rows)
                else:
                    missing |= rows == -2
        if missing.any():
            self.notes.append(f"{model.name}: {int(missing.sum())} rows left out, since their keys had no free parent")
            filled.keep(~missing)

    def _follow_wider_keys(self, filled: Filled) -> None:
        """Where a key's columns are part of another key's, the row that the wider one references says which it is."""
        for number, (wider, second) in implied_keys(filled.table, self.schema).items():
            modes = [filled.model.keys[one].mode for one in (number, wider)]
            parent = filled.table.foreign_keys[wider].parent
            if modes[0] in ("drive", "lookup") or "absent" in modes or parent not in self.filled:
                continue
            above, through = filled.parents[wider], self.filled[parent].parents[second]
            if len(through):
                filled.parents[number] = np.where(above >= 0, through[np.clip(above, 0, None)], filled.parents[number])

    def _distinct_among_siblings(self, filled: Filled, number: int) -> bool:
        """True where a unique set says that siblings never share this parent."""
        model = filled.model
        if model.driver < 0:
            return False
        ours = set(filled.table.foreign_keys[model.driver].columns) | set(filled.table.foreign_keys[number].columns)
        return any(set(columns) <= ours for columns in filled.table.unique_sets)

    def _link_due(self, name: TableName) -> None:
        """Self references, and the cut keys whose both tables are now there."""
        filled = self.filled[name]
        if filled.real is None:
            for number, about in enumerate(filled.model.keys):
                if about.mode == "self":
                    filled.parents[number] = grow_hierarchy(filled, number, self.draw.seed)
                    for other in kin_keys(filled, number, self.profile.rules):
                        keep_kin(filled, number, other, self.draw.seed)
                    self._keep_linked(filled, number)
            self._mend_linked(filled)
        for step in self.plan.steps:
            if step.action != "link" or step.key is None or name not in (step.key.table, step.key.parent):
                continue
            child = self.filled.get(step.key.table)
            if child is not None and step.key.parent in self.filled and child.real is None:
                number = child.table.foreign_keys.index(step.key)
                child.parents[number] = self._link(child, number, step.key)
                self._keep_linked(child, number)
                self._mend_linked(child)

    def _keep_linked(self, filled: Filled, number: int) -> None:
        """What follows from a key that was linked after the row's values were drawn."""
        columns = set(filled.table.foreign_keys[number].columns)
        rules = [one for one in self.profile.rules if isinstance(one, _ABOUT_KEYS) and columns & {one.column, one.by}]
        if keep_rules(filled, self.filled, rules, self.draw.seed, self.schema.dialect):
            mend_conditions(filled, self.schema.dialect, self.draw.seed, self.filled)

    def _mend_linked(self, filled: Filled) -> None:
        """What only the keys that are linked last can show to be broken."""
        if any(about.mode in ("self", "link", "child") for about in filled.model.keys):
            agree_on_shared(filled, self.filled, self.draw.seed, linked=True)
            mend_linked(filled, self.schema.dialect, self.draw.seed, self.filled)
            mend_duplicates(filled, self.draw.seed, self.schema.dialect, self.filled, linked=True)

    def _link(self, child: Filled, number: int, key: ForeignKey) -> Rows:
        model = child.model.keys[number]
        parent = self.filled[key.parent]
        rng = generator(self.draw.seed, "link", key)
        empty = rng.random(child.rows) < model.nulls
        result = np.full(child.rows, -1, np.int64)
        if not parent.rows:
            return result
        if model.mode == "child":
            # One of the rows that reference this one back, so that both keys agree.
            back = parent.parents[model.via[0]]
            order = rng.permutation(parent.rows)
            owner = back[order]
            valid = (owner >= 0) & (owner < child.rows)
            result[owner[valid]] = order[valid]
        short = np.flatnonzero((result < 0) & ~empty)
        if len(short):
            free = np.setdiff1d(np.arange(parent.rows), result) if model.unique else np.arange(parent.rows)
            if len(free) and model.unique:
                result[short] = rng.permutation(np.resize(free, max(len(short), len(free))))[: len(short)]
            elif len(free):
                result[short] = rng.choice(free, len(short))
            if model.unique and len(free) < len(short):
                left_over = len(short) - len(free)
                self.notes.append(f"{child.model.name}: {left_over} rows share no free row of {key.parent}")
        result[empty] = -1
        return result


def implied_keys(table: Table, schema: Schema) -> dict[int, tuple[int, int]]:
    """Keys that a wider key of the same table leads to: (the wider one, the key of its parent that goes on), by number.

    ``items(a, b) -> pairs`` leads to ``items(a) -> firsts`` where ``pairs(a) -> firsts``.
    """
    found: dict[int, tuple[int, int]] = {}
    for number, key in enumerate(table.foreign_keys):
        for wider, other in enumerate(table.foreign_keys):
            if not set(key.columns) < set(other.columns) or other.parent not in schema or other.is_self:
                continue
            above = tuple(other.parent_columns[other.columns.index(column)] for column in key.columns)
            pairs = set(zip(above, key.parent_columns, strict=True))
            for second, further in enumerate(schema.table(other.parent).foreign_keys):
                goes_on = set(zip(further.columns, further.parent_columns, strict=True)) == pairs
                if goes_on and further.parent == key.parent and number not in found:
                    found[number] = (wider, second)
    return found


def chunks_of(filled: Filled, size: int) -> list[tuple[int, int]]:
    """Ranges of at least ``size`` rows, all but the last, that never part siblings."""
    found = []
    begin = 0
    while begin < filled.rows:
        end = begin + size
        while end < filled.rows:
            starts = np.flatnonzero(filled.position[end : end + _STEP] == 0)
            if len(starts):
                end += int(starts[0])
                break
            end += _STEP
        found.append((begin, min(end, filled.rows)))
        begin = end
    return found


def _lay_families(filled: Filled, counts: Rows) -> None:
    """Rows ``counts`` (parents,) by driving parent, siblings together; what is left of the rows has none."""
    names = f"parent{filled.model.driver}", "position", "left"
    for name in names:
        filled.make(name, (filled.rows,), np.int64)
    parent, position, left = (filled.array(name) for name in names)
    end = 0
    for first in range(0, len(counts), _STEP):
        sizes = counts[first : first + _STEP]
        begin, end = end, end + int(sizes.sum())
        starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
        parent[begin:end] = np.repeat(np.arange(first, first + len(sizes)), sizes)
        position[begin:end] = np.arange(end - begin) - starts
        left[begin:end] = np.repeat(sizes, sizes) - 1 - position[begin:end]
    parent[end:] = -1
