"""Train on the dataset of a folder from blocks, and print how much private memory grew [bytes]."""

import sys
from pathlib import Path

import numpy as np

from sortal.data import prepared
from sortal.data.dataset import Dataset
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Split
from sortal.methods.contract.base import Member, Population, Trained, Verdict
from sortal.methods.neural.mlp import MLP
from sortal.training import reporting
from sortal.training.examples import batches, streamed


def private() -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


class Watching:
    """A driver that looks at memory whenever training reports."""

    most = 0

    def report(self, progress):
        self.most = max(self.most, private())
        return Verdict()


def train(rows, driver):
    data = Prepared.fit(
        DATASET,
        Split(train=rows, validation=rows[:100], test=rows[:0]),
        Preparation(scaling="standard"),
    )
    chosen = MLP.Parameters(hidden_layer_sizes=(4,), epochs=2, batch_size=1024)
    member = Member(key="m", method="mlp", parameters=chosen, seed=0)
    (outcome,) = MLP().train(Population(members=(member,)), data, driver)
    if not isinstance(outcome, Trained):
        raise SystemExit(str(outcome))


if __name__ == "__main__":
    prepared.RESIDENT_BYTES = batches.LARGE_BYTES = 0
    batches.BLOCK_BYTES, streamed._READ_BYTES = 1 << 23, 1 << 20
    reporting._REPORT_SECONDS = 0.0
    DATASET = Dataset.load(Path(sys.argv[1]))
    train(np.arange(3000), Watching())  # what libraries take for good
    before, driver = private(), Watching()
    train(np.arange(len(DATASET)), driver)
    sys.stdout.write(f"{driver.most - before}\n")
