"""What was learned of one table, as values that a bundle can hold.

Takes nothing from rows. A table is filled entry by entry: keys first, then columns, then hidden columns that summarise
the children to come. Every entry owns one or more slots, small codes that condition what is drawn later.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dbclone.models.categories import CategoryCodec
from dbclone.models.numbers import NumberCodec
from dbclone.models.trees import Tree
from dbclone.schema import ForeignKey, TableName

NO_CODE = 255
"""The code of a slot that does not apply: the previous sibling of a first child, a difference without a base."""
PLACE = ":place"
"""The entry that says where a row stands among all rows of its table."""
GROUPS = 16
"""Groups of codes that are counted together where pairs of columns are balanced."""


@dataclass(frozen=True)
class Base:
    """What a value is coded against.

    ``kind``: the ``value`` itself, a column of the previous ``sibling``, a ``column`` of the row, a column of the
    ``parent`` that foreign key ``key`` references, or what a ``calendar`` says at the time that ``column`` of the row
    tells.

    ``way``: its ``difference`` to the base, its ``ratio`` to it, whether it is the ``same`` (code 1) or not (2), or
    the ``step`` from the previous sibling's ``toward`` a bound of the family, which is a column of the parent ``key``:
    1 is as much as every sibling that is left would take if all took as much. A ``pace`` draws nothing: it only says
    how
    much that is, for the stages after it.
    """

    kind: str = "value"
    column: str = ""
    key: int = -1
    way: str = "difference"
    toward: str = ""


@dataclass(frozen=True)
class CopiedModel:
    """A column that always repeats ``parent_column`` of the row that foreign key ``key`` references."""

    column: str
    key: int
    parent_column: str


@dataclass(frozen=True)
class Calendar:
    """What children of a class of parents have at a time: ``values`` (classes, t) by ``times`` (t,), which rise, of the
    column ``time``; NaN where nothing is known. Categories are given by their codes.

    ``hidden`` is the column of the driving parent that says its class, from 1 on; empty where there is one class.
    """

    time: str
    times: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]
    hidden: str = ""

    def at(self, classes: npt.NDArray[np.float64], times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(n,) the values of ``classes`` (n,) at ``times`` (n,), NaN where nothing is known."""
        place = np.clip(np.searchsorted(self.times, times), 0, len(self.times) - 1)
        known = ~np.isnan(classes) & (self.times[place] == times) & (classes >= 1) & (classes <= len(self.values))
        found: npt.NDArray[np.float64] = np.full(len(times), np.nan)
        found[known] = self.values[classes[known].astype(np.int64) - 1, place[known]]
        return found


@dataclass(frozen=True)
class Stage:
    """One way to code a value before it is coded by itself. A row passes it on where the base is missing or, with
    ``same``, where the value differs.

    ``tree`` draws codes: 1 .. a stand for ``anchors`` (a,), frequent exact values; further ones, less a, are codes of
    ``codec`` for the difference or ratio. With ``same``: 1 the base's value, 2 another one.
    """

    base: Base
    tree: Tree
    codec: NumberCodec | None
    anchors: npt.NDArray[np.float64]
    calendar: Calendar | None = None


