"""Bring a job, its data and its methods together: all problems at once, or what a plan needs."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.inputs import Ragged
from sortal.data.labels import Outputs
from sortal.data.prepared import select_known_rows
from sortal.data.preparing.channels import Channels, channel_blocks, channels_of
from sortal.data.preparing.choose import choose_preparation
from sortal.data.preparing.preparer import Preparation
from sortal.data.preparing.rules import rules_of
from sortal.data.preparing.whitening import is_flat_input
from sortal.data.reading.dataset import read_dataset, source_signature
from sortal.data.reading.source import READING_RULES
from sortal.data.split import Split
from sortal.data.splitting.divide import divide
from sortal.errors import Damaged, DataError, NotFound
from sortal.job.models import Job
from sortal.job.problems import JobError, Problem
from sortal.job.read import JobFile
from sortal.jobs.planning.classifiers import ClassifierPlan, expand_classifiers
from sortal.jobs.planning.members import PlannedMember, member_key
from sortal.jobs.planning.search_splits import search_splits
from sortal.jobs.planning.stored_data import lost_by_change, lost_with_source, stored_damages
from sortal.jobs.planning.training_weights import member_weighing, member_weights, weighing_problems
from sortal.jobs.planning.tuning_problems import metric_problems, tuning_problems
from sortal.jobs.user_metrics.problems import find_metrics, listed_names, misfit_problems
from sortal.methods.contract.base import DependsOnAxes, Member, Parameters, Shape
from sortal.methods.contract.user_methods import plain_name
from sortal.methods.registry import is_reference
from sortal.metrics.user_metric import UserMetric
from sortal.store.files.damage import Damage
from sortal.store.records.job_record import MemberEntry
from sortal.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A job that can run."""

    name: str
    job: Job
    source: str
    """Key of the unchanged source, for the store's cache."""

    text: str = field(repr=False)
    """The job file as the user wrote it; empty for a job from Python."""

    dataset: Dataset
    splits: tuple[Split, ...]
    entries: tuple[PlannedMember, ...] = field(repr=False)
    """Of a search: the classifiers at their initial values."""

    notes: tuple[str, ...]
    classifiers: tuple[ClassifierPlan, ...] = field(default=(), repr=False)
    search_splits: tuple[Split, ...] = field(default=(), repr=False)
    """Splits without test examples, by which a search judges; empty without one."""

    damages: tuple[Damage, ...] = ()
    """Damage of the stored copy of the data; a run makes it anew."""

    metrics: tuple[UserMetric, ...] = ()
    """User-defined metrics."""

    @property
    def shape(self) -> Shape:
        """Sizes for cost estimates."""
        split = self.splits[0]
        width = sum(
            int(np.mean(array.lengths))
            if isinstance(array, Ragged)
            else int(np.prod(array.shape[1:]))
            for array in self.dataset.inputs.arrays.values()
        )
        return Shape(
            examples=len(split.train),
            scored=len(split.validation) + len(split.test),
            features=width,
            outputs=len(self.dataset.labels.classes),
        )


