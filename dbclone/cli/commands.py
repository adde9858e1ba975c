"""The commands, one a stage. Takes arguments and options, calls the pipeline, hands its value to `words`."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import dbclone
from dbclone.cli.settings import DEFAULT_FILE, Given, settings
from dbclone.cli.words import fail, print_clone, print_json, show, shown, write_text
from dbclone.errors import DbcloneError

if TYPE_CHECKING:
    from dbclone.config import TableFacts
    from dbclone.report.inspection import Inspection


class _App(click.Group):
    """Turns every error into words and an exit code; nobody sees a traceback who did not ask for one."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except DbcloneError as error:
            fail(f"Error: {error}", error.exit_code)
        except KeyboardInterrupt:
            fail("Stopped. What was in the target before is still there.", 130)
        except Exception as error:  # noqa: BLE001 - the last line of defence
            fail(
                f"Error: this is a fault in dbclone: {type(error).__name__}: {error}\n\n"
                "Hint: run it again with DBCLONE_TRACEBACK=1 and report what it prints, with the schema if you may.",
                1,
            )

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click names it
        """In the order of the stages, not of the alphabet."""
        return list(self.commands)


_LEARNING = ("sample_rows", "workers", "include", "exclude", "copy_reference", "infer_keys", "learner", "k")
"""What a source is learned with."""


