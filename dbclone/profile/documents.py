"""JSON and XML documents by their structure: which keys, of which types, how often, holding what.

Takes texts, of JSON as often as rows hold them, gives a JSON tree of nodes. A key or tag is kept only where at least k
documents have it. Documents of one shape are learned together, what is inside leaf by leaf.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dbclone.profile.facts import Facts
from dbclone.profile.leaves import learn_leaf
from dbclone.profile.numbers import learn_number
from dbclone.profile.presence import learn_presence
from dbclone.profile.shapes import find_shapes, kind_of

MOST_DOCUMENTS = 20_000
MOST_XML = 5_000
MOST_KEYS = 500
MOST_DEPTH = 16
_MOST_ITEMS = 20_000
_MOST_POOLED = 500
_FEW = 20
"""Times k values of its own teach a leaf enough; one with fewer learns from all documents of its kind."""


@dataclass(frozen=True)
class _Place:
    """Where a node stands: the name of its key, how deep, and whether all documents have its very paths."""

    k: int
    name: str = ""
    depth: int = 0
    exact: bool = False

    def under(self, name: str) -> _Place:
        return replace(self, name=name, depth=self.depth + 1)


def read_documents(facts: Facts, k: int) -> list[Any]:
    """The JSON objects and arrays that all of a column's texts are, none where one is anything else."""
    texts = [text for text in facts.texts if text]
    if len(texts) < k or not all(text[0] + text[-1] in ("{}", "[]") for text in texts):
        return []
    try:
        return [json.loads(text) for text in facts.spread(MOST_DOCUMENTS) if text]
    except (ValueError, RecursionError):
        return []


def has_shapes(facts: Facts, k: int) -> bool:
    """True for a column of documents of several shapes."""
    return len(find_shapes(read_documents(facts, k), k)[1]) > 1


def learn_json(texts: Sequence[str], k: int) -> dict[str, Any]:
    """The root node of the documents; ``{"kinds": {}}`` where none could be read."""
    values = []
    for text in texts[:MOST_DOCUMENTS]:
        try:
            values.append(json.loads(text))
        except (ValueError, RecursionError):
            continue
    return _mixed(values, _Place(k))


def _mixed(values: list[Any], place: _Place, pool: list[Any] | None = None) -> dict[str, Any]:
    """A node with the ``shapes`` of its values where they have several that hold together, a plain one otherwise."""
    by_kind = Counter(map(kind_of, values))
    varied = len(by_kind) > 1 or "object" in by_kind or "array" in by_kind
    key, shapes = find_shapes(values, place.k) if varied and not place.exact else ("", [])
    if len(shapes) < 2:
        exact = len(shapes) == 1 and not shapes[0].open
        members = [values[member] for member in shapes[0].members] if exact else values
        return _node(members, replace(place, exact=exact or place.exact), pool or values)
    alike: dict[str, list[Any]] = {}
    for shape in shapes:
        alike.setdefault(shape.value, []).extend(values[member] for member in shape.members)
    found = []
    for shape in shapes:
        members = [values[member] for member in shape.members]
        node = _node(members, replace(place, exact=not shape.open), alike[shape.value])
        about = {"paths": sorted(shape.paths), "value": shape.value, "open": shape.open, "weight": shape.weight}
        found.append(about | {"node": node})
    return {"kinds": {kind: by_kind[kind] for kind in sorted(by_kind) if by_kind[kind] >= place.k}} | {
        "named": key,
        "shapes": found,
    }


def _node(values: list[Any], place: _Place, pool: list[Any]) -> dict[str, Any]:
    """A plain node of ``values``; leaves that these teach too little learn from ``pool``, which holds them too."""
    by_kind, wider = _by_kind(values), _by_kind(_some(pool, len(values)))
    k = place.k
    kinds = {kind: len(found) for kind, found in sorted(by_kind.items()) if len(found) >= k or len(by_kind) == 1}
    node: dict[str, Any] = {"kinds": kinds}
    for kind, found in by_kind.items():
        # Leaves never learn from fewer than they have themselves.
        enough = len(found) >= _FEW * k or len(wider.get(kind, ())) < len(found)
        wider[kind] = found if enough else wider[kind]
    if "object" in kinds:
        node["keys"] = _keys(by_kind["object"], place, wider["object"])
    if "array" in kinds:
        node |= _items(by_kind["array"], place, wider["array"])
    if "string" in kinds:
        node["text"] = learn_leaf(wider["string"], k, name=place.name)
    if "number" in kinds:
        node["number"] = _numbers(wider["number"], k)
    if "boolean" in kinds:
        node["true"] = round(sum(wider["boolean"]) / len(wider["boolean"]), 3)
    return node


