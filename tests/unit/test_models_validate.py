"""Models that lead outside their own arrays: each is refused with the reason, and honest ones are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dbclone.errors import BundleError
from dbclone.models.learn import learn
from dbclone.models.table import (
    Base,
    CopiedModel,
    Entry,
    Feature,
    KeyModel,
    Models,
    OrderKey,
    OrderModel,
    Pool,
    Stage,
    TableModel,
)
from dbclone.models.validate import check_models
from dbclone.models.work import Sample
from dbclone.profile import learn_profile
from dbclone.schema import Strategy, TableName, make_plan
from tests.report_shop import CUSTOMERS, ITEMS, ORDERS, PRODUCTS, shop_schema, shop_tables

SCHEMA, TABLES = shop_schema(), shop_tables()
ROWS = {name: table.num_rows for name, table in TABLES.items()}
PROFILE = learn_profile(SCHEMA, TABLES, ROWS, k=5)
PLAN = make_plan(SCHEMA)
Change = Callable[[TableModel], TableModel]


@pytest.fixture(scope="module")
def models() -> Models:
    return learn(SCHEMA, PLAN, PROFILE, Sample(TABLES, ROWS, {}))[0]


def check(models: Models) -> None:
    check_models(models, SCHEMA, PROFILE, PLAN, {}, {})


def changed(models: Models, name: TableName, change: Change) -> Models:
    return replace(models, tables=tuple(change(one) if one.name == name else one for one in models.tables))


def entry(change: Callable[[Entry], Entry], chosen: Callable[[Entry], bool] = lambda _: True) -> Change:
    """Changes the first entry that ``chosen`` picks."""

    def apply(model: TableModel) -> TableModel:
        number = next(number for number, one in enumerate(model.entries) if chosen(one))
        entries = list(model.entries)
        entries[number] = change(entries[number])
        return replace(model, entries=tuple(entries))

    return apply


def tree(**arrays: Callable[[Any], Any]) -> Change:
    """Changes arrays of the first tree that has a split."""

    def apply(one: Entry) -> Entry:
        return replace(one, tree=replace(one.tree, **{name: f(getattr(one.tree, name)) for name, f in arrays.items()}))

    return entry(apply, lambda one: len(one.tree.feature) > 1)


def numbers(**parts: Callable[[Any], Any]) -> Change:
    """Changes parts of the first codec that has bins."""

    def apply(one: Entry) -> Entry:
        assert one.numbers is not None
        codec = replace(one.numbers, **{name: f(getattr(one.numbers, name)) for name, f in parts.items()})
        return replace(one, numbers=codec)

    return entry(apply, lambda one: one.numbers is not None and len(one.numbers.bin_codes) > 1)


def categories(**parts: Callable[[Any], Any]) -> Change:
    def apply(one: Entry) -> Entry:
        assert one.categories is not None
        codec = replace(one.categories, **{name: f(getattr(one.categories, name)) for name, f in parts.items()})
        return replace(one, categories=codec)

    return entry(apply, lambda one: one.categories is not None)


def key(number: int, **parts: Any) -> Change:
    def apply(model: TableModel) -> TableModel:
        keys = list(model.keys)
        keys[number] = replace(keys[number], **parts)
        return replace(model, keys=tuple(keys))

    return apply


def given(**parts: Any) -> Change:
    return lambda model: replace(model, **parts)


def first(value: Any) -> Callable[[Any], Any]:
    """Puts ``value`` into the first place of an array."""

    def apply(array: Any) -> Any:
        result = np.array(array)
        result[0] = value
        return result

    return apply


def longer(array: Any) -> Any:
    return np.concatenate([array, array[-1:]])


def staged(base: Base) -> Change:
    """Codes the first number against ``base`` before it is coded by itself."""

    def apply(one: Entry) -> Entry:
        return replace(one, stages=(Stage(base, one.tree, one.numbers, np.zeros(0)),))

    return entry(apply, lambda one: one.has_value and one.start is None and not one.stages)


def pool(entries: tuple[int, ...], codes: Any) -> Change:
    return given(pool=Pool(entries, np.asarray(codes, np.uint8)))


def balance(**parts: Callable[[Any], Any]) -> Change:
    """Changes parts of what pairs of columns share."""

    def apply(model: TableModel) -> TableModel:
        one = model.balance
        assert one is not None
        changed = {name: change(getattr(one, name)) for name, change in parts.items()}
        return replace(model, balance=replace(one, **changed))

    return apply


DAMAGE: dict[str, tuple[TableName, Change, str]] = {
    "feature": (CUSTOMERS, tree(feature=first(9_999)), "has a tree that looks outside the row"),
    "left": (CUSTOMERS, tree(left=first(9_999)), "has a tree that walks outside itself"),
    "right": (CUSTOMERS, tree(right=first(-1)), "has a tree that walks outside itself"),
    "loop": (CUSTOMERS, tree(right=first(0)), "has a tree that walks outside itself"),
    "leaf": (CUSTOMERS, tree(left=lambda a: np.where(np.arange(len(a)) == 0, a, 9_999)), "has a "),
    "start": (CUSTOMERS, tree(start=lambda a: a + 1), "has leaves outside their codes"),
    "falling start": (
        CUSTOMERS,
        tree(start=lambda a: np.concatenate([a[:1], a[-1:] + 5, a[2:]])),
        "has leaves outside",
    ),
    "cumulative": (CUSTOMERS, tree(cumulative=longer), "has leaves of uneven arrays"),
    "mask": (CUSTOMERS, tree(mask=lambda a: a[:, :3]), "has a tree of uneven arrays"),
    "leaf rows": (CUSTOMERS, tree(rows=longer), "has a tree of uneven arrays"),
    "spike codes": (CUSTOMERS, numbers(bin_codes=first(255)), "has codes that are not its own"),
    "edges": (CUSTOMERS, numbers(edges=longer), "has bins without edges"),
    "first knot": (CUSTOMERS, numbers(first=first(-1)), "has bins outside their knots"),
    "last knot": (CUSTOMERS, numbers(knots=lambda a: a[:-1]), "has bins outside their knots"),
    "knots": (CUSTOMERS, numbers(knots=first(np.nan)), "has a scale that is no number"),
    "grid": (CUSTOMERS, numbers(grid=lambda _: -1.0), "has a scale that is no number"),
    "weights": (CUSTOMERS, categories(weights=longer), "has categories without weights"),
    "values": (CUSTOMERS, categories(values=lambda a: a[:-1]), "has categories out of order"),
    "rare": (CUSTOMERS, categories(rare=lambda _: 200), "has categories without weights"),
    "slot": (ITEMS, given(context=(Feature((0,), 999),)), "looks at a slot that is not there"),
    "path": (ITEMS, given(context=(Feature((7,), 0),)), "follows a key that is not there"),
    "no path": (ITEMS, given(context=(Feature((), 0),)), "looks at itself"),
    "self": (PRODUCTS, given(context=(Feature((0,), 0),)), "follows a key to a table that is not there yet"),
    "driver": (ITEMS, given(driver=5), "is driven by no key of its own"),
    "no driver": (ITEMS, given(driver=-1), "is driven by no key of its own"),
    "key entries": (ITEMS, given(key_entries=99), "counts its entries wrongly"),
    "rows": (ITEMS, given(rows=2**50), "has a number of rows that cannot be"),
    "too many children": (ITEMS, key(0, repeats=np.array([10**9]), rows=np.array([5])), "has more children than rows"),
    "fewer than none": (ITEMS, key(0, repeats=np.array([-1]), rows=np.array([5])), "has counts of no sense"),
    "NULLs": (ITEMS, key(0, nulls=2.0), "has a share of NULL that cannot be"),
    "mode": (ITEMS, key(0, mode="magic"), "is driven by no key of its own"),
    "category": (ITEMS, key(1, mode="category", counts=np.zeros(0, np.int64)), "names a row that is not there"),
    "lookup": (ITEMS, key(1, mode="lookup", via=(5, 0)), "follows a key that is not there"),
    "lookup of nothing": (ITEMS, key(1, mode="lookup"), "looks a key up where there is none"),
    "link": (ITEMS, key(1, mode="link"), "l"),
    "keys": (ITEMS, given(keys=()), "has other keys than the schema"),
    "copy": (ITEMS, given(copies=(CopiedModel("quantity", 0, "nothing"),)), "copies a column that is not there"),
    "copied type": (ITEMS, given(copies=(CopiedModel("quantity", 0, "placed"),)), "copies a column of another type"),
    "order": (ITEMS, given(order=OrderModel((OrderKey("nothing"),))), "is in the order of nothing"),
    "order of keys": (ITEMS, given(order=OrderModel((OrderKey(key=9),))), "follows a key that is not there"),
    "role": (CUSTOMERS, entry(lambda one: replace(one, role="magic")), "has an entry of no role"),
    "name": (
        CUSTOMERS,
        entry(lambda one: replace(one, name="nothing"), lambda one: one.role == "column"),
        "fills a column that is not there",
    ),
    "place": (CUSTOMERS, entry(lambda one: replace(one, name="at")), "is in the order of nothing"),
    "kind": (CUSTOMERS, entry(lambda one: replace(one, name="spent"), lambda one: one.categories is not None), "has "),
    "unit": (
        CUSTOMERS,
        entry(lambda one: replace(one, unit=1e-300), lambda one: one.unit > 0),
        "has a calendar of no unit",
    ),
    "pool entry": (CUSTOMERS, pool((99,), [[1]]), "has a pool of columns that are not there"),
    "pool code": (CUSTOMERS, pool((1,), [[255]]), "has a pool of codes without a value"),
    "pool shape": (CUSTOMERS, pool((0, 1), [[1]]), "has a pool of another shape"),
    "pair": (CUSTOMERS, balance(features=first(9_999)), "has pairs that look outside the row"),
    "pair of nothing": (CUSTOMERS, balance(pairs=lambda a: a + 999), "has pairs of what is not there"),
    "group": (CUSTOMERS, balance(groups=lambda a: a + np.uint8(100)), "has groups that are not there"),
    "pairs": (CUSTOMERS, balance(entries=first(99)), "has pairs out of order"),
    "pairs of arrays": (CUSTOMERS, balance(entries=longer), "has pairs of uneven arrays"),
    "cell": (CUSTOMERS, balance(cells=first(-1)), "has shares of pairs that are not there"),
    "cells": (CUSTOMERS, balance(shares=longer), "has shares of pairs that are not there"),
    "no pool": (CUSTOMERS, pool((0,), np.zeros((0, 1))), "has an empty pool"),
}


def test_what_was_learned_is_let_through(models: Models) -> None:
    check(models)
    check(learn(SCHEMA, PLAN, PROFILE, Sample(TABLES, ROWS, {}), learner="independent")[0])


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_refused(damage: str, models: Models) -> None:
    name, change, message = DAMAGE[damage]
    damaged = changed(models, name, change)
    with pytest.raises(BundleError) as caught:
        check(damaged)
    assert str(caught.value).startswith(f"the bundle is damaged: {name} {message}")


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (Base("magic"), "has a base of no kind"),
        (Base("column", "nothing"), "is coded against a column that is not there"),
        (Base("parent", "nothing", 0), "is coded against a column that is not there"),
        (Base("parent", "spent", 9), "follows a key that is not there"),
    ],
)
def test_a_base_must_be_there(base: Base, message: str, models: Models) -> None:
    with pytest.raises(BundleError, match=message):
        check(changed(models, ORDERS, staged(base)))


def test_a_table_is_there_once_and_in_the_schema(models: Models) -> None:
    with pytest.raises(BundleError, match="the database has two models of one table"):
        check(replace(models, tables=(*models.tables, models.tables[0])))
    stranger = replace(models.tables[0], name=TableName("public", "stranger"))
    with pytest.raises(BundleError, match=r"public\.stranger is in the models but not in the schema"):
        check(replace(models, tables=(*models.tables, stranger)))


def test_copied_rows_fit_their_model() -> None:
    plan = make_plan(SCHEMA, {PRODUCTS: Strategy.COPY})
    models, codes = learn(SCHEMA, plan, PROFILE, Sample(TABLES, ROWS, {}))
    real = {PRODUCTS: TABLES[PRODUCTS]}
    check_models(models, SCHEMA, PROFILE, plan, real, codes)
    with pytest.raises(BundleError, match="has codes of another shape than its rows"):
        check_models(models, SCHEMA, PROFILE, plan, real, {PRODUCTS: codes[PRODUCTS][1:]})
    with pytest.raises(BundleError, match="has codes without a value"):
        check_models(models, SCHEMA, PROFILE, plan, real, {PRODUCTS: np.full_like(codes[PRODUCTS], 250)})
    with pytest.raises(BundleError, match="has no rows to copy"):
        check_models(models, SCHEMA, PROFILE, plan, {}, codes)


def test_a_key_that_is_driven_needs_its_parent(models: Models) -> None:
    assert models.table(ORDERS).driver >= 0
    without = replace(models, tables=tuple(one for one in models.tables if one.name != CUSTOMERS))
    with pytest.raises(BundleError, match=r"public\.orders follows a key to a table that is not there yet"):
        check(without)


def test_an_absent_key_follows_nothing(models: Models) -> None:
    without = tuple(one for one in models.tables if one.name == CUSTOMERS)
    check(replace(models, tables=without))
    assert KeyModel(0, "absent").nulls == 0.0
