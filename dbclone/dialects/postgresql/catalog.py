"""The schema out of pg_catalog: takes a session, gives a `Schema`.

Asks the whole database one question a kind of thing, so that a thousand tables cost no more round trips than one.
Objects that belong to an extension are left out; a partition is listed with its table and is none itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dbclone.dialects.postgresql.connect import Session
from dbclone.dialects.postgresql.names import USER_SCHEMA, of_no_extension, qualified
from dbclone.dialects.postgresql.objects import read_objects
from dbclone.dialects.postgresql.types import TypeCatalog
from dbclone.schema import (
    Check,
    Column,
    Exclusion,
    ForeignKey,
    Index,
    Kind,
    Partition,
    PrimaryKey,
    Schema,
    Sequence,
    Table,
    TableName,
    Type,
    Unique,
)

_TABLES = f"""
SELECT c.oid::bigint, n.nspname, c.relname, c.relrowsecurity, obj_description(c.oid, 'pg_class'),
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' AND {USER_SCHEMA}
  AND {of_no_extension("pg_class", "c.oid")}
"""
_PARTITIONS = """
WITH RECURSIVE tree AS (
  SELECT c.oid AS root, i.inhrelid AS oid, i.inhparent AS parent, 1 AS depth
  FROM pg_class c JOIN pg_inherits i ON i.inhparent = c.oid WHERE c.relkind = 'p' AND NOT c.relispartition
  UNION ALL
  SELECT t.root, i.inhrelid, i.inhparent, t.depth + 1 FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid
)
SELECT t.root::bigint, t.oid::bigint, n.nspname, c.relname, pg_get_expr(c.relpartbound, c.oid), pn.nspname, p.relname,
       pg_get_partition_constraintdef(c.oid)
