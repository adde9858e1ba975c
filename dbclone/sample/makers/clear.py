"""Invented texts of sensitive columns that are none of the source's.

Takes texts and a way to draw others in their place, gives texts that are free by what the profile learned. Never tries
without end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.profile.clear import is_clear
from dbclone.sample.makers.request import Ints

MOST_ROUNDS = 16
CANDIDATES = 8
"""Texts that are drawn for one row in a round; all rounds together leave one row of ten million."""


def keep_clear(texts: pa.Array, again: Callable[[Ints], pa.Array], clear: dict[str, Any] | None) -> pa.Array:
    """``texts``, of which those that are not clear are drawn anew; ``again`` gives one text for each of some rows.

    Rows that find none repeat another row's, of their length if there is one. Where no text at all is clear, as where
    a pattern spells but a few, they stay.
    """
    if not clear:
        return texts
    # NULL and the empty text are nobody's.
    found = is_clear(texts, clear) | ~np.asarray(pc.greater(pc.utf8_length(texts), 0).fill_null(False))
    for _ in range(MOST_ROUNDS):
        off = np.flatnonzero(~found)
        if not len(off):
            return texts
        drawn = again(np.repeat(off, CANDIDATES))
        fits = is_clear(drawn, clear).reshape(-1, CANDIDATES)
        hits = np.flatnonzero(fits.any(axis=1))
        place = np.arange(len(texts))
        place[off[hits]] = len(texts) + hits * CANDIDATES + fits[hits].argmax(axis=1)
        texts = pa.concat_arrays([texts, drawn]).take(pa.array(place))
        found[off[hits]] = True
    return _borrowed(texts, found)


def _borrowed(texts: pa.Array, found: npt.NDArray[np.bool_]) -> pa.Array:
    lengths = np.asarray(pc.utf8_length(texts).fill_null(0)).astype(np.int64)
    place = np.arange(len(texts))
    for row in np.flatnonzero(~found).tolist():
        alike = np.flatnonzero(found & (lengths == lengths[row]))
        others = alike if len(alike) else np.flatnonzero(found & (lengths > 0))
        if len(others):
            place[row] = others[row % len(others)]
    return texts.take(pa.array(place))
