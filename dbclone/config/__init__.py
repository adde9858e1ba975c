"""What a user can decide: dbclone.yaml and flags -> Config, and the tables it names.

Takes YAML and overrides, gives frozen values. Reports every problem at once, each with its line. Never prints.
"""

from dbclone.config.fields import LEARNERS, ColumnConfig, Config, ExtraKey
from dbclone.config.names import (
    check_names,
    find_column,
    match_tables,
    resolve_columns,
    resolve_learners,
    resolve_rows,
    resolve_tables,
)
from dbclone.config.reading import load_config
from dbclone.config.starter import TableFacts, starter_yaml

__all__ = [
    "LEARNERS",
    "ColumnConfig",
    "Config",
    "ExtraKey",
    "TableFacts",
    "check_names",
    "find_column",
    "load_config",
    "match_tables",
    "resolve_columns",
    "resolve_learners",
    "resolve_rows",
    "resolve_tables",
    "starter_yaml",
]
