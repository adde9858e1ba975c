"""The options that lay over dbclone.yaml, each defined once: flag, help and the config key it sets.

Takes what click parsed, gives a Config. Never prints.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbclone.cli.progress import Progress

if TYPE_CHECKING:
    from dbclone.config import Config

Command = Callable[..., None]
DEFAULT_FILE = "dbclone.yaml"


def _pairs(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, int]:
    pairs = {}
    for text in given:
        name, equals, rows = text.rpartition("=")
        if not equals or not name or not rows.replace("_", "").isdigit():
            raise click.BadParameter(f'"{text}" is not TABLE=N.', ctx, param)
        pairs[name] = int(rows)
    return pairs


SETTINGS: dict[str, tuple[tuple[str, ...], Callable[[Command], Command]]] = {
    "seed": (("seed",), click.option("--seed", type=int, help="Same source, same seed: same bytes. [default: 0]")),
    "scale": (
        ("scale",),
        click.option("--scale", type=float, help="Rows of the clone for each row of the source. [default: 1]"),
    ),
    "rows": (
        ("rows",),
        click.option("--rows", multiple=True, metavar="TABLE=N", callback=_pairs, help="Rows wanted in one table."),
    ),
    "sample_rows": (
        ("sample_rows",),
        click.option(
            "--sample-rows", type=int, metavar="N", help="At most so many rows of a table are read. [default: 200000]"
        ),
    ),
    "workers": (
        ("workers",),
        click.option("--workers", type=int, metavar="N", help="Processes at a time, 0 for every core. [default: 1]"),
    ),
    "include": (
        ("tables", "include"),
        click.option("--include", multiple=True, metavar="TABLE", help="Only these tables; globs such as 'order*'."),
    ),
    "exclude": (
        ("tables", "exclude"),
        click.option("--exclude", multiple=True, metavar="TABLE", help="Not these tables; globs such as 'audit_*'."),
    ),
    "copy_reference": (
        ("tables", "copy_reference"),
        click.option(
            "--copy-reference/--no-copy-reference",
            default=None,
            help="Copy small tables of reference data, or synthesize them too. [default: copy]",
        ),
    ),
    "infer_keys": (
        ("keys", "infer"),
        click.option("--infer-keys", is_flag=True, default=None, help="Use foreign keys that no constraint declares."),
    ),
    "learner": (
        ("learner",),
        click.option("--learner", metavar="NAME", help="What learns the tables. [default: trees]"),
    ),
    "k": (
        ("privacy", "k"),
        click.option("--k", type=int, help="A value leaves only where so many rows share it. [default: 5]"),
    ),
    "ddl": (
        ("write", "ddl"),
        click.option("--ddl", type=click.Choice(["native", "sqlalchemy"]), help="Whose DDL makes the target."),
    ),
    "grants": (
        ("write", "grants"),
        click.option(
            "--grants/--no-grants", default=None, help="Grant what the source grants, from PostgreSQL to PostgreSQL."
        ),
    ),
    "replace": (
        ("write", "replace"),
        click.option("--replace", is_flag=True, default=None, help="Replace a target that is not empty."),
    ),
}


@dataclass(frozen=True)
class Given:
    """What the options of every command say."""

    file: str | None
    as_json: bool
    quiet: bool
    verbose: bool
    options: Mapping[str, Any]

    def config(self) -> Config:
        return read_config(self.file, self.options)

    def progress(self, *, silent: bool = False) -> Progress:
        return Progress(quiet=self.quiet or silent, verbose=self.verbose)


def settings(*names: str) -> Callable[[Command], Command]:
    """Gives a command the options of these settings, of --config and of how much to say, as its argument ``given``."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def gathered(*, file: str | None, as_json: bool, quiet: bool, verbose: bool, **rest: Any) -> None:
            options = {name: rest.pop(name) for name in names}
            command(**rest, given=Given(file, as_json, quiet, verbose, options))

        result: Command = gathered
        result = click.option("-v", "--verbose", is_flag=True, help="Say more about what happens.")(result)
        result = click.option("-q", "--quiet", is_flag=True, help="No progress, only errors and the result.")(result)
        result = click.option("--json", "as_json", is_flag=True, help="The result as JSON.")(result)
        for name in reversed(names):
            result = SETTINGS[name][1](result)
        where = f"The config file. [default: ./{DEFAULT_FILE} if there is one]"
        return click.option("-c", "--config", "file", type=click.Path(dir_okay=False), help=where)(result)

    return decorate


def read_config(file: str | None, options: Mapping[str, Any]) -> Config:
    """The file with the flags laid over it; a flag that was not given changes nothing."""
    from dbclone.config import load_config

    overrides: dict[str, Any] = {}
    for name, given in options.items():
        if given is None or given in ((), {}):
            continue
        *sections, key = SETTINGS[name][0]
        place = overrides
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = list(given) if isinstance(given, tuple) else given
    if file is None and Path(DEFAULT_FILE).is_file():
        file = DEFAULT_FILE
    return load_config(file, overrides)
