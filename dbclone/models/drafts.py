"""What a table's entries are to be, before their trees are grown, and in which order.

Takes a Work and the codes of its keys, gives a Draft an entry: keys, then columns, then hidden columns. Never learns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dbclone.models.calendar_parts import calendar_matrix
from dbclone.models.numbers import NumberCodec, fit_numbers
from dbclone.models.order import PLACED_ROWS
from dbclone.models.table import NO_CODE, PLACE, Base, Calendar, KeyModel
from dbclone.models.work import Hidden, Work, unit_of
from dbclone.profile.value import Role
from dbclone.schema import ForeignKey, Kind, Type

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
_HIDDEN_CODES = 48
_FEW_CODES = 32
"""So few codes may be grouped freely even where they have an order."""


@dataclass(frozen=True)
class Candidate:
    """A base that a column might be coded against.

    ``codes`` (rows,) with NO_CODE where it is not there, ``widths`` (rows,) grid steps in nats, ``promise`` what it
    saves before anything is known of the row.
    """

    promise: float
    base: Base
    codes: Codes
    codec: NumberCodec | None = None
    anchors: Floats = field(default_factory=lambda: np.zeros(0))
    widths: Floats | None = None
    calendar: Calendar | None = None

    @property
    def passes(self) -> npt.NDArray[np.bool_]:
        """(rows,) rows that the next stage has to take."""
        if self.base.way == "pace":
            return np.ones(len(self.codes), bool)
        passed: npt.NDArray[np.bool_] = self.codes == NO_CODE
        return passed | (self.codes == 2) if self.base.way == "same" else passed


@dataclass(frozen=True)
class Draft:
    """An entry before its trees are grown. ``codes`` (rows,) are the value's, in the table's own row order."""

    name: str
    role: str
    size: int
    codes: Codes
    values: Floats | None = None
    numbers: NumberCodec | None = None
    category: bool = False
    stages: tuple[Candidate, ...] = ()
    start: NumberCodec | None = None
    unit: float = 0.0
    known: npt.NDArray[np.bool_] | None = None
    child: ForeignKey | None = None
    type: Type | None = None
    drawn: bool = True

    @property
    def is_key(self) -> bool:
        """True for what is drawn before the keys are resolved."""
        return self.role in ("flag", "key")

    @property
    def grouped(self) -> tuple[bool, ...]:
        """Of each of its slots, whether its codes may be grouped in any way."""
        calendar = (True, True, False, False) if self.unit else ()
        stages = (one.codec is None for one in self.stages)
        return (self.category or self.size <= _FEW_CODES, *stages, *calendar)

    def on(self, rows: npt.NDArray[np.int64]) -> Draft:
        """The draft on some of its rows, before it has stages."""
        values = None if self.values is None else self.values[rows]
        known = None if self.known is None else self.known[rows]
        return replace(self, codes=self.codes[rows], values=values, known=known)

    @property
    def slots(self) -> Codes:
        """(rows, slots) the codes of the value, of its stages and of its calendar."""
        columns = [self.codes[:, None], *(stage.codes[:, None] for stage in self.stages)]
        if self.unit and self.values is not None:
            columns.append(calendar_matrix(self.values, self.unit))
        return np.concatenate(columns, axis=1)


def draft_entries(
    work: Work, keys: list[KeyModel], key_codes: Mapping[int, Codes], k: int, *, placed: bool | None
) -> list[Draft]:
    """One draft an entry of the table, in the order in which a row is filled.

    ``placed``: whether a row's place is drawn, or told afterwards to its children; None where it is of no interest.
    """
    drafts: list[Draft] = []
    for number, model in enumerate(keys):
        name = f"key {number}"
        if number in key_codes:
            codes = key_codes[number]
            if model.mode == "category" or len(model.steps) or len(np.unique(codes)) > 1:
                drafts.append(Draft(name, "key", int(codes.max(initial=0)) + 1, codes, category=True))
        elif model.mode == "self" and 0 < model.nulls < 1:
            drafts.append(Draft(name, "flag", 2, (work.links[number] >= 0).astype(np.uint8), category=True))
    if placed is not None and work.rows >= PLACED_ROWS:
        drafts.append(_draft_place(work, k, placed))
    names = [name for name in (*work.numbers, *work.categories) if name in work.modelled]
    drafts += [_draft_column(work, name) for name in sorted(names, key=lambda name: _rank(work, name))]
    drafts += [_draft_hidden(hidden, k) for hidden in work.hidden]
    return drafts


def _draft_column(work: Work, name: str) -> Draft:
    if name in work.categories:
        codec = work.category_codecs[name]
        return Draft(name, "column", codec.size, work.categories[name], category=True)
    numbers = work.number_codecs[name]
    values = work.numbers[name]
    role = "length" if work.profile.column(name).role is Role.TEXT else "column"
    kind = work.table.column(name).type
    codes = numbers.encode(values)
    named = work.is_named(name)
    return Draft(name, role, numbers.size, codes, values, numbers, named, unit=unit_of(work, name), type=kind)


def _draft_place(work: Work, k: int, placed: bool) -> Draft:
    """Where rows stand: ids, ages and habits go with it even where no column says so.

    Unless it is drawn it has no code for the row's own columns, only for the children's.
    """
    values = np.arange(work.rows, dtype=np.float64)
    codec = fit_numbers(values, k=k, grid=1.0)
    codes = codec.encode(values) if placed else np.zeros(work.rows, np.uint8)
    return Draft(PLACE, "place", codec.size, codes, values, codec, type=Type(Kind.INTEGER, "bigint"), drawn=placed)


def hidden_codec(hidden: Hidden, k: int) -> NumberCodec:
    """The codec of a hidden column."""
    certain = np.where(hidden.known, hidden.values, np.nan)
    if hidden.role == "count":
        return fit_numbers(hidden.values, k=1, max_codes=200, grid=1.0)
    if hidden.role == "bound":
        return fit_numbers(certain, k=k)
    if hidden.grouped:
        return fit_numbers(hidden.values, k=1, max_codes=250, exempt=True)
    return fit_numbers(certain, k=k, max_codes=128 if hidden.role == "window" else _HIDDEN_CODES, grid=0.0)


def _draft_hidden(hidden: Hidden, k: int) -> Draft:
    values, codec = hidden.values, hidden_codec(hidden, k)
    return Draft(
        hidden.name,
        hidden.role,
        codec.size,
        codec.encode(values),
        values,
        codec,
        hidden.grouped,
        known=hidden.known,
        child=hidden.key,
        type=hidden.type,
    )


def _rank(work: Work, name: str) -> tuple[int, float]:
    """Dates and what else tells time, then categories and shapes of documents from low entropy up, numbers likewise,
    lengths of texts last."""
    place = [column.name for column in work.table.columns].index(name)
    if name in work.categories:
        return 1, entropy(work.categories[name])
    if work.is_named(name):
        return 1, entropy(work.number_codecs[name].encode(work.numbers[name]))
    if work.profile.column(name).role is Role.TEXT:
        return 3, place
    if work.table.column(name).type.is_temporal:
        return 0, place
    if _tells_time(work, work.numbers[name]):
        return 0, place
    codes = work.number_codecs[name].encode(work.numbers[name])
    return (1 if work.number_codecs[name].size <= _FEW_CODES else 2), entropy(codes)


def _tells_time(work: Work, values: Floats) -> bool:
    """True for a number that rises from sibling to sibling: a year, a season, a version."""
    follows = np.flatnonzero(work.position > 0)
    if work.driver < 0 or len(follows) < 40:
        return False
    steps = values[work.order[follows]] - values[work.order[follows - 1]]
    return bool((steps >= 0).mean() >= 0.98 and (steps > 0).mean() >= 0.5)


def entropy(codes: Codes) -> float:
    """Nats that one of the codes takes when nothing else is known."""
    shares = np.bincount(codes) / max(1, len(codes))
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())
