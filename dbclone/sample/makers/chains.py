"""Chains of words that end where they are asked to: which word after which, given how many signs are left.

Takes a word model, gives rows of word numbers whose texts have exactly the wanted lengths. What can still end well is
computed backwards from the end (forward filtering, backward sampling of a second-order chain); a word that k texts do
not have in that place comes only where nothing else fits.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dbclone.sample.makers.request import Ints

Floats = npt.NDArray[np.float64]

FARTHEST = 320
"""Signs before the end from which on the end is looked at."""

_ODD_END = 1e-5
"""Weight of ending on a word that ends no text."""
_ODD_STEP = 1e-6
"""Weight of going on with any word where the model knows all that follows."""
_KNOWING = 0.05
"""What is left in sentences of going on with any word where the model knows a few that follow."""
_MOST_PLACES = 4_000_000
"""Places for words that are filled in one go."""


class Chain:
    """Words as a graph: a node for each word, for each pair that tells more than its second word, and a start."""

    def __init__(self, texts: Sequence[str], weights: Sequence[int], settings: dict[str, Any]) -> None:
        words = len(texts)
        self.lengths: Ints = np.fromiter(map(len, texts), np.int64, words)
        self._knowing = _KNOWING if settings.get("prose") else 1.0
        self._weights = np.array(weights, np.float64)
        after = {tuple(map(int, key.split())): ways for key, ways in settings.get("after", {}).items()}
        self._pairs = {pair: words + place for place, pair in enumerate(after)}
        self.start = words + len(after)
        ends = settings.get("ends") or []
        self._end = np.full(words, _ODD_END if ends else 1.0)
        for place, count in ends:
            self._end[place] = min(1.0, max(_ODD_END, count / max(1, weights[place])))
        follow = {int(key): ways for key, ways in settings.get("next", {}).items()}
        follow |= {self._pairs[pair]: ways for pair, ways in after.items()}
        if settings.get("starts"):
            follow[self.start] = settings["starts"]
        self._fill(follow, {node: pair[1] for pair, node in self._pairs.items()})
        self._script = _scripts(texts)
        last = [pair[1] for pair in self._pairs]
        self._script_of = np.concatenate([self._script, self._script[np.array(last, np.int64)], [-1]])
        groups = [np.flatnonzero(self._script == script) for script in range(int(self._script.max()) + 1)]
        groups.append(np.arange(words))
        self._script_of[-1] = len(groups) - 1
        self._members = np.concatenate(groups)
        self._member_start = np.concatenate([[0], np.cumsum([len(group) for group in groups])])
        self._reach = np.zeros((1, self.start + 1))
        self._any = np.zeros((1, len(groups)))
        self._begin = np.zeros((1, self._ways.shape[1]))
        self._member_ends = np.zeros((1, len(self._members)), np.float32)
        # Threads share a chain, which looks farther back when it has to.
        self._lock = threading.Lock()

    def _fill(self, follow: dict[int, list[list[int]]], last: dict[int, int]) -> None:
        width, nodes = max((len(ways) for ways in follow.values()), default=0), self.start + 1
        self._ways = np.zeros((nodes, width), np.int64)
        self._chance = np.zeros((nodes, width))
        self._then = np.zeros((nodes, width), np.int64)
        self._known = np.zeros(nodes, np.int64)
        self._odd = np.ones(nodes)
        if (self._end < 1).any():
            self._odd[: len(self._end)] = np.maximum(1 - self._end, 1e-3)
        for node, ways in follow.items():
            counts = np.array([count for _, count in ways], np.float64)
            before = last.get(node, node)
            self._known[node] = len(ways)
            self._ways[node, : len(ways)] = [word for word, _ in ways]
            self._then[node, : len(ways)] = [self._pairs.get((before, word), word) for word, _ in ways]
            # What a node is worth in all does not depend on how much is known of it, or the unknown would attract.
            going, unknown = float(self._odd[node]), 0.0
            if node < len(self._weights):
                unknown = self._knowing * max(0.0, going - counts.sum() / self._weights[node])
            self._odd[node] = max(_ODD_STEP, unknown)
            self._chance[node, : len(ways)] = (going - unknown) * counts / counts.sum()

    def write(self, lengths: Ints, rng: np.random.Generator) -> npt.NDArray[np.int32]:
        """Word numbers (rows, most words), -1 after the last; a row that cannot end well ends with too long a word."""
        longest = int(lengths.max(initial=0))
        with self._lock:
            self._look_back(min(longest + 1, FARTHEST))
            ahead = self._reach, self._any, self._begin
            members = self._member_ends
        seeds = rng.integers(0, 2**63, len(lengths)).astype(np.uint64)
        most = longest // (int(self.lengths.min(initial=longest)) + 1) + 2
        block = max(100, _MOST_PLACES // most)
        parts = [
            self._walk(lengths[start : start + block], seeds[start : start + block], most, ahead, members)
            for start in range(0, len(lengths), block)
        ]
        widest = max(part.shape[1] for part in parts)
        padded = [np.pad(part, ((0, 0), (0, widest - part.shape[1])), constant_values=-1) for part in parts]
        return np.concatenate(padded)

    def _walk(
        self,
        lengths: Ints,
        seeds: npt.NDArray[np.uint64],
        most: int,
        ahead: tuple[Floats, Floats, Floats],
        members: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.int32]:
        from dbclone.sample.makers.walking import walk

        ways = self._ways, self._then, self._chance, self._known, self._odd
        table = np.full((len(lengths), most), -1, np.int32)
        walk(
            lengths,
            seeds,
            self.start,
            *ways,
            self.lengths,
            self._end,
            *ahead,
            self._script_of,
            self._members,
            self._member_start,
            members,
            table,
            np.empty(self._ways.shape[1] + 1),
        )
        return table[:, : int((table >= 0).any(axis=0).sum())]

    def _look_back(self, longest: int) -> None:
        """Weights of all ways from a node to a good end, for every number of signs left up to ``longest``."""
        known = len(self._any)
        if longest < known:
            return
        self._reach, self._any, self._begin, self._member_ends = (
            np.concatenate([one, np.zeros((longest + 1 - known, one.shape[1]), one.dtype)])
            for one in (self._reach, self._any, self._begin, self._member_ends)
        )
        used, slots = np.nonzero(self._chance)
        chance, word, then = self._chance[used, slots], self._ways[used, slots], self._then[used, slots]
        first = used == self.start
        for left in range(known, longest + 1):
            worth = chance * self._worth(word, then, np.array(left))
            for script in range(self._any.shape[1]):
                part = slice(self._member_start[script], self._member_start[script + 1])
                words = self._members[part]
                ahead = np.cumsum(self._weights[words] * self._worth(words, words, np.array(left)))
                self._any[left, script] = ahead[-1] / self._weights[words].sum()
                self._member_ends[left, part] = ahead
            known_ways = np.bincount(used, weights=worth, minlength=self.start + 1)
            self._reach[left] = known_ways + self._odd * self._any[left, self._script_of]
            self._begin[left, slots[first]] = np.cumsum(worth[first])

    def _worth(self, word: Ints, then: Ints, left: Ints) -> Floats:
        """What a word is worth with ``left`` signs to go: ending on the spot, or all that can follow it."""
        rest = left - 1 - self.lengths[word]
        ahead = self._reach[np.clip(rest, 0, len(self._reach) - 1), then]
        return np.where(rest == 0, self._end[word], np.where(rest > 0, ahead, 0.0))


def _scripts(texts: Sequence[str]) -> Ints:
    """A number for each word's script (Latin, Arabic, Han...), so that scripts do not mix without need."""
    names: dict[str, int] = {}
    found = [unicodedata.name(next(filter(str.isalpha, text), "a"), "LATIN").partition(" ")[0] for text in texts]
    return np.array([names.setdefault(name, len(names)) for name in found] or [0], np.int64)
