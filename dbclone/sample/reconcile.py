"""Finds out which demands of a schema a drawn table may break, looks, and has broken rows mended.

Takes a filled table whose parents' keys are stored, patches it. Whatever holds by construction is not looked at again,
so that most tables cost nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlglot import expressions as exp

from dbclone.errors import ModelError
from dbclone.models.arrows import arrow_type
from dbclone.profile.value import Role
from dbclone.sample.conditions import coded_breaks
from dbclone.sample.demands import Apart, Ask, Condition, Demand, Distinct, NotNull, Present, demands_of
from dbclone.sample.emit import Emitter
from dbclone.sample.exclusions import asked_of_database
from dbclone.sample.filled import Filled
from dbclone.sample.mending import Mended, Mending, components
from dbclone.sample.streams import generator
from dbclone.sample.texts import MENDED_ROWS
from dbclone.sample.unique import holds_by_construction
from dbclone.schema import Schema, TableName

Rows = npt.NDArray[np.int64]
_MOST_LEFT = 0.5
"""Share of a table's rows that may be left out; beyond it the run stops."""
_FEW = 100
"""Rows of a table that may be left out altogether where keys alone leave them no room."""


def reconcile(
    filled: Filled,
    others: Mapping[TableName, Filled],
    emitter: Emitter,
    schema: Schema,
    chunk_rows: int,
    early: bool,
    frozen: frozenset[str],
    ask: Ask | None = None,
) -> Rows:
    """Patches ``filled`` until it keeps what its schema demands; gives the rows that nothing helped.

    ``early`` looks only at what can be told before all parents' keys are stored. ``frozen`` columns stay as they are,
    since rows that are drawn already repeat them.
    """
    if not filled.rows:
        return np.zeros(0, np.int64)
    demands = demands_of(filled.table, schema.dialect)
    demands += asked_of_database(filled.table, schema.dialect) if ask is not None else []
    if early:
        # An inferred key may be broken, but not before its parent had its say.
        keys = [Present(key.columns, number, key) for number, key in enumerate(filled.table.foreign_keys)]
        open_columns = {name for one in keys if not _is_settled(one, others) for name in one.columns}
        # What others are about to repeat cannot wait, whatever it is to be in the end.
        open_columns -= filled.keys.union(*(one.columns for one in keys if _is_settled(one, others)))
        demands = [one for one in demands if _is_settled(one, others) and not open_columns & set(one.columns)]
    doubtful = {id(one) for one in demands if _is_doubtful(one, filled, others, emitter, schema.dialect)}
    left: set[int] = set()
    for group in components(demands) if doubtful else []:
        if not any(id(one) in doubtful for one in group):
            continue
        own = [one for one in group if not (isinstance(one, Present) and one.key.is_self)]
        before = len(left)
        if own:
            left.update(_mend(filled, others, emitter, own, frozen, chunk_rows, ask))
        if len(own) < len(group):
            above = {name for one in group if isinstance(one, Present) for name in one.key.parent_columns}
            more = frozen | (above if any(isinstance(one, Present) and one.key.is_self for one in group) else set())
            left.update(_mend(filled, others, emitter, group, frozenset(more), chunk_rows, ask))
        # A handful of rows may have no room by chance, or at a smaller scale: they are missing, and said to be.
        few = filled.rows <= _FEW and not any(isinstance(one, Condition | Apart) for one in group)
        if len(left) - before > _MOST_LEFT * filled.rows and not few:
            raise _hopeless(filled, group, len(left) - before)
    return filled.output[np.array(sorted(left), np.int64)]


def _hopeless(filled: Filled, demands: list[Demand], rows: int) -> ModelError:
    name = filled.table.name
    checks = [one for one in demands if isinstance(one, Condition | Apart)]
    told = "; ".join(_spoken(one) for one in checks) or "its keys"
    # What keeps rows apart leaves them less room than what says something of each alone.
    named = next((one.name for one in reversed(checks) if one.name), demands[0].columns[0])
    return ModelError(
        f"{rows} of {filled.rows} rows can be given no values that keep {told}.",
        where=f"{name}.{named}",
        hint=f'give {name} the strategy "mask", "copy" or "empty" under tables.strategies.',
    )


def _spoken(one: Condition | Apart) -> str:
    if isinstance(one, Apart):
        return " ".join(f"{one.name} {one.text}".split())
    return f"CHECK {one.name} ({one.text})" if one.name else f"CHECK ({one.text})"


def _is_settled(one: Demand, others: Mapping[TableName, Filled]) -> bool:
    """True unless the demand is about a parent that is not there yet."""
    if not isinstance(one, Present):
        return True
    return one.key.parent in others and set(one.key.parent_columns) <= others[one.key.parent].keys


