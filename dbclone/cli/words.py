"""What is said of results and errors.

Takes values, prints text or JSON on stdout and errors on stderr. Never shows a password.
"""

from __future__ import annotations

import json
import os
import re
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dbclone.pipeline import CloneResult

_PIPE_WIDTH = 120


def fail(message: str, code: int) -> NoReturn:
    """Says what went wrong, with the traceback for those who ask for it, and exits."""
    if os.environ.get("DBCLONE_TRACEBACK"):
        click.echo(without_passwords(traceback.format_exc()), err=True)
    click.echo(without_passwords(message), err=True)
    raise SystemExit(code)


def without_passwords(text: str) -> str:
    """The last fence: errors of ours hold no password, but those of a library may."""
    text = re.sub(r"(://[^\s:/@]*):\S*@", r"\1:***@", text)
    return re.sub(r"(?i)\b((?:ssl)?password|passwd|pwd)=[^&;\s]+", r"\1=***", text)


def show(result: RenderableType) -> None:
    """Prints a table or text as wide as the terminal, in a pipe always equally wide."""
    from rich.console import Console

    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)).print(result)


def print_json(result: Any) -> None:
    """Prints a value, through its ``to_json`` where it has one."""
    data = result.to_json() if hasattr(result, "to_json") else result
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def write_text(path: str, text: str) -> None:
    """Writes a file, or stdout where ``path`` is "-"."""
    if path == "-":
        click.echo(text, nl=False)
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from None


def shown(address: str) -> str:
    """An address as it may be shown."""
    from dbclone.dialects.address import parse_address

    return parse_address(address).display


def print_clone(result: CloneResult, source: str, target: str, follow: str, as_json: bool) -> None:
    """What a clone holds, what it lost, and the command that may ``follow``."""
    if as_json:
        print_json(result)
        return
    rows = sum(result.rows.values())
    seconds = sum(result.seconds.values())
    click.echo(
        f"{shown(target)} is a clone of {shown(source)}: {len(result.rows)} tables, {rows:,} rows, "
        f"seed {result.seed}, {seconds:.1f} s."
    )
    if result.copied:
        click.echo(f"Copied as they are: {', '.join(map(str, result.copied))}.")
    if result.masked:
        click.echo(f"Masked: {', '.join(map(str, result.masked))}.")
    for loss in result.losses:
        click.echo(f"Lost: {loss.kind} {loss.name}: {loss.fallback}")
    for note in result.notes:
        click.echo(f"Note: {note}")
    for one in result.violations:
        click.echo(f"Broken as in the source: {one.table} {one.kind} {one.constraint}: {one.rows:,} rows")
    click.echo("Every other constraint holds." if result.violations else "Every constraint holds.")
    click.echo(f"Next: dbclone {follow}")
