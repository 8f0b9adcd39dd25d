"""Parameters of networks that may begin with the weights of a file."""

import hashlib
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, model_validator

from sortal.methods.contract.base import Member
from sortal.methods.neural.parameters import AbstractTrainedParameters

if TYPE_CHECKING:
    from sortal.networks.network import Network


class AbstractStartedParameters(AbstractTrainedParameters):
    """What methods of such networks let their user choose beside the training."""

    later: ClassVar[frozenset[str]] = AbstractTrainedParameters.later | {"start_from"}

    start_from: str | None = None
    """File whose weights the network begins with instead of drawn ones: `.safetensors`, `.keras` or
    `.h5`, as `sortal export` writes them, of a network with the same layers of weights and the same
    outputs in the same order. What the file says of scaling is not read: features come as this job
    prepares them."""

    epochs: int = Field(default=50, ge=0)
    """Passes over the training examples, at most; 0, with `start_from` alone, takes the file's
    network as it is."""

    @model_validator(mode="after")
    def _start_is_there(self) -> "AbstractStartedParameters":
        if self.start_from is None:
            if not self.epochs:
                raise ValueError("epochs 0 trains nothing, and needs start_from")
            return self
        if not Path(self.start_from).is_file():
            raise ValueError(f"start_from: there is no file {self.start_from}")
        return self

    def meaning(self) -> dict[str, Any]:
        """As of other parameters, but the content of the file counts, not its name."""
        meaning = super().meaning()
        if self.start_from is not None:
            meaning["start_from"] = self._start
        return meaning

    def shared(self, seed: int) -> Hashable:
        """What members must agree on to step together, where they start among it."""
        return (super().shared(seed), self._start)

    def apart(self, member: Member) -> Hashable:
        """What members of one population must agree on beside the shapes of their networks.

        A file is of one target, so that those that begin with it are of one target too.
        """
        target = member.target if self.start_from else member.target is None
        return (self.shared(member.seed), target)

    def begun(self, network: "Network", classes: tuple[str, ...]) -> "Network":
        """The network with the weights of the file.

        Raises:
            UserError: They do not fit.
        """
        if self.start_from is None:
            return network
        from sortal.methods.neural.warm_start import stored_start
        from sortal.networks.started_network import StartedNetwork

        return StartedNetwork.of(network, stored_start(Path(self.start_from), network, classes))

    @property
    def _start(self) -> str | None:
        """Digest of the file."""
        if self.start_from is None:
            return None
        path = Path(self.start_from)
        about = path.stat()
        return _digest(path, about.st_size, about.st_mtime_ns)


@lru_cache
def _digest(path: Path, size: int, changed: int) -> str:  # noqa: ARG001
    """Hash a file; read again when its size or the time of its last change is another."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
