"""Stored data that is not what was written is found, never used, and read anew from its source."""

import json
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import sortal
from sortal.cli.main import main
from sortal.engines.base import Engines, Report
from sortal.engines.inline import InlineEngine
from sortal.engines.warm_engines import WarmEngines
from sortal.errors import Damaged
from sortal.events import Listener, Warned, silent
from sortal.job.problems import JobError
from sortal.jobs.launch import Launched, launch
from sortal.jobs.running.run_options import RunOptions
from sortal.jobs.running.segment_writer import SegmentRows
from sortal.store.files import digests
from sortal.store.store import Store
from sortal.store.upkeep.verify import find_damages
from sortal.views.ranking import heading as heading_of
from sortal.views.ranking import tied_sentence

Change = Callable[[Path, random.Random], None]


def flip(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(content))


def drop(path: Path, chance: random.Random) -> None:
    content = path.read_bytes()
    place = chance.randrange(len(content))
    path.write_bytes(content[:place] + content[place + 1 :])


def cut(path: Path, chance: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))])


def add(path: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes() + bytes([chance.randrange(256)]))


def blank(path: Path, chance: random.Random) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def delete(path: Path, chance: random.Random) -> None:
    path.unlink()


KINDS: tuple[Change, ...] = (flip, flip, flip, drop, cut, add, blank, delete)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 60 rows with everything that a dataset can have."""
    chance = np.random.default_rng(3)
    kind = chance.integers(0, 2, 60)
    path = tmp_path_factory.mktemp("source") / "stars.csv"
    pl.DataFrame(
        {
            "name": [f"star {number}" for number in chance.permutation(60)],
            "flux": chance.normal(size=60) + kind,
            "colour": chance.normal(size=60) - kind,
            "mass": chance.gamma(2.0, size=60),
            "night": chance.integers(0, 20, 60),
            "kind": np.array(["dwarf", "giant"])[kind],
        }
    ).write_csv(path)
    return path


@pytest.fixture
def job(source: Path) -> dict[str, Any]:
    about = {"source": str(source), "label": "kind", "id": "name", "weight": "mass"}
    split = {"validation": 0.2}
    return {
        "title": "stars",
        "bootstrap": 0,
        "data": {**about, "group": "night", "split": split, "scaling": "standard"},
        "classifiers": [{"method": "gaussiannb"}],
    }


def trained(
    job: Mapping[str, Any],
    store: Path,
    *,
    listener: Listener = silent,
    engines: Engines | None = None,
) -> Launched:
    """Run a job, in this process unless other engines are given."""
    return launch(
        job,
        store=store,
        options=RunOptions(cores=1),
        listener=listener,
        engines=engines or InlineEngine(),
    )


@pytest.fixture
def store(tmp_path: Path, job: dict[str, Any]) -> Store:
    trained(job, tmp_path / "store")
    return Store.open(tmp_path / "store")


def files_of(store: Store) -> list[Path]:
    return sorted(path for path in (store.folder / "data").rglob("*") if path.is_file())


def trained_anew(store: Store, job: dict[str, Any], engines: Engines | None = None) -> None:
    shutil.rmtree(store.folder / "segments")
    assert trained(job, store.folder, engines=engines).summary.trained == 1


def scores_of(store: Store) -> list[bytes]:
    arrays = (store.folder / "segments").glob("??/*/scores.npy")
    return [path.read_bytes() for path in sorted(arrays)]


@pytest.mark.parametrize("changes", [40, pytest.param(500, marks=pytest.mark.slow)])
def test_every_change_is_found_and_read_anew(store, job, changes):
    """In one process, as in a notebook that stays open."""
    chance, right = random.Random(changes), scores_of(store)
    written = {path: path.read_bytes() for path in files_of(store)}
    tried: Counter[str] = Counter()
    while tried.total() < changes:
        path, change = chance.choice(list(written)), chance.choice(KINDS)
        change(path, chance)
        if path.exists() and path.read_bytes() == written[path]:
            continue
        tried[change.__name__] += 1
        named = {damage.file for damage in find_damages(store)}
        notes = " ".join(sortal.check(job, store=store.folder).notes)
        assert named, (path.name, change.__name__)
        assert all(file in notes for file in named)
        # A changed list of digests looks as if the files had changed.
        assert path.name in named or path.name == "manifest.json"
        trained_anew(store, job)
        assert scores_of(store) == right
        assert find_damages(store) == []
        shutil.rmtree(store.folder / "quarantine", ignore_errors=True)
    assert files_of(store) == sorted(written)
    assert len(tried) == len(set(KINDS))


@pytest.fixture
def folder(store: Store) -> Path:
    (folder,) = (store.folder / "data").iterdir()
    return folder


def flip_last(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


def test_a_run_says_what_it_mends(store, folder, job):
    flip_last(folder / "labels.npy")
    told: list[Any] = []
    trained(job, store.folder, listener=told.append)
    texts = [event.text for event in told if isinstance(event, Warned)]
    assert [text for text in texts if "labels.npy" in text] == [
        f"data {folder.name}: labels.npy has changed since it was written; it is put aside in "
        "quarantine/ and made anew from the source."
    ]
    assert sortal.check(job, store=store.folder).notes == ()


def test_a_sound_store_is_read_and_nothing_is_computed(store, folder, job):
    """Splits without a digest are those of older versions."""
    for path in (folder / "splits").iterdir():
        with np.load(path) as stored:
            arrays = dict(stored)
        with path.open("wb") as file:
            np.savez(file, **arrays)
    told: list[Any] = []
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*.*")}
    summary = trained(job, store.folder, listener=told.append).summary
    assert (summary.trained, summary.stored) == (0, 1)
    assert [event for event in told if isinstance(event, Warned)] == []
    assert before == {path: path.stat().st_mtime_ns for path in folder.glob("*.*")}
    assert not (store.folder / "quarantine").exists()


@pytest.fixture
def own_source(source: Path, job: dict[str, Any], tmp_path: Path) -> Path:
    """A copy of the source, which a test may change."""
    job["data"]["source"] = str(shutil.copy(source, tmp_path / "own.csv"))
    return Path(job["data"]["source"])


@pytest.fixture
def job_file(job: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "job.json"
    path.write_text(json.dumps(job))
    return path


@pytest.fixture
def sortal_command(monkeypatch, capsys, store: Store) -> Callable[..., tuple[int, str]]:
    """Runs the command on the store; returns its exit code and all that it printed."""

    def ended(*words: object) -> tuple[int, str]:
        line = ["sortal", *map(str, words), "--store", str(store.folder)]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr()
        return int(end.value.code or 0), told.out + told.err

    return ended


def test_what_is_lost_with_its_source_is_said(own_source, job_file, folder, sortal_command):
    flip_last(folder / "ids.npy")
    own_source.unlink()
    for word in ("check", "run"):
        code, text = sortal_command(word, job_file)
        assert code == 2
        assert "ids.npy has changed since it was written" in text
        assert f"the features, labels and ids of data {folder.name} are lost" in text
    assert folder.is_dir()
    code, text = sortal_command("show", "stars")
    assert code == 0
    assert "gaussiannb" in text
    assert "ids.npy" in text


def test_a_sound_copy_without_its_source_is_not_called_lost(own_source, job, store, folder):
    own_source.unlink()
    with pytest.raises(JobError) as refused:
        sortal.check(job, store=store.folder)
    assert "lost" not in str(refused.value)


def test_a_changed_source_brings_no_lost_data_back(own_source, job, store, folder):
    flip_last(folder / "ids.npy")
    lines = own_source.read_text().splitlines()
    own_source.write_text("\n".join(lines[:-1]) + "\n")
    (note,) = sortal.check(job, store=store.folder).notes
    assert f"the features, labels and ids of data {folder.name} are lost" in note
    launched = trained(job, store.folder)
    assert launched.resolved.dataset.fingerprint != folder.name
    assert launched.summary.trained == 1


def test_a_deleted_dataset_is_read_anew(store, folder, job):
    right = scores_of(store)
    shutil.rmtree(folder)
    (note,) = sortal.check(job, store=store.folder).notes
    assert "its folder is missing" in note
    trained_anew(store, job)
    assert scores_of(store) == right


def test_a_lost_cache_of_sources_hides_no_damage(store, folder, job):
    right = scores_of(store)
    (store.folder / "sources.json").unlink()
    flip_last(folder / "input.features.npy")
    (note,) = sortal.check(job, store=store.folder).notes
    assert "input.features.npy" in note
    trained_anew(store, job)
    assert scores_of(store) == right
    assert find_damages(store) == []


def test_splits_of_other_jobs_outlive_damage(store, folder, job):
    other = {**job, "title": "others", "seed": 5}
    trained(other, store.folder)
    flip_last(folder / "labels.npy")
    trained(job, store.folder)
    assert sortal.load("others", store=store.folder).splits
    assert find_damages(store) == []


READS = ("labels.npy", "ids.npy", "dataset.json", "split")


@pytest.mark.parametrize("file", READS)
def test_results_of_damaged_data_are_shown_from_figures(store, folder, job, file):
    sound = sortal.load("stars", store=store.folder)
    ranking, heading = sound.ranking(), sound.part
    flip_last(next((folder / "splits").iterdir()) if file == "split" else folder / file)
    results = sortal.load("stars", store=store.folder)
    assert results.part == heading
    assert results.damage
    shown = results.ranking()
    assert shown["tied"].to_list() == [None]
    assert shown.drop("tied").equals(ranking.drop("tied"))
    with pytest.raises(Damaged):
        results.scores("gaussiannb")
    with pytest.raises(Damaged):
        results.correct(results.results)
    sentence = tied_sentence(results, None)
    assert sentence.endswith("tied with it is not known, because the job's data is damaged.")
    assert heading_of(results, None).endswith("of which the stored data is damaged")


@pytest.mark.parametrize("what", ["dataset", "split"])
def test_results_of_deleted_data_say_that_it_is_gone(store, folder, what):
    if what == "dataset":
        shutil.rmtree(folder)
    else:
        next((folder / "splits").iterdir()).unlink()
    results = sortal.load("stars", store=store.folder)
    found = f"the stored data of the job is gone: the store {store.folder} has no {what} "
    assert results.damage.startswith(found)
    assert tied_sentence(results, None).endswith("because the job's data is gone.")
    assert heading_of(results, None).endswith("of which the stored data is gone")


def test_results_that_are_open_stay_right(store, folder):
    results = sortal.load("stars", store=store.folder)
    right = results.correct(results.results)
    flip_last(folder / "labels.npy")
    assert (results.correct(results.results) == right).all()
    assert np.asarray(results.labels.codes).tolist() != np.load(folder / "labels.npy").tolist()


def wrong_bytes(folder: Path) -> None:
    """Change a file as a failing disk does, while classifiers are trained."""
    flip_last(folder / "input.features.npy")


class Late:
    """Engines that change the examples between the driver's look and the worker's."""

    folder: Path

    def get(self, workers: int, threads: int) -> Any:
        wrong_bytes(self.folder)
        return super().get(workers, threads)  # type: ignore[misc]


class LateInline(Late, InlineEngine):
    """In this process."""


class LateWorkers(Late, WarmEngines):
    """In processes."""


def test_a_worker_uses_no_damaged_data(store, folder, job):
    engine = LateInline()
    engine.folder = folder
    shutil.rmtree(store.folder / "segments")
    with pytest.raises(Damaged, match=r"input\.features\.npy"):
        trained(job, store.folder, engines=engine)
    assert scores_of(store) == []


def test_a_worker_process_fails_and_the_next_run_mends(store, folder, job):
    right = scores_of(store)
    shutil.rmtree(store.folder / "segments")
    with LateWorkers() as engines:
        engines.folder = folder
        failed = trained(job, store.folder, engines=engines).summary.failed
    (failure,) = failed.values()
    assert "input.features.npy has changed since it was written" in failure.reason
    assert scores_of(store) == []
    assert trained(job, store.folder).summary.failed == {}
    assert scores_of(store) == right


def test_nothing_is_stored_of_data_that_changes_in_training(store, folder, job, monkeypatch):
    right = scores_of(store)
    shutil.rmtree(store.folder / "segments")
    score = SegmentRows.add

    def damaged(rows: SegmentRows, trained: Any) -> None:
        wrong_bytes(folder)
        score(rows, trained)

    with monkeypatch.context() as patch:
        patch.setattr(SegmentRows, "add", damaged)
        with pytest.raises(Damaged, match=r"input\.features\.npy has changed while"):
            trained(job, store.folder)
    assert scores_of(store) == []
    assert store.snapshots.folders() == []
    trained(job, store.folder)
    assert scores_of(store) == right


def test_unfinished_training_on_damaged_data_begins_anew(store, folder, job):
    (task,) = trained(job, store.folder).plan.tasks
    for name in (task.name, f"{task.name}.0", "other-00ff"):
        (store.snapshots.take(name) / "weights").write_text("x")
    told: list[Any] = []
    trained(job, store.folder, listener=told.append)
    assert len(store.snapshots.folders()) == 3
    flip_last(folder / "input.features.npy")
    trained(job, store.folder, listener=told.append)
    assert [one.name for one in store.snapshots.folders()] == ["other-00ff"]
    assert any("begins anew" in event.text for event in told if isinstance(event, Warned))


class Watched(InlineEngine):
    """Keeps the tasks that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Any] = []

    def map(self, function: str, tasks: Any) -> Iterator[Report]:
        self.given.extend(tasks.values())
        yield from super().map(function, tasks)


def test_large_files_are_read_by_the_driver_alone(store, folder, job, monkeypatch):
    monkeypatch.setattr(digests, "LARGE_BYTES", 300)
    engine = Watched()
    trained_anew(store, job, engine)
    large = {path.name: path.stat() for path in folder.glob("*.npy")}
    expected = {
        name: (about.st_size, about.st_mtime_ns)
        for name, about in large.items()
        if about.st_size >= 300
    }
    assert expected
    assert [task.get("seals") for task in engine.given] == [expected]


def test_tasks_say_nothing_of_small_files(store, job):
    engine = Watched()
    trained_anew(store, job, engine)
    assert ["seals" in task for task in engine.given] == [False]
