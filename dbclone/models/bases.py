"""What a column's values might be coded against: the previous sibling, another column, a parent's column.

Takes a Work and those of its parents, gives Candidates with the codes they lead to. Never decides among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dbclone.models.categories import same_codes
from dbclone.models.drafts import Candidate, Draft, entropy, hidden_codec
from dbclone.models.numbers import NumberCodec, fit_numbers
from dbclone.models.table import NO_CODE, PLACE, Base, KeyModel, hidden_name
from dbclone.models.work import Work
from dbclone.profile.value import Role
from dbclone.schema import Kind, TableName, Type

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
_FEWEST = 40
"""Rows that a candidate needs to be worth a trial."""
_MEETING = 0.1
"""Share of rows, beyond what chance gives, that have the category of a parent."""
_LITTLE = 0.1
"""Share of rows that is not worth a column which only sums them up."""
_PACES = 64
"""Codes of how fast a family has to go."""
_ASTRAY = 0.05
"""Steps back, of a series that is said to lead somewhere."""


@dataclass(frozen=True)
class Bases:
    """The candidates of one table's drafts."""

    work: Work
    works: Mapping[TableName, Work]
    keys: list[KeyModel]
    k: int

    def candidates(self, draft: Draft, earlier: list[Draft], only: frozenset[Base] | None = None) -> list[Candidate]:
        """All that ``draft`` might be coded against, where the drafts ``earlier`` are drawn before it.

        With ``only`` those that lie on one of these bases, whichever way.
        """
        found = [] if draft.role == "place" else same_as_sibling(self.work, draft) + self._same_as_above(draft)
        found += self._same_as_calendar(draft, earlier)
        if draft.values is None or draft.numbers is None or draft.type is None or not _may_differ(draft, draft.type):
            return found
        anchors = _find_anchors(draft.values, self.k)
        wanted = None if only is None else {(one.kind, one.column, one.key) for one in only}
        own = draft.numbers.encode(draft.values)
        for base, against in self._bases(draft, draft.type, earlier):
            if wanted is not None and (base.kind, base.column, base.key) not in wanted:
                continue
            if base.kind != "sibling":
                found += _same_as_base(draft.values, base, against)
            beside = _Against(draft.values, own, draft.numbers, base, against, anchors, self.k)
            found += beside.candidates(draft.type)
        for base, against, pace in self._paces(draft):
            if only is None or base in only:
                beside = _Against(draft.values, own, draft.numbers, base, against, anchors, self.k)
                found += beside.step(pace)
            base = replace(base, way="pace")
            if only is None or base in only:
                codec = fit_numbers(pace, k=self.k, max_codes=_PACES, grid=0.0)
                codes = np.where(np.isnan(pace), NO_CODE, codec.encode(pace)).astype(np.uint8)
                found.append(Candidate(0.0, base, codes, codec))
        return found

    def _paces(self, draft: Draft) -> Iterator[tuple[Base, Floats, Floats]]:
        """The previous sibling's values (rows,), and what is left to each bound of the family, a sibling (rows,)."""
        work = self.work
        if draft.role != "column" or draft.values is None or not self._has_siblings():
            return
        key, left = work.keys[work.driver], np.zeros(work.rows)
        left[work.order] = work.left
        before = self._before(draft.values)
        for what in ("last", "first"):
            name = hidden_name(key, f"{what} {draft.name}")
            for hidden in self.works[key.parent].hidden:
                if hidden.name == name and hidden.type is not None:
                    end = self._above(work.driver, np.where(hidden.known, hidden.values, np.nan))
                    yield Base("sibling", draft.name, work.driver, "step", name), before, (end - before) / (left + 1.0)

    def _same_as_most(self, draft: Draft) -> list[Candidate]:
        """Whether a category is the one that most of the driving parent's children have: a league, a currency."""
        work = self.work
        if not draft.category or draft.role != "column" or work.driver < 0:
            return []
        key = work.keys[work.driver]
        name = hidden_name(key, f"mode {draft.name}")
        for hidden in self.works[key.parent].hidden:
            if hidden.name == name and hidden.grouped:
                against = self._above(work.driver, np.where(hidden.known, hidden.values, np.nan))
                return _same_as_base(draft.codes.astype(np.float64), Base("parent", name, work.driver), against, 1.0)
        return []

    def _same_as_above(self, draft: Draft) -> list[Candidate]:
        """Whether a category is a parent's own; what most of its children have only where that says more."""
        own = self._same_as_parents(draft)
        often = max((float((one.codes == 1).mean()) for one in own), default=0.0)
        most = [one for one in self._same_as_most(draft) if (one.codes == 1).mean() > often + _LITTLE]
        return most + own

    def _same_as_parents(self, draft: Draft) -> list[Candidate]:
        """Whether a category is that of a parent: an order is mostly sent to the customer's own city."""
        work = self.work
        if not draft.category or draft.role != "column" or draft.name not in work.category_codecs:
            return []
        found = []
        for number, above in self._parents():
            for name, codec in above.category_codecs.items():
                if name not in above.modelled:
                    continue
                named = same_codes(codec, work.category_codecs[draft.name])[above.categories[name]]
                against = self._above(number, named)
                if _meets_often(draft.codes, against):
                    base = Base("parent", name, number)
                    found += _same_as_base(draft.codes.astype(np.float64), base, against, 1.0)
        return found

    def _same_as_calendar(self, draft: Draft, earlier: list[Draft]) -> list[Candidate]:
        """Whether a value is the one that all children of the parent's class have at the time."""
        work = self.work
        if draft.role != "column" or draft.name not in work.calendars:
            return []
        calendar, classes = work.calendars[draft.name]
        if all(other.name != calendar.time for other in earlier):
            return []
        against = calendar.at(self._above(work.driver, classes), work.numbers[calendar.time])
        values = draft.codes.astype(np.float64) if draft.category or draft.values is None else draft.values
        base = Base("calendar", calendar.time, work.driver)
        return [replace(one, calendar=calendar) for one in _same_as_base(values, base, against, 1.0)]

    def _bases(self, draft: Draft, kind: Type, earlier: list[Draft]) -> Iterator[tuple[Base, Floats]]:
        if draft.role == "place":
            if draft.values is not None and self._has_siblings():
                yield Base("sibling", PLACE), self._before(draft.values)
            return
        if draft.role != "bound":
            yield from self._sibling_bases(draft, kind)
        for other in earlier:
            if other.role in ("column", "bound") and other.values is not None and _comparable(kind, other.type):
                yield Base("column", other.name), other.values
        if draft.role != "bound":
            yield from self._parent_bases(kind)
        if draft.role == "column":
            yield from self._mean_bases(draft)

    def _has_siblings(self) -> bool:
        return self.work.driver >= 0 and int((self.work.position > 0).sum()) >= _FEWEST

    def _before(self, values: Floats) -> Floats:
        """(rows,) of ``values`` (rows,) that of the previous sibling, NaN for the first."""
        follows = np.flatnonzero(self.work.position > 0)
        before = np.full(self.work.rows, np.nan)
        before[self.work.order[follows]] = values[self.work.order[follows - 1]]
        return before

    def _above(self, number: int, theirs: Floats) -> Floats:
        """(rows,) of ``theirs`` (parents,) that of the row's parent along key ``number``, NaN where it has none."""
        row = self.work.links[number]
        return np.where(row >= 0, theirs[np.clip(row, 0, None)], np.nan)

    def _parents(self) -> Iterator[tuple[int, Work]]:
        """The parents with rows whose values are there when a row's own are drawn, each with the number of its key."""
        for number, key in enumerate(self.work.keys):
            hidden = self.keys[number].mode in ("absent", "child", "link", "category")
            if not key.is_self and not hidden and key.parent in self.works and self.works[key.parent].rows:
                yield number, self.works[key.parent]

    def _sibling_bases(self, draft: Draft, kind: Type) -> Iterator[tuple[Base, Floats]]:
        work = self.work
        if not self._has_siblings():
            return
        for name, values in work.numbers.items():
            if name not in work.modelled or not _comparable(kind, work.table.column(name).type):
                continue
            if work.profile.column(name).role is not Role.CODED or (name != draft.name and not kind.is_temporal):
                continue
            yield Base("sibling", name), self._before(values)

    def _parent_bases(self, kind: Type) -> Iterator[tuple[Base, Floats]]:
        work = self.work
        for number, above in self._parents():
            for name, (their_type, theirs) in above.valued().items():
                # The bounds of another parent's family would tell a row of itself.
                if _comparable(kind, their_type) and (number == work.driver or name in above.numbers):
                    yield Base("parent", name, number), self._above(number, theirs)


    def _mean_bases(self, draft: Draft) -> Iterator[tuple[Base, Floats]]:
        """The mean of the driving parent's children, as exactly as its code tells it."""
        work = self.work
        if work.driver < 0:
            return
        key = work.keys[work.driver]
        name = hidden_name(key, f"mean {draft.name}")
        for hidden in self.works[key.parent].hidden:
            if hidden.name == name:
                codec = hidden_codec(hidden, self.k)
                told = codec.representatives()[codec.encode(np.where(hidden.known, hidden.values, np.nan))]
                yield Base("parent", name, work.driver), self._above(work.driver, told)


