"""The compiled loops that fill rows from a program.

Takes flat arrays, fills flat arrays. Every random number is a hash of (stream, row), so that the order of work
changes nothing (SplitMix64: Steele, Lea and Flood, 2014).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from dbclone.models.calendar_parts import calendar_codes
from dbclone.models.loops import loop
from dbclone.models.table import GROUPS
from dbclone.sample.program import Program

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

_NONE = 255
_TRIES = 6
"""How often a value is drawn again that lies out of range, or is not wanted so often."""
_HALF = 2.0**-32
_WINDOW = 8
"""Strata of a leaf among which the one is taken that brings pairs of columns nearest to their shares."""


@loop(inline="always")
def mix(state):  # type: ignore[no-untyped-def]
    state = (state + np.uint64(0x9E3779B97F4A7C15)) & np.uint64(0xFFFFFFFFFFFFFFFF)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@loop(inline="always")
def unit(state):  # type: ignore[no-untyped-def]
    return (state >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True)
def uniforms(seed, first, count):  # type: ignore[no-untyped-def]
    """(count,) uniform numbers of the stream ``seed`` for rows ``first``..."""
    result = np.empty(count)
    for i in range(count):
        result[i] = unit(mix(np.uint64(seed) ^ mix(np.uint64(first + i))))
    return result


@loop(inline="always")
def _leaf(tree, x, node_first, nodes, masks):  # type: ignore[no-untyped-def]
    """Walks one tree: the number of the leaf, in its tree."""
    base = node_first[tree]
    node = base
    while nodes[node, 0] >= 0:
        code = np.int64(x[nodes[node, 0]])
        last = nodes[node, 3]
        if last >= 0:
            node = base + nodes[node, 1 + np.int64(code > last)]
        else:
            goes = (masks[node, code >> 6] >> np.uint64(code & 63)) & np.uint64(1)
            node = base + nodes[node, 2 - np.int64(goes)]
    return nodes[node, 1]


@loop()
def _deal(leaf, strata, start, codes, cumulative, first, state, dealt):  # type: ignore[no-untyped-def]
    """Lays out the codes of the leaf's strata from ``first`` on in a random order: each comes once in a turn."""
    at, last = start[leaf], start[leaf + 1] - 1
    for place in range(strata):
        state = mix(state)
        u = (place + np.float64(state >> np.uint64(32)) * _HALF) / strata
        while at < last and cumulative[at] <= u:
            at += 1
        other = first + np.int64(((state & np.uint64(0xFFFFFFFF)) * np.uint64(place + 1)) >> np.uint64(32))
        dealt[first + place] = dealt[other]
        dealt[other] = codes[at]


@loop(inline="always")
def _next(leaf, strata, start, codes, cumulative, first, state, come, dealt):  # type: ignore[no-untyped-def]
    """Where the code lies that the leaf has next."""
    turn = np.int64(come[leaf])
    if turn == 0:
        _deal(leaf, strata, start, codes, cumulative, first, state, dealt)
    return first + turn


@loop(inline="always")
def _taken(leaf, strata, come):  # type: ignore[no-untyped-def]
    come[leaf] = come[leaf] + 1 if come[leaf] + 1 < strata else 0


@loop(inline="always")
def _draw(leaf, strata, start, codes, cumulative, order_first, state, come, dealt):  # type: ignore[no-untyped-def]
    """Draws a code of a leaf, without replacement over its strata."""
    low, high = start[leaf], start[leaf + 1]
    drawn = np.uint8(0)
    if high - low == 1:
        drawn = codes[low]
    elif high > low:
        layers = strata[leaf]
        drawn = dealt[_next(leaf, layers, start, codes, cumulative, order_first[leaf], state, come, dealt)]
        _taken(leaf, layers, come)
    return drawn


@loop(inline="always")
def _swap(dealt, one, other):  # type: ignore[no-untyped-def]
    dealt[one], dealt[other] = dealt[other], dealt[one]


