"""What a figure of learning curves shows: read off the drawn axes."""

import numpy as np

from sortal.evaluation.plots.learning_curves import learning_curves_figure

LOSSES = {
    "loss": [[(1, 0.9), (2, 0.7)], [(1, 0.8), (2, 0.6)]],
    "validation_loss": [[(1, 0.95), (2, None)], [(1, 0.85), (2, 0.65)]],
}
ACCURACIES = {
    "accuracy": [[(1, 0.4), (2, 0.6)]],
    "validation_accuracy": [[(1, 0.3), (2, 0.5)]],
}


def named(axes):
    """Lines by what the legend calls them."""
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def test_losses_alone_have_one_pair_of_axes_with_best_epochs():
    figure = learning_curves_figure(LOSSES, best=[(2, 0.65)], heading="h")
    (axes,) = figure.axes
    assert set(named(axes)) == {"loss", "validation loss", "best epoch"}
    assert len(axes.lines) == 5
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "mean loss of an example")
    assert axes.get_title(loc="left") == "h"
    np.testing.assert_array_equal(named(axes)["validation loss"].get_ydata(), [0.95, np.nan])


def test_no_accuracy_is_drawn_on_the_axis_of_losses():
    figure = learning_curves_figure(LOSSES | ACCURACIES, best=[(2, 0.65)], heading="h")
    above, below = figure.axes
    assert set(named(above)) == {"loss", "validation loss", "best epoch"}
    assert set(named(below)) == {"accuracy", "validation accuracy"}
    assert above.get_ylabel() == "mean loss of an example"
    assert below.get_ylabel() == "accuracy"
    assert (above.get_xlabel(), below.get_xlabel()) == ("", "epoch")
    assert above.get_xlim() == below.get_xlim()
    for part in ("", "validation "):
        colours = {named(above)[f"{part}loss"], named(below)[f"{part}accuracy"]}
        assert len({line.get_color() for line in colours}) == 1


def test_accuracies_alone_and_nothing_at_all_can_be_drawn():
    (axes,) = learning_curves_figure(ACCURACIES, best=[], heading="").axes
    assert set(named(axes)) == {"accuracy", "validation accuracy"}
    (axes,) = learning_curves_figure({}, best=[], heading="").axes
    assert not axes.lines