@dataclass(frozen=True)
class _Against:
    """``values`` (rows,) and their ``own`` codes beside those of a base, ``against`` (rows,); ``anchors`` keep codes of
    their own."""

    values: Floats
    own: Codes
    numbers: NumberCodec
    base: Base
    against: Floats
    anchors: Floats
    k: int

    def candidates(self, kind: Type) -> list[Candidate]:
        """The difference to the base and, where it means something, the ratio."""
        values, against = self.values, self.against
        usable = ~np.isnan(against) & ~np.isnan(values) & ~np.isin(values, self.anchors)
        if usable.sum() < max(_FEWEST, 0.05 * len(values)):
            return []
        if self.base.kind == "sibling" and not self._is_series(usable):
            return []
        found = [self._difference(usable)]
        positive = usable & (against > 0) & (values >= 0)
        if self.base.kind != "sibling" and kind.is_number and positive.sum() == usable.sum():
            found.append(self._ratio(usable))
        return found

    def _is_series(self, usable: npt.NDArray[np.bool_]) -> bool:
        """True where neighbours lie nearer than strangers, or by a constant step: else their differences drift away."""
        values, apart = self.values[usable], (self.values - self.against)[usable]
        _, repeats = np.unique(apart, return_counts=True)
        low, high = np.quantile(values, [0.25, 0.75])
        near, far = np.quantile(apart, [0.25, 0.75])
        return bool(repeats.max() >= 0.3 * len(apart) or far - near < 0.9 * (high - low))

    def _difference(self, usable: npt.NDArray[np.bool_]) -> Candidate:
        grid = self.numbers.grid
        apart = self.values - self.against
        codec = fit_numbers(np.where(usable, apart, np.nan), k=self.k, grid=grid)
        inner = codec.encode(apart)
        codes = self._codes(inner)
        step = self.numbers.step
        widths = codec.log_widths(step)[inner]
        promise = _plain_cost(self.numbers, self.own[usable]) - _plain_cost(codec, inner[usable], step)
        widths[np.isin(self.values, self.anchors)] = 0.0
        return Candidate(promise, self.base, codes, codec, self.anchors, widths)

    def _ratio(self, usable: npt.NDArray[np.bool_]) -> Candidate:
        ratio = np.where(usable, self.values / np.where(usable, self.against, 1.0), np.nan)
        codec = fit_numbers(ratio, k=self.k, grid=0.0)
        inner = codec.encode(ratio)
        codes = self._codes(inner)
        widths = _ratio_widths(codec, inner, self.against, self.numbers.step)
        widths[np.isin(self.values, self.anchors)] = 0.0
        plain = _plain_cost(self.numbers, self.own[usable])
        promise = plain - entropy(codes[usable]) - float(widths[usable].mean())
        return Candidate(promise, replace(self.base, way="ratio"), codes, codec, self.anchors, widths)

    def step(self, pace: Floats) -> list[Candidate]:
        """The step from the base in multiples of ``pace`` (rows,), where hardly any leads back or beyond the bound."""
        apart = self.values - self.against
        there = ~np.isnan(pace) & (pace != 0)
        usable = there & ~np.isnan(apart) & ~np.isin(self.values, self.anchors)
        if usable.sum() < max(_FEWEST, 0.05 * len(self.values)):
            return []
        steps = np.where(usable, apart / np.where(there, pace, 1.0), np.nan)
        if (steps[usable] < 0).mean() > _ASTRAY:
            return []
        codec = fit_numbers(steps, k=self.k, grid=0.0)
        inner = codec.encode(steps)
        codes = np.where(there, self._codes(inner), NO_CODE).astype(np.uint8)
        widths = _ratio_widths(codec, inner, pace, self.numbers.step)
        widths[np.isin(self.values, self.anchors)] = 0.0
        plain = _plain_cost(self.numbers, self.own[usable])
        promise = plain - entropy(codes[usable]) - float(widths[usable].mean())
        return [Candidate(promise, self.base, codes, codec, self.anchors, widths)]

    def _codes(self, inner: Codes) -> Codes:
        """(rows,) codes of a stage, anchors first; ``inner`` are those of its codec."""
        codes = np.where(inner > 0, inner + len(self.anchors), 0).astype(np.uint8)
        for place, anchor in enumerate(self.anchors):
            codes[self.values == anchor] = place + 1
        codes[np.isnan(self.against)] = NO_CODE
        return codes


