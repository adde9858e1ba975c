"""What is said on stderr while a command runs.

Takes stages, counts and notes from the pipeline. Never writes to stdout.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dbclone.cli.words import without_passwords

if TYPE_CHECKING:
    from rich.progress import TaskID


class Progress:
    """Stages, what each is busy with, and notes. A terminal sees a bar that vanishes, a log one line a stage."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._quiet, self._verbose = quiet, verbose
        console = Console(stderr=True, highlight=False, quiet=quiet)
        stage, label = TextColumn("{task.description}", markup=False), TextColumn("{task.fields[label]}", markup=False)
        columns = (SpinnerColumn(), stage, BarColumn(), TimeElapsedColumn(), label)
        live = console.is_terminal and not quiet
        self._bars = Progress(*columns, console=console, transient=True, disable=not live)
        self._task: TaskID | None = None
        self._stage, self._label, self._since = "", "", 0.0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._close_stage(done=kind is None)
        self._bars.stop()

    def stage(self, name: str) -> None:
        self._close_stage()
        self._stage, self._label, self._since = without_passwords(name), "", time.monotonic()
        if self._bars.disable:
            self._say(name)
        self._task = self._bars.add_task(self._stage, total=None, label="")

    def advance(self, label: str, done: int, total: int | None) -> None:
        """``label`` is what the stage is busy with, ``done`` of ``total`` such things are behind it."""
        if self._verbose and label not in ("", self._label):
            self._say(f"  {label}", style="dim")
        self._label = label
        if self._task is not None:
            self._bars.update(self._task, completed=done, total=total, label=without_passwords(label))

    def note(self, text: str) -> None:
        self._say(f"Note: {text}", style="yellow")

    def _close_stage(self, *, done: bool = True) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
        if self._stage and done and (not self._bars.disable or self._verbose):
            self._say(f"{self._stage}  {time.monotonic() - self._since:.1f} s", style="dim")
        self._task, self._stage = None, ""

    def _say(self, text: str, style: str | None = None) -> None:
        if not self._quiet:
            self._bars.console.print(without_passwords(text), style=style, markup=False, soft_wrap=True)
