"""What follows the rows: takes a place with loaded tables and the post-data entries, gives the constraints that fail.

Indexes and keys first, then ANALYZE and foreign keys, on two sessions where the place allows; then the rest in order,
the sequences and the materialized views. Every key that the database accepts is its own proof.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import psycopg

from dbclone.dialects.postgresql.build import build
from dbclone.dialects.postgresql.catalog import SEQUENCE_USES
from dbclone.dialects.postgresql.connect import Session
from dbclone.dialects.postgresql.entries import Entry
from dbclone.dialects.postgresql.names import USER_SCHEMA, qualified, quote
from dbclone.dialects.postgresql.place import Place
from dbclone.dialects.protocol import Loss, Violation
from dbclone.errors import TargetError
from dbclone.schema import ForeignKey, Schema, Table, TableName

_WORKERS = 2
_NAME = r"(?:\"(?:[^\"]|\"\")+\"|[\w$]+)"
_QUALIFIED = rf"({_NAME})\.({_NAME})"
_TABLES_OF = (
    re.compile(rf"^ALTER TABLE (?:ONLY )?{_QUALIFIED}"),
    re.compile(rf"^CREATE (?:UNIQUE )?INDEX {_NAME} ON (?:ONLY )?{_QUALIFIED}"),
)
_PLAIN_INDEX = re.compile(rf"^CREATE INDEX ({_NAME}) ON ")
_REFERENCES = re.compile(rf"\bREFERENCES {_QUALIFIED}\s*\(")
_CONSTRAINT = re.compile(rf"\bADD CONSTRAINT ({_NAME})")
_QUALIFIED_ONLY = b"SELECT pg_catalog.set_config('search_path', '', true)"
_FIRST = ("CONSTRAINT", "INDEX")
_KINDS: dict[type[psycopg.Error], str] = {
    psycopg.errors.ForeignKeyViolation: "foreign key",
    psycopg.errors.UniqueViolation: "unique",
    psycopg.errors.CheckViolation: "check",
    psycopg.errors.NotNullViolation: "not null",
    psycopg.errors.ExclusionViolation: "exclusion",
}
_SEQUENCES = f"""
WITH uses AS ({SEQUENCE_USES})
SELECT sn.nspname, s.relname, q.seqstart, q.seqincrement, q.seqmin, q.seqmax,
       array_agg(ARRAY[n.nspname, c.relname, a.attname]::text[] ORDER BY c.oid, a.attnum)
FROM uses u
JOIN pg_class s ON s.oid = u.sequence JOIN pg_namespace sn ON sn.oid = s.relnamespace
JOIN pg_sequence q ON q.seqrelid = u.sequence
JOIN pg_class c ON c.oid = u.relation JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = u.relation AND a.attnum = u.attribute
JOIN pg_type t ON t.oid = a.atttypid
WHERE {USER_SCHEMA} AND c.relkind IN ('r', 'p')
GROUP BY sn.nspname, s.relname, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, s.oid ORDER BY s.oid
"""
_UNFILLED = f"""
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND NOT c.relispopulated AND {USER_SCHEMA} ORDER BY c.oid
"""
# A partitioned table's statistics are made with its partitions'.
_LARGEST_FIRST = f"""
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {USER_SCHEMA}
ORDER BY pg_relation_size(c.oid) + (SELECT coalesce(sum(pg_relation_size(i.inhrelid)), 0) FROM pg_inherits i
  WHERE i.inhparent = c.oid AND c.relkind = 'p') DESC, c.oid
"""
# Filled, or given objects that say what to count, after their tables were analyzed.
_NOT_ANALYZED = f"""
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {USER_SCHEMA} AND NOT c.relispartition AND (c.relkind = 'm' AND c.relispopulated
  OR c.relkind IN ('r', 'p') AND EXISTS (SELECT FROM pg_statistic_ext e WHERE e.stxrelid = c.oid)) ORDER BY c.oid
