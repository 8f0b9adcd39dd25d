"""Metrics of a user: a function of labels, scores and weights, and what Sortal must know of it."""

import importlib
import reprlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import extract_tb
from typing import Any, TypeAlias, overload

import numpy as np

from sortal.errors import DataError, OptionError
from sortal.metrics.block import MetricBlock
from sortal.metrics.function_digest import digest_of_function
from sortal.metrics.metric import Metric, Outputs

Function: TypeAlias = Callable[[np.ndarray, np.ndarray, np.ndarray], float]
"""Called with labels, scores and weights of one classifier on one part of the data.

Labels are class codes, shape (examples,), or 0 and 1, shape (examples, targets). Scores have shape
(examples, classes) or (examples, targets), weights (examples,). Returns a number, or NaN where the
metric is undefined.
"""

_NOT_THEIRS = ("<frozen", importlib.__file__, str(Path(__file__).parents[1]))
"""How files begin that are no code of a metric's author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMetric(Metric):
    """A metric whose function a user wrote; calling it calls the function."""

    function: Function
    """The user's function."""

    digest: str
    """Digest of what decides its values, 8 hexadecimal digits: changed code is another metric."""

    @property
    def full_name(self) -> str:
        """The name with the digest, under which values are stored."""
        return f"{self.name}@{self.digest}"

    def named(self, name: str, digest: str) -> "UserMetric":
        """The same metric under the name by which a job finds it, with the digest of its module."""
        title = name.replace("_", " ") if self.title == self.name.replace("_", " ") else self.title
        compute = _EachMember(name, self.function)
        return replace(self, name=name, digest=digest, title=title, compute=compute)

    def with_current_digest(self) -> "UserMetric":
        """The same metric with the digest that its function has now: what it holds may have changed."""
        digest = digest_of_function(self.function, self.outputs, self.needs_probabilities)
        return replace(self, digest=digest)

    def __call__(self, labels: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
        """Call the function."""
        return self.function(labels, scores, weights)


@dataclass(frozen=True, slots=True)
class _EachMember:
    """Calls a user's function for each member of a block."""

    name: str
    function: Function

    def __call__(self, block: MetricBlock) -> np.ndarray:
        """Values of the members.

        Raises:
            DataError: The function raised something, or did not return a number.
        """
        labels = _read_only(block.truth, np.int64)
        given = np.ones(len(labels)) if block.weights is None else block.weights
        weights = _read_only(given, np.float64)
        return np.array(
            [self._number(labels, _read_only(one, np.float64), weights) for one in block.scores]
        )

    def _number(self, labels: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
        try:
            # A metric that is undefined divides by zero; that is no news.
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                returned = self.function(labels, scores, weights)
        except Exception as error:
            where = error_place(error)
            raise DataError(f"metric {self.name}: its function raised {where}.") from error
        number = np.asarray(returned)
        if number.ndim or number.dtype.kind not in "fiu" or np.isinf(number):
            shown = reprlib.repr(returned)
            raise DataError(f"metric {self.name}: expected a finite number or NaN, got {shown}.")
        return float(number)


def _read_only(array: np.ndarray, kind: type) -> np.ndarray:
    """A copy that a function can neither change nor overflow."""
    copy: np.ndarray = np.array(array, dtype=kind)
    copy.flags.writeable = False
    return copy


def error_place(error: BaseException) -> str:
    """What was raised, its first line, and the last line of code that led there.

    >>> error_place(ValueError("too few."))
    'ValueError: too few'
    """
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        return f"{text} ({Path(error.filename).name}, line {error.lineno})"
    frames = extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_THEIRS)]
    return f"{text} ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else text


@overload
def metric(function: Function) -> UserMetric: ...
@overload
def metric(
    function: None = None,
    *,
    title: str = "",
    outputs: Outputs = "both",
    greater_is_better: bool = True,
    needs_probabilities: bool = False,
) -> Callable[[Function], UserMetric]: ...


def metric(
    function: Function | None = None,
    *,
    title: str = "",
    outputs: Outputs = "both",
    greater_is_better: bool = True,
    needs_probabilities: bool = False,
) -> UserMetric | Callable[[Function], UserMetric]:
    """Make a metric of your own of a function of labels, scores and weights.

    As a decorator, with or without options. A plain function does as well where the defaults hold.

    Args:
        function: Called with the labels, scores and weights of one classifier: class codes of
            shape (examples,) and scores of shape (examples, classes), or of independent targets
            both of shape (examples, targets); weights of shape (examples,), all 1 where the data
            has none. Returns a number, or NaN where it is undefined.
        title: Words for tables; the function's name with spaces for underscores if not given.
        outputs: Labels that it is defined for: `exclusive`, `independent` or `both`.
        greater_is_better: False if a search should look for the smallest value.
        needs_probabilities: True if it means nothing of scores that are no probabilities: it is
            blank for these.

    Raises:
        OptionError: The function has no name of its own, or `outputs` is another word.
    """
    if outputs not in ("exclusive", "independent", "both"):
        raise OptionError("outputs", outputs, "exclusive, independent or both")

    def made(given: Function) -> UserMetric:
        name = getattr(given, "__name__", "")
        is_function = callable(given) and not isinstance(given, type)
        if not (is_function and isinstance(name, str) and name.isidentifier()):
            raise OptionError("metric", given, "a function with a name")
        return UserMetric(
            name=name,
            title=title or name.replace("_", " "),
            outputs=outputs,
            compute=_EachMember(name, given),
            greater_is_better=greater_is_better,
            needs_probabilities=needs_probabilities,
            function=given,
            digest=digest_of_function(given, outputs, needs_probabilities),
        )

    return made if function is None else made(function)


def as_metric(given: Any) -> UserMetric:
    """A metric of a function, or the metric itself.

    Raises:
        OptionError: It is neither.
    """
    return given if isinstance(given, UserMetric) else metric(given)
