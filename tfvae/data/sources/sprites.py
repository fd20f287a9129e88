"""Sprites: images of one white shape, rendered from five known factors on the grid of dSprites."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.numpy_arrays import as_numpy
from tfvae.data.shuffle import Chunk
from tfvae.data.sources.base import StoredChunk
from tfvae.data.sources.random_access import RandomAccessSource
from tfvae.data.sources.row_layout import RowLayout
from tfvae.data.split import Keep

if TYPE_CHECKING:
    from tfvae.core.types import ArrayLike

_IMAGE = 64  # pixels of a side
_PATCH = 33  # pixels of a side of the square that holds any shape; 64 - 33 + 1 positions are 32
_SQUARE = 10.6  # half a side, in pixels at scale 1; no edge of a shape meets the center of a pixel
_ELLIPSE = (15.7, 9.1)  # semi-axes
_HEART = 11.1  # pixels of a unit of the curve, whose points are up to 1.44 units from the center
_SEED = 0  # of the order in which `SpriteImages` takes the images


@final
class Sprites:
    """Ground truth of the sprites: 737,280 images 64 x 64 x 1 of one white shape, and the factors of each.

    | factor | values |
    | --- | --- |
    | shape | 0 square, 1 ellipse, 2 heart |
    | scale | 6 sizes, 0.5, 0.6, ... 1.0 |
    | orientation | 40 angles, 0, 9, ... 351 degrees, counterclockwise |
    | x | 32 columns of the shape's center, 16, 17, ... 47 |
    | y | 32 rows of the shape's center, 16, 17, ... 47, from the top |

    The grid of factors is that of dSprites, the images are not: they are computed here, without
    antialiasing. A pixel is 1 if its center is inside the shape, otherwise 0. No shape is cut off by the
    image's border. The images of dSprites itself are the source `tfds:dsprites`.

    As in dSprites, different factors can give one image: a square looks the same after 90 degrees, 10 steps
    of the orientation, and an ellipse after 180 degrees, 20 steps. Their images do not tell the orientation,
    so that no encoder reaches the best value of every measure of disentanglement. Unlike in dSprites, the 40
    angles stop one step before the full turn, so that no angle is there twice.

    Attributes:
        factor_names: names of the factors.
        factor_sizes: number of values of each factor.

    Source: Matthey et al. 2017 (dSprites).

    Example:
        >>> sprites = Sprites()
        >>> len(sprites), sprites.factor_sizes
        (737280, (3, 6, 40, 32, 32))
        >>> sprites.images([[2, 5, 0, 16, 16]]).shape    # a large, upright heart in the middle
        (1, 64, 64, 1)
    """

    factor_names = ("shape", "scale", "orientation", "x", "y")
    factor_sizes = (3, 6, 40, 32, 32)

    def __len__(self) -> int:
        return int(np.prod(self.factor_sizes))

    def factors(self, rows: ArrayLike) -> np.ndarray:
        """Return the factors of rows of the grid, int64 [N, 5]; y changes fastest, then x.

        Args:
            rows: integers from 0 to 737,279, [N].

        Raises:
            InvalidInput: for a row outside the grid.

        Example:
            >>> Sprites().factors([0, 1, 32, 737279])
            array([[ 0,  0,  0,  0,  0],
                   [ 0,  0,  0,  0,  1],
                   [ 0,  0,  0,  1,  0],
                   [ 2,  5, 39, 31, 31]])
        """
        numbers = as_numpy("rows", rows)
        if numbers.dtype.kind not in "iu" or numbers.ndim != 1 or not _inside(numbers, len(self)):
            raise InvalidInput("rows", f"integers [N] from 0 to {len(self) - 1}", _described(numbers))
        return np.stack(np.unravel_index(numbers, self.factor_sizes), axis=-1).astype(np.int64)

    def sample_factors(self, num_samples: int, rng: np.random.Generator) -> np.ndarray:
        """Return independent, uniform factors, int64 [num_samples, 5].

        Args:
            num_samples: number of draws.
            rng: source of randomness.

        Raises:
            InvalidInput: for `num_samples` below one.
        """
        integer("num_samples", num_samples)
        return rng.integers(0, self.factor_sizes, (num_samples, len(self.factor_sizes)))

    def sample_observations(self, factors: ArrayLike, rng: np.random.Generator) -> np.ndarray:
        """Return `images(factors)`; what a ground truth with noise would draw is here a function.

        Args:
            factors: integers [N, 5], each below the factor's size.
            rng: not used.

        Raises:
            InvalidInput: for other factors.
        """
        return self.images(factors)

    def images(self, factors: ArrayLike) -> np.ndarray:
        """Return the images of factors, float32 [N, 64, 64, 1], zeros and ones.

        Args:
            factors: integers [N, 5], each below the factor's size.

        Raises:
            InvalidInput: for other factors.

        Example:
            >>> left, right = Sprites().images([[0, 0, 0, 3, 7], [0, 0, 0, 4, 7]])
            >>> bool((left[:, :-1] == right[:, 1:]).all())    # x is one more, all is one pixel further
            True
        """
        numbers = as_numpy("factors", factors)
        sizes = self.factor_sizes
        if numbers.dtype.kind not in "iu" or numbers.shape[1:] != (5,) or not _inside(numbers, sizes):
            raise InvalidInput("factors", f"integers [N, 5] below {sizes}", _described(numbers))
        shape, scale, orientation, x, y = numbers.astype(np.int64).T
        patch = np.arange(_PATCH)
        rows, columns = (first[:, np.newaxis] + patch for first in (y, x))
        image = np.arange(len(numbers))[:, np.newaxis, np.newaxis]
        pixels = np.zeros((len(numbers), _IMAGE, _IMAGE), np.float32)
        patches = _patches()[shape, scale, orientation]
        pixels[image, rows[:, :, np.newaxis], columns[:, np.newaxis, :]] = patches
        return pixels[..., np.newaxis]


@final
class SpriteImages(RandomAccessSource):
    """A random sample of the images of `Sprites`, without replacement; its labels are the shapes.

    A larger sample begins with a smaller one. Images are rendered when they are read.

    Args:
        count: number of images, as a text from "1" to "737280"; an empty text means all.

    Raises:
        InvalidInput: for another count.

    Example:
        >>> source = SpriteImages("1000")
        >>> source.shape, source.size, source.factors.shape
        ((64, 64, 1), 1000, (1000, 5))
    """

    def __init__(self, count: str = ""):
        super().__init__(f"sprites:{count}")
        self._ground_truth = Sprites()
        largest = len(self._ground_truth)
        if count and not (re.fullmatch("[0-9]{1,6}", count) and 1 <= int(count) <= largest):
            raise InvalidInput("source", f"sprites: or sprites:N with N from 1 to {largest}", self.name)
        self._count = int(count) if count else largest

    @functools.cached_property
    def factors(self) -> np.ndarray:
        """Shape, scale, orientation, x and y of each image, int64 [N, 5], in the order of reading."""
        order = np.random.default_rng(_SEED).permutation(len(self._ground_truth))
        return self._ground_truth.factors(order[: self._count])

    def shuffled(
        self, keep: Keep, generator: np.random.Generator, batch: int, capacity: int
    ) -> Iterator[Chunk]:
        """Read all rows once, in random order; without a pool, as any row is rendered at once."""
        order = generator.permutation(np.flatnonzero(keep(0, self._count)))
        for start in range(0, len(order), batch):
            yield self._convert(*self._rendered(self.factors[order[start : start + batch]]))

    def _read_layout(self) -> RowLayout:
        return RowLayout((_IMAGE, _IMAGE, 1), np.dtype(np.float32), self._count, np.dtype(np.int64))

    def _read(self, start: int, stop: int) -> StoredChunk:
        return self._rendered(self.factors[start:stop])

    def _rendered(self, factors: np.ndarray) -> StoredChunk:
        return self._ground_truth.images(factors), factors[:, 0]


@functools.cache
def _patches() -> np.ndarray:
    """Return which pixels around the center are inside each shape, bool [3, 6, 40, 33, 33]."""
    scale = np.linspace(0.5, 1.0, 6)[:, np.newaxis, np.newaxis, np.newaxis]
    angle = np.radians(9.0 * np.arange(40))[:, np.newaxis, np.newaxis]
    right = np.arange(_PATCH) - _PATCH // 2
    up = -right[:, np.newaxis]
    along = (np.cos(angle) * right + np.sin(angle) * up) / scale  # turned back, at scale 1
    across = (np.cos(angle) * up - np.sin(angle) * right) / scale
    square = np.maximum(np.abs(along), np.abs(across)) <= _SQUARE
    ellipse = (along / _ELLIPSE[0]) ** 2 + (across / _ELLIPSE[1]) ** 2 <= 1
    u, v = along / _HEART, across / _HEART
    heart = (u**2 + v**2 - 1) ** 3 <= u**2 * v**3
    return np.stack([square, ellipse, heart])


def _inside(numbers: np.ndarray, sizes: int | tuple[int, ...]) -> bool:
    return bool(((numbers >= 0) & (numbers < np.asarray(sizes))).all())


def _described(numbers: np.ndarray) -> str:
    described = f"{numbers.dtype} of shape {numbers.shape}"
    if numbers.size and numbers.dtype.kind in "iuf":
        described += f" from {numbers.min()} to {numbers.max()}"
    return described
