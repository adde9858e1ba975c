"""The dbclone.yaml that ``dbclone init`` writes: every key documented and switched off, then this source's tables.

Takes what an inspection found, gives YAML text that loads as the defaults. Never writes a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from dbclone.config.fields import Config

_EXAMPLES = {
    "rows": {"orders": 1000},
    "tables.include": ["orders", "customer*"],
    "tables.exclude": ["audit_*"],
    "tables.strategies": {"sessions": "empty"},
    "columns": {"customers.nickname": {"meaning": "user_name", "sensitive": True}},
    "keys.ignore": ["orders.legacy_id"],
    "keys.extra": [{"table": "logins", "columns": ["email"], "parent": "customers", "parent_columns": ["email"]}],
    "learners": {"audit_log": "independent"},
    "privacy.locale": "de_DE",
    "mask.key_file": "mask.key",
    "rules.off": ["orders.shipped_at >= orders.ordered_at"],
}


@dataclass(frozen=True)
class TableFacts:
    """What the comments say about a table; ``sensitive`` pairs a column with what its values are."""

    name: str
    rows: int
    strategy: str = "synthesize"
    sensitive: tuple[tuple[str, str], ...] = ()


def starter_yaml(source: str, tables: Sequence[TableFacts]) -> str:
    """A commented config for ``source``, whose text must hold no password."""
    lines = [
        f"# How dbclone clones {source}.",
        "# Every key is optional. A line that starts with # is switched off: it shows the default, or an example.",
        "",
        *_section(Config, "", ""),
        "# The tables of this source, and what would become of their rows:",
        *_table_lines(tables),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _section(section: type[BaseModel], prefix: str, indent: str) -> Iterator[str]:
    for key, info in section.model_fields.items():
        inner = info.annotation
        yield f"{indent}# {info.description}"
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield f"{indent}{key}:"
            yield from _section(inner, f"{prefix}{key}.", indent + "  ")
        else:
            value = _EXAMPLES.get(prefix + key, info.get_default(call_default_factory=True))
            yield f"{indent}# {key}: {_inline(value)}"
        if not indent:
            yield ""


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_inline(key)}: {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, str):
        return value if value.replace("_", "").replace(".", "").isalnum() else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def _table_lines(tables: Sequence[TableFacts]) -> Iterator[str]:
    width = max((len(table.name) for table in tables), default=0)
    for table in tables:
        found = ", ".join(f"{column} ({meaning})" for column, meaning in table.sensitive)
        tail = f"; sensitive: {found}" if found else ""
        yield f"#   {table.name:{width}}  {table.strategy}, {table.rows:,} rows{tail}"
