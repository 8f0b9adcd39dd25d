"""Which member of a stored result is exported, and what is refused."""

import sys

import pytest

from sortal.errors import UserError
from sortal.export.formats import Format
from sortal.jobs.applying.export import export_result, load_portable
from sortal.store.records.job_record import EnsembleEntry

pytestmark = pytest.mark.usefixtures("inline")

QUICK = {"hidden_layer_sizes": [4], "epochs": 1}


@pytest.fixture
def results(run, survey_block):
    """Results of small networks on the survey."""
    launched = run(
        {
            "title": "survey",
            "data": {**survey_block, "split": {"kind": "folds", "folds": 3}},
            "bootstrap": 0,
            "classifiers": [
                {"method": "mlp", "title": "net", "parameters": {**QUICK, "dropout": 0.25}},
                {
                    "method": "mlp",
                    "title": "sure",
                    "parameters": QUICK,
                    "calibrate": "sigmoid",
                },
                {"method": "svm"},
            ],
        }
    )
    return launched.results


def test_one_fold_is_exported_with_its_own_scaler(results, tmp_path):
    net = results.titled("net")
    with pytest.raises(UserError, match=r"3 folds.*choose one with --fold \(0, 1, 2\)"):
        export_result(results.store, net, tmp_path / "x.onnx")
    centers = set()
    for member in net[0].members:
        centers.add(tuple(load_portable(results.store, member).scaler.center))
    assert len(centers) == 3
    exported = export_result(results.store, net, tmp_path / "x.onnx", fold=1)
    assert exported.form is Format.ONNX
    assert exported.path.exists()


def test_an_exported_network_knows_names_and_rate_of_dropout(results):
    portable = load_portable(results.store, results.titled("net")[0].members[0])
    assert portable.classes == ("galaxy", "quasar", "star")
    assert portable.features == ("flux", "colour", "period", "skew", "amplitude")
    assert (portable.input_name, portable.dropout) == ("features", 0.25)


@pytest.mark.parametrize(
    ("title", "sentence"),
    [("sure", "no format carries the calibration"), ("svm", "is a model of svm: only networks")],
)
def test_other_models_are_refused_by_name(results, tmp_path, title, sentence):
    with pytest.raises(UserError, match=sentence):
        export_result(results.store, results.titled(title), tmp_path / "x.onnx", fold=0)
    assert not (tmp_path / "x.onnx").exists()


def test_an_ensemble_is_refused(results):
    member = results.titled("net")[0].members[0]
    together = type(member)(
        entry=EnsembleEntry(**{**dict(member.entry), "title": "all"}, members=()),
        record=member.record,
        scores=member.scores,
    )
    with pytest.raises(UserError, match="all is an ensemble"):
        load_portable(results.store, together)


def test_several_targets_are_exported_one_at_a_time(results, tmp_path):
    net = results.titled("net")
    with pytest.raises(UserError, match="one a target: choose one with --target"):
        export_result(results.store, (*net, *net), tmp_path / "x.onnx", fold=0)


def test_a_failed_export_leaves_what_was_there(results, tmp_path, monkeypatch):
    (tmp_path / "x.keras").write_text("old", encoding="utf-8")

    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(sys.modules["sortal.export.write"], "_write", fail)
    with pytest.raises(OSError, match="no space"):
        export_result(results.store, results.titled("net"), tmp_path / "x.keras", fold=0)
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["x.keras"]
    assert (tmp_path / "x.keras").read_text(encoding="utf-8") == "old"
