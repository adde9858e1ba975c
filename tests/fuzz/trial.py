"""One trial: an invented database is loaded, cloned as the draws say, and the clone judged.

Takes an invented database, drawn settings and a folder (PostgreSQL: a server), raises AssertionError where the clone
is not sound.
"""

from __future__ import annotations

import dataclasses
import re
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from hypothesis import strategies as st

import dbclone
from dbclone.errors import ModelError
from tests.fuzz.draws import Draws
from tests.fuzz.judge import Ask, complaints, row_counts
from tests.fuzz.shape import Database
from tests.fuzz.spell import script

_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, contype::text, convalidated, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT tablename, indexname, 'i', true, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2
"""


_SPELLING = re.compile(r"::(?:character varying|text)(?:\[\])?|[()]")
"""What PostgreSQL puts elsewhere in a CHECK when it reads what it wrote itself."""


@dataclass(frozen=True)
class Settings:
    """How a clone is asked for. ``then`` is what is done besides."""

    scale: float = 1.0
    chunk_rows: int = 50_000
    copy_reference: bool = True
    learner: str = "trees"
    k: int = 5
    seed: int = 0
    then: str = ""

    def asked(self) -> dict[str, Any]:
        return {
            "scale": self.scale,
            "chunk_rows": self.chunk_rows,
            "tables": {"copy_reference": self.copy_reference},
            "learner": self.learner,
            "privacy": {"k": self.k},
            "seed": self.seed,
        }


@st.composite
def settings(draw: st.DrawFn) -> Settings:
    draws = Draws(draw)
    return Settings(
        scale=draws.pick((1.0, 1.0, 1.0, 1.0, 0.4, 2.0)),
        chunk_rows=draws.pick((50_000, 7)),
        copy_reference=draws.pick((True, False, False)),
        learner=draws.pick(("trees", "trees", "trees", "independent")),
        k=draws.pick((5, 5, 1)),
        seed=draws.number(3),
        then=draws.pick(("",) * 8 + ("verify", "again", "compare", "bundle")),
    )


class Place:
    """Where databases of one kind live during a trial: ``load`` makes the source, ``ask`` opens the clone."""

    dialect = ""

    def load(self, database: Database) -> str:
        raise NotImplementedError

    def target(self, _number: int) -> str:
        raise NotImplementedError

    def asking(self, address: str) -> Any:
        raise NotImplementedError


class Files(Place):
    """SQLite files in a folder."""

    dialect = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, database: Database) -> str:
        path = self._folder / "source.db"
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(script(database))
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return str(path)

    def target(self, _number: int) -> str:
        path = self._folder / f"target{_number}.db"
        path.unlink(missing_ok=True)
        return str(path)

    @contextmanager
    def asking(self, address: str) -> Iterator[Ask]:
        with closing(sqlite3.connect(address)) as connection:
            yield lambda question: connection.execute(question).fetchall()


class Server(Place):
    """Databases of a PostgreSQL server, by the function that creates them."""

    dialect = "postgresql"

    def __init__(self, create: Callable[..., str]) -> None:
        self._create = create

    def load(self, database: Database) -> str:
        return self._create(script(database))

    def target(self, _number: int) -> str:
        return self._create(exists=False)

    @contextmanager
    def asking(self, address: str) -> Iterator[Ask]:
        with psycopg.connect(address) as connection:
            yield lambda question: connection.execute(question.encode()).fetchall()


@dataclass
class Tally:
    """What many trials add up to: rows that clones at scale 1 should have had, those that were left out, and clones
    refused before anything was written, with the CHECK named that the drawn keys leave no room for."""

    examples: int = 0
    rows: int = 0
    missing: int = 0
    refused: set[str] = field(default_factory=set)

    def check(self) -> None:
        """Rows may be left out where the keys that were drawn leave no room for them, but hardly ever."""
        assert self.examples > 0
        assert self.missing <= 0.005 * self.rows + 1, self
        # Variations of one database are refused in the same words.
        assert len(self.refused) <= 0.03 * self.examples + 2, self


def run_trial(database: Database, chosen: Settings, sources: Place, targets: Place, tally: Tally) -> None:
    """Clones and judges. One error is allowed, and counted: that which names a CHECK that no value keeps."""
    source, target = sources.load(database), targets.target(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            notes = _clone(source, target, chosen)
        except ModelError as error:
            if "can be given no values that keep CHECK" not in str(error):
                raise
            tally.examples += 1
            tally.refused.add(re.sub(r"\d+ of \d+ ", "", error.args[0]))
            return
    with targets.asking(target) as ask:
        found = complaints(database, targets.dialect, ask)
        assert not found, f"{found}; {notes}"
        _count(database, chosen, row_counts(database, ask), notes, tally)
        _same_constraints(database, sources, targets, source, ask)
    if chosen.then == "verify":
        report = dbclone.verify(target, against=source)
        assert report.ok, report.violations
    elif chosen.then == "compare":
        dbclone.compare(source, target, detector=False)
    elif chosen.then == "again" and targets.dialect == "sqlite":
        again = targets.target(2)
        _clone(source, again, dataclasses.replace(chosen, then=""))
        with targets.asking(target) as one, targets.asking(again) as other:
            for table in database.tables:
                question = f'SELECT * FROM "{table.name.replace(chr(34), chr(34) * 2)}"'
                assert one(question) == other(question), f"{table.name}: the same seed gave other rows"


def _clone(source: str, target: str, chosen: Settings) -> tuple[str, ...]:
    if chosen.then == "bundle" and target.endswith(".db"):
        bundle = Path(target).with_name("learned.dbclone")
        dbclone.fit(source, **chosen.asked()).save(bundle)
        return dbclone.generate(dbclone.load(bundle), target, **chosen.asked()).notes
    return dbclone.clone(source, target, **chosen.asked()).notes


def _count(database: Database, chosen: Settings, found: dict[str, int], notes: tuple[str, ...], tally: Tally) -> None:
    """At scale 1 as many rows as in the source, but for those that the notes own up to."""
    tally.examples += 1
    if chosen.scale != 1.0:
        return
    wanted = {name: len(rows) for name, rows in database.rows.items()}
    off = {name: (found[name], rows) for name, rows in wanted.items() if found[name] != rows}
    told = all(found < rows and any(f"{name}: " in note for note in notes) for name, (found, rows) in off.items())
    assert told, f"rows (clone, source): {off}; {notes}"
    tally.rows += sum(wanted.values())
    tally.missing += sum(rows - found for found, rows in off.values())


def _same_constraints(database: Database, sources: Place, targets: Place, source: str, ask: Ask) -> None:
    """The clone declares what its source declares, where both are of one kind."""
    if sources.dialect != targets.dialect:
        return
    question = _CONSTRAINTS
    if targets.dialect == "sqlite":
        question = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name NOT LIKE '%dbclone%' ORDER BY 1, 2"
    with sources.asking(source) as other:
        declared, wanted = (
            {(*one[:-1], _SPELLING.sub("", str(one[-1]))) for one in asked(question)} for asked in (ask, other)
        )
    assert declared == wanted, f"declared: {declared - wanted}; lacking: {wanted - declared}"
