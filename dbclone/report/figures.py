"""The figures of a comparison as values: one per column, pair, foreign key and table, and their means.

Takes numbers from `fidelity`, `privacy` and `detector`, gives frozen dataclasses with JSON both ways.
Never holds a row, nor a value that fewer than k of the source's rows share.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dbclone.schema import ForeignKey, TableName


class Measure(StrEnum):
    """How a column is compared: ``length`` is text too varied to be repeated, of which only the length counts."""

    NUMBER = "number"
    TIME = "time"
    CATEGORY = "category"
    LENGTH = "length"


@dataclass(frozen=True)
class Histogram:
    """Shares of the non-NULL values of both sides, bar by bar; ``labels`` name only what k or more rows share."""

    labels: tuple[str, ...]
    source: tuple[float, ...]
    clone: tuple[float, ...]


@dataclass(frozen=True)
class ColumnFidelity:
    """``shape`` is 1 - KS distance (numbers, times, lengths) or 1 - total variation (categories).

    ``expected`` is what a second sample of the same data would have reached: what noise alone costs. Of a ``sensitive``
    column, whose values are replaced on purpose, nothing more is expected than it reached.
    """

    name: str
    measure: Measure
    shape: float
    expected: float
    source_nulls: float
    clone_nulls: float
    histogram: Histogram | None = None
    sensitive: bool = False


@dataclass(frozen=True)
class PairFidelity:
    """``figure`` is 1 - total variation of the contingency table of two columns, each in about ten bins.

    Across a foreign key ``left`` is the parent's column and ``right`` the child's.
    """

    left: str
    right: str
    figure: float
    expected: float


@dataclass(frozen=True)
class RowCopies:
    """``share`` of the clone's rows equal to a source row in every column but keys.

    ``expected`` is the share that new rows of the same distribution would reach by chance: the source's rows that have
    an equal among the other rows. ``unique`` counts equals of source rows that occur once.
    """

    columns: int
    share: float
    expected: float
    unique: float


@dataclass(frozen=True)
class TextRepeats:
    """Texts of one clone column that the source holds in fewer than k rows: ``values`` of them, in ``rows`` rows.

    ``share`` is ``rows`` by the clone's non-NULL rows, ``expected`` what new rows drawn from the source's own
    distribution would reach (names are common words: two people may both be called Maria).
    """

    column: str
    values: int
    rows: int
    share: float
    expected: float


@dataclass(frozen=True)
class TableFidelity:
    """``source_rows`` and ``clone_rows`` are the whole tables' counts, ``compared`` the rows that were looked at.

    ``pairs`` are the worst ones, worst first; ``pair_tv`` is the mean over all ``pair_count``.
    ``identical`` is true where the clone holds the source's rows unchanged (reference data, copied).
    """

    name: TableName
    source_rows: int
    clone_rows: int
    compared: tuple[int, int]
    columns: tuple[ColumnFidelity, ...] = ()
    missing_columns: tuple[str, ...] = ()
    pair_tv: float | None = None
    pair_expected: float | None = None
    pair_count: int = 0
    pairs: tuple[PairFidelity, ...] = ()
    copies: RowCopies | None = None
    texts: tuple[TextRepeats, ...] = ()
    identical: bool = False

    @property
    def shape(self) -> float | None:
        return mean(column.shape for column in self.columns)

    @property
    def shape_expected(self) -> float | None:
        return mean(column.expected for column in self.columns)

    @property
    def null_difference(self) -> float | None:
        """The mean difference of the shares of NULL, 0 where all agree."""
        return mean(abs(column.source_nulls - column.clone_nulls) for column in self.columns)


@dataclass(frozen=True)
class KeyFidelity:
    """``card`` compares children per parent, parents without any included; ``pc`` parents' columns with children's.

    ``source_mean`` and ``clone_mean`` are children per parent, ``*_childless`` shares of parents without children,
    ``*_nulls`` shares of empty keys; ``orphans`` are clone rows that reference no row that was looked at.
    """

    key: ForeignKey
    card: float
    expected: float
    source_mean: float
    clone_mean: float
    source_childless: float
    clone_childless: float
    source_nulls: float
    clone_nulls: float
    orphans: int
    pc: float | None = None
    pc_expected: float | None = None
    pairs: tuple[PairFidelity, ...] = ()
    histogram: Histogram | None = None


@dataclass(frozen=True)
class HopFidelity:
    """Columns of a grandparent with those of its grandchildren: ``lower`` leads to the parent, ``upper`` beyond."""

    lower: ForeignKey
    upper: ForeignKey
    figure: float
    expected: float

    def __str__(self) -> str:
        return f"{self.lower} => {self.upper.parent}"


@dataclass(frozen=True)
class Detection:
    """How well a classifier tells source rows from clone rows: ROC ``auc``, 0.5 is a coin flip, 1 is certainty.

    ``features`` are what it looked at most, with their share of the gain.
    """

    table: TableName
    auc: float
    rows: int
    features: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class FidelityReport:
    """All figures. ``c2st`` judges rows of one table, ``c2st_agg`` parents with a summary of their children.

    ``k`` is the threshold below which values are not shown and repeated texts are counted.
    """

    tables: tuple[TableFidelity, ...]
    keys: tuple[KeyFidelity, ...] = ()
    hops: tuple[HopFidelity, ...] = ()
    missing_tables: tuple[TableName, ...] = ()
    c2st: tuple[Detection, ...] = ()
    c2st_agg: tuple[Detection, ...] = ()
    k: int = 5
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> dict[str, float | None]:
        """The means, rounded to four digits; None where nothing of the sort could be compared."""
        figures = {
            "score": self.score,
            "shape": mean(column.shape for table in self.tables for column in table.columns),
            "shape50": mean(c.shape for table in self.tables if table.source_rows >= 50 for c in table.columns),
            "pair_tv": mean(table.pair_tv for table in self.tables),
            "card": mean(key.card for key in self.keys),
            "pc": mean(key.pc for key in self.keys),
            "hop2": mean(hop.figure for hop in self.hops),
            "c2st": mean(max(one.auc, 0.5) for one in self.c2st),
            "c2st_agg": mean(max(one.auc, 0.5) for one in self.c2st_agg),
            "null_difference": mean(table.null_difference for table in self.tables),
            "copy_mean": mean(t.copies.share for t in self.tables if t.copies and t.copies.columns >= 3),
        }
        return {name: None if value is None else round(value, 4) for name, value in figures.items()}

    @property
    def expected(self) -> dict[str, float | None]:
        """The same means as a second sample of the same data would reach them."""
        figures = {
            "shape": mean(column.expected for table in self.tables for column in table.columns),
            "pair_tv": mean(table.pair_expected for table in self.tables),
            "card": mean(key.expected for key in self.keys),
            "pc": mean(key.pc_expected for key in self.keys),
            "hop2": mean(hop.expected for hop in self.hops),
        }
        return {name: None if value is None else round(value, 4) for name, value in figures.items()}

    @property
    def score(self) -> float | None:
        """One figure for a threshold: the mean of shape, pair_tv, card and pc, each a mean of its own.

        Missing tables count as 0, weighted by their number.
        """
        parts = (
            mean(column.shape for table in self.tables for column in table.columns),
            mean(table.pair_tv for table in self.tables),
            mean(key.card for key in self.keys),
            mean(key.pc for key in self.keys),
        )
        whole = mean(parts)
        if not self.missing_tables:
            return whole
        return (whole or 0.0) * len(self.tables) / (len(self.tables) + len(self.missing_tables))

    @property
    def texts(self) -> tuple[tuple[TableName, TextRepeats], ...]:
        """Every column whose rare texts were looked for in the clone, the most repeated first, copied tables aside."""
        found = [(table.name, text) for table in self.tables if not table.identical for text in table.texts]
        return tuple(sorted(found, key=lambda one: (-one[1].share, str(one[0]), one[1].column)))

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict with the means under ``summary``; ``from_json`` gives an equal value back."""
        result: dict[str, Any] = {"summary": self.summary, "expected": self.expected}
        result |= _adapter().dump_python(self, mode="json")
        return result

    @staticmethod
    def from_json(data: dict[str, Any]) -> FidelityReport:
        """The value that ``to_json`` wrote. Raises pydantic's ``ValidationError`` where the data has another shape."""
        fields = {name: value for name, value in data.items() if name not in ("summary", "expected")}
        report: FidelityReport = _adapter().validate_python(fields)
        return report


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of those that are there, None where none is."""
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None


@functools.cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(FidelityReport)