def _by_kind(values: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for value in values:
        found.setdefault(kind_of(value), []).append(value)
    return found


def _some(values: list[Any], least: int) -> list[Any]:
    """An even spread of the values."""
    step = max(1, len(values) // max(_MOST_POOLED, least))
    return values[::step]


def _items(lists: list[list[Any]], place: _Place, pool: list[list[Any]]) -> dict[str, Any]:
    """Sizes and items of arrays. ``cover``: shapes of items without one of each an array would lack paths."""
    items = [item for one in lists for item in one][:_MOST_ITEMS]
    wider = [item for one in pool for item in one][:_MOST_ITEMS]
    inner: dict[str, Any] = {"kinds": {}}
    if place.depth < MOST_DEPTH:
        inner = _mixed(items, replace(place.under(place.name), exact=False), wider)
    sizes = [len(one) if _is_known(inner) else 0 for one in lists]
    found = {"size": learn_number(np.array(sizes, float), place.k), "items": inner}
    return found | ({"cover": _cover(inner["shapes"])} if place.exact and "shapes" in inner else {})


def _cover(shapes: list[dict[str, Any]]) -> list[int]:
    """Few shapes that have all paths between them, the one that adds most first."""
    paths = [set() if shape["open"] else set(shape["paths"]) for shape in shapes]
    missing = set().union(*paths)
    chosen: list[int] = []
    while missing:
        best = max(range(len(paths)), key=lambda place: (len(paths[place] & missing), -place))
        missing -= paths[best]
        chosen.append(best)
    return chosen


def _keys(objects: list[dict[str, Any]], place: _Place, pool: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keys that k objects share, in the order in which objects write them, and which of them come together."""
    used = Counter(key for item in objects for key in item)
    order: dict[str, float] = {}
    for key, count in used.most_common(MOST_KEYS):
        if count >= place.k and place.depth < MOST_DEPTH:
            order[key] = float(np.mean([list(item).index(key) for item in objects[:200] if key in item] or [0]))
    nodes: dict[str, dict[str, Any]] = {}
    for key in sorted(order, key=lambda key: (order[key], key)):
        own, wider = ([item[key] for item in items if key in item] for items in (objects, pool))
        node = _mixed(own, place.under(key), wider)
        # A key of which no type is shared would have to be of a type that the source may not have.
        nodes |= {key: node} if _is_known(node) else {}
    flags = [key in item for item in objects for key in nodes]
    there = np.array(flags, np.bool_).reshape(len(objects), len(nodes))
    found = []
    for (key, node), together in zip(nodes.items(), learn_presence(there, place.k), strict=True):
        found.append({"key": key, "share": round(used[key] / len(objects), 4)} | together | {"node": node})
    return found


def _is_known(node: dict[str, Any]) -> bool:
    return bool(node["kinds"] or node.get("shapes"))


def _numbers(values: list[Any], k: int) -> dict[str, Any]:
    decimals = _decimals(values)
    fine = [float(value) for value in values if abs(value) < 1e15]
    shared = [(value, count) for value, count in Counter(values).most_common(50) if count >= k]
    model = learn_number(np.array(fine), k, decimals)
    if sum(count for _, count in shared) >= 0.5 * len(values):
        model |= {
            "choices": [json.dumps(value) for value, _ in shared],
            "weights": [count for _, count in shared],
            "rest": len(values) - sum(count for _, count in shared),
        }
    return model


def _decimals(values: list[Any]) -> int:
    """Digits behind the point that nearly all numbers do with."""
    if all(isinstance(value, int) or value.is_integer() for value in values):
        return 0
    places = sorted(len(repr(value).partition(".")[2]) for value in values if "e" not in repr(value))
    return min(9, places[int(0.9 * (len(places) - 1))]) if places else 2


def has_sensitive(node: Any) -> bool:
    """True where a leaf of the tree was judged sensitive."""
    if isinstance(node, dict):
        return bool(node.get("sensitive")) or any(has_sensitive(value) for value in node.values())
    return isinstance(node, list) and any(has_sensitive(value) for value in node)


def learn_xml(texts: Sequence[str], k: int) -> dict[str, Any]:
    """The root element where k documents share it, an empty dict otherwise. Documents with a DTD are not parsed."""
    roots = []
    for text in texts[:MOST_XML]:
        if "<!" in text.replace("<!--", "").replace("<![CDATA[", ""):
            continue
        try:
            roots.append(ElementTree.fromstring(re.sub(r"^\s*(<\?.*?\?>\s*)+", "", text, flags=re.S)))
        except ElementTree.ParseError:
            continue
    tags = Counter(root.tag for root in roots)
    best = tags.most_common(1)
    if not best or best[0][1] < k:
        return {}
    return _element([root for root in roots if root.tag == best[0][0]], best[0][0], k, 0)


def _element(elements: list[ElementTree.Element], tag: str, k: int, depth: int) -> dict[str, Any]:
    node: dict[str, Any] = {"tag": tag}
    texts = [(element.text or "").strip() for element in elements]
    filled = [text for text in texts if text]
    if filled and len(filled) >= 0.5 * len(texts):
        node["text"] = learn_leaf(filled, k, name=tag.rpartition("}")[2])
    names = Counter(name for element in elements for name in element.attrib)
    node["attributes"] = {
        name: learn_leaf([e.attrib[name] for e in elements if name in e.attrib], k, name=name.rpartition("}")[2])
        for name, count in sorted(names.items())
        if count >= k and count >= 0.5 * len(elements)
    }
    if depth < MOST_DEPTH:
        used = Counter(child.tag for element in elements for child in {c.tag: c for c in element}.values())
        node["children"] = [
            {
                "share": round(count / len(elements), 4),
                "size": round(sum(len(e.findall(name)) for e in elements) / count, 2),
                "node": _element([c for e in elements for c in e.findall(name)], name, k, depth + 1),
            }
            for name, count in used.items()
            if count >= k
        ]
    return node
