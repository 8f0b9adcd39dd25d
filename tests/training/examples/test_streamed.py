"""Blocks read from disk train what blocks in memory train, bit for bit."""

import os
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from sortal.data import prepared
from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import UNKNOWN, Labels
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Part, Split
from sortal.errors import DataError
from sortal.methods.contract.base import Failed, Member, Paused, Population, Trained, Verdict
from sortal.methods.neural.mlp import MLP
from sortal.methods.neural.training import root_mean_square
from sortal.training.examples import batches, streamed
from sortal.training.examples.examples import Examples
from sortal.training.examples.gather import gather
from sortal.training.examples.streamed import StreamedExamples
from sortal.training.examples.targets import TargetSpec

ROWS, FEATURES = 3000, 7
PLAIN = TargetSpec(None, weighted=False, balanced=False)
PARAMETERS = {"hidden_layer_sizes": 8, "epochs": 3, "batch_size": 48}


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch):
    """Shuffled in runs by some 512 rows, of which some 200 are read at once."""
    monkeypatch.setattr(batches, "LARGE_BYTES", 1000)
    monkeypatch.setattr(batches, "BLOCK_BYTES", 512 * FEATURES * 4)
    monkeypatch.setattr(streamed, "_READ_BYTES", 200 * FEATURES * 4)


@pytest.fixture
def stored(tmp_path):
    """Sorted by class, a tenth validates, some features are missing; opened as memory maps."""
    random = np.random.default_rng(3)
    codes = np.arange(ROWS) * 3 // ROWS
    matrix = (random.normal(size=(ROWS, FEATURES)) * 4 + codes[:, None]).astype(np.float32)
    matrix[random.random(matrix.shape) < 0.05] = np.nan
    Dataset(
        name="made",
        inputs=Inputs({"features": matrix}, np.arange(ROWS)),
        labels=Labels(codes, ("a", "b", "c")),
        names={"features": tuple("abcdefg")},
        weights=random.random(ROWS) + 0.5,
    ).save(tmp_path)
    return Dataset.load(tmp_path)


def _data(dataset, *, validation=300, imputation="median"):
    rows = np.random.default_rng(0).permutation(ROWS)
    parts = np.split(rows, [ROWS - 600, ROWS - 600 + validation])
    train, validated, test = map(np.sort, parts)
    split = Split(train=train, validation=validated, test=test)
    recipe = Preparation(scaling="standard", imputation=imputation)
    return Prepared.fit(dataset, split, recipe)


def _gather(data, *, streamed, monkeypatch, precision=torch.float32, validated=True):
    monkeypatch.setattr(prepared, "RESIDENT_BYTES", 0 if streamed else 1 << 29)
    weighted = TargetSpec(None, weighted=True, balanced=True)
    device = torch.device("cpu")
    lessons = (PLAIN, weighted)
    return gather(data, lessons, validated=validated, precision=precision, device=device)


class Driver:
    """Asks for an end after so many reports."""

    def __init__(self, most=10**9):
        self.left = most

    def report(self, progress):
        self.left -= 1
        return Verdict(stop_all=self.left <= 0)


def _train(data, folder=None, control=None, **chosen):
    parameters = MLP.Parameters(**{**PARAMETERS, **chosen})
    member = Member(key="m", method="mlp", parameters=parameters, seed=4, weights="given")
    population = Population(members=(member,), threads=1, resume=folder, snapshot_seconds=0.0)
    return list(MLP().train(population, data, control or Driver()))


@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
@pytest.mark.parametrize("validation", [300, 0])
def test_blocks_are_those_of_memory(stored, monkeypatch, precision, validation):
    given = {"monkeypatch": monkeypatch, "precision": precision}
    resident = _gather(_data(stored, validation=validation), streamed=False, **given)
    from_disk = _gather(_data(stored, validation=validation), streamed=True, **given)
    for held, read in zip(resident, from_disk, strict=True):
        assert isinstance(held, Examples)
        assert isinstance(read, StreamedExamples)
        assert (len(held), held.row_bytes) == (len(read), read.row_bytes)
        order = batches.epoch_order(5, 1, len(held), batch_size=48, row_bytes=held.row_bytes)
        for wanted in (order, order[144:], None):
            for one in ("features", "truth", "weights"):
                blocks = [list(each.blocks(wanted, 48)) for each in (held, read)]
                expected, came = (
                    torch.cat([getattr(b, one) for b in each], dim=0 if one == "features" else 1)
                    for each in blocks
                )
                assert torch.equal(expected, came)
            assert all(len(block) % 48 == 0 for block in blocks[1][:-1])
        assert held.is_finite()
        assert read.is_finite()
        assert root_mean_square(held) == root_mean_square(read)


