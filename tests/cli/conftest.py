"""The `sortal` command, called as a person calls it, in a folder of its own."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sortal.cli.main import main
from sortal.engines.base import Engines
from sortal.engines.inline import InlineEngine
from sortal.jobs.launch import launch
from sortal.jobs.running.run_options import RunOptions


@dataclass(frozen=True)
class Said:
    """What a call came to."""

    code: int
    out: str
    err: str


Sortal = Callable[..., Said]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of all calls of a module's tests."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def trained(home: Path) -> Callable[[str], Path]:
    """Run a job into the store of `home`, in this process: most tests need results, not a run."""

    def train(text: str) -> Path:
        job = home / "trained.yaml"
        job.write_text(text, encoding="utf-8")
        launch(job, store=home / ".sortal", options=RunOptions(cores=1), engines=InlineEngine())
        return home

    return train


@pytest.fixture
def sortal(
    home: Path,
    engines: Engines | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Sortal:
    """Call the command in this process; returns exit code and output."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["sortal", *arguments])
        capsys.readouterr()
        try:
            main(engines)
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return Said(code, told.out, told.err)

    return call
