"""`sortal cms multiclass`: what the guide's multiclass script does, all runs and decays as one population."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sortal.data.split import Part
from sortal.evaluation.plots.drawing.style import Look
from sortal.systems.cms import session
from sortal.systems.cms.results import page_files
from sortal.systems.cms.results.assessment import Assessment
from sortal.systems.cms.results.lines import minutes
from sortal.systems.cms.results.merit import Merit
from sortal.systems.cms.results.page_files import rate_text
from sortal.systems.cms.results.pictures import draw_all, draw_course, draw_picture, merit_picture
from sortal.systems.cms.results.report import write_report
from sortal.systems.cms.results.runs import CampaignRun, runs_of
from sortal.systems.cms.settings import MulticlassSettings
from sortal.systems.cms.training.campaign import Call, Campaign
from sortal.systems.cms.training.scored import mean_of
from sortal.views.console import echo

_ACTIVATIONS = {"relu": "ReLU", "elu": "ELU", "selu": "SELU"}


def run_multiclass(
    given: Mapping[str, Any],
    path: Path | None,
    call: Call,
) -> int:
    """Train, write the page's files and a report for each decay rate; returns the exit code.

    Raises:
        UserError: The settings or the data are wrong.
    """
    settings = session.read(MulticlassSettings, given, path)
    sample = session.load(settings)
    session.print_network(settings, sample)
    folders = {decay: campaign_folder(settings, decay) for decay in settings.decays}
    for folder in folders.values():
        session.make_folder(folder)
    echo("Starting the training")
    title = settings.name or Path(settings.models).name
    try:
        campaign = session.train(settings, sample, title, call)
    except session.EndRequested as ended:
        return ended.code
    echo(f"Training took:  {minutes(campaign.seconds):g}  minutes")
    runs = {
        decay: runs_of(campaign, [one for one in campaign.networks if one.decay == decay])
        for decay in settings.decays
    }
    rows = [[table_row(settings, decay, run.merit) for run in runs[decay]] for decay in runs]
    found = {
        decay: _write_decay(campaign, runs[decay], folder, verbose=call.verbose)
        for decay, folder in folders.items()
    }
    table = Path(settings.table)
    page_files.write_table(table, rows, append=settings.append)
    echo(f"wrote {table}")
    # Pictures come last, so that one that cannot be drawn loses nothing else.
    for decay, folder in folders.items():
        _draw_decay(campaign, runs[decay], found[decay], folder)
    return 0


def campaign_folder(settings: MulticlassSettings, decay: float) -> Path:
    """The folder of one decay rate, named as the script names it."""
    if settings.name:
        last = "" if len(settings.decays) == 1 else f"_D{rate_text(decay)}"
        return Path(settings.models) / f"{settings.name}{last}"
    activation = _ACTIVATIONS.get(settings.activation, settings.activation.capitalize())
    layers = "-".join(map(str, settings.layers))
    return Path(settings.models) / (
        f"{settings.year}_{settings.channel}_{activation}_CatCrossEnt_{layers}"
        f"_L{rate_text(settings.learning_rate)}_D{rate_text(decay)}"
    )


def table_row(settings: MulticlassSettings, decay: float, merit: Merit) -> dict[str, object]:
    """One run's row of 17var_fom.csv: figures rounded to 8 decimals, the cut to 4."""
    chosen = merit.chosen
    values = (
        "levels_00",
        "-".join(map(str, settings.layers)),
        settings.activation,
        "categorical_crossentropy",
        settings.learning_rate,
        decay,
        round(chosen.validation.merit, 8) if chosen else 0.0,
        round(chosen.cut, 4) if chosen else 0.7,
        round(chosen.test.merit, 8) if chosen else 0.0,
        round(float(merit.scans[Part.TEST].merit.max()), 8),
    )
    return dict(zip(page_files.TABLE_COLUMNS, values, strict=True))


def _write_decay(
    campaign: Campaign, runs: list[CampaignRun], folder: Path, *, verbose: bool
) -> Assessment:
    """Write every run of one decay rate, and the report on them; no pictures."""
    among = f"{folder.name}, " if len(campaign.settings.decays) > 1 else ""
    for run in runs:
        place = folder / run.folder
        place.mkdir(exist_ok=True)
        session.print_course(run.network, place, verbose=verbose, name=f"{among}{run.title}")
        session.write_training(campaign, run.network, place)
    networks = [run.network for run in runs]
    together = mean_of(networks) if len(networks) > 1 else networks[0]
    page_files.write_outputs(folder, together, campaign.sample.events)
    return write_report(campaign, runs, together, folder)


def _draw_decay(
    campaign: Campaign, runs: list[CampaignRun], found: Assessment, folder: Path
) -> None:
    """Draw every run of one decay rate, and the pictures of the report."""
    look = session.look_of(campaign.settings)
    for run in runs:
        _draw_run(campaign, run, folder, look)
    draw_all(campaign, found, folder, look)


def _draw_run(campaign: Campaign, run: CampaignRun, folder: Path, look: Look) -> None:
    """Draw the learning curve of one run, and its figure of merit beside those of the others."""
    draw_course(run.network, folder / run.folder, look, log_accuracy=True)
    picture = folder / "FOM_figures_runs" / f"FOM_{run.folder}.png"
    draw_picture(picture, lambda: merit_picture(campaign, run.merit, run.title.upper(), look), look)
