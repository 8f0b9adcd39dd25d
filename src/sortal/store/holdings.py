"""What a store holds beside members: datasets, splits, and named artifacts."""

from collections.abc import Callable
from pathlib import Path

from sortal.data.dataset import Dataset
from sortal.data.split import Split
from sortal.store.artifacts import Artifact
from sortal.store.files.digests import Seals
from sortal.store.files.json_lines import Json
from sortal.store.parts import Opened


class Holdings(Opened):
    """The part of a store's door that is about data and artifacts."""

    __slots__ = ()

    def save_dataset(self, dataset: Dataset) -> Path:
        """Store a dataset under its fingerprint; nothing happens if it is there and sound."""
        return self.parts.datasets.save(dataset)

    def dataset(self, fingerprint: str, seals: Seals | None = None) -> Dataset:
        """Open a stored dataset whose files are what was written; its arrays are memory maps.

        Args:
            fingerprint: Fingerprint of the dataset.
            seals: What `data_seals` told the driver of a run, where this is one of its workers.

        Raises:
            NotFound: There is none of that fingerprint.
            Damaged: A file of it is missing or has changed.
        """
        return self.parts.datasets.get(fingerprint, seals)

    def truth(self, fingerprint: str) -> Dataset:
        """Open what is known of the examples of a stored dataset: no inputs, which are not read.

        Raises:
            NotFound: There is none of that fingerprint.
            Damaged: A file of it is missing or has changed.
        """
        return self.parts.datasets.truth(fingerprint)

    def dataset_name(self, fingerprint: str) -> str:
        """What a stored dataset is called, whatever became of its examples."""
        return self.parts.datasets.name_of(fingerprint)

    def data_seals(self, fingerprint: str) -> Seals:
        """Size [bytes] and time of change [ns] of each file of a sound dataset, by name."""
        return self.parts.datasets.seals(fingerprint)

    def save_split(self, dataset: str, split: Split) -> Path:
        """Store a split beside its dataset; nothing happens if it is there and sound."""
        return self.parts.datasets.splits.save(dataset, split)

    def split(self, dataset: str, split: str) -> Split:
        """Read a split by the fingerprints of its dataset and its own."""
        return self.parts.datasets.splits.get(dataset, split)

    def remember_source(self, signature: str, fingerprint: str) -> None:
        """Note which dataset a source was read into."""
        self.parts.datasets.remember_source(signature, fingerprint)

    def known_source(self, signature: str) -> str | None:
        """Fingerprint of the stored dataset that a source was read into, if that is known."""
        return self.parts.datasets.known_source(signature)

    def save_artifact(
        self, kind: str, name: str, meta: Json, write: Callable[[Path], None]
    ) -> Artifact:
        """Store or replace a named folder that `write` fills, with JSON about it."""
        return self.parts.artifacts.save(kind, name, meta, write)

    def artifact(self, kind: str, name: str) -> Artifact:
        """A stored artifact; `NotFound` with the nearest names if there is none."""
        return self.parts.artifacts.get(kind, name)

    def artifact_names(self, kind: str) -> list[str]:
        """Names of the artifacts of a kind, sorted."""
        return self.parts.artifacts.names(kind)

    def has_artifact(self, kind: str, name: str) -> bool:
        """True if there is an artifact of that kind and name."""
        return self.parts.artifacts.has(kind, name)

    def remove_artifact(self, kind: str, name: str) -> None:
        """Delete an artifact; `NotFound` if there is none."""
        self.parts.artifacts.remove(kind, name)
