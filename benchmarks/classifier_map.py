"""A map of 2,072 classifiers by their errors on 10,000 examples, by classical scaling, in blocks.

Simulated: five families of classifiers, each right on an example with a probability that depends on
the example's difficulty for that family and on the classifier's skill. Scores are in segments of a
store, as jobs leave them; the map is drawn from there, as `sortal map` does. `--quick` maps fewer.
Prints seconds and peak memory; the last line is one JSON object.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from side_by_side import anonymous_megabytes
from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.data.split import Part, Split
from sortal.evaluation.maps.classifier_map import MapMds
from sortal.evaluation.scores import evaluate, predict_labels
from sortal.jobs.pictures.classifier_map import classifier_map
from sortal.jobs.results.results import JobResults
from sortal.store.store import Store

CLASSES, FAMILIES, A_SEGMENT = 10, 5, 40
TARGET_S, TARGET_MB = 20.0, 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    members, examples = (300, 2_000) if quick else (2_072, 10_000)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "store")
        write_job(store, members, examples)
        results = JobResults.read(store, "simulated")
        before = anonymous_megabytes()
        for by in ("errors", "agreement", "probabilities"):
            started = time.perf_counter()
            drawn = classifier_map(results, by=by, way=MapMds())
            seconds = time.perf_counter() - started
            started = time.perf_counter()
            classifier_map(results, by=by, way=MapMds())
            again = time.perf_counter() - started
            found[by] = round(seconds, 2)
            print(
                f"{len(drawn.classifiers)} classifiers, {examples} examples, {by}: {seconds:.2f} s, "
                f"found again {again:.3f} s; {drawn.quality}"
            )
    print(
        f"private memory: {before:.0f} MB before, {anonymous_megabytes():.0f} MB now, "
        f"{peak_mb()} MB peak in all"
    )
    print(json.dumps({"seconds": found, "target": TARGET_S, "peak_mb": peak_mb()}))


def write_job(store: Store, members: int, examples: int) -> None:
    """Leave a job as running it would: dataset, split, segments, record."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, CLASSES, examples + 100)
    labels = Labels(codes, tuple(f"class {n}" for n in range(CLASSES)), Outputs.EXCLUSIVE)
    inputs = Inputs({"features": rng.normal(size=(len(codes), 2))}, np.arange(len(codes)))
    dataset = Dataset(name="simulated", inputs=inputs, labels=labels, names={})
    rows = np.arange(len(codes))
    split = Split(train=rows[:100], validation=rows[:0], test=rows[100:])
    store.datasets.save(dataset)
    store.datasets.splits.save(dataset.fingerprint, split)
    difficulty = rng.beta(1.5, 3.0, (FAMILIES, examples))
    entries = []
    for first in range(0, members, A_SEGMENT):
        numbers = range(first, min(members, first + A_SEGMENT))
        scores = simulated_scores(rng, difficulty, codes[100:], numbers)
        entries += write_segment(store, labels.take(split.test), scores, numbers)
    store.jobs.write(
        "simulated",
        {
            "name": "simulated",
            "dataset": dataset.fingerprint,
            "splits": [{"fingerprint": split.fingerprint, "fold": None}],
            "entries": entries,
            "failures": {},
        },
    )


def simulated_scores(
    rng: np.random.Generator, difficulty: np.ndarray, truth: np.ndarray, numbers: range
) -> np.ndarray:
    """Scores (members, examples, classes), float32."""
    scores = rng.random((len(numbers), len(truth), CLASSES), dtype=np.float32)
    for row, number in enumerate(numbers):
        skill = rng.uniform(0.3, 1.0)
        sure = rng.random(len(truth)) > difficulty[number % FAMILIES] / skill
        scores[row, np.flatnonzero(sure), truth[sure]] += 2.0
    return scores / scores.sum(axis=2, keepdims=True)


def write_segment(
    store: Store, labels: Labels, scores: np.ndarray, numbers: range
) -> list[dict[str, object]]:
    """Store the members; returns their entries in the job's record."""
    judged = evaluate(scores, labels, None, probabilities=True, resamples=0, seed=0)
    records, entries = [], []
    for number, figures in zip(numbers, judged, strict=True):
        about = {"key": f"{number:032x}", "title": f"classifier {number}"}
        about |= {"method": f"family {number % FAMILIES}", "parameters": {}, "seed": 0}
        about |= {"fold": None, "target": None, "reference": False}
        entries.append(about)
        records.append(
            about | {"figures": {Part.TEST: figures.to_json()}, "probabilities": True, "notes": []}
        )
    with store.members.draft() as draft:
        draft.commit(records, scores, predict_labels(scores, labels.outputs, probabilities=True))
    return entries


def peak_mb() -> int:
    """Resident memory at its peak, mapped files included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
