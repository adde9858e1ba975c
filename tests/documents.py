"""Events whose documents have several shapes, each tied to the event's type."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from dbclone.profile.shapes import Paths, paths_of

Event = tuple[int, str, str]
RARE = 3
"""Rows of each shape that is not to leave."""


def events(rows: int) -> Iterator[Event]:
    """Number, type and document of each event; among them two shapes of `RARE` rows each."""
    rng = np.random.default_rng(7)
    for number in range(1, rows + 1):
        if number % (rows // RARE) == 1:
            yield number, "click", json.dumps({"type": "click", "x": 1, "jane_was_here": number})
        elif number % (rows // RARE) == 2:
            yield number, "order", json.dumps({"type": "order", "items": "stolen", "total": 1.5})
        else:
            kind = str(rng.choice(["click", "order", "login", "visit", "logout"], p=[0.4, 0.25, 0.2, 0.1, 0.05]))
            yield number, kind, json.dumps({"type": kind} | _rest(kind, rng))


def _rest(kind: str, rng: np.random.Generator) -> dict[str, Any]:
    if kind == "click":
        return {"x": int(rng.integers(1920)), "y": int(rng.integers(1080))}
    if kind == "order":
        items = [_item(rng) for _ in range(int(rng.choice([1, 1, 2, 3, 5])))]
        return {"items": items, "total": round(float(rng.uniform(5, 500)), 2)}
    if kind == "login":
        device = {"os": str(rng.choice(["ios", "android"])), "version": f"{rng.integers(1, 9)}.{rng.integers(10)}"}
        return {"ip": f"10.0.{rng.integers(256)}.{rng.integers(1, 255)}", "device": device}
    # Visits and departures have one shape: what tells them apart is the type alone.
    return {"page": str(rng.choice(["/home", "/cart", "/help"])), "tags": ["a", "b", "c"][: int(rng.integers(4))]}


def _item(rng: np.random.Generator) -> dict[str, Any]:
    item: dict[str, Any] = {"sku": f"SKU-{rng.integers(1, 40):04d}", "qty": int(rng.integers(1, 6))}
    return item | ({"discount": float(rng.choice([0.1, 0.2]))} if rng.random() < 0.2 else {})


def shapes_of(rows: Iterable[tuple[str, str]]) -> Counter[tuple[str, str, Paths]]:
    """How many rows have each combination of type, type within the document, and paths."""
    found: Counter[tuple[str, str, Paths]] = Counter()
    for kind, text in rows:
        document = json.loads(text)
        found[kind, document.get("type", ""), paths_of(document)] += 1
    return found
