"""Divide a population into tiles: those that snapshots hold, and new ones for the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from sortal.errors import Damaged
from sortal.training.recipe import MemberPlan, Recipe
from sortal.training.snapshots.snapshot import Snapshot, save_snapshot, snapshot_path
from sortal.training.tile import Tile, members_per_tile


@dataclass(frozen=True, slots=True, eq=False)
class PlannedTile:
    """A tile that is not in memory yet."""

    courses: tuple[MemberPlan, ...]
    """Members that are wanted of it, those that have ended among them."""

    path: Path | None
    """Its snapshot's place, None where nothing is saved."""

    stored: bool = False
    """Whether the snapshot is there."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the wanted members."""
        return tuple(course.key for course in self.courses)

    def open(self, recipe: Recipe, device: torch.device, *, rows: int) -> Tile:
        """Start the members, or take them up where the snapshot left them.

        Args:
            recipe: What they share.
            device: Where they train.
            rows: Training examples.
        """
        if self.path is None or not self.stored:
            return Tile(recipe, self.courses, device, rows=rows)
        return Snapshot.read(self.path).restore(recipe, self.courses, device, rows=rows)

    def save(self, tile: Tile, meaning: str) -> None:
        """Write the snapshot if there is a place for it."""
        if self.path is not None:
            save_snapshot(tile, self.path, meaning)


def lay_tiles(
    recipe: Recipe, courses: Sequence[MemberPlan], folder: Path | None, meaning: str
) -> tuple[list[PlannedTile], list[str]]:
    """Find what can be continued, and cut the rest into tiles.

    Args:
        recipe: What the members share.
        courses: The members, in order.
        folder: Where snapshots lie and are left, None for nowhere.
        meaning: What a snapshot must agree on (`snapshot.meaning_of`).

    Returns:
        Tiles, stored ones first; and a sentence for each snapshot that could not be used.
    """
    left = {course.key: course for course in courses}
    wanted = dict(left)
    tiles, notes = [], []
    for path in sorted(folder.glob("*.safetensors")) if folder else []:
        try:
            snapshot = Snapshot.read(path)
        except Damaged as damage:
            notes.append(f"a damaged snapshot was ignored: {damage}")
            continue
        if not snapshot.fits(meaning, wanted):
            notes.append(f"the snapshot {path.name} of another training was ignored")
            continue
        mine = tuple(left.pop(key) for key in snapshot.keys if key in left)
        if mine:
            tiles.append(PlannedTile(mine, path, stored=True))
    fresh = list(left.values())
    size = members_per_tile(recipe)
    for start in range(0, len(fresh), size):
        part = tuple(fresh[start : start + size])
        path_of_part = folder and snapshot_path(folder, [course.key for course in part])
        tiles.append(PlannedTile(part, path_of_part))
    return tiles, notes
