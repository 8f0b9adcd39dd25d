"""Pictures of commands: none takes the place of another, and none that fails costs a result."""

import json

import pytest
import typer

from sortal.api.notebook import load
from sortal.cli.jobs.run import run_and_report
from sortal.cli.jobs.show import show
from sortal.jobs.pictures import draw
from sortal.jobs.running.run_options import RunOptions

pytestmark = pytest.mark.usefixtures("inline")

TITLES = [
    "a/b",
    "a:b",
    "A b",
    "a b",
    "long " * 60,
    "long " * 60 + "er",
    "星" * 120,
    "con",
    "end.",
    "$cost$ \\bad$",
]


@pytest.fixture
def job(tmp_path, monkeypatch):
    """The file of a job, in the folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    classifiers = [
        {"method": "gaussiannb", "title": title, "parameters": {"var_smoothing": 10.0**-place}}
        for place, title in enumerate(TITLES, start=1)
    ]
    job = {"title": "odd", "bootstrap": 0, "data": {"source": "iris"}, "classifiers": classifiers}
    (tmp_path / "job.json").write_text(json.dumps(job))
    return tmp_path / "job.json"


@pytest.fixture
def run(job, engines, tmp_path):
    """Run the job as the command does."""

    def ran(figures=None):
        launched = run_and_report(
            job,
            store=tmp_path / "store",
            options=RunOptions(cores=1),
            figures=figures,
            quiet=True,
            engines=engines,
        )
        return launched.summary.exit_code

    return ran


def test_each_title_has_a_picture_of_its_own(run, tmp_path, capsys):
    assert run() == 0
    for title in TITLES:
        with pytest.raises(typer.Exit):
            show(f"odd/{title}", store=tmp_path / "store", figures=tmp_path / "pictures")
    names = [path.name for path in (tmp_path / "pictures").iterdir()]
    assert len({name.casefold() for name in names}) == len(TITLES)
    assert capsys.readouterr().err == ""
    assert "confusion-con.png" in names


def test_a_picture_that_fails_is_a_warning_behind_the_results(run, tmp_path, monkeypatch, capsys):
    def fail(*_, **__):
        raise ValueError("Axis limits cannot be NaN or Inf")

    monkeypatch.setattr(draw, "ranking", fail)
    assert run() == 0
    said = capsys.readouterr()
    assert "warning: no picture sortal-results/odd/ranking.png: ValueError: Axis" in said.err
    assert "a/b" in said.out
    assert "wrote sortal-results/odd/confusion.png" in said.out
    assert len(load("odd", store=tmp_path / "store").results) == len(TITLES)


def test_a_folder_in_the_way_costs_no_result(run, tmp_path, capsys):
    (tmp_path / "taken").write_text("a file")
    assert run(tmp_path / "taken") == 0
    assert "warning: no picture" in capsys.readouterr().err
    assert len(load("odd", store=tmp_path / "store").results) == len(TITLES)
