"""Values of kinds that are no plain text and hold nothing inside: UUIDs, addresses, intervals, bits, bytes.

Takes settings, gives valid input for the type.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers.numbers import draw_numbers, write_numbers
from dbclone.sample.makers.owned import no_room, own_bits, own_bytes, own_intervals
from dbclone.sample.makers.pattern import random_signs, strings_from
from dbclone.sample.makers.request import Request, from_parts, permute, stable_seed

MOST_BYTES = 1 << 20
"""The longest binary value that is made, and the share of a chunk's values that keeps it under CHUNK_BYTES."""
CHUNK_BYTES = 1 << 29


def make_uuid(request: Request) -> pa.Array:
    """Random UUIDs of the learned version; 122 free bits keep them apart."""
    size = request.size
    raw = request.rng.integers(0, 256, (size, 16), dtype=np.uint8)
    raw[:, 6] = (raw[:, 6] & 0x0F) | (int(request.settings.get("version", 4)) << 4)
    raw[:, 8] = (raw[:, 8] & 0x3F) | 0x80
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    text = np.full((size, 36), ord("-"), np.uint8)
    places = [place for place in range(36) if place not in (8, 13, 18, 23)]
    text[:, places] = digits[np.stack([raw >> 4, raw & 15], axis=2).reshape(size, 32)]
    made = strings_from(np.arange(size + 1) * 36, text.ravel())
    return pc.utf8_upper(made) if request.settings.get("upper") else made


