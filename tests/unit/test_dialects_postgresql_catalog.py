from collections.abc import Callable
from pathlib import Path

import pytest

from dbclone.dialects.address import parse_address
from dbclone.dialects.postgresql import open_source
from dbclone.dialects.postgresql.entries import Entry, parse_entries, read_facts, render, write_facts
from dbclone.dialects.protocol import Loss
from dbclone.schema import Kind, Schema, Table, TableName

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"


@pytest.fixture
def schema_of(new_database: Callable[..., str]) -> Callable[[str], Schema]:
    def read(stem: str) -> Schema:
        with open_source(parse_address(new_database((SCHEMAS / f"{stem}.sql").read_text()))) as source:
            return source.schema()

    return read


def named(schema: Schema, name: str) -> Table:
    found = schema.find(name)
    assert found is not None
    return schema.table(found)


@pytest.mark.parametrize("stem", sorted(path.stem for path in SCHEMAS.glob("*.sql")))
def test_schema_is_equal_after_json(stem: str, schema_of: Callable[[str], Schema]) -> None:
    schema = schema_of(stem)
    assert Schema.from_json(schema.to_json()) == schema


def test_partitions(schema_of: Callable[[str], Schema]) -> None:
    schema = schema_of("01-partitions")
    assert [table.name.name for table in schema] == ["event", "note", "region", "shard"]
    event = named(schema, "event")
    assert event.partition_key == "RANGE (happened)"
    assert [(part.name.name, part.bound, part.parent.name) for part in event.partitions] == [
        ("event_2023", "FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')", "event"),
        ("event_2024", "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')", "event"),
        ("event_2024_eu", "FOR VALUES IN ('de', 'fr')", "event_2024"),
        ("event_2024_rest", "DEFAULT", "event_2024"),
    ]
    assert [str(key) for key in event.foreign_keys] == ["public.event(region) -> public.region(code)"]
    assert [str(key) for key in named(schema, "note").foreign_keys] == [
        "public.note(event_id, event_happened, event_region) -> public.event(id, happened, region)"
    ]
    assert [index.name for index in event.indexes] == ["event_amount"]


def test_foreign_keys_of_partitions_are_listed_once(
    shared_postgres: Callable[[str], str],
) -> None:
    with open_source(parse_address(shared_postgres("pagila"))) as source:
        payment = named(source.schema(), "payment")
    assert sorted(key.columns for key in payment.foreign_keys) == [("customer_id",), ("rental_id",), ("staff_id",)]
    assert len(payment.partitions) == 7


def test_cycles(schema_of: Callable[[str], Schema]) -> None:
    schema = schema_of("02-cycles")
    hen, egg = named(schema, "hen").foreign_keys[0], named(schema, "egg").foreign_keys[0]
    assert (hen.deferrable, hen.initially_deferred) == (True, False)
    assert (egg.deferrable, egg.initially_deferred) == (True, True)
    assert named(schema, "category").foreign_keys[0].is_self


def test_types(schema_of: Callable[[str], Schema]) -> None:
    table = named(schema_of("03-types"), "everything")
    expected = {
        "c_smallint": (Kind.INTEGER, "smallint"),
        "c_numeric": (Kind.DECIMAL, "numeric"),
        "c_decimal": (Kind.DECIMAL, "numeric(12,4)"),
        "c_enum": (Kind.ENUM, "public.mood"),
        "c_timetz": (Kind.TIME, "time with time zone"),
        "c_texts": (Kind.ARRAY, "text[]"),
        "c_matrix": (Kind.ARRAY, "integer[]"),
        "c_periods": (Kind.RANGE, "tstzrange"),
        "c_own_range": (Kind.RANGE, "public.floatrange"),
        "c_pair": (Kind.COMPOSITE, "public.pair"),
        "c_varbit": (Kind.BIT, "bit varying(8)"),
        "c_cidr": (Kind.NETWORK, "cidr"),
        "c_circle": (Kind.GEOMETRIC, "circle"),
        "c_tsquery": (Kind.OTHER, "tsquery"),
    }
    assert {name: (table.column(name).type.kind, table.column(name).type.sql) for name in expected} == expected
    decimal, varchar, moods = (table.column(name).type for name in ("c_decimal", "c_varchar", "c_moods"))
    assert (decimal.precision, decimal.scale) == (12, 4)
    assert varchar.length == 20
    assert moods.element is not None
    assert moods.element.labels == ("sad", "ok", "very happy")
    assert table.column("c_timestamp0").type.precision == 0
    assert [table.column(name).type.bits for name in ("c_smallint", "id", "c_bigint", "c_real")] == [16, 32, 64, 32]
    element = table.column("c_own_range").type.element
    assert element is not None
    assert element.kind is Kind.FLOAT


