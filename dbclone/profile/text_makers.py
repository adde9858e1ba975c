"""Which maker writes a plain text, with what it learned: Faker by meaning, a pattern, numbers, moments or words.

Takes Facts and a Meaning, gives a Maker. Settings hold nothing that fewer than k distinct texts share.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dbclone.profile.facts import Facts
from dbclone.profile.meanings import Meaning
from dbclone.profile.numbers import learn_moment
from dbclone.profile.patterns import learn_alphabet, learn_pattern
from dbclone.profile.value import Maker
from dbclone.profile.vocabulary import all_first_names
from dbclone.profile.words import case_of, learn_words

FAKED = frozenset(
    "first_name middle_name last_name full_name email phone street street2 house_number postcode city district "
    "state state_code country country_code country_code3 company username password token hash credit_card iban bic "
    "bank_account national_id license_plate vin ip mac url hostname user_agent file_path file_name mime_type "
    "timezone currency currency_code language language_code gender name_title name_suffix job color color_code unit "
    "weekday month size marital_status blood_group yes_no".split()
)
"""Meanings that Faker or a public list can fill."""

_PATTERN_FIRST = frozenset(
    "phone phone_extension postcode house_number national_id license_plate vin bank_account bic token hash password "
    "code district language_code".split()
)
"""Meanings whose own format, where k texts share it, is better than Faker's."""

_IDENTIFYING = frozenset("phone national_id license_plate vin bank_account token hash password".split())
"""Meanings of which no value of the source may come up, not even by chance."""

_PROSE = frozenset("prose title name notes".split())
_MOST_REPEATED = 2_000


def text_maker(facts: Facts, meaning: Meaning, k: int, basic: dict[str, Any]) -> Maker:
    """The maker for plain texts; ``basic`` settings are added to what it learns."""
    texts = [text for text in facts.texts if text]
    case = case_of(texts[:2_000])
    if meaning.name == "uuid":
        return Maker("uuid", {"version": uuid_version(texts, k), "upper": bool(texts) and texts[0].isupper()} | basic)
    moment = learn_moment(texts, k) if meaning.name in (None, "timestamp", "birth_date", "name", "code") else None
    if moment is not None:
        return Maker("moment", moment | basic)
    if meaning.name in _PATTERN_FIRST:
        pattern = learn_pattern(texts, k, least=0.5, roomy=meaning.name in _IDENTIFYING)
        if pattern is None and meaning.name in ("token", "hash", "password"):
            pattern = learn_alphabet(texts, facts.lengths)
        if pattern is not None:
            return Maker("pattern", pattern | basic | _repeats(facts))
    if meaning.name == "initial":
        # Whatever is rare among initials is a name.
        meaning = replace(meaning, name="middle_name")
    # No address that is nobody's is shorter than this one.
    roomy = meaning.name != "email" or basic.get("max", 99) >= len("a1234@example.org")
    if meaning.name in FAKED and roomy:
        settings = {"meaning": meaning.name, "case": case} | _details(meaning.name, texts, k) | basic
        return Maker("faker", settings | _repeats(facts))
    if meaning.name not in _PROSE and _code_like(texts):
        pattern = learn_pattern(texts, k)
        if pattern is not None:
            return Maker("pattern", pattern | basic | _repeats(facts))
    return Maker("words", learn_words(texts, k) | basic)


def _repeats(facts: Facts) -> dict[str, int]:
    """How many different values there are, where they repeat."""
    repeated = 0 < facts.distinct <= _MOST_REPEATED and facts.rareness < 0.5
    return {"distinct": facts.distinct} if repeated else {}


def uuid_version(texts: Sequence[str], k: int) -> int:
    """The version that most UUIDs carry, 4 where fewer than k tell."""
    versions = Counter(text[14] for text in texts if len(text) == 36 and text[14].isdigit())
    best = versions.most_common(1)
    return int(best[0][0]) if best and best[0][1] >= k else 4


def local_shape(local: str) -> str:
    """How the part of an address before the @ was made of a name: ``first.last``, ``flast9``..."""
    plain = re.sub(r"\d+$", "", local.rpartition("\\")[2])
    digits = "9" if local[-1:].isdigit() else ""
    if plain.lower() in all_first_names():
        return "first" + digits
    for sign in "._-":
        left, found, right = plain.partition(sign)
        if found and left and right:
            return ("f" if len(left) == 1 else "first") + sign + ("l" if len(right) == 1 else "last") + digits
    return ("first" if len(plain) <= 6 else "flast") + digits


def _code_like(texts: list[str]) -> bool:
    """Few blanks, and digits or capitals: a code rather than prose."""
    some = texts[:: max(1, len(texts) // 500)]
    coded = sum(bool(re.search(r"\d|^[A-Z]+$", text)) and text.count(" ") <= 2 for text in some)
    return bool(some) and coded >= 0.6 * len(some)


def _details(meaning: str, texts: list[str], k: int) -> dict[str, Any]:
    if meaning == "email":
        return _email_details(texts, k)
    if meaning == "username":
        realms = [len(text.partition("\\")[0]) for text in texts if "\\" in text]
        settings = {"shapes": _shapes([text for text in texts if "@" not in text], k)}
        if len(realms) < max(k, 0.5 * len(texts)):
            return settings | {"realm": False}
        return settings | {"realm": True, "realm_length": sorted(realms)[len(realms) // 2]}
    if meaning == "full_name":
        return {"format": "last_first" if sum("," in text for text in texts) > 0.5 * len(texts) else "first_last"}
    if meaning == "credit_card":
        return {"separator": _most([re.findall(r"(?<=\d)[ -](?=\d)", text)[:1] for text in texts])}
    if meaning == "iban":
        return {"separator": " " if sum(" " in text for text in texts) > 0.5 * len(texts) else ""}
    if meaning == "file_name":
        endings = Counter(text.rpartition(".")[2].lower() for text in texts if "." in text)
        return {"endings": {ending: count for ending, count in sorted(endings.items()) if count >= k}}
    return {}


def _most(found: list[list[str]]) -> str:
    counted = Counter("".join(item) for item in found).most_common(1)
    return counted[0][0] if counted else ""


def _shapes(locals_: list[str], k: int) -> dict[str, int]:
    shapes = Counter(map(local_shape, locals_))
    return {shape: count for shape, count in sorted(shapes.items()) if count >= k}


def _email_details(texts: list[str], k: int) -> dict[str, Any]:
    """Shapes of the part before the @, and how long the domains are that k addresses share."""
    split = [text.rpartition("@") for text in texts]
    domains = Counter(domain.lower() for _, _, domain in split)
    shared = [[len(domain), count] for domain, count in domains.most_common(40) if count >= k]
    return {
        "shapes": _shapes([local for local, _, _ in split], k) or {"first.last": 1},
        "domains": shared,
        "other_domains": len(texts) - sum(count for _, count in shared),
        "upper_local": sum(local.isupper() for local, _, _ in split) > 0.5 * max(1, len(texts)),
    }
