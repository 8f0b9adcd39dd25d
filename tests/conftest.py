"""What tests of several layers share: where their jobs train, and a store with results."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import settings

from sortal.engines.base import Engines
from sortal.engines.inline import InlineEngine
from sortal.evaluation.maps.parameters import Pca
from sortal.jobs.launch import launch
from sortal.jobs.pictures.classifier_map import classifier_map
from sortal.jobs.pictures.projections import projected_examples
from sortal.jobs.results.results import JobResults
from sortal.jobs.running.run_options import RunOptions
from sortal.store.store import Store

# On a busy machine any example may take long: that tells nothing of what is tested.
settings.register_profile("sortal", deadline=None)
settings.load_profile("sortal")


@pytest.fixture
def inline() -> InlineEngine:
    """Jobs of this test train in this process."""
    return InlineEngine()


@pytest.fixture
def engines(request: pytest.FixtureRequest) -> Engines | None:
    """What the jobs of a test train on: this process in tests that use `inline`, else processes."""
    return request.getfixturevalue("inline") if "inline" in request.fixturenames else None


@pytest.fixture(scope="session")
def flowers_and_wines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three jobs: two of one dataset that share a classifier, with a projection and a map."""
    folder = tmp_path_factory.mktemp("made") / "store"
    for title, source, methods in (
        ("flowers", "iris", ("lda", "gaussiannb")),
        ("again", "iris", ("lda",)),
        ("wines", "wine", ("lda",)),
    ):
        classifiers = [{"method": method} for method in methods]
        about = {"title": title, "data": {"source": source}, "bootstrap": 0}
        launch(
            {**about, "classifiers": classifiers},
            store=folder,
            options=RunOptions(cores=1),
            engines=InlineEngine(),
        )
    results = JobResults.read(Store.open(folder), "flowers")
    projected_examples(results, Pca())
    classifier_map(results)
    return folder


@pytest.fixture
def stored(flowers_and_wines: Path, tmp_path: Path) -> Store:
    """A copy of that store, to delete from."""
    return Store.open(shutil.copytree(flowers_and_wines, tmp_path / "store"))


_WATCHED = """
import re, sys, threading, time
from pathlib import Path
most = 0
def watch():
    global most
    while True:
        text = open("/proc/self/smaps_rollup").read()
        most = max(most, int(re.search(r"Anonymous: +(\\d+)", text)[1]))
        time.sleep(0.02)
threading.Thread(target=watch, daemon=True).start()
{code}
print(most)
"""


@pytest.fixture
def private_megabytes() -> Callable[..., float]:
    """Runs code in a process of its own, arguments in `sys.argv`: the most private memory it took [MB]."""
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("Linux tells this")

    def measure(code: str, *arguments: object) -> float:
        script = _WATCHED.format(code=code)
        words = [sys.executable, "-c", script, *map(str, arguments)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return int(done.stdout.split()[-1]) / 1024

    return measure


ROOT = Path(__file__).parent.parent
_HUNKS = re.compile(r"^ *```diff\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class EditedSource:
    """A copy of `src` with the edits that a section of the manual shows."""

    folder: Path
    edited: frozenset[str]
    """The files that were changed or added, as `src/sortal/...`."""

    def python(self, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Call Python, which imports the copy."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=cwd,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(self.folder / "src"), "COLUMNS": "200"},
            check=False,
        )


def _edit(folder: Path, block: str) -> str:
    """Do what one diff shows; returns the file's name. Each hunk must be found exactly once."""
    head, *hunks = re.split(r"^@@.*\n", block, flags=re.MULTILINE)
    old, new = (line.split()[1] for line in head.splitlines())
    path = folder / new
    text = "" if old == "/dev/null" else path.read_text(encoding="utf-8")
    for hunk in hunks:
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] or line for line in lines if line[0] in " -\n")
        after = "".join(line[1:] or line for line in lines if line[0] in " +\n")
        if old != "/dev/null":
            assert text.count(before) == 1, f"{new} does not have these lines once:\n{before}"
        text = text.replace(before, after) if before else text + after
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return new


@pytest.fixture
def edited_source(tmp_path: Path) -> Callable[[str, str], EditedSource]:
    """Make the edits that a section of a page shows, in a copy of the source.

    Edits stand in blocks of `diff`: the lines `--- file` and `+++ file`, `/dev/null` before a
    new one, and hunks that begin with `@@`.
    """

    def edit(page: str, section: str) -> EditedSource:
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        (found,) = re.findall(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
        folder = tmp_path / "edited"
        shutil.copytree(
            ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
        return EditedSource(
            folder, frozenset(_edit(folder, dedent(b)) for b in _HUNKS.findall(found))
        )

    return edit