@dataclass(frozen=True)
class Entry:
    """One step of filling a row. ``role``: ``flag`` (is the key NULL), ``key`` (how the referenced row is chosen),
    ``column``, ``length`` (of a text that a maker makes, or the shape of its document or the size of its array),
    ``count`` (children per parent along a key), ``bound`` (the
    first or last date of a row's children), ``window`` (when its children along a key begin to come, or for how long
    they do), ``hidden`` or ``place`` (where the row stands in the table's order, in rows
    of the sample: drawn, or read off the order that other columns lead to).

    ``unit`` is microseconds a unit for temporal columns (1 or a day), 0 elsewhere; such columns own calendar slots.
    ``stages`` are tried in order; ``tree`` draws the code of the value itself, decoded by ``start`` where that was
    learned from the rows that no stage took, else by ``numbers``. ``shares`` (size,) of the source's rows by code, of
    entries with stages, else (0,): what the tree alone cannot say. ``single`` codes never come twice among siblings.
    """

    name: str
    role: str
    size: int
    tree: Tree
    numbers: NumberCodec | None = None
    categories: CategoryCodec | None = None
    stages: tuple[Stage, ...] = ()
    start: NumberCodec | None = None
    unit: float = 0.0
    child: ForeignKey | None = None
    shares: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    single: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    @property
    def slots(self) -> int:
        return 1 + len(self.stages) + (len(CALENDAR) if self.unit else 0)

    @property
    def has_value(self) -> bool:
        return self.numbers is not None and self.role != "hidden"


CALENDAR = ("weekday", "month", "day", "hour")


@dataclass(frozen=True)
class Feature:
    """A slot of an ancestor: ``path`` of foreign key numbers, the first one of this table, then of each parent."""

    path: tuple[int, ...]
    slot: int


@dataclass(frozen=True)
class KeyModel:
    """How foreign key ``key`` finds its row.

    ``mode``: ``drive`` (rows are made per parent), ``category`` (code c is row c - 1 of few real rows, which has
    ``counts[c - 1]`` of the source's children), ``lookup`` (the row that ``via`` leads to: key numbers, first of this
    table, then of its parent), ``draw`` (by the parents' counts, following ``steps``: rank differences to the previous
    sibling's row, the code being 3 + index), ``self`` (level by level), ``link`` (afterwards, by the parents' counts),
    ``child`` (afterwards, to a row whose key ``via`` leads back), ``absent`` (always NULL).
    ``axis``: with ``draw``, rows are drawn in the order of this column of the driving parent (or its `PLACE`), parents
    when their windows say, ``clump`` rows at a time; code 2 is then the parent of the last row that shares the parent
    of key ``mate``. ``apart``: siblings under the driving parent never, or hardly ever, share their parent.
    ``rows``/``repeats``: children per parent in the source, run-length coded, ascending. ``nulls`` is a share.
    ``parents`` is how many rows the parent had. ``unique``: no two rows may share the parent. ``depths``
    (levels,) rows per level of a ``self`` key, ``rooted`` where the topmost rows reference themselves.
    """

    key: int
    mode: str
    nulls: float = 0.0
    rows: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    repeats: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    parents: int = 0
    unique: bool = False
    via: tuple[int, ...] = ()
    steps: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    depths: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    rooted: bool = False
    axis: str = ""
    mate: int = -1
    clump: float = 1.0
    apart: bool = False


@dataclass(frozen=True)
class PairModel:
    """What leads to target ``target`` of pair ``pair``: children per parent (``rows``, ``repeats`` times each), and the
    share of the type's rows without a key."""

    pair: int
    target: int
    nulls: float = 0.0
    rows: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    repeats: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True)
class NumberedModel:
    """A surrogate key: its numbers at equal shares of the rows, ascending, the first and the last exact."""

    column: str
    quantiles: npt.NDArray[np.int64]


@dataclass(frozen=True)
class OrderKey:
    """Rows rise (or fall) with ``column``, or with the place of the row that foreign key ``key`` references.

    ``strays`` is the share of rows that lie anywhere, of whole runs of equal values where ``runs``.
    """

    column: str = ""
    key: int = -1
    descending: bool = False
    strays: float = 0.0
    runs: bool = False


@dataclass(frozen=True)
class OrderModel:
    """The order of rows: by ``keys``, then as families come, or ``mixed``. ``texts`` are columns that rise with it.

    ``placed``: none of it, but by what the entry `PLACE` draws.
    """

    keys: tuple[OrderKey, ...] = ()
    mixed: bool = False
    texts: tuple[str, ...] = ()
    placed: bool = False


