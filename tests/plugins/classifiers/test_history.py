"""What a plugin tells of its training becomes rows of one epoch each, or a note."""

import pytest

from ..conftest import trained

BODY = (
    "    def fit(self, X, y):\n        pass\n\n"
    "    def predict(self, X, y):\n        return np.zeros(len(X), dtype=int)\n\n"
    "    def get_history(self):\n        return {told}\n"
)


def history_of(classifier, told):
    outcome = trained(classifier(body=BODY.format(told=told)))
    return outcome.history, outcome.notes


def test_it_becomes_a_row_an_epoch_in_our_words(classifier):
    told = (
        "{'loss': [2, np.float32(1)], 'val_loss': [3.0, float('nan')], 'acc': [0.5, 0.75],"
        " 'val_acc': [0.25], 'lr': [0.1, 0.01], 'epoch': [7, 8]}"
    )
    history, notes = history_of(classifier, told)
    (rows,) = history.values()
    assert rows == [
        {
            "epoch": 1.0,
            "loss": 2.0,
            "validation_loss": 3.0,
            "accuracy": 0.5,
            "validation_accuracy": 0.25,
            "lr": 0.1,
        },
        {"epoch": 2.0, "loss": 1.0, "accuracy": 0.75, "lr": 0.01},
    ]
    assert notes == {}


@pytest.mark.parametrize("told", ["None", "{}"])
def test_none_is_none(classifier, told):
    assert history_of(classifier, told) == ({}, {})


@pytest.mark.parametrize(
    ("told", "note"),
    [
        ("[1, 2]", "classifier small: get_history: expected a dictionary of lists, got list."),
        (
            "{'loss': ['a']}",
            "classifier small: get_history: expected numbers as 'loss', got ['a'].",
        ),
        ("self.nothing", "get_history raised AttributeError"),
    ],
)
def test_one_that_is_none_costs_no_classifier(classifier, told, note):
    history, notes = history_of(classifier, told)
    assert history == {}
    ((said,),) = notes.values()
    assert said.startswith(note)
