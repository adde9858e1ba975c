"""Masked values: consistent, unique where they were, of the same form, and not to be guessed without the key."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from dbclone.profile import ColumnProfile, Maker, Role, TableProfile
from dbclone.profile.checksums import is_card, is_iban
from dbclone.sample.makers.masks import permute_code
from dbclone.sample.texts import mask_columns
from dbclone.schema import TableName

KEY = b"one"


def mask(
    values: list[Any], meaning: str | None, kind: pa.DataType | None = None, *, key: bytes = KEY, **more: Any
) -> list[Any]:
    maker = Maker(more.pop("maker", "faker"), more.pop("settings", {}))
    column = ColumnProfile("c", Role.TEXT, meaning, sensitive=True, maker=maker, **more)
    profile = TableProfile(TableName("public", "t"), len(values), len(values), (column,))
    table = pa.table({"c": pa.array(values, kind)})
    masked: list[Any] = mask_columns(table, profile, secret=key, locale="en_US").column("c").to_pylist()
    return masked


def test_the_same_original_gets_the_same_stand_in_everywhere() -> None:
    first = mask(["John", "Mary", "John", None, ""], "first_name")
    again = mask(["Mary", "Anne", "John"], "first_name")

    assert first[0] == first[2] == again[2]
    assert first[1] == again[0]
    assert first[3:] == [None, ""]
    assert "John" not in first


def test_another_key_gives_other_stand_ins() -> None:
    names = ["John", "Mary", "Anne", "Paul", "Carl", "Lisa"]

    assert mask(names, "first_name") != mask(names, "first_name", key=b"two")


def test_columns_that_are_not_sensitive_stay() -> None:
    column = ColumnProfile("c", Role.CODED, "city")
    profile = TableProfile(TableName("public", "t"), 1, 1, (column,))

    masked = mask_columns(pa.table({"c": ["Rome"]}), profile, secret=KEY, locale="en_US")

    assert masked.column("c").to_pylist() == ["Rome"]


def test_names_fit_each_other_across_columns() -> None:
    first, last = mask(["John"], "first_name")[0], mask(["Smith"], "last_name")[0]

    assert mask(["John Smith", "SMITH, JOHN"], "full_name") == [f"{first} {last}", f"{last}, {first}".upper()]
    assert mask(["john.smith@corp.test"], "email")[0].startswith(f"{first}.{last}.".lower())


def test_unique_addresses_stay_unique_and_reach_nobody() -> None:
    emails = mask([f"john.smith{n}@corp{n % 7}.test" for n in range(20_000)], "email", unique=True)

    assert len(set(emails)) == 20_000
    assert all(email.partition("@")[2] in ("example.org", "example.com", "example.net") for email in emails)


@pytest.mark.parametrize("meaning", ["phone", "postcode", "national_id", "license_plate", "token"])
def test_codes_keep_their_form_and_stay_different(meaning: str) -> None:
    codes = [f"+49 (0) {n:05d}-Ab{n % 26}" for n in range(5_000)]

    masked = mask(codes, meaning, unique=True)

    assert len(set(masked)) == 5_000
    assert [len(code) for code in masked] == [len(code) for code in codes]
    assert all(code.startswith("+") and code[4:6] == "(" + code[5] for code in masked)


def test_a_small_domain_is_permuted() -> None:
    codes = [f"{n:02d}" for n in range(100)]

    assert sorted(permute_code(code, "code", KEY) for code in codes) == codes


def test_check_digits_stay_right() -> None:
    assert is_card(mask(["4000 0000 0000 0002"], "credit_card")[0])
    assert is_iban(mask(["DE89 3704 0044 0532 0130 00"], "iban")[0])


def test_long_stand_ins_respect_the_column() -> None:
    masked = mask([f"a.b{n}@corp.test" for n in range(500)], "email", unique=True, settings={"max": 16})

    assert max(map(len, masked)) <= 16
    assert len(set(masked)) == 500


def test_other_types_keep_their_type() -> None:
    born = [dt.date(1980, 1, 1), None, dt.date(1980, 1, 1)]
    masked = mask(born, "birth_date", pa.date32())

    assert masked[0] == masked[2] != born[0]
    assert masked[1] is None
    assert abs((masked[0] - born[0]).days) <= 365
    assert len(str(mask([4915112345678], "phone", pa.int64())[0])) == 13
    assert abs(mask([48.1], "latitude", pa.float64())[0] - 48.1) <= 0.5
    assert len(mask([b"abc"], None, pa.binary())[0]) == 3
    moment = dt.datetime(2020, 1, 1, 10, 30, tzinfo=dt.UTC)
    moved = mask([moment], "birth_date", pa.timestamp("us", "UTC"))[0]
    assert (moved.hour, moved.minute) == (10, 30)


def test_free_text_is_written_anew() -> None:
    masked = mask(["call jane@corp.test", "call jane@corp.test", "x"], None, maker="words", settings={"lengths": [20]})

    assert masked[0] == masked[1]
    assert "jane" not in masked[0]
