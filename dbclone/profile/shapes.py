"""The shapes of JSON documents: which key paths, of which types, come together.

Takes parsed documents, gives groups of them that share a shape which at least k have, and the number of any
document's group. A shape that fewer have is never kept: such documents count as the nearest shape that is, or, where
they are many, as one group of documents with varying keys.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dbclone.profile.leaves import learn_leaf

MOST_SHAPES = 60
"""Groups that are told apart, so that the engine has a code for each."""

_MOST_DEPTH = 16
_MOST_PATHS = 2_000
_MOST_ITEMS = 200
_MOST_NAMES = 50
"""Values that a key which names shapes may have."""

_NAMED = 0.95
"""Share of the objects in which such a key has a value that k objects share."""

_EXPLAINED, _DECIDED = 0.5, 0.9
"""Shares of the uncertainty about all other keys, or about one of them, that it takes away."""

_USUAL = 0.7
"""Where shapes that k documents have cover this share, the others count as the nearest of them."""

Paths = frozenset[str]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """One group: ``paths`` are those of its documents, ``value`` (JSON) is what the key that names shapes holds in
    them, empty where it says nothing. ``open`` groups hold documents of different paths. ``members`` are places in
    what was learned from, ``weight`` counts the documents that are drawn from it."""

    paths: Paths
    value: str
    open: bool
    members: tuple[int, ...] = field(repr=False)
    weight: int = 0


def kind_of(value: Any) -> str:
    """JSON's own word for the type of a parsed value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def paths_of(value: Any) -> Paths:
    """Every path of a document with its type, as JSON Pointers (RFC 6901) in which ``-`` is any item of an array."""
    found: set[str] = set()
    _walk(value, "", 0, found)
    return frozenset(found)


def _walk(value: Any, at: str, depth: int, found: set[str]) -> None:
    found.add(f"{at}:{kind_of(value)}")
    if depth >= _MOST_DEPTH or len(found) > _MOST_PATHS:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            _walk(inner, f"{at}/{key.replace('~', '~0').replace('/', '~1')}", depth + 1, found)
    elif isinstance(value, list):
        for inner in value[:_MOST_ITEMS]:
            _walk(inner, f"{at}/-", depth + 1, found)


def find_shapes(values: Sequence[Any], k: int) -> tuple[str, list[Shape]]:
    """The key that names shapes (empty where none does) and the groups, the heaviest first.

    One group, or none, where the documents do not differ, or differ so much that no group holds together.
    """
    paths = [paths_of(value) for value in values]
    key = _naming_key(values, k)
    names = [_name(value, key) for value in values]
    counted = Counter(names)
    names = [name if counted[name] >= k else "" for name in names]
    cells = Counter(zip(names, paths, strict=True))
    ordered = sorted(cells.items(), key=lambda item: (-item[1], item[0][0], sorted(item[0][1])))
    kept = {cell for cell, count in ordered[:MOST_SHAPES] if count >= k}
    left = Counter(name for name, own in zip(names, paths, strict=True) if (name, own) not in kept)
    total = Counter(names)
    varied = {name for name, rest in left.items() if rest >= 4 * k and rest > (1 - _USUAL) * total[name]}
    members: dict[tuple[str, Paths | None], list[int]] = {}
    for place, cell in enumerate(zip(names, paths, strict=True)):
        if cell in kept:
            members.setdefault(cell, []).append(place)
        elif cell[0] in varied:
            members.setdefault((cell[0], None), []).append(place)
    shapes = [
        Shape(_usual(paths, places, k) if own is None else own, name, own is None, tuple(places))
        for (name, own), places in members.items()
    ]
    return key, _weighed(shapes, names, paths)


def _usual(paths: list[Paths], places: list[int], k: int) -> Paths:
    """The paths that k documents of an open group have: what its documents may hold."""
    counted = Counter(path for place in places for path in paths[place])
    return frozenset(path for path, count in counted.items() if count >= k)


def _weighed(shapes: list[Shape], names: list[str], paths: list[Paths]) -> list[Shape]:
    """The groups with the documents that count as theirs, the heaviest first."""
    if not shapes:
        return []
    counts = Counter(_Finder(shapes).place(name, own) for name, own in zip(names, paths, strict=True))
    weighed = [
        Shape(shape.paths, shape.value, shape.open, shape.members, counts[place]) for place, shape in enumerate(shapes)
    ]
    return sorted(weighed, key=lambda shape: (-shape.weight, shape.value, sorted(shape.paths)))


