"""Mining rules: what holds by chance is none, what k rows do not share is not named."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from dbclone.models.rules import rule_rows
from dbclone.profile import Profile, learn_profile
from dbclone.profile.rules import Formula, Inequality, Rule, without
from dbclone.profile.rules_check import Tally, count_rule
from dbclone.profile.rules_mine import mine_rules
from dbclone.profile.rules_rows import agrees
from dbclone.profile.rules_valid import is_valid
from dbclone.schema import Check, Column, ForeignKey, Kind, PrimaryKey, Schema, Table, TableName, Type
from tests.report_shop import shop_schema, shop_tables

THINGS, PARTS = TableName("main", "things"), TableName("main", "parts")
INTEGER, DECIMAL, DATE = Type(Kind.INTEGER, "int"), Type(Kind.DECIMAL, "numeric"), Type(Kind.DATE, "date")
TEXT = Type(Kind.TEXT, "text")


def things(columns: dict[str, pa.Array], kinds: dict[str, Type], checks: tuple[Check, ...] = ()) -> Schema:
    own = tuple(Column(name, kinds[name]) for name in columns)
    return Schema("sqlite", (Table(THINGS, own, checks=checks),))


def mined(schema: Schema, tables: dict[TableName, pa.Table], k: int = 5) -> tuple[Rule, ...]:
    rows = {name: table.num_rows for name, table in tables.items()}
    profile = learn_profile(schema, tables, rows, k=k)
    return mine_rules(rule_rows(schema, tables), profile.by_name, k)


def mined_things(columns: dict[str, pa.Array], kinds: dict[str, Type], *checks: str) -> set[str]:
    schema = things(columns, kinds, tuple(Check(text) for text in checks))
    return {rule.name for rule in mined(schema, {THINGS: pa.table(columns)})}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rows", [20, 60, 400])
def test_noise_has_no_rules(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = {**{f"n{i}": INTEGER for i in range(5)}, **{f"c{i}": TEXT for i in range(4)}, "d0": DATE, "d1": DATE}
    columns = {f"n{i}": pa.array(rng.integers(0, 9 + 30 * i, rows)) for i in range(5)}
    words = np.array(["red", "green", "blue", None], object)
    columns |= {f"c{i}": pa.array(words[rng.choice(4, rows)], pa.string()) for i in range(4)}
    columns |= {f"d{i}": pa.array(rng.integers(0, 4000, rows).astype("datetime64[D]")) for i in range(2)}
    assert mined_things(columns, kinds) == set()


def test_tables_that_only_belong_together_have_the_rules_they_were_built_by() -> None:
    names = {rule.name for rule in mined(shop_schema(), shop_tables())}
    assert names == {"items.line counts 1, 2... within order_id", "orders.customer_id -> trade"}


def test_ranges_apart_are_no_order() -> None:
    rng = np.random.default_rng(0)
    days = rng.integers(0, 1000, 200)
    columns = {
        "born": pa.array(days.astype("datetime64[D]")),
        "died": pa.array((days[::-1] + 5000).astype("datetime64[D]")),
    }
    assert mined_things(columns, {"born": DATE, "died": DATE}) == set()


def test_an_order_that_a_check_declares_is_no_rule_of_ours() -> None:
    rng = np.random.default_rng(0)
    days = rng.integers(0, 1000, 200)
    columns = {
        "a": pa.array(days.astype("datetime64[D]")),
        "b": pa.array((days + rng.integers(0, 9, 200)).astype("datetime64[D]")),
    }
    kinds = {"a": DATE, "b": DATE}
    assert mined_things(columns, kinds) == {"things.b >= things.a"}
    assert mined_things(columns, kinds, "b >= a") == set()


@pytest.mark.parametrize("bad", [0, 1])
def test_one_row_breaks_a_rule(bad: int) -> None:
    rng = np.random.default_rng(0)
    one, other = rng.integers(1, 90, 300), rng.integers(1, 90, 300)
    total = one + other
    total[17] += bad
    columns = {"a": pa.array(one), "b": pa.array(other), "c": pa.array(total)}
    found = mined_things(columns, dict.fromkeys("abc", INTEGER))
    assert ("things.c = a + b" in found) is (bad == 0)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda a, b, _c: a * b, "things.t = a * b"),
        (lambda a, b, c: a + b + c, "things.t = a + b + c"),
        (lambda a, b, c: a + b - c, "things.t = a + b - c"),
        (lambda a, b, c: np.round(a * b * (1 - c), 2), "things.t = a * b * (1 - c)"),
        (lambda a, b, c: a * b + c, "things.t = a * b + c"),
        (lambda _a, b, _c: np.round(0.19 * b, 2), "things.t = 0.19 * b"),
        (lambda _a, b, _c: b.copy(), "things.b = t"),
    ],
)
def test_formulas(make: object, name: str) -> None:
    rng = np.random.default_rng(3)
    a, b = rng.integers(1, 9, 300).astype(float), rng.integers(100, 9999, 300) / 100
    c = rng.choice([0.05, 0.1, 0.25], 300)
    columns = {"a": pa.array(a), "b": pa.array(b), "c": pa.array(c), "t": pa.array(make(a, b, c))}  # type: ignore[operator]
    assert name in mined_things(columns, dict.fromkeys("abct", DECIMAL))


def test_only_values_that_k_rows_share_are_named() -> None:
    rng = np.random.default_rng(0)
    state = np.array(["open"] * 150 + ["sent"] * 150 + ["lost"] * 3, object)
    day = np.where(state == "sent", rng.integers(1, 99, 303).astype(object), None)
    columns = {"state": pa.array(state, pa.string()), "day": pa.array(list(day), pa.int64())}
    names = mined_things(columns, {"state": TEXT, "day": INTEGER})
    assert names == {"things.day IS NOT NULL where state = sent", "things.day IS NULL where state = open"}


def test_what_one_parent_says_often_has_one_witness() -> None:
    """Ireland's only customer has thirty orders without a postcode: that is one fact, not thirty."""
    rng = np.random.default_rng(0)
    country = np.array(["Ireland", *rng.choice(["France", "Spain", "Italy"], 59)], object)
    owner = rng.integers(0, 60, 900)
    code = np.where(country[owner] == "Ireland", None, owner.astype(object))
    parts = {"id": pa.array(np.arange(60)), "name": pa.array([f"part {n}" for n in range(60)])}
    own = {
        "part": pa.array(owner),
        "country": pa.array(country[owner], pa.string()),
        "code": pa.array(list(code), pa.int64()),
    }
    key = ForeignKey(THINGS, ("part",), PARTS, ("id",))
    schema = Schema(
        "sqlite",
        (
            Table(PARTS, (Column("id", INTEGER), Column("name", TEXT)), PrimaryKey(("id",))),
            Table(THINGS, tuple(Column(n, TEXT if n == "country" else INTEGER) for n in own), foreign_keys=(key,)),
        ),
    )
    found = mined(schema, {PARTS: pa.table(parts), THINGS: pa.table(own)})
    assert not [rule.name for rule in found if rule.kind == "null when"]


