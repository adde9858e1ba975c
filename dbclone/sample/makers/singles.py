"""Texts of unique columns: every row's text follows from its number and its wanted length.

Takes a Request and a source of different texts of one length, gives texts. Rows of different lengths cannot agree;
among those of one length each row's number names another text.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from dbclone.errors import ModelError
from dbclone.sample.makers.request import Ints, Request, permute, stable_seed

MOST_DIGITS = 9
FARTHEST = 60
"""Signs by which a text may be longer than asked for, where there are too few of that length."""

Texts = Callable[[int], tuple[str, ...]]


def make_singles(request: Request, texts: Texts) -> pa.Array:
    """Different texts for all rows; the first rows' are plain, numbers are appended where a length has too few.

    Raises ModelError where no length has room for every row.
    """
    owner = request.shuffled()
    result = np.empty(request.size, object)
    for wanted in np.unique(request.lengths).tolist():
        rows = np.flatnonzero(request.lengths == wanted)
        result[rows] = _of_length(request, texts, wanted, owner[rows])
    return pa.array(result, pa.string())


def _of_length(request: Request, texts: Texts, wanted: int, owner: Ints) -> list[str]:
    longest = request.longest or wanted + FARTHEST
    for length in (*range(wanted, longest + 1), *range(wanted - 1, 0, -1)):
        plain = _different(texts(length))
        if len(plain) >= request.total:
            order = permute(np.arange(len(plain)), len(plain), stable_seed(request.column, length))
            return [plain[place] for place in order[owner]]
        steps = _numbered(texts, plain, length, request.total)
        if steps:
            return _write(steps, owner)
    raise ModelError(
        f"{request.column} must be unique, but its {longest} characters have no room for {request.total:,} rows.",
        where=request.column,
        hint="lower --scale or the rows wanted of this table.",
    )


def _numbered(texts: Texts, plain: list[str], length: int, total: int) -> list[tuple[list[str], int, str]]:
    """Steps of (beginnings, first number, sign between) with room for every row; empty where there is none.

    No beginning ends with a digit, so that each text is of one step and one number.
    """
    steps, room = [([text for text in plain if not text[-1].isdigit()], 0, "")], 0
    room = len(steps[0][0])
    for digits in range(1, min(MOST_DIGITS, length - 1) + 1):
        if room >= total:
            break
        sign = " " if length - digits > 6 else ""
        begun = [text for text in _different(texts(length - digits - len(sign))) if not text[-1].isdigit()]
        first = 2 if digits == 1 else 10 ** (digits - 1)
        steps.append((begun, first, sign))
        room += len(begun) * (10**digits - first)
    return steps if room >= total else []


def _write(steps: list[tuple[list[str], int, str]], owner: Ints) -> list[str]:
    rooms = [len(begun) * (1 if first == 0 else 10 ** len(str(first)) - first) for begun, first, _ in steps]
    ends = np.cumsum(rooms)
    found = np.searchsorted(ends, owner, side="right")
    made = []
    for step, number in zip(found.tolist(), (owner - np.append(0, ends)[found]).tolist(), strict=True):
        begun, first, sign = steps[step]
        text = begun[number % len(begun)]
        made.append(f"{text}{sign}{first + number // len(begun)}" if first else text)
    return made


def _different(texts: tuple[str, ...]) -> list[str]:
    """Texts that differ in more than capitals."""
    seen: dict[str, str] = {}
    for text in texts:
        seen.setdefault(text.lower(), text)
    return list(seen.values())
