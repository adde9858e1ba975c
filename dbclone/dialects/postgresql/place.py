"""Where a clone is built so that nobody sees it before it is whole: a scratch database, or one open transaction.

Takes a guarded target, gives sessions to build with, then puts the result in the target's place or removes it. Never
touches the target before ``publish``.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from dbclone.dialects.address import Address
from dbclone.dialects.postgresql.connect import Session, connect
from dbclone.dialects.postgresql.names import quote
from dbclone.dialects.protocol import Loss
from dbclone.errors import TargetError

MARK = "__dbclone_"
_NAME_BYTES = 63
_RENAME_TRIES = 4
_PAUSE = 0.2
_BUILD_SETTINGS = {
    "synchronous_commit": "off",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "check_function_bodies": "off",
    "maintenance_work_mem": "256MB",
    "row_security": "off",
    "xmloption": "content",
}
_LOCALE_FACTS = ("collate", "ctype", "provider", "locale")


@dataclass(frozen=True)
class Target:
    """What the guard found: ``oid`` is None where the database does not exist yet."""

    address: Address
    name: str
    oid: int | None
    token: str

    @property
    def application(self) -> str:
        """The name under which this run's sessions show, so that another run can tell that it is alive."""
        return f"dbclone {self.token}"


def scratch_name(target: str, token: str) -> str:
    """``<target>__dbclone_<token>``, the target's name cut where the server would."""
    return scratch_prefix(target) + token


def scratch_prefix(target: str, token_bytes: int = 8) -> str:
    room = _NAME_BYTES - len(MARK) - token_bytes
    return target.encode()[:room].decode("utf-8", "ignore") + MARK


def remove_stale(maintenance: Session, target: str) -> None:
    """Drops what runs that died left behind for this target; a run is alive while a session bears its token."""
    prefix = scratch_prefix(target)
    rows = maintenance.execute(
        "SELECT d.datname, EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid"
        " OR a.application_name = 'dbclone ' || right(d.datname, 8)) FROM pg_database d WHERE d.datname ^@ %s",
        [prefix],
    ).fetchall()
    for name, alive in rows:
        if not alive and re.fullmatch(r"[0-9a-f]{8}", name.removeprefix(prefix)):
            # Another role's litter is that role's to remove.
            with contextlib.suppress(psycopg.Error):
                maintenance.execute(f"DROP DATABASE IF EXISTS {quote(name)}".encode())


