"""Polymorphic pairs: the clone's (type, id) lead to rows of the tables that the types name, as in the source."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

import dbclone
from dbclone.errors import BundleError
from tests.clone.runs import cloned, error_of, fine, run

TABLES = """
CREATE TABLE users (id integer PRIMARY KEY, name varchar(40));
CREATE TABLE posts (id integer PRIMARY KEY, title varchar(60));
CREATE TABLE blog_photos (code varchar(20) PRIMARY KEY, width integer);
CREATE TABLE comments (id integer PRIMARY KEY, commentable_type varchar(30) NOT NULL, commentable_id integer NOT NULL,
  stars integer);
CREATE TABLE likes (user_id integer NOT NULL REFERENCES users, likeable_type varchar(60), likeable_id varchar(20),
  UNIQUE (user_id, likeable_type, likeable_id));
CREATE TABLE tickets (id integer PRIMARY KEY, subject_type varchar(20), subject_id integer)
"""


def rows() -> dict[str, list[tuple[Any, ...]]]:
    chance = np.random.default_rng(3)
    posts, users = [n * 10 for n in range(1, 61)], [n * 3 + 1 for n in range(1, 81)]
    photos = [f"PH-{n * 7919 % 10_000:05d}" for n in range(1, 41)]
    comments: list[tuple[Any, ...]] = []
    for one in range(1, 801):
        if one > 100 and chance.random() < 0.3:
            comments.append((one, "Comment", int(chance.integers(1, one)), int(chance.integers(1, 6))))
        else:
            # A few posts have most of the comments.
            comments.append((one, "Post", posts[int(60 * chance.random() ** 3)], int(chance.integers(1, 6))))
    likes: set[tuple[int, str | None, str | None]] = set()
    while len(likes) < 900:
        user = users[int(chance.integers(0, 80))]
        if chance.random() < 0.4:
            likes.add((user, "App\\Models\\Post", str(posts[int(chance.integers(0, 60))])))
        else:
            likes.add((user, "blog::photo", photos[int(chance.integers(0, 40))]))
    likes |= {(user, None, None) for user in users[:20]}
    tickets = [(n, "Post" if n % 2 else "Planet", 10 * (1 + n % 60)) for n in range(1, 90)]
    return {
        "users": [(one, f"user {one}") for one in users],
        "posts": [(one, f"post {one}") for one in posts],
        "blog_photos": [(one, 100 + n) for n, one in enumerate(photos)],
        "comments": comments,
        "likes": sorted(likes, key=str),
        "tickets": tickets,
    }


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A source and the place of its clone."""
    if request.param == "sqlite":
        source = str(tmp_path / "a.db")
        with contextlib.closing(sqlite3.connect(source)) as connection:
            connection.executescript(TABLES)
            for table, values in rows().items():
                connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values[0]))})", values)
            connection.commit()
        return source, str(tmp_path / "b.db")
    create: Callable[..., str] = request.getfixturevalue("new_database")
    source = create(TABLES)
    with psycopg.connect(source) as connection, connection.cursor() as cursor:
        for table, values in rows().items():
            marks = ", ".join(["%s"] * len(values[0]))
            cursor.executemany(f"INSERT INTO {table} VALUES ({marks})".encode(), values)
    return source, create(exists=False)


def ask(database: str, query: str) -> list[tuple[Any, ...]]:
    if database.startswith("postgresql"):
        with psycopg.connect(database) as connection:
            return connection.execute(query.encode()).fetchall()
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def test_pairs_are_listed_with_their_evidence(places: tuple[str, str]) -> None:
    found = json.loads(fine("inspect", places[0], "--infer-keys", "--json", "--quiet"))["pairs"]
    pairs = {one["table"].rpartition(".")[2]: one for one in found}
    assert set(pairs) == {"comments", "likes", "tickets"}
    named = {value: target["table"].rpartition(".")[2] for value, target in pairs["likes"]["types"].items()}
    assert named == {"App\\Models\\Post": "posts", "blog::photo": "blog_photos"}
    assert pairs["comments"]["used"] is pairs["likes"]["used"] is True
    assert any('"Post": ' in line and "rows find their posts.id" in line for line in pairs["comments"]["evidence"])
    assert pairs["tickets"]["used"] is False
    assert pairs["tickets"]["doubt"] == '"Planet" (44 rows) names no table whose key it could hold'
    assert "Polymorphic pairs" in fine("inspect", places[0], "--infer-keys", "--quiet")


NUMBERED = """
CREATE TABLE django_content_type (id integer PRIMARY KEY, app_label varchar(100) NOT NULL, model varchar(100) NOT NULL);
CREATE TABLE blog_post (id integer PRIMARY KEY, title varchar(60));
CREATE TABLE shop_post (id integer PRIMARY KEY, price integer);
CREATE TABLE tag (id integer PRIMARY KEY, name varchar(40));
CREATE TABLE tagged_item (id integer PRIMARY KEY, tag_id integer NOT NULL REFERENCES tag,
  content_type_id integer NOT NULL REFERENCES django_content_type, object_id integer NOT NULL);
INSERT INTO django_content_type VALUES (1, 'auth', 'user'), (7, 'blog', 'post'), (8, 'shop', 'post'),
  (9, 'sessions', 'session');
"""


