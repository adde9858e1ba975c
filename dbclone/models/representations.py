"""Chooses what each value is coded against, by held-out code length and never by a rule of thumb (Rissanen, 1978).

Takes drafts, gives them back with the stages that pay. Never grows the trees that are kept.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dbclone.models.bases import Bases
from dbclone.models.drafts import Candidate, Draft
from dbclone.models.layout import Grower, Layout
from dbclone.models.numbers import fit_numbers
from dbclone.models.parallel import each
from dbclone.models.table import NO_CODE, KeyModel
from dbclone.models.trees import Growth, log_loss
from dbclone.models.work import Work
from dbclone.schema import TableName

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_TRIAL_ROWS = 8_000
_THIN_ROWS = 40_000
"""Rows on which bases are looked for and compared."""
_STAGES = 3
_LEAST_GAIN = 0.02
"""Nats a row that a stage has to save."""


def choose_bases(
    drafts: list[Draft],
    work: Work,
    works: Mapping[TableName, Work],
    keys: list[KeyModel],
    layout: Layout,
    growth: Growth,
    seed: int,
) -> list[Draft]:
    """The drafts with their stages; each may look at the plain codes of those before it."""
    if work.rows < 40 or not drafts:
        return drafts
    whole = Bases(work, works, keys, growth.k)
    thin, shown = _thinned(work), drafts
    context = layout.context
    if thin is not None:
        rows, part, context = thin.rows, thin.part, layout.context[thin.begin : thin.end]
        shown = [draft.on(rows) for draft in drafts]
    else:
        part = work
    small = replace(layout, work=part, context=context)
    matrix = small.matrix(np.stack([draft.codes[part.order] for draft in shown], axis=1))
    quick = replace(growth, large=0)
    grower = Grower(matrix, np.zeros(matrix.shape[1], bool), part.entity[part.order], quick, seed)
    bases = Bases(part, works, keys, growth.k)

    def choose(number: int) -> Draft:
        draft = drafts[number]
        repeatable = draft.role in ("column", "length", "bound", "place") or _names_rows(draft, keys)
        few = draft.size <= 3 and draft.name not in work.calendars
        if not repeatable or few or not draft.drawn:
            return draft
        allowed = small.allowed(len(drafts), number)
        allowed = allowed if draft.role == "place" else small.off_places(allowed)
        if draft.is_key:
            allowed = small.before_keys(allowed, len(drafts), sum(one.is_key for one in drafts))
        found = bases.candidates(shown[number], shown[:number])
        paces = [one for one in found if one.base.way == "pace"]
        trial = _Trial(shown[number], part, grower, allowed, tuple(paces))
        stages = _choose_stages(trial, [one for one in found if one.base.way != "pace"])
        if any(_keeps_pace(one) for one in stages):
            stages = [*paces, *stages]
        if stages and thin is not None:
            only = [one.base for one in stages]
            again = {one.base: one for one in whole.candidates(draft, drafts[:number], frozenset(only))}
            stages = [again[base] for base in only if base in again]
        return _with_stages(draft, stages, work.rows, growth.k)

    return each(choose, range(len(drafts)), work.rows)


def _keeps_pace(one: Candidate) -> bool:
    """True for differences to the previous sibling, which forget where the family has to end."""
    return one.base.kind == "sibling" and one.base.way == "difference"


@dataclass(frozen=True)
class _Thin:
    """Some of a table's families: ``rows`` of the whole, ascending, ``begin`` .. ``end`` in sibling order, and the
    ``part`` that they make."""

    rows: Rows
    begin: int
    end: int
    part: Work


def _thinned(work: Work) -> _Thin | None:
    """As many whole families as trials need, None where the table has no more."""
    if work.rows <= 1.5 * _THIN_ROWS:
        return None
    starts = np.flatnonzero(work.position == 0)
    begin = int(starts[np.searchsorted(starts, (work.rows - _THIN_ROWS) // 2)])
    further = starts[np.searchsorted(starts, begin + _THIN_ROWS) :]
    end = int(further[0]) if len(further) else work.rows
    rows = np.sort(work.order[begin:end])
    part = replace(
        work,
        data=work.data.select([0]).take(pa.array(rows)),
        numbers={name: values[rows] for name, values in work.numbers.items()},
        categories={name: codes[rows] for name, codes in work.categories.items()},
        links=[link[rows] for link in work.links],
        order=np.searchsorted(rows, work.order[begin:end]),
        position=work.position[begin:end],
        left=work.left[begin:end],
        entity=work.entity[rows],
        hidden=[replace(one, values=one.values[rows], known=one.known[rows]) for one in work.hidden],
    )
    return _Thin(rows, begin, end, part)


def _names_rows(draft: Draft, keys: list[KeyModel]) -> bool:
    """True for keys whose codes are rows, not ways of finding one."""
    return draft.role == "key" and keys[int(draft.name.removeprefix("key "))].mode == "category"


def _choose_stages(trial: _Trial, candidates: list[Candidate]) -> list[Candidate]:
    """Up to three stages, each chosen on the rows that the ones before leave over."""
    left = np.ones(trial.work.rows, bool)
    stages: list[Candidate] = []
    for _ in range(_STAGES):
        best = trial.best(candidates, left)
        if best is None:
            break
        stages.append(best)
        left &= _left_by(best, left)
        candidates = [one for one in candidates if one.base != best.base]
        if left.mean() < 0.002:
            break
    if stages and stages[0].base.way != "same" and len(stages) < _STAGES:
        # A repeated value may be what differs least from its base, too: only both together tell which it is.
        first = trial.before([one for one in candidates if one.base.way == "same"], stages[0])
        stages = stages if first is None else [first, *stages]
    return stages


def _left_by(stage: Candidate, left: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(rows,) rows that a stage which sees those that are ``left`` has to leave to the next."""
    return replace(stage, codes=np.where(left, stage.codes, NO_CODE).astype(np.uint8)).passes