@click.group(cls=_App, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(dbclone.__version__, prog_name="dbclone")
def app() -> None:
    """Turn a database into a synthetic one of the same shape.

    \b
    Example:
      dbclone clone postgresql://localhost/shop shop.db
    """


def main() -> None:
    """The console script. Warnings of libraries are for developers: they are shown with python -W."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    # Nearly all that a run makes lives to its end: looking through it less often saves a tenth of a small clone's time.
    gc.set_threshold(50_000, 20, 20)
    try:
        app(prog_name="dbclone")
    except SystemExit as stop:
        # Every file and session is closed. The system takes memory back at once, where the interpreter goes through all
        # that was learned, half a second of a larger clone. If whoever read our words is gone, it knows what to say.
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
            if isinstance(stop.code, int):
                os._exit(stop.code)
        raise


@app.command()
@click.argument("source")
@click.argument("another", required=False, metavar="[TARGET]")
@click.option(
    "--graph", type=click.Choice(["mermaid", "dot", "svg"]), help="Only the graph of foreign keys, in this language."
)
@click.option("--rules", is_flag=True, help="Only the rules that hold in every row though no constraint says so.")
@click.option("--target", metavar="TARGET", help="The same as TARGET: an address, or just sqlite.")
@settings("include", "exclude", "copy_reference", "infer_keys", "sample_rows", "k")
def inspect(
    source: str, another: str | None, graph: str | None, rules: bool, target: str | None, given: Given
) -> None:
    """Show what a source holds, how it would be cloned and what a TARGET would lose.

    \b
    Example:
      dbclone inspect shop.db
      dbclone inspect shop.db --graph mermaid
      dbclone inspect legacy.db --infer-keys
      dbclone inspect shop.db --rules
      dbclone inspect postgresql://localhost/shop sqlite
    """
    from dbclone import pipeline
    from dbclone.report.diagram import dot, mermaid, svg
    from dbclone.report.inspection import (
        inspection_json,
        inspection_rules_json,
        inspection_rules_text,
        inspection_text,
    )

    with given.progress(silent=bool(graph)) as progress:
        found = pipeline.inspect(source, target or another, config=given.config(), progress=progress)
    if graph:
        click.echo({"mermaid": mermaid, "dot": dot, "svg": svg}[graph](found.schema))
    elif given.as_json:
        print_json(inspection_rules_json(found) if rules else inspection_json(found))
    else:
        show(inspection_rules_text(found) if rules else inspection_text(found))


@app.command()
@click.argument("source")
@click.option(
    "-o", "--output", default=DEFAULT_FILE, help=f'Where to write it, "-" for stdout. [default: {DEFAULT_FILE}]'
)
@click.option("--force", is_flag=True, help="Overwrite the file.")
@settings("sample_rows", "k")
def init(source: str, output: str, force: bool, given: Given) -> None:
    """Write a commented dbclone.yaml for a source.

    \b
    Example:
      dbclone init postgresql://localhost/shop
    """
    from dbclone import pipeline
    from dbclone.config import starter_yaml

    if output != "-" and Path(output).exists() and not force:
        raise click.ClickException(f"{output} is there already.\n\nHint: --force overwrites it, -o names another file.")
    with given.progress() as progress:
        found = pipeline.inspect(source, config=given.config(), progress=progress)
    facts = _table_facts(found)
    write_text(output, starter_yaml(shown(source), facts))
    if given.as_json and output != "-":
        print_json({"config": output, "tables": len(facts)})
    elif output != "-":
        click.echo(f"{output} describes the {len(facts)} tables of {shown(source)}; every key in it is switched off.")
        click.echo(f"Next: edit it, then dbclone clone {shown(source)} TARGET")


def _table_facts(found: Inspection) -> list[TableFacts]:
    from dbclone.config import TableFacts

    short = found.schema.short_names
    return [
        TableFacts(
            short[table.name],
            table.rows,
            found.plan.strategy(table.name).value,
            tuple((column.name, column.meaning or "text") for column in table.columns if column.sensitive),
        )
        for table in (found.profile.tables if found.profile else ())
    ]


@app.command()
@click.argument("source")
@click.option("-o", "--output", required=True, metavar="FILE", help="The bundle to write, x.dbclone.")
@click.option("--force", is_flag=True, help="Learn from a source that is itself a clone.")
@settings("seed", *_LEARNING, "grants")
def fit(source: str, output: str, force: bool, given: Given) -> None:
    """Learn a source and write what was learned to a bundle.

    \b
    Example:
      dbclone fit postgresql://localhost/shop -o shop.dbclone
    """
    from dbclone import pipeline

    with given.progress() as progress:
        bundle = pipeline.fit(source, config=given.config(), progress=progress, force=force)
        bundle.save(output)
    size = Path(output).stat().st_size
    if given.as_json:
        print_json({"bundle": output, "bytes": size})
    else:
        click.echo(f"{output} holds what was learned from {shown(source)} in {size / 1024:,.0f} KiB.")
        click.echo(f"Next: dbclone generate {output} TARGET")


@app.command()
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False))
@click.argument("target")
@settings("seed", "scale", "rows", "workers", "ddl", "grants", "replace")
def generate(bundle: str, target: str, given: Given) -> None:
    """Fill a target from a bundle, without its source.

    \b
    Example:
      dbclone generate shop.dbclone qa.db --scale 0.1
    """
    from dbclone import pipeline

    with given.progress() as progress:
        result = pipeline.generate(pipeline.load(bundle), target, config=given.config(), progress=progress)
    print_clone(result, bundle, target, f"verify {shown(target)} --against {bundle}", given.as_json)


@app.command()
@click.argument("source")
@click.argument("target")
@click.option("--force", is_flag=True, help="Learn from a source that is itself a clone.")
@click.option("--report", metavar="FILE", help="Compare afterwards and write an HTML page.")
@settings("seed", "scale", "rows", *_LEARNING, "ddl", "grants", "replace")
def clone(source: str, target: str, force: bool, report: str | None, given: Given) -> None:
    """Learn a source and fill a target: fit and generate in one.

    \b
    Example:
      dbclone clone shop.db shop-clone.db
      dbclone clone postgresql://localhost/shop postgresql://localhost/qa --scale 0.1
    """
    from dbclone import pipeline

    config = given.config()
    with given.progress() as progress:
        result = pipeline.clone(source, target, config=config, progress=progress, force=force)
        if report:
            from dbclone.report.html import html_page

            progress.stage("Comparing source and clone")
            write_text(report, html_page(pipeline.compare(source, target, config=config)))
    print_clone(result, source, target, f"compare {shown(source)} {shown(target)}", given.as_json)
    if report and not given.as_json:
        click.echo(f"Report: {report}")


@app.command()
@click.argument("target")
@click.option("--against", metavar="SOURCE", help="Also check the tables and constraints of this source or bundle.")
@settings("include", "exclude", "infer_keys")
def verify(target: str, against: str | None, given: Given) -> None:
    """Check that every constraint of a database holds; exit 1 if not.

    \b
    Example:
      dbclone verify shop-clone.db --against shop.db
    """
    from dbclone import pipeline
    from dbclone.report.render_text import integrity_text

    with given.progress() as progress:
        progress.stage(f"Checking {shown(target)}")
        result = pipeline.verify(target, against=against, config=given.config())
    if given.as_json:
        print_json(result)
    else:
        show(integrity_text(result))
    sys.exit(0 if result.ok else 1)


def _limits(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, float]:
    limits = {}
    for text in given:
        name, _, figure = text.rpartition("=")
        try:
            limits[name or "score"] = float(figure)
        except ValueError:
            raise click.BadParameter(f'"{text}" is neither a figure nor NAME=FIGURE.', ctx, param) from None
    return limits


def _bundle_first(ctx: click.Context, param: click.Parameter, text: str) -> str:
    """The path of a bundle; who gives the source first is told so."""
    if "://" in text:
        raise click.BadParameter(f"{shown(text)} is no bundle: name the bundle first, then the source.", ctx, param)
    return str(click.Path(exists=True, dir_okay=False).convert(text, param, ctx))


@app.command()
@click.argument("bundle", callback=_bundle_first)
@click.argument("source")
@settings()
def diff(bundle: str, source: str, given: Given) -> None:
    """Show what changed in a source since a bundle was fitted; exit 3 if it did.

    \b
    Example:
      dbclone diff shop.dbclone postgresql://localhost/shop
    """
    from dbclone import pipeline

    with given.progress() as progress:
        progress.stage(f"Reading the schema of {shown(source)}")
        changes = pipeline.diff(pipeline.load(bundle), source, config=given.config())
    if given.as_json:
        print_json({"same": not changes, "changes": [change.to_json() for change in changes]})
    elif not changes:
        click.echo(f"{shown(source)} has the schema that {bundle} was learned from.")
    else:
        for change in changes:
            click.echo(str(change))
        click.echo(f"Next: dbclone fit {shown(source)} -o {bundle}")
    sys.exit(3 if changes else 0)


@app.command()
@click.argument("source")
@click.argument("target")
@click.option("--html", metavar="FILE", help="Write an HTML page as well.")
@click.option("--detector", is_flag=True, help="Train a classifier to tell clone rows from source rows.")
@click.option(
    "--fail-under",
    multiple=True,
    metavar="[NAME=]FIGURE",
    callback=_limits,
    help="Exit 3 where the score, or the figure of that name, is lower.",
)
@settings("sample_rows", "include", "exclude", "infer_keys")
def compare(
    source: str,
    target: str,
    html: str | None,
    detector: bool,
    fail_under: dict[str, float],
    given: Given,
) -> None:
    """Show source and clone side by side.

    \b
    Example:
      dbclone compare shop.db shop-clone.db --html report.html
      dbclone compare shop.db shop-clone.db --fail-under 0.9 --fail-under card=0.95
    """
    from dbclone import pipeline
    from dbclone.report.render_text import comparison_text

    with given.progress() as progress:
        progress.stage("Comparing source and clone")
        result = pipeline.compare(source, target, config=given.config(), detector=detector)
        if html:
            from dbclone.report.html import html_page

            write_text(html, html_page(result))
    if given.as_json:
        print_json(result)
    else:
        show(comparison_text(result, verbose=given.verbose))
    if not result.ok:
        sys.exit(1)
    low = _below(result.fidelity.summary if result.fidelity else {}, fail_under)
    for text in low:
        click.echo(text, err=True)
    sys.exit(3 if low else 0)


def _below(figures: Mapping[str, float | None], limits: Mapping[str, float]) -> list[str]:
    unknown = sorted(set(limits) - set(figures))
    if unknown:
        raise click.UsageError(f"--fail-under knows no figure {unknown[0]}; it knows {', '.join(figures)}.")
    low = []
    for name, limit in limits.items():
        figure = figures[name]
        if figure is not None and figure < limit:
            low.append(f"{name} is {figure:.4f}, below {limit:g}.")
    return low
