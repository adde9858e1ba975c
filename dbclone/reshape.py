"""Schemas changed by what the user asked: tables left out, keys added or ignored, tables under other names.

Takes Schemas, gives Schemas and what one lacks of another. Never opens a database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dbclone.config import Config
from dbclone.dialects.protocol import Violation
from dbclone.errors import ConfigError
from dbclone.schema import Check, Exclusion, ForeignKey, Schema, Table, TableName, Unique, flat_names, told_apart

_Rule = Check | Exclusion | Unique


def drop_tables(schema: Schema, names: frozenset[TableName]) -> Schema:
    """The schema without ``names`` and without the keys that lead to them."""
    if not names:
        return schema
    kept = tuple(
        replace(
            table,
            foreign_keys=tuple(key for key in table.foreign_keys if key.parent not in names),
            # A pair whose rows lead to what is not there is no pair any more: its columns are plain ones.
            pairs=tuple(pair for pair in table.pairs if not any(one.table in names for one in pair.targets)),
        )
        for table in schema
        if table.name not in names
    )
    objects = tuple(one for one in schema.objects if one.table not in names)
    return replace(schema, tables=kept, objects=objects)


def with_keys(schema: Schema, config: Config) -> Schema:
    """The schema with the keys that the config adds and without those that it ignores.

    Raises ConfigError where the config names a table or column that is not there.
    """
    ignored = set(config.keys.ignore)
    tables = []
    for table in schema:
        kept = [key for key in table.foreign_keys if not any(_names(key, column) & ignored for column in key.columns)]
        tables.append(replace(table, foreign_keys=tuple(kept)))
    result = replace(schema, tables=tuple(tables))
    for extra in config.keys.extra:
        child, parent = result.find(extra.table), result.find(extra.parent)
        for text, name, columns in ((extra.table, child, extra.columns), (extra.parent, parent, extra.parent_columns)):
            if name is None or any(column not in result.table(name).by_name for column in columns):
                raise ConfigError(
                    f"keys.extra names {text}({', '.join(columns)}), which is not in the source.",
                    hint="dbclone inspect SOURCE lists tables and columns.",
                )
        assert child is not None
        assert parent is not None
        key = ForeignKey(child, tuple(extra.columns), parent, tuple(extra.parent_columns), inferred=True)
        _refuse_other_types(result, key)
        if not any(_is_same(key, known) for known in result.table(child).foreign_keys):
            result = _with_key(result, key)
    return result


def _refuse_other_types(schema: Schema, key: ForeignKey) -> None:
    for own, above in zip(key.columns, key.parent_columns, strict=True):
        types = schema.table(key.table).column(own).type, schema.table(key.parent).column(above).type
        if types[0].kind is not types[1].kind:
            where = f"{key.table}.{own}"
            raise ConfigError(
                f"keys.extra pairs {where}, of type {types[0].sql}, with {key.parent}.{above}, of type {types[1].sql}:"
                " no value of the one is one of the other.",
                where=where,
                hint="name columns of the same kind, or leave this key out.",
            )


def _is_same(key: ForeignKey, other: ForeignKey) -> bool:
    pairs = zip(key.columns, key.parent_columns, strict=True), zip(other.columns, other.parent_columns, strict=True)
    return key.parent == other.parent and set(pairs[0]) == set(pairs[1])


def rename_tables(schema: Schema, names: Mapping[TableName, TableName], own: Schema) -> Schema:
    """The schema's rows' rules under the table names of another database; what is SQL of its own (checks, expressions
    and predicates of unique indexes) is left out where the other one speaks another SQL."""
    tables = []
    for table in schema:
        keys = tuple(
            replace(key, table=names[key.table], parent=names[key.parent])
            for key in table.foreign_keys
            if key.parent in names
        )
        same = schema.dialect == own.dialect
        pairs = tuple(
            replace(pair, targets=tuple(replace(one, table=names[one.table]) for one in pair.targets))
            for pair in table.pairs
            if all(one.table in names for one in pair.targets)
        )
        checks: tuple[Check, ...] = table.checks if same else ()
        uniques = tuple(one for one in table.uniques if same or one.is_plain)
        renamed = replace(table, name=names[table.name], foreign_keys=keys, checks=checks, uniques=uniques, pairs=pairs)
        tables.append(renamed)
    return replace(schema, tables=tuple(tables), dialect=own.dialect, default_schema=own.default_schema)


def counterpart(name: TableName, schema: Schema, own: Schema) -> TableName | None:
    """The table of another database that stands for ``name``."""
    return _counterpart(name, flat_names(schema, own.dialect), own)


def _counterpart(name: TableName, flat: Mapping[TableName, str], own: Schema) -> TableName | None:
    return name if name in own else own.find(flat[name]) or own.find(name.name)


def counterparts(expected: Schema, own: Schema) -> dict[TableName, TableName]:
    """The tables of ``own`` that stand for those of ``expected``, by name; tables without one are absent."""
    flat = flat_names(expected, own.dialect)
    found = {table.name: _counterpart(table.name, flat, own) for table in expected}
    return {name: there for name, there in found.items() if there is not None}


def compare_schemas(expected: Schema, own: Schema) -> tuple[tuple[Violation, ...], Schema]:
    """Tables and columns that ``own`` lacks, and the constraints of ``expected`` under the names of ``own``."""
    missing: list[Violation] = []
    expected, _ = told_apart(expected, own.dialect)
    names = counterparts(expected, own)
    for table in expected:
        if table.name not in names:
            missing.append(Violation(table.name, "table", "is missing", 0))
            continue
        there = own.table(names[table.name])
        lacking = [column.name for column in table.columns if column.name not in there.by_name]
        missing += [Violation(table.name, "column", f"{name} is missing", 0) for name in lacking]
        if lacking:
            del names[table.name]
    absent = frozenset(table.name for table in expected) - set(names)
    return tuple(missing), rename_tables(drop_tables(expected, absent), names, own)


def asked_constraints(expected: Schema, own: Schema) -> tuple[Schema, tuple[str, ...]]:
    """``expected`` with the checks that ``own`` could be asked about, and the names of the others.

    A check is SQL of its own database: another one answers only for what it was given in its own words.
    """
    if expected.dialect == own.dialect:
        return expected, ()
    names = counterparts(expected, own)
    tables: list[Table] = []
    unchecked: list[str] = []
    for table in expected:
        there = own.table(names[table.name]) if table.name in names else None
        if there is None:
            tables.append(table)
            continue
        plain = tuple(one for one in table.uniques if one.is_plain)
        partial = tuple(one for one in there.uniques if not one.is_plain)
        wanted: list[_Rule] = [*table.checks, *table.exclusions, *(one for one in table.uniques if not one.is_plain)]
        unchecked += [
            f"{table.name} {name}: it is not in the target"
            for name in _absent(wanted, [*there.checks, *there.exclusions, *partial])
        ]
        tables.append(replace(table, checks=there.checks, exclusions=there.exclusions, uniques=plain + partial))
    return replace(expected, tables=tuple(tables)), tuple(unchecked)


def _absent(wanted: Sequence[_Rule], there: Sequence[_Rule]) -> Iterator[str]:
    """The names of ``wanted`` that ``there`` lacks. A rule without a name may bear any that no other has."""
    known, named = {rule.name for rule in there}, {rule.name for rule in wanted if rule.name}
    yield from (str(rule.name) for rule in wanted if rule.name and rule.name not in known)
    spare = sum(rule.name not in named for rule in there)
    unnamed = sum(not rule.name for rule in wanted)
    if unnamed > spare:
        yield f"{unnamed - spare} of its rules without a name"


def _names(key: ForeignKey, column: str) -> set[str]:
    return {f"{key.table}.{column}", f"{key.table.name}.{column}"}


def _with_key(schema: Schema, key: ForeignKey) -> Schema:
    tables = tuple(
        replace(table, foreign_keys=(*table.foreign_keys, key)) if table.name == key.table else table
        for table in schema
    )
    return replace(schema, tables=tables)
