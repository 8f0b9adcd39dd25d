"""A tile on disk, from which training goes on bit for bit on the same machine.

One safetensors file a tile: tensors as they are, everything else as JSON in the
header. It is written beside its place and renamed, so a reader sees the old file or
the new one, never a part.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from sortal.errors import Damaged
from sortal.training.recipe import MemberPlan, Recipe
from sortal.training.tile import EndedMember, Tile

_FORMAT = 4
_FORMER_NAMES = {"MemberPlan(": "Course(", "MemberRates(": "Choice("}
"""What classes were called when snapshots were first written: digests keep it."""
_DIGEST = "blake2b"
_MOST_READS = 5
"""Readings of a file that is replaced each time while it is read."""


def snapshot_path(folder: Path, keys: Sequence[str]) -> Path:
    """Where the snapshot of a tile lies that began with these members."""
    digest = hashlib.blake2b("\n".join(keys).encode(), digest_size=8).hexdigest()
    return folder / f"{digest}.safetensors"


def meaning_of(recipe: Recipe, data: Sequence[str], device: torch.device) -> str:
    """Hash what a snapshot must agree on with a training that would continue it.

    Args:
        recipe: What the members share.
        data: Fingerprints of dataset, split, preparation.
        device: Where training runs; numbers differ between kinds of device.
    """
    return _digest(repr([_FORMAT, recipe, list(data), device.type, torch.__version__]))


def plan_digest(plan: MemberPlan) -> str:
    """Hash what a snapshot must agree on with the plan of one member."""
    text = repr(plan)
    for name, former in _FORMER_NAMES.items():
        text = text.replace(name, former)
    return _digest(text)


def save_snapshot(tile: Tile, path: Path, meaning: str) -> None:
    """Write all state of a tile; `path`'s folder is made if it is missing."""
    ended = list(tile.ended.values())
    tensors = {
        "state": tile.state,
        **{f"tally.{name}": held for name, held in tile.tally.sums.items()},
        **{f"optimiser.{name}": held for name, held in tile.optimiser.memory.items()},
        **{f"stopping.{name}": held for name, held in tile.stopping.state().items()},
        **{f"pace.{name}": held for name, held in tile.pace.state().items()},
        **{f"generator.{row}": one.get_state() for row, one in enumerate(tile.generators)},
        **{f"ended.{row}": one.state for row, one in enumerate(ended)},
    }
    about = {
        "meaning": meaning,
        "courses": {course.key: plan_digest(course) for course in tile.courses},
        "ended": [{"key": e.key, "remark": e.remark, "failed": e.failed} for e in ended],
        "epoch": tile.epoch,
        "position": tile.position,
        "steps": tile.optimiser.steps,
        "tallied": tile.tally.rows,
        "history": tile.history,
        "seconds": tile.seconds,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    written, text = (
        {name: held.cpu().contiguous() for name, held in tensors.items()},
        json.dumps(about),
    )
    metadata = {"sortal": text, _DIGEST: _content_digest(text, written)}
    save_file(written, unfinished, metadata=metadata)
    unfinished.replace(path)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What a file holds, before a tile is made of it."""

    about: Mapping[str, Any]
    tensors: Mapping[str, Tensor]

    @classmethod
    def read(cls, path: Path) -> "Snapshot":
        """Read a file.

        Raises:
            Damaged: It is cut short or not a snapshot, or has changed since it was written.
        """
        # The library opens a file once for its header and once for its tensors; between the two,
        # a training that goes on may have put a newer snapshot into its place.
        for _ in range(_MOST_READS):
            identity = _identity(path)
            with suppress(Damaged):
                return cls._read_once(path)
            if identity == _identity(path):
                break
        return cls._read_once(path)

    @classmethod
    def _read_once(cls, path: Path) -> "Snapshot":
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                about = json.loads(metadata["sortal"])
                names = list(file.keys())
                tensors = {name: file.get_tensor(name) for name in names}
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise Damaged(f"{path}: not a readable snapshot ({error}).") from error
        # Older versions wrote no digest.
        is_old = metadata.keys() == {"sortal"}
        if not is_old and metadata.get(_DIGEST) != _content_digest(metadata["sortal"], tensors):
            raise Damaged(f"{path}: has changed since it was written.")
        return cls(about, tensors)

    @property
    def keys(self) -> tuple[str, ...]:
        """Members, those that ended among them."""
        return tuple(self.about["history"])

    def fits(self, meaning: str, courses: Mapping[str, MemberPlan]) -> bool:
        """Whether it was written by this very training of the members it shares with `courses`."""
        return self.about["meaning"] == meaning and all(
            key not in courses or plan_digest(courses[key]) == digest
            for key, digest in self.about["courses"].items()
        )

    def restore(
        self, recipe: Recipe, courses: Sequence[MemberPlan], device: torch.device, *, rows: int
    ) -> Tile:
        """Make the tile as it was, without the members that `courses` does not name."""
        about, by_key = self.about, {course.key: course for course in courses}
        running = list(about["courses"])
        there = torch.tensor([key in by_key for key in running], dtype=torch.bool)
        tile = Tile(recipe, [by_key[key] for key in running if key in by_key], device, rows=rows)
        tile.state = self.tensors["state"][there].to(device)
        tile.tally.rows = about["tallied"]
        for name, held in self._parts("tally").items():
            tile.tally.sums[name] = held[there].to(device)
        tile.epoch, tile.position = about["epoch"], about["position"]
        tile.optimiser.steps = about["steps"]
        for name, held in self._parts("optimiser").items():
            tile.optimiser.memory[name] = held[there].to(device)
        tile.stopping.restore({n: held[there] for n, held in self._parts("stopping").items()})
        tile.pace.restore({n: held[there] for n, held in self._parts("pace").items()})
        for generator, row in zip(tile.generators, there.nonzero(), strict=bool(tile.generators)):
            generator.set_state(self.tensors[f"generator.{int(row)}"])
        for row, one in enumerate(about["ended"]):
            state = self.tensors[f"ended.{row}"].to(device)
            tile.ended[one["key"]] = EndedMember(one["key"], state, one["remark"], one["failed"])
        tile.history, tile.seconds = dict(about["history"]), dict(about["seconds"])
        tile.bind()
        return tile

    def _parts(self, owner: str) -> dict[str, Tensor]:
        start = f"{owner}."
        return {
            name.removeprefix(start): held
            for name, held in self.tensors.items()
            if name.startswith(start)
        }


def _identity(path: Path) -> tuple[int, int]:
    """Identity of a file, by which it is distinguished from another one of the same name."""
    try:
        found = path.stat()
    except OSError as error:
        raise Damaged(f"{path}: not a readable snapshot ({error}).") from error
    return found.st_ino, found.st_mtime_ns


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _content_digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    """Hash everything that a file says: names, types, shapes and bytes of tensors, and the text."""
    digest = hashlib.blake2b(text.encode(), digest_size=16)
    for name, held in sorted(tensors.items()):
        digest.update(f"\n{name} {held.dtype} {tuple(held.shape)} ".encode())
        digest.update(held.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
