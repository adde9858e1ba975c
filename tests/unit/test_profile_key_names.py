"""What names say about keys: spellings, roles, abbreviations, and names that only look like one."""

from __future__ import annotations

import pytest

from dbclone.profile.key_names import NamedKey, common_prefix, compare, read_column, table_words, words_of


def strength(column: str, own: str, table: str, key: str = "id") -> float:
    tables = frozenset("".join(table_words(one)) for one in (own, table))
    named = NamedKey(table_words(table), read_column(key, tables).words)
    found = compare(read_column(column, tables), table_words(own), named, is_self=own == table)
    return found.strength if found else 0.0


@pytest.mark.parametrize(
    ("column", "own", "table", "key"),
    [
        ("customer_id", "orders", "customers", "id"),
        ("customerId", "orders", "Customers", "id"),
        ("CustomerID", "SalesOrder", "Customer", "CustomerID"),
        ("customerid", "orders", "customers", "customerid"),
        ("customerid", "orders", "customers", "id"),
        ("fk_customer", "orders", "customers", "id"),
        ("id_customer", "orders", "customer", "id"),
        ("category_id", "products", "tbl_categories", "id"),
        ("address_id", "people", "addresses", "id"),
        ("person_id", "phones", "people", "id"),
        ("emp_no", "salaries", "employees", "emp_no"),
        ("sales_order_number", "invoices", "sales_orders", "number"),
    ],
)
def test_a_column_that_names_its_table_is_clear(column: str, own: str, table: str, key: str) -> None:
    assert strength(column, own, table, key) >= 0.9


@pytest.mark.parametrize(
    ("column", "own", "table"),
    [
        ("ship_to_address_id", "orders", "addresses"),
        ("manager_staff_id", "stores", "staff"),
        ("parent_category_id", "categories", "categories"),
        ("user_id", "posts", "auth_user"),
        ("order_id", "lines", "order_headers"),
        ("parent_id", "categories", "categories"),
        ("reports_to", "employees", "employees"),
        ("reply_to_id", "comments", "comments"),
    ],
)
def test_roles_and_self_references_are_likely(column: str, own: str, table: str) -> None:
    assert 0.7 <= strength(column, own, table) < 0.9


@pytest.mark.parametrize(
    ("column", "own", "table"),
    [
        ("dept_id", "staff", "departments"),
        ("ship_via", "orders", "shippers"),
        ("created_by", "orders", "users"),
        ("support_rep_id", "customers", "employees"),
        ("author_id", "posts", "users"),
    ],
)
def test_abbreviations_and_people_are_hints(column: str, own: str, table: str) -> None:
    assert 0.5 <= strength(column, own, table) < 0.7


@pytest.mark.parametrize(
    ("column", "own", "table", "key"),
    [
        ("id", "orders", "customers", "id"),
        ("quantity", "orders", "customers", "id"),
        ("paid", "orders", "p", "id"),
        ("customer_id", "customers", "customer_details", "customer_id"),
        ("position", "lines", "posts", "id"),
        ("parent_id", "categories", "products", "id"),
        ("created_at", "orders", "users", "id"),
        ("ship_name", "orders", "shippers", "id"),
    ],
)
def test_other_names_say_nothing(column: str, own: str, table: str, key: str) -> None:
    assert strength(column, own, table, key) == 0.0


def test_the_prefix_of_all_tables_is_no_part_of_their_names() -> None:
    names = ["wp_posts", "wp_users", "wp_comments", "wp_terms", "log"]
    assert common_prefix(names) == "wp"
    assert table_words("wp_posts", "wp") == ("post",)
    assert common_prefix(["orders", "order_items", "customers", "products"]) == ""


def test_words_come_apart_and_in_the_singular() -> None:
    assert words_of("ParentProductCategoryID") == ("parent", "product", "category", "id")
    assert words_of("HTTPServer_addresses2") == ("http", "server", "address", "2")
