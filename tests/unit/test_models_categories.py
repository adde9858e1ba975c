"""Category codecs: round trips, rare values, long tails."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dbclone.models.categories import fit_categories, same_codes


def test_frequent_values_come_back_and_rare_ones_leave_their_length_only() -> None:
    column = pa.array(["b"] * 9 + ["a"] * 5 + ["xyz"] * 4 + [None])
    codec = fit_categories(column, k=5)
    assert codec.values == ("b", "a")
    assert (codec.rare, codec.size, codec.rare_lengths.tolist()) == (3, 4, [3, 3, 3, 3])
    codes = codec.encode(pa.array(["a", None, "b", "xyz", "never seen"]))
    assert codes.tolist() == [2, 0, 1, 3, 3]
    strings, lengths = codec.decode(codes, np.full(5, 0.5))
    assert strings.to_pylist() == ["a", None, "b", None, None]
    assert lengths.tolist() == [-2, -1, -2, 3, 3]


def test_public_values_and_labels_of_the_schema_are_exempt() -> None:
    column = pa.array(["a"] * 5 + ["b", "c"])
    assert fit_categories(column, k=5, labels=frozenset({"c"})).values == ("a", "c")
    public = fit_categories(column, k=5, public=True)
    assert (public.values, public.rare) == (("a", "b", "c"), 0)


def test_what_is_not_known_takes_the_first_code_where_none_is_rare() -> None:
    codec = fit_categories(pa.array(["a"] * 5), k=5)
    assert codec.encode(pa.array(["z", "a", None])).tolist() == [1, 1, 0]


def test_a_long_tail_shares_codes_by_weight() -> None:
    names = [f"v{number:03}" for number in range(400)]
    column = pa.array([name for place, name in enumerate(names) for _ in range(500 - place)])
    codec = fit_categories(column, k=5)
    assert codec.size <= 241
    assert codec.values == tuple(names)
    own = codec.encode(pa.array(names))
    assert own[:180].tolist() == list(range(1, 181))
    assert (np.diff(own.astype(int)) >= 0).all()
    # Every value of a shared code can be drawn, in the order of its weight.
    last = int(own[-1])
    shared = [name for name, code in zip(names, own, strict=True) if code == last]
    draws = np.linspace(0, 0.999, 2000)
    strings, _ = codec.decode(np.full(2000, last, np.uint8), draws)
    assert sorted(set(strings.to_pylist())) == shared


def test_an_empty_column_has_only_null() -> None:
    codec = fit_categories(pa.array([None, None], pa.string()), k=5)
    assert codec.size == 1
    assert codec.encode(pa.array([None, "a"])).tolist() == [0, 0]
    assert codec.decode(np.zeros(2, np.uint8), np.zeros(2))[0].to_pylist() == [None, None]


def test_codes_are_named_by_the_codes_of_another_codec() -> None:
    ours = fit_categories(pa.array(["a"] * 9 + ["b"] * 8 + ["c"] * 7 + ["rare"]), k=5)
    theirs = fit_categories(pa.array(["c"] * 9 + ["a"] * 8), k=5)
    named = same_codes(ours, theirs)
    assert named[[1, 3]].tolist() == [2.0, 1.0]
    # NULL, what the other does not have, and what is made anew.
    assert np.isnan(named[[0, 2, 4]]).all()
