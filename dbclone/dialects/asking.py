"""What a target's database makes of an expression over rows in the making, though one row at fault fails them all.

Takes a way to ask for a range of rows, gives each row's value. Knows no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

Told = tuple[list[str | None], npt.NDArray[np.bool_]]
"""(rows,) values as texts, and where the database raises an error instead."""

ROW = "dbclone row"
ASKED = "dbclone_asked"
_MOST_FAILING = 1_000
"""Rows for which an expression may raise an error, which is found out one by one; with more, nothing can be told."""


def told_by_halves(
    rows: int,
    ask: Callable[[int, int], Iterable[tuple[int, object]]],
    errors: type[Exception] | tuple[type[Exception], ...],
) -> Told | None:
    """What ``ask`` gives for rows ``start`` to ``stop``: numbers of rows with their values. None where nothing can be
    told."""
    values: list[str | None] = [None] * rows
    failed = np.zeros(rows, bool)
    todo = [(0, rows)]
    while todo:
        start, stop = todo.pop()
        try:
            for row, value in ask(start, stop):
                values[row] = _text(value)
        except errors:
            # One row at fault fails them all: the halves tell which.
            if stop - start == 1:
                failed[start] = True
            else:
                middle = (start + stop) // 2
                todo += [(middle, stop), (start, middle)]
            if failed.sum() > _MOST_FAILING:
                return None
    return values, failed


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.hex() if isinstance(value, bytes | bytearray) else str(value)