def test_numbering(schema_of: Callable[[str], Schema]) -> None:
    schema = schema_of("04-numbering")
    a, b, c, d, e = (named(schema, name) for name in "abcde")
    assert (a.column("id").sequence, a.column("id").identity) == ("public.a_id_seq", None)
    assert (b.column("id").sequence, b.column("id").identity) == ("public.b_id_seq", "always")
    assert c.column("id").identity == "by default"
    assert c.column("gross").generated == "(net + tax)"
    assert c.column("gross").default is None
    assert [column.name for column in c.stored_columns] == ["id", "net", "tax"]
    assert d.column("id").sequence == e.column("id").sequence == "public.shared"
    sequences = {str(sequence.name): sequence for sequence in schema.sequences}
    assert (sequences["public.b_id_seq"].start, sequences["public.b_id_seq"].increment) == (100, 10)
    assert sequences["public.down"].increment == -1


def test_constraints(schema_of: Callable[[str], Schema]) -> None:
    schema = schema_of("05-constraints")
    parent, child = named(schema, "parent"), named(schema, "child")
    uniques = {unique.name: unique for unique in parent.uniques}
    assert uniques["parent_code"].deferrable
    assert uniques["parent_code"].is_constraint
    assert (uniques["parent_alias"].columns, uniques["parent_alias"].expressions) == ((), ("lower(alias)",))
    assert uniques["parent_first"].predicate == "(id = 1)"
    assert uniques["parent_mixed"].columns == ("tenant",)
    assert uniques["parent_mixed"].expressions == ("upper(code)",)
    assert parent.unique_sets == (("tenant", "id"), ("code",))
    assert [(index.name, index.columns) for index in parent.indexes] == [("parent_plain", ("alias", "code"))]
    keys = {key.name: key for key in child.foreign_keys}
    assert (keys["child_parent"].match, keys["child_parent"].on_delete, keys["child_parent"].on_update) == (
        "FULL",
        "CASCADE",
        "SET NULL",
    )
    assert keys["child_code"].on_delete == "SET DEFAULT"
    assert keys["child_code"].on_update == "RESTRICT"
    checks = {check.name: check for check in child.checks}
    assert checks["child_check"].expression == "(low <= high)"
    assert not checks["child_late"].validated
    assert not named(schema, "orphan").foreign_keys[0].validated
    assert [item.definition for item in named(schema, "booking").exclusions] == [
        "EXCLUDE USING gist (during WITH &&) WHERE ((room = 1))"
    ]


def test_names(schema_of: Callable[[str], Schema]) -> None:
    schema = schema_of("06-names")
    assert TableName("Sales Dept", "Order") in schema
    assert TableName("archive", "Order") in schema
    order = schema.table(TableName("Sales Dept", "Order"))
    assert [column.name for column in order.columns] == ["Order", "select", 'a "quoted" one', "Größe"]
    assert schema.find("Order") is None
    assert schema.short_names[TableName("public", "user")] == "public.user"


