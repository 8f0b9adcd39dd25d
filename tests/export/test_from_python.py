"""Export from Python."""

import numpy as np
import onnxruntime
import pytest

from sortal.errors import NotFound, OptionError


def test_results_export_their_networks(trained, said, raw, tmp_path):
    path = trained["cancer"].export("relu", tmp_path / "relu.onnx")
    (scores,) = onnxruntime.InferenceSession(path).run(None, {"features": raw["cancer"]})
    np.testing.assert_allclose(scores, said("cancer", "relu", raw["cancer"]), atol=1e-5)


def test_what_a_file_leaves_to_its_reader_is_a_warning(trained, tmp_path):
    with pytest.warns(UserWarning, match="expects scaled examples"):
        trained["cancer"].export("relu", tmp_path / "best_weights.h5", form="h5-weights")
    with pytest.warns(UserWarning, match="does not replace missing values"):
        trained["targets"].export("elu", tmp_path / "elu.keras")


def test_a_target_and_a_seed_are_chosen_by_name(trained, tmp_path):
    path = tmp_path / "x.onnx"
    assert trained["apart"].export("selu", path, target="large") == path
    assert trained["iris"].export("seeds", path, seed=1) == path
    with pytest.raises(NotFound, match="huge"):
        trained["apart"].export("selu", path, target="huge")
    with pytest.raises(OptionError, match="one of safetensors"):
        trained["apart"].export("selu", path, form="torch", target="large")
