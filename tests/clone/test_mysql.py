"""MariaDB as source and target: hard schemas, a whole database in and out, the guard, a killed run, the passwords.

Needs a server: the one that DBCLONE_TEST_MYSQL names, or one that is started here; skipped where there is neither.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from dbclone.dialects import open_loader, open_source, parse_address
from dbclone.dialects.protocol import Family, Reading, Stamp
from dbclone.errors import ConnectError, TargetError
from examples.shop import build
from tests.clone.conftest import databases
from tests.clone.runs import assert_same_rows, error_of, fine, rows_of, sqlite_is_sound, verified
from tests.mariadb import run

pytestmark = pytest.mark.xdist_group("mysql")
ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = sorted((ROOT / "tests" / "schemas_mysql").glob("*.sql"))
STAMP = Stamp(version="0", bundle="b", seed=1, time="2024-01-01T00:00:00Z")
hard = pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
_LISTED = (
    ("TABLE", "SELECT table_name FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')"
     " AND table_schema = '{}'"),
    ("VIEW", "SELECT table_name FROM information_schema.views WHERE table_schema = '{}'"),
    ("TRIGGER", "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = '{}'"),
    ("FUNCTION", "SELECT routine_name FROM information_schema.routines WHERE routine_type = 'FUNCTION'"
     " AND routine_schema = '{}'"),
    ("PROCEDURE", "SELECT routine_name FROM information_schema.routines WHERE routine_type = 'PROCEDURE'"
     " AND routine_schema = '{}'"),
    ("EVENT", "SELECT event_name FROM information_schema.events WHERE event_schema = '{}'"),
)  # fmt: skip


def shape(url: str) -> dict[str, str]:
    """The SHOW CREATE of all that a database holds, without counters, accounts and its own name."""
    name = url.rpartition("/")[2]
    found = {}
    for kind, listing in _LISTED:
        for (item,) in run(url, listing.format(name)):
            if item == "_dbclone":
                continue
            quoted = item.replace("`", "``")
            row = run(url, f"SHOW CREATE {kind} `{quoted}`")[0]
            text = next(str(cell) for cell in row[1:] if str(cell).upper().startswith("CREATE"))
            text = re.sub(r" AUTO_INCREMENT=\d+| DEFINER=`[^`]*`@`[^`]*`", "", text)
            found[f"{kind} {item}"] = text.replace(f"`{name}`.", "")
    return found


def counts(url: str) -> dict[str, int]:
    """Rows per table."""
    listing = _LISTED[0][1].format(url.rpartition("/")[2])
    names = [name for (name,) in run(url, listing) if name != "_dbclone"]
    return {name: run(url, f"SELECT count(*) FROM `{name.replace('`', '``')}`")[0][0] for name in names}


def copied(source: str, target: str) -> None:
    """Every row of the source as it is."""
    opened = open_source(parse_address(source), force=True)
    loader = open_loader(parse_address(target), source_identity=opened.identity)
    try:
        schema = opened.schema()
        loader.create(schema, opened.ddl())
        for table in schema:
            loader.load(table, opened.read(Reading(table)))
        assert loader.finish() == ()
        loader.publish(STAMP)
    finally:
        loader.discard()
        opened.close()


# -- hard schemas -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def learned(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], tuple[str, Path]]]:
    """A function that gives a hard schema's database and bundle, made once."""
    made: dict[Path, tuple[str, Path]] = {}
    folder = tmp_path_factory.mktemp("learned")
    with databases(server) as create:

        def learn(path: Path) -> tuple[str, Path]:
            if path not in made:
                source, bundle = create(path.read_text()), folder / f"{path.stem}.dbclone"
                fine("fit", source, "-o", bundle, "--quiet")
                made[path] = source, bundle
            return made[path]

        yield learn


def named(stem: str) -> Path:
    return next(path for path in SCHEMAS if path.stem == stem)


Learned = Callable[[Path], tuple[str, Path]]


