"""Any schema: invented databases are cloned, and each clone is asked in plain SQL whether every constraint holds.

``DBCLONE_FUZZ_EXAMPLES`` says how many, with a fresh seed each time (``make fuzz``); without it 500, always
the same. A failure ends with the script of the smallest database that shows it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed
from hypothesis import settings as how

from tests.conftest import database_factory
from tests.fuzz.invent import databases
from tests.fuzz.shape import Database
from tests.fuzz.spell import script
from tests.fuzz.trial import Files, Place, Server, Settings, Tally, run_trial, settings

_ASKED = os.environ.get("DBCLONE_FUZZ_EXAMPLES")
_SHARES = {"sqlite": 0.45, "postgresql": 0.03, "to_sqlite": 0.04, "to_postgresql": 0.03}
_FIXED = {"sqlite": 241, "postgresql": 5, "to_sqlite": 8, "to_postgresql": 5}
"""Files are quick, a third of a second each: most of what can go wrong shows there as well. Making and dropping a
database takes ten times as long."""


@pytest.mark.parametrize("part", [0, 1])
def test_sqlite_to_sqlite(part: int, tmp_path: Path) -> None:
    files = Files(tmp_path)
    _try_many("sqlite", "sqlite", lambda *given: run_trial(*given[:2], files, files, given[2]), part)


@pytest.mark.parametrize("way", ["postgresql", "to_sqlite", "to_postgresql"])
def test_postgresql(way: str, postgres_url: str, tmp_path: Path) -> None:
    def attempt(database: Database, chosen: Settings, tally: Tally) -> None:
        with database_factory(postgres_url) as create:
            server, files = Server(create), Files(tmp_path)
            source: Place = files if way == "to_postgresql" else server
            target: Place = files if way == "to_sqlite" else server
            run_trial(database, chosen, source, target, tally)

    _try_many(way, "sqlite" if way == "to_postgresql" else "postgresql", attempt)


def _try_many(share: str, dialect: str, attempt: Callable[[Database, Settings, Tally], None], part: int = 0) -> None:
    tally = Tally()
    examples = max(1, round(int(_ASKED) * _SHARES[share])) if _ASKED else _FIXED[share]

    # Where nothing was asked for, the same examples every time.
    @seed(secrets.randbits(64) if _ASKED else part)
    @how(
        max_examples=examples,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(databases(dialect), settings())
    def trial(database: Database, chosen: Settings) -> None:
        note(f"{chosen}\n{script(database)}")
        attempt(database, chosen, tally)

    trial()
    tally.check()