def test_inheritance(schema_of: Callable[[str], Schema]) -> None:
    schema = schema_of("07-inheritance")
    assert named(schema, "capital").inherits == (TableName("public", "city"),)
    assert [check.expression for check in named(schema, "capital").checks] == ["(people >= 0)"]


def test_objects(schema_of: Callable[[str], Schema]) -> None:
    schema = schema_of("08-objects")
    kinds = [item.kind for item in schema.objects]
    for kind in ("aggregate", "function", "materialized view", "policy", "procedure", "rule", "statistics", "trigger"):
        assert kind in kinds, kind
    definitions = {item.name: item.definition for item in schema.objects}
    assert str(definitions["public.cheap"]).startswith("CREATE VIEW public.cheap AS  SELECT")
    assert named(schema, "item").comment == "what we sell; all of it"
    assert named(schema, "item").column("price").comment == "without tax"
    assert named(schema, "log").row_security


def test_domains(schema_of: Callable[[str], Schema]) -> None:
    thing = named(schema_of("09-domains"), "thing")
    size, name, hue, parts = (thing.column(column) for column in ("size", "Name", "hue", "parts"))
    assert (size.type.kind, size.type.sql, size.type.domain, size.nullable) == (
        Kind.INTEGER,
        "integer",
        "public.small",
        False,
    )
    assert (name.type.sql, name.type.length) == ("character varying(12)", 12)
    assert name.type.domain == "public.Label"
    assert (hue.type.kind, hue.type.labels) == (Kind.ENUM, ("red", "green", "blue"))
    assert parts.type.kind is Kind.ARRAY
    assert sorted(check.expression for check in thing.checks if check.column == "size") == [
        '("size" > 0)',
        '(("size")::integer < 1000)',
    ]
    (label,) = [check.expression for check in thing.checks if check.column == "Name"]
    assert label == "((\"Name\")::text <> 'VALUE ''x'''::text)"


def test_objects_of_an_extension_are_left_out(new_database: Callable[..., str]) -> None:
    url = new_database("CREATE EXTENSION IF NOT EXISTS plpgsql; CREATE TABLE t (id int)")
    with open_source(parse_address(url)) as source:
        assert source.schema().objects == ()


SCRIPT = r"""--
-- PostgreSQL database dump
--

\restrict abcDEF123

SET statement_timeout = 0;

--
-- Name: touch(); Type: FUNCTION; Schema: public; Owner: joe
--

CREATE FUNCTION public.touch() RETURNS void LANGUAGE sql AS $$ SELECT 1; $$;


ALTER FUNCTION public.touch() OWNER TO joe;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: Odd; Name; Type: TABLE; Schema: My Shop; Owner: joe
--

CREATE TABLE "My Shop"."Odd; Name" (id integer);


--
-- PostgreSQL database dump complete
--

\unrestrict abcDEF123

"""


def test_script_is_split_into_entries() -> None:
    entries = parse_entries(SCRIPT)
    assert [(entry.kind, entry.schema, entry.name) for entry in entries] == [
        ("FUNCTION", "public", "touch()"),
        ("SETTING", "-", "default_table_access_method"),
        ("TABLE", "My Shop", "Odd; Name"),
    ]
    assert "restrict" not in "".join(entry.sql for entry in entries)
    again = parse_entries(render(entries))
    assert [(entry.kind, entry.name) for entry in again] == [(entry.kind, entry.name) for entry in entries]
    assert again[0].sql.strip() == entries[0].sql.strip()


def test_facts_survive_the_text() -> None:
    losses = (Loss("view", "public.v", "left out"), Loss("function", "f\n;", "x"))
    text = write_facts({"collate": "C"}, losses) + render([Entry("TABLE", "s", "t", "CREATE TABLE s.t ();\n")])
    assert read_facts(text) == ({"collate": "C"}, losses)
    assert read_facts("CREATE TABLE t ();") == ({}, ())