def generated(bundle: Path, target: object) -> list[dict[str, str]]:
    """What was lost; the target's own verdict on every constraint of the bundle is good."""
    facts = json.loads(fine("generate", bundle, target, "--json", "--quiet"))
    verified(target, bundle)
    assert facts["violations"] == []
    assert all(loss["name"] and loss["fallback"] for loss in facts["losses"])
    losses: list[dict[str, str]] = facts["losses"]
    return losses


@hard
def test_to_mysql(path: Path, learned: Learned, database: Callable[..., str]) -> None:
    source, bundle = learned(path)
    target = database(exists=False)
    assert generated(bundle, target) == []
    assert shape(target) == shape(source)
    assert_same_rows(counts(target), counts(source))


@pytest.mark.parametrize("stem", ["02-labels", "05-keys", "07-documents", "09-indexes", "10-checks"])
def test_to_mysql_by_portable_ddl(stem: str, learned: Learned, database: Callable[..., str]) -> None:
    source, bundle = learned(named(stem))
    target = database()
    fine("generate", bundle, target, "--ddl", "sqlalchemy", "--quiet")
    verified(target, bundle)
    assert_same_rows(counts(target), counts(source))
    columns = "SELECT column_name, column_type, is_nullable, collation_name FROM information_schema.columns"
    listed = f"{columns} WHERE table_schema = database() AND table_name <> '_dbclone' ORDER BY table_name, column_name"
    assert run(target, listed) == run(source, listed)


@hard
def test_to_postgresql(path: Path, learned: Learned, free_database: Callable[[], str]) -> None:
    source, bundle = learned(path)
    target = free_database()
    generated(bundle, target)
    assert_same_rows(rows_of(target), counts(source))


@hard
def test_to_sqlite(path: Path, learned: Learned, tmp_path: Path) -> None:
    source, bundle = learned(path)
    target = tmp_path / "clone.db"
    generated(bundle, target)
    sqlite_is_sound(target)
    assert_same_rows(rows_of(target), counts(source))


@hard
def test_a_copy_is_exact(path: Path, learned: Learned, database: Callable[..., str]) -> None:
    (source, _), target = learned(path), database()
    copied(source, target)
    assert shape(target) == shape(source)
    # A date without a day or month becomes the first, a number above 2^63 is as exact as a double, a key is spelled as
    # its parent, the history of rows begins anew; all the rest is as it was.
    changed = {"01-numbers": "account", "03-dates": "shift", "06-case": "visit", "13-mariadb": "address"}
    inexact = changed.get(path.stem, "")
    for table in counts(source):
        quoted = table.replace("`", "``")
        if table != inexact:
            assert run(target, f"CHECKSUM TABLE `{quoted}`")[0][1] == run(source, f"CHECKSUM TABLE `{quoted}`")[0][1]
    if inexact == "shift":
        same = "SELECT id, day, started, exact, stamped, season, opens, worked FROM shift"
        assert run(target, same) == run(source, same)
    if inexact == "visit":
        assert run(target, "SELECT id, lower(login) FROM visit") == run(source, "SELECT id, lower(login) FROM visit")


# -- whole databases --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    build(path, customers=60)
    return path


def test_the_shop_in_and_out(shop: Path, database: Callable[..., str], free_database: Callable[[], str]) -> None:
    inside = database(exists=False)
    fine("clone", shop, inside, "--quiet")
    verified(inside, shop)
    again, elsewhere, back = database(), free_database(), shop.with_name("back.db")
    for target in (again, elsewhere, back):
        fine("clone", inside, target, "--force", "--quiet")
        verified(target, inside)
    assert shape(again) == shape(inside)
    sqlite_is_sound(back)
    assert_same_rows(rows_of(back), rows_of(shop))
    assert_same_rows(rows_of(elsewhere), rows_of(shop))


def test_numbering_goes_on(learned: Learned, database: Callable[..., str]) -> None:
    target = database()
    generated(learned(named("01-numbers"))[1], target)
    top = run(target, "SELECT max(id) FROM account")[0][0]
    run(target, "INSERT INTO account (tiny, whole, huge, price) VALUES (1, 1, 1, 1)")
    assert run(target, "SELECT max(id) FROM account")[0][0] == top + 1
    assert run(target, "INSERT INTO vacant (label) VALUES ('x'); SELECT id FROM vacant") == [(1,)]


