"""`ImageDataGenerator` of Keras 2, for plugins: what it draws, what it does, and how networks take it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sortal.plugins.keras.image_generator import ImageDataGenerator
from sortal.plugins.keras.image_transform import Transform, draw_shift
from sortal.plugins.loading.imports import plugin_builtins

QUIET = pytest.mark.filterwarnings(
    "ignore:Keras of 2020", "ignore:Do not pass an `input_shape`", "ignore:__array__ implementation"
)
PLAIN = {"fill_mode": "nearest", "cval": 0.0, "order": 1}


@pytest.fixture(autouse=True)
def on_torch(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")


@pytest.fixture
def images():
    return np.random.default_rng(0).random((10, 6, 5, 2), dtype=np.float32)


def run(code: str, **names: object) -> dict[str, object]:
    space: dict[str, object] = {"__builtins__": plugin_builtins(), "__name__": "plugin", **names}
    exec(compile(code, "plugin", "exec"), space)
    return space


def test_a_generator_without_options_changes_no_image(images):
    flow = ImageDataGenerator().flow(images, np.arange(10), batch_size=4, shuffle=False)
    batches = [flow[number] for number in range(len(flow))]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in batches]), images)
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches]), np.arange(10))


def test_a_whole_shift_moves_pixels_by_whole_places():
    image = np.arange(12.0).reshape(3, 4, 1)
    down = Transform(tx=1.0).apply(image, **PLAIN)
    np.testing.assert_allclose(down[:2], image[1:], atol=1e-6)
    across = Transform(ty=-1.0).apply(image, **PLAIN | {"fill_mode": "constant", "cval": 9.0})
    np.testing.assert_allclose(across[:, 1:], image[:, :-1], atol=1e-6)
    assert (across[:, 0] == 9.0).all()


@pytest.mark.parametrize("size", [4, 5])
def test_a_quarter_turn_is_that_of_numpy(size):
    image = np.random.default_rng(1).random((size, size, 2))
    turned = Transform(theta=90.0).apply(image, **PLAIN)
    np.testing.assert_allclose(turned, np.rot90(image, k=-1), atol=1e-6)


def test_zoom_below_one_enlarges_the_middle():
    image = np.zeros((9, 9, 1))
    image[3:6, 3:6] = 1.0
    assert Transform(zx=0.5, zy=0.5).apply(image, **PLAIN).sum() > 2 * image.sum()
    assert Transform(zx=2.0, zy=2.0).apply(image, **PLAIN).sum() < image.sum() / 2


@given(arrays(np.float64, (4, 3, 2), elements=st.floats(0, 1)))
def test_mirrors_are_those_of_numpy_and_undo_themselves(image):
    both = Transform(flip_horizontal=True, flip_vertical=True)
    np.testing.assert_array_equal(both.apply(image, **PLAIN), image[::-1, ::-1])
    np.testing.assert_array_equal(both.apply(both.apply(image, **PLAIN), **PLAIN), image)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(0.01, 0.99))
def test_shifts_stay_within_what_was_asked_for(seed, size, share):
    rng = np.random.default_rng(seed)
    assert abs(draw_shift(rng, share, size)) <= share * size
    assert abs(draw_shift(rng, size, size)) in range(size)
    assert abs(draw_shift(rng, size + 0.5, size)) <= size + 0.5
    assert draw_shift(rng, [3, 5], size) in {-5, -3, 3, 5}
    assert draw_shift(rng, 0, size) == draw_shift(rng, 0.0, size) == 0.0


def test_brightness_and_tint_stay_in_the_range_of_the_image():
    image = np.linspace(0.0, 1.0, 12).reshape(2, 3, 2)
    bright = Transform(brightness=3.0).apply(image, **PLAIN)
    assert bright.max() == 1.0
    np.testing.assert_allclose(bright.ravel()[1], 3.0 / 11)
    tinted = Transform(channel_shift_intensity=0.4).apply(image, **PLAIN)
    assert (tinted.min(), tinted.max()) == (0.4, 1.0)


def test_features_are_centred_and_scaled_by_what_fit_found(images):
    generator = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True)
    generator.fit(images)
    made = next(generator.flow(images, batch_size=10))
    np.testing.assert_allclose(made.mean(axis=(0, 1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(made.std(axis=(0, 1, 2)), 1.0, atol=1e-4)


def test_each_image_is_centred_and_scaled_by_itself(images):
    generator = ImageDataGenerator(samplewise_std_normalization=True)
    made = next(generator.flow(images, batch_size=10))
    np.testing.assert_allclose(made.mean(axis=(1, 2, 3)), 0.0, atol=1e-5)
    np.testing.assert_allclose(made.std(axis=(1, 2, 3)), 1.0, atol=1e-3)


def test_whitening_leaves_unit_second_moments():
    images = np.random.default_rng(3).normal(size=(400, 2, 2, 1)).cumsum(axis=1)
    generator = ImageDataGenerator(zca_whitening=True, dtype="float64")
    generator.fit(images)
    made = next(generator.flow(images, batch_size=400)).reshape(400, 4)
    np.testing.assert_allclose(made.T @ made / 400, np.eye(4), atol=1e-3)


def test_functions_and_rescaling_come_before_all_that_is_fitted(images):
    generator = ImageDataGenerator(rescale=0.5, preprocessing_function=lambda image: image + 1)
    np.testing.assert_allclose(generator.standardize(images[0]), (images[0] + 1) / 2, rtol=1e-6)


def test_channels_first_are_changed_as_channels_last(images):
    options = {"rotation_range": 20, "width_shift_range": 0.2, "horizontal_flip": True}
    last = ImageDataGenerator(**options).flow(images, seed=4)
    first = ImageDataGenerator(**options, data_format="channels_first")
    made = next(first.flow(np.moveaxis(images, -1, 1), seed=4))
    np.testing.assert_allclose(np.moveaxis(made, 1, -1), next(last), atol=1e-6)


@pytest.mark.parametrize(
    "option", ["featurewise_center", "featurewise_std_normalization", "zca_whitening"]
)
def test_what_is_not_fitted_is_warned_of_and_left(images, option):
    generator = ImageDataGenerator(**{option: True})
    with pytest.warns(UserWarning, match="does nothing before fit") as warned:
        np.testing.assert_array_equal(generator.standardize(images[0]), images[0])
    assert any(f": {option} does nothing" in str(one.message) for one in warned)


def test_equal_seeds_give_equal_batches_and_passes_differ(images):
    generator = ImageDataGenerator(rotation_range=30, zoom_range=0.2, vertical_flip=True)
    first, second = (generator.flow(images, batch_size=4, seed=1) for _ in range(2))
    passes = [[next(first) for _ in range(3)] for _ in range(2)]
    np.testing.assert_array_equal(passes[0][0], next(second))
    assert not np.array_equal(passes[0][0], passes[1][0])
    np.random.seed(5)  # noqa: NPY002
    drawn = next(generator.flow(images))
    np.random.seed(5)  # noqa: NPY002
    np.testing.assert_array_equal(drawn, next(generator.flow(images)))


def test_every_pass_has_every_image_once(images):
    flow = ImageDataGenerator().flow(images, np.arange(10), batch_size=3)
    for _ in range(3):
        seen = np.concatenate([next(flow)[1] for _ in range(len(flow))])
        assert sorted(seen) == list(range(10))


def test_subsets_divide_the_images(images):
    generator = ImageDataGenerator(validation_split=0.3)
    parts = [
        generator.flow(images, np.arange(10), subset=one) for one in ("validation", "training")
    ]
    assert [part.n for part in parts] == [3, 7]
    assert not set(next(parts[0])[1]) & set(next(parts[1])[1])


def test_weights_and_further_inputs_come_with_their_images(images):
    further = np.arange(10) * 2
    flow = ImageDataGenerator().flow(
        (images, [further]), np.arange(10), sample_weight=np.arange(10) / 10
    )
    (made, other), y, weight = next(flow)
    np.testing.assert_array_equal(made, images[y])
    np.testing.assert_array_equal(other, 2 * y)
    np.testing.assert_allclose(weight, y / 10)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"fill_mode": "mirror"}, "fill_mode: expected one of constant, nearest"),
        ({"data_format": "last"}, "data_format: expected one of"),
        ({"validation_split": 1.0}, "validation_split: expected a number"),
        ({"zoom_range": [1, 2, 3]}, "zoom_range: expected two numbers"),
        ({"brightness_range": 0.2}, "brightness_range: expected two numbers"),
    ],
)
def test_options_that_keras_does_not_document_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        ImageDataGenerator(**options)


def test_folders_of_files_are_refused_with_what_to_do_instead():
    with pytest.raises(NotImplementedError, match="give their array to flow"):
        ImageDataGenerator().flow_from_directory("images")


NETWORK = """
import numpy
import keras
from keras.preprocessing.image import ImageDataGenerator
from keras.models import Sequential, load_model
from keras.layers import Dense, Activation, Flatten, Conv2D
model = Sequential()
model.add(Conv2D(4, (3, 3), padding='same', input_shape=x.shape[1:]))
model.add(Activation('relu'))
model.add(Flatten())
model.add(Dense(2, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer=keras.optimizers.rmsprop(lr=0.01, decay=1e-6),
              metrics=['accuracy'])
labels = keras.utils.to_categorical(y, 2)
generator = ImageDataGenerator(width_shift_range=0.1, horizontal_flip=True, validation_split=0.1)
generator.fit(x)
"""


@pytest.fixture
def bars():
    """Images with a bright bar that lies or stands, and which of the two."""
    rng = np.random.default_rng(6)
    y = np.arange(40) % 2
    x = rng.random((40, 6, 6, 1)).astype("float32") * 0.1
    for image, kind in zip(x, y, strict=True):
        image[(slice(None), 3) if kind else (3,)] = 1.0
    return {"x": x, "y": y}


@QUIET
def test_more_batches_an_epoch_than_a_pass_has_are_trained_on(bars):
    space = run(
        NETWORK
        + "history = model.fit_generator(generator.flow(x, labels, batch_size=8), epochs=3, "
        "steps_per_epoch=12, workers=8, verbose=0).history\n"
        "right = model.evaluate(generator.flow(x, labels, batch_size=8), verbose=0)[1]\n"
        "found = model.predict_classes(x)",
        **bars,
    )
    assert [len(values) for values in space["history"].values()] == [3, 3]
    assert (space["found"] == bars["y"]).mean() > 0.9
    assert space["right"] > 0.9


@QUIET
def test_flows_validate_and_loaded_models_take_them_too(bars, tmp_path):
    space = run(
        NETWORK + "model.fit(x, labels, verbose=0)\nmodel.save(path)\n"
        "other = load_model(path)\n"
        "history = other.fit(generator.flow(x, labels, batch_size=16), epochs=2, verbose=0,\n"
        "    validation_data=generator.flow(x, labels, subset='validation')).history\n",
        path=str(tmp_path / "model.keras"),
        **bars,
    )
    assert set(space["history"]) == {"accuracy", "loss", "val_accuracy", "val_loss"}


@QUIET
@pytest.mark.parametrize(
    "name", ["sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamax", "nadam"]
)
def test_optimizers_have_names_in_small_letters(name):
    space = run(f"import keras\nmade = keras.optimizers.{name}(learning_rate=0.25)")
    assert type(space["made"]).__name__.lower() == name
    assert float(space["made"].learning_rate) == 0.25


def test_text_in_colours_is_printed_plainly_without_termcolor(capsys, monkeypatch):
    monkeypatch.setattr("sortal.plugins.loading.imports.find_spec", lambda _: None)
    run(
        "from termcolor import cprint, colored\nimport termcolor\n"
        "cprint(f'{3} rows', 'red', attrs=['bold'], end='!')\nprint(colored('x', 'blue'))\n"
        "termcolor.cprint('done')"
    )
    assert capsys.readouterr().out == "3 rows!x\ndone\n"