def test_types_may_be_rows_of_a_table_of_types(tmp_path: Path) -> None:
    """Django numbers its content types; two applications may both have posts."""
    chance = np.random.default_rng(0)
    items = [(n, 1 + n % 9, 7, 3 * int(chance.integers(1, 90))) for n in range(1, 400)]
    items += [(n, 1 + n % 9, 8, 5000 + int(chance.integers(1, 60))) for n in range(400, 600)]
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.executescript(NUMBERED)
        connection.executemany("INSERT INTO blog_post VALUES (?, ?)", [(3 * n, f"post {n}") for n in range(1, 90)])
        connection.executemany("INSERT INTO shop_post VALUES (?, ?)", [(5000 + n, n % 7) for n in range(1, 60)])
        connection.executemany("INSERT INTO tag VALUES (?, ?)", [(n, f"tag {n}") for n in range(1, 10)])
        connection.executemany("INSERT INTO tagged_item VALUES (?, ?, ?, ?)", items)
        connection.commit()

    (found,) = json.loads(fine("inspect", source, "--infer-keys", "--json", "--quiet"))["pairs"]
    assert {value: to["table"].rpartition(".")[2] for value, to in found["types"].items()} == {
        "7": "blog_post",
        "8": "shop_post",
    }

    cloned(source, target, "--infer-keys")
    for number, table in ((7, "blog_post"), (8, "shop_post")):
        of_type = f"SELECT count(*) FROM tagged_item WHERE content_type_id = {number}"
        assert ask(str(target), f"{of_type} AND object_id NOT IN (SELECT id FROM {table})") == [(0,)]
        assert ask(str(target), of_type)[0][0] > 100


def test_every_pair_of_a_clone_leads_to_a_row_of_its_table(places: tuple[str, str]) -> None:
    source, target = places
    cloned(source, target, "--infer-keys")
    for type_, table, key in (("Post", "posts", "id"), ("Comment", "comments", "id")):
        lost = ask(
            target,
            f"SELECT count(*) FROM comments c WHERE commentable_type = '{type_}' AND commentable_id NOT IN"
            f" (SELECT {key} FROM {table})",
        )
        assert lost == [(0,)]
    posts = {str(one) for (one,) in ask(target, "SELECT id FROM posts")}
    photos = {one for (one,) in ask(target, "SELECT code FROM blog_photos")}
    likes = ask(target, "SELECT user_id, likeable_type, likeable_id FROM likes")
    assert len(likes) == len(set(likes)) == 920
    assert {id_ for _, type_, id_ in likes if type_ == "App\\Models\\Post"} <= posts
    assert {id_ for _, type_, id_ in likes if type_ == "blog::photo"} <= photos
    assert all((type_ is None) is (id_ is None) for _, type_, id_ in likes)
    shares = Counter(type_ for (type_,) in ask(target, "SELECT commentable_type FROM comments"))
    before = Counter(type_ for (type_,) in ask(source, "SELECT commentable_type FROM comments"))
    assert set(shares) == set(before)
    assert all(abs(shares[one] - before[one]) <= 0.1 * 800 for one in before)
    most = "SELECT max(n) FROM (SELECT count(*) AS n FROM comments WHERE commentable_type = 'Post' GROUP BY"
    (heaviest,), (was,) = (ask(one, f"{most} commentable_id) q")[0] for one in (target, source))
    assert 0.5 * was <= heaviest <= 2 * was


def test_verify_counts_pairs_that_lead_nowhere(places: tuple[str, str], tmp_path: Path) -> None:
    source, target = places
    bundle = tmp_path / "a.dbclone"
    fine("fit", source, "-o", bundle, "--infer-keys", "--quiet")
    fine("generate", bundle, target, "--quiet", "--workers", 2)
    assert json.loads(fine("verify", target, "--against", bundle, "--json", "--quiet"))["ok"] is True
    change = "UPDATE comments SET commentable_id = -5 WHERE id IN (SELECT min(id) FROM comments)"
    if target.startswith("postgresql"):
        with psycopg.connect(target) as connection:
            connection.execute(change.encode())
    else:
        with contextlib.closing(sqlite3.connect(target)) as connection:
            connection.execute(change)
            connection.commit()
    result = run("verify", target, "--against", bundle, "--json", "--quiet")
    assert result.exit_code == 1
    [broken] = json.loads(result.stdout)["violations"]
    assert (broken["kind"], broken["rows"]) == ("foreign key", 1)
    assert "comments(commentable_type, commentable_id) -> " in broken["constraint"]


def test_real_rows_may_not_lead_to_invented_ones(places: tuple[str, str], tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("keys: {infer: true}\ntables: {strategies: {comments: copy}}\n")
    code, text = error_of("clone", *places, "--config", config)
    assert code == 1
    assert "comments is to be copied, but" in text
    assert "comments.commentable_id leads to" in text


def test_a_bundle_whose_pair_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    source, bundle = tmp_path / "a.db", tmp_path / "a.dbclone"
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.executescript(TABLES)
        for table, values in rows().items():
            connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values[0]))})", values)
        connection.commit()
    fine("fit", source, "-o", bundle, "--infer-keys", "--quiet")
    with zipfile.ZipFile(bundle) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members["schema.json"])
    [comments] = [table for table in schema["tables"] if table["name"]["name"] == "comments"]
    for damage in ({"column": "title"}, {"column": "none"}, {"table": {"schema": "main", "name": "none"}}):
        whole = comments["pairs"][0]["targets"][1]
        comments["pairs"][0]["targets"][1] = whole | damage
        with zipfile.ZipFile(tmp_path / "b.dbclone", "w") as archive:
            for name, data in members.items():
                archive.writestr(name, json.dumps(schema).encode() if name == "schema.json" else data)
        comments["pairs"][0]["targets"][1] = whole
        with pytest.raises(BundleError, match="a pair that leads to a column of another kind"):
            dbclone.load(tmp_path / "b.dbclone")
