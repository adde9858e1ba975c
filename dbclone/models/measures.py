"""The compiled loops that measure what codes tell of one another and what a tree makes of them.

Takes uint8 codes and flat arrays, gives nats. Never sees a value, a name or a random state.
"""

from __future__ import annotations

import numpy as np
from numba import njit

CODES = 256


@njit(cache=True, nogil=True)
def tell_information(matrix, target, allowed, sample):  # type: ignore[no-untyped-def]
    """Mutual information in nats, less its expectation under independence, of each feature with the target."""
    size = len(sample)
    result = np.zeros(len(allowed))
    joint = np.zeros((CODES, CODES), np.int32)
    first = np.zeros(CODES, np.int64)
    second = np.zeros(CODES, np.int64)
    for row in sample:
        second[target[row]] += 1
    for number in range(len(allowed)):
        column = allowed[number]
        first[:] = 0
        for row in sample:
            joint[matrix[row, column], target[row]] += 1
            first[matrix[row, column]] += 1
        gain = 0.0
        cells = 0
        # Once a cell, though its rows come one by one: what was counted is taken away, and the table is empty again.
        for row in sample:
            a = matrix[row, column]
            b = target[row]
            together = joint[a, b]
            if together > 0:
                gain += together * np.log(together * size / (first[a] * second[b]))
                cells += 1
                joint[a, b] = 0
        used_first = np.count_nonzero(first)
        used_second = np.count_nonzero(second)
        bias = min(0.5 * (used_first - 1) * (used_second - 1), 0.7 * cells)
        result[number] = gain - bias
    return result


@njit(cache=True, nogil=True)
def row_losses(feature, left, right, mask, start, codes, cumulative, matrix, target, floor):  # type: ignore[no-untyped-def]
    """(rows,) nats that each row's target costs, at most ``-log(floor)``."""
    result = np.empty(len(target))
    for row in range(len(target)):
        node = 0
        while feature[node] >= 0:
            code = matrix[row, feature[node]]
            node = left[node] if (mask[node, code >> 6] >> np.uint64(code & 63)) & np.uint64(1) else right[node]
        leaf = left[node]
        chance = 0.0
        below = 0.0
        for i in range(start[leaf], start[leaf + 1]):
            if codes[i] == target[row]:
                chance = cumulative[i] - below
                break
            below = cumulative[i]
        result[row] = -np.log(max(chance, floor))
    return result
