"""When a drawn table is final: its keys are stored, what breaks its constraints is mended, it may be written.

Takes the tables of a run while they are drawn, says which are ready. Tables of a cycle wait for each other: their keys
are mended as far as they go alone, the rest once every key is stored. Draws nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dbclone.models.arrows import arrow_type
from dbclone.sample.demands import Ask
from dbclone.sample.emit import key_columns
from dbclone.sample.filled import Filled
from dbclone.sample.pairs import lead_pairs
from dbclone.sample.reconcile import reconcile
from dbclone.sample.rules_batches import in_order
from dbclone.sample.tasks import Layouts, Run, World, key_chunk
from dbclone.schema import Column, Plan, TableName

Ready = Callable[[TableName], None]
_MENDINGS = 4
"""Times that a table is looked at: rows left out may be missed by others."""


def ranges_of(rows: int, size: int) -> list[tuple[int, int]]:
    """Chunks of ``size`` rows."""
    return [(start, min(start + size, rows)) for start in range(0, rows, size)]


class Settling:
    """``settle`` after each table that was drawn, ``finish`` after the last. ``waits`` says of a table that something
    is still to be derived in it, ``ask`` asks the target's database about rows."""

    def __init__(
        self,
        world: World,
        plan: Plan,
        run: Run,
        chunkwise: Callable[[Callable[..., Any], list[tuple[Any, ...]]], Iterator[Any]],
        layouts: Callable[[], Layouts],
        notes: list[str],
        waits: Callable[[TableName], bool],
        ask: Ask | None = None,
    ) -> None:
        self._world, self._plan, self._run = world, plan, run
        self._chunkwise, self._layouts, self._notes, self._waits = chunkwise, layouts, notes, waits
        self._ask = ask
        self._tables = [name for name in plan.tables if name in world.models.by_name]
        self._keyed: set[TableName] = set()
        self._mended: set[TableName] = set()
        self._ready: set[TableName] = set()

    def settle(self, ready: Ready) -> None:
        """Stores the keys of every table that will not change any more, and says which tables are ready."""
        waiting = [name for name in self._tables if name in self._world.filled and name not in self._keyed]
        while found := [name for name in waiting if self._is_final(name) and self._needed(name) <= self._keyed]:
            for name in found:
                self._store_keys(name)
                waiting.remove(name)
        for name in self._tables:
            if name in self._mended and name not in self._ready:
                self._ready.add(name)
                ready(name)

    def finish(self, ready: Ready) -> None:
        """Settles tables that need each other's keys: what one lacks stays empty there until it is mended."""
        for name in self._tables:
            if name not in self._keyed:
                self._store_keys(name)
        late = [name for name in self._tables if name not in self._mended]
        for name in late:
            self._lead_pairs(self._world.filled[name])
        for _ in range(_MENDINGS):
            left_out = [self._mend_late(name) for name in late]
            if not any(left_out):
                break
        self._mended.update(late)
        self.settle(ready)

    # -- one table ------------------------------------------------------------------------------------------------

    def _parents(self, name: TableName) -> set[TableName]:
        keys = self._world.schema.table(name).foreign_keys
        return (({key.parent for key in keys} | self._named_by_pairs(name)) & set(self._tables)) - {name}

    def _named_by_pairs(self, name: TableName) -> set[TableName]:
        """The tables that the rows of polymorphic pairs lead to."""
        return {one.table for pair in self._world.schema.table(name).pairs for one in pair.targets}

    def _lead_pairs(self, filled: Filled) -> None:
        if filled.real is None and filled.table.pairs:
            lead_pairs(filled, self._world.filled, self._world.emitter, self._world.draw.seed)

    def _is_needed(self, name: TableName) -> bool:
        """True where rows of other tables have chosen rows of this one."""
        children = self._world.schema.children_of(name)
        known = self._world.filled
        led = any(name in self._named_by_pairs(other) for other in known if other != name)
        return led or any(key.table in known for key in children if not key.is_self)

    def _is_final(self, name: TableName) -> bool:
        """False while a key of the table waits for the table that it references, or the table for its children."""
        if self._waits(name):
            return False
        due = [step.key for step in self._plan.steps if step.action == "link" and step.key is not None]
        known = self._world.filled
        return not any(key.table == name and key.parent in self._tables and key.parent not in known for key in due)

    def _needed(self, name: TableName) -> set[TableName]:
        """The tables whose keys the table's own key columns are made of."""
        filled = self._world.filled[name]
        if filled.real is not None:
            return set()
        numbered = {model.column for model in filled.model.numbered}
        columns = {column.name for column in self._key_columns(filled)} - numbered
        keys = [key for key in filled.table.foreign_keys if set(key.columns) & columns]
        keys += [filled.table.foreign_keys[copy.key] for copy in filled.model.copies if copy.column in columns]
        return (({key.parent for key in keys} | self._named_by_pairs(name)) & set(self._tables)) - {name}

    def _key_columns(self, filled: Filled) -> list[Column]:
        return key_columns(filled, self._world.models, self._world.schema, self._world.emitter.profile.rules)

    def _store_keys(self, name: TableName) -> None:
        """Stores what other tables repeat of this one, mended as far as its parents are."""
        filled = self._world.filled[name]
        self._draw_keys(filled)
        self._keyed.add(name)
        self._lead_pairs(filled)
        whole = self._parents(name) <= self._mended
        for turn in range(_MENDINGS if filled.real is None else 0):
            left = self._reconciled(filled, not whole, frozenset())
            needed = self._is_needed(name)
            if not len(left) or (needed and not whole):
                break
            self._tell(name, len(left))
            if needed or turn == _MENDINGS - 1:
                # What is drawn again is to be mended again: at last the rows that are sound stay as they are.
                filled.leave_out(left)
                break
            filled.keep(~np.isin(np.arange(filled.rows), left))
            self._draw_keys(filled)
            self._lead_pairs(filled)
        if whole:
            self._mended.add(name)

    def _draw_keys(self, filled: Filled) -> None:
        layouts = self._layouts()
        size = self._world.draw.chunk_rows
        numbered = {model.column: model for model in filled.model.numbered}
        for column in self._key_columns(filled):
            kind = arrow_type(column.type.storage)
            if filled.real is not None:
                filled.store_key(column.name, kind, filled.real.column(column.name).chunks)
            elif column.name in numbered:
                filled.store_key(column.name, kind, self._world.emitter.numbers(filled, numbered[column.name], size))
            else:
                ranges = ranges_of(filled.rows, size)
                asked = [(self._run, layouts, filled.table.name, column.name, *part) for part in ranges]
                parts = self._chunkwise(key_chunk, asked)
                if len(asked) == 1 and column.name in filled.model.order.texts:
                    parts = (in_order(part) for part in parts)
                filled.store_key(column.name, kind, parts)

    def _mend_late(self, name: TableName) -> int:
        """Mends a table whose keys others may have repeated already; gives the number of rows that had to go."""
        filled = self._world.filled[name]
        if filled.real is not None:
            return 0
        left = self._reconciled(filled, False, filled.keys if self._is_needed(name) else frozenset())
        if len(left):
            self._tell(name, len(left))
            filled.leave_out(left)
        return len(left)

    def _reconciled(self, filled: Filled, early: bool, frozen: frozenset[str]) -> Any:
        world = self._world
        about = world.filled, world.emitter, world.schema, world.draw.chunk_rows
        return reconcile(filled, *about, early, frozen, self._ask)

    def _tell(self, name: TableName, rows: int) -> None:
        self._notes.append(f"{name}: {rows} rows left out, since nothing was found that keeps its constraints")
