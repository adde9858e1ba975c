"""Free text as words: which words many texts share, which follow one or two others, how texts begin and end.

Takes distinct texts, gives JSON settings for the ``words`` maker. A word, a pair or a run of three words is kept only
where at least k distinct texts use it; no longer run is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

MOST_WORDS = 3_000
MOST_FOLLOWERS = 12
MOST_PAIRS = 6_000
"""Pairs of words whose followers are kept."""
MOST_SIGNS = 1_000
"""Signs of a text that are looked at."""

PROSE_WORDS = 6
"""Words a text from which on texts are sentences, which read on, rather than names, which join freely."""

Pair = tuple[str, str]


def learn_words(texts: Sequence[str], k: int) -> dict[str, Any]:
    """Settings with ``words`` (most used first), ``weights``, ``starts``, ``ends``, ``next``, ``after`` and ``case``.

    ``next`` are followers of a word, ``after`` of two (``"3 17"``: places in ``words``). ``coverage`` says what share
    of all words are shared ones, ``prose`` whether texts are sentences.
    """
    used: Counter[str] = Counter()
    pairs: Counter[Pair] = Counter()
    triples: Counter[tuple[str, str, str]] = Counter()
    starts: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for text in texts:
        words = text[:MOST_SIGNS].split()
        # dict.fromkeys, not set: ties are listed in the order met, which must not hang on the process's hash seed.
        used.update(tuple(dict.fromkeys(words)))
        total.update(words)
        pairs.update(tuple(dict.fromkeys(pairwise(words))))
        triples.update(tuple(dict.fromkeys(zip(words, words[1:], words[2:], strict=False))))
        starts.update(words[:1])
        ends.update(words[-1:] if len(text) <= MOST_SIGNS else [])
    shared = [word for word, count in used.most_common(MOST_WORDS) if count >= k and len(word) <= 40]
    index = {word: place for place, word in enumerate(shared)}
    everything = sum(total.values())
    return {
        "words": shared,
        "weights": [total[word] for word in shared],
        "starts": [[index[word], count] for word, count in starts.most_common() if count >= k and word in index],
        "ends": [[index[word], count] for word, count in ends.most_common() if count >= k and word in index],
        "next": _followers({((left,), right): count for (left, right), count in pairs.items()}, index, k),
        "after": _followers({((a, b), c): count for (a, b, c), count in triples.items()}, index, k),
        "coverage": round(sum(total[word] for word in shared) / everything, 3) if everything else 0.0,
        "case": case_of(texts),
        "prose": everything >= PROSE_WORDS * len(texts) > 0,
    }


def _followers(
    counted: dict[tuple[tuple[str, ...], str], int], index: dict[str, int], k: int
) -> dict[str, list[list[int]]]:
    """The places of the words that k texts have after others, the likeliest first."""
    follow: dict[str, list[list[int]]] = defaultdict(list)
    shared = [(before, word, count) for (before, word), count in counted.items() if count >= k]
    for before, word, count in sorted(shared, key=lambda item: (-item[2], item[0], item[1])):
        if word not in index or any(one not in index for one in before):
            continue
        key = " ".join(str(index[one]) for one in before)
        if len(follow[key]) < MOST_FOLLOWERS and (len(follow) <= MOST_PAIRS or follow[key]):
            follow[key].append([index[word], count])
    return {key: found for key, found in sorted(follow.items()) if found}


def case_of(texts: Sequence[str]) -> str:
    """``upper``, ``lower``, ``title`` (every word) or ``sentence`` (the first one), whichever most texts show."""
    cased = [text for text in texts if any(sign.isalpha() for sign in text)]
    if not cased:
        return "sentence"
    if sum(text.isupper() for text in cased) > 0.7 * len(cased):
        return "upper"
    if sum(text.islower() for text in cased) > 0.7 * len(cased):
        return "lower"
    if sum(_is_title(text) for text in cased) > 0.5 * len(cased):
        return "title"
    return "sentence"


def _is_title(text: str) -> bool:
    words = [word for word in text.split() if len(word) > 3 and word[0].isalpha()] or text.split()
    return bool(words) and all(not word[0].islower() for word in words)
