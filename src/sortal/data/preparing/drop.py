"""Examples that a recipe leaves out because a value of theirs is missing."""

from collections.abc import Mapping

import numpy as np

from sortal.data.inputs import Inputs, Ragged
from sortal.data.preparing.channels import channel_names, channels_of, row_blocks
from sortal.data.preparing.preparer import Preparation
from sortal.data.preparing.rules import rules_of


def missing_where_dropped(
    inputs: Inputs, names: Mapping[str, tuple[str, ...]], preparation: Preparation
) -> dict[str, np.ndarray]:
    """Columns whose rule is `drop` and in which values are missing.

    Args:
        inputs: Examples as they come, unprepared.
        names: Names of the columns of each input; empty for signals and stamps.
        preparation: The recipe.

    Returns:
        Ascending rows with a missing value, by the name of the column or channel.
    """
    found: dict[str, np.ndarray] = {}
    for name, array in inputs.arrays.items():
        own = names.get(name, ())
        lanes = channels_of(name, array, own)
        rules = rules_of(preparation.imputation, name, lanes.count)
        dropped = [lane for lane, rule in enumerate(rules) if rule == "drop"]
        if not dropped or isinstance(array, Ragged) or array.dtype.kind != "f":
            continue
        shown = channel_names(name, lanes, own)
        start = 0
        rows: dict[int, list[np.ndarray]] = {lane: [] for lane in dropped}
        for block in row_blocks(array):
            missing = np.isnan(np.asarray(block))
            for lane in dropped:
                of_lane = np.take(missing, lane, axis=lanes.axis).reshape(len(missing), -1)
                rows[lane].append(start + np.flatnonzero(of_lane.any(axis=1)))
            start += len(missing)
        found |= {
            shown[lane]: np.concatenate(parts)
            for lane, parts in rows.items()
            if any(map(len, parts))
        }
    return found
