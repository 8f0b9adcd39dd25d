"""10 sizes of a forest: prefixes of the largest against 10 forests, each fitted and scored.

scikit-learn's digits (1,797 images of 8 x 8): 1,347 train, 450 are scored.
"""

from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from side_by_side import THREADS, compare, is_quick, prepared, tell, through_sortal
from sortal.methods.ensembles.forest import ExtraTrees, RandomForest

SIZES = range(50, 501, 50)
TRAINED = 1347


def main() -> None:
    quick = is_quick(__doc__)
    matrix, codes = load_digits(return_X_y=True)
    data = prepared(matrix, codes, TRAINED)
    rows = []
    for method, library in (
        (RandomForest(), RandomForestClassifier),
        (ExtraTrees(), ExtraTreesClassifier),
    ):

        def ours(method=method):
            members = {str(size): ({"n_estimators": size}, None) for size in SIZES}
            return through_sortal(method, data, members)

        def separate(library=library):
            return {
                str(size): library(size, random_state=0, n_jobs=THREADS)
                .fit(matrix[:TRAINED], codes[:TRAINED])
                .predict_proba(matrix[TRAINED:])
                for size in SIZES
            }

        rows.append(
            compare(
                f"10 {method.name}, 50 to 500 trees",
                ours,
                separate,
                rounds=2 if quick else 7,
                target=1 / 3,
                tolerance=1e-12,
            )
        )
    tell(rows, ["scikit-learn", "numpy"])


if __name__ == "__main__":
    main()
