"""A whole profile: roles, uniqueness, reference tables, locale, overrides, and that nothing rare is in it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbclone.errors import ConfigError
from dbclone.profile import ColumnOverride, Profile, Role, learn_profile
from dbclone.sample.texts import make_texts
from dbclone.schema import Column, ForeignKey, Kind, PrimaryKey, Schema, Table, TableName, Type, Unique

TEXT, INTEGER, DATE = Type(Kind.TEXT, "text"), Type(Kind.INTEGER, "integer"), Type(Kind.DATE, "date")


def name(text: str) -> TableName:
    return TableName("public", text)


def key(table: str, column: str, parent: str, parent_column: str = "id") -> ForeignKey:
    return ForeignKey(name(table), (column,), name(parent), (parent_column,))


def learn(tables: list[Table], rows: dict[str, dict[str, Any]], **more: Any) -> Profile:
    data = {name(table): pa.table(columns) for table, columns in rows.items()}
    counts = {table: found.num_rows for table, found in data.items()}
    return learn_profile(Schema("postgresql", tuple(sorted(tables, key=lambda t: t.name))), data, counts, **more)


CITY = Table(
    name("city"),
    (Column("id", INTEGER, False), Column("name", TEXT, False), Column("country", TEXT)),
    PrimaryKey(("id",)),
)
PERSON = Table(
    name("person"),
    (
        Column("id", INTEGER, False, identity="always"),
        Column("email", TEXT, False),
        Column("first_name", TEXT),
        Column("born", DATE),
        Column("city_id", INTEGER),
        Column("status", TEXT),
        Column("note", TEXT),
        Column("full", TEXT, generated="first_name || email"),
    ),
    PrimaryKey(("id",)),
    (Unique(("email",)),),
    (key("person", "city_id", "city"),),
)
LOGIN = Table(
    name("login"),
    (Column("person_email", TEXT, False), Column("place", INTEGER, False), Column("device", TEXT)),
    PrimaryKey(("person_email", "place")),
    foreign_keys=(key("login", "person_email", "person", "email"),),
)


def people(count: int = 200) -> dict[str, Any]:
    return {
        "id": pa.array(range(count), pa.int64()),
        "email": [f"zorro{n}@quux.test" for n in range(count)],
        "first_name": ["Zebulon", "Zipporah"] * (count // 2),
        "born": pa.array(np.arange(count), pa.int32()).cast(pa.date32()),
        "city_id": pa.array([n % 3 for n in range(count)], pa.int64()),
        "status": [("open", "shut", "late")[n % 3] if n else "peculiar" for n in range(count)],
        "note": [f"spoke to Xanthippe{n} about the usual order today" for n in range(count)],
        "full": [""] * count,
    }


def rows() -> dict[str, dict[str, Any]]:
    return {
        "city": {
            "id": pa.array(range(3), pa.int64()),
            "name": ["Rom", "Oslo", "Kyiv"],
            "country": ["Italy", "Norway", "Ukraine"],
        },
        "person": people(),
        "login": {
            "person_email": [f"zorro{n}@quux.test" for n in range(50)],
            "place": pa.array(range(50), pa.int64()),
            "device": ["phone"] * 50,
        },
    }


def test_roles() -> None:
    person = learn([CITY, PERSON, LOGIN], rows()).table(name("person"))

    assert {column.name: column.role for column in person.columns} == {
        "id": Role.NUMBERED,
        "email": Role.TEXT,
        "first_name": Role.TEXT,
        "born": Role.CODED,
        "city_id": Role.FOREIGN,
        "status": Role.CODED,
        "note": Role.TEXT,
        "full": Role.COMPUTED,
    }
    assert [column.name for column in person.columns if column.sensitive] == ["email", "first_name", "born"]
    assert [column.name for column in person.columns if column.unique] == ["id", "email"]


def test_a_text_that_references_a_text_is_as_sensitive_as_it() -> None:
    column = learn([CITY, PERSON, LOGIN], rows()).table(name("login")).column("person_email")

    assert (column.role, column.meaning, column.sensitive) == (Role.FOREIGN, "email", True)


def test_nothing_that_fewer_than_k_rows_share_is_in_the_profile() -> None:
    stored = json.dumps(learn([CITY, PERSON, LOGIN], rows()).to_json()).lower()

    for rare in ("zorro", "quux", "xanthippe", "zebulon", "zipporah", "peculiar", "rom", "kyiv"):
        assert f'"{rare}' not in stored
    assert '"spoke"' in stored


def test_every_text_that_may_be_rare_has_a_maker() -> None:
    for table in learn([CITY, PERSON, LOGIN], rows()).tables:
        for column in table.columns:
            if column.role in (Role.TEXT, Role.CODED) and column.name not in ("id", "born", "place"):
                assert column.maker is not None, column.name


def test_reference_tables_are_small_referenced_and_name_nobody() -> None:
    profile = learn([CITY, PERSON, LOGIN], rows())

    assert profile.table(name("city")).reference
    assert profile.table(name("city")).reference_reason == (
        "3 rows that another table's rows reference, none of them sensitive or free text"
    )
    assert not profile.table(name("person")).reference
    assert profile.table(name("person")).reference_reason == "email is sensitive (email)"
    assert profile.table(name("login")).reference_reason == "no other table references it"


def test_a_table_whose_parent_is_no_reference_data_is_none_either() -> None:
    columns = (Column("id", INTEGER), Column("label", TEXT), Column("by", INTEGER))
    kind = Table(name("kind"), columns, PrimaryKey(("id",)), foreign_keys=(key("kind", "by", "person"),))
    thing = Table(name("thing"), (Column("kind", INTEGER),), foreign_keys=(key("thing", "kind", "kind"),))
    data = rows() | {
        "kind": {"id": pa.array([1, 2]), "label": ["a", "b"], "by": pa.array([1, 2])},
        "thing": {"kind": pa.array([1, 2])},
    }

    profile = learn([CITY, PERSON, kind, thing], data)

    assert profile.table(name("kind")).reference_reason == "it references public.person, which is no reference data"


def test_what_is_rare_here_stays_where_another_table_shares_it() -> None:
    columns = (Column("id", INTEGER, False), Column("city", TEXT))
    tables = [Table(name(table), columns, PrimaryKey(("id",))) for table in ("buyer", "parcel")]
    towns = ["London", "Paris", "Graz", "Turin"]
    rows = {
        "buyer": {"id": list(range(6)), "city": [*towns, "Nowheresville", None]},
        "parcel": {"id": list(range(41)), "city": [*(towns * 10), "Elsewhere"]},
    }
    profile = learn(tables, rows)
    buyers, parcels = (profile.table(name(table)).column("city") for table in ("buyer", "parcel"))
    assert buyers.vouched == ("Graz", "London", "Paris", "Turin")
    assert buyers.role is parcels.role is Role.CODED
    assert parcels.vouched == ()
    assert Profile.from_json(json.loads(json.dumps(profile.to_json()))) == profile
    # A parcel more or less makes no difference to a buyer whom nobody else is like.
    alone = learn(tables[:1], {"buyer": rows["buyer"]})
    assert alone.table(name("buyer")).column("city").role is Role.TEXT
    told = {"buyer.city": ColumnOverride(sensitive=True)}
    assert learn(tables, rows, overrides=told).table(name("buyer")).column("city").vouched == ()


def test_the_profile_survives_json() -> None:
    profile = learn([CITY, PERSON, LOGIN], rows())

    assert Profile.from_json(json.loads(json.dumps(profile.to_json()))) == profile


def test_tables_without_rows() -> None:
    profile = learn([CITY, PERSON, LOGIN], {"city": rows()["city"]})

    assert profile.table(name("person")).column("email").maker is not None
    assert profile.table(name("person")).column("note").role is Role.TEXT


@pytest.mark.parametrize(
    ("countries", "firsts", "locale"),
    [
        (["Germany"] * 40, [], "de_DE"),
        (["DE", "FR", "IT", "ES"] * 10, [], "en_US"),
        (["US"] * 40, [], "en_US"),
        ([], ["Jürgen", "Günther", "Heike", "Ute", "Bärbel", "Wolfgang", "Jörg", "Uwe", "Detlef", "Swetlana"], "de_DE"),
        ([], ["花子", "太郎", "直子", "健一", "陽子", "裕美子", "翔太", "直樹", "千代", "里佳"], "ja_JP"),
    ],
)
def test_the_locale_is_found(countries: list[str], firsts: list[str], locale: str) -> None:
    people_ = Table(name("p"), (Column("country", TEXT), Column("first_name", TEXT), Column("last_name", TEXT)))
    size = max(len(countries), len(firsts))
    lasts = {"de_DE": ["Müller", "Schäfer", "Weiß", "Vogt"], "ja_JP": ["佐藤", "鈴木", "高橋", "田中"]}.get(
        locale, ["Smith"]
    )
    data: dict[str, list[Any]] = {
        "country": countries or [None] * size,
        "first_name": firsts or [None] * size,
        "last_name": [lasts[n % len(lasts)] + "" for n in range(size)] if firsts else [None] * size,
    }
    columns = {column: pa.array(values, pa.string()) for column, values in data.items()}

    found = learn_profile(Schema("sqlite", (people_,)), {people_.name: pa.table(columns)}, {people_.name: size})

    assert found.locale == locale if countries else found.locale in (locale, "en_US")


def test_overrides_win() -> None:
    wanted = {
        "person.note": ColumnOverride(meaning="company", sensitive=True, locale="fr_FR"),
        "public.person.first_name": ColumnOverride(sensitive=False),
        "person.status": ColumnOverride(role="text"),
    }

    person = learn([CITY, PERSON, LOGIN], rows(), overrides=wanted).table(name("person"))

    note = person.column("note")
    assert (note.meaning, note.sensitive, note.maker and note.maker.settings["locale"]) == ("company", True, "fr_FR")
    assert (person.column("first_name").role, person.column("first_name").sensitive) == (Role.CODED, False)
    assert person.column("status").role is Role.TEXT


def test_an_override_of_nothing_is_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        learn([CITY], rows() | {}, overrides={"city.mayor": ColumnOverride(sensitive=True)})

    assert str(caught.value) == (
        'columns names "city.mayor", which the source does not have.\n\n'
        'Hint: write it as "table.column" or "schema.table.column".'
    )


def test_a_number_cannot_be_text() -> None:
    with pytest.raises(ConfigError, match=r'gives city\.id the role "text", but it is of type integer'):
        learn([CITY], {"city": rows()["city"]}, overrides={"city.id": ColumnOverride(role="text")})


def test_texts_with_contacts_in_them_are_sensitive() -> None:
    table = Table(name("t"), (Column("note", TEXT),))
    texts = [f"please write to jane{n}@corp.test soon" if n % 10 == 0 else f"nothing to see {n}" for n in range(100)]

    column = learn([table], {"t": {"note": texts}}).table(name("t")).column("note")

    assert column.sensitive
    assert column.reason == "sensitive: its texts hold e-mail addresses or phone numbers"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=30), st.from_regex(r"[A-Z]{2}-\d{3,5}", fullmatch=True)),
        min_size=1,
        max_size=60,
    )
)
def test_any_texts_can_be_learned_and_made_again(values: list[str | None]) -> None:
    values = [None if value is None else value.encode("utf-8", "ignore").decode().replace("\0", "") for value in values]
    table = Table(name("t"), (Column("a", TEXT), Column("b", TEXT)), uniques=(Unique(("b",)),))
    data = pa.table({"a": pa.array(values, pa.string()), "b": pa.array(values, pa.string())})
    profile = learn_profile(Schema("postgresql", (table,)), {table.name: data}, {table.name: len(values)})
    lengths = np.array([-1 if value is None else len(value) for value in values], np.int32)

    made = make_texts(
        profile.table(table.name),
        {"a": lengths, "b": lengths},
        first_row=0,
        total_rows=len(values),
        rng=np.random.default_rng(0),
        locale=profile.locale,
    )

    assert made["a"].null_count == made["b"].null_count == values.count(None)
    unique = [value for value in made["b"].to_pylist() if value is not None]
    assert len(set(unique)) == len(unique)
