from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.systems.clavis.builtin.epochs import epoch_lines, saved_model

ROWS = [
    {"epoch": 1.0, "loss": 1.0, "accuracy": 0.5, "validation_loss": 1.1},
    {"epoch": 2.0, "loss": 0.75, "accuracy": 0.625, "validation_loss": 1.0},
]


@pytest.mark.parametrize(("verbose", "printed"), [(0, 0), (1, 1), (2, 2), (10, 2)])
def test_verbose_says_how_much_is_printed(verbose, printed):
    lines = list(epoch_lines(ROWS, verbose))
    assert len(lines) == printed
    if lines:
        assert lines[-1] == "epoch 2/2: loss 0.7500, accuracy 0.6250, val_loss 1.0000"


def test_nothing_is_printed_of_a_classifier_without_epochs():
    assert list(epoch_lines([], 1)) == []


def test_networks_are_saved_as_on_the_page():
    path = saved_model(Path("here"), "iris", "MLPC relu d0.5")
    assert path == Path("here/saved_models/iris/MLPC relu d0.5.h5")


def test_titles_too_long_for_a_file_are_cut_and_stay_apart():
    one, two = (saved_model(Path("here"), "iris", "星" * 300 + end) for end in "ab")
    assert one != two
    assert all(len(path.name.encode()) <= 255 for path in (one, two))


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_title_leads_out_of_the_folder(job, title):
    path = saved_model(Path("here"), job, title)
    assert path.parts[:2] == ("here", "saved_models")
    assert len(path.parts) == 4
    assert ".." not in path.parts


def test_a_loss_that_is_no_number_is_printed_as_nan():
    assert list(epoch_lines([{"epoch": 1.0, "loss": None}], 2)) == ["epoch 1/1: loss nan"]
