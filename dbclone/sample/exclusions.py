"""EXCLUDE constraints over ranges: a range that would overlap an earlier one moves behind it, or its row is left out.

Takes a table and its batches, gives batches. A constraint that uses anything but equality and overlap is left to the
database. Rows of one group are kept apart in the order in which they come, so that the first of two stays.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dbclone.schema import Exclusion, Table

_ELEMENT = re.compile(r'^\s*(?P<what>.+?)\s+WITH\s+(?P<operator>\S+)\s*$', re.I | re.S)
_RANGE = re.compile(r'^(?P<open>[\[(])(?P<low>"[^"]*"|[^,]*),(?P<high>"[^"]*"|[^\])]*)(?P<close>[\])])$')
_MADE = re.compile(r"^(?:int4|int8|num|ts|tstz|date)range\((?P<parts>[^()]*)\)$", re.I)
Flags = npt.NDArray[np.bool_]
Span = tuple[float | str, float | str]


def keep_apart(
    table: Table, batches: Iterable[pa.RecordBatch], tell: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    """The rows that no EXCLUDE constraint of ``table`` forbids; ``tell`` hears how many are missing."""
    guards = [guard for guard in map(_guard, table.exclusions) if guard is not None]
    if not guards:
        yield from batches
        return
    dropped = 0
    for batch in batches:
        kept = np.ones(batch.num_rows, bool)
        for guard in guards:
            batch, admitted = guard.admits(batch, kept)
            kept &= admitted
        dropped += int((~kept).sum())
        yield batch if kept.all() else batch.filter(pa.array(kept))
    if dropped:
        tell(dropped)


class _Guard:
    """One constraint: the columns that must be equal, and those of the range, as one column or as two ends."""

    def __init__(self, equal: list[str], span: tuple[str, ...]) -> None:
        self.equal, self.span = equal, span
        self._taken: dict[tuple[object, ...], list[Span]] = {}

    def admits(self, batch: pa.RecordBatch, wanted: Flags) -> tuple[pa.RecordBatch, Flags]:
        """The batch with its ranges moved apart, and the rows that may stay."""
        names = batch.schema.names
        if not {*self.equal, *self.span} <= set(names):
            return batch, wanted
        groups = [batch.column(name).to_pylist() for name in self.equal]
        ends = [batch.column(name).to_pylist() for name in self.span]
        result, moved = wanted.copy(), False
        for row in np.flatnonzero(wanted):
            span = _span([end[row] for end in ends])
            group = tuple(values[row] for values in groups)
            if span is None or None in group:
                continue
            taken = self._taken.setdefault(group, [])
            if self._take(taken, span):
                continue
            text = _behind(span, taken[-1][1]) if len(ends) == 1 else None
            again = None if text is None else _span([text])
            result[row] = again is not None and self._take(taken, again)
            if result[row]:
                ends[0][row], moved = text, True
        if moved:
            place = names.index(self.span[0])
            field = batch.schema.field(place)
            batch = batch.set_column(place, field, pa.array(ends[0], field.type))
        return batch, result

    def _take(self, taken: list[Span], span: Span) -> bool:
        """Adds ``span`` to the sorted, disjoint spans ``taken``; False where it overlaps one of them."""
        place = bisect.bisect_left(taken, span[0], key=lambda one: one[0])
        before = taken[place - 1] if place else None
        after = taken[place] if place < len(taken) else None
        if (before is not None and before[1] > span[0]) or (after is not None and after[0] < span[1]):  # type: ignore[operator]
            return False
        taken.insert(place, span)
        return True


def _behind(span: Span, end: float | str) -> str | None:
    """The text of a range as long as ``span`` that begins at ``end``; None where it has no length."""
    low, high = span
    if isinstance(low, float) and isinstance(high, float) and isinstance(end, float):
        if not np.isfinite([low, high, end]).all():
            return None
        ends = [end, end + high - low]
        whole = all(float(one).is_integer() for one in ends)
        return "[" + ",".join(str(int(one)) if whole else repr(float(one)) for one in ends) + ")"
    try:
        first, last, after = (_moment(str(one)) for one in (low, high, end))
    except ValueError:
        return None
    return f'["{str(after).replace("T", " ")}","{str(after + (last - first)).replace("T", " ")}")'


def _moment(text: str) -> np.datetime64:
    # A zone stands at the end of every one of them, and is the same for all.
    plain = re.sub(r"(?:Z|[+-]\d\d(?::?\d\d)?)$", "", text.removesuffix("\x01")) if ":" in text else text
    return np.datetime64(plain.replace(" ", "T")[:26])


def _guard(exclusion: Exclusion) -> _Guard | None:
    inside = re.search(r"USING\s+\w+\s*\((?P<body>.*)\)", exclusion.definition, re.I | re.S)
    if inside is None:
        return None
    # A predicate only lifts the constraint for some rows: to keep it everywhere is always right.
    body = re.split(r"\)\s*WHERE\s*\(", inside["body"], flags=re.I)[0]
    equal: list[str] = []
    span: tuple[str, ...] = ()
    for part in _split(body):
        element = _ELEMENT.match(part)
        if element is None:
            return None
        what = element["what"].strip()
        made = _MADE.match(what)
        if element["operator"] == "=":
            equal.append(_plain(what))
        elif element["operator"] == "&&" and not span:
            span = tuple(_plain(one) for one in made["parts"].split(",")[:2]) if made else (_plain(what),)
        else:
            return None
    return _Guard(equal, span) if span else None


def _split(body: str) -> list[str]:
    """Parts between commas that stand outside all brackets."""
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(body):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            parts.append(body[start:place])
            start = place + 1
    return [*parts, body[start:]]


def _plain(name: str) -> str:
    return name.strip().strip('"')


def _span(ends: list[object]) -> Span | None:
    """A half-open span of comparable ends; None where it is NULL, empty or not understood."""
    if None in ends:
        return None
    if len(ends) == 2:
        return str(ends[0]), str(ends[1])
    found = _RANGE.match(str(ends[0]))
    if found is None:
        return None
    low, high = (found[name].strip('"') for name in ("low", "high"))
    try:
        start, stop = float(low or "-inf"), float(high or "inf")
        # A closed end reaches to the next whole number, or just beyond itself.
        beyond = stop + 1 if stop.is_integer() else float(np.nextafter(stop, np.inf))
        return start, beyond if found["close"] == "]" else stop
    except ValueError:
        return low or "", (high or "\uffff") + ("\x01" if found["close"] == "]" else "")
