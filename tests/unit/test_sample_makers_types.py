"""Every maker of a structured kind: what it learns from PostgreSQL's own text it writes so that PostgreSQL reads it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dbclone.errors import ModelError
from dbclone.profile import ColumnProfile, Maker, Role, TableProfile
from dbclone.profile.facts import count_column
from dbclone.profile.makers import choose_maker
from dbclone.profile.meanings import UNKNOWN
from dbclone.sample.texts import MENDED_ROWS, make_texts
from dbclone.schema import Column, Kind, Table, TableName, Type

ROWS = 400
TEXT, INTEGER = Type(Kind.TEXT, "text"), Type(Kind.INTEGER, "integer")

PAIR = Type(Kind.COMPOSITE, "public.pair", fields=(Type(Kind.INTEGER, "integer"), Type(Kind.TEXT, "text")))
DAYS = Type(Kind.ARRAY, "daterange[]", element=Type(Kind.RANGE, "daterange"))
CASES: list[tuple[str, Type, str]] = [
    ("uuid", Type(Kind.UUID, "uuid"), "md5(n::text)::uuid"),
    (
        "jsonb",
        Type(Kind.JSON, "jsonb"),
        """jsonb_build_object('size', (array['S','M','L'])[n % 3 + 1], 'n', n, 'price', n * 1.25, 'ok', n % 2 = 0,
           'tags', to_jsonb((array['a"b','c d','e\\f'])[1:n % 4]), 'who', jsonb_build_object('name', 'Ann Smith ' || n),
           'none', null) || case when n % 3 = 0 then '{"extra": [1, [2, "x"]]}' else '{}' end::jsonb""",
    ),
    ("json", Type(Kind.JSON, "json"), "to_json(array[n, n + 1])"),
    ("text[]", Type(Kind.ARRAY, "text[]", element=TEXT), "(array['a b','c,d','e\"f','g\\h','NULL',''])[1:n % 7]"),
    ("integer[]", Type(Kind.ARRAY, "integer[]", element=INTEGER), "array[n, null, n * 2]"),
    ("date[]", Type(Kind.ARRAY, "date[]", element=Type(Kind.DATE, "date")), "array['2024-01-01'::date + n]"),
    ("boolean[]", Type(Kind.ARRAY, "boolean[]", element=Type(Kind.BOOLEAN, "boolean")), "array[n % 2 = 0, true]"),
    ("uuid[]", Type(Kind.ARRAY, "uuid[]", element=Type(Kind.UUID, "uuid")), "array[md5(n::text)::uuid]"),
    (
        "timestamptz[]",
        Type(Kind.ARRAY, "timestamptz[]", element=Type(Kind.TIMESTAMPTZ, "timestamptz")),
        "array['2024-01-01 10:00+00'::timestamptz + n * interval '1 minute 0.25 seconds']",
    ),
    ("int4range", Type(Kind.RANGE, "int4range"), "int4range(n, n + n % 9 + 1)"),
    ("numrange", Type(Kind.RANGE, "numrange"), "numrange(n * 0.5, n * 0.5 + 2.25, '[]')"),
    (
        "daterange",
        Type(Kind.RANGE, "daterange"),
        "case when n % 5 = 0 then 'empty' else daterange('2024-01-01'::date + n, null) end",
    ),
    ("tsrange", Type(Kind.RANGE, "tsrange"), "tsrange('2024-01-01'::timestamp + n * interval '1 hour', '2025-03-01')"),
    (
        "tstzrange",
        Type(Kind.RANGE, "tstzrange"),
        "tstzrange('2024-01-01'::timestamptz, '2024-01-02'::timestamptz + n * interval '1 h')",
    ),
    ("int4multirange", Type(Kind.RANGE, "int4multirange"), "int4multirange(int4range(n, n + 5))"),
    ("interval", Type(Kind.INTERVAL, "interval"), "n * interval '1 month 3 days 02:03:04.5' - interval '1 hour'"),
    (
        "inet",
        Type(Kind.NETWORK, "inet"),
        "case when n % 3 = 0 then '2001:db8::1' else '192.168.1.' || n % 255 || '/24' end::inet",
    ),
    ("cidr", Type(Kind.NETWORK, "cidr"), "('10.' || n % 255 || '.0.0/16')::cidr"),
    ("macaddr", Type(Kind.NETWORK, "macaddr"), "('08:00:2b:01:02:' || lpad(to_hex(n % 256), 2, '0'))::macaddr"),
    (
        "macaddr8",
        Type(Kind.NETWORK, "macaddr8"),
        "('08:00:2b:01:02:03:04:' || lpad(to_hex(n % 256), 2, '0'))::macaddr8",
    ),
    ("bit(6)", Type(Kind.BIT, "bit(6)", length=6), "(n % 64)::bit(6)"),
    ("varbit", Type(Kind.BIT, "bit varying(9)"), "substr((n % 256)::bit(8)::text, 1, n % 8 + 1)::varbit"),
    ("point", Type(Kind.GEOMETRIC, "point"), "point(n, n * 0.5)"),
    ("line", Type(Kind.GEOMETRIC, "line"), "line(point(n, 0), point(0, n + 1))"),
    ("lseg", Type(Kind.GEOMETRIC, "lseg"), "lseg(point(n, 0), point(0, n))"),
    ("box", Type(Kind.GEOMETRIC, "box"), "box(point(n, 0), point(0, n))"),
    ("path", Type(Kind.GEOMETRIC, "path"), "path '((0,0),(1,1),(2,0))'"),
    ("polygon", Type(Kind.GEOMETRIC, "polygon"), "polygon '((0,0),(1,1),(2,0))'"),
    ("circle", Type(Kind.GEOMETRIC, "circle"), "circle(point(n, 1), n + 1)"),
    (
        "xml",
        Type(Kind.XML, "xml"),
        "xmlparse(document '<order id=\"' || n || '\"><item>tea &amp; milk</item><n>' || n || '</n></order>')",
    ),
    (
        "tsvector",
        Type(Kind.TSVECTOR, "tsvector"),
        "to_tsvector('english', 'the cat''s house number ' || n || ' is on fire')",
    ),
    ("tsquery", Type(Kind.OTHER, "tsquery"), "to_tsquery('cat & fire' || n)"),
    ("pg_lsn", Type(Kind.OTHER, "pg_lsn"), "('0/' || to_hex(n))::pg_lsn"),
    ("jsonpath", Type(Kind.OTHER, "jsonpath"), "('$.a' || n)::jsonpath"),
    ("pair", Type(Kind.COMPOSITE, "public.pair"), "row(n, 'a,b' || n)::pair"),
    ("public.pair", PAIR, "row(n, 'a,\"b ' || n)::pair"),
    ("pair[]", Type(Kind.ARRAY, "pair[]", element=PAIR), "array[row(n, 'a \\ b')::pair, row(NULL, '')::pair]"),
    ("daterange[]", DAYS, "array[daterange('2024-01-01', '2024-02-01'::date + n)]"),
    (
        "mood[]",
        Type(Kind.ARRAY, "mood[]", element=Type(Kind.ENUM, "mood", labels=("so so", "ok"))),
        "array['so so'::mood]",
    ),
]


def _learn(connection: psycopg.Connection[Any], type_: Type, expression: str) -> tuple[ColumnProfile, pa.Array]:
    query = f"SELECT ({expression})::text FROM generate_series(1, {ROWS}) n".encode()
    source = pa.chunked_array([pa.array([row[0] for row in connection.execute(query)], pa.string())])
    declared = Column("c", type_)
    facts = count_column(source, 5)
    maker = choose_maker(Table(TableName("public", "t"), (declared,)), declared, facts, UNKNOWN, 5)
    stored = Maker(maker.name, json.loads(json.dumps(maker.settings)))
    return ColumnProfile("c", Role.TEXT, maker=stored), source


@pytest.mark.parametrize(("sql", "type_", "expression"), CASES, ids=[case[0] for case in CASES])
def test_made_values_are_valid_input(new_database: Callable[..., str], sql: str, type_: Type, expression: str) -> None:
    url = new_database("CREATE TYPE pair AS (a integer, b text); CREATE TYPE mood AS ENUM ('so so', 'ok')")
    with psycopg.connect(url, autocommit=True) as connection:
        if sql == "int4multirange" and connection.info.server_version < 140000:
            pytest.skip("multiranges came with PostgreSQL 14")
        try:
            column, source = _learn(connection, type_, expression)
        except psycopg.errors.FeatureNotSupported as missing:
            pytest.skip(str(missing))
        lengths = pc.utf8_length(source).to_numpy().astype(np.int32)
        table = TableProfile(TableName("public", "t"), ROWS, ROWS, (column,))
        made = make_texts(
            table, {"c": lengths}, first_row=0, total_rows=ROWS, rng=np.random.default_rng(1), locale="en_US"
        )["c"]

        found = connection.execute(
            f"SELECT count(v::{sql}), count(DISTINCT v) FROM unnest(%s::text[]) v".encode(), (made.to_pylist(),)
        ).fetchone()

    assert found is not None
    assert found[0] == ROWS
    if sql not in ("line", "path", "polygon", "tsquery", "pg_lsn", "jsonpath", "pair", "boolean[]", "mood[]"):
        assert found[1] > 5


def test_binary_values_have_the_wanted_size() -> None:
    column = ColumnProfile("c", Role.TEXT, maker=Maker("binary", {"sql": "bytea"}))
    table = TableProfile(TableName("public", "t"), 3, 3, (column,))

    made = make_texts(
        table,
        {"c": np.array([0, 10, -1], np.int32)},
        first_row=0,
        total_rows=3,
        rng=np.random.default_rng(1),
        locale="en_US",
    )["c"]

    assert [None if value is None else len(value) for value in made.to_pylist()] == [0, 10, None]


def test_uuids_keep_their_version() -> None:
    column = ColumnProfile("c", Role.TEXT, maker=Maker("uuid", {"version": 7}))
    table = TableProfile(TableName("public", "t"), 9, 9, (column,))

    made = make_texts(
        table, {"c": np.full(9, 36, np.int32)}, first_row=0, total_rows=9, rng=np.random.default_rng(1), locale="en_US"
    )["c"]

    assert {value[14] for value in made.to_pylist()} == {"7"}


UNIQUE = (
    "bit(20)",
    "varbit",
    "interval",
    "int4range",
    "daterange",
    "tstzrange",
    "numrange",
    "integer[]",
    "text[]",
    "boolean[]",
    "date[]",
    "inet",
    "macaddr",
)


@pytest.mark.parametrize("sql", UNIQUE)
def test_unique_values_differ_in_the_database(new_database: Callable[..., str], sql: str) -> None:
    cases = {name: (type_, expression) for name, type_, expression in CASES}
    cases["bit(20)"] = (Type(Kind.BIT, "bit(20)", length=20), "n::bit(20)")
    if sql not in cases:
        pytest.skip(f"no case of {sql}")
    type_, expression = cases[sql]
    url = new_database("")
    with psycopg.connect(url, autocommit=True) as connection:
        column, _ = _learn(connection, type_, expression)
        table = TableProfile(TableName("public", "t"), ROWS, ROWS, (dataclasses.replace(column, unique=True),))
        made = [
            value
            for start in (0, 700, 1_400)
            for value in make_texts(
                table,
                {"c": np.full(700, 8, np.int32)},
                first_row=start,
                total_rows=2_100,
                rng=np.random.default_rng(start),
                locale="en_US",
            )["c"].to_pylist()
        ]

        found = connection.execute(
            f"SELECT count(DISTINCT v::{sql}) FROM unnest(%s::text[]) v".encode(), (made,)
        ).fetchone()

    assert found == (2_100,)


@pytest.mark.parametrize(
    ("maker", "settings"),
    [
        ("json", {"root": {"kinds": {}}}),
        ("xml", {}),
        ("tsvector", {}),
        ("geometric", {"sql": "point"}),
        ("composite", {"fields": 2}),
        ("bit", {"length": 3}),
        ("labels", {"labels": ["a", "b"]}),
    ],
)
def test_kinds_that_cannot_be_told_apart_say_so(maker: str, settings: dict[str, Any]) -> None:
    column = ColumnProfile("c", Role.TEXT, maker=Maker(maker, settings), unique=True)
    table = TableProfile(TableName("public", "t"), 9, 9, (column,))

    with pytest.raises(ModelError) as caught:
        make_texts(
            table,
            {"c": np.full(9, 6, np.int32)},
            first_row=0,
            total_rows=MENDED_ROWS + 1,
            rng=np.random.default_rng(1),
            locale="en_US",
        )

    assert str(caught.value) == (
        "public.t.c must be unique, but dbclone cannot make 5,001 different values of its kind.\n\n"
        'Hint: give its table the strategy "copy", "mask" or "empty".'
    )


@pytest.mark.parametrize("compact", [False, True])
def test_documents_have_the_wanted_lengths(compact: bool) -> None:
    signs = (",", ":") if compact else (", ", ": ")
    texts = [
        json.dumps(
            {"colour": ["red", "green", "blue"][n % 3], "size": n % 90, "tags": ["a"] * (n % 5)}, separators=signs
        )
        for n in range(600)
    ]
    declared = Column("c", Type(Kind.JSON, "json"))
    facts = count_column(pa.chunked_array([pa.array(texts, pa.string())]), 5)
    maker = choose_maker(Table(TableName("public", "t"), (declared,)), declared, facts, UNKNOWN, 5)
    table = TableProfile(TableName("public", "t"), 600, 600, (ColumnProfile("c", Role.TEXT, maker=maker),))
    wanted = np.array([len(text) for text in texts])

    made = make_texts(table, {"c": wanted}, first_row=0, total_rows=600, rng=np.random.default_rng(1), locale="en_US")[
        "c"
    ].to_pylist()

    assert np.mean(np.array([len(text) for text in made]) == wanted) > 0.98
    assert {tuple(json.loads(text)) for text in made} == {("colour", "size", "tags")}
