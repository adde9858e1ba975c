"""Rows of a composite type, paths of an ltree and pairs of an hstore, part by part.

Takes learned parts, gives valid input for the type. Unique ones carry the row's number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers.documents import join_lists, join_present
from dbclone.sample.makers.leaves import make_leaf
from dbclone.sample.makers.numbers import draw_size
from dbclone.sample.makers.owned import no_room
from dbclone.sample.makers.request import Request, from_parts


def make_composite(request: Request) -> pa.Array:
    """Rows of drawn fields, else a row that k rows share, else a row of NULLs."""
    if request.unique and request.total > 1:
        raise no_room(request)
    parts = request.settings.get("parts")
    if parts:
        fields = [_field(part, request) for part in parts]
        return from_parts("(", pc.binary_join_element_wise(*fields, ",") if len(fields) > 1 else fields[0], ")")
    if request.settings.get("choices"):
        return choose(request)
    if not request.settings.get("fields"):
        return pa.nulls(request.size, pa.string())
    empty = "(" + "," * max(0, int(request.settings.get("fields", 0)) - 1) + ")"
    return pa.array([empty] * request.size, pa.string())


def _field(part: dict[str, Any], request: Request) -> pa.Array:
    """Texts of one field, nothing for NULL."""
    if part["leaf"] is None:
        return pa.array([""] * request.size, pa.string())
    made = make_leaf(part["leaf"], request.size, request)
    if part.get("max"):
        made = pc.utf8_slice_codeunits(made, 0, part["max"])
    made = pc.replace_substring(pc.replace_substring(made, "\\", "\\\\"), '"', '""')
    nothing = pa.array(request.rng.random(request.size) < part["nulls"])
    return pc.fill_null(pc.if_else(nothing, "", from_parts('"', made, '"')), "")


def choose(request: Request) -> pa.Array:
    """Whole values that k rows share, by their frequency."""
    weights = np.array(request.settings["weights"], np.float64)
    drawn = request.rng.choice(len(weights), size=request.size, p=weights / weights.sum())
    return pa.array(request.settings["choices"], pa.string()).take(pa.array(drawn))


def make_path(request: Request) -> pa.Array:
    """Paths of learned length; labels that few paths share are made up."""
    levels, rng = request.settings["levels"], request.rng
    sizes = np.clip(draw_size(request.settings["depth"], request.size, rng), 1, len(levels))
    labels = []
    for row, size in enumerate(sizes.tolist()):
        for level in range(size):
            last = request.unique and level == size - 1
            labels.append(f"n{int(request.numbers[row]) + 1}" if last else _label(levels[level], rng))
    return join_lists(pa.array(labels, pa.string()), sizes, ".")


def _label(level: dict[str, Any], rng: np.random.Generator) -> str:
    weights = np.array([*level["weights"], level["rest"]], np.float64)
    chosen = int(rng.choice(len(weights), p=weights / weights.sum())) if weights.sum() > 0 else len(weights) - 1
    return level["choices"][chosen] if chosen < len(level["choices"]) else f"n{int(rng.integers(1, 1_000_000))}"


def make_pairs(request: Request) -> pa.Array:
    """Pairs of learned keys, each with a value of its own."""
    pairs = request.settings["pairs"]
    made = []
    for place, pair in enumerate(pairs):
        value = make_leaf(pair["leaf"], request.size, request)
        there = request.rng.random(request.size) < pair["share"]
        if request.unique and place == 0:
            value = from_parts(value, " ", pa.array(request.numbers + 1).cast(pa.string()))
            there[:] = True
        text = from_parts('"', _escaped(pa.array([pair["key"]] * request.size)), '"=>"', _escaped(value), '"')
        made.append(pc.if_else(pa.array(there), text, None))
    return join_present(made, ", ")


def _escaped(texts: pa.Array) -> pa.Array:
    return pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), '"', '\\"')
