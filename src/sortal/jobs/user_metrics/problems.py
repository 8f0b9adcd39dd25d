"""Checks of the metrics that a user brings: every problem is reported, with its place in the job."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sortal.data.labels import Labels, Outputs
from sortal.errors import OptionError
from sortal.job.models import Job
from sortal.job.problems import Problem
from sortal.job.read import JobFile
from sortal.job.type_names import short
from sortal.jobs.user_metrics.load import load_metric
from sortal.metrics import registry
from sortal.metrics.metric import plain_name
from sortal.metrics.user_metric import UserMetric, as_metric
from sortal.testing.metrics import MetricSubject, all_metric_checks
from sortal.testing.training import ContractBroken

_COLUMNS = frozenset(
    {
        *("rank", "title", "method", "target", "low", "high", "sd", "training", "tied", "members"),
        *("fit_seconds", "score_seconds", "reference", "classifier", "seed", "fold"),
    }
)
"""Names of other columns of the tables that a metric is a column of."""


def knowing_metrics(file: JobFile, given: Sequence[Any]) -> JobFile:
    """A job without the problem that its search wants a metric which only Python gives it.

    Args:
        file: The job as read.
        given: Functions, or what `sortal.metric` made of them.
    """
    names = {getattr(one, "name", getattr(one, "__name__", "")) for one in given}
    tuning = file.job.tuning
    if tuning is None or tuning.metric not in names:
        return file
    left = tuple(problem for problem in file.problems if problem.path != "tuning.metric")
    return replace(file, problems=left)


def find_metrics(
    job: Job, given: Sequence[Any], *, beside: Path
) -> tuple[tuple[UserMetric, ...], list[Problem]]:
    """Load the metrics that a job names, beside those that come from Python.

    Args:
        job: The job.
        given: Functions, or what `sortal.metric` made of them.
        beside: Folder of the job.

    Returns:
        Metrics of distinct names that can be used, and the problems of all others.
    """
    found: dict[str, UserMetric] = {}
    problems: list[Problem] = []
    for place, metric in _metrics(job, given, beside):
        if isinstance(metric, OptionError):
            got = repr(metric.got) if isinstance(metric.got, str) else short(metric.got)
            problems.append(Problem(path=place, expected=metric.expected, got=got))
        elif registry.is_known(metric.name) or metric.name in _COLUMNS:
            expected = "a metric whose name is new to Sortal"
            got = f"{metric.name!r}, which a metric or column of its tables already has"
            problems.append(Problem(path=place, expected=expected, got=got))
        elif metric.name in found:
            expected = "metrics of different names"
            problems.append(Problem(path=place, expected=expected, got=f"{metric.name!r} twice"))
        else:
            found[metric.name] = metric
    return tuple(found.values()), problems


def _metrics(
    job: Job, given: Sequence[Any], beside: Path
) -> Iterator[tuple[str, UserMetric | OptionError]]:
    """Each metric with its place, or the error that stands for it."""
    for number, path in enumerate(job.metrics):
        try:
            yield f"metrics[{number}]", load_metric(path, beside=beside)
        except OptionError as error:
            yield f"metrics[{number}]", error
    for one in given:
        try:
            yield "metrics", as_metric(one).with_current_digest()
        except OptionError as error:
            yield "metrics", error


def listed_names(file: JobFile, metrics: Sequence[UserMetric]) -> frozenset[str]:
    """Names of user metrics that a job's search may have; one that cannot be used is a problem already.

    Args:
        file: The job as read.
        metrics: What `find_metrics` returned.
    """
    names = {metric.name for metric in metrics} | set(map(plain_name, file.job.metrics))
    tuning = file.job.tuning
    if tuning and tuning.metric and any(one.path.startswith("metrics") for one in file.problems):
        names.add(tuning.metric)  # the list is not known as a whole
    return frozenset(names)


def misfit_problems(job: Job, metrics: Sequence[UserMetric], labels: Labels) -> Iterator[Problem]:
    """Metrics that are not defined for such labels, or break the contract of metrics on them."""
    apart = labels.outputs is Outputs.INDEPENDENT and job.data.targets == "independent"
    columns = 1 if apart else len(labels.classes)
    places = _places(job)
    for metric in metrics:
        path = places.get(metric.name, "metrics")
        if not metric.is_of(labels.outputs):
            expected = f"a metric of {labels.outputs} labels"
            yield Problem(
                path=path, expected=expected, got=f"{metric.name}, one of {metric.outputs}"
            )
            continue
        subject = MetricSubject(metric=metric, outputs=labels.outputs, columns=columns)
        broken = _broken(subject)
        if broken:
            yield Problem(path=path, expected="a metric that keeps the contract", got=broken)


def _places(job: Job) -> dict[str, str]:
    """Places of a job's metrics by name."""
    return {plain_name(path): f"metrics[{n}]" for n, path in enumerate(job.metrics)}


def _broken(subject: MetricSubject) -> str:
    """The first rule of the contract that a metric breaks, as a sentence without its full stop."""
    for check in all_metric_checks():
        try:
            check(subject)
        except ContractBroken as error:
            return str(error).rstrip(".")
    return ""
