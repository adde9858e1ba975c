"""Free text from words that many texts share, composed to the wanted length; plain words of the language where too few
are shared.

Takes a word model, gives texts. Never repeats a word that fewer than k texts used, nor a run of more than three words.
"""

from __future__ import annotations

import functools
import json
import threading
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.sample.makers.addresses import cut
from dbclone.sample.makers.chains import Chain
from dbclone.sample.makers.faked import with_case, words_in
from dbclone.sample.makers.request import Ints, Request, from_parts, stable_seed
from dbclone.sample.makers.singles import make_singles

LEAST_WORDS = 40
"""A vocabulary smaller than this says too little to write with."""

LEAST_CLOSED = (12, 0.8)
"""Unless it is the language of the column: so many words that make up so much of its texts."""

LEAST_ENDS = 5
"""Words that end texts, and how many of them are needed to choose among."""

LEAST_COVERED = 0.3
"""Neither does one that fewer of the source's words belong to."""

MOST_SINGLES = 4_000
"""Different texts of one length that are written for a unique column before numbers tell rows apart."""

_READING = threading.RLock()
"""A vocabulary takes a moment to be made: a second thread waits for what the first one makes."""


class Vocabulary:
    """Words and the chain that they are strung together by."""

    def __init__(self, settings: dict[str, Any], locale: str) -> None:
        words, weights = list(settings.get("words", ())), list(settings.get("weights", ()))
        coverage = settings.get("coverage", 0.0)
        enough = len(words) >= LEAST_WORDS and coverage >= LEAST_COVERED
        learned = enough or (len(words) >= LEAST_CLOSED[0] and coverage >= LEAST_CLOSED[1])
        self.case = settings.get("case", "sentence")
        if not learned:
            words = [_cased(word, self.case) for word in words_in(locale) if len(word) > 2 or not word.isascii()]
            weights = [1] * len(words)
        if len(settings.get("ends", ())) < LEAST_ENDS:
            settings = settings | {"ends": []}
        self.words = pa.array(words, pa.string())
        self.chain = Chain(words, weights, settings if learned else {})


def _cased(word: str, case: str) -> str:
    return word.upper() if case == "upper" else word.title() if case == "title" else word


@functools.lru_cache(maxsize=256)
def _vocabulary(settings: str, locale: str) -> Vocabulary:
    return Vocabulary(json.loads(settings), locale)


def vocabulary_of(settings: dict[str, Any], locale: str) -> Vocabulary:
    """The vocabulary of a word model, made once a process."""
    written = json.dumps(settings, sort_keys=True)
    with _READING:
        return _vocabulary(written, locale)


def make_words(request: Request) -> pa.Array:
    """Texts of the wanted lengths, word by word; different ones where the column is unique."""
    locale = request.settings.get("locale") or request.locale
    if request.unique:
        settings = json.dumps(request.settings, sort_keys=True)
        size = min(2 * request.total + 50, MOST_SINGLES)
        return make_singles(request, functools.partial(_written, settings, locale, request.column, size))
    return compose(vocabulary_of(request.settings, locale), request.lengths, request.rng)


@functools.lru_cache(maxsize=4_096)
def _written(settings: str, locale: str, column: str, size: int, length: int) -> tuple[str, ...]:
    """Texts of one length for a unique column, the same for every chunk of it."""
    rng = np.random.default_rng(stable_seed("words", column, length))
    texts = compose(_vocabulary(settings, locale), np.full(size, length), rng).to_pylist()
    return tuple(dict.fromkeys(text for text in texts if len(text) == length))


def compose(vocabulary: Vocabulary, lengths: Ints, rng: np.random.Generator) -> pa.Array:
    """Words joined by blanks to texts of the wanted lengths."""
    if len(lengths) == 0:
        return pa.array([], pa.string())
    table = vocabulary.chain.write(lengths, rng)
    present = table >= 0
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(present.sum(axis=1), out=offsets[1:])
    lists = pa.ListArray.from_arrays(pa.array(offsets), vocabulary.words.take(pa.array(table[present])))
    return _finish(cut(pc.binary_join(lists, " "), lengths), vocabulary.case)


def _finish(texts: pa.Array, case: str) -> pa.Array:
    if case == "sentence":
        return from_parts(pc.utf8_upper(pc.utf8_slice_codeunits(texts, 0, 1)), pc.utf8_slice_codeunits(texts, 1))
    return with_case(texts, case)
