"""The tables and columns that a config names, found in a schema.

Takes a Config and a Schema, gives what the config decides about each table. Never guesses: an unknown name is an error.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from dbclone.config.fields import ColumnConfig, Config, Place
from dbclone.config.problems import Problem, config_error, line_of, nearest
from dbclone.schema import Schema, Strategy, TableName

_Setting = TypeVar("_Setting")


def resolve_tables(config: Config, schema: Schema) -> dict[TableName, Strategy]:
    """The strategy of every table that the config decides upon; the rest is left to the profile and the default.

    A full name wins over a glob, a later glob over an earlier one, ``tables.exclude`` over everything.
    Raises ConfigError for every name of the config, of tables and of columns, that the schema does not hold.
    """
    check_names(config, schema)
    tables = config.tables
    decided = _by_table(schema, tables.strategies)
    included = {name for pattern in tables.include for name in match_tables(schema, pattern)}
    excluded = {name for pattern in tables.exclude for name in match_tables(schema, pattern)}
    for table in schema:
        if table.name in excluded or (tables.include and table.name not in included):
            decided[table.name] = Strategy.SKIP
    return decided


def resolve_rows(config: Config, schema: Schema) -> dict[TableName, int]:
    """The wanted number of rows of every table under ``rows``; tables that the config leaves out need not be there.

    Raises ConfigError for every other name that the schema does not hold.
    """
    missing = [text for text in config.rows if not match_tables(schema, text) and not _leaves_out(config, text)]
    known = [name for table in schema for name in (table.name.name, str(table.name))]
    _refuse(config, [(("rows", text), "table", text, known) for text in missing])
    return _by_table(schema, config.rows)


def resolve_learners(config: Config, schema: Schema) -> dict[TableName, str]:
    """The learner of every table that is there."""
    return {table.name: config.learner for table in schema} | _by_table(schema, config.learners)


def resolve_columns(config: Config, schema: Schema) -> dict[tuple[TableName, str], ColumnConfig]:
    """What the config says about single columns, as far as their tables are there."""
    found = {find_column(schema, text): settings for text, settings in config.columns.items()}
    return {column: settings for column, settings in found.items() if column is not None}


def _by_table(schema: Schema, given: Mapping[str, _Setting]) -> dict[TableName, _Setting]:
    """Globs first, in their order, then full names, so that the latter win."""
    patterns = sorted(given, key=lambda pattern: schema.find(pattern) is not None)
    return {name: given[pattern] for pattern in patterns for name in match_tables(schema, pattern)}


def match_tables(schema: Schema, pattern: str) -> tuple[TableName, ...]:
    """The tables that ``pattern`` means: one by its name, or all that a shell glob matches."""
    exact = schema.find(pattern)
    if exact is not None:
        return (exact,)
    return tuple(
        table.name
        for table in schema
        if fnmatch.fnmatchcase(str(table.name), pattern) or fnmatch.fnmatchcase(table.name.name, pattern)
    )


def find_column(schema: Schema, text: str) -> tuple[TableName, str] | None:
    """The column that ``table.column`` or ``schema.table.column`` means; names may hold dots themselves."""
    parts = text.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        name, column = schema.find(".".join(parts[:cut])), ".".join(parts[cut:])
        if name is not None and column in schema.table(name).by_name:
            return name, column
    return None


def check_names(config: Config, schema: Schema) -> None:
    """Raises ConfigError with every table and column that the config names and the schema does not hold."""
    _refuse(config, _unknown_names(config, schema))


def _refuse(config: Config, unknown: Iterable[tuple[Place, str, str, list[str]]]) -> None:
    lines = config._origin.lines
    problems = [
        Problem(path, f"the source has no {what} {text}", nearest(text, known), line_of(lines, path))
        for path, what, text, known in unknown
    ]
    if problems:
        raise config_error(problems, config._origin.file)


def _leaves_out(config: Config, text: str) -> bool:
    names = {text, text.rpartition(".")[2]}

    def matches(patterns: list[str]) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns)

    tables = config.tables
    skipped = [pattern for pattern, strategy in tables.strategies.items() if strategy is Strategy.SKIP]
    return matches([*tables.exclude, *skipped]) or (bool(tables.include) and not matches(tables.include))


def _unknown_names(config: Config, schema: Schema) -> Iterator[tuple[Place, str, str, list[str]]]:
    tables = [name for table in schema for name in (table.name.name, str(table.name))]
    columns = [f"{table.name.name}.{column.name}" for table in schema for column in table.columns]
    columns += [f"{table.name}.{column.name}" for table in schema for column in table.columns]
    named: list[tuple[Place, str]] = []
    for key in ("include", "exclude"):
        named += [(("tables", key, i), text) for i, text in enumerate(getattr(config.tables, key))]
    named += [(("tables", "strategies", text), text) for text in config.tables.strategies]
    named += [(("rows", text), text) for text in config.rows]
    named += [(("learners", text), text) for text in config.learners]
    for path, text in named:
        if not match_tables(schema, text):
            yield path, "table", text, tables
    placed: list[tuple[Place, str]] = [(("columns", text), text) for text in config.columns]
    placed += [(("keys", "ignore", i), text) for i, text in enumerate(config.keys.ignore)]
    for i, extra in enumerate(config.keys.extra):
        ends = (("table", extra.table, extra.columns), ("parent", extra.parent, extra.parent_columns))
        for end, table, names in ends:
            if schema.find(table) is None:
                yield ("keys", "extra", i, end), "table", table, tables
            else:
                placed += [(("keys", "extra", i, end), f"{table}.{name}") for name in names]
    for path, text in placed:
        if find_column(schema, text) is None:
            yield path, "column", text, columns
