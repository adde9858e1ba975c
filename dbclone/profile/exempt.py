"""Values that identify nobody because they stand in a public vocabulary: exempt from k one by one.

Takes a column's meaning and values, gives those that may leave however rare they are. Stores nothing.
"""

from __future__ import annotations

import functools
import mimetypes
import re
import unicodedata
from collections.abc import Iterable

from dbclone.profile.value import ColumnProfile
from dbclone.profile.vocabulary import is_public_word, provider, public_words

_STATES = frozenset("state state_code district".split())
_FORMS = frozenset({"mime_type", "initial"})
_INITIAL = re.compile(r"[^\W\d_]\.?")
_STATE_LOCALES = (
    "en_US en_GB en_IE en_CA fr_CA en_AU en_IN de_DE de_AT de_CH fr_CH fr_FR es_ES es_MX es_AR es_CO es_CL it_IT pt_BR "
    "nl_NL nl_BE pl_PL sv_SE da_DK fi_FI cs_CZ hu_HU ro_RO el_GR ja_JP zh_CN ko_KR uk_UA"
).split()
_STATE_LISTS = "states states_abbr provinces provinces_abbr counties regions estados cantons departments".split()
_MORE_STATES = (
    "SP RJ MG RS PR SC BA PE CE GO DF ES AM PA MT MS RN PB AL SE PI MA TO RO RR AP AC VIC NSW QLD "
    "Amazonas Anzoátegui Apure Aragua Barinas Bolívar Carabobo Cojedes Falcón Guárico Lara Mérida Miranda Monagas "
    "Portuguesa Sucre Táchira Trujillo Vargas Yaracuy Zulia Leinster Munster Connacht Ulster Auckland Wellington Otago "
    "Canterbury Southland Gauteng Limpopo Mpumalanga Hokkaido Aomori Iwate Miyagi Akita Yamagata Fukushima Ibaraki "
    "Tochigi Gunma Saitama Chiba Tokyo Kanagawa Niigata Toyama Ishikawa Fukui Yamanashi Nagano Gifu Shizuoka Aichi Mie "
    "Shiga Kyoto Osaka Hyogo Nara Wakayama Tottori Shimane Okayama Hiroshima Yamaguchi Tokushima Kagawa Ehime Kochi "
    "Fukuoka Saga Nagasaki Kumamoto Oita Miyazaki Kagoshima Okinawa Guangdong Sichuan Henan Hebei Hunan Hubei Anhui "
    "Zhejiang Shandong Jiangsu Jiangxi Liaoning Jilin Heilongjiang Shaanxi Shanxi Yunnan Guizhou Fujian Gansu Hainan "
    "Xinjiang Qinghai"
).split()
_LONG_STATES = (
    "Nueva Esparta;Isle of Wight;Distrito Capital;Delta Amacuro;Inner Mongolia;Western Cape;Eastern Cape;Northern Cape;"
    "Free State;KwaZulu-Natal;North West;North Rhine-Westphalia;Lower Saxony;Saxony;Saxony-Anhalt;Thuringia;Hesse;"
    "Rhineland-Palatinate;Andalusia;Catalonia;Basque Country;Lombardy;Tuscany;Sicily;Sardinia;Piedmont;Brittany;"
    "Normandy;Corsica;Moscow;Saint Petersburg;Tamil Nadu;West Bengal;Greater London;West Midlands"
).split(";")


def exempt_values(column: ColumnProfile, values: Iterable[str | None]) -> set[str]:
    """Those of a column's ``values`` that are public words of its meaning; none where the column is sensitive."""
    if column.sensitive or column.meaning is None:
        return set()
    return {value for value in set(values) if value is not None and is_exempt(column.meaning, value)}


def is_exempt(meaning: str, text: str) -> bool:
    """True where the text stands in a public vocabulary of the meaning, whichever country's it is."""
    if meaning in _STATES:
        plain = text.strip()
        return plain in _state_codes() if len(plain) <= 3 else fold(plain) in _state_names()
    if meaning == "mime_type":
        return text.strip().lower() in _mime_types()
    if meaning == "initial":
        return _INITIAL.fullmatch(text.strip()) is not None
    return is_public_word(meaning, text)


def has_vocabulary(meaning: str | None) -> bool:
    """True for meanings some of whose values are exempt."""
    return meaning is not None and (meaning in _STATES | _FORMS or bool(public_words(meaning)))


def fold(text: str) -> str:
    """Lower case without accents, ``Co.`` and ``County``."""
    plain = unicodedata.normalize("NFKD", text).lower()
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign)).strip()
    return plain.removeprefix("co. ").removeprefix("county ").removesuffix(" county").strip()


@functools.cache
def _listed_states() -> frozenset[str]:
    found = {*_MORE_STATES, *_LONG_STATES}
    for locale in _STATE_LOCALES:
        address = provider("address", locale)
        for name in _STATE_LISTS:
            listed = getattr(address, name, ())
            for entry in listed if isinstance(listed, tuple | list) else ():
                found.update([entry] if isinstance(entry, str) else entry)
    return frozenset(found)


@functools.cache
def _state_codes() -> frozenset[str]:
    listed = {code.upper() for code in public_words("state_code")}
    return frozenset(listed | {text for text in _listed_states() if len(text) <= 3 and text.isupper()})


@functools.cache
def _state_names() -> frozenset[str]:
    names = {fold(text) for text in _listed_states() if len(text) > 3}
    return frozenset(names | {fold(text) for text in public_words("state")})


@functools.cache
def _mime_types() -> frozenset[str]:
    return frozenset(mimetypes.types_map.values()) | frozenset(mimetypes.common_types.values())
