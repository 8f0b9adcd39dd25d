"""`sortal clavis autotune`: from a tuning job to the batch job of the best, and a report."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sortal.data.labels import Outputs
from sortal.job.models import Job, TuningBlock
from sortal.job.positions import Positions, dotted, joined
from sortal.job.problems import Problem
from sortal.job.read import JobFile
from sortal.job.title import store_name
from sortal.job.type_names import nearest, short
from sortal.jobs.launch import Launched, launch
from sortal.jobs.planning.classifiers import ClassifierPlan, expand_classifier
from sortal.jobs.planning.resolve import Resolved
from sortal.jobs.searching.search import SearchSummary
from sortal.jobs.searching.searched_classifiers import SearchedClassifiers
from sortal.methods.contract.user_methods import providing
from sortal.metrics.registry import ACCURACY
from sortal.plugins.declaration import Declaration
from sortal.plugins.loading.needed import NeededPlugins
from sortal.store.files.atomic import write_text
from sortal.systems.clavis.available import Available, find_available
from sortal.systems.clavis.batch.classifiers import JobContext, resolve_classifier
from sortal.systems.clavis.batch.dataset import DividedExamples, data_block, dataset_of
from sortal.systems.clavis.batch.progress import Print, say
from sortal.systems.clavis.batch.running_job import BatchOptions
from sortal.systems.clavis.tuning.jobfile import TunedEntry, TuningJob, read_tuning_job
from sortal.systems.clavis.tuning.report import report
from sortal.tuning.space import Candidate, Choices, Dimension
from sortal.views.progress import Display


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What tuning came to, and where it is written."""

    launched: Launched
    result: Path
    report: Path

    @property
    def exit_code(self) -> int:
        """0 all well, 1 nothing could be judged, 130 interrupted."""
        return self.launched.summary.exit_code


def autotune(path: Path, wishes: BatchOptions, echo: Print, *, quiet: bool = False) -> Written:
    """Tune the classifiers of a job, and write the batch job of the best and a report.

    Configurations are ranked by their accuracy on validation examples; the best of the last
    round are then trained on all training examples and judged on the test examples. Ctrl-C
    ends the round: what is finished is ranked, and both files are written. What is stored is not
    trained again, so the same command goes on.

    Args:
        path: The tuning job.
        wishes: What the command was told.
        echo: Takes what is printed, line by line.
        quiet: Show failures and warnings only while it trains.

    Raises:
        JobError: The file is no tuning job; every problem has its line.
        SortalError: The data cannot be used.
    """
    job = read_tuning_job(path)
    for warning in job.file.warnings:
        echo(f"warning: {warning}")
    available = find_available(
        wishes.plugins,
        announce=partial(say, echo),
        job=path,
        downloads=wishes.downloads,
        wanted=NeededPlugins(
            datasets=frozenset({job.data.dataset}),
            classifiers=frozenset(one.method for one in job.entries),
        ),
    )
    say(echo, *available.notices, *job.notes)
    _refuse_undeclared(job, available)
    source = available.source(job.data.dataset)
    for warning in source.notes:
        echo(f"warning: {warning}")
    divided = dataset_of(source, job.data)
    say(echo, *divided.notes)
    with TemporaryDirectory(prefix="sortal-clavis-") as folder, ExitStack() as stack:
        around = JobContext.of(available, source, job.data.title, Path(folder))
        methods = list(dict.fromkeys(one.method for one in job.entries))
        stack.enter_context(providing(available.providers(methods)))
        launched = launch(
            _job_file(job, divided, around),
            store=wishes.store,
            options=wishes.options,
            listener=stack.enter_context(Display(quiet=quiet, verbose=wishes.verbose)),
            dataset=divided.dataset,
            contest=lambda resolved: _contest(job, around, resolved),
            engines=wishes.engines,
        )
    return _written(job, divided, launched)


