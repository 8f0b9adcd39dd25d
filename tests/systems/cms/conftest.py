"""Small folders of events in the layout of the page's scripts, events as values, and what is trained on them."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from click.testing import Result
from matplotlib.figure import Figure
from typer.testing import CliRunner

from sortal.cli.main import app
from sortal.data.split import Part
from sortal.engines.base import Engines
from sortal.engines.inline import InlineEngine
from sortal.events import silent
from sortal.jobs.running.run_options import RunOptions
from sortal.metrics.two_sample import ks_asymptotic
from sortal.systems.cms.data.events import Events
from sortal.systems.cms.settings import BinarySettings, CMSSettings
from sortal.systems.cms.simulation.example import write_example
from sortal.systems.cms.simulation.truth import optimum_in_the_limit
from sortal.systems.cms.training.campaign import Call, Campaign, CampaignSample, read_sample, run

PROCESSES = {"sig": ("S_550_520",), "bkg": ("Wj_100", "TTlep")}
SIZES = {"train": 24, "val": 24, "test": 48}


@dataclass(frozen=True)
class PageFolder:
    """The six files, and ways to spoil them."""

    path: Path

    def text(self, name: str) -> str:
        """What a file holds."""
        return (self.path / name).read_text()

    def change(self, name: str, edit: Callable[[str], str]) -> None:
        """Replace a file's text."""
        path = self.path / name
        path.write_bytes(edit(path.read_text()).encode())

    def change_line(self, name: str, number: int, edit: Callable[[str], str]) -> None:
        """Replace a line, counted from 1."""

        def edited(text: str) -> str:
            lines = text.split("\n")
            lines[number - 1] = edit(lines[number - 1])
            return "\n".join(lines)

        self.change(name, edited)

    def change_field(self, name: str, number: int, place: int, value: str) -> None:
        """Replace one field of a line."""

        def edited(line: str) -> str:
            fields = line.split(",")
            fields[place] = value
            return ",".join(fields)

        self.change_line(name, number, edited)

    def add_headers(self, header: str = "pt,eta,met,weight,process") -> None:
        """Give every file a line of column names."""
        for path in self.path.iterdir():
            path.write_text(f"{header}\n{path.read_text()}")


def _written(folder: Path) -> PageFolder:
    generator = np.random.default_rng(3)
    folder.mkdir()
    for part, size in SIZES.items():
        for kind, processes in PROCESSES.items():
            lines = [
                ",".join(
                    [
                        *(f"{value:.4f}" for value in generator.normal(kind == "sig", 1, 3)),
                        f"{generator.uniform(0.5, 1.5):.4f}",
                        f"{processes[row % len(processes)]}.root",
                    ]
                )
                for row in range(size)
            ]
            (folder / f"{part}_{kind}.csv").write_text("\n".join(lines) + "\n")
    return PageFolder(folder)


@pytest.fixture
def page_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PageFolder:
    """The six header-less files of three variables in ./data."""
    monkeypatch.chdir(tmp_path)
    return _written(tmp_path / "data")


@pytest.fixture(scope="module")
def lasting_folder(tmp_path_factory: pytest.TempPathFactory) -> PageFolder:
    """The same for a whole module, which must not change it."""
    return _written(tmp_path_factory.mktemp("cms") / "data")


@pytest.fixture(scope="session")
def settings() -> Callable[..., BinarySettings]:
    """Settings of a binary network with its names given."""

    def made(**given: Any) -> BinarySettings:
        return BinarySettings(year="2017", channel="1l", name="first", **given)

    return made


@pytest.fixture(scope="session")
def events() -> Callable[..., Events]:
    """Events of one variable from a process each; signal where the process begins with S."""

    def made(
        processes: Sequence[str],
        *,
        weights: Sequence[float] | None = None,
        parts: Sequence[str] | None = None,
        numbers: Sequence[int] | None = None,
    ) -> Events:
        names = tuple(dict.fromkeys(processes))
        places = {part.value: place for place, part in enumerate(Part)}
        count = len(processes)
        return Events(
            variables=("x",),
            features=np.arange(count, dtype=float)[:, np.newaxis],
            weights=np.ones(count) if weights is None else np.array(weights, dtype=float),
            processes=names,
            process=np.array([names.index(name) for name in processes], dtype=np.int64),
            is_signal=np.array([name.startswith("S") for name in processes]),
            parts=None if parts is None else np.array([places[p] for p in parts], dtype=np.int8),
            numbers=None if numbers is None else np.array(numbers, dtype=np.int64),
        )

    return made


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of 3000 simulated events a kind, which no test may change."""
    folder = tmp_path_factory.mktemp("simulated")
    with pytest.MonkeyPatch.context() as patch:
        # What is true of half a million events takes longer than all the rest.
        few = partial(optimum_in_the_limit, events=5_000)
        patch.setattr("sortal.systems.cms.simulation.example.optimum_in_the_limit", few)
        write_example(folder, events=3_000)
    return folder


@pytest.fixture(scope="session")
def train(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Campaign]:
    """Train what settings ask for, in this process and in a store of its own."""

    def trained(settings: CMSSettings, sample: CampaignSample | None = None) -> Campaign:
        return run(
            settings,
            sample or read_sample(settings),
            "tiny",
            Call(
                store=tmp_path_factory.mktemp("stored") / "store",
                options=RunOptions(cores=1),
                engines=InlineEngine(),
            ),
            listener=silent,
            interrupted=silent,
        )

    return trained


def _leave_blank(figure: Figure, path: Path, **_: object) -> None:
    path.touch()


@pytest.fixture(scope="session")
def blank_pictures() -> Callable[[pytest.MonkeyPatch], None]:
    """Have pictures put together as ever, but not painted, which takes most of a command's time."""
    return lambda patch: patch.setattr(Figure, "savefig", _leave_blank)


def _quick_distance(*samples: Any, seed: int) -> Any:
    return ks_asymptotic(*samples)


@dataclass(frozen=True)
class Workplace:
    """A copy of the example, and the commands called in it."""

    path: Path
    blank: Callable[[pytest.MonkeyPatch], None]

    def cms(self, *words: object, painted: bool = False, engines: Engines | None = None) -> Result:
        """Call `sortal cms` in this process; pictures are empty files unless asked for.

        Over-training is looked for without permutations, which take as long as all the rest.
        """
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.path)
            patch.setattr(
                "sortal.evaluation.diagnostics.overtraining.ks_permutation", _quick_distance
            )
            if not painted:
                self.blank(patch)
            return CliRunner().invoke(app, ["cms", *map(str, words)], obj=engines or InlineEngine())


@pytest.fixture(scope="module")
def workplace(
    simulated: Path,
    tmp_path_factory: pytest.TempPathFactory,
    blank_pictures: Callable[[pytest.MonkeyPatch], None],
) -> Workplace:
    """A folder for the tests of a module to work in."""
    folder = tmp_path_factory.mktemp("work") / "example"
    shutil.copytree(simulated, folder)
    return Workplace(folder, blank_pictures)


class Untrained(InlineEngine):
    """Engines that nothing may be asked of."""

    def get(self, workers: int, threads: int) -> Self:
        raise AssertionError("there was something to train")


@pytest.fixture(scope="session")
def nothing_to_train() -> Untrained:
    """Stands for the engines where all must be in the store."""
    return Untrained()
