"""Arrays, ranges and rows in PostgreSQL's text form.

Takes learned sizes, elements and bounds, gives valid input for the type.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers.documents import MOST_ITEMS, join_lists, of_lengths
from dbclone.sample.makers.leaves import make_leaf
from dbclone.sample.makers.numbers import DAY, draw_numbers, draw_size, write_moments, write_numbers
from dbclone.sample.makers.owned import own_arrays, own_ranges
from dbclone.sample.makers.request import Ints, Request, from_parts


def make_array(request: Request) -> pa.Array:
    """One-dimensional arrays; without repeats where the source's had none."""
    if request.unique:
        return own_arrays(request)
    if "leaf" not in request.settings:
        return pa.array(["{}"] * request.size, pa.string())
    if request.settings.get("drawn"):
        any_size = draw_size(request.settings["size"], request.size, request.rng)
        return _arrays(request, np.where(request.lengths > 0, request.lengths - 1, any_size))
    return of_lengths(request, lambda wider: _arrays(wider, draw_size(wider.settings["size"], wider.size, wider.rng)))


def _arrays(request: Request, sizes: Ints) -> pa.Array:
    settings = request.settings
    leaf = settings["leaf"]
    sizes = np.minimum(sizes, MOST_ITEMS)
    if settings.get("distinct") and leaf.get("choices") and not leaf.get("rest"):
        items, sizes = _distinct_choices(settings, sizes, request)
    else:
        items = make_leaf(leaf, int(sizes.sum()), request)
    quoted = quote_elements(items)
    if settings.get("nulls"):
        quoted = pc.if_else(pa.array(request.rng.random(len(quoted)) < settings["nulls"]), "NULL", quoted)
    return from_parts("{", join_lists(quoted, sizes, ","), "}")


def _distinct_choices(settings: dict[str, Any], sizes: Ints, request: Request) -> tuple[pa.Array, Ints]:
    """Choices drawn without replacement, in the order in which the source's arrays list them."""
    choices, weights = settings["leaf"]["choices"], np.array(settings["leaf"]["weights"], np.float64)
    sizes = np.minimum(sizes, len(choices))
    keys = np.log(weights / weights.sum()) + request.rng.gumbel(size=(len(sizes), len(choices)))
    rank = np.argsort(np.argsort(-keys, axis=1), axis=1)
    order = np.argsort(np.array(settings.get("order") or range(len(choices)), np.float64), kind="stable")
    taken = (rank < sizes[:, None])[:, order]
    return pa.array(choices, pa.string()).take(pa.array(order[np.nonzero(taken)[1]])), sizes


def quote_elements(items: pa.Array) -> pa.Array:
    """Texts as array elements: quoted where they hold anything but plain signs."""
    encoded = items.dictionary_encode()
    quoted = [_quote(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(quoted, pa.string()).take(encoded.indices)


def _quote(text: str) -> str:
    if text and text.upper() != "NULL" and not set(text) & set('{},"\\ \t\n\r\v\f'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def make_range(request: Request) -> pa.Array:
    """Ranges from a drawn lower bound and width; a multirange holds one."""
    if request.unique:
        return own_ranges(request)
    settings, rng, size = request.settings, request.rng, request.size
    low = draw_numbers(settings["low"], size, rng)
    width = np.maximum(draw_numbers(settings["width"], size, rng), 0.0)
    start, end = settings["bounds"]
    width = np.where(width == 0, DAY if settings["kind"] == "date" else 1, width)
    decimals = settings["low"].get("decimals", 0)
    left = pc.if_else(pa.array(rng.random(size) < settings["open_low"]), "", _bound(low, settings["kind"], decimals))
    right = pc.if_else(
        pa.array(rng.random(size) < settings["open_high"]), "", _bound(low + width, settings["kind"], decimals)
    )
    made = from_parts(start, left, ",", right, end)
    empty = pa.array(rng.random(size) < settings["empty"])
    if "multirange" in settings["sql"]:
        return pc.if_else(empty, "{}", from_parts("{", made, "}"))
    return pc.if_else(empty, "empty", made)


def _bound(values: np.ndarray[Any, Any], kind: str, decimals: int) -> pa.Array:
    if kind == "date":
        return write_moments((values // DAY * DAY).astype(np.int64), "%Y-%m-%d")
    if kind in ("timestamp", "timestamptz"):
        zone = "|+00" if kind == "timestamptz" else ""
        return from_parts('"', write_moments(values.astype(np.int64), f"%Y-%m-%d %H:%M:%S{zone}"), '"')
    return write_numbers(values, decimals)

