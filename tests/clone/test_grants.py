"""Who may do what: carried to a clone where that is asked for, and to the roles that are there."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.clone.runs import cloned, fine, verified
from tests.roundtrip import query

RIGHTS = """
SELECT relname, (aclexplode(relacl)).privilege_type, (aclexplode(relacl)).grantee::regrole::text FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relacl IS NOT NULL
UNION ALL SELECT attname, (aclexplode(attacl)).privilege_type, (aclexplode(attacl)).grantee::regrole::text
FROM pg_attribute WHERE attrelid = 't'::regclass AND attacl IS NOT NULL
UNION ALL SELECT proname, (aclexplode(proacl)).privilege_type, (aclexplode(proacl)).grantee::regrole::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT nspname, (aclexplode(nspacl)).privilege_type, (aclexplode(nspacl)).grantee::regrole::text
FROM pg_namespace WHERE nspname = 'public'
UNION ALL SELECT defaclobjtype::text, (aclexplode(defaclacl)).privilege_type,
(aclexplode(defaclacl)).grantee::regrole::text FROM pg_default_acl ORDER BY 1, 2, 3
"""


@pytest.fixture
def roles(postgres_url: str) -> Iterator[tuple[str, str]]:
    """Two roles of the server's, gone at the end; the second one may be dropped before."""
    names = tuple(f"dbclone_test_{kind}_{secrets.token_hex(4)}" for kind in ("reader", "leaver"))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE ROLE {name}".encode())
    yield names[0], names[1]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for name in names:
            connection.execute(f"DROP ROLE IF EXISTS {name}".encode())


@pytest.fixture
def source(roles: tuple[str, str], new_database: Callable[..., str]) -> str:
    reader, leaver = roles
    return new_database(f"""
        CREATE TABLE t (id serial PRIMARY KEY, a text, secret text);
        INSERT INTO t (a, secret) SELECT 'a' || n % 5, 's' || n FROM generate_series(1, 60) n;
        CREATE VIEW v AS SELECT a FROM t;
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
        GRANT SELECT ON v TO {reader};
        GRANT SELECT (id, a) ON t TO {reader};
        GRANT USAGE ON SEQUENCE t_id_seq TO {reader} WITH GRANT OPTION;
        GRANT INSERT ON t TO {leaver};
        REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION f() TO {reader};
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        GRANT USAGE ON SCHEMA public TO {reader};
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {reader};
    """)


def test_they_are_carried_where_asked_for(source: str, free_database: Callable[[], str]) -> None:
    target = free_database()
    facts = cloned(source, target, "--grants")

    assert facts["losses"] == []
    assert query(target, RIGHTS) == query(source, RIGHTS)


def test_nobody_is_granted_anything_otherwise(
    source: str, roles: tuple[str, str], free_database: Callable[[], str], tmp_path: Path
) -> None:
    bundle, target = tmp_path / "b.dbclone", free_database()
    fine("fit", source, "-o", bundle, "--grants", "--quiet")
    fine("generate", bundle, target, "--quiet")

    verified(target, source)
    assert not {row[2] for row in query(target, RIGHTS)} & set(roles)


def test_a_role_that_is_not_there_is_listed(
    source: str, roles: tuple[str, str], free_database: Callable[[], str], tmp_path: Path
) -> None:
    bundle, target = tmp_path / "b.dbclone", free_database()
    fine("fit", source, "-o", bundle, "--grants", "--quiet")
    _run(source, f"DROP OWNED BY {roles[1]}; DROP ROLE {roles[1]}")
    facts = json.loads(fine("generate", bundle, target, "--grants", "--json", "--quiet"))

    assert facts["losses"] == [
        {
            "kind": "grant",
            "name": f"GRANT INSERT ON TABLE public.t TO {roles[1]}",
            "fallback": f'left out: role "{roles[1]}" does not exist',
        }
    ]
    assert query(target, f"SELECT has_table_privilege('{roles[0]}', 'v', 'SELECT')") == [(True,)]


def test_where_nothing_carries_them_is_said(
    source: str, free_database: Callable[[], str], tmp_path: Path
) -> None:
    for target, options in ((tmp_path / "clone.db", ()), (free_database(), ("--ddl", "sqlalchemy"))):
        facts = json.loads(fine("clone", source, target, "--grants", *options, "--json", "--quiet"))
        assert facts["losses"][-1] == {
            "kind": "grants",
            "name": "write.grants",
            "fallback": "left out: only PostgreSQL's own DDL carries them, to PostgreSQL",
        }


def _run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for part in sql.split(";"):
            connection.execute(part.encode())
