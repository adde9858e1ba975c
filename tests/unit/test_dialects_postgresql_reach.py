"""DDL of a stranger's bundle that would act outside of the clone is refused, what pg_dump writes is not."""

from __future__ import annotations

import pytest

from dbclone.dialects.postgresql.entries import Entry
from dbclone.dialects.postgresql.reach import refuse_reaching
from dbclone.errors import TargetError


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("COPY t FROM PROGRAM 'id';", "COPY"),
        ("CREATE TABLE t (a int);\nCOPY t FROM '/etc/passwd';", "COPY"),
        ("DO $$ BEGIN PERFORM 1; END $$;", "DO"),
        ("ALTER SYSTEM SET archive_command = 'id';", "ALTER SYSTEM"),
        ("CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p;", "CREATE SUBSCRIPTION"),
        ("CREATE EXTENSION IF NOT EXISTS plpython3u WITH SCHEMA pg_catalog;", "PLPYTHON3U"),
        ("CREATE VIEW v AS SELECT pg_read_file('/etc/passwd');", "PG_READ_FILE"),
        ("/* */ LOAD 'evil';", "LOAD"),
        ("COMMENT ON TABLE t IS E'a\\\''; COPY t FROM PROGRAM 'id'; --';", "COPY"),
        ("CREATE TABLE \"a'b\" (a int); COPY t FROM PROGRAM 'id';", "COPY"),
    ],
)
def test_what_reaches_out_is_refused(sql: str, word: str) -> None:
    with pytest.raises(TargetError) as caught:
        refuse_reaching([Entry("TABLE", "public", "t", sql)])
    assert f"the DDL of table t would act outside of the clone: {word}." in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $x$ BEGIN; COPY t FROM STDIN; END $x$;",
        "COMMENT ON TABLE t IS 'first; DO it; COPY it';",
        "CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING;",
        'CREATE TABLE "do" (copy text);',
        "CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public;",
    ],
)
def test_what_a_dump_holds_is_not(sql: str) -> None:
    refuse_reaching([Entry("TABLE", "public", "t", sql)])
