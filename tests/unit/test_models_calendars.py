"""Calendars: classes of parents whose children have the same at the same time, and clones that keep them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dbclone.errors import BundleError
from dbclone.models.calendars import find_calendars
from dbclone.models.learn import learn
from dbclone.models.table import Calendar
from dbclone.models.validate import check_models
from dbclone.models.work import Sample
from dbclone.profile.value import ColumnProfile, Profile, Role, TableProfile
from dbclone.sample.generate import Draw, Generator
from dbclone.schema import Column, ForeignKey, Kind, PrimaryKey, Schema, Table, TableName, Type, make_plan
from tests.models_family import driven, works_of

SHOPS, DAYS = 60, 120
SHOP, DAY = TableName("public", "shop"), TableName("public", "day")
INTEGER, DATE, TEXT = Type(Kind.INTEGER, "bigint"), Type(Kind.DATE, "date"), Type(Kind.TEXT, "text")


def shops() -> tuple[pa.Table, pa.Table]:
    """60 shops of three states; each state has its holidays, all shops the same sales, each its own noise."""
    rng = np.random.default_rng(1)
    state = np.arange(SHOPS) % 3
    holidays = rng.random((3, DAYS)) < 0.2
    sales = rng.random(DAYS) < 0.4
    shop, day = np.repeat(np.arange(SHOPS), DAYS), np.tile(np.arange(DAYS), SHOPS)
    days = {
        "id": np.arange(SHOPS * DAYS) + 1,
        "shop": shop + 1,
        "on_day": pa.array(day + 15_000, pa.int32()).cast(pa.date32()),
        "holiday": np.where(holidays[state[shop], day], "yes", "no"),
        "sale": sales[day].astype(np.int64),
        "noise": rng.integers(0, 2, SHOPS * DAYS),
    }
    return pa.table({"id": np.arange(SHOPS) + 1, "size": rng.integers(1, 4, SHOPS)}), pa.table(days)


def test_parents_fall_into_classes_and_what_is_their_own_is_none() -> None:
    shop, day = shops()
    works = works_of({"shop": shop, "day": day}, {"day": {"shop": "shop"}})
    found = find_calendars(driven(works, "day", 0), SHOPS, 5)
    assert set(found) == {"holiday", "sale"}
    assert found["sale"].calendar.values.shape == (1, DAYS)
    assert found["holiday"].calendar.time == "on_day"
    assert len(found["holiday"].calendar.values) == 3
    # Shops of one state are of one class, shops of two states are not.
    assert len(set(zip(found["holiday"].classes.tolist(), (np.arange(SHOPS) % 3).tolist(), strict=True))) == 3


def test_a_class_of_fewer_than_k_parents_is_none_of_its_own() -> None:
    shop, day = shops()
    works = works_of({"shop": shop, "day": day}, {"day": {"shop": "shop"}})
    work = driven(works, "day", 0)
    odd = (work.links[0] < 3) & (work.numbers["on_day"] < 15_020)
    holiday = work.categories["holiday"]
    work.categories["holiday"] = np.where(odd, 3 - holiday, holiday).astype(np.uint8)
    found = find_calendars(work, SHOPS, 5)
    assert len(found["holiday"].calendar.values) == 3


def test_what_is_unknown_at_a_time_or_of_a_class_is_nothing() -> None:
    calendar = Calendar("t", np.array([1.0, 3.0]), np.array([[5.0, 6.0], [7.0, np.nan]]), "hidden")
    said = calendar.at(np.array([1, 1, 2, 2, 3, np.nan]), np.array([1, 2, 1, 3, 1, 1.0]))
    assert np.array_equal(said, [5, np.nan, 7, np.nan, np.nan, np.nan], equal_nan=True)


def learned() -> tuple[Schema, Profile, Sample]:
    key = ForeignKey(DAY, ("shop",), SHOP, ("id",))
    shop = Table(SHOP, (Column("id", INTEGER), Column("size", INTEGER)), PrimaryKey(("id",)))
    kinds = {"on_day": DATE, "holiday": TEXT}
    columns = [Column(name, kinds.get(name, INTEGER)) for name in ("id", "shop", "on_day", "holiday", "sale", "noise")]
    day = Table(DAY, tuple(columns), PrimaryKey(("id",)), foreign_keys=(key,))
    roles = {"id": Role.NUMBERED, "shop": Role.FOREIGN}
    profiles = []
    for one, rows in ((shop, SHOPS), (day, SHOPS * DAYS)):
        about = tuple(ColumnProfile(column.name, roles.get(column.name, Role.CODED)) for column in one.columns)
        profiles.append(TableProfile(one.name, rows, rows, about))
    tables = dict(zip((SHOP, DAY), shops(), strict=True))
    total = {name: data.num_rows for name, data in tables.items()}
    return Schema("postgresql", (shop, day)), Profile(tuple(profiles)), Sample(tables, total, {})


def test_a_clone_keeps_to_calendars(tmp_path: Path) -> None:
    schema, profile, sample = learned()
    plan = make_plan(schema, {})
    models, _ = learn(schema, plan, profile, sample)
    stages = {one.name: [stage.base.kind for stage in one.stages] for one in models.table(DAY).entries}
    assert stages["holiday"][0] == stages["sale"][0] == "calendar"
    generator = Generator(schema, plan, profile, models, {}, {}, Draw(), tmp_path)
    generator.fill()
    rows = pa.Table.from_batches(list(generator.batches(DAY))).to_pandas()
    assert (rows.groupby("on_day")["sale"].nunique() == 1).all()
    calendars = rows.sort_values("on_day").groupby("shop")["holiday"].apply("".join)
    assert calendars.nunique() == 3


def test_a_calendar_that_leads_outside_is_refused() -> None:
    schema, profile, sample = learned()
    plan = make_plan(schema, {})
    models, _ = learn(schema, plan, profile, sample)
    day = models.table(DAY)
    number = day.by_name["holiday"]
    entry = day.entries[number]
    stage = entry.stages[0]
    assert stage.calendar is not None
    for damage, message in (
        (replace(stage.calendar, times=stage.calendar.times[::-1]), "has a calendar of uneven arrays"),
        (replace(stage.calendar, values=stage.calendar.values + 99), "has a calendar of values that are none"),
        (replace(stage.calendar, time="nothing"), "follows a calendar of no time"),
        (replace(stage.calendar, hidden="nothing"), "follows a calendar of no class"),
        (None, "follows a calendar that is not there"),
    ):
        damaged = replace(entry, stages=(replace(stage, calendar=damage), *entry.stages[1:]))
        entries = (*day.entries[:number], damaged, *day.entries[number + 1 :])
        tables = tuple(replace(one, entries=entries) if one.name == DAY else one for one in models.tables)
        with pytest.raises(BundleError) as caught:
            check_models(replace(models, tables=tables), schema, profile, plan, {}, {})
        assert message in str(caught.value)