def make_binary(request: Request) -> pa.Array:
    """Random bytes of the wanted length, at most a mebibyte each."""
    lengths = np.clip(request.lengths, 0, MOST_BYTES)
    if lengths.sum() > CHUNK_BYTES:
        lengths = np.minimum(lengths, CHUNK_BYTES // len(lengths))
    offsets = np.zeros(request.size + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    drawn = request.rng.integers(0, 256, int(offsets[-1]), dtype=np.uint8)
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(drawn)]
    made = pa.BinaryArray.from_buffers(pa.binary(), request.size, buffers)
    return own_bytes(request, made) if request.unique else made


def make_network(request: Request) -> pa.Array:
    """Private and documentation addresses; unique ones count through them."""
    sql, size = str(request.settings.get("sql", "inet")), request.size
    if request.unique and request.total > (1 << 16 if sql == "cidr" else 1 << 24):
        raise no_room(request)
    order = permute(request.numbers, max(request.total, 2), stable_seed(request.column)) if request.unique else None
    if sql.startswith("mac"):
        width = 7 if sql.startswith("macaddr8") else 5
        return _mac(order if order is not None else request.rng.integers(0, 1 << 40, size), width)
    host = order if order is not None else request.rng.integers(0, 1 << 24, size)
    if sql == "cidr":
        host = host << 8 & 0xFFFFFF if not request.unique else (host << 8) % (1 << 24)
    four = from_parts("10.", *_dotted(host))
    six = from_parts("2001:db8::", _hexadecimal(host >> 12, 4), ":", _hexadecimal(host & 0xFFF, 4))
    is_six = request.rng.random(size) < request.settings.get("six", 0.0)
    if sql == "cidr":
        return pc.if_else(pa.array(is_six), from_parts(six, "/128"), from_parts(four, "/24"))
    masked = pa.array(~is_six & (request.rng.random(size) < request.settings.get("masked", 0.0)))
    return pc.if_else(masked, from_parts(four, "/24"), pc.if_else(pa.array(is_six), six, four))


def _dotted(host: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[pa.Array | str]:
    bytes_ = [pa.array((host >> shift) & 255).cast(pa.string()) for shift in (16, 8, 0)]
    return [bytes_[0], ".", bytes_[1], ".", bytes_[2]]


def _hexadecimal(values: np.ndarray[tuple[int], np.dtype[np.int64]], width: int) -> pa.Array:
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    signs = np.stack([digits[(values >> (4 * place)) & 15] for place in range(width - 1, -1, -1)], axis=1)
    return strings_from(np.arange(len(values) + 1) * width, signs.ravel())


def _mac(values: np.ndarray[tuple[int], np.dtype[np.int64]], width: int) -> pa.Array:
    """Locally administered addresses, which no manufacturer was given."""
    pairs = [_hexadecimal((values >> (8 * place)) & 255, 2) for place in range(width - 1, -1, -1)]
    start = pa.array(["02"] * len(values), pa.string())
    return pc.binary_join_element_wise(start, *pairs, ":")


def make_interval(request: Request) -> pa.Array:
    """Months, days and a time of day, each there as often as in the source."""
    if request.unique:
        return own_intervals(request)
    parts = []
    for name, unit in (("months", " mons "), ("days", " days ")):
        parts.append(_part(request, name, unit))
    model = request.settings.get("seconds") or {"quantiles": [0, 36_000], "share": 1.0}
    drawn = np.where(request.rng.random(request.size) < model.get("share", 1.0), 1, 0)
    seconds = draw_numbers(model, request.size, request.rng).astype(np.int64) * drawn
    clock = np.abs(seconds)
    texts = [
        pc.utf8_lpad(pa.array(part).cast(pa.string()), 2, "0") for part in (clock // 3600, clock // 60 % 60, clock % 60)
    ]
    sign = pc.if_else(pa.array(seconds < 0), "-", "")
    return from_parts(*parts, sign, texts[0], ":", texts[1], ":", texts[2])


def _part(request: Request, name: str, unit: str) -> pa.Array | str:
    model = request.settings.get(name)
    if not model or not model.get("share"):
        return ""
    there = pa.array(request.rng.random(request.size) < model["share"])
    values = write_numbers(draw_numbers(model, request.size, request.rng), 0)
    return pc.if_else(there, from_parts(values, unit), "")


def make_bit(request: Request) -> pa.Array:
    """Random bits; numbers in binary where the column is unique."""
    if request.unique:
        return own_bits(request)
    length = request.settings.get("length")
    lengths = request.lengths if length is None else np.full(request.size, length)
    return random_signs("01", lengths, request.rng)


def make_geometric(request: Request) -> pa.Array:
    """A point, or a small shape around one."""
    if request.unique and request.total > 1:
        raise no_room(request)
    model: dict[str, Any] = {"quantiles": [0.0, 100.0], "decimals": 4}
    x = draw_numbers(request.settings.get("x") or model, request.size, request.rng)
    y = draw_numbers(request.settings.get("y") or model, request.size, request.rng)
    here = _point(x, y)
    side = float(np.ptp((request.settings.get("x") or model)["quantiles"])) / 50 + 0.5
    there, third = _point(x + side, y + side), _point(x + side, y)
    match str(request.settings.get("sql")):
        case "point":
            return here
        case "line":
            return pa.array(["{1,-1,0}"] * request.size, pa.string())
        case "lseg":
            return from_parts("[", here, ",", there, "]")
        case "box":
            return from_parts(there, ",", here)
        case "circle":
            return from_parts("<", here, f",{side:.4f}>")
        case _:
            return from_parts("(", here, ",", there, ",", third, ")")


def _point(
    x: np.ndarray[tuple[int], np.dtype[np.float64]], y: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> pa.Array:
    return from_parts("(", write_numbers(x, 4), ",", write_numbers(y, 4), ")")


def make_labels(request: Request) -> pa.Array:
    """One of the values that the schema lists."""
    labels = request.settings["labels"]
    if request.size and (not labels or (request.unique and request.total > len(labels))):
        raise no_room(request)
    if not request.size:
        return pa.array([], pa.string())
    if request.unique:
        return pa.array(labels, pa.string()).take(pa.array(request.shuffled() % len(labels)))
    return pa.array(labels, pa.string()).take(pa.array(request.rng.integers(0, len(labels), request.size)))
