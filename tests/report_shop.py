"""A small shop as Arrow tables, for the tests of reports: composite and nullable keys, a self reference, rare texts.

Gives a Schema and tables drawn from a seed. Opens no database.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dbclone.schema import Check, Column, ForeignKey, Kind, PrimaryKey, Schema, Table, TableName, Type, Unique

CUSTOMERS, PRODUCTS, ORDERS, ITEMS, EMPTY = (
    TableName("public", name) for name in ("customers", "products", "orders", "items", "empty")
)


def shop_schema() -> Schema:
    """Four tables with rows and one without."""
    return Schema("postgresql", (_customers(), _empty(), _items(), _orders(), _products()))


def shop_tables(seed: int = 0, customers: int = 300) -> dict[TableName, pa.Table]:
    """Rows in which segment drives spending and the number of orders, and price drives quantity."""
    rng = np.random.default_rng(seed)
    segment = rng.choice(["private", "trade", "public"], customers, p=[0.6, 0.3, 0.1])
    spent = np.round(rng.gamma(2.0, 50.0, customers) * np.where(segment == "trade", 10.0, 1.0), 2)
    born = rng.integers(0, 15_000, customers).astype("datetime64[D]")
    products = 40
    price = np.round(rng.gamma(3.0, 10.0, products), 2)
    count = rng.poisson(np.where(segment == "trade", 6.0, 1.5))
    owner = np.repeat(np.arange(customers), count)
    orders = len(owner)
    when = rng.integers(0, 365 * 86_400, orders) * 1_000_000 + 1_700_000_000_000_000
    lines = rng.integers(1, 5, orders)
    order = np.repeat(np.arange(orders), lines)
    line = np.arange(len(order)) - np.repeat(np.cumsum(lines) - lines, lines) + 1
    product = rng.integers(0, products, len(order))
    return {
        CUSTOMERS: pa.table(
            {
                "id": pa.array(np.arange(1, customers + 1)),
                "segment": pa.array(segment.tolist()),
                "spent": pa.array(spent),
                "born": pa.array(born),
                "email": pa.array(
                    [f"person{number}.{seed}@{'x' * int(rng.integers(3, 9))}.org" for number in range(customers)]
                ),
            }
        ),
        EMPTY: pa.table({"id": pa.array([], pa.int64()), "note": pa.array([], pa.string())}),
        ITEMS: pa.table(
            {
                "order_id": pa.array(order + 1),
                "line": pa.array(line),
                "product_id": pa.array(product + 1),
                "quantity": pa.array(1 + rng.poisson(60.0 / price[product])),
            }
        ),
        ORDERS: pa.table(
            {
                "id": pa.array(np.arange(1, orders + 1)),
                "customer_id": pa.array(
                    [None if lost else int(one) + 1 for one, lost in zip(owner, rng.random(orders) < 0.1, strict=True)],
                    pa.int64(),
                ),
                "placed": pa.array(when, pa.timestamp("us")),
                "status": pa.array(rng.choice(["open", "sent", "done"], orders, p=[0.1, 0.2, 0.7]).tolist()),
                "trade": pa.array((segment[owner] == "trade").tolist()),
            }
        ),
        PRODUCTS: pa.table(
            {
                "id": pa.array(np.arange(1, products + 1)),
                "code": pa.array([f"P-{int(number):04d}" for number in rng.permutation(9_999)[:products]]),
                "price": pa.array(price),
                "replaces": pa.array([None, *range(1, products)], pa.int64()),
            }
        ),
    }


def shuffled(tables: dict[TableName, pa.Table], seed: int = 1) -> dict[TableName, pa.Table]:
    """The same tables with every column but primary keys in an order of its own: equal columns, no dependence."""
    rng = np.random.default_rng(seed)
    schema = shop_schema()
    found = {}
    for name, table in tables.items():
        columns = {
            column: table[column]
            if column in schema.table(name).key
            else table[column].take(pa.array(rng.permutation(table.num_rows)))
            for column in table.column_names
        }
        found[name] = pa.table(columns)
    return found


def _integer(name: str, *, nullable: bool = False) -> Column:
    return Column(name, Type(Kind.INTEGER, "bigint"), nullable=nullable)


def _column(name: str, kind: Kind) -> Column:
    return Column(name, Type(kind, kind.value), nullable=False)


def _customers() -> Table:
    columns = (
        _integer("id"),
        _column("segment", Kind.TEXT),
        _column("spent", Kind.DECIMAL),
        _column("born", Kind.DATE),
        _column("email", Kind.TEXT),
    )
    return Table(
        CUSTOMERS,
        columns,
        PrimaryKey(("id",)),
        (Unique(("email",), "customers_email_key"),),
        checks=(Check("spent >= 0"),),
    )


def _orders() -> Table:
    columns = (
        _integer("id"),
        _integer("customer_id", nullable=True),
        _column("placed", Kind.TIMESTAMP),
        _column("status", Kind.ENUM),
        _column("trade", Kind.BOOLEAN),
    )
    key = ForeignKey(ORDERS, ("customer_id",), CUSTOMERS, ("id",), "orders_customer_fkey")
    return Table(ORDERS, columns, PrimaryKey(("id",)), foreign_keys=(key,))


def _items() -> Table:
    columns = (_integer("order_id"), _integer("line"), _integer("product_id"), _integer("quantity"))
    keys = (
        ForeignKey(ITEMS, ("order_id",), ORDERS, ("id",), "items_order_fkey"),
        ForeignKey(ITEMS, ("product_id",), PRODUCTS, ("id",), "items_product_fkey"),
    )
    return Table(ITEMS, columns, PrimaryKey(("order_id", "line")), foreign_keys=keys)


def _products() -> Table:
    columns = (
        _integer("id"),
        _column("code", Kind.TEXT),
        _column("price", Kind.DECIMAL),
        _integer("replaces", nullable=True),
    )
    key = ForeignKey(PRODUCTS, ("replaces",), PRODUCTS, ("id",), "products_replaces_fkey")
    return Table(PRODUCTS, columns, PrimaryKey(("id",)), foreign_keys=(key,))


def _empty() -> Table:
    return Table(EMPTY, (_integer("id"), Column("note", Type(Kind.TEXT, "text"))), PrimaryKey(("id",)))
