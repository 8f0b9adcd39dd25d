"""What a worker is asked to do with one population, and what it answers, as values with a JSON form."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sortal.data.preparing.preparer import Preparation
from sortal.data.reading.new_examples import InputSpec
from sortal.data.split import Part
from sortal.data.weighting.rule import WeightRule
from sortal.engines.base import Json
from sortal.methods import registry
from sortal.methods.contract import user_methods as provided
from sortal.methods.contract.base import Member, Method
from sortal.store.files.digests import Seals
from sortal.store.records.job_record import Failure
from sortal.store.records.member_record import MemberRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """A population, what it is trained on and judged by, and how far it is trained."""

    name: str
    """Name of the task, and of the folder of its snapshots."""

    store: Path
    """Folder of the store that the worker reads data from and commits segments to."""

    dataset: str
    """Fingerprint of the dataset."""

    split: str
    """Fingerprint of the job's split."""

    seals: Seals = field(default_factory=dict)
    """Size and time of large files of the dataset that the driver has compared with their digests."""

    inputs: InputSpec
    """Names, types and readers of the inputs, by which another file is read; stored with each member."""

    preparation: Preparation
    """Imputation, scaling and weighing."""

    method: Method
    """The method of all members, calibrated if they are."""

    members: tuple[Member, ...]
    """The members of the population, all of one calibration."""

    threads: int
    """Threads that libraries may use."""

    snapshot_seconds: float | None
    """Pause between snapshots [s]; None for the method's own."""

    as_is: Mapping[str, str] = field(default_factory=dict)
    """Keys under which members are stored as their snapshot left them, by their own keys. Nothing is
    trained if there are any."""

    budget: float | None = None
    """Units to train to before members pause; None for the end of training."""

    standing: Mapping[str, str] = field(default_factory=dict)
    """Keys under which members that pause at the budget are stored, by their own keys."""

    bootstrap: int
    """Bootstrap resamples behind each interval."""

    training_figures: bool
    """Whether members are judged on their training examples too."""

    reported: Part
    """The part that metrics are reported on."""

    def to_json(self) -> Json:
        """The task as plain JSON."""
        recipe = self.preparation
        first = self.members[0]
        return {
            "name": self.name,
            "store": str(self.store),
            "dataset": self.dataset,
            "split": self.split,
            **({"seals": self.seals} if self.seals else {}),
            "inputs": self.inputs.described(),
            "preparation": recipe.to_json(),
            "weighing": asdict(recipe.weighing),
            "method": first.method,
            "sources": provided.describe_provided(first.method),
            "calibration": first.calibration,
            "threads": self.threads,
            "snapshot_seconds": self.snapshot_seconds,
            "as_is": dict(self.as_is),
            "budget": self.budget,
            "standing": dict(self.standing),
            "bootstrap": self.bootstrap,
            "training_figures": self.training_figures,
            "reported": self.reported.value,
            "members": [
                {**asdict(member), "parameters": member.parameters.model_dump(mode="json")}
                for member in self.members
            ],
        }

    @classmethod
    def from_json(cls, task: Json) -> "TaskSpec":
        """Read what `to_json` made; the folders that provide the method are loaded.

        Raises:
            UserError: No folder provides the method any more.
        """
        provided.provide_from_description(task["sources"])
        method = registry.find(task["method"], task["calibration"])
        recipe = Preparation.of(*task["preparation"])
        return cls(
            name=task["name"],
            store=Path(task["store"]),
            dataset=task["dataset"],
            split=task["split"],
            seals={name: (size, time) for name, (size, time) in task.get("seals", {}).items()},
            inputs=InputSpec.restore(task["inputs"]),
            preparation=replace(recipe, weighing=WeightRule(**task["weighing"])),
            method=method,
            members=tuple(_member(method, fields) for fields in task["members"]),
            threads=task["threads"],
            snapshot_seconds=task["snapshot_seconds"],
            as_is=task["as_is"],
            budget=task["budget"],
            standing=task["standing"],
            bootstrap=task["bootstrap"],
            training_figures=task["training_figures"],
            reported=Part(task["reported"]),
        )


def _member(method: Method, fields: Mapping[str, Any]) -> Member:
    parameters = method.Parameters.model_validate(fields["parameters"])
    return Member(**{**fields, "parameters": parameters})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """What a population became."""

    segments: tuple[str, ...]
    """Names of the segments that were committed, in their order; each was also reported by a `Committed`."""

    failed: Mapping[str, Failure]
    """Why members failed, by key."""

    paused: tuple[str, ...]
    """Keys of members that a later task can continue."""

    def to_json(self) -> Json:
        """The result as plain JSON."""
        return {
            "segments": list(self.segments),
            "failed": {key: one.to_json() for key, one in self.failed.items()},
            "paused": list(self.paused),
        }

    @classmethod
    def from_json(cls, stored: Json) -> "TaskResult":
        """Read what `to_json` made."""
        failed = {key: Failure.from_json(one, key) for key, one in stored["failed"].items()}
        return cls(
            segments=tuple(stored["segments"]), failed=failed, paused=tuple(stored["paused"])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """Message: a segment was committed."""

    segment: str
    """Its name."""

    records: tuple[MemberRecord, ...]
    """The records of its members, which the driver therefore need not read from the store."""

    def to_json(self) -> Json:
        """The message as plain JSON; the inputs, which are equal for all members, are sent once."""
        return {
            "segment": self.segment,
            "inputs": self.records[0].inputs.described(),
            "records": [record.to_json(without="inputs") for record in self.records],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberOutput:
    """Message: lines that a member printed while it trained."""

    lines: tuple[str, ...]
    """Without their ends."""

    member: str = ""
    """Key of the member; empty where it is not known."""

    def to_json(self) -> Json:
        """The message as plain JSON."""
        return {"printed": list(self.lines), "member": self.member}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """Message: how far the population is."""

    done: float
    """In [0, 1]."""

    text: str
    """A short line such as `epoch 12/50, loss 0.31`."""

    member: str = ""
    """Key of the member that trains now, where they train one after another."""

    def to_json(self) -> Json:
        """The message as plain JSON."""
        return asdict(self)


def read_message(body: Json) -> Committed | MemberOutput | Progressed:
    """Read what a worker sent while it was at work."""
    if "segment" in body:
        place, shared = f"segment {body['segment']}", {"inputs": body["inputs"]}
        records = (MemberRecord.from_json({**one, **shared}, place) for one in body["records"])
        return Committed(segment=body["segment"], records=tuple(records))
    if "printed" in body:
        return MemberOutput(lines=tuple(body["printed"]), member=body["member"])
    return Progressed(**body)
