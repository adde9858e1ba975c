"""The way for any SQLAlchemy database, walked with SQLite behind SQLAlchemy."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from dbclone.dialects import Address, base, counting, open_source, parse_address
from dbclone.dialects.protocol import Family, Reading, Violation
from dbclone.errors import ConfigError, ConnectError, TargetError, TargetRefused
from dbclone.schema import Kind, TableName
from tests.sqlite_cases import STAMP, rows, sqlite_file

SCRIPT = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, code VARCHAR(9) NOT NULL UNIQUE, day DATE, at DATETIME, big NUMERIC(9, 2));
CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent (id), live BOOLEAN, note TEXT, raw BLOB,
  CONSTRAINT short CHECK (length(note) < 9));
CREATE INDEX by_note ON child (note);
CREATE VIEW seen AS SELECT id FROM parent;
INSERT INTO parent VALUES (1, 'a:b', '2024-01-01', '2024-01-01 10:00:00.000000', 9.99), (2, 'c', NULL, NULL, 5);
INSERT INTO child VALUES (1, 1, 1, 'x', x'00ff'), (2, 1, 0, NULL, NULL), (3, NULL, NULL, '', x'');
"""


def through_sqlalchemy(path: Path) -> Address:
    return Address(str(path), "sqlalchemy", f"sqlite:///{path}", path, str(path))


def test_a_copy_equals_its_source(tmp_path: Path) -> None:
    path, target = sqlite_file(tmp_path / "a.db", SCRIPT), tmp_path / "b.db"
    source = base.open_source(through_sqlalchemy(path))
    schema = source.schema()
    assert (schema.dialect, schema.default_schema, source.ddl()) == ("sqlite", "main", None)
    loader = base.open_loader(through_sqlalchemy(target), source_identity=source.identity)
    losses = loader.create(schema, None)
    assert [(loss.kind, loss.name) for loss in losses] == [("view", "seen")]
    assert [loader.load(table, source.read(Reading(table, chunk_rows=2))) for table in schema] == [3, 2]
    assert loader.finish() == ()
    loader.publish(STAMP)
    source.close()
    for name in ("parent", "child"):
        assert rows(target, f"SELECT * FROM {name}") == rows(path, f"SELECT * FROM {name}")
    clone = open_source(parse_address(str(target)), force=True)
    assert clone.stamp == STAMP
    assert [len(table.foreign_keys) + len(table.checks) + len(table.indexes) for table in clone.schema()] == [3, 0]
    clone.close()


def test_kinds(tmp_path: Path) -> None:
    source = base.open_source(through_sqlalchemy(sqlite_file(tmp_path / "a.db", SCRIPT)))
    kinds = {column.name: column.type.kind for table in source.schema() for column in table.columns}
    assert kinds == {
        "id": Kind.INTEGER, "code": Kind.TEXT, "day": Kind.DATE, "at": Kind.TIMESTAMP, "big": Kind.DECIMAL,
        "parent_id": Kind.INTEGER, "live": Kind.BOOLEAN, "note": Kind.TEXT, "raw": Kind.BINARY,
    }  # fmt: skip
    assert counting.violations(source, source.schema()) == ()
    found = source.query("SELECT count(*) AS n, 'a:b' AS t FROM \"main\".\"parent\"")
    assert found.to_pylist() == [{"n": 2, "t": "a:b"}]
    source.close()


def test_families_stay_whole(tmp_path: Path) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
    script = f"""CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p INTEGER REFERENCES parent (id));
        {numbers} INSERT INTO parent SELECT i FROM n; {numbers} INSERT INTO child SELECT i % 90 + 1 FROM n;"""
    source = base.open_source(through_sqlalchemy(sqlite_file(tmp_path / "a.db", script)))
    child, parent = source.schema().tables
    chosen = {i for b in source.read(Reading(parent, Family((), 0.4))) for i in b.column("id").to_pylist()}
    found = {i for b in source.read(Reading(child, Family(child.foreign_keys, 0.4))) for i in b.column("p").to_pylist()}
    assert found == {i for i in chosen if i <= 90}
    assert 100 < len(chosen) < 220
    source.close()


def test_the_guard_and_failure(tmp_path: Path) -> None:
    source = base.open_source(through_sqlalchemy(sqlite_file(tmp_path / "a.db", SCRIPT)))
    with pytest.raises(TargetRefused, match="is the source itself"):
        base.open_loader(through_sqlalchemy(tmp_path / "a.db"), source_identity=source.identity, replace=True)
    with pytest.raises(TargetRefused, match=r"is not empty \(2 tables\) and was not made by dbclone"):
        base.open_loader(through_sqlalchemy(tmp_path / "a.db"))
    schema = source.schema()
    source.close()
    loader = base.open_loader(through_sqlalchemy(tmp_path / "b.db"))
    loader.create(schema, None)
    child = schema.table(TableName("main", "child"))
    with pytest.raises(TargetError, match=r"refuses rows of main\.child: CHECK constraint failed: short"):
        loader.load(child, [pa.record_batch({"id": [1], "note": ["far too long"]})])
    loader.load(child, [pa.record_batch({"id": [1], "parent_id": [7]})])
    assert loader.finish() == (Violation(child.name, "foreign key", "main.child(parent_id) -> main.parent(id)", 1),)
    loader.discard()
    assert rows(tmp_path / "b.db", "SELECT name FROM sqlite_master") == []


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("nosuchdb://me:s3cret@h/db", ConfigError, "names a kind of database that SQLAlchemy does not know here"),
        ("sqlite:////no/such/folder/a.db", ConnectError, "cannot be opened: unable to open database file"),
    ],
)
def test_what_cannot_be_opened(url: str, error: type[Exception], message: str) -> None:
    shown = url.replace("s3cret", "***")
    with pytest.raises(error) as caught:
        base.open_source(Address(url, "sqlalchemy", url, None, shown))
    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)
