"""A process that trains one way: `python -m peers.worker MODULE TABLE`, from benchmarks/.

It reads requests from standard input and answers each with a line of JSON. Importing,
loading the table and a first small training happen before the first answer, unclocked.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from peers.task import Table, Work

WARM_ROWS, WARM = 1024, Work(batch_size=512, epochs=1, seeds=(0, 1))


def main(module: str, path: str) -> None:
    # Libraries may print; what they print must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    way, table = importlib.import_module(f"peers.{module}"), Table.load(Path(path))
    few = Table(table.train.head(WARM_ROWS), table.validation.head(WARM_ROWS))
    way.train(way.load(few), WARM).score()
    data = way.load(table)
    print(json.dumps({"ready": True}), file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        work = Work(**request["work"])
        started = perf_counter()
        fitted = way.train(data, work)
        seconds = perf_counter() - started
        np.save(request["scores"], fitted.score())
        print(json.dumps({"seconds": seconds, "updates": fitted.updates}), file=answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