def resolve(
    file: JobFile,
    store: Store | None = None,
    *,
    given: Dataset | None = None,
    metrics: Sequence[Any] = (),
) -> Resolved:
    """Check a job against its data and the methods.

    Args:
        file: The job as read.
        store: Where an unchanged source may have been read before; it is not written.
        given: Examples that a system read from files of its own; then `data.source` only
            names them, and nothing that the data block says of reading applies.

        metrics: Functions that compute user-defined metrics, beside those that the job names.

    Raises:
        JobError: Something of the job cannot be done; all problems, each with its line.
    """
    job = file.job
    classifiers, problems = expand_classifiers(job)
    problems += tuning_problems(job, classifiers, own_spaces=given is None)
    own, unusable = find_metrics(job, metrics, beside=file.path.parent)
    problems += unusable
    searched: tuple[Split, ...] = ()
    try:
        dataset, splits = _divided(file, store, given)
        rows = known_rows(job, dataset, splits)
        preparation = choose_preparation(job.data, dataset.inputs, dataset.names)
        problems += _misfits(dataset, preparation, classifiers)
        problems += weighing_problems(job, dataset, splits)
        problems += _unwhitenable(dataset, preparation)
        problems += misfit_problems(job, own, dataset.labels)
        if job.tuning is not None:
            problems += metric_problems(
                job, job.tuning, dataset.labels.outputs, listed_names(file, own)
            )
            searched = _search_splits(job, dataset, splits)
    except JobError as error:
        problems += error.problems
    if problems or file.problems:
        raise JobError([*file.problems, *file.placed(problems)], file=file.name)
    entries = tuple(planned_members(job, dataset, rows, classifiers))
    if taken := _taken_titles(entries):
        raise JobError(file.placed([taken]), file=file.name)
    lost = lost_by_change(store, file.title, dataset.fingerprint) if store else ()
    anew = _trained_anew(store, job, dataset, preparation, entries) if store else ()
    return Resolved(
        name=file.title,
        job=job,
        source=source_key(job, file.path.parent) if given is None else given.fingerprint,
        text=file.text,
        dataset=dataset,
        splits=splits,
        entries=entries,
        notes=(*dataset.notes, *_notes(job, dataset, classifiers), *lost, *anew),
        classifiers=tuple(classifiers),
        search_splits=searched,
        damages=_damages(store, file.title, dataset, (*splits, *searched)) if store else (),
        metrics=own,
    )


def source_key(job: Job, folder: Path) -> str:
    """Hash of the data block, of its files' paths, sizes and times of change, and of the rules of reading."""
    files = source_signature(job.data, folder)
    meaning = [job.data.model_dump(mode="json"), job.seed, files, READING_RULES]
    return hashlib.blake2b(json.dumps(meaning).encode(), digest_size=16).hexdigest()


def _divided(
    file: JobFile, store: Store | None, given: Dataset | None
) -> tuple[Dataset, tuple[Split, ...]]:
    """Read and divide the data; what of it is not known is no further problem."""
    if file.salvaged and not file.salvaged.data_is_whole:
        raise JobError([])
    if given is not None:
        return given, _splits(file.job, given)
    try:
        dataset = _dataset(file.job, file.path.parent, store)
    except DataError as error:
        raise JobError([_data_problem("data.source", error), *_lost(file, store)]) from error
    except JobError as error:
        raise JobError([*error.problems, *_lost(file, store)]) from error
    return dataset, _splits(file.job, dataset)


def _dataset(job: Job, folder: Path, store: Store | None) -> Dataset:
    """The stored copy of an unchanged source if it is sound, or what the source holds."""
    known = store and store.datasets.known_source(source_key(job, folder))
    if store and known:
        try:
            return store.datasets.get(known)
        except (Damaged, NotFound):
            pass  # it is read anew, and `Resolved.damages` names what is wrong
    return read_dataset(job.data, folder, job.seed)


def _lost(file: JobFile, store: Store | None) -> list[Problem]:
    return lost_with_source(store, file.title) if store else []


def _damages(
    store: Store, job: str, dataset: Dataset, splits: Sequence[Split]
) -> tuple[Damage, ...]:
    return stored_damages(store, job, dataset.fingerprint, (one.fingerprint for one in splits))


def _splits(job: Job, dataset: Dataset) -> tuple[Split, ...]:
    try:
        return divide(dataset, job.data.split, job.seed)
    except DataError as error:
        raise JobError([_data_problem("data.split", error)]) from error


def _search_splits(job: Job, dataset: Dataset, splits: Sequence[Split]) -> tuple[Split, ...]:
    path = "tuning.folds" if job.tuning and job.tuning.folds else "tuning.validation"
    try:
        return search_splits(job, dataset, splits)
    except DataError as error:
        raise JobError([_data_problem(path, error)]) from error


def _data_problem(path: str, error: DataError) -> Problem:
    return Problem(path=path, expected="usable data", got=str(error).rstrip("."))


