"""What a column's values are, from its name, its type and its content.

Takes a table's and a column's name, the type and Facts, gives a Meaning. Never stores a value.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from dbclone.profile.checksums import is_card, is_iban
from dbclone.profile.exempt import has_vocabulary, is_exempt
from dbclone.profile.facts import Facts
from dbclone.profile.name_rules import (
    AMBIGUOUS,
    COMPANIES,
    GENERAL_RULES,
    NOT_PERSONAL,
    PEOPLE,
    ROLES,
    RULES,
)
from dbclone.profile.vocabulary import SHORT_LISTS, all_first_names, all_last_names, is_public_word
from dbclone.schema import Kind, Type

SENSITIVE = frozenset(
    "first_name last_name middle_name full_name email phone street street2 house_number postcode company username "
    "password token birth_date credit_card iban national_id ip mac latitude longitude url license_plate bank_account "
    "notes".split()
)
"""Meanings that identify a person or a company contact."""


@dataclass(frozen=True)
class Meaning:
    """``name`` is None where nothing is known; ``prefix`` stands before it in the column's name (``billing``).

    ``exposed`` is true where contacts stand in its texts, whatever they mean.
    """

    name: str | None
    reason: str
    prefix: str = ""
    exposed: bool = False

    @property
    def sensitive(self) -> bool:
        return self.exposed or self.name in SENSITIVE


UNKNOWN = Meaning(None, "no meaning found in its name or content")

_EXACT = tuple((meaning, re.compile(pattern)) for meaning, pattern in RULES)
_GENERAL = tuple((meaning, re.compile(pattern)) for meaning, pattern in GENERAL_RULES)

_CONTENT: tuple[tuple[str, re.Pattern[str], float], ...] = (
    ("email", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}"), 0.8),
    ("url", re.compile(r"(https?|ftp)://\S+|www\.\S+\.\S+", re.I), 0.8),
    ("mac", re.compile(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.I), 0.9),
    ("ip", re.compile(r"(\d{1,3}\.){3}\d{1,3}(/\d+)?|([0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}", re.I), 0.9),
    ("uuid", re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.I), 0.95),
    ("timestamp", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*"), 0.95),
    (
        "hash",
        re.compile(r"([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{128})|\$2[aby]\$.{56}", re.I),
        0.9,
    ),
    ("mime_type", re.compile(r"(application|audio|font|image|message|model|multipart|text|video)/[\w.+-]+"), 0.9),
    (
        "file_name",
        re.compile(r"[\w .()-]+\.(gif|jpe?g|png|pdf|docx?|xlsx?|csv|txt|zip|mp[34]|json|xml|html?)", re.I),
        0.9,
    ),
    ("user_agent", re.compile(r"(Mozilla|Opera|curl|Wget|okhttp)/\d.*"), 0.7),
    ("color_code", re.compile(r"#[0-9a-f]{6}|#[0-9a-f]{3}", re.I), 0.9),
    ("username", re.compile(r"[\w.-]+\\[\w.-]+"), 0.8),
)
"""Formats that are unmistakable, and the share of distinct values that must show them."""

_EVIDENCE = {
    "email": re.compile(r".+@.+"),
    "phone": re.compile(r"(?=(.*\d){5})[\d\s()+./x-]+(ext.*)?", re.I),
    "postcode": re.compile(r"(?=.*\d)[\w -]{3,12}"),
    "street": re.compile(r"(?=.*[^\W\d_]{2}).{5,}"),
    "first_name": re.compile(r"[^\d]{2,}"),
    "last_name": re.compile(r"[^\d]{2,}"),
    "full_name": re.compile(r"(?=.*[^\W\d_]{2})[^\d]{3,60}"),
    "company": re.compile(r".*[^\W\d_]{2}.*"),
    "city": re.compile(r"[^\d]{2,}"),
    "state": re.compile(r"[A-Z][^\d]*|\w{1,3}"),
    "credit_card": re.compile(r"[\d *X-]{12,}", re.I),
    "iban": re.compile(r"[A-Z]{2}[\d\w *]{10,}", re.I),
    "national_id": re.compile(r"(?=(.*\d){4}).{5,24}"),
    "license_plate": re.compile(r"(?=.*\d)[\w -]{4,12}"),
    "ip": re.compile(r"[\da-f.:/]{7,}", re.I),
    "mac": re.compile(r"[\da-f:.-]{12,}", re.I),
    "url": re.compile(r".*[./#:].*"),
    "hostname": re.compile(r"[\w.-]{3,}"),
    "latitude": re.compile(r"-?\d.*"),
    "longitude": re.compile(r"-?\d.*"),
    "token": re.compile(r"\S{6,}"),
    "password": re.compile(r"\S{3,}"),
    "file_path": re.compile(r".*[/\\.].*"),
    "job": re.compile(r".*[^\W\d_]{3}.*"),
    "birth_date": re.compile(r".*\d{2}.*"),
}
"""What most values of a meaning that a name claims should look like."""

_COMPANY_WORDS = re.compile(r"\b(inc|ltd|llc|gmbh|ag|corp|co|company|s\.?a\.?|group|sons|plc|bv|srl|kg|pty)\b", re.I)

_VOCABULARIES = "country country_code state state_code currency_code language language_code timezone gender".split()
_VERIFIED = frozenset(
    "country country_code state currency_code currency language language_code timezone gender weekday month color "
    "unit name_title size marital_status blood_group".split()
)

MOSTLY_INITIALS = 0.8
"""Share of rows with a single letter that makes middle names initials, which identify nobody."""

_NOTHING_ELSE = frozenset("unit month weekday name_title size marital_status blood_group".split())
"""Of these a column that holds other words says nothing."""


def split_name(name: str) -> tuple[str, ...]:
    """``BillingPostalCode2`` and ``billing_postal_code_2`` to ``("billing", "postal", "code", "2")``."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", plain)
    return tuple(part.lower() for part in parts)


