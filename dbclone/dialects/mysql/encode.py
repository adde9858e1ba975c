"""Arrow batches as MySQL reads them: rows of a LOAD DATA file, or the values of an INSERT, a whole column at a time.

Takes a batch and what the target's columns are, gives text. What ``rows`` mapped is mapped back. A value out of a
column's range goes to its nearest end, a number is rounded to the column's own digits. Never opens a connection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from dbclone.dialects.mysql.rows import FIRST_YEAR, unlisted
from dbclone.schema import Column, Kind

_SHAPES = "point|linestring|polygon|geometry|multi\\w+|geometrycollection|geomcollection"
_TYPE = re.compile(r"(?P<word>\w+)(?:\((?P<first>\d+)(?:,(?P<second>\d+))?\))?")
_FIRST_STAMP, _LAST_STAMP = "1970-01-01 00:00:01", "2038-01-19 03:14:07"
_MOST_UNSIGNED = 18_446_744_073_709_551_615


@dataclass(frozen=True)
class Place:
    """A column of the target: the source's column and the type that it has in the target, as its catalogue says it."""

    column: Column
    spelled: str
    zero_dates: bool = False

    @property
    def word(self) -> str:
        found = _TYPE.match(self.spelled.lower())
        return found["word"] if found else ""

    @property
    def digits(self) -> int:
        """Decimal places of a number, or of a second."""
        found = _TYPE.match(self.spelled.lower())
        if found is None:
            return 0
        is_number = self.word in ("decimal", "numeric")
        return int((found["second"] if is_number else found["first"]) or 0)

    @property
    def wrapped(self) -> str | None:
        """The function that makes the value of what is written; ``{}`` stands for that."""
        if self.word == "bit":
            is_truth = self.column.type.kind is Kind.BOOLEAN
            return "CAST({} AS UNSIGNED)" if is_truth else "CAST(conv({}, 2, 10) AS UNSIGNED)"
        if self.word.endswith(("blob", "binary")):
            return "unhex({})"
        return "ST_GeomFromText({})" if re.fullmatch(_SHAPES, self.word) else None


def to_lines(batch: pa.RecordBatch, places: Sequence[Place]) -> bytes:
    """A file for LOAD DATA: ``FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ESCAPED BY ''``, NULL as a word."""
    cells = [_quoted(written(batch.column(place.column.name), place), '"') for place in places]
    rows = pc.binary_join_element_wise(*cells, ",")
    return ("\n".join(rows.to_pylist()) + "\n").encode()


def to_values(batch: pa.RecordBatch, places: Sequence[Place]) -> list[str]:
    """One ``(a, b, c)`` a row, for a session without backslash escapes."""
    cells = []
    for place in places:
        texts = _quoted(written(batch.column(place.column.name), place), "'")
        if place.wrapped is not None:
            before, after = place.wrapped.split("{}")
            texts = pc.binary_join_element_wise(before, texts, after, "")
        cells.append(texts)
    rows: list[str] = pc.binary_join_element_wise("(", pc.binary_join_element_wise(*cells, ","), ")", "").to_pylist()
    return rows


def _quoted(texts: pa.Array, mark: str) -> pa.Array:
    doubled = pc.replace_substring(texts, mark, mark + mark)
    return pc.fill_null(pc.binary_join_element_wise(mark, doubled, mark, ""), "NULL")


