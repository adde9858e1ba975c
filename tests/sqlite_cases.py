"""SQLite files for the tests: made from SQL, copied row by row as they are, compared by what sqlite3 reads.

Takes paths below ``tmp_path``. Never mocks: every file is a real database.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from dbclone.dialects import open_source, parse_address
from dbclone.dialects.protocol import Loss, Reading, Stamp, Violation
from dbclone.schema import Schema
from dbclone.write import open_target

STAMP = Stamp(version="0", bundle="b", seed=1, time="2024-01-01T00:00:00Z")

HARD = """
PRAGMA user_version = 7;
CREATE TABLE "we""ird ta'ble" ( -- a comment, with (brackets
  [br acket] INTEGER PRIMARY KEY AUTOINCREMENT,
  `tick` TEXT COLLATE NOCASE UNIQUE,
  "order" TEXT DEFAULT 'a,b)' CHECK ("order" <> 'x'), /* block, comment */
  full_name TEXT GENERATED ALWAYS AS (tick || ' ' || "order") VIRTUAL,
  twice INTEGER AS ([br acket] * 2) STORED,
  created DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT sane CHECK (length(tick) < 50 AND tick NOT IN ('(', ')'))
);
CREATE TABLE pair (a INT NOT NULL, b TEXT NOT NULL, note TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE child (
  id INTEGER PRIMARY KEY,
  pa INT, pb TEXT,
  up INTEGER REFERENCES child DEFERRABLE INITIALLY DEFERRED,
  w INTEGER REFERENCES "we""ird ta'ble" ON DELETE SET NULL ON UPDATE CASCADE,
  CONSTRAINT to_pair FOREIGN KEY (pa, pb) REFERENCES pair (a, b) ON DELETE NO ACTION
);
CREATE TABLE strictly (id INTEGER PRIMARY KEY, v REAL, t TEXT, b BLOB) STRICT;
CREATE UNIQUE INDEX lowered ON "we""ird ta'ble" (lower(tick), "order" DESC);
CREATE UNIQUE INDEX one_note ON pair (a) WHERE note = 'only';
CREATE INDEX by_note ON pair (note);
CREATE VIEW seen AS SELECT c.id, p.note FROM child c LEFT JOIN pair p ON p.a = c.pa AND p.b = c.pb;
CREATE TRIGGER touched AFTER UPDATE ON child BEGIN UPDATE pair SET note = 'x;y' WHERE a = NEW.pa; SELECT 1; END;
INSERT INTO "we""ird ta'ble" (tick, "order", created)
  VALUES ('Ann', 'o1', '2024-01-01 00:00:00'), ('bob', NULL, '2024-02-01 10:00:00'),
         (NULL, 'é''ü', '2024-02-02 10:00:01');
INSERT INTO pair VALUES (1, 'x', NULL), (1, 'y', 'only'), (2, 'x', 'text');
INSERT INTO child VALUES (5, 1, 'x', NULL, 1), (9, 2, 'x', 5, NULL), (7, NULL, 'x', 9, 2);
INSERT INTO strictly VALUES (1, 1.5, 'a', x'00ff'), (2, NULL, '', x'');
"""


@dataclass(frozen=True)
class Copied:
    schema: Schema
    rows: int
    losses: tuple[Loss, ...]
    violations: tuple[Violation, ...]


def sqlite_file(path: Path, script: str) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


def copy(source: str | Path, target: str | Path, *, replace: bool = False, chunk_rows: int = 65_536) -> Copied:
    """Every row of the source as it is, into any target; published unless a constraint fails."""
    opened = open_source(parse_address(str(source)), force=True)
    try:
        schema = opened.schema()
        loader = open_target(parse_address(str(target)), source_identity=opened.identity, replace=replace)
        try:
            losses = loader.create(schema, opened.ddl())
            plain = getattr(loader, "plain", frozenset())
            rows = 0
            for table in schema:
                names = [c.name for c in table.columns if c.generated is None or (table.name, c.name) in plain]
                batches = opened.read(Reading(table, chunk_rows=chunk_rows))
                rows += loader.load(table, (batch.select(names) for batch in batches))
            violations = loader.finish()
            if not violations:
                loader.publish(STAMP)
        finally:
            loader.discard()
    finally:
        opened.close()
    return Copied(schema, rows, losses, violations)


def dump(path: Path) -> dict[str, object]:
    """Every statement and every row of the file, dbclone's stamp left aside."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        entries = connection.execute("SELECT name, type, sql FROM sqlite_master WHERE tbl_name <> '_dbclone'")
        found: dict[str, object] = {}
        for name, kind, sql in entries.fetchall():
            own = '"' + name.replace('"', '""') + '"'
            held = connection.execute(f"SELECT * FROM {own}").fetchall() if kind == "table" else []
            found[name] = (sql, sorted(map(repr, held)))
        return found


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()
