"""What CHECKs say of a column, and that values they list may be used however rare they are."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from dbclone.profile import Role, learn_profile
from dbclone.profile.checks import pattern_of
from dbclone.schema import Check, Column, Kind, Schema, Table, TableName, Type

TEXT = Type(Kind.TEXT, "text")


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


@pytest.mark.parametrize("regex", ["[A-Z]", "^(a|b)$", "^.*$", "^[^x]+$", "^a.b$"])
def test_richer_expressions_are_left_alone(regex: str) -> None:
    assert pattern_of(regex) is None
