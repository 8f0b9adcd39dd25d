"""True scores of simulated events are read beside the events, before anything is trained."""

import numpy as np
import pytest
from pydantic import ValidationError

from sortal.data.split import Part
from sortal.errors import DataError
from sortal.systems.cms.training.campaign import read_sample
from sortal.systems.cms.training.optimum import TITLE

COUNTS = {"train": 48, "val": 48, "test": 96}


@pytest.fixture
def truth(tmp_path):
    """A folder of true scores of the six small files."""
    folder = tmp_path / "truth"
    folder.mkdir()
    for name, count in COUNTS.items():
        np.save(folder / f"{name}.npy", np.linspace(0, 1, count))
    return folder


@pytest.fixture
def read(settings, lasting_folder, truth):
    """Read a sample with its optimum."""

    def called(**given):
        asked = {"data": str(lasting_folder.path), "optimum": str(truth), **given}
        return read_sample(settings(**asked)).optimum

    return called


def test_without_a_folder_there_is_none(read):
    assert read(optimum="") is None


def test_scores_are_those_of_the_parts_in_the_order_of_events(read, settings, lasting_folder):
    optimum = read()
    events = read_sample(settings(data=str(lasting_folder.path))).events
    assert optimum.title == TITLE
    assert (optimum.members, optimum.history, optimum.training_events) == ((), [], 0)
    for part, count in zip(Part, COUNTS.values(), strict=True):
        np.testing.assert_array_equal(optimum.rows[part], events.rows(part))
        np.testing.assert_array_equal(optimum.scores[part][:, 0], np.linspace(0, 1, count))


def test_scores_of_several_outputs_keep_them(read, truth):
    for name, count in COUNTS.items():
        np.save(truth / f"{name}.npy", np.full((count, 5), 0.2, dtype=np.float32))
    assert read().scores[Part.TEST].shape == (96, 5)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.unlink(), "val.npy: there is no such file of true scores"),
        (lambda path: np.save(path, np.zeros(47)), "expected the scores of 48 events, got 47"),
        (lambda path: np.save(path, 0.5), "expected the scores of 48 events, got one number"),
        (lambda path: np.save(path, np.full(48, np.nan)), "expected finite scores"),
        (lambda path: np.save(path, np.full(48, "high")), "expected finite scores"),
        (lambda path: path.write_text("0.5\n"), "expected an array of numbers as NumPy saves it"),
        (lambda path: path.write_bytes(b""), "expected an array of numbers as NumPy saves it"),
    ],
)
def test_a_wrong_file_is_told_before_anything_is_trained(read, truth, spoil, told):
    spoil(truth / "val.npy")
    with pytest.raises(DataError, match=f"val.npy.*{told.removeprefix('val.npy: ')}"):
        read()


@pytest.mark.parametrize(
    "given", [{"folds": 3}, {"signal_files": ["a"], "background_files": ["b"]}]
)
def test_events_that_are_divided_here_have_no_true_scores(settings, given):
    with pytest.raises(ValidationError, match="true scores are those of given parts"):
        settings(optimum="truth", **given)
