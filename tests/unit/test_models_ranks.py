"""Columns that count the rows of a parent: found where most families count, with what follows from them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dbclone.models.keys import fit_keys
from dbclone.models.ranks import counting, find_ranks
from dbclone.models.table import RankModel
from tests.models_family import by_table, driven, works_of

RACES, GRID = 60, 8


def found(place: np.ndarray, **columns: np.ndarray) -> list[RankModel]:
    races = pa.table({"id": pa.array(np.arange(1, RACES + 1))})
    rows = {"id": np.arange(1, RACES * GRID + 1), "race": np.repeat(np.arange(1, RACES + 1), GRID), "place": place}
    starts = pa.table({name: pa.array(values) for name, values in (rows | columns).items()})
    works = works_of({"race": races, "start": starts}, {"start": {"race": "race"}})
    work = driven(works, "start", 0)
    keys, _ = fit_keys(work, by_table(works), frozenset(), {}, False)
    return find_ranks(work, keys, 0)


def places() -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.array([rng.permutation(GRID) + 1 for _ in range(RACES)]).ravel()


def test_places_are_found_with_what_follows_from_them() -> None:
    rng = np.random.default_rng(4)
    place = places()
    label = np.array([f"P{one}" for one in place])
    # Half of the places have the same points, and nothing else has to do with the place.
    points, lane = np.maximum(0, 5 - place), rng.permutation(place)
    assert found(place, label=label, points=points, lane=lane) == [RankModel("place", 0, 1, 1.0, ("label",))]


def test_some_families_may_tie_and_what_only_chance_makes_even_is_none() -> None:
    place = places()
    place[: 10 * GRID : GRID] = place[1 : 10 * GRID : GRID]
    (rank,) = found(place)
    assert (rank.column, rank.first, round(rank.share, 2)) == ("place", 1, round(50 / 60, 2))
    assert found(np.random.default_rng(1).integers(1, GRID + 1, RACES * GRID)) == []
    assert found(places() * 2) == []


def test_counting_begins_at_nought_or_one() -> None:
    parent = np.repeat(np.arange(30), 3)
    assert counting(parent, np.tile([2.0, 0.0, 1.0], 30)) == (0, 1.0)
    assert counting(parent, np.tile([2.0, 3.0, 1.0], 30)) == (1, 1.0)
    assert counting(parent, np.tile([2.0, 3.0, 4.0], 30))[1] == 0.0
    assert counting(parent[:9], np.tile([2.0, 3.0, 1.0], 3))[1] == 0.0
