"""`ImageDataGenerator` of Keras 2, which Keras 3 has dropped: batches of randomly changed images.

Own code after its documentation. What it draws comes from a stream of its own that the global
generator of NumPy starts (or `seed`), so a plugin that seeds NumPy gets the same batches again.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Never

import numpy as np

from sortal.plugins.keras.image_transform import FillMode, Range, Transform, draw_shift

_MODES = ("constant", "nearest", "reflect", "wrap")
_TINY = 1e-6
"""Added to deviations before they divide."""


class ImageDataGenerator:
    """Changes images at random and standardizes them, batch by batch."""

    def __init__(  # noqa: PLR0917 - the words and the order of Keras
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-06,
        rotation_range: float = 0,
        width_shift_range: Range = 0.0,
        height_shift_range: Range = 0.0,
        brightness_range: Sequence[float] | None = None,
        shear_range: float = 0.0,
        zoom_range: Range = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: FillMode = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[np.ndarray], Any] | None = None,
        data_format: Literal["channels_last", "channels_first"] | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: str | None = None,
    ) -> None:
        """Keep the options; their meanings are those of Keras 2.

        Raises:
            ValueError: An option is none of those that Keras documents.
        """
        self.featurewise_center = featurewise_center or zca_whitening
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.featurewise_std_normalization = featurewise_std_normalization and not zca_whitening
        self.featurewise_center = self.featurewise_center or featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.brightness_range = _pair(brightness_range, "brightness_range")
        self.zoom_range = _zooms(zoom_range)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = _one_of("fill_mode", fill_mode, _MODES)
        self.cval, self.interpolation_order = cval, interpolation_order
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        formats = ("channels_last", "channels_first")
        self.data_format = _one_of("data_format", data_format or _usual_format(), formats)
        if not 0 <= validation_split < 1:
            _refuse("validation_split", "a number from 0 to below 1", validation_split)
        self.validation_split = validation_split
        self.dtype = dtype or "float32"
        self.mean: np.ndarray | None = None
        self.std: np.ndarray | None = None
        self.principal_components: np.ndarray | None = None
        """What `fit` finds; arrays as the images lie, channels last."""

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Compute mean, deviation and principal components where an option needs them.

        Args:
            x: Images, shape (examples, height, width, channels) or as `data_format` says.
            augment: Whether to compute them from randomly changed images.
            rounds: How often each image is changed for that.
            seed: Seed of the changes.

        Raises:
            ValueError: `x` has another number of axes.
        """
        images = self._last(_images(x)).astype(self.dtype)
        if augment:
            rng = _stream(seed)
            images = np.stack(
                [self._changed(image, rng) for _ in range(rounds) for image in images]
            )
        if self.featurewise_center:
            self.mean = images.mean(axis=(0, 1, 2), keepdims=True)[0]
            images = images - self.mean
        if self.featurewise_std_normalization:
            self.std = images.std(axis=(0, 1, 2), keepdims=True)[0]
            images = images / (self.std + _TINY)
        if self.zca_whitening:
            flat = images.reshape(len(images), -1)
            left, values, _ = np.linalg.svd(flat.T @ flat / len(flat))
            self.principal_components = (left / np.sqrt(values + self.zca_epsilon)) @ left.T

    def flow(  # noqa: PLR0917 - the words and the order of Keras
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: Literal["training", "validation"] | None = None,
    ) -> "ImageFlow":
        """Batches of randomly changed images, without end.

        Raises:
            ValueError: Lengths differ, or `subset` is asked for without `validation_split`.
        """
        images, *others = (x[0], *x[1]) if isinstance(x, tuple) else (x,)
        columns = [_images(images), *map(np.asarray, others)]
        after = [None if one is None else np.asarray(one) for one in (y, sample_weight)]
        lengths = {len(one) for one in (*columns, *after) if one is not None}
        if len(lengths) > 1:
            _refuse("flow", "arrays of one length", sorted(lengths))
        rows = self._rows(len(columns[0]), subset)
        chosen = (None if one is None else one[rows] for one in after)
        flow: ImageFlow = _flow_class()(self, [one[rows] for one in columns], *chosen)
        flow.begin(batch_size, shuffle=shuffle, seed=seed)
        flow.save_to(save_to_dir, save_prefix, save_format)
        return flow

    def flow_from_directory(self, *_: Any, **__: Any) -> Never:
        """Refused: data sets of ClaVis give arrays."""
        raise NotImplementedError(
            "flow_from_directory is not part of the shim for Keras of 2020: read the images "
            "(keras.utils.load_img) and give their array to flow."
        )

    flow_from_dataframe = flow_from_directory

    def get_random_transform(self, img_shape: Sequence[int], seed: int | None = None) -> Transform:
        """Draw what happens to one image of that shape."""
        return self._drawn(tuple(img_shape), _stream(seed))

    def apply_transform(self, x: Any, transform_parameters: Transform | dict[str, Any]) -> Any:
        """One image, changed; parameters are a `Transform` or its fields by name."""
        given = transform_parameters
        change = given if isinstance(given, Transform) else Transform(**given)
        return self._given(self._applied(self._last(np.asarray(x, self.dtype)), change))

    def random_transform(self, x: Any, seed: int | None = None) -> np.ndarray:
        """One image, changed at random."""
        return self._given(self._changed(self._last(np.asarray(x, self.dtype)), _stream(seed)))

    def standardize(self, x: Any) -> np.ndarray:
        """One image (or a batch of them) as the options say, without a random change."""
        return self._given(self._standard(self._last(np.array(x, self.dtype))))

    def batch(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Images changed at random and standardized, shape as they came."""
        made = [
            self._given(self._standard(self._changed(self._last(image), rng)))
            for image in images.astype(self.dtype)
        ]
        return np.stack(made).astype(self.dtype)

    def _changed(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self._applied(image, self._drawn(self._given(image).shape, rng))

    def _applied(self, image: np.ndarray, change: Transform) -> np.ndarray:
        order = self.interpolation_order
        return change.apply(image, fill_mode=self.fill_mode, cval=self.cval, order=order)

    def _drawn(self, shape: tuple[int, ...], rng: np.random.Generator) -> Transform:
        height, width = shape[1:3] if self.data_format == "channels_first" else shape[:2]
        zx = zy = 1.0
        if self.zoom_range != (1.0, 1.0):
            zx, zy = rng.uniform(*self.zoom_range, size=2).tolist()

        def spread(width: float) -> float:
            return float(rng.uniform(-width, width)) if width else 0.0

        return Transform(
            theta=spread(self.rotation_range),
            tx=draw_shift(rng, self.height_shift_range, height),
            ty=draw_shift(rng, self.width_shift_range, width),
            shear=spread(self.shear_range),
            zx=zx,
            zy=zy,
            flip_horizontal=bool(self.horizontal_flip and rng.random() < 0.5),
            flip_vertical=bool(self.vertical_flip and rng.random() < 0.5),
            channel_shift_intensity=spread(self.channel_shift_range)
            if self.channel_shift_range
            else None,
            brightness=float(rng.uniform(*self.brightness_range))
            if self.brightness_range
            else None,
        )

    def _standard(self, image: np.ndarray) -> np.ndarray:
        if self.preprocessing_function is not None:
            image = self._last(np.asarray(self.preprocessing_function(self._given(image))))
        if self.rescale:
            image = image * self.rescale
        axes = (-3, -2, -1)
        if self.samplewise_center:
            image = image - image.mean(axis=axes, keepdims=True)
        if self.samplewise_std_normalization:
            image = image / (image.std(axis=axes, keepdims=True) + _TINY)
        if self.featurewise_center and self._is_fitted(self.mean, "featurewise_center"):
            image = image - self.mean
        if self.featurewise_std_normalization and self._is_fitted(
            self.std, "featurewise_std_normalization"
        ):
            image = image / (np.asarray(self.std) + _TINY)
        if self.zca_whitening and self._is_fitted(self.principal_components, "zca_whitening"):
            flat = image.reshape(-1, int(np.prod(image.shape[-3:])))
            image = (flat @ self.principal_components).reshape(image.shape)
        return image

    def _is_fitted(self, found: np.ndarray | None, option: str) -> bool:
        if found is None:
            warnings.warn(
                f"ImageDataGenerator: {option} does nothing before fit(x) was called.", stacklevel=4
            )
        return found is not None

    def _rows(self, count: int, subset: str | None) -> slice:
        first = int(self.validation_split * count)
        if subset is None:
            return slice(None)
        _one_of("subset", subset, ("training", "validation"))
        if not self.validation_split:
            _refuse("subset", "nothing, because validation_split is 0", subset)
        return slice(0, first) if subset == "validation" else slice(first, None)

    def _last(self, images: np.ndarray) -> np.ndarray:
        """Channels last."""
        return np.moveaxis(images, -3, -1) if self.data_format == "channels_first" else images

    def _given(self, images: np.ndarray) -> np.ndarray:
        """Channels where the plugin has them."""
        return np.moveaxis(images, -1, -3) if self.data_format == "channels_first" else images


class ImageFlow:
    """Batches of one generator: by number as Keras asks for them, or one after another without end."""

    def __init__(
        self,
        generator: ImageDataGenerator,
        columns: list[np.ndarray],
        y: np.ndarray | None,
        weight: np.ndarray | None,
    ) -> None:
        super().__init__()
        self.image_data_generator = generator
        self._columns, self._y, self._weight = columns, y, weight
        self.n = len(columns[0])
        self._folder: Path | None = None

    def begin(self, batch_size: int, *, shuffle: bool, seed: int | None) -> None:
        """Set the size of batches, and start the stream that orders and changes images.

        Raises:
            ValueError: `batch_size` is below 1.
        """
        if batch_size < 1:
            _refuse("batch_size", "1 or more", batch_size)
        self.batch_size, self.shuffle = int(batch_size), shuffle
        self._seed = int(_stream(seed).integers(2**31))
        self.reset()

    def save_to(self, folder: str | None, prefix: str, ending: str) -> None:
        """Also write every image that is made to a folder."""
        self._folder = Path(folder) if folder else None
        self._prefix, self._ending = prefix, ending

    def reset(self) -> None:
        """Begin again."""
        self._epoch, self.batch_index = 0, 0

    def __len__(self) -> int:
        return max(1, -(-self.n // self.batch_size))

    def __getitem__(self, index: int) -> Any:
        """One batch of the present pass; the same number gives the same batch again."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        index %= len(self)
        rows = self._order()[index * self.batch_size : (index + 1) * self.batch_size]
        rng = np.random.default_rng((self._seed, self._epoch, index + 1))
        images = self.image_data_generator.batch(self._columns[0][rows], rng)
        self._save(images, index)
        others = [column[rows] for column in self._columns[1:]]
        made: Any = [images, *others] if others else images
        after = [one[rows] for one in (self._y, self._weight) if one is not None]
        return (made, *after) if after else made

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.batch_index >= len(self):
            self.on_epoch_end()
            self.batch_index = 0
        self.batch_index += 1
        return self[self.batch_index - 1]

    next = __next__

    def on_epoch_end(self) -> None:
        """Order and change the images anew in the next pass."""
        self._epoch += 1

    def _order(self) -> np.ndarray:
        if not self.shuffle:
            return np.arange(self.n)
        return np.random.default_rng((self._seed, self._epoch, 0)).permutation(self.n)

    def _save(self, images: np.ndarray, index: int) -> None:
        if self._folder:
            keras: Any = import_module("keras")
            for number, image in enumerate(images):
                name = f"{self._prefix}_{self._epoch}_{index}_{number}.{self._ending}"
                keras.utils.save_img(str(self._folder / name), image)


def _flow_class() -> Any:
    """A class of flows that the installed Keras takes as one of its data sets."""
    keras: Any = import_module("keras")
    return type("ImageFlow", (ImageFlow, keras.utils.PyDataset), {})


def _usual_format() -> str:
    keras: Any = import_module("keras")
    return str(keras.config.image_data_format())


def _stream(seed: int | None) -> np.random.Generator:
    """A stream that `seed` starts, or the global generator, which plugins seed."""
    started = np.random.randint(2**31) if seed is None else seed  # noqa: NPY002
    return np.random.default_rng(int(started))


def _images(x: Any) -> np.ndarray:
    array = np.asarray(x)
    if array.ndim != 4:
        _refuse("images", "4 axes: examples, height, width and channels", f"shape {array.shape}")
    return array


def _pair(given: Sequence[float] | None, name: str) -> tuple[float, float] | None:
    if given is None:
        return None
    if np.ndim(given) == 0 or len(given) != 2:
        _refuse(name, "two numbers, the least and the greatest", given)
    return float(given[0]), float(given[1])


def _zooms(given: Range) -> tuple[float, float]:
    if isinstance(given, int | float | np.number):
        return 1.0 - float(given), 1.0 + float(given)
    found = _pair(given, "zoom_range")
    return found or (1.0, 1.0)


def _one_of(name: str, given: Any, known: Sequence[str]) -> Any:
    if given not in known:
        _refuse(name, f"one of {', '.join(known)}", given)
    return given


def _refuse(name: str, expected: str, came: Any) -> Never:
    raise ValueError(f"ImageDataGenerator: {name}: expected {expected}, got {came!r}.")
