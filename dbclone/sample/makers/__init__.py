"""The makers by name: each takes a Request and gives the texts of one column."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from dbclone.sample.makers.arrays import make_array, make_range
from dbclone.sample.makers.composites import make_composite
from dbclone.sample.makers.documents import make_json, make_xml
from dbclone.sample.makers.leaves import LEAF_MAKERS
from dbclone.sample.makers.other import make_other
from dbclone.sample.makers.request import Request
from dbclone.sample.makers.scalars import (
    make_binary,
    make_bit,
    make_geometric,
    make_interval,
)
from dbclone.sample.makers.vectors import make_tsvector

MAKERS: dict[str, Callable[[Request], pa.Array]] = {
    **LEAF_MAKERS,
    "array": make_array,
    "binary": make_binary,
    "bit": make_bit,
    "composite": make_composite,
    "geometric": make_geometric,
    "interval": make_interval,
    "json": make_json,
    "other": make_other,
    "range": make_range,
    "tsvector": make_tsvector,
    "xml": make_xml,
}

__all__ = ["MAKERS", "Request"]
