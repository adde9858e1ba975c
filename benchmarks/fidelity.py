"""How like its source each clone is, beside learners that know less, by a score that knows nothing of any of them.

    python benchmarks/fidelity.py postgresql://postgres@127.0.0.1/postgres [NAME...] [--learners trees,sdv] [--why]

Learners: ``trees`` (dbclone's default settings), ``independent`` (the same codes, no dependence at all), and ``sdv``
(SDV's Gaussian copula for each table as it detects it, keys drawn at random: its multi-table synthesizers take none of
these schemas), where SDV is installed. Gives one Markdown table on stdout; figures lie between 0 and 1, higher is
better, save c2st and c2st_agg: areas under the ROC curve of a classifier that tells source from clone, 0.5 is perfect.
``rows off`` is the largest deviation among tables of 100 rows and more.

``--why`` adds, for each clone, the columns that the classifier uses most: first those of single rows, then those of a
parent with the summaries of its children. A column's share counts for as much as its table's classifier succeeds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from databases import NAMES, bare, figure, load_score, parser, scratch, source, table
from sdv_tables import clone_with_sdv, has_sdv

import dbclone
from dbclone.errors import DbcloneError

FIGURES = ("shape50", "pair_tv", "card", "pc", "hop2", "c2st", "c2st_agg")
LEARNERS = ("trees", "independent", "sdv")
Makers = dict[str, Callable[[str, Path, int], None]]


def main() -> int:
    """Runs every database with every learner, one after the other."""
    options = parser(__doc__)
    options.add_argument("--learners", default=",".join(LEARNERS), help="which of them, by comma")
    options.add_argument("--why", action="store_true", help="also name the columns that the classifier uses most")
    given = options.parse_args()
    score = load_score(given.shared)
    results: list[tuple[str, str, dict[str, Any]]] = []
    for name in given.names or NAMES:
        with source(given.server, name, given.shared) as url:
            for learner in given.learners.split(","):
                found = _measured(score, given.server, url, learner, given.seed)
                results.append((name, learner, found))
                print(" ".join(_cells(name, learner, found)), file=sys.stderr, flush=True)
    rows = [_cells(*result) for result in results]
    rows += [_mean(learner, results) for learner in given.learners.split(",")]
    print(table(("database", "learner", *FIGURES, "rows off", "s"), rows, left=2))
    failures = [f"{name}, {learner}: {found['failed']}" for name, learner, found in results if "failed" in found]
    print("\n".join(["", *failures]) if failures else "", end="\n" if failures else "")
    if given.why:
        print("\n" + _why(results))
    return 0


def _measured(score: ModuleType, server: str, url: str, learner: str, seed: int) -> dict[str, Any]:
    """The score of one clone, in a database of its own or, of SDV, in files; ``failed`` says why there is none."""
    if learner == "sdv" and not has_sdv():
        return {"failed": "SDV is not installed"}
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, scratch(server, "dbclone_fidelity") as target:
        place = folder if learner == "sdv" else bare(target)
        try:
            if learner == "sdv":
                clone_with_sdv(score, url, Path(folder), seed)
            else:
                dbclone.clone(url, target, learner=learner, seed=seed)
        except DbcloneError as error:
            return {"failed": f"{type(error).__name__}: {error.message}"}
        except Exception as error:  # noqa: BLE001 - what SDV refuses it refuses in many ways
            return {"failed": f"{type(error).__name__}"}
        seconds = time.monotonic() - start
        used = _listen(score)
        found: dict[str, Any] = score.score(bare(url), place)
    return {**found, "seconds": seconds, "used": _name_used(found, used)}


def _listen(score: ModuleType) -> list[tuple[float | None, dict[str, float]]]:
    """Notes of every classifier from now on its figure and the share that each column has in it."""
    heard: list[tuple[float | None, dict[str, float]]] = []
    plain = getattr(score.auc5, "plain", score.auc5)

    def auc5(real: pd.DataFrame, made: pd.DataFrame, categories: object) -> float | None:
        value: float | None = plain(real, made, categories)
        heard.append((value, {} if value is None else _shares(real, made)))
        return value

    auc5.plain = plain  # type: ignore[attr-defined]
    score.auc5 = auc5  # type: ignore[attr-defined]
    return heard


def _shares(real: pd.DataFrame, made: pd.DataFrame) -> dict[str, float]:
    from lightgbm import LGBMClassifier

    rows = min(len(real), len(made), 10_000)
    both = pd.concat([real.sample(rows, random_state=1), made.sample(rows, random_state=2)]).to_numpy(float)
    which = np.repeat([1, 0], rows)
    settings = {"n_estimators": 120, "num_leaves": 31, "min_child_samples": 10, "importance_type": "gain"}
    model = LGBMClassifier(**settings, n_jobs=1, verbose=-1, random_state=0).fit(both, which)
    gains = model.feature_importances_ / max(model.feature_importances_.sum(), 1e-9)
    return dict(zip(map(str, real.columns), gains.tolist(), strict=True))


def _name_used(found: dict[str, Any], heard: list[tuple[float | None, dict[str, float]]]) -> dict[str, list[str]]:
    """The three columns used most in rows and in summaries; classifiers ran in the order of the score's own lists."""
    tables = [name for name, facts in found["tables"].items() if "c2st_auc" in facts]
    parents = list(found["c2st_agg"])
    ran = [("rows", name) for name in tables] + [("summaries", name) for name in parents]
    used: dict[str, Counter[str]] = {"rows": Counter(), "summaries": Counter()}
    for (kind, name), (value, shares) in zip(ran, heard, strict=True):
        for column, share in shares.items():
            used[kind][f"{name}: {column.removeprefix('p.')}"] += max(0.0, (value or 0.5) - 0.5) * share
    return {kind: [column for column, weight in counts.most_common(3) if weight > 0] for kind, counts in used.items()}


def _rows_off(found: dict[str, Any]) -> float:
    large = [one for one in found["tables"].values() if one["rows_real"] >= 100]
    return max((abs(one["rows_syn"] / one["rows_real"] - 1) for one in large), default=0.0)


def _cells(name: str, learner: str, found: dict[str, Any]) -> list[str]:
    if "failed" in found:
        return [name, learner, *["-"] * (len(FIGURES) + 2)]
    figures = [figure(found["summary"][one]) for one in FIGURES]
    return [name, learner, *figures, f"{_rows_off(found):.1%}", figure(found["seconds"], 1)]


def _mean(learner: str, results: list[tuple[str, str, dict[str, Any]]]) -> list[str]:
    """The mean over the databases that the learner cloned."""
    done = [found for _, one, found in results if one == learner and "failed" not in found]
    cells = [f"mean of {len(done)}", learner]
    for one in FIGURES:
        values = [found["summary"][one] for found in done if found["summary"][one] is not None]
        cells.append(figure(float(np.mean(values)) if values else None))
    return [*cells, f"{max((_rows_off(found) for found in done), default=0.0):.1%}", "-"]


def _why(results: list[tuple[str, str, dict[str, Any]]]) -> str:
    rows = [
        [name, learner, kind, *[*columns, "-", "-", "-"][:3]]
        for name, learner, found in results
        for kind, columns in found.get("used", {}).items()
    ]
    return table(("database", "learner", "seen in", "most", "second", "third"), rows, left=6)


if __name__ == "__main__":
    sys.exit(main())
