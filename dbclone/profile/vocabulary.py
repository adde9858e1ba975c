"""Lists of words that identify nobody: names, countries, currencies, languages, as Faker knows them.

Takes a list's name, gives lower-case sets for recognising and tuples for making. Reads no database.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterable
from typing import Any

LOCALES = (
    "en_US en_GB de_DE fr_FR es_ES it_IT pt_BR nl_NL pl_PL sv_SE da_DK no_NO fi_FI cs_CZ tr_TR ru_RU uk_UA ja_JP zh_CN "
    "ko_KR el_GR hu_HU ro_RO en_IN"
).split()
"""The locales whose names are recognised, the likelier first."""

CURRENCY_SIGNS = ("$", "€", "£", "¥", "₹", "CHF", "kr", "zł", "R$")
UNITS = (
    "kg g mg t lb lbs oz m cm mm km in ft yd mi l ml gal pcs pc piece pieces unit units each ea box "
    "boxes pack set h hr "
    "hours min s sec day days week month year % kwh mwh w kw v a hz gb mb tb"
).split()
MIME_TOP = ("application", "audio", "font", "image", "message", "model", "multipart", "text", "video")
CARD_RANGES = ("400000", "424242", "555555", "510510")
"""First digits that payment systems keep for tests."""
COLOURS = (
    "Black White Red Green Blue Yellow Orange Purple Pink Brown Grey Gray Silver Gold Beige Ivory Navy "
    "Teal Maroon Olive "
    "Cyan Magenta Turquoise Violet Indigo Lavender Crimson Coral Bronze Copper Cream Khaki Lime Mint Multi Multicolor"
).split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Wed Thu Fri Sat Sun".split()
MONTHS = (
    "January February March April May June July August September October November December Jan Feb Mar Apr Jun Jul Aug "
    "Sep Sept Oct Nov Dec"
).split()
GENDERS = "m f male female man woman x d u other unknown non-binary divers männlich weiblich homme femme".split()
TITLES = "Mr. Mr Mrs. Mrs Ms. Ms Miss Dr. Dr Prof. Prof Sir Madam Sr. Sra. Herr Frau M. Mme Rev.".split()
SHORT_LISTS = {
    "yes_no": "Y N yes no true false t f ja nein oui non si sí sim não J 0 1 on off",
    "marital_status": (
        "single married divorced widowed separated unmarried engaged partnered S M D W widow widower unknown"
    ),
    "blood_group": "A B AB O A+ A- B+ B- AB+ AB- O+ O-",
    "size": "XXS XS S M L XL XXL XXXL 2XL 3XL 4XL 5XL one-size small medium large",
}
"""Vocabularies of a few words, recognised only where every value belongs to one."""
SIZE_NUMBERS = tuple(str(number) for number in range(18, 72))

LANGUAGES = (
    "English Mandarin Chinese Japanese French German Italian Spanish Portuguese Dutch Swedish Norwegian Danish Finnish "
    "Polish Czech Hungarian Romanian Russian Ukrainian Turkish Greek Arabic Hebrew Hindi Bengali Urdu "
    "Korean Vietnamese "
    "Thai Indonesian Malay Persian Swahili Catalan Croatian Serbian Slovak Slovenian Bulgarian Lithuanian Latvian "
    "Estonian Icelandic Irish Welsh Tamil Telugu Cantonese"
).split()
STATES_ELSEWHERE = (
    "District of Columbia;Puerto Rico;Guam;Alberta;British Columbia;Manitoba;New Brunswick;Newfoundland and Labrador;"
    "Nova Scotia;Ontario;Prince Edward Island;Quebec;Québec;Saskatchewan;Northwest Territories;Nunavut;Yukon;England;"
    "Scotland;Wales;Northern Ireland;New South Wales;Queensland;South Australia;Tasmania;Victoria;Western Australia;"
    "Northern Territory;Australian Capital Territory;Baden-Württemberg;Bayern;Bavaria;Berlin;Brandenburg;"
    "Bremen;Hamburg;"
    "Hessen;Niedersachsen;Mecklenburg-Vorpommern;Nordrhein-Westfalen;Rheinland-Pfalz;Saarland;Sachsen;Sachsen-Anhalt;"
    "Schleswig-Holstein;Thüringen;Burgenland;Kärnten;Niederösterreich;Oberösterreich;Salzburg;Steiermark;Tirol;"
    "Vorarlberg;Wien;São Paulo;Rio de Janeiro;Minas Gerais;Bahia;Paraná;Rio Grande do Sul;Santa Catarina;Pernambuco;"
    "Ceará;Goiás;Distrito Federal;Andalucía;Aragón;Asturias;Cataluña;Galicia;Madrid;Murcia;Navarra;País Vasco;"
    "Lombardia;Lazio;Toscana;Veneto;Piemonte;Sicilia;Sardegna;Bretagne;Normandie;Occitanie;Île-de-France"
).split(";")
STATE_CODES_ELSEWHERE = "DC PR GU AB BC MB NB NL NS ON PE QC SK NT NU YT NSW QLD SA TAS VIC WA ACT".split()
"""Codes that read as a state's only where most of the column are US states."""

