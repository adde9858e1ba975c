"""The whole clone on one page: source -> Schema -> Profile -> Models -> rows -> target -> report.

Takes addresses and a Config, gives values. The only file that knows every stage. Never prints and never exits.
"""

from __future__ import annotations

import functools
import importlib
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dbclone import __version__
from dbclone.config import Config, load_config, resolve_learners, resolve_rows, resolve_tables
from dbclone.dialects import Address, Loss, Source, Stamp, Violation, open_source, parse_address
from dbclone.drift import drift_of, refuse_drifted
from dbclone.errors import ConfigError, IntegrityError, TargetError
from dbclone.learned import asked_schema, learn_schema, read_like, read_schema, real_rows, with_rules
from dbclone.losses import dialect_of, grants_lost, losses_in
from dbclone.reshape import asked_constraints, compare_schemas, counterparts, drop_tables
from dbclone.schema import Change, ForeignKey, Plan, Schema, Strategy, Table, TableName, make_plan

if TYPE_CHECKING:
    from dbclone.bundle import Bundle
    from dbclone.dialects import Ddl, Loader
    from dbclone.report import Comparison, IntegrityReport
    from dbclone.report.inspection import Inspection
    from dbclone.sample.demands import Ask
    from dbclone.sample.generate import Draw, Generator

__all__ = [
    "CloneResult",
    "Progress",
    "clone",
    "compare",
    "diff",
    "fit",
    "generate",
    "inspect",
    "load",
    "verify",
]


class Progress(Protocol):
    """What a run tells while it works."""

    def stage(self, name: str) -> None: ...

    def advance(self, label: str, done: int, total: int | None) -> None: ...

    def note(self, text: str) -> None: ...


class Silent:
    """Progress that nobody hears."""

    def stage(self, name: str) -> None: ...

    def advance(self, label: str, done: int, total: int | None) -> None: ...

    def note(self, text: str) -> None: ...


