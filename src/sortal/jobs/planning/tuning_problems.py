"""What of a job's search cannot be done with its classifiers and its data."""

from collections.abc import Collection, Iterator, Sequence

from sortal.data.labels import Outputs
from sortal.job.models import Job, TuningBlock
from sortal.job.problems import Problem
from sortal.job.type_names import short
from sortal.jobs.planning.classifiers import ClassifierPlan
from sortal.metrics.registry import metrics_of

_NUMBERS = 2
"""Parameters that CMA-ES needs at least: of a single one there is no covariance."""


def known_figures(outputs: Outputs, *, apart: bool) -> frozenset[str]:
    """Figures that classifiers of such labels have.

    Args:
        outputs: How labels relate.
        apart: Whether targets are trained one at a time.
    """
    return frozenset(metric.name for metric in metrics_of(outputs, single=apart))


def tuning_problems(
    job: Job, classifiers: Sequence[ClassifierPlan], *, own_spaces: bool
) -> Iterator[Problem]:
    """Problems that do not depend on the data; none for a job without a search.

    Args:
        job: The job.
        classifiers: Those of its classifiers that can be used.
        own_spaces: Whether the job itself says what is tuned; else a system does.
    """
    tuning = job.tuning
    if tuning is None or len(classifiers) < len(job.classifiers):
        return
    tuned = [one for one in classifiers if one.tunable.space.dimensions]
    if not tuned and own_spaces:
        yield Problem(
            path="tuning",
            expected="a parameter to tune, as in `C: {tune: true}` or several values of it",
            got="values that all are fixed",
        )
    if tuning.sampler == "cmaes":
        yield from _too_few_numbers(classifiers)


def _too_few_numbers(classifiers: Sequence[ClassifierPlan]) -> Iterator[Problem]:
    for number, one in enumerate(classifiers):
        space = one.tunable.space
        if space.dimensions and len(space.numeric) < _NUMBERS:
            got = ", ".join(space.numeric) or "none"
            yield Problem(
                path=f"classifiers[{number}].parameters",
                expected="two or more tuned parameters that are numbers, because the sampler is cmaes",
                got=got,
            )


def metric_problems(
    job: Job, tuning: TuningBlock, outputs: Outputs, own: Collection[str]
) -> Iterator[Problem]:
    """A figure that classifiers of such labels lack.

    Args:
        job: The job.
        tuning: Its search.
        outputs: How labels relate.
        own: Names of user-defined metrics.
    """
    known = known_figures(outputs, apart=job.data.targets == "independent")
    known |= set(own)
    if tuning.metric is not None and tuning.metric not in known:
        expected = f"a figure of {outputs} labels: {', '.join(sorted(known))}"
        yield Problem(path="tuning.metric", expected=expected, got=short(tuning.metric))
