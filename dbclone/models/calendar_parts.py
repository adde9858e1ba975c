"""Calendar parts of days and microseconds, the same in numpy and in the compiled kernel.

Takes numbers since 1970-01-01, gives codes: weekday 1-7, month 1-12, day 1-31, hour 1-24; 0 for NULL.
Civil dates by Howard Hinnant's days algorithm (public domain).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from dbclone.models.loops import loop


@loop()
def calendar_codes(value, unit, out):  # type: ignore[no-untyped-def]
    """Fills ``out`` (4,) for one ``value`` of ``unit`` per day."""
    if np.isnan(value):
        out[:] = 0
        return
    days = np.int64(np.floor(value / unit))
    out[0] = np.uint8((days + 3) % 7 + 1)
    shifted = days + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    part = (5 * of_year + 2) // 153
    out[2] = np.uint8(of_year - (153 * part + 2) // 5 + 1)
    out[1] = np.uint8(part + 3 if part < 10 else part - 9)
    out[3] = np.uint8(np.int64((value - days * unit) * 24.0 / unit) + 1)


@njit(cache=True)
def calendar_matrix(values, unit):  # type: ignore[no-untyped-def]
    """The codes (n, 4) of ``values`` (n,)."""
    result = np.zeros((len(values), 4), np.uint8)
    for row in range(len(values)):
        calendar_codes(values[row], unit, result[row])
    return result


@njit(cache=True)
def position_code(position):  # type: ignore[no-untyped-def]
    """A sibling's position as a code: exact up to 150, then ever coarser."""
    if position < 150:
        return position
    return min(250, 150 + int(14.0 * np.log2(position / 150.0)))


@njit(cache=True)
def position_codes(positions):  # type: ignore[no-untyped-def]
    result = np.empty(len(positions), np.uint8)
    for row in range(len(positions)):
        result[row] = position_code(positions[row])
    return result
