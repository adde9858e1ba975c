"""The format of codes (``INV-2024-00017``, plates, phone numbers) as weighted lists of segments.

Takes distinct texts, gives JSON settings for the ``pattern`` maker. A literal or a choice is kept only where at least k
distinct texts share it; everything else becomes a class of signs with a length.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

_RUN = re.compile(r"[A-Z]+|[a-z]+|\d+|[^\W\d_]+|[\W_]")
_MOST_SHAPES = 60
_MOST_CHOICES = 60
_ROOM = 1_000
"""Texts that a roomy pattern can spell for each text that it was learned from."""
_TOKENS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("hex", re.compile(r"[0-9a-f]+")),
    ("HEX", re.compile(r"[0-9A-F]+")),
    ("alnum", re.compile(r"[0-9A-Za-z]+")),
    ("base64", re.compile(r"[0-9A-Za-z+/]+=*")),
    ("base64url", re.compile(r"[0-9A-Za-z_-]+")),
)
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[A-Za-z]")

Shape = tuple[tuple[str, int], ...]


def learn_pattern(texts: Sequence[str], k: int, *, least: float = 0.7, roomy: bool = False) -> dict[str, Any] | None:
    """Settings of a pattern that ``least`` of the texts follow, None where they follow none.

    A ``roomy`` pattern spells so many texts that one of the source's own is hardly met by chance.
    """
    if len(texts) < k:
        return None
    token = _learn_token(texts, k)
    if token is not None:
        return token
    split = [(_RUN.findall(text)) for text in texts]
    exact = _learn_shapes(split, k, _exact)
    loose = _learn_shapes(split, k, _loose) if _weight(exact) < max(least, 0.9) * len(texts) else []
    better = loose if _weight(loose) > 1.1 * _weight(exact) else exact
    if _weight(better) < least * len(texts) or _wordy(better):
        return None
    if roomy:
        for shape in better:
            _make_room(shape["segments"], shape["weight"])
    return {"shapes": better}


def _make_room(segments: list[dict[str, Any]], texts: int) -> None:
    """Digits that the texts share are given up, the last first, until chance meets few of the texts."""
    for place in range(len(segments) - 1, -1, -1):
        if math.prod(map(_room, segments)) >= _ROOM * texts:
            return
        known = [segments[place].get("literal", ""), *segments[place].get("choices", ())]
        digits = {len(run) for run in known if run.isdigit()}
        if digits:
            segments[place] = {"class": "digit", "min": min(digits), "max": max(digits)}


def _room(segment: dict[str, Any]) -> int:
    """How many texts a segment can spell, at least."""
    if "literal" in segment:
        return 1
    if "choices" in segment:
        return len(segment["choices"])
    return int((10 if segment["class"] == "digit" else 16) ** segment["max"])


def _wordy(shapes: list[dict[str, Any]]) -> bool:
    """True where most shapes would spell random letters in place of words."""
    wordy = sum(
        shape["weight"]
        for shape in shapes
        if any(
            s.get("class") in ("lower", "letter") and "choices" not in s and s["max"] >= 4 for s in shape["segments"]
        )
    )
    return bool(wordy > 0.3 * max(1, _weight(shapes)))


def _weight(shapes: list[dict[str, Any]]) -> int:
    return sum(shape["weight"] for shape in shapes)


def _learn_token(texts: Sequence[str], k: int) -> dict[str, Any] | None:
    """Random-looking runs of letters and digits without inner structure: hashes, keys, salts."""
    lengths = Counter(map(len, texts))
    common = [length for length, count in lengths.items() if count >= k]
    if not common or min(common) < 6:
        return None
    mixed = sum(bool(_DIGIT.search(text) and _LETTER.search(text)) for text in texts)
    if mixed < 0.5 * len(texts) or len({_exact(_RUN.findall(text)) for text in texts}) < 0.5 * len(texts):
        return None
    for name, pattern in _TOKENS:
        if all(pattern.fullmatch(text) for text in texts):
            padded = name == "base64" and sum(text.endswith("=") for text in texts) >= k
            shape = [
                {"weight": lengths[length], "segments": _token_segments(name, length, texts, padded)}
                for length in sorted(common)
            ]
            return {"shapes": shape, "token": True}
    return None


def learn_alphabet(texts: Sequence[str], lengths: Sequence[int]) -> dict[str, Any] | None:
    """The alphabet alone, of texts too few to show a format; ``lengths`` are k-safe quantiles."""
    name = next((name for name, pattern in _TOKENS if all(pattern.fullmatch(text) for text in texts)), None)
    if name is None or not texts or not lengths:
        return None
    counted = sorted(Counter(lengths).items())
    shapes = [
        {"weight": count, "segments": [{"class": name, "min": length, "max": length}]} for length, count in counted
    ]
    return {"shapes": shapes, "token": True}


def _token_segments(name: str, length: int, texts: Sequence[str], padded: bool) -> list[dict[str, Any]]:
    ends = Counter(len(text) - len(text.rstrip("=")) for text in texts if len(text) == length) if padded else Counter()
    signs = ends.most_common(1)[0][0] if ends else 0
    segments: list[dict[str, Any]] = [{"class": name, "min": length - signs, "max": length - signs}]
    return segments + ([{"literal": "=" * signs}] if signs else [])


def _class(run: str) -> str:
    if run.isdigit():
        return "digit"
    if run.isalpha():
        return "upper" if run.isupper() else "lower" if run.islower() else "letter"
    return run


def _exact(runs: list[str]) -> Shape:
    return tuple((_class(run), len(run)) for run in runs)


def _loose(runs: list[str]) -> Shape:
    return tuple((_class(run), 0) for run in runs)


def _learn_shapes(split: list[list[str]], k: int, shape_of: Any) -> list[dict[str, Any]]:
    groups: dict[Shape, list[list[str]]] = defaultdict(list)
    for runs in split:
        if len(runs) <= 40:
            groups[shape_of(runs)].append(runs)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))[:_MOST_SHAPES]
    return [
        {
            "weight": len(members),
            "segments": [_segment(name, [runs[place] for runs in members], k) for place, (name, _) in enumerate(shape)],
        }
        for shape, members in ordered
        if len(members) >= k and shape
    ]


def _segment(name: str, runs: list[str], k: int) -> dict[str, Any]:
    if len(name) == 1:
        return {"literal": name}
    counted = Counter(runs)
    shared = {run: count for run, count in counted.items() if count >= k}
    covered = sum(shared.values()) / len(runs)
    lengths = sorted(map(len, runs))
    edge = min(k - 1, (len(lengths) - 1) // 2)
    segment: dict[str, Any] = {"class": name, "min": lengths[edge], "max": lengths[-1 - edge]}
    if len(shared) == 1 and covered > 0.99:
        return {"literal": next(iter(shared))}
    if covered >= 0.5 and len(shared) <= _MOST_CHOICES and (name != "digit" or len(runs) >= 4 * len(shared) * k):
        segment["choices"] = sorted(shared)
        segment["weights"] = [shared[run] for run in sorted(shared)]
        segment["rest"] = len(runs) - sum(shared.values())
    elif name == "digit":
        firsts = Counter(run[0] for run in runs)
        segment["first"] = [firsts[str(d)] if firsts[str(d)] >= k else 0 for d in range(10)]
    return segment
