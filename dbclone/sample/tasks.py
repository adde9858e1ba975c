"""The tasks of a run: one chunk of rows filled, one chunk of a table or of its key column made.

Takes a Run and the layouts of the tables that are there, works on the run folder. A task says by its arguments all that
it does, so that any process that sees the folder may do it; what was learned is opened once in each process.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dbclone.models.calendar_parts import position_codes
from dbclone.models.categories import same_codes
from dbclone.models.table import NO_CODE, Models
from dbclone.profile.value import Profile
from dbclone.sample.calibrate import calibrate
from dbclone.sample.emit import Emitter
from dbclone.sample.filled import Filled, Layout
from dbclone.sample.kernel import fill_rows
from dbclone.sample.program import LEFT, ParentColumn, Program, compile_program
from dbclone.sample.stored import RunFolder
from dbclone.sample.streams import stream
from dbclone.schema import Schema, TableName

Rows = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
Layouts = Mapping[TableName, Layout]
_KEPT_RUNS = 4


class Learned(Protocol):
    """What a source taught, as a bundle holds it."""

    @property
    def schema(self) -> Schema: ...

    @property
    def profile(self) -> Profile: ...

    @property
    def models(self) -> Models: ...


@dataclass(frozen=True)
class Draw:
    """What the user asks of a run. ``rows`` are per-table targets."""

    seed: int = 0
    scale: float = 1.0
    rows: Mapping[TableName, int] = field(default_factory=dict)
    chunk_rows: int = 50_000


@dataclass(frozen=True)
class Run:
    """A run as a task is told of it: where its folder lies, and how to open what was learned."""

    folder: str
    draw: Draw
    reopen: Callable[[], Learned]


class World:
    """One run in one process: what was learned, the tables that are there, and their compiled programs.

    Its ``own`` tables a process knows better than any layout that was sent meanwhile.
    """

    def __init__(
        self, schema: Schema, profile: Profile, models: Models, draw: Draw, folder: RunFolder, *, own: bool = False
    ) -> None:
        self.schema, self.models, self.draw, self.folder, self._own = schema, models, draw, folder, own
        self.emitter = Emitter(profile, draw.seed)
        self.filled: dict[TableName, Filled] = {}
        self._programs: dict[TableName, tuple[Program, list[ParentColumn]]] = {}

    def adopt(self, layouts: Layouts) -> None:
        """Opens the tables of ``layouts`` as they are now."""
        for name, layout in () if self._own else layouts.items():
            there = self.filled.get(name)
            if there is None or there.layout != layout:
                self.filled[name] = Filled(self.folder, self.schema.table(name), self.models.table(name), layout)

    def program(self, name: TableName) -> tuple[Program, list[ParentColumn]]:
        if name not in self._programs:
            model = self.models.table(name)
            names = [stream(self.draw.seed, "entry", model.name, entry.name) for entry in model.entries]
            self._programs[name] = compile_program(model, np.array(names, np.uint64))
        return self._programs[name]


_WORLDS: OrderedDict[str, World] = OrderedDict()
_OPENING = threading.Lock()


def enter(run: Run, world: World) -> None:
    """Says that this process knows the run already."""
    with _OPENING:
        _WORLDS[run.folder] = world


def leave(run: Run) -> None:
    """Forgets the run."""
    with _OPENING:
        _WORLDS.pop(run.folder, None)


def _world(run: Run, layouts: Layouts) -> World:
    with _OPENING:
        world = _WORLDS.get(run.folder)
        if world is None:
            learned = run.reopen()
            world = World(learned.schema, learned.profile, learned.models, run.draw, RunFolder(Path(run.folder)))
            _WORLDS[run.folder] = world
            while len(_WORLDS) > _KEPT_RUNS:
                _WORLDS.popitem(last=False)
    world.adopt(layouts)
    return world


# -- tasks ------------------------------------------------------------------------------------------------------------


def warm(run: Run) -> None:
    """Opens the run, so that the first chunk need not wait for it."""
    _world(run, {})


def fill_chunk(run: Run, layouts: Layouts, name: TableName, start: int, stop: int, *, resolved: bool) -> None:
    """Fills the entries of rows ``start`` .. ``stop`` that come before the keys are ``resolved``, or those after."""
    world = _world(run, layouts)
    filled = world.filled[name]
    program, bases = world.program(name)
    part, keyed = slice(start, stop), filled.model.key_entries
    begin, end = (keyed, len(filled.model.entries)) if resolved else (0, keyed)
    against = np.zeros((stop - start, len(bases)))
    for place, base in enumerate(bases):
        against[:, place] = filled.left[part] + 1.0 if base.column == LEFT else _base(world, filled, part, base)
    own, values = np.array(filled.own[part]), np.array(filled.values[part])
    position, left = np.array(filled.position[part]), np.array(filled.left[part])
    context = _context(world, filled, part, resolved)
    above, below, follows = position_codes(position), position_codes(left), position > 0

    def fill(bent: Program) -> Codes:
        fill_rows(bent, begin, end, context, above, below, follows, own, values, against, start)
        return own

    if stop - start == filled.rows:
        # A part of a larger table may differ from the whole of it, and be right.
        calibrate(program, filled.model, begin, end, fill)
    else:
        fill(program.unbalanced)
    filled.own[part], filled.values[part] = own, values


def emit_chunk(run: Run, layouts: Layouts, name: TableName, start: int, stop: int) -> pa.RecordBatch:
    """Rows ``start`` .. ``stop`` of a table in output order."""
    world = _world(run, layouts)
    return world.emitter.written(world.filled[name], world.filled, start, stop)


def key_chunk(run: Run, layouts: Layouts, name: TableName, column: str, start: int, stop: int) -> pa.Array:
    """Rows ``start`` .. ``stop`` of a referenced column in output order."""
    world = _world(run, layouts)
    return world.emitter.key_part(world.filled[name], world.filled, column, start, stop)


def _context(world: World, filled: Filled, part: slice, resolved: bool) -> npt.NDArray[np.uint8]:
    features = filled.model.context
    result = np.full((part.stop - part.start, len(features)), NO_CODE, np.uint8)
    paths: dict[tuple[int, ...], list[int]] = {}
    for place, feature in enumerate(features):
        if resolved or feature.path[0] == filled.model.driver:
            paths.setdefault(feature.path, []).append(place)
    for path, places in paths.items():
        above, row = _follow(world, filled, part, path)
        if above.rows:
            # A row of codes lies together: one look at memory brings all of its slots.
            theirs = above.own[np.clip(row, 0, None)]
            theirs[row < 0] = NO_CODE
            result[:, places] = theirs[:, [features[place].slot for place in places]]
    return result


def _follow(world: World, filled: Filled, part: slice, path: tuple[int, ...]) -> tuple[Filled, Rows]:
    row = filled.parents[path[0]][part]
    above = world.filled[filled.table.foreign_keys[path[0]].parent]
    for number in path[1:]:
        through = above.parents[number]
        row = np.where(row >= 0, through[np.clip(row, 0, None)] if len(through) else -1, -1)
        above = world.filled[above.table.foreign_keys[number].parent]
    return above, row


def _base(world: World, filled: Filled, part: slice, base: ParentColumn) -> npt.NDArray[np.float64]:
    above, row = _follow(world, filled, part, (base.key,))
    if not above.rows:
        return np.full(len(row), np.nan)
    if base.column in above.model.value_index:
        theirs = np.asarray(above.values[:, above.model.value_index[base.column]])
    else:
        number = above.model.by_name[base.column]
        entry = above.model.entries[number]
        own = filled.model.entries[filled.model.by_name[base.named]].categories if base.named else None
        if entry.categories is not None and own is not None:
            stands_for = same_codes(entry.categories, own)
        else:
            # The code that most of the children have, which is no value of anything.
            assert entry.numbers is not None
            stands_for = entry.numbers.representatives()
        codes = above.own[:, above.model.first_slot[number]]
        theirs = stands_for[np.minimum(codes, len(stands_for) - 1)]
    return np.where(row >= 0, theirs[np.clip(row, 0, None)], np.nan)
