"""What keeps invented phone numbers, postcodes and plates clear of the source's own: which part of all texts is free.

Takes the texts of a sensitive column, gives JSON settings; and says of invented texts which are free. Holds no text
and no hash of one.

Every text falls into one of some buckets by a public hash. Buckets that hold a text of the source are closed, and so
are others at random, until one in `SHARE` is free. Invented texts are taken from the free ones: none is the source's.

Why a bundle may hold this:
- A closed bucket says next to nothing. All texts of the source are in closed buckets, but so are seven of eight of all
  others: who tries out a number finds the odds that it is in the source raised by 8/7. A filter that closes little (the
  usual Bloom filter, one false alarm in sixteen) would raise them sixteenfold, and the phone, the plate and the
  postcode of one person together 4,096 times. Where texts are many there are fewer buckets than texts, so a closed one
  does not stand for any of them either.
- A free bucket says that a text is not in the source, of one text in eight. Whatever never invents the source's own
  texts says that of the texts that it invents.
- Which of the empty buckets were closed follows from all of the source's texts together: who does not know them cannot
  tell such buckets from the full ones, and the same source gives the same bundle. Who knows all texts but one can try
  that one out, as with every exact count in a bundle.
- The hash is the same everywhere and has no key, since who has the bundle would have the key as well; with another
  hash for every column or fit, several of them would say more than one. More buckets only halve the ones before.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.profile.value import Maker

SHARE = 8
"""One in so many buckets is free."""

MOST_BUCKETS = 1 << 24
_MOST_BYTES = 64
_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_FAKED = frozenset({"phone", "postcode"})
_NOBODYS = frozenset({"house_number", "phone_extension"})
"""What has so few values that all of them are somebody's, and none tells whose."""


def with_clear(maker: Maker, meaning: str | None, texts: pa.Array) -> Maker:
    """The maker of a sensitive column or leaf, told what is clear of ``texts``, where it spells its own."""
    spells = maker.name == "pattern" or (maker.name == "faker" and meaning in _FAKED)
    if not spells or meaning in _NOBODYS or not len(texts):
        return maker
    return replace(maker, settings=maker.settings | {"clear": learn_clear(texts)})


def learn_clear(texts: pa.Array) -> dict[str, Any]:
    """``buckets``, a power of two, and the ``free`` ones as bits in base64."""
    hashes = np.unique(_hashes(texts))
    buckets = SHARE
    while True:
        empty = np.setdiff1d(np.arange(buckets), hashes & np.uint64(buckets - 1))
        if len(empty) >= buckets // SHARE:
            break
        buckets *= 2
    seed = int.from_bytes(hashlib.sha256(hashes.tobytes()).digest())
    free = np.zeros(buckets, bool)
    free[np.random.default_rng(seed).choice(empty, buckets // SHARE, replace=False)] = True
    return {"buckets": buckets, "free": base64.b64encode(np.packbits(free).tobytes()).decode()}


def is_clear(texts: pa.Array, clear: dict[str, Any]) -> npt.NDArray[np.bool_]:
    """(n,) true for ``texts`` that are none of those that ``clear`` was learned from."""
    free: npt.NDArray[np.bool_] = _free(clear["free"])[_hashes(texts) & np.uint64(clear["buckets"] - 1)]
    return free


@functools.lru_cache(maxsize=64)
def _free(text: str) -> npt.NDArray[np.bool_]:
    return np.unpackbits(np.frombuffer(base64.b64decode(text), np.uint8)).astype(bool)


def _hashes(texts: pa.Array) -> npt.NDArray[np.uint64]:
    """(n,) FNV-1a (Fowler, Noll and Vo), mixed, of letters and digits alone: signs and capitals make no other text."""
    plain = pc.replace_substring_regex(pc.utf8_upper(texts.cast(pa.string()).fill_null("")), r"[^\pL\pN]", "")
    _, places, signs = plain.buffers()
    offsets = np.frombuffer(places, np.int32)[plain.offset : plain.offset + len(plain) + 1].astype(np.int64)
    data = np.frombuffer(signs or b"", np.uint8)
    sizes = np.minimum(np.diff(offsets), _MOST_BYTES)
    found = np.full(len(plain), _BASIS, np.uint64)
    for place in range(int(sizes.max(initial=0))):
        rows = np.flatnonzero(sizes > place)
        found[rows] = (found[rows] ^ data[offsets[rows] + place]) * _PRIME
    found ^= found >> np.uint64(33)
    found *= np.uint64(0xFF51AFD7ED558CCD)
    return found ^ (found >> np.uint64(33))
