"""A source that was always read rightly keeps its dataset fingerprint and its member keys."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from sortal.job.read import read_mapping
from sortal.jobs.planning.resolve import resolve
from sortal.plugins.given_data import GivenData
from sortal.systems.clavis.batch.dataset import dataset_of as clavis_dataset
from sortal.systems.clavis.batch.jobfile import BatchDataBlock as ClavisBlock
from sortal.systems.cms.settings import BinarySettings
from sortal.systems.cms.training.campaign import read_sample
from sortal.systems.cms.training.job import dataset_of as cms_dataset

ROWS = 24


@dataclass(frozen=True)
class GoldenSource:
    """One source, and how a job reads it."""

    write: Callable[[Path], None]
    data: Mapping[str, Any]


def _nothing(folder: Path) -> None:
    """Named data sets need no file."""


def _numbers(columns: int) -> np.ndarray:
    """Numbers with few digits that no library computes, shape (ROWS, columns)."""
    rows = np.arange(ROWS)[:, np.newaxis] * 7919 + np.arange(columns) * 104_729
    return (rows % 1000) / 8 - 60


def _text(folder: Path, name: str, header: str, lines: list[str]) -> None:
    (folder / name).write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def _gaps(folder: Path) -> None:
    words = ("", "NA", "null", " NaN ", "<NA>", "2.5", "-1e3", "true")
    lines = [
        f"s{row},{a},{words[row % len(words)]}, {('dwarf', 'giant ', 'NA')[row % 3]},{row % 4},{row % 5}.0"
        for row, (a,) in enumerate(_numbers(1))
    ]
    _text(folder, "gaps.csv", "star,a,b,kind,field,fold", lines)


def _quoted(folder: Path) -> None:
    with (folder / "quoted.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["id", "a", "b", "kind"])
        for row, (a, b) in enumerate(_numbers(2)):
            writer.writerow([row, a, b, f'type "{row % 3 + 9}"'])


def _codes(folder: Path) -> None:
    lines = [f"{a},{b},{row % 3}.0,007" for row, (a, b) in enumerate(_numbers(2))]
    _text(folder, "codes.csv", "a,b,y,group", lines)


def _parquet(folder: Path) -> None:
    numbers = _numbers(2)
    kinds = np.array(["one", "two", "ten 10"])[np.arange(ROWS) % 3]
    table = pa.table(
        {
            "a": numbers[:, 0].astype(np.float32),
            "b": pa.array([None if row % 5 == 0 else row for row in range(ROWS)], pa.int16()),
            "event": np.arange(ROWS) + 2**61,
            "kind": pa.array(kinds).dictionary_encode(),
            "w": numbers[:, 1],
        }
    )
    parquet.write_table(table, folder / "typed.parquet")


def _signals(folder: Path) -> None:
    offsets = np.cumsum([0, *(3 + np.arange(ROWS) % 4)])
    points = (np.arange(offsets[-1]) % 17).astype(np.float32) / 4
    labels = np.array([b"real", b"bogus"])[np.arange(ROWS) % 2]
    np.savez(
        folder / "signals.npz",
        signal=points,
        signal_offsets=offsets,
        metadata=_numbers(2),
        labels=labels,
        run=(np.arange(ROWS) // 4).astype(np.int32),
    )


def _records(folder: Path) -> None:
    numbers = _numbers(2)
    fields = [numbers[:, 0], numbers[:, 1].astype(">f4"), np.arange(ROWS) % 2 == 0]
    np.save(folder / "records.npy", np.rec.fromarrays(fields, names="a,b,y"))


def _events(folder: Path) -> None:
    lines = [
        f"{pt:.3f},{eta:.3f},{row % 4},{1 - 3 * (row % 7 == 0)}.5,{('Wj', 'TT', 'S_550')[row % 3]}"
        for row, (pt, eta) in enumerate(_numbers(2))
    ]
    _text(folder, "events.csv", "pt,eta,njet,weight,process", lines)


def _targets(folder: Path) -> None:
    lines = [
        f"{a},{row % 2},{'' if row % 4 == 3 else row % 3 % 2}"
        for row, (a,) in enumerate(_numbers(1))
    ]
    _text(folder, "targets.tsv", "a\trr\teb", [line.replace(",", "\t") for line in lines])


SOURCES = {
    "iris": GoldenSource(_nothing, {"source": "iris"}),
    "wine": GoldenSource(_nothing, {"source": "wine", "subset": 100}),
    "digits": GoldenSource(_nothing, {"source": "digits", "split": {"kind": "folds", "folds": 3}}),
    "breast_cancer": GoldenSource(_nothing, {"source": "breast_cancer", "subset": 0.5}),
    "gaps": GoldenSource(
        _gaps,
        {
            "source": "gaps.csv",
            "label": "kind",
            "id": "star",
            "group": "field",
            "split": {"kind": "given_folds", "column": "fold"},
        },
    ),
    "quoted": GoldenSource(_quoted, {"source": "quoted.csv", "label": "kind", "id": "id"}),
    "codes": GoldenSource(
        _codes, {"source": "codes.csv", "label": "y", "group": "group", "classes": [2, 0, 1]}
    ),
    "parquet": GoldenSource(
        _parquet, {"source": "typed.parquet", "label": "kind", "id": "event", "weight": "w"}
    ),
    "signals": GoldenSource(_signals, {"source": "signals.npz", "group": "run", "length": 4}),
    "records": GoldenSource(_records, {"source": "records.npy", "label": "y"}),
    "cut events": GoldenSource(
        _events,
        {
            "source": "events.csv",
            "label": "process",
            "weight": "weight",
            "aliases": {
                "ht": "pt * 2 + njet",
                "central": "abs(eta) < 50 && njet in (0, 1, 2)",
                "half": "njet / 2",
                "rest": "njet % 3 - 1",
            },
            "cut": "pt > -55 && process != 'QCD' && njet <= 3",
        },
    ),
    "targets": GoldenSource(_targets, {"source": "targets.tsv", "label": ["rr", "eb"]}),
}
"""By a name for the test."""


GOLDEN = {
    "iris": (
        "c1b0329c0e7ad3deeb4db660826eaa81",
        "696a8f76a6c02b4d7f76cfe7c45d2012",
    ),
    "wine": (
        "ae7863fb53a7befd7a486a77c8cebee5",
        "69c3a9c8d5bac9d4aced1ab573324599",
    ),
    "digits": (
        "821be195ca4520232bef0c830638265c",
        "a58b11524b61646334186173376fad3e",
    ),
    "breast_cancer": (
        "90daf00336ecb3b8caaefa95404561d2",
        "f6fa560e573298ae177538b521e926ce",
    ),
    "gaps": (
        "bb42337922766d2e897fa6df53fc1d9f",
        "1ec158bf1dd384db5089b89ab612bc5a",
    ),
    "quoted": (
        "9e6a3ed47618dad94a2c5d765ec4caa0",
        "fa03ae83c8d2b0efdd1777ffdc5a1b38",
    ),
    "codes": (
        "79794dae61226f0b92a863964985b9ab",
        "6a2da8bcb4bb9345b6f4be6d91b2c412",
    ),
    "parquet": (
        "e4fd80683c3aacd9543f5208cc442a96",
        "cbd79c2751344d705fe7a22f5ec19886",
    ),
    "signals": (
        "15e1c6233b8e1f349703bfe7799cc243",
        "f4fd52b91de72d19ad2f34db384f6ecf",
    ),
    "records": (
        "d9af9aa473c4d0a374f49a4cca8b18ac",
        "2feb85968aa65a047bf4a72c2ca7f2c8",
    ),
    "cut events": (
        "5ed1b2862ca1d6548c51ba9f3b4e92ff",
        "e490e2136738b9ac2c100806295c76d5",
    ),
    "targets": (
        "f7274312dc2ea3dab10f8525dd71373b",
        "9644bd4f61d930ab7df673cfe8b1326c",
    ),
}
"""Fingerprint of the dataset, and key of a member."""

CMS = "e55f9dd9f17abae2df949d3233eafe26"
CLAVIS = "647e92f43128e6cc8252a86498265748"


def _page_folder(folder: Path) -> None:
    """The six files of `sortal cms binary`: three variables, weight and process, no header line."""
    folder.mkdir()
    for part, rows in (("train", ROWS), ("val", ROWS), ("test", 2 * ROWS)):
        for kind, processes in (("sig", ("S_550_520",)), ("bkg", ("Wj_100", "TTlep"))):
            lines = [
                f"{row % 7 + (kind == 'sig')},{row % 5 / 4},{row * 1.5},{0.5 + row % 3},"
                f"{processes[row % len(processes)]}.root"
                for row in range(rows)
            ]
            (folder / f"{part}_{kind}.csv").write_text("\n".join(lines) + "\n")


def _found(name: str, folder: Path) -> tuple[str, str]:
    """Fingerprint of a source's dataset, and the key of a member that no library's version decides."""
    source = SOURCES[name]
    source.write(folder)
    data = {"imputation": "zero", **source.data}
    file = read_mapping({"data": data, "classifiers": [{"method": "naive"}]})
    resolved = resolve(file)
    return resolved.dataset.fingerprint, resolved.entries[0].member.key


@pytest.mark.parametrize("name", SOURCES)
def test_what_was_read_rightly_keeps_fingerprint_and_keys(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _found(name, tmp_path) == GOLDEN[name]


def test_events_in_the_page_s_layout_keep_their_fingerprint(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _page_folder(tmp_path / "data")
    settings = BinarySettings(year="2017", channel="1l", name="first")
    sample = read_sample(settings)
    dataset = cms_dataset(sample.events, sample.classes, settings)
    assert dataset.fingerprint == CMS


def test_a_data_set_of_clavis_keeps_its_fingerprint():
    source = GivenData(
        name="made",
        class_names=("dwarf", "giant", "3"),
        X_train=_numbers(4),
        y_train=np.arange(ROWS) % 3,
        X_test=_numbers(4)[:0],
        y_test=np.arange(0),
    )
    block = ClavisBlock.model_validate({"title": "a job", "dataset": "made", "test_size": 0.25})
    assert clavis_dataset(source, block).dataset.fingerprint == CLAVIS
