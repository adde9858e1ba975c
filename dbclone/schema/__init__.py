"""Frozen values that describe a database: schema, foreign-key graph and plan. Pure: no database, no rows."""

from dbclone.schema.diff import Change, diff_schemas
from dbclone.schema.folded import flat_names, told_apart
from dbclone.schema.graph import Cut, Order, is_nullable, order_tables
from dbclone.schema.plan import Plan, Step, Strategy, make_plan
from dbclone.schema.table import (
    Check,
    Column,
    Exclusion,
    ForeignKey,
    Index,
    Pair,
    PairTarget,
    Partition,
    PrimaryKey,
    Schema,
    SchemaObject,
    Sequence,
    Table,
    TableName,
    Unique,
)
from dbclone.schema.types import Kind, Type

__all__ = [
    "Change",
    "Check",
    "Column",
    "Cut",
    "Exclusion",
    "ForeignKey",
    "Index",
    "Kind",
    "Order",
    "Pair",
    "PairTarget",
    "Partition",
    "Plan",
    "PrimaryKey",
    "Schema",
    "SchemaObject",
    "Sequence",
    "Step",
    "Strategy",
    "Table",
    "TableName",
    "Type",
    "Unique",
    "diff_schemas",
    "flat_names",
    "is_nullable",
    "make_plan",
    "order_tables",
    "told_apart",
]
