"""Score examples of any part again with a stored member: also those it was trained on."""

import numpy as np

from sortal.data.split import SCORED, Part
from sortal.jobs.applying.scorer import ResultMembers, StoredScorers
from sortal.jobs.results.result import MemberResult
from sortal.store.store import Store

_BLOCK_ROWS = 65_536


def part_scores(store: Store, member: MemberResult, part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Scores of one member on one part of the data that it was trained with.

    Those of validation and test examples are read from the store; those of training
    examples, which it does not hold, are computed.

    Returns:
        Row numbers of the part in the dataset, shape (examples,), and scores, float32,
        shape (examples, outputs). Rows whose label is unknown are left out.

    Raises:
        UserError: Training examples are asked for, and the model was not stored.
    """
    record = member.record
    split = store.datasets.splits.get(record.dataset, record.split)
    dataset = store.datasets.get(record.dataset)
    known = dataset.labels.for_target(member.entry.target).known
    rows = {one: split.rows(one)[known[split.rows(one)]] for one in Part}
    if part in SCORED:
        stored = store.members.scores([member.entry.key])[0]
        start = 0 if part is SCORED[0] else len(rows[SCORED[0]])
        return rows[part], stored[start : start + len(rows[part])]
    column = ResultMembers(StoredScorers(store).load([member]))
    blocks = [
        column.average(dataset.inputs.take(rows[part][at : at + _BLOCK_ROWS]))[0]
        for at in range(0, len(rows[part]), _BLOCK_ROWS)
    ]
    return rows[part], np.concatenate(blocks).astype(np.float32)
