"""Learns a whole profile: roles, meanings, makers, reference tables and the locale.

Takes a Schema and sampled rows as Arrow tables, gives a Profile. Reads no database; the Profile holds no value that
fewer than k rows share.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from dbclone.errors import ConfigError
from dbclone.profile.checks import lists_of_children
from dbclone.profile.clear import with_clear
from dbclone.profile.documents import has_sensitive
from dbclone.profile.drawn import with_drawn
from dbclone.profile.facts import Facts, count_column
from dbclone.profile.groups import group_columns
from dbclone.profile.locales import detect_locale
from dbclone.profile.makers import choose_maker
from dbclone.profile.meanings import Meaning, is_public, meaning_of
from dbclone.profile.reference import judge_reference
from dbclone.profile.roles import completes_key, is_unique, judge_role
from dbclone.profile.value import ColumnProfile, Maker, Profile, Role, TableProfile
from dbclone.schema import Column, Kind, Schema, Table, TableName, Unique

_CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.\w{2,}|\+\d[\d ()-]{8,}\d|\(\d{3}\) ?\d{3}-\d{4}")
_HIDDEN_CONTACTS = 0.02
"""Share of texts with an e-mail address or a phone number in them that makes the whole column sensitive."""


@dataclass(frozen=True)
class ColumnOverride:
    """What the user says of a column; None leaves it to the profile. ``role`` is a Role's value."""

    meaning: str | None = None
    sensitive: bool | None = None
    role: str | None = None
    locale: str | None = None


@dataclass(frozen=True)
class _Judged:
    """One column between counting and its profile."""

    table: Table
    column: Column
    facts: Facts
    meaning: Meaning
    role: Role
    reason: str
    sensitive: bool
    override: ColumnOverride

    def judge(self, facts: Facts, k: int) -> tuple[Role, str]:
        """Its role, and why, by ``facts``."""
        return judge_role(self.table, self.column, facts, self.meaning, k, sensitive=self.sensitive)


def learn_profile(
    schema: Schema,
    tables: Mapping[TableName, pa.Table],
    rows: Mapping[TableName, int],
    *,
    k: int = 5,
    locale: str | None = None,
    overrides: Mapping[str, ColumnOverride] = {},
) -> Profile:
    """Judges every column of every table.

    ``tables`` are sampled rows (a table that is missing counts as empty), ``rows`` the whole tables' counts; the keys
    of ``overrides`` are ``table.column`` or ``schema.table.column``. Raises ConfigError where one cannot be followed.
    """
    wanted = _resolve(schema, overrides)
    schema = lists_of_children(_with_telling(schema, tables))
    judged: dict[TableName, list[_Judged]] = {}
    for table in schema:
        sample = tables.get(table.name)
        judged[table.name] = [
            _judge(table, column, sample, k, wanted.get((table.name, column.name), ColumnOverride()))
            for column in table.columns
        ]
    _vouch(judged, k)
    found = locale or detect_locale([(item.meaning, item.facts) for items in judged.values() for item in items])
    profiles = {}
    for table in schema:
        roles = {item.column.name: item.role for item in judged[table.name]}
        columns = tuple(_finish(table, item, roles, k) for item in judged[table.name])
        columns = group_columns(columns, {item.column.name: item.meaning for item in judged[table.name]})
        sample = tables.get(table.name)
        sampled = sample.num_rows if sample is not None else 0
        profiles[table.name] = TableProfile(table.name, rows.get(table.name, sampled), sampled, columns)
    profiles = _inherit(schema, profiles)
    for name, (reference, reason) in judge_reference(schema, profiles).items():
        profiles[name] = replace(profiles[name], reference=reference, reference_reason=reason)
    return Profile(tuple(profiles[table.name] for table in schema), found, k)


def _resolve(schema: Schema, overrides: Mapping[str, ColumnOverride]) -> dict[tuple[TableName, str], ColumnOverride]:
    resolved = {}
    for text, override in overrides.items():
        table, _, column = text.rpartition(".")
        name = schema.find(table)
        if name is None or column not in schema.table(name).by_name:
            raise ConfigError(
                f'columns names "{text}", which the source does not have.',
                where=text,
                hint='write it as "table.column" or "schema.table.column".',
            )
        kind = schema.table(name).column(column).type
        if override.role == Role.TEXT and kind.storage not in ("string", "binary"):
            raise ConfigError(
                f'columns gives {text} the role "text", but it is of type {kind.sql}.',
                where=text,
                hint='leave "role" out; "sensitive: true" is enough to keep its rare values from leaving.',
            )
        resolved[name, column] = override
    return resolved


def _with_telling(schema: Schema, tables: Mapping[TableName, pa.Table]) -> Schema:
    """The schema in which what an undeclared key references is unique, as it is in the rows though no constraint
    says so."""
    wanted = {(key.parent, key.parent_columns) for key in schema.foreign_keys if key.inferred}
    added: dict[TableName, list[Unique]] = {}
    for name, columns in sorted(wanted):
        sample = tables.get(name)
        if len(columns) > 1 or sample is None or name not in schema or columns in schema.table(name).unique_sets:
            continue
        values = sample.column(columns[0])
        if len(values) and not values.null_count and pc.count_distinct(values).as_py() == len(values):
            added.setdefault(name, []).append(Unique(columns, is_constraint=False))
    changed = (replace(table, uniques=(*table.uniques, *added.get(table.name, ()))) for table in schema)
    return replace(schema, tables=tuple(changed)) if added else schema


