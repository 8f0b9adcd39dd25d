"""What report.json, report.md and the screen say, read as their users would."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from sortal.data.split import Part
from sortal.jobs.applying.predictor_folder import load_predictor
from sortal.systems.cms.results.ranking import lines_of, table_of
from sortal.systems.cms.results.report import write_report
from sortal.systems.cms.results.runs import runs_of
from sortal.systems.cms.settings import BinarySettings, MulticlassSettings

LUMINOSITY = 35866
EDGE = "is the lowest of the page's grid"


@dataclass(frozen=True)
class Written:
    """A folder of a report, and what was printed."""

    folder: Path
    out: str

    @property
    def json(self) -> Any:
        """report.json, which must hold nothing that JSON does not know."""

        def refuse(name: str) -> None:
            raise ValueError(name)

        return json.loads((self.folder / "report.json").read_text(), parse_constant=refuse)

    @property
    def details(self) -> Any:
        return self.json["details"]

    @property
    def markdown(self) -> list[str]:
        return (self.folder / "report.md").read_text().splitlines()


def about(report):
    """What the folder `network` says of its origin."""
    return json.loads((report.folder / "network" / "about.json").read_text())["about"]


@pytest.fixture(scope="module")
def write(tmp_path_factory, blank_pictures, judged):
    """Write the report on a campaign."""

    def written(campaign):
        folder = tmp_path_factory.mktemp("report")
        found, said = judged(campaign), []
        with pytest.MonkeyPatch.context() as patch:
            blank_pictures(patch)
            patch.setattr("sortal.systems.cms.results.report.echo", said.append)
            # What is known already is not found again, for speed alone.
            patch.setattr("sortal.systems.cms.results.report.assess", lambda *given: found)
            runs = runs_of(campaign, campaign.networks)
            write_report(campaign, runs, found.scored, folder)
        return Written(folder, "\n".join(said))

    return written


@pytest.fixture(scope="module")
def single(write, one):
    return write(one)


@pytest.fixture(scope="module")
def mean(write, several):
    return write(several)


@pytest.fixture(scope="module")
def classes(write, multiclass):
    return write(multiclass)


@pytest.fixture(scope="module")
def crossed(write, folded):
    return write(folded)


def test_figures_of_each_part_are_those_of_the_assessment(one, single, judged):
    for part, quality in judged(one).quality.items():
        told = single.details["parts"][part.value]
        assert told["events"] == len(one.sample.events.rows(part))
        assert told["loss"] == [quality.loss.value, quality.loss.error]
        assert told["accuracy"] == [quality.accuracy.value, quality.accuracy.error]
        area = quality.areas["Signal"]
        assert told["auc"]["Signal"]["value"] == area.auc.value
        assert told["auc"]["Signal"]["error"] == area.auc.error
        assert told["auc"]["Signal"]["negative_weights"]


@pytest.mark.parametrize("which", ["one", "multiclass"])
def test_yields_above_the_cut_are_sums_of_the_files_weights(which, request, truth):
    campaign = request.getfixturevalue(which)
    report = request.getfixturevalue({"one": "single", "multiclass": "classes"}[which])
    files = truth(campaign.settings, Part.TEST)
    scores = campaign.networks[0].scores[Part.TEST][:, 0].astype(float)
    (line,) = report.json["classifiers"]
    rows = report.details["yields_at_cut"]
    counted = (files.codes > 0) | (files.processes == "T2DegStop_550_520")
    assert {row["process"] for row in rows} == set(files.processes)
    for row in rows:
        mine = counted & (files.processes == row["process"])
        above = mine & (scores >= line["cut"])
        expected = files.weights * LUMINOSITY * files.factors
        assert row["expected"] == pytest.approx(expected[above].sum(), rel=1e-9)
        assert row["error"] == pytest.approx(np.sqrt((expected[above] ** 2).sum()), rel=1e-9)
        assert row["events"] == above.sum()
        if mine.any():
            share = expected[above].sum() / expected[mine].sum()
            assert row["efficiency"] == pytest.approx(share, rel=1e-9)
    signal = [row["expected"] for row in rows if row["process"].startswith("T2")]
    background = [row["expected"] for row in rows if not row["process"].startswith("T2")]
    assert sum(signal) == pytest.approx(line["signal"], rel=1e-9)
    assert sum(background) == pytest.approx(line["background"], rel=1e-9)


def test_the_confusion_matrix_is_told_in_expected_events(one, single, truth):
    files = truth(one.settings, Part.TEST)
    wrong = one.networks[0].scores[Part.TEST][:, 0] < 0.5
    expected = files.weights * LUMINOSITY * files.factors
    told = single.details["confusion"]
    for row, code in enumerate((0, 1)):
        mine = files.codes == code
        wanted = [expected[mine & ~wrong].sum(), expected[mine & wrong].sum()]
        assert told["yields"][row] == pytest.approx(wanted, rel=1e-9)
        assert sum(told["shares"][row]) == pytest.approx(1)


def test_what_became_of_the_weights_is_told_by_class(one, single, truth):
    files = truth(one.settings, Part.TRAIN)
    rows = single.details["training_weights"]
    assert len(rows) == 2
    for row in rows:
        mine = files.weights[files.codes == (0 if row["class"] == "Signal" else 1)]
        assert row["events"] == len(mine)
        assert row["negative"] == (mine < 0).sum()
        assert row["yield_before"] == pytest.approx(mine.sum(), rel=1e-9)
        effective = mine.sum() ** 2 / (mine**2).sum()
        assert row["effective_before"] == pytest.approx(effective, rel=1e-9)
        # The signs are kept, and a common factor leaves the effective number as it is.
        assert row["effective_after"] == pytest.approx(effective, rel=1e-6)
    # The page's rule: both classes weigh as many as there are events of background.
    count = (files.codes == 1).sum()
    assert [row["yield_after"] for row in rows] == pytest.approx([count, count], rel=1e-6)


def test_over_training_is_told_with_all_its_tests(one, single, judged):
    told = single.details["over_training"]
    assert list(told) == ["train against validation", "validation against test"]
    for held, verdict in zip(told.values(), judged(one).verdicts.values(), strict=True):
        assert held["level"] == verdict.level
        assert held["sentence"] == verdict.sentence
        assert len(held["tests"]) == 5
        for one_test in held["tests"]:
            assert 0 <= one_test["p"] <= one_test["corrected"] <= 1


def test_classifiers_are_the_lines_that_are_printed(several, mean, judged):
    found = judged(several)
    lines = lines_of(several, runs_of(several, several.networks), found.scored, found)
    assert [held["title"] for held in mean.json["classifiers"]] == [line.title for line in lines]
    table = list(table_of(lines))
    assert mean.out.splitlines()[: len(table)] == table
    assert "\n".join(table_of(lines, form="markdown")) in "\n".join(mean.markdown)
    assert mean.json["details"]["title"] == "ensemble"


def test_folds_have_one_line_and_every_event_in_every_part(folded, crossed):
    (line,) = crossed.json["classifiers"]
    assert line["title"] == "network"
    events = folded.sample.events
    for part in Part:
        assert crossed.details["parts"][part.value]["events"] == len(events)
    # Nothing is scaled to the whole: a part is the whole.
    scores = folded.networks[0].scores[Part.TEST][:, 0]
    folds = np.arange(len(events)) % 3
    above = scores >= np.array(line["cuts_by_fold"])[folds]
    expected = (events.weights * LUMINOSITY)[above & events.is_signal].sum()
    assert line["signal"] == pytest.approx(expected, rel=1e-9)
    (told,) = [row for row in crossed.details["yields_at_cut"] if row["process"].startswith("T2")]
    assert told["expected"] == pytest.approx(expected, rel=1e-9)


def test_a_report_of_folds_explains_its_parts_and_cuts(crossed, single):
    for text in ("\n".join(crossed.markdown), crossed.out):
        assert "training, validation and test are the same events" in text
        assert "best on the test scores of all other folds" in text
    assert "no part in any choice" not in "\n".join(crossed.markdown)
    assert "folds" not in "\n".join(single.markdown)


def test_others_trained_on_absolute_weights_are_noted(
    single, mean, write, several, binary_settings
):
    """Where networks kept the signs."""
    told = "lda learnt from absolute ones, of the same total in each class"
    assert told in mean.out
    assert [text for text in mean.markdown if told in text]
    assert "absolute" not in single.out
    dropped = several.settings.model_copy(update={"negative_weights": "drop"})
    assert told not in write(replace(several, settings=dropped)).out


def test_the_settings_of_a_report_can_be_used_again(one, single, multiclass, classes):
    assert BinarySettings.model_validate(single.json["settings"]) == one.settings
    assert MulticlassSettings.model_validate(classes.json["settings"]) == multiclass.settings


def test_what_is_no_number_becomes_null(write, one, binary_settings):
    plain = write(replace(one, settings=binary_settings(bootstrap=0)))
    (line,) = plain.json["classifiers"]
    assert line["merit_test_interval"] == [None, None]
    assert line["optimism_of_validation"] is None
    assert "nan" not in "\n".join(plain.markdown).lower()


def test_without_a_choosable_cut_the_report_is_still_written(write, one, binary_settings):
    held = write(replace(one, settings=binary_settings(minimum_background=1e12, scan="page")))
    (line,) = held.json["classifiers"]
    assert line["cut"] is None
    assert held.details["yields_at_cut"] == []
    assert "no cut leaves enough background" in held.out
    assert EDGE not in held.out
    assert not [text for text in held.markdown if text.startswith("## Expected")]
    assert about(held)["cut"] is None


def shy(campaign):
    """The same network where it never dares a score above the first of the page's cuts."""
    (network,) = campaign.networks
    scores = {
        part: np.where(values > 0.5, 0.701, 0.9 * values).astype(np.float32)
        for part, values in network.scores.items()
    }
    return (replace(network, scores=scores),)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"scan": "page"}, "better; scan: scores tries every score."),
        (
            {"scan": "page", "compat": True},
            "better; without compat, scan: scores tries every score.",
        ),
        ({"scan": "scores"}, ""),
    ],
)
def test_a_cut_at_the_edge_of_the_page_s_grid_has_advice(write, one, binary_settings, given, told):
    held = write(replace(one, settings=binary_settings(**given), networks=shy(one)))
    (line,) = held.json["classifiers"]
    at_edge = [text for text in held.out.splitlines() if EDGE in text]
    assert [f"- {text}" for text in at_edge] == [text for text in held.markdown if EDGE in text]
    assert bool(at_edge) == bool(told)
    if told:
        assert line["cut"] == 0.7
        assert at_edge[0].startswith("The cut chosen on validation, 0.7, is the lowest")
        assert at_edge[0].endswith(told)


