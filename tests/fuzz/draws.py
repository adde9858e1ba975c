"""Small choices, by Hypothesis: the first of the options is the simplest, which shrinking goes to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Draws:
    """One example's draws."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, most: int) -> int:
        return self._draw(_up_to(most))

    def chance(self, percent: int) -> bool:
        return self.number(99) >= 100 - percent

    def pick(self, options: Sequence[T]) -> T:
        return options[self.number(len(options) - 1)]

    def several(self, options: Sequence[T], count: int) -> list[T]:
        """At most ``count`` different ones."""
        left, result = list(options), []
        while left and len(result) < count:
            result.append(left.pop(self.number(len(left) - 1)))
        return result


@cache
def _up_to(most: int) -> st.SearchStrategy[int]:
    return st.integers(0, most)