@loop(inline="always")
def _group_of(x, feature, groups, code_groups):  # type: ignore[no-untyped-def]
    return np.int64(code_groups[groups, x[feature]]) if feature >= 0 else 0


@loop()
def _pulls(x, low, high, pairs, code_groups, shares, seen, total, result):  # type: ignore[no-untyped-def]
    """Fills ``result`` (groups,): how many rows of each group the pairs ``low`` .. ``high`` lack."""
    result[:] = 0.0
    for pair in range(low, high):
        a = _group_of(x, pairs[pair, 0], pairs[pair, 1], code_groups)
        after = total[pair, a] + np.float32(1.0)
        for group in range(GROUPS):
            result[group] += shares[pair, a, group] * after - seen[pair, a, group]


@loop()
def _count_in(x, code, low, high, pairs, code_groups, seen, total):  # type: ignore[no-untyped-def]
    """Counts a row whose entry got ``code`` in the pairs ``low`` .. ``high``."""
    for pair in range(low, high):
        a = _group_of(x, pairs[pair, 0], pairs[pair, 1], code_groups)
        total[pair, a] += 1.0
        seen[pair, a, np.int64(code_groups[pairs[pair, 2], code])] += 1.0


@loop()
def _draw_unused(  # type: ignore[no-untyped-def]
    tree, x, used, state, node_first, nodes, mask, leaf_first, start, codes, cumulative
):
    """Walks one tree and draws a code that is not ``used`` (256,), -1 where there is none; leaves nearby may help."""
    first, leaves = leaf_first[tree], leaf_first[tree + 1] - leaf_first[tree] - 1
    home = _leaf(tree, x, node_first, nodes, mask)
    for away in range(2 * leaves):
        leaf = home + (away + 1) // 2 if away % 2 else home - away // 2
        if leaf < 0 or leaf >= leaves:
            continue
        low, high = start[first + leaf], start[first + leaf + 1]
        total = 0.0
        before = 0.0
        for at in range(low, high):
            if not used[codes[at]]:
                total += cumulative[at] - before
            before = cumulative[at]
        if total <= 1e-9:
            continue
        mark = unit(state) * total
        before = 0.0
        chosen = -1
        for at in range(low, high):
            if not used[codes[at]]:
                chosen = codes[at]
                mark -= cumulative[at] - before
                if mark < 0:
                    break
            before = cumulative[at]
        return chosen
    return -1


@loop()
def _decode(codec, code, u, codec_first, spike, knot_from, knot_to, knots):  # type: ignore[no-untyped-def]
    """The number that a code stands for, drawn inside its bin along the quantile function."""
    if code == 0:
        return np.nan
    at = codec_first[codec] + code
    value = spike[at]
    if not np.isnan(value):
        return value
    low, high = knot_from[at], knot_to[at]
    place = low + u * (high - low)
    step = int(place)
    if step >= high:
        step = high - 1
    return knots[step] + (place - step) * (knots[step + 1] - knots[step])


@loop()
def _on_grid(codec, value, facts):  # type: ignore[no-untyped-def]
    grid, offset = facts[codec, 0], facts[codec, 1]
    if grid > 0:
        return offset + np.rint((value - offset) / grid) * grid
    return value


@loop()
def _encode(  # type: ignore[no-untyped-def]
    codec, value, exact_first, exact, exact_codes, edge_first, edges, edge_codes
):
    if np.isnan(value):
        return 0
    first, last = exact_first[codec], exact_first[codec + 1]
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if exact[middle] < value:
            low = middle + 1
        else:
            high = middle
    if low < last and exact[low] == value:
        return exact_codes[low]
    edge, end = edge_first[codec], edge_first[codec + 1]
    if end > edge:
        low, high = edge, end
        while low < high:
            middle = (low + high) // 2
            if edges[middle] <= value:
                low = middle + 1
            else:
                high = middle
        return edge_codes[max(edge, low - 1)]
    if last > first:
        if low == last or (low > first and value - exact[low - 1] < exact[low] - value):
            return exact_codes[low - 1]
        return exact_codes[low]
    return 0


