"""The preparation of inputs for all classifiers: imputation and scaling, fitted on training examples."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from sortal.data.inputs import Array, Inputs
from sortal.data.preparing.channels import channels_of
from sortal.data.preparing.fit import fit_input
from sortal.data.preparing.fitted import FittedInput, OutOfRange
from sortal.data.preparing.rules import (
    Imputation,
    Rules,
    all_rules,
    imputation_from_json,
    rules_of,
    rules_to_json,
    scaling_from_json,
    text_of,
)
from sortal.data.storage.stored_files import raise_damaged
from sortal.data.weighting.rule import WeightRule
from sortal.errors import DataError
from sortal.job.preparation import Scaling


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """The recipe, before it is fitted."""

    scaling: Rules[Scaling] = "none"
    imputation: Rules[Imputation] = "none"
    weighing: WeightRule = field(default_factory=WeightRule)
    """What training makes of example weights."""

    single: bool = False
    """Whether inputs of at most 16 bits a number become float32; recipes of earlier versions, which
    lack the mark, make them float64."""

    @classmethod
    def of(cls, scaling: Any, imputation: Any, single: bool = False) -> "Preparation":
        """Make a recipe of the JSON forms of its rules: two words, where all inputs are treated alike.

        Raises:
            OptionError: A word names no scaling or no imputation.
        """
        rules = scaling_from_json(scaling), imputation_from_json(imputation)
        return cls(scaling=rules[0], imputation=rules[1], single=single)

    def to_json(self) -> list[Any]:
        """Scaling and imputation, and the mark `single` where it is set, from which `of` makes the recipe."""
        rules = [rules_to_json(self.scaling), rules_to_json(self.imputation)]
        return [*rules, True] if self.single else rules

    @property
    def imputes(self) -> bool:
        """Whether missing values of some input are filled."""
        return not {"none", "drop"}.issuperset(all_rules(self.imputation))

    @property
    def drops(self) -> bool:
        """Whether examples are left out because a value of theirs is missing."""
        return "drop" in all_rules(self.imputation)

    @property
    def scales(self) -> bool:
        """Whether some input is scaled."""
        return set(all_rules(self.scaling)) != {"none"}

    @property
    def fingerprint(self) -> str:
        """A short text that is equal for equal recipes; weights that stay as they come add nothing."""
        mark = "float32" if self.single else ""
        parts = (text_of(self.scaling), text_of(self.imputation), mark, self.weighing.fingerprint)
        return "+".join(filter(None, parts))


@dataclass(frozen=True, slots=True, eq=False)
class Preparer:
    """Imputer and scaler fitted on training examples; needs nothing else to be applied.

    Missing values are replaced first, then everything is scaled, each as scikit-learn's
    SimpleImputer, StandardScaler, MinMaxScaler and RobustScaler would do it; `whiten` is
    `whitening.whitening`.
    """

    preparation: Preparation
    fitted: Mapping[str, FittedInput] = field(default_factory=dict)
    """What was learned of each input, by its name."""

    @classmethod
    def fit(
        cls,
        inputs: Inputs,
        names: Mapping[str, tuple[str, ...]],
        rows: np.ndarray,
        preparation: Preparation,
    ) -> "Preparer":
        """Fit on `rows` of `inputs`, block by block.

        Means, variances and ranges need one block at a time, medians, quartiles and most
        frequent values one column at a time.

        Raises:
            DataError: A feature has no known value to impute from, or values too large to scale.
        """
        fitted = {}
        for name, array in inputs.arrays.items():
            count = channels_of(name, array, names.get(name, ())).count
            fitted[name] = fit_input(
                name,
                array,
                names.get(name, ()),
                rows,
                lengths=inputs.lengths.get(name),
                scaling=rules_of(preparation.scaling, name, count),
                imputation=rules_of(preparation.imputation, name, count),
                single=preparation.single,
            )
        return cls(preparation, fitted)

    def apply(self, inputs: Inputs) -> Inputs:
        """Impute and scale; padding that was known in training becomes 0.

        float32 stays float32, types of at most 16 bits become float32 where the recipe says so, and
        every other type becomes float64. NaN stays where nothing
        was imputed, and what is finite stays finite. Arrays of floats are returned
        uncopied if there is neither to impute nor to scale.

        Raises:
            DataError: The inputs are not those that were fitted.
        """
        arrays = self._matched(inputs)
        done = {n: self.fitted[n].apply(a, inputs.lengths.get(n)) for n, a in arrays.items()}
        return Inputs(done, inputs.ids)

    def outside(self, inputs: Inputs) -> tuple[OutOfRange, ...]:
        """Tell which features hold values beyond those seen in training.

        Args:
            inputs: Unprepared inputs, walked over block by block.
        """
        arrays = self._matched(inputs)
        return tuple(
            found
            for name, array in arrays.items()
            for found in self.fitted[name].outside(array, inputs.lengths.get(name))
        )

    @property
    def constant(self) -> tuple[str, ...]:
        """Features that have the same value in every training example."""
        return tuple(name for fitted in self.fitted.values() for name in fitted.constant)

    def save(self, folder: Path) -> None:
        """Write preparer.json and preparer.npz into an existing folder."""
        scaling, imputation, *mark = self.preparation.to_json()
        described: dict[str, Any] = {
            "scaling": scaling,
            "imputation": imputation,
            **({"single": True} if mark else {}),
            "inputs": [fitted.described() for fitted in self.fitted.values()],
        }
        if not self.preparation.weighing.is_default:
            described["weighing"] = asdict(self.preparation.weighing)
        (folder / "preparer.json").write_text(json.dumps(described, indent=1), encoding="utf-8")
        arrays = {
            f"{number}.{what}": array
            for number, fitted in enumerate(self.fitted.values())
            for what, array in fitted.arrays().items()
        }
        np.savez(folder / "preparer.npz", allow_pickle=False, **arrays)

    @classmethod
    def load(cls, folder: Path) -> "Preparer":
        """Read what `save` wrote.

        Raises:
            Damaged: A file of it is missing or cut short.
        """
        with raise_damaged(folder, "a readable preparer"):
            described = json.loads((folder / "preparer.json").read_text(encoding="utf-8"))
            # NumPy leaves a file open that it opened itself and found damaged.
            with (
                (folder / "preparer.npz").open("rb") as file,
                np.load(file, allow_pickle=False) as arrays,
            ):
                fitted = [
                    FittedInput.restore(about, _named(arrays, number))
                    for number, about in enumerate(described["inputs"])
                ]
            recipe = replace(
                Preparation.of(
                    described["scaling"], described["imputation"], described.get("single", False)
                ),
                weighing=WeightRule(**described.get("weighing", {})),
            )
        return cls(recipe, {one.name: one for one in fitted})

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences for the user on what was fitted."""
        collinear = [name for fitted in self.fitted.values() for name in fitted.collinear]
        if not collinear:
            return ()
        return (
            f"whitening leaves out what {', '.join(map(repr, collinear))} have in common to "
            "rounding: these features determine each other",
        )

    def _matched(self, inputs: Inputs) -> Mapping[str, Array]:
        """Inputs in the order in which they were fitted."""
        if set(inputs.arrays) != set(self.fitted):
            raise DataError(
                f"expected the inputs {', '.join(map(repr, self.fitted))}, "
                f"got {', '.join(map(repr, inputs.arrays))}."
            )
        return {name: inputs.arrays[name] for name in self.fitted}


def _named(arrays: Mapping[str, np.ndarray], number: int) -> dict[str, np.ndarray]:
    """Arrays of one input by what they are."""
    stored = {what: f"{number}.{what}" for what in FittedInput.ARRAYS}
    return {what: arrays[name] for what, name in stored.items() if name in arrays}
