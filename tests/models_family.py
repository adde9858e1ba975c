"""Works of small families of tables, for the tests of models: columns as arrays, every one of them learned as codes.

Gives Works as `gather` would. Opens no database and learns no profile.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from dbclone.models.work import Sample, Work, arrange, gather
from dbclone.profile.value import ColumnProfile, Profile, Role, TableProfile
from dbclone.schema import Column, ForeignKey, Kind, PrimaryKey, Schema, Table, TableName, Type

_KINDS = {
    pa.int64(): Kind.INTEGER,
    pa.float64(): Kind.FLOAT,
    pa.string(): Kind.TEXT,
    pa.date32(): Kind.DATE,
    pa.timestamp("us"): Kind.TIMESTAMP,
}


def named(name: str) -> TableName:
    return TableName("public", name)


def works_of(
    tables: Mapping[str, pa.Table], links: Mapping[str, Mapping[str, str]], *, real: frozenset[str] = frozenset()
) -> dict[str, Work]:
    """Works by name; ``links`` says which columns of which table reference which table's ``id``."""
    built, about = [], []
    for name, data in tables.items():
        columns = tuple(Column(field.name, Type(_KINDS[field.type], str(field.type))) for field in data.schema)
        keys = tuple(ForeignKey(named(name), (c,), named(p), ("id",)) for c, p in links.get(name, {}).items())
        built.append(Table(named(name), columns, PrimaryKey(("id",)), foreign_keys=keys))
        roles = {field.name: Role.CODED for field in data.schema}
        roles |= {"id": Role.NUMBERED} | dict.fromkeys(links.get(name, {}), Role.FOREIGN)
        profiles = tuple(ColumnProfile(column, role) for column, role in roles.items())
        about.append(TableProfile(named(name), data.num_rows, data.num_rows, profiles))
    data = {named(name): table for name, table in tables.items()}
    sample = Sample(data, {name: table.num_rows for name, table in data.items()}, {})
    kept = frozenset(named(name) for name in real)
    works, _ = gather(Schema("postgresql", tuple(built)), Profile(tuple(about)), sample, kept, 5)
    for work in works.values():
        work.modelled = {*work.numbers, *work.categories}
    return {name.name: work for name, work in works.items()}


def by_table(works: Mapping[str, Work]) -> dict[TableName, Work]:
    return {named(name): work for name, work in works.items()}


def driven(works: Mapping[str, Work], child: str, key: int) -> Work:
    """The child with its rows arranged under a key."""
    work = works[child]
    work.driver = key
    arrange(work, by_table(works))
    return work
