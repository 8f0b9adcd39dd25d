"""One random change of an image: turned, shifted, sheared, zoomed, mirrored, brighter, or another tint.

The arithmetic is that which Keras 2 documents for its `ImageDataGenerator`: an affine map from
the places of the new image to those of the old one, about the middle of the image, with
`scipy.ndimage` between pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

FillMode: TypeAlias = Literal["constant", "nearest", "reflect", "wrap"]
Range: TypeAlias = float | Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """What happens to one image; the defaults change nothing."""

    theta: float = 0.0
    """Angle of rotation [degrees]."""

    tx: float = 0.0
    """Shift along the height [pixels]."""

    ty: float = 0.0
    """Shift along the width [pixels]."""

    shear: float = 0.0
    """Angle of shear [degrees]."""

    zx: float = 1.0
    """Zoom of the height: below 1 enlarges."""

    zy: float = 1.0
    """Zoom of the width."""

    flip_horizontal: bool = False
    flip_vertical: bool = False

    channel_shift_intensity: float | None = None
    """Number that is added to every pixel; results are clipped to the range of the image."""

    brightness: float | None = None
    """Factor of every pixel."""

    @property
    def matrix(self) -> np.ndarray | None:
        """Rotation, shift, shear and zoom in one matrix, shape (3, 3); None where nothing moves."""
        still = (self.theta, self.tx, self.ty, self.shear, self.zx, self.zy)
        if still == (0.0, 0.0, 0.0, 0.0, 1.0, 1.0):
            return None
        angle, lean = np.deg2rad(self.theta), np.deg2rad(self.shear)
        turn = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
        move = [[1, 0, self.tx], [0, 1, self.ty], [0, 0, 1]]
        slant = [[1, -np.sin(lean), 0], [0, np.cos(lean), 0], [0, 0, 1]]
        scale = [[self.zx, 0, 0], [0, self.zy, 0], [0, 0, 1]]
        whole: np.ndarray = np.array(turn) @ np.array(move) @ np.array(slant) @ np.array(scale)
        return whole

    def apply(
        self, image: np.ndarray, *, fill_mode: FillMode, cval: float, order: int
    ) -> np.ndarray:
        """The changed image.

        Args:
            image: Shape (height, width, channels).
            fill_mode: What lies beyond the edges.
            cval: Value beyond the edges for `constant`.
            order: Order of the splines between pixels, 0 to 5.
        """
        changed = image
        if (matrix := self.matrix) is not None:
            changed = _moved(changed, matrix, fill_mode=fill_mode, cval=cval, order=order)
        if self.channel_shift_intensity is not None:
            shifted = changed + self.channel_shift_intensity
            changed = np.clip(shifted, changed.min(), changed.max())
        if self.flip_horizontal:
            changed = changed[:, ::-1]
        if self.flip_vertical:
            changed = changed[::-1]
        if self.brightness is not None:
            # Pixels are bytes or shares of one: brighter ones end at white.
            white = 255.0 if changed.max() > 1.0 else 1.0
            changed = np.clip(changed * self.brightness, min(0.0, float(changed.min())), white)
        return changed


def _moved(
    image: np.ndarray, matrix: np.ndarray, *, fill_mode: FillMode, cval: float, order: int
) -> np.ndarray:
    from scipy import ndimage  # plugins without images need not wait for it

    height, width = image.shape[:2]
    # The middle lies between the pixels of an even length.
    middle = np.array([height / 2 - 0.5, width / 2 - 0.5])
    inner = matrix[:2, :2]
    offset = middle + matrix[:2, 2] - inner @ middle
    channels = [
        ndimage.affine_transform(
            image[..., channel], inner, offset, order=order, mode=fill_mode, cval=cval
        )
        for channel in range(image.shape[2])
    ]
    return np.stack(channels, axis=-1)


def draw_shift(rng: np.random.Generator, wanted: Range, size: int) -> float:
    """A random shift along one axis [pixels].

    Args:
        rng: Random numbers.
        wanted: A share of the size below 1, or pixels; a whole number n draws whole pixels from
            -n + 1 to n - 1, and a list one of its values with either sign.
        size: Length of the axis [pixels].
    """
    if np.ndim(wanted) == 0 and not isinstance(wanted, int | np.integer):
        drawn = float(rng.uniform(-float(wanted), float(wanted)))  # type: ignore[arg-type]
    else:
        choice: Any = int(wanted) if np.ndim(wanted) == 0 else np.asarray(wanted)  # type: ignore[arg-type]
        drawn = float(rng.choice(choice) * rng.choice([-1, 1])) if np.any(choice) else 0.0
    return drawn * size if np.max(wanted) < 1 else drawn
