"""Compiled loops that count no references to arrays."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core.errors import NumbaError

from dbclone.models.loops import loop


@loop()
def _filled(values, other):  # type: ignore[no-untyped-def]
    for place in range(len(values)):
        values[place] = other[place] + 1


@loop()
def _made(size):  # type: ignore[no-untyped-def]
    return np.zeros(size)


def test_a_loop_fills_what_it_is_given() -> None:
    values = np.zeros(3)
    _filled(values, np.arange(3.0))
    assert values.tolist() == [1.0, 2.0, 3.0]


def test_a_loop_that_would_make_an_array_does_not_compile() -> None:
    with pytest.raises(NumbaError):
        _made(3)
