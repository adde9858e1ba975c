"""A classifier that tries to tell source rows from clone rows, and what it looked at.

Takes the aligned columns of tables and the links between them, gives one `Detection` a table. Needs LightGBM, which is
no requirement of dbclone: ask `is_available` first.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dbclone.report.features import Feature, Numbers, TablePair
from dbclone.report.figures import Detection
from dbclone.report.links import Link
from dbclone.report.measures import Codes, Floats, auc
from dbclone.schema import TableName

MISSING = "The detector was left out: it needs LightGBM (pip install lightgbm)."

_ROWS = 10_000
_FEWEST = 50
_FOLDS = 5
_ROUNDS = 120
_COLUMNS = 20
_SHOWN = 10
_UNSEEN = -1.0
_PARAMETERS = {
    "objective": "binary",
    "num_leaves": 31,
    "learning_rate": 0.1,
    "min_data_in_leaf": 10,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}

Named = tuple[str, Floats, Floats]


def is_available() -> bool:
    """True where LightGBM is installed."""
    return importlib.util.find_spec("lightgbm") is not None


def detect_rows(pairs: Iterable[TablePair], *, seed: int = 0) -> tuple[Detection, ...]:
    """One Detection a table with 50 rows or more on both sides and a column that is no key."""
    found = []
    for pair in pairs:
        named = [_column(feature) for feature in pair.features]
        found.append(_detect(pair.table.name, named, pair.source.num_rows, pair.clone.num_rows, seed))
    return tuple(one for one in found if one is not None)


def detect_families(
    pairs: Mapping[TableName, TablePair], links: Sequence[Link], *, seed: int = 0
) -> tuple[Detection, ...]:
    """One Detection a parent table: its rows with count, mean, deviation, ends and variety of their children."""
    found = []
    for name, pair in pairs.items():
        below = [one for one in links if one.key.parent == name and not one.key.is_self]
        if not below:
            continue
        rng = np.random.default_rng([seed, 1])
        rows = min(pair.source.num_rows, pair.clone.num_rows, _ROWS)
        chosen = tuple(rng.permutation(n)[:rows] for n in (pair.source.num_rows, pair.clone.num_rows))
        named = [(label, a[chosen[0]], b[chosen[1]]) for label, a, b in map(_column, pair.features)]
        for one in below:
            named += _summaries(one, pairs[one.key.table].features[:_COLUMNS], chosen)
        found.append(_detect(name, named, rows, rows, seed))
    return tuple(one for one in found if one is not None)


def _column(feature: Feature) -> Named:
    values = feature.values
    if isinstance(values, Numbers):
        return feature.name, values.source, values.clone
    sides = []
    for codes in (values.source, values.clone):
        known = np.where(codes >= values.known, _UNSEEN, codes.astype(np.float64))
        sides.append(np.where(codes < 0, np.nan, known))
    return feature.name, sides[0], sides[1]


def _summaries(one: Link, features: Sequence[Feature], chosen: tuple[Codes, ...]) -> list[Named]:
    label = f"{one.key.table.name}({', '.join(one.key.columns)})"
    ours, theirs = (
        _members(side.parents, side.children, rows) for side, rows in zip((one.source, one.clone), chosen, strict=True)
    )
    counts = one.source.children[chosen[0]].astype(np.float64), one.clone.children[chosen[1]].astype(np.float64)
    found: list[Named] = [(f"{label} count", *counts)]
    for feature in features:
        _, a, b = _column(feature)
        summary = _of_numbers if isinstance(feature.values, Numbers) else _of_codes
        left = summary(a[ours[0]], ours[1], len(chosen[0]))
        right = summary(b[theirs[0]], theirs[1], len(chosen[1]))
        found += [(f"{label} {what} {feature.name}", left[what], right[what]) for what in left]
    return found


def _members(parents: Codes, children: Codes, chosen: Codes) -> tuple[Codes, Codes]:
    """The child rows of the chosen parents and, for each, its parent's place among the chosen."""
    place = np.full(len(children) + 1, -1, np.int64)
    place[chosen] = np.arange(len(chosen))
    of_row = place[parents]
    rows = np.flatnonzero(of_row >= 0)
    return rows, of_row[rows]


def _of_numbers(values: Floats, groups: Codes, size: int) -> dict[str, Floats]:
    known = ~np.isnan(values)
    values, groups = values[known], groups[known]
    count = np.bincount(groups, minlength=size).astype(np.float64)
    lowest, highest = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(lowest, groups, values)
    np.maximum.at(highest, groups, values)
    with np.errstate(divide="ignore", invalid="ignore"):
        average = np.bincount(groups, weights=values, minlength=size) / count
        squares = np.bincount(groups, weights=(values - average[groups]) ** 2, minlength=size)
        deviation = np.sqrt(squares / (count - 1.0))
    deviation[count < 2] = np.nan
    lowest[count == 0] = highest[count == 0] = np.nan
    return {"mean": average, "deviation": deviation, "min": lowest, "max": highest}


def _of_codes(values: Floats, groups: Codes, size: int) -> dict[str, Floats]:
    width = int(np.nanmax(values, initial=0.0)) + 3
    codes = np.nan_to_num(values + 2.0, nan=0.0).astype(np.int64)
    joint, counts = np.unique(groups * width + codes, return_counts=True)
    owner = joint // width
    variety = np.bincount(owner[joint % width > 0], minlength=size).astype(np.float64)
    largest = np.zeros(size)
    np.maximum.at(largest, owner, counts.astype(np.float64))
    total = np.bincount(groups, minlength=size).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = largest / total
    variety[total == 0] = np.nan
    return {"variety": variety, "mode share": share}


def _detect(table: TableName, named: Sequence[Named], source: int, clone: int, seed: int) -> Detection | None:
    rows = min(source, clone, _ROWS)
    if rows < _FEWEST or not named:
        return None
    # Streams of their own for both sides and for the folds: shared ones would tie folds to the stored order of rows.
    ours, theirs, folds = (np.random.default_rng([seed, stream]) for stream in (11, 12, 13))
    left, right = ours.permutation(source)[:rows], theirs.permutation(clone)[:rows]
    matrix = np.column_stack([np.concatenate([a[left], b[right]]) for _, a, b in named])
    truth = np.arange(2 * rows) < rows
    fold = np.concatenate([folds.permutation(np.arange(rows) % _FOLDS) for _ in range(2)])
    scores, gains = _cross_validated(matrix, truth, fold)
    order = np.argsort(-gains, kind="stable")[:_SHOWN]
    total = float(gains.sum()) or 1.0
    features = tuple((named[at][0], round(float(gains[at]) / total, 4)) for at in order if gains[at] > 0)
    return Detection(table, round(auc(scores, truth), 4), rows, features)


def _cross_validated(matrix: Floats, truth: npt.NDArray[np.bool_], fold: Codes) -> tuple[Floats, Floats]:
    import lightgbm

    scores, gains = np.zeros(len(truth)), np.zeros(matrix.shape[1])
    for number in range(_FOLDS):
        test = fold == number
        data = lightgbm.Dataset(matrix[~test], label=truth[~test].astype(np.float64))
        booster = lightgbm.train(_PARAMETERS, data, num_boost_round=_ROUNDS)
        scores[test] = booster.predict(matrix[test])
        gains += booster.feature_importance("gain")
    return scores, gains
