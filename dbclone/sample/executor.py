"""Where chunks are made: here, one after the other or in threads, or in processes of this machine.

Takes functions and their arguments, gives results in the order of the arguments. Any `concurrent.futures.Executor`
may be put in the place of these. Knows nothing of rows.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from dbclone.errors import ModelError

P = ParamSpec("P")
T = TypeVar("T")


class Serial(Executor):
    """Does at once what it is given, in the caller's own thread."""

    workers = 1

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Threads(ThreadPoolExecutor):
    """Threads of this process: the compiled loops and Arrow let go of the interpreter's lock."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, thread_name_prefix="dbclone-draw")
        self.workers = workers


def open_executor(workers: int) -> Executor:
    """``Threads`` on every core for one worker, else ``Processes``; 0 means one for every core that this process may
    use."""
    cores = _cores()
    count = workers or cores
    if count > 1:
        from dbclone.sample.processes import Processes

        return Processes(count)
    return Threads(cores) if cores > 1 else Serial()


def in_order(executor: Executor, function: Callable[..., T], tasks: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    """The results of ``function`` for each of ``tasks``, in their order; few more are made than were taken.

    Raises what the function raises, and ModelError where a process died.
    """
    ahead = getattr(executor, "workers", _cores())
    if ahead == 1:
        for task in tasks:
            yield executor.submit(function, *task).result()
        return
    waiting: deque[Future[T]] = deque()
    try:
        for task in tasks:
            waiting.append(executor.submit(function, *task))
            if len(waiting) > ahead + 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenExecutor:
        message = "a process that draws rows ended unexpectedly."
        raise ModelError(message, hint="was memory short? Try fewer workers or a smaller chunk_rows.") from None
    finally:
        for future in waiting:
            future.cancel()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
