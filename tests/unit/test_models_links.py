"""Links: which parent row a child row has, and the order of siblings."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from dbclone.models.links import match_rows, positions, sibling_order


def chunked(*values: object) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(list(values))])


def test_rows_are_matched_by_all_columns_and_null_matches_nothing() -> None:
    parent = [chunked(1, 1, 2), chunked("a", "b", "a")]
    child = [chunked(1, 2, 2, None, 1), chunked("b", "a", "b", "a", None)]
    assert match_rows(parent, child).tolist() == [1, 2, -1, -1, -1]


def test_the_first_of_equal_parents_is_taken() -> None:
    assert match_rows([chunked(7, 5, 7)], [chunked(7, 5)]).tolist() == [0, 1]


@pytest.mark.parametrize("kind", [pa.int64(), pa.date32(), pa.timestamp("us"), pa.time64("us"), pa.string()])
def test_every_type_of_key_is_matched(kind: pa.DataType) -> None:
    keys = pa.array(["3", "1", "2"]) if pa.types.is_string(kind) else pa.array([3, 1, 2]).cast(
        pa.int32() if pa.types.is_date32(kind) else pa.int64()
    ).cast(kind)
    child = pa.chunked_array([pa.array(keys.take(pa.array([2, 0, None, 1])))])
    assert match_rows([pa.chunked_array([keys])], [child]).tolist() == [2, 0, -1, 1]


def test_no_parents_link_nothing() -> None:
    assert match_rows([pa.chunked_array([pa.array([], pa.int64())])], [chunked(1, 2)]).tolist() == [-1, -1]


def test_large_keys_differ_where_a_double_would_not_tell_them_apart() -> None:
    big = 2**53
    assert match_rows([chunked(big, big + 1)], [chunked(big + 1, None, big)]).tolist() == [1, -1, 0]


def test_siblings_come_by_parent_then_rank_then_place() -> None:
    parent = np.array([1, 0, 1, 0, 1])
    assert sibling_order(parent, None).tolist() == [1, 3, 0, 2, 4]
    assert sibling_order(parent, np.array([3.0, 2.0, 1.0, 1.0, 3.0])).tolist() == [3, 1, 2, 0, 4]


def test_positions_count_up_and_what_is_left_counts_down() -> None:
    position, left = positions(np.array([0, 0, 0, 4, 7, 7]))
    assert position.tolist() == [0, 1, 2, 0, 0, 1]
    assert left.tolist() == [2, 1, 0, 0, 1, 0]
    assert [len(one) for one in positions(np.zeros(0, np.int64))] == [0, 0]
