"""Batch jobs of the sizes that ClaVis ships: iris 49, breast_cancer 36, digits in folds 15, iris 2,072.

Each is run by `sortal clavis batch` in a process of its own, on two cores and into a store of its own, and
then once more: the second run finds everything. Seconds are by the clock, start of Python included, with
processor seconds of the second run beside, which neighbours on the machine disturb less. Asked for: 2,072 in
less than 3 minutes, and again in less than 5 s. At the end a script of scikit-learn trains and judges
the 2,072 one after another, as ClaVis does. `--quick` leaves out the largest and the script.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

CORES = 2
PEER = Path(__file__).parent / "peers" / "clavis_loop.py"
Entry = dict[str, Any]
REFERENCES: list[Entry] = [
    {"title": "🟊 Optimal", "method": "optimal"},
    {"title": "Ⓝ Naive", "method": "naive"},
]


def values(*several: Any) -> Entry:
    return {"is_meta": True, "values": list(several)}


def counted(low: float, high: float, step: float) -> Entry:
    return {"is_meta": True, "min": low, "max": high, "step": {"type": "add", "value": step}}


def knn(most: int) -> Entry:
    return {
        "title": "KNN {n_neighbors}",
        "method": "kneighbors",
        "n_neighbors": counted(1, most, 1),
    }


def svm(kernels: Entry, C: Entry, **more: Any) -> Entry:
    degree = " {degree}" if more else ""
    title = "SVM {kernel} {C}" + degree
    return {"title": title, "method": "svm", "kernel": kernels, "C": C, **more}


def seeded(name: str, method: str, **more: Any) -> Entry:
    shown = " ".join(f"{{{one}}}" for one in more)
    return {"title": f"{name} {shown}", "method": method, **more}


def job(title: str, dataset: str, classifiers: list[Entry], **data: Any) -> Entry:
    about = {"title": title, "dataset": dataset, "scale": True, "random_state": 42, **data}
    pca = {"title": "PCA", "method": "pca", "random_state": 42}
    return {"data": about, "projections": [pca], "classifiers": classifiers}


def networks(count: int) -> Entry:
    sizes = [[10], [20], [10, 10], [20, 20]][:count]
    return seeded("MLPC", "mlpc", hidden_layer_sizes=values(*sizes))


def jobs() -> dict[str, tuple[Entry, int]]:
    """Each job with the number of its classifiers."""
    plain = [{"title": "NB", "method": "gaussiannb"}, {"title": "QDA", "method": "qda"}]
    process = {"title": "GP", "method": "gaussianprocess"}
    iris = [
        *(*REFERENCES, knn(15), *plain, process, networks(4)),
        seeded("DT", "decisiontree", random_state=values(0, 1, 2)),
        seeded("RF", "randomforest", n_estimators=counted(20, 100, 20)),
        seeded("AB", "adaboost", n_estimators=counted(20, 100, 20)),
        svm(values("linear", "poly", "rbf", "sigmoid"), values(0.1, 1, 10)),
    ]
    cancer = [
        *(*REFERENCES, knn(11), plain[0], process, networks(4)),  # QDA: collinear features
        seeded("DT", "decisiontree", random_state=values(0, 1, 2)),
        seeded("RF", "randomforest", n_estimators=values(10, 20, 50, 100)),
        seeded("AB", "adaboost", n_estimators=values(10, 20, 50, 100)),
        svm(values("linear", "rbf"), values(0.1, 1, 10)),
    ]
    folds = [
        *(*REFERENCES, knn(4), plain[0], networks(1)),
        seeded("DT", "decisiontree", random_state=0),
        seeded("RF", "randomforest", n_estimators=values(20, 100)),
        seeded("AB", "adaboost", n_estimators=20),
        svm(values("linear", "poly", "rbf"), 1.0),
    ]
    seeds, trees = counted(0, 49, 1), counted(10, 100, 10)
    many = [
        knn(72),
        seeded("DT", "decisiontree", random_state=counted(0, 499, 1)),
        seeded("RF", "randomforest", n_estimators=trees, random_state=seeds),
        seeded("AB", "adaboost", n_estimators=trees, random_state=seeds),
        svm(
            values("linear", "poly", "rbf", "sigmoid"),
            counted(0.4, 10, 0.4),
            degree=counted(1, 5, 1),
        ),
    ]
    return {
        "iris": (job("iris", "sklearn_iris", iris), 49),
        "breast_cancer": (job("breast_cancer", "sklearn_breast_cancer", cancer), 36),
        "digits_cv": (job("digits_cv", "sklearn_digits_cross_validation", folds), 15),
        "iris2000": (job("iris2000", "sklearn_iris", many, scale=False), 2072),
    }


def run(folder: Path, name: str) -> tuple[float, float, str]:
    """Seconds by the clock, seconds of processors, and what was printed."""
    command = [sys.executable, "-m", "sortal", "clavis", "batch", f"{name}.json"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    ran = subprocess.run(
        [*command, "--cores", str(CORES), "--store", f"store-{name}"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )
    seconds, after = perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode:
        raise SystemExit(ran.stdout + ran.stderr)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used, ran.stdout


def peer(folder: Path, name: str) -> float:
    """Seconds that a script of scikit-learn takes for a job's classifiers, one after another."""
    command = [sys.executable, str(PEER), f"{name}.json"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return float(json.loads(ran.stdout)["seconds"])


def write(folder: Path, name: str) -> int:
    """Write a job's file; returns the number of its classifiers."""
    content, count = jobs()[name]
    (folder / f"{name}.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("| job | classifiers | first run [s] | again [s] | again, processor [s] |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title in [*jobs()][: 3 if quick else 4]:
            count = write(folder, title)
            first, _, _ = run(folder, title)
            again, used, _ = run(folder, title)
            print(f"| {title} | {count} | {first:.1f} | {again:.1f} | {used:.1f} |")
        if not quick:
            loop = peer(folder, title)
            print(json.dumps({"loop_seconds": round(loop, 1), "loop_vs_first": loop / first}))


if __name__ == "__main__":
    main()
