"""12 targets of 50 rounds: bins made once, against 12 times xgboost.train on a matrix of its own.

Simulated: 100,000 training examples of 60 features, 20,000 scored (5 targets and a fifth of the
examples if quick). There are two peers: one builds a QuantileDMatrix for each target, as we do
once; the other a plain DMatrix, which xgboost.train then bins. Both score with inplace_predict.
"""

import os
from functools import partial

# As in Sortal's workers, and before OpenMP is loaded: threads that spin for long take the
# cores from whatever runs beside them, and the times become those of the neighbours.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

import numpy as np
import xgboost

from side_by_side import THREADS, compare, is_quick, prepared, tell, through_sortal
from sortal.methods.ensembles.xgboost import XGBoost

TRAINED, SCORED, ROUNDS = 100_000, 20_000, 50


def main() -> None:
    quick = is_quick(__doc__)
    targets = 5 if quick else 12
    trained, scored = (20_000, 4_000) if quick else (TRAINED, SCORED)
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(trained + scored, 60)).astype(np.float32)
    noise = rng.normal(size=(trained + scored, targets))
    codes = (matrix @ rng.normal(size=(60, targets)) / 8 + noise > 0).astype(np.int64)
    data = prepared(matrix, codes, trained)

    def ours():
        members = {str(t): ({"n_estimators": ROUNDS}, str(t)) for t in range(targets)}
        return through_sortal(XGBoost(), data, members)

    def separate(kind):
        return {str(t): train_alone(kind, matrix, codes[:, t], trained) for t in range(targets)}

    rows = [
        compare(
            f"{targets} xgboost targets against a {kind.__name__} each",
            ours,
            partial(separate, kind),
            rounds=1 if quick else 3,
            target=2 / 3,
            tolerance=1e-6,
        )
        for kind in (xgboost.QuantileDMatrix, xgboost.DMatrix)
    ]
    tell(rows, ["xgboost-cpu", "numpy"])


def train_alone(kind, matrix, codes, trained):
    bins = kind(matrix[:trained], codes[:trained], nthread=THREADS)
    options = {"objective": "binary:logistic", "tree_method": "hist", "nthread": THREADS}
    booster = xgboost.train({**options, "seed": 0}, bins, ROUNDS)
    return booster.inplace_predict(matrix[trained:])[:, None]


if __name__ == "__main__":
    main()
