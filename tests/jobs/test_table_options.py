"""A job on a ROOT tree with aliases and a cut, from training to prediction."""

import numpy as np
import polars as pl
import pytest
import uproot

from sortal.cli.results import predict as command
from sortal.job.models import DataBlock, Job
from sortal.jobs.planning.resolve import source_key

pytestmark = pytest.mark.usefixtures("inline")
ROWS = 400


@pytest.fixture
def tree(tmp_path):
    rng = np.random.default_rng(0)
    signal = rng.random(ROWS) > 0.5
    columns = {
        "pt": rng.exponential(np.where(signal, 80, 30)).astype(np.float32),
        "met": rng.exponential(50, ROWS),
        "signal": signal.astype(np.int32),
    }
    with uproot.recreate(tmp_path / "e.root") as file:
        file.mktree("events", {n: v.dtype for n, v in columns.items()}).extend(columns)
        file.mktree("other", {"z": "i4"}).extend({"z": np.arange(3, dtype="i4")})
    return columns


def test_new_files_are_predicted_with_the_aliases_of_training(run, tree, tmp_path):
    data = {
        "source": str(tmp_path / "e.root"),
        "tree": "events",
        "label": "signal",
        "aliases": {"balance": "(pt - met) / (pt + met)", "pt": "log(pt + 1)"},
        "cut": "met > 20",
    }
    launched = run({"title": "t", "data": data, "bootstrap": 0, "classifiers": [{"method": "lda"}]})
    assert launched.summary.exit_code == 0
    options = {"id_column": None, "seed": None, "block": 64, "quiet": True}
    command.predict(
        "t/lda",
        (tmp_path / "e.root",),
        out=tmp_path / "o.parquet",
        store=tmp_path / "store",
        **options,
    )
    assert len(pl.read_parquet(tmp_path / "o.parquet")) == ROWS


def test_the_cache_of_sources_tells_every_option_apart(tree, tmp_path):
    def key(**options):
        block = DataBlock(source="e.root", label="signal", **options)
        return source_key(Job(data=block, classifiers=[{"method": "lda"}]), tmp_path)

    options = [
        {},
        {"tree": "events"},
        {"columns": ["a"]},
        {"columns": "numbered"},
        {"cut": "pt > 1"},
        {"cut": "pt > 2"},
        {"aliases": {"a": "pt"}},
        {"aliases": {"a": "met"}},
    ]
    assert len({key(**one) for one in options}) == len(options)