def _mend(
    filled: Filled,
    others: Mapping[TableName, Filled],
    emitter: Emitter,
    demands: list[Demand],
    frozen: frozenset[str],
    chunk_rows: int,
    ask: Ask | None,
) -> Rows:
    """Mends one group of demands; gives the places in the output of rows that are still broken."""
    keys = [one for one in demands if isinstance(one, Present)]
    named = [name for one in demands for name in one.columns]
    named += [name for one in keys if one.key.is_self for name in one.key.parent_columns]
    names = list(dict.fromkeys(named))
    arrays = _columns(filled, others, emitter, names, chunk_rows)
    parents = {one.number: _parent_keys(one, others, arrays) for one in keys}
    rng = generator(emitter.seed, "mend", filled.table.name, tuple(names))
    mending = Mending(filled.table, arrays, demands, parents, frozen, filled.gone, rng, ask)
    mended = mending.run()
    _apply(filled, others, mended)
    return mended.broken


def _apply(filled: Filled, others: Mapping[TableName, Filled], mended: Mended) -> None:
    for name, values in mended.values.items():
        filled.patch(name, values, arrow_type(filled.table.column(name).type.storage))
    for number, places in mended.parents.items():
        key = filled.table.foreign_keys[number]
        rows = filled.parents[number].copy()
        for place, above in places.items():
            rows[filled.output[place]] = -1 if above is None else others[key.parent].output[above]
        filled.parents[number] = rows


def _columns(
    filled: Filled, others: Mapping[TableName, Filled], emitter: Emitter, names: list[str], chunk_rows: int
) -> dict[str, pa.Array]:
    parts: dict[str, list[pa.Array]] = {name: [] for name in names}
    for start in range(0, filled.rows, chunk_rows):
        made = emitter.some(filled, others, names, start, min(start + chunk_rows, filled.rows))
        for name in names:
            parts[name].append(made[name])
    kinds = {name: arrow_type(filled.table.column(name).type.storage) for name in names}
    return {name: pa.concat_arrays([part.cast(kinds[name]) for part in parts[name]]) for name in names}


def _parent_keys(one: Present, others: Mapping[TableName, Filled], arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
    """The referenced columns of every row of the parent; empty ones where the parent is not in this clone."""
    if one.key.is_self:
        return [arrays[name] for name in one.key.parent_columns]
    parent = others.get(one.key.parent)
    if parent is None or not set(one.key.parent_columns) <= parent.keys:
        return [arrays[name].slice(0, 0) for name in one.columns]
    kinds = [arrays[name].type for name in one.columns]
    keys = zip(one.key.parent_columns, kinds, strict=True)
    return [parent.key(name).cast(kind) for name, kind in keys]


# -- what may be broken -----------------------------------------------------------------------------------------------


def _is_doubtful(
    one: Demand, filled: Filled, others: Mapping[TableName, Filled], emitter: Emitter, dialect: str
) -> bool:
    if isinstance(one, Apart):
        return True
    if isinstance(one, NotNull):
        return _may_be_null(one.columns[0], filled, others)
    if isinstance(one, Condition):
        broken = coded_breaks(one.text, filled, dialect)
        return broken is None or bool(broken.any())
    if isinstance(one, Distinct):
        return not _is_distinct(one, filled, emitter)
    return _may_dangle(one, filled, others)


def _may_be_null(name: str, filled: Filled, others: Mapping[TableName, Filled]) -> bool:
    model = filled.model
    keys = [number for number, key in enumerate(filled.table.foreign_keys) if name in key.columns]
    if keys:
        return not any(_always_there(name, number, filled, others) for number in keys)
    ruled = {one.column for one in model.numbered} | {one.column for one in model.counters}
    if name in ruled:
        return False
    if name not in model.by_name:
        return True
    if name in model.value_index:
        return bool(np.isnan(filled.values[:, model.value_index[name]]).any())
    return bool((filled.own[:, model.first_slot[model.by_name[name]]] == 0).any())


def _always_there(name: str, number: int, filled: Filled, others: Mapping[TableName, Filled]) -> bool:
    key = filled.table.foreign_keys[number]
    above = key.parent_columns[key.columns.index(name)]
    parent = others.get(key.parent)
    if parent is None or above not in parent.keys or bool((filled.parents[number] < 0).any()):
        return False
    return int(parent.key(above).null_count) == 0


def _is_distinct(one: Distinct, filled: Filled, emitter: Emitter) -> bool:
    """True where no two rows can agree, so that nobody need look."""
    if one.plain in filled.repeated:
        return False
    plain = {part.name for part in one.parts if isinstance(part, exp.Column)}
    roles = {column.name: column for column in emitter.profile.table(filled.table.name).columns}
    for name in plain:
        found = roles.get(name)
        if found is None or any(name in key.columns for key in filled.table.foreign_keys):
            continue
        made = found.role is Role.TEXT and found.unique and one.plain == (name,) and filled.rows > MENDED_ROWS
        if found.role is Role.NUMBERED or made:
            return True
    return bool(one.plain) and one.where is None and holds_by_construction(filled, one.plain)


def _may_dangle(one: Present, filled: Filled, others: Mapping[TableName, Filled]) -> bool:
    """A key that shares a column with another one, or whose parent's own columns may be NULL."""
    for number, key in enumerate(filled.table.foreign_keys):
        if number != one.number and set(key.columns) & set(one.columns):
            return True
    parent = others.get(one.key.parent)
    if parent is None:
        return False
    return any(name in parent.keys and parent.key(name).null_count > 0 for name in one.key.parent_columns)
