"""Every k from 1 to 30: one shared search against 30 KNeighborsClassifier, each fitted and scored.

Simulated: 7,000 examples of 64 features in 10 classes; 5,250 train, 1,750 are scored.
"""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from side_by_side import compare, is_quick, prepared, tell, through_sortal
from sortal.methods.neighbours.method import KNeighbors

DEPTHS = range(1, 31)
TRAINED = 5250


def main() -> None:
    quick = is_quick(__doc__)
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 10, 7000)
    matrix = rng.normal(size=(7000, 64)) + 1.2 * rng.normal(size=(10, 64))[codes]
    data = prepared(matrix, codes, TRAINED)
    rows = []
    for weights in ("uniform", "distance"):

        def ours(weights=weights):
            members = {str(k): ({"n_neighbors": k, "weights": weights}, None) for k in DEPTHS}
            return through_sortal(KNeighbors(), data, members)

        def separate(weights=weights):
            return {
                str(k): KNeighborsClassifier(k, weights=weights)
                .fit(matrix[:TRAINED], codes[:TRAINED])
                .predict_proba(matrix[TRAINED:])
                for k in DEPTHS
            }

        rows.append(
            compare(
                f"30 kneighbors, {weights} votes",
                ours,
                separate,
                rounds=3 if quick else 9,
                target=1 / 12,
                tolerance=1e-12,
            )
        )
    tell(rows, ["scikit-learn", "numpy"])


if __name__ == "__main__":
    main()