@dataclass(frozen=True)
class CounterModel:
    """A column that numbers the rows of a parent: 1, 2, 3...; ``key`` is the foreign key, ``first`` its first value."""

    column: str
    key: int
    first: int
    step: int = 1


@dataclass(frozen=True)
class RankModel:
    """A column that numbers the rows of a parent along foreign key ``key`` from ``first`` on, in whatever order, in the
    ``share`` of its families. ``followers`` are columns that have the same wherever the number is the same."""

    column: str
    key: int
    first: int
    share: float
    followers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Balance:
    """Shares that the drawn rows of a table are to agree with, pair of columns by pair.

    ``features`` (f,) are places in what trees look at, ``groups`` (f, 256) the group of each of their codes. Pair p is
    about the value of entry ``entries[p]``, which is feature ``pairs[p, 1]`` (its place in ``features``), beside
    feature ``pairs[p, 0]``, or by itself where both are the same. Of the rows with group a of the one, ``shares[i]``
    have group b of the other, where ``cells[i]`` is a * GROUPS + b of pair p, counted on through all pairs; the other
    cells are empty. Pairs are sorted by entry.
    """

    features: npt.NDArray[np.int64]
    groups: npt.NDArray[np.uint8]
    entries: npt.NDArray[np.int64]
    pairs: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]
    shares: npt.NDArray[np.float64]

    @property
    def dense(self) -> npt.NDArray[np.float64]:
        """(pairs, groups, groups) shares, empty cells included."""
        result = np.zeros((len(self.pairs), GROUPS, GROUPS))
        result.ravel()[self.cells] = self.shares
        return result


@dataclass(frozen=True)
class Pool:
    """Rows that another learner drew, as codes (rows, len(entries)) of the ``entries`` that it learned jointly."""

    entries: tuple[int, ...]
    codes: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class TableModel:
    """Everything learned of one table.

    ``driver`` is the number of the foreign key under which rows are made, -1 for none.
    ``key_entries`` of ``entries`` come before the keys are resolved, the rest after. Rows take the codes of ``pool``,
    where there is one, in place of what its entries' trees drew.
    """

    name: TableName
    rows: int
    driver: int
    entries: tuple[Entry, ...]
    key_entries: int
    context: tuple[Feature, ...]
    keys: tuple[KeyModel, ...]
    numbered: tuple[NumberedModel, ...]
    counters: tuple[CounterModel, ...]
    copies: tuple[CopiedModel, ...]
    order: OrderModel
    pool: Pool | None = None
    pairs: tuple[PairModel, ...] = ()
    balance: Balance | None = None
    ranks: tuple[RankModel, ...] = ()

    @functools.cached_property
    def by_name(self) -> dict[str, int]:
        return {entry.name: number for number, entry in enumerate(self.entries)}

    @functools.cached_property
    def first_slot(self) -> tuple[int, ...]:
        offsets = np.concatenate([[0], np.cumsum([entry.slots for entry in self.entries])])
        return tuple(int(offset) for offset in offsets)

    @property
    def slots(self) -> int:
        return self.first_slot[-1]

    @functools.cached_property
    def value_index(self) -> dict[str, int]:
        """Column of the value matrix that each entry with values fills."""
        named = [entry.name for entry in self.entries if entry.has_value]
        return {name: number for number, name in enumerate(named)}


@dataclass(frozen=True)
class RealTable:
    """A copied or masked table: its codes (rows, slots), since its rows come as they are."""

    codes: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Models:
    """The models of all tables; ``learner`` names what made them."""

    tables: tuple[TableModel, ...]
    learner: str
    k: int

    @functools.cached_property
    def by_name(self) -> dict[TableName, TableModel]:
        return {table.name: table for table in self.tables}

    def table(self, name: TableName) -> TableModel:
        return self.by_name[name]


def hidden_name(key: ForeignKey, what: str) -> str:
    """The name of a hidden column of a key's parent."""
    return f"{key.table}({','.join(key.columns)}):{what}"
