"""The options of a run: their bounds, and the command line that is made from them."""

import re
from dataclasses import fields
from inspect import signature

import pytest
import typer
from typer.testing import CliRunner

import sortal as package
from sortal.engines.inline import InlineEngine
from sortal.errors import OptionError
from sortal.jobs.running.run_options import RunOptions, available_cores
from sortal.options import engines_of, with_run_options

WRONG = [
    ({"cores": 0}, "cores: expected 1 or more, got 0."),
    ({"cores": "all"}, "cores: expected 1 or more, got 'all'."),
    ({"snapshot_seconds": -1}, "snapshot_seconds: expected 0 or more seconds, got -1."),
    (
        {"snapshot_seconds": float("nan")},
        "snapshot_seconds: expected 0 or more seconds, got nan.",
    ),
]


@pytest.fixture
def command():
    """A command with the options of a run, which keeps what it is called with."""
    app, given = typer.Typer(rich_markup_mode=None), []

    @app.command()
    @with_run_options
    def run(context: typer.Context, name: str, *, options: RunOptions, last: bool = False) -> None:
        """Run it."""
        given.append((name, options, last, engines_of(context)))

    def call(*words, engines=None):
        done = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(words), obj=engines)
        return done, (given.pop() if given else None)

    return call


@pytest.mark.parametrize(("options", "sentence"), WRONG)
def test_an_option_out_of_bounds_is_one_sentence(options, sentence):
    with pytest.raises(OptionError) as refused:
        RunOptions(**options)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("options", [one for one, _ in WRONG])
def test_python_refuses_what_the_value_refuses(options, tmp_path):
    job = {"data": {"source": "iris"}, "classifiers": [{"method": "naive"}]}
    with pytest.raises(OptionError):
        package.run(job, store=tmp_path / "store", **options)
    assert not (tmp_path / "store").exists()


def test_all_cores_are_used_if_none_are_asked_for():
    assert RunOptions().cores_to_use == available_cores() >= 1
    assert RunOptions(cores=3).cores_to_use == 3


def test_every_option_is_a_keyword_of_sortal_run():
    keywords = signature(package.run).parameters
    for option in fields(RunOptions):
        assert keywords[option.name].default == option.default


def test_every_field_is_an_option_with_its_text_as_help(command):
    done, _ = command("--help")
    said = " ".join(done.output.split())
    for option in fields(RunOptions):
        assert f"--{option.name.replace('_', '-')}" in said
    assert "Cores to use; all that are available if not given." in said
    assert re.search(r"20 if not given\. \[env var: SORTAL_SNAPSHOT_SECONDS; x>=0\]", said)


def test_a_command_is_given_all_options_as_one_value(command):
    engine = InlineEngine()
    words = ("--cores", "2", "--as-is", "--snapshot-seconds", "0.5", "job", "--last")
    done, given = command(*words, engines=engine)
    assert done.exit_code == 0, done.output
    assert given == ("job", RunOptions(cores=2, as_is=True, snapshot_seconds=0.5), True, engine)
    assert command("job")[1] == ("job", RunOptions(), False, None)


def test_the_environment_sets_an_option_that_is_not_given(command, monkeypatch):
    monkeypatch.setenv("SORTAL_SNAPSHOT_SECONDS", "300")
    assert command("job")[1][1] == RunOptions(snapshot_seconds=300)
    assert command("job", "--snapshot-seconds", "2")[1][1] == RunOptions(snapshot_seconds=2)


def test_the_command_line_refuses_a_value_out_of_bounds(command):
    done, given = command("job", "--cores", "0")
    assert (done.exit_code, given) == (2, None)
    assert "Invalid value for '--cores'" in done.output
