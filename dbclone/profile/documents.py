"""JSON and XML documents by their structure: which keys, of which types, how often, holding what.

Takes distinct texts, gives a JSON tree of nodes. A key or tag is kept only where at least k documents have it; what is
inside is learned leaf by leaf.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from dbclone.profile.leaves import learn_leaf
from dbclone.profile.numbers import learn_number

MOST_DOCUMENTS = 5_000
MOST_KEYS = 200
MOST_DEPTH = 8


def learn_json(texts: Sequence[str], k: int) -> dict[str, Any]:
    """The root node of the documents; ``{"kinds": {}}`` where none could be read."""
    values = []
    for text in texts[:MOST_DOCUMENTS]:
        try:
            values.append(json.loads(text))
        except (ValueError, RecursionError):
            continue
    return _node(values, k, "", 0)


def _node(values: list[Any], k: int, name: str, depth: int) -> dict[str, Any]:
    by_kind: dict[str, list[Any]] = {}
    for value in values:
        by_kind.setdefault(_kind(value), []).append(value)
    kinds = {kind: len(found) for kind, found in sorted(by_kind.items()) if len(found) >= k or len(by_kind) == 1}
    node: dict[str, Any] = {"kinds": kinds}
    if depth >= MOST_DEPTH:
        return {"kinds": {"null": 1}}
    if "object" in kinds:
        node["keys"] = _keys(by_kind["object"], k, depth)
    if "array" in kinds:
        lists = by_kind["array"]
        node["size"] = learn_number(np.array([len(items) for items in lists], float), k)
        node["items"] = _node([item for items in lists for item in items][:20_000], k, name, depth + 1)
    if "string" in kinds:
        node["text"] = learn_leaf(by_kind["string"], k, name=name)
    if "number" in kinds:
        node["number"] = _numbers(by_kind["number"], k)
    if "boolean" in kinds:
        node["true"] = round(sum(by_kind["boolean"]) / len(by_kind["boolean"]), 3)
    return node


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _keys(objects: list[dict[str, Any]], k: int, depth: int) -> list[dict[str, Any]]:
    """Keys that k objects share, in the order in which objects write them."""
    used = Counter(key for item in objects for key in item)
    order: dict[str, float] = {}
    for key, count in used.most_common(MOST_KEYS):
        if count >= k:
            order[key] = float(np.mean([list(item).index(key) for item in objects[:200] if key in item] or [0]))
    return [
        {
            "key": key,
            "share": round(used[key] / len(objects), 4),
            "node": _node([item[key] for item in objects if key in item], k, key, depth + 1),
        }
        for key in sorted(order, key=lambda key: (order[key], key))
    ]


def _numbers(values: list[Any], k: int) -> dict[str, Any]:
    decimals = 0 if all(isinstance(value, int) or value.is_integer() for value in values) else 2
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


def has_sensitive(node: Any) -> bool:
    """True where a leaf of the tree was judged sensitive."""
    if isinstance(node, dict):
        return bool(node.get("sensitive")) or any(has_sensitive(value) for value in node.values())
    return isinstance(node, list) and any(has_sensitive(value) for value in node)


def learn_xml(texts: Sequence[str], k: int) -> dict[str, Any]:
    """The root element where k documents share it, an empty dict otherwise. Documents with a DTD are not parsed."""
    roots = []
    for text in texts[:MOST_DOCUMENTS]:
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
