"""What a plugin tells of its training (`get_history`), as rows of one epoch each."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sortal.errors import DataError

AT = "epoch"
_WORDS = {"acc": "accuracy"}
_VALIDATION = "val_"


def history_rows(classifier: Any, plugin: str) -> list[dict[str, float]]:
    """Read the history of a trained classifier; none if it has no `get_history`.

    Args:
        classifier: What the plugin trained.
        plugin: Its name, for messages.

    Returns:
        A row an epoch, with `epoch` from 1; `val_loss` is our `validation_loss`, `acc` our
        `accuracy`. What is no finite number is left out.

    Raises:
        DataError: It is no dictionary of lists of numbers.
    """
    if not callable(getattr(classifier, "get_history", None)):
        return []
    told = classifier.get_history()
    if told is None:
        return []
    if not isinstance(told, Mapping):
        came = type(told).__name__
        raise DataError(
            f"classifier {plugin}: get_history: expected a dictionary of lists, got {came}."
        )
    courses = {
        _word(str(name)): _numbers(values, name, plugin)
        for name, values in told.items()
        if name != AT
    }
    length = max(map(len, courses.values()), default=0)
    return [
        {
            AT: float(epoch + 1),
            **{
                name: course[epoch]
                for name, course in courses.items()
                if epoch < len(course) and math.isfinite(course[epoch])
            },
        }
        for epoch in range(length)
    ]


def _word(name: str) -> str:
    """Our name of one of Keras's."""
    stem = name.removeprefix(_VALIDATION)
    word = _WORDS.get(stem, stem)
    return f"validation_{word}" if stem != name else word


def _numbers(values: Any, name: Any, plugin: str) -> Sequence[float]:
    try:
        return [float(value) for value in values]
    except (TypeError, ValueError) as error:
        raise DataError(
            f"classifier {plugin}: get_history: expected numbers as {name!r}, got {values!r}."
        ) from error