def same_as_sibling(work: Work, draft: Draft) -> list[Candidate]:
    """Whether a value is the previous sibling's, where that happens more often than by chance."""
    follows = np.flatnonzero(work.position > 0)
    if work.driver < 0 or len(follows) < _FEWEST:
        return []
    here, before = work.order[follows], work.order[follows - 1]
    if draft.values is not None:
        one, other = draft.values[here], draft.values[before]
        equal = (one == other) | (np.isnan(one) & np.isnan(other))
    else:
        equal = draft.codes[here] == draft.codes[before]
    shares = np.bincount(draft.codes) / work.rows
    chance = float((shares**2).sum())
    if equal.mean() < chance + 0.05:
        return []
    codes = np.full(work.rows, NO_CODE, np.uint8)
    codes[here] = np.where(equal, 1, 2)
    column = draft.name if draft.values is not None else ""
    return [Candidate(1.0, Base("sibling", column, way="same"), codes)]


def _same_as_base(values: Floats, base: Base, against: Floats, most: float = 0.97) -> list[Candidate]:
    """Whether a value is just that of its base, where that happens now and then but in no more than ``most`` rows."""
    there = ~np.isnan(against)
    equal = values == against
    if not there.any() or not 0.03 < equal[there].mean() <= most:
        return []
    codes = np.full(len(values), NO_CODE, np.uint8)
    codes[there] = np.where(equal[there], 1, 2)
    return [Candidate(0.5, replace(base, way="same"), codes)]


