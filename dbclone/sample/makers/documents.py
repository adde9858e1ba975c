"""JSON and XML documents by their learned structure, column by column rather than document by document.

Takes a tree of nodes, gives texts that parse.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers.leaves import make_leaf
from dbclone.sample.makers.numbers import draw_numbers, draw_size, write_numbers
from dbclone.sample.makers.owned import no_room
from dbclone.sample.makers.pools import nearest
from dbclone.sample.makers.request import Ints, Request, from_parts
from dbclone.sample.makers.words import compose, vocabulary_of

Flags = npt.NDArray[np.bool_]
MOST_ITEMS = 200
SPARE = 2
LEAST_MADE = 1_000
"""Documents that are made for each one that is needed, and for a few of them, so that lengths can be met."""


def make_json(request: Request) -> pa.Array:
    """Documents with the learned keys and types; an empty object where nothing was learned."""
    if request.unique and request.total > 1:
        raise no_room(request)
    root = request.settings.get("root") or {"kinds": {}}
    if request.settings.get("drawn"):
        return _shaped(root["shapes"], request.lengths - 1, request)
    return of_lengths(request, lambda wider: _json(root, wider.size, wider))


def of_lengths(request: Request, make: Callable[[Request], pa.Array]) -> pa.Array:
    """Documents of about the wanted lengths: the fitting ones of more than are needed."""
    if not request.size:
        return pa.array([], pa.string())
    size = max(SPARE * request.size, LEAST_MADE)
    wider = replace(request, lengths=request.rng.choice(request.lengths, size), numbers=np.zeros(size, np.int64))
    made = make(wider)
    lengths = pc.utf8_length(made).to_numpy(zero_copy_only=False).astype(np.int64)
    order = np.argsort(lengths, kind="stable")
    sizes, starts = np.unique(lengths[order], return_index=True)
    ends = np.append(starts[1:], size)
    bucket = nearest(sizes, request.lengths)
    place = starts[bucket] + (request.rng.random(request.size) * (ends - starts)[bucket]).astype(np.int64)
    return made.take(pa.array(order[place]))


def _shaped(shapes: list[dict[str, Any]], wanted: Ints, request: Request) -> pa.Array:
    """Documents of the ``wanted`` shapes (size,); any that the source has where there is none of this number."""
    weights = np.array([shape["weight"] for shape in shapes], np.float64)
    drawn = request.rng.choice(len(weights), size=len(wanted), p=weights / weights.sum())
    chosen = np.where((wanted >= 0) & (wanted < len(shapes)), wanted, drawn)
    parts, places = [], []
    for number, shape in enumerate(shapes):
        rows = np.flatnonzero(chosen == number)
        if len(rows):
            parts.append(_json(shape["node"], len(rows), request))
            places.append(rows)
    return _gather(parts, places)


def _json(node: dict[str, Any], size: int, request: Request) -> pa.Array:
    if node.get("shapes"):
        return _shaped(node["shapes"], np.full(size, -1), request)
    kinds = [kind for kind in node["kinds"] if kind in _WRITERS]
    if not kinds:
        return pa.array(["{}"] * size, pa.string())
    weights = np.array([node["kinds"][kind] for kind in kinds], np.float64)
    drawn = request.rng.choice(len(kinds), size=size, p=weights / weights.sum())
    parts, places = [], []
    for number, kind in enumerate(kinds):
        rows = np.flatnonzero(drawn == number)
        if len(rows):
            parts.append(_WRITERS[kind](node, len(rows), request))
            places.append(rows)
    return _gather(parts, places)


def _gather(parts: list[pa.Array], places: list[Ints]) -> pa.Array:
    if not parts:
        return pa.array([], pa.string())
    order = np.argsort(np.concatenate(places), kind="stable")
    return pa.concat_arrays(parts).take(pa.array(order))


def _object(node: dict[str, Any], size: int, request: Request) -> pa.Array:
    pairs = []
    comma, colon = _signs(request)
    for entry, there in zip(node["keys"], _present(node["keys"], size, request), strict=True):
        rows = np.flatnonzero(there)
        values = _json(entry["node"], len(rows), request)
        places = np.where(there, np.cumsum(there) - 1, 0)
        spread = values.take(pa.array(places, mask=~there))
        pairs.append(pc.binary_join_element_wise(json.dumps(entry["key"], ensure_ascii=False), spread, colon))
    if not pairs:
        return pa.array(["{}"] * size, pa.string())
    return from_parts("{", join_present(pairs, comma), "}")


def _present(keys: list[dict[str, Any]], size: int, request: Request) -> list[Flags]:
    """Of each key, which of ``size`` objects have it; a key that follows another is drawn after that."""
    found: dict[int, Flags] = {}
    while len(found) < len(keys):
        for place, entry in enumerate(keys):
            after = entry.get("after")
            if place not in found and (after is None or after in found):
                share = entry["share"] if after is None else np.array(entry["given"])[found[after].astype(np.int64)]
                found[place] = request.rng.random(size) < share
    return [found[place] for place in range(len(keys))]


def _array(node: dict[str, Any], size: int, request: Request) -> pa.Array:
    sizes = draw_size(node["size"], size, request.rng)
    cover = node.get("cover") or []
    sizes = np.minimum(np.maximum(sizes, len(cover)), MOST_ITEMS)
    total = int(sizes.sum())
    if cover:
        items = _shaped(node["items"]["shapes"], _covered(cover, sizes, request), request)
    else:
        items = _json(node["items"], total, request)
    return from_parts("[", join_lists(items, sizes, _signs(request)[0]), "]")


def _covered(cover: list[int], sizes: Ints, request: Request) -> Ints:
    """The shape of each item, consecutive arrays of ``sizes``: each of ``cover`` once an array, anywhere in it, and -1
    for the others."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    shapes = np.append(np.array(cover, np.int64), -1)[np.minimum(within, len(cover))]
    return shapes[np.lexsort((request.rng.random(len(owner)), owner))]


