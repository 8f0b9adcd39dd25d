"""Stores, members and child processes that the store's tests share."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from stored_records import member_record

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels
from sortal.data.split import Split
from sortal.store.store import Store

COMMIT = """
import sys
import numpy as np
from sortal.store.store import Store
from stored_records import job_record, member_record

def commit(store, keys, value=0.5):
    with store.members.draft() as draft:
        (draft.folder / "models" / "0").mkdir(parents=True)
        (draft.folder / "models" / "0" / "model.json").write_text("{}")
        records = [member_record(key) for key in keys]
        scores = np.full((len(keys), 7, 2), value, np.float32)
        return draft.commit(records, scores, np.zeros((len(keys), 7), np.uint8))
"""

SHARED = Path(__file__).parents[1] / "shared"
"""Folder of `stored_records`, for child processes."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture
def commit() -> Callable[..., str]:
    """Commit members with scores of 7 examples and 2 outputs."""

    def write(
        store: Store,
        keys: Sequence[str],
        value: float = 0.5,
        history: Sequence[Mapping[str, float | None]] = (),
        printed: Mapping[str, str] = MappingProxyType({}),
        **fields: object,
    ) -> str:
        with store.members.draft() as draft:
            model = draft.folder / "models" / "0"
            model.mkdir(parents=True)
            (model / "model.json").write_text("{}")
            records = [member_record(key, **fields) for key in keys]
            scores = np.full((len(keys), 7, 2), value, np.float32)
            predicted = np.zeros((len(keys), 7), np.uint8)
            histories = dict.fromkeys(keys, history)
            return draft.commit(records, scores, predicted, histories=histories, printed=printed)

    return write


@pytest.fixture
def dataset() -> Dataset:
    features = np.arange(12, dtype=np.float32).reshape(6, 2)
    return Dataset(
        name="tiny",
        inputs=Inputs({"features": features}, np.arange(6)),
        labels=Labels(np.array([0, 1, 0, 1, 0, 1]), ("a", "b")),
        names={"features": ("x", "y")},
    )


@pytest.fixture
def split() -> Split:
    rows = np.arange(6)
    return Split(train=rows[:3], validation=rows[3:4], test=rows[4:], fold=2)


@pytest.fixture
def child() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python code, which may call `commit(store, keys)`, in a process of its own."""
    started: list[subprocess.Popen[str]] = []
    paths = os.pathsep.join(filter(None, (str(SHARED), os.environ.get("PYTHONPATH"))))

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", COMMIT + code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": paths},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