def meaning_of(table: str, column: str, type_: Type, facts: Facts) -> Meaning:
    """The meaning by content where it is unmistakable, else by name where the content does not speak against it."""
    if type_.kind not in (Kind.TEXT, Kind.NETWORK, Kind.ENUM):
        return _meaning_of_plain(column, type_)
    sure = _unmistakable(facts)
    named = _by_name(table, column, facts)
    if sure == "hash" and named.name in ("password", "token"):
        return named
    if sure is not None:
        prefix = named.prefix if named.name == sure else ""
        return Meaning(sure, f"its values look like {sure.replace('_', ' ')}", prefix)
    if named.name is not None:
        return named
    return _by_vocabulary(facts)


def _meaning_of_plain(column: str, type_: Type) -> Meaning:
    name, prefix = _rule(split_name(column))
    fits = {
        "birth_date": type_.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ),
        "latitude": type_.kind in (Kind.DECIMAL, Kind.FLOAT),
        "longitude": type_.kind in (Kind.DECIMAL, Kind.FLOAT),
        "phone": type_.kind in (Kind.INTEGER, Kind.DECIMAL),
        "credit_card": type_.kind in (Kind.INTEGER, Kind.DECIMAL),
        "national_id": type_.kind in (Kind.INTEGER, Kind.DECIMAL),
        "bank_account": type_.kind in (Kind.INTEGER, Kind.DECIMAL),
    }
    if name is not None and fits.get(name, False):
        return Meaning(name, f"its name says {name.replace('_', ' ')}", prefix)
    return UNKNOWN


def _rule(tokens: tuple[str, ...]) -> tuple[str | None, str]:
    """The meaning and the prefix before it; a number at the end (``phone2``) counts where nothing matches with it."""
    for rules in (_EXACT, _GENERAL):
        for start in range(len(tokens)):
            text = "_".join(tokens[start:])
            for meaning, pattern in rules:
                if pattern.fullmatch(text):
                    return meaning, "_".join(tokens[:start])
    return _rule(tokens[:-1]) if tokens and tokens[-1].isdigit() else (None, "")


def _by_name(table: str, column: str, facts: Facts) -> Meaning:
    tokens = split_name(column)
    name, prefix = _rule(tokens)
    if name is None:
        return UNKNOWN
    words = "_".join(token for token in tokens if not token.isdigit()).removeprefix(prefix).strip("_")
    if _contradicted(name, words, facts):
        return UNKNOWN
    owner = {token.rstrip("s") for token in split_name(table)} | set(split_name(table))
    name = _settle(name, owner, tokens, facts)
    if name is None:
        return UNKNOWN
    if name == "full_name" and not prefix and len(tokens) > 1 and tokens[0] in ROLES - owner:
        prefix = tokens[0]
    return Meaning(name, f"its name says {name.replace('_', ' ')}", prefix)


