"""Columns that follow a rule: copies of a parent's column, counters of siblings, surrogate keys.

Takes a Work, gives the rules that hold in it. Never keeps a value that fewer than k rows share, but for the ends of
surrogate keys.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.models.arrows import to_numbers
from dbclone.models.links import coded, link_rows
from dbclone.models.table import CopiedModel, CounterModel, KeyModel, NumberedModel
from dbclone.models.work import Work
from dbclone.profile.rules_rows import RuleRows
from dbclone.profile.value import Role
from dbclone.schema import ForeignKey, Kind, Schema, TableName


def rule_rows(
    schema: Schema,
    tables: Mapping[TableName, pa.Table],
    children: Mapping[ForeignKey, npt.NDArray[np.float64]] | None = None,
) -> RuleRows:
    """Rows as rules are counted on them; ``children`` are true numbers of children where only some are here."""
    keys = [key for key in schema.foreign_keys if key.table in tables and key.parent in tables]
    links = {key: link_rows(key, tables) for key in keys}
    whole = {
        key: np.bincount(links[key][links[key] >= 0], minlength=len(counts)) == counts
        for key, counts in (children or {}).items()
        if key in links
    }
    return RuleRows(schema, tables, links, to_numbers, whole)

_LOOK = 1_000
_DIFFERING = 50
"""Rows that have to agree where chance would not have it, to say that a column repeats another."""


def find_copies(work: Work, works: Mapping[TableName, Work], keys: list[KeyModel]) -> list[CopiedModel]:
    """Columns that repeat a column of a parent's row, as denormalised schemas have them."""
    found: list[CopiedModel] = []
    if work.rows < 10 or work.real:
        return found
    for name in (*work.numbers, *work.categories):
        ours = work.data.column(name)
        for number, key in enumerate(work.keys):
            if key.is_self or keys[number].mode in ("absent", "child", "link") or key.parent not in works:
                continue
            match = _repeated_column(ours, work.table.column(name).type.storage, work.links[number], works[key.parent])
            if match:
                found.append(CopiedModel(name, number, match))
                break
    return found


def _repeated_column(ours: pa.ChunkedArray, storage: str, row: npt.NDArray[np.int64], above: Work) -> str:
    """The parent's column that ``ours`` repeats in (nearly) every row, empty where none does."""
    linked = row >= 0
    if not linked.all():
        return ""
    place = pa.array(np.clip(row, 0, None))
    for column in above.table.columns:
        if column.type.storage != storage or column.name not in {*above.numbers, *above.categories}:
            continue
        if not _looks_repeated(ours, above.data.column(column.name), place):
            continue
        theirs = above.data.column(column.name).take(place)
        both = pc.and_(pc.is_null(ours), pc.is_null(theirs))
        equal = pc.fill_null(pc.equal(ours, theirs), False)
        share = pc.mean(pc.or_(equal, both).cast(pa.int8())).as_py()
        # Numbers that differ now and then keep doing so: they are coded against the parent's instead.
        enough = 0.995 if storage == "string" else 1.0
        if share >= enough and pc.sum(equal.cast(pa.int64())).as_py() >= 20 and _differs_by_chance(ours, theirs):
            return column.name
    return ""


def _differs_by_chance(ours: pa.ChunkedArray, theirs: pa.ChunkedArray) -> bool:
    """True where many rows would differ if neither column had to do with the other: leagues, of which there are two."""
    codes, size = coded(ours, theirs)
    shares = [np.bincount(part + 1, minlength=size) / len(ours) for part in np.split(codes, 2)]
    return bool((1.0 - float(shares[0] @ shares[1])) * len(ours) >= _DIFFERING)


def _looks_repeated(ours: pa.ChunkedArray, theirs: pa.ChunkedArray, place: pa.Array) -> bool:
    """False where a look at the first rows is enough to see that ``ours`` repeats nothing."""
    first, above = ours[:_LOOK], theirs.take(place[:_LOOK])
    differing = pc.sum(pc.not_equal(first, above).cast(pa.int64())).as_py() or 0
    return differing <= 0.1 * len(first)


def find_counters(work: Work) -> list[CounterModel]:
    """Columns that number the siblings in their order."""
    found: list[CounterModel] = []
    if work.driver < 0 or work.rows < 20:
        return found
    for name, values in work.numbers.items():
        if work.table.column(name).type.kind is not Kind.INTEGER or work.profile.column(name).role is not Role.CODED:
            continue
        ordered = values[work.order]
        if np.isnan(ordered).any() or (work.position > 0).mean() < 0.2:
            continue
        first = ordered[work.position == 0]
        start = float(np.median(first))
        if ((ordered - work.position) == start).mean() >= 0.999:
            found.append(CounterModel(name, work.driver, int(start)))
    return found


def fit_numbered(work: Work, k: int) -> tuple[NumberedModel, ...]:
    """The surrogate keys' numbers at equal shares of the rows, k or more rows apart."""
    models = []
    for column in work.table.columns:
        if work.profile.column(column.name).role is not Role.NUMBERED:
            continue
        raw = work.data.column(column.name)
        # Whole numbers throughout: ids beyond 2^53 differ in digits that a float does not have.
        values = np.sort(np.asarray(raw.drop_null()).astype(np.int64))
        if not len(values):
            values = np.ones(1, np.int64)
        # A share of k rows or more between two marks: of gaps only their density stays.
        marks = np.linspace(0, len(values) - 1, max(2, min(257, len(values) // max(1, k) + 1)))
        models.append(NumberedModel(column.name, values[np.rint(marks).astype(np.int64)]))
    return tuple(models)
