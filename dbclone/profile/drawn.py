"""What the engine draws of a value that a maker makes: its length, the shape of its document, the size of its array.

Takes a Maker and a column's texts, gives one number a text. A maker that says nothing else is told lengths.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.profile.shapes import numbers_of
from dbclone.profile.structures import read_array
from dbclone.profile.value import ColumnProfile, Maker, Role

SHAPE, SIZE = "shape", "size"


def with_drawn(maker: Maker) -> Maker:
    """The maker of a column of which the engine knows nothing but what it draws, told what that is."""
    if maker.name == "json" and (maker.settings.get("root") or {}).get("shapes"):
        return replace(maker, settings=maker.settings | {"drawn": SHAPE})
    if maker.name == "array" and maker.settings.get("flat", 0) == 1:
        return replace(maker, settings=maker.settings | {"drawn": SIZE})
    return maker


def drawn_of(column: ColumnProfile) -> str:
    """``shape``, ``size`` or, for lengths and for columns that the engine fills itself, nothing."""
    if column.role is not Role.TEXT or column.maker is None:
        return ""
    return str(column.maker.settings.get("drawn", ""))


def drawn_numbers(values: pa.ChunkedArray, column: ColumnProfile) -> npt.NDArray[np.float64]:
    """(rows,) shapes from 1 on, or sizes plus 1, NaN for NULL; what cannot be read has what the first document has."""
    encoded = pc.dictionary_encode(values).combine_chunks()
    texts = encoded.dictionary.to_pylist()
    assert column.maker is not None
    if drawn_of(column) == SHAPE:
        found = np.array(numbers_of(texts, column.maker.settings["root"]), np.float64)
    else:
        found = np.array([1.0 + len(read_array(text) or ()) for text in texts], np.float64)
    places = np.asarray(encoded.indices.fill_null(-1)).astype(np.int64)
    return np.append(found, np.nan)[places]
