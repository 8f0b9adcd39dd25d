"""A tile on disk, from which training goes on bit for bit on the same machine.

One safetensors file a tile: tensors as they are, everything else as JSON in the
header. It is written beside its place and renamed, so a reader sees the old file or
the new one, never a part.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from sortal.errors import Damaged
from sortal.training.recipe import Course, Recipe
from sortal.training.tile import Ended, Tile

_FORMAT = 2


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
    shared = {item.name: getattr(recipe, item.name) for item in fields(recipe)}
    shared["network"] = recipe.network.model_dump(mode="json")
    described = [_FORMAT, shared, list(data), device.type, torch.__version__]
    return hashlib.blake2b(json.dumps(described).encode(), digest_size=16).hexdigest()


def save_snapshot(tile: Tile, path: Path, meaning: str) -> None:
    """Write all state of a tile; `path`'s folder is made if it is missing."""
    ended = list(tile.ended.values())
    stopping = tile.stopping
    tensors = {
        "state": tile.state,
        "loss_sum": tile.loss_sum,
        "best": stopping.best,
        "best_loss": stopping.best_loss,
        "best_epoch": stopping.best_epoch,
        "waited": stopping.waited,
        **{f"optimiser.{name}": held for name, held in tile.optimiser.memory.items()},
        **{f"generator.{row}": one.get_state() for row, one in enumerate(tile.generators)},
        **{f"ended.{row}": one.state for row, one in enumerate(ended)},
    }
    about = {
        "meaning": meaning,
        "courses": [asdict(course) for course in tile.courses],
        "ended": [{"key": e.key, "remark": e.remark, "failed": e.failed} for e in ended],
        "epoch": tile.epoch,
        "position": tile.position,
        "steps": tile.optimiser.steps,
        "history": tile.history,
        "seconds": tile.seconds,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    save_file(
        {name: held.cpu().contiguous() for name, held in tensors.items()},
        unfinished,
        metadata={"sortal": json.dumps(about)},
    )
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
            Damaged: It is cut short or not a snapshot.
        """
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads((file.metadata() or {})["sortal"])
                names = list(file.keys())
                return cls(about, {name: file.get_tensor(name) for name in names})
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise Damaged(f"{path}: not a readable snapshot ({error}).") from error

    @property
    def keys(self) -> tuple[str, ...]:
        """Members, those that ended among them."""
        return tuple(self.about["history"])

    def fits(self, meaning: str, courses: Mapping[str, Course]) -> bool:
        """Whether it was written by this very training of the members it shares with `courses`."""
        return self.about["meaning"] == meaning and all(
            course["key"] not in courses or Course(**course) == courses[course["key"]]
            for course in self.about["courses"]
        )

    def restore(self, recipe: Recipe, device: torch.device) -> Tile:
        """Make the tile as it was."""
        about, tensors = self.about, self.tensors
        tile = Tile(recipe, [Course(**course) for course in about["courses"]], device)
        tile.state = tensors["state"].to(device)
        tile.loss_sum = tensors["loss_sum"].to(device)
        tile.epoch, tile.position = about["epoch"], about["position"]
        tile.optimiser.steps = about["steps"]
        for name in tile.optimiser.memory:
            tile.optimiser.memory[name] = tensors[f"optimiser.{name}"].to(device)
        tile.stopping.best = tensors["best"].to(device)
        for name in ("best_loss", "best_epoch", "waited"):
            setattr(tile.stopping, name, tensors[name].clone())
        for row, generator in enumerate(tile.generators):
            generator.set_state(tensors[f"generator.{row}"])
        for row, one in enumerate(about["ended"]):
            state = tensors[f"ended.{row}"].to(device)
            tile.ended[one["key"]] = Ended(one["key"], state, one["remark"], one["failed"])
        tile.history, tile.seconds = dict(about["history"]), dict(about["seconds"])
        tile.bind()
        return tile
