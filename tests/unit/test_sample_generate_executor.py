"""Executors: results in order, few made ahead, and a process that dies is named for what it is."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from dbclone.errors import ModelError
from dbclone.sample.executor import Serial, Threads, in_order, open_executor
from dbclone.sample.processes import Processes


def twice(number: int) -> int:
    return 2 * number


def die(number: int) -> int:
    os._exit(number)


def test_one_worker_is_this_process() -> None:
    with open_executor(1) as executor:
        assert isinstance(executor, Serial | Threads)
        assert executor.submit(os.getpid).result() == os.getpid()


def test_no_number_means_every_core() -> None:
    with open_executor(0) as executor:
        assert isinstance(executor, Serial | Threads | Processes)


def test_results_are_made_one_at_a_time_where_one_works() -> None:
    taken = []

    def tasks() -> Iterator[tuple[int]]:
        for number in range(5):
            taken.append(number)
            yield (number,)

    results = in_order(Serial(), twice, tasks())
    assert [next(results), next(results)] == [0, 2]
    assert taken == [0, 1]


def test_processes_give_results_in_order_and_stay_little_ahead() -> None:
    taken = []

    def tasks() -> Iterator[tuple[int]]:
        for number in range(40):
            taken.append(number)
            yield (number,)

    with open_executor(2) as executor:
        results = in_order(executor, twice, tasks())
        assert next(results) == 0
        assert len(taken) <= 5
        assert list(results) == [2 * number for number in range(1, 40)]


def test_an_error_in_a_task_is_the_callers() -> None:
    with open_executor(2) as executor, pytest.raises(TypeError):
        list(in_order(executor, twice, [(1,), ()]))


def test_a_process_that_dies() -> None:
    with open_executor(2) as executor, pytest.raises(ModelError) as raised:
        list(in_order(executor, die, [(3,), (3,)]))
    assert str(raised.value) == (
        "a process that draws rows ended unexpectedly.\n\n"
        "Hint: was memory short? Try fewer workers or a smaller chunk_rows."
    )
