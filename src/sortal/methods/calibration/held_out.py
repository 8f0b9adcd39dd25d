"""Scores of training examples by classifiers that had not seen them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sortal.data.dataset import Dataset
from sortal.data.prepared import Prepared
from sortal.data.split import Part, Split
from sortal.data.splitting.strata import strata
from sortal.errors import DataError
from sortal.methods.contract.base import (
    Control,
    Failed,
    Key,
    Member,
    Method,
    Paused,
    Population,
    Progress,
    Trained,
    Verdict,
)
from sortal.methods.contract.outcomes import collecting_notes

FOLDS = 5
"""Folds of the training examples; fewer where there are fewer examples or groups."""

_SEED = 1999
_BLOCK = 8192


@dataclass(slots=True, eq=False)
class HeldOutScores:
    """What the folds gave."""

    scores: dict[Key, np.ndarray] = field(default_factory=dict)
    """Of each member that trained on every fold, shape (training examples, outputs)."""

    seconds: dict[Key, float] = field(default_factory=dict)
    failures: dict[Key, Failed] = field(default_factory=dict)
    paused: bool = False
    """Whether members can be continued from the population's folder."""

    stopped: bool = False
    """Whether the driver asked for an end before all folds were done."""


@dataclass(slots=True)
class StageControl:
    """Tells the driver of one stage of several as a share of the whole."""

    control: Control
    stage: int
    stages: int
    stopped: bool = False

    def report(self, progress: Progress) -> Verdict:
        """Pass progress on, and remember whether the answer was to stop."""
        done = (self.stage + progress.done) / self.stages
        text = f"stage {self.stage + 1}/{self.stages} {progress.text}".rstrip()
        verdict = self.control.report(Progress(done, text))
        self.stopped |= verdict.stop_all
        return verdict


def fold_numbers(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Deal training examples to folds, shape (examples,).

    Each class is spread evenly; whole groups go to one fold. The draw is always the same, so
    that a member's calibration does not depend on its seed or its neighbours.

    Raises:
        DataError: There are fewer than two examples or groups to deal.
    """
    labels = dataset.labels.take(rows)
    if dataset.groups is not None:
        return _group_folds(strata(labels, fewest=FOLDS), np.asarray(dataset.groups[rows]))
    if len(rows) < 2:
        raise DataError("calibration needs two or more training examples.")
    codes = strata(labels, fewest=FOLDS)
    shuffled = np.random.default_rng(_SEED).permutation(len(rows))
    order = shuffled[np.argsort(codes[shuffled], kind="stable")]
    folds = np.empty(len(rows), dtype=np.int64)
    folds[order] = np.arange(len(rows)) % FOLDS
    return folds


def _group_folds(codes: np.ndarray, groups: np.ndarray) -> np.ndarray:
    from sklearn.model_selection import StratifiedGroupKFold

    count = min(FOLDS, len(np.unique(groups)))
    if count < 2:
        raise DataError("calibration needs training examples of two or more groups.")
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=_SEED)
    folds = np.empty(len(codes), dtype=np.int64)
    with collecting_notes():
        for fold, (_, held_out) in enumerate(splitter.split(codes, codes, groups)):
            folds[held_out] = fold
    return folds


def score_held_out(
    method: Method, population: Population, data: Prepared, control: Control
) -> HeldOutScores:
    """Train the population once per fold, and score what the fold held out.

    Args:
        method: How members train.
        population: Its snapshots go to folders of their own, one a fold.
        data: Its training examples are dealt to folds; everything else is left aside.
        control: Told of folds as the first stages of all; the stage after them is the caller's.
    """
    found = HeldOutScores()
    rows = data.split.train
    folds = fold_numbers(data.dataset, rows)
    members: Sequence[Member] = population.members
    for number, fold in enumerate(np.unique(folds)):
        staged = StageControl(control, number, FOLDS + 1)
        inner = replace(population, members=tuple(members), resume=_folder(population, number))
        held_out = folds == fold
        nothing = rows[:0]
        split = Split(train=rows[~held_out], validation=nothing, test=rows[held_out])
        _run_fold(method, inner, data.with_split(split), staged, (found, held_out))
        found.stopped |= staged.stopped
        members = [member for member in members if member.key not in found.failures]
        if found.stopped or not members:
            break
    return found


def _run_fold(
    method: Method,
    population: Population,
    data: Prepared,
    staged: StageControl,
    into: tuple[HeldOutScores, np.ndarray],
) -> None:
    found, held_out = into
    for outcome in method.train(population, data, staged):
        match outcome:
            case Failed(key):
                found.failures[key] = outcome
            case Paused():
                found.paused = True
            case Trained(model, seconds):
                scores = np.concatenate(
                    [model.scores(block) for block in data.inputs(Part.TEST).blocks(_BLOCK)], axis=1
                )
                for key, values in zip(model.members, scores, strict=True):
                    whole = found.scores.setdefault(key, np.empty((len(held_out), values.shape[1])))
                    whole[held_out] = values
                    found.seconds[key] = found.seconds.get(key, 0.0) + seconds[key]


def _folder(population: Population, fold: int) -> Path | None:
    if population.resume is None:
        return None
    folder = population.resume / f"fold-{fold}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
