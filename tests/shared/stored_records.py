"""Records of members and jobs for tests that need one and do not care what it says."""

from collections.abc import Iterable

from sortal.data.labels import Outputs
from sortal.data.reading.new_examples import InputSpec
from sortal.job.models import DataBlock
from sortal.store.records.job_record import JobRecord, MemberEntry, SplitEntry
from sortal.store.records.member_record import MemberRecord


def member_record(key: str, **fields: object) -> MemberRecord:
    """The record of a member that was trained on nothing in particular; `fields` change it."""
    usual = {
        "method": "mlp",
        "parameters": {},
        "figures": {},
        "probabilities": True,
        "fit_seconds": 1.0,
        "score_seconds": 0.5,
        "notes": (),
        "model": 0,
        "model_row": 0,
        "not_savable": "",
        "dataset": "",
        "split": "",
        "fold": None,
        "outputs": Outputs.EXCLUSIVE,
        "classes": ("a", "b"),
        "inputs": InputSpec(names={"features": ("x",)}, shapes={"features": (1,)}),
        "threads": 1,
        "library": "",
        "created": "",
    }
    return MemberRecord.model_validate({**usual, **fields, "key": key})


def member_entry(key: str, title: str = "", **fields: object) -> MemberEntry:
    """An entry of a job's record; its title is its key unless one is given."""
    usual = {
        "method": "mlp",
        "calibration": "",
        "parameters": {},
        "seed": 0,
        "fold": None,
        "target": None,
    }
    return MemberEntry.model_validate({**usual, **fields, "title": title or key, "key": key})


def job_record(name: str, keys: Iterable[str] = (), **fields: object) -> JobRecord:
    """The record of a job of some members; `fields` change it."""
    usual = {
        "updated": "",
        "dataset": "",
        "data": DataBlock(source="stars.csv"),
        "splits": (SplitEntry(fingerprint="", fold=None),),
        "outputs": Outputs.EXCLUSIVE,
        "classes": ("a", "b"),
        "entries": tuple(member_entry(key) for key in keys),
    }
    return JobRecord.model_validate({**usual, **fields, "name": name})
