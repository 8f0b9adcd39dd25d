"""Train any population of stacked networks under the contract of `methods.contract.base`."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch

from sortal.data.labels import Outputs
from sortal.data.prepared import Prepared
from sortal.errors import OptionError, UserError
from sortal.methods.contract.base import (
    Control,
    Failed,
    Key,
    Outcome,
    Paused,
    Population,
    Progress,
    Trained,
    Verdict,
)
from sortal.methods.contract.outcomes import failed
from sortal.methods.neural.model import TrainedStack
from sortal.methods.neural.training_setup import StackedTraining
from sortal.networks.threads import torch_threads
from sortal.training.examples.examples import ExampleSource
from sortal.training.examples.gather import gather
from sortal.training.loop import TileEnd, train
from sortal.training.precision import exact_type
from sortal.training.reporting import ProgressReporter
from sortal.training.snapshots.snapshot import meaning_of
from sortal.training.snapshots.tiles import PlannedTile, lay_tiles
from sortal.training.tile import Tile

_FAR_FROM_ONE = 10.0
_LOOKED_AT = 1 << 16


def train_stacked(
    training: StackedTraining, population: Population, data: Prepared, control: Control
) -> Iterator[Outcome]:
    """Train tile after tile; yield each tile's members when the tile is done.

    Raises:
        OptionError: There is a budget and no folder to pause into.
    """
    if population.budget is not None and population.resume is None:
        raise OptionError("population.resume", None, "a folder for snapshots beside a budget")
    yield from (Failed(key, reason) for key, reason in training.misnamed.items())
    if not training.courses:
        return
    recipe, device = training.recipe, torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        with torch_threads(population.threads):
            examples, validation = gather(
                data,
                training.lessons,
                validated=training.validated,
                held_out=training.held_out,
                precision=exact_type(recipe.precision),
                device=device,
            )
    except (UserError, MemoryError) as error:
        yield from (failed(course.key, error) for course in training.courses)
        return
    refused = refusals(training, examples, validation, data)
    yield from (Failed(key, reason) for key, reason in refused.items())
    courses = [course for course in training.courses if course.key not in refused]
    meaning = meaning_of(recipe, _fingerprints(data), device)
    tiles, ignored = lay_tiles(recipe, courses, population.resume, meaning)
    remarks = (*ignored, *remarks_on(training, examples, validation, data))
    driver = _Driver(control, population, passed=len(refused) + len(training.misnamed))
    for number, laid in enumerate(tiles):
        with torch_threads(population.threads):
            tile = laid.open(recipe, device, rows=len(examples))
            watch = ProgressReporter(
                report=driver.report,
                save=partial(laid.save, meaning=meaning) if laid.path else None,
                snapshot_seconds=training.snapshot_seconds,
            )
            close = train(tile, examples, validation, watch, until=population.budget)
            if close is TileEnd.ENDED and number + 1 < len(tiles):
                laid.save(tile, meaning)
        yield from _outcomes(
            tile,
            laid,
            examples,
            remarks,
            outputs=training.outputs,
            threads=population.threads,
        )
        driver.passed += len(laid.keys)
        if close is TileEnd.ASKED:
            later = tuple(key for one in tiles[number + 1 :] for key in one.keys)
            if later and population.resume is not None:
                yield Paused(later, 0.0)
            return


def refusals(
    training: StackedTraining,
    examples: ExampleSource,
    validation: ExampleSource | None,
    data: Prepared,
) -> dict[Key, str]:
    """Reasons of members that cannot be trained on these examples."""
    every = ""
    if not examples.is_finite():
        every = "the features hold missing or infinite values; set data.imputation"
    elif training.validated and validation is None:
        every = "a validation loss needs at least two training examples, or some to validate"
    empty = (examples.weights == 0).flatten(1).all(dim=1).tolist()
    nothing = "no training example has both a known label and a weight other than 0"
    unbounded = [
        data.weigher(lesson.target).refusal if lesson.weighted else ""
        for lesson in training.lessons
    ]
    reasons = {
        one.key: every or empty[one.lesson] * nothing or unbounded[one.lesson]
        for one in training.courses
    }
    return {key: reason for key, reason in reasons.items() if reason}


def remarks_on(
    training: StackedTraining,
    examples: ExampleSource,
    validation: ExampleSource | None,
    data: Prepared,
) -> tuple[str, ...]:
    """Sentences that concern every member: unscaled features, examples held out."""
    remarks = []
    size = 1.0 if training.scales_features else root_mean_square(examples)
    if not 1 / _FAR_FROM_ONE <= size <= _FAR_FROM_ONE:
        remarks.append(
            f"the features are not scaled (root mean square up to {size:.3g}); "
            "networks usually learn better with data.scaling: standard"
        )
    if validation is not None and not len(data.split.validation):
        remarks.append(
            f"{len(validation)} training examples were held out to validate, "
            "because the split has none for it"
        )
    return tuple(remarks)


def root_mean_square(examples: ExampleSource) -> float:
    """Largest root mean square of a feature, over about 65,536 examples evenly spaced."""
    every = torch.arange(0, len(examples), -(-len(examples) // _LOOKED_AT))
    squares = torch.zeros(1, dtype=torch.float64, device=examples.weights.device)
    for block in examples.blocks(every, _LOOKED_AT):
        squares = squares + block.features.double().square().sum(dim=0)
    return math.sqrt(float(squares.max()) / len(every))


@dataclass(slots=True)
class _Driver:
    """Tells the driver how far the whole population is, and remembers whom it wants to stop."""

    control: Control
    population: Population
    passed: int = 0
    """Members of the tiles that are done."""

    stopped: frozenset[Key] = field(default_factory=frozenset)

    def report(self, tile: Tile, share: float) -> Verdict:
        """Report a tile of which the running epoch is done to this share."""
        until = self.population.budget or float("inf")
        at = tile.epoch + share
        done = self.passed + sum(key in tile.ended for key in self.population.keys)
        running = sum(min(1.0, at / min(course.epochs, until)) for course in tile.courses)
        total = len(self.population.members)
        verdict = self.control.report(Progress(min(1.0, (done + running) / total), _text(tile)))
        self.stopped |= verdict.stop
        return Verdict(stop_all=verdict.stop_all, stop=self.stopped)


def _text(tile: Tile) -> str:
    """Such as `epoch 12/50, loss 0.31`: the mean of the running members."""
    if not tile.courses:
        return f"{len(tile.ended)} networks trained"
    most = max(course.epochs for course in tile.courses)
    text = f"epoch {min(tile.epoch + 1, most)}/{most}"
    rows = [tile.history[course.key][-1] for course in tile.courses if tile.epoch]
    if rows:
        text += f", loss {sum(row['loss'] for row in rows) / len(rows):.3g}"
    return text


def _outcomes(
    tile: Tile,
    laid: PlannedTile,
    examples: ExampleSource,
    remarks: Sequence[str],
    *,
    outputs: Outputs,
    threads: int,
) -> Iterator[Outcome]:
    """What became of the wanted members of a tile."""
    ended = [tile.ended[key] for key in laid.keys if key in tile.ended]
    yield from (Failed(one.key, one.remark) for one in ended if one.failed)
    trained = [one for one in ended if not one.failed]
    if trained:
        keys = tuple(one.key for one in trained)
        lessons = {course.key: course.lesson for course in laid.courses}
        network, state = tile.recipe.network, torch.stack([one.state for one in trained])
        # What training added to the outputs becomes part of the last bias.
        if examples.offsets is not None:
            bias = network.held(state)[-1].slots["bias"]
            bias += examples.offsets[[lessons[key] for key in keys]]
        yield Trained(
            TrainedStack(keys, network, outputs, state, threads=threads),
            {key: tile.seconds[key] for key in keys},
            {one.key: (*filter(None, [one.remark]), *remarks) for one in trained},
            {key: tile.history[key] for key in keys},
        )
    waiting = tuple(key for key in laid.keys if key not in tile.ended)
    if waiting and laid.path is not None:
        yield Paused(waiting, float(tile.epoch))


def _fingerprints(data: Prepared) -> tuple[str, ...]:
    preparation = data.preparer.preparation.fingerprint
    return (data.dataset.fingerprint, data.split.fingerprint, preparation, data.target or "")
