"""Makers from a stranger's bundle: what a fit learns passes, and what passes can be followed."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dbclone
from dbclone.errors import BundleError, ModelError
from dbclone.profile.clear import with_clear
from dbclone.profile.drawn import with_drawn
from dbclone.profile.facts import Facts
from dbclone.profile.meanings import Meaning
from dbclone.profile.settings import makers, problem_of
from dbclone.profile.structures import learn_structure
from dbclone.profile.text_makers import text_maker
from dbclone.profile.value import ColumnProfile, Maker, Role, TableProfile
from dbclone.sample.makers import MAKERS
from dbclone.sample.texts import make_texts
from dbclone.schema import Kind, TableName, Type
from examples.shop import build
from tests.documents import events

DOCUMENTS = [
    json.dumps({"size": n % 7, "tags": ["new", "sale"][: n % 3], "paid": n % 2 == 0, "note": f"size {n % 5}"})
    for n in range(60)
]
STRUCTURES: dict[str, tuple[Type, list[str]]] = {
    "uuid": (Type(Kind.UUID, "uuid"), ["6f1b6c52-6f0c-4b39-9d7d-0b0c6f2f8a11"] * 9),
    "json": (Type(Kind.JSON, "jsonb"), DOCUMENTS),
    "json of shapes": (Type(Kind.JSON, "jsonb"), [text for _, _, text in events(300)]),
    "json that varies": (
        Type(Kind.JSON, "jsonb"),
        [json.dumps({"a": 1} | {f"k{n}": 1 for n in range(9) if row >> n & 1}) for row in range(400)],
    ),
    "xml": (Type(Kind.XML, "xml"), [f'<a k="{n % 3}"><b>word {n % 4}</b><b>x</b></a>' for n in range(40)]),
    "array": (
        Type(Kind.ARRAY, "text[]", element=Type(Kind.TEXT, "text")),
        ["{red,blue}", "{red}", "{blue,green}"] * 9,
    ),
    "enum array": (
        Type(Kind.ARRAY, "mood[]", element=Type(Kind.ENUM, "mood", labels=("sad", "glad"))),
        ["{sad,sad,glad}"] * 9,
    ),
    "range": (Type(Kind.RANGE, "daterange"), [f"[2024-01-{n:02d},2024-02-{n:02d})" for n in range(1, 29)]),
    "multirange": (Type(Kind.RANGE, "int4multirange"), [f"{{[{n},{n + 9})}}" for n in range(1, 29)]),
    "tsvector": (Type(Kind.TSVECTOR, "tsvector"), [f"'word{n % 12}':1 'other{n % 3}':2" for n in range(200)]),
    "interval": (Type(Kind.INTERVAL, "interval"), ["1 mon 02:00:00", "3 days", "-01:30:00"] * 9),
    "network": (Type(Kind.NETWORK, "inet"), ["10.0.0.1/24", "fe80::1", "192.168.0.4"] * 9),
    "geometric": (Type(Kind.GEOMETRIC, "point"), [f"({n},{n * 2})" for n in range(30)]),
    "composite": (Type(Kind.COMPOSITE, "public.pair"), ["(1,x)"] * 9),
    "bit": (Type(Kind.BIT, "bit(8)", length=8), ["10101010"] * 9),
    "binary": (Type(Kind.BINARY, "bytea"), []),
    "other": (Type(Kind.OTHER, "public.ltree"), ["top"] * 9),
}
TEXTS: dict[str, tuple[str | None, list[str]]] = {
    "codes": (None, [f"INV-2024-{n:05d}" for n in range(60)] + [f"X{n:03d}" for n in range(30)]),
    "tokens": ("token", [f"{n * 7919:08x}{n * 104729:08x}" for n in range(60)]),
    "phones": ("phone", [f"555-{n * 7919 % 10_000:04d}" for n in range(60)]),
    "faked postcodes": ("postcode", ["L4E 3M5", "K1A 0B1"]),
    "prose": ("prose", [f"the quick brown fox jumps over the {w} dog again" for w in ("lazy", "old", "red") * 20]),
    "emails": ("email", [f"ann.smith{n}@{'corp' if n % 2 else 'home'}.example" for n in range(60)]),
    "names": ("full_name", [f"Ann Smith{n}" for n in range(60)]),
    "users": ("username", [f"corp\\asmith{n}" for n in range(60)]),
    "cards": ("credit_card", [f"4000 0000 0000 {n:04d}" for n in range(60)]),
    "files": ("file_name", [f"report_{n}.{'pdf' if n % 2 else 'png'}" for n in range(60)]),
    "dates": (None, [f"2024-0{1 + n % 9}-1{n % 9} 10:0{n % 6}:00" for n in range(60)]),
    "uuids": ("uuid", [f"6f1b6c52-6f0c-4b39-9d7d-0b0c6f2f8a{n:02d}" for n in range(60)]),
}


def learned() -> dict[str, Maker]:
    found = {}
    for name, (kind, texts) in STRUCTURES.items():
        maker, about = learn_structure(kind, texts, 5)
        found[name] = Maker(maker, about | {"lengths": [4, 9], "nullable": True})
        found[f"{name}, drawn"] = with_drawn(found[name])
    for name, (meaning, texts) in TEXTS.items():
        facts = Facts(len(texts), 0, len(set(texts)), texts=tuple(texts), counts=(1,) * len(texts), lengths=(8, 12))
        found[name] = text_maker(facts, Meaning(meaning, ""), 5, {"lengths": [8, 12], "max": 40})
        found[f"{name}, clear"] = with_clear(found[name], meaning, pa.array(texts))
    return found


LEARNED = learned()


def follow(maker: Maker, *, unique: bool) -> None:
    """Makes a few texts; a want of room is no fault of the settings."""
    column = ColumnProfile("c", Role.TEXT, maker.settings.get("meaning"), unique=unique, maker=maker)
    table = TableProfile(TableName("public", "t"), 6, 6, (column,))
    lengths = np.array([5, -3, 12, 0, -1, 3], np.int32)
    rng = np.random.default_rng(1)
    with contextlib.suppress(ModelError):
        make_texts(table, {"c": lengths}, first_row=0, total_rows=6, rng=rng, locale="en_US")


def test_every_maker_has_its_settings() -> None:
    assert set(makers()) == set(MAKERS)
    assert {maker.name for maker in LEARNED.values()} >= set(MAKERS) - {"number", "labels", "words"}


@pytest.mark.parametrize("name", LEARNED)
@pytest.mark.parametrize("unique", [False, True])
def test_what_is_learned_can_be_followed(name: str, unique: bool) -> None:
    maker = LEARNED[name]
    again = Maker(maker.name, json.loads(json.dumps(maker.settings)))
    assert problem_of(again, "binary" if name.startswith("binary") else "string") is None
    follow(again, unique=unique)


def test_settings_of_shapes_are_checked() -> None:
    about = LEARNED["json of shapes, drawn"].settings
    [order] = [shape for shape in about["root"]["shapes"] if "/items/-/discount:number" in shape["paths"]]
    items = next(entry["node"] for entry in order["node"]["keys"] if entry["key"] == "items")
    assert items["cover"] == [next(n for n, one in enumerate(items["items"]["shapes"]) if len(one["paths"]) == 4)]

    def problem(change: dict[str, Any], at: Any) -> str | None:
        before = dict(at)
        at.update(change)
        found = problem_of(Maker("json", about), "string")
        at.clear()
        at.update(before)
        return found

    keys = LEARNED["json that varies"].settings["root"]["keys"]
    assert problem({"cover": [9]}, items) is not None
    assert problem({"weight": -1}, order) is not None
    assert problem({"weight": "much"}, order) is not None
    assert problem({"root": {"kinds": {"object": 1}, "keys": []}}, about) == "they: a shape is drawn, and there is none"
    circle = [keys[0] | {"after": 1, "given": [0.5, 0.5]}, keys[1] | {"after": 0, "given": [0.5, 0.5]}]
    assert "itself" in str(problem({"root": {"kinds": {"object": 1}, "keys": circle}}, about))
    alone = [keys[0] | {"after": None, "given": [0.5, 0.5]}]
    assert "without shares" in str(problem({"root": {"kinds": {"object": 1}, "keys": alone}}, about))
    assert problem({}, about) is None


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(["person:x", "place:x", "[", "%", "words", "numeric", "\\", "]"]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(-1, 3), max_size=3),
)
PLACES = st.lists(st.integers(0, 10**6), min_size=1, max_size=12)


def changed(about: Any, path: list[int], value: Any) -> Any:
    """A copy with another value somewhere, or without what was there."""
    whole: Any = copy.deepcopy(about)
    at = whole
    for depth, number in enumerate(path):
        places = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not places:
            break
        place = places[number % len(places)]
        inner = at[place]
        if isinstance(inner, dict | list) and inner and depth < len(path) - 1:
            at = inner
            continue
        if number % 5 == 0:
            del at[place]
        else:
            at[place] = value
        break
    return whole


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(LEARNED)), path=PLACES, value=VALUES, unique=st.booleans())
def test_what_passes_can_be_followed(name: str, path: list[int], value: Any, unique: bool) -> None:
    maker = Maker(LEARNED[name].name, changed(LEARNED[name].settings, path, value))
    if _costs(maker.settings) > 5_000:
        return
    if problem_of(maker, "binary" if name.startswith("binary") else "string") is None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            follow(maker, unique=unique)


def _costs(value: Any) -> float:
    """Long texts are allowed and take long; what is asked here is another thing."""
    if isinstance(value, dict):
        return max([_costs(one) for key, one in value.items() if key not in ("quantiles", "weights")], default=0)
    if isinstance(value, list):
        return max(map(_costs, value), default=0)
    return abs(value) if isinstance(value, int) and not isinstance(value, bool) else 0


def test_a_bundle_with_settings_that_no_maker_can_follow_is_refused(tmp_path: Path) -> None:
    build(tmp_path / "shop.db", customers=40)
    bundle = dbclone.fit(str(tmp_path / "shop.db"))
    with zipfile.ZipFile(io.BytesIO(bundle.to_bytes())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    profile = json.loads(members["profile.json"])
    [customers] = [table for table in profile["tables"] if table["name"]["name"] == "customers"]
    [email] = [column for column in customers["columns"] if column["name"] == "email"]
    email["maker"]["settings"]["lengths"] = [-1, "x"]
    path = tmp_path / "hostile.dbclone"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, json.dumps(profile).encode() if name == "profile.json" else data)
    with pytest.raises(BundleError) as refused:
        dbclone.load(path)
    assert str(refused.value) == (
        "the bundle's maker of main.customers.email cannot be followed: lengths.0: Input should be greater than or"
        " equal to 1.\n\nHint: it is damaged, or not what a fit writes; do not use it."
    )
