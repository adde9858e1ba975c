"""Types that only some PostgreSQL servers have, where portable DDL makes the clone."""

from __future__ import annotations

from collections.abc import Callable

from tests.clone.runs import cloned
from tests.roundtrip import query

TYPES = """
CREATE SCHEMA kit;
CREATE EXTENSION citext SCHEMA kit;
CREATE EXTENSION ltree;
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TABLE member (id int PRIMARY KEY, mail kit.citext NOT NULL UNIQUE, mails kit.citext[], path ltree, during span);
CREATE INDEX by_path ON member USING gist (path);
INSERT INTO member SELECT n, 'User' || n || '@mail.example', ARRAY['a' || n % 5]::kit.citext[], ('a.b' || n % 5)::ltree, span(n, n + 1)
FROM generate_series(1, 60) n;
"""  # noqa: E501


def test_portable_ddl_makes_extensions_and_lists_types_that_are_not_there(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database(TYPES), free_database()
    facts = cloned(source, target, "--ddl", "sqlalchemy")
    lost = {(loss["kind"], loss["name"]) for loss in facts["losses"]}
    assert {("type", "public.member.during public.span"), ("index", "public.member.by_path")} <= lost
    assert query(
        target,
        "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = 'member'::regclass AND attname IN ('mail', 'during') ORDER BY attname",
    ) == [("during", "text"), ("mail", "kit.citext")]
    assert facts["rows"] == {"public.member": 60}
