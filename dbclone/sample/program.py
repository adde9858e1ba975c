"""A table's model as flat arrays that the compiled kernel walks.

Takes a TableModel, gives a Program. Knows no rows and draws nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dbclone.models.numbers import NumberCodec
from dbclone.models.table import GROUPS, Calendar, TableModel
from dbclone.models.trees import Tree

_BASES = {"value": 0, "sibling": 1, "parent": 2, "column": 3, "calendar": 4}
_WAYS = {"difference": 0, "ratio": 1, "same": 2, "step": 3, "pace": 4}
LEFT = ":left"
"""What stands for a parent's column where the number of siblings from the row on is meant."""
_STRATA = 250


class ParentColumn(NamedTuple):
    """A column of the parent that foreign key ``key`` references; ``named``: its categories by the codes that the entry
    of that name has for them."""

    key: int
    column: str
    named: str = ""


class Program(NamedTuple):
    """Entries (e, 8) int64: slot, value column, codec, tree, calendar, codec of values that no stage took, first stage,
    end of stages. Stages (s, 10): kind of base, its number, way, codec, tree, slot, first anchor, anchors, and
    of a step or a pace where the bound and the siblings left are among the bases. ``accept`` (e, 256): how likely
    a value that a stage leads to is kept, by its code; ``single`` (e, 256): whether siblings never
    share it; ``gaps`` (e,): share of NULL. ``pairs`` (p, 3), from ``pair_first`` (e + 1,) on by entry: what it is held
    against (-1: nothing), where its groups are in ``pair_groups`` (g, 256), and where the entry's own are;
    ``pair_shares`` (p, groups, groups) as a Balance has them. ``calendars`` (c, 5), whose number is in place of a
    stage's codec: value column of the time, first of ``calendar_times``, times, first of ``calendar_values`` (class by
    class), classes. The rest is every codec and tree, one after the other, with their offsets; ``nodes`` (n, 4):
    feature, left, right, and the last code that goes left where all codes up to it do and none beyond, -1 where
    ``mask`` must be asked."""

    entries: npt.NDArray[np.int64]
    stages: npt.NDArray[np.int64]
    anchors: npt.NDArray[np.float64]
    units: npt.NDArray[np.float64]
    codec_first: npt.NDArray[np.int64]
    spike: npt.NDArray[np.float64]
    knot_from: npt.NDArray[np.int64]
    knot_to: npt.NDArray[np.int64]
    knots: npt.NDArray[np.float64]
    codec_facts: npt.NDArray[np.float64]
    exact_first: npt.NDArray[np.int64]
    exact: npt.NDArray[np.float64]
    exact_codes: npt.NDArray[np.uint8]
    edge_first: npt.NDArray[np.int64]
    edges: npt.NDArray[np.float64]
    edge_codes: npt.NDArray[np.uint8]
    node_first: npt.NDArray[np.int64]
    nodes: npt.NDArray[np.int32]
    mask: npt.NDArray[np.uint64]
    leaf_first: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    codes: npt.NDArray[np.uint8]
    cumulative: npt.NDArray[np.float64]
    strata: npt.NDArray[np.int64]
    seeds: npt.NDArray[np.uint64]
    accept: npt.NDArray[np.float64]
    single: npt.NDArray[np.bool_]
    gaps: npt.NDArray[np.float64]
    pair_first: npt.NDArray[np.int64]
    pairs: npt.NDArray[np.int64]
    pair_groups: npt.NDArray[np.uint8]
    pair_shares: npt.NDArray[np.float32]
    calendars: npt.NDArray[np.int64]
    calendar_times: npt.NDArray[np.float64]
    calendar_values: npt.NDArray[np.float64]

    @property
    def unbalanced(self) -> Program:
        """The same without pairs, for parts of a table, which may differ from the whole of it."""
        return self._replace(pair_first=np.zeros_like(self.pair_first))