@dataclass(frozen=True)
class CloneResult:
    """A finished clone. ``rows`` by table, ``seconds`` by stage; ``violations`` are those the source has as well.

    ``copied`` tables hold the source's rows as they are, ``masked`` ones with their sensitive columns replaced.
    """

    target: str
    rows: Mapping[TableName, int]
    violations: tuple[Violation, ...]
    losses: tuple[Loss, ...]
    seconds: Mapping[str, float]
    bundle_hash: str
    seed: int
    scale: float
    copied: tuple[TableName, ...] = ()
    masked: tuple[TableName, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict."""
        return {
            "target": self.target,
            "rows": {str(name): rows for name, rows in self.rows.items()},
            "violations": [
                {"table": str(one.table), "kind": one.kind, "constraint": one.constraint, "rows": one.rows}
                for one in self.violations
            ],
            "losses": [{"kind": loss.kind, "name": loss.name, "fallback": loss.fallback} for loss in self.losses],
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "bundle": self.bundle_hash,
            "seed": self.seed,
            "scale": self.scale,
            "copied": [str(name) for name in self.copied],
            "masked": [str(name) for name in self.masked],
            "notes": list(self.notes),
        }


def load(path: str | Path) -> Bundle:
    """Opens a bundle.

    Raises BundleError where the file is none, is damaged, of a later format, or holds what a fit never writes.
    """
    from dbclone import bundle

    return bundle.load(path)


def inspect(
    source: str,
    target: str | None = None,
    *,
    config: Config | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Inspection:
    """What a source holds and how it would be cloned; with ``target`` also what would be lost there.

    ``target`` is an address, or the name of a kind of database (``sqlite``); nothing is opened there. ``settings`` are
    config keys (``sample_rows=...``). Raises ConnectError, SourceError, SchemaError or ConfigError.
    """
    from dbclone.report.inspection import Inspection

    config, progress = _config(config, settings), progress or Silent()
    wanted = None if target is None else dialect_of(target)
    with _opened(source, force=True) as opened:
        learned = learn_schema(opened, config, progress)
    losses = () if wanted is None else losses_in(learned.schema, wanted, config)
    known = learned.whole, learned.plan, learned.profile, learned.rows
    return Inspection(*known, losses, learned.notes, learned.proposals, learned.pairs)


def fit(
    source: str, *, config: Config | None = None, progress: Progress | None = None, force: bool = False, **settings: Any
) -> Bundle:
    """Learns a source.

    Raises StampedSource where the source is itself a clone, unless ``force``; ConnectError, SourceError or SchemaError
    where it cannot be read or planned.
    """
    config, progress = _config(config, settings), progress or Silent()
    _import_aside()
    with _opened(source, force=force) as opened:
        return _fit(opened, config, progress, {})


def diff(bundle: Bundle, source: str, *, config: Config | None = None, **settings: Any) -> tuple[Change, ...]:
    """What changed in the schema of ``source`` since ``bundle`` was fitted; nothing is learned and no row is read.

    Tables that the fit left out do not count. Raises SourceError where the source is of another kind of database.
    """
    with _opened(source, force=True) as opened:
        return drift_of(bundle.schema, bundle.strategies, opened, _config(config, settings))


def generate(
    bundle: Bundle, target: str, *, config: Config | None = None, progress: Progress | None = None, **settings: Any
) -> CloneResult:
    """Fills a target from a bundle, without its source.

    Raises TargetRefused where the target is not empty and no clone of ours, or a clone whose schema has gained what the
    bundle does not know; IntegrityError where a constraint breaks. The target is then as it was.
    """
    config, progress = _config(config, settings), progress or Silent()
    if not config.write.replace:
        refuse_drifted(bundle.schema, parse_address(target))
    return _generate(bundle, target, config, progress, {}, None)


def clone(
    source: str,
    target: str,
    *,
    config: Config | None = None,
    progress: Progress | None = None,
    force: bool = False,
    **settings: Any,
) -> CloneResult:
    """Learns a source and fills a target: ``fit`` and ``generate`` in one.

    Raises what they raise; whatever goes wrong, the target is as it was.
    """
    config, progress = _config(config, settings), progress or Silent()
    seconds: dict[str, float] = {}
    address = parse_address(target)
    _import_aside()
    with _opened(source, force=force) as opened:
        # The guard speaks before anything is learned, so that nobody waits for a refusal.
        _open_target(address, config, opened.identity).discard()
        bundle = _fit(opened, config, progress, seconds)
        return _generate(bundle, target, config, progress, seconds, opened.identity)


def verify(
    target: str, *, against: str | None = None, config: Config | None = None, **settings: Any
) -> IntegrityReport:
    """Checks every constraint of ``target``; with ``against`` (a source or a bundle) those of that schema.

    A folder or file of rows has no constraints of its own: ``against`` is needed there.
    """
    from dbclone.dialects.counting import row_counts, violations
    from dbclone.report import integrity_report

    config = _config(config, settings)
    address = parse_address(target)
    expected = None if against is None else _schema_of(against, config)
    if not address.is_database:
        if expected is None:
            raise ConfigError(
                f"{address} holds rows without constraints.", hint="add --against SOURCE or --against BUNDLE."
            )
        from dbclone.write.checking import check_files

        found, rows = check_files(address, expected)
        return integrity_report(expected, found, rows=rows)
    with _opened(target, force=True) as opened:
        own = opened.schema()
        found = violations(opened, own)
        rows = row_counts(opened, [table.name for table in own])
        if expected is None:
            return integrity_report(own, found, rows=rows, known=_excused(found, own))
        missing, shared = compare_schemas(expected, own)
        known = {(one.table, one.constraint) for one in found}
        more = tuple(one for one in violations(opened, shared) if (one.table, one.constraint) not in known)
    asked, unchecked = asked_constraints(expected, own)
    counted = {name: rows[there] for name, there in counterparts(expected, own).items()}
    excused = _excused((*found, *more), own, shared)
    return integrity_report(asked, (*missing, *found, *more), rows=counted, known=excused, unchecked=unchecked)


def compare(
    source: str, target: str, *, config: Config | None = None, detector: bool = False, **settings: Any
) -> Comparison:
    """Source and clone side by side: integrity, fidelity per table, column and key, copies."""
    from dbclone.report import Comparison, RunFacts, compare_tables
    from dbclone.report.rules import count_rules

    config = _config(config, settings)
    address = parse_address(target)
    with _opened(source, force=True) as opened:
        left = learn_schema(opened, config, Silent())
        if address.is_database:
            with _opened(target, force=True) as other:
                tables, rows = read_like(other, left.schema, config)
                stamp = other.stamp
        else:
            from dbclone.write.checking import read_files

            tables, stamp = read_files(address, left.schema)
            rows = {name: table.num_rows for name, table in tables.items()}
    fidelity = compare_tables(
        left.schema,
        dict(left.sample.tables),
        tables,
        source_rows=left.rows,
        clone_rows=rows,
        seed=config.seed,
        k=config.privacy.k,
        public={one.name: frozenset(c.name for c in one.columns if c.public) for one in left.profile.tables},
        sensitive={one.name: frozenset(c.name for c in one.columns if c.sensitive) for one in left.profile.tables},
        detector=detector,
    )
    sampled = {name: tables[name].num_rows < rows[name] for name in tables}
    kept = count_rules(left.profile.rules, left.schema, dict(left.sample.tables), tables, sampled=sampled)
    integrity = verify(target, against=None if address.is_database else source, config=config)
    facts = RunFacts(
        source=opened.address.display,
        target=address.display,
        seed=stamp.seed if stamp else None,
        bundle=stamp.bundle if stamp else "",
        version=stamp.version if stamp else "",
        time=stamp.time if stamp else "",
        strategies=tuple((name, one.value) for name, one in left.plan.strategies if one is not Strategy.SYNTHESIZE),
    )
    return Comparison(integrity=integrity, fidelity=fidelity, rules=kept, facts=facts, schema=left.schema)


# -- the stages -------------------------------------------------------------------------------------------------------


def _fit(source: Source, config: Config, progress: Progress, seconds: dict[str, float]) -> Bundle:
    from dbclone.bundle import Bundle
    from dbclone.models.compiled import telling_of_compilation
    from dbclone.models.learn import learn
    from dbclone.models.learners import check_learners
    from dbclone.models.trees import Growth

    check_learners([config.learner, *config.learners.values()])
    with _timed(seconds, "read"):
        learned = read_schema(source, config, progress)
    strategies = dict(learned.plan.strategies)
    left_out = frozenset(name for name, strategy in strategies.items() if strategy is Strategy.SKIP)
    progress.stage("Learning")
    with telling_of_compilation(progress.note), _timed(seconds, "learn"), ThreadPoolExecutor(2) as aside:
        # Models know of no rules: both are looked for at a time, and a database of several sessions dumps its DDL.
        looking = aside.submit(with_rules, learned, config)
        dump = functools.partial(_dump, source, left_out, learned.unmade, config)
        dumping = aside.submit(dump) if source.sessions > 1 else None
        models, codes = learn(
            learned.schema,
            learned.plan,
            learned.profile,
            learned.sample,
            learner=config.learner,
            learners=resolve_learners(config, learned.schema),
            growth=Growth(k=config.privacy.k),
            progress=progress.advance,
        )
        real = real_rows(learned, config)
        learned = looking.result()
    with _timed(seconds, "ddl"):
        ddl = dump() if dumping is None else dumping.result()
    return Bundle(
        schema=learned.schema,
        profile=learned.profile,
        models=models,
        strategies=strategies,
        rows=dict(learned.rows),
        real=real,
        codes=codes,
        ddl=ddl,
        source_identity=source.identity,
        notes=learned.notes,
    )


def _generate(
    bundle: Bundle, target: str, config: Config, progress: Progress, seconds: dict[str, float], identity: str | None
) -> CloneResult:
    from dbclone.models.compiled import telling_of_compilation
    from dbclone.sample.generate import Draw
    from dbclone.write.background import BackgroundLoading
    from dbclone.write.limits import Limits

    address = parse_address(target)
    loader = _open_target(address, config, identity)
    tables = bundle.schema.tables
    try:
        plan = make_plan(bundle.schema, {name: bundle.strategies[name] for name in bundle.schema.by_name})
        draw = Draw(config.seed, config.scale, resolve_rows(config, bundle.schema), config.chunk_rows)
        with telling_of_compilation(progress.note), _generator(bundle, plan, draw, config.workers) as generator:
            progress.stage("Making the tables")
            with _timed(seconds, "create"):
                losses = loader.create(bundle.schema, _asked_ddl(bundle, config))
            limits = Limits(bundle.schema, loader.holds)
            with BackgroundLoading(loader) as loading:
                progress.stage("Drawing rows")
                with _timed(seconds, "draw"):
                    generator.fill(
                        progress.advance,
                        lambda name: loading.add(
                            table := bundle.schema.table(name), limits.batches(table, generator.batches(name))
                        ),
                        _asking(loader),
                    )
                progress.stage("Writing rows")
                with _timed(seconds, "write"):
                    loaded = loading.finish(lambda done: progress.advance("tables", done, len(tables)))
        progress.stage("Adding constraints and checking them")
        with _timed(seconds, "constrain"), ThreadPoolExecutor(1) as aside:
            # The database works alone here; the bundle's hash takes its time, too.
            stamp = aside.submit(_stamp, bundle, config)
            violations = loader.finish()
        # Some learn only then what the target cannot have.
        losses = (*getattr(loader, "losses", losses), *limits.losses, *grants_lost(bundle.ddl, address, config))
        if violations:
            raise _broken(violations)
        loader.publish(stamp.result())
    except BaseException:
        loader.discard()
        raise
    return CloneResult(
        target=address.display,
        rows={table.name: loaded.get(table.name, 0) for table in tables},
        violations=violations,
        losses=losses,
        seconds=seconds,
        bundle_hash=bundle.hash,
        seed=config.seed,
        scale=config.scale,
        copied=tuple(name for name, strategy in sorted(bundle.strategies.items()) if strategy is Strategy.COPY),
        masked=tuple(name for name, strategy in sorted(bundle.strategies.items()) if strategy is Strategy.MASK),
        notes=(*bundle.notes, *generator.notes),
    )


# -- parts of the stages ----------------------------------------------------------------------------------------------


def _dump(source: Source, left_out: frozenset[TableName], unmade: frozenset[ForeignKey], config: Config) -> Ddl | None:
    """The source's own DDL, None where the config wants none of it."""
    return source.ddl(left_out, unmade, grants=config.write.grants) if config.write.ddl == "native" else None



_SLOW = "numba", "pandas", "sqlglot"


def _import_aside() -> None:
    """Imports what takes longest in a thread, while the database answers the first questions.

    Other people's libraries alone: two threads that import ours could meet in the middle.
    """
    threading.Thread(target=lambda: [importlib.import_module(name) for name in _SLOW], daemon=True).start()


def _config(config: Config | None, settings: Mapping[str, Any]) -> Config:
    if config is None:
        return load_config(None, settings)
    return config if not settings else load_config(None, {**config.model_dump(exclude_unset=True), **settings})


@contextmanager
def _opened(text: str, *, force: bool) -> Iterator[Source]:
    source = open_source(parse_address(text), force=force)
    try:
        yield source
    finally:
        source.close()


@contextmanager
def _generator(bundle: Bundle, plan: Plan, draw: Draw, workers: int) -> Iterator[Generator]:
    """A generator in a run folder of its own. Its workers read the bundle from that folder."""
    from dbclone.sample.executor import open_executor
    from dbclone.sample.generate import Generator

    with tempfile.TemporaryDirectory(prefix="dbclone-") as place, open_executor(workers) as executor:
        folder, kept = Path(place), Path(place) / "learned.dbclone"
        if workers != 1:
            bundle.save(kept)
        learned = bundle.schema, plan, bundle.profile, bundle.models, bundle.real, bundle.codes
        generator = Generator(*learned, draw, folder, executor=executor, reopen=functools.partial(load, kept))
        try:
            yield generator
        finally:
            generator.close()
            executor.shutdown(cancel_futures=True)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    seconds[stage] = seconds.get(stage, 0.0) + time.monotonic() - start


def _open_target(address: Address, config: Config, identity: str | None) -> Loader:
    from dbclone.write import open_target

    if address.dialect == "bundle":
        raise TargetError(
            f"{address} is a bundle, not a target.", hint=f"write a bundle with: dbclone fit SOURCE -o {address}"
        )
    return open_target(address, source_identity=identity, replace=config.write.replace, ddl_mode=config.write.ddl)


def _asked_ddl(bundle: Bundle, config: Config) -> Ddl | None:
    """The bundle's DDL; who may do what is only granted where the config says so, whoever made the bundle."""
    return bundle.ddl if bundle.ddl is None or config.write.grants else replace(bundle.ddl, grants="")


def _asking(loader: Loader) -> Ask | None:
    """How the target's own database is asked about rows, None where it cannot be."""
    from dbclone.sample.demands import Told

    evaluate = getattr(loader, "evaluate", None)

    def ask(table: Table, expression: str, columns: Mapping[str, Any]) -> Told | None:
        found = evaluate(table, expression, columns) if evaluate is not None else None
        return None if found is None else Told(*found)

    return None if evaluate is None else ask


def _excused(found: tuple[Violation, ...], *schemas: Schema) -> tuple[Violation, ...]:
    """What breaks a constraint that is NOT VALID: its database never said that every row keeps it."""
    tables = [table for schema in schemas for table in schema]
    loose = {(table.name, one.name) for table in tables for one in table.checks if not one.validated}
    loose |= {(key.table, key.name) for schema in schemas for key in schema.foreign_keys if not key.validated}
    return tuple(one for one in found if (one.table, one.constraint) in loose)


def _schema_of(text: str, config: Config) -> Schema:
    address = parse_address(text)
    if address.dialect == "bundle":
        return load(address.path or text).schema
    with _opened(text, force=True) as opened:
        whole = asked_schema(opened, config, Silent()).schema
    return drop_tables(whole, frozenset(n for n, s in resolve_tables(config, whole).items() if s is Strategy.SKIP))


def _broken(violations: tuple[Violation, ...]) -> IntegrityError:
    first = violations[0]
    listed = "; ".join(f"{one.table}: {one.kind} {one.constraint} ({one.rows:,} rows)" for one in violations[:10])
    return IntegrityError(
        f"the clone breaks {len(violations)} constraint{'s' if len(violations) > 1 else ''}"
        f" and was thrown away: {listed}",
        where=str(first.table),
        hint=f'give {first.table} the strategy "mask", "empty" or "skip" under tables.strategies,'
        " and report this schema.",
    )


def _stamp(bundle: Bundle, config: Config) -> Stamp:
    return Stamp(__version__, bundle.hash, config.seed, datetime.now(UTC).isoformat(timespec="seconds"))
