"""Finds formulas: sums, differences, products and constant ratios of a row's numbers, and texts composed of others.

Takes a table's Subject, gives rules. Every ingredient must matter: with any one shuffled, many rows would be wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from dbclone.profile.rules import Composed, Factor, Formula, Part, Ref, Term
from dbclone.profile.rules_names import NUMBERS, plain
from dbclone.profile.rules_rows import Floats, agrees, evaluate
from dbclone.profile.rules_subject import FEWEST, HEAD, Subject
from dbclone.profile.value import Role
from dbclone.schema import Kind

Terms = tuple[Term, ...]
_TRIED = 200
"""Rows that an idea is first tried on."""
_WIDEST = 24
"""Ingredients beyond which three at a time are too many to try."""
_GLIMPSE = 6
"""Rows that nearly every wrong idea breaks one of, so that ideas are tried on them by the thousand at once."""


@dataclass(frozen=True)
class Pool:
    """Ingredients as a matrix: ``refs`` (m,), ``values`` (rows, m)."""

    refs: tuple[Ref, ...]
    values: Floats

    def head(self, target: Floats) -> tuple[Floats, Floats]:
        """At most ``_TRIED`` rows whose target is there: their targets and ingredients."""
        there = np.flatnonzero(~np.isnan(target))
        rows = there[np.linspace(0, len(there) - 1, min(_TRIED, len(there))).astype(np.int64)]
        return target[rows], self.values[rows]


def find_formulas(subject: Subject) -> list[Formula]:
    """At most one formula a column, and none in a circle."""
    found: list[Formula] = []
    used: set[frozenset[Ref]] = set()
    for column in _targets(subject):
        pool = _pool(subject, column)
        target = subject.numbers(column)
        digits = digits_of(subject, column)
        for terms in ideas(target, pool, digits, units=subject.kind(column) in NUMBERS):
            refs = frozenset({Ref(column), *(factor.ref for term in terms for factor in term.factors)})
            if refs in used or _circles(column, terms, found):
                continue
            rows = proves(target, terms, pool, digits, subject.rng)
            if rows:
                used.add(refs)
                text = f"{subject.names.ref(subject.name, Ref(column))} = {subject.names.terms(subject.name, terms)}"
                found.append(Formula(text, subject.name, rows, column, terms, digits))
                break
    return found


def _targets(subject: Subject) -> list[str]:
    """Wholes before their parts: what is largest is a sum or a product of the others rather than a difference."""
    amounts = sorted(subject.amounts, key=lambda name: -float(np.nanmean(np.abs(subject.numbers(name)))))
    days = [name for name in subject.moments if subject.kind(name) is Kind.DATE]
    late = sorted(days, key=lambda name: -float(np.nanmean(subject.numbers(name))))
    return [*amounts, *late]


def _pool(subject: Subject, column: str) -> Pool:
    own = [name for name in [*subject.amounts, *subject.moments] if name != column]
    refs = [Ref(name) for name in own]
    if subject.kind(column) in NUMBERS:
        for key in subject.keys:
            above = subject.of(key.parent)
            refs += [Ref(name, key.columns) for name in above.amounts][: max(0, 40 - len(refs))]
    values = [subject.rows.at(subject.name, ref) for ref in refs]
    return Pool(tuple(refs), np.stack(values, axis=1) if values else np.zeros((subject.size, 0)))


def digits_of(subject: Subject, column: str) -> int | None:
    """Decimals that the column's values are rounded to, None where they are not."""
    kind = subject.table.column(column).type
    if kind.kind is Kind.INTEGER:
        return 0
    if kind.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
        return None
    values = subject.numbers(column)
    values = values[~np.isnan(values)][:HEAD]
    for digits in range(7):
        if (np.abs(np.round(values, digits) - values) <= 1e-9 * (1 + np.abs(values))).all():
            return min(digits, kind.scale) if kind.scale is not None else digits
    return None


def _circles(column: str, terms: Terms, found: Iterable[Formula]) -> bool:
    """True where an ingredient is itself made, by way of other formulas, of ``column``."""
    made_of = {rule.column: _own(rule.terms) for rule in found}
    reached, todo = set(), list(_own(terms))
    while todo:
        one = todo.pop()
        if one not in reached:
            reached.add(one)
            todo += made_of.get(one, ())
    return column in reached


def _own(terms: Terms) -> set[str]:
    return {factor.ref.column for term in terms for factor in term.factors if not factor.ref.key}


