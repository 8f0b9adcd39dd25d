"""What training sees as example weights, fitted on training examples; physics weights stay as they are.

Two aims of weights are kept apart: what nature does (`Dataset.weights`, which scores use) and
what the loss needs (here).
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from sortal.data.labels import Labels, Outputs
from sortal.data.storage.stored_files import raise_damaged
from sortal.data.weighting.cancellation import cancel_negatives, standardised
from sortal.data.weighting.report import ClassWeights, WeightReport, report_weights
from sortal.errors import DataError, NotFound, OptionError
from sortal.job.models import TrainingWeights

Negative: TypeAlias = Literal["keep", "drop", "absolute", "pairwise"]

_FILE = "weigher.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightRule:
    """The rule, before it is fitted; the default leaves weights as they come."""

    negative: Negative = "keep"
    """What becomes of negative weights: their sign is kept; they count 0; their absolute value
    counts, with each class rescaled to its signed sum; or they cancel the nearest positive
    weights of their class (in training; to validate, signs are kept)."""

    power: float | None = None
    """The total of class c becomes `rows_ref * (Y_c / Y_ref) ** power`, Y the sums of physics
    weights: 0 for equal classes, 0.5 for roots of yields, 1 for natural rates, None for none."""

    reference: str = ""
    """The class `ref`, by whose number of training examples totals are counted; empty for the
    first class that training has. Of one target `NAME` has it and `not NAME` has it not."""

    each_part: bool = False
    """Whether a part's factors come from its own examples and not from the training examples."""

    def __post_init__(self) -> None:
        if self.power is not None and not (math.isfinite(self.power) and self.power >= 0):
            raise OptionError("training_weights.power", self.power, "a finite number of at least 0")
        if self.reference and self.power is None:
            raise OptionError("training_weights.reference", self.reference, "a power beside it")
        if self.each_part and self.power is None and self.negative != "absolute":
            raise OptionError(
                "training_weights.each_part", self.each_part, "a power, or negative: absolute"
            )

    @classmethod
    def of(cls, block: TrainingWeights) -> "WeightRule":
        """From the block of a job.

        Raises:
            OptionError: An option has no effect without another.
        """
        return cls(**block.model_dump())

    @property
    def is_default(self) -> bool:
        """Whether weights stay as they come."""
        return self == WeightRule()

    @property
    def fingerprint(self) -> str:
        """A short text that is equal for equal rules; empty for the default."""
        if self.is_default:
            return ""
        power = None if self.power is None else float(self.power)
        return json.dumps({**asdict(self), "power": power}, sort_keys=True)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FittedWeightRule:
    """A rule with what training examples taught it."""

    weighing: WeightRule
    classes: tuple[str, ...]
    """Names of the classes by code; of one target `not NAME` and `NAME`."""

    factors: np.ndarray
    """By class, float64; 1 for a class that training lacks."""

    report: WeightReport
    trained: np.ndarray | None = field(default=None, repr=False)
    """Training weights of the examples that were fitted; None where nothing weighs them, and
    in a weigher that was stored."""

    @classmethod
    def fit(
        cls,
        weighing: WeightRule,
        labels: Labels,
        weights: np.ndarray | None,
        features: Callable[[], np.ndarray] | None = None,
    ) -> "FittedWeightRule":
        """Fit on training examples.

        Args:
            weighing: The rule. The default needs no classes and takes labels of any kind.
            labels: EXCLUSIVE, or of one INDEPENDENT target; unknown labels get weight 0.
            weights: Physics weights, shape (examples,); None counts each example once.
            features: Gives finite or missing numbers of shape (examples, features); called for
                `pairwise` alone.

        Raises:
            DataError: Weights of a class do not sum above 0, the reference class has no
                example, or there are several targets. The default raises nothing: ask `refusal`.
            NotFound: The reference is no class.
        """
        if weighing.is_default:
            return cls._as_they_come(labels, weights)
        codes, names = classes_of_rule(labels)
        physics = np.ones(len(codes)) if weights is None else weights.astype(np.float64)
        sums = _sums(codes, physics, len(names))
        _refuse_unsummable(weighing, names, codes, physics)
        treated = _treated(weighing.negative, codes, physics, features)
        factors = _factors(weighing, names, codes, sums, _sums(codes, treated, len(names)))
        trained = _multiplied(factors, codes, treated)
        report = report_weights(names, codes, physics, trained)
        return cls(
            weighing=weighing, classes=names, factors=factors, report=report, trained=trained
        )

    @classmethod
    def _as_they_come(cls, labels: Labels, weights: np.ndarray | None) -> "FittedWeightRule":
        several = labels.outputs is Outputs.INDEPENDENT and len(labels.classes) > 1
        if several or weights is None:
            names, report = labels.classes, WeightReport()
        else:
            codes, names = classes_of_rule(labels)
            report = report_weights(names, codes, weights, weights)
        return cls(
            weighing=WeightRule(),
            classes=names,
            factors=np.ones(len(names)),
            report=report,
            trained=weights,
        )

    def apply(self, labels: Labels, weights: np.ndarray | None) -> np.ndarray | None:
        """Weigh examples that were not fitted, those that validate.

        Args:
            labels: As in `fit`.
            weights: As in `fit`.

        Returns:
            float64, shape (examples,), 0 where the label is unknown; by the default `weights`
            as they come.

        Raises:
            DataError: Factors come from these examples (`each_part`), and cannot.
        """
        if self.weighing.is_default:
            return weights
        kept = self.weighing.negative == "pairwise"
        negative: Negative = "keep" if kept else self.weighing.negative
        if self.weighing.each_part:
            own = replace(self.weighing, negative=negative)
            return FittedWeightRule.fit(own, labels, weights).trained
        codes, _ = classes_of_rule(labels)
        physics = np.ones(len(codes)) if weights is None else weights.astype(np.float64)
        return _multiplied(self.factors, codes, _treated(negative, codes, physics, None))

    @property
    def refusal(self) -> str:
        """Why a loss of these weights has no lower bound; empty where it has one."""
        for one in self.report.classes:
            if one.negative_rows and not one.is_summable and self.weighing.negative == "keep":
                return _unsummable(one.name, one.yield_before)
        return ""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences for the user on negative weights."""
        return tuple(self.report.remarks(self.weighing.negative))

    def described(self) -> dict[str, Any]:
        """As plain JSON, without the weights of training examples."""
        return {
            "weighing": asdict(self.weighing),
            "classes": list(self.classes),
            "factors": self.factors.tolist(),
            "report": [asdict(one) for one in self.report.classes],
        }

    @classmethod
    def restore(cls, described: Mapping[str, Any]) -> "FittedWeightRule":
        """Rebuild from `described`."""
        return cls(
            weighing=WeightRule(**described["weighing"]),
            classes=tuple(described["classes"]),
            factors=np.array(described["factors"], dtype=np.float64),
            report=WeightReport(classes=tuple(ClassWeights(**one) for one in described["report"])),
        )


def save_weight_rules(folder: Path, weighers: Mapping[str | None, FittedWeightRule]) -> None:
    """Write weigher.json into an existing folder: by target, None for all outputs."""
    described = [{"target": target, **one.described()} for target, one in weighers.items()]
    (folder / _FILE).write_text(json.dumps(described, indent=1), encoding="utf-8")


def load_weight_rules(folder: Path) -> dict[str | None, FittedWeightRule]:
    """Read what `save_weight_rules` wrote; empty where weights were used as they came.

    Raises:
        Damaged: The file is cut short or changed.
    """
    path = folder / _FILE
    if not path.exists():
        return {}
    with raise_damaged(path, "a readable rule of weights"):
        described = json.loads(path.read_text(encoding="utf-8"))
        return {one["target"]: FittedWeightRule.restore(one) for one in described}


def classes_of_rule(labels: Labels) -> tuple[np.ndarray, tuple[str, ...]]:
    """Code of each example, shape (examples,), and the names that a rule knows classes by.

    Raises:
        DataError: There are several targets, which have no classes in common.
    """
    codes = np.asarray(labels.codes)
    if labels.outputs is Outputs.EXCLUSIVE:
        return codes, labels.classes
    if len(labels.classes) > 1:
        raise DataError(
            "training_weights are made by class, and several targets learnt at once have no classes "
            "in common: use targets: independent, or class_weight: balanced of the method."
        )
    return codes[:, 0], (f"not {labels.classes[0]}", labels.classes[0])


def _sums(codes: np.ndarray, weights: np.ndarray, classes: int) -> np.ndarray:
    known = codes >= 0
    sums: np.ndarray = np.bincount(codes[known], weights=weights[known], minlength=classes)
    return sums


def _multiplied(factors: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights times the factor of their class; 0 where that is unknown."""
    return np.where(codes >= 0, weights * factors[codes], 0.0)


