"""What a snapshot tells of its members without their tensors: how far each of them is."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sortal.errors import Damaged


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedMember:
    """A member whose training is not over, or not stored yet."""

    key: str
    epochs: int
    """Epochs that are done."""

    steps: int
    """Updates made: with the key they say what the member is."""

    history: tuple[Mapping[str, float], ...]
    """Its rows so far, at least one."""


def find_started_members(folder: Path) -> Iterator[StartedMember]:
    """Members of a folder's snapshots that have been validated or have completed an epoch.

    Raises:
        Damaged: A snapshot is not readable.
    """
    from safetensors import SafetensorError, safe_open

    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="numpy") as file:
                about = json.loads((file.metadata() or {})["sortal"])
            for key, rows in about["history"].items():
                if rows:
                    yield StartedMember(
                        key=key, epochs=about["epoch"], steps=about["steps"], history=tuple(rows)
                    )
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise Damaged(f"{path}: not a readable snapshot ({error}).") from error
