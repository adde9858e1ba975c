"""A person's columns made together: the e-mail and the user name fit the name, the first name fits the gender.

Takes the requests of one group over the same rows, gives one array for each. E-mail addresses end in reserved domains
only (RFC 2606). Unique ones follow from the row's number: every row owns a few pairs of names nobody else has.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers.addresses import Names, make_emails, make_usernames
from dbclone.sample.makers.composed import covering
from dbclone.sample.makers.faked import pool_of, with_case
from dbclone.sample.makers.pairs import own_pairs
from dbclone.sample.makers.pools import pick_unique
from dbclone.sample.makers.request import Ints, Request, from_parts, permute, stable_seed

_UNIQUE_BY_PAIR = ("email", "username", "full_name")


def make_people(requests: Mapping[str, Request], known: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """``requests`` by column name; ``known`` by meaning holds names or genders of the same rows that stand already."""
    names = _names(requests, known)
    return {column: _column(request, names) for column, request in requests.items()}


def _names(requests: Mapping[str, Request], known: Mapping[str, pa.Array]) -> Names:
    wanted = {request.settings["meaning"]: request for request in requests.values()}
    some = next(iter(wanted.values()))
    locale = some.settings.get("locale") or some.locale
    owner = permute(some.numbers, some.total, stable_seed("people", some.column.rpartition(".")[0]))
    free = not ({"first_name", "last_name", "full_name"} & set(known))
    alone = any(name in wanted and wanted[name].unique for name in ("first_name", "last_name"))
    if free and not alone and any(name in wanted and wanted[name].unique for name in _UNIQUE_BY_PAIR):
        lengths = _pair_lengths(wanted, some)
        return own_pairs(lengths, owner, some.total, locale, known.get("gender"), stable_seed("pairs", some.column))
    first, last = _free_names(wanted, some, locale, known)
    return Names(first, last, np.zeros(some.size, np.int64), owner, paired=False)


def _free_names(
    wanted: Mapping[str, Request], some: Request, locale: str, known: Mapping[str, pa.Array]
) -> tuple[pa.Array, pa.Array]:
    lengths = _name_lengths(wanted, some)
    first = _one(wanted.get("first_name"), "first_name", locale, lengths[0], some.rng)
    if "gender" in known and not ("first_name" in wanted and wanted["first_name"].unique):
        first = _by_gender(first, lengths[0], known["gender"], locale, some.rng)
    room = lengths[1]
    if "full_name" in wanted and "last_name" not in wanted:
        room = np.maximum(wanted["full_name"].lengths - _gap(wanted["full_name"]) - _lengths(first), 1)
    last = _one(wanted.get("last_name"), "last_name", locale, room, some.rng)
    if "full_name" in known:
        parts = pc.split_pattern(known["full_name"], " ", max_splits=1)
        first = pc.coalesce(pc.list_element(parts, 0), first)
    return pc.coalesce(known.get("first_name", first), first), pc.coalesce(known.get("last_name", last), last)


def _name_lengths(wanted: Mapping[str, Request], some: Request) -> tuple[Ints, Ints]:
    """Lengths for first and last names: their own, else their part of the full name, else usual ones."""
    if "full_name" in wanted:
        whole = wanted["full_name"].lengths
        room = whole - _gap(wanted["full_name"])
        first = np.clip(np.clip(whole // 2 + some.rng.integers(-2, 2, some.size), 2, 11), 1, np.maximum(room - 1, 1))
        last = np.maximum(room - first, 1)
    else:
        first, last = some.rng.integers(4, 9, some.size), some.rng.integers(5, 10, some.size)
    return (
        wanted["first_name"].lengths if "first_name" in wanted else first,
        wanted["last_name"].lengths if "last_name" in wanted else last,
    )


def _pair_lengths(wanted: Mapping[str, Request], some: Request) -> tuple[Ints, Ints]:
    """Lengths of first and last names where addresses must be unique: their own, else what fits the address."""
    first, last = _name_lengths(wanted, some)
    if "full_name" in wanted or "last_name" in wanted:
        return first, last
    if "username" in wanted:
        return first, np.maximum(wanted["username"].lengths - first - 1, 2)
    domains = wanted["email"].settings.get("domains") if "email" in wanted else None
    if domains:
        last = np.maximum(wanted["email"].lengths - domains[0][0] - first - 2, 2)
    return first, last


def _gap(request: Request) -> int:
    """Signs between the names of a full name."""
    return 2 if request.settings.get("format") == "last_first" else 1


def _one(request: Request | None, meaning: str, locale: str, lengths: Ints, rng: np.random.Generator) -> pa.Array:
    if request is not None and request.unique:
        return pick_unique(covering(pool_of(meaning, locale), meaning, locale, _typical(request)), request)
    pool = covering(pool_of(meaning, locale), meaning, locale, lengths)
    return pool.pick(lengths, rng) if request is None else pool.upto(request.longest).pick(lengths, request.rng)


def _typical(request: Request) -> Ints:
    return np.array(request.settings.get("lengths") or [], np.int64)


def _by_gender(first: pa.Array, lengths: Ints, gender: pa.Array, locale: str, rng: np.random.Generator) -> pa.Array:
    sign = pc.utf8_lower(pc.utf8_slice_codeunits(gender.cast(pa.string()), 0, 1))
    for signs, meaning in ((("m", "h"), "first_name_male"), (("f", "w"), "first_name_female")):
        fitting = pc.fill_null(pc.is_in(sign, pa.array(signs)), False)
        first = pc.if_else(
            fitting, covering(pool_of(meaning, locale), meaning, locale, lengths).pick(lengths, rng), first
        )
    return first


def _lengths(texts: pa.Array) -> Ints:
    lengths: Ints = pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths


def _column(request: Request, names: Names) -> pa.Array:
    meaning, case = request.settings["meaning"], request.settings.get("case")
    if meaning == "email":
        return make_emails(request, names)
    if meaning == "username":
        return with_case(make_usernames(request, names), case if case == "upper" else "lower")
    if meaning == "full_name":
        return with_case(_full_names(request, names), case)
    if meaning == "middle_name":
        return with_case(_middle_names(request), case)
    return with_case(names.first if meaning == "first_name" else names.last, case)


def _full_names(request: Request, names: Names) -> pa.Array:
    if request.settings.get("format") == "last_first":
        texts = from_parts(names.last, ", ", names.first)
    else:
        texts = from_parts(names.first, " ", names.last)
    if not request.unique:
        return texts
    number = pa.array((names.serial if names.paired else names.owner) + 1).cast(pa.string())
    alone = pa.array((names.serial == 0) & names.paired)
    return pc.if_else(alone, texts, from_parts(texts, " ", number))


def _middle_names(request: Request) -> pa.Array:
    """Whole names, or an initial where there is room for no more."""
    locale = request.settings.get("locale") or request.locale
    pool = covering(pool_of("first_name", locale), "first_name", locale, np.maximum(request.lengths, 3))
    texts = pool.pick(request.lengths, request.rng)
    letters = pool.texts.take(pa.array(request.rng.integers(0, len(pool), request.size)))
    initial = pc.utf8_upper(pc.utf8_slice_codeunits(letters, 0, 1))
    short = pc.if_else(pa.array(request.lengths == 2), from_parts(initial, "."), initial)
    return pc.if_else(pa.array(request.lengths <= 2), short, texts)
