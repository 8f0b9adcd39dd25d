"""What a job says of training weights, held against its data; and what its members then see."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from sortal.data.dataset import Dataset
from sortal.data.inputs import Ragged
from sortal.data.labels import Outputs
from sortal.data.prepared import select_known_rows
from sortal.data.split import Split
from sortal.data.weighting.rule import FittedWeightRule, WeightRule
from sortal.errors import UserError
from sortal.job.models import DataBlock, Job
from sortal.job.problems import Problem

_PATH = "data.training_weights"


def member_weighing(block: DataBlock, weights: str) -> WeightRule:
    """The rule of a member: that of the job, or none where its method takes no weights.

    Args:
        block: The job's data.
        weights: `Member.weights`.
    """
    return WeightRule.of(block.training_weights) if weights else WeightRule()


def member_weights(block: DataBlock, dataset: Dataset, *, allowed: bool) -> str:
    """What `Member.weights` says: whether the data's weights, or classes alone, count.

    Args:
        block: The job's data.
        dataset: The examples.
        allowed: Whether the method takes weights.
    """
    if not allowed:
        return ""
    if dataset.weights is not None:
        return "given"
    return "balanced" if block.training_weights.power is not None else ""


def weighing_problems(job: Job, dataset: Dataset, splits: Sequence[Split]) -> Iterator[Problem]:
    """Everything that keeps a rule from being fitted, told before anything runs."""
    block = job.data.training_weights
    try:
        rule = WeightRule.of(block)
    except UserError as error:
        yield _problem("options that have an effect together", error)
        return
    if rule.is_default:
        return
    independent = dataset.labels.outputs is Outputs.INDEPENDENT
    apart = independent and job.data.targets == "independent"
    if independent and not apart and len(dataset.labels.classes) > 1:
        yield Problem(
            path=_PATH,
            expected="classes that exclude each other, one target, or targets: independent "
            "(class_weight: balanced serves targets learnt together)",
            got=f"{len(dataset.labels.classes)} targets at once",
        )
        return
    if rule.negative != "keep" and dataset.weights is None:
        yield Problem(
            path=f"{_PATH}.negative",
            expected="example weights that may be negative (data.weight)",
            got=f"{rule.negative} without them",
        )
    ragged = [name for name, one in dataset.inputs.arrays.items() if isinstance(one, Ragged)]
    if rule.negative == "pairwise" and ragged:
        yield Problem(
            path=f"{_PATH}.negative",
            expected=f"examples of equal length to tell what is near ({ragged[0]}: give data.length)",
            got="pairwise",
        )
    yield from _unfit(rule, dataset, splits, targets=dataset.labels.classes if apart else (None,))


def _unfit(
    rule: WeightRule,
    dataset: Dataset,
    splits: Sequence[Split],
    *,
    targets: Sequence[str | None],
) -> Iterator[Problem]:
    """Fit on the training examples of every split; sums of classes are those without pairing."""
    summed = replace(rule, negative="keep") if rule.negative == "pairwise" else rule
    if summed.is_default:
        summed = replace(rule, negative="absolute")
    told: set[str] = set()
    for split, target in product(splits, targets):
        try:
            rows = select_known_rows(dataset.labels, split, target).train
        except UserError:  # that no label is known is told elsewhere
            continue
        weights = dataset.weights_for(target)
        labels = dataset.labels.for_target(target).take(rows)
        try:
            FittedWeightRule.fit(summed, labels, None if weights is None else weights[rows])
        except UserError as error:
            if str(error) not in told:
                told.add(str(error))
                yield _problem("weights that can train", error)


def _problem(expected: str, error: UserError) -> Problem:
    return Problem(path=_PATH, expected=expected, got=str(error).rstrip("."))
