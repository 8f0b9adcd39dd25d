import subprocess
import sys

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from sklearn.datasets import load_digits

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels
from sortal.data.prepared import Prepared
from sortal.data.preparing.preparer import Preparation
from sortal.data.split import Part, Split
from sortal.errors import Damaged, DataError
from sortal.methods.contract.base import Failed, Member, Model, Population
from sortal.methods.neural.mlp import MLP

SMALL = {"hidden_layer_sizes": (16,), "epochs": 5, "batch_size": 16, "learning_rate": 0.01}


def test_it_learns_digits(driver):
    matrix, codes = load_digits(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(codes))
    dataset = Dataset(
        name="digits",
        inputs=Inputs({"features": matrix}, np.arange(len(codes))),
        labels=Labels(codes, tuple("0123456789")),
        names={"features": tuple(f"p{pixel}" for pixel in range(64))},
    )
    split = Split(train=np.sort(rows[:1300]), validation=rows[:0], test=np.sort(rows[1300:]))
    data = Prepared.fit(dataset, split, Preparation(scaling="standard"))
    members = tuple(
        Member(key=f"m{seed}", method="mlp", parameters=MLP.Parameters(epochs=20), seed=seed)
        for seed in range(4)
    )
    (outcome,) = MLP().train(Population(members=members), data, driver())
    scores = outcome.model.scores(data.inputs(Part.TEST))
    accuracy = (scores.argmax(axis=-1) == data.labels(Part.TEST).codes).mean(axis=1)
    assert (accuracy > 0.95).all()
    assert outcome.notes["m0"] == ()


def test_a_member_among_others_becomes_what_it_is_alone(prepare, train, noisy_classes, by_key):
    data = prepare(*noisy_classes)
    method = MLP()
    members = {
        f"m{number}": {
            **SMALL,
            "precision": "float64",
            "epochs": 2 + number,
            "learning_rate": 0.01 * (number + 1),
            "class_weight": ("none", "balanced")[number % 2],
        }
        for number in range(4)
    }
    where = {key: {"seed": number} for number, key in enumerate(members)}
    together = by_key(train(method, data, members, where=where))
    for key, parameters in members.items():
        alone = by_key(train(method, data, {key: parameters}, where=where))
        inputs = data.inputs(Part.TRAIN)
        difference = alone[key][0].scores(inputs) - together[key][0].scores(inputs)
        assert np.abs(difference).max() <= 1e-7


def test_targets_learn_together_what_each_learns_alone(prepare, train, noisy_targets, by_key):
    data = prepare(*noisy_targets)
    method, chosen = MLP(), {**SMALL, "precision": "float64"}
    where = {name: {"target": name} for name in data.dataset.labels.classes}
    together = by_key(train(method, data, dict.fromkeys(where, chosen), where=where))
    for column, name in enumerate(where):
        alone = by_key(train(method, data, {name: chosen}, where=where))
        scores = together[name][0].scores(data.inputs(Part.TRAIN))
        np.testing.assert_allclose(
            alone[name][0].scores(data.inputs(Part.TRAIN)), scores, rtol=0, atol=1e-7
        )
        codes = data.dataset.labels.codes[:, column]
        assert ((scores[0, :, 0] > 0.5) == codes).mean() > 0.7


def test_all_targets_at_once_have_a_score_each(prepare, train, noisy_targets, by_key):
    data = prepare(*noisy_targets)
    model = by_key(train(MLP(), data, {"m": {**SMALL, "epochs": 20}}))["m"][0]
    scores = model.scores(data.inputs(Part.TRAIN))
    assert scores.shape == (1, 240, 3)
    assert (((scores[0] > 0.5) == data.dataset.labels.codes).mean(axis=0) > 0.7).all()


@pytest.mark.parametrize("class_weight", ["none", "balanced"])
def test_a_class_that_training_never_saw_gets_nothing(
    prepare, train, noisy_classes, class_weight, by_key
):
    matrix, codes = noisy_classes
    data = prepare(matrix, codes + (codes > 0), classes=("a", "absent", "b", "c"))
    members = {"m": {**SMALL, "class_weight": class_weight, "weight_decay": 0.1}}
    model = by_key(train(MLP(), data, members))["m"][0]
    scores = model.scores(data.inputs(Part.TRAIN))
    assert not scores[..., 1].any()
    np.testing.assert_allclose(scores.sum(axis=-1), 1, atol=1e-6)


