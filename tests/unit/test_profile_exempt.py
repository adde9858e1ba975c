"""Public values, one by one: what may leave however rare it is, and what may not."""

from __future__ import annotations

from collections import Counter

import pytest

from dbclone.profile import ColumnProfile, Role, exempt_values
from dbclone.profile.facts import Facts
from dbclone.profile.meanings import meaning_of
from dbclone.profile.roles import judge_role
from dbclone.schema import Column, Kind, Table, TableName, Type

TEXT = Type(Kind.TEXT, "text")


def profile(meaning: str | None, *, sensitive: bool = False) -> ColumnProfile:
    return ColumnProfile("x", Role.CODED, meaning, sensitive)


def facts(values: list[str], k: int = 5) -> Facts:
    counted = Counter(values).most_common()
    covered = sum(count for _, count in counted if count >= k) / len(values)
    texts, counts = zip(*counted, strict=True)
    return Facts(len(values), 0, len(texts), covered, 0, texts, counts, (2,))


@pytest.mark.parametrize(
    ("meaning", "public", "private"),
    [
        ("state", ["SP", "QC", "Co. Cork", "Táchira", "Isle of Wight", "Bayern"], ["Zq", "Gotham", "sp"]),
        ("state_code", ["CA", "NSW", "RJ"], ["ZZ"]),
        ("country", ["Brazil", "USA", "Congo, The Democratic Republic of the"], ["Atlantis"]),
        ("name_title", ["Ms.", "Dr.", "mr"], ["Smith"]),
        ("size", ["XL", "44", "S"], ["Bob"]),
        ("blood_group", ["AB+", "O-"], ["C+"]),
        ("mime_type", ["application/pdf", "image/png"], ["application/x-acme-merger"]),
    ],
)
def test_values_are_exempt_one_by_one(meaning: str, public: list[str], private: list[str]) -> None:
    assert exempt_values(profile(meaning), [*public, *private, None]) == set(public)


def test_nothing_of_a_sensitive_or_unknown_column_is_exempt() -> None:
    assert exempt_values(profile("state", sensitive=True), ["CA"]) == set()
    assert exempt_values(profile(None), ["CA"]) == set()


def test_middle_initials_identify_nobody() -> None:
    values = ["J."] * 30 + ["M."] * 20 + ["Q."] + ["Rudra", "Francesca"]

    meaning = meaning_of("customer", "MiddleName", TEXT, facts(values))

    assert (meaning.name, meaning.sensitive) == ("initial", False)
    assert exempt_values(profile("initial"), values) == {"J.", "M.", "Q."}
    assert meaning_of("customer", "MiddleName", TEXT, facts(["Rudra", "Francesca", "J."])).name == "middle_name"


@pytest.mark.parametrize(
    ("column", "values", "meaning"),
    [
        ("active", ["Y", "N", "N"], "yes_no"),
        ("status", ["single", "married", "divorced"], "marital_status"),
        ("kind", ["A+", "O-", "AB+"], "blood_group"),
        ("fit", ["XS", "L", "XL"], "size"),
        ("fit", ["XS", "L", "Bob"], None),
    ],
)
def test_small_vocabularies_are_recognised_where_every_value_belongs(
    column: str, values: list[str], meaning: str | None
) -> None:
    assert meaning_of("things", column, TEXT, facts(values)).name == meaning


def test_a_column_that_is_mostly_public_is_coded() -> None:
    column = Column("state", TEXT)
    table = Table(TableName("public", "places"), (column,))
    states = ["California", "Texas", "Ohio", "Utah", "Oregon", "Bavaria", "Gotham"]

    role, reason = judge_role(
        table, column, facts(states), meaning_of("places", "state", TEXT, facts(states)), 5, sensitive=False
    )

    assert role is Role.CODED
    assert reason == "public values in 86% of the rows: its name says state"
