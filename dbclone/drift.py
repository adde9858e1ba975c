"""What a schema has gained, lost or changed since a bundle was made of it.

Takes a bundle's schema and an opened source or a target's address, gives changes, or refuses the target. Reads no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dbclone.config import Config
from dbclone.dialects import Address, Source, open_source
from dbclone.errors import DbcloneError, SourceError, TargetRefused
from dbclone.reshape import counterparts, drop_tables, with_keys
from dbclone.schema import Change, Schema, Strategy, TableName, diff_schemas

_LISTED = 30


def drift_of(
    known: Schema, strategies: Mapping[TableName, Strategy], source: Source, config: Config
) -> tuple[Change, ...]:
    """What leads from the ``known`` schema to that of ``source``; tables that the fit left out do not count.

    Raises SourceError where the source is of another kind of database.
    """
    now = with_keys(source.schema(), config)
    if now.dialect != known.dialect:
        raise SourceError(
            f"{source.address.display} is {now.dialect}, but the bundle was learned from {known.dialect}.",
            hint="name the database that the bundle was learned from.",
        )
    left_out = frozenset(name for name, one in strategies.items() if one is Strategy.SKIP)
    return diff_schemas(_of_tables(known), _of_tables(drop_tables(now, left_out)))


def refuse_drifted(known: Schema, address: Address) -> None:
    """Raises TargetRefused where replacing a clone would silently undo what its schema has gained since it was made."""
    if not address.is_database:
        return
    try:
        opened = open_source(address, force=True)
    except DbcloneError:
        # Not there yet, or not to be opened: the loader knows better what to say.
        return
    try:
        gained = _gained(known, opened.schema()) if opened.stamp is not None else []
    finally:
        opened.close()
    if gained:
        listed = [f"  {one}" for one in gained[:_LISTED]]
        listed += [f"  and {len(gained) - _LISTED} more"] if len(gained) > _LISTED else []
        raise TargetRefused(
            "\n".join([f"the schema of {address} has changed, and this bundle knows nothing of it:", *listed]),
            hint="fit a source that has these changes, or pass --replace to put the bundle's schema in their place.",
        )


def _of_tables(schema: Schema) -> Schema:
    """The schema without what hangs on tables that are not there."""
    return replace(schema, objects=tuple(one for one in schema.objects if one.table is None or one.table in schema))


def _gained(known: Schema, own: Schema) -> list[Change]:
    """Tables and columns of ``own`` that ``known`` lacks, under whatever names its database gives them."""
    there = {name_there: name for name, name_there in counterparts(known, own).items()}
    gained: list[Change] = []
    for table in own:
        if table.name not in there:
            gained.append(Change("table", str(table.name), None, ""))
            continue
        columns = known.table(there[table.name]).by_name
        new = [column for column in table.columns if column.name not in columns]
        gained += [Change("column", f"{table.name}.{one.name}", None, one.type.sql) for one in new]
    return gained