def test_a_target_of_one_value_gets_certain_scores(prepare, train, noisy_targets, by_key):
    """0 for a target that never holds in training, 1 for one that always does."""
    matrix, codes = noisy_targets
    codes[:, 0], codes[:, 1] = 0, 1
    data = prepare(matrix, codes)
    (model, outcome) = by_key(train(MLP(), data, {"m": SMALL}))["m"]
    scores = model.scores(data.inputs(Part.TRAIN))[0]
    assert not scores[:, 0].any()
    assert (scores[:, 1] == 1).all()
    assert 0 < scores[:, 2].min() < scores[:, 2].max() < 1
    assert all(row["loss"] < 1 for row in outcome.history["m"])


def test_example_weights_act_only_on_members_that_see_them(prepare, train, noisy_classes, by_key):
    matrix, codes = noisy_classes
    heavy = prepare(matrix, codes, weights=np.where(codes == 0, 20.0, 1.0))
    plain = prepare(matrix, codes)
    members = {"plain": SMALL, "heavy": SMALL}
    models = by_key(train(MLP(), heavy, members, where={"heavy": {"weights": "given"}}))
    inputs = heavy.inputs(Part.TRAIN)
    first = {key: model.scores(inputs)[..., 0].mean() for key, (model, _) in models.items()}
    assert first["heavy"] > first["plain"] + 0.2
    without = by_key(train(MLP(), plain, {"plain": SMALL}))["plain"][0]
    np.testing.assert_allclose(
        without.scores(inputs), models["plain"][0].scores(inputs), rtol=0, atol=1e-4
    )


def test_divergence_fails_one_member_and_no_other(prepare, train, noisy_classes):
    members = {
        "wild": {**SMALL, "optimiser": "sgd", "learning_rate": 1e30},
        "calm": {**SMALL, "optimiser": "sgd"},
    }
    failed, trained = train(MLP(), prepare(*noisy_classes), members)
    assert isinstance(failed, Failed)
    assert failed.key == "wild"
    assert "lower learning_rate" in failed.reason
    assert trained.model.members == ("calm",)


def test_missing_features_fail_with_the_cure(prepare, train, noisy_classes):
    matrix, codes = noisy_classes
    matrix[3, 2] = np.nan
    (failed,) = train(MLP(), prepare(matrix, codes), {"m": SMALL})
    assert "set data.imputation" in failed.reason


def test_weights_that_are_all_zero_fail_with_the_reason(prepare, train, noisy_classes):
    data = prepare(*noisy_classes, weights=np.zeros(240))
    where = {"m": {"weights": "given"}}
    failed, trained = train(MLP(), data, {"m": SMALL, "n": SMALL}, where=where)
    assert failed == Failed(
        "m", "no training example has both a known label and a weight other than 0"
    )
    assert trained.model.members == ("n",)


def test_notes_tell_of_unscaled_features_and_held_out_examples(prepare, train, noisy_classes):
    matrix, codes = noisy_classes
    members = {"m": {**SMALL, "early_stopping": 3}}
    (outcome,) = train(MLP(), prepare(matrix * 1000, codes), members)
    notes = " ".join(outcome.notes["m"])
    assert "data.scaling: standard" in notes
    assert "24 training examples were held out" in notes


def test_progress_rises_to_the_end(prepare, train, driver, noisy_classes):
    control = driver()
    train(
        MLP(), prepare(*noisy_classes), {"a": SMALL, "b": {**SMALL, "epochs": 3}}, control=control
    )
    done = [progress.done for progress in control.progress]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == 1
    assert any("epoch 3/5, loss" in progress.text for progress in control.progress)


