"""The words that a newcomer reads: good when good, honest when bad."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from dbclone.dialects.protocol import Violation
from dbclone.report import Comparison, Level, RunFacts, compare_tables, findings, integrity_report
from dbclone.schema import Column, Kind, Schema, Table, TableName, Type
from tests.report_shop import CUSTOMERS, ITEMS, ORDERS, PRODUCTS, shop_schema, shop_tables, shuffled


def comparison(
    clone: dict[TableName, pa.Table], violations: tuple[Violation, ...] = (), facts: RunFacts | None = None
) -> Comparison:
    schema = shop_schema()
    rows = {name: table.num_rows for name, table in clone.items()}
    return Comparison(
        integrity_report(schema, violations, rows),
        compare_tables(schema, shop_tables(), clone),
        facts or RunFacts(),
    )


def test_a_second_sample_is_good_in_every_respect() -> None:
    verdict = comparison(shop_tables(seed=5)).verdict
    assert verdict.level is Level.GOOD
    assert verdict.headline == "The clone is sound and looks like its source."
    assert verdict.warnings == ()
    assert verdict.integrity[0].startswith(
        "Every one of the 28 constraints of the source holds (5 primary keys, 1 unique constraint, 4 foreign keys,"
        " 17 NOT NULL columns and 1 check), checked over "
    )
    assert "No text that fewer than 5 rows of the source share appears in the clone." in verdict.privacy
    assert verdict.paragraph.startswith(verdict.integrity[0])


def test_broken_constraints_make_it_broken() -> None:
    verdict = comparison(shop_tables(seed=5), (Violation(ITEMS, "foreign key", "items_order_fkey", 3),)).verdict
    assert verdict.level is Level.BROKEN
    assert verdict.headline == "The clone is broken: do not use it as it is."
    assert verdict.integrity == (
        "1 of 28 constraints broken, by 3 rows: foreign key items_order_fkey of items (3 rows).",
    )
    assert verdict.warnings == ("Broken: foreign key items_order_fkey of items (3 rows).",)


def test_a_missing_table_makes_it_broken() -> None:
    clone = shop_tables(seed=5)
    del clone[PRODUCTS]
    result = comparison(clone)
    assert not result.ok
    assert result.verdict.level is Level.BROKEN
    assert result.verdict.warnings == ("Missing: products has rows in the source and is not in the clone.",)


def test_lost_dependence_is_named_worst_first() -> None:
    verdict = comparison(shuffled(shop_tables(seed=5))).verdict
    assert verdict.level in (Level.FAIR, Level.POOR)
    assert verdict.worst[0].kind == "join"
    assert verdict.worst[0].words == "how customers.segment and orders.trade go together across their key"
    assert any(
        sentence.startswith("Furthest off: how customers.segment and orders.trade") for sentence in verdict.likeness
    )
    gaps = [one.gap for one in verdict.worst]
    assert gaps == sorted(gaps, reverse=True)


def test_one_lost_combination_among_many_good_figures_is_not_good() -> None:
    name, integer = TableName("main", "t"), Type(Kind.INTEGER, "int")
    names = [f"c{number}" for number in range(20)]
    schema = Schema("sqlite", (Table(name, tuple(Column(one, integer) for one in names)),))

    def draw(seed: int) -> dict[TableName, pa.Table]:
        rng = np.random.default_rng(seed)
        columns = {one: rng.integers(0, 9, 3_000) for one in names}
        return {name: pa.table({**columns, "c1": columns["c0"]})}

    lost = draw(2)[name].set_column(1, "c1", draw(3)[name]["c1"])
    verdict = Comparison(fidelity=compare_tables(schema, draw(1), {name: lost})).verdict
    assert verdict.level is Level.FAIR
    assert verdict.worst[0].where == "t.c0 and c1"
    assert Comparison(fidelity=compare_tables(schema, draw(1), draw(2))).verdict.level is Level.GOOD


def test_the_source_itself_is_no_clone() -> None:
    verdict = comparison(shop_tables()).verdict
    assert verdict.headline == "The clone works, but look at what it repeats of the source before it is given away."
    assert verdict.privacy[-1] == (
        "customers, items, orders and products hold the source's own rows, unchanged: right for reference data,"
        " wrong for anything personal."
    )
    assert verdict.warnings[-1] == "Not synthetic at all, the source's rows unchanged: items."


def test_copied_reference_tables_are_as_meant() -> None:
    clone = {**shop_tables(seed=5), PRODUCTS: shop_tables()[PRODUCTS]}
    verdict = comparison(clone, facts=RunFacts(strategies=((PRODUCTS, "copy"),))).verdict
    assert verdict.privacy[-1] == "Copied as reference data: products."
    assert verdict.warnings == ()


def test_repeated_texts_and_rows_are_warned_of() -> None:
    stolen = shop_tables()[CUSTOMERS]
    clone = {**shop_tables(seed=5), CUSTOMERS: stolen.slice(0, 150)}
    verdict = comparison(clone).verdict
    assert verdict.warnings[0].startswith(
        "Texts that fewer than 5 rows of the source share come back in customers.email (100%). Common words"
    )
    assert verdict.warnings[1] == (
        "Rows equal to a row of the source in every column but keys: customers (100%, 0% would by chance)."
    )
    assert verdict.privacy[0] == (
        "150 texts that fewer than 5 rows of the source share also stand in the clone, most of all in customers.email:"
        " 100% of its values (0% would by chance)."
    )


def test_nothing_is_said_of_what_was_not_compared() -> None:
    verdict = Comparison().verdict
    assert verdict.level is Level.GOOD
    assert verdict.paragraph == ""
    only = Comparison(integrity_report(shop_schema(), (), {ORDERS: 1})).verdict
    assert only.likeness == only.privacy == ()


def test_a_column_enters_few_findings() -> None:
    fidelity = comparison(shuffled(shop_tables(seed=5))).fidelity
    found = [one for one in findings(fidelity, each=50) if one.kind == "join"]
    columns = [column for one in found for column in one.columns]
    assert max(columns.count(column) for column in columns) <= 2


@pytest.mark.parametrize("clone", [shop_tables(seed=5), {}])
def test_json_of_all_of_it(clone: dict[TableName, pa.Table]) -> None:
    data = json.loads(json.dumps(comparison(clone).to_json(), allow_nan=False))
    assert set(data) == {"ok", "score", "verdict", "integrity", "fidelity", "facts", "rules"}
    assert data["verdict"]["level"] in ("good", "broken")
