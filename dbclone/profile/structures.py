"""The structure of values that are more than text: UUIDs, documents, arrays, ranges, addresses, intervals.

Takes distinct texts, gives a maker's name and JSON settings. Keeps nothing that fewer than k values share.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from dbclone.profile.composites import learn_composite, learn_pairs, learn_path, read_composite
from dbclone.profile.documents import learn_json, learn_xml
from dbclone.profile.leaves import learn_leaf
from dbclone.profile.numbers import learn_number
from dbclone.profile.text_makers import uuid_version
from dbclone.schema import Kind, Type

MOST_TEXTS = 20_000

_RANGE_KINDS = {
    "int4range": Kind.INTEGER,
    "int8range": Kind.INTEGER,
    "numrange": Kind.DECIMAL,
    "daterange": Kind.DATE,
    "tsrange": Kind.TIMESTAMP,
    "tstzrange": Kind.TIMESTAMPTZ,
}
_INTERVAL = re.compile(
    r"(?:(-?\d+) years? ?)?(?:(-?\d+) mons? ?)?(?:(-?\d+) days? ?)?(?:(-?)(\d+):(\d\d):(\d\d)(?:\.\d+)?)?"
)


def learn_structure(  # noqa: C901 - one line a kind
    type_: Type, texts: Sequence[str], k: int
) -> tuple[str, dict[str, Any]]:
    """The maker's name and settings for a kind that is no plain text."""
    settings: dict[str, Any] = {"sql": type_.sql.rpartition(".")[2]}
    texts = texts[:MOST_TEXTS]
    learned: dict[str, Any] = {}
    match type_.kind:
        case Kind.UUID:
            learned = {"version": uuid_version(texts, k)}
        case Kind.BIT:
            learned = {"length": type_.length} if "var" not in type_.sql else {}
        case Kind.JSON:
            compact = sum('": ' not in text and '":' in text for text in texts)
            learned = {"root": learn_json(texts, k), "compact": compact > 0.5 * len(texts)}
        case Kind.XML:
            learned = {"root": learn_xml(texts, k)}
        case Kind.ARRAY:
            learned = learn_array(type_.element, texts, k)
        case Kind.RANGE:
            learned = learn_range(settings["sql"], texts, k)
        case Kind.TSVECTOR:
            learned = learn_tsvector(texts, k)
        case Kind.INTERVAL:
            learned = learn_interval(texts, k)
        case Kind.NETWORK:
            learned = learn_network(texts)
        case Kind.GEOMETRIC:
            learned = learn_geometric(texts, k)
        case Kind.COMPOSITE:
            learned = {"fields": len(type_.fields) or len(read_composite(texts[0]) if texts else ())}
            if type_.fields and texts:
                learned = learn_composite(type_, texts, k, learn_structure)
        case Kind.OTHER if settings["sql"] == "ltree" and texts:
            learned = learn_path(texts, k)
        case Kind.OTHER if settings["sql"] == "hstore" and texts:
            learned = learn_pairs(texts, k)
        case _:
            pass
    return str(type_.kind), settings | learned


def learn_array(element: Type | None, texts: Sequence[str], k: int) -> dict[str, Any]:
    """Sizes and elements of one-dimensional arrays; ``distinct`` where no array repeats an element."""
    lists = [items for items in map(read_array, texts) if items is not None]
    filled = [item for items in lists for item in items if item is not None]
    total = sum(map(len, lists))
    kind = element.kind if element is not None else Kind.TEXT
    leaf = learn_leaf(filled[:MOST_TEXTS], k, kind=kind)
    if element is not None and element.labels:
        leaf = _labelled(element.labels, filled)
    elif element is not None and element.domain is None and kind in (Kind.COMPOSITE, Kind.RANGE, Kind.JSON):
        name, inner = learn_structure(element, filled[:MOST_TEXTS], k)
        leaf = {"rest": len(filled), "maker": {"name": name, "settings": inner}}
    places: dict[str, list[int]] = {}
    for items in lists[:2_000]:
        for place, item in enumerate(items):
            if item is not None:
                places.setdefault(item, []).append(place)
    return {
        "kind": str(kind),
        "size": learn_number(np.array([len(items) for items in lists], float), k),
        "flat": round(len(lists) / len(texts), 3) if texts else 0.0,
        "nulls": round(1 - len(filled) / total, 3) if total else 0.0,
        "distinct": all(len(set(items)) == len(items) for items in lists),
        "order": [round(float(np.mean(places.get(text, [0]))), 2) for text in leaf.get("choices", ())],
        "leaf": leaf,
    }


def _labelled(labels: tuple[str, ...], filled: list[str]) -> dict[str, Any]:
    counted = Counter(filled)
    return {"choices": list(labels), "weights": [counted[label] + 1 for label in labels], "rest": 0}


