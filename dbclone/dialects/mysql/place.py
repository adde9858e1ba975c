"""Where a clone is built so that nobody sees it before it is whole: a scratch database beside the target.

Takes a guarded target, gives sessions to build with, then puts the result in the target's place or removes it.

How atomic that is: MySQL and MariaDB rename no database, but one RENAME TABLE moves all tables at once. Old tables out
and new tables in are one statement, so every other session sees either all of the old or all of the new ones, and a
server that dies in the middle undoes or completes it. Views, routines and triggers cannot move between databases: they
are made anew in the target right after that statement, so for a moment it has its tables alone. A run killed in that
moment leaves a whole, stamped clone without them, which the next run replaces. The database itself stays, and with it
the privileges that are granted on it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence

from pymysql.constants import ER

from dbclone.dialects.address import Address
from dbclone.dialects.mysql.connect import (
    DriverError,
    Session,
    code_of,
    configure,
    connect,
    literal,
    plain_mode,
    quote,
    rows_of,
    words_of,
)
from dbclone.dialects.mysql.identity import write_stamp
from dbclone.dialects.mysql.names import lock_name, scratch_prefix, token_of
from dbclone.dialects.mysql.statements import without_definer
from dbclone.dialects.protocol import Stamp
from dbclone.errors import TargetError

_LOCK_SECONDS = 60
_BUILD_SETTINGS: dict[str, object] = {
    "lock_wait_timeout": 3600,
    "innodb_strict_mode": 0,
    "max_statement_time": 0,
    "max_execution_time": 0,
}
_RENAMED = "table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')"
_MADE_ANEW = (
    ("VIEW", "SELECT table_name FROM information_schema.views WHERE table_schema = %s"),
    ("FUNCTION", "SELECT routine_name FROM information_schema.routines WHERE routine_schema = %s"
     " AND routine_type = 'FUNCTION'"),
    ("PROCEDURE", "SELECT routine_name FROM information_schema.routines WHERE routine_schema = %s"
     " AND routine_type = 'PROCEDURE'"),
    ("EVENT", "SELECT event_name FROM information_schema.events WHERE event_schema = %s"),
)  # fmt: skip


def remove_stale(session: Session, target: str) -> None:
    """Drops what runs that died left behind for this target; a run that lives holds the lock of its token."""
    prefix = scratch_prefix(target)
    rows = rows_of(
        session,
        "SELECT schema_name FROM information_schema.schemata WHERE left(schema_name, %s) = %s",
        (len(prefix), prefix),
    )
    for (name,) in rows:
        token = token_of(name, target)
        if token is not None and rows_of(session, "SELECT IS_FREE_LOCK(%s)", (lock_name(token),))[0][0]:
            # What another user left is that user's to remove.
            with contextlib.suppress(DriverError):
                rows_of(session, f"DROP DATABASE IF EXISTS {quote(name)}")


class ScratchDatabase:
    """A database of its own beside the target, whose tables are renamed into place at the end."""

    def __init__(self, address: Address, target: str, token: str, session: Session, *, exists: bool) -> None:
        self.address = address
        self.target = target
        self.name = f"{scratch_prefix(target)}{token}"
        self._token = token
        self._main = session
        self._exists = exists
        self._lock = threading.Lock()
        self._idle: list[Session] = []
        self.mode = ""
        self._created = False

    def create(self, *, options: str, mode: str) -> None:
        """Makes the empty database; its sessions speak in the SQL mode ``mode``. Raises TargetError."""
        self.mode = mode
        self._created = True
        try:
            rows_of(self._main, f"CREATE DATABASE {quote(self.name)} {options}")
        except DriverError as error:
            self._created = False
            hint = None
            if code_of(error) in (ER.DBACCESS_DENIED_ERROR, ER.ACCESS_DENIED_ERROR):
                pattern = scratch_prefix(self.target).replace("_", "\\_")
                hint = f"GRANT ALL ON `{pattern}%`.* TO the user lets dbclone build a clone beside the target."
            raise TargetError(
                f"{self.address.display}: no scratch database could be made: {words_of(error)}.", hint=hint
            ) from None

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """A session in the scratch database that nobody else uses meanwhile."""
        with self._lock:
            session = self._idle.pop() if self._idle else None
        session = session or connect(
            self.address, database=self.name, files=True, settings={**_BUILD_SETTINGS, "sql_mode": self.mode}
        )
        try:
            yield session
        except BaseException:
            session.close()
            raise
        with self._lock:
            self._idle.append(session)

    def publish(self, stamp: Stamp, statements: Sequence[str]) -> tuple[str, ...]:
        """Stamps the clone and puts it in the target's place, then makes views and triggers there by ``statements``.

        Gives those that failed. Raises TargetError; then the target is as it was.
        """
        self._close_sessions()
        session, retired = self._main, f"{self.name}_old"
        configure(session, {"lock_wait_timeout": _LOCK_SECONDS, "foreign_key_checks": 1})
        old_triggers = self._triggers(self.target)
        try:
            write_stamp(session, self.name, stamp)
            self._drop_triggers(self.name)
            self._make_target(retired)
            self._drop_triggers(self.target)
            moves = [(self.target, retired, name) for name in self._tables(self.target)]
            moves += [(self.name, self.target, name) for name in self._tables(self.name)]
            listed = ", ".join(f"{quote(a)}.{quote(name)} TO {quote(b)}.{quote(name)}" for a, b, name in moves)
            rows_of(session, f"RENAME TABLE {listed}")
        except DriverError as error:
            self._restore(old_triggers, retired)
            raise self._not_placed(error) from None
        self._created = False
        failed = self._make_objects(statements)
        for name in (retired, self.name):
            with contextlib.suppress(DriverError):
                rows_of(session, f"DROP DATABASE IF EXISTS {quote(name)}")
        remove_stale(session, self.target)
        session.close()
        return failed

    def discard(self) -> None:
        """Drops the scratch database, whatever state it is in."""
        self._close_sessions()
        if not self._main.open:
            return
        with contextlib.suppress(DriverError):
            if self._created:
                rows_of(self._main, f"DROP DATABASE IF EXISTS {quote(self.name)}")
            remove_stale(self._main, self.target)
        self._created = False
        self._main.close()

    def _make_target(self, retired: str) -> None:
        charset, collation = rows_of(
            self._main,
            "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata"
            " WHERE schema_name = %s",
            (self.name,),
        )[0]
        options = f"CHARACTER SET {charset} COLLATE {collation}"
        if not self._exists:
            rows_of(self._main, f"CREATE DATABASE {quote(self.target)} {options}")
            return
        rows_of(self._main, f"ALTER DATABASE {quote(self.target)} {options}")
        if self._tables(self.target):
            rows_of(self._main, f"CREATE DATABASE {quote(retired)} {options}")

    def _tables(self, database: str) -> list[str]:
        rows = rows_of(
            self._main,
            f"SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND {_RENAMED}"
            " ORDER BY table_name",
            (database,),
        )
        return [str(row[0]) for row in rows]

    def _triggers(self, database: str) -> list[str]:
        """Statements that make the triggers of a database again."""
        made = []
        with plain_mode(self._main):
            for (name,) in self._trigger_names(database):
                row = rows_of(self._main, f"SHOW CREATE TRIGGER {quote(database)}.{quote(name)}")[0]
                made += [f"SET SESSION sql_mode = '{row[1]}'", without_definer(str(row[2]))]
        return made

    def _trigger_names(self, database: str) -> list[tuple[str]]:
        names = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = %s"
        return [(str(row[0]),) for row in rows_of(self._main, names, (database,))]

    def _drop_triggers(self, database: str) -> None:
        for (name,) in self._trigger_names(database):
            rows_of(self._main, f"DROP TRIGGER {quote(database)}.{quote(name)}")

    def _restore(self, triggers: Sequence[str], retired: str) -> None:
        """The old target as it was before the attempt."""
        with contextlib.suppress(DriverError):
            if not self._exists:
                rows_of(self._main, f"DROP DATABASE IF EXISTS {quote(self.target)}")
                return
            rows_of(self._main, f"DROP DATABASE IF EXISTS {quote(retired)}")
            if triggers and not self._trigger_names(self.target):
                rows_of(self._main, f"USE {quote(self.target)}")
                with plain_mode(self._main):
                    for statement in triggers:
                        rows_of(self._main, statement)

    def _make_objects(self, statements: Sequence[str]) -> tuple[str, ...]:
        session, failed = self._main, []
        rows_of(session, f"USE {quote(self.target)}")
        for kind, names in _MADE_ANEW:
            for (name,) in rows_of(session, names, (self.target,)):
                with contextlib.suppress(DriverError):
                    rows_of(session, f"DROP {kind} IF EXISTS {quote(self.target)}.{quote(name)}")
        self._point_sequences()
        with plain_mode(session):
            for statement in statements:
                try:
                    rows_of(session, statement)
                except DriverError:
                    failed.append(statement)
        return tuple(failed)

    def _point_sequences(self) -> None:
        """A default that draws from a sequence still names the database where that lay before."""
        rows = rows_of(
            self._main,
            "SELECT table_name, column_name, column_default FROM information_schema.columns WHERE table_schema = %s"
            " AND locate(%s, column_default)",
            (self.target, f"{quote(self.name)}."),
        )
        for table, column, default in rows:
            text = str(default).replace(f"{quote(self.name)}.", f"{quote(self.target)}.")
            rows_of(
                self._main,
                f"ALTER TABLE {quote(self.target)}.{quote(table)} ALTER COLUMN {quote(column)} SET DEFAULT ({text})",
            )

    def _not_placed(self, error: DriverError) -> TargetError:
        if code_of(error) == ER.LOCK_WAIT_TIMEOUT:
            users = rows_of(
                self._main,
                f"SELECT DISTINCT user FROM information_schema.processlist WHERE db = {literal(self.target)}",
            )
            names = ", ".join(str(row[0]) for row in users) or "others"
            return TargetError(
                f"{self.address.display} is in use by {names}.",
                hint="end those sessions and run it again; the target is as it was.",
            )
        return TargetError(
            f"{self.address.display} could not be put in place: {words_of(error)}.", hint="the target is as it was."
        )

    def _close_sessions(self) -> None:
        with self._lock:
            for session in self._idle:
                session.close()
            self._idle.clear()