@loop()
def _led_to(drawn, stage, stages, anchors, against, pace, codec, u, codec_facts, decoding):  # type: ignore[no-untyped-def]
    """The value that a stage's code leads to from its base."""
    if drawn == 0:
        return np.nan
    own = stages[stage, 7]
    if drawn <= own:
        return anchors[stages[stage, 6] + drawn - 1]
    coded = stages[stage, 3]
    step = _decode(coded, drawn - own, u, *decoding)
    if stages[stage, 2] == 3:
        return _on_grid(codec, against + step * pace, codec_facts)
    if stages[stage, 2] == 0:
        return _on_grid(codec, against + _on_grid(coded, step, codec_facts), codec_facts)
    return _on_grid(codec, against * step, codec_facts)


@loop()
def _said_by(calendar, member, time, times, values):  # type: ignore[no-untyped-def]
    """What a calendar says of class ``member`` at a time, NaN where it says nothing."""
    if np.isnan(member) or np.isnan(time) or member < 1.0 or member > calendar[4]:
        return np.nan
    low, high = calendar[1], calendar[1] + calendar[2]
    end = high
    while low < high:
        middle = (low + high) // 2
        if times[middle] < time:
            low = middle + 1
        else:
            high = middle
    if low == end or times[low] != time:
        return np.nan
    return values[calendar[3] + (np.int64(member) - 1) * calendar[2] + low - calendar[1]]


@loop(inline="always")
def _repeated(before, kind, codec, against, encoding):  # type: ignore[no-untyped-def]
    """The code of a value that is repeated: of categories the sibling's, or the one that the parent names."""
    if codec >= 0:
        return _encode(codec, against, *encoding)
    return np.int64(before) if kind == 1 else np.int64(against)


def fill_rows(
    program: Program,
    begin: int,
    end: int,
    context: Codes,
    position: Codes,
    left: Codes,
    follows: npt.NDArray[np.bool_],
    own: Codes,
    values: Floats,
    bases: Floats,
    first_row: int,
) -> None:
    """Fills entries ``begin`` .. ``end`` of every row by a Program.

    ``context`` (n, c), ``position`` and ``left`` (n,), ``follows`` (n,): the row before is a sibling; ``own`` (n, s)
    and ``values`` (n, v) are filled, ``bases`` (n, b), and ``first_row`` is the number of the first row in the whole
    table.
    """
    first = np.concatenate([[0], np.cumsum(program.strata)])
    inside = np.arange(len(program.single))
    alone = (inside >= begin) & (inside < end) & program.single.any(axis=1)
    room = (
        np.zeros(context.shape[1] + 2 + 2 * own.shape[1], np.uint8),
        first,
        np.zeros(len(program.strata), np.uint8),
        np.zeros(first[-1], np.uint8),
        alone,
        np.zeros(program.single.shape, np.bool_),
        np.zeros(program.pair_shares.shape, np.float32),
        np.zeros(program.pair_shares.shape[:2], np.float32),
        np.zeros(GROUPS, np.float32),
        np.zeros(_WINDOW, np.float32),
    )
    rows = context, position, left, follows, own, values, bases, first_row
    _fill_rows(*program, *room, begin, end, *rows)


