import math

import pytest

from sortal.systems.cms.results.lines import (
    best_epoch,
    checkpoint_lines,
    epoch_lines,
    minutes,
    network_lines,
)


@pytest.mark.parametrize(
    ("sizes", "total"), [((12, 50, 50, 1), "3,251"), ((17, 100, 100, 5), "12,405")]
)
def test_the_pages_networks_have_the_pages_parameters(sizes, total):
    lines = list(network_lines(sizes, "relu", "sigmoid"))
    assert lines[-1] == f"Total params: {total}"
    assert lines[2].split()[:4] == ["dense_1", "(Dense,", "relu)", "(None,"]
    assert "sigmoid" in lines[-3]
    assert lines[-3].endswith(f"{(sizes[-2] + 1) * sizes[-1]:,}")
    assert len(lines) == len(sizes) + 3


def test_each_unit_of_maxout_has_the_weights_of_two():
    lines = list(network_lines((12, 50, 50, 1), "maxout", "sigmoid"))
    assert [line.split()[-1] for line in lines[2:5]] == ["1,300", "5,100", "51"]
    assert lines[-1] == "Total params: 6,451"


def test_checkpoints_tell_when_the_validation_loss_improved():
    assert list(checkpoint_lines([0.5, 0.6, 0.5, 0.4], "a/w.h5", every=False)) == [
        "Epoch 00001: val_loss improved from inf to 0.50000, saving model to a/w.h5",
        "Epoch 00004: val_loss improved from 0.50000 to 0.40000, saving model to a/w.h5",
    ]
    every = list(checkpoint_lines([0.5, math.nan, 0.6], "w", every=True))
    assert every[1:] == [
        "Epoch 00002: val_loss did not improve from 0.50000",
        "Epoch 00003: val_loss did not improve from 0.50000",
    ]


def test_epochs_are_told_with_what_was_measured():
    rows = [{"loss": 0.5, "validation_loss": 0.25}, {"loss": 0.1, "accuracy": 1.0}]
    assert list(epoch_lines(rows)) == [
        "Epoch 1/2 - loss: 0.5000 - val_loss: 0.2500",
        "Epoch 2/2 - loss: 0.1000 - accuracy: 1.0000",
    ]


@pytest.mark.parametrize(
    ("losses", "best"),
    [([3, 1, 2], 1), ([1, 1], 0), ([math.nan, 2, 1], 2), ([math.inf, math.nan, 5], 2)],
)
def test_the_best_epoch_is_the_first_of_the_lowest_loss_from_0(losses, best):
    assert best_epoch(losses) == best


def test_minutes_are_whole():
    assert [minutes(seconds) for seconds in (0, 59.9, 60, 150)] == [0, 0, 1, 2]
