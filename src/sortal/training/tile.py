"""Members that step together: all the state that training changes."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sortal.networks.dropout import draw_uniform
from sortal.networks.layer import Pass
from sortal.networks.stream import stream
from sortal.training.optimiser import Rates, build_optimiser, keep_members
from sortal.training.recipe import Course, Recipe
from sortal.training.stopping import Stopping

CHUNK_ROWS = 512
"""Rows whose gradients are computed at once: more fall out of the processor's cache."""

_TILE_UNITS = 1 << 18
"""Hidden units times rows that one step of a tile may hold."""
_TILE_MEMBERS = 64


def members_per_tile(recipe: Recipe) -> int:
    """How many members step together, from shapes alone so that results never depend on timing."""
    rows = min(recipe.batch_size, chunk_rows(recipe))
    return max(1, min(_TILE_MEMBERS, _TILE_UNITS // (recipe.network.units * rows)))


def chunk_rows(recipe: Recipe) -> int:
    """Rows whose gradients are computed at once: all of a minibatch if they influence each other."""
    return recipe.batch_size if recipe.network.mixes_rows else CHUNK_ROWS


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """A member that trains no more."""

    key: str
    state: Tensor
    """The parameters and buffers that it keeps, shape (size,)."""

    remark: str
    """Why it ended before its last epoch; empty if it did not."""

    failed: bool = False
    """Whether it ended because its loss is no number; `remark` is the reason."""


class Tile:
    """Running members along the leading axis of every tensor, and those that have ended."""

    def __init__(self, recipe: Recipe, courses: Sequence[Course], device: torch.device) -> None:
        dtype: torch.dtype = getattr(torch, recipe.precision)
        self.recipe, self.courses, self.device = recipe, list(courses), device
        self.state = torch.empty(len(courses), recipe.network.size, dtype=dtype)
        """Parameters, then buffers, of each member."""
        for row, one in zip(self.state, courses, strict=True):
            row.copy_(recipe.network.start(one.seed, one.initialiser))
        self.state = self.state.to(device)
        self.optimiser = build_optimiser(
            recipe.optimiser,
            Rates.of(
                [(one.learning_rate, one.weight_decay, one.momentum) for one in courses],
                self.parameters,
            ),
            self.parameters,
        )
        self.stopping = Stopping(
            [one.patience for one in courses], [one.min_gain for one in courses], self.state
        )
        self.generators = [
            stream(one.seed, "dropout", device=device) for one in courses if recipe.network.draws
        ]
        self.epoch, self.position = 0, 0
        """Epochs completed, and rows of the current one that are done."""
        self.loss_sum = self._zeros()
        self.ended: dict[str, Ended] = {}
        self.history: dict[str, list[dict[str, float]]] = {one.key: [] for one in courses}
        self.seconds = {one.key: 0.0 for one in courses}
        self._clock = time.perf_counter()
        self.bind()

    @property
    def parameters(self) -> Tensor:
        """What the optimiser changes, a view of `state`."""
        return self.state[:, : self.recipe.network.numbers]

    def bind(self) -> None:
        """Derive from `state` and `courses` what a step needs; after either was replaced."""
        network, parameters = self.recipe.network, self.parameters
        self.held = network.held(self.state)
        self.gradient = torch.zeros_like(parameters)
        self.slopes = network.slot_views(self.gradient)
        self.lessons = torch.tensor(
            [one.lesson for one in self.courses], dtype=torch.int64, device=self.device
        )
        self.kept_share = torch.tensor(
            [1.0 - one.dropout for one in self.courses],
            dtype=parameters.dtype,
            device=self.device,
        )

    def open_pass(self, rows: int, *, training: bool) -> Pass:
        """Begin a pass of some rows through all members."""
        opened = Pass(members=len(self.courses), training=training, kept=self.kept_share)
        if training and self.generators:
            draws = self.recipe.network.draws
            opened.uniform = draw_uniform(self.generators, rows, draws, self.state)
        return opened

    def start_epoch(self) -> None:
        """Begin the next epoch at its first row."""
        self.epoch, self.position, self.loss_sum = self.epoch + 1, 0, self._zeros()

    def end(self, remarks: dict[int, str], *, failed: bool = False) -> None:
        """Let members leave with their best weights, or their current ones if none were kept.

        Args:
            remarks: Why, by row.
            failed: Whether the remark is a fault.
        """
        if not remarks:
            return
        self.count_seconds()
        for row, remark in remarks.items():
            self.ended[self.courses[row].key] = self._ended(row, remark, failed=failed)
        self.keep(row for row in range(len(self.courses)) if row not in remarks)

    def keep(self, rows: Iterable[int]) -> None:
        """Go on with some members alone; the others are forgotten unless they have ended."""
        kept = list(rows)
        index = torch.tensor(kept, dtype=torch.int64, device=self.device)
        self.courses = [self.courses[row] for row in kept]
        self.generators = [self.generators[row] for row in kept if self.generators]
        self.state, self.loss_sum = self.state[index], self.loss_sum[index]
        keep_members(self.optimiser, index)
        self.stopping.keep(index)
        self.bind()

    def count_seconds(self) -> None:
        """Divide the time since the last call evenly between running members."""
        now = time.perf_counter()
        for course in self.courses:
            self.seconds[course.key] += (now - self._clock) / len(self.courses)
        self._clock = now

    def restart_clock(self) -> None:
        """Count from now: what passed since the last count was not training."""
        self._clock = time.perf_counter()

    def _ended(self, row: int, remark: str, *, failed: bool) -> Ended:
        key = self.courses[row].key
        state, best = self.stopping.kept(row, self.state)
        if failed or not state.isfinite().all():
            return Ended(key, state, remark or "its weights became infinite", failed=True)
        if best:
            remark = f"{remark or 'trained to the end'}; the weights of epoch {best} are kept"
        return Ended(key, state, remark)

    def _zeros(self) -> Tensor:
        return torch.zeros(len(self.courses), dtype=torch.float64, device=self.device)
