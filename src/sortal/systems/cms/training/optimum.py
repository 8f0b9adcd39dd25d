"""The best that any classifier of simulated events can do: the score of their true densities."""

from pathlib import Path

import numpy as np

from sortal.data.split import Part
from sortal.errors import DataError
from sortal.systems.cms.data.events import Events
from sortal.systems.cms.data.files import PREFIXES
from sortal.systems.cms.settings import Settings
from sortal.systems.cms.training.scored import Scored

TITLE = "optimum (true likelihood ratio)"


def read_optimum(settings: Settings, events: Events) -> Scored | None:
    """Read true scores as those of a classifier; None where the settings name none.

    Files hold float32 or float64 of shape (events,) or (events, outputs), in the order of
    the part's events: signal, then background.

    Raises:
        DataError: A file is missing, or holds another number of events than the part has.
    """
    if not settings.optimum:
        return None
    if settings.folds or settings.signal_files:
        raise DataError(
            "optimum: true scores are those of given parts, and events are divided here."
        )
    rows = {part: events.rows(part) for part in Part}
    scores = {}
    for part, prefix in PREFIXES.items():
        path = Path(settings.optimum) / f"{prefix}.npy"
        if not path.is_file():
            raise DataError(f"{path}: there is no such file of true scores.")
        values = np.load(path, allow_pickle=False)
        if len(values) != len(rows[part]):
            raise DataError(
                f"{path}: expected the scores of {len(rows[part])} events, got {len(values)}."
            )
        scores[part] = values.reshape(len(values), -1)
    return Scored(title=TITLE, seed=settings.seed, members=(), rows=rows, scores=scores)
