"""What a segment says of one member: what it is, how it was judged, where it was trained."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, PlainSerializer

from sortal.data.labels import Outputs
from sortal.data.reading.new_examples import InputSpec
from sortal.data.split import Part
from sortal.evaluation.scores import MemberMetrics
from sortal.store.records.stored_value import StoredValue


def _restored(stored: object) -> object:
    if not isinstance(stored, Mapping):
        return stored
    try:
        return InputSpec.restore(stored)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a description of inputs ({error!r})") from error


StoredInputs = Annotated[
    InputSpec, BeforeValidator(_restored), PlainSerializer(InputSpec.described)
]
"""Inputs of a model, as `InputSpec.described` writes them."""


class MemberRecord(StoredValue):
    """A member whose segment is committed.

    Its first fields are those of `methods.contract.base.Member`; `jobs.running.segment_writer` adds the others when it
    commits the segment.
    """

    later: ClassVar[frozenset[str]] = frozenset(
        {"model_key", "meant_as_probabilities", "reference", "host", "device"}
        | {"sortal", "python", "numpy", "machine"}
    )

    key: str
    """Hash of everything that decides its results."""

    method: str
    """Name of its method, with the digest of its source where a user's folder provides it."""

    parameters: Mapping[str, Any]
    """Its parameters, resolved; the names are the method's."""

    seed: int | None = None
    """Seed of its training; None where nothing was trained."""

    target: str | None = None
    """The one independent target that it predicts, None for all outputs."""

    weights: str = ""
    """Which example weights it was trained with; empty for none."""

    rows: str = ""
    """Fingerprint of the rows that it was trained on and judged by."""

    preparation: str = ""
    """Fingerprint of imputation, scaling and weighing."""

    calibration: str = ""
    """How its scores became probabilities; empty for as they come."""

    model_key: str | None = None
    """Key of the member in its model, where that differs from `key`: it was stored before its end."""

    figures: Mapping[Part, MemberMetrics]
    """Its metrics on each part that it was judged by."""

    probabilities: bool
    """True if its scores are probabilities."""

    meant_as_probabilities: bool = False
    """True if its method gives probabilities and its scores cannot be any. Its targets are decided at
    0.5, as those of probabilities are."""

    fit_seconds: float | None
    """Time of its training [s]; None where that is not known."""

    score_seconds: float | None
    """Time in which it scored the examples of all stored parts [s]; None where that is not known."""

    notes: tuple[str, ...]
    """Remarks of its training, in sentences."""

    reference: bool | None = None
    """Whether it does as references do; None where its method's name says it."""

    model: int | None
    """Number of its model's folder in the segment; None where it cannot be saved."""

    model_row: int
    """Its place in its model."""

    not_savable: str
    """Why it has no model; empty where it has one."""

    dataset: str
    """Fingerprint of the dataset."""

    split: str
    """Fingerprint of the job's split, before rows of unknown targets are left out."""

    fold: int | None
    """Number of the fold that it did not see; None outside cross-validation."""

    outputs: Outputs
    """How its outputs relate."""

    classes: tuple[str, ...]
    """Classes or targets, in the order of its scores."""

    inputs: StoredInputs
    """What is needed to find its inputs in another file."""

    threads: int | None
    """Threads that its libraries might use; None where nothing was trained."""

    library: str
    """Library behind its method, with the minor version; empty for none."""

    created: str
    """When it was stored, ISO 8601 in UTC."""

    host: str | None = None
    """Name of the machine."""

    device: str | None = None
    """Processor or graphics card."""

    sortal: str | None = None
    """Version of Sortal."""

    python: str | None = None
    """Version of Python."""

    numpy: str | None = None
    """Version of NumPy."""

    machine: str | None = None
    """Kind of processor."""

    @property
    def key_in_model(self) -> str:
        """Its key in its model."""
        return self.model_key or self.key

    def judged(self, part: Part) -> Mapping[str, float]:
        """Its metrics on one part by name, empty where it was not judged there."""
        return self.figures[part].figures if part in self.figures else {}
