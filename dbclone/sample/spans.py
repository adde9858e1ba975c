"""Ranges as pairs of numbers, kept apart from each other: takes spans one by one, gives the place where each may lie.

A span that is taken already moves to the nearest gap that is long enough. Knows nothing of tables.
"""

from __future__ import annotations

import bisect
import math
import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

Span = tuple[float, float]
"""Half open. Whole numbers as such (days, microseconds), so that none is rounded; no bound is an infinity."""

_RANGE = re.compile(r'^(?P<open>[\[(])(?P<low>"[^"]*"|[^,]*),(?P<high>"[^"]*"|[^\])]*)(?P<close>[\])])$')
_MOST_GAPS = 2_000
_TYPICAL = {"number": 1.0, "date": 1, "moment": 3_600_000_000}


@dataclass(frozen=True)
class Axis:
    """What the bounds are: ``kind`` is number, date or moment; ``whole`` numbers have a next one."""

    kind: str
    whole: bool

    def read(self, text: str) -> float:
        """Raises ValueError."""
        if self.kind == "number":
            return int(text) if self.whole else float(text)
        # A zone stands at the end of every moment, and is the same for all.
        plain = re.sub(r"(?:Z|[+-]\d\d(?::?\d\d)?)$", "", text) if ":" in text else text
        moment = np.datetime64(plain.replace(" ", "T")[:26])
        return int(moment.astype("datetime64[D]" if self.kind == "date" else "datetime64[us]").astype(np.int64))

    def write(self, value: float) -> str:
        if not math.isfinite(value):
            return ""
        if self.kind == "number":
            return str(int(value)) if float(value).is_integer() else repr(float(value))
        moment = np.int64(value).astype("datetime64[D]" if self.kind == "date" else "datetime64[us]")
        return f'"{str(moment).replace("T", " ")}"'

    def parse(self, text: str) -> Span | None:
        """The span that a range's text spells, None where it is empty or not understood."""
        found = _RANGE.match(text)
        if found is None:
            return None
        ends = [found[name].strip('"') for name in ("low", "high")]
        low, high = (-math.inf if end in ("", "-infinity") else math.inf if end == "infinity" else None for end in ends)
        try:
            low = self.read(ends[0]) if low is None else low
            high = math.inf if ends[1] == "" else self.read(ends[1]) if high is None else high
        except ValueError:
            return None
        low += 1 if self.whole and found["open"] == "(" else 0
        return low, self.beyond(high) if found["close"] == "]" else high

    def beyond(self, high: float) -> float:
        """The first bound that a closed end does not reach."""
        if not math.isfinite(high):
            return high
        return high + 1 if self.whole else float(np.nextafter(high, math.inf))

    def spell(self, span: Span) -> str:
        return f"[{self.write(span[0])},{self.write(span[1])})"


def axis_of_range(sql: str) -> Axis | None:
    """The axis of a range type, None where it is one of the schema's own."""
    name = sql.lower().rpartition(".")[2]
    if name in ("int4range", "int8range"):
        return Axis("number", whole=True)
    if name == "numrange":
        return Axis("number", whole=False)
    if name == "daterange":
        return Axis("date", whole=True)
    return Axis("moment", whole=True) if name in ("tsrange", "tstzrange") else None


def axis_of_bounds(kind: pa.DataType) -> Axis | None:
    """The axis of two columns that are the ends of a range."""
    if pa.types.is_date(kind):
        return Axis("date", whole=True)
    if pa.types.is_timestamp(kind):
        return Axis("moment", whole=True)
    if pa.types.is_integer(kind):
        return Axis("number", whole=True)
    return Axis("number", whole=False) if pa.types.is_floating(kind) or pa.types.is_decimal(kind) else None


class Line:
    """Disjoint spans in their order."""

    def __init__(self, axis: Axis) -> None:
        self._axis = axis
        self._taken: list[Span] = []

    def take(self, span: Span) -> Span | None:
        """The span itself where it is free, else one as long in the nearest gap; None where there is none."""
        low, high = span
        place = bisect.bisect_left(self._taken, low, key=lambda one: one[0])
        start, stop = self._gap(place)
        if start <= low and high <= stop:
            self._taken.insert(place, span)
            return span
        if high == math.inf and start <= low < stop:
            # What is open in the end lasts until the next begins.
            self._taken.insert(place, (low, stop))
            return low, stop
        length = high - low if math.isfinite(high - low) else _TYPICAL[self._axis.kind]
        for step in range(min(_MOST_GAPS, 2 * len(self._taken) + 2)):
            at = place + (step + 1) // 2 * (1 if step % 2 else -1)
            if not 0 < at <= len(self._taken):
                continue
            found = self._within(self._gap(at), low, length)
            if found is not None:
                self._taken.insert(at, found)
                return found
        found = self._within(self._gap(0), low, length)
        if found is not None:
            self._taken.insert(0, found)
        return found

    def _gap(self, place: int) -> Span:
        """The gap in front of the span at ``place``."""
        start = self._taken[place - 1][1] if place else -math.inf
        return start, self._taken[place][0] if place < len(self._taken) else math.inf

    def _within(self, gap: Span, low: float, length: float) -> Span | None:
        if not gap[1] - gap[0] >= length or not any(map(math.isfinite, (low, *gap))):
            return None
        start = min(max(low, gap[0]), gap[1] - length) if math.isfinite(low) else gap[1] - length
        return start, start + length