def test_members_with_their_own_shuffle_see_other_minibatches(
    prepare, train, noisy_classes, by_key
):
    data = prepare(*noisy_classes)
    own = {**SMALL, "shuffle": "own"}
    method, seeds = MLP(), {"a": {"seed": 1}, "b": {"seed": 2}}
    groups = {
        method.group(Member(key="", method="mlp", parameters=MLP.Parameters(**own), seed=seed))
        for seed in (1, 2)
    }
    assert len(groups) == 2
    shared = by_key(train(method, data, {"a": SMALL}, where=seeds))
    mine = by_key(train(method, data, {"a": own}, where=seeds))
    inputs = data.inputs(Part.TRAIN)
    assert np.abs(shared["a"][0].scores(inputs) - mine["a"][0].scores(inputs)).max() > 1e-4


def test_given_class_weights_weigh_classes(prepare, train, noisy_classes, by_key):
    data = prepare(*noisy_classes)
    outcomes = train(
        MLP(),
        data,
        {
            "none": SMALL,
            "first": {**SMALL, "class_weight": {"class0": 20.0}},
        },
    )
    shares = {
        key: (model.scores(data.inputs(Part.TRAIN))[0].argmax(axis=1) == 0).mean()
        for key, (model, _) in by_key(outcomes).items()
    }
    assert shares["first"] > shares["none"] + 0.1


def test_weights_of_an_absent_class_fail_their_member_alone(prepare, train, noisy_classes):
    data, wrong = prepare(*noisy_classes), {**SMALL, "class_weight": {"classO": 2.0}}
    failed, trained = train(MLP(), data, {"wrong": wrong, "right": SMALL})
    assert isinstance(failed, Failed)
    assert "no class named 'classO' in class_weight" in failed.reason
    assert "class0" in failed.reason
    assert trained.model.members == ("right",)
    (alone,) = train(MLP(), data, {"wrong": wrong})
    assert alone == failed


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"gamma": 0.5}, "gamma has no effect with schedule constant"),
        ({"min_rate": 1e-5}, "min_rate has no effect with schedule constant"),
        ({"optimiser": "adam", "momentum": 0.5}, "momentum has no effect with optimiser adam"),
        (
            {"optimiser": "nadam", "epsilon_added_to": "uncorrected"},
            "epsilon_added_to has no effect with optimiser nadam",
        ),
        ({"longest_wait": 5}, "longest_wait has no effect without patience_growth"),
        ({"class_weight": {}}, "at least one class"),
        ({"schedule": "step", "step_size": 2.5}, "step_size"),
    ],
)
def test_options_without_effect_are_refused(chosen, said):
    with pytest.raises(ValidationError, match=said):
        MLP.Parameters(**chosen)


@pytest.mark.parametrize(
    "chosen",
    [
        {"schedule": "step", "gamma": 0.5, "step_size": 2, "warm_up": 1},
        {"schedule": "sgdr", "period": 2, "min_rate": 1e-4},
        {"schedule": "cyclic", "cycle_peak": 3.0, "step_size": 1.5},
        {"schedule": "one_cycle", "rise": 0.2},
        {"schedule": "inverse_time", "decay": 1e-2},
        {"plateau_patience": 1, "plateau_factor": 0.5},
        {"optimiser": "nadam", "beta1": 0.8},
        {"optimiser": "rmsprop", "rho": 0.9, "momentum": 0.5},
        {"label_smoothing": 0.1, "focal_gamma": 2.0, "normalisation": "weights"},
        {"batch_norm": True, "activation": "selu", "initialiser": "lecun_normal"},
        {"output_initialiser": "he_normal"},
        {"epsilon_added_to": "uncorrected"},
        {"activation": "maxout", "l1": 1e-4, "l2": 1e-3},
        {"early_stopping": 4, "patience_growth": 2.0, "patience_unit": "updates"},
        {"keep_best": True, "validate_every": 2, "training_loss": False},
        {
            "weight_decay": 0.01,
            "weight_decay_change": "flat_cos",
            "dropout": 0.2,
            "dropout_change": "cosine",
        },
    ],
)
def test_every_option_acts(prepare, train, noisy_classes, chosen):
    data = prepare(*noisy_classes)
    plain = {**SMALL, "epochs": 4}
    plain, other = (train(MLP(), data, {"a": one})[0] for one in (plain, {**plain, **chosen}))
    inputs = data.inputs(Part.TRAIN)
    assert np.abs(plain.model.scores(inputs) - other.model.scores(inputs)).max() > 1e-6


