"""Compares the rows of two databases: columns, pairs of columns, foreign keys, grandparents, copies.

Takes a schema and Arrow tables of both sides, gives a `FidelityReport`. Never opens a database; the clone teaches
nothing: bins, categories and thresholds come from the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace

import numpy as np
import pyarrow as pa

from dbclone.report import alignment
from dbclone.report.features import Feature, Numbers, TablePair, pair_tables
from dbclone.report.figures import (
    ColumnFidelity,
    FidelityReport,
    Histogram,
    HopFidelity,
    KeyFidelity,
    PairFidelity,
    TableFidelity,
    TextRepeats,
    mean,
)
from dbclone.report.histograms import count_histogram, histogram
from dbclone.report.links import Link, link
from dbclone.report.measures import Codes, Figure, Floats, families, family_variance, ks_likeness, tv_likeness
from dbclone.report.privacy import is_identical, row_copies, text_repeats
from dbclone.schema import Schema, TableName

PAIR_COLUMNS = 30
CROSS_COLUMNS = 20
CROSS_ROWS = 400_000
PAIR_ROWS = 1_000_000
_WORST = 12
_FEWEST, _FEWEST_FAMILIES = 20, 10


def compare_tables(
    schema: Schema,
    source: Mapping[TableName, pa.Table],
    clone: Mapping[TableName, pa.Table],
    *,
    source_rows: Mapping[TableName, int] | None = None,
    clone_rows: Mapping[TableName, int] | None = None,
    seed: int = 0,
    k: int = 5,
    public: Mapping[TableName, frozenset[str]] | None = None,
    sensitive: Mapping[TableName, frozenset[str]] | None = None,
    detector: bool = False,
) -> FidelityReport:
    """Compares every table of ``schema`` that has rows in the source.

    ``source`` and ``clone`` may hold samples (whole families, or foreign keys lose their parents); ``source_rows`` and
    ``clone_rows`` are the true counts then. A clone's table is found by its bare name where its schema has another.
    ``public`` names columns whose values identify nobody; ``sensitive`` ones are replaced on purpose: nothing is
    expected of them, and no value of theirs is named. ``k`` is the threshold of what counts as rare.
    ``detector`` adds a classifier's verdict (needs LightGBM; a note says so where it is missing).
    """
    pairs, missing, empty = _paired(schema, source, clone, sensitive or {})
    links = [found for found in _links(schema, pairs) if found is not None]
    identical = {name for name, pair in pairs.items() if is_identical(pair)}
    tables = []
    for name, pair in pairs.items():
        owners = [one.source.parents for one in links if one.key.table == name and not one.key.is_self]
        columns = tuple(_column(feature, histogram(feature, k, owners)) for feature in pair.features)
        tables.append(
            _table(pair, columns, text_repeats(pair, k, (public or {}).get(name, frozenset())), name in identical, seed)
        )
    counted = [_counted(one, source_rows, clone_rows) for one in sorted([*tables, *empty], key=lambda one: one.name)]
    report = FidelityReport(
        tables=tuple(counted),
        keys=tuple(_key(one, pairs, k, identical, seed) for one in links),
        hops=tuple(_hops(links, pairs, identical, seed)),
        missing_tables=tuple(missing),
        k=k,
        notes=_empty_notes(empty),
    )
    return _with_detector(report, pairs, links, seed) if detector else report


def _paired(
    schema: Schema,
    source: Mapping[TableName, pa.Table],
    clone: Mapping[TableName, pa.Table],
    sensitive: Mapping[TableName, frozenset[str]],
) -> tuple[dict[TableName, TablePair], list[TableName], list[TableFidelity]]:
    """Tables with rows in the source, those of them that the clone lacks, and tables without rows in the source."""
    pairs: dict[TableName, TablePair] = {}
    missing: list[TableName] = []
    empty: list[TableFidelity] = []
    for table in schema:
        ours, theirs = alignment.find(source, table.name), alignment.find(clone, table.name)
        if ours is None:
            continue
        if theirs is None:
            if ours.num_rows:
                missing.append(table.name)
        elif ours.num_rows:
            pairs[table.name] = pair_tables(schema, table.name, ours, theirs, sensitive.get(table.name, frozenset()))
        else:
            empty.append(TableFidelity(table.name, 0, theirs.num_rows, (0, theirs.num_rows)))
    return pairs, missing, empty


def _links(schema: Schema, pairs: Mapping[TableName, TablePair]) -> Iterator[Link | None]:
    for key in schema.foreign_keys:
        if key.table in pairs and key.parent in pairs:
            yield link(key, pairs[key.table], pairs[key.parent])


def _table(
    pair: TablePair,
    columns: tuple[ColumnFidelity, ...],
    texts: tuple[TextRepeats, ...],
    identical: bool,
    seed: int,
) -> TableFidelity:
    worst, figures = _pairs(pair.features[:PAIR_COLUMNS], seed)
    rows = pair.source.num_rows, pair.clone.num_rows
    return TableFidelity(
        name=pair.table.name,
        source_rows=rows[0],
        clone_rows=rows[1],
        compared=rows,
        columns=columns,
        missing_columns=pair.missing,
        pair_tv=mean(figure.value for figure in figures),
        pair_expected=mean(figure.expected for figure in figures),
        pair_count=len(figures),
        pairs=worst,
        copies=row_copies(pair),
        texts=texts,
        identical=identical,
    )


def _column(feature: Feature, bars: Histogram | None) -> ColumnFidelity:
    values = feature.values
    if isinstance(values, Numbers):
        ours, theirs = (side[~np.isnan(side)] for side in (values.source, values.clone))
        figure = ks_likeness(ours, theirs)
        nulls = tuple(_share(np.isnan(side)) for side in (values.source, values.clone))
    else:
        figure = tv_likeness(values.source[values.source >= 0], values.clone[values.clone >= 0], len(values.counts))
        nulls = tuple(_share(side < 0) for side in (values.source, values.clone))
    expected = min(figure) if feature.sensitive else figure.expected
    return ColumnFidelity(
        feature.name, feature.measure, figure.value, expected, nulls[0], nulls[1], bars, feature.sensitive
    )


def _pairs(features: Sequence[Feature], seed: int) -> tuple[tuple[PairFidelity, ...], list[Figure]]:
    if len(features) < 2:
        return (), []
    ours = _some(len(features[0].source_bins), PAIR_ROWS, seed)
    theirs = _some(len(features[0].clone_bins), PAIR_ROWS, seed)
    bins = [(feature, feature.source_bins[ours], feature.clone_bins[theirs]) for feature in features]
    found = []
    for place, (one, a, b) in enumerate(bins):
        for two, c, d in bins[place + 1 :]:
            found.append((one.name, two.name, _likeness(one, two, (a, c), (b, d))))
    return _worst(found), [figure for _, _, figure in found]


def _likeness(
    left: Feature,
    right: Feature,
    source: tuple[Codes, Codes],
    clone: tuple[Codes, Codes],
    variance: Floats | None = None,
) -> Figure:
    """Of two columns together, each side given as the bins of both; nothing is expected where one is sensitive."""
    clustered = None if variance is None else np.repeat(variance, right.width)
    codes = [one * right.width + two for one, two in (source, clone)]
    figure = tv_likeness(codes[0], codes[1], left.width * right.width, clustered)
    return Figure(figure.value, min(figure)) if left.sensitive or right.sensitive else figure


def _key(one: Link, pairs: Mapping[TableName, TablePair], k: int, identical: Set[TableName], seed: int) -> KeyFidelity:
    key, ours, theirs = one.key, one.source, one.clone
    card = ks_likeness(ours.children.astype(np.float64), theirs.children.astype(np.float64))
    worst, figures = _cross(pairs[key.parent], pairs[key.table], ours.parents, theirs.parents, identical, seed)
    return KeyFidelity(
        key=key,
        card=card.value,
        expected=card.expected,
        source_mean=_share(ours.children),
        clone_mean=_share(theirs.children),
        source_childless=_share(ours.children == 0),
        clone_childless=_share(theirs.children == 0),
        source_nulls=ours.empty / max(1, len(ours.parents)),
        clone_nulls=theirs.empty / max(1, len(theirs.parents)),
        orphans=theirs.orphans,
        pc=mean(figure.value for figure in figures),
        pc_expected=mean(figure.expected for figure in figures),
        pairs=worst,
        histogram=count_histogram(ours.children, theirs.children, k),
    )


def _cross(
    upper: TablePair, lower: TablePair, ours: Codes, theirs: Codes, identical: Set[TableName], seed: int
) -> tuple[tuple[PairFidelity, ...], list[Figure]]:
    """Every column of ``upper`` with every column of ``lower`` over the join, nothing where fewer than 20 rows join."""
    rows, others = np.flatnonzero(ours >= 0), np.flatnonzero(theirs >= 0)
    if len(rows) < _FEWEST:
        return (), []
    rows, others = rows[_some(len(rows), CROSS_ROWS, seed)], others[_some(len(others), CROSS_ROWS, seed)]
    children = [(f, f.source_bins[rows], f.clone_bins[others]) for f in lower.features[:CROSS_COLUMNS]]
    drawn = families(ours[rows]), families(theirs[others])
    # A handful of parents that were drawn anew differ in any column; copied ones are the same parents.
    copied = upper.table.name in identical
    too_few = not copied and drawn[0] < _FEWEST_FAMILIES
    found = []
    for one in upper.features[:CROSS_COLUMNS]:
        a, b = one.source_bins[ours[rows]], one.clone_bins[theirs[others]]
        variance = None if copied else family_variance(a, one.width, *drawn)
        for two, c, d in children:
            figure = _likeness(one, two, (a, c), (b, d), variance)
            found.append((one.name, two.name, Figure(figure.value, min(figure)) if too_few else figure))
    return _worst(found), [figure for _, _, figure in found]


def _hops(
    links: Sequence[Link], pairs: Mapping[TableName, TablePair], identical: Set[TableName], seed: int
) -> Iterator[HopFidelity]:
    for lower in links:
        for upper in links:
            if upper.key.table != lower.key.parent or lower.key.is_self or upper.key.is_self:
                continue
            ours = _through(lower.source.parents, upper.source.parents)
            theirs = _through(lower.clone.parents, upper.clone.parents)
            _, figures = _cross(pairs[upper.key.parent], pairs[lower.key.table], ours, theirs, identical, seed)
            if figures:
                value, expected = mean(f.value for f in figures), mean(f.expected for f in figures)
                yield HopFidelity(lower.key, upper.key, value or 0.0, expected or 0.0)


def _through(lower: Codes, upper: Codes) -> Codes:
    return np.where(lower >= 0, upper[lower], -1) if len(upper) else np.full(len(lower), -1)


def _worst(found: list[tuple[str, str, Figure]]) -> tuple[PairFidelity, ...]:
    """Those that fall shortest of what noise alone would leave, first."""
    ordered = sorted(found, key=lambda one: (one[2].value - one[2].expected, one[0], one[1]))
    return tuple(PairFidelity(a, b, figure.value, figure.expected) for a, b, figure in ordered[:_WORST])


def _some(rows: int, most: int, seed: int) -> Codes:
    """At most ``most`` row numbers; the same ones for both sides of equal length, so that equal sides stay equal."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng([seed, rows]).choice(rows, most, replace=False))


def _share(values: np.ndarray[tuple[int], np.dtype[np.bool_ | np.int64]]) -> float:
    return float(values.mean()) if len(values) else 0.0


def _counted(
    one: TableFidelity, source: Mapping[TableName, int] | None, clone: Mapping[TableName, int] | None
) -> TableFidelity:
    return replace(
        one,
        source_rows=(source or {}).get(one.name, one.source_rows),
        clone_rows=(clone or {}).get(one.name, one.clone_rows),
    )


def _empty_notes(empty: Sequence[TableFidelity]) -> tuple[str, ...]:
    return tuple(
        f"{one.name} has no rows in the source, but {one.clone_rows} in the clone." for one in empty if one.clone_rows
    )


def _with_detector(
    report: FidelityReport, pairs: Mapping[TableName, TablePair], links: Sequence[Link], seed: int
) -> FidelityReport:
    from dbclone.report import detector

    if not detector.is_available():
        return replace(report, notes=(*report.notes, detector.MISSING))
    return replace(
        report,
        c2st=detector.detect_rows(pairs.values(), seed=seed),
        c2st_agg=detector.detect_families(pairs, links, seed=seed),
    )
