"""One batch job from its file to its results in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sortal.errors import SortalError
from sortal.job.models import Job
from sortal.job.positions import Positions
from sortal.job.read import JobFile
from sortal.job.title import store_name
from sortal.jobs.launch import Launched, launch
from sortal.jobs.results.results import JobResults
from sortal.methods.contract.user_methods import providing
from sortal.plugins.given_data import GivenData
from sortal.plugins.loading.needed import NeededPlugins
from sortal.store.store import Store
from sortal.systems.clavis.available import Available, find_available
from sortal.systems.clavis.batch.classifiers import (
    JobContext,
    ResolvedClassifier,
    resolve_classifier,
)
from sortal.systems.clavis.batch.dataset import DividedExamples, data_block, dataset_of
from sortal.systems.clavis.batch.fold_table import fold_columns, fold_rows
from sortal.systems.clavis.batch.jobfile import BatchJob, Configuration
from sortal.systems.clavis.batch.pictures import check_pictures, make_pictures
from sortal.systems.clavis.batch.progress import BatchProgress, Print, say
from sortal.systems.clavis.batch.running_job import RunningBatchJob
from sortal.systems.clavis.batch.titles import Titles, visible
from sortal.views.console import print_rows
from sortal.views.progress import counted

_NAMED = 3
"""Titles that a warning lists."""


def run(work: RunningBatchJob) -> None:
    """Train what the store lacks of a job's classifiers, and compute its projections.

    Raises:
        SortalError: The job as a whole cannot run; failures of single classifiers are noted.
        Broken: Something failed, and the first failure is to end everything.
    """
    job, wishes, echo = work.job, work.wishes, work.echo
    available = find_available(
        wishes.plugins,
        announce=partial(say, echo),
        job=work.path,
        downloads=wishes.downloads,
        wanted=NeededPlugins(
            datasets=frozenset({job.data.dataset}),
            classifiers=frozenset(one.method for one in job.classifiers),
        ),
    )
    say(echo, *available.notices, *job.notes)
    source = available.source(job.data.dataset)
    for warning in source.notes:
        echo(f"warning: {warning}")
    divided = dataset_of(source, job.data)
    echo(_described(job, source, divided))
    say(echo, *divided.notes)
    pictures = check_pictures(work)
    with TemporaryDirectory(prefix="sortal-clavis-") as folder:
        around = JobContext.of(available, source, job.data.title, Path(folder))
        _resolve(work, around)
        _warn(echo, work.listed)
        if not work.listed:
            echo("no classifier is left to train.")
            return
        work.launched = _train(work, available, divided)
    if work.launched.summary.interrupted:
        return
    results = work.launched.results
    if any(one.save_model for one in work.listed):
        from sortal.systems.clavis.batch.saved_models import save_models  # torch

        save_models(work, results, Path.cwd())
    if has_folds(divided) and results.results:
        _print_folds(echo, results)
    make_pictures(work, results, pictures)


def _described(job: BatchJob, source: GivenData, divided: DividedExamples) -> str:
    examples, features = divided.dataset.inputs.matrix().shape
    classes = counted(len(source.class_names), "label" if source.is_multilabel else "class")
    classes = classes.replace("classs", "classes")
    return f"{job.data.title}: {source.name}, {examples} examples of {features} features, {classes}"


def _resolve(work: RunningBatchJob, around: JobContext) -> None:
    """Resolve all configurations; those that cannot run are faults.

    Titles are filled with default values here, which may make two of them equal: the later one
    gets a number then, or is left out where it is the same classifier.
    """
    titles = Titles.among(configuration.title for configuration in work.job.classifiers)
    known: dict[str, tuple[str, ...]] = {}
    for configuration in work.job.classifiers:
        try:
            one = resolve_classifier(configuration, around)
            if known.get(visible(one.title)) == one.meaning:
                say(work.echo, f"{_repeated(one.title, configuration)}.")
                continue
            title = titles.give(one.title, configuration.line)
            if title != one.title:
                one = resolve_classifier(replace(configuration, title=title), around)
        except SortalError as error:
            work.fault(f"classifier {configuration.title!r}", error)
        else:
            known.setdefault(visible(title), one.meaning)
            work.listed.append(one)
    for warning in titles.warnings("classifiers"):
        work.echo(f"warning: {warning}")


def _repeated(title: str, configuration: Configuration) -> str:
    return (
        f"line {configuration.line}: with its default values it is {title!r} with the parameters of "
        "another entry; it is one classifier"
    )


def _warn(echo: Print, listed: Sequence[ResolvedClassifier]) -> None:
    """Print each warning once, with the titles that it concerns."""
    concerned: dict[str, list[str]] = {}
    for one in listed:
        for warning in one.warnings:
            concerned.setdefault(warning, []).append(one.title)
    for warning, titles in concerned.items():
        named = ", ".join(titles[:_NAMED])
        more = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
        echo(f"warning: {named}{more}: {warning}")


def _train(work: RunningBatchJob, available: Available, divided: DividedExamples) -> Launched:
    listed = work.listed
    progress = BatchProgress(
        echo=work.echo,
        titles=_sharing(listed),
        methods={one.title: one.method for one in listed},
        verbose={one.title: one.verbose for one in listed},
        # The store is opened when a history is wanted: before the first job there is none.
        history=lambda key: Store.open(work.wishes.store, create=False).members.history(key),  # noqa: PLW0108
        folds=_folds(divided),
        stop=work.wishes.stop,
        show_printed=work.wishes.verbose,
        faults=work.faults,
    )
    with providing(available.providers([one.method for one in listed])):
        return launch(
            job_file(work.job, divided, listed),
            store=work.wishes.store,
            options=work.wishes.options,
            listener=progress,
            dataset=divided.dataset,
            engines=work.wishes.engines,
        )


def _print_folds(echo: Print, results: JobResults) -> None:
    rows = fold_rows(results)
    print_rows(rows, fold_columns(rows), title="test accuracy on each fold")
    whole = sum(not result.fold_of for result in results.results)
    if whole > len(rows):
        echo(f"and {whole - len(rows)} more.")


def job_file(
    job: BatchJob, divided: DividedExamples, listed: Sequence[ResolvedClassifier]
) -> JobFile:
    """The job of ours that trains some classifiers on divided examples."""
    ours = Job(
        title=store_name(job.data.title),
        data=data_block(job.data, divided),
        classifiers=[one.block for one in listed],
        training_figures=True,
    )
    return JobFile(ours, Positions({}), job.path, job.text)


def _sharing(listed: Sequence[ResolvedClassifier]) -> Mapping[str, Sequence[str]]:
    """Titles that share one result, by the first of them."""
    first: dict[Any, str] = {}
    titles: dict[str, list[str]] = {}
    for one in listed:
        titles.setdefault(first.setdefault(one.meaning, one.title), []).append(one.title)
    return titles


def has_folds(divided: DividedExamples) -> bool:
    """Whether results are told fold by fold."""
    return divided.dataset.folds is not None


def _folds(divided: DividedExamples) -> int:
    """Members of each classifier: one a fold of cross-validation."""
    if divided.dataset.folds is None or divided.folds_of_test:
        return 1
    return len(set(divided.dataset.folds.tolist()))
