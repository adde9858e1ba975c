"""The learners that a config may name for a table, and what each of them needs installed.

Takes names, gives nothing or a TableModel. ``trees`` and ``independent`` are our own; the others draw a pool of rows
that the model keeps as codes, so that a bundle holds arrays and never code. Never imports sdv itself.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import replace

from dbclone.errors import ConfigError
from dbclone.models.table import TableModel
from dbclone.models.work import Work

_SDV = "sdv:"


def check_learners(learners: Iterable[str]) -> None:
    """Raises ConfigError where a learner needs a library that is not there, before anything is read."""
    for name in sorted(set(learners)):
        if name.startswith(_SDV) and importlib.util.find_spec("sdv") is None:
            message = f'the learner "{name}" needs SDV, which is not installed.'
            raise ConfigError(message, hint='pip install "dbclone[sdv]"')


def with_pool(model: TableModel, work: Work, learner: str, seed: int) -> TableModel:
    """``model`` with the rows that ``learner`` drew for it, as it is where ``learner`` is one of our own.

    Raises ConfigError where its library is not installed.
    """
    if not learner.startswith(_SDV) or work.real:
        return model
    check_learners([learner])
    from dbclone.models.sdv import draw_pool

    return replace(model, pool=draw_pool(model, work, learner.removeprefix(_SDV), seed))
