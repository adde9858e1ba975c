"""Processes of this machine that make chunks: takes how many, gives an executor. Imported only where it is asked for.

A process takes a while to start; `dbclone.sample.executor` says when it is worth it.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor


class Processes(ProcessPoolExecutor):
    """Processes that start afresh (spawn), so that they share neither threads nor connections with this one."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, mp_context=multiprocessing.get_context("spawn"))
        self.workers = workers
