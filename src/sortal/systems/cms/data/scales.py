"""What turns physics weights into expected events: luminosity and split factors, by part."""

from dataclasses import dataclass, field

import numpy as np

from sortal.data.split import Part
from sortal.systems.cms.data.classes import ClassMap, signal_point_rows
from sortal.systems.cms.data.division import split_factors
from sortal.systems.cms.data.events import Events
from sortal.systems.cms.settings import CMSSettings, MulticlassSettings

_SCRIPT_FACTORS = {Part.TRAIN: 4.0, Part.VALIDATION: 4.0, Part.TEST: 2.0}
_SCRIPT_OTHER = {Part.VALIDATION: 2.0}
"""The script multiplies the last class of validation with the factor of test."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scales:
    """What turns physics weights into expected events, and which events count at all."""

    expected: dict[Part, np.ndarray] = field(repr=False)
    """Luminosity x split factor of each event as one of that part, shape (events,)."""

    counted: dict[Part, np.ndarray] = field(repr=False)
    """Whether it counts: all background, and signal of the chosen point; bool, shape (events,)."""


def scales_of(events: Events, classes: ClassMap, settings: CMSSettings) -> Scales:
    """Derive scales from the division of the events, or take them from the settings.

    Raises:
        DataError: The signal point does not exist.
    """
    counted = signal_point_rows(events, settings.signal_point)
    everyone = np.ones(len(events), dtype=bool)
    script = settings.compat and isinstance(settings, MulticlassSettings)
    return Scales(
        expected={p: settings.luminosity * _factors(events, classes, settings, p) for p in Part},
        # The script's test counts all signal points, its validation and training only one.
        counted={p: everyone if script and p is Part.TEST else counted for p in Part},
    )


def _factors(events: Events, classes: ClassMap, settings: CMSSettings, part: Part) -> np.ndarray:
    """Split factor of each event as one of a part, shape (events,)."""
    if settings.folds:
        factors = np.ones(len(events))
    elif settings.compat and isinstance(settings, MulticlassSettings):
        factors = np.full(len(events), _SCRIPT_FACTORS[part])
        last = classes.codes == len(classes.names) - 1
        factors[last] = _SCRIPT_OTHER.get(part, _SCRIPT_FACTORS[part])
    else:
        factors = split_factors(events, part)[events.process]
    for name, factor in settings.split_factors.get(part.value, {}).items():
        factors[classes.codes == classes.names.index(name)] = factor
    return factors
