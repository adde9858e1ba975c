"""What cannot stand without certain tables: takes a session and tables, gives the objects that go.

Follows pg_depend as DROP ... CASCADE would. Never drops anything.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dbclone.dialects.postgresql.connect import Session
from dbclone.schema import TableName

_DEPENDENTS = """
WITH RECURSIVE left_out AS (
  SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN unnest(%(schemas)s::text[], %(names)s::text[]) AS w(schema, name) ON w.schema = n.nspname AND w.name = c.relname
), gone(catalog, oid) AS (
  SELECT 'pg_class'::regclass::oid, oid FROM left_out
  UNION
  SELECT s.catalog, s.oid FROM gone g CROSS JOIN LATERAL (
    SELECT d.classid AS catalog, d.objid AS oid FROM pg_depend d
    WHERE d.refclassid = g.catalog AND d.refobjid = g.oid AND d.deptype IN ('n', 'a', 'i')
      AND d.classid IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_rewrite'::regclass, 'pg_proc'::regclass,
                        'pg_constraint'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass)
      -- A default that draws from a sequence is no reason to lose the table that has it.
      AND NOT (d.classid = 'pg_class'::regclass AND EXISTS
               (SELECT FROM pg_class c WHERE c.oid = d.objid AND c.relkind IN ('r', 'p', 'i', 'I', 't')))
    UNION ALL
    -- A view hangs on its rule, which hangs on what it reads.
    SELECT 'pg_class'::regclass::oid, r.ev_class FROM pg_rewrite r
    WHERE g.catalog = 'pg_rewrite'::regclass AND r.oid = g.oid AND r.rulename = '_RETURN'
  ) s
)
SELECT kind, schema, name, label, relation FROM (
  SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'SEQUENCE' END AS kind,
         n.nspname AS schema, c.relname::text AS name, n.nspname || '.' || c.relname AS label,
         c.relname::text AS relation
  FROM gone g JOIN pg_class c ON g.catalog = 'pg_class'::regclass AND c.oid = g.oid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('v', 'm') OR (c.relkind = 'S' AND NOT EXISTS (
    SELECT FROM pg_depend d JOIN pg_attrdef a ON a.oid = d.objid
    WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
      AND a.adrelid NOT IN (SELECT oid FROM left_out)))
  UNION ALL
  SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, n.nspname,
         p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', n.nspname || '.' || p.proname, NULL
  FROM gone g JOIN pg_proc p ON g.catalog = 'pg_proc'::regclass AND p.oid = g.oid
  JOIN pg_namespace n ON n.oid = p.pronamespace
  UNION ALL
  SELECT o.kind, n.nspname, c.relname || ' ' || o.name, n.nspname || '.' || c.relname || '.' || o.name, NULL FROM (
    SELECT 'FK CONSTRAINT' AS kind, k.conrelid AS relation, k.conname::text AS name
    FROM gone g JOIN pg_constraint k ON g.catalog = 'pg_constraint'::regclass AND k.oid = g.oid
    WHERE k.contype = 'f' AND k.conparentid = 0
    UNION ALL
    SELECT 'TRIGGER', t.tgrelid, t.tgname::text
    FROM gone g JOIN pg_trigger t ON g.catalog = 'pg_trigger'::regclass AND t.oid = g.oid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'RULE', r.ev_class, r.rulename::text
    FROM gone g JOIN pg_rewrite r ON g.catalog = 'pg_rewrite'::regclass AND r.oid = g.oid WHERE r.rulename <> '_RETURN'
    UNION ALL
    SELECT 'POLICY', p.polrelid, p.polname::text
    FROM gone g JOIN pg_policy p ON g.catalog = 'pg_policy'::regclass AND p.oid = g.oid
  ) o JOIN pg_class c ON c.oid = o.relation JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE o.relation NOT IN (SELECT oid FROM left_out)
    AND NOT EXISTS (SELECT FROM gone v WHERE v.catalog = 'pg_class'::regclass AND v.oid = o.relation)
) found ORDER BY kind, schema, name
"""


@dataclass(frozen=True)
class Dependent:
    """``kind``, ``schema`` and ``name`` as pg_dump names its entries; ``relation`` where it can be told to skip it."""

    kind: str
    schema: str
    name: str
    label: str
    relation: TableName | None


def read_dependents(session: Session, tables: Collection[TableName]) -> tuple[Dependent, ...]:
    """Views, keys, functions, triggers, rules, policies and sequences that depend on ``tables``, directly or not."""
    if not tables:
        return ()
    wanted = {"schemas": [name.schema for name in tables], "names": [name.name for name in tables]}
    rows = session.execute(_DEPENDENTS.encode(), wanted).fetchall()
    return tuple(
        Dependent(kind, schema, name, label, TableName(schema, relation) if relation is not None else None)
        for kind, schema, name, label, relation in rows
    )
