"""Pairs of names that one row of a table owns: what unique addresses and full names are made of.

Takes the wanted lengths and the rows' numbers, gives Names. Rows that want other lengths cannot agree; among those that
want the same each row's number names other pairs.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers.addresses import Names, as_ascii
from dbclone.sample.makers.composed import spelled
from dbclone.sample.makers.faked import pool_of
from dbclone.sample.makers.request import Ints, permute, stable_seed

CHOICES = 8
"""Pairs that a row may choose from, so that the first name fits the gender."""
LONGEST_NAME = 14
_MOST_NAMES = 1_500


def own_pairs(
    lengths: tuple[Ints, Ints], owner: Ints, total: int, locale: str, gender: pa.Array | None, seed: int
) -> Names:
    """A pair for each row of ``owner`` (numbers of ``total``); ``serial`` counts on where pairs are too few."""
    first_sizes, last_sizes = (np.clip(side, 2, LONGEST_NAME) for side in lengths)
    need = min(_MOST_NAMES, math.isqrt(total) + 1)
    first, last = np.empty(len(owner), object), np.empty(len(owner), object)
    serial = np.zeros(len(owner), np.int64)
    kind = _gender_of(gender, len(owner))
    classes, group = np.unique(np.stack([first_sizes, last_sizes]), axis=1, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(group.ravel(), minlength=classes.shape[1]))
    for number, (left, right) in enumerate(classes.T.tolist()):
        rows = order[ends[number - 1] if number else 0 : ends[number]]
        firsts, lasts = names_of("first_name", locale, left, need), names_of("last_name", locale, right, need)
        pair, serial[rows] = _choose(firsts, len(firsts) * len(lasts), owner[rows], total, kind[rows], locale, seed)
        first[rows] = np.array(firsts, object)[pair % len(firsts)]
        last[rows] = np.array(lasts, object)[pair // len(firsts)]
    return Names(pa.array(first, pa.string()), pa.array(last, pa.string()), serial, owner, paired=True)


def _choose(
    firsts: tuple[str, ...], space: int, owner: Ints, total: int, kind: Ints, locale: str, seed: int
) -> tuple[Ints, Ints]:
    """One of the pairs that each row owns, and how many rows have had it before."""
    tries = min(CHOICES, space // total) if kind.any() else 1
    if tries <= 1:
        return permute(owner % space, space, seed), owner // space
    owned = permute((owner[:, None] + np.arange(tries) * total).ravel(), space, seed).reshape(len(owner), tries)
    misfit = _misfits(firsts, locale)[kind[:, None], owned % len(firsts)]
    return owned[np.arange(len(owner)), np.argmin(misfit, axis=1)], np.zeros(len(owner), np.int64)


def _gender_of(gender: pa.Array | None, size: int) -> Ints:
    """0 for unknown, 1 for men, 2 for women."""
    if gender is None:
        return np.zeros(size, np.int64)
    sign = pc.utf8_lower(pc.utf8_slice_codeunits(gender.cast(pa.string()), 0, 1)).to_numpy(zero_copy_only=False)
    return np.where(np.isin(sign, ["m", "h"]), 1, np.where(np.isin(sign, ["f", "w"]), 2, 0)).astype(np.int64)


@functools.lru_cache(maxsize=1_024)
def _misfits(firsts: tuple[str, ...], locale: str) -> npt.NDArray[np.int8]:
    """(3, names): 1 where a first name is not one of the gender."""
    men, women = (set(pool_of(f"first_name_{kind}", locale).texts.to_pylist()) for kind in ("male", "female"))
    male, female = (np.array([name not in known for name in firsts], np.int8) for known in (men, women))
    return np.stack([np.zeros(len(firsts), np.int8), male, female])


@functools.lru_cache(maxsize=1_024)
def names_of(meaning: str, locale: str, length: int, need: int) -> tuple[str, ...]:
    """Names of one word and one length that differ as ASCII from each other and from names of any other length."""
    listed = [name for name in plain_names(meaning, locale) if len(name) == length]
    if len(listed) >= need:
        return tuple(listed)
    taken = {as_ascii(name) for name in plain_names(meaning, locale)}
    rng = np.random.default_rng(stable_seed("names", meaning, locale, length))
    for _ in range(3 * need):
        name = spelled(meaning, locale, length, rng)
        # A letter that ASCII writes as two could meet a name of another length.
        if name.isascii() and name.isalpha() and name not in taken:
            taken.add(name)
            listed.append(name.title())
        if len(listed) >= need:
            break
    return tuple(listed) or (("Xyzzyxyzzyxyzzy"[:length]),)


@functools.cache
def plain_names(meaning: str, locale: str) -> tuple[str, ...]:
    """Names of one word and two letters or more that stay different as ASCII, so that pairs of them stay different."""
    seen: dict[str, str] = {}
    for name in pool_of(meaning, locale).texts.to_pylist():
        folded = as_ascii(name)
        if name.isalpha() and len(folded) >= 2 and folded.isalpha():
            seen.setdefault(folded, name)
    return tuple(seen.values()) or tuple(pool_of(meaning, "en_US").texts.to_pylist())
