"""Reading the rows to learn from: whole tables where they are small, whole families where they are not.

Takes a Source and its schema, gives Arrow tables. Counting is left to the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from dbclone.dialects.counting import children_per_parent
from dbclone.dialects.protocol import Family, Reading, Source
from dbclone.schema import ForeignKey, Schema, Table, TableName, is_nullable

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[str, int, int], None]


def choose_families(
    schema: Schema,
    rows: Mapping[TableName, int],
    order: Iterable[TableName],
    whole: frozenset[TableName],
    sample_rows: int,
    salt: int,
) -> dict[TableName, Family]:
    """How each table that is larger than ``sample_rows`` is thinned out; tables not named are read whole.

    A large table follows the key with the smallest fan-out, since that gives the most families. Where its parent is
    thinned as well, the path goes on, and the fraction is never larger than the parent's: families stay whole.
    """
    families: dict[TableName, Family] = {}
    for name in order:
        if name in whole or rows.get(name, 0) <= sample_rows:
            continue
        table = schema.table(name)
        wanted = sample_rows / rows[name]
        key = _family_key(schema, table, rows)
        if key is None:
            families[name] = Family((), wanted, salt)
            continue
        above = families.get(key.parent)
        if above is None:
            families[name] = Family((key,), wanted, salt)
        else:
            families[name] = Family((key, *above.path), min(wanted, above.fraction), salt)
    return families


def read_tables(
    source: Source,
    schema: Schema,
    names: Iterable[TableName],
    families: Mapping[TableName, Family],
    progress: Progress,
) -> dict[TableName, pa.Table]:
    """The rows of each table, a table of no rows where there are none; as many tables at a time as ``source`` has
    sessions for."""
    wanted = list(names)

    def read(name: TableName) -> pa.Table:
        import pyarrow as pa

        table = schema.table(name)
        batches = list(source.read(Reading(table, families.get(name))))
        return pa.Table.from_batches(batches) if batches else empty_table(table)

    result = {}
    if source.sessions == 1:
        for done, name in enumerate(wanted):
            progress(str(name), done, len(wanted))
            result[name] = read(name)
    else:
        # The server prints one table while the rows of the other are taken in.
        with ThreadPoolExecutor(source.sessions, thread_name_prefix="dbclone-read") as pool:
            try:
                for done, (name, found) in enumerate([(name, pool.submit(read, name)) for name in wanted]):
                    progress(str(name), done, len(wanted))
                    result[name] = found.result()
            finally:
                pool.shutdown(cancel_futures=True)
    progress("", len(wanted), len(wanted))
    return result


def empty_table(table: Table) -> pa.Table:
    """No rows, in the storage types of a table's columns."""
    import pyarrow as pa

    fields = [pa.field(column.name, _arrow(column.type.storage)) for column in table.columns]
    return pa.table({field.name: pa.array([], field.type) for field in fields}, schema=pa.schema(fields))


def count_families(source: Source, keys: Iterable[ForeignKey]) -> dict[ForeignKey, pa.Table]:
    """Children per parent of each key, counted by the database."""
    return {key: children_per_parent(source, key) for key in keys}


def _family_key(schema: Schema, table: Table, rows: Mapping[TableName, int]) -> ForeignKey | None:
    candidates = [
        key
        for key in table.foreign_keys
        if not key.is_self and key.parent in schema and rows.get(key.parent, 0) > 0 and not is_nullable(table, key)
    ]
    fan_out = {key: rows[table.name] / rows[key.parent] for key in candidates}
    several = [key for key in candidates if fan_out[key] >= 1.5] or candidates
    return min(several, key=lambda key: (fan_out[key], str(key)), default=None)


def _arrow(storage: str) -> pa.DataType:
    import pyarrow as pa

    if storage.startswith("timestamp"):
        return pa.timestamp("us", tz="UTC" if "UTC" in storage else None)
    return {"time64[us]": pa.time64("us"), "date32": pa.date32(), "double": pa.float64(), "bool": pa.bool_()}.get(
        storage
    ) or getattr(pa, storage)()