def test_rules_survive_json_and_say_what_they_need() -> None:
    schema, tables = shop_schema(), shop_tables()
    rules = mined(schema, tables)
    order = Inequality("a", THINGS, 20, rules[0].low, rules[0].high) if isinstance(rules[0], Inequality) else rules[0]
    profile = Profile((), rules=(*rules, order))
    assert Profile.from_json(profile.to_json()) == profile
    assert all(is_valid(rule, schema) for rule in rules)
    assert not is_valid(Formula("f", THINGS, 20, "x", (), 0), schema)


def test_rules_are_switched_off_by_name() -> None:
    rule = Formula("orders.total = net + tax", THINGS, 20, "total", (), 2)
    assert without((rule,), ["orders.total  =  net + tax"]) == ((), ())
    assert without((rule,), ["orders.net = 1"]) == ((rule,), ("orders.net = 1",))


def test_halves_may_be_rounded_either_way() -> None:
    assert agrees(np.array([0.12, 0.13, 0.14]), np.array([0.125, 0.125, 0.125]), 2).tolist() == [True, True, False]


def test_a_rule_is_recounted_on_other_rows() -> None:
    kinds = dict.fromkeys("abc", INTEGER)
    rng = np.random.default_rng(0)
    one, other = rng.integers(1, 90, 300), rng.integers(1, 90, 300)
    columns = {"a": pa.array(one), "b": pa.array(other), "c": pa.array(one + other)}
    schema = things(columns, kinds)
    rule = next(rule for rule in mined(schema, {THINGS: pa.table(columns)}) if rule.kind == "formula")
    changed = columns | {"c": pa.array(np.where(np.arange(300) < 30, 0, one + other))}
    assert count_rule(rule, rule_rows(schema, {THINGS: pa.table(changed)})) == Tally(300, 270)
