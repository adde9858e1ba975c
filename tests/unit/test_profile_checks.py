"""What CHECKs say of a column, and that values they list may be used however rare they are."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dbclone.profile import Role, learn_profile
from dbclone.profile.checks import demanded_pattern, pattern_of
from dbclone.sample.makers.pattern import make_pattern
from dbclone.sample.makers.request import Request
from dbclone.schema import Check, Column, Kind, Schema, Table, TableName, Type

TEXT = Type(Kind.TEXT, "text")
TEXT_COLUMN = Column("c", TEXT)
RNG = np.random.default_rng(0)


def judge(check: Check, values: list[str]) -> Any:
    table = Table(TableName("public", "t"), (Column("kind", TEXT), Column("other", TEXT)), checks=(check,))
    data = pa.table({"kind": values, "other": values})
    return (
        learn_profile(Schema("postgresql", (table,)), {table.name: data}, {table.name: len(values)})
        .tables[0]
        .column("kind")
    )


@pytest.mark.parametrize(
    "check",
    [
        Check("kind IN ('car', 'van', 'owner''s')"),
        Check("((kind = ANY (ARRAY['car'::text, 'van'::text, 'owner''s'::text])))"),
        Check("\"kind\" = 'car' OR \"kind\" = 'van' OR \"kind\" = 'owner''s'"),
        Check("VALUE IN ('car', 'van', 'owner''s')", column="kind"),
    ],
)
def test_values_that_the_schema_lists_are_public(check: Check) -> None:
    column = judge(check, ["car"] * 9 + ["van", "owner's"])

    assert (column.role, column.public, column.reason) == (Role.CODED, True, "the schema lists its values")
    assert column.maker.settings["labels"] == ["car", "van", "owner's"]


@pytest.mark.parametrize(
    "check",
    [
        Check("kind <> 'bus'"),
        Check("kind LIKE 'c%'"),
        Check("kind = 'car' OR other = 'van'"),
        Check("kinder IN ('car', 'van')"),
    ],
)
def test_other_checks_list_nothing(check: Check) -> None:
    assert not judge(check, ["car", "van"]).public


def test_a_demanded_format_is_followed_where_the_rows_are_too_few_to_show_it() -> None:
    column = judge(Check("kind ~ '^[A-Z]{2}-[0-9]{3,5}$'"), ["AB-123"])

    assert column.maker.name == "pattern"
    assert column.maker.settings["shapes"][0]["segments"] == [
        {"class": "upper", "min": 2, "max": 2},
        {"literal": "-"},
        {"class": "digit", "min": 3, "max": 5},
    ]


@pytest.mark.parametrize(
    "regex",
    [
        "[A-Z]", "^(a|b)$", "^.*$", "^[^x]+$", "^a.b$", r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", "^#([0-9A-F]{3}|[0-9A-F]{6})$",
        "^[[:upper:]]{2,4}$", "^/[0-9/]*$",
        r"^[0-9]+\.[0-9]+(-(alpha|beta)\.[0-9]+)?$", "^([01][0-9]|2[0-3]):[0-5][0-9]$",
    ],
)  # fmt: skip
def test_what_is_made_for_a_regular_expression_matches_it(regex: str) -> None:
    pattern = pattern_of(regex)
    assert pattern is not None
    lengths, numbers = np.full(200, 8, np.int64), np.arange(200, dtype=np.int64)
    made = make_pattern(Request("t.c", pattern | {"strict": True}, lengths, numbers, 200, False, "en_US", RNG))
    test = re.compile(regex.replace("[:upper:]", "A-Z"))
    assert [text for text in made.to_pylist() if not test.search(text)] == []


@pytest.mark.parametrize("regex", [r"^(a)\1$", "^(?=x)x$", "^["])
def test_what_is_not_understood_is_left_alone(regex: str) -> None:
    assert pattern_of(regex) is None


def test_like_demands_a_format_and_not_like_does_not() -> None:
    both = Check("((c ~~ '/%'::text) AND (c !~~ '%//%'::text))")
    table = Table(TableName("public", "t"), (TEXT_COLUMN,), checks=(both,))
    pattern = demanded_pattern(table, TEXT_COLUMN)
    assert pattern is not None
    assert pattern["shapes"][0]["segments"][0] == {"literal": "/"}
    denied = Table(TableName("public", "t"), (TEXT_COLUMN,), checks=(Check("(c !~ '[<>]'::text)"),))
    assert demanded_pattern(denied, TEXT_COLUMN) is None
