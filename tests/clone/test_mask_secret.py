"""Masked tables: their values hang on a secret, never on the seed that a clone's stamp publishes."""

from __future__ import annotations

import contextlib
import sqlite3
import zipfile
from pathlib import Path

import pytest

from tests.clone.runs import cloned, error_of, fine, run

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DBCLONE_MASK_KEY", raising=False)
    path = tmp_path / "people.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, age INTEGER)")
        rows = [(n, f"{name}.{n}@corp.example.com", 20 + n % 40) for n, name in enumerate(["ann", "bob", "eve"] * 20)]
        connection.executemany("INSERT INTO people VALUES (?, ?, ?)", rows)
        connection.commit()
    (tmp_path / "mask.yaml").write_text("tables: {strategies: {people: mask}}\n")
    return path


def masked(source: Path, name: str, *options: object, secret: str | None = None) -> list[tuple[int, str]]:
    target = source.with_name(name)
    config = source.with_name("mask.yaml")
    env = {"DBCLONE_MASK_KEY": secret}
    fine("clone", source, target, "--config", config, "--quiet", "--json", *options, env=env)
    with contextlib.closing(sqlite3.connect(target)) as connection:
        return connection.execute("SELECT id, email FROM people ORDER BY id").fetchall()


def test_the_seed_alone_brings_no_masked_value_back(people: Path) -> None:
    first, again = masked(people, "a.db", "--seed", 3), masked(people, "b.db", "--seed", 3)
    assert [number for number, _ in first] == [number for number, _ in again]
    assert not {email for _, email in first} & {email for _, email in again}
    facts = cloned(people, people.with_name("c.db"), "--config", people.with_name("mask.yaml"))
    assert facts["notes"] == [
        "main.people: masked with a random secret, so another run gives other values"
        " (mask.key_file or DBCLONE_MASK_KEY keeps them)"
    ]


def test_a_secret_makes_masked_values_repeatable_whatever_the_seed(people: Path) -> None:
    first = masked(people, "a.db", "--seed", 3, secret=SECRET)
    assert masked(people, "b.db", "--seed", 4, secret=SECRET) == first
    assert masked(people, "c.db", "--seed", 3, secret=SECRET[::-1]) != first
    people.with_name("mask.key").write_text(f"{SECRET}\n")
    people.with_name("mask.yaml").write_text(
        f"tables: {{strategies: {{people: mask}}}}\nmask: {{key_file: {people.with_name('mask.key')}}}\n"
    )
    # The file wins over the environment.
    assert masked(people, "d.db", secret=SECRET[::-1]) == first


def test_the_secret_is_in_neither_bundle_nor_output(people: Path) -> None:
    bundle = people.with_name("people.dbclone")
    config = people.with_name("mask.yaml")
    result = run("fit", people, "-o", bundle, "--config", config, "--verbose", env={"DBCLONE_MASK_KEY": SECRET})
    assert result.exit_code == 0
    assert SECRET not in result.output
    with zipfile.ZipFile(bundle) as archive:
        assert all(SECRET.encode() not in archive.read(name) for name in archive.namelist())


def test_a_secret_that_can_be_guessed_or_is_not_there_is_refused(people: Path) -> None:
    command = ("clone", people, people.with_name("a.db"), "--config", people.with_name("mask.yaml"))
    code, text = error_of(*command, env={"DBCLONE_MASK_KEY": "short"})
    assert (code, text) == (
        2,
        "Error: DBCLONE_MASK_KEY holds 5 bytes, and a secret of fewer than 16 can be guessed.\n\n"
        "Hint: make one with: openssl rand -hex 32",
    )
    people.with_name("mask.yaml").write_text("tables: {strategies: {people: mask}}\nmask: {key_file: /no/such.key}\n")
    code, text = error_of(*command)
    assert (code, text.splitlines()[0]) == (
        2,
        "Error: mask.key_file /no/such.key cannot be read: No such file or directory.",
    )
