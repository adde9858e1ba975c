"""What stops a run, each with the exact words that a user sees; whatever stops it, the target is as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from dbclone.dialects.address import parse_address
from tests.clone.runs import error_of, fine, rows_of
from tests.roundtrip import contents, query
from tests.throwaway import find_binaries, throwaway_server

SHOP = """
CREATE TABLE customer (id integer PRIMARY KEY, name varchar(40) NOT NULL);
CREATE TABLE purchase (id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customer (id), amount integer);
INSERT INTO customer VALUES (1, 'Ada'), (2, 'Ben'), (3, 'Cleo');
INSERT INTO purchase VALUES (1, 1, 10), (2, 1, 20), (3, 2, 10), (4, 3, 30);
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop in SQLite, in a folder of its own, where the run starts."""
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("shop.db")) as connection:
        connection.executescript(SHOP)
    return Path("shop.db")


def shown(url: str) -> str:
    return parse_address(url).display


def named(url: str, **parts: str) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)  # type: ignore[arg-type]


# -- targets ----------------------------------------------------------------------------------------------------------


def test_source_is_no_target(new_database: Callable[..., str]) -> None:
    url = new_database(SHOP)
    before = contents(url)
    same = named(url, host="localhost") if make_url(url).host == "127.0.0.1" else url
    for other in (url, same):
        assert error_of("clone", url, other, "--replace") == (
            1,
            f"Error: {shown(other)} is the source itself.\n\nHint: name another database as the target.",
        )
    assert contents(url) == before


def test_source_file_is_no_target_under_another_name_either(shop: Path) -> None:
    Path("link.db").symlink_to(shop)
    os.link(shop, "hard.db")
    before = shop.read_bytes()
    for name in ("shop.db", "link.db", "hard.db", str(shop.absolute())):
        assert error_of("clone", "shop.db", name, "--replace") == (
            1,
            f"Error: {name} is the source itself.\n\nHint: choose another target: dbclone never writes to its source.",
        )
    assert shop.read_bytes() == before


def test_database_that_somebody_filled_is_no_target(shop: Path, new_database: Callable[..., str]) -> None:
    url = new_database("CREATE TABLE precious (id int); INSERT INTO precious VALUES (1)")
    before = contents(url)
    assert error_of("clone", shop, url) == (
        1,
        f"Error: {shown(url)} is not empty and was not made by dbclone.\n\n"
        "Hint: name another target, or give --replace to lose all that it holds.",
    )
    assert contents(url) == before
    fine("clone", shop, url, "--replace", "--quiet")
    assert rows_of(url) == rows_of(shop)


def test_files_that_somebody_filled_are_no_targets(shop: Path) -> None:
    shutil.copy(shop, "other.db")
    Path("note.db").write_text("nothing like a database")
    Path("out.sql").write_text("SELECT 1;")
    Path("mixed").mkdir()
    Path("mixed/letter.txt").write_text("dear")
    Path("tables").mkdir()
    Path("tables/mine.parquet").write_text("mine")
    replace = "Hint: choose another name, or pass --replace to overwrite it."
    expected = {
        "other.db": f"Error: other.db is not empty (2 tables) and was not made by dbclone.\n\n{replace}",
        "note.db": "Error: note.db exists and is not a SQLite database.\n\n"
        "Hint: choose another name, or remove the file first.",
        "out.sql": f"Error: out.sql exists and was not made by dbclone.\n\n{replace}",
        "mixed/": "Error: mixed holds files that are no tables (letter.txt).\n\n"
        "Hint: choose a new folder: a folder is replaced as a whole.",
        "tables/": f"Error: tables is not empty (1 file) and was not made by dbclone.\n\n{replace}",
    }
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    for target, message in expected.items():
        assert error_of("clone", shop, target) == (1, message)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_clone_is_replaced_without_a_question_and_is_no_source(shop: Path) -> None:
    fine("clone", shop, "clone.db", "--quiet")
    fine("clone", shop, "clone.db", "--seed", 2, "--quiet")
    code, text = error_of("clone", "clone.db", "again.db")
    first, _, hint = text.splitlines()
    assert code == 1
    assert first.startswith("Error: clone.db is itself a clone (made by dbclone ")
    assert first.endswith("): models trained on synthetic rows collapse.")
    assert hint == "Hint: name the original database, or pass --force if you are sure."
    assert not Path("again.db").exists()
    fine("clone", "clone.db", "again.db", "--force", "--quiet")


# -- sources ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The URL of a database on a server that asks for the password, which is ``sEcret``, of its user ``reader``."""
    if find_binaries() is None:
        pytest.skip("no PostgreSQL server binaries here")
    with throwaway_server() as url:
        query(url, "CREATE ROLE reader LOGIN PASSWORD 'sEcret'")
        rules = Path(str(query(url, "SHOW hba_file")[0][0]))
        rules.write_text("host all reader all scram-sha-256\n" + rules.read_text())
        query(url, "SELECT pg_reload_conf()")
        query(url, SHOP + "GRANT SELECT ON customer, purchase TO reader")
        # The server reads its rules anew when it gets to it.
        for _ in range(100):
            if error_of("inspect", named(url, username="reader"))[0]:
                break
        yield named(url, username="reader")


@pytest.mark.parametrize("way", ["address", "environment", "none"])
def test_password_is_asked_for_and_never_shown(way: str, guarded: str, tmp_path: Path) -> None:
    environment = {"PGPASSWORD": "wRong" if way == "environment" else None, "PGPASSFILE": str(tmp_path / "none")}
    source = named(guarded, password="wRong") if way == "address" else guarded
    says = {
        "none": "the server asks for a password and none was given.\n\n"
        "Hint: put it into PGPASSWORD or ~/.pgpass, where no list of processes shows it.",
    }
    refused = (
        'the server refused the password of user "reader".\n\n'
        "Hint: check the password in the URL, in PGPASSWORD or in ~/.pgpass."
    )
    code, text = error_of("clone", source, tmp_path / "x.db", env=environment)
    assert (code, text) == (1, f"Error: {shown(source)}: {says.get(way, refused)}")
    assert "wRong" not in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("way", ["address", "environment", "password file"])