MORE_COUNTRIES = (
    "Virgin Islands;Vatican City;Holy See;Reunion;Réunion;Runion;Cote d'Ivoire;Côte d'Ivoire;Ivory Coast;Macao;Macau;"
    "Hong Kong;Yugoslavia;Serbia and Montenegro;Swaziland;Eswatini;Burma;Myanmar;Cape Verde;East Timor;Timor-Leste;"
    "North Macedonia;Macedonia;Palestine;Palestinian Territory;Kosovo;Curaçao;Aruba;Bermuda;Faroe Islands;Gibraltar;"
    "Greenland;Guadeloupe;Guernsey;Jersey;Isle of Man;Martinique;Mayotte;Montserrat;New Caledonia;French Guiana;"
    "French Polynesia;Cayman Islands;Falkland Islands;Cook Islands;Saint Helena;Turks and Caicos Islands;Anguilla;"
    "Netherlands Antilles;Congo;Republic of Ireland;Ireland;Brunei;Laos;Moldova;Syria;Tanzania;Bolivia;Venezuela;"
    "Micronesia;St. Lucia;St Vincent and the Grenadines;Bosnia;The Gambia;The Netherlands;The Bahamas;Scotland;Wales;"
    "Northern Ireland;Kyrgyzstan;Slovakia;Saint Vincent and the Grenadines;São Tomé and Príncipe;Turkey;Libya;Samoa"
).split(";")
_COUNTRY_FILLERS = frozenset(
    "the of and republic democratic people's peoples islamic arab state states federal federated kingdom united union "
    "islands island province special administrative region bolivarian plurinational sovereign former yugoslav british "
    "u.s. u.s us uk dutch french part china jamahiriya city socialist".split()
)
SHORT_COUNTRIES = {
    "USA": "US", "UK": "GB", "U.S.A.": "US", "United States": "US", "United States of America": "US",
    "United Kingdom": "GB", "Great Britain": "GB", "England": "GB", "Russia": "RU", "Russian Federation": "RU",
    "South Korea": "KR", "North Korea": "KP", "Vietnam": "VN", "Iran": "IR", "Holland": "NL", "Taiwan": "TW",
    "Czech Republic": "CZ", "Czechia": "CZ", "Deutschland": "DE", "Österreich": "AT", "Schweiz": "CH",
    "France": "FR", "España": "ES", "Italia": "IT", "Brasil": "BR", "México": "MX", "Polska": "PL", "Türkiye": "TR",
}  # fmt: skip


@functools.cache
def provider(group: str, locale: str) -> Any:
    """Faker's provider class, e.g. ``provider("person", "de_DE")``; None where the locale has none."""
    try:
        return importlib.import_module(f"faker.providers.{group}.{locale}").Provider
    except ModuleNotFoundError:
        return None


