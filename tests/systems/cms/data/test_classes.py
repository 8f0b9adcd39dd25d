import numpy as np
import pytest

from sortal.errors import DataError
from sortal.systems.cms.data.classes import class_map, signal_point_rows, with_physics_weights
from sortal.systems.cms.settings import MulticlassSettings, ProcessBlock

NAMES = ["S_1", "WjHT100", "TTlep", "ZJ2nu", "VV", "S_2", "wj", "TTlep"]


def named(processes, classes):
    return dict(zip(processes, np.array(classes.names)[classes.codes], strict=True))


def test_the_pages_classes_go_by_the_first_two_letters(events):
    classes = class_map(events(NAMES), MulticlassSettings())
    assert classes.names == ("Signal", "Wjets", "TTbar", "Z2nu", "Other")
    assert named(NAMES, classes) == {
        "S_1": "Signal",
        "S_2": "Signal",
        "WjHT100": "Wjets",
        "TTlep": "TTbar",
        "ZJ2nu": "Z2nu",
        "VV": "Other",
        "wj": "Other",
    }
    assert classes.of_process == {
        "WjHT100": "Wjets",
        "TTlep": "TTbar",
        "ZJ2nu": "Z2nu",
        "VV": "Other",
        "wj": "Other",
    }


def test_without_classes_all_background_is_one(events, settings):
    classes = class_map(events(NAMES), settings(signal_class="stop"))
    assert classes.names == ("stop", "Background")
    assert classes.codes.tolist() == [0, 1, 1, 1, 1, 0, 1, 1]


def test_the_first_pattern_that_fits_counts_and_may_end_in_root(events, settings):
    rules = {"lep": ["TTlep.root", "VV"], "rest": ["*"]}
    assert named(NAMES, class_map(events(NAMES), settings(classes=rules)))["TTlep"] == "lep"
    backwards = {"rest": ["*"], "lep": ["TTlep"]}
    with pytest.raises(DataError, match="no event is of the class 'lep'"):
        class_map(events(NAMES), settings(classes=backwards))


def test_a_class_without_events_is_refused_with_known_processes(events, settings):
    with pytest.raises(DataError) as caught:
        class_map(events(["S_1", "TT", "VV"]), settings(classes={"W": ["Wj*", "W+*"], "o": ["*"]}))
    assert str(caught.value) == (
        "classes: no event is of the class 'W' (processes like Wj*, W+*); "
        "background processes are 'TT', 'VV'."
    )
    with pytest.raises(DataError, match=r"of the class 'Signal' \(a file of signal\)"):
        class_map(events(["TT"]), settings())


def test_a_process_that_fits_no_class_is_told(events, settings):
    with pytest.raises(DataError, match="the process 'VV' fits no class; add a class with the"):
        class_map(events(["S_1", "TT", "VV"]), settings(classes={"top": ["TT"]}))


def test_no_class_of_background_is_called_as_the_signal(events, settings):
    with pytest.raises(DataError, match="expected names that differ, got 'Signal'"):
        class_map(events(["S_1", "TT"]), settings(classes={"Signal": ["*"]}))


TABLE = {
    "S_*": ProcessBlock(cross_section=0.5, generated=1000.0),
    "TT*": ProcessBlock(cross_section=800.0, generated=4000.0),
    "Wj.root": ProcessBlock(generated=10.0),
}


def test_physics_weights_are_cross_section_by_generated_events(events, settings):
    """Times the factors of the settings."""
    held = events(["S_1", "TTlep", "Wj", "VV"], weights=[2.0, -3.0, 5.0, 7.0])
    weighed = with_physics_weights(held, settings(processes=TABLE))
    np.testing.assert_allclose(weighed.weights, [2 * 0.5 / 1000, -3 * 0.2, 0.5, 7.0])


def test_the_pages_rule_leaves_the_cross_section_of_signal_out(events, settings):
    held = events(["S_1", "TTlep", "Wj", "VV"], weights=[2.0, -3.0, 5.0, 7.0])
    weighed = with_physics_weights(held, settings(processes=TABLE, signal_cross_section=False))
    np.testing.assert_allclose(weighed.weights, [2 / 1000, -3 * 0.2, 0.5, 7.0])


def test_scale_factors_multiply_with_a_table_and_without(events, settings):
    from dataclasses import replace

    held = replace(events(["S_1", "TTlep", "Wj"]), factors=np.array([0.5, 2.0, 3.0]))
    assert with_physics_weights(held, settings()).weights.tolist() == [0.5, 2.0, 3.0]
    weighed = with_physics_weights(held, settings(processes=TABLE))
    np.testing.assert_allclose(weighed.weights, [0.5 * 0.5 / 1000, 2 * 0.2, 0.3])


def test_without_a_table_or_factors_weights_are_the_files(events, settings):
    held = events(["S_1", "TT"], weights=[1.0, -2.0])
    assert with_physics_weights(held, settings()) is held


def test_a_line_of_the_table_that_is_of_no_event_is_told(events, settings):
    held = events(["S_1", "TTlep", "Wj"])
    table = {**TABLE, "Wjj": ProcessBlock(generated=2.0)}
    with pytest.raises(DataError, match=r"process 'Wjj'\. Did you mean 'Wj'"):
        with_physics_weights(held, settings(processes=table))
    table = {**TABLE, "TTlep": ProcessBlock(generated=2.0)}
    with pytest.raises(DataError, match="'TTlep' stands behind a pattern that fits 'TTlep' too"):
        with_physics_weights(held, settings(processes=table))


def test_a_signal_point_is_one_process_and_all_background(events):
    held = events(["S_1", "TT", "S_2", "S_1"])
    assert signal_point_rows(held, "S_1").tolist() == [True, True, False, True]
    assert signal_point_rows(held, "S_2.root").tolist() == [False, True, True, False]
    assert signal_point_rows(held, "").all()


@pytest.mark.parametrize("point", ["S_3", "TT"])
def test_a_signal_point_that_is_no_signal_is_told(events, point):
    with pytest.raises(
        DataError, match=f"signal_point: no signal event is of the process '{point}'"
    ):
        signal_point_rows(events(["S_1", "TT", "S_2"]), point)
