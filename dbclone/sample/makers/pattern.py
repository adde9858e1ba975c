"""Codes by their learned pattern: ``INV-2024-00017``, plates, phone numbers, tokens.

Takes shapes (weighted lists of segments), gives texts; unique ones by construction from the row's number.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.errors import ModelError
from dbclone.profile.clear import is_clear
from dbclone.sample.makers.clear import keep_clear
from dbclone.sample.makers.pools import Pool, nearest
from dbclone.sample.makers.request import Ints, Request, permute, stable_seed

ALPHABETS = {
    "digit": "0123456789",
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "lower": "abcdefghijklmnopqrstuvwxyz",
    "letter": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "alnum": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "HEX36": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "base64": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "base64url": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
}

_ENOUGH = 2**62
"""Capacities beyond this count as endless."""

_OWNED = 128
"""Texts that a row of a unique column may choose from: one row of twenty million finds none of them clear."""

Shape = list[dict[str, Any]]


def make_pattern(request: Request) -> pa.Array:
    """Texts of the shapes whose length fits best; unique ones by construction."""
    shapes = [(shape["weight"], shape["segments"]) for shape in request.settings["shapes"]]
    if request.unique:
        return _unique(shapes, request)
    distinct = request.settings.get("distinct")
    if distinct:
        return _pool(shapes, request, distinct).pick(request.lengths, request.rng)
    return _clear(shapes, request.lengths, request.rng, request.settings)


def _clear(shapes: list[tuple[int, Shape]], lengths: Ints, rng: np.random.Generator, about: dict[str, Any]) -> pa.Array:
    """Texts of the shapes that are none of the source's, where it has some that nothing may equal."""
    strict = bool(about.get("strict"))
    made = _make(shapes, lengths, rng, strict=strict)
    return keep_clear(made, lambda rows: _make(shapes, lengths[rows], rng, strict=strict), about.get("clear"))


def _pool(shapes: list[tuple[int, Shape]], request: Request, distinct: int) -> Pool:
    """As many different texts as the source has, the same for every chunk."""
    rng = np.random.default_rng(stable_seed("pattern", request.column))
    typical = np.array(request.settings.get("lengths") or [8], np.int64)
    others = np.setdiff1d(request.lengths, typical)
    lengths = typical[np.linspace(0, len(typical) - 1, max(1, distinct - len(others))).round().astype(np.int64)]
    return Pool(_clear(shapes, np.concatenate([lengths, others]), rng, request.settings).to_pylist())


def _make(shapes: list[tuple[int, Shape]], lengths: Ints, rng: np.random.Generator, *, strict: bool) -> pa.Array:
    """``strict`` shapes are what a constraint demands: no other length is made of them."""
    shapes = shapes if strict else [*shapes, *_bent(shapes, lengths)]
    fixed = [_spread(segments) for _, segments in shapes]
    weights = np.array([weight for weight, _ in shapes], np.float64)
    chosen = _choose_shape(weights, fixed, lengths, rng)
    parts, places = [], []
    for number, (_, segments) in enumerate(shapes):
        rows = np.flatnonzero(chosen == number)
        if len(rows):
            parts.append(_draw(segments, lengths[rows], rng))
            places.append(rows)
    return _gather(parts, places)


def _bent(shapes: list[tuple[int, Shape]], lengths: Ints) -> list[tuple[int, Shape]]:
    """A shape for each wanted length that no shape has: the nearest one, with its last runs cut or stretched."""
    spreads = [_spread(segments) for _, segments in shapes]
    bent = []
    for length in np.unique(lengths).tolist():
        off = [max(low - length, 0) + max(length - high, 0) for low, high in spreads]
        if not shapes or not min(off):
            continue
        near = [place for place, gap in enumerate(off) if gap == min(off)]
        weight, segments = max((shapes[place] for place in near), key=lambda shape: shape[0])
        bent.append((weight, _cut(segments, length) if _spread(segments)[0] > length else _stretch(segments, length)))
    return bent


