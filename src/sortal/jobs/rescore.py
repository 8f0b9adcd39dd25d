"""Score examples of any part again with a stored member: also those it was trained on."""

import numpy as np

from sortal.data.preparer import Preparer
from sortal.data.split import Part
from sortal.errors import UserError
from sortal.jobs.outcome import SCORED
from sortal.jobs.result import MemberResult
from sortal.methods import registry
from sortal.methods.base import Model
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
    split = store.split(record["dataset"], record["split"])
    dataset = store.dataset(record["dataset"])
    known = dataset.labels.for_target(member.entry["target"]).known
    rows = {one: split.rows(one)[known[split.rows(one)]] for one in Part}
    if part in SCORED:
        stored = store.scores([member.entry["key"]])[0]
        start = 0 if part is SCORED[0] else len(rows[SCORED[0]])
        return rows[part], stored[start : start + len(rows[part])]
    model, preparer = load_member(store, member)
    blocks = [
        model.scores(preparer.apply(dataset.inputs.take(rows[part][at : at + _BLOCK_ROWS])))[0]
        for at in range(0, len(rows[part]), _BLOCK_ROWS)
    ]
    return rows[part], np.concatenate(blocks).astype(np.float32)


def load_member(store: Store, member: MemberResult) -> tuple[Model, Preparer]:
    """The model of one member alone, and what prepares raw examples for it.

    Raises:
        UserError: Its model was not stored.
    """
    record, entry = member.record, member.entry
    if record["model"] is None:
        reason = record["not_savable"].rstrip(".")
        raise UserError(f"{entry['title']}: its model was not stored ({reason}).")
    segment = store.segment(store.find([entry["key"]])[entry["key"]].segment)
    method = registry.find(record["method"], record["calibration"])
    model = method.load(segment.model_folder(record["model"]))
    key = record.get("model_key", entry["key"])
    return model.pick((key,)), Preparer.load(segment.folder / "preparer")
