"""Metrics of a user: a function of labels, scores and weights, and what Sortal must know of it."""

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any, TypeAlias, overload

import numpy as np

from sortal.errors import OptionError
from sortal.metrics.block import Block
from sortal.metrics.metric import Metric, Outputs

Function: TypeAlias = Callable[[np.ndarray, np.ndarray, np.ndarray], float]
"""Called with labels, scores and weights of one classifier on one part of the data.

Labels are class codes, shape (examples,), or 0 and 1, shape (examples, targets). Scores have shape
(examples, classes) or (examples, targets), weights (examples,). Returns a number, or NaN where the
metric is undefined.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMetric(Metric):
    """A metric whose function a user wrote; calling it calls the function."""

    function: Function
    """The user's function."""

    digest: str
    """Digest of its source, 8 hexadecimal digits: changed code is another metric."""

    @property
    def full_name(self) -> str:
        """The name with the digest, under which values are stored."""
        return f"{self.name}@{self.digest}"

    def __call__(self, labels: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
        """Call the function."""
        return self.function(labels, scores, weights)


@dataclass(frozen=True, slots=True)
class _EachMember:
    """Calls a function of one member for each member of a block."""

    function: Function

    def __call__(self, block: Block) -> np.ndarray:
        weights = np.ones(len(block.truth)) if block.weights is None else block.weights
        return np.array(
            [self.function(block.truth, scores, weights) for scores in block.scores],
            dtype=np.float64,
        )


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
        if not (callable(given) and name.isidentifier()):
            raise OptionError("metric", given, "a function with a name")
        return UserMetric(
            name=name,
            title=title or name.replace("_", " "),
            outputs=outputs,
            compute=_EachMember(given),
            greater_is_better=greater_is_better,
            needs_probabilities=needs_probabilities,
            function=given,
            digest=digest_of_function(given),
        )

    return made if function is None else made(function)


def as_metric(given: Any) -> UserMetric:
    """A metric of a function, or the metric itself.

    Raises:
        OptionError: It is neither.
    """
    return given if isinstance(given, UserMetric) else metric(given)


def plain_name(path: str) -> str:
    """The name of a metric from its import path.

    >>> plain_name("mypackage.gmean"), plain_name("mypackage:gmean")
    ('gmean', 'gmean')
    """
    return path.replace(":", ".").rpartition(".")[2]


def digest_of_function(function: Any) -> str:
    """Digest of a function's source; of its byte code where the source is not kept, as at a prompt."""
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        text = _described(code) if code else f"{function.__module__}.{function.__qualname__}"
    return digest_of_bytes(text.encode())


def _described(code: CodeType) -> str:
    """Byte code with what it refers to, without addresses in memory."""
    inner = [_described(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts]
    return repr((code.co_code, code.co_names, inner))


def digest_of_bytes(content: bytes) -> str:
    """8 hexadecimal digits."""
    return hashlib.blake2b(content, digest_size=4).hexdigest()
