"""The contract between a kind of classifier and everything that trains, stores and applies it.

A method is given a *population* of members at once and shares between them what it
can share exactly. The rule that every method keeps: what a member becomes does not
depend on which other members train beside it, floating-point rounding aside.
`sortal.testing.contracts` checks it.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
from pydantic import BaseModel, ConfigDict

from sortal.data.inputs import Inputs
from sortal.data.labels import Outputs
from sortal.data.prepared import Prepared

Key: TypeAlias = str


class Parameters(BaseModel):
    """Base of every method's parameters: frozen, unknown names refused, docs under the fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    later: ClassVar[frozenset[str]] = frozenset()
    """Fields that came to a method already in use, whose defaults change nothing."""

    def meaning(self) -> dict[str, Any]:
        """What keys of members are made of, as plain JSON.

        Later fields are left out at their defaults, so that results stored before there were
        any are still found.
        """
        fields = type(self).model_fields
        usual = {name for name in self.later if getattr(self, name) == fields[name].default}
        return self.model_dump(mode="json", exclude=usual)


Chosen = TypeVar("Chosen", bound=Parameters)


class Axis(StrEnum):
    """Ways in which members of one population may differ beside their parameters."""

    SEED = "seed"
    TARGET = "target"
    WEIGHTS = "weights"
    ROWS = "rows"
    PREPARATION = "preparation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One method with one set of parameters, seed, split and target."""

    key: Key
    method: str
    parameters: Parameters
    seed: int
    target: str | None = None
    """The one independent target it predicts, None for all outputs of the data."""

    weights: str = ""
    """Which example weights it sees; empty for none."""

    rows: str = ""
    """Fingerprint of the split after rows with an unknown target are dropped."""

    preparation: str = ""
    """Fingerprint of imputation and scaling."""

    calibration: str = ""
    """How scores become probabilities (`sigmoid`, `isotonic`); empty for as they come."""

    def chosen(self, kind: type[Chosen]) -> Chosen:
        """Its parameters, in the type that its method knows.

        Raises:
            TypeError: They are of another method.
        """
        if not isinstance(self.parameters, kind):
            raise TypeError(f"member {self.key}: expected {kind.__name__}.")
        return self.parameters

    def along(self, axis: Axis) -> Hashable:
        """Its place on one axis."""
        place: Hashable = getattr(self, axis.value)
        return place


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Members that train in one call, and what they may use."""

    members: tuple[Member, ...]
    threads: int = 1
    resume: Path | None = None
    """Folder for snapshots: continue from one found there, and leave new ones there."""

    snapshot_seconds: float | None = None
    """Pause between snapshots [s], 0 for as many as can be; None for the method's own."""

    budget: float | None = None
    """Train to this many units (the method's own, epochs for networks), then pause; None: to the end."""

    @property
    def keys(self) -> tuple[Key, ...]:
        """Keys of the members, in order."""
        return tuple(member.key for member in self.members)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a population is."""

    done: float
    """In [0, 1]."""

    text: str = ""
    """A short line such as `epoch 12/50, loss 0.31`."""

    member: Key = ""
    """The member that trains now, where they train one after another."""

    printed: tuple[str, ...] = ()
    """Lines that the member printed meanwhile; such a report carries nothing else."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the driver answers to a report of progress."""

    stop_all: bool = False
    """Save a snapshot if the method has one, yield what is done, and return."""

    stop: frozenset[Key] = frozenset()
    """Members to end now, keeping what they are."""


class Control(Protocol):
    """The line between a training population and its driver."""

    def report(self, progress: Progress) -> Verdict:
        """Tell how far training is; called often (between members or minibatches), and cheap."""
        ...


@runtime_checkable
class Model(Protocol):
    """What a population, or a part of one, became."""

    @property
    def members(self) -> tuple[Key, ...]:
        """Keys of the members, in the order of scores."""
        ...

    def scores(self, inputs: Inputs) -> np.ndarray:
        """Score prepared examples.

        Returns:
            Shape (members, examples, outputs): probabilities, or, where the method has
            none, decision values whose largest (EXCLUSIVE) or whose sign (INDEPENDENT)
            decides. Called block by block: no state may pass between calls.
        """
        ...

    def pick(self, keys: tuple[Key, ...]) -> "Model":
        """A model of these members alone, in this order."""
        ...

    def save(self, folder: Path) -> None:
        """Write into an existing empty folder, without pickle.

        Raises:
            NotSavable: This model cannot be stored.
        """
        ...