def compile_program(model: TableModel, seeds: npt.NDArray[np.uint64]) -> tuple[Program, list[ParentColumn]]:
    """The program, and the parent columns whose values it needs as bases, in order.

    ``seeds`` (entries,) are the streams of the entries.
    """
    codecs: list[NumberCodec] = []
    trees: list[Tree] = []
    bases: list[ParentColumn] = []
    rows: list[tuple[int, ...]] = []
    stages: list[tuple[int, ...]] = []
    anchors = [0.0]
    calendars: list[Calendar] = []
    for number, entry in enumerate(model.entries):
        slot = model.first_slot[number]
        codec = _add(codecs, entry.numbers) if entry.has_value else -1
        start = _add(codecs, entry.start) if entry.start is not None and entry.has_value else codec
        trees.append(entry.tree)
        value = model.value_index.get(entry.name, -1) if entry.has_value else -1
        first = len(stages)
        rows.append((slot, value, codec, len(trees) - 1, int(entry.unit > 0), start, first, first + len(entry.stages)))
        for place, stage in enumerate(entry.stages):
            trees.append(stage.tree)
            base = stage.base
            argument = model.value_index.get(base.column, -1)
            if base.kind == "parent":
                named = entry.name if entry.categories is not None else ""
                argument = _found(bases, ParentColumn(base.key, base.column, named))
            bound, left, count = 0, 0, len(stage.anchors)
            if base.way in ("step", "pace"):
                ends = ParentColumn(base.key, base.toward), ParentColumn(-1, LEFT)
                bound, left = (_found(bases, one) for one in ends)
                # A pace has no anchors: it says there whether its bound is the lower one.
                count = int(base.way == "pace" and f":first {base.column}" in base.toward) or count
            coded = _add(codecs, stage.codec)
            if stage.calendar is not None:
                calendars.append(stage.calendar)
                coded, argument = len(calendars) - 1, -1
                if stage.calendar.hidden:
                    argument = _found(bases, ParentColumn(base.key, stage.calendar.hidden))
            tree = len(trees) - 1
            what = _BASES[base.kind], argument, _WAYS[base.way]
            stages.append((*what, coded, tree, slot + 1 + place, len(anchors), count, bound, left))
            anchors += stage.anchors.tolist()
    units = np.array([entry.unit for entry in model.entries], np.float64)
    single = np.zeros((len(rows), 256), np.bool_)
    for number, entry in enumerate(model.entries):
        single[number, entry.single] = True
    program = Program(
        entries=np.array(rows, np.int64).reshape(-1, 8),
        stages=np.array(stages, np.int64).reshape(-1, 10),
        anchors=np.array(anchors),
        units=units,
        seeds=seeds,
        accept=np.ones((len(rows), 256)),
        single=single,
        gaps=np.array([entry.shares[0] if len(entry.shares) else 0.0 for entry in model.entries]),
        **_pack_balance(model),
        **_pack_calendars(calendars, model),
        **_pack_codecs(codecs),
        **_pack_trees(trees),
    )
    return program, bases


def _found(bases: list[ParentColumn], one: ParentColumn) -> int:
    """Where ``one`` stands among the ``bases``, at their end where it was not there yet."""
    if one not in bases:
        bases.append(one)
    return bases.index(one)


def _add(codecs: list[NumberCodec], codec: NumberCodec | None) -> int:
    if codec is None:
        return -1
    codecs.append(codec)
    return len(codecs) - 1


def _pack_balance(model: TableModel) -> dict[str, npt.NDArray[Any]]:
    balance, entries = model.balance, len(model.entries)
    if balance is None:
        return {
            "pair_first": np.zeros(entries + 1, np.int64),
            "pairs": np.zeros((0, 3), np.int64),
            "pair_groups": np.zeros((0, 256), np.uint8),
            "pair_shares": np.zeros((0, GROUPS, GROUPS), np.float32),
        }
    first, own = balance.pairs.T
    beside = np.where(first == own, -1, balance.features[first])
    return {
        "pair_first": np.searchsorted(balance.entries, np.arange(entries + 1)).astype(np.int64),
        "pairs": np.ascontiguousarray(np.stack([beside, first, own], axis=1)),
        "pair_groups": balance.groups,
        "pair_shares": balance.dense.astype(np.float32),
    }