def _contradicted(name: str, words: str, facts: Facts) -> bool:
    """True where the values do not look like what the name claims: always for words that mean many things, otherwise
    only where a few values make up the column (``email`` holding yes and no)."""
    pattern = _EVIDENCE.get(name)
    values = facts.checked
    if not values:
        return words in AMBIGUOUS and words not in ("address", "zip", "state", "states", "gender", "sex", "region")
    if pattern is None or sum(pattern.fullmatch(value) is not None for value in values) >= 0.5 * len(values):
        return False
    return words in AMBIGUOUS or (facts.distinct <= 20 and facts.covered >= 0.9)


def _settle(name: str, owner: set[str], tokens: tuple[str, ...], facts: Facts) -> str | None:
    """Puts a rule's verdict right where table or content says otherwise."""
    if name in ("first_name", "last_name", "full_name", "company", "name"):
        return _settle_name(name, owner, tokens, facts)
    if name == "title":
        if facts.texts and _share_in(facts, "name_title") >= 0.6:
            return "name_title"
        return "job" if owner & PEOPLE else "title"
    if not facts.texts:
        return name
    if name == "middle_name" and _share_in(facts, "initial", weighed=True) >= MOSTLY_INITIALS:
        return "initial"
    match name:
        case "country" | "country_code" | "state":
            return _place_by_content(name, facts)
        case "language" | "language_code":
            fitting = _first_that_fits(facts, "language", "language_code")
            return fitting or ("language_code" if facts.widest <= 6 else "name")
        case "currency_code":
            return "currency_code" if _share_in(facts, "currency_code") >= 0.9 else "currency"
        case "prose":
            return "prose" if is_prose(facts) else "name"
        case _ if name in _VERIFIED and _share_in(facts, name) < 0.6:
            return {"name_title": "title"}.get(name) if name in _NOTHING_ELSE else name
    return name


def _settle_name(name: str, owner: set[str], tokens: tuple[str, ...], facts: Facts) -> str | None:
    if name == "name":
        return _kind_of_name(owner, tokens, facts)
    if name in ("company", "full_name") and tokens[-1:] == ("name",) and set(tokens) & NOT_PERSONAL:
        return "name"
    if tokens == ("ship", "name"):
        return "full_name" if looks_like_people(facts) else "company"
    if name == "full_name" and facts.texts and not any(" " in value or "," in value for value in facts.checked):
        letters = sum(bool(re.match(r"[^\W\d_]{3}", value)) for value in facts.checked)
        return "username" if letters > 0.7 * len(facts.checked) else "code"
    if name != "company" and _is_coded(facts):
        return "code"
    return name


