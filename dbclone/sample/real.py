"""The numbers of tables whose rows come as they are: what their children's values are coded against.

Takes a filled table with its rows and codes in place, fills its values. Draws nothing but the places of numbers inside
the bins that stand for them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dbclone.models.arrows import to_numbers
from dbclone.models.numbers import NumberCodec
from dbclone.models.table import Entry
from dbclone.sample.filled import Filled
from dbclone.sample.ordering import keep_places
from dbclone.sample.streams import generator

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]
_COUNTED = ("count", "window")


def fill_real(filled: Filled, seed: int) -> None:
    """Gives a real table's entries their values: of columns those of its rows, of summaries those of their codes."""
    model = filled.model
    for name, at in model.value_index.items():
        number = model.by_name[name]
        entry = model.entries[number]
        assert entry.numbers is not None
        codes = np.array(filled.own[:, model.first_slot[number]])
        filled.values[:, at] = _values(filled, entry, entry.numbers, codes, seed)
    keep_places(filled)


def _values(filled: Filled, entry: Entry, codec: NumberCodec, codes: Codes, seed: int) -> Floats:
    if entry.role == "column" and filled.real is not None:
        return to_numbers(filled.real.column(entry.name))
    if entry.role in _COUNTED:
        return codec.representatives()[codes]
    # Families that share a bin did not all begin on the same day.
    return codec.decode(codes, generator(seed, "real", filled.model.name, entry.name).random(len(codes)))
