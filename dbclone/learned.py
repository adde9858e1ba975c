"""A source once it is known: its schema, plan, profile, and the rows to learn from.

Takes an opened Source and a Config, gives a Learned or Arrow tables. Never fits a model and never writes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dbclone.config import Config, resolve_columns, resolve_tables
from dbclone.dialects import Source
from dbclone.errors import ConfigError
from dbclone.reshape import counterpart, drop_tables, with_keys
from dbclone.schema import ForeignKey, Plan, Schema, Strategy, TableName, make_plan

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from dbclone.models.work import Sample
    from dbclone.profile import ColumnOverride, Profile
    from dbclone.profile.evidence import Proposal
    from dbclone.profile.infer_pairs import PairProposal


_MASK_KEY = "DBCLONE_MASK_KEY"
_LEAST_SECRET = 16


class Telling(Protocol):
    """What reading tells while it works."""

    def stage(self, name: str) -> None: ...

    def advance(self, label: str, done: int, total: int | None) -> None: ...


@dataclass(frozen=True)
class Learned:
    """``schema`` is ``whole`` without the tables left out; ``rows`` counts each of its tables in full.

    ``unmade`` are keys of the source that the config ignores: the clone does not have them.
    """

    whole: Schema
    schema: Schema
    plan: Plan
    profile: Profile
    rows: Mapping[TableName, int]
    sample: Sample
    notes: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    pairs: tuple[PairProposal, ...] = ()
    unmade: frozenset[ForeignKey] = frozenset()


@dataclass(frozen=True)
class Asked:
    """A source's schema as the config wants it, and the undeclared keys and pairs that were found."""

    schema: Schema
    proposals: tuple[Proposal, ...] = ()
    pairs: tuple[PairProposal, ...] = ()


def asked_schema(source: Source, config: Config, progress: Telling) -> Asked:
    """The source's schema with the keys that the config adds, ignores or lets be inferred, and what was proposed.

    Raises ConfigError for every name of the config that the source does not hold.
    """
    whole = with_keys(source.schema(), config)
    if config.keys.extra or config.keys.infer:
        from dbclone.profile.infer_pairs import holders
        from dbclone.undeclared import check_asked, find_keys, find_pairs, with_pairs, with_proposals

        whole = check_asked(source, whole)
    if not config.keys.infer:
        return Asked(whole)
    progress.stage("Looking for undeclared keys")
    left_out = frozenset(name for name, one in resolve_tables(config, whole).items() if one is Strategy.SKIP)
    kept = drop_tables(whole, left_out)
    pairs = find_pairs(source, kept, ignore=config.keys.ignore)
    # What leads to several tables leads to none of them alone.
    led = [f"{table}.{column}" for table, column in holders(pairs)]
    proposals = find_keys(source, kept, ignore=[*config.keys.ignore, *led], tell=progress.advance)
    return Asked(with_pairs(with_proposals(whole, proposals), pairs), proposals, pairs)


def learn_schema(source: Source, config: Config, progress: Telling) -> Learned:
    """Introspection, plan, sample, profile and rules. Raises what `read_schema` does."""
    learned = read_schema(source, config, progress)
    if config.rules.enabled:
        progress.stage("Looking for rules")
    return with_rules(learned, config)


def read_schema(source: Source, config: Config, progress: Telling) -> Learned:
    """Introspection, plan, sample and profile, without the rules.

    Raises ConfigError where no table is left, SchemaError where the tables cannot be planned as asked.
    """
    from dbclone.dialects.counting import row_counts
    from dbclone.dialects.sampling import choose_families, read_tables
    from dbclone.models.work import Sample
    from dbclone.profile import learn_profile

    progress.stage("Reading the schema")
    found = asked_schema(source, config, progress)
    whole = found.schema
    asked = resolve_tables(config, whole)
    first = make_plan(whole, asked)
    left_out = frozenset(name for name, strategy in first.strategies if strategy is Strategy.SKIP)
    schema = drop_tables(whole, left_out)
    if whole.tables and not schema.tables:
        raise ConfigError(
            "no table is left to clone.", hint="loosen tables.include and tables.exclude, or name another source."
        )
    unmade = frozenset(source.schema().foreign_keys) - frozenset(whole.foreign_keys)
    ignored = [f"{key} is ignored, as keys.ignore asks: the clone does not have it" for key in sorted(unmade, key=str)]
    notes = (*_notes(schema), *_mask_notes(first, config), *ignored)
    names = [name for name in first.tables if first.strategy(name) is not Strategy.EMPTY]
    progress.stage("Reading rows")
    rows = row_counts(source, [table.name for table in schema])
    whole_tables = frozenset(name for name in names if first.strategy(name).is_real)
    families = choose_families(schema, rows, names, whole_tables, config.sample_rows, 0)
    tables = read_tables(source, schema, names, families, progress.advance)
    progress.stage("Profiling columns")
    with ThreadPoolExecutor(1) as aside:
        if source.sessions == 1:
            counting: Future[dict[ForeignKey, npt.NDArray[np.float64]]] = Future()
            counting.set_result(_children(source, schema, rows, tables))
        else:
            # The database counts meanwhile.
            counting = aside.submit(_children, source, schema, rows, tables)
        profile = learn_profile(
            schema,
            tables,
            {name: rows[name] for name in names},
            k=config.privacy.k,
            locale=config.privacy.locale,
            overrides=_overrides(config, schema),
        )
        children = counting.result()
    strategies = dict(asked)
    if config.tables.copy_reference:
        reference = [table.name for table in profile.tables if table.reference]
        strategies |= {name: Strategy.COPY for name in reference if name not in asked}
    plan = make_plan(whole, strategies)
    sample = Sample(tables, {name: rows[name] for name in tables}, children)
    return Learned(whole, schema, plan, profile, rows, sample, notes, found.proposals, found.pairs, unmade)