def _judge(table: Table, column: Column, sample: pa.Table | None, k: int, override: ColumnOverride) -> _Judged:
    facts = Facts(0, 0, 0) if sample is None else count_column(sample.column(column.name), k)
    if override.meaning is not None:
        meaning = Meaning(override.meaning, "the config says so")
    else:
        meaning = meaning_of(table.name.name, column.name, column.type, facts)
        if not meaning.sensitive and column.type.kind is Kind.TEXT and _holds_contacts(facts):
            meaning = replace(meaning, reason="its texts hold e-mail addresses or phone numbers", exposed=True)
    sensitive = meaning.sensitive if override.sensitive is None else override.sensitive
    role, reason = judge_role(table, column, facts, meaning, k, sensitive=sensitive)
    fixed = role in (Role.COMPUTED, Role.FOREIGN)
    if override.role is not None and not fixed:
        role, reason = Role(override.role), "the config says so"
    return _Judged(table, column, facts, meaning, role, reason, sensitive, override)


def _vouch(judged: dict[TableName, list[_Judged]], k: int) -> None:
    """Judges columns again whose rare values k rows of another column share that means the same: a city, a job."""
    words: dict[str, set[str]] = {}
    for items in judged.values():
        for item in items:
            if item.role is Role.CODED and item.meaning.name is not None and not item.sensitive:
                words.setdefault(item.meaning.name, set()).update(item.facts.shared(k))
    for items in judged.values():
        for place, item in enumerate(items):
            known = words.get(item.meaning.name or "")
            open_ = item.role in (Role.CODED, Role.TEXT) and item.override.role is None and not item.sensitive
            if not known or not open_:
                continue
            facts = item.facts.vouched_by(frozenset(known), k)
            if facts is not item.facts:
                role, reason = item.judge(facts, k)
                items[place] = replace(item, facts=facts, role=role, reason=reason)


def _holds_contacts(facts: Facts) -> bool:
    some = facts.checked[:500]
    return bool(some) and sum(_CONTACT.search(text) is not None for text in some) > _HIDDEN_CONTACTS * len(some)


def _finish(table: Table, judged: _Judged, roles: dict[str, Role], k: int) -> ColumnProfile:
    column, facts, meaning = judged.column, judged.facts, judged.meaning
    sensitive, reason = judged.sensitive, judged.reason
    unique = is_unique(table, column) or completes_key(table, column, roles)
    maker = None
    if judged.role in (Role.TEXT, Role.CODED) and column.type.storage in ("string", "binary"):
        maker = choose_maker(table, column, facts, meaning, k, judged.override.locale)
        if judged.role is Role.TEXT and not unique:
            maker = with_drawn(maker)
        if judged.override.sensitive is None and has_sensitive(maker.settings.get("root")):
            sensitive, reason = True, "sensitive: its documents hold names, contacts or keys"
        if sensitive and column.type.storage == "string":
            maker = with_clear(maker, meaning.name, facts.every)
    listed = column.type.kind in (Kind.ENUM, Kind.BOOLEAN) or (maker is not None and maker.name == "labels")
    names_tables = any(column.name == pair.type_column for pair in table.pairs)
    return ColumnProfile(
        column.name,
        judged.role,
        meaning=meaning.name,
        sensitive=sensitive,
        public=listed or names_tables or is_public(meaning.name, facts, k),
        unique=unique,
        maker=maker,
        nulls=facts.null_share,
        distinct=facts.distinct,
        reason=reason,
        vouched=tuple(sorted(facts.vouched)) if judged.role is Role.CODED else (),
    )


def _inherit(schema: Schema, profiles: dict[TableName, TableProfile]) -> dict[TableName, TableProfile]:
    """A text that references a text means what that means, so that both are masked alike."""
    changed = dict(profiles)
    for _ in range(len(schema.tables)):
        before = dict(changed)
        for key in schema.foreign_keys:
            if key.parent not in changed:
                continue
            table, parent = changed[key.table], changed[key.parent]
            for own, theirs in zip(key.columns, key.parent_columns, strict=True):
                table = _adopt(table, own, parent.column(theirs))
            changed[key.table] = table
        if changed == before:
            break
    return changed


def _adopt(table: TableProfile, name: str, source: ColumnProfile) -> TableProfile:
    own = table.column(name)
    if own.role is not Role.FOREIGN or (own.meaning, own.sensitive) == (source.meaning, source.sensitive):
        return table
    maker = source.maker and Maker(source.maker.name, source.maker.settings | {"masked_unique": source.unique})
    adopted = replace(
        own, meaning=source.meaning, sensitive=source.sensitive, maker=maker if source.sensitive else None
    )
    return replace(table, columns=tuple(adopted if column is own else column for column in table.columns))
