"""XGBoost: features are binned once for all members, whatever they predict and weigh."""

from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from threading import get_ident
from time import perf_counter
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from sortal.data.labels import Labels, Outputs
from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.errors import UserError
from sortal.methods.contract import base
from sortal.methods.contract.base import (
    Axis,
    Control,
    Cost,
    Failed,
    Member,
    Outcome,
    Population,
    Shape,
    Trained,
)
from sortal.methods.contract.class_columns import (
    ClassColumns,
    target_columns,
    training_labels,
    training_weights,
)
from sortal.methods.contract.outcomes import Heard, collecting_warnings, failed
from sortal.methods.ensembles.prefixes import Growth, Prefixes, parameters_without
from sortal.methods.ensembles.shared_progress import FamilyProgress, SharedProgress
from sortal.methods.ensembles.xgboost_model import XGBoostModel

_MOST_LANES = 4
"""Each lane has bins of its own, a byte a number."""


class XGBoostParameters(base.Parameters):
    """Parameters of XGBoost, with its names and defaults."""

    n_estimators: int = Field(default=100, ge=1)
    """Rounds."""
    max_depth: int = Field(default=6, ge=0)
    """Deepest level of a tree; 0 for no limit."""
    learning_rate: float = Field(default=0.3, gt=0)
    """Factor of each tree's contribution."""
    subsample: float = Field(default=1.0, gt=0, le=1)
    """Share of the examples that each round draws."""
    colsample_bytree: float = Field(default=1.0, gt=0, le=1)
    """Share of the features that each tree draws."""
    min_child_weight: float = Field(default=1.0, ge=0)
    """Smallest sum of second derivatives in a leaf."""
    reg_lambda: float = Field(default=1.0, ge=0)
    """Penalty on squared leaf values."""
    reg_alpha: float = Field(default=0.0, ge=0)
    """Penalty on absolute leaf values."""
    gamma: float = Field(default=0.0, ge=0)
    """Smallest gain that is worth a split."""
    max_bin: int = Field(default=256, ge=2)
    """Bins of each feature."""
    scale_pos_weight: float = Field(default=1.0, gt=0)
    """Factor of the weight of positive examples; two classes or independent targets only."""
    tree_method: Literal["hist"] = "hist"
    """How trees are grown: over bins."""


class XGBoost(base.AbstractMethod):
    """Gradient boosted trees, equal to `xgboost.train` on bins made without weights.

    Cut points never depend on weights: with them, members that weigh examples otherwise
    could not share bins, and one member would change with another's weights.
    """

    name: ClassVar[str] = "xgboost"
    library: ClassVar[str] = "xgboost"
    summary: ClassVar[str] = "gradient boosted trees; features are binned once for all members"
    Parameters: ClassVar[type[base.Parameters]] = XGBoostParameters
    shares: ClassVar[frozenset[Axis]] = frozenset({Axis.SEED, Axis.TARGET, Axis.WEIGHTS})
    missing_allowed: ClassVar[bool] = True
    weights_allowed: ClassVar[bool] = True
    largest_population: ClassVar[int] = 64

    def group(self, member: Member) -> Hashable:
        """Members with the same bins train together."""
        return (member.chosen(XGBoostParameters).max_bin, member.target is None)

    def cost(self, member: Member, shape: Shape) -> Cost:
        """A histogram of all features a tree; one tree an output and round."""
        chosen = member.chosen(XGBoostParameters)
        outputs = shape.outputs if member.target is None and shape.outputs > 2 else 1
        trees = chosen.n_estimators * outputs
        depth = chosen.max_depth or 12
        cells = shape.examples * shape.features
        return Cost(
            seconds=1e-7 * cells
            + trees * (1e-3 + 4e-10 * cells * depth + 2e-8 * depth * shape.scored),
            memory_bytes=(6.0 + _MOST_LANES) * cells + 40.0 * shape.examples * outputs,
            disk_bytes=trees * min(2.0**depth, shape.examples) * 120,
        )

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Bin once, then train one booster for each family of members and truth.

        Families train side by side, in lanes of their own threads and bins: a booster
        gains far less from a second thread than from a second core.
        """
        started = perf_counter()
        members, families = population.members, _families(population.members)
        try:
            lanes = _lay(data, members, len(families), population.threads)
        except (ValueError, TypeError, MemoryError) as error:
            for member in members:
                yield failed(member.key, error)
            return
        each = (perf_counter() - started) / len(members)
        line = SharedProgress(control, [len(family) / len(members) for family in families])
        with ThreadPoolExecutor(len(lanes)) as threads:
            for start in range(0, len(families), len(lanes)):
                wave = families[start : start + len(lanes)]
                lines = line.parts[start : start + len(lanes)]
                with collecting_warnings() as heard:
                    work = threads.map(_train, wave, lanes, lines, repeat(heard), repeat(each))
                    outcomes = list(chain.from_iterable(work))
                yield from outcomes
                if line.stopped:
                    return

    def load(self, folder: Path) -> XGBoostModel:
        """Read the boosters of a family."""
        return XGBoostModel.load(folder, self.name)


def _library() -> Any:
    try:
        import xgboost
    except ImportError as error:
        raise UserError(
            "method xgboost needs the package xgboost-cpu (xgboost on macOS): "
            "pip install xgboost-cpu."
        ) from error
    return xgboost


@dataclass(frozen=True, slots=True)
class _Lane:
    """Where one family trains at a time."""

    data: Prepared
    bins: Any
    """The library's matrix of binned features; its labels and weights are set for each booster."""

    threads: int