@pytest.fixture
def model(prepare, train, noisy_classes):
    return train(
        MLP(), prepare(*noisy_classes), {"a": SMALL, "b": SMALL}, where={"b": {"seed": 9}}
    )[0].model


def test_blocks_score_as_the_whole_does(model, noisy_classes):
    matrix = np.tile(noisy_classes[0], (5, 1))
    inputs = Inputs({"features": matrix}, np.arange(len(matrix)))
    whole = model.scores(inputs)
    for size in (1, 7, 512, 700):
        parts = np.concatenate([model.scores(block) for block in inputs.blocks(size)], axis=1)
        np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-6)


def test_a_stored_model_scores_as_before(model, noisy_classes, tmp_path):
    model.save(tmp_path)
    again = MLP().load(tmp_path)
    inputs = Inputs({"features": noisy_classes[0]}, np.arange(240))
    assert isinstance(again, Model)
    assert again.members == model.members
    assert np.array_equal(again.scores(inputs), model.scores(inputs))
    assert np.array_equal(model.pick(("b", "a")).scores(inputs), model.scores(inputs)[::-1])


def test_scoring_nothing_gives_nothing(model):
    nothing = Inputs({"features": np.empty((0, 6))}, np.arange(0))
    assert model.scores(nothing).shape == (2, 0, 3)


def test_other_features_than_in_training_are_refused(model):
    with pytest.raises(DataError, match="expected 6 features an example, got 5"):
        model.scores(Inputs({"features": np.zeros((3, 5))}, np.arange(3)))


@pytest.mark.parametrize("name", ["model.json", "tensors.safetensors"])
def test_a_changed_file_is_damaged(model, tmp_path, name):
    model.save(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(Damaged):
        MLP().load(tmp_path)


def test_parameters_of_unexpected_shapes_are_damage(model, tmp_path):
    model.save(tmp_path)
    about = (tmp_path / "model.json").read_text(encoding="utf-8")
    (tmp_path / "model.json").write_text(about.replace("16", "17"), encoding="utf-8")
    with pytest.raises(Damaged, match=r"layers\.0\.weight: expected shape \(2, 6, 17\)"):
        MLP().load(tmp_path)


def test_training_and_scoring_put_the_threads_back(prepare, train, noisy_classes):
    before = torch.get_num_threads()
    data = prepare(*noisy_classes)
    (outcome,) = train(MLP(), data, {"a": SMALL}, threads=before + 1)
    outcome.model.scores(data.inputs(Part.TRAIN))
    assert torch.get_num_threads() == before


def test_members_group_by_shapes_and_minibatches_alone():
    def group(target=None, **parameters):
        return MLP().group(
            Member(
                key="k",
                method="mlp",
                parameters=MLP.Parameters(**parameters),
                seed=0,
                target=target,
            )
        )

    assert group(learning_rate=0.5, epochs=3, weight_decay=0.1, class_weight="balanced") == group()
    assert group("x") == group("y") != group()
    own = {"epsilon_added_to": "uncorrected", "output_initialiser": "normal"}
    assert group(**own, weight_scale="none") == group()
    shared = ({"batch_size": 7}, {"hidden_layer_sizes": 5}, {"dropout": 0.1})
    for chosen in (*shared, {"accuracy": "weighted"}):
        assert group(**chosen) != group()


def test_one_number_is_one_hidden_layer_and_bad_ones_fail():
    assert MLP.Parameters(hidden_layer_sizes=30).hidden_layer_sizes == (30,)
    for wrong in ({"hidden_layer_sizes": (0,)}, {"dropout": 1.0}, {"learning_rate": 0}):
        with pytest.raises(ValidationError):
            MLP.Parameters(**wrong)


def test_later_options_enter_keys_only_where_they_are_used():
    later = MLP.Parameters.later
    assert later < MLP.Parameters.model_fields.keys()
    assert not later & MLP.Parameters(epochs=3).meaning().keys()
    used = MLP.Parameters(weight_scale="none", accuracy="none").meaning()
    assert used["weight_scale"] == "none"
    assert later & used.keys() == {"weight_scale"}


def test_the_method_is_described_without_loading_torch():
    code = "from sortal.methods.neural.mlp import MLP; MLP().name; import sys; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