def _treated(
    negative: Negative,
    codes: np.ndarray,
    weights: np.ndarray,
    features: Callable[[], np.ndarray] | None,
) -> np.ndarray:
    match negative:
        case "drop":
            return np.where(weights < 0, 0.0, weights)
        case "absolute":
            return np.asarray(np.abs(weights))
        case "pairwise" if (weights < 0).any():
            return _paired(codes, weights, features)
        case _:
            return weights


def _paired(
    codes: np.ndarray, weights: np.ndarray, features: Callable[[], np.ndarray] | None
) -> np.ndarray:
    if features is None:
        raise DataError("training_weights.negative: pairwise needs features to tell what is near.")
    matrix, paired = standardised(features()), weights.copy()
    for code in np.unique(codes[codes >= 0]):
        rows = np.flatnonzero(codes == code)
        paired[rows] = cancel_negatives(weights[rows], matrix[rows])
    return paired


def _refuse_unsummable(
    weighing: WeightRule, names: tuple[str, ...], codes: np.ndarray, physics: np.ndarray
) -> None:
    """Refuse classes whose weights do not sum above 0, where the rule needs that sum."""
    treated = np.where(physics < 0, 0.0, physics) if weighing.negative == "drop" else physics
    lone = weighing.negative == "drop" and weighing.power in (None, 0)
    totals = _sums(codes, treated if lone else physics, len(names))
    for code in np.unique(codes[codes >= 0]):
        if not totals[code] > 0:
            raise DataError(_unsummable(names[code], float(totals[code])))


