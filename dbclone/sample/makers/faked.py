"""Candidates by meaning from Faker and from public lists: names, places, companies, files, networks.

Takes a meaning and a locale, gives a Pool that is the same in every process. The one door to Faker's generators.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.profile.checksums import iban_check, luhn_digit
from dbclone.profile.vocabulary import CARD_RANGES, public_list
from dbclone.sample.makers.pools import Pool
from dbclone.sample.makers.request import stable_seed

POOL_SIZE = 4_000
_MAKING = threading.RLock()
FALLBACK_LOCALE = "en_US"

_METHODS: dict[str, tuple[str, ...]] = {
    "first_name": ("first_name",),
    "first_name_male": ("first_name_male", "first_name"),
    "first_name_female": ("first_name_female", "first_name"),
    "middle_name": ("first_name",),
    "last_name": ("last_name",),
    "full_name": ("name",),
    "company": ("company",),
    "phone": ("phone_number",),
    "street": ("street_address",),
    "street2": ("secondary_address",),
    "house_number": ("building_number",),
    "postcode": ("postcode",),
    "city": ("city",),
    "district": ("administrative_unit", "state", "city"),
    "state": ("administrative_unit", "state", "province", "region"),
    "state_code": ("state_abbr",),
    "job": ("job",),
    "national_id": ("ssn",),
    "license_plate": ("license_plate",),
    "vin": ("vin",),
    "bic": ("swift",),
    "bank_account": ("bban",),
    "user_agent": ("user_agent",),
    "mime_type": ("mime_type",),
    "color_code": ("hex_color",),
}

_LISTED = {
    "first_name": "first_names",
    "middle_name": "first_names",
    "first_name_male": "first_names_male",
    "first_name_female": "first_names_female",
    "last_name": "last_names",
}
_PLAIN = frozenset("company street street2 city job".split())
"""Meanings made of several names, of which none need be more usual than another."""

_RESERVED_DOMAINS = ("example.com", "example.org", "example.net")
_IBAN_LENGTHS = {"DE": 18, "FR": 23, "ES": 20, "PT": 21, "PL": 24, "AT": 16, "BE": 12, "CH": 17, "DK": 14, "SE": 20}


def with_case(texts: pa.Array, case: str | None) -> pa.Array:
    if case == "upper":
        return pc.utf8_upper(texts)
    return pc.utf8_lower(texts) if case == "lower" else texts


def pool_of(meaning: str, locale: str) -> Pool:
    """Candidates of a meaning: a public list, else dbclone's own, else Faker's in the locale or in English."""
    # Faker's own generators are shared, and know nothing of threads; a second thread waits for what the first makes.
    with _MAKING:
        return _pool_of(meaning, locale)


@functools.cache
def _pool_of(meaning: str, locale: str) -> Pool:
    if public_list(meaning) and not (meaning == "state" and locale != FALLBACK_LOCALE):
        return Pool(public_list(meaning))
    own = _OWN.get(meaning)
    if own is not None:
        rng = np.random.default_rng(stable_seed(meaning, locale))
        return Pool([own(rng, locale) for _ in range(POOL_SIZE)])
    return Pool(_faked(meaning, locale))


def _faked(meaning: str, locale: str) -> list[str]:
    for candidate in (locale, FALLBACK_LOCALE):
        fake = faker_in(candidate, weighed=meaning not in _PLAIN)
        if fake is None:
            continue
        fake.seed_instance(stable_seed(meaning, candidate))
        listed = _listed(fake, meaning)
        if listed:
            return [str(name) for name in fake.random_elements(listed, length=POOL_SIZE, use_weighting=True)]
        for method in _METHODS.get(meaning, ("word",)):
            try:
                make: Callable[[], Any] = getattr(fake, method)
                return [" ".join(str(make()).replace("\n", ", ").split()) for _ in range(POOL_SIZE)]
            except AttributeError:
                continue
    return ["unknown"]


def _listed(fake: Any, meaning: str) -> Any:
    """The names that Faker weighs by how usual they are, where it lists them: to draw them one by one takes long."""
    place = _LISTED.get(meaning)
    if place is None:
        return None
    # Asked of each, since what Faker calls its own providers differs from version to version.
    found = next((getattr(one, place) for one in fake.factories[0].providers if hasattr(one, place)), None)
    return found if isinstance(found, dict) else None


@functools.cache
def faker_in(locale: str, *, weighed: bool = True) -> Any:
    """A Faker of the locale, None where Faker does not know it; ``weighed`` ones draw usual names more often."""
    from faker import Faker

    try:
        return Faker(locale, use_weighting=weighed)
    except AttributeError:
        return None


@functools.cache
def words_in(locale: str) -> tuple[str, ...]:
    """Plain words of the language."""
    fake = faker_in(locale) or faker_in(FALLBACK_LOCALE)
    return tuple(dict.fromkeys(str(word).lower() for word in fake.get_words_list()))


def one(rng: np.random.Generator, options: Sequence[str]) -> str:
    """One of the options."""
    return options[int(rng.integers(len(options)))]


def _word(rng: np.random.Generator) -> str:
    words = words_in(FALLBACK_LOCALE)
    return "".join(one(rng, words) for _ in range((1, 1, 2, 3)[int(rng.integers(4))]))


def _domain(rng: np.random.Generator, _: str) -> str:
    """Names that RFC 2606 keeps out of use."""
    return one(rng, _RESERVED_DOMAINS) if rng.random() < 0.2 else f"{_word(rng)}.example"


def _email(rng: np.random.Generator, locale: str) -> str:
    return f"{_username(rng, locale)}@{_domain(rng, locale)}"


def _username(rng: np.random.Generator, _: str) -> str:
    return f"{one(rng, _names('first_name'))}.{one(rng, _names('last_name'))}"


@functools.cache
def _names(meaning: str) -> tuple[str, ...]:
    return tuple(str(name).lower() for name in pool_of(meaning, FALLBACK_LOCALE).texts.to_pylist() if name.isalpha())


def _host(rng: np.random.Generator, locale: str) -> str:
    kind = one(rng, ("www", "mail", "db", "app", "srv", "web"))
    return f"{kind}-{int(rng.integers(1, 100))}.{_domain(rng, locale)}"


def _url(rng: np.random.Generator, locale: str) -> str:
    path = "/".join(_word(rng) for _ in range(int(rng.integers(0, 5))))
    return f"{one(rng, ('https', 'https', 'http'))}://{one(rng, ('www.', ''))}{_domain(rng, locale)}/{path}"


def _file_path(rng: np.random.Generator, _: str) -> str:
    path = "/".join(_word(rng) for _ in range(int(rng.integers(1, 6))))
    return f"/{path}.{one(rng, ('txt', 'pdf', 'png', 'jpg', 'csv', 'json'))}"


def _file_name(rng: np.random.Generator, _: str, endings: Sequence[str] = ("txt", "pdf", "png", "jpg", "csv")) -> str:
    return "_".join(_word(rng) for _ in range(int(rng.integers(1, 5)))) + "." + one(rng, endings)


@functools.cache
def file_pool(endings: tuple[tuple[str, int], ...]) -> Pool:
    rng = np.random.default_rng(stable_seed("file_name", endings))
    weighted = [
        ending for ending, count in endings for _ in range(max(1, round(20 * count / sum(c for _, c in endings))))
    ]
    return Pool([_file_name(rng, FALLBACK_LOCALE, weighted) for _ in range(POOL_SIZE)])


def _ip(rng: np.random.Generator, _: str) -> str:
    """The blocks that RFC 5737 keeps for documentation, and private ones."""
    private = f"10.{int(rng.integers(256))}.{int(rng.integers(256))}"
    return f"{one(rng, ('192.0.2', '198.51.100', '203.0.113', private))}.{int(rng.integers(1, 255))}"


def _mac(rng: np.random.Generator, _: str) -> str:
    """Locally administered addresses, which no manufacturer was given."""
    return ":".join(["02", *(f"{int(rng.integers(256)):02x}" for _ in range(5))])


def _card(rng: np.random.Generator, _: str) -> str:
    """Issuer ranges that payment systems keep for tests, with a right check digit."""
    body = one(rng, CARD_RANGES) + f"{int(rng.integers(10**9)):09d}"
    return body + luhn_digit(body)


def _iban(rng: np.random.Generator, locale: str) -> str:
    country = locale[3:] if locale[3:] in _IBAN_LENGTHS else "DE"
    account = f"{int(rng.integers(10**9)):0{_IBAN_LENGTHS[country]}d}"
    return country + iban_check(country, account) + account


def _hex(length: int) -> Callable[[np.random.Generator, str], str]:
    return lambda rng, _: rng.bytes(length // 2).hex()


def _suffix(rng: np.random.Generator, _: str) -> str:
    return one(rng, ("Jr.", "Sr.", "II", "III", "IV", "PhD", "MD"))


_OWN: dict[str, Callable[[np.random.Generator, str], str]] = {
    "email": _email,
    "username": _username,
    "hostname": _host,
    "url": _url,
    "file_path": _file_path,
    "file_name": _file_name,
    "ip": _ip,
    "mac": _mac,
    "credit_card": _card,
    "iban": _iban,
    "password": _hex(16),
    "token": _hex(32),
    "hash": _hex(40),
    "email_domain": _domain,
    "name_suffix": _suffix,
}
