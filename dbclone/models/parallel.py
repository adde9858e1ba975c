"""Work that does not depend on each other, on every core that this process may use.

Takes a function and what to call it with, gives the results in that order: what comes out never depends on the cores.
Meant for compiled loops, which let go of the interpreter's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


_WORTH = 2_000
"""Rows that a table has at least where threads take less time than they need to start and to be told what to do."""


def each(function: Callable[[S], T], items: Iterable[S], rows: int) -> list[T]:
    """``function`` of each of the items, in their order. Raises what it raises first, by that order.

    ``rows`` says how much work an item is.
    """
    given = list(items)
    workers = min(cores(), len(given)) if rows >= _WORTH else 1
    if workers < 2:
        return [function(item) for item in given]
    with ThreadPoolExecutor(workers, thread_name_prefix="dbclone-learn") as pool:
        return list(pool.map(function, given))


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
