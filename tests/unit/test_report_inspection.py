"""The inspect output: tables, keys, cycles with their reason, plan, sensitive columns, losses."""

from __future__ import annotations

import json

from rich.console import Console

from dbclone.dialects.protocol import Loss
from dbclone.profile.value import ColumnProfile, Maker, Profile, Role, TableProfile
from dbclone.report.inspection import Inspection, inspection_json, inspection_text
from dbclone.schema import Column, ForeignKey, Kind, PrimaryKey, Schema, Strategy, Table, TableName, Type, make_plan
from tests.report_shop import CUSTOMERS, PRODUCTS, shop_schema

STAFF, STORES = TableName("public", "staff"), TableName("public", "stores")


def text_of(found: Inspection) -> str:
    console = Console(width=150)
    with console.capture() as captured:
        console.print(inspection_text(found))
    return captured.get()


def shop() -> Inspection:
    schema = shop_schema()
    profile = Profile(
        (
            TableProfile(
                CUSTOMERS,
                300,
                300,
                (
                    ColumnProfile(
                        "email", Role.TEXT, "email", True, maker=Maker("faker"), reason="300 of 300 are e-mails"
                    ),
                    ColumnProfile("segment", Role.CODED),
                ),
            ),
            TableProfile(PRODUCTS, 40, 40, (), reference=True, reference_reason="40 rows, referenced by items"),
        )
    )
    plan = make_plan(schema, {PRODUCTS: Strategy.COPY})
    rows = {table.name: 300 for table in schema}
    return Inspection(schema, plan, profile, rows, (Loss("view", "sales", "left out"),), ("The server is old.",))


def cycle() -> Inspection:
    def table(name: TableName, other: TableName, nullable: bool) -> Table:
        integer = Type(Kind.INTEGER, "int4")
        columns = (Column("id", integer, nullable=False), Column("other_id", integer, nullable=nullable))
        return Table(
            name, columns, PrimaryKey(("id",)), foreign_keys=(ForeignKey(name, ("other_id",), other, ("id",)),)
        )

    schema = Schema("postgresql", (table(STAFF, STORES, True), table(STORES, STAFF, False)), server_version="15.3")
    return Inspection(schema, make_plan(schema))


def test_everything_has_its_place() -> None:
    text = text_of(shop())
    assert "postgresql: 5 tables, 1,500 rows, 4 foreign keys" in text
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "items 300 4 order_id, line synthesize" in lines
    assert "customers 300 5 id email synthesize 1 check" in lines
    assert "orders.customer_id customers(id) yes no action" in lines
    assert "products.replaces products(id) yes no action self reference" in lines
    assert "1 fill customers waits for no other table" in lines
    assert "4 copy products waits for no other table" in lines
    assert "customers.email email faker 300 of 300 are e-mails" in lines
    assert "products 40 copy 40 rows, referenced by items" in lines
    assert "view sales left out" in lines
    assert "! The server is old." in lines
    assert "Cycles" not in text


def test_a_cycle_names_its_cut_and_the_reason() -> None:
    text = text_of(cycle())
    assert "staff ↔ stores" in text
    assert "cut at staff.other_id → stores: its columns may be NULL, so it is linked once both tables exist" in text
    assert "link  staff.other_id → stores" in text
    assert "Sensitive" not in text


def test_json_holds_the_same_and_the_whole_schema() -> None:
    data = json.loads(json.dumps(inspection_json(shop())))
    assert data["tables"][0] == {
        "name": "public.customers",
        "rows": 300,
        "columns": 5,
        "primary_key": ["id"],
        "unique": [["email"]],
        "strategy": "synthesize",
    }
    assert data["sensitive"] == [
        {
            "column": "public.customers.email",
            "meaning": "email",
            "filled_by": "faker",
            "reason": "300 of 300 are e-mails",
        }
    ]
    assert data["reference"][0]["table"] == "public.products"
    assert Schema.from_json(data["schema"]) == shop_schema()
    cut = json.loads(json.dumps(cycle().to_json()))["cuts"][0]
    assert cut["key"] == "public.staff(other_id) -> public.stores(id)"


def test_long_plans_and_losses_are_cut_short() -> None:
    integer = Type(Kind.INTEGER, "int4")
    tables = tuple(Table(TableName("s", f"t{n:03}"), (Column("id", integer),)) for n in range(70))
    schema = Schema("postgresql", tables)
    losses = tuple(Loss("view", f"v{n}", "left out") for n in range(70))
    text = text_of(Inspection(schema, make_plan(schema), losses=losses))
    assert text.count("and 10 more (--json lists all)") == 2