def _with_stages(draft: Draft, chosen: list[Candidate], rows: int, k: int) -> Draft:
    """The draft with the chosen stages, each on the rows that the ones before leave over."""
    if not chosen:
        return draft
    left = np.ones(rows, bool)
    stages: list[Candidate] = []
    for one in chosen:
        stages.append(replace(one, codes=np.where(left, one.codes, NO_CODE).astype(np.uint8)))
        left &= stages[-1].passes
    start = None
    if draft.values is not None and stages[-1].base.way != "same" and left.sum() >= 20:
        start = fit_numbers(np.where(left, draft.values, np.nan), k=k)
    return replace(draft, stages=tuple(stages), start=start)


@dataclass(frozen=True)
class _Trial:
    """Trees for one draft, learned from one half of some rows and measured on the other.

    What ``keeps pace`` may look at the ``paces``, too.
    """

    draft: Draft
    work: Work
    grower: Grower
    allowed: Rows
    paces: tuple[Candidate, ...] = ()

    @functools.cached_property
    def _paced(self) -> tuple[Grower, Rows]:
        """The grower and what may be looked at, the paces added."""
        if not self.paces:
            return self.grower, self.allowed
        width = self.grower.matrix.shape[1]
        more = np.stack([one.codes[self.work.order] for one in self.paces], axis=1)
        matrix = np.ascontiguousarray(np.concatenate([self.grower.matrix, more], axis=1))
        grouped = np.concatenate([self.grower.grouped, np.zeros(len(self.paces), bool)])
        added = np.arange(width, width + len(self.paces))
        return replace(self.grower, matrix=matrix, grouped=grouped), np.concatenate([self.allowed, added])

    def best(self, candidates: list[Candidate], left: npt.NDArray[np.bool_]) -> Candidate | None:
        """The candidate that saves most on the rows (rows,) that are ``left``, none where no one saves enough."""
        train, test = self._halves(left)
        if len(train) < 30:
            return None
        rows = np.concatenate([train, test])
        shown = [one for one in candidates if one.promise > -1.0 and self._applies(one, rows).mean() > 0.1]
        if not shown:
            return None
        plain = self._plain_cost(train, test)
        best, best_gain = None, _LEAST_GAIN
        for one in sorted(shown, key=lambda one: -one.promise)[:7]:
            there = self._applies(one, test)
            if not there.any():
                continue
            saved = (plain - self._cost(one, train, test))[there]
            gain = float(saved.sum()) / len(test)
            # In a small table one lucky half saves as much by chance (three standard errors).
            sure = saved.mean() > 3 * saved.std() / np.sqrt(len(saved))
            # What a whole class has at a time is exact where it holds: sums over children show every slip.
            gain += _LEAST_GAIN if one.calendar is not None else 0.0
            if gain > best_gain and sure:
                best, best_gain = one, gain
        return best

    def before(self, candidates: list[Candidate], then: Candidate) -> Candidate | None:
        """The candidate that saves most when those rows that it does not take are coded by ``then``."""
        train, test = self._halves(np.ones(self.work.rows, bool))
        if len(train) < 30:
            return None
        alone = self._cost(then, train, test)
        codes = then.codes[self.work.order]
        best, best_gain = None, _LEAST_GAIN
        for one in candidates:
            flags = one.codes[self.work.order]
            there = (flags[test] != NO_CODE) & (codes[test] != NO_CODE)
            if there.mean() < 0.1:
                continue
            saved = (alone - self._cost(one, train, test, then))[there]
            gain = float(saved.sum()) / len(test)
            if gain > best_gain and saved.mean() > 3 * saved.std() / np.sqrt(len(saved)):
                best, best_gain = one, gain
        return best

    def _halves(self, left: npt.NDArray[np.bool_]) -> tuple[Rows, Rows]:
        rows = np.flatnonzero(left[self.work.order])
        if len(rows) > 2 * _TRIAL_ROWS:
            start = int(np.random.default_rng(self.grower.seed).integers(0, len(rows) - 2 * _TRIAL_ROWS + 1))
            rows = rows[start : start + 2 * _TRIAL_ROWS]
        return rows[: len(rows) // 2], rows[len(rows) // 2 :]

    def _applies(self, one: Candidate, rows: Rows) -> npt.NDArray[np.bool_]:
        applies: npt.NDArray[np.bool_] = one.codes[self.work.order][rows] != NO_CODE
        return applies

    def _plain_cost(self, train: Rows, test: Rows) -> Floats:
        """(test rows,) nats to code the value by itself, learned from the train rows."""
        draft = self.draft
        codes = draft.codes[self.work.order]
        tree = self.grower.tree(codes, train, self.allowed, not draft.category)
        loss = log_loss(tree, self.grower.matrix[test], codes[test], 0.2 / max(20, len(train)))
        return loss if draft.numbers is None else loss + draft.numbers.log_widths()[codes[test]]

    def _cost(self, one: Candidate, train: Rows, test: Rows, then: Candidate | None = None) -> Floats:
        """(test rows,) nats to code the value against a candidate's base, and by ``then`` if that may only repeat."""
        codes = one.codes[self.work.order]
        there = train[codes[train] != NO_CODE]
        grower, allowed = self._paced if _keeps_pace(one) else (self.grower, self.allowed)
        tree = grower.tree(codes, there, allowed, one.codec is not None)
        loss = log_loss(tree, grower.matrix[test], codes[test], 0.2 / max(20, len(train)))
        if one.widths is not None:
            return loss + one.widths[self.work.order][test]
        differing = train[codes[train] == 2]
        differing = differing if len(differing) >= 40 else train
        rest = self._plain_cost(differing, test) if then is None else self._cost(then, differing, test)
        return np.where(codes[test] == 1, loss, loss + rest)
