"""Signs that the clone repeats the source: whole rows, rare texts, tables copied as they are.

Takes the aligned columns of one table, gives counts and shares, each beside what chance alone would give.
Never gives a value back.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dbclone.report.alignment import align
from dbclone.report.features import Categories, Feature, Numbers, TablePair
from dbclone.report.figures import Measure, RowCopies, TextRepeats
from dbclone.schema import Kind

Hashes = npt.NDArray[np.uint64]

_DIGITS = 6
_EMPTY = np.uint64(0x9E3779B97F4A7C15)


def row_copies(pair: TablePair) -> RowCopies | None:
    """How many of the clone's rows equal a source row in all columns but keys; None where there is no such column."""
    if not pair.features or not pair.clone.num_rows or not pair.source.num_rows:
        return None
    source, clone = _hashes(pair)
    values, counts = np.unique(source, return_counts=True)
    place = np.minimum(np.searchsorted(values, clone), len(values) - 1)
    hit = values[place] == clone
    return RowCopies(
        columns=len(pair.features),
        share=float(hit.mean()),
        expected=float(counts[counts > 1].sum() / len(source)),
        unique=float((hit & (counts[place] == 1)).mean()),
    )


def text_repeats(pair: TablePair, k: int, public: frozenset[str] = frozenset()) -> tuple[TextRepeats, ...]:
    """The columns of text in which fewer than ``k`` rows of the source share a value, and how often the clone has such.

    Columns in ``public`` and those whose values the schema itself lists (enums, booleans) are exempt.
    """
    found = []
    for feature in pair.features:
        if feature.name in public or feature.type_kind in (Kind.BOOLEAN, Kind.ENUM):
            continue
        texts = feature.texts or (feature.values if feature.measure is Measure.CATEGORY else None)
        if isinstance(texts, Categories):
            found.append(_repeats(feature, texts, k))
    return tuple(one for one in found if one is not None)


def is_identical(pair: TablePair) -> bool:
    """True where the clone's rows are the source's, keys included, in whatever order."""
    if pair.missing or pair.source.num_rows != pair.clone.num_rows or not pair.source.num_rows:
        return False
    names = [name for name in pair.source.column_names if name in pair.table.by_name]
    sides = []
    for table in (pair.source, pair.clone):
        arrays = [align(table[name], pair.table.column(name).type) for name in names]
        sides.append(list(zip(*(array.to_pylist() for array in arrays), strict=True)) if _is_small(pair) else arrays)
    if _is_small(pair):
        return sorted(map(repr, sides[0])) == sorted(map(repr, sides[1]))
    return all(ours.equals(theirs) for ours, theirs in zip(sides[0], sides[1], strict=True))


def _is_small(pair: TablePair) -> bool:
    # Rows in another order are told apart only where that is cheap: copied tables of size arrive in order.
    return bool(pair.source.num_rows <= 2_000)


def _repeats(feature: Feature, texts: Categories, k: int) -> TextRepeats | None:
    counts = texts.counts[: texts.known]
    rare = np.concatenate([counts < k, [False]])
    if not rare.any():
        return None
    present = texts.clone[texts.clone >= 0]
    hits = present[rare[np.minimum(present, texts.known)]]
    # A new row finds a rare value of another row where the value has 1 to k - 1 rows without its own.
    expected = counts[(counts >= 2) & (counts <= k)].sum() / max(1, counts.sum())
    share = len(hits) / len(present) if len(present) else 0.0
    return TextRepeats(feature.name, len(np.unique(hits)), len(hits), share, float(expected))


def _hashes(pair: TablePair) -> tuple[Hashes, Hashes]:
    source = np.zeros(pair.source.num_rows, np.uint64)
    clone = np.zeros(pair.clone.num_rows, np.uint64)
    for feature in pair.features:
        values = feature.texts or feature.values
        if isinstance(values, Numbers):
            ours, theirs = _bits(values.source), _bits(values.clone)
        else:
            ours, theirs = values.source.astype(np.uint64), values.clone.astype(np.uint64)
        source, clone = _mixed(source, ours), _mixed(clone, theirs)
    return source, clone


def _bits(values: npt.NDArray[np.float64]) -> Hashes:
    rounded = np.round(values, _DIGITS) + 0.0
    return np.where(np.isnan(values), _EMPTY, rounded.view(np.uint64))


def _mixed(hashes: Hashes, more: Hashes) -> Hashes:
    """The splitmix64 step over both."""
    with np.errstate(over="ignore"):
        mixed = hashes * np.uint64(0xD1342543DE82EF95) + more + _EMPTY
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))
