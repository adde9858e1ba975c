"""Candidates of an exact length where no list has one: longer and shorter names, streets, firms, files.

Takes a pool of a meaning and a length, gives texts of that length that read like the pool's own. Invents letters from
public lists only; the same in every process.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from dbclone.profile.vocabulary import public_list
from dbclone.sample.makers.faked import one, pool_of, words_in
from dbclone.sample.makers.pools import Pool
from dbclone.sample.makers.request import Ints, stable_seed

FEW = 12
"""Candidates of one length below which more are composed, and how many there are then."""
ENOUGH = 100

_NAMES = frozenset("first_name first_name_male first_name_female middle_name last_name full_name".split())
_PLACES = frozenset("city district state street company hostname".split())
_SIGNED = frozenset("email url username file_path file_name hostname email_domain".split())
_KEPT = frozenset("http https www com org net example mailto ftp".split())
_PREFIXES = ("North", "South", "East", "West", "New", "Old", "Upper", "Lower", "Port", "Lake", "Saint", "Fort", "Mount")
_SUFFIXES = ("ton", "ville", "bury", "ham", "ford", "field", "wood", "burg", "land", "port", "dale", "worth", "side")
_RANKS = ("Senior", "Junior", "Chief", "Assistant", "Deputy", "Regional", "Lead", "Associate", "Interim", "Principal")
_TRADES = ("Clerk", "Agent", "Owner", "Buyer", "Sales", "Planner", "Manager", "Director", "Accountant", "Coordinator")
_COMPOSED = _NAMES | _PLACES | _SIGNED | {"job", "phone", "street2", "postcode", "house_number", "user_agent"}


def covering(pool: Pool, meaning: str, locale: str, lengths: Ints) -> Pool:
    """The pool with candidates of every wanted length, as far as texts of the meaning can be composed."""
    if meaning not in _COMPOSED or (public_list(meaning) and meaning != "state"):
        return pool
    sizes, counts = np.unique(pool.lengths, return_counts=True)
    few = 1 if meaning in _NAMES else FEW
    rich = set(sizes[counts >= few].tolist())
    missing = [int(length) for length in np.unique(lengths) if 0 < length <= 400 and int(length) not in rich]
    if not missing:
        return pool
    more = [text for length in missing for text in _composed(pool, meaning, locale, length)]
    return Pool([*pool.texts.to_pylist(), *more]) if more else pool


def _composed(pool: Pool, meaning: str, locale: str, length: int) -> tuple[str, ...]:
    known = pool.composed.get(length)
    if known is None:
        rng = np.random.default_rng(stable_seed("composed", meaning, locale, length))
        own = set(pool.of_length(length))
        found: dict[str, None] = {}
        for _ in range(4 * ENOUGH):
            text = _one_of(pool, meaning, locale, length, rng)
            if text is not None and len(text) == length and text not in own:
                found.setdefault(text)
            if len(found) >= ENOUGH:
                break
        known = pool.composed[length] = tuple(found)
    return known


def _one_of(pool: Pool, meaning: str, locale: str, length: int, rng: np.random.Generator) -> str | None:
    if meaning in _NAMES:
        return _name(meaning if meaning != "full_name" else "last_name", locale, length, rng)
    if meaning in ("city", "district", "state"):
        return _place(locale, length, rng, code=meaning == "state")
    if meaning == "company" and length <= 5:
        return "".join(one(rng, "ABCDEFGHIKLMNOPRSTUVW") for _ in range(length))
    if meaning == "job":
        return _job(pool, length, rng)
    return _respelled(pool, meaning, locale, length, rng)


def _name(meaning: str, locale: str, length: int, rng: np.random.Generator) -> str:
    """A name that could be one; long ones are double names."""
    if length < (9 if meaning.startswith("first") else 12):
        return spelled(meaning, locale, length, rng).title()
    left = int(rng.integers(4, length - 4)) if length < 18 else int(rng.integers(5, 9))
    right = length - left - 1
    rest = _word(meaning, locale, right, rng) if right < 9 else _name(meaning, locale, right, rng)
    return f"{_word(meaning, locale, left, rng)}-{rest}"


def _word(meaning: str, locale: str, length: int, rng: np.random.Generator) -> str:
    """A listed name of the length where there is one, else one that could be."""
    listed = [text for text in pool_of(meaning, locale).of_length(length) if text.isalpha()]
    return one(rng, listed) if listed else spelled(meaning, locale, length, rng).title()


def _place(locale: str, length: int, rng: np.random.Generator, *, code: bool = False) -> str | None:
    """``Ely``, ``Marford``, ``North Marford``, ``Marford-Ashby``; states of up to three letters are codes."""
    if code and length <= 3:
        return spelled("city", locale, length, rng).upper()
    prefixes = [prefix for prefix in _PREFIXES if len(prefix) + 4 <= length]
    if prefixes and (length > 14 or rng.random() < 0.4):
        prefix = one(rng, prefixes)
        rest = _place(locale, length - len(prefix) - 1, rng) if length > 26 else None
        return f"{prefix} {rest or _word('last_name', locale, length - len(prefix) - 1, rng)}"
    suffixes = [suffix for suffix in _SUFFIXES if len(suffix) + 3 <= length]
    if suffixes and length < 16 and locale.startswith("en"):
        suffix = one(rng, suffixes)
        return spelled("last_name", locale, length - len(suffix), rng).title() + suffix
    return _name("last_name", locale, length, rng)


def _job(pool: Pool, length: int, rng: np.random.Generator) -> str | None:
    rank, trade = one(rng, _RANKS), one(rng, _TRADES)
    rest = length - len(rank) - 1
    listed = pool.of_length(rest) if rest > 0 else ()
    listed = [text for text in listed if not any(sign in text for sign in ",(/")]
    if listed:
        return f"{rank} {one(rng, listed)}"
    return next(
        (text for text in (f"{rank} {trade}", trade, f"{trade} {one(rng, _TRADES)}") if len(text) == length), None
    )


def _respelled(pool: Pool, meaning: str, locale: str, length: int, rng: np.random.Generator) -> str | None:
    """A candidate of about the length with one of its words, or runs of digits, exchanged for one that fits."""
    near = pool.around(length, rng)
    letters = [m for m in re.finditer(r"[^\W\d_]{3,}", near) if m[0].lower() not in _KEPT and near[m.end() :]]
    last = re.search(r"[^\W\d_]{3,}$", near)
    if last and meaning not in _SIGNED:
        letters.append(last)
    runs = letters or list(re.finditer(r"\d+", near))
    if not runs:
        return None
    run = runs[int(rng.integers(len(runs)))]
    size = len(run[0]) + length - len(near)
    if size < 1 or (size < 2 and letters):
        run = max(runs, key=lambda found: len(found[0]))
        size = len(run[0]) + length - len(near)
        if size < 1:
            return None
    return near[: run.start()] + _stand_in(run[0], size, meaning, locale, rng) + near[run.end() :]


def _stand_in(run: str, size: int, meaning: str, locale: str, rng: np.random.Generator) -> str:
    if run.isdigit():
        return str(int(rng.integers(1, 10))) + "".join(str(int(digit)) for digit in rng.integers(0, 10, size - 1))
    if meaning in _SIGNED:
        return _plain_word(size, rng)
    if size > 10:
        left = int(rng.integers(4, size - 5))
        return f"{_word('last_name', locale, left, rng)} {_stand_in(run, size - left - 1, meaning, locale, rng)}"
    word = _word("last_name", locale, size, rng)
    return word.lower() if run.islower() else word


def _plain_word(size: int, rng: np.random.Generator) -> str:
    """Lower-case English words strung together."""
    by_length = _plain_words()
    if size in by_length:
        return one(rng, by_length[size])
    if size < 3:
        return "".join(one(rng, "abcdefghiklmnoprstu") for _ in range(size))
    left = int(rng.choice([n for n in by_length if n <= max(3, size - 2)] or [3]))
    return _plain_word(left, rng) + _plain_word(size - left, rng)


@functools.cache
def _plain_words() -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for word in words_in("en_US"):
        if word.isascii() and word.isalpha() and len(word) > 2:
            found[len(word)].append(word)
    return dict(found)


def spelled(meaning: str, locale: str, length: int, rng: np.random.Generator) -> str:
    """A made-up word in lower case that begins, goes on and ends as the meaning's listed names do."""
    begins, follows, ends = _letters(meaning, locale)
    best = ""
    for _ in range(30):
        text = one(rng, begins)
        while len(text) < length:
            text += one(rng, follows.get(text[-2:]) or follows[text[-1:]])
        text = text[:length]
        best = best or text
        if text[-2:] in ends:
            return text
    return best


@functools.cache
def _letters(meaning: str, locale: str) -> tuple[list[str], dict[str, Sequence[str]], frozenset[str]]:
    """First pairs of letters, the letters that follow one or two, and the last pairs."""
    names = [text.lower() for text in pool_of(meaning, locale).texts.to_pylist()]
    names = [name for name in names if name.isalpha() and len(name) > 2]
    if len(names) < 20:
        names = [word for words in _plain_words().values() for word in words]
    follows: dict[str, list[str]] = defaultdict(list)
    for name in names:
        for place in range(1, len(name)):
            follows[name[place - 1]].append(name[place])
            follows[name[place - 2 : place]].append(name[place]) if place > 1 else None
    everything = [sign for name in names for sign in name]
    for sign in sorted(set(everything)):
        follows.setdefault(sign, everything[:500])
    ends = frozenset(name[-2:] for name in names) | frozenset(name[-1] for name in names if len(name) < 4)
    return [name[:2] for name in names], {key: tuple(signs) for key, signs in follows.items()}, ends