def test_right_password_opens_the_source(way: str, guarded: str, tmp_path: Path) -> None:
    file = tmp_path / "pgpass"
    url = make_url(guarded)
    file.write_text(f"{url.host}:{url.port}:*:reader:sEcret\n" if way == "password file" else "")
    file.chmod(0o600)
    environment = {"PGPASSWORD": "sEcret" if way == "environment" else None, "PGPASSFILE": str(file)}
    source = named(guarded, password="sEcret") if way == "address" else guarded
    shown_text = fine("clone", source, tmp_path / "x.db", env=environment)
    fine("fit", source, "-o", tmp_path / "x.dbclone", "--quiet", env=environment)
    assert "sEcret" not in shown_text
    assert b"sEcret" not in (tmp_path / "x.dbclone").read_bytes()


def test_source_that_is_not_there(postgres_url: str, shop: Path) -> None:
    missing = named(postgres_url, database="no_such_shop")
    assert error_of("clone", missing, "x.db") == (
        1,
        f'Error: {shown(missing)}: the server has no database "no_such_shop".\n\n'
        "Hint: psql --list shows the databases of a server.",
    )
    assert error_of("clone", "shpo.db", "x.db") == (
        1,
        'Error: There is no file shpo.db.\n\nHint: did you mean "shop.db"?',
    )
    Path("note.db").write_text("nothing like a database")
    assert error_of("clone", "note.db", "x.db") == (
        1,
        "Error: note.db is not a SQLite database.\n\nHint: name a SQLite file or a database URL.",
    )
    assert not Path("x.db").exists()


def test_table_that_may_not_be_read(new_database: Callable[..., str], tmp_path: Path) -> None:
    role = f"dbclone_reader_{os.getpid()}"
    url = new_database(SHOP + f"CREATE ROLE {role} LOGIN; GRANT SELECT ON customer TO {role}")
    source = named(url, username=role)
    try:
        for command in (["clone", source, tmp_path / "x.db"], ["inspect", source]):
            assert error_of(*command) == (
                1,
                "Error: public.purchase cannot be read: permission denied.\n\n"
                f"Hint: GRANT SELECT ON public.purchase TO {role}, or leave the table out with tables.exclude.",
            )
        fine("clone", source, tmp_path / "x.db", "--exclude", "purchase", "--quiet")
        assert rows_of(tmp_path / "x.db") == {"customer": 3}
        query(url, f"GRANT SELECT ON purchase TO {role}; ALTER TABLE purchase ENABLE ROW LEVEL SECURITY")
        assert error_of("inspect", source) == (
            1,
            "Error: public.purchase hides rows from this user by row-level security.\n\n"
            "Hint: connect as a role with BYPASSRLS or as the table's owner, or leave the table out with"
            " tables.exclude.",
        )
    finally:
        query(url, f"DROP OWNED BY {role}; DROP ROLE {role}")


# -- configuration ----------------------------------------------------------------------------------------------------

WRONG = {
    "seed: 1\nscal: 2\n": 'a.yaml, line 2: scal: is not a known key.\n\nHint: Did you mean "scale"?',
    "tables:\n  include: [custmer]\n": "a.yaml, line 2: tables.include[0]: the source has no table custmer.\n\n"
    'Hint: Did you mean "customer"?',
    "rows: {custmer: 5}\n": "a.yaml, line 1: rows.custmer: the source has no table custmer.\n\n"
    'Hint: Did you mean "customer"?',
    "tables:\n  strategies:\n    customr: copy\n": "a.yaml, line 3: tables.strategies.customr: the source has no table"
    ' customr.\n\nHint: Did you mean "customer"?',
    "scal: 2\ntables:\n  exclud: [purchase]\n": "a.yaml has 2 problems:\n"
    '  line 1: scal: is not a known key. Did you mean "scale"?\n'
    '  line 3: tables.exclud: is not a known key. Did you mean "exclude"?',
    "scale: -1\n": "a.yaml, line 1: scale: must be greater than 0, not -1.",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_mistakes_in_the_config(text: str, message: str, shop: Path) -> None:
    Path("a.yaml").write_text(text)
    assert error_of("clone", shop, "x.db", "--config", "a.yaml") == (2, f"Error: {message}")
    assert not Path("x.db").exists()


def test_nothing_to_clone(shop: Path) -> None:
    assert error_of("clone", shop, "x.db", "--exclude", "*") == (
        2,
        "Error: no table is left to clone.\n\nHint: loosen tables.include and tables.exclude, or name another source.",
    )


def test_child_that_is_cloned_without_its_parent(shop: Path) -> None:
    assert error_of("clone", shop, "x.db", "--exclude", "customer") == (
        1,
        "Error: main.purchase.customer_id references main.customer, which this clone leaves out.\n\n"
        'Hint: add "main.customer" to tables.include, or give main.purchase the strategy "skip" or "empty".',
    )
    advice = {
        "tables: {exclude: [customer], strategies: {purchase: empty}}": 0,
        "tables: {exclude: [customer]}\nkeys: {ignore: [purchase.customer_id]}": 4,
    }
    for text, rows in advice.items():
        Path("a.yaml").write_text(text)
        fine("clone", shop, "x.db", "--config", "a.yaml", "--quiet")
        assert rows_of("x.db") == {"purchase": rows}
