"""Train the networks of test_mlp.py with a snapshot after every minibatch, into a given folder."""

import sys
from dataclasses import replace
from pathlib import Path

from mlp_population import made_data, population

from sortal.methods.contract.base import Progress, Verdict
from sortal.methods.neural.mlp import MLP


class Driver:
    """Never stops anything."""

    def report(self, progress: Progress) -> Verdict:
        return Verdict()


if __name__ == "__main__":
    members = replace(population(), resume=Path(sys.argv[1]), snapshot_seconds=0.0)
    list(MLP().train(members, made_data(), Driver()))
