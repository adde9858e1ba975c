import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from dbclone.dialects.address import Address, parse_address
from dbclone.dialects.postgresql import open_loader, open_source
from dbclone.dialects.postgresql.identity import parse_stamp, same_database, stamp_text
from dbclone.dialects.postgresql.place import scratch_name
from dbclone.dialects.protocol import Reading, Stamp
from dbclone.errors import ConnectError, TargetError, TargetRefused
from tests.roundtrip import STAMP, contents, copy_database, query

SHOP = """
CREATE TABLE customer (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE purchase (id serial PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, amount numeric(8, 2));
CREATE MATERIALIZED VIEW spent AS SELECT customer_id, sum(amount) FROM purchase GROUP BY 1;
INSERT INTO customer (name) SELECT 'customer ' || n FROM generate_series(1, 20) n;
INSERT INTO purchase (customer_id, amount) SELECT n % 20 + 1, n FROM generate_series(1, 100) n;
REFRESH MATERIALIZED VIEW spent;
"""


def display(url: str) -> str:
    return parse_address(url).display


def databases(url: str, like: str) -> list[str]:
    found = query(url, f"SELECT datname FROM pg_database WHERE datname LIKE '{like}' ORDER BY 1")
    return [str(row[0]) for row in found]


def name_of(url: str) -> str:
    return str(make_url(url).database)


@pytest.fixture
def plain_role(postgres_url: str) -> Iterator[str]:
    """The server's URL for a role that may do nothing in particular."""
    name = f"dbclone_role_{os.getpid()}"
    query(postgres_url, f"CREATE ROLE {name} LOGIN PASSWORD 'sEcret'")
    yield make_url(postgres_url).set(username=name, password="sEcret").render_as_string(hide_password=False)
    query(postgres_url, f"DROP ROLE {name}")


def as_role(role_url: str, database_url: str) -> str:
    return make_url(role_url).set(database=name_of(database_url)).render_as_string(hide_password=False)


def test_target_that_is_the_source_is_refused(new_database: Callable[..., str]) -> None:
    url = new_database(SHOP)
    with open_source(parse_address(url)) as source, pytest.raises(TargetRefused) as caught:
        open_loader(parse_address(url), source_identity=source.identity, replace=True)
    assert str(caught.value) == f"{display(url)} is the source itself.\n\nHint: name another database as the target."


def test_target_that_holds_something_is_refused(new_database: Callable[..., str]) -> None:
    url = new_database("CREATE TABLE precious (id int)")
    with pytest.raises(TargetRefused) as caught:
        open_loader(parse_address(url))
    assert str(caught.value) == (
        f"{display(url)} is not empty and was not made by dbclone.\n\n"
        "Hint: name another target, or give --replace to lose all that it holds."
    )
    assert query(url, "SELECT count(*) FROM precious") == [(0,)]


@pytest.mark.parametrize(
    "made",
    [
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE t AS ENUM ()",
        "CREATE VIEW v AS SELECT 1",
        "CREATE SCHEMA s; CREATE SEQUENCE s.q",
    ],
)
def test_target_without_a_table_may_hold_something_too(made: str, new_database: Callable[..., str]) -> None:
    with pytest.raises(TargetRefused):
        open_loader(parse_address(new_database(made)))


def test_servers_own_database_is_refused(postgres_url: str) -> None:
    url = make_url(postgres_url).set(database="template1").render_as_string(hide_password=False)
    with pytest.raises(TargetRefused, match="is the server's own database"):
        open_loader(parse_address(url), replace=True)