def test_objects_work(learned: Learned, database: Callable[..., str]) -> None:
    target = database()
    generated(learned(named("11-objects"))[1], target)
    shop, before = run(target, "SELECT shop, sales FROM counted ORDER BY shop LIMIT 1")[0]
    run(target, f"INSERT INTO sale SELECT max(id) + 1, '2024-01-01', {shop}, 5000 FROM sale")
    assert run(target, f"SELECT sales FROM counted WHERE shop = {shop}") == [(before + 1,)]
    assert run(target, "SELECT count(*) FROM big_sale WHERE amount = 5000") == [(1,)]
    assert run(target, "SELECT doubled(4)") == [(8,)]
    assert run(target, "CALL tidy()")[0][0] == 30


@pytest.mark.parametrize("stem", ["03-dates", "07-documents", "11-objects"])
def test_a_script_of_its_own(stem: str, learned: Learned, database: Callable[..., str], tmp_path: Path) -> None:
    (source, bundle), path, target = learned(named(stem)), tmp_path / "clone.sql", database()
    fine("generate", bundle, path, "--quiet")
    script = path.read_text().replace("DELIMITER ;\n", "").replace("DELIMITER $dbclone$\n", "")
    run(target, script.replace("\n$dbclone$\n", ";\n"))
    verified(target, bundle)
    assert shape(target) == shape(source)
    assert_same_rows(counts(target), counts(source))


def test_a_script_from_elsewhere(shop: Path, database: Callable[..., str], tmp_path: Path) -> None:
    fine("clone", shop, f"sql+mysql:{tmp_path}/clone.sql", "--quiet", "--scale", "0.2")
    target = database((tmp_path / "clone.sql").read_text())
    verified(target, shop)
    assert sum(counts(target).values()) > 300


# -- the guard and the swap -------------------------------------------------------------------------------------------


def test_refusals(server: str, database: Callable[..., str]) -> None:
    source, full = database(SCHEMAS[-2].read_text()), database("CREATE TABLE mine (a INT); INSERT INTO mine VALUES (7)")
    shown = re.sub(r"//([^:@]*):[^@]*@", r"//\1:***@", full)
    code, message = error_of("clone", source, full)
    assert (code, message.splitlines()[0]) == (1, f"Error: {shown} is not empty and was not made by dbclone.")
    assert "is the source itself" in error_of("clone", source, source, "--replace")[1]
    assert "is the server's own database" in error_of("clone", source, f"{server}/mysql")[1]
    assert "names no database" in error_of("clone", source, server)[1]
    assert run(full, "SELECT a FROM mine") == [(7,)]
    fine("clone", source, full, "--replace", "--quiet")
    assert "mine" not in counts(full)
    fine("clone", source, full, "--seed", "3", "--quiet")
    assert "is itself a clone" in error_of("fit", full, "-o", "x.dbclone")[1]


def test_a_failure_leaves_the_target_as_it_was(server: str, learned: Learned, database: Callable[..., str]) -> None:
    (source, _), target = learned(named("05-keys")), database()
    copied(source, target)
    before, rows = shape(target), counts(target)
    opened = open_source(parse_address(source))
    schema = opened.schema()
    loader = open_loader(parse_address(target))
    loader.create(schema, opened.ddl())
    for table in schema:
        if table.name.name != "region":
            loader.load(table, opened.read(Reading(table)))
    found = {(one.table.name, one.kind, one.constraint) for one in loader.finish()}
    assert found == {("team", "foreign key", "team_region"), ("player", "foreign key", "player_region")}
    loader.discard()
    opened.close()
    assert (shape(target), counts(target)) == (before, rows)
    assert run(server, "SHOW DATABASES LIKE '%\\_\\_dbclone\\_%'") == []


# Reports on stdout once rows lie in the scratch database, and then waits for its end.
SLOWLY = """
import sys, time
from dbclone import pipeline
from dbclone.write.background import BackgroundLoading

def wait(self, progress=None):
    while len(self._rows) < 3:
        time.sleep(0.05)
    print("writing", flush=True)
    time.sleep(600)

BackgroundLoading.finish = wait
pipeline.generate(pipeline.load(sys.argv[1]), sys.argv[2], seed=9)
"""


