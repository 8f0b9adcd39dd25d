"""How a look is drawn, what it leaves alone, and how a figure becomes a file."""

import sys

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from sortal.errors import MissingExtra, OptionError
from sortal.evaluation.plots.curves import loss_figure
from sortal.evaluation.plots.drawing.style import Look, drawing_style, save

LOSSES = {"Training loss": [0.7, 0.5, 0.4], "Validation loss": [0.7, 0.6, 0.65]}
TEXTS = {
    "experiment": "CMS",
    "status": "Simulation Preliminary",
    "luminosity_text": "35.9 fb$^{-1}$ (13 TeV)",
}
LOOKS = [Look(**TEXTS), Look(style="hep", **TEXTS)]


def _parameters():
    # The backend is chosen when it is first asked for: comparing it would choose it.
    return {name: mpl.rcParams[name] for name in mpl.rcParams if "backend" not in name}


def _texts(figure):
    return {text.get_text() for text in figure.findobj(Text)}


@pytest.mark.parametrize("style", ["plain", "hep"])
def test_every_style_writes_experiment_status_and_luminosity(style):
    figure = loss_figure(LOSSES, heading="RUN 3", look=Look(style=style, **TEXTS))
    assert {*TEXTS.values(), "RUN 3"} <= _texts(figure)


def test_without_texts_nothing_stands_above_the_axes():
    figure = loss_figure(LOSSES)
    assert figure.axes[0].get_title(loc="left") == ""
    assert not _texts(figure) & set(TEXTS.values())


def test_texts_above_the_axes_lie_between_figure_and_heading():
    look = Look(style="hep", **TEXTS)
    figure = loss_figure(LOSSES, heading="RUN 3", look=look)
    with drawing_style(look):
        figure.draw_without_rendering()
        boxes = {
            text.get_text(): text.get_window_extent()
            for text in figure.findobj(Text)
            if text.get_text()
        }
    top = figure.axes[0].get_window_extent().y1
    for text in TEXTS.values():
        assert top < boxes[text].y0 < boxes[text].y1 <= boxes["RUN 3"].y0
        assert boxes[text].x1 <= figure.bbox.x1
    assert boxes["RUN 3"].y1 <= figure.bbox.y1


@pytest.mark.parametrize("look", LOOKS)
def test_drawing_and_saving_leave_matplotlib_as_it_was(look, tmp_path):
    before = _parameters()
    save(loss_figure(LOSSES, look=look), tmp_path / "loss.pdf", look)
    assert _parameters() == before


def test_the_hep_style_has_fonts_and_ticks_of_cms():
    look = Look(style="hep")
    axes = loss_figure(LOSSES, look=look).axes[0]
    with drawing_style(look):
        assert axes.xaxis.label.get_fontname() == "TeX Gyre Heros"
    assert axes.xaxis.get_major_ticks()[0].get_tickdir() == "in"


def test_without_mplhep_the_hep_style_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "mplhep", None)
    with pytest.raises(MissingExtra, match=r"sortal\[hep\]"):
        loss_figure(LOSSES, look=Look(style="hep"))
    loss_figure(LOSSES, look=Look(**TEXTS))


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_the_same_figure_becomes_the_same_bytes(look, kind, tmp_path):
    one, two = (
        save(loss_figure(LOSSES, look=look), tmp_path / f"{name}.{kind}", look).read_bytes()
        for name in ("one", "two")
    )
    assert one == two
    assert b"Date" not in one
    assert b"matplotlib" not in one.lower() or kind == "svg"


def test_titles_in_any_script_are_saved_without_a_warning(tmp_path):
    figure = Figure()
    figure.subplots().set_title("🟊 Optimal, Ⓝ Naive")
    assert save(figure, tmp_path / "map.png").stat().st_size > 0


def test_a_file_of_another_kind_is_refused_by_name(tmp_path):
    with pytest.raises(OptionError, match=r"loss\.tiff"):
        save(loss_figure(LOSSES), tmp_path / "loss.tiff")


def test_an_unknown_style_is_refused():
    with pytest.raises(OptionError, match="plain or hep"):
        Look(style="root")


def test_many_figures_leave_none_behind():
    from matplotlib import pyplot as plt

    for _ in range(25):
        loss_figure(LOSSES, look=Look(style="hep"))
    assert plt.get_fignums() == []
