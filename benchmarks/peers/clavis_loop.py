"""What ClaVis does with a batch job on iris, as a script of scikit-learn: one classifier after another.

Each is fitted, predicts test and training examples twice (classes, then probabilities or decision
values) and is scored on both, with the settings of the original (all cores for neighbours and
forests). The files that the original writes for each are left out. Prints seconds as JSON.
"""

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from sklearn.datasets import load_iris
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

CLASSES = {
    "kneighbors": lambda **given: KNeighborsClassifier(n_jobs=-1, **given),
    "decisiontree": DecisionTreeClassifier,
    "randomforest": lambda **given: RandomForestClassifier(n_jobs=-1, **given),
    "adaboost": AdaBoostClassifier,
    "svm": lambda **given: SVC(gamma="scale", **given),
}


def expanded(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All parameters of a configuration."""
    given = {name: value for name, value in entry.items() if name not in ("title", "method")}
    lists = [_values(value) for value in given.values()]
    for chosen in itertools.product(*lists):
        yield dict(zip(given, chosen, strict=True))


def _values(value: Any) -> list[Any]:
    if not isinstance(value, dict):
        return [value]
    if "values" in value:
        return list(value["values"])
    low, high, step = value["min"], value["max"], value["step"]["value"]
    count = round((high - low) / step) + 1
    return [low + number * step for number in range(count)]


def judge(classifier: Any, parts: list[Any]) -> list[Any]:
    """Fit, predict and score as the original does."""
    train, test, labels, truth = parts
    classifier.fit(train, labels)
    told = [classifier.predict(examples) for examples in (test, train)]
    answer = getattr(classifier, "predict_proba", None) or classifier.decision_function
    scores = [answer(examples) for examples in (test, train)]
    figures = [
        (
            accuracy_score(known, said),
            confusion_matrix(known, said),
            precision_recall_fscore_support(known, said, average="weighted", zero_division=0),
        )
        for known, said in ((truth, told[0]), (labels, told[1]))
    ]
    return [scores, figures]


def main() -> None:
    content = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    X, y = load_iris(return_X_y=True)
    parts = train_test_split(X, y, test_size=0.2, stratify=y, random_state=42)
    count, started = 0, perf_counter()
    for entry in content["classifiers"]:
        for given in expanded(entry):
            judge(CLASSES[entry["method"]](**given), parts)
            count += 1
    print(json.dumps({"classifiers": count, "seconds": perf_counter() - started}))


if __name__ == "__main__":
    main()