def _cut(segments: Shape, length: int) -> Shape:
    """The shape's beginning; what it would end with is no separator."""
    kept: Shape = []
    left = length
    for segment in segments:
        if left == 0:
            break
        size = min(len(segment["literal"]) if "literal" in segment else segment["min"], left)
        if "literal" in segment:
            kept.append({"literal": segment["literal"][:size]})
        elif size:
            kept.append(_resized(segment, size, size))
        left -= size
    end = kept[-1].get("literal", "a") if kept else ""
    if not end[-1:].isalnum():
        kept = [*kept[:-1], {"class": "digit", "min": len(end) or length, "max": len(end) or length}]
    return kept


def _stretch(segments: Shape, length: int) -> Shape:
    """The shape with its last run of digits or letters as long as needed."""
    high = _spread(segments)[1]
    runs = [place for place, segment in enumerate(segments) if "class" in segment]
    if not runs:
        return [*segments, {"class": "digit", "min": length - high, "max": length - high}]
    free = [place for place in runs if not segments[place].get("choices")] or runs
    last = segments[free[-1]]
    more = length - high + last["max"]
    wide = [
        _resized(segment, segment["max"], segment["max"]) if place in runs and place != free[-1] else segment
        for place, segment in enumerate(segments)
    ]
    wide[free[-1]] = _resized(last, more, more)
    return wide


def _resized(segment: dict[str, Any], low: int, high: int) -> dict[str, Any]:
    """The run with other bounds; only choices that keep to them stay."""
    kept = {key: value for key, value in segment.items() if key not in ("choices", "weights", "rest")}
    choices = [
        (text, weight)
        for text, weight in zip(segment.get("choices", ()), segment.get("weights", ()), strict=True)
        if low <= len(text) <= high
    ]
    if choices:
        kept |= {"choices": [text for text, _ in choices], "weights": [weight for _, weight in choices], "rest": 0}
    return kept | {"min": low, "max": high}


def _gather(parts: list[pa.Array], places: list[Ints]) -> pa.Array:
    where = np.concatenate(places) if places else np.empty(0, np.int64)
    joined = pa.concat_arrays(parts) if parts else pa.array([], pa.string())
    return joined.take(pa.array(np.argsort(where, kind="stable")))


def _spread(segments: Shape) -> tuple[int, int]:
    """The shortest and the longest text of a shape."""
    low = high = 0
    for segment in segments:
        if "literal" in segment:
            low, high = low + len(segment["literal"]), high + len(segment["literal"])
        else:
            low, high = low + segment["min"], high + segment["max"]
    return low, high


def _choose_shape(
    weights: np.ndarray[Any, Any], spreads: list[tuple[int, int]], lengths: Ints, rng: np.random.Generator
) -> Ints:
    """By weight among the shapes that can be of the wanted length, or are nearest to it."""
    chosen = np.zeros(len(lengths), np.int64)
    low, high = (np.array(side) for side in zip(*spreads, strict=True))
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        off = np.maximum(low - length, 0) + np.maximum(length - high, 0)
        share = np.where(off == off.min(), weights, 0.0)
        chosen[rows] = rng.choice(len(weights), size=len(rows), p=share / share.sum())
    return chosen


def _draw(segments: Shape, lengths: Ints, rng: np.random.Generator) -> pa.Array:
    """One text a row; segments of several lengths share out what the wanted length leaves."""
    low, _ = _spread(segments)
    spare = np.maximum(lengths - low, 0)
    parts: list[Any] = []
    for segment in segments:
        if "literal" in segment:
            parts.append(segment["literal"])
            continue
        extra = np.minimum(spare, segment["max"] - segment["min"])
        spare = spare - extra
        parts.append(_draw_segment(segment, segment["min"] + extra, rng))
    return _join(parts, len(lengths))


def _join(parts: list[Any], size: int) -> pa.Array:
    arrays = [pa.array([part] * size, pa.string()) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*arrays, "") if arrays else pa.array([""] * size, pa.string())


