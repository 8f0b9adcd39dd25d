"""Rules of preparation by column and by input."""

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler, StandardScaler

from sortal.data.inputs import Inputs
from sortal.data.preparing.choose import choose_preparation
from sortal.data.preparing.preparer import Preparation, Preparer
from sortal.job.models import DataBlock
from sortal.job.problems import JobError

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def inputs():
    rng = np.random.default_rng(5)
    features = rng.normal(size=(60, 4)) * [1, 10, 100, 1000] + 5
    features[rng.random((60, 4)) < 0.2] = np.nan
    stamps = rng.normal(size=(60, 2, 4, 4)).astype(np.float32)
    return Inputs({"features": features, "stamp": stamps}, np.arange(60))


def block(**options):
    return DataBlock.model_validate({"source": "x.npz", **options})


def chosen(inputs, **options):
    return choose_preparation(block(**options), inputs, {"features": NAMES})


def prepared(inputs, preparation, rows=slice(0, 40)):
    train = np.arange(60)[rows]
    preparer = Preparer.fit(inputs, {"features": NAMES}, train, preparation)
    return preparer, preparer.apply(inputs).arrays


MIXED = {
    "scaling": {
        "a": "standard",
        "b": "minmax",
        "c": "robust",
        "stamp": "none",
        "others": "median_std",
    },
    "imputation": {
        "a": "mean",
        "b": {"kind": "constant", "value": -1.0},
        "c": "most_frequent",
        "stamp": "none",
        "others": "median",
    },
}


def median_std():
    def scaled(values):
        return (values - np.median(values[:40], axis=0)) / values[:40].std(axis=0)

    return FunctionTransformer(scaled)


def test_columns_are_prepared_as_scikit_learn_does(inputs):
    preparation = chosen(inputs, **MIXED)
    _, arrays = prepared(inputs, preparation)
    theirs = ColumnTransformer(
        [
            ("a", make_pipeline(SimpleImputer(strategy="mean"), StandardScaler()), [0]),
            (
                "b",
                make_pipeline(SimpleImputer(strategy="constant", fill_value=-1), MinMaxScaler()),
                [1],
            ),
            ("c", make_pipeline(SimpleImputer(strategy="most_frequent"), RobustScaler()), [2]),
            ("d", make_pipeline(SimpleImputer(strategy="median")), [3]),
        ]
    )
    features = inputs.arrays["features"]
    expected = theirs.fit(features[:40]).transform(features)
    expected[:, [3]] = median_std().transform(expected[:, [3]])
    np.testing.assert_allclose(arrays["features"], expected, rtol=0, atol=1e-12)
    assert arrays["stamp"] is inputs.arrays["stamp"] or np.array_equal(
        arrays["stamp"], inputs.arrays["stamp"]
    )


def test_scales_after_knn_are_those_of_a_pipeline(inputs):
    options = {
        "imputation": {"features": {"kind": "knn", "neighbours": 3}},
        "scaling": {"features": "standard"},
    }
    preparer, arrays = prepared(inputs, chosen(inputs, **options))
    theirs = make_pipeline(KNNImputer(n_neighbors=3), StandardScaler())
    features = inputs.arrays["features"]
    np.testing.assert_allclose(
        arrays["features"], theirs.fit(features[:40]).transform(features), atol=1e-6
    )
    assert preparer.preparation.imputes


def test_a_stored_preparer_prepares_alike(inputs, tmp_path):
    options = {
        **MIXED,
        "imputation": {"d": {"kind": "knn", "columns": ["a", "b"]}, "others": "mean"},
    }
    preparer, arrays = prepared(inputs, chosen(inputs, **options))
    preparer.save(tmp_path)
    again = Preparer.load(tmp_path)
    assert again.preparation == preparer.preparation
    for name, array in again.apply(inputs).arrays.items():
        np.testing.assert_array_equal(array, arrays[name])


@pytest.mark.parametrize(
    "word",
    [
        {"others": "standard"},
        {"features": "standard", "stamp": "standard"},
        dict.fromkeys((*NAMES, "stamp"), "standard"),
    ],
)
def test_one_word_for_all_means_what_the_word_means(inputs, word):
    assert chosen(inputs, scaling=word) == Preparation(scaling="standard")
    assert chosen(inputs, scaling=word).fingerprint == "standard+none"


def test_the_order_of_a_map_does_not_matter(inputs):
    maps = {"a": "minmax", "stamp": "none", "others": "standard"}
    turned = dict(reversed(maps.items()))
    assert chosen(inputs, scaling=maps).fingerprint == chosen(inputs, scaling=turned).fingerprint
    assert (
        chosen(inputs, scaling=maps).fingerprint != chosen(inputs, scaling="standard").fingerprint
    )


def test_a_recipe_comes_back_from_json(inputs):
    preparation = chosen(inputs, **MIXED)
    assert Preparation.of(*preparation.to_json()) == preparation
    assert Preparation(scaling="minmax", imputation="zero").to_json() == ["minmax", "zero"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"scaling": {"aa": "standard"}}, r"data\.scaling\.aa: expected a feature column"),
        ({"imputation": {"stamp": {"kind": "knn"}}}, r"another imputation for signals and stamps"),
        ({"scaling": {"features": "each_minmax"}}, r"`each_minmax` is for signals and stamps"),
        ({"scaling": "each_minmax"}, r"`each_minmax` is for signals and stamps"),
        ({"scaling": {"a": "whiten"}}, r"`whiten` for all columns of features, or for none"),
        (
            {"imputation": {"a": {"kind": "knn"}, "b": {"kind": "knn", "neighbours": 2}}},
            "the same neighbours and columns",
        ),
        ({"imputation": {"a": {"kind": "knn", "columns": ["z"]}}}, r"imputation\.a\.columns"),
    ],
)
def test_a_rule_that_does_not_fit_is_a_problem(inputs, options, sentence):
    with pytest.raises(JobError, match=sentence):
        chosen(inputs, **options)