def written(array: pa.Array, place: Place) -> pa.Array:
    """The values as texts that the server reads, NULL where there is none."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kind = array.type
    if pa.types.is_null(kind):
        return array.cast(pa.string())
    if pa.types.is_boolean(kind):
        return array.cast(pa.int8()).cast(pa.string())
    if pa.types.is_floating(kind):
        return _number(array, place)
    if pa.types.is_integer(kind):
        return _whole(array, place)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _dated(array, place)
    if pa.types.is_time(kind):
        return _cut(array.cast(pa.time64("us")).cast(pa.string()), 8, place.digits)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return _hex(array)
    return _worded(array.cast(pa.string()), place)


def _worded(texts: pa.Array, place: Place) -> pa.Array:
    word = place.word
    if word == "set" and place.column.type.kind is Kind.ARRAY:
        return _by_value(texts, unlisted)
    if place.column.type.kind is Kind.GEOMETRIC and re.fullmatch(_SHAPES, word):
        return pc.replace_substring_regex(texts, r"^\(([^,]*),([^)]*)\)$", r"POINT(\1 \2)")
    if place.column.type.kind is Kind.INTERVAL and word == "time":
        return _by_value(texts, clock)
    return texts


def _by_value(texts: pa.Array, change: object) -> pa.Array:
    assert callable(change)
    distinct = texts.dictionary_encode()
    made = pa.array([change(text) for text in distinct.dictionary.to_pylist()], pa.string())
    return pa.DictionaryArray.from_arrays(distinct.indices, made).dictionary_decode()


_INTERVAL = re.compile(r"(?:(-?\d+) mons? ?)?(?:(-?\d+) days? ?)?(?:(-?)(\d+):(\d\d):(\d\d)(\.\d+)?)?")
_MOST_SECONDS = 838 * 3600 + 59 * 60 + 59


def clock(text: str) -> str:
    """``1 day 02:00:00`` as a TIME of 26 hours, at most the 838 that MySQL holds."""
    found = _INTERVAL.fullmatch(text.strip())
    if found is None:
        return text
    months, days, sign, hours, minutes, seconds, part = found.groups()
    total = (int(months or 0) * 30 + int(days or 0)) * 86_400
    total += (int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)) * (-1 if sign else 1)
    size = min(abs(total), _MOST_SECONDS)
    return f"{'-' if total < 0 else ''}{size // 3600:02d}:{size // 60 % 60:02d}:{size % 60:02d}{part or ''}"


def _number(array: pa.Array, place: Place) -> pa.Array:
    finite = pc.if_else(pc.is_finite(array), array, None)
    if place.word in ("decimal", "numeric"):
        finite = pc.round(finite, place.digits)
    if place.word not in ("float", "double", "real"):
        if place.word.endswith("int"):
            finite = pc.round(finite)
        texts = finite.cast(pa.string())
        # An integer column reads no exponent as exactly as a plain number.
        if not pc.any(pc.match_substring(texts, "e")).as_py():
            return pc.replace_substring_regex(texts, r"\.0$", "")
        return pa.array([None if value is None else _plain(value, place) for value in finite.to_pylist()], pa.string())
    return finite.cast(pa.string())


def _plain(value: float, place: Place) -> str:
    if place.word.endswith("int"):
        return str(min(int(value), _MOST_UNSIGNED))
    return f"{value:.{place.digits}f}"


def _whole(array: pa.Array, place: Place) -> pa.Array:
    if place.word == "year":
        # 0 is a year of its own; the others begin with 1901.
        inside = pc.or_(pc.equal(array, 0), pc.and_(pc.greater_equal(array, 1901), pc.less_equal(array, 2155)))
        array = pc.if_else(inside, array, pc.min_element_wise(pc.max_element_wise(array, 1901), 2155))
        # A text of one digit would mean the year 2000.
        return pc.utf8_lpad(array.cast(pa.string()), 4, "0")
    return array.cast(pa.string())


def _dated(array: pa.Array, place: Place) -> pa.Array:
    is_date = pa.types.is_date(array.type)
    texts = (array if is_date else array.cast(pa.timestamp("us"))).cast(pa.string())
    if is_date:
        texts = array.cast(pa.date32()).cast(pa.string())
    elif place.word == "date":
        texts = pc.utf8_slice_codeunits(texts, 0, 10)
    else:
        texts = _cut(texts, 19, place.digits)
    if place.zero_dates:
        zero = "0000-00-00" if place.word == "date" else "0000-00-00 00:00:00"
        texts = pc.if_else(pc.less(texts, f"{FIRST_YEAR:04d}"), zero, texts)
    if place.word == "timestamp":
        early = pc.and_(pc.less(texts, _FIRST_STAMP), pc.greater_equal(texts, "0001"))
        texts = pc.if_else(early, _FIRST_STAMP, pc.if_else(pc.greater(texts, _LAST_STAMP), _LAST_STAMP, texts))
    return texts


def _cut(texts: pa.Array, start: int, digits: int) -> pa.Array:
    """Cut, not rounded: the last second of a day stays in its day."""
    return pc.utf8_slice_codeunits(texts, 0, start + digits + 1 if digits else start)


def _hex(array: pa.Array) -> pa.Array:
    return pa.array([None if value is None else value.hex() for value in array.to_pylist()], pa.string())