FROM tree t JOIN pg_class c ON c.oid = t.oid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class p ON p.oid = t.parent JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE c.relispartition
ORDER BY t.depth, n.nspname, c.relname
"""
_INHERITS = """
SELECT i.inhrelid::bigint, n.nspname, p.relname
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
JOIN pg_namespace n ON n.oid = p.relnamespace
WHERE NOT c.relispartition AND c.relkind = 'r' ORDER BY i.inhrelid, i.inhseqno
"""
_COLUMNS = f"""
SELECT a.attrelid::bigint, a.attnum, a.attname, a.atttypid::bigint, a.atttypmod,
       format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
       pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum),
       CASE WHEN a.attcollation <> t.typcollation THEN ln.nspname || '.' || l.collname END
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND {USER_SCHEMA}
ORDER BY a.attrelid, a.attnum
"""
_CONSTRAINTS = f"""
SELECT k.conrelid::bigint, k.contype, k.conname, k.conkey, k.convalidated, k.condeferrable, k.condeferred,
       k.confrelid::bigint, k.confkey, k.confdeltype, k.confupdtype, k.confmatchtype,
       CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) ELSE pg_get_constraintdef(k.oid) END,
       coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false),
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND (k.contype <> 'f' OR k.conparentid = 0) AND {USER_SCHEMA}
ORDER BY k.conrelid, k.conname
"""
_INDEXES = f"""
SELECT i.indrelid::bigint, x.relname, i.indisunique, i.indkey::int[], i.indnkeyatts, pg_get_indexdef(i.indexrelid),
       pg_get_expr(i.indpred, i.indrelid), coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
       ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true) FROM generate_series(1, i.indnkeyatts) k)
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {USER_SCHEMA} AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND (i.indisvalid OR x.relkind = 'I')
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY i.indrelid, x.relname
"""
_SEQUENCES = f"""
SELECT c.oid::bigint, n.nspname, c.relname, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {USER_SCHEMA} AND {of_no_extension("pg_class", "c.oid")} AND c.relpersistence <> 't'
ORDER BY n.nspname, c.relname
"""
SEQUENCE_USES = """
SELECT d.refobjid::bigint AS relation, d.refobjsubid AS attribute, d.objid::bigint AS sequence
FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i' AND d.refobjsubid > 0
UNION
SELECT a.adrelid::bigint, a.adnum, d.refobjid::bigint
FROM pg_depend d JOIN pg_attrdef a ON a.oid = d.objid JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
"""
"""Which sequence feeds which column: by identity or by a default that calls nextval."""

_ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_MATCHES = {"s": "SIMPLE", "f": "FULL", "p": "PARTIAL"}
_IDENTITIES = {"a": "always", "d": "by default"}


_MODULUS = re.compile(r"\(modulus (\d+), remainder \d+\)")
_OID = re.compile(r"'(\d+)'::oid")


@dataclass
class _Parts:
    """What one table is put together from."""

    primary_key: PrimaryKey | None = None
    uniques: list[Unique] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    partitions: list[Partition] = field(default_factory=list)
    inherits: list[TableName] = field(default_factory=list)


def read_schema(session: Session, default_schema: str) -> Schema:
    """Everything that the catalogue says of the database. The session's search_path must be empty, so that every name
    that the server prints is qualified."""
    return _Reader(session).schema(default_schema)


class _Reader:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._types = TypeCatalog(session)
        self._tables = {row[0]: row[1:] for row in self._all(_TABLES)}
        self._names = {oid: TableName(row[0], row[1]) for oid, row in self._tables.items()}
        self._parts: dict[int, _Parts] = defaultdict(_Parts)
        self._attributes: dict[int, dict[int, str]] = defaultdict(dict)
        self._roots: dict[int, int] = {}

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        return self._session.execute(query.encode()).fetchall()

    def schema(self, default_schema: str) -> Schema:
        self._read_partitions()
        sequences = {row[0]: Sequence(TableName(row[1], row[2]), *row[3:]) for row in self._all(_SEQUENCES)}
        columns = self._read_columns(sequences)
        self._read_constraints()
        self._read_indexes()
        tables = [self._table(oid, columns.get(oid, [])) for oid in self._tables]
        version = str(self._all("SHOW server_version")[0][0]).split()[0]
        return Schema(
            dialect="postgresql",
            tables=tuple(sorted(tables, key=lambda table: table.name)),
            sequences=tuple(sequences.values()),
            objects=read_objects(self._session),
            default_schema=default_schema,
            server_version=version,
        )

    def _table(self, oid: int, columns: list[Column]) -> Table:
        parts = self._parts[oid]
        _, _, row_security, comment, partition_key = self._tables[oid]
        return Table(
            name=self._names[oid],
            columns=tuple(columns),
            primary_key=parts.primary_key,
            uniques=tuple(parts.uniques),
            foreign_keys=tuple(parts.foreign_keys),
            checks=tuple(parts.checks),
            exclusions=tuple(parts.exclusions),
            indexes=tuple(parts.indexes),
            partition_key=partition_key,
            partitions=tuple(parts.partitions),
            inherits=tuple(parts.inherits),
            row_security=row_security,
            comment=comment,
        )

    def _read_partitions(self) -> None:
        found = self._all(_PARTITIONS)
        names, shares = {}, defaultdict[TableName, float](float)
        for root, oid, schema, name, bound, parent_schema, parent, _ in found:
            names[oid] = TableName(schema, name)
            names.setdefault(root, TableName(parent_schema, parent))
            hashed = _MODULUS.search(bound)
            shares[TableName(parent_schema, parent)] += 1 / int(hashed[1]) if hashed else 1
        for root, oid, _, _, bound, parent_schema, parent, condition in found:
            self._roots[oid] = root
            told = condition
            if condition and "satisfies_hash_partition" in condition:
                # Only the server can tell which rows have a partition, and knows tables by numbers of its own.
                complete = shares[TableName(parent_schema, parent)] > 0.9999
                told = None if complete else _OID.sub(lambda match: _place(names, int(match[1])), condition)
            self._parts[root].partitions.append(
                Partition(names[oid], bound, TableName(parent_schema, parent), told)
            )
        for oid, schema, name in self._all(_INHERITS):
            self._parts[oid].inherits.append(TableName(schema, name))

    def _read_columns(self, sequences: Mapping[int, Sequence]) -> dict[int, list[Column]]:
        feeds = {(table, number): oid for table, number, oid in self._all(SEQUENCE_USES)}
        columns: dict[int, list[Column]] = defaultdict(list)
        for table, number, name, type_oid, modifier, spelled, *rest in self._all(_COLUMNS):
            self._attributes[table][number] = name
            if table not in self._tables:
                continue
            not_null, identity, generated, expression, comment, collation = rest
            feed = sequences.get(feeds.get((table, number), 0))
            columns[table].append(
                Column(
                    name=name,
                    type=self._types.resolve(type_oid, modifier, spelled),
                    nullable=not (not_null or self._types.forbids_null(type_oid)),
                    default=None if generated else expression,
                    generated=expression if generated else None,
                    identity=_IDENTITIES.get(identity),
                    sequence=str(feed.name) if feed else None,
                    comment=comment,
                    collation=collation,
                )
            )
            for check in self._types.checks(type_oid):
                text = _speak_of(check.expression, name, columns[table][-1].type)
                self._parts[table].checks.append(Check(text, check.name, check.validated, column=name))
        return columns

    def _read_constraints(self) -> None:
        for row in self._all(_CONSTRAINTS):
            oid, kind = row[0], row[1]
            if kind == "f":
                self._add_foreign_key(row)
            elif oid in self._tables:
                self._add_own_constraint(row)

    def _add_own_constraint(self, row: tuple[Any, ...]) -> None:
        oid, kind, name, key, validated, deferrable, _, _, _, _, _, _, definition, period, nulls_alike = row
        parts = self._parts[oid]
        if kind == "c":
            parts.checks.append(Check(definition, name, validated))
            return
        if kind == "x" or period:
            # WITHOUT OVERLAPS is an exclusion that also says that equal keys are none.
            parts.exclusions.append(Exclusion(definition, name))
        if kind == "p":
            parts.primary_key = PrimaryKey(self._columns(oid, key), name)
        elif kind == "u":
            columns = self._columns(oid, key)
            parts.uniques.append(Unique(columns, name, nulls_distinct=not nulls_alike, deferrable=deferrable))

    def _add_foreign_key(self, row: tuple[Any, ...]) -> None:
        own, _, name, key, validated, deferrable, deferred, other, other_key, delete, update, match, *rest = row
        # A key that stands on a partition says the same of the table as far as rows go that lie there.
        child, parent = self._roots.get(own, own), self._roots.get(other, other)
        temporal = rest[1]
        if child not in self._tables or parent not in self._tables or temporal:
            return
        found = ForeignKey(
            table=self._names[child],
            columns=self._columns(own, key),
            parent=self._names[parent],
            parent_columns=self._columns(other, other_key),
            name=name,
            on_delete=_ACTIONS[delete],
            on_update=_ACTIONS[update],
            match=_MATCHES[match],
            deferrable=deferrable,
            initially_deferred=deferred,
            validated=validated,
        )
        if own == child or not any(str(found) == str(known) for known in self._parts[child].foreign_keys):
            self._parts[child].foreign_keys.append(found)

    def _read_indexes(self) -> None:
        for table, name, unique, key, count, definition, predicate, nulls_alike, printed in self._all(_INDEXES):
            if table not in self._tables:
                continue
            columns = self._columns(table, [number for number in key[:count] if number > 0])
            if not unique:
                self._parts[table].indexes.append(Index(name, columns, definition))
                continue
            expressions = tuple(text for number, text in zip(key, printed, strict=False) if number == 0)
            self._parts[table].uniques.append(
                Unique(columns, name, predicate, expressions, not nulls_alike, is_constraint=False)
            )

    def _columns(self, table: int, numbers: list[int]) -> tuple[str, ...]:
        return tuple(self._attributes[table][number] for number in numbers)


_TOKENS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\bVALUE\b")


def _speak_of(expression: str, column: str, kind: Type) -> str:
    """A domain's check with the column in the place of VALUE, which there is of the base type: comparisons of enums
    are not found for a domain over one."""
    quoted = '"' + column.replace('"', '""') + '"'
    value = f"({quoted})::{kind.sql}" if kind.kind is Kind.ENUM else quoted
    return _TOKENS.sub(lambda match: value if match[0] == "VALUE" else match[0], expression)


def _place(names: Mapping[int, TableName], oid: int) -> str:
    """A table's number as the server that is asked knows it."""
    literal = qualified(names[oid]).replace("'", "''")
    return f"'{literal}'::regclass::oid"
