"""E-mail addresses and user names made of a person's names, as long as asked for.

Takes Names and a Request, gives texts. Addresses end in reserved domains only (RFC 2606). Unique ones follow from the
row's number.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers.composed import covering
from dbclone.sample.makers.faked import pool_of
from dbclone.sample.makers.request import Ints, Request, from_parts, stable_seed

SHORTEST_DOMAIN = len("x.example")
_MISFIT = 4.0
"""How much a sign too many or too few speaks against a domain or a shape (in nats)."""
_FOLDED = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "đ": "d", "ı": "i"})


@dataclass(frozen=True)
class Names:
    """First and last names by row; ``serial`` (0: the pair is the row's alone) and ``owner`` (the row's number) tell
    apart what one pair of names cannot."""

    first: pa.Array
    last: pa.Array
    serial: Ints
    owner: Ints
    paired: bool


def make_emails(request: Request, names: Names) -> pa.Array:
    """Addresses: a shape of the names, then the stand-in of a domain that many addresses share or a free one."""
    shapes = request.settings.get("shapes") or {"first.last": 1}
    room = None if request.longest is None else request.longest - len("@example.org")
    if request.unique:
        local = _fitted(_owned_local(request, names, shapes), request, names, room)
        domain = _domains(request, _lengths(local))
    else:
        made = _candidates(names, shapes)
        drawn = request.rng.choice(len(made), size=request.size, p=_shares(shapes))
        natural = np.stack([_lengths(texts) for texts in made], axis=1)
        domain = _domains(request, natural[np.arange(request.size), drawn])
        target = np.maximum(request.lengths - 1 - _lengths(domain), 1)
        local = _of_length(made, natural, shapes, target, drawn, request)
    if request.settings.get("upper_local"):
        local = pc.utf8_upper(local)
    return from_parts(local, "@", domain)


def make_usernames(request: Request, names: Names) -> pa.Array:
    """User names, behind a stand-in of the realm where the source writes one."""
    shapes = request.settings.get("shapes") or {"flast": 1}
    realm = realm_of(request)
    if request.unique:
        room = None if request.longest is None else request.longest - len(realm)
        return from_parts(realm, _fitted(_owned_local(request, names, shapes), request, names, room))
    made = _candidates(names, shapes)
    natural = np.stack([_lengths(texts) for texts in made], axis=1)
    drawn = request.rng.choice(len(made), size=request.size, p=_shares(shapes))
    target = np.maximum(request.lengths - len(realm), 1)
    return from_parts(realm, _of_length(made, natural, shapes, target, drawn, request))


def realm_of(request: Request) -> str:
    """What stands before the backslash in user names, a stand-in as long as the source's; empty without one."""
    if not request.settings.get("realm"):
        return ""
    length = max(2, int(request.settings.get("realm_length") or len("example")))
    pool = pool_of("email_domain", "en_US")
    domain = covering(pool, "email_domain", "en_US", np.array([length + 8])).of_length(length + 8)
    stem = next((text.removesuffix(".example") for text in domain if text.endswith(".example")), "example")
    return f"{stem}\\"


def _domains(request: Request, used: Ints) -> pa.Array:
    """The stand-in of a shared domain, else a reserved one; whichever fills the length beside ``used`` signs."""
    most = np.full(request.size, 200) if request.longest is None else request.longest - used - 1
    shared = request.settings.get("domains") or []
    need = np.clip(request.lengths - used - 1, SHORTEST_DOMAIN, np.maximum(most, SHORTEST_DOMAIN))
    pool = covering(pool_of("email_domain", "en_US"), "email_domain", "en_US", need)
    domain = pool.pick(need, request.rng)
    if shared:
        sizes = np.array([length for length, _ in shared])
        weights = np.array([count for _, count in shared] + [request.settings.get("other_domains", 0)], np.float64)
        gap = np.abs(request.lengths[:, None] - used[:, None] - 1 - sizes)
        free = np.maximum(SHORTEST_DOMAIN - (request.lengths - used - 1), 0)
        likely = np.log(np.maximum(weights, 1e-9)) - _MISFIT * np.concatenate([gap, free[:, None]], axis=1)
        chosen = np.argmax(likely + request.rng.gumbel(size=likely.shape), axis=1)
        steady = np.random.default_rng(stable_seed("domains", request.column))
        covered = covering(pool_of("email_domain", "en_US"), "email_domain", "en_US", sizes)
        stand_ins = pa.array([*covered.pick(sizes, steady).to_pylist(), ""], pa.string()).take(pa.array(chosen))
        domain = pc.if_else(pa.array(chosen == len(shared)), domain, stand_ins)
    return pc.if_else(pa.array(_lengths(domain) > most), "example.org", domain)


def _shares(shapes: Mapping[str, int]) -> npt.NDArray[np.float64]:
    weights = np.array(list(shapes.values()), np.float64)
    shares: npt.NDArray[np.float64] = weights / weights.sum()
    return shares


def _candidates(names: Names, shapes: Mapping[str, int]) -> list[pa.Array]:
    """One text a row for each shape; a shape's digits are written later, as many as there is room for."""
    first, last = plain(names.first), plain(names.last)
    return [from_parts(_shaped(shape, first, last), "1" if shape.endswith("9") else "") for shape in shapes]


