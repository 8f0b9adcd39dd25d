"""The best that any classifier of simulated events can do: the score of their true densities."""

from pathlib import Path

import numpy as np

from sortal.data.split import Part
from sortal.errors import DataError
from sortal.systems.cms.data.events import Events
from sortal.systems.cms.data.files import PREFIXES
from sortal.systems.cms.settings import CMSSettings
from sortal.systems.cms.training.scored import Scored

TITLE = "optimum (true likelihood ratio)"


def read_optimum(settings: CMSSettings, events: Events) -> Scored | None:
    """Read true scores as those of a classifier; None where the settings name none.

    Files hold float32 or float64 of shape (events,) or (events, outputs), in the order of
    the part's events: signal, then background.

    Raises:
        DataError: A file is missing, holds other than finite numbers, or those of another
            number of events than the part has.
    """
    if not settings.optimum:
        return None
    rows = {part: events.rows(part) for part in Part}
    scores = {}
    for part, prefix in PREFIXES.items():
        path = Path(settings.optimum) / f"{prefix}.npy"
        if not path.is_file():
            raise DataError(f"{path}: there is no such file of true scores.")
        scores[part] = _read_scores(path, len(rows[part]))
    return Scored(title=TITLE, seed=settings.seed, members=(), rows=rows, scores=scores)


def _read_scores(path: Path, events: int) -> np.ndarray:
    """Scores in a file, shape (events, outputs)."""
    try:
        values: np.ndarray = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DataError(f"{path}: expected an array of numbers as NumPy saves it.") from error
    if values.ndim == 0 or len(values) != events:
        count = len(values) if values.ndim else "one number"
        raise DataError(f"{path}: expected the scores of {events} events, got {count}.")
    if values.dtype.kind != "f" or not np.isfinite(values).all():
        raise DataError(f"{path}: expected finite scores, float32 or float64.")
    return values.reshape(events, -1)