def _misfits(
    dataset: Dataset, preparation: Preparation, classifiers: Sequence[ClassifierPlan]
) -> Iterator[Problem]:
    """Methods that cannot learn from data like this."""
    missing = bool(_inputs_with_gaps(dataset, preparation))
    ragged = [name for name, array in dataset.inputs.arrays.items() if isinstance(array, Ragged)]
    outputs = dataset.labels.outputs
    for number, classifier in enumerate(classifiers):
        method, path = classifier.method, f"classifiers[{number}].method"
        if outputs not in method.outputs:
            yield Problem(
                path=path, expected=f"a method for {outputs} labels", got=repr(method.name)
            )
        if missing and not method.missing_allowed:
            yield Problem(
                path=path,
                expected="a method that takes missing values, or data.imputation",
                got=repr(method.name),
            )
        if ragged:
            yield Problem(
                path=path,
                expected=f"a method for signals of unequal length ({ragged[0]}), or data.length",
                got=repr(method.name),
            )


def _unwhitenable(dataset: Dataset, preparation: Preparation) -> Iterator[Problem]:
    """Inputs that cannot be whitened."""
    whitened = [
        name
        for name in dataset.inputs.arrays
        if "whiten" in rules_of(preparation.scaling, name, _channels(dataset, name).count)
    ]
    for name in whitened:
        if not is_flat_input(dataset.inputs.arrays[name], _channels(dataset, name)):
            yield Problem(
                path="data.scaling",
                expected=f"another scaling for signals and stamps ({name})",
                got="whiten",
            )
    if whitened and _inputs_with_gaps(dataset, preparation).intersection(whitened):
        yield Problem(
            path="data.imputation",
            expected="a way to fill missing values before they are whitened",
            got="none",
        )


def known_rows(
    job: Job, dataset: Dataset, splits: Sequence[Split]
) -> dict[tuple[Split, str | None], str]:
    """Fingerprint of the rows with known labels, for every split and target in the job's order.

    Raises:
        JobError: No example of known label is left to train a target.
    """
    independent = dataset.labels.outputs is Outputs.INDEPENDENT
    apart = independent and job.data.targets == "independent"
    targets: tuple[str | None, ...] = dataset.labels.classes if apart else (None,)
    rows = {}
    problems = []
    for split, target in product(splits, targets):
        try:
            rows[split, target] = select_known_rows(dataset.labels, split, target).fingerprint
        except DataError:
            what = "each example" if target is None else f"target {target!r}"
            fold = "" if split.fold is None else f" of fold {split.fold}"
            expected = f"known labels of {what} among the training examples{fold}"
            problems.append(Problem(path="data.label", expected=expected, got="none"))
    if problems:
        raise JobError(problems)
    return rows


def planned_members(
    job: Job,
    dataset: Dataset,
    rows: Mapping[tuple[Split, str | None], str],
    classifiers: Sequence[ClassifierPlan],
) -> Iterator[PlannedMember]:
    """Every combination of classifier, parameters, seed, fold and target, in the job's order.

    Args:
        job: The job.
        dataset: Its examples.
        rows: What `known_rows` found of the splits.
        classifiers: Its classifiers, or others on the same data.
    """
    chosen = choose_preparation(job.data, dataset.inputs, dataset.names)
    for classifier in classifiers:
        weights = member_weights(job.data, dataset, allowed=classifier.method.weights_allowed)
        preparation = replace(chosen, weighing=member_weighing(job.data, weights))
        for (given, parameters), seed, (split, target) in product(
            _settled(classifier, job, dataset), classifier.seeds, rows
        ):
            member = Member(
                key="",
                method=classifier.method.name,
                parameters=parameters,
                seed=seed,
                target=target,
                weights=weights,
                rows=rows[split, target],
                preparation=preparation.fingerprint,
                calibration=classifier.block.calibrate or "",
            )
            key = member_key(member, classifier.method, dataset.fingerprint)
            entry = PlannedMember(
                listed=MemberEntry(
                    title=classifier.title(given, seed),
                    notes=tuple(classifier.block.notes),
                    asked=classifier.block.asked,
                    key=key,
                    method=member.method,
                    calibration=member.calibration,
                    parameters=parameters.model_dump(mode="json"),
                    varied=classifier.varied,
                    seed=seed,
                    fold=split.fold,
                    target=target,
                    reference=is_reference(member.method),
                ),
                member=replace(member, key=key),
                method=classifier.method,
                split=split.fingerprint,
            )
            yield entry
            if getattr(job.data.split, "each_fold", False):
                yield entry.as_fold