def test_empty_target_is_filled_and_keeps_its_owner_and_settings(
    new_database: Callable[..., str], plain_role: str
) -> None:
    source, target = new_database(SHOP), new_database()
    role, name = make_url(plain_role).username, name_of(target)
    query(target, f'ALTER DATABASE {name} SET search_path TO public, "$user"')
    query(target, f"ALTER DATABASE {name} OWNER TO {role}")
    query(target, f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    try:
        copy_database(source, target)
        assert contents(target) == contents(source)
        assert query(target, "SHOW search_path") == [('public, "$user"',)]
        owner = "SELECT pg_get_userbyid(datdba), datacl::text[] FROM pg_database WHERE datname = current_database()"
        found_role, privileges = query(target, owner)[0]
        assert found_role == role
        assert sorted(privileges) == [f"=T/{role}", f"{role}=CTc/{role}"]  # type: ignore[call-overload]
    finally:
        query(target, f"ALTER DATABASE {name} OWNER TO CURRENT_USER")


def test_clone_is_stamped_and_replaced_freely(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database(SHOP), free_database()
    copy_database(source, target)
    with open_source(parse_address(target)) as clone:
        assert clone.stamp == STAMP
    query(source, "DELETE FROM purchase")
    copy_database(source, target)
    assert query(target, "SELECT count(*) FROM purchase") == [(0,)]
    assert databases(target, name_of(target)[:40] + "%") == [name_of(target)]


def test_unstamped_target_is_replaced_when_told_so(new_database: Callable[..., str]) -> None:
    source, target = new_database(SHOP), new_database("CREATE TABLE precious (id int)")
    copy_database(source, target, replace=True)
    assert contents(target) == contents(source)


def test_sessions_on_the_old_target_are_ended(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database(SHOP), free_database()
    copy_database(source, target)
    with psycopg.connect(target) as busy:
        busy.execute("SELECT count(*) FROM customer")
        copy_database(source, target)
        with pytest.raises(psycopg.OperationalError):
            busy.execute("SELECT 1")
        busy.close()
    assert contents(target) == contents(source)


def test_broken_constraint_is_a_violation_and_leaves_the_target_alone(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database(SHOP), free_database()
    copy_database(source, target)
    before = contents(target)
    with open_source(parse_address(source)) as opened:
        schema = opened.schema()
        loader = open_loader(parse_address(target))
        loader.create(schema, opened.ddl())
        customer, purchase = (table for table in schema)
        doubled = [*opened.read(Reading(purchase)), *opened.read(Reading(purchase))]
        loader.load(purchase, doubled)
        loader.load(customer, [batch.slice(0, 18) for batch in opened.read(Reading(customer))])
        found = {(str(v.table), v.kind, v.constraint, v.rows) for v in loader.finish()}
        loader.discard()
        loader.discard()
    assert found == {
        ("public.purchase", "unique", "purchase_pkey", 100),
        ("public.purchase", "foreign key", "purchase_customer_id_fkey", 20),
    }
    assert contents(target) == before
    assert databases(target, name_of(target)[:40] + "%") == [name_of(target)]


def test_bad_value_names_table_and_column(new_database: Callable[..., str], free_database: Callable[[], str]) -> None:
    import pyarrow as pa

    source, target = (
        new_database("CREATE TABLE t (id int, day date NOT NULL, kind char(1) CHECK (kind > 'a'))"),
        free_database(),
    )
    with open_source(parse_address(source)) as opened:
        table = opened.schema().tables[0]
        loader = open_loader(parse_address(target))
        try:
            loader.create(opened.schema(), opened.ddl())
            day = "2024-01-01"
            cases: dict[str, dict[str, object]] = {
                'public.t.day cannot be loaded: invalid input syntax for type date: "soon"': {"day": ["soon"]},
                'public.t.day cannot be loaded: null value in column "day" of relation "t" violates not-null'
                " constraint": {"day": pa.array([None], pa.date32())},
                'public.t.t_kind_check refuses rows: new row for relation "t" violates check constraint'
                ' "t_kind_check".': {
                    "day": [day],
                    "kind": ["a"],
                },
                "public.t.kind cannot be loaded: value too long for type character(1)": {"day": [day], "kind": ["bb"]},
            }
            for message, columns in cases.items():
                with pytest.raises(TargetError) as caught:
                    loader.load(table, [pa.RecordBatch.from_pydict(columns)])
                assert caught.value.message == message
            assert loader.load(table, [pa.RecordBatch.from_pydict({"id": [1.0], "day": ["2024-01-01"]})]) == 1
        finally:
            loader.discard()


def test_generator_that_fails_leaves_no_litter(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database(SHOP), free_database()

    def failing(batches: Iterator[object]) -> Iterator[object]:
        yield from batches
        raise ValueError("the sampler broke")

    with open_source(parse_address(source)) as opened:
        schema = opened.schema()
        loader = open_loader(parse_address(target))
        loader.create(schema, opened.ddl())
        with pytest.raises(ValueError, match="the sampler broke"):
            loader.load(schema.tables[0], failing(opened.read(Reading(schema.tables[0]))))
        loader.discard()
    assert databases(source, name_of(target) + "%") == []


KILLED = """
import sys, time
from dbclone.dialects.address import parse_address
from dbclone.dialects.postgresql import open_loader, open_source
from dbclone.dialects.protocol import Reading
with open_source(parse_address(sys.argv[1])) as source:
    loader = open_loader(parse_address(sys.argv[2]))
    loader.create(source.schema(), source.ddl())
    def slowly(batches):
        for batch in batches:
            yield batch
            print("writing", flush=True)
            time.sleep(600)
    table = source.schema().tables[0]
    loader.load(table, slowly(source.read(Reading(table))))
"""


def test_killed_run_leaves_the_target_and_the_next_run_removes_its_scratch(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database(SHOP), free_database()
    copy_database(source, target)
    before, pattern = contents(target), name_of(target) + "%"
    root = Path(__file__).resolve().parents[2]
    run = subprocess.Popen([sys.executable, "-c", KILLED, source, target], stdout=subprocess.PIPE, cwd=root)
    assert run.stdout is not None
    assert run.stdout.readline() == b"writing\n"
    assert len(databases(source, pattern)) == 2
    # A run that is alive keeps its scratch database.
    open_loader(parse_address(target)).discard()
    assert len(databases(source, pattern)) == 2
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    assert contents(target) == before
    # The server may need a moment to see that the client is gone.
    for _ in range(50):
        open_loader(parse_address(target)).discard()
        if databases(source, pattern) == [name_of(target)]:
            break
        time.sleep(0.2)
    assert databases(source, pattern) == [name_of(target)]
    assert contents(target) == before


def test_role_that_may_not_create_databases_fills_an_empty_one_in_one_transaction(
    new_database: Callable[..., str], plain_role: str
) -> None:
    source, target = new_database(SHOP), new_database()
    role = make_url(plain_role).username
    query(target, f"ALTER DATABASE {name_of(target)} OWNER TO {role}")
    try:
        query(source, f"GRANT pg_read_all_data TO {role}")
        address = as_role(plain_role, target)
        copied = copy_database(source, address)
        assert (copied.violations, copied.losses) == ((), ())
        assert contents(target) == contents(source)
        query(source, "DELETE FROM purchase; REFRESH MATERIALIZED VIEW spent")
        copy_database(source, address)
        assert contents(target) == contents(source)
        with open_source(parse_address(address)) as clone:
            assert clone.stamp == STAMP
    finally:
        query(target, f"ALTER DATABASE {name_of(target)} OWNER TO CURRENT_USER")
        query(target, f"DROP OWNED BY {role}")


def test_failure_in_one_transaction_leaves_the_target(new_database: Callable[..., str], plain_role: str) -> None:
    source, target = new_database(SHOP), new_database()
    role = make_url(plain_role).username
    query(target, f"ALTER DATABASE {name_of(target)} OWNER TO {role}")
    try:
        query(source, f"GRANT pg_read_all_data TO {role}")
        with open_source(parse_address(source)) as opened:
            schema = opened.schema()
            loader = open_loader(parse_address(as_role(plain_role, target)))
            loader.create(schema, opened.ddl())
            purchase = schema.tables[1]
            loader.load(purchase, opened.read(Reading(purchase)))
            found = loader.finish()
            loader.discard()
        assert [(v.kind, v.rows) for v in found] == [("foreign key", 100)]
        assert contents(target) == {}
    finally:
        query(target, f"ALTER DATABASE {name_of(target)} OWNER TO CURRENT_USER")


def test_role_without_rights_is_told_what_it_needs(
    new_database: Callable[..., str], free_database: Callable[[], str], plain_role: str
) -> None:
    role = make_url(plain_role).username
    missing, foreign = as_role(plain_role, free_database()), as_role(plain_role, new_database())
    with pytest.raises(TargetError) as caught:
        open_loader(parse_address(missing))
    assert caught.value.message == f'{display(missing)} does not exist, and user "{role}" may not create databases.'
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(f'ALTER ROLE "{role}" CREATEDB')
    with pytest.raises(TargetError) as caught:
        open_loader(parse_address(foreign))
    assert caught.value.message == f'{display(foreign)} belongs to another user than "{role}".'
    assert "sEcret" not in str(caught.value)


def test_unreachable_target_is_a_connect_error() -> None:
    with pytest.raises(ConnectError, match="no server answers there"):
        open_loader(parse_address("postgresql://u:sEcret@127.0.0.1:1/x"))


def test_identities() -> None:
    assert same_database("postgresql:7:100.5:12", "postgresql:7:200.5:12")
    assert same_database("postgresql:?:100.5:12", "postgresql:7:100.5:12")
    assert not same_database("postgresql:?:100.5:12", "postgresql:7:200.5:12")
    assert not same_database("postgresql:7:100.5:12", "postgresql:7:100.5:13")
    assert not same_database("postgresql:7:100.5:?", "postgresql:7:100.5:?")
    assert not same_database("sqlite:/a", "postgresql:7:100.5:12")


def test_stamp_survives_its_text() -> None:
    stamp = Stamp("1.2", "abc", 7, "2024-01-01T00:00:00Z", True)
    assert parse_stamp(stamp_text(stamp)) == stamp
    for other in (None, "", "a comment", "{}", "[1]", '{"dbclone": 1}'):
        assert parse_stamp(other) is None


def test_scratch_name_fits() -> None:
    assert scratch_name("shop", "0123abcd") == "shop__dbclone_0123abcd"
    long = scratch_name("ü" * 40, "0123abcd")
    assert len(long.encode()) <= 63
    assert long.endswith("__dbclone_0123abcd")


def test_addresses_hide_the_password(postgres_url: str) -> None:
    url = make_url(postgres_url).set(username="nobody_at_all", password="sEcret").render_as_string(hide_password=False)
    address: Address = parse_address(url)
    with pytest.raises(ConnectError) as caught:
        open_source(address)
    assert "sEcret" not in str(caught.value)
    assert 'the server has no user "nobody_at_all".' in str(caught.value)


def test_settings_and_free_sequences_of_the_source_are_kept_and_secrets_are_not(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database("CREATE SCHEMA shop; CREATE SEQUENCE shop.order_no"), free_database()
    query(source, "SELECT nextval('shop.order_no') FROM generate_series(1, 41)")
    name = name_of(source)
    query(source, f'ALTER DATABASE {name} SET search_path TO shop, "$user", public')
    query(source, f"ALTER DATABASE {name} SET app.secret TO 'hunter2'")
    with open_source(parse_address(source)) as opened:
        ddl = opened.ddl()
    assert "hunter2" not in ddl.pre_data + ddl.post_data
    copy_database(source, target)
    assert query(target, "SHOW search_path") == [('shop, "$user", public',)]
    assert query(target, "SELECT nextval('order_no')") == [(42,)]
    assert query(target, "SELECT current_setting('app.secret', true)") == [(None,)]


def test_role_that_may_create_databases_needs_no_more(
    new_database: Callable[..., str], plain_role: str, free_database: Callable[[], str]
) -> None:
    script = (Path(__file__).resolve().parents[1] / "schemas" / "08-objects.sql").read_text()
    source, target = new_database(script), as_role(plain_role, free_database())
    role = make_url(plain_role).username
    query(source, f"ALTER ROLE {role} CREATEDB; GRANT pg_read_all_data TO {role}")
    query(source, "ALTER TABLE log DISABLE ROW LEVEL SECURITY")
    try:
        for _ in range(2):
            copied = copy_database(source, target)
            assert (copied.violations, copied.losses) == ((), ())
            assert contents(target) == contents(source)
        assert query(target, "SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE relname = 'item'") == [(role,)]
    finally:
        query(source, f"DROP DATABASE IF EXISTS {name_of(target)}")


def test_rows_load_from_several_threads(new_database: Callable[..., str], free_database: Callable[[], str]) -> None:
    source, target = new_database(SHOP), free_database()
    with open_source(parse_address(source)) as opened, ThreadPoolExecutor(4) as pool:
        schema = opened.schema()
        loader = open_loader(parse_address(target))
        loader.create(schema, opened.ddl())
        customer, purchase = schema.tables
        whole = next(iter(opened.read(Reading(purchase))))
        halves = [whole.slice(0, 60), whole.slice(60)]
        jobs = [pool.submit(loader.load, purchase, [half]) for half in halves]
        jobs.append(pool.submit(loader.load, customer, opened.read(Reading(customer))))
        assert [job.result() for job in jobs] == [60, 40, 20]
        assert loader.finish() == ()
        loader.publish(STAMP)
    assert contents(target) == contents(source)