def test_a_killed_run(server: str, learned: Learned, database: Callable[..., str]) -> None:
    bundle, target = learned(named("05-keys"))[1], database()
    fine("generate", bundle, target, "--quiet")
    before = shape(target), run(target, "CHECKSUM TABLE player, team")
    litter = f"SHOW DATABASES LIKE '{target.rpartition('/')[2]}\\_\\_dbclone\\_%'"
    command = [sys.executable, "-c", SLOWLY, str(bundle), target]
    killed = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True)
    try:
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"writing\n"
        assert len(run(server, litter)) == 1
        # Another run takes what a living one makes for no litter.
        open_loader(parse_address(target)).discard()
        assert len(run(server, litter)) == 1
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
    assert (shape(target), run(target, "CHECKSUM TABLE player, team")) == before
    for _ in range(100):
        # The server notices a dead client in its own time.
        open_loader(parse_address(target)).discard()
        if run(server, litter) == []:
            break
        time.sleep(0.1)
    assert run(server, litter) == []
    fine("generate", bundle, target, "--seed", "1", "--quiet")
    verified(target, bundle)
    assert run(server, litter) == []


@contextlib.contextmanager
def without_files(server: str) -> Iterator[None]:
    """The server takes no LOAD DATA LOCAL INFILE meanwhile."""
    before = run(server, "SELECT @@global.local_infile")[0][0]
    run(server, "SET GLOBAL local_infile = 0")
    try:
        yield
    finally:
        run(server, f"SET GLOBAL local_infile = {before}")


@pytest.mark.parametrize("files", [True, False])
def test_rows_that_break_a_constraint_are_named(files: bool, server: str, database: Callable[..., str]) -> None:
    source = database("CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL, u INT UNIQUE, CHECK (n > 0))")
    opened = open_source(parse_address(source))
    table, ddl = opened.schema().tables[0], opened.ddl()
    cases = {
        "Duplicate entry '1' for key 'PRIMARY'": {"id": [1, 1], "n": [1, 1], "u": [1, 2]},
        "Duplicate entry '5' for key 'u'": {"id": [1, 2], "n": [1, 1], "u": [5, 5]},
        "CONSTRAINT `CONSTRAINT_1` failed": {"id": [1, 2], "n": [1, -1], "u": [1, 2]},
        "'n'": {"id": [1, 2], "n": pa.array([1, None], pa.int64()), "u": [1, 2]},
    }
    for words, columns in cases.items():
        loader = open_loader(parse_address(database(exists=False)))
        with contextlib.nullcontext() if files else without_files(server):
            loader.create(opened.schema(), ddl)
        with pytest.raises(TargetError, match=re.escape(words)) as caught:
            loader.load(table, [pa.record_batch(columns)])
        assert str(table.name) in str(caught.value)
        loader.discard()
    opened.close()


def test_without_files(server: str, learned: Learned, database: Callable[..., str]) -> None:
    (source, _), target = learned(named("07-documents")), database()
    with without_files(server):
        copied(source, target)
    same = [row[1] for row in run(target, "CHECKSUM TABLE device, reading")]
    assert same == [row[1] for row in run(source, "CHECKSUM TABLE device, reading")]


def test_a_strangers_ddl_is_refused(database: Callable[..., str]) -> None:
    opened = open_source(parse_address(database("CREATE TABLE t (id INT PRIMARY KEY)")))
    schema, ddl = opened.schema(), opened.ddl()
    opened.close()
    for statement in (
        "DROP DATABASE mysql;",
        "CREATE TABLE other.t (id INT);",
        "CREATE TABLE t (id INT\n) ENGINE=InnoDB SELECT 1 AS id;",
        "CREATE TABLE t (id INT\n) ENGINE=FEDERATED CONNECTION='mysql://a@b/c/d';",
        "LOAD DATA INFILE '/etc/passwd' INTO TABLE t;",
    ):
        loader = open_loader(parse_address(database(exists=False)))
        with pytest.raises(TargetError, match="holds a statement that makes no part of a database"):
            loader.create(schema, replace(ddl, pre_data=statement))
        loader.discard()