class _Finder:
    """Which group a document belongs to, or is nearest to."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._shapes = shapes
        self._exact = {(one.value, one.paths): place for place, one in enumerate(shapes) if not one.open}
        self._open = {one.value: place for place, one in enumerate(shapes) if one.open}
        self._named = {one.value for one in shapes}
        self._found: dict[tuple[str, Paths], int] = {}

    def place(self, name: str, paths: Paths) -> int:
        cell = (name, paths)
        if cell in self._exact:
            return self._exact[cell]
        if name in self._open:
            return self._open[name]
        if cell not in self._found:
            rivals = [p for p, one in enumerate(self._shapes) if one.value == name or name not in self._named]
            self._found[cell] = max(rivals, key=lambda p: (_alike(self._shapes[p].paths, paths), -p))
        return self._found[cell]


def _alike(first: Paths, second: Paths) -> float:
    """Jaccard's index of two sets of paths."""
    return len(first & second) / max(1, len(first | second))


def numbers_of(texts: Sequence[str | None], root: dict[str, Any]) -> list[float]:
    """The number, from 1 on, of each document's group among the ``shapes`` of a learned ``root``; NaN for NULL.

    What is no document counts as the first.
    """
    shapes = [Shape(frozenset(one["paths"]), one["value"], one["open"], ()) for one in root["shapes"]]
    finder, key = _Finder(shapes), root["named"]
    known: dict[str, float] = {}
    for text in texts:
        if text is not None and text not in known:
            try:
                value = json.loads(text)
                known[text] = 1.0 + finder.place(_name(value, key), paths_of(value))
            except (ValueError, RecursionError):
                known[text] = 1.0
    return [math.nan if text is None else known[text] for text in texts]


# -- the key that names shapes ----------------------------------------------------------------------------------------


def _name(value: Any, key: str) -> str:
    """What the naming key holds, as JSON; empty where it holds nothing that names."""
    if not key or not isinstance(value, dict) or not _can_name(value.get(key)):
        return ""
    return json.dumps(value[key], ensure_ascii=False)


def _can_name(value: Any) -> bool:
    return isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= 100)


def _naming_key(values: Sequence[Any], k: int) -> str:
    """The key whose value says best which other keys an object has (its mutual information with their presence),
    empty where none says enough."""
    objects = [value for value in values if isinstance(value, dict)]
    used = Counter(key for one in objects for key in one)
    others = [key for key, count in used.most_common(_MOST_PATHS) if k <= count <= len(objects) - k]
    if len(objects) < 0.5 * len(values) or not others:
        return ""
    there = np.array([[key in one for key in others] for one in objects], bool)
    unsure = _entropy(there.mean(axis=0))
    best, most = "", 0.0
    for key, codes in _candidates(objects, used, k):
        told = _told(there, codes)
        names = told.sum() >= _EXPLAINED * unsure.sum() or (told >= _DECIDED * unsure).any()
        if names and told.sum() > most:
            best, most = key, float(told.sum())
    return best


def _candidates(
    objects: list[dict[str, Any]], used: Counter[str], k: int
) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
    """Keys that nearly all objects have, with few values; each with the number of its value in every object."""
    for key, count in sorted(used.items()):
        if count < _NAMED * len(objects) or not all(_can_name(one.get(key)) for one in objects[:100]):
            continue
        names = [_name(one, key) for one in objects]
        shared = [name for name, times in sorted(Counter(names).items()) if name and times >= k]
        place = {name: number for number, name in enumerate(shared, 1)}
        codes = np.array([place.get(name, 0) for name in names], np.int64)
        few = 2 <= len(shared) <= _MOST_NAMES and (codes > 0).mean() >= _NAMED
        # The names are kept as they stand: nobody's address or number may be one.
        if few and not learn_leaf([str(one.get(key)) for one in objects], k, name=key)["sensitive"]:
            yield key, codes


def _told(there: npt.NDArray[np.bool_], codes: npt.NDArray[np.int64]) -> Floats:
    """(keys,) nats that ``codes`` (objects,) tell of which keys are ``there`` (objects, keys), less what chance
    tells."""
    sizes = np.bincount(codes)
    left = np.zeros(there.shape[1])
    for code in np.flatnonzero(sizes):
        left += sizes[code] / len(codes) * _entropy(there[codes == code].mean(axis=0))
    chance = ((sizes > 0).sum() - 1) / (2 * len(codes))
    told: Floats = _entropy(there.mean(axis=0)) - left - chance
    return told


def _entropy(share: Floats) -> Floats:
    inside = np.clip(share, 1e-12, 1 - 1e-12)
    entropy: Floats = -inside * np.log(inside) - (1 - inside) * np.log(1 - inside)
    return entropy
