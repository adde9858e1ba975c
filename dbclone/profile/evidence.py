"""What speaks for a key that no schema declares: its names, and the rows of the whole table.

Takes candidates and counts, gives proposals with their evidence in words. A small number that occurs in every serial
key proves nothing: without a name, chance must be all but ruled out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from dbclone.profile.key_names import Likeness
from dbclone.schema import ForeignKey, Kind, TableName

CLEAR = 0.8
"""Names so clear that an empty column is believed, and a few rows without a parent are forgiven."""

_NAMED = 0.7
_HALF_NAMED = 0.6
MOST_LOST = 0.02
_LEAST_VALUES = 20
_LEAST_BITS = 30.0
_LEAST_COVERED = 0.5
_WIDEST_GAP = 20.0
_LEAST_WIDTH = 3.0


@dataclass(frozen=True)
class Candidate:
    """A key that may be there; ``likeness`` is None where only the rows could speak for it."""

    key: ForeignKey
    likeness: Likeness | None


@dataclass(frozen=True)
class ColumnCounts:
    """One column of a whole table. ``low`` and ``high`` are of integers, ``width`` the mean length of texts."""

    filled: int
    distinct: int
    low: int | None = None
    high: int | None = None
    width: float = 0.0


@dataclass(frozen=True)
class Inclusion:
    """A key in the rows of the whole table. ``filled`` rows have it, ``orphans`` of them name no parent.

    ``distinct`` counts its values, ``parents`` those that could be referenced. ``gap`` is how unlikely one value is to
    be among them by chance, in bits. ``empty`` is the value that stands for no parent, ``vacant`` counts the rows that
    have it, which are neither filled nor orphans.
    """

    rows: int
    filled: int
    orphans: int
    distinct: int
    parents: int
    gap: float = 0.0
    empty: str | None = None
    vacant: int = 0

    @property
    def bits(self) -> float:
        """How unlikely it is that chance alone would find a parent for every value."""
        return 0.0 if self.orphans else self.gap * self.distinct


@dataclass(frozen=True)
class Proposal:
    """A key and what speaks for it, from 0 to 1; ``doubt`` says why it is not used even where keys are inferred.

    ``nulls`` is the share of rows without the key, ``coverage`` that of parents which are referenced.
    """

    key: ForeignKey
    strength: float
    evidence: tuple[str, ...]
    rows: int = 0
    orphans: int = 0
    nulls: float = 0.0
    coverage: float = 0.0
    doubt: str = ""

    @property
    def usable(self) -> bool:
        return not self.doubt


def could_prove(kind: Kind, own: ColumnCounts, above: ColumnCounts) -> bool:
    """Whether the values alone could show that a column references another one."""
    if not _LEAST_VALUES <= own.distinct <= above.distinct or above.distinct < above.filled:
        return False
    if kind is Kind.INTEGER:
        inside = None not in (own.low, own.high, above.low, above.high)
        inside = inside and above.low <= own.low and own.high <= above.high  # type: ignore[operator]
        return inside and gap_of(kind, above) * own.distinct >= _LEAST_BITS
    return gap_of(kind, above) > 0


def gap_of(kind: Kind, above: ColumnCounts) -> float:
    """How unlikely a value of the same range is to be one of the referenced ones, in bits."""
    if kind is Kind.INTEGER:
        if above.low is None or above.high is None or not above.distinct:
            return 0.0
        return min(_WIDEST_GAP, max(0.0, math.log2((above.high - above.low + 1) / above.distinct)))
    if kind is Kind.TEXT:
        return min(_WIDEST_GAP, above.width) if above.width >= _LEAST_WIDTH else 0.0
    return _WIDEST_GAP if kind in (Kind.UUID, Kind.BINARY) else 0.0


def judge(candidate: Candidate, counted: Inclusion, *, nullable: bool) -> Proposal | None:
    """The proposal that a candidate becomes in view of its rows; None where they speak against it."""
    strength = candidate.likeness.strength if candidate.likeness else 0.0
    lost = counted.orphans / counted.filled if counted.filled else 0.0
    covered = min(1.0, counted.distinct / counted.parents) if counted.parents else 0.0
    unsure = strength < CLEAR
    if lost > MOST_LOST or (unsure and (counted.orphans or not counted.filled)):
        return None
    proven = counted.bits >= _LEAST_BITS and counted.distinct >= _LEAST_VALUES
    if strength < _NAMED and not proven and (candidate.likeness is None or not _is_borne_out(candidate, covered)):
        return None
    if counted.vacant and strength < _NAMED:
        return None
    evidence = [candidate.likeness.reason] if candidate.likeness else []
    evidence.append(_in_words(counted))
    if counted.vacant:
        evidence.append(f'{counted.vacant:,} rows hold "{counted.empty}", which stands for none')
    if proven:
        evidence.append("chance would not hit upon these values")
    return Proposal(
        replace(candidate.key, empty=counted.empty),
        round(max(strength, min(0.9, counted.bits / 1000) if proven else 0.0), 3),
        tuple(evidence),
        counted.rows,
        counted.orphans,
        1 - counted.filled / counted.rows if counted.rows else 0.0,
        covered,
        _doubt(counted, nullable=nullable),
    )


def choose(proposals: list[Proposal]) -> tuple[Proposal, ...]:
    """The best key for each set of columns; of two that lead back and forth between the same columns, the better."""
    best: dict[tuple[TableName, tuple[str, ...]], Proposal] = {}
    for one in sorted(proposals, key=lambda one: (-one.strength, one.orphans, -one.coverage, str(one.key))):
        place = one.key.table, tuple(sorted(one.key.columns))
        back = best.get((one.key.parent, tuple(sorted(one.key.parent_columns))))
        mutual = back is not None and back.key.parent == one.key.table and back.key.parent_columns == one.key.columns
        if place not in best and not mutual:
            best[place] = one
    return tuple(sorted(best.values(), key=lambda one: str(one.key)))


def _is_borne_out(candidate: Candidate, covered: float) -> bool:
    """A weak name needs its values to reach most of the parents, as those of a small list do."""
    assert candidate.likeness is not None
    return candidate.likeness.strength >= _HALF_NAMED or covered >= _LEAST_COVERED


def _in_words(counted: Inclusion) -> str:
    if not counted.rows:
        return "the table is empty"
    if not counted.filled:
        return "no row fills it"
    if counted.orphans:
        return f"{counted.filled - counted.orphans:,} of {counted.filled:,} rows find their parent"
    return f"all {counted.filled:,} rows find their parent"


def _doubt(counted: Inclusion, *, nullable: bool) -> str:
    if counted.orphans and not nullable:
        return f"{counted.orphans:,} rows find no parent, and the column may not be NULL"
    return ""
