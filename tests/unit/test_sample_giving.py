"""Which row gets which parent, by the compiled loop."""

from __future__ import annotations

import numpy as np

from dbclone.sample.giving import draw_parents


def test_parents_of_many_get_all_their_rows_though_siblings_never_share_one() -> None:
    # Countries in organisations: some are in nearly all of them, small organisations included.
    rng = np.random.default_rng(1)
    organisations, countries = 80, 120
    eager, wide = np.linspace(0.02, 1.6, countries), rng.random(organisations)
    member = rng.random((organisations, countries)) < np.outer(np.sqrt(wide), eager)
    sizes, counts = member.sum(axis=1), member.sum(axis=0)
    follows = np.ones(sizes.sum(), bool)
    follows[np.cumsum(sizes[sizes > 0]) - sizes[sizes > 0]] = False
    codes = np.ones(sizes.sum(), np.uint8)
    drawn = draw_parents(codes, follows, counts.copy(), np.zeros(1, np.int64), True, False, np.uint64(7))
    family = np.cumsum(~follows)
    assert len(np.unique(family * countries + drawn)) == len(drawn)
    missed = np.abs(np.bincount(drawn, minlength=countries) - counts).sum()
    assert missed <= 0.01 * len(drawn)