def test_training_from_blocks_is_training_in_memory_bit_for_bit(stored, monkeypatch):
    became = []
    for limit in (1 << 29, 0):
        monkeypatch.setattr(prepared, "RESIDENT_BYTES", limit)
        (trained,) = _train(_data(stored), dropout=0.2, early_stopping=2)
        assert isinstance(trained, Trained)
        became.append(trained)
    memory, blocks = became
    assert torch.equal(memory.model.state, blocks.model.state)
    assert memory.history == blocks.history
    assert memory.notes == blocks.notes


@pytest.mark.parametrize("reports", [7, 40, 90])
def test_training_resumes_in_the_middle_of_a_block(stored, monkeypatch, tmp_path, reports):
    monkeypatch.setattr(prepared, "RESIDENT_BYTES", 0)
    monkeypatch.setattr("sortal.training.reporting._REPORT_SECONDS", 0.0)
    (whole,) = _train(_data(stored))
    folder = tmp_path / "snapshots"
    folder.mkdir()
    left = _train(_data(stored), folder, Driver(reports))
    assert any(isinstance(outcome, Paused) for outcome in left)
    (resumed,) = _train(_data(stored), folder)
    assert torch.equal(whole.model.state, resumed.model.state)
    assert whole.history == resumed.history


def test_missing_features_are_refused_before_training(stored, monkeypatch):
    monkeypatch.setattr(prepared, "RESIDENT_BYTES", 0)
    (failed,) = _train(_data(stored, imputation="none"))
    assert isinstance(failed, Failed)
    assert "missing or infinite" in failed.reason


def test_what_goes_wrong_while_reading_ahead_surfaces(stored, monkeypatch):
    examples, _ = _gather(_data(stored), streamed=True, monkeypatch=monkeypatch)
    whole = StreamedExamples._read

    def breaking(self, rows):
        if 2000 in rows:
            raise DataError("the file broke off")
        return whole(self, rows)

    monkeypatch.setattr(StreamedExamples, "_read", breaking)
    with pytest.raises(DataError, match="broke off"):
        list(examples.blocks(None, 48))
    assert not [one for one in threading.enumerate() if one.name.startswith("prefetch")]


def test_scoring_reads_large_parts_block_by_block(stored, monkeypatch):
    data = _data(stored)
    expected = data.inputs(Part.TEST).matrix()
    monkeypatch.setattr(prepared, "RESIDENT_BYTES", 0)
    again = _data(stored)
    edges = [0, 100, 101, 300]
    blocks = [again.block(Part.TEST, slice(*pair)).matrix() for pair in pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate(blocks), expected)
    assert not again._parts


def test_unknown_labels_weigh_nothing_in_blocks_either(stored, monkeypatch):
    codes = np.asarray(stored.labels.codes).copy()
    codes[::7] = UNKNOWN
    dataset = Dataset(
        name="made", inputs=stored.inputs, labels=Labels(codes, ("a", "b", "c")), names=stored.names
    )
    examples, _ = _gather(_data(dataset), streamed=True, monkeypatch=monkeypatch)
    for block in examples.blocks(None, 48):
        assert ((block.weights == 0).any(dim=1)).all()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells private memory")
def test_private_memory_stays_far_below_the_data(tmp_path):
    rows, size = 60_000, 300
    Dataset(
        name="large",
        inputs=Inputs({"features": np.ones((rows, size), dtype=np.float32)}, np.arange(rows)),
        labels=Labels(np.arange(rows) % 2, ("a", "b")),
        names={"features": tuple(map(str, range(size)))},
    ).save(tmp_path)
    script = Path(__file__).parents[1] / "train_in_blocks.py"
    told = subprocess.run(
        [sys.executable, script, tmp_path],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert int(told.stdout) < rows * size * 4 / 2
