"""Which database or file a text means, and that its password is shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbclone.dialects.address import Address, parse_address
from dbclone.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "dialect", "url"),
    [
        ("postgresql://me@host/db", "postgresql", "postgresql+psycopg://me@host/db"),
        ("postgres://host/db", "postgresql", "postgresql+psycopg://host/db"),
        ("postgresql+psycopg2://host/db", "postgresql", "postgresql+psycopg://host/db"),
        ("postgresql://", "postgresql", "postgresql+psycopg://"),
        ("postgresql://?service=prod", "postgresql", "postgresql+psycopg://?service=prod"),
        ("postgresql://a:1,b:2/db", "postgresql", "postgresql+psycopg://a:1,b:2/db"),
        ("mysql://root@h/db", "mysql", "mysql+pymysql://root@h/db"),
        ("mariadb+mysqldb://root@h/db", "mysql", "mysql+mysqldb://root@h/db"),
        ("oracle://me@h/db", "sqlalchemy", "oracle://me@h/db"),
        ("sqlite:///rel/shop.db", "sqlite", "sqlite:///rel/shop.db"),
        ("sqlite:////abs/shop.db", "sqlite", "sqlite:////abs/shop.db"),
        ("shop.db", "sqlite", "sqlite:///shop.db"),
        ("sqlite:shop", "sqlite", "sqlite:///shop"),
    ],
)
def test_databases(text: str, dialect: str, url: str) -> None:
    address = parse_address(text)
    assert (address.dialect, address.url, address.is_database) == (dialect, url, True)


@pytest.mark.parametrize(
    ("text", "dialect", "path", "flavour"),
    [
        ("out/", "parquet", "out", None),
        ("parquet:out", "parquet", "out", None),
        ("csv:out/", "csv", "out", None),
        ("dump.sql", "sql", "dump.sql", None),
        ("sql+postgresql:dump.txt", "sql", "dump.txt", "postgresql"),
        ("shop.dbclone", "bundle", "shop.dbclone", None),
    ],
)
def test_files(text: str, dialect: str, path: str, flavour: str | None) -> None:
    address = parse_address(text)
    assert (address.dialect, address.file, address.flavour) == (dialect, Path(path), flavour)
    assert not address.is_database


def test_a_folder_is_taken_for_what_it_holds(tmp_path: Path) -> None:
    assert parse_address(str(tmp_path)).dialect == "parquet"
    (tmp_path / "a.csv").touch()
    assert parse_address(str(tmp_path)).dialect == "csv"
    (tmp_path / "a.parquet").touch()
    assert parse_address(str(tmp_path)).dialect == "parquet"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:s3cret@host/db",
        "postgresql://me:s3c@ret/s3cret@host/db",
        "mysql://me:s3cret@host:3306/db?charset=utf8",
        "postgresql://host/db?user=me&password=s3cret",
        "oracle+oracledb://me:s3cret@host/db",
    ],
)
def test_no_password_is_shown(text: str) -> None:
    address = parse_address(text)
    shown = f"{address!r} {address} {address.display}"
    assert "s3c" not in shown
    assert "s3cret" in address.url


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "The address is empty.", "write a database URL"),
        ("host=db user=me password=s3cret", "The address is a libpq connection string", "postgresql://user@host:5432/name"),
        ("postgre://h/db", '"postgre" is no kind of database.', 'did you mean "postgres://"?'),
        ("https://h/db", '"https" is no kind of database.', "write a database URL"),
        ("postgresql://me:s3/cret@h:x/db", "The address has a port that is no number.", "percent-encoded"),
        ("postgresql://me:s3?cret@h/db", "The address has a port that is no number.", "percent-encoded"),
        ("sqlite://", "A SQLite database in memory ends", "sqlite:///shop.db"),
        ("orders.parquet", "is one file, but a database has many tables", "parquet:orders/"),
        ("csv:", "names no path", "csv:PATH"),
        ("sql+oracle:x.sql", '"sql+oracle" is no kind of target.', "sql+postgresql"),
    ],
)
def test_what_cannot_be_used_says_why(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_address(text)
    assert message in str(caught.value)
    assert hint in str(caught.value)
    assert "s3" not in str(caught.value)


def test_a_server_has_no_file() -> None:
    with pytest.raises(ConfigError, match="postgresql://h/db is a database server, not a file"):
        _ = parse_address("postgresql://h/db").file


def test_addresses_are_values() -> None:
    assert parse_address("shop.db") == parse_address("shop.db")
    assert isinstance(hash(parse_address("shop.db")), int)
    assert str(Address("t", "sqlite", "u", None, "shown")) == "shown"
