"""The graph of foreign keys in three languages."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree

import pytest

from dbclone.report.diagram import dot, mermaid, svg
from dbclone.report.layout import lay_out
from dbclone.schema import Column, ForeignKey, Kind, PrimaryKey, Schema, Table, TableName, Type, Unique
from tests.report_shop import shop_schema


def name(text: str) -> TableName:
    return TableName("s", text)


def table(text: str, *keys: tuple[str, str], unique: bool = False, nullable: bool = True) -> Table:
    """A table with an id and one column for each (column, parent)."""
    integer = Type(Kind.INTEGER, "int4")
    columns = (Column("id", integer, nullable=False), *(Column(one, integer, nullable=nullable) for one, _ in keys))
    uniques = tuple(Unique((one,)) for one, _ in keys) if unique else ()
    foreign = tuple(ForeignKey(name(text), (one,), name(parent), ("id",)) for one, parent in keys)
    return Table(name(text), columns, PrimaryKey(("id",)), uniques, foreign)


def schema_of(*tables: Table) -> Schema:
    return Schema("postgresql", tuple(sorted(tables, key=lambda one: one.name)))


CYCLE = schema_of(table("staff", ("store_id", "store"), ("boss_id", "staff")), table("store", ("manager_id", "staff")))


def test_mermaid_of_the_shop() -> None:
    assert mermaid(shop_schema()).splitlines() == [
        "erDiagram",
        "    customers {",
        "        integer id PK",
        "    }",
        "    empty {",
        "        integer id PK",
        "    }",
        "    items {",
        "        integer order_id PK, FK",
        "        integer line PK",
        "        integer product_id FK",
        "    }",
        "    orders {",
        "        integer id PK",
        "        integer customer_id FK",
        "    }",
        "    products {",
        "        integer id PK",
        "        integer replaces FK",
        "    }",
        '    orders ||--o{ items : "order_id"',
        '    products ||--o{ items : "product_id"',
        '    customers |o--o{ orders : "customer_id"',
        '    products |o--o{ products : "replaces"',
    ]


def test_mermaid_of_one_to_one_and_of_odd_names() -> None:
    odd = schema_of(table("a b", ("2nd col", "p"), unique=True, nullable=False), table("p"))
    lines = mermaid(odd).splitlines()
    assert '    "a b" {' in lines
    assert "        integer _2nd_col FK" in lines
    assert '    p ||--o| "a b" : "2nd col"' in lines


def test_dot_names_are_quoted_and_labels_escaped() -> None:
    text = dot(schema_of(table('we "quote" <it>', ("x", "p")), table("p")))
    assert '"we \\"quote\\" <it>" [label=<' in text
    assert "we &quot;quote&quot; &lt;it&gt;" in text
    assert '"we \\"quote\\" <it>":c1 -> "p":c0 [style=dashed];' in text
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("schema", [shop_schema(), CYCLE, schema_of(table("alone")), schema_of()])
def test_svg_is_xml_with_a_box_a_table_and_a_line_a_key(schema: Schema) -> None:
    root = ElementTree.fromstring(svg(schema))
    space = "{http://www.w3.org/2000/svg}"
    boxes = [one for one in root.iter(f"{space}rect") if one.get("class") == "dbg-box"]
    lines = [one for one in root.iter(f"{space}path") if (one.get("class") or "").startswith("dbg-line")]
    assert len(boxes) == len(schema.tables)
    assert len(lines) == len(schema.foreign_keys)


def test_cut_keys_are_drawn_apart() -> None:
    paths = lay_out(CYCLE).paths
    assert [path.cut for path in paths].count(True) == 1
    assert "dbg-cut" in svg(CYCLE)


def test_parents_stand_left_of_their_children() -> None:
    boxes = {box.label: box for box in lay_out(shop_schema()).boxes}
    assert boxes["customers"].x < boxes["orders"].x < boxes["items"].x
    assert boxes["products"].x < boxes["items"].x
    assert boxes["empty"].y > max(boxes[one].y for one in ("customers", "orders", "items", "products"))


def grid(width: int, depth: int) -> Schema:
    """Layers of tables, each referencing two or three of the layers before."""
    tables = []
    for layer, place in itertools.product(range(depth), range(width)):
        above = [(f"t{layer - 1}_{(place + step) % width}") for step in (0, 1)] if layer else []
        above += [f"t0_{place}"] if layer > 2 else []
        tables.append(table(f"t{layer}_{place}", *((f"k{n}", parent) for n, parent in enumerate(above))))
    return schema_of(*tables)


@pytest.mark.parametrize("schema", [shop_schema(), CYCLE, grid(5, 4), schema_of(*(table(f"x{n}") for n in range(30)))])
def test_boxes_do_not_overlap_and_lie_on_the_page(schema: Schema) -> None:
    layout = lay_out(schema)
    for one, two in itertools.combinations(layout.boxes, 2):
        apart = (
            one.x + one.width <= two.x
            or two.x + two.width <= one.x
            or one.y + one.height <= two.y
            or two.y + two.height <= one.y
        )
        assert apart, (one, two)
    assert all(box.x >= 0 and box.y >= 0 and box.x + box.width <= layout.width for box in layout.boxes)
    assert all(box.y + box.height <= layout.height for box in layout.boxes)


def test_equal_schemas_are_drawn_equally() -> None:
    assert svg(grid(5, 4)) == svg(grid(5, 4))


def test_keys_to_tables_that_are_left_out_are_not_drawn() -> None:
    lonely = schema_of(table("child", ("x", "gone")))
    assert lay_out(lonely).paths == ()
    assert "gone" not in mermaid(lonely) + dot(lonely)