def _lay(data: Prepared, members: Sequence[Member], families: int, threads: int) -> list[_Lane]:
    """Bin the training examples for as many lanes as families and threads fill."""
    lanes = min(threads, families, _MOST_LANES)
    matrix, max_bin = data.inputs(Part.TRAIN).matrix(), members[0].chosen(XGBoostParameters).max_bin
    make = partial(_library().QuantileDMatrix, matrix, max_bin=max_bin, missing=np.nan)
    first = make(nthread=threads)
    others = [make(nthread=threads, ref=first) for _ in range(lanes - 1)]
    return [_Lane(data, bins, threads // lanes) for bins in (first, *others)]


def _families(members: tuple[Member, ...]) -> list[list[Member]]:
    """Members that differ only in their number of rounds, together."""
    families: dict[Hashable, list[Member]] = {}
    for member in members:
        same = parameters_without(member.parameters, "n_estimators")
        families.setdefault((same, member.seed, member.target, member.weights), []).append(member)
    return list(families.values())


def _train(
    family: list[Member], lane: _Lane, line: FamilyProgress, heard: Heard, shared: float
) -> list[Outcome]:
    """Train the longest member; `shared` seconds of binning count for each one."""
    started, first = perf_counter(), len(heard)
    begun = [member for member in family if member.key not in line.ended]
    outcomes: list[Outcome] = [
        Failed(member.key, "ended by request before its training began.")
        for member in family
        if member not in begun
    ]
    if not begun or line.stopped:
        return outcomes
    try:
        asked = Prefixes(
            {member.key: member.chosen(XGBoostParameters).n_estimators for member in begun}
        )
        labels = training_labels(lane.data, begun[0])
        growth = Growth(line, asked, len(target_columns(labels)))
        model = _fit(begun[0], labels, lane, growth)
    except Exception as error:  # noqa: BLE001 - reported as the members' failure
        return [*outcomes, *(failed(member.key, error) for member in begun)]
    if model is not None:
        each = shared + (perf_counter() - started) / len(model.members)
        warned = dict.fromkeys(text for thread, text in heard[first:] if thread == get_ident())
        notes = {key: (*warned, *growth.notes(key)) for key in model.members}
        outcomes.append(Trained(model, dict.fromkeys(model.members, each), notes))
    return outcomes


def _fit(member: Member, labels: Labels, lane: _Lane, growth: Growth) -> XGBoostModel | None:
    """Train one booster for each truth on the shared bins."""
    seen, weights = ClassColumns.among(labels), training_weights(lane.data, member)
    classes = seen.columns if labels.outputs is Outputs.EXCLUSIVE else 2
    boosters: list[Any | None] = []
    for codes, found in zip(target_columns(labels), seen.codes, strict=True):
        lane.bins.set_info(label=codes, weight=np.ones(len(codes)) if weights is None else weights)
        constant = classes <= 2 and len(found) == 1
        boosters.append(None if constant else _boost(member, lane, classes, growth))
        if growth.stopped or not growth.finish(growth.wanted.largest):
            break
    members = growth.complete()
    return XGBoostModel(XGBoost.name, members, boosters, seen) if members.sizes else None


def _boost(member: Member, lane: _Lane, classes: int, growth: Growth) -> Any:
    options = member.chosen(XGBoostParameters).model_dump(exclude={"n_estimators"})
    if classes > 2:
        del options["scale_pos_weight"]
        options |= {"objective": "multi:softprob", "num_class": classes}
    else:
        options["objective"] = "binary:logistic"
    options |= {"seed": member.seed, "nthread": lane.threads}
    rounds = growth.wanted.largest
    return _library().train(options, lane.bins, rounds, callbacks=[_telling(growth)])


def _telling(growth: Growth) -> Any:
    """Make a callback that reports each round, and ends training when nobody needs more."""
    from xgboost.callback import TrainingCallback

    class Telling(TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
            return not growth.tell(epoch + 1)

    return Telling()
