"""Data sets that come with scikit-learn, by name."""

from dataclasses import dataclass, field

import numpy as np

from sortal.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDataset:
    """One line of the list of named data sets."""

    name: str
    description: str
    examples: int
    features: int
    classes: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LoadedDataset:
    """Contents of a named data set."""

    features: np.ndarray = field(repr=False)
    """Shape (examples, features), float64."""

    feature_names: tuple[str, ...]
    labels: np.ndarray = field(repr=False)
    """Name of each example's class, shape (examples,), text."""

    class_names: tuple[str, ...]


_NAMED = (
    NamedDataset(
        name="iris",
        description="Lengths and widths of petals and sepals of three kinds of iris",
        examples=150,
        features=4,
        classes=3,
    ),
    NamedDataset(
        name="wine",
        description="Chemical analysis of wines of three cultivars",
        examples=178,
        features=13,
        classes=3,
    ),
    NamedDataset(
        name="breast_cancer",
        description="Shapes of cell nuclei in benign and malignant tumours",
        examples=569,
        features=30,
        classes=2,
    ),
    NamedDataset(
        name="digits",
        description="Handwritten digits as 8x8 grey values",
        examples=1797,
        features=64,
        classes=10,
    ),
)


def named_datasets() -> tuple[NamedDataset, ...]:
    """List the named data sets without loading any."""
    return _NAMED


def load_named(name: str) -> LoadedDataset:
    """Load a named data set.

    Raises:
        NotFound: There is none of that name.
    """
    known = [one.name for one in _NAMED]
    if name not in known:
        raise NotFound("dataset", name, known)
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{name}")()
    classes = tuple(str(one) for one in bunch.target_names)
    return LoadedDataset(
        features=np.asarray(bunch.data, dtype=np.float64),
        feature_names=tuple(str(one) for one in bunch.feature_names),
        labels=np.asarray(classes)[bunch.target],
        class_names=classes,
    )
