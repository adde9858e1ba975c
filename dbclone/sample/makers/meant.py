"""Texts of one meaning on their own: firms, streets, cities, cards, files, as long as asked for.

Takes a Request, gives texts from the meaning's pool.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers.addresses import realm_of
from dbclone.sample.makers.clear import keep_clear
from dbclone.sample.makers.composed import covering
from dbclone.sample.makers.faked import file_pool, pool_of, with_case
from dbclone.sample.makers.pools import pick
from dbclone.sample.makers.request import Ints, Request, from_parts, stable_seed


def make_faked(request: Request) -> pa.Array:
    """Texts of one meaning; few different ones where the source's values repeat; none of the source's where they tell
    whose they are."""
    made = _faked(request)
    if request.unique:
        return made

    def again(rows: Ints) -> pa.Array:
        return _faked(replace(request, lengths=request.lengths[rows], numbers=request.numbers[rows]))

    return keep_clear(made, again, request.settings.get("clear"))


def _faked(request: Request) -> pa.Array:
    settings = request.settings
    meaning, locale = settings["meaning"], settings.get("locale") or request.locale
    realm = realm_of(request)
    request = replace(request, lengths=np.maximum(request.lengths - len(realm), 1))
    typical = np.maximum(np.array(settings.get("lengths") or [8], np.int64) - len(realm), 1)
    pool = pool_of(meaning, locale)
    if meaning == "file_name" and settings.get("endings"):
        pool = file_pool(tuple(settings["endings"].items()))
    pool = covering(pool, meaning, locale, typical if request.unique else request.lengths)
    distinct = settings.get("distinct")
    if distinct and not request.unique:
        pool = pool.thinned(distinct, typical, stable_seed(request.column), request.lengths)
    return from_parts(realm, separated(with_case(pick(pool, request), settings.get("case")), settings))


def separated(texts: pa.Array, settings: dict[str, Any]) -> pa.Array:
    """Card numbers and IBANs in groups of four where the source writes them so."""
    sign = settings.get("separator")
    if not sign:
        return texts
    return pc.replace_substring_regex(pc.replace_substring_regex(texts, "(....)", f"\\1{sign}"), f"[{sign}]$", "")
