"""Values of types that have no maker of their own: what extensions bring, and what nobody knows.

Takes settings, gives valid input for the type. What dbclone cannot make becomes a plain fallback that parses.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dbclone.sample.makers.composites import make_pairs, make_path
from dbclone.sample.makers.owned import no_room
from dbclone.sample.makers.request import Request

FALLBACKS = {
    "hstore": "",
    "ltree": "top",
    "lquery": "*",
    "jsonpath": "$",
    "tsquery": "'word'",
    "pg_lsn": "0/0",
    "oid": "0",
    "xid": "0",
    "cid": "0",
    "tid": "(0,0)",
    "regclass": "pg_class",
    "regtype": "integer",
    "txid_snapshot": "1:1:",
    "pg_snapshot": "1:1:",
    "refcursor": "cursor",
    "cube": "(0)",
    "seg": "0",
    "geography": "POINT(0 0)",
}
"""A value that each type of unknown structure accepts; a type that is not here becomes NULL."""


def make_other(request: Request) -> pa.Array:
    """A value that k rows share, else one that the type accepts, else NULL."""
    settings = request.settings
    if settings.get("levels"):
        return make_path(request)
    if settings.get("pairs"):
        return make_pairs(request)
    if request.unique and request.total > 1:
        raise no_room(request)
    if settings.get("choices"):
        weights = np.array(settings["weights"], np.float64)
        drawn = request.rng.choice(len(weights), size=request.size, p=weights / weights.sum())
        return pa.array(settings["choices"], pa.string()).take(pa.array(drawn))
    base = str(settings.get("sql", "")).partition("(")[0]
    if base in FALLBACKS:
        return pa.array([FALLBACKS[base]] * request.size, pa.string())
    return pa.nulls(request.size, pa.string())
