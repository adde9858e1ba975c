"""The door to SDV: one of its synthesizers learns the columns of one table jointly and draws a pool of rows.

Takes a table's rows in the making, gives the pool as codes of our own codecs, so that k holds and no pickle is needed.
The only file that imports sdv. Keys, uniqueness and cardinalities stay ours.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dbclone.errors import ModelError
from dbclone.models.table import Entry, Pool, TableModel
from dbclone.models.work import Work

Codes = npt.NDArray[np.uint8]
_SYNTHESIZERS = {
    "gaussian_copula": "GaussianCopulaSynthesizer",
    "ctgan": "CTGANSynthesizer",
    "tvae": "TVAESynthesizer",
    "copulagan": "CopulaGANSynthesizer",
}
_FEWEST_ROWS = 20
_POOL_ROWS = (1_000, 100_000)
# SDV's own 300 epochs take hours on large tables: networks see at most so many rows in all.
_ROWS_SEEN = 3_000_000
_EPOCHS = (5, 300)


def draw_pool(model: TableModel, work: Work, learner: str, seed: int) -> Pool | None:
    """Rows that SDV's ``learner`` drew after learning the table; None where there is nothing to learn jointly.

    Raises ModelError where SDV cannot learn the table; no value of a row is ever part of the message.
    """
    learned = [number for number, entry in enumerate(model.entries) if _is_shared(entry, work)]
    if len(learned) < 2 or work.rows < _FEWEST_ROWS:
        return None
    frame = pd.DataFrame({f"c{number}": _shown(model.entries[number], work) for number in learned})
    rows = int(np.clip(work.total, *_POOL_ROWS))
    try:
        with _silenced(), _seeded(seed):
            drawn = _drawn(learner, frame, rows)
    except Exception as error:  # noqa: BLE001 - SDV raises of everything, and its texts quote rows
        raise ModelError(
            f"SDV cannot learn {work.table.name} ({type(error).__name__}).",
            where=str(work.table.name),
            hint=f'name another learner for "{work.table.name}" under learners, such as trees.',
        ) from None
    codes = [_encoded(model.entries[number], drawn[f"c{number}"]) for number in learned]
    return Pool(tuple(learned), np.ascontiguousarray(np.stack(codes, axis=1)))


def _is_shared(entry: Entry, work: Work) -> bool:
    """True for a column of the table that varies."""
    if entry.role not in ("column", "length"):
        return False
    codes = _codes(entry, work)
    return bool((codes != codes[:1]).any())


def _codes(entry: Entry, work: Work) -> Codes:
    if entry.categories is not None:
        return work.categories[entry.name]
    assert entry.numbers is not None
    return entry.numbers.encode(work.numbers[entry.name])


def _is_exact(entry: Entry) -> bool:
    """True where each code is one value: SDV is better shown a category than a handful of numbers."""
    return entry.numbers is None or (not len(entry.numbers.bin_codes) and entry.numbers.size <= 32)


def _shown(entry: Entry, work: Work) -> npt.NDArray[Any]:
    """What SDV sees of a column: codes as categories (NULL is one of them), numbers between 0 and 1."""
    if _is_exact(entry):
        return _codes(entry, work).astype(str).astype(object)
    assert entry.numbers is not None
    return (work.numbers[entry.name] - entry.numbers.low) / _span(entry)


def _encoded(entry: Entry, drawn: pd.Series[Any]) -> Codes:
    if _is_exact(entry):
        return drawn.fillna("0").to_numpy().astype(np.uint8)
    assert entry.numbers is not None
    return entry.numbers.encode(drawn.to_numpy(np.float64) * _span(entry) + entry.numbers.low)


def _span(entry: Entry) -> float:
    assert entry.numbers is not None
    return max(entry.numbers.high - entry.numbers.low, 1e-9)


def _drawn(learner: str, frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """``rows`` rows of a synthesizer fitted to ``frame``."""
    from sdv import single_table
    from sdv.logging import disable_single_table_logger
    from sdv.metadata import Metadata

    kinds = {name: "numerical" if pd.api.types.is_float_dtype(frame[name]) else "categorical" for name in frame}
    columns = {name: {"sdtype": kind} for name, kind in kinds.items()}
    metadata = Metadata.load_from_dict({"tables": {"t": {"columns": columns}}, "relationships": []})
    settings: dict[str, Any] = {} if learner == "gaussian_copula" else {"epochs": _epochs(len(frame))}
    with disable_single_table_logger():
        synthesizer = getattr(single_table, _SYNTHESIZERS[learner])(metadata, **settings)
        synthesizer.fit({"t": frame})
        drawn: pd.DataFrame = synthesizer.sample(num_rows=rows)["t"]
    return drawn


def _epochs(rows: int) -> int:
    return int(np.clip(_ROWS_SEEN // max(1, rows), *_EPOCHS))


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """SDV draws from the global generators while it fits: they are seeded for it and put back as they were.

    One thread: sums in another order would give other rows, and small networks only wait for each other's threads.
    """
    import torch

    before = np.random.get_state()  # noqa: NPY002
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(before)  # noqa: NPY002
            torch.set_num_threads(threads)


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Only the command line prints, and what SDV advises nobody here can follow."""
    unheard = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(unheard), contextlib.redirect_stderr(unheard):
        warnings.simplefilter("ignore")
        yield
