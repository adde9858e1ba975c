"""What is read out of CREATE TABLE texts, however they are written."""

from __future__ import annotations

import pytest

from dbclone.dialects.sqlite.statement import mentions, parse_create_table


def test_clauses_without_commas_between_them() -> None:
    sql = "CREATE TABLE t (a INT CHECK(a>0) UNIQUE, b TEXT, CONSTRAINT k PRIMARY KEY (a, b) CHECK (a <> b) UNIQUE (b))"
    found = [(c.kind, c.name, c.column, c.columns or c.text) for c in parse_create_table(sql).clauses]
    assert found == [
        ("check", None, "a", "a>0"),
        ("unique", None, "a", ("a",)),
        ("primary key", "k", None, ("a", "b")),
        ("check", None, None, "a <> b"),
        ("unique", None, None, ("b",)),
    ]


@pytest.mark.parametrize(
    ("tail", "deferrable", "initially_deferred"),
    [
        ("", False, False),
        ("ON DELETE SET NULL ON UPDATE NO ACTION MATCH FULL", False, False),
        ("ON DELETE CASCADE DEFERRABLE", True, False),
        ("NOT DEFERRABLE INITIALLY IMMEDIATE", False, False),
        ("DEFERRABLE INITIALLY DEFERRED", True, True),
    ],
)
def test_timing(tail: str, deferrable: bool, initially_deferred: bool) -> None:
    sql = f"CREATE TABLE t (a INT REFERENCES p (x) {tail} NOT NULL DEFAULT (1 + (2)), b INT CHECK (b > 1))"
    statement = parse_create_table(sql)
    key = statement.of("foreign key")[0]
    assert (key.parent, key.parent_columns, key.deferrable) == ("p", ("x",), deferrable)
    assert key.initially_deferred is initially_deferred
    assert [c.text for c in statement.of("check")] == ["b > 1"]


@pytest.mark.parametrize(
    ("sql", "left"),
    [
        ("CREATE TABLE t (a INT REFERENCES P, b INT)", "CREATE TABLE t (a INT, b INT)"),
        ("CREATE TABLE t (a INT CONSTRAINT f REFERENCES p(x) ON DELETE CASCADE)", "CREATE TABLE t (a INT)"),
        ("CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES [p] (x) DEFERRABLE)", "CREATE TABLE t (a INT)"),
        (
            "CREATE TABLE t (a INT, CONSTRAINT f FOREIGN KEY (a) REFERENCES p, CHECK (a > 0))",
            "CREATE TABLE t (a INT, CHECK (a > 0))",
        ),
        ("CREATE TABLE t (a INT REFERENCES q)", "CREATE TABLE t (a INT REFERENCES q)"),
    ],
)
def test_keys_to_missing_parents_are_cut_out(sql: str, left: str) -> None:
    assert parse_create_table(sql).without(lambda key: key.parent.lower() == "p") == left


def test_mentions_looks_at_names_only() -> None:
    assert mentions("CREATE VIEW v AS SELECT * FROM [Orders]", frozenset({"orders"}))
    assert not mentions("CREATE VIEW v AS SELECT 'orders' AS x -- orders", frozenset({"orders"}))