def read_array(text: str) -> list[str | None] | None:
    """The elements of a one-dimensional array in PostgreSQL's text form, None where it is anything else."""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    body = text[1:-1]
    if body == "":
        return []
    items: list[str | None] = []
    for match in re.finditer(r'(?:"((?:[^"\\]|\\.)*)"|([^",{}]*))(?:,|$)', body):
        quoted, plain = match.groups()
        if quoted is not None:
            items.append(re.sub(r"\\(.)", r"\1", quoted))
        elif plain or match.end() < len(body):
            items.append(None if plain.upper() == "NULL" else plain)
        if match.end() >= len(body):
            break
    return None if "{" in re.sub(r'"(?:[^"\\]|\\.)*"', "", body) else items


def learn_range(sql: str, texts: Sequence[str], k: int) -> dict[str, Any]:
    """Lower bounds, widths, and how often a range is empty or open."""
    kind = _RANGE_KINDS.get(sql.replace("multirange", "range"), Kind.DECIMAL)
    lows, widths, empty, open_low, open_high = [], [], 0, 0, 0
    bounds: Counter[str] = Counter()
    for text in texts:
        match = re.match(r"\{?([\[(])([^,]*),([^\])]*)([\])])", text)
        if match is None:
            empty += 1
            continue
        bounds[match[1] + match[4]] += 1
        low, high = (_bound(side, kind) for side in (match[2], match[3]))
        open_low, open_high = open_low + (low is None), open_high + (high is None)
        if low is not None:
            lows.append(low)
        if low is not None and high is not None:
            widths.append(high - low)
    total = max(1, len(texts))
    decimals = 2 if kind is Kind.DECIMAL else 0
    return {
        "kind": str(kind),
        "low": learn_number(np.array(lows, float), k, decimals),
        "width": learn_number(np.array(widths, float), k, decimals),
        "empty": round(empty / total, 3) if texts else 0.0,
        "open_low": round(open_low / total, 3),
        "open_high": round(open_high / total, 3),
        "bounds": bounds.most_common(1)[0][0] if bounds and bounds.most_common(1)[0][1] >= k else "[)",
    }


def _bound(text: str, kind: Kind) -> float | None:
    text = text.strip('"')
    if text in ("", "infinity", "-infinity"):
        return None
    try:
        if kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
            return float(np.datetime64(text[:19].replace(" ", "T"), "s").astype(np.int64))
        return float(text)
    except ValueError:
        return None


def learn_tsvector(texts: Sequence[str], k: int) -> dict[str, Any]:
    """Lexemes that k documents share."""
    used: Counter[str] = Counter()
    for text in texts[:5_000]:
        # In the order met, which decides between equals: a set's order changes from process to process.
        used.update(dict.fromkeys(re.findall(r"'((?:[^']|'')+)'", text), 1))
    shared = [(word, count) for word, count in used.most_common(2_000) if count >= k]
    return {
        "lexemes": [word for word, _ in shared],
        "weights": [count for _, count in shared],
        "positions": sum(":" in text for text in texts[:100]) > 0.5 * len(texts[:100]),
    }


def learn_interval(texts: Sequence[str], k: int) -> dict[str, Any]:
    """Months, days and seconds on their own, and how often each is there."""
    parts: list[tuple[int, int, int]] = []
    for text in texts:
        match = _INTERVAL.fullmatch(text)
        if match is not None:
            years, months, days, sign, hours, minutes, seconds = match.groups()
            clock = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
            parts.append((int(years or 0) * 12 + int(months or 0), int(days or 0), -clock if sign else clock))
    found = np.array(parts, float).reshape(-1, 3)
    return {
        name: learn_number(found[found[:, place] != 0, place], k)
        | {"share": round(float((found[:, place] != 0).mean()), 3) if len(found) else float(place == 2)}
        for place, name in enumerate(("months", "days", "seconds"))
    }


def learn_network(texts: Sequence[str]) -> dict[str, Any]:
    """How many addresses are of version 6, and how many carry a mask."""
    total = max(1, len(texts))
    return {
        "six": round(sum(text.count(":") >= 2 for text in texts) / total, 3),
        "masked": round(sum("/" in text for text in texts) / total, 3),
    }


def learn_geometric(texts: Sequence[str], k: int) -> dict[str, Any]:
    """Where first points lie."""
    points = [re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", text)[:2] for text in texts]
    pairs = np.array([[float(x) for x in pair] for pair in points if len(pair) == 2]).reshape(-1, 2)
    return {"x": learn_number(pairs[:, 0], k, 4), "y": learn_number(pairs[:, 1], k, 4)}