@loop(nogil=True)
def _fill_rows(  # type: ignore[no-untyped-def]  # noqa: C901 the hot loop stays one: a call costs more than a branch
    entries, stages, anchors, units, codec_first, spike, knot_from, knot_to, knots, codec_facts, exact_first, exact,
    exact_codes, edge_first, edges, edge_codes, node_first, nodes, mask, leaf_first, start, codes, cumulative, strata,
    seeds, accept, single, gaps, pair_first, pairs, pair_groups, pair_shares, calendars, calendar_times,
    calendar_values, x, order_first, come, dealt, alone, used, seen, total, pulls, wanted, begin, end, context,
    position, left, follows, own, values, bases, first_row
):
    forest = (node_first, nodes, mask, leaf_first, start, codes, cumulative)
    decoding = (codec_first, spike, knot_from, knot_to, knots)
    encoding = (exact_first, exact, exact_codes, edge_first, edges, edge_codes)
    rows, width = context.shape
    slots = own.shape[1]
    previous = width + 2
    mine = previous + slots
    for row in range(rows):
        if not follows[row]:
            for number in range(begin, end):
                if alone[number]:
                    used[number] = False
        for place in range(width):
            x[place] = context[row, place]
        x[width] = position[row]
        x[width + 1] = left[row]
        for place in range(slots):
            x[previous + place] = own[row - 1, place] if follows[row] else _NONE
            x[mine + place] = own[row, place]
        for number in range(begin, end):
            slot, value_at, codec, tree = (
                entries[number, 0],
                entries[number, 1],
                entries[number, 2],
                entries[number, 3],
            )
            state = mix(seeds[number] ^ mix(np.uint64(first_row + row)))
            pair, last_pair = pair_first[number], pair_first[number + 1]
            if pair < last_pair:
                _pulls(x, pair, last_pair, pairs, pair_groups, pair_shares, seen, total, pulls)
            value = np.nan
            code = 0
            done = False
            bottom, top, left_over = -np.inf, np.inf, 1.0
            for stage in range(entries[number, 6], entries[number, 7]):
                at = stages[stage, 5]
                own[row, at] = _NONE
                x[mine + at] = _NONE
                if done:
                    continue
                kind, argument, way = stages[stage, 0], stages[stage, 1], stages[stage, 2]
                against = np.nan
                there = False
                if kind == 1:
                    there = follows[row]
                    if there and argument >= 0:
                        against = values[row - 1, argument]
                elif kind == 2:
                    against = bases[row, argument]
                elif kind == 4:
                    member = bases[row, argument] if argument >= 0 else 1.0
                    when = calendars[stages[stage, 3]]
                    against = _said_by(when, member, values[row, when[0]], calendar_times, calendar_values)
                else:
                    against = values[row, argument]
                if way != 2 or kind != 1:
                    there = not np.isnan(against)
                pace = 0.0
                if way >= 3:
                    pace = (bases[row, stages[stage, 8]] - against) / bases[row, stages[stage, 9]]
                    there = there and not np.isnan(pace) and (pace != 0.0 or way == 4)
                if not there:
                    continue
                if way == 4:
                    own[row, at] = _encode(stages[stage, 3], pace, *encoding)
                    x[mine + at] = own[row, at]
                    left_over = bases[row, stages[stage, 9]]
                    if stages[stage, 7] == 1:
                        bottom = bases[row, stages[stage, 8]]
                    else:
                        top = bases[row, stages[stage, 8]]
                    continue
                for turn in range(_TRIES):
                    leaf = leaf_first[stages[stage, 4]] + _leaf(stages[stage, 4], x, node_first, nodes, mask)
                    if turn == 0 and pair < last_pair and way != 2 and start[leaf + 1] - start[leaf] > 1:
                        first, layers = order_first[leaf], strata[leaf]
                        next_at = _next(leaf, layers, start, codes, cumulative, first, state, come, dealt)
                        near = min(_WINDOW, first + layers - next_at)
                        for ahead in range(near):
                            value = _led_to(
                                dealt[next_at + ahead], stage, stages, anchors, against, pace, codec,
                                unit(mix(state)), codec_facts, decoding
                            )
                            wanted[ahead] = pulls[pair_groups[pairs[pair, 2], _encode(codec, value, *encoding)]]
                        _swap(dealt, next_at, next_at + np.argmax(wanted[:near]))
                        drawn = dealt[next_at]
                        _taken(leaf, layers, come)
                    else:
                        drawn = _draw(leaf, strata, start, codes, cumulative, order_first, state, come, dealt)
                    own[row, at] = drawn
                    x[mine + at] = drawn
                    state = mix(state)
                    if way == 2:
                        if drawn == 1 and alone[number]:
                            code = _repeated(own[row - 1, slot], kind, codec, against, encoding)
                            if used[number, code]:
                                drawn = 2
                                own[row, at] = drawn
                                x[mine + at] = drawn
                        if drawn == 1:
                            done = True
                            value = against
                            code = _repeated(own[row - 1, slot], kind, codec, against, encoding)
                        break
                    value = _led_to(
                        drawn, stage, stages, anchors, against, pace, codec, unit(state), codec_facts, decoding
                    )
                    done = np.isnan(value) or (value >= codec_facts[codec, 2] and value <= codec_facts[codec, 3])
                    if kind == 1 and drawn > stages[stage, 7] and (value < bottom or value > top):
                        # A family's bounds hold for all of it.
                        done = False
                    if done:
                        code = _encode(codec, value, *encoding)
                        keep = 0.0 if used[number, code] else accept[number, code]
                        if keep >= 1.0 or turn == _TRIES - 1 or unit(mix(state ^ np.uint64(0xA5A5A5A5))) < keep:
                            break
                        done = False
                if not done and kind == 1 and (value < bottom or value > top) and against >= bottom and against <= top:
                    # The rest of the family shares the room that is left.
                    bound = top if value > top else bottom
                    value = _on_grid(codec, against + (bound - against) * unit(mix(state)) / left_over, codec_facts)
                    value = min(max(value, codec_facts[codec, 2]), codec_facts[codec, 3])
                    done = True
                if not done and way != 2:
                    low, high = codec_facts[codec, 2], codec_facts[codec, 3]
                    nearest = min(max(value, low), high)
                    # What lies in another age than all values was not recorded then.
                    far = 0.0 if gaps[number] > 0.5 else high - low
                    value = np.nan if gaps[number] > 0.1 and abs(value - nearest) > far else nearest
                    done = True
                if done and way != 2:
                    code = _encode(codec, value, *encoding)
            if not done:
                state = mix(state)
                leaf = leaf_first[tree] + _leaf(tree, x, node_first, nodes, mask)
                if pair < last_pair and start[leaf + 1] - start[leaf] > 1:
                    first, layers = order_first[leaf], strata[leaf]
                    next_at = _next(leaf, layers, start, codes, cumulative, first, state, come, dealt)
                    near = min(_WINDOW, first + layers - next_at)
                    for ahead in range(near):
                        drawn = dealt[next_at + ahead]
                        if entries[number, 5] != codec:
                            drawn = _encode(codec, _decode(entries[number, 5], drawn, 0.5, *decoding), *encoding)
                        wanted[ahead] = pulls[pair_groups[pairs[pair, 2], drawn]]
                    _swap(dealt, next_at, next_at + np.argmax(wanted[:near]))
                    code = dealt[next_at]
                    _taken(leaf, layers, come)
                else:
                    code = _draw(leaf, strata, start, codes, cumulative, order_first, state, come, dealt)
                if used[number, code] and entries[number, 5] == codec:
                    other = _draw_unused(tree, x, used[number], mix(state), *forest)
                    code = code if other < 0 else other
                if codec >= 0:
                    state = mix(state)
                    begun = entries[number, 5]
                    value = _decode(begun, code, unit(state), *decoding)
                    if not np.isnan(value):
                        value = _on_grid(codec, value, codec_facts)
                        value = min(max(value, codec_facts[codec, 2]), codec_facts[codec, 3])
                    if begun != codec:
                        code = _encode(codec, value, *encoding)
            own[row, slot] = code
            x[mine + slot] = code
            if pair < last_pair:
                _count_in(x, code, pair, last_pair, pairs, pair_groups, seen, total)
            if alone[number] and single[number, code]:
                used[number, code] = True
            if value_at >= 0:
                values[row, value_at] = value
            if entries[number, 4] > 0:
                at = slot + 1 + entries[number, 7] - entries[number, 6]
                calendar_codes(value, units[number], own[row, at : at + 4])
                for place in range(at, at + 4):
                    x[mine + place] = own[row, place]