def _settled(
    classifier: ClassifierPlan, job: Job, dataset: Dataset
) -> Iterator[tuple[Parameters, Parameters]]:
    """The combinations of a classifier, and each with what the axes of the data tell of it."""
    method = classifier.method
    for parameters in classifier.combinations:
        if isinstance(method, DependsOnAxes):
            yield parameters, method.settled(parameters, dataset.inputs, job.data.axes)
        else:
            yield parameters, parameters


def _taken_titles(entries: Sequence[PlannedMember]) -> Problem | None:
    """A title that the job gives a classifier, and that a fold of another would have."""
    whole = {entry.title for entry in entries if not entry.listed.fold_of}
    folds = (entry.listed for entry in entries if entry.listed.fold_of)
    taken = next((entry for entry in folds if entry.title in whole), None)
    if taken is None:
        return None
    got = f"{taken.title!r}, which fold {taken.fold} of {taken.fold_of!r} is called"
    return Problem(path="classifiers", expected="titles unlike those of folds", got=got)


def _notes(job: Job, dataset: Dataset, classifiers: Sequence[ClassifierPlan]) -> Iterator[str]:
    """What the user should know of how methods treat this data."""
    if member_weights(job.data, dataset, allowed=True):
        ignoring = {plain_name(c.method.name) for c in classifiers if not c.method.weights_allowed}
        if ignoring:
            yield (
                f"{', '.join(sorted(ignoring))} cannot use example weights in training; "
                "their scores are weighted all the same."
            )
    unsure = {
        plain_name(c.method.name)
        for c in classifiers
        if not all(c.method.probabilities(parameters) for parameters in c.combinations)
    }
    if unsure:
        yield (
            f"no probabilities come from {', '.join(sorted(unsure))}: log loss and calibration stay "
            "blank unless `calibrate` is asked for."
        )


def _trained_anew(
    store: Store,
    job: Job,
    dataset: Dataset,
    preparation: Preparation,
    entries: Sequence[PlannedMember],
) -> Iterator[str]:
    """A sentence on members that an earlier version trained, which made float64 of narrow inputs."""
    if not preparation.single:
        return
    former = {}
    for entry in entries:
        rule = member_weighing(job.data, entry.member.weights)
        meant = replace(preparation, single=False, weighing=rule).fingerprint
        member = replace(entry.member, preparation=meant)
        former[entry.member.key] = member_key(member, entry.method, dataset.fingerprint)
    stored = store.members.find([*former, *former.values()])
    count = sum(new not in stored and old in stored for new, old in former.items())
    if count:
        yield (
            f"{count} members are trained anew: an earlier version prepared inputs of at most 16 bits "
            "as float64, and this one as float32."
        )


def _channels(dataset: Dataset, name: str) -> Channels:
    return channels_of(name, dataset.inputs.arrays[name], dataset.names.get(name, ()))


def _inputs_with_gaps(dataset: Dataset, preparation: Preparation) -> set[str]:
    """Inputs with a missing value that no rule fills; looks block by block."""
    found = set()
    for name, array in dataset.inputs.arrays.items():
        lanes = _channels(dataset, name)
        rules = rules_of(preparation.imputation, name, lanes.count)
        kept = np.array([rule == "none" for rule in rules])
        numbers = array.values if isinstance(array, Ragged) else array
        if numbers.dtype.kind == "f" and any(
            np.isnan(block[:, kept]).any() for block in channel_blocks(array, lanes)
        ):
            found.add(name)
    return found
