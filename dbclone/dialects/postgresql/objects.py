"""Everything in a database that is no table: takes a session, gives `SchemaObject` values with their own SQL.

Reads pg_catalog only. Objects that belong to an extension are left out; the extension itself is listed.
"""

from __future__ import annotations

from dbclone.dialects.postgresql.connect import Session
from dbclone.dialects.postgresql.names import USER_SCHEMA, of_no_extension
from dbclone.schema import SchemaObject, TableName

_VIEWS = f"""
SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END,
       n.nspname || '.' || c.relname, NULL, NULL,
       CASE c.relkind WHEN 'v' THEN format('CREATE VIEW %I.%I AS %s', n.nspname, c.relname, pg_get_viewdef(c.oid))
       WHEN 'm' THEN format('CREATE MATERIALIZED VIEW %I.%I AS %s', n.nspname, c.relname, pg_get_viewdef(c.oid)) END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm', 'f') AND c.relpersistence <> 't' AND {USER_SCHEMA}
  AND {of_no_extension("pg_class", "c.oid")}
"""
_FUNCTIONS = f"""
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
       format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), NULL, NULL,
       CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE {USER_SCHEMA}
  AND {of_no_extension("pg_proc", "p.oid")}
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
"""
_TYPES = f"""
SELECT CASE t.typtype WHEN 'd' THEN 'domain' WHEN 'e' THEN 'enum' WHEN 'c' THEN 'composite type'
       WHEN 'r' THEN 'range type' ELSE 'type' END,
       n.nspname || '.' || t.typname, NULL, NULL,
       CASE t.typtype WHEN 'd' THEN format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname,
         concat_ws(' ', format_type(t.typbasetype, t.typtypmod), 'DEFAULT ' || t.typdefault,
           CASE WHEN t.typnotnull THEN 'NOT NULL' END,
           (SELECT string_agg(format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), ' ')
            FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')))
       WHEN 'e' THEN format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
         (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
          FROM pg_enum e WHERE e.enumtypid = t.oid)) END
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE {USER_SCHEMA} AND t.typtype IN ('b', 'd', 'e', 'r', 'c') AND (t.typtype <> 'c' OR c.relkind = 'c')
  AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid) AND {of_no_extension("pg_type", "t.oid")}
"""
_OF_TABLES = f"""
SELECT o.kind, o.name, n.nspname, c.relname, o.definition FROM (
  SELECT 'trigger' AS kind, tgname::text AS name, tgrelid AS relation, pg_get_triggerdef(oid) AS definition
  FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0
  UNION ALL
  SELECT 'rule', rulename::text, ev_class, pg_get_ruledef(oid) FROM pg_rewrite WHERE rulename <> '_RETURN'
  UNION ALL
  SELECT 'policy', polname::text, polrelid, NULL FROM pg_policy
  UNION ALL
  SELECT 'statistics', stxname::text, stxrelid, pg_get_statisticsobjdef(oid) FROM pg_statistic_ext
) o JOIN pg_class c ON c.oid = o.relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {USER_SCHEMA}
  AND {of_no_extension("pg_class", "c.oid")}
"""
_OTHERS = f"""
SELECT 'extension', extname::text, NULL, NULL, format('CREATE EXTENSION %I', extname)
FROM pg_extension WHERE extname <> 'plpgsql'
UNION ALL SELECT 'event trigger', evtname::text, NULL, NULL, NULL
FROM pg_event_trigger WHERE {of_no_extension("pg_event_trigger", "oid")}
UNION ALL SELECT 'publication', pubname::text, NULL, NULL, NULL FROM pg_publication
UNION ALL SELECT 'foreign server', srvname::text, NULL, NULL, NULL
FROM pg_foreign_server WHERE {of_no_extension("pg_foreign_server", "oid")}
UNION ALL SELECT 'operator', n.nspname || '.' || o.oprname, NULL, NULL, NULL
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE {USER_SCHEMA}
  AND {of_no_extension("pg_operator", "o.oid")}
UNION ALL SELECT 'collation', n.nspname || '.' || o.collname, NULL, NULL, NULL
FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace WHERE {USER_SCHEMA}
  AND {of_no_extension("pg_collation", "o.oid")}
UNION ALL SELECT 'text search configuration', n.nspname || '.' || o.cfgname, NULL, NULL, NULL
FROM pg_ts_config o JOIN pg_namespace n ON n.oid = o.cfgnamespace WHERE {USER_SCHEMA}
  AND {of_no_extension("pg_ts_config", "o.oid")}
"""
_SUBSCRIPTIONS = """
SELECT 'subscription', subname::text, NULL, NULL, NULL FROM pg_subscription
WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def read_objects(session: Session) -> tuple[SchemaObject, ...]:
    """Views, functions, triggers, types, rules, policies, extensions and the rest, sorted by kind and name."""
    queries = [_VIEWS, _FUNCTIONS, _TYPES, _OF_TABLES, _OTHERS, _SUBSCRIPTIONS]
    found = []
    for query in queries:
        for kind, name, schema, table, definition in session.execute(query.encode()).fetchall():
            owner = TableName(schema, table) if table is not None else None
            found.append(SchemaObject(kind, name, owner, definition))
    return tuple(sorted(found, key=lambda item: (item.kind, item.name, str(item.table or ""))))