# -- the source -------------------------------------------------------------------------------------------------------


def test_the_snapshot_stands_still_and_locks_nothing(database: Callable[..., str]) -> None:
    url = database("CREATE TABLE t (id INT PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)")
    with open_source(parse_address(url)) as source:  # type: ignore[attr-defined]
        table = source.schema().tables[0]
        run(url, "INSERT INTO t VALUES (4, 4)")
        batches = source.read(Reading(table, chunk_rows=2))
        first = next(batches).num_rows
        # A statement between two chunks; one session can do both.
        assert source.query('SELECT count(*) AS n FROM "t"').to_pylist() == [{"n": 3}]
        assert first + sum(batch.num_rows for batch in batches) == 3
        # Nobody's ALTER TABLE waits for dbclone.
        run(url, "SET SESSION lock_wait_timeout = 2; ALTER TABLE t ADD COLUMN m INT")
        assert run(url, "SELECT count(*) FROM t") == [(4,)]


def test_families_stay_whole(database: Callable[..., str]) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
    url = database(
        f"""CREATE TABLE parent (id INT PRIMARY KEY);
        CREATE TABLE child (id INT PRIMARY KEY AUTO_INCREMENT, p INT, FOREIGN KEY (p) REFERENCES parent (id));
        INSERT INTO parent {numbers} SELECT i FROM n; INSERT INTO child (p) {numbers} SELECT i % 90 + 1 FROM n;"""
    )
    with contextlib.closing(open_source(parse_address(url))) as source:
        child, parent = source.schema().tables
        chosen = {i for b in source.read(Reading(parent, Family((), 0.4))) for i in b.column("id").to_pylist()}
        family = Family(child.foreign_keys, 0.4)
        found = {i for b in source.read(Reading(child, family)) for i in b.column("p").to_pylist()}
    assert found == {i for i in chosen if i <= 90}
    assert 100 < len(chosen) < 220


def test_passwords_stay_where_they_are(
    server: str, database: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database("CREATE TABLE t (id INT PRIMARY KEY, label VARCHAR(9)); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    host, name = url.rpartition("@")[2].split("/")
    run(
        server,
        f"CREATE OR REPLACE USER dbclone_reader IDENTIFIED BY 's3cr3t/word'; GRANT ALL ON {name}.* TO dbclone_reader",
    )
    bare = f"mysql://dbclone_reader@{host}/{name}"
    try:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("MYSQL_PWD", "wrong")
        with pytest.raises(ConnectError, match='refused user "dbclone_reader" or the password') as caught:
            open_source(parse_address(bare))
        assert "wrong" not in str(caught.value)
        monkeypatch.setenv("MYSQL_PWD", "s3cr3t/word")
        fine("fit", bare, "-o", tmp_path / "x.dbclone", "--quiet")
        assert b"s3cr3t" not in (tmp_path / "x.dbclone").read_bytes()
        monkeypatch.setenv("MYSQL_PWD", "wrong")
        file = tmp_path / ".my.cnf"
        file.write_text("!includedir /nowhere\n[client]\npassword = 's3cr3t/word'\n")
        file.chmod(stat.S_IRUSR)
        open_source(parse_address(bare)).close()
        full = f"mysql://dbclone_reader:s3cr3t%2Fword@{host}/{name}"
        assert "s3cr3t" not in fine("inspect", full, "--quiet")
        code, message = error_of("clone", full, full)
        assert code == 1
        assert "s3cr3t" not in message
    finally:
        run(server, "DROP USER dbclone_reader")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://root@127.0.0.1:9/db", "no server answers there"),
        ("mysql://root:s3cret@no.such.host.invalid/db", "no host is known by that name"),
        ("mariadb://root@127.0.0.1:9", "names no database"),
    ],
)
def test_what_cannot_be_opened(url: str, words: str) -> None:
    code, message = error_of("inspect", url)
    assert code in (1, 2)
    assert words in message
    assert "s3cret" not in message