def test_a_cut_inside_the_pages_grid_is_no_edge(mean):
    assert all(line["cut"] > 0.7 for line in mean.json["classifiers"])
    assert EDGE not in mean.out


def test_parts_of_the_text_are_the_figures_of_the_json(single):
    (line,) = single.json["classifiers"]
    told = single.details["parts"]
    for part in Part:
        row = next(text for text in single.markdown if text.startswith(f"| {part.value} |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1] == str(told[part.value]["events"])
        assert cells[2].startswith(f"{told[part.value]['loss'][0]:.4f} ± ")
        assert cells[3].startswith(f"{told[part.value]['accuracy'][0]:.4f} ± ")
        assert cells[4].startswith(f"Signal {told[part.value]['auc']['Signal']['value']:.4f} ± ")
    assert f"## Expected test events above the cut {line['cut']:.4g}" in single.markdown
    for row in single.details["yields_at_cut"]:
        begun = (
            f"| {row['process']} | {row['expected']:.4g} ± {row['error']:.2g} | {row['events']} |"
        )
        assert any(text.startswith(begun) for text in single.markdown)
    for sentence in single.details["course"]:
        assert f"- {sentence}" in single.markdown
        assert sentence in single.out


@pytest.mark.parametrize("which", ["one", "several", "multiclass"])
def test_the_folder_network_scores_new_events_as_the_campaign(which, request):
    campaign = request.getfixturevalue(which)
    names = {"one": "single", "several": "mean", "multiclass": "classes"}
    report = request.getfixturevalue(names[which])
    predictor = load_predictor(report.folder / "network")
    events = campaign.sample.events
    rows = events.rows(Part.TEST)
    frame = pl.DataFrame(dict(zip(events.variables, events.features[rows].T, strict=True)))
    scores = np.concatenate([block.scores for block in predictor.held(frame)])
    wanted = np.mean([one.scores[Part.TEST] for one in campaign.networks], axis=0)
    np.testing.assert_allclose(scores, wanted, atol=1e-6)
    assert about(report)["system"] == "cms"
    assert about(report)["classes"] == list(campaign.sample.classes.names)
    line = next(
        held for held in report.json["classifiers"] if held["title"] in ("network", "ensemble")
    )
    assert about(report)["cut"] == line["cut"]