def _of_length(
    made: list[pa.Array], natural: Ints, shapes: Mapping[str, int], target: Ints, drawn: Ints, request: Request
) -> pa.Array:
    """The shape that fits ``target``, the drawn one where it does; digits or a second name where none does."""
    fits = natural[np.arange(len(drawn)), drawn] == target
    likely = np.log(_shares(shapes)) - _MISFIT * np.abs(natural - target[:, None])
    again = np.argmax(likely + request.rng.gumbel(size=likely.shape), axis=1)
    chosen = np.where(fits, drawn, again)
    result = made[0]
    for number in range(1, len(made)):
        result = pc.if_else(pa.array(chosen == number), made[number], result)
    numbered = np.array([shape.endswith("9") for shape in shapes])[chosen]
    bare = pc.if_else(pa.array(numbered), pc.utf8_slice_codeunits(result, 0, -1), result)
    return _stretched(bare, target, numbered, request)


def _stretched(texts: pa.Array, target: Ints, numbered: npt.NDArray[np.bool_], request: Request) -> pa.Array:
    """Texts of exactly ``target`` signs: cut at the end, or with digits, from four signs on with another name."""
    spare = target - numbered
    texts = cut(texts, np.maximum(spare, 1))
    texts = pc.replace_substring_regex(texts, r"[._-]$", "a")
    lack = np.maximum(target - _lengths(texts), 0)
    digits = np.where(lack > 3, numbered.astype(np.int64), lack)
    named = lack - digits
    if (named > 0).any():
        rows = np.flatnonzero(named > 0)
        pool = covering(pool_of("first_name", "en_US"), "first_name", "en_US", np.maximum(named[rows] - 1, 1))
        more = plain(pool.pick(np.maximum(named[rows] - 1, 1), request.rng))
        more = from_parts(".", cut(more, np.maximum(named[rows] - 1, 1)))
        places = np.full(len(target), -1, np.int64)
        places[rows] = np.arange(len(rows))
        spread = pc.fill_null(more.take(pa.array(places, mask=places < 0)), "")
        texts = from_parts(texts, spread)
    low = np.where(digits > 1, 10 ** np.maximum(digits - 1, 0), 0)
    number = pa.array(low + (request.rng.random(len(target)) * (10**digits - low)).astype(np.int64)).cast(pa.string())
    return from_parts(texts, pc.if_else(pa.array(digits > 0), number, ""))


def cut(texts: pa.Array, longest: Ints) -> pa.Array:
    """Each text at most ``longest`` signs, row by row."""
    over = np.flatnonzero(_lengths(texts) > longest)
    for length in np.unique(longest[over]).tolist():
        rows = np.zeros(len(longest), bool)
        rows[over[longest[over] == length]] = True
        texts = pc.if_else(pa.array(rows), pc.utf8_slice_codeunits(texts, 0, length), texts)
    return texts


def _lengths(texts: pa.Array) -> Ints:
    lengths: Ints = pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths


def _owned_local(request: Request, names: Names, shapes: Mapping[str, int]) -> pa.Array:
    """Names in the source's shapes with the row's number wherever the shape itself can repeat."""
    first, last = plain(names.first), plain(names.last)
    weights = np.array(list(shapes.values()), np.float64)
    drawn = request.rng.choice(len(weights), size=request.size, p=weights / weights.sum())
    result = from_parts(first, ".", last)
    for number, shape in enumerate(shapes):
        made = _numbered(_shaped(shape, first, last), shape, names)
        result = pc.if_else(pa.array(drawn == number), made, result)
    return result


def _shaped(shape: str, first: pa.Array, last: pa.Array) -> pa.Array:
    plain = shape.rstrip("9")
    initial, ending = pc.utf8_slice_codeunits(first, 0, 1), pc.utf8_slice_codeunits(last, 0, 1)
    for sign in "._-":
        left, found, right = plain.partition(sign)
        if found:
            return from_parts(initial if left == "f" else first, sign, ending if right == "l" else last)
    return first if plain == "first" else from_parts(initial, last)


def _numbered(texts: pa.Array, shape: str, names: Names) -> pa.Array:
    tells_apart = names.paired and shape in ("first.last", "first_last", "first-last")
    number = pa.array((names.serial if tells_apart else names.owner) + 1).cast(pa.string())
    if not tells_apart:
        return from_parts(texts, number)
    return pc.if_else(pa.array(names.serial == 0), texts, from_parts(texts, number))


def _fitted(texts: pa.Array, request: Request, names: Names, room: int | None) -> pa.Array:
    """Texts no longer than ``room``; where one must be cut, the row's number keeps it apart from all others."""
    if room is None:
        return texts
    too_long = pc.greater(pc.utf8_length(texts), room)
    if not pc.any(too_long).as_py():
        return texts
    digits = len(str(request.total))
    base = pc.utf8_slice_codeunits(plain(names.last), 0, max(room - digits, 1))
    return pc.if_else(too_long, from_parts(base, pa.array(names.owner + 1).cast(pa.string())), texts)


def plain(names: pa.Array) -> pa.Array:
    """Names as an address can hold them: ASCII letters in lower case."""
    encoded = names.dictionary_encode()
    plain = [as_ascii(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(plain, pa.string()).take(encoded.indices)


def as_ascii(text: str) -> str:
    """Letters only, without accents, in lower case; a made-up name where the alphabet has none of them."""
    kept = unicodedata.normalize("NFKD", text.translate(_FOLDED)).encode("ascii", "ignore").decode()
    letters = "".join(sign for sign in kept.lower() if sign.isalpha())
    return letters or "".join(chr(97 + int(digit)) for digit in str(stable_seed(text)))
