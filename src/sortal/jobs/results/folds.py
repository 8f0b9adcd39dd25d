"""Results over folds: one judgement on the examples of all of them, and one for each."""

import numpy as np

from sortal.data.split import Part
from sortal.errors import UserError
from sortal.evaluation.bootstrap import bootstrap_seed
from sortal.evaluation.scores import MemberMetrics, evaluate
from sortal.jobs.results.result import Result
from sortal.jobs.results.results import JobResults


def pooled(results: JobResults, result: Result, *, resamples: int = 0) -> MemberMetrics:
    """Judge a result once on the reported examples of all folds, in the order of the data set.

    Each example is judged by the member that did not see it; of several seeds, the one with the
    median headline speaks. Figures beside the mean over folds, which weighs folds alike
    however many examples they have.

    Args:
        results: What the job came to.
        result: One of its results.
        resamples: Bootstrap resamples behind each interval; 0 for none.
    """
    scores, rows = pooled_scores(results, result)
    return _judged(results, result, scores, rows, resamples)


def pooled_scores(results: JobResults, result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Scores of all reported examples in the order of the data set, and their rows.

    Returns:
        Shapes (examples, outputs), float32, and (examples,), int64, ascending.
    """
    members = results.speakers(result)
    stored = results.store.members.scores([member.entry.key for member in members])
    rows = [results.reported(member)[0] for member in members]
    scores = [of[-len(shown) :] for of, shown in zip(stored, rows, strict=True)]
    every = np.concatenate(rows)
    order = np.argsort(every, kind="stable")
    return np.concatenate(scores)[order], every[order]


def by_fold(results: JobResults, result: Result) -> dict[int, MemberMetrics]:
    """Judge a result on each fold by itself, in the order of the folds' numbers.

    Folds are those of cross-validation, of several seeds the one with the median headline;
    or, where the job has one split, those that the data set gives its test examples.

    Raises:
        UserError: There are no folds.
    """
    if any(split.fold is not None for split in results.splits):
        speakers = [(one.entry.fold, one) for one in results.speakers(result)]
        return {fold: one.scores[results.part] for fold, one in speakers if fold is not None}
    folds = results.store.datasets.truth(results.record.dataset).folds
    scores, rows = pooled_scores(results, result)
    if folds is None or results.part is not Part.TEST:
        raise UserError(f"{results.name}: its data has no folds.")
    numbers = np.asarray(folds)[rows]
    return {
        int(number): _judged(results, result, scores[numbers == number], rows[numbers == number], 0)
        for number in np.unique(numbers)
    }


def _judged(
    results: JobResults, result: Result, scores: np.ndarray, rows: np.ndarray, resamples: int
) -> MemberMetrics:
    dataset = results.store.datasets.truth(results.record.dataset)
    weights = dataset.weights_for(result.target)
    sound = all(member.gives_probabilities for member in result.members)
    (judged,) = evaluate(
        scores[np.newaxis],
        results.labels.for_target(result.target).take(rows),
        None if weights is None else np.asarray(weights[rows]),
        probabilities=result.members[0].means_probabilities,
        resamples=resamples,
        seed=bootstrap_seed(results.splits[0].fingerprint),
        sound=np.array([sound]),
    )
    return judged