class ScratchDatabase:
    """A database of its own beside the target, renamed into place at the end."""

    parallel = True

    def __init__(self, target: Target, maintenance: Session) -> None:
        self._target = target
        self._maintenance = maintenance
        self._name = scratch_name(target.name, target.token)
        self._lock = threading.Lock()
        self._idle: list[Session] = []
        self._keeper: Session | None = None
        self._created = False

    def create(self, facts: Mapping[str, str]) -> tuple[Loss, ...]:
        """Makes the empty database with the source's encoding and collation, where this server knows them."""
        losses: tuple[Loss, ...] = ()
        base = f"CREATE DATABASE {quote(self._name)} TEMPLATE template0 ENCODING 'UTF8'"
        self._created = True
        try:
            self._maintenance.execute((base + _locale(facts)).encode())
        except psycopg.errors.InsufficientPrivilege as error:
            raise TargetError(f"{self._target.address.display}: {error.diag.message_primary}") from None
        except psycopg.Error:
            # A collation that this server does not have, or that does not go with UTF8.
            self._create_plainly(base)
            if any(facts.get(name) for name in _LOCALE_FACTS):
                losses = (Loss("collation", facts.get("collate", ""), "the target server's own default"),)
        settings = {name.removeprefix("setting "): facts[name] for name in facts if name.startswith("setting ")}
        apply_settings(self._maintenance, self._name, settings)
        self._keeper = self._connect()
        return losses

    def _create_plainly(self, base: str) -> None:
        try:
            self._maintenance.execute(base.encode())
        except psycopg.Error:
            try:
                self._maintenance.execute(f"{base} LC_COLLATE 'C' LC_CTYPE 'C'".encode())
            except psycopg.Error as error:
                raise TargetError(
                    f"{self._target.address.display}: no scratch database could be made: {error.diag.message_primary}"
                ) from None

    def _connect(self) -> Session:
        target = self._target
        return connect(target.address, database=self._name, application=target.application, settings=_BUILD_SETTINGS)

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """A session that nobody else uses meanwhile."""
        with self._lock:
            session = self._idle.pop() if self._idle else None
        session = session or self._connect()
        try:
            yield session
        except BaseException:
            session.close()
            raise
        with self._lock:
            self._idle.append(session)

    def publish(self, comment: str) -> None:
        """Stamps the scratch database and renames it into the target's place in one transaction."""
        self._maintenance.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(self._name), sql.Literal(comment))
        )
        if self._target.oid is not None:
            self._inherit()
        self._close_sessions()
        retired = scratch_name(self._target.name, f"{int(self._target.token, 16) ^ 0xFFFFFFFF:08x}")
        self._rename(retired)
        self._created = False
        if self._target.oid is not None:
            self._drop(retired)
        remove_stale(self._maintenance, self._target.name)
        self._maintenance.close()

    def discard(self) -> None:
        """Drops the scratch database, whatever state it is in."""
        self._close_sessions()
        if self._maintenance.closed:
            return
        if self._created:
            self._drop(self._name)
            self._created = False
        with contextlib.suppress(psycopg.Error):
            remove_stale(self._maintenance, self._target.name)
        self._maintenance.close()

    def _rename(self, retired: str) -> None:
        """Both renames or none. Sessions on the old target are ended, since a database in use cannot be renamed."""
        for _ in range(_RENAME_TRIES):
            self._end_sessions()
            try:
                with self._maintenance.transaction():
                    if self._target.oid is not None:
                        self._maintenance.execute(_renaming(self._target.name, retired))
                    self._maintenance.execute(_renaming(self._name, self._target.name))
                return
            except psycopg.errors.ObjectInUse:
                # The server itself has waited five seconds for them to go.
                time.sleep(_PAUSE)
            except psycopg.errors.DuplicateDatabase:
                raise TargetError(
                    f"{self._target.address.display} came into being while the clone was made.",
                    hint="run it again; --replace replaces a database that holds something.",
                ) from None
            except psycopg.Error as error:
                raise TargetError(
                    f"{self._target.address.display} could not be put in place: {error.diag.message_primary}",
                    hint="the target is as it was; its owner or a superuser may replace it.",
                ) from None
        users = self._maintenance.execute(
            "SELECT DISTINCT coalesce(nullif(application_name, ''), usename::text, '?') FROM pg_stat_activity"
            " WHERE datname = ANY(%s)",
            [[self._target.name, self._name]],
        ).fetchall()
        names = ", ".join(sorted(str(row[0]) for row in users)) or "others"
        raise TargetError(
            f"{self._target.address.display} is in use by {names}.",
            hint="end those sessions and run it again; the target is as it was.",
        )

    def _end_sessions(self) -> None:
        with contextlib.suppress(psycopg.Error):
            self._maintenance.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = ANY(%s) AND pid <> pg_backend_pid()",
                [[self._target.name, self._name]],
            )

    def _drop(self, name: str) -> None:
        with contextlib.suppress(psycopg.Error):
            self._maintenance.execute(f"DROP DATABASE IF EXISTS {quote(name)} WITH (FORCE)".encode())

    def _close_sessions(self) -> None:
        with self._lock:
            for session in [*self._idle, *([self._keeper] if self._keeper else [])]:
                session.close()
            self._idle.clear()
            self._keeper = None

    def _inherit(self) -> None:
        """The new database gets the old one's owner, limits, privileges and settings."""
        statements = [
            row[0] for row in self._maintenance.execute(_INHERITED, [self._name, self._target.oid]).fetchall()
        ]
        for statement in statements:
            with contextlib.suppress(psycopg.Error):
                self._maintenance.execute(statement.encode())
        settings = self._maintenance.execute(
            "SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setrole = 0 AND setdatabase = %s",
            [self._target.oid],
        ).fetchall()
        apply_settings(self._maintenance, self._name, dict(row[0].split("=", 1) for row in settings))


@dataclass
class OpenTransaction:
    """The target itself, empty or emptied, in one transaction that ends with ``publish``: for roles that may not create
    databases. One session does everything."""

    target: Target
    settings: Mapping[str, str] = field(default_factory=dict)
    parallel = False

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._session: Session | None = connect(
            self.target.address,
            database=self.target.name,
            application=self.target.application,
            settings={**_BUILD_SETTINGS, **self.settings},
        )
        self._session.execute("BEGIN")

    def create(self, facts: Mapping[str, str]) -> tuple[Loss, ...]:  # noqa: ARG002
        """Empties the target, inside the transaction."""
        assert self._session is not None
        self._session.execute(_EMPTY.encode())
        return ()

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """The one session, for one thread at a time."""
        with self._lock:
            if self._session is None:
                raise TargetError(f"{self.target.address.display} is closed.")
            yield self._session

    def publish(self, comment: str) -> None:
        """Stamps the database and commits."""
        assert self._session is not None
        name = sql.Identifier(self.target.name)
        self._session.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, sql.Literal(comment)))
        self._session.execute("COMMIT")
        self.discard()

    def discard(self) -> None:
        """Rolls back what is not committed."""
        if self._session is not None:
            self._session.close()
            self._session = None