def ideas(target: Floats, pool: Pool, digits: int | None, *, units: bool = True) -> Iterator[Terms]:
    """Formulas that hold on a few rows, the simplest first; without ``units`` (moments) no products."""
    few, values = pool.head(target)
    if len(few) < FEWEST or not values.shape[1]:
        return
    yield from _singles(few, values, pool, digits, units=units)
    yield from _pairs(few, values, pool, digits, units=units)
    if values.shape[1] <= _WIDEST:
        yield from _triples(few, values, pool, digits, units=units)


def _fits(few: Floats, wanted: Floats, digits: int | None) -> npt.NDArray[np.bool_]:
    """(ideas,) true where a column of ``wanted`` (rows, ideas) is ``few`` (rows,) wherever it is known."""
    known = ~np.isnan(wanted)
    good = agrees(few[:, None], wanted, digits) | ~known
    return np.asarray(good.all(axis=0) & (known.sum(axis=0) >= FEWEST))


def _glimpse(values: Floats) -> npt.NDArray[np.intp]:
    """The rows with the most ingredients known: what they break, all break; what they keep is still to be tried."""
    return np.argsort(np.isnan(values).sum(axis=1), kind="stable")[:_GLIMPSE]


def _may_fit(few: Floats, wanted: Floats, digits: int | None) -> npt.NDArray[np.bool_]:
    """(...) false where a row of ``wanted`` (rows, ...) is not ``few`` (rows,)."""
    goal = few.reshape(-1, *(1,) * (wanted.ndim - 1))
    return np.asarray((agrees(goal, wanted, digits) | np.isnan(wanted)).all(axis=0))


def _singles(few: Floats, values: Floats, pool: Pool, digits: int | None, *, units: bool) -> Iterator[Terms]:
    """The same as another column; a constant more; a constant times."""
    for place in np.flatnonzero(_fits(few, values, digits)):
        yield (Term((plain_of(pool.refs[place]),)),)
    apart = few[:, None] - values
    for place in np.flatnonzero(np.nanmax(apart, axis=0, initial=-np.inf) == np.nanmin(apart, axis=0, initial=np.inf)):
        more = float(np.nanmin(apart[:, place]))
        if more and not units:
            yield Term((plain_of(pool.refs[place]),)), Term((), more)
    for ref, one in zip(pool.refs, values.T, strict=True) if units else ():
        ratio = _ratio(few, one, digits)
        if ratio:
            yield (Term((plain_of(ref),), ratio),)


def _ratio(few: Floats, values: Floats, digits: int | None) -> float:
    """The shortest constant that turns ``values`` into ``few``, 0 where none does."""
    usable = ~np.isnan(values) & (values != 0) & (few != 0)
    if usable.sum() < FEWEST:
        return 0.0
    largest = int(np.argmax(np.where(usable, np.abs(values), 0)))
    exact = few[largest] / values[largest]
    for places in range(1, 6):
        ratio = float(f"{exact:.{places - 1}e}")
        if ratio != 1 and agrees(few[usable], ratio * values[usable], digits).all():
            return ratio
    return 0.0


def _pairs(few: Floats, values: Floats, pool: Pool, digits: int | None, *, units: bool) -> Iterator[Terms]:
    """Sums, products, differences and quotients of two."""
    refs = pool.refs

    def fitting(combine: np.ufunc, others: Floats) -> list[tuple[int, int]]:
        return list(_fitting(few, values, combine, others, digits))

    for first, second in fitting(np.add, values) if units else ():
        if first < second:
            yield _sum(refs[first], refs[second])
    ways: dict[Literal["plain", "rest", "more"], Floats] = {}
    if units:
        ways = {"plain": values, "rest": 1.0 - values, "more": 1.0 + values}
    products = [(first, way, second) for way, others in ways.items() for first, second in fitting(np.multiply, others)]
    for first, way, second in sorted(products, key=lambda one: one[0]):
        if way != "plain" or first < second:
            yield (Term((plain_of(refs[first]), Factor(refs[second], way))),)
    for first, second in fitting(np.subtract, values):
        yield _sum(refs[first], refs[second], minus=1)
    for first, second in fitting(np.multiply, 1.0 / np.where(values == 0, np.nan, values)) if units else ():
        if first != second:
            yield (Term((plain_of(refs[first]), Factor(refs[second], "over"))),)


def _fitting(
    few: Floats, values: Floats, combine: np.ufunc, others: Floats, digits: int | None
) -> Iterator[tuple[int, int]]:
    """Columns of ``values`` (rows, m) and of ``others`` (rows, m) that make ``few`` (rows,) together."""
    rows = _glimpse(np.concatenate([values, others], axis=1))
    made = np.asarray(combine(values[rows, :, None], others[rows, None, :]))
    for first in np.flatnonzero(_may_fit(few[rows], made, digits).any(axis=1)).tolist():
        for second in np.flatnonzero(_fits(few, combine(values[:, [first]], others), digits)).tolist():
            yield first, second


