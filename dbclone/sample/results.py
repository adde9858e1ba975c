"""What SQL expressions over columns are made of: values that may be unknown, and constants as columns store them.

Takes texts of constants, gives numbers; says what rows must offer to be asked. Knows no expression.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dbclone.models.arrows import DAY_US
from dbclone.schema import Column, Kind

Values = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]
_INTERVAL = re.compile(r"(-?\d+(?:\.\d+)?)\s*(year|mon|month|week|day|hour|minute|min|second|sec)s?", re.I)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?(?:([+-])(\d\d)(?::?(\d\d))?|Z)?"
)
_CLOCK = re.compile(r"(-?)(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?")
_SHAPES = {Kind.DATE: "date", Kind.TIMESTAMP: "moment", Kind.TIMESTAMPTZ: "moment", Kind.TIME: "time"}
UNITS = {
    "year": 365.25 * DAY_US, "mon": 30 * DAY_US, "month": 30 * DAY_US, "week": 7 * DAY_US, "day": DAY_US,
    "hour": 3.6e9, "minute": 6e7, "min": 6e7, "second": 1e6, "sec": 1e6,
}  # fmt: skip


class Unknown(Exception):
    """The condition uses something that cannot be evaluated here."""


@dataclass(frozen=True)
class Result:
    """``values`` (n,), meaningless where not ``known``. ``kind``: number, text, date (days), moment, time, interval
    (microseconds)."""

    values: Values
    known: Flags
    kind: str = "number"


class Columns(Protocol):
    """Rows as columns. ``column`` raises Unknown where only ``known`` can be told."""

    @property
    def size(self) -> int: ...

    def column(self, name: str) -> Result: ...

    def known(self, name: str) -> Flags: ...

    def labels(self, name: str) -> tuple[str, ...]:
        """The labels of an enum column in their order, nothing for other columns."""
        ...


def truth(result: Result) -> Flags:
    if result.kind == "text":
        raise Unknown("text as a condition")
    flags: Flags = np.asarray(result.values).astype(bool)
    return flags


def as_number(text: str, kind: Kind) -> float:
    """A constant as columns of that kind are stored: days, microseconds or the number itself. Raises Unknown."""
    return constant_as(text, _SHAPES.get(kind, "number"))


def shape_of(column: Column) -> str:
    """What the numbers of a column are: ``kind`` of a Result."""
    return _SHAPES.get(column.type.kind, "number")


def as_span(text: str) -> float:
    """An interval's text in microseconds. Raises Unknown."""
    return constant_as(text, "interval")


def constant_as(text: str, kind: str) -> float:
    try:
        if text.lstrip("-") == "infinity":
            return float("-inf") if text.startswith("-") else float("inf")
        if text.lower() == "nan":
            # Above every number, as the rows have it.
            return float("inf")
        if kind == "date":
            return float(np.datetime64(text[:10], "D").astype(np.int64))
        if kind == "moment":
            return _moment(text)
        if kind == "time":
            return _clock(text)
        if kind == "interval":
            return _span(text)
        return float({"t": "1", "f": "0", "true": "1", "false": "0"}.get(text, text.lstrip("$").replace(",", "")))
    except ValueError:
        raise Unknown(text) from None


def _moment(text: str) -> float:
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise Unknown(text)
    day, clock, sign, hours, minutes = match.groups()
    value = float(np.datetime64(f"{day}T{clock or '00:00'}", "us").astype(np.int64))
    offset = (int(hours or 0) * 60 + int(minutes or 0)) * 6e7
    return value - offset if sign == "+" else value + offset


def _clock(text: str) -> float:
    match = _CLOCK.match(text)
    if match is None:
        raise Unknown(text)
    sign, hours, minutes, seconds = match.groups()
    value = (int(hours) * 60 + int(minutes)) * 6e7 + float(seconds or 0) * 1e6
    return -value if sign else value


def _span(text: str) -> float:
    parts = _INTERVAL.findall(text)
    clock = _CLOCK.search(text)
    if not parts and clock is None:
        return float(text) * 1e6
    return sum(float(number) * UNITS[unit.lower()] for number, unit in parts) + (_clock(clock[0]) if clock else 0.0)
