"""Real values replaced one by one: the same original by the same stand-in, by a keyed hash that leads nowhere back.

Takes a column, its profile and a secret, gives a column of the same type. Codes keep their format by a keyed
permutation, so that distinct codes stay distinct; names and places come from Faker's lists.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.profile.checksums import iban_check, is_card, is_iban, luhn_digit
from dbclone.profile.value import ColumnProfile
from dbclone.sample.makers import MAKERS
from dbclone.sample.makers.addresses import as_ascii
from dbclone.sample.makers.faked import pool_of
from dbclone.sample.makers.request import Request

_ROUNDS = 8
_DAYS = 365
_CANDIDATES = 512
_CODES = frozenset(
    "phone postcode house_number national_id license_plate bank_account token password hash vin bic code".split()
)
_POOLED = {"middle_name": "first_name", "first_name": "first_name", "last_name": "last_name", "company": "company"} | {
    name: name for name in ("street", "street2", "city", "state", "district", "job")
}


def mask_values(column: pa.ChunkedArray, profile: ColumnProfile, secret: bytes, locale: str) -> pa.ChunkedArray:
    """The column with every value replaced; NULL stays."""
    if pa.types.is_temporal(column.type):
        return _shifted(column, profile, secret)
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    mask = _mask_of(column.type, profile, secret, locale)
    masked = pa.array([mask(value) for value in encoded.dictionary.to_pylist()], column.type)
    return pa.chunked_array([masked.take(encoded.indices)], column.type)


def _mask_of(kind: pa.DataType, profile: ColumnProfile, secret: bytes, locale: str) -> Callable[[Any], Any]:
    meaning = profile.meaning or "text"
    if pa.types.is_integer(kind):
        return lambda value: _whole_number(int(value), meaning, secret)
    if pa.types.is_floating(kind):
        return lambda value: value + (_digest(secret, meaning, repr(value)) % 2001 - 1000) / 2000
    if pa.types.is_boolean(kind):
        return lambda value: value
    if pa.types.is_binary(kind):
        return lambda value: hashlib.shake_256(secret + value).digest(len(value))
    return functools.partial(_text, profile=profile, secret=secret, locale=locale)


def _text(value: str, *, profile: ColumnProfile, secret: bytes, locale: str) -> str:
    if not value.strip():
        return value
    meaning = profile.meaning
    settings = profile.maker.settings if profile.maker else {}
    longest = settings.get("max")
    unique = profile.unique or bool(settings.get("masked_unique"))
    if meaning in _CODES or (meaning is None and profile.maker is not None and profile.maker.name == "pattern"):
        return permute_code(value, meaning or "code", secret)
    made = _stand_in(value, profile, secret, locale, unique=unique)
    if longest is not None and len(made) > longest:
        return permute_code(value, meaning or "text", secret) if unique else made[:longest].strip()
    return made


def _stand_in(value: str, profile: ColumnProfile, secret: bytes, locale: str, *, unique: bool) -> str:
    meaning = profile.meaning or ""
    if meaning in ("email", "username"):
        return _address(value, meaning, secret, locale)
    if meaning == "full_name":
        made = _full_name(value, secret, locale)
    elif meaning in _POOLED:
        made = _cased(_pooled(value, _POOLED[meaning], secret, locale), value)
    elif meaning in ("url", "hostname"):
        return _url(value, secret)
    elif meaning == "ip":
        return _ip(value, secret)
    elif meaning == "mac":
        return "02:" + ":".join(f"{byte:02x}" for byte in _bytes(secret, meaning, value)[:5])
    elif meaning in ("credit_card", "iban"):
        return _checked(value, meaning, secret)
    elif profile.maker is not None and profile.maker.name == "uuid":
        return str(uuid.UUID(bytes=_bytes(secret, "uuid", value)[:16], version=4))
    else:
        made = _rewritten(value, profile, secret, locale)
    if not unique or (profile.maker is not None and profile.maker.name in ("json", "xml")):
        return made
    return f"{made} {_tag(value, meaning, secret, 12)}"


def _digest(secret: bytes, *parts: str) -> int:
    return int.from_bytes(_bytes(secret, *parts)[:8], "big")


def _bytes(secret: bytes, *parts: str) -> bytes:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, key=hashlib.sha256(secret).digest(), digest_size=32).digest()


def _tag(value: str, meaning: str, secret: bytes, length: int) -> str:
    """Letters and digits that differ for different originals."""
    return base64.b32encode(_bytes(secret, "tag", meaning, value)).decode().lower()[:length]


def _pooled(value: str, meaning: str, secret: bytes, locale: str) -> str:
    pool = pool_of(meaning, locale)
    place = pool.places(np.array([len(value.strip())]), _Fixed(_digest(secret, meaning, value.strip().lower())))
    return str(pool.texts[int(place[0])].as_py())


class _Fixed(np.random.Generator):
    """A stream that gives one number: the digest of the value that is replaced."""

    def __init__(self, digest: int) -> None:
        super().__init__(np.random.PCG64(digest))


def _cased(made: str, original: str) -> str:
    if original.isupper() and len(original) > 1:
        return made.upper()
    return made.lower() if original.islower() else made


def _full_name(value: str, secret: bytes, locale: str) -> str:
    """Word by word, so that first and last names in columns of their own get the same stand-ins."""
    words = value.split()
    last = 0 if words[0].endswith(",") else len(words) - 1
    made = []
    for place, word in enumerate(words):
        bare = word.strip(",")
        meaning = "last_name" if place == last and len(words) > 1 else "first_name"
        stand_in = (
            word if re.fullmatch(r"\w\.|(Mr|Mrs|Ms|Dr|Prof)\.?", bare) else _pooled(bare, meaning, secret, locale)
        )
        made.append(_cased(stand_in, bare) + ("," if word.endswith(",") else ""))
    return " ".join(made)


def _address(value: str, meaning: str, secret: bytes, locale: str) -> str:
    """The names inside by their stand-ins, eight signs that keep addresses apart, and a reserved domain."""
    local, found, _ = value.rpartition("@") if "@" in value else (value, "", "")
    parts = re.findall(r"[^\W\d_]{2,}", local)[:2]
    named = [
        as_ascii(_pooled(part, ("first_name", "last_name")[place], secret, locale)) for place, part in enumerate(parts)
    ]
    stem = ".".join([*named, _tag(value, meaning, secret, 8)])
    made = f"{stem}@example.{('org', 'com', 'net')[_digest(secret, 'domain', value) % 3]}" if found else stem
    return made.upper() if value.isupper() else made


def _url(value: str, secret: bytes) -> str:
    scheme = re.match(r"\w+://", value)
    return f"{scheme[0] if scheme else ''}{_tag(value, 'url', secret, 12)}.example"


def _ip(value: str, secret: bytes) -> str:
    mask = value[value.index("/") :] if "/" in value else ""
    digest = _bytes(secret, "ip", value)
    if ":" in value:
        return "2001:db8:" + ":".join(digest[n : n + 2].hex() for n in range(0, 12, 2)) + mask
    return f"10.{digest[0]}.{digest[1]}.{digest[2] % 254 + 1}" + mask


def _checked(value: str, meaning: str, secret: bytes) -> str:
    """A card number or an IBAN whose check digits are right if they were."""
    if meaning == "credit_card" and is_card(value):
        body = permute_code(value[:-1], meaning, secret)
        return body + luhn_digit(re.sub(r"\D", "", body))
    if meaning == "iban" and is_iban(value):
        plain = value.replace(" ", "").upper()
        account = permute_code(plain[4:], meaning, secret)
        made = plain[:2] + iban_check(plain[:2], account) + account
        return " ".join(re.findall(".{1,4}", made)) if " " in value else made
    return permute_code(value, meaning, secret)


def _rewritten(value: str, profile: ColumnProfile, secret: bytes, locale: str) -> str:
    """What the column's own maker writes; which of its texts, the original's hash decides."""
    candidates = _candidates(profile, secret, locale)
    return candidates[_digest(secret, profile.name, value) % len(candidates)] or value[:0]


_written: dict[tuple[str, bytes, str, str], list[str]] = {}


def _candidates(profile: ColumnProfile, secret: bytes, locale: str) -> list[str]:
    maker = profile.maker
    if maker is None:
        return [""]
    key = (profile.name, secret, locale, repr(maker.settings))
    if key not in _written:
        rng = np.random.default_rng(_digest(secret, "candidates", profile.name))
        lengths = rng.choice(np.array(maker.settings.get("lengths") or [12], np.int64), _CANDIDATES)
        numbers = np.arange(_CANDIDATES)
        request = Request(profile.name, dict(maker.settings), lengths, numbers, _CANDIDATES, False, locale, rng)
        _written[key] = [text or "" for text in MAKERS[maker.name](request).to_pylist()]
    return _written[key]


def _whole_number(value: int, meaning: str, secret: bytes) -> int:
    if value == 0:
        return 0
    digits = str(abs(value))
    made = int(str(int(digits[0])) + permute_code(digits[1:], meaning + digits[0], secret))
    return made if value > 0 else -made


def permute_code(text: str, meaning: str, secret: bytes) -> str:
    """A text of the same form: digits to digits, capitals to capitals, letters to letters, all else as it is.

    A Feistel network over the text's two halves: distinct texts of one form stay distinct.
    """
    classes = [("0", 10) if sign.isdecimal() else ("A", 26) if "A" <= sign <= "Z" else ("a", 26) for sign in text]
    movable = [place for place, sign in enumerate(text) if (sign.isascii() and sign.isalnum())]
    if not movable:
        return text
    form = "".join(classes[place][0] if place in set(movable) else sign for place, sign in enumerate(text))
    middle = (len(movable) + 1) // 2
    halves = [movable[:middle], movable[middle:]]
    values, sizes = zip(*(_read(text, half, classes) for half in halves), strict=True)
    left, right = values
    for turn in range(_ROUNDS):
        if turn % 2 == 0:
            left = (left + _wide(secret, meaning, form, str(turn), str(right))) % sizes[0]
        else:
            right = (right + _wide(secret, meaning, form, str(turn), str(left))) % sizes[1]
    signs = list(text)
    _write(signs, halves[0], classes, left)
    _write(signs, halves[1], classes, right)
    return "".join(signs)


def _wide(secret: bytes, *parts: str) -> int:
    return int.from_bytes(_bytes(secret, *parts), "big")


def _read(text: str, places: list[int], classes: list[tuple[str, int]]) -> tuple[int, int]:
    value, size = 0, 1
    for place in places:
        first, radix = classes[place]
        value, size = value * radix + ord(text[place]) - ord(first), size * radix
    return value, size


def _write(signs: list[str], places: list[int], classes: list[tuple[str, int]], value: int) -> None:
    for place in reversed(places):
        first, radix = classes[place]
        signs[place] = chr(ord(first) + value % radix)
        value //= radix


def _shifted(column: pa.ChunkedArray, profile: ColumnProfile, secret: bytes) -> pa.ChunkedArray:
    """Dates and moments moved by up to a year, each by what its own value says; times of day stay."""
    if pa.types.is_time(column.type):
        return column
    whole = column.combine_chunks()
    encoded = (pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole).dictionary_encode()
    values = encoded.dictionary
    is_date = pa.types.is_date32(column.type)
    numbers = values.cast(pa.int32() if is_date else pa.int64()).cast(pa.int64()).to_numpy(zero_copy_only=False)
    day = 1 if is_date else 86_400_000_000
    meaning = profile.meaning or "date"
    moves = np.array([_digest(secret, meaning, str(int(n))) % (2 * _DAYS + 1) - _DAYS for n in numbers], np.int64)
    moved = pa.array(numbers + moves * day).cast(pa.int32() if is_date else pa.int64())
    kept = pc.if_else(pa.array(np.zeros(len(moves), bool)), moved, moved).cast(column.type)
    return pa.chunked_array([kept.take(encoded.indices)], column.type)