def _triples(few: Floats, values: Floats, pool: Pool, digits: int | None, *, units: bool) -> Iterator[Terms]:
    """Three at a time: ``a + b + c``, ``a * b * (1 - c)``, ``a * b + c``..."""
    refs = pool.refs
    if not units:
        return
    seen = _glimpse(values)
    likely = _likely_triples(few[seen], values[seen], digits)
    for first, second in itertools.combinations(range(len(refs)), 2):
        if not likely[first, second]:
            continue
        one, other = values[:, [first]], values[:, [second]]
        rest = [place for place in range(len(refs)) if place not in (first, second)]
        third = values[:, rest]
        product = (plain_of(refs[first]), plain_of(refs[second]))
        for place in np.flatnonzero(_fits(few, one + other + third, digits)):
            yield _sum(refs[first], refs[second], refs[rest[place]])
        for place in np.flatnonzero(_fits(few, one + other - third, digits)):
            yield _sum(refs[first], refs[second], refs[rest[place]], minus=1)
        for way, changed in (("plain", third), ("rest", 1.0 - third), ("more", 1.0 + third)):
            for place in np.flatnonzero(_fits(few, one * other * changed, digits)):
                yield (Term((*product, Factor(refs[rest[place]], way))),)  # type: ignore[arg-type]
        for sign in (1.0, -1.0):
            for place in np.flatnonzero(_fits(few, one * other + sign * third, digits)):
                yield Term(product), Term((plain_of(refs[rest[place]]),), sign)
    yield from _quadruples(few, values, pool, digits)


def _likely_triples(few: Floats, values: Floats, digits: int | None) -> npt.NDArray[np.bool_]:
    """(m, m) true where the two and any third may make one of the forms of ``_triples``."""
    one, other, third = values[:, :, None, None], values[:, None, :, None], values[:, None, None, :]
    total, product = one + other, one * other
    likely = np.zeros((values.shape[1], values.shape[1]), bool)
    for factor in (third, 1.0 - third, 1.0 + third):
        likely |= _may_fit(few, product * factor, digits).any(axis=2)
    for more in (third, -third):
        likely |= _may_fit(few, total + more, digits).any(axis=2)
        likely |= _may_fit(few, product + more, digits).any(axis=2)
    return likely


def _quadruples(few: Floats, values: Floats, pool: Pool, digits: int | None) -> Iterator[Terms]:
    """``a + b + c + d`` and ``a + b + c - d``, the longest sums that are looked for."""
    refs = pool.refs
    if len(refs) > _WIDEST // 2:
        return
    every = np.array(list(itertools.combinations(range(len(refs)), 3)), np.int64).reshape(-1, 3)
    seen = _glimpse(values)
    few_seen, some = few[seen], values[seen]
    sums = some[:, every].sum(axis=2)[:, :, None]
    likely = [_may_fit(few_seen, sums + sign * some[:, None, :], digits).any(axis=1) for sign in (1, -1)]
    for chosen in every[likely[0] | likely[1]].tolist():
        rest = [place for place in range(len(refs)) if place not in chosen]
        total = values[:, chosen].sum(axis=1)[:, None]
        for sign in (1, -1):
            for place in np.flatnonzero(_fits(few, total + sign * values[:, rest], digits)):
                yield _sum(*(refs[one] for one in chosen), refs[rest[place]], minus=int(sign < 0))


def plain_of(ref: Ref) -> Factor:
    return plain(ref.column, ref.key)


def _sum(*refs: Ref, minus: int = 0) -> Terms:
    """The sum of columns, the last ``minus`` of them taken off."""
    kept = len(refs) - minus
    return tuple(Term((plain_of(ref),), 1.0 if place < kept else -1.0) for place, ref in enumerate(refs))


def proves(target: Floats, terms: Terms, pool: Pool, digits: int | None, rng: np.random.Generator) -> int:
    """The rows on which the formula holds, 0 where it fails in one or where an ingredient does not matter."""
    at = {ref: pool.values[:, place] for place, ref in enumerate(pool.refs)}
    wanted = evaluate(terms, at.__getitem__)
    both = ~np.isnan(target) & ~np.isnan(wanted)
    if both.sum() < FEWEST or not agrees(target[both], wanted[both], digits).all():
        return 0
    if len(np.unique(target[both])) < 2:
        return 0
    refs = {factor.ref for term in terms for factor in term.factors}
    known = {ref: at[ref][both] for ref in refs}
    for ref in sorted(refs, key=lambda one: (one.key, one.column)):
        changed = known | {ref: rng.permutation(known[ref])}
        off = ~agrees(target[both], evaluate(terms, changed.__getitem__), digits)
        if off.sum() < FEWEST:
            return 0
    return int(both.sum())