def _contest(job: TuningJob, around: JobContext, resolved: Resolved) -> SearchedClassifiers:
    def configure(candidate: Candidate) -> ClassifierPlan:
        block = resolve_classifier(job.configuration(candidate), around).block
        return expand_classifier(block, job.entries[candidate.kind].place, resolved.job.seed)

    spaces = tuple(one.space for one in job.entries)
    return SearchedClassifiers(resolved=resolved, spaces=spaces, configure=configure)


def _job_file(job: TuningJob, divided: DividedExamples, around: JobContext) -> JobFile:
    """The job of ours: its classifiers stand at their initial values."""
    first = [
        resolve_classifier(one.configuration(one.space.initial), around).block
        for one in job.entries
    ]
    ours = Job(
        title=store_name(job.data.title),
        data=data_block(job.data, divided),
        # Only checked, and never trained under these titles.
        classifiers=[
            block.model_copy(update={"title": f"start {number}"})
            for number, block in enumerate(first)
        ],
        training_figures=True,
        tuning=_tuning(job, multilabel=around.source.is_multilabel),
    )
    return JobFile(ours, Positions({}), job.path, job.file.text)


def _tuning(job: TuningJob, *, multilabel: bool) -> TuningBlock:
    data = job.data
    said = data.tuning_validation
    return TuningBlock(
        sampler="evolution",
        rounds=data.tuning_rounds,
        population=data.tuning_population,
        offspring=data.tuning_offspring,
        keep=data.tuning_population,
        metric=ACCURACY[Outputs.INDEPENDENT if multilabel else Outputs.EXCLUSIVE],
        validation=said if isinstance(said, float) else None,
        folds=said if isinstance(said, int) else None,
        seed=data.random_state,
    )


def _refuse_undeclared(job: TuningJob, available: Available) -> None:
    """Refuse to tune what a classifier does not declare, or beyond what it takes.

    Raises:
        JobError: All such parameters, with their lines.
    """
    problems: dict[str, Problem] = {}
    for entry in job.entries:
        declaration = available.classifier(entry.method).declaration
        for problem in _undeclared(entry, declaration):
            problems.setdefault(problem.path, problem)
    if problems:
        raise job.file.error(problems.values())


def _undeclared(entry: TunedEntry, declaration: Declaration) -> Sequence[Problem]:
    found = []
    for name, dimension in entry.space.dimensions.items():
        at = joined(entry.place, dotted([name]))
        declared = declaration.find(name)
        if declared is None:
            known = [one.name for one in declaration.parameters]
            expected = f"a parameter of {declaration.name}"
            close = nearest(name, known)
            found.append(Problem(path=at, expected=expected, got=short(name), nearest=close))
            continue
        for key, value in _extremes(dimension):
            if not declared.takes(value):
                where = joined(at, key)
                found.append(Problem(path=where, expected=declared.expected(), got=short(value)))
    return found


def _extremes(dimension: Dimension) -> list[tuple[str, Any]]:
    if isinstance(dimension, Choices):
        return [(dotted(["values", place]), one) for place, one in enumerate(dimension.values)]
    return [("min", dimension.at(dimension.low)), ("max", dimension.at(dimension.high))]


def _written(job: TuningJob, divided: DividedExamples, launched: Launched) -> Written:
    if launched.searched is None:
        raise TypeError("a job with tuning was searched")
    result, text = (job.path.with_suffix(end) for end in (".result.json", ".report.md"))
    write_text(result, result_job(job, launched.searched))
    write_text(text, report(job, divided, launched, result.name))
    return Written(launched=launched, result=result, report=text)


def result_job(job: TuningJob, searched: SearchSummary) -> str:
    """The batch job of the best, as JSON that any ClaVis reads."""
    classifiers = []
    for trial, candidate in searched.best:
        configuration = job.configuration(candidate)
        about = {"title": trial.title, "method": configuration.method}
        classifiers.append({**about, **configuration.arguments})
    whole = {"data": job.plain_data, "projections": [], "classifiers": classifiers}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
