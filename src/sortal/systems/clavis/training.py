"""One batch job from its file to its results in the store."""

import re
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sortal.display import counted
from sortal.errors import SortalError, UserError
from sortal.job.models import DataBlock as JobData
from sortal.job.models import Job
from sortal.job.positions import Positions
from sortal.job.read import JobFile
from sortal.jobs.launch import Launched, launch
from sortal.methods.provided import providing
from sortal.systems.clavis.available import Available, find_available
from sortal.systems.clavis.classifiers import Circumstances, Wanted, wanted
from sortal.systems.clavis.dataset import Divided, dataset_of
from sortal.systems.clavis.jobfile import BatchJob, Configuration, read_batch_job
from sortal.systems.clavis.outcome import Fault, Outcome
from sortal.systems.clavis.progress import Broken, Print, Progress
from sortal.systems.clavis.source import Source

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]*")
_NAMED = 3
"""Titles that a warning lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command was told."""

    store: Path
    plugins: tuple[Path, ...] = ()
    downloads: Path | None = None
    cores: int | None = None
    stop: bool = False
    """Whether the first failure ends everything."""


@dataclass(slots=True, kw_only=True)
class Work:
    """A job that is being run, as far as it has come."""

    path: Path
    wishes: Wishes
    echo: Print
    job: BatchJob
    started: float
    faults: list[Fault] = field(default_factory=list)
    listed: list[Wanted] = field(default_factory=list)
    launched: Launched | None = None

    def fault(self, what: str, error: Exception) -> None:
        """Note a failure that does not end the job.

        Raises:
            Broken: The first failure is to end everything.
        """
        reason = (
            str(error) if isinstance(error, SortalError) else f"{type(error).__name__}: {error}"
        )
        fault = Fault(what=what, reason=reason)
        self.faults.append(fault)
        if self.wishes.stop:
            raise Broken(fault) from error
        self.echo(f"ERROR: {fault}")

    def outcome(self) -> Outcome:
        """What has become of it."""
        code = self.launched.summary.exit_code if self.launched else 0
        results = self.launched.results.results if self.launched else ()
        have = {result.title for result in results}
        return Outcome(
            path=self.path,
            title=self.job.data.title,
            dataset=self.job.data.dataset,
            classifiers=sum(one.title in have for one in self.listed),
            faults=tuple(self.faults),
            seconds=time.perf_counter() - self.started,
            exit_code=code if code > 1 else 0,
            name=self.launched.resolved.name if self.launched else "",
        )


def begin(path: Path, wishes: Wishes, echo: Print) -> Work:
    """Read a job file.

    Raises:
        JobError: It is no batch job.
    """
    started = time.perf_counter()
    return Work(path=path, wishes=wishes, echo=echo, job=read_batch_job(path), started=started)


def run(work: Work) -> None:
    """Train what the store lacks of a job's classifiers, and compute its projections.

    Raises:
        SortalError: The job as a whole cannot run; failures of single classifiers are noted.
        Broken: Something failed, and the first failure is to end everything.
    """
    job, wishes, echo = work.job, work.wishes, work.echo
    available = find_available(wishes.plugins, job=work.path, downloads=wishes.downloads)
    _say(echo, [*available.notices, *job.notes])
    source = available.source(job.data.dataset)
    divided = dataset_of(source, job.data)
    echo(_described(job, source, divided))
    _say(echo, divided.notes)
    with TemporaryDirectory(prefix="sortal-clavis-") as folder:
        around = Circumstances.of(available, source, job.data.title, Path(folder))
        _resolve(work, around)
        _warn(echo, work.listed)
        if work.listed:
            _train(work, available, divided)
        else:
            echo("no classifier is left to train.")


def _say(echo: Print, notes: Sequence[str]) -> None:
    for note in notes:
        echo(f"note: {note}")


def _described(job: BatchJob, source: Source, divided: Divided) -> str:
    examples, features = divided.dataset.inputs.matrix().shape
    classes = counted(len(source.class_names), "label" if source.is_multilabel else "class")
    classes = classes.replace("classs", "classes")
    return f"{job.data.title}: {source.name}, {examples} examples of {features} features, {classes}"


def _resolve(work: Work, around: Circumstances) -> None:
    """Resolve all configurations; those that cannot run are faults."""
    taken: set[str] = set()
    for configuration in work.job.classifiers:
        try:
            one = wanted(configuration, around)
            if one.title in taken:
                raise UserError(_taken(one.title, configuration))
        except SortalError as error:
            work.fault(f"classifier {configuration.title!r}", error)
        else:
            taken.add(one.title)
            work.listed.append(one)


def _taken(title: str, configuration: Configuration) -> str:
    return (
        f"line {configuration.line}: with its default values it is called {title!r}, as another "
        "classifier is: give it a title of its own."
    )


def _warn(echo: Print, listed: Sequence[Wanted]) -> None:
    """Print each warning once, with the titles that it concerns."""
    concerned: dict[str, list[str]] = {}
    for one in listed:
        for warning in one.warnings:
            concerned.setdefault(warning, []).append(one.title)
    for warning, titles in concerned.items():
        named = ", ".join(titles[:_NAMED])
        more = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
        echo(f"warning: {named}{more}: {warning}")


def _train(work: Work, available: Available, divided: Divided) -> None:
    listed = work.listed
    progress = Progress(
        echo=work.echo,
        titles=_sharing(listed),
        methods={one.title: one.method for one in listed},
        folds=_folds(divided),
        stop=work.wishes.stop,
        faults=work.faults,
    )
    with ExitStack() as stack:
        stack.enter_context(providing(available.providers([one.method for one in listed])))
        work.launched = launch(
            job_file(work.job, divided, listed),
            store=work.wishes.store,
            cores=work.wishes.cores,
            listener=progress,
            dataset=divided.dataset,
        )


def job_file(job: BatchJob, divided: Divided, listed: Sequence[Wanted]) -> JobFile:
    """The job of ours that trains some classifiers on divided examples."""
    data: dict[str, Any] = {
        "source": job.data.dataset,
        "scaling": "standard" if job.data.scale else "none",
        **({} if divided.split is None else {"split": divided.split}),
    }
    ours = Job(
        title=store_name(job.data.title),
        data=JobData.model_validate(data),
        classifiers=[one.block for one in listed],
    )
    return JobFile(ours, Positions({}), job.path, job.text)


def store_name(title: str) -> str:
    """What the store calls a job: its title, or one of plain letters that stands for it.

    >>> store_name("MNIST Experiment 1")
    'MNIST Experiment 1'
    """
    if _PLAIN_NAME.fullmatch(title):
        return title
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", title).lstrip("._ -")
    return f"{plain or 'job'}-{blake2b(title.encode(), digest_size=4).hexdigest()}"


def _sharing(listed: Sequence[Wanted]) -> Mapping[str, Sequence[str]]:
    """Titles that share one result, by the first of them."""
    first: dict[Any, str] = {}
    titles: dict[str, list[str]] = {}
    for one in listed:
        titles.setdefault(first.setdefault(one.meaning, one.title), []).append(one.title)
    return titles


def _folds(divided: Divided) -> int:
    if divided.split is None or divided.split["kind"] != "given_folds":
        return 1
    return len(set(divided.dataset.folds.tolist())) if divided.dataset.folds is not None else 1
