"""`sortal cms binary`: what the guide's binary script does, from six files to a network and its scores."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sortal.data.split import Part
from sortal.evaluation.plots.drawing.style import Look
from sortal.evaluation.plots.roc import LabelledRocCurve, roc_figure
from sortal.metrics.ranking import roc_auc, roc_curve
from sortal.systems.cms import session
from sortal.systems.cms.results import page_files
from sortal.systems.cms.results.lines import best_epoch, minutes
from sortal.systems.cms.results.pictures import draw_all, draw_course, draw_picture
from sortal.systems.cms.results.report import write_report
from sortal.systems.cms.results.runs import runs_of
from sortal.systems.cms.settings import BinarySettings
from sortal.systems.cms.training.campaign import Call, Campaign
from sortal.systems.cms.training.scored import Scored, mean_of
from sortal.views.console import echo


def run_binary(
    given: Mapping[str, Any],
    path: Path | None,
    call: Call,
) -> int:
    """Train, write the page's files and a report; returns the exit code.

    Raises:
        UserError: The settings or the data are wrong.
    """
    settings = session.read(BinarySettings, given, path)
    folder = Path(settings.models) / f"{settings.year}_{settings.channel}_{settings.name}"
    sample = session.load(settings)
    session.print_network(settings, sample)
    session.make_folder(folder)
    if call.verbose:
        echo("Starting the training")
    try:
        campaign = session.train(settings, sample, folder.name, call)
    except session.EndRequested as ended:
        return ended.code
    write_campaign(campaign, folder, verbose=call.verbose)
    return 0


def write_campaign(campaign: Campaign, folder: Path, *, verbose: bool) -> None:
    """Write the files of one network into its folder; of several each has a folder within.

    That is run<k>, and where decay rates differ D<decay>_run<k>. Pictures are drawn last, so that
    one that cannot be drawn loses nothing else.
    """
    networks = reported(campaign)
    several = len(networks) > 1
    look = session.look_of(campaign.settings)
    runs = runs_of(campaign, networks)
    places = [folder / run.folder if several else folder for run in runs]
    for run, place in zip(runs, places, strict=True):
        place.mkdir(exist_ok=True)
        name = run.title if several else ""
        session.print_course(run.network, place, verbose=verbose, name=name)
        session.write_training(campaign, run.network, place)
        page_files.write_outputs(place, run.network, campaign.sample.events)
    if verbose:
        echo(f"Training took  {minutes(campaign.seconds):g}  minutes")
        echo("Getting predictions")
    chosen = networks[0]
    if several:
        chosen = mean_of(networks)
        page_files.write_outputs(folder, chosen, campaign.sample.events)
    found = write_report(campaign, runs, chosen, folder)
    for run, place in zip(runs, places, strict=True):
        _draw_network(campaign, run.network, place, look)
    draw_all(campaign, found, folder, look)
    courses = [page_files.history_lists(one)["val_loss"] for one in networks]
    best = min(courses, key=lambda losses: losses[best_epoch(losses)])
    echo(f"Epoch of the best training:  {best_epoch(best)}")


def reported(campaign: Campaign) -> list[Scored]:
    """The networks with their best weights: with `compat` each is there with its last ones too."""
    return [one for one in campaign.networks if one.parameters["keep_best"]]


def _draw_network(campaign: Campaign, network: Scored, folder: Path, look: Look) -> None:
    draw_course(network, folder, look)
    draw_picture(folder / "TrnVal_roc.png", lambda: _roc(campaign, network, look), look)


def _roc(campaign: Campaign, network: Scored, look: Look) -> Any:
    """ROC of training and validation; the script's, of the last weights and unweighted, with `compat`."""
    events, compat = campaign.sample.events, campaign.settings.compat
    drawn = network
    if compat:
        drawn = next(
            one
            for one in campaign.networks
            if not one.parameters["keep_best"]
            and one.seed == network.seed
            and one.decay == network.decay
        )
    curves = []
    for part, word in ((Part.TRAIN, "Training"), (Part.VALIDATION, "Validation")):
        rows, scores = drawn.rows[part], drawn.scores[part][:, 0]
        weights = None if compat else events.weights[rows]
        curve = roc_curve(events.is_signal[rows], scores, weights)
        area = float(roc_auc(events.is_signal[rows], scores, weights))
        curves.append(
            LabelledRocCurve(label=f"{word} ROC", fpr=curve.fpr, tpr=curve.tpr, area=area)
        )
    return roc_figure(curves, look=look)