def _draw_segment(segment: dict[str, Any], lengths: Ints, rng: np.random.Generator) -> pa.Array:
    size = len(lengths)
    signs = random_signs(ALPHABETS.get(segment["class"], segment["class"]), lengths, rng, segment.get("first"))
    if "choices" not in segment:
        return signs
    weights = np.array([*segment["weights"], segment.get("rest", 0)], np.float64)
    drawn = rng.choice(len(weights), size=size, p=weights / weights.sum())
    sizes = np.array([len(text) for text in segment["choices"]])
    if len(np.unique(sizes)) > 1 or sizes[0] != segment["max"]:
        drawn = _fitting(drawn, sizes, weights, lengths, rng)
    choices = pa.array([*segment["choices"], ""], pa.string()).take(pa.array(drawn))
    return pc.if_else(pa.array(drawn == len(weights) - 1), signs, choices)


def _fitting(
    drawn: Ints, sizes: Ints, weights: np.ndarray[Any, Any], lengths: Ints, rng: np.random.Generator
) -> np.ndarray[Any, Any]:
    """Choices of the run's length in that row; random signs (the last place) where there is none."""
    fitting = drawn.copy()
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        share = np.append(np.where(sizes == length, weights[:-1], 0.0), weights[-1])
        share[-1] += not share.any()
        fitting[rows] = rng.choice(len(weights), size=len(rows), p=share / share.sum())
    return fitting


def random_signs(alphabet: str, lengths: Ints, rng: np.random.Generator, first: list[int] | None = None) -> pa.Array:
    """Random texts over an ASCII alphabet; ``first`` weighs the first sign of digits."""
    signs = np.frombuffer(alphabet.encode("ascii"), np.uint8)
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    drawn = signs[rng.integers(0, len(signs), int(offsets[-1]))]
    if first is not None and any(first):
        weights = np.array(first, np.float64)
        starts = offsets[:-1][lengths > 0]
        drawn[starts] = signs[rng.choice(len(signs), size=len(starts), p=weights / weights.sum())]
    return strings_from(offsets, drawn)


def strings_from(offsets: Ints, signs: np.ndarray[Any, Any]) -> pa.Array:
    """Strings laid end to end in ``signs`` (UTF-8), split at ``offsets``."""
    narrow = offsets.astype(np.int32)
    return pa.StringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(narrow), pa.py_buffer(np.ascontiguousarray(signs))
    )


def _unique(shapes: list[tuple[int, Shape]], request: Request) -> pa.Array:
    """Shape and text follow from the row's number and its wanted length alone, so that chunks never meet."""
    if request.settings.get("folds"):
        shapes = folded(shapes)
    shapes = _of_lengths(_widened(shapes, request), request)
    capacities = [min(_capacity(segments), _ENOUGH) for _, segments in shapes]
    owner = request.shuffled()
    roomy = [place for place, capacity in enumerate(capacities) if capacity >= request.total]
    if roomy and _share_of(roomy, shapes, request) > 0.8:
        chosen, local = _roomy_shape(roomy, shapes, request, owner), owner
    else:
        quota = _quotas([weight for weight, _ in shapes], capacities, request.total)
        ends = np.cumsum(quota)
        chosen = np.searchsorted(ends, owner, side="right")
        local = owner - np.concatenate([[0], ends[:-1]])[chosen]
    parts, places = [], []
    for number, (_, segments) in enumerate(shapes):
        rows = np.flatnonzero(chosen == number)
        if len(rows):
            room = request.total if number in roomy and local is owner else int(quota[number])
            parts.append(_numbered(segments, local[rows], room, capacities[number], (request, number)))
            places.append(rows)
    return _gather(parts, places)


