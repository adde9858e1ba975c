"""The locale that the data speaks: from countries, names and alphabets.

Takes Facts of all columns with their meanings, gives a Faker locale such as ``de_DE``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dbclone.profile.facts import Facts
from dbclone.profile.meanings import Meaning
from dbclone.profile.vocabulary import LOCALES, country_codes, country_key, first_names, last_names

DEFAULT = "en_US"


def detect_locale(columns: Sequence[tuple[Meaning, Facts]]) -> str:
    """The locale that most names and countries speak for; ``en_US`` where the evidence is thin or mixed."""
    countries = _countries([facts for meaning, facts in columns if meaning.name in ("country", "country_code")])
    if countries and countries[0][1] < 0.6:
        return DEFAULT
    by_country = {locale[3:]: locale for locale in reversed(LOCALES)}
    if countries and countries[0][0] in by_country:
        return by_country[countries[0][0]]
    return _by_names(columns)


def _countries(facts: list[Facts]) -> list[tuple[str, float]]:
    codes = country_codes()
    counted: Counter[str] = Counter()
    for column in facts:
        for text, count in zip(column.texts, column.counts, strict=True):
            counted[codes.get(country_key(text), "?")] += count
    total = sum(counted.values())
    return [(code, count / total) for code, count in counted.most_common()] if total >= 20 else []


def _by_names(columns: Sequence[tuple[Meaning, Facts]]) -> str:
    firsts = {text.lower() for m, facts in columns if m.name == "first_name" for text in facts.checked}
    lasts = {text.lower() for m, facts in columns if m.name == "last_name" for text in facts.checked}
    total = len(firsts) + len(lasts)
    if total < 20:
        return DEFAULT
    shares = {
        locale: (len(firsts & first_names(locale)) + len(lasts & last_names(locale))) / total for locale in LOCALES
    }
    best = max(shares, key=lambda locale: shares[locale])
    return best if shares[best] >= 0.3 and shares[best] > 1.25 * shares[DEFAULT] else DEFAULT
