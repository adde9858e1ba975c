"""The compiled loops that measure what codes tell of one another and what a tree makes of them.

Takes uint8 codes and flat arrays, gives nats. Never sees a value, a name or a random state.
"""

from __future__ import annotations

import numpy as np
from numba import njit

CODES = 256
_BLOCK = 64


@njit(cache=True, nogil=True)
def tabulate_xlogx(most):  # type: ignore[no-untyped-def]
    """(most + 1,) each number times its logarithm."""
    result = np.zeros(most + 1)
    for i in range(1, most + 1):
        result[i] = i * np.log(i)
    return result


@njit(cache=True, nogil=True)
def gather_columns(matrix, rows, features):  # type: ignore[no-untyped-def]
    """(features, rows) the codes of some rows and features of ``matrix`` (rows, features), feature by feature."""
    result = np.empty((len(features), len(rows)), np.uint8)
    # A few rows at a time, which stay near while each feature's codes are written side by side.
    for start in range(0, len(rows), _BLOCK):
        stop = min(start + _BLOCK, len(rows))
        for number in range(len(features)):
            feature = features[number]
            for i in range(start, stop):
                result[number, i] = matrix[rows[i], feature]
    return result


@njit(cache=True, nogil=True)
def tell_information(matrix, target, allowed, sample):  # type: ignore[no-untyped-def]
    """Mutual information in nats, less its expectation under independence, of each feature with the target."""
    size = len(sample)
    result = np.zeros(len(allowed))
    xlogx = tabulate_xlogx(size)
    second = np.zeros(CODES, np.int64)
    for row in sample:
        second[target[row]] += 1
    # Classes without gaps, so that the table of most targets is small enough to lie near.
    classes = np.zeros(CODES, np.uint8)
    used_second = 0
    base = xlogx[size]
    for code in range(CODES):
        base -= xlogx[second[code]]
        if second[code] > 0:
            classes[code] = used_second
            used_second += 1
    wanted = np.empty(size, np.uint8)
    for i in range(size):
        wanted[i] = classes[target[sample[i]]]
    columns = gather_columns(matrix, sample, allowed)
    joint = np.zeros((CODES, max(1, used_second)), np.int32)
    first = np.zeros(CODES, np.int64)
    for number in range(len(allowed)):
        first[:] = 0
        for i in range(size):
            joint[columns[number, i], wanted[i]] += 1
            first[columns[number, i]] += 1
        gain = base
        used_first = 0
        for code in range(CODES):
            gain -= xlogx[first[code]]
            used_first += first[code] > 0
        cells = 0
        # Once a cell, though its rows come one by one: what was counted is taken away, and the table is empty again.
        for i in range(size):
            together = joint[columns[number, i], wanted[i]]
            if together > 0:
                gain += xlogx[together]
                cells += 1
                joint[columns[number, i], wanted[i]] = 0
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