def _meets_often(codes: Codes, against: Floats) -> bool:
    """True where codes (rows,) are those of a base much more often than by chance."""
    there = np.flatnonzero(~np.isnan(against))
    if len(there) < _FEWEST:
        return False
    named = against[there].astype(np.int64)
    shares = [np.bincount(one, minlength=256) / len(there) for one in (codes[there], named)]
    return bool((codes[there] == named).mean() > float(shares[0] @ shares[1]) + _MEETING)


def _find_anchors(values: Floats, k: int) -> Floats:
    """Values so frequent that they mean something of their own: 0, or 9999-12-31."""
    distinct, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    often = counts >= max(k, 0.03 * len(values))
    return distinct[often] if often.sum() <= 8 else np.zeros(0)


def _may_differ(draft: Draft, kind: Type) -> bool:
    """True where values have differences that mean something, and enough values that coding them pays."""
    numeric = kind.is_number or (kind.is_temporal and kind.kind is not Kind.TIME)
    return numeric and draft.role != "length" and draft.size > 8


def _comparable(first: Type, second: Type | None) -> bool:
    """True where a difference of the two means something."""
    if second is None:
        return False
    numbers = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.MONEY)
    if first.kind in numbers and second.kind in numbers:
        return True
    stamps = (Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
    return first.kind == second.kind == Kind.DATE or (first.kind in stamps and second.kind in stamps)


def _plain_cost(codec: NumberCodec, codes: Codes, step: float | None = None) -> float:
    """Nats that one of the values, given by their codes, takes by itself; ``step`` as in log_widths."""
    return entropy(codes) + float(codec.log_widths(step)[codes].mean())


def _ratio_widths(codec: NumberCodec, inner: Codes, against: Floats, step: float) -> Floats:
    """(rows,) nats to name the exact value inside a ratio's bin, in steps of the value."""
    spans = np.zeros(256)
    spans[codec.bin_codes] = np.diff(codec.edges) if len(codec.bin_codes) else 0.0
    with np.errstate(over="ignore"):
        widths: Floats = np.log(np.maximum(1.0, spans[inner] * np.nan_to_num(np.abs(against)) / step))
    return widths
