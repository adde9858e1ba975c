"""Postcodes that fit the state of their row, where the locale's lists say which do.

Takes made postcodes and the row's states, gives postcodes. Knows the United States.
"""

from __future__ import annotations

import functools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.profile.vocabulary import provider
from dbclone.sample.makers.clear import keep_clear
from dbclone.sample.makers.request import Ints, Request


def fit_postcodes(made: pa.Array, states: pa.Array, request: Request) -> pa.Array:
    """``made`` where the state is unknown or the code has another form than five digits (and four)."""
    if request.unique or (request.settings.get("locale") or request.locale) != "en_US":
        return made
    every = np.arange(len(made))
    fitted = _fitted(made, states, request, every)
    return keep_clear(fitted, lambda rows: _fitted(made, states, request, rows), request.settings.get("clear"))


def _fitted(made: pa.Array, states: pa.Array, request: Request, rows: Ints) -> pa.Array:
    made, states = made.take(pa.array(rows)), states.take(pa.array(rows))
    ranges = _ranges()
    encoded = pc.utf8_lower(states.cast(pa.string())).dictionary_encode()
    bounds = np.array([ranges.get(text, (-1, -1)) for text in encoded.dictionary.to_pylist()] or [(-1, -1)])
    place = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    low, high = bounds[np.maximum(place, 0)].T
    codes = (low + request.rng.random(len(rows)) * (high - low)).astype(np.int64)
    five = pc.utf8_lpad(pa.array(codes).cast(pa.string()), 5, "0")
    is_five, is_nine = (pc.match_substring_regex(made, pattern) for pattern in (r"^\d{5}$", r"^\d{5}-\d{4}$"))
    rest = pc.utf8_slice_codeunits(made, 5)
    fits = pa.array((place >= 0) & (low >= 0))
    return pc.if_else(
        pc.and_(fits, is_five),
        five,
        pc.if_else(pc.and_(fits, is_nine), pc.binary_join_element_wise(five, rest, ""), made),
    )


@functools.cache
def _ranges() -> dict[str, tuple[int, int]]:
    """State name and code in lower case to its lowest and highest ZIP code."""
    address = provider("address", "en_US")
    by_code = {code.lower(): bounds for code, bounds in address.states_postcode.items()}
    names = {name.lower(): by_code[code.lower()] for name, code in _NAMED.items() if code.lower() in by_code}
    return by_code | names


_NAMED = dict(
    pair.split(":")
    for pair in (
        "Alabama:AL,Alaska:AK,Arizona:AZ,Arkansas:AR,California:CA,Colorado:CO,Connecticut:CT,Delaware:DE,Florida:FL,"
        "Georgia:GA,Hawaii:HI,Idaho:ID,Illinois:IL,Indiana:IN,Iowa:IA,Kansas:KS,Kentucky:KY,Louisiana:LA,Maine:ME,"
        "Maryland:MD,Massachusetts:MA,Michigan:MI,Minnesota:MN,Mississippi:MS,Missouri:MO,Montana:MT,Nebraska:NE,"
        "Nevada:NV,New Hampshire:NH,New Jersey:NJ,New Mexico:NM,New York:NY,North Carolina:NC,North Dakota:ND,Ohio:OH,"
        "Oklahoma:OK,Oregon:OR,Pennsylvania:PA,Rhode Island:RI,South Carolina:SC,South Dakota:SD,Tennessee:TN,Texas:TX,"
        "Utah:UT,Vermont:VT,Virginia:VA,Washington:WA,West Virginia:WV,Wisconsin:WI,Wyoming:WY"
    ).split(",")
)