def _signs(request: Request) -> tuple[str, str]:
    """What stands between items and behind keys, as the source writes it."""
    return (",", ":") if request.settings.get("compact") else (", ", ": ")


def join_present(parts: list[pa.Array], separator: str) -> pa.Array:
    """Row by row what is not NULL, joined; the empty text where nothing is there."""
    # Arrow leaves out rows in which there is nothing to join, so they join an empty text, which is cut off again.
    start = pa.array([""] * len(parts[0]), pa.string())
    joined = pc.binary_join_element_wise(start, *parts, separator, null_handling="skip")
    return pc.utf8_slice_codeunits(joined, len(separator))


def join_lists(items: pa.Array, sizes: Ints, separator: str) -> pa.Array:
    """Consecutive items joined, ``sizes`` of them a row."""
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), items), separator)


def _string(node: dict[str, Any], size: int, request: Request) -> pa.Array:
    return quote_json(make_leaf(node["text"], size, request))


def quote_json(texts: pa.Array) -> pa.Array:
    """Texts as JSON strings."""
    encoded = texts.dictionary_encode()
    quoted = [json.dumps(text, ensure_ascii=False) for text in encoded.dictionary.to_pylist()]
    return pa.array(quoted, pa.string()).take(encoded.indices)


def _number(node: dict[str, Any], size: int, request: Request) -> pa.Array:
    model = node["number"]
    made = write_numbers(draw_numbers(model, size, request.rng), model.get("decimals", 0))
    if not model.get("choices"):
        return made
    weights = np.array([*model["weights"], model["rest"]], np.float64)
    drawn = request.rng.choice(len(weights), size=size, p=weights / weights.sum())
    chosen = pa.array([*model["choices"], ""], pa.string()).take(pa.array(drawn))
    return pc.if_else(pa.array(drawn == len(weights) - 1), made, chosen)


def _boolean(node: dict[str, Any], size: int, request: Request) -> pa.Array:
    return pc.if_else(pa.array(request.rng.random(size) < node["true"]), "true", "false")


def _null(_: dict[str, Any], size: int, __: Request) -> pa.Array:
    return pa.array(["null"] * size, pa.string())


_WRITERS = {
    "object": _object,
    "array": _array,
    "string": _string,
    "number": _number,
    "boolean": _boolean,
    "null": _null,
}


def make_xml(request: Request) -> pa.Array:
    """Documents of the learned elements; one element with words of the wanted length where nothing was learned."""
    root = request.settings.get("root")
    if request.unique and request.total > 1:
        raise no_room(request)
    if root:
        return of_lengths(request, lambda wider: _element(root, wider.size, wider))
    room = np.maximum(request.lengths - len("<document></document>"), 1)
    words = compose(vocabulary_of({"case": "sentence"}, request.locale), room, request.rng)
    return from_parts("<document>", words, "</document>")


def _element(node: dict[str, Any], size: int, request: Request, around: str = "") -> pa.Array:
    """Elements of one tag; ``around`` is the namespace that they stand in already."""
    space, _, tag = node["tag"].rpartition("}")
    declared = f" xmlns={quoteattr(space[1:])}" if space != around else ""
    parts: list[pa.Array | str] = [f"<{tag}{declared}"]
    for name, leaf in node.get("attributes", {}).items():
        value = _escape(make_leaf(leaf, size, request), {'"': "&quot;"})
        parts += [f' {name.rpartition("}")[2]}="', value, '"']
    parts.append(">")
    if "text" in node:
        parts.append(_escape(make_leaf(node["text"], size, request), {}))
    for child in node.get("children", ()):
        sizes = (request.rng.random(size) < child["share"]) * request.rng.poisson(max(child["size"] - 1, 0), size)
        sizes = np.where(request.rng.random(size) < child["share"], np.maximum(sizes, 1), 0).clip(0, MOST_ITEMS)
        inner = _element(child["node"], int(sizes.sum()), request, space)
        parts.append(join_lists(inner, sizes.astype(np.int64), ""))
    parts.append(f"</{tag}>")
    arrays = [pa.array([part] * size, pa.string()) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*arrays, "")


def _escape(texts: pa.Array, more: dict[str, str]) -> pa.Array:
    for sign, entity in {"&": "&amp;", "<": "&lt;", ">": "&gt;", **more}.items():
        texts = pc.replace_substring(texts, sign, entity)
    return texts