def is_prose(facts: Facts) -> bool:
    """True where texts are sentences rather than labels."""
    some = facts.checked[:300]
    words = sorted(len(text.split()) for text in some)
    return bool(words) and (words[len(words) // 2] >= 5 or words[-1] >= 15)


def _kind_of_name(owner: set[str], tokens: tuple[str, ...], facts: Facts) -> str | None:
    if len(tokens) > 1 and set(tokens[:-1]) & NOT_PERSONAL:
        return "name"
    if owner & COMPANIES or set(tokens) & COMPANIES:
        return "company"
    for vocabulary in ("country", "language", "currency", "state"):
        if vocabulary in owner and (not facts.texts or _share_in(facts, vocabulary) > 0.5):
            return vocabulary
    if "city" in owner or "town" in owner:
        return "city"
    if (set(tokens[:-1]) if len(tokens) > 1 else owner) & PEOPLE:
        return _person_or_company(facts)
    return "full_name" if facts.texts and looks_like_people(facts, 0.5) else "name"


def _person_or_company(facts: Facts) -> str:
    """A person's name unless the values say otherwise: names that no list knows are people's all the same."""
    values = facts.checked
    if not values or looks_like_people(facts, 0.15):
        return "full_name"
    if sum(_COMPANY_WORDS.search(value) is not None for value in values) >= 0.2 * len(values):
        return "company"
    words = sum(len(value.split()) for value in values) / len(values)
    return "full_name" if not _is_coded(facts) and 1.5 <= words <= 4 else "name"


def _place_by_content(name: str, facts: Facts) -> str:
    if name == "state":
        return _first_that_fits(facts, "state_code", "state") or "state"
    return _first_that_fits(facts, "country_code", "country_code3", "country") or name


def _first_that_fits(facts: Facts, *vocabularies: str) -> str | None:
    return next((name for name in vocabularies if _share_in(facts, name) >= 0.6), None)


def _share_in(facts: Facts, vocabulary: str, *, weighed: bool = False) -> float:
    """Share of the distinct values, or of the rows, in a vocabulary."""
    if weighed:
        pairs = zip(facts.texts, facts.counts, strict=True)
        return sum(count for text, count in pairs if is_exempt(vocabulary, text)) / max(1, facts.present)
    values = facts.checked
    return sum(is_public_word(vocabulary, value) for value in values) / len(values) if values else 0.0


def is_public(meaning: str | None, facts: Facts, k: int) -> bool:
    """True where every value that fewer than k rows share stands in the meaning's public vocabulary."""
    if meaning is None or not has_vocabulary(meaning):
        return False
    if len(facts.texts) < facts.distinct:
        return False
    rare = [text for text, count in zip(facts.texts, facts.counts, strict=True) if count < k]
    return all(is_exempt(meaning, text) for text in rare)


def public_share(meaning: str | None, facts: Facts, k: int) -> float:
    """Share of the filled rows whose value k rows share or is exempt."""
    if meaning is None or not has_vocabulary(meaning) or not facts.present:
        return facts.covered
    exempt = sum(
        count for text, count in zip(facts.texts, facts.counts, strict=True) if count < k and is_exempt(meaning, text)
    )
    return facts.covered + exempt / facts.present


def looks_like_people(facts: Facts, least: float = 0.35) -> bool:
    """True where enough values read as a known first name followed or preceded by other words."""
    values = facts.checked
    if not values:
        return False
    firsts, lasts = all_first_names(), all_last_names()
    hits = 0.0
    for value in values:
        words = re.findall(r"[^\W\d_]+[.']?", value.lower())
        if 2 <= len(words) <= 4:
            hits += (words[0] in firsts and words[-1] in lasts) or (words[-1] in firsts and words[0] in lasts)
            hits += 0.5 * (words[0] in firsts or (words[-1] in firsts and "," in value))
    return hits / len(values) >= least


def _is_coded(facts: Facts) -> bool:
    values = facts.checked
    return bool(values) and sum(any(sign.isdigit() for sign in value) for value in values) > 0.5 * len(values)


def _unmistakable(facts: Facts) -> str | None:
    values = facts.checked
    if len(values) < 1:
        return None
    for meaning, pattern, least in _CONTENT:
        if sum(pattern.fullmatch(value) is not None for value in values) >= least * len(values):
            return meaning
    if len(values) >= 3 and sum(is_iban(value) for value in values) >= 0.9 * len(values):
        return "iban"
    if len(values) >= 10 and sum(is_card(value) for value in values) >= 0.9 * len(values):
        return "credit_card"
    return None


def _by_vocabulary(facts: Facts) -> Meaning:
    values = facts.checked
    if len(values) < 2:
        return UNKNOWN
    for vocabulary in _VOCABULARIES:
        if _share_in(facts, vocabulary) >= 0.95 and (len(values) >= 5 or facts.widest > 3):
            return Meaning(vocabulary, f"its values are {vocabulary.replace('_', ' ')} names")
    for vocabulary in SHORT_LISTS:
        if facts.distinct <= 12 and set(values) <= set(SHORT_LISTS[vocabulary].split()):
            return Meaning(vocabulary, f"its values are {vocabulary.replace('_', ' ')} words")
    firsts, lasts = all_first_names(), all_last_names()
    if len(values) >= 10 and not _is_coded(facts):
        if sum(value.lower() in firsts for value in values) > 0.7 * len(values):
            return Meaning("first_name", "its values are first names")
        if sum(value.lower() in lasts for value in values) > 0.7 * len(values):
            return Meaning("last_name", "its values are last names")
        if looks_like_people(facts, 0.7):
            return Meaning("full_name", "its values are people's names")
    return UNKNOWN
