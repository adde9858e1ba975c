"""Names as SQL: quoting, and the conditions that tell the user's own objects from the server's and an extension's."""

from __future__ import annotations

from dbclone.schema import Table, TableName

STAMP_SCHEMA = "_dbclone"

USER_SCHEMA = (
    f"n.nspname NOT IN ('pg_catalog', 'information_schema', '{STAMP_SCHEMA}') AND n.nspname !~ '^pg_(toast|temp)'"
)
"""A condition on ``pg_namespace n``: schemas that are the user's own."""


def of_no_extension(catalog: str, oid: str) -> str:
    """A condition: the object is not one that an extension brought."""
    return (
        f"NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '{catalog}'::regclass AND x.objid = {oid}"
        " AND x.deptype = 'e')"
    )


def quote(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def qualified(name: TableName) -> str:
    """A table's name with its schema, both in double quotes."""
    return f"{quote(name.schema)}.{quote(name.name)}"


def relation(table: Table) -> str:
    """What FROM names to get a table's own rows: all of a partitioned table, none of an inheriting child's."""
    return qualified(table.name) if table.partition_key is not None else f"ONLY {qualified(table.name)}"


def literal(text: str) -> str:
    """A string constant, whatever standard_conforming_strings says."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'" if "\\" not in escaped else "E'" + escaped.replace("\\", "\\\\") + "'"
