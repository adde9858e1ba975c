"""SDV as a learner: whole clones that keep every constraint, its joint distribution, and nothing left behind."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dbclone
from dbclone.bundle import load
from dbclone.config import LEARNERS
from dbclone.models.learn import learn
from dbclone.models.table import Models
from dbclone.models.work import Sample
from examples.shop import build
from tests.report_shop import CUSTOMERS, EMPTY
from tests.unit.test_models_learners import PLAN, PROFILE, ROWS, SCHEMA, TABLES

pytestmark = pytest.mark.skipif(importlib.util.find_spec("sdv") is None, reason="sdv is not installed")
SDV = [name for name in LEARNERS if name.startswith("sdv:")]


def learned(learner: str) -> Models:
    """Customers learned by SDV; its networks take seconds even for a table of 300 rows."""
    sample = Sample(TABLES, ROWS, {})
    return learn(SCHEMA, PLAN, PROFILE, sample, learner="independent", learners={CUSTOMERS: learner})[0]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    build(path, customers=60)
    return path


@pytest.mark.parametrize("learner", SDV)
def test_a_clone_keeps_every_constraint(
    learner: str, shop: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bundle = dbclone.fit(str(shop), learners={"orders": learner})
    assert [model.name.name for model in bundle.models.tables if model.pool is not None] == ["orders"]
    assert capfd.readouterr() == ("", "")
    bundle.save(tmp_path / "x.dbclone")
    dbclone.generate(load(tmp_path / "x.dbclone"), str(tmp_path / "clone.db"))
    assert dbclone.verify(str(tmp_path / "clone.db"), against=str(shop)).ok


def test_a_whole_database_may_be_learned_by_sdv(shop: Path, tmp_path: Path) -> None:
    result = dbclone.clone(str(shop), str(tmp_path / "clone.db"), learner="sdv:gaussian_copula")
    assert sum(result.rows.values()) > 500
    assert dbclone.verify(str(tmp_path / "clone.db"), against=str(shop)).ok


def test_columns_depend_on_each_other_as_in_the_source() -> None:
    pool = learned("sdv:gaussian_copula").table(CUSTOMERS).pool
    assert pool is not None
    frame = pd.DataFrame(pool.codes)
    segment, spent = frame[0], frame[1]
    by_segment = spent.groupby(segment).mean()
    assert by_segment.max() - by_segment.min() > 0.1 * spent.max()


def test_the_same_seed_gives_the_same_pool() -> None:
    for learner in ("sdv:gaussian_copula", "sdv:tvae"):
        first, second = (learned(learner).table(CUSTOMERS).pool for _ in range(2))
        assert first is not None
        assert second is not None
        assert np.array_equal(first.codes, second.codes)


def test_global_random_states_stay_as_they_were() -> None:
    import torch

    before, torch_before = np.random.get_state()[1], torch.random.get_rng_state()  # noqa: NPY002
    learned("sdv:tvae")
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert torch.equal(torch.random.get_rng_state(), torch_before)


def test_what_cannot_be_learned_jointly_stays_independent() -> None:
    models, _ = learn(SCHEMA, PLAN, PROFILE, Sample(TABLES, ROWS, {}), learner="sdv:gaussian_copula")
    assert models.table(EMPTY).pool is None
    assert models.table(CUSTOMERS).pool is not None