def with_rules(learned: Learned, config: Config) -> Learned:
    """The same with the rules that hold in the sample, and a note on each that is switched off but not there."""
    if not config.rules.enabled:
        return learned
    from dbclone.models.rules import rule_rows
    from dbclone.profile.rules import without
    from dbclone.profile.rules_mine import mine_rules

    profile, sample = learned.profile, learned.sample
    rules = mine_rules(rule_rows(learned.schema, sample.tables, sample.children), profile.by_name, profile.k)
    kept, unknown = without(rules, config.rules.off)
    notes = (f"rules.off names {name}, which is no rule here" for name in unknown)
    return replace(learned, profile=replace(profile, rules=kept), notes=(*learned.notes, *notes))


def real_rows(learned: Learned, config: Config) -> dict[TableName, pa.Table]:
    """The rows of copied and masked tables."""
    from dbclone.sample.texts import mask_columns

    secret = mask_secret(config) or secrets.token_bytes(32)
    result = {}
    for name, table in learned.sample.tables.items():
        strategy = learned.plan.strategy(name)
        if strategy is Strategy.COPY:
            result[name] = table
        elif strategy is Strategy.MASK:
            about, locale = learned.profile.table(name), learned.profile.locale
            result[name] = mask_columns(table, about, locale=locale, secret=secret)
    return result


def mask_secret(config: Config) -> bytes | None:
    """The secret that the user gave for masked values, in a file or in the environment; None where there is none.

    It never follows from the seed, which every clone's stamp publishes: guesses could then be tried out. Raises
    ConfigError where the file cannot be read or the secret is short enough to be guessed itself.
    """
    named, where = config.mask.key_file, _MASK_KEY
    if named is not None:
        where = f"mask.key_file {named}"
        try:
            secret = Path(named).read_bytes().strip()
        except OSError as error:
            hint = "make one with: openssl rand -hex 32"
            raise ConfigError(f"{where} cannot be read: {error.strerror}.", hint=hint) from None
    else:
        secret = os.environ.get(_MASK_KEY, "").strip().encode("utf-8", "surrogateescape")
    if not secret and named is None:
        return None
    if len(secret) < _LEAST_SECRET:
        raise ConfigError(
            f"{where} holds {len(secret)} bytes, and a secret of fewer than {_LEAST_SECRET} can be guessed.",
            hint="make one with: openssl rand -hex 32",
        )
    return secret


def read_like(
    source: Source, schema: Schema, config: Config
) -> tuple[dict[TableName, pa.Table], dict[TableName, int]]:
    """The rows of a clone's tables, and their number, under the names that ``schema`` gives them."""
    from dbclone.dialects.counting import row_counts
    from dbclone.dialects.sampling import choose_families, read_tables

    own = source.schema()
    rows = row_counts(source, [table.name for table in own])
    order = make_plan(own).tables
    families = choose_families(own, rows, order, frozenset(), config.sample_rows, 0)
    named = {counterpart(table.name, schema, own): table.name for table in schema}
    wanted = [name for name in order if name in named]
    tables = read_tables(source, own, wanted, families, _unheard)
    return {named[name]: table for name, table in tables.items()}, {named[name]: rows[name] for name in wanted}


def _unheard(label: str, done: int, total: int | None) -> None:
    """Progress that nobody hears."""


def _overrides(config: Config, schema: Schema) -> dict[str, ColumnOverride]:
    from dbclone.profile import ColumnOverride

    return {
        f"{table}.{column}": ColumnOverride(given.meaning, given.sensitive, given.role, given.locale)
        for (table, column), given in resolve_columns(config, schema).items()
    }


def _children(
    source: Source, schema: Schema, rows: Mapping[TableName, int], tables: Mapping[TableName, pa.Table]
) -> dict[ForeignKey, npt.NDArray[np.float64]]:
    """True numbers of children per sampled parent row, for keys whose children were only sampled."""
    import numpy as np

    from dbclone.dialects.sampling import count_families
    from dbclone.models.links import match_rows

    thinned = [
        key
        for key in schema.foreign_keys
        if key.table in tables and key.parent in tables and tables[key.table].num_rows < rows[key.table]
    ]
    result = {}
    for key, counted in count_families(source, thinned).items():
        parent = tables[key.parent]
        where = match_rows(
            [counted.column(name) for name in key.parent_columns], [parent.column(name) for name in key.parent_columns]
        )
        counts = np.asarray(counted.column("n")).astype(np.float64) if counted.num_rows else np.zeros(1)
        result[key] = np.where(where >= 0, counts[np.clip(where, 0, None)], 0.0)
    return result


def _mask_notes(plan: Plan, config: Config) -> tuple[str, ...]:
    """Says of masked tables that the seed alone will not bring them back. Raises ConfigError for a secret of no use."""
    masked = [str(name) for name, strategy in plan.strategies if strategy is Strategy.MASK]
    if not masked or mask_secret(config) is not None:
        return ()
    named = f"{', '.join(masked)}: masked with a random secret, so another run gives other values"
    return (f"{named} (mask.key_file or {_MASK_KEY} keeps them)",)


def _notes(schema: Schema) -> tuple[str, ...]:
    loose = [key for key in schema.foreign_keys if not key.validated]
    return tuple(f"{key} is not validated in the source: its rows may break it" for key in loose)