"""


@dataclass(frozen=True)
class _Job:
    """An entry and the tables that it locks."""

    entry: Entry
    tables: frozenset[TableName]


def finish(
    place: Place, entries: Sequence[Entry], schema: Schema, names: Mapping[TableName, TableName]
) -> tuple[tuple[Violation, ...], tuple[Loss, ...]]:
    """Makes all that ``entries`` say, then sets sequences and fills materialized views.

    ``names`` says what the source's tables are called here. Raises TargetError where something other than a row is at
    fault.
    """
    back = {own: source for source, own in names.items()}
    failed: list[tuple[Entry, psycopg.Error]] = []
    jobs = [_Job(entry, _locked(entry)) for entry in entries]
    _run_all(place, [job for job in jobs if job.entry.kind in _FIRST], failed)
    _run_all(place, [job for job in jobs if job.entry.kind == "INDEX ATTACH"], failed, workers=1)
    # Whether rows have their parents is asked by a join, and without statistics the server chooses a slow one.
    keys = [job for job in jobs if job.entry.kind == "FK CONSTRAINT"]
    _run_all(place, [*_analyses(place, _LARGEST_FIRST), *keys], failed)
    losses, failed = _without_lost(failed)
    with place.session() as session:
        violations = _explain(session, failed, schema, names, back)
        rest = [e for e in entries if e.kind not in (*_FIRST, "INDEX ATTACH", "FK CONSTRAINT")]
        losses += _build_qualified(session, [entry for entry in rest if entry.kind != "EVENT TRIGGER"])
        set_sequences(session)
        losses += _fill_views(session)
        # An event trigger would fire at what is still being made.
        losses += _build_qualified(session, [entry for entry in rest if entry.kind == "EVENT TRIGGER"])
    uncounted: list[tuple[Entry, psycopg.Error]] = []
    _run_all(place, _analyses(place, _NOT_ANALYZED), uncounted)
    return violations, (*losses, *_without_lost(uncounted)[0])


def _analyses(place: Place, query: str) -> list[_Job]:
    """One ANALYZE for each of the tables that ``query`` names."""
    with place.session() as session:
        tables = [TableName(*row) for row in session.execute(query.encode()).fetchall()]
    return [
        _Job(Entry("ANALYZE", table.schema, table.name, f"ANALYZE {qualified(table)};\n"), frozenset({table}))
        for table in tables
    ]


def _build_qualified(session: Session, entries: Sequence[Entry]) -> tuple[Loss, ...]:
    session.execute("SET search_path = ''")
    losses = build(session, entries)
    session.execute("RESET search_path")
    return losses


def set_sequences(session: Session) -> None:
    """Every sequence that feeds a column goes on after the greatest value there; an empty table starts at the start."""
    for schema, name, start, step, least, most, columns in session.execute(_SEQUENCES.encode()).fetchall():
        aggregate, furthest = ("max", max) if step > 0 else ("min", min)
        values = []
        for table_schema, table, column in columns:
            row = session.execute(
                f"SELECT {aggregate}({quote(column)})::bigint FROM {quote(table_schema)}.{quote(table)}".encode()
                if _is_number(session, table_schema, table, column)
                else b"SELECT NULL"
            ).fetchone()
            values += [row[0]] if row and row[0] is not None and least <= row[0] <= most else []
        sequence = f"{quote(schema)}.{quote(name)}"
        reached = furthest(values) if values else None
        passed = reached is not None and (reached - start) * step >= 0
        session.execute("SELECT setval(%s::regclass, %s, %s)", [sequence, reached if passed else start, passed])


def _is_number(session: Session, schema: str, table: str, column: str) -> bool:
    """A default such as 'INV-' || nextval(...) feeds a text."""
    row = session.execute(
        "SELECT t.typcategory = 'N' FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
        " WHERE a.attrelid = format('%%I.%%I', %s::text, %s::text)::regclass AND a.attname = %s",
        [schema, table, column],
    ).fetchone()
    return bool(row and row[0])


def _locked(entry: Entry) -> frozenset[TableName]:
    found = []
    for pattern in _TABLES_OF:
        match = pattern.search(entry.sql.lstrip())
        found += [match.groups()] if match else []
    found += [match.groups() for match in _REFERENCES.finditer(entry.sql)] if entry.kind == "FK CONSTRAINT" else []
    return frozenset(TableName(_plain(schema), _plain(name)) for schema, name in found)


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _run_all(
    place: Place, jobs: Sequence[_Job], failed: list[tuple[Entry, psycopg.Error]], *, workers: int = _WORKERS
) -> None:
    """Runs jobs in order, two at a time where they lock no table in common (two that do could wait for each other)."""

    def run(job: _Job) -> None:
        with place.session() as session:
            try:
                try:
                    _execute(session, job.entry.sql, _QUALIFIED_ONLY)
                except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction):
                    # A function in an index that finds its own names by the path, as the application does.
                    _execute(session, job.entry.sql, b"SELECT 1")
            except psycopg.Error as error:
                failed.append((job.entry, error))

    if not place.parallel or workers == 1 or len(jobs) < 2:
        for job in jobs:
            run(job)
        return
    with ThreadPoolExecutor(workers) as pool:
        _schedule(jobs, lambda job: pool.submit(run, job), workers)


def _execute(session: Session, statement: str, before: bytes) -> None:
    with session.transaction():
        session.execute(before)
        session.execute(statement.encode())


def _schedule(jobs: Sequence[_Job], start: Callable[[_Job], Future[None]], workers: int) -> None:
    waiting = list(jobs)
    running: dict[Future[None], _Job] = {}
    while waiting or running:
        held: set[TableName] = set().union(*(job.tables for job in running.values()))
        for job in list(waiting):
            if len(running) == workers:
                break
            if not (job.tables & held):
                running[start(job)] = job
                waiting.remove(job)
            # What comes first in a table's own order stays first.
            held |= job.tables
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            running.pop(future)
            future.result()


def _explain(
    session: Session,
    failed: Sequence[tuple[Entry, psycopg.Error]],
    schema: Schema,
    names: Mapping[TableName, TableName],
    back: Mapping[TableName, TableName],
) -> tuple[Violation, ...]:
    found: list[Violation] = []
    for entry, error in failed:
        kind = next((word for cause, word in _KINDS.items() if isinstance(error, cause)), None)
        own = next(iter(_own_table(entry)), None)
        table = back.get(own, own) if own is not None else None
        if kind is None or table is None:
            if found and isinstance(error, psycopg.errors.InvalidForeignKey | psycopg.errors.UndefinedObject):
                # It needs a key that failed before it.
                continue
            raise TargetError(
                f"{entry.kind.lower()} {entry.schema}.{entry.name} cannot be made in the target:"
                f" {error.diag.message_primary or error}",
                where=f"{entry.schema}.{entry.name}",
            )
        name = _constraint_name(entry)
        found.append(Violation(table, kind, name, _count(session, table, names, name, kind, schema)))
    return tuple(found)


def _without_lost(
    failed: Sequence[tuple[Entry, psycopg.Error]],
) -> tuple[tuple[Loss, ...], list[tuple[Entry, psycopg.Error]]]:
    """What is lost with entries that only make queries fast, and the others."""
    lost = [_lost(entry, error) for entry, error in failed]
    left = [one for one, loss in zip(failed, lost, strict=True) if loss is None]
    return tuple(loss for loss in lost if loss is not None), left


def _lost(entry: Entry, error: psycopg.Error) -> Loss | None:
    """What is lost where the server has no way to make an entry that only makes queries fast, None for all others."""
    told = f"left out: {error.diag.message_primary}"
    if entry.kind == "ANALYZE":
        return Loss("statistics", f"{entry.schema}.{entry.name}", told)
    found = _PLAIN_INDEX.match(entry.sql.lstrip())
    if found is None or isinstance(error, tuple(_KINDS)):
        return None
    table, name = next(iter(_own_table(entry)), None), _plain(found[1])
    return Loss("index", name if table is None else f"{table}.{name}", told)


def _own_table(entry: Entry) -> Iterable[TableName]:
    for pattern in _TABLES_OF:
        match = pattern.search(entry.sql.lstrip())
        if match:
            yield TableName(_plain(match[1]), _plain(match[2]))


def _constraint_name(entry: Entry) -> str:
    match = _CONSTRAINT.search(entry.sql)
    return _plain(match[1]) if match else entry.name


def _count(
    session: Session, table: TableName, names: Mapping[TableName, TableName], name: str, kind: str, schema: Schema
) -> int:
    """How many rows break the constraint, 1 where only the server knows its meaning."""
    known = schema.by_name.get(table)
    if known is None:
        return 1
    own, query = names.get(table, table), None
    if kind == "foreign key":
        key = next((key for key in known.foreign_keys if key.name == name), None)
        query = _orphans(own, names.get(key.parent, key.parent), key) if key else None
    elif kind == "unique":
        query = _duplicates(own, known, name)
    if query is None:
        return 1
    try:
        with session.transaction():
            row = session.execute(query.encode()).fetchone()
    except psycopg.Error:
        return 1
    return max(1, int(row[0])) if row and row[0] is not None else 1


def _orphans(own: TableName, parent: TableName, key: ForeignKey) -> str:
    pairs = list(zip(key.columns, key.parent_columns, strict=True))
    same = " AND ".join(f"p.{quote(theirs)} = c.{quote(ours)}" for ours, theirs in pairs)
    present = " AND ".join(f"c.{quote(ours)} IS NOT NULL" for ours, _ in pairs)
    return (
        f"SELECT count(*) FROM {qualified(own)} c WHERE {present}"
        f" AND NOT EXISTS (SELECT FROM {qualified(parent)} p WHERE {same})"
    )


def _duplicates(own: TableName, table: Table, name: str) -> str | None:
    groups: dict[str | None, tuple[str, ...]] = defaultdict(tuple)
    if table.primary_key is not None:
        groups[table.primary_key.name] = table.primary_key.columns
    groups.update({unique.name: unique.columns for unique in table.uniques if unique.is_plain})
    columns = groups.get(name)
    if not columns:
        return None
    listed = ", ".join(quote(column) for column in columns)
    present = " AND ".join(f"{quote(column)} IS NOT NULL" for column in columns)
    return (
        f"SELECT sum(n - 1) FROM (SELECT count(*) AS n FROM {qualified(own)} WHERE {present}"
        f" GROUP BY {listed} HAVING count(*) > 1) d"
    )


def _fill_views(session: Session) -> tuple[Loss, ...]:
    """Materialized views in the order of their making, which is that of their needs; again while any gets filled."""
    errors: dict[str, str] = {}
    while True:
        unfilled = [TableName(*row) for row in session.execute(_UNFILLED.encode()).fetchall()]
        errors.clear()
        for name in unfilled:
            try:
                with session.transaction():
                    session.execute(f"REFRESH MATERIALIZED VIEW {qualified(name)}".encode())
            except psycopg.Error as error:
                errors[str(name)] = error.diag.message_primary or str(error)
        if not errors or len(errors) == len(unfilled):
            return tuple(Loss("materialized view", name, f"left empty: {text}") for name, text in errors.items())
