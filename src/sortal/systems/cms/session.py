"""What both commands share: settings read, networks trained under a live display, an end on request."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from sortal.errors import MissingExtra, SortalError
from sortal.evaluation.plots.drawing.style import Look
from sortal.export.formats import Format
from sortal.export.write import check_extra
from sortal.job.settings import read_settings
from sortal.jobs.launch import Launched
from sortal.systems.cms.results import page_files
from sortal.systems.cms.results.lines import best_line, checkpoint_lines, epoch_lines, network_lines
from sortal.systems.cms.settings import BinarySettings, CMSSettings
from sortal.systems.cms.training.campaign import Call, Campaign, CampaignSample, read_sample, run
from sortal.systems.cms.training.scored import Scored
from sortal.views.console import Display, echo

Model = TypeVar("Model", bound=CMSSettings)


class EndRequested(SortalError):
    """The user or a batch system asked for an end; carries the exit code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__("interrupted")


def read(model: type[Model], given: Mapping[str, Any], path: Path | None) -> Model:
    """Read settings from options and a file; data of a file's settings lies where the command runs.

    Raises:
        UserError: They are wrong.
        MissingExtra: Something to be written needs a package that is not installed.
    """
    settings = read_settings(model, path, given)
    if settings.onnx:
        check_extra(Format.ONNX)
    if settings.hep_style and find_spec("mplhep") is None:
        raise MissingExtra("the figure style 'hep'", "hep")
    return settings


def load(settings: CMSSettings) -> CampaignSample:
    """Read the events and tell what they are."""
    echo("LOADING DATA" if isinstance(settings, BinarySettings) else "Loading data...")
    sample = read_sample(settings)
    for note in sample.events.notes:
        echo(f"note: {note}")
    return sample


def train(
    settings: CMSSettings,
    sample: CampaignSample,
    title: str,
    call: Call,
) -> Campaign:
    """Train with a live display.

    Raises:
        Ended: An end was asked for; what is finished is kept.
    """

    def end(launched: Launched) -> None:
        kept = launched.summary.trained + launched.summary.stored
        paused = launched.summary.paused
        echo(
            f"interrupted; kept: {kept} finished networks and the state of {paused} in training. "
            "Run the same command again to go on."
        )
        raise EndRequested(launched.summary.exit_code)

    with Display(quiet=not call.verbose and not _is_long(settings)) as display:
        return run(settings, sample, title, call, listener=display, interrupted=end)


def write_training(campaign: Campaign, network: Scored, folder: Path) -> None:
    """Write weights, history and what else of the training was asked for; tell what is to be told."""
    wanted = campaign.settings
    for note in page_files.write_training(
        folder,
        network,
        campaign.store,
        pickles=wanted.pickles,
        onnx=wanted.onnx,
    ):
        echo(f"note: {note}")


def print_network(settings: CMSSettings, sample: CampaignSample) -> None:
    """Print the optimiser, and the network as a table."""
    rates = ", ".join(f"{decay:g}" for decay in settings.decays)
    echo(f"{settings.optimiser}: learning rate {settings.learning_rate:g}, decay {rates}")
    binary = isinstance(settings, BinarySettings)
    outputs = 1 if binary else len(sample.classes.names)
    sizes = [len(sample.events.variables), *settings.layers, outputs]
    for line in network_lines(sizes, settings.activation, "sigmoid" if binary else "softmax"):
        echo(line)


def print_course(network: Scored, folder: Path, *, verbose: bool, name: str = "") -> None:
    """Print when the validation loss improved; each epoch too if wanted.

    Args:
        network: A trained network; of folds the first is told.
        folder: Where its files are.
        verbose: Whether every epoch has its line.
        name: What it is called among several, of which each has one line unless `verbose`.
    """
    losses = page_files.history_lists(network)["val_loss"]
    if name and not verbose:
        echo(best_line(name, losses))
        return
    if verbose:
        for line in epoch_lines(network.history):
            echo(line)
    path = folder / page_files.file_of(network.member, page_files.WEIGHTS)
    for line in checkpoint_lines(losses, str(path), every=verbose):
        echo(line)


def look_of(settings: CMSSettings) -> Look:
    """How pictures look."""
    return Look(
        style="hep" if settings.hep_style else "plain",
        experiment=settings.experiment,
        status=settings.status,
        luminosity_text=f"{settings.luminosity / 1000:.3g} fb$^{{-1}}$",
    )


def make_folder(folder: Path) -> None:
    """Make the folder of a network, and say whether files of an earlier one are replaced."""
    there = folder.is_dir() and any(folder.iterdir())
    folder.mkdir(parents=True, exist_ok=True)
    echo(f"Dir {folder}/ {'is there: its files are written anew' if there else 'created'}.")


def _is_long(settings: CMSSettings) -> bool:
    """Whether progress is shown unasked."""
    return settings.epochs * settings.runs * len(settings.decays) > 50
