"""Which rules of preparation a job gives each input and column of its data."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, cast

from sortal.data.inputs import Array, Inputs, Ragged
from sortal.data.preparing.array_shapes import is_signal
from sortal.data.preparing.channels import channel_names, channels_of
from sortal.data.preparing.fitted import is_narrow
from sortal.data.preparing.preparer import Preparation
from sortal.data.preparing.rules import (
    ConstantFill,
    Imputation,
    NearestFill,
    PerInput,
    Rules,
    rules_of,
    simplified,
)
from sortal.job.models import DataBlock
from sortal.job.preparation import ConstantImputation, KnnImputation, Scaling
from sortal.job.problems import JobError, Problem
from sortal.job.type_names import nearest

OTHERS = "others"
"""What stands for all columns and inputs that a map does not name."""

Names = Mapping[str, tuple[str, ...]]


def choose_preparation(block: DataBlock, inputs: Inputs, names: Names) -> Preparation:
    """The recipe of a data block for some inputs; weights aside.

    Raises:
        JobError: A map names what is no column or input, or a rule does not fit its input.
    """
    columns = {
        name: channel_names(
            name, channels_of(name, array, names.get(name, ())), names.get(name, ())
        )
        for name, array in inputs.arrays.items()
    }
    problems: list[Problem] = []
    scaling: Rules[Scaling] = _rules("scaling", block.scaling, columns, problems)
    imputation: Rules[Imputation] = _rules("imputation", block.imputation, columns, problems)
    if not problems:
        problems += _misfits(inputs, columns, scaling, imputation)
    if problems:
        raise JobError(problems)
    arrays = (a.values if isinstance(a, Ragged) else a for a in inputs.arrays.values())
    single = any(is_narrow(array.dtype) for array in arrays)
    return Preparation(scaling=scaling, imputation=imputation, single=single)


def _rules(option: str, given: Any, columns: Names, problems: list[Problem]) -> Any:
    """One rule for all, or one for each column of each input; what a map names in vain is a problem."""
    if not isinstance(given, Mapping):
        return given
    known = {*columns, *(column for several in columns.values() for column in several)}
    for name in given.keys() - known - {OTHERS}:
        problems.append(_unknown(f"data.{option}.{name}", name, known | {OTHERS}))
    rules = {name: _rule(rule) for name, rule in given.items()}
    for name, rule in rules.items():
        if isinstance(rule, NearestFill):
            for column in set(rule.columns) - known:
                problems.append(_unknown(f"data.{option}.{name}.columns", column, known))
    rest = rules.get(OTHERS, "none")
    return simplified(
        PerInput(
            tuple(
                (name, tuple(rules.get(column, rules.get(name, rest)) for column in several))
                for name, several in columns.items()
            )
        )
    )


def _rule(given: Any) -> Any:
    match given:
        case ConstantImputation():
            return ConstantFill(given.value)
        case KnnImputation():
            return NearestFill(given.neighbours, tuple(given.columns or ()))
    return given


def _unknown(path: str, got: str, known: Collection[str]) -> Problem:
    return Problem(
        path=path,
        expected="a feature column, an input, or `others`",
        got=repr(got),
        nearest=nearest(got, sorted(known)),
    )


def _misfits(
    inputs: Inputs, columns: Names, scaling: Rules[Scaling], imputation: Rules[Imputation]
) -> Iterator[Problem]:
    """Rules that do not suit an input."""
    for name, array in inputs.arrays.items():
        count = len(columns[name])
        scalings = set(rules_of(scaling, name, count))
        fills = set(cast("Iterable[Imputation]", rules_of(imputation, name, count)))
        if "each_minmax" in scalings and (_is_table(array, name) or len(scalings) > 1):
            expected = (
                f"a scaling of single numbers for {name}: `each_minmax` is for signals and stamps"
            )
            yield Problem(path="data.scaling", expected=expected, got="'each_minmax'")
        if "whiten" in scalings and len(scalings) > 1:
            expected = f"`whiten` for all columns of {name}, or for none"
            yield Problem(path="data.scaling", expected=expected, got="several scalings")
        if "drop" in fills and (isinstance(array, Ragged) or is_signal(name, array)):
            expected = f"another imputation for signals ({name}), whose ends may be padding"
            yield Problem(path="data.imputation", expected=expected, got="'drop'")
        several = {one for one in fills if isinstance(one, NearestFill)}
        if several and not _is_table(array, name):
            expected = f"another imputation for signals and stamps ({name})"
            yield Problem(path="data.imputation", expected=expected, got="'knn'")
        if len(several) > 1:
            expected = f"the same neighbours and columns for all columns of {name}"
            yield Problem(path="data.imputation", expected=expected, got="several kinds of `knn`")
        outside = {one for rule in several for one in rule.columns} - set(columns[name])
        if outside and not len(several) > 1:
            yield _unknown("data.imputation", min(outside), columns[name])


def _is_table(array: Array, name: str) -> bool:
    return not isinstance(array, Ragged) and array.ndim == 2 and not is_signal(name, array)