def _numbered(segments: Shape, local: Ints, room: int, space: int, of: tuple[Request, int]) -> pa.Array:
    """A text of its own for each of ``local`` (rows,), numbers below ``room``, of the ``space`` that the shape has.

    Where texts must be clear of the source's, every row owns as many as there is space for, and takes the first clear
    one; where the space is too small for that, being unique comes first.
    """
    request, number = of
    clear: dict[str, Any] = request.settings.get("clear") or {}
    owned = max(1, min(_OWNED, space // max(1, room))) if clear else 1

    def text(rows: Ints, turn: int) -> pa.Array:
        wanted = local[rows] * owned + turn
        mixed = permute(wanted, space, stable_seed(request.column, number)) if space < _ENOUGH else wanted
        return _write_number(segments, mixed)

    made, off = text(np.arange(len(local)), 0), np.arange(len(local))
    for turn in range(owned if clear else 0):
        found = text(off, turn) if turn else made
        fits = is_clear(found, clear)
        place = np.arange(len(local))
        place[off[fits]] = len(local) + np.flatnonzero(fits)
        made, off = pa.concat_arrays([made, found]).take(pa.array(place)), off[~fits]
        if not len(off):
            break
    return made


_ONE_CASE = {"letter": "lower", "alnum": "HEX36", "base64": "HEX36", "base64url": "HEX36"}


def folded(shapes: list[tuple[int, Shape]]) -> list[tuple[int, Shape]]:
    """Shapes whose texts differ by more than case: of those that differ in case alone, the heaviest."""
    kept: dict[str, tuple[int, Shape]] = {}
    for weight, segments in shapes:
        runs = ["1" if _class_of(s) == "digit" else "a" if _class_of(s) in _LETTERS else _mixed(s) for s in segments]
        form = "".join(run for number, run in enumerate(runs) if run != "a" or runs[number - 1 : number] != ["a"])
        # A run of letters and digits could spell any of the others.
        form = "*" if "*" in form else form
        if form not in kept or kept[form][0] < weight:
            kept[form] = (weight, [_one_case(segment) for segment in segments])
    heaviest = max(kept.values(), key=lambda pair: pair[0], default=None)
    return [heaviest] if "*" in kept and heaviest else list(kept.values())


_LETTERS = ("upper", "lower", "letter")


def _class_of(segment: dict[str, Any]) -> str:
    text = segment.get("literal")
    if text is None:
        return str(segment.get("class"))
    return "digit" if text.isdigit() else "lower" if text.isalpha() else ""


def _mixed(segment: dict[str, Any]) -> str:
    return "." if "literal" in segment and not any(sign.isalnum() for sign in segment["literal"]) else "*"


def _one_case(segment: dict[str, Any]) -> dict[str, Any]:
    """The segment with one case a letter; its choices differ by more than case and have one length."""
    if "literal" in segment:
        return segment
    changed = segment | {"class": _ONE_CASE.get(segment["class"], segment["class"])}
    if segment.get("choices"):
        pairs = list(zip(segment["choices"], segment["weights"], strict=True))
        usual = max({len(text) for text, _ in pairs}, key=lambda n: sum(w for text, w in pairs if len(text) == n))
        first = {text.casefold(): (text, weight) for text, weight in reversed(pairs) if len(text) == usual}
        chosen = list(first.values())[::-1]
        changed |= {"choices": [text for text, _ in chosen], "weights": [weight for _, weight in chosen]}
    return changed


def _of_lengths(shapes: list[tuple[int, Shape]], request: Request) -> list[tuple[int, Shape]]:
    """The shapes with a fixed length each, weighed by how usual it is; as they are where lengths are many."""
    typical, counts = np.unique(np.array(request.settings.get("lengths") or [], np.int64), return_counts=True)
    usual = dict(zip(typical.tolist(), counts.tolist(), strict=True))
    fixed = []
    for weight, segments in shapes:
        low, high = _spread(segments)
        wanted = [length for length in range(low, high + 1) if length in usual] or [high]
        if high - low > 24 or len(wanted) == 1 == len(shapes):
            wanted = [high]
        for length in wanted:
            fixed.append((weight * usual.get(length, 1), _fixed(segments, length)))
    room = sum(min(_capacity(segments), _ENOUGH) for _, segments in fixed)
    return (
        fixed
        if room >= request.total
        else [(weight, _fixed(segments, _spread(segments)[1])) for weight, segments in shapes]
    )


def _fixed(segments: Shape, length: int) -> Shape:
    """The shape at one length; the first runs take what is to be shared out."""
    spare = length - _spread(segments)[0]
    result = []
    for segment in segments:
        if "literal" not in segment:
            extra = min(spare, segment["max"] - segment["min"])
            spare -= extra
            if extra or segment["min"] != segment["max"]:
                segment = _resized(segment, segment["min"] + extra, segment["min"] + extra)
        result.append(segment)
    return result


def _share_of(roomy: list[int], shapes: list[tuple[int, Shape]], request: Request) -> float:
    """Share of the usual lengths that shapes with room for every row have; 1 where nothing is known of lengths."""
    usual = np.array(request.settings.get("lengths") or [], np.int64)
    return float(np.isin(usual, [_spread(shapes[place][1])[1] for place in roomy]).mean()) if len(usual) else 1.0


def _roomy_shape(roomy: list[int], shapes: list[tuple[int, Shape]], request: Request, owner: Ints) -> Ints:
    """One of the shapes of the length nearest to the wanted one, by the row's number."""
    sizes = np.array([_spread(shapes[place][1])[1] for place in roomy])
    weights = np.array([shapes[place][0] for place in roomy], np.float64)
    order = np.argsort(sizes, kind="stable")
    chosen = sizes[order][nearest(sizes[order], request.lengths)]
    draws = (owner * 2_654_435_761 % (1 << 32)) / float(1 << 32)
    result = np.zeros(len(owner), np.int64)
    for size in np.unique(chosen):
        rows, fitting = np.flatnonzero(chosen == size), np.flatnonzero(sizes == size)
        ends = np.cumsum(weights[fitting]) / weights[fitting].sum()
        result[rows] = np.array(roomy)[
            fitting[np.searchsorted(ends, draws[rows], side="right").clip(0, len(fitting) - 1)]
        ]
    return result


def _capacity(segments: Shape) -> int:
    return math.prod(_segment_capacity(segment) for segment in segments)


def _segment_capacity(segment: dict[str, Any]) -> int:
    if "literal" in segment:
        return 1
    if segment.get("choices") and not segment.get("rest"):
        return len(segment["choices"])
    return int(len(ALPHABETS.get(segment["class"], "ab")) ** segment["max"])


def _widened(shapes: list[tuple[int, Shape]], request: Request) -> list[tuple[int, Shape]]:
    """Shapes with room for every row: the longest run of digits or letters grows where the room is too small."""
    if not shapes:
        shapes = [(1, [{"class": "digit", "min": 6, "max": 6}])]
    shapes = [(weight, [dict(segment) for segment in segments]) for weight, segments in shapes]
    while sum(min(_capacity(segments), _ENOUGH) for _, segments in shapes) < request.total:
        segments = shapes[0][1]
        free = [segment for segment in segments if "class" in segment and not segment.get("choices")]
        if not free:
            segments.append({"class": "digit", "min": 1, "max": 1})
            free = segments[-1:]
        segment = max(free, key=lambda item: item["max"])
        segment["max"] += 1
        if request.longest is not None and _spread(segments)[1] > request.longest:
            raise ModelError(
                f"{request.column} holds {request.longest} characters and must be unique, but its pattern has no room"
                f" for {request.total:,} rows.",
                where=request.column,
                hint="lower --scale or the rows wanted of this table.",
            )
    return shapes


def _quotas(weights: list[int], capacities: list[int], total: int) -> Ints:
    """Rows a shape: by weight, never more than it can tell apart."""
    quota = np.minimum((np.array(weights, np.float64) / sum(weights) * total).astype(np.int64), np.array(capacities))
    for number in np.argsort(-np.array(capacities, np.float64), kind="stable"):
        quota[number] += min(total - int(quota.sum()), capacities[number] - int(quota[number]))
    shares: Ints = quota
    return shares


def _write_number(segments: Shape, numbers: Ints) -> pa.Array:
    """Each number as a text of the shape, mixed radix, the last segment counting fastest."""
    left = numbers.copy()
    parts: list[Any] = []
    for segment in reversed(segments):
        if "literal" in segment:
            parts.append(segment["literal"])
            continue
        if segment.get("choices") and not segment.get("rest"):
            choices = segment["choices"]
            parts.append(pa.array(choices, pa.string()).take(pa.array(left % len(choices))))
            left = left // len(choices)
            continue
        alphabet = np.frombuffer(ALPHABETS.get(segment["class"], "ab").encode("ascii"), np.uint8)
        width = segment["max"]
        signs = np.empty((len(numbers), width), np.uint8)
        for place in range(width - 1, -1, -1):
            signs[:, place] = alphabet[left % len(alphabet)]
            left = left // len(alphabet)
        parts.append(strings_from(np.arange(len(numbers) + 1) * width, signs.ravel()))
    return _join(parts[::-1], len(numbers))
