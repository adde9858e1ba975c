"""Texts of a chunk: lengths, NULLs, uniqueness over chunks, the same bytes from the same seed, coherence in the row."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dbclone.errors import ModelError
from dbclone.profile import ColumnProfile, Maker, Role, TableProfile
from dbclone.profile.patterns import learn_pattern
from dbclone.profile.text_makers import text_maker
from dbclone.profile.words import learn_words
from dbclone.sample.texts import ANY, EMPTY, NULL, UNWANTED, make_texts
from dbclone.schema import TableName

NAME = TableName("public", "people")


def column(name: str, maker: str, unique: bool = False, **settings: Any) -> ColumnProfile:
    return ColumnProfile(name, Role.TEXT, settings.get("meaning"), maker=Maker(maker, settings), unique=unique)


def people(unique: bool = False, **more: Any) -> TableProfile:
    shapes = {"shapes": {"first.last": 8, "flast": 2}, "domains": [[14, 60]], "other_domains": 40}
    columns = (
        column("first", "faker", meaning="first_name", group="person:", case="title"),
        column("last", "faker", meaning="last_name", group="person:", case="title"),
        column("email", "faker", unique, meaning="email", group="person:", **shapes, **more),
    )
    return TableProfile(NAME, 1000, 1000, columns)


def table(*columns: ColumnProfile) -> TableProfile:
    return TableProfile(NAME, 1000, 1000, columns)


def make(
    profile: TableProfile, size: int = 1000, *, seed: int = 0, first_row: int = 0, total: int = 0, **known: pa.Array
) -> dict[str, pa.Array]:
    rng = np.random.default_rng(seed)
    lengths = {
        c.name: np.random.default_rng(7).integers(4, 12, size).astype(np.int32)
        for c in profile.columns
        if c.name not in known
    }
    if "email" in lengths:
        lengths["email"] = lengths["email"] + 18
    return make_texts(
        profile, lengths, first_row=first_row, total_rows=total or size, rng=rng, locale="en_US", known=known
    )


def in_chunks(profile: TableProfile, total: int, chunk: int) -> dict[str, list[str]]:
    parts = [
        make(profile, min(chunk, total - start), seed=start, first_row=start, total=total)
        for start in range(0, total, chunk)
    ]
    return {c.name: [value for part in parts for value in part[c.name].to_pylist()] for c in profile.columns}


def test_null_empty_and_unwanted_rows() -> None:
    profile = table(column("city", "faker", meaning="city", lengths=[9]))
    lengths = np.array([NULL, EMPTY, UNWANTED, 9, ANY], np.int32)

    made = make_texts(
        profile, {"city": lengths}, first_row=0, total_rows=5, rng=np.random.default_rng(0), locale="en_US"
    )

    values = made["city"].to_pylist()
    assert values[:3] == [None, "", None]
    assert [len(value) for value in values[3:]] == [9, 9]


@pytest.mark.parametrize(
    "profile",
    [
        column("x", "words", **learn_words(["the quick brown fox jumps over the lazy dog"] * 9, 5)),
        column("x", "faker", meaning="first_name"),
        column("x", "faker", meaning="full_name", group="person:"),
        column("x", "faker", meaning="url"),
    ],
    ids=lambda profile: profile.maker.settings.get("meaning", profile.maker.name),
)
def test_texts_have_the_wanted_lengths(profile: ColumnProfile) -> None:
    lengths = np.random.default_rng(0).integers(20, 60, 2000).astype(np.int32)
    if profile.maker and profile.maker.settings.get("meaning") in ("first_name", "full_name"):
        lengths = (lengths % 5 + (5 if profile.maker.settings["meaning"] == "first_name" else 12)).astype(np.int32)

    made = make_texts(
        table(profile), {"x": lengths}, first_row=0, total_rows=2000, rng=np.random.default_rng(0), locale="en_US"
    )

    off = np.abs(pc.utf8_length(made["x"]).to_numpy() - lengths)
    assert off.mean() < 0.3


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert make(people(), seed=1) == make(people(), seed=1)
    assert make(people(), seed=1)["last"] != make(people(), seed=2)["last"]


def test_a_new_column_changes_no_other() -> None:
    alone = make(table(column("city", "faker", meaning="city")))
    beside = make(table(column("city", "faker", meaning="city"), column("job", "faker", meaning="job")))

    assert alone["city"] == beside["city"]


def test_an_email_fits_the_name_beside_it_and_reaches_nobody() -> None:
    made = make(people())

    for first, last, email in zip(*(made[name].to_pylist() for name in ("first", "last", "email")), strict=True):
        local, _, domain = email.partition("@")
        begun = local.rstrip("0123456789")[:-1]
        assert f"{first}.{last}".lower().startswith(begun) or begun.startswith(
            f"{first[0]}{last}".lower()[: len(begun)]
        )
        assert domain.endswith(".example") or domain in ("example.com", "example.org", "example.net")


def test_names_that_stand_already_are_kept_to() -> None:
    made = make(people(), 3, first=pa.array(["Ada", None, "José"]), last=pa.array(["Lovelace", "Byron", "Müller"]))

    emails = made["email"].to_pylist()
    assert emails[0].split("@")[0] in ("ada.lovelace", "alovelace")
    assert "byron" in emails[1]
    assert emails[2].split("@")[0] in ("jose.muller", "jmuller")


def test_names_that_stand_in_part_are_completed() -> None:
    profile = people()
    wanted = {"first": np.array([UNWANTED, 5]), "last": np.array([6, 6]), "email": np.array([30, 30])}
    known = {"first": pa.array(["Ada", None])}

    made = make_texts(
        profile, wanted, first_row=0, total_rows=2, rng=np.random.default_rng(0), locale="en_US", known=known
    )

    first = made["first"].to_pylist()
    assert first[0] is None
    assert len(first[1]) == 5
    assert made["email"][0].as_py().startswith("a")
    assert made["email"][1].as_py()[0] == first[1][0].lower()


def test_first_names_follow_the_gender() -> None:
    from faker.providers.person.en_US import Provider

    profile = table(
        column("first", "faker", meaning="first_name", group="person:"), ColumnProfile("sex", Role.CODED, "gender")
    )
    made = make(profile, 400, sex=pa.array(["F", "M"] * 200))["first"].to_pylist()

    parts = [{part for name in names for part in name.split("-")} for names in (made[::2], made[1::2])]
    assert parts[0] <= set(Provider.first_names_female)
    assert parts[1] <= set(Provider.first_names_male)


@pytest.mark.parametrize("total", [30, 3_000, 200_000])
def test_unique_addresses_differ_however_the_rows_are_chunked(total: int) -> None:
    emails = in_chunks(people(unique=True), total, 50_000)["email"]

    assert len({email.lower() for email in emails}) == total


def test_unique_addresses_carry_no_number_while_names_suffice() -> None:
    profile = table(column("email", "faker", True, meaning="email", group="person:", shapes={"first.last": 1}))

    assert not any(any(sign.isdigit() for sign in email) for email in make(profile, 500)["email"].to_pylist())


def test_unique_addresses_fit_a_short_column() -> None:
    emails = in_chunks(people(unique=True, max=22), 5_000, 1_000)["email"]

    assert len(set(emails)) == 5_000
    assert max(map(len, emails)) <= 22


@pytest.mark.parametrize(
    "profile",
    [
        column("x", "faker", True, meaning="company", lengths=[12, 20]),
        column("x", "faker", True, meaning="country"),
        column("x", "faker", True, meaning="username", group="person:", max=12),
        column("x", "faker", True, meaning="full_name", group="person:"),
        column("x", "words", True, lengths=[10, 15, 20], **learn_words(["a b c"] * 9, 5)),
        column("x", "uuid", True, version=7),
        column("x", "network", True, sql="inet"),
        column("x", "network", True, sql="macaddr"),
        column("x", "moment", True, quantiles=[1.6e9, 1.7e9], format="%Y-%m-%d", daily=True),
        column("x", "pattern", True, **(learn_pattern([f"SO{n}" for n in range(10_000, 12_000)], 5) or {})),
        column(
            "x", "pattern", True, shapes=[{"weight": 9, "segments": [{"class": "digit", "min": 2, "max": 2}]}], max=6
        ),
    ],
    ids=lambda profile: (
        f"{profile.maker.name}-{profile.maker.settings.get('meaning') or profile.maker.settings.get('sql') or ''}"
    ),
)
def test_unique_texts_differ_however_the_rows_are_chunked(profile: ColumnProfile) -> None:
    total = 20_000

    made = in_chunks(table(profile), total, 7_000)["x"]

    assert len({value.lower() for value in made}) == total
    longest = profile.maker.settings.get("max") if profile.maker else None
    assert longest is None or max(map(len, made)) <= longest


def test_a_pattern_without_room_for_every_row_says_so() -> None:
    profile = table(
        column(
            "code", "pattern", True, shapes=[{"weight": 9, "segments": [{"class": "digit", "min": 2, "max": 2}]}], max=3
        )
    )

    with pytest.raises(ModelError) as caught:
        make(profile, 5001)

    assert str(caught.value) == (
        "public.people.code holds 3 characters and must be unique, but its pattern has no room for 5,001 rows.\n\n"
        "Hint: lower --scale or the rows wanted of this table."
    )


def test_postcodes_fit_the_state_of_their_row() -> None:
    zip_shape = [{"weight": 9, "segments": [{"class": "digit", "min": 5, "max": 5}]}]
    profile = table(
        column("state", "faker", meaning="state_code", group="place:"),
        ColumnProfile(
            "zip",
            Role.TEXT,
            "postcode",
            maker=Maker("pattern", {"shapes": zip_shape, "group": "place:", "strict": True}),
        ),
    )

    codes = make(profile, 4, state=pa.array(["CA", "Vermont", "XX", None]))["zip"].to_pylist()

    assert 90_000 <= int(codes[0]) <= 96_200
    assert 5_000 <= int(codes[1]) <= 5_999
    assert all(len(code) == 5 for code in codes)


def test_repeating_meanings_repeat() -> None:
    from dbclone.profile.facts import Facts
    from dbclone.profile.meanings import Meaning

    texts = tuple(f"Firm {n} Ltd" for n in range(20))
    facts = Facts(1000, 0, 20, 1.0, 20, texts, (50,) * 20, (10, 11))
    made = make(table(ColumnProfile("x", Role.TEXT, "company", maker=text_maker(facts, Meaning("company", ""), 5, {}))))

    assert len(set(made["x"].to_pylist())) <= 20


def test_a_hundred_thousand_texts_take_well_under_a_second_each() -> None:
    words = learn_words([f"word{n % 60} word{n % 59} word{n % 58} and more" for n in range(1000)], 5)
    profile = table(
        column("first", "faker", meaning="first_name", group="person:"),
        column("email", "faker", True, meaning="email", group="person:"),
        column("street", "faker", meaning="street"),
        column("code", "pattern", True, shapes=[{"weight": 1, "segments": [{"class": "upper", "min": 8, "max": 8}]}]),
        column("note", "words", **words),
    )
    make(profile, 10)

    start = time.process_time()
    make(profile, 100_000)

    assert time.process_time() - start < 5


def lengths_of(values: list[Any]) -> list[int]:
    return [len(str(value)) for value in values]


@pytest.mark.parametrize(
    "profile",
    [
        column("x", "faker", meaning="city"),
        column("x", "faker", meaning="company"),
        column("x", "faker", meaning="street"),
        column("x", "faker", meaning="job"),
        column("x", "faker", meaning="last_name", group="person:"),
        column("x", "faker", meaning="full_name", group="person:", format="last_first"),
        column("x", "faker", meaning="username", realm=True, realm_length=9),
        column("x", "pattern", **(learn_pattern([f"SO{n}" for n in range(10_000, 12_000)], 5) or {})),
        column("x", "words", True, lengths=[14, 22], **learn_words(["a b c"] * 9, 5)),
    ],
    ids=lambda profile: f"{profile.maker.name}-{profile.maker.settings.get('meaning') or ''}",
)
def test_texts_have_exactly_the_lengths_asked_for(profile: ColumnProfile) -> None:
    wanted = np.random.default_rng(3).integers(14, 34, 500)

    made = make_texts(
        table(profile), {"x": wanted}, first_row=0, total_rows=500, rng=np.random.default_rng(1), locale="en_US"
    )["x"].to_pylist()

    assert np.mean(np.array(lengths_of(made)) == wanted) >= 0.98


def test_addresses_have_exactly_the_lengths_asked_for() -> None:
    columns = (
        column("first", "faker", meaning="first_name", group="person:"),
        column(
            "email", "faker", meaning="email", group="person:", shapes={"first9": 8, "flast": 2}, domains=[[14, 60]]
        ),
    )
    names = np.random.default_rng(3).integers(3, 9, 500)

    made = make_texts(
        table(*columns),
        {"first": names, "email": names + 16},
        first_row=0,
        total_rows=500,
        rng=np.random.default_rng(1),
        locale="en_US",
    )

    assert lengths_of(made["email"].to_pylist()) == (names + 16).tolist()
    for first, email in zip(made["first"].to_pylist(), made["email"].to_pylist(), strict=True):
        assert email.startswith(first.lower().replace("-", "")[:1])


def test_sentences_read_on_and_end_as_the_sources_do() -> None:
    who = ["Pilot", "Baker", "Robot", "Hunter", "Teacher", "Monkey", "Cook", "Judge", "Clown", "Diver", "Nurse", "Spy"]
    acts = ["Fight", "Meet", "Outrace", "Find", "Help", "Escape", "Chase", "Outwit"]
    places = ["Outback", "Desert", "Factory", "Museum", "Harbour", "Castle", "Forest", "Station"]
    kinds = ["Fateful", "Boring", "Epic", "Touching", "Amazing", "Quiet"]
    rng = np.random.default_rng(0)
    texts = [
        f"A {rng.choice(kinds)} Tale of a {rng.choice(who)} who must {rng.choice(acts)} a {rng.choice(who)}"
        f" in the {rng.choice(places)}"
        for _ in range(2_000)
    ]
    profile = table(column("x", "words", **learn_words(texts, 5)))
    wanted = np.array([len(text) for text in texts])

    made = make_texts(
        profile, {"x": wanted}, first_row=0, total_rows=2_000, rng=np.random.default_rng(1), locale="en_US"
    )["x"].to_pylist()

    assert lengths_of(made) == wanted.tolist()
    form = re.compile(r"A \w+ Tale of( a \w+ (who must \w+|in the))+( a)? \w+(( in)? the \w+)?")
    assert np.mean([form.fullmatch(text) is not None for text in made]) > 0.95
    assert {text.split()[-1] for text in made} <= set(places)


def test_search_vectors_hold_each_lexeme_once() -> None:
    lexemes = [f"lex{n}" + "x" * (n % 7) for n in range(60)]
    profile = table(column("x", "tsvector", lexemes=lexemes, weights=list(range(1, 61)), positions=True))
    wanted = np.random.default_rng(3).integers(60, 200, 300)

    made = make_texts(
        profile, {"x": wanted}, first_row=0, total_rows=300, rng=np.random.default_rng(1), locale="en_US"
    )["x"].to_pylist()

    assert np.mean(np.array(lengths_of(made)) == wanted) >= 0.98
    for text in made:
        used = [part.partition(":")[0] for part in text.split()]
        assert len(set(used)) == len(used)
