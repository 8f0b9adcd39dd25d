"""Members that step together: all the state that training changes."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sortal.networks.dropout import draw_uniform
from sortal.networks.layer import Held, Pass
from sortal.networks.stream import stream
from sortal.training.measures.tally import LossTally
from sortal.training.optimisers.build import build_optimiser
from sortal.training.precision import exact_type, working_type
from sortal.training.recipe import MemberPlan, Recipe
from sortal.training.scheduled_rates import ScheduledRates
from sortal.training.stopping.stopping import Stopping

_TILE_NUMBERS = 1 << 19
"""Units of the widest layer, over rows and members, that a step holds at once: more of them
fall out of the processor's cache."""
_TILE_MEMBERS = 64
_LEAST_ROWS = 128


def members_per_tile(recipe: Recipe) -> int:
    """How many members step together, from shapes alone so that results never depend on timing."""
    rows = recipe.batch_size
    if not recipe.network.mixes_rows:
        rows = min(rows, _LEAST_ROWS)
    return max(1, min(_TILE_MEMBERS, _TILE_NUMBERS // (recipe.network.units * rows)))


@dataclass(frozen=True, slots=True, eq=False)
class EndedMember:
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

    def __init__(
        self, recipe: Recipe, courses: Sequence[MemberPlan], device: torch.device, *, rows: int
    ) -> None:
        """Args: what members share; the members; where they train; training examples."""
        self.recipe, self.courses, self.device = recipe, list(courses), device
        self.working = working_type(
            recipe.precision,
            batch_size=recipe.batch_size,
            units=recipe.network.units,
            device=device,
        )
        """Type in which training passes multiply."""
        steps = recipe.steps_per_epoch
        self.updates_per_epoch = steps or -(-rows // recipe.batch_size)
        self.rows_per_epoch = steps * recipe.batch_size or rows
        """Examples seen in an epoch, those seen twice counted twice."""
        self.state = _starts(recipe, courses).to(device)
        """Parameters, then buffers, of each member."""
        self.optimiser = build_optimiser(recipe.optimiser, self.parameters)
        per_epoch = self.updates_per_epoch
        self.pace = ScheduledRates(recipe, courses, self.parameters, updates_per_epoch=per_epoch)
        self.stopping = Stopping.of(
            [one.stop for one in courses],
            self.state,
            updates_per_epoch=per_epoch,
            trained=recipe.network.numbers,
        )
        self.generators = [
            stream(one.seed, "dropout", device=device) for one in courses if recipe.network.draws
        ]
        self.epoch, self.position = 0, 0
        """Epochs completed, and rows of the current one that are done."""
        self.tally = self.new_tally()
        """Of the rows seen since the last validation."""
        self.ended: dict[str, EndedMember] = {}
        self.history: dict[str, list[dict[str, float]]] = {one.key: [] for one in courses}
        self.seconds = {one.key: 0.0 for one in courses}
        self._clock = time.perf_counter()
        self.bind()

    @property
    def parameters(self) -> Tensor:
        """What the optimiser changes, a view of `state`."""
        return self.state[:, : self.recipe.network.numbers]

    @property
    def validation_is_due(self) -> bool:
        """Whether the update just made is one of those after which to validate."""
        every = self.recipe.validate_every
        return every > 0 and self.optimiser.steps % every == 0

    @property
    def chunk_rows(self) -> int:
        """Rows whose gradients are computed at once: so many that they stay in cache."""
        rows = self.recipe.batch_size
        if self.recipe.network.mixes_rows or self.device.type != "cpu":
            return rows
        fitting = _TILE_NUMBERS // (self.recipe.network.units * max(1, len(self.courses)))
        chunks = -(-rows // max(_LEAST_ROWS, fitting))
        return -(-rows // chunks)

    def bind(self) -> None:
        """Derive from `state` and `courses` what a step needs; after either was replaced."""
        network = self.recipe.network
        self.held = network.held(self.state)
        self._rounded = self.state.to(self.working)
        self._working_held = [
            Held(rounded.slots, exact.buffers)
            for rounded, exact in zip(network.held(self._rounded), self.held, strict=True)
        ]
        self.gradient = torch.zeros_like(self.parameters)
        self.slopes = network.slot_views(self.gradient)
        self.lessons = torch.tensor(
            [one.lesson for one in self.courses], dtype=torch.int64, device=self.device
        )

    def working_held(self) -> list[Held]:
        """What a training pass multiplies with: the parameters, rounded where products are."""
        if self.working is self.state.dtype:
            return self.held
        self._rounded.copy_(self.state)
        return self._working_held

    def open_pass(self, rows: int, *, training: bool) -> Pass:
        """Begin a pass of some rows through all members."""
        opened = Pass(members=len(self.courses), training=training)
        if training and self.generators:
            draws = self.recipe.network.draws
            opened.kept = self.pace.kept(self.optimiser.steps)
            opened.uniform = draw_uniform(self.generators, rows, draws, self.state)
        return opened

    def update(self) -> None:
        """Let the optimiser use the gradient up."""
        rates = self.pace.rates(self.optimiser.steps)
        self.pace.penalise(self.gradient, self.parameters)
        self.optimiser.step(self.parameters, self.gradient, rates)

    def drop_ended(self) -> None:
        """Let members end that have trained all their epochs."""
        through = (row for row, one in enumerate(self.courses) if self.epoch >= one.epochs)
        self.end(dict.fromkeys(through, ""))

    def new_tally(self) -> LossTally:
        """Sums of the running members over no rows yet."""
        return LossTally(len(self.courses), self.device, self.recipe.accuracy)

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
        self.state = self.state[index]
        self.tally.keep(index)
        self.optimiser.keep(index)
        self.stopping.keep(index)
        self.pace.keep(index, self.courses)
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

    def _ended(self, row: int, remark: str, *, failed: bool) -> EndedMember:
        key = self.courses[row].key
        state, best = self.stopping.kept(row, self.state)
        if failed or not state.isfinite().all():
            return EndedMember(key, state, remark or "its weights became infinite", failed=True)
        if best:
            when = f"epoch {best / self.updates_per_epoch:.4g}"
            remark = f"{remark or 'trained to the end'}; the weights of {when} are kept"
        return EndedMember(key, state, remark)


def _starts(recipe: Recipe, courses: Sequence[MemberPlan]) -> Tensor:
    starts = [
        recipe.network.start(one.seed, one.initialiser, one.output_initialiser) for one in courses
    ]
    dtype = exact_type(recipe.precision)
    return torch.stack(starts).to(dtype) if starts else torch.empty(0, recipe.network.size)
