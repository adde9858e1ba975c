"""Repeated rows, repeated rare texts, and tables that were copied."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from dbclone.report import compare_tables
from dbclone.report.features import pair_tables
from dbclone.report.privacy import is_identical, row_copies, text_repeats
from dbclone.schema import Column, Kind, PrimaryKey, Schema, Table, TableName, Type
from tests.report_shop import CUSTOMERS, PRODUCTS, shop_schema, shop_tables

NAME = TableName("main", "t")


def schema_of(**kinds: Kind) -> Schema:
    columns = tuple(Column(name, Type(kind, kind.value)) for name, kind in kinds.items())
    return Schema("sqlite", (Table(NAME, columns, PrimaryKey((next(iter(kinds)),))),))


SCHEMA = schema_of(id=Kind.INTEGER, word=Kind.TEXT, price=Kind.DECIMAL, flag=Kind.BOOLEAN)


def rows(words: Sequence[str | None], prices: Sequence[float | None], flags: Sequence[bool | None]) -> pa.Table:
    columns = {"id": pa.array(range(len(words)), pa.int64()), "word": pa.array(words, pa.string())}
    return pa.table({**columns, "price": pa.array(prices, pa.float64()), "flag": pa.array(flags, pa.bool_())})


def test_rows_equal_in_all_columns_but_keys_are_counted() -> None:
    source = rows(["a", "a", "b", None], [1.0, 1.0, 2.0, None], [True, True, False, None])
    clone = rows(["a", "b", "b", None, "c"], [1.0, 2.0, 2.5, None, 9.0], [True, False, False, None, True])
    copies = row_copies(pair_tables(SCHEMA, NAME, source, clone))
    assert copies is not None
    assert copies.columns == 3
    assert copies.share == pytest.approx(3 / 5)
    assert copies.expected == pytest.approx(2 / 4)
    assert copies.unique == pytest.approx(2 / 5)


def test_a_value_in_another_column_is_no_copy() -> None:
    schema = schema_of(id=Kind.INTEGER, one=Kind.INTEGER, two=Kind.INTEGER)
    source = pa.table({"id": [1], "one": [3], "two": [4]})
    clone = pa.table({"id": [1], "one": [4], "two": [3]})
    copies = row_copies(pair_tables(schema, NAME, source, clone))
    assert copies is not None
    assert copies.share == 0.0


def test_new_rows_of_the_same_distribution_reach_the_expected_share() -> None:
    rng = np.random.default_rng(1)

    def draw() -> pa.Table:
        words = [f"w{number}" for number in rng.geometric(0.05, 600)]
        return rows(words, [1.0] * 600, [True] * 600)

    pair = pair_tables(SCHEMA, NAME, draw(), draw())
    copies = row_copies(pair)
    assert copies is not None
    assert copies.share == pytest.approx(copies.expected, abs=0.03)
    repeats = text_repeats(pair, 5)[0]
    assert repeats.share == pytest.approx(repeats.expected, abs=0.05)


def test_rare_texts_of_the_source_are_found_in_the_clone() -> None:
    words = [*["common"] * 20, "rare", "rare", "secret", None]
    source = rows(words, [1.0] * 24, [True] * 24)
    clone = rows([*["common"] * 7, "secret", "secret", "new", None], [1.0] * 11, [True] * 11)
    (repeats,) = text_repeats(pair_tables(SCHEMA, NAME, source, clone), 5)
    assert (repeats.column, repeats.values, repeats.rows) == ("word", 1, 2)
    assert repeats.share == pytest.approx(2 / 10)
    assert repeats.expected == pytest.approx(2 / 23)


def test_columns_without_rare_texts_and_public_ones_are_not_listed() -> None:
    common = rows(["x"] * 9, [1.0] * 9, [True] * 9)
    assert text_repeats(pair_tables(SCHEMA, NAME, common, common), 5) == ()
    rare = rows(["x"], [1.0], [True])
    assert text_repeats(pair_tables(SCHEMA, NAME, rare, rare), 5, frozenset({"word"})) == ()


def test_texts_compared_by_length_are_looked_for_as_well() -> None:
    source = shop_tables()
    report = compare_tables(shop_schema(), source, shop_tables(seed=2))
    emails = next(text for name, text in report.texts if name == CUSTOMERS)
    assert (emails.column, emails.rows, emails.expected) == ("email", 0, 0.0)
    stolen = source[CUSTOMERS].slice(0, 30)
    clone = {**shop_tables(seed=2), CUSTOMERS: pa.concat_tables([shop_tables(seed=2)[CUSTOMERS].slice(0, 270), stolen])}
    emails = next(text for name, text in compare_tables(shop_schema(), source, clone).texts if name == CUSTOMERS)
    assert emails.values == 30
    assert emails.share == pytest.approx(0.1)


def test_copied_tables_are_identical_in_any_order() -> None:
    source = shop_tables()[PRODUCTS]
    schema = shop_schema()
    turned = source.take(pa.array(range(source.num_rows))[::-1])
    assert is_identical(pair_tables(schema, PRODUCTS, source, turned))
    changed = source.set_column(2, "price", pa.array([0.0, *source["price"].to_pylist()[1:]]))
    assert not is_identical(pair_tables(schema, PRODUCTS, source, changed))
    assert not is_identical(pair_tables(schema, PRODUCTS, source, source.slice(1)))