# -- texts ------------------------------------------------------------------------------------------------------------


def find_composed(subject: Subject) -> list[Composed]:
    """Texts that are one other column, also of a parent, or two with something between."""
    texts = [column.name for column in subject.table.stored_columns if _is_text(subject, column.name)][:30]
    above = [
        Part(column.name, key.columns)
        for key in subject.keys
        for column in subject.of(key.parent).table.stored_columns
        if _is_text(subject.of(key.parent), column.name, fewest=2)
    ][:60]
    found: list[Composed] = []
    for column in texts:
        rule = _composition(subject, column, [*(Part(one) for one in texts if one != column), *above])
        if rule is not None and not _text_circle(rule, found):
            found.append(rule)
    return found


def _is_text(subject: Subject, column: str, fewest: int = FEWEST) -> bool:
    about = subject.profiles[subject.name].column(column)
    kind = subject.table.column(column).type.kind
    listed = about.role in (Role.TEXT, Role.CODED) and kind in (Kind.TEXT, Kind.ENUM)
    return listed and about.distinct >= fewest and (not about.unique or fewest < FEWEST)


def _composition(subject: Subject, column: str, others: list[Part]) -> Composed | None:
    there = subject.rows.filled(subject.name, column)
    if len(there) < FEWEST:
        return None
    some = there[np.linspace(0, len(there) - 1, min(_TRIED, len(there))).astype(np.int64)]
    heads = subject.rows.texts(subject.name, column, few=some).tolist()
    begins = [part for part in _spellings(others) if _all(subject, part, some, heads, str.startswith)]
    ends = [part for part in _spellings(others) if _all(subject, part, some, heads, str.endswith)]
    for parts in _joined(subject, some, heads, begins, ends):
        name = f"{subject.names.ref(subject.name, Ref(column))} = {subject.names.parts(subject.name, parts)}"
        rule = Composed(name, subject.name, 0, column, parts)
        held = _composed_rows(subject, rule)
        if held:
            return replace(rule, rows=held)
    return None


def _spellings(parts: list[Part]) -> Iterator[Part]:
    for part in parts:
        yield part
        if not part.key:
            yield replace(part, case="lower")
            yield replace(part, case="upper")


def _spelled(subject: Subject, part: Part, rows: npt.NDArray[np.int64]) -> list[str | None]:
    texts = subject.rows.texts(subject.name, part.column, part.key, rows)
    change: dict[str, Callable[[str], str]] = {"": str, "lower": str.lower, "upper": str.upper}
    return [change[part.case](text) if isinstance(text, str) and text else None for text in texts]


def _all(
    subject: Subject, part: Part, rows: npt.NDArray[np.int64], whole: list[str], test: Callable[[str, str], bool]
) -> bool:
    # Most parts are told to be wrong by the first few rows.
    few = zip(whole[:_GLIMPSE], _spelled(subject, part, rows[:_GLIMPSE]), strict=True)
    if not all(test(one, text) for one, text in few if text is not None):
        return False
    texts = _spelled(subject, part, rows)
    known = [(one, text) for one, text in zip(whole, texts, strict=True) if text is not None]
    return len(known) >= FEWEST and all(test(one, text) for one, text in known)


def _joined(
    subject: Subject, rows: npt.NDArray[np.int64], whole: list[str], begins: list[Part], ends: list[Part]
) -> Iterator[tuple[Part, ...]]:
    for part in begins:
        if all(one == text for one, text in zip(whole, _spelled(subject, part, rows), strict=True) if text):
            yield (part,)
    for first, last in itertools.product(begins, ends):
        if first.column == last.column or first.key or last.key:
            continue
        left, right = _spelled(subject, first, rows), _spelled(subject, last, rows)
        between = {
            one[len(a) : len(one) - len(b)] if len(a) + len(b) <= len(one) else None
            for one, a, b in zip(whole, left, right, strict=True)
            if a is not None and b is not None
        }
        if len(between) == 1 and None not in between:
            middle = next(iter(between)) or ""
            yield (first, Part(text=middle), last) if middle else (first, last)


def _composed_rows(subject: Subject, rule: Composed) -> int:
    from dbclone.profile.rules_check import count_rule

    tally = count_rule(rule, subject.rows)
    return tally.rows if tally.rows >= 2 * FEWEST and tally.kept == tally.rows else 0


def _text_circle(rule: Composed, found: list[Composed]) -> bool:
    """True where a part is itself composed of the column: two equal columns need one rule."""
    parts = {part.column for part in rule.parts if not part.key}
    return any(other.column in parts for other in found)
