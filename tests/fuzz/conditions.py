"""CHECKs and predicates of partial indexes over invented columns, as SQL that SQLite and PostgreSQL read alike.

Takes draws and columns, gives conditions that a fair share of the columns' values satisfies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.fuzz.draws import Draws
from tests.fuzz.shape import Column
from tests.fuzz.spell import literal, quoted
from tests.fuzz.values import CATEGORIES, RANGES

_DATES = ("'2015-01-04'", "'2020-06-01'")


def check_of(draws: Draws, columns: Sequence[Column]) -> str | None:
    """A condition over some of ``columns``, None where they offer nothing to say."""
    return draws.pick(_KINDS)(draws, columns)


def predicate_of(draws: Draws, columns: Sequence[Column]) -> str | None:
    """The WHERE of a partial index."""
    return draws.pick((_flag, _absent, _present, _equals))(draws, columns)


def _one(draws: Draws, columns: Sequence[Column], wanted: Callable[[Column], bool]) -> Column | None:
    fitting = [column for column in columns if wanted(column)]
    return draws.pick(fitting) if fitting else None


def _number(draws: Draws, columns: Sequence[Column]) -> str | None:
    column = _one(draws, columns, lambda one: one.type.is_number and one.style in RANGES)
    if column is None:
        return None
    name, (low, high) = quoted(column.name), RANGES[column.style]
    middle, whole = (low + high) // 2, column.type.name not in ("numeric", "double precision")
    forms = [f"{name} >= 0", f"{name} > {low} AND {name} <= {high}", f"{name} BETWEEN {low} AND {middle}"]
    forms += [
        f"{name} <> {middle}",
        f"{name} IN ({low}, {middle}, {high}, {low + 1})",
        f"{name} < {high} OR {name} IS NULL",
    ]
    forms += (
        [f"{name} % 2 = 0", f"abs({name}) <= {max(abs(low), abs(high))}"] if whole else [f"{name} * 2 <= {high + low}"]
    )
    return draws.pick(forms)


def _text(draws: Draws, columns: Sequence[Column]) -> str | None:
    column = _one(draws, columns, lambda one: one.type.is_text)
    if column is None:
        return None
    name = quoted(column.name)
    cut = column.type.length or 99
    listed = ", ".join(literal(text[:cut]) for text in CATEGORIES[: draws.pick((4, 2, 5))])
    forms = {
        "category": [f"{name} IN ({listed})", f"{name} = {literal('new'[:cut])} OR {name} = {literal('paid'[:cut])}"],
        "email": [f"{name} LIKE '%@%'"] if cut > 20 else [],
        "code": [f"{name} LIKE '__-____'", f"length({name}) = 7", f"{name} = upper({name})"] if cut > 6 else [],
        "digits": [f"length({name}) = {cut}", f"{name} <> '00'"],
        "words": [f"{name} NOT LIKE '%  %'", f"length({name}) >= 4" if cut > 3 else f"length({name}) > 0"],
    }.get(column.style, [])
    return draws.pick(
        [*forms, f"length({name}) <= {cut if cut < 99 else 500}", f"{name} <> 'none'", f"length({name}) >= 1"]
    )


def _date(draws: Draws, columns: Sequence[Column]) -> str | None:
    column = _one(draws, columns, lambda one: one.type.name in ("date", "timestamptz"))
    if column is None:
        return None
    name, (early, late) = quoted(column.name), _DATES
    return draws.pick((f"{name} >= '2000-01-01'", f"{name} < {late}", f"{name} <= {early} OR {name} > {late}",
                       f"{name} BETWEEN '2015-01-01' AND {late}"))  # fmt: skip


def _two(draws: Draws, columns: Sequence[Column]) -> str | None:
    """A comparison of two columns; numbers of keys among them."""
    first = _one(draws, columns, lambda one: one.type.is_number or one.type.name in ("date", "timestamptz"))
    if first is None:
        return None
    second = _one(draws, columns, lambda one: one is not first and _alike(first, one))
    if second is None:
        return None
    a, b = quoted(first.name), quoted(second.name)
    forms = [f"{a} <= {b}", f"{a} <> {b}", f"{a} < {b}", f"{b} >= {a} OR {b} IS NULL"]
    forms += [f"{a} + {b} >= 1", f"{b} >= {a} * 2"] if first.type.is_number else []
    return draws.pick(forms)


def _alike(first: Column, second: Column) -> bool:
    return first.type.is_number and second.type.is_number if first.type.is_number else first.type == second.type


def _when(draws: Draws, columns: Sequence[Column]) -> str | None:
    """One column decides whether another one may or must be there."""
    ruling = _one(draws, columns, lambda one: one.type.name == "boolean" or one.style == "category")
    ruled = _one(draws, columns, lambda one: one.nullable and one is not ruling)
    if ruling is None or ruled is None:
        return _both(draws, columns)
    name, other = quoted(ruling.name), quoted(ruled.name)
    state = name if ruling.type.name == "boolean" else f"{name} = {literal('paid'[: ruling.type.length or 99])}"
    forms = [f"NOT ({state}) OR {other} IS NOT NULL", f"({state}) = ({other} IS NOT NULL)"]
    forms += [f"({state}) OR {other} IS NULL", f"CASE WHEN {state} THEN {other} IS NOT NULL ELSE TRUE END"]
    return draws.pick(forms)


def _both(draws: Draws, columns: Sequence[Column]) -> str | None:
    """Which of two columns are there."""
    empty = [column for column in columns if column.nullable]
    if len(empty) < 2:
        return None
    a, b = (quoted(column.name) for column in draws.several(empty, 2))
    forms = [f"{a} IS NOT NULL OR {b} IS NOT NULL", f"({a} IS NULL) <> ({b} IS NULL)"]
    forms += [f"({a} IS NULL) = ({b} IS NULL)", f"NOT ({a} IS NOT NULL AND {b} IS NOT NULL)"]
    return draws.pick(forms)


def _flag(draws: Draws, columns: Sequence[Column]) -> str | None:
    column = _one(draws, columns, lambda one: one.type.name == "boolean")
    return None if column is None else draws.pick((quoted(column.name), f"NOT {quoted(column.name)}"))


def _absent(draws: Draws, columns: Sequence[Column]) -> str | None:
    column = _one(draws, columns, lambda one: one.nullable)
    return None if column is None else f"{quoted(column.name)} IS NULL"


def _present(draws: Draws, columns: Sequence[Column]) -> str | None:
    column = _one(draws, columns, lambda one: one.nullable)
    return None if column is None else f"{quoted(column.name)} IS NOT NULL"


def _equals(draws: Draws, columns: Sequence[Column]) -> str | None:
    column = _one(draws, columns, lambda one: one.style == "category")
    return None if column is None else f"{quoted(column.name)} = {literal('new'[: column.type.length or 99])}"


_KINDS = (_number, _text, _date, _two, _when, _both)