Place = ScratchDatabase | OpenTransaction


def apply_settings(session: Session, database: str, settings: Mapping[str, str]) -> None:
    """Settings of the database itself. Those that the role may not make are left at the server's default."""
    for name, value in settings.items():
        # FROM CURRENT takes lists such as search_path as they are, without another parsing.
        with contextlib.suppress(psycopg.Error), session.transaction():
            session.execute("SELECT set_config(%s, %s, true)", [name, value])
            session.execute(f"ALTER DATABASE {quote(database)} SET {quote(name)} FROM CURRENT".encode())


def _renaming(old: str, new: str) -> bytes:
    return f"ALTER DATABASE {quote(old)} RENAME TO {quote(new)}".encode()


def _locale(facts: Mapping[str, str]) -> str:
    if not facts.get("collate"):
        return ""
    collate, ctype = (sql.Literal(facts.get(name, "")).as_string() for name in ("collate", "ctype"))
    text = f" LC_COLLATE {collate} LC_CTYPE {ctype}"
    provider, locale = facts.get("provider", "c"), sql.Literal(facts.get("locale", "")).as_string()
    if provider == "i":
        text += f" LOCALE_PROVIDER icu ICU_LOCALE {locale}"
    elif provider == "b":
        text += f" LOCALE_PROVIDER builtin BUILTIN_LOCALE {locale}"
    return text


_INHERITED = """
WITH new AS (SELECT quote_ident(%s) AS name), old AS (SELECT * FROM pg_database WHERE oid = %s)
SELECT format('ALTER DATABASE %%s OWNER TO %%I', new.name, pg_get_userbyid(old.datdba)) FROM new, old
WHERE old.datdba <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
UNION ALL
SELECT format('ALTER DATABASE %%s CONNECTION LIMIT %%s', new.name, old.datconnlimit) FROM new, old
WHERE old.datconnlimit <> -1
UNION ALL
SELECT format('REVOKE ALL ON DATABASE %%s FROM PUBLIC', new.name) FROM new, old WHERE old.datacl IS NOT NULL
UNION ALL
SELECT format('GRANT %%s ON DATABASE %%s TO %%s%%s', a.privilege_type, new.name,
              CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
              CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM new, old, aclexplode(old.datacl) a WHERE a.grantee <> old.datdba
"""

_EMPTY = """
DO $empty$
DECLARE
  item record;
BEGIN
  FOR item IN SELECT nspname FROM pg_namespace n
    WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'public') AND nspname !~ '^pg_(toast|temp)'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid
                      AND d.deptype = 'e')
  LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', item.nspname);
  END LOOP;
  FOR item IN SELECT c.oid, c.relkind, c.oid::regclass::text AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND d.deptype = 'e')
  LOOP
    IF EXISTS (SELECT FROM pg_class WHERE oid = item.oid) THEN
      EXECUTE format('DROP %s %s CASCADE', CASE item.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
        WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, item.name);
    END IF;
  END LOOP;
  FOR item IN SELECT p.oid, p.oid::regprocedure::text AS name, p.prokind FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                      AND d.deptype = 'e')
  LOOP
    IF EXISTS (SELECT FROM pg_proc WHERE oid = item.oid) THEN
      EXECUTE format('DROP %s %s CASCADE', CASE item.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'ROUTINE' END, item.name);
    END IF;
  END LOOP;
  FOR item IN SELECT t.oid, t.oid::regtype::text AS name FROM pg_type t
    WHERE t.typnamespace = 'public'::regnamespace AND (t.typtype IN ('d', 'e', 'r') OR t.typtype = 'c')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid
                      AND d.deptype = 'e')
  LOOP
    IF EXISTS (SELECT FROM pg_type WHERE oid = item.oid) THEN
      EXECUTE format('DROP TYPE %s CASCADE', item.name);
    END IF;
  END LOOP;
END
$empty$
"""
