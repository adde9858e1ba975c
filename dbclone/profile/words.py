"""Free text as words: which words many texts share, which follow one or two others, how texts begin and end.

Takes distinct texts, gives JSON settings for the ``words`` maker. A word, a pair or a run of three words is kept only
where at least k distinct texts use it; no longer run is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]

MOST_WORDS = 3_000
MOST_FOLLOWERS = 12
MOST_PAIRS = 6_000
"""Pairs of words whose followers are kept."""
MOST_SIGNS = 1_000
"""Signs of a text that are looked at."""

MOST_READ = 80_000
"""Words after which no further text is read: what follows what is known by then."""

_CASED = 1_000
"""Texts, or a few more, that tell which case all of them are written in."""
PROSE_WORDS = 6
"""Words a text from which on texts are sentences, which read on, rather than names, which join freely."""


def learn_words(texts: Sequence[str], k: int) -> dict[str, Any]:
    """Settings with ``words`` (most used first), ``weights``, ``starts``, ``ends``, ``next``, ``after`` and ``case``.

    ``next`` are followers of a word, ``after`` of two (``"3 17"``: places in ``words``). ``coverage`` says what share
    of all words are shared ones, ``prose`` whether texts are sentences.
    """
    read = _read(texts)
    words, total = read.words, np.bincount(read.codes, minlength=len(read.words))
    used, starts, ends = read.texts_with(0), read.at(read.first), read.at(read.last[read.whole])
    likely = np.argsort(-used.texts, kind="stable")[:MOST_WORDS]
    shared = [int(used.runs[place]) for place in likely if used.texts[place] >= k]
    shared = [word for word in shared if len(words[word]) <= 40]
    place = np.full(len(words), -1, np.int64)
    place[shared] = np.arange(len(shared))
    everything = len(read.codes)
    return {
        "words": [words[word] for word in shared],
        "weights": total[shared].tolist(),
        "starts": _counted(starts, place, k),
        "ends": _counted(ends, place, k),
        "next": _followers(read.texts_with(1), words, place, k),
        "after": _followers(read.texts_with(2), words, place, k),
        "coverage": round(int(total[shared].sum()) / everything, 3) if everything else 0.0,
        "case": case_of(texts[: read.rows]),
        "prose": everything >= PROSE_WORDS * read.rows > 0,
    }


@dataclass(frozen=True)
class _Runs:
    """Runs of words: their number (``before`` * words + the last one, which ``runs`` is of single words), in the order
    met, and how many ``texts`` have each. ``before`` are the words before the last, one array a place."""

    runs: Ints
    texts: Ints
    before: tuple[Ints, ...] = ()


@dataclass(frozen=True)
class _Read:
    """Texts as numbers of ``words``, which come in the order met: ``codes`` one after the other, each of its ``text``;
    ``first`` and ``last`` places of each text, of which ``whole`` ones were read to their end."""

    words: list[str]
    codes: Ints
    text: Ints
    first: Ints
    last: Ints
    whole: npt.NDArray[np.bool_]
    rows: int

    def at(self, places: Ints) -> _Runs:
        """The words at some places, the most frequent first."""
        found, first, counts = np.unique(self.codes[places], return_index=True, return_counts=True)
        order = np.lexsort((first, -counts))
        return _Runs(found[order], counts[order])

    def texts_with(self, back: int) -> _Runs:
        """How many texts have each run of a word and ``back`` words before it."""
        places = np.arange(back, len(self.codes))
        places = places[self.text[places] == self.text[places - back]]
        run, size = np.zeros(len(places), np.int64), 1
        for step in range(back, -1, -1):
            # Dense before each further word, so that no product leaves 64 bits.
            _, run = np.unique(run * len(self.words) + self.codes[places - step], return_inverse=True)
            size = int(run.max(initial=-1)) + 1
        # Once a text, however often it has the run.
        _, once = np.unique(self.text[places] * max(1, size) + run, return_index=True)
        once = np.sort(once)
        _, first, counts = np.unique(run[once], return_index=True, return_counts=True)
        met = np.argsort(first, kind="stable")
        at = places[once[first[met]]]
        before = tuple(self.codes[at - step] for step in range(back, 0, -1))
        return _Runs(self.codes[at], counts[met], before)


def _read(texts: Sequence[str]) -> _Read:
    split, signs = [], 0
    for text in texts:
        split.append(text[:MOST_SIGNS].split())
        signs += len(split[-1])
        if signs >= MOST_READ:
            break
    sizes = np.fromiter(map(len, split), np.int64, len(split))
    met = pa.array(list(chain.from_iterable(split)), pa.string()).dictionary_encode()
    ends = np.cumsum(sizes)
    some = sizes > 0
    whole = np.fromiter((len(text) <= MOST_SIGNS for text in texts[: len(split)]), bool, len(split))
    return _Read(
        met.dictionary.to_pylist(),
        np.asarray(met.indices).astype(np.int64),
        np.repeat(np.arange(len(split)), sizes),
        (ends - sizes)[some],
        ends[some] - 1,
        whole[some],
        len(split),
    )


def _counted(runs: _Runs, place: Ints, k: int) -> list[list[int]]:
    """The places of shared words and how many texts have them, as they come."""
    wanted = (runs.texts >= k) & (place[runs.runs] >= 0)
    return [[int(place[word]), int(count)] for word, count in zip(runs.runs[wanted], runs.texts[wanted], strict=True)]


def _followers(runs: _Runs, words: Sequence[str], place: Ints, k: int) -> dict[str, list[list[int]]]:
    """The places of the words that k texts have after others, the likeliest first."""
    follow: dict[str, list[list[int]]] = defaultdict(list)
    known = (runs.texts >= k) & (place[runs.runs] >= 0)
    for one in runs.before:
        known &= place[one] >= 0
    rows = np.flatnonzero(known).tolist()

    def likelier(row: int) -> tuple[Any, ...]:
        return -runs.texts[row], *(words[one[row]] for one in runs.before), words[runs.runs[row]]

    for row in sorted(rows, key=likelier):
        key = " ".join(str(place[one[row]]) for one in runs.before)
        if len(follow[key]) < MOST_FOLLOWERS and (len(follow) <= MOST_PAIRS or follow[key]):
            follow[key].append([int(place[runs.runs[row]]), int(runs.texts[row])])
    return {key: found for key, found in sorted(follow.items()) if found}


def case_of(texts: Sequence[str]) -> str:
    """``upper``, ``lower``, ``title`` (every word) or ``sentence`` (the first one), whichever most texts show."""
    some = texts[:: max(1, len(texts) // _CASED)]
    cased = [text for text in some if any(sign.isalpha() for sign in text)]
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
