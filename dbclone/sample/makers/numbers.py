"""Numbers and moments written as text, drawn along blurred quantiles.

Takes quantiles and a format, gives texts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers.request import Ints, Request, from_parts, permute, stable_seed

DAY = 86_400


def draw_numbers(model: dict[str, Any], size: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Values between the learned quantiles, rounded to the learned decimals."""
    quantiles = np.array(model["quantiles"], np.float64)
    drawn = np.interp(rng.random(size) * (len(quantiles) - 1), np.arange(len(quantiles)), quantiles)
    rounded: npt.NDArray[np.float64] = np.round(drawn, model.get("decimals", 0))
    return rounded


def write_numbers(values: npt.NDArray[np.float64], decimals: int) -> pa.Array:
    """Numbers as text with a fixed number of decimals."""
    if decimals == 0:
        return pa.array(values.astype(np.int64)).cast(pa.string())
    scale = 10**decimals
    whole = np.abs(np.round(values * scale)).astype(np.int64)
    sign = pc.if_else(pa.array(values < 0), "-", "")
    fraction = pc.utf8_lpad(pa.array(whole % scale).cast(pa.string()), decimals, "0")
    return from_parts(sign, pa.array(whole // scale).cast(pa.string()), ".", fraction)


def draw_size(model: dict[str, Any], size: int, rng: np.random.Generator) -> Ints:
    """How many items each of ``size`` lists has."""
    return np.maximum(draw_numbers(model, size, rng), 0).astype(np.int64)


def make_number(request: Request) -> pa.Array:
    """Numbers as text."""
    values = draw_numbers(request.settings, request.size, request.rng)
    return write_numbers(values, request.settings.get("decimals", 0))


def make_moment(request: Request) -> pa.Array:
    """Dates and times in the source's own format; unique ones by the row's number within the learned span."""
    settings = request.settings
    grid = DAY if settings.get("daily") else 1
    seconds = draw_numbers(settings, request.size, request.rng)
    steps = np.floor(seconds / grid).astype(np.int64)
    if request.unique:
        low, high = (int(settings["quantiles"][end] // grid) for end in (0, -1))
        span = max(high - low + 1, request.total)
        steps = low + permute(request.numbers, span, stable_seed(request.column))
    return write_moments(steps * grid, settings["format"], settings.get("fraction", 0), request.rng)


def write_moments(seconds: Ints, style: str, fraction: int = 0, rng: np.random.Generator | None = None) -> pa.Array:
    """Seconds since 1970 in a strftime format; what follows ``|`` in it is the zone, put after the fraction."""
    clock, _, zone = style.partition("|")
    inside = np.clip(seconds, -62_135_596_800, 253_402_300_799)
    whole = pc.strftime(pa.array(inside).cast(pa.timestamp("s")), format=clock)
    if not fraction:
        return from_parts(whole, zone)
    digits = rng.integers(0, 10**fraction, len(seconds)) if rng is not None else np.zeros(len(seconds), np.int64)
    return from_parts(whole, ".", pc.utf8_lpad(pa.array(digits).cast(pa.string()), fraction, "0"), zone)