def _pack_calendars(calendars: list[Calendar], model: TableModel) -> dict[str, npt.NDArray[Any]]:
    rows, times, values = [], 0, 0
    for one in calendars:
        rows.append((model.value_index[one.time], times, len(one.times), values, len(one.values)))
        times += len(one.times)
        values += one.values.size
    return {
        "calendars": np.array(rows, np.int64).reshape(-1, 5),
        "calendar_times": _join([one.times for one in calendars], np.float64),
        "calendar_values": _join([one.values.ravel() for one in calendars], np.float64),
    }


def _pack_codecs(codecs: list[NumberCodec]) -> dict[str, npt.NDArray[Any]]:
    spike, knot_from, knot_to, facts = [], [], [], []
    knots_before = 0
    for codec in codecs:
        value, low, high = np.full(codec.size, np.nan), np.zeros(codec.size, np.int64), np.zeros(codec.size, np.int64)
        value[codec.spike_codes] = codec.spikes
        low[codec.bin_codes] = codec.first[:-1] + knots_before
        high[codec.bin_codes] = codec.first[1:] + knots_before
        knots_before += len(codec.knots)
        spike.append(value)
        knot_from.append(low)
        knot_to.append(high)
        facts.append((codec.grid, codec.offset, codec.low, codec.high))
    return {
        "codec_first": _offsets([codec.size for codec in codecs]),
        "spike": _join(spike, np.float64),
        "knot_from": _join(knot_from, np.int64),
        "knot_to": _join(knot_to, np.int64),
        "knots": _join([codec.knots for codec in codecs], np.float64),
        "codec_facts": np.array(facts, np.float64).reshape(-1, 4),
        "exact_first": _offsets([len(codec.spikes) for codec in codecs]),
        "exact": _join([codec.spikes for codec in codecs], np.float64),
        "exact_codes": _join([codec.spike_codes for codec in codecs], np.uint8),
        "edge_first": _offsets([len(codec.bin_codes) for codec in codecs]),
        "edges": _join([codec.edges[:-1] for codec in codecs], np.float64),
        "edge_codes": _join([codec.bin_codes for codec in codecs], np.uint8),
    }


def _pack_trees(trees: list[Tree]) -> dict[str, npt.NDArray[Any]]:
    starts, before = [], 0
    for tree in trees:
        starts.append(tree.start + before)
        before += len(tree.codes)
    strata = [np.clip(tree.rows, 1, _STRATA) for tree in trees]
    return {
        "node_first": _offsets([len(tree.feature) for tree in trees]),
        "nodes": np.stack(
            [
                _join([tree.feature for tree in trees], np.int32),
                _join([tree.left for tree in trees], np.int32),
                _join([tree.right for tree in trees], np.int32),
                _join([_last_left(tree.mask) for tree in trees], np.int32),
            ],
            axis=1,
        ),
        "mask": _join([tree.mask for tree in trees], np.uint64) if trees else np.zeros((0, 4), np.uint64),
        "leaf_first": _offsets([tree.leaves + 1 for tree in trees]),
        "start": _join(starts, np.int64),
        "codes": _join([tree.codes for tree in trees], np.uint8),
        "cumulative": _join([tree.cumulative for tree in trees], np.float64),
        "strata": _join([np.concatenate([part, [0]]) for part in strata], np.int64),
    }


def _last_left(mask: npt.NDArray[np.uint64]) -> npt.NDArray[np.int32]:
    """(nodes,) the last code that goes left where the codes that do are the first ones, else -1."""
    octets = np.ascontiguousarray(mask.astype("<u8")).view(np.uint8).reshape(len(mask), -1)
    bits = np.unpackbits(octets, axis=1, bitorder="little")
    left = bits.sum(axis=1, dtype=np.int32)
    first = (np.diff(bits.astype(np.int8), axis=1) > 0).sum(axis=1) == 0
    result: npt.NDArray[np.int32] = np.where(first & (left > 0), left - 1, -1).astype(np.int32)
    return result


def _offsets(sizes: list[int]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _join(parts: Sequence[npt.NDArray[Any]], kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(np.concatenate(parts).astype(kind)) if parts else np.zeros(0, kind)