def _unsummable(name: str, total: float) -> str:
    return (
        f"the training weights of class {name!r} sum to {total:g}, and must sum above 0: "
        "a classifier would gain by getting this class wrong."
    )


def _factors(
    weighing: WeightRule,
    names: tuple[str, ...],
    codes: np.ndarray,
    yields: np.ndarray,
    treated: np.ndarray,
) -> np.ndarray:
    """What weights of each class are multiplied with after their treatment.

    Args:
        weighing: The rule.
        names: Names of the classes.
        codes: Class of each example.
        yields: Sum of physics weights of each class.
        treated: Sum of treated weights of each class.
    """
    rows = _sums(codes, np.ones(len(codes)), len(names))
    present = rows > 0
    if weighing.power is not None:
        anchor = _anchor(weighing.reference, names, rows)
        with np.errstate(invalid="ignore"):
            rates = np.where(present, yields / yields[anchor], 1.0) ** weighing.power
        totals = rows[anchor] * rates
    elif weighing.negative == "absolute":
        totals = yields
    else:
        return np.ones(len(names))
    factors: np.ndarray = np.divide(totals, treated, out=np.ones(len(names)), where=present)
    return factors


def _anchor(reference: str, names: tuple[str, ...], rows: np.ndarray) -> int:
    if not reference:
        return int(np.flatnonzero(rows)[0])
    if reference not in names:
        raise NotFound("class", reference, names, where="training_weights.reference")
    code = names.index(reference)
    if not rows[code]:
        raise DataError(
            f"training_weights.reference: class {reference!r} has no example to count by."
        )
    return code
