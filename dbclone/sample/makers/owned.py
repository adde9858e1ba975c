"""Unique columns of structured kinds: each row's value is written from its number.

Takes a Request, gives values that differ over the whole table, or raises ModelError where the kind has no room.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.errors import ModelError
from dbclone.sample.makers.faked import words_in
from dbclone.sample.makers.numbers import DAY, write_moments, write_numbers
from dbclone.sample.makers.pattern import strings_from
from dbclone.sample.makers.request import Ints, Request, from_parts, permute, stable_seed

_NUMBERS = ("integer", "decimal", "float", "money")
_LONGEST_CLOCK = 1 << 31
"""Seconds that a clock of an interval can show without trouble."""


def no_room(request: Request) -> ModelError:
    """The error for a unique column whose values cannot be told apart."""
    return ModelError(
        f"{request.column} must be unique, but dbclone cannot make {request.total:,} different values of its kind.",
        where=request.column,
        hint='give its table the strategy "copy", "mask" or "empty".',
    )


def own_bits(request: Request) -> pa.Array:
    """Numbers in binary; longer than asked for where the type lets them."""
    need = max(1, int(request.total - 1).bit_length())
    length = request.settings.get("length")
    most = length or request.longest
    if most is not None and most < need:
        raise no_room(request)
    width = int(length or max(need, int(request.lengths.max(initial=need))))
    width = min(width, 62)
    space = 1 << width
    number = permute(request.numbers, space, stable_seed(request.column))
    signs = (number[:, None] >> np.arange(width - 1, -1, -1) & 1).astype(np.uint8) + ord("0")
    bits = strings_from(np.arange(request.size + 1) * width, signs.ravel())
    return pc.utf8_rpad(bits, int(length), "0") if length and length > width else bits


def own_bytes(request: Request, made: pa.Array) -> pa.Array:
    """Random bytes whose first ones are the row's number."""
    need = max(1, (int(request.total - 1).bit_length() + 7) // 8)
    if request.longest is not None and request.longest < need:
        raise no_room(request)
    number = request.shuffled()
    heads = [int(one).to_bytes(need, "big") for one in number]
    # An end must be named: without one, PyArrow 26 fails.
    rest = pc.binary_slice(made, need, 1 << 30)
    return pc.binary_join_element_wise(pa.array(heads, pa.binary()), rest, pa.scalar(b"", pa.binary()))


def own_intervals(request: Request) -> pa.Array:
    """A time each, by seconds alone: a day and 24 hours would count as equal."""
    model = request.settings.get("seconds") or {"quantiles": [0, 36_000]}
    low = max(0, int(model["quantiles"][0]))
    span = max(request.total, int(model["quantiles"][-1]) - low)
    if low + span > _LONGEST_CLOCK:
        low, span = 0, request.total
    clock = low + permute(request.numbers, span, stable_seed(request.column))
    parts = [pc.utf8_lpad(pa.array(part).cast(pa.string()), 2, "0") for part in (clock // 60 % 60, clock % 60)]
    hours = pc.utf8_lpad(pa.array(clock // 3600).cast(pa.string()), 2, "0")
    return from_parts(hours, ":", parts[0], ":", parts[1])


def own_ranges(request: Request) -> pa.Array:
    """Ranges that begin at different points."""
    settings = request.settings
    kind, (start, end) = settings["kind"], settings["bounds"]
    step = DAY if kind == "date" else 1
    low = int(settings["low"]["quantiles"][0] // step)
    span = max(request.total, int(settings["low"]["quantiles"][-1] // step) - low)
    begin = (low + permute(request.numbers, span, stable_seed(request.column))) * step
    widths = np.maximum(np.array(settings["width"]["quantiles"], np.float64), step)
    finish = begin + (np.maximum(request.rng.choice(widths, request.size) // step, 1) * step).astype(np.int64)
    made = from_parts(start, _point(begin, kind), ",", _point(finish, kind), end)
    return from_parts("{", made, "}") if "multirange" in settings["sql"] else made


def _point(values: Ints, kind: str) -> pa.Array:
    if kind == "date":
        return write_moments(values, "%Y-%m-%d")
    if kind in ("timestamp", "timestamptz"):
        zone = "|+00" if kind == "timestamptz" else ""
        return from_parts('"', write_moments(values, f"%Y-%m-%d %H:%M:%S{zone}"), '"')
    return write_numbers(values.astype(np.float64), 0)


def own_arrays(request: Request) -> pa.Array:
    """Arrays that count: their elements are the digits of the row's number."""
    digits = _digits(request)
    if len(digits) < 2:
        raise no_room(request)
    places = 1
    while len(digits) ** places < request.total:
        places += 1
    left = request.shuffled()
    elements = []
    for _ in range(places):
        elements.append(pa.array(digits, pa.string()).take(pa.array(left % len(digits))))
        left = left // len(digits)
    return from_parts("{", pc.binary_join_element_wise(*elements, ","), "}")


def _digits(request: Request) -> list[str]:
    """Elements that need no quoting and that the type accepts."""
    kind, leaf = str(request.settings.get("kind", "")), request.settings.get("leaf") or {}
    choices = [text for text in leaf.get("choices", ()) if text.replace("_", "").replace("-", "").isalnum()]
    if len(choices) >= 2:
        return choices
    if kind in _NUMBERS:
        return [str(number) for number in range(100)]
    if kind == "text":
        return [word for word in words_in("en_US") if word.isascii() and word.isalpha() and word != "null"]
    if kind == "boolean":
        return ["t", "f"]
    if kind in ("date", "timestamp", "timestamptz"):
        return [f"20{year:02}-{month:02}-01" for year in range(10, 25) for month in range(1, 13)]
    return []
