"""What a history says of a training: best epoch, rise, validation below training and why, updates."""

import numpy as np
import pytest

from sortal.errors import DataError
from sortal.evaluation.diagnostics.losses import TrainingConditions, report_losses, warn_of_updates

EPOCHS = np.arange(60)
TRAINING = 0.4 + 0.4 * np.exp(-EPOCHS / 8)


def rows(**curves):
    names = {"loss": "loss", "training": "training_loss", "validation": "validation_loss"}
    return [
        {
            "epoch": float(epoch + 1),
            **{names[name]: float(curve[epoch]) for name, curve in curves.items()},
        }
        for epoch in range(len(EPOCHS))
    ]


def causes(report):
    return [reason.cause for reason in report.below.reasons]


def test_the_best_epoch_is_told_from_nought_and_from_one():
    validation = TRAINING + 0.01 + 0.02 * np.abs(EPOCHS - 40) / 40
    report = report_losses(rows(training=TRAINING, validation=validation))
    best = int(validation.argmin())
    assert (report.best_index, report.best_number, report.best_epoch) == (
        best,
        best + 1,
        best + 1.0,
    )
    assert report.best_loss == validation[best]
    assert report.training_at_best == TRAINING[best]
    assert f"in epoch {best + 1} of 60 (number {best} counted from 0)" in report.best


def test_a_healthy_training_shows_no_pitfall():
    report = report_losses(
        rows(loss=TRAINING + 0.001, training=TRAINING, validation=TRAINING + 0.01),
        TrainingConditions(updates=40),
    )
    assert not report.validation_rise.clear
    assert not report.below.occurred
    assert causes(report) == []
    assert report.update_warning is None
    assert report.below.share_measured == 0.0


def test_rising_validation_and_falling_training_loss_overfits():
    validation = TRAINING + 0.01 + 0.004 * np.maximum(0, EPOCHS - 25)
    report = report_losses(rows(training=TRAINING, validation=validation))
    assert report.validation_rise.clear
    assert report.training_rise is not None
    assert not report.training_rise.clear
    assert any("it over-fits" in sentence for sentence in report.sentences)


def test_both_losses_that_rise_are_a_training_that_came_apart():
    risen = TRAINING + 0.004 * np.maximum(0, EPOCHS - 25)
    report = report_losses(rows(training=risen, validation=risen + 0.01))
    assert any("the training itself came apart" in sentence for sentence in report.sentences)


def test_a_running_average_alone_is_named_with_its_size():
    report = report_losses(
        rows(loss=TRAINING + 0.03, training=TRAINING, validation=TRAINING + 0.01)
    )
    assert causes(report) == ["running_average"]
    assert report.below.running
    assert not report.below.measured
    assert "0.03 above the training loss on the same weights." in report.sentences[-1]


def test_dropout_is_a_reason_beside_the_running_average():
    history = rows(loss=TRAINING + 0.03, training=TRAINING, validation=TRAINING + 0.01)
    assert causes(report_losses(history, TrainingConditions(dropout=0.2))) == [
        "regularisation",
        "running_average",
    ]


@pytest.mark.parametrize(("counted", "named"), [(False, False), (True, True)])
def test_penalties_are_a_reason_only_where_the_loss_counts_them(counted, named):
    history = rows(loss=TRAINING + 0.03, training=TRAINING, validation=TRAINING + 0.01)
    known = TrainingConditions(l1=1e-4, l2=1e-4, penalty_in_loss=counted)
    report = report_losses(history, known)
    assert ("regularisation" in causes(report)) == named
    assert any("l1 and l2 act in training only" in one for one in report.sentences) == named


def test_without_the_loss_on_equal_weights_the_gap_is_unknown():
    report = report_losses(rows(loss=TRAINING + 0.03, validation=TRAINING))
    assert causes(report) == ["running_average"]
    assert "was not measured" in report.sentences[-1]


def test_lower_validation_loss_is_chance_within_its_errors():
    """On the same weights, validation below training is easier data unless the errors allow for chance."""
    history = rows(loss=TRAINING, training=TRAINING, validation=TRAINING - 0.01)
    assert causes(report_losses(history)) == ["easier"]
    assert causes(report_losses(history, TrainingConditions(errors=(0.001, 0.002)))) == ["easier"]
    report = report_losses(history, TrainingConditions(errors=(0.006, 0.008)))
    assert causes(report) == ["chance"]
    assert "1.0 errors of 0.01" in report.below.reasons[0].sentence


def test_shared_examples_are_told_in_any_case():
    known = TrainingConditions(shared=1200)
    easier = report_losses(rows(training=TRAINING, validation=TRAINING - 0.01), known)
    harder = report_losses(rows(training=TRAINING, validation=TRAINING + 0.01), known)
    assert causes(easier) == ["easier", "shared"]
    assert causes(harder) == ["shared"]
    assert "1,200 examples of the validation part are" in harder.sentences[-1]


def test_a_first_epoch_below_is_not_yet_a_pitfall():
    loss = TRAINING.copy()
    loss[0] += 1.0
    report = report_losses(rows(loss=loss, training=TRAINING, validation=TRAINING + 0.01))
    assert report.below.share_running == pytest.approx(1 / 60)
    assert not report.below.occurred
    assert "below the running average of training in 2% of the epochs" in report.below.sentence


def test_rows_without_validation_are_skipped_unless_all_are():
    """Where no row has validation, it is an error."""
    history = [{"validation_loss": None}, {"validation_loss": 0.5}, {"validation_loss": 0.7}]
    report = report_losses(history)
    assert (report.rows, report.best_index, report.best_epoch) == (3, 1, None)
    assert "epoch 2 of 3" in report.best
    assert "nothing to compare with" in report.below.sentence
    with pytest.raises(DataError, match="validation_loss"):
        report_losses([{"loss": 0.3}])


@pytest.mark.parametrize(
    ("updates", "warned"), [(4, "fewer than 5"), (100_001, "more than 100,000")]
)
def test_too_few_and_too_many_updates_are_warned_of(updates, warned):
    assert warned in warn_of_updates(updates)
    report = report_losses(rows(validation=TRAINING), TrainingConditions(updates=updates))
    assert report.update_warning in report.sentences


@pytest.mark.parametrize("updates", [None, 5, 100_000])
def test_updates_in_between_are_passed_in_silence(updates):
    assert warn_of_updates(updates) is None
