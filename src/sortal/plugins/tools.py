"""What plugins import from `tools`: their arguments checked, and data sets held against each other."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from sortal.errors import DataError, OptionError
from sortal.job.type_names import nearest
from sortal.plugins.declaration import from_info, resolve_argument

SHIM = ("check_argument", "check_datasets_compatible")
"""Functions that plugins find there."""


def check_argument(name: str, args: Mapping[str, Any], clf_info: Mapping[str, Any]) -> Any:
    """Value of a parameter: the argument if it can be used, else the default, with a warning.

    Args:
        name: The parameter.
        args: What the classifier was given.
        clf_info: The plugin's `CLF_INFO`.

    Raises:
        OptionError: The plugin declares no such parameter, or declares it wrongly.
    """
    declaration = from_info(clf_info)
    declared = declaration.find(name)
    if declared is None:
        known = [one.name for one in declaration.parameters]
        close = nearest(name, known)
        listed = f"one of {', '.join(known)}" if known else "none, for it declares no parameter"
        hint = f" (did you mean {close}?)" if close else ""
        raise OptionError(f"{declaration.name}: check_argument", name, listed + hint)
    value, warning = resolve_argument(declared, args)
    if warning:
        warnings.warn(warning, stacklevel=2)
    return value


def check_datasets_compatible(
    dataset1: Mapping[str, Any], dataset2: Mapping[str, Any]
) -> tuple[Sequence[str], Sequence[int] | None]:
    """Check that one data set can be tested by classifiers that the other trained.

    Both have the same classes in the same order, and either no original shape or, apart
    from the number of samples, the same.

    Args:
        dataset1: What `get_data` of one returned.
        dataset2: What that of the other returned.

    Returns:
        Their class names, and the first one's original shape, None if they have none.

    Raises:
        DataError: They are not compatible.
    """
    names = [list(dataset["class_names"]) for dataset in (dataset1, dataset2)]
    if names[0] != names[1]:
        raise DataError(f"data sets: expected the same class names, got {names[0]} and {names[1]}.")
    shapes = [
        None if shape is None else tuple(int(size) for size in shape)
        for shape in (_shape(dataset1), _shape(dataset2))
    ]
    for own, other, which in ((0, 1, "second"), (1, 0, "first")):
        if shapes[own] is not None and shapes[other] is None:
            raise DataError(
                f"data sets: expected an original_shape of both, got none of the {which}."
            )
    if shapes[0] is not None and shapes[1] is not None and shapes[0][1:] != shapes[1][1:]:
        raise DataError(
            f"data sets: expected samples of one original_shape, got {shapes[0]} and {shapes[1]}."
        )
    return dataset1["class_names"], _shape(dataset1)


def _shape(dataset: Mapping[str, Any]) -> Sequence[int] | None:
    shape: Sequence[int] | None = (dataset.get("specs") or {}).get("original_shape")
    return shape
