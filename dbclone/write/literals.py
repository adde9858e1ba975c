"""Arrow columns as SQL literals of one dialect, a whole column at a time.

Takes an Arrow array and its Column, gives an array of texts. Never looks at a single value in Python, but for bytes.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dbclone.dialects.sqlite.values import stored
from dbclone.schema import Column
from dbclone.schema.infinities import ABOVE, BELOW
from dbclone.write.arrays import hexadecimal


def literals(array: Any, column: Column, flavour: str, *, endless: bool = False) -> Any:
    """Every value as a literal that the database ``flavour`` reads back as the same value.

    ``endless``: the days that stand for infinite moments do so here.
    """
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if flavour == "sqlite":
        array = stored(array, column)
    kind = array.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        texts = array.cast(pa.string())
    elif pa.types.is_floating(kind):
        texts = _floats(array, flavour)
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        texts = hexadecimal(array, "'\\x", "'") if flavour == "postgresql" else hexadecimal(array, "X'", "'")
    else:
        texts = _quoted(_text(array, flavour))
        if endless and flavour == "postgresql" and (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
            for day, word in ((BELOW, "'-infinity'"), (ABOVE, "'infinity'")):
                texts = pc.if_else(pc.equal(array, pa.scalar(day, pa.date32()).cast(kind)), word, texts)
    return pc.fill_null(texts, "NULL")


def _text(array: Any, flavour: str) -> Any:
    texts = array.cast(pa.string())
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        return pc.replace_substring(texts, "Z", "+00" if flavour == "postgresql" else "")
    return texts


def _quoted(texts: Any) -> Any:
    doubled = pc.replace_substring(texts, "'", "''")
    return pc.binary_join_element_wise("'", doubled, "'", "")


def _floats(array: Any, flavour: str) -> Any:
    texts = array.cast(pa.string())
    odd = pc.invert(pc.is_finite(array))
    if not pc.any(odd).as_py():
        return texts
    if flavour == "postgresql":
        names = {"nan": "'NaN'", "inf": "'Infinity'", "-inf": "'-Infinity'"}
    else:
        names = {"nan": "NULL", "inf": "9e999", "-inf": "-9e999"}
    for text, name in names.items():
        texts = pc.if_else(pc.equal(texts, text), name, texts)
    return texts
