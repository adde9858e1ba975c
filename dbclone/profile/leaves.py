"""One value inside a structure (a JSON leaf, an array's element, a range's bound) as choices and a maker.

Takes texts with their repeats, gives JSON settings. A choice is kept only where at least k values agree on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from dbclone.profile.clear import with_clear
from dbclone.profile.facts import Facts
from dbclone.profile.meanings import SENSITIVE, meaning_of
from dbclone.profile.numbers import is_numeric, learn_moment, learn_numeric_texts
from dbclone.profile.text_makers import text_maker, uuid_version
from dbclone.profile.value import Maker
from dbclone.schema import Kind, Type

MOST_CHOICES = 100
LEAST_COVERED = 0.3


def learn_leaf(texts: Sequence[str], k: int, *, name: str = "", kind: Kind = Kind.TEXT) -> dict[str, Any]:
    """``choices`` with ``weights`` for what k values share, ``rest`` and a ``maker`` for everything else."""
    counted = Counter(texts)
    facts = _facts(counted, k)
    meaning = meaning_of("", name, Type(Kind.TEXT, "text"), facts)
    shared = [(text, count) for text, count in counted.most_common(MOST_CHOICES) if count >= k]
    covered = sum(count for _, count in shared) / max(1, len(texts))
    leaf: dict[str, Any] = {"rest": len(texts)}
    if meaning.name not in SENSITIVE and covered >= LEAST_COVERED:
        leaf = {
            "choices": [text for text, _ in shared],
            "weights": [count for _, count in shared],
            "rest": len(texts) - sum(count for _, count in shared),
        }
    maker = _maker(kind, list(counted), facts, meaning, k)
    if meaning.name in SENSITIVE:
        maker = with_clear(maker, meaning.name, pa.array(list(counted), pa.string()))
    return leaf | {"maker": {"name": maker.name, "settings": maker.settings}, "sensitive": meaning.name in SENSITIVE}


def _maker(kind: Kind, texts: list[str], facts: Facts, meaning: Any, k: int) -> Maker:
    if kind is Kind.UUID:
        return Maker("uuid", {"version": uuid_version(texts, k)})
    if kind is Kind.BOOLEAN:
        return Maker("labels", {"labels": ["t", "f"]})
    if kind in (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.MONEY) and is_numeric(texts):
        return Maker("number", learn_numeric_texts(texts, k))
    if kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
        moment = learn_moment([text.strip('"') for text in texts], k)
        return Maker(
            "moment", moment or {"quantiles": [1.5e9, 1.6e9], "format": "%Y-%m-%d", "fraction": 0, "daily": True}
        )
    if kind in (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.MONEY):
        return Maker("number", {"quantiles": [0.0, 100.0], "decimals": 0})
    if kind is Kind.NETWORK:
        return Maker("network", {"sql": "inet"})
    return text_maker(facts, meaning, k, {"lengths": list(facts.lengths)})


def _facts(counted: Counter[str], k: int) -> Facts:
    ordered = counted.most_common(20_000)
    total = sum(counted.values())
    lengths = sorted(len(text) for text, count in ordered for _ in range(min(count, 20)) if text)
    edge = min(k - 1, max(0, (len(lengths) - 1) // 2))
    inner = lengths[edge : len(lengths) - edge]
    step = max(1, len(inner) // 64)
    return Facts(
        total,
        0,
        len(counted),
        covered=sum(count for _, count in ordered if count >= k) / max(1, total),
        texts=tuple(text for text, _ in ordered),
        counts=tuple(count for _, count in ordered),
        lengths=tuple(inner[::step]),
    )