@runtime_checkable
class DependsOnAxes(Protocol):
    """A method some of whose parameters follow from the axes of the data where a job leaves them out."""

    def settled(self, parameters: Any, inputs: Inputs, told: Mapping[str, str]) -> Any:
        """Fill in such parameters, so that keys of members hold them.

        Args:
            parameters: Parameters that the job gives.
            inputs: Examples of the data.
            told: Inputs whose order of axes the job tells.
        """
        ...


@dataclass(frozen=True, slots=True)
class Trained:
    """Members that are done."""

    model: Model
    seconds: Mapping[Key, float]
    """Wall seconds that each member's training took; shared work is divided evenly."""

    notes: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    """Sentences that stay with a member's result (did not converge, stopped at epoch 12)."""

    history: Mapping[Key, list[dict[str, float]]] = field(default_factory=dict)
    """One row of named values per epoch or round, for members that have a course."""

    printed: Mapping[Key, str] = field(default_factory=dict)
    """What was printed while a member trained, of those that printed anything."""

    references: frozenset[Key] = frozenset()
    """Members of plugins that do as references do: they compete with none."""


@dataclass(frozen=True, slots=True)
class Paused:
    """Members that can be continued from the population's `resume` folder."""

    keys: tuple[Key, ...]
    done: float
    """Units of budget trained so far."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A member that could not be trained."""

    key: Key
    reason: str
    """One plain sentence."""

    traceback: str = ""

    printed: str = ""
    """What was printed while it trained."""


Outcome: TypeAlias = Trained | Paused | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a cost estimate may depend on."""

    examples: int
    """Training examples."""

    scored: int
    """Examples that are scored."""

    features: int
    """Numbers in one example."""

    outputs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A rough estimate for one member on one core: right within a factor of a few."""

    seconds: float
    memory_bytes: float
    disk_bytes: float


class Method(Protocol):
    """A kind of classifier.

    Class attributes describe it; they can be read without loading the library behind it.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    """Raised when the same parameters would train to something else."""

    library: ClassVar[str]
    """Distribution whose minor version is part of a member's key; empty for our own."""

    summary: ClassVar[str]
    """One line for lists."""

    Parameters: ClassVar[type[Parameters]]
    shares: ClassVar[frozenset[Axis]]
    """Along these axes members of one population may differ; the planner splits on all others."""

    missing_allowed: ClassVar[bool]
    """Whether inputs may hold NaN."""

    weights_allowed: ClassVar[bool]
    """Whether training uses example weights; where not, a weighted job is told so."""

    outputs: ClassVar[frozenset[Outputs]]
    """Kinds of labels it can learn."""

    divisible: ClassVar[bool]
    """Whether members cost the same apart, so that the planner may cut populations to balance workers."""

    largest_population: ClassVar[int]
    """Members that one task may hold: bounds what is lost when a worker dies."""

    def probabilities(self, parameters: Any) -> bool:
        """Whether scores are probabilities under these parameters."""
        ...

    def group(self, member: Member) -> Hashable:
        """Members train together only if this is equal (a prefix family, a network's shapes)."""
        ...

    def cost(self, member: Member, shape: Shape) -> Cost:
        """Estimate what training and scoring this member takes on its own."""
        ...

    def train(self, population: Population, data: Prepared, control: Control) -> Iterator[Outcome]:
        """Train all members; yield outcomes as they happen, each key exactly once.

        A member's own failure is a `Failed`, never an exception. After a verdict that
        stops all, yield what is done and return.
        """
        ...

    def load(self, folder: Path) -> Model:
        """Read what `Model.save` wrote; nothing stored is executed."""
        ...


class AbstractMethod:
    """What most methods say of themselves; each says only what is different, and what is its own."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    library: ClassVar[str] = ""
    summary: ClassVar[str]
    Parameters: ClassVar[type[Parameters]]
    shares: ClassVar[frozenset[Axis]] = frozenset({Axis.SEED})
    missing_allowed: ClassVar[bool] = False
    weights_allowed: ClassVar[bool] = False
    outputs: ClassVar[frozenset[Outputs]] = frozenset(Outputs)
    divisible: ClassVar[bool] = False
    largest_population: ClassVar[int] = 1000

    def probabilities(self, parameters: Any) -> bool:  # noqa: ARG002 - the same for all
        """Scores are probabilities."""
        return True

    def group(self, member: Member) -> Hashable:  # noqa: ARG002 - nothing sets members apart
        """Any members may train together."""
        return ()
