"""Texts beside points: none covers another, and what finds no room is told."""

import numpy as np
from matplotlib.figure import Figure

from sortal.evaluation.plots.drawing.labels import Label, middle, place_labels


def _axes():
    axes = Figure(figsize=(5, 4), layout="constrained").subplots()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    return axes


def test_no_text_covers_another_or_leaves_the_axes():
    axes = _axes()
    labels = [Label(text=f"point {n}", x=0.5 + n / 100, y=0.5) for n in range(8)]
    left_out = place_labels(axes, labels)
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) + len(left_out) == 8
    assert len(boxes) >= 4
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(axes.get_window_extent().contains(*box.min) for box in boxes)


def test_the_first_find_room_first():
    axes = _axes()
    labels = [Label(text=f"in one place {n}", x=0.5, y=0.5) for n in range(30)]
    left_out = place_labels(axes, labels)
    assert left_out
    assert [text.get_text() for text in axes.texts] == [
        label.text for label in labels if label.text not in left_out
    ]
    assert labels[0].text not in left_out


def test_the_middle_is_one_of_the_points():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.2, 0.1], [9.0, 9.0], [1.0, 0.3]])
    assert middle(points).tolist() == [1.0, 0.0] or middle(points).tolist() == [1.2, 0.1]
    assert middle(points).tolist() in points.tolist()


def test_texts_may_be_in_any_script():
    axes = _axes()
    assert place_labels(axes, [Label(text="\U0001f7ca Optimal, 木", x=0.5, y=0.5)]) == []
    assert len(axes.texts) == 1
