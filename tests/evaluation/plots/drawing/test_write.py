"""Pictures beside results: what goes wrong is told, and leaves an older picture as it is."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from sortal.errors import DataError, MissingExtra, OptionError
from sortal.evaluation.plots.drawing.shown_figure import ShownFigure
from sortal.evaluation.plots.drawing.write import write_picture


def blank():
    return Figure(figsize=(1, 1))


def failing():
    raise ValueError("Axis limits cannot be NaN or Inf")


class HalfDrawn(Figure):
    def savefig(self, path, **_):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")


def test_a_picture_is_written_with_its_folder(tmp_path):
    told = []
    path = tmp_path / "new" / "one.png"
    assert write_picture(path, blank, warn=told.append) == [path]
    assert path.read_bytes()[1:4] == b"PNG"
    assert [one.name for one in path.parent.iterdir()] == ["one.png"]
    assert told == []


@pytest.mark.parametrize(
    ("draw", "why"), [(failing, "ValueError: Axis limits"), (HalfDrawn, "No space left on device")]
)
def test_a_picture_that_fails_is_named_and_an_older_one_stays(draw, why, tmp_path):
    path, told = tmp_path / "one.png", []
    write_picture(path, blank, warn=told.append)
    before = path.read_bytes()
    assert write_picture(path, draw, warn=told.append) == []
    (sentence,) = told
    assert str(path) in sentence
    assert why in sentence
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["one.png"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("No room."), "ValueError: No room. Results"),
        (ValueError(), "ValueError. Results"),
        (DataError("edges: expected 2 or more."), "DataError: edges: expected 2 or more. Results"),
    ],
)
def test_a_reason_ends_with_one_full_stop(tmp_path, error, reason):
    def fail():
        raise error

    warnings = []
    assert write_picture(tmp_path / "one.png", fail, warn=warnings.append) == []
    assert warnings == [f"no picture {tmp_path / 'one.png'}: {reason} are not affected."]


def missing_style():
    raise MissingExtra("the figure style 'hep'", "hep")


@pytest.mark.parametrize(
    ("name", "draw", "error"),
    [("one.bmp", blank, OptionError), ("one.png", missing_style, MissingExtra)],
)
def test_a_request_that_no_picture_can_meet_is_an_error(tmp_path, name, draw, error):
    warnings = []
    with pytest.raises(error):
        write_picture(tmp_path / name, draw, warn=warnings.append)
    assert warnings == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    told = []
    assert write_picture(tmp_path / "file" / "one.png", blank, warn=told.append) == []
    assert "one.png" in told[0]


def test_a_figure_shows_itself_as_png():
    figure = ShownFigure(figsize=(2, 1), dpi=50)
    figure.subplots().set_title("🟊")
    assert figure._repr_png_()[1:4] == b"PNG"