@functools.cache
def first_names(locale: str) -> frozenset[str]:
    person = provider("person", locale)
    lists = ("first_names", "first_names_male", "first_names_female", "first_romanized_names")
    return _lower(name for key in lists for name in getattr(person, key, ()))


@functools.cache
def last_names(locale: str) -> frozenset[str]:
    person = provider("person", locale)
    lists = ("last_names", "last_names_male", "last_names_female", "last_romanized_names")
    return _lower(name for key in lists for name in getattr(person, key, ()))


@functools.cache
def all_first_names() -> frozenset[str]:
    return frozenset().union(*(first_names(locale) for locale in LOCALES))


@functools.cache
def all_last_names() -> frozenset[str]:
    return frozenset().union(*(last_names(locale) for locale in LOCALES))


@functools.cache
def country_codes() -> dict[str, str]:
    """Country name (lower case) and alpha-2, alpha-3 code (lower case) to alpha-2 code."""
    found = {name.lower(): code for name, code in SHORT_COUNTRIES.items()}
    for country in provider("date_time", "en_US").countries:
        for text in (country.name, country.alpha_2_code, country.alpha_3_code):
            found.setdefault(text.lower(), country.alpha_2_code)
    for name in [*provider("address", "en_US").countries, *MORE_COUNTRIES]:
        found.setdefault(name.lower(), "")
    return found


def country_key(text: str) -> str:
    """A country's plain name in lower case: ``Congo, The Democratic Republic of the`` is ``congo``."""
    plain = text.strip().lower()
    if plain in country_codes():
        return plain
    head, *rest = re.split(r"[,(]", plain.replace(")", ""), maxsplit=1)
    fillers = " ".join(rest).replace(",", " ").split()
    if set(fillers) <= _COUNTRY_FILLERS:
        kept = [word for word in head.split() if word not in _COUNTRY_FILLERS]
        return head.strip() if head.strip() in country_codes() else " ".join(kept)
    return plain


@functools.cache
def public_list(meaning: str) -> tuple[str, ...]:
    """The public values of a meaning, empty where the meaning has no public vocabulary."""
    countries = provider("date_time", "en_US").countries
    currency = provider("currency", "en_US")
    address = provider("address", "en_US")
    lists: dict[str, Iterable[str]] = {
        "country": [*address.countries, *SHORT_COUNTRIES],
        "country_code": [country.alpha_2_code for country in countries],
        "country_code3": [country.alpha_3_code for country in countries],
        "currency_code": [code for code, _ in currency.currencies],
        "currency": [name for _, name in currency.currencies] + list(CURRENCY_SIGNS),
        "language": LANGUAGES,
        "language_code": importlib.import_module("faker.providers").BaseProvider.language_locale_codes,
        "state": address.states,
        "state_code": address.states_abbr,
        "timezone": [zone for country in countries for zone in country.timezones],
        "unit": UNITS,
        "color": COLOURS,
        "weekday": WEEKDAYS,
        "month": MONTHS,
        "gender": GENDERS,
        "name_title": TITLES,
    } | {name: words.split() for name, words in SHORT_LISTS.items()}
    return tuple(dict.fromkeys(lists.get(meaning, ())))


@functools.cache
def public_words(meaning: str) -> frozenset[str]:
    """``public_list`` in lower case with other spellings and countries, for recognising."""
    if meaning == "country":
        return frozenset(country_codes())
    others = {"state": STATES_ELSEWHERE, "state_code": STATE_CODES_ELSEWHERE, "size": SIZE_NUMBERS}
    more = others.get(meaning, ())
    return _lower([*public_list(meaning), *more])


def is_public_word(meaning: str, text: str) -> bool:
    """True where the text stands in the meaning's public vocabulary."""
    plain = text.strip().lower()
    return plain in public_words(meaning) or (meaning == "country" and country_key(plain) in public_words(meaning))


def _lower(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.lower() for word in words)
