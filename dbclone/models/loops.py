"""The decorator of compiled loops that are given all their arrays and make none.

Takes functions, gives compiled ones. numba counts references to an array wherever one is passed on, with a locked
instruction each time; two threads that share the arrays of a program wait for each other there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core.options import DefaultOptions

# The option has no public name: where it is gone, loops count again, and are right as before.
_UNCOUNTED = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}

loop: Callable[..., Any] = functools.partial(njit, cache=True, **_UNCOUNTED)
"""``njit`` with its options, cached on disk. A function that would make an array does not compile."""
