"""What of MySQL needs no server: statements as text, option files, values on their way in and out, portable DDL."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from dbclone.dialects import parse_address
from dbclone.dialects.mysql.encode import Place, clock, to_lines, to_values
from dbclone.dialects.mysql.options import parameters
from dbclone.dialects.mysql.rows import to_arrow, unlisted
from dbclone.dialects.mysql.statements import (
    cut_create_table,
    join_statements,
    mentions,
    split_statements,
    without_database,
    without_definer,
)
from dbclone.dialects.mysql.types import Facts, Observed, type_of
from dbclone.dialects.portable_ddl import portable_ddl
from dbclone.errors import ConfigError
from dbclone.sample.makers.pattern import folded
from dbclone.schema import Column, ForeignKey, Kind, PrimaryKey, Schema, Table, TableName, Type, Unique

NAME = TableName("shop", "t")


def test_a_script_comes_back_as_its_statements() -> None:
    statements = (
        "CREATE TABLE `a;b` (x varchar(9) DEFAULT ';' COMMENT 'it''s; \\'here')",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.a = ';'; SET NEW.b = 2; END",
        "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES b (c)",
    )
    assert split_statements(join_statements(statements)) == statements
    assert split_statements("") == ()


def test_a_table_is_cut_from_its_keys() -> None:
    parts = cut_create_table(
        "CREATE TABLE `t` (\n  `a` int(11) NOT NULL AUTO_INCREMENT,\n  `b` int(11),\n  PRIMARY KEY (`a`),\n"
        "  CONSTRAINT `to p` FOREIGN KEY (`b`) REFERENCES `p` (`id`) ON DELETE CASCADE,\n"
        "  CONSTRAINT `out` FOREIGN KEY (`b`) REFERENCES `other`.`p` (`id`)\n"
        ") ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4 COMMENT='AUTO_INCREMENT=3'"
    )
    assert parts.sql == (
        "CREATE TABLE `t` (\n  `a` int(11) NOT NULL AUTO_INCREMENT,\n  `b` int(11),\n  PRIMARY KEY (`a`)\n"
        ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='AUTO_INCREMENT=3'"
    )
    assert parts.keys == (
        ("CONSTRAINT `to p` FOREIGN KEY (`b`) REFERENCES `p` (`id`) ON DELETE CASCADE", "p"),
        ("CONSTRAINT `out` FOREIGN KEY (`b`) REFERENCES `other`.`p` (`id`)", "other.p"),
    )


def test_statements_forget_whose_they_were() -> None:
    text = (
        "CREATE DEFINER=`me`@`%` TRIGGER t AFTER INSERT ON `shop`.`a` FOR EACH ROW INSERT INTO shop.b SELECT 'shop.c'"
    )
    plain = without_database(without_definer(text), "shop")
    assert plain == "CREATE TRIGGER t AFTER INSERT ON `a` FOR EACH ROW INSERT INTO b SELECT 'shop.c'"
    assert without_database("SELECT other.shop.x, `shop`.x", "shop") == "SELECT other.shop.x, x"
    assert mentions(plain, frozenset({"b"}))
    assert not mentions(plain, frozenset({"c", "shop"}))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mysql://me:a%40b@h:3307/db", {"user": "me", "password": "a@b", "host": "h", "port": 3307, "database": "db"}),
        ("mariadb://h/db", {"user": "filed", "password": "from file", "host": "h", "port": 3306, "database": "db"}),
        ("mysql:///db", {"user": "filed", "password": "from file", "host": "localhost", "unix_socket": "/s",
                         "port": 3306, "database": "db"}),
        ("mysql://me:@h", {"user": "me", "host": "h", "port": 3306, "database": ""}),
    ],
)  # fmt: skip
def test_where_the_parameters_come_from(
    url: str, expected: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".my.cnf").write_text(
        '[mysqld]\nport=1\n[client]\nuser=filed\npassword="from file"\nsocket=/s\nquick\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MYSQL_PWD", "from environment")
    assert parameters(parse_address(url)) == expected


def test_the_environment_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MYSQL_PWD", "from environment")
    assert parameters(parse_address("mysql://me@h/db"))["password"] == "from environment"
    with pytest.raises(ConfigError, match="names an option file that is not there"):
        parameters(parse_address("mysql://me@h/db?read_default_file=/no/such/file"))


def test_values_on_their_way_in() -> None:
    def column(sql: str, kind: Kind) -> Place:
        return Place(Column("c", Type(kind, sql)), sql, zero_dates=True)

    def written(place: Place, array: pa.Array) -> list[str]:
        return to_values(pa.record_batch({"c": array}), [place])

    assert written(column("date", Kind.DATE), pa.array(["0001-01-01", "2024-05-06"]).cast(pa.date32())) == [
        "('0000-00-00')", "('2024-05-06')",
    ]  # fmt: skip
    stamps = pa.array(["1950-01-01 00:00:00", "2050-01-01 00:00:00"]).cast(pa.timestamp("us"))
    assert written(column("timestamp", Kind.TIMESTAMPTZ), stamps) == [
        "('1970-01-01 00:00:01')", "('2038-01-19 03:14:07')",
    ]  # fmt: skip
    late = pa.array(["2024-12-31 23:59:59.999999"]).cast(pa.timestamp("us"))
    assert written(column("datetime", Kind.TIMESTAMP), late) == ["('2024-12-31 23:59:59')"]
    assert written(column("datetime(3)", Kind.TIMESTAMP), late) == ["('2024-12-31 23:59:59.999')"]
    assert written(column("year(4)", Kind.INTEGER), pa.array([0, 3, 1999])) == ["('0000')", "('1901')", "('1999')"]
    assert written(column("bit(4)", Kind.BIT), pa.array(["0101"])) == ["(CAST(conv('0101', 2, 10) AS UNSIGNED))"]
    assert written(column("blob", Kind.BINARY), pa.array([b"\x00'", None])) == ["(unhex('0027'))", "(unhex(NULL))"]
    assert written(column("set('a','b c')", Kind.ARRAY), pa.array(['{a,"b c"}', "{}"])) == ["('a,b c')", "('')"]
    assert written(column("point", Kind.GEOMETRIC), pa.array(["(1,2.5)"])) == ["(ST_GeomFromText('POINT(1 2.5)'))"]
    assert written(column("bigint(20) unsigned", Kind.DECIMAL), pa.array([1.9e19])) == ["('18446744073709551615')"]
    assert written(column("decimal(9,2)", Kind.DECIMAL), pa.array([0.1 + 0.2, float("nan")])) == ["('0.3')", "(NULL)"]
    assert written(column("text", Kind.TEXT), pa.array(["it's \\ \n", "NULL", None])) == [
        "('it''s \\ \n')", "('NULL')", "(NULL)",
    ]  # fmt: skip
    batch = pa.record_batch({"c": ['say "hi",\n', "NULL", None]})
    assert to_lines(batch, [column("text", Kind.TEXT)]) == b'"say ""hi"",\n"\n"NULL"\nNULL\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [("49:00:00", "49:00:00"), ("1 day 02:00:00", None), ("2 days 01:00:00", "49:00:00"),
     ("-10:00:00.5", "-10:00:00.5"), ("3 mons ", "838:59:59")],
)  # fmt: skip
def test_an_interval_as_a_time(text: str, expected: str | None) -> None:
    assert clock(text) == (expected or "26:00:00")


def test_values_on_their_way_out() -> None:
    def read(sql: str, kind: Kind, *values: object) -> list[object]:
        found: list[object] = to_arrow(values, Column("c", Type(kind, sql, bits=32)), NAME).to_pylist()
        return found

    assert [str(value) for value in read("date", Kind.DATE, "0000-00-00", "2024-00-00", "2024-05-00")] == [
        "0001-01-01", "2024-01-01", "2024-05-01",
    ]  # fmt: skip
    assert read("set", Kind.ARRAY, "a,b c", "", None) == ['{a,"b c"}', "{}", None]
    assert read("float", Kind.FLOAT, "0.10000000149011612") == [0.1]
    assert read("bit(1)", Kind.BOOLEAN, "1", "0", None) == [True, False, None]
    assert unlisted('{a,"b ""c",d}'.replace('""', '\\"')) == 'a,b "c,d'


def test_types() -> None:
    def kind(spelled: str, odd: bool = False) -> tuple[Kind, bool]:
        word = spelled.partition("(")[0].partition(" ")[0]
        found = type_of(Facts("c", word, spelled, 10, 5, 2), Observed(frozenset({"c"} if odd else ())))
        return found.kind, found.unsigned

    assert kind("tinyint(1)") == (Kind.BOOLEAN, False)
    assert kind("tinyint(1)", odd=True) == (Kind.INTEGER, False)
    assert kind("bigint(20) unsigned") == (Kind.INTEGER, True)
    assert kind("bigint(20) unsigned", odd=True) == (Kind.DECIMAL, True)
    assert (kind("time"), kind("time", odd=True)) == ((Kind.TIME, False), (Kind.INTERVAL, False))
    assert type_of(Facts("c", "enum", "enum('a','it''s')"), Observed()).labels == ("a", "it's")


def test_portable_ddl() -> None:
    parent, child = TableName("public", "parent"), TableName("public", "child")
    text, number = Type(Kind.TEXT, "text"), Type(Kind.INTEGER, "bigint", bits=64)
    label = Type(Kind.ENUM, "mood", labels=("good", "it's bad"))
    tables = (
        Table(
            child,
            (
                Column("id", number, False, identity="by default"),
                Column("code", text),
                Column("n", Type(Kind.INTEGER, "integer", bits=32)),
                Column("feeling", label, default="'good'::mood"),
            ),
            PrimaryKey(("id",)),
            foreign_keys=(
                ForeignKey(child, ("code",), parent, ("code",), "to_code", "SET DEFAULT", deferrable=True),
                ForeignKey(child, ("n",), parent, ("n",), "to_n", "CASCADE"),
            ),
        ),
        Table(parent, (Column("code", text, False), Column("n", number, False)), PrimaryKey(("code",)),
              (Unique(("n",), "the n"), Unique(("n",), "some", predicate="n > 3"))),
    )  # fmt: skip
    made = portable_ddl(Schema("postgresql", tables), "mysql")
    assert made.pre[0] == (
        'CREATE TABLE "child" (\n  "id" bigint NOT NULL AUTO_INCREMENT,\n  "code" varchar(255) NULL,\n'
        "  \"n\" bigint NULL,\n  \"feeling\" enum('good','it''s bad') NULL,\n  PRIMARY KEY (\"id\")\n)"
    )
    assert made.post == (
        'ALTER TABLE "parent" ADD CONSTRAINT "the n" UNIQUE ("n")',
        'ALTER TABLE "child" ADD CONSTRAINT "to_code" FOREIGN KEY ("code") REFERENCES "parent" ("code")',
        'ALTER TABLE "child" ADD CONSTRAINT "to_n" FOREIGN KEY ("n") REFERENCES "parent" ("n") ON DELETE CASCADE',
    )
    assert [attempt.sql for attempt in made.attempts] == [
        'ALTER TABLE "child" ALTER COLUMN "feeling" SET DEFAULT (\'good\')'
    ]
    assert {loss.kind for loss in made.losses} == {"type", "unique index", "deferrable", "foreign key action"}


def test_shapes_that_differ_in_case_alone_are_one() -> None:
    upper = {"class": "upper", "min": 2, "max": 2}
    lower = {"class": "lower", "min": 2, "max": 2}
    digit = {"class": "digit", "min": 3, "max": 3}
    dash = {"literal": "-"}
    assert folded([(5, [upper, digit]), (7, [lower, digit]), (2, [digit, dash, lower])]) == [
        (7, [lower, digit]), (2, [digit, dash, lower]),
    ]  # fmt: skip
    chosen = {"class": "letter", "min": 1, "max": 2, "choices": ["Ab", "aB", "c", "xy"], "weights": [3, 2, 1, 1]}
    ((_, segments),) = folded([(1, [chosen])])
    assert (segments[0]["choices"], segments[0]["class"]) == (["Ab", "xy"], "lower")
    mixed = {"class": "alnum", "min": 8, "max": 8}
    assert len(folded([(9, [mixed]), (3, [digit])])) == 1
