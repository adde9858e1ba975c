"""A clone as SDV makes it out of the box, for comparison: a Gaussian copula a table, keys drawn at random.

Takes a source that the score has read, gives a folder of Parquet files. Needs SDV 2; knows nothing of dbclone.
"""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

MOST_ROWS = 200_000


def has_sdv() -> bool:
    return importlib.util.find_spec("sdv") is not None


def clone_with_sdv(score: ModuleType, url: str, folder: Path, seed: int) -> None:
    """Writes ``TABLE.parquet`` for every table of the source, as many rows as there."""
    schema = score.schema(url)
    real = score.load(url, schema)
    rng = np.random.default_rng(seed)
    made: dict[str, pd.DataFrame] = {}
    for name, rows in real.items():
        keys = _key_columns(schema, name)
        columns = [column for column in rows if column not in keys and rows[column].notna().any()]
        made[name] = _values(rows[columns], len(rows)) if columns and len(rows) else pd.DataFrame(index=rows.index)
        for column in rows.columns.difference(columns):
            made[name][column] = None
        _number(schema, name, rows, made[name])
    _reference(schema, real, made, rng)
    for name, rows in real.items():
        made[name][list(rows.columns)].to_parquet(folder / f"{name}.parquet")


def _values(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """Columns that are no keys, learned and drawn by SDV with the types that it detects."""
    from sdv.metadata import Metadata
    from sdv.single_table import GaussianCopulaSynthesizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        learned = rows if len(rows) <= MOST_ROWS else rows.sample(MOST_ROWS, random_state=0)
        metadata = Metadata.detect_from_dataframes({"t": learned}, infer_keys=None)
        synthesizer = GaussianCopulaSynthesizer(metadata)
        synthesizer.fit({"t": learned.reset_index(drop=True)})
        drawn: pd.DataFrame = synthesizer.sample(num_rows=count)["t"]
    return drawn


def _key_columns(schema: dict[str, Any], name: str) -> set[str]:
    own = {column for key in schema["fks"] if key["child"] == name for column in key["ccols"]}
    return own | set(schema["tables"][name]["pk"])


def _number(schema: dict[str, Any], name: str, rows: pd.DataFrame, made: pd.DataFrame) -> None:
    """Fresh values for the key columns that reference nothing: 1, 2, 3..., as texts where they are texts."""
    own = {column for key in schema["fks"] if key["child"] == name for column in key["ccols"]}
    for column in set(schema["tables"][name]["pk"]) - own:
        numbers = np.arange(1, len(rows) + 1)
        made[column] = numbers if pd.api.types.is_numeric_dtype(rows[column]) else [f"k{one}" for one in numbers]


def _reference(
    schema: dict[str, Any], real: dict[str, pd.DataFrame], made: dict[str, pd.DataFrame], rng: np.random.Generator
) -> None:
    """Random parents, as often NULL as in the source; keys to keys take as many rounds as they are deep."""
    waiting = list(schema["fks"])
    while waiting:
        open_columns = {(key["child"], column) for key in waiting for column in key["ccols"]}
        ready = [key for key in waiting if not any((key["parent"], column) in open_columns for column in key["pcols"])]
        for key in ready or waiting[:1]:
            child, parent = made[key["child"]], made[key["parent"]]
            if len(child) and len(parent):
                row = rng.integers(0, len(parent), len(child))
                null = rng.random(len(child)) < real[key["child"]][key["ccols"][0]].isna().mean()
                for column, referenced in zip(key["ccols"], key["pcols"], strict=True):
                    child[column] = parent[referenced].iloc[row].reset_index(drop=True).mask(null)
            waiting.remove(key)
