"""Numbers and moments written as text, as blurred quantiles.

Takes values, gives JSON settings for the ``number`` and ``moment`` makers. Every quantile is the mean of k values or
more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

MOST_QUANTILES = 33
MOST_NUMBER = 4e18
"""Numbers are written as whole steps of their last decimal, which must fit 64 bits, a sum of two as well."""

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:([T ])(\d\d:\d\d(?::\d\d)?)(\.\d{1,9})?(Z|[+-]\d\d(?::?\d\d)?)?)?")
_DAY_FIRST = re.compile(r"(\d\d)([./-])(\d\d)\2(\d{4})")


def learn_number(values: npt.NDArray[np.float64], k: int, decimals: int = 0) -> dict[str, Any]:
    """``quantiles`` at even ranks, rounded to ``decimals``; one significant digit below k values."""
    values = np.sort(values[np.abs(values) <= MOST_NUMBER / 10.0**decimals])
    if len(values) == 0:
        return {"quantiles": [0.0, 100.0], "decimals": decimals}
    if len(values) < k:
        middle = float(f"{np.mean(values):.0e}")
        return {"quantiles": sorted([middle * 0.5, middle * 1.5]), "decimals": decimals}
    groups = np.array_split(values, max(1, min(MOST_QUANTILES, len(values) // k)))
    return {"quantiles": [round(float(group.mean()), decimals + 1) for group in groups], "decimals": decimals}


def is_numeric(texts: Sequence[str]) -> bool:
    return bool(texts) and all(_NUMBER.fullmatch(text) for text in texts)


def learn_numeric_texts(texts: Sequence[str], k: int) -> dict[str, Any]:
    """Settings of the ``number`` maker for numbers written as text."""
    places = Counter(len(text.partition(".")[2]) for text in texts)
    decimals = places.most_common(1)[0][0] if places else 0
    return learn_number(np.array([float(text) for text in texts]), k, decimals)


def learn_moment(texts: Sequence[str], k: int) -> dict[str, Any] | None:
    """Settings of the ``moment`` maker, None where fewer than nine in ten texts are moments of one format."""
    found = [(_read_iso(text) or _read_local(text)) for text in texts]
    formats = Counter(item[1] for item in found if item is not None)
    if not formats:
        return None
    (style, count) = formats.most_common(1)[0]
    if count < 0.9 * len(texts):
        return None
    try:
        seconds = np.array([item[0] for item in found if item and item[1] == style], "datetime64[s]").astype(np.int64)
    except ValueError:
        return None
    return learn_number(seconds.astype(np.float64), k) | {
        "format": style[0],
        "fraction": style[1],
        "daily": "%H" not in style[0],
    }


def _read_iso(text: str) -> tuple[str, tuple[str, int]] | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    day, sign, time, fraction, zone = match.groups()
    if time is None:
        return day, ("%Y-%m-%d", 0)
    clock = "%H:%M:%S" if len(time) == 8 else "%H:%M"
    return f"{day}T{time}", (f"%Y-%m-%d{sign}{clock}|{zone or ''}", len(fraction or ".") - 1)


def _read_local(text: str) -> tuple[str, tuple[str, int]] | None:
    match = _DAY_FIRST.fullmatch(text)
    if match is None:
        return None
    first, sign, second, year = match.groups()
    if sign == "/" and int(first) <= 12 and int(second) > 12:
        return f"{year}-{first}-{second}", (f"%m{sign}%d{sign}%Y", 0)
    if int(second) > 12:
        return None
    return f"{year}-{second}-{first}", (f"%d{sign}%m{sign}%Y", 0)
