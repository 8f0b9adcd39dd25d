"""What is wrong with events before anything is trained on them, and what is worth a note."""

from collections.abc import Iterator

import numpy as np

from sortal.data.split import Part
from sortal.errors import DataError, NotFound
from sortal.systems.cms.data.classes import ClassMap, signal_point_rows
from sortal.systems.cms.data.division import composition_notes, fold_numbers
from sortal.systems.cms.data.events import Events
from sortal.systems.cms.data.sentinels import find_sentinels, missing_remarks
from sortal.systems.cms.settings import CMSSettings

_FEWEST_NUMBERED = 50
_LARGEST_NUMBER = 2.0**53
"""Larger measured values are whole numbers too, because no bits are left for a fraction."""

_NUMBERED = 0.95
"""Share of events with a number of their own from which a variable seems to number them."""


def refuse_unsound(events: Events, classes: ClassMap, settings: CMSSettings) -> None:
    """Refuse events that no network could learn from or be judged by.

    Args:
        events: All events, divided unless there are folds; weights are physics weights.
        classes: Their classes.
        settings: What is asked for.

    Raises:
        DataError: A class has no positive sum of weights in a part or fold, or a part lacks
            the signal point.
        NotFound: A split factor is of no class.
    """
    for named in settings.split_factors.values():
        for name in named:
            if name not in classes.names:
                raise NotFound("class", name, classes.names, where="split_factors")
    _refuse_unknown_variables(events, settings)
    if settings.folds:
        numbers = fold_numbers(events, settings.folds)
        for fold in range(settings.folds):
            _refuse_weightless(events, classes, np.flatnonzero(numbers == fold), f"fold {fold}")
        return
    for part in (Part.TRAIN, Part.VALIDATION):
        _refuse_weightless(events, classes, events.rows(part), f"the {part} part")
    counted = events.is_signal & signal_point_rows(events, settings.signal_point)
    for part in (Part.VALIDATION, Part.TEST):
        if not counted[events.rows(part)].any():
            point = settings.signal_point or settings.signal_class
            raise DataError(f"signal_point: no event of the {part} part is of {point!r}.")


def remarks(events: Events, settings: CMSSettings) -> Iterator[str]:
    """Sentences about what a user should know: constant variables, negative weights, unlike parts."""
    seen = events.features if settings.folds else events.features[events.rows(Part.TRAIN)]
    least = np.fmin.reduce(seen, axis=0)
    flat = least == np.fmax.reduce(seen, axis=0)
    for name, value in zip(np.asarray(events.variables)[flat], least[flat], strict=True):
        yield (
            f"the variable {str(name)!r} is {value:g} in every training event with a known value: "
            "a network learns nothing from it."
        )
    negative = int((events.weights < 0).sum())
    if negative:
        share = 100 * negative / len(events)
        yield (
            f"{negative} of {len(events)} weights ({share:.2g} %) are negative; training does as "
            f"negative_weights: {settings.negative_weights} says, yields keep them."
        )
    yield from _row_number_remarks(events)
    yield from (one.sentence() for one in find_sentinels(events))
    yield from missing_remarks(events, settings.imputation)
    if not settings.folds:
        yield from composition_notes(events)


def _row_number_remarks(events: Events) -> Iterator[str]:
    """Tell of variables that number events: whole numbers that hardly any two events share."""
    for place, name in enumerate(events.variables):
        column = events.features[:, place]
        is_whole = (column == np.floor(column)) & (np.abs(column) < _LARGEST_NUMBER)
        if len(column) < _FEWEST_NUMBERED or not is_whole.all():
            continue
        distinct = len(np.unique(column))
        if distinct > _NUMBERED * len(column):
            yield (
                f"the variable {name!r} is a whole number, another in nearly every event: if it "
                "numbers events, leave it out (`variables`), for a network can learn nothing from it."
            )


def _refuse_unknown_variables(events: Events, settings: CMSSettings) -> None:
    """Every variable needs a known value among training events to fill the others in from."""
    seen = events.features if settings.folds else events.features[events.rows(Part.TRAIN)]
    unknown = np.flatnonzero(np.isnan(seen).all(axis=0))
    if len(unknown) and settings.imputation != "zero":
        raise DataError(
            f"variable {events.variables[unknown[0]]!r}: expected a known value in training events to "
            f"impute by {settings.imputation}, got none; leave it out (`variables`)."
        )


def _refuse_weightless(events: Events, classes: ClassMap, rows: np.ndarray, where: str) -> None:
    """Every class needs weight to learn from, and to be judged by."""
    size = len(classes.names)
    counts = np.bincount(classes.codes[rows], minlength=size)
    sums = np.bincount(classes.codes[rows], events.weights[rows], minlength=size)
    for name, count, total in zip(classes.names, counts, sums, strict=True):
        if not count:
            raise DataError(f"class {name!r}: expected events in {where}, got none.")
        if not total > 0:
            cure = "" if total else "; --unit-weights gives every event the weight 1"
            raise DataError(
                f"class {name!r}: expected weights in {where} that sum above 0, got "
                f"{total:.6g}{cure}."
            )
