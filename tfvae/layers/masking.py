"""Layers that hide a part of what an encoder sees, in training only: for models that fill in the rest.

A place is hidden with all its channels, so that after `likelihoods.WithMissingMask` its mask is hidden with
its value. The likelihood still scores all of x. The loss is then a bound of log p(x) for any part x_s that is
seen, with a posterior that depends on this part alone:

    E_s[ E_q(z|x_s) log p(x|z) - KL(q(z|x_s) || p(z)) ] <= log p(x)
"""

from __future__ import annotations

import abc
import math

import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType, InputShape, Tensor
from tfvae.layers.corruption import Corruption


class RandomMask(Corruption):
    """A layer that sets random places to 0 in training; abstract.

    Its input is [B, *places, channels]; the places are all axes but the first and the last.

    Args:
        seed: start of the random numbers; None takes it from Python's.
    """

    @abc.abstractmethod
    def hidden(self, shape: Tensor, rank: int, seed: Tensor) -> Tensor:
        """Return which places are hidden, booleans [B, *places].

        Args:
            shape: of the result, int32 [rank].
            rank: number of axes of the result.
            seed: int32 [2].
        """

    def corrupted(self, inputs: Tensor, seed: Tensor) -> Tensor:
        """Return the inputs with zeros in hidden places."""
        hidden = self.hidden(tf.shape(inputs)[:-1], inputs.shape.rank - 1, seed)
        return tf.where(hidden[..., tf.newaxis], 0.0, inputs)


class MaskElements(RandomMask):
    """Each place hidden with probability `rate`, independently.

    Args:
        rate: share of the places, in [0, 1].
        seed: start of the random numbers; None takes it from Python's.

    Source: Ivanov et al. 2019 (VAEAC), which hides elements so in training.

    Example:
        >>> MaskElements(1.0)(tf.ones((1, 2, 3)), training=True).numpy().sum()
        np.float32(0.0)
    """

    def __init__(self, rate: float, seed: int | None = None, *, name: str | None = None, dtype: DType = None):
        super().__init__(seed, name=name, dtype=dtype)
        self.rate = _checked_share("rate", rate)

    def hidden(self, shape: Tensor, rank: int, seed: Tensor) -> Tensor:
        """Return independent booleans."""
        return tf.random.stateless_uniform(shape, seed) < self.rate


class MaskBlock(RandomMask):
    """A box hidden in each example, at a random position, a rectangle in an image.

    Along each axis its length is a share of the axis drawn uniformly from [smallest, largest], rounded.

    Args:
        smallest: smallest share of an axis, in [0, 1].
        largest: largest share of an axis, at least `smallest`.
        seed: start of the random numbers; None takes it from Python's.

    Source: Pathak et al. 2016, section 3.3 (region masks).

    Example:
        >>> MaskBlock(0.5, 0.5)(tf.ones((1, 4, 4, 1)), training=True).numpy().sum()
        np.float32(12.0)
    """

    def __init__(
        self,
        smallest: float = 0.25,
        largest: float = 0.75,
        seed: int | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(seed, name=name, dtype=dtype)
        self.smallest, self.largest = _checked_share("smallest", smallest), _checked_share("largest", largest)
        if smallest > largest:
            raise InvalidInput("largest", f"a share of at least smallest, {smallest}", largest)

    def hidden(self, shape: Tensor, rank: int, seed: Tensor) -> Tensor:
        """Return a box of places for each example."""
        draws = tf.random.stateless_uniform((2, rank - 1, shape[0]), seed)
        hidden = tf.fill(shape, True)
        for axis in range(1, rank):
            size = tf.cast(shape[axis], tf.float32)
            share = self.smallest + (self.largest - self.smallest) * draws[0, axis - 1]
            length = tf.round(share * size)
            first = tf.floor(draws[1, axis - 1] * (size - length + 1))
            hidden &= _between(shape[axis], first, first + length, axis, rank)
        return hidden


class MaskHalf(RandomMask):
    """Half of each example hidden: the first or the last half along an axis, with equal probability.

    In an image: the upper, the lower, the left or the right half. With an odd length the middle place is
    hidden as well.

    Args:
        seed: start of the random numbers; None takes it from Python's.

    Source: Sohn et al. 2015, section 5 (filling in digits of which quarters are seen).

    Example:
        >>> MaskHalf()(tf.ones((1, 4, 4, 1)), training=True).numpy().sum()
        np.float32(8.0)
    """

    def hidden(self, shape: Tensor, rank: int, seed: Tensor) -> Tensor:
        """Return half of the places for each example."""
        which = tf.random.stateless_uniform((shape[0],), seed, 0, 2 * (rank - 1), tf.int32)
        hidden = tf.fill(shape, False)
        for axis in range(1, rank):
            half = tf.math.ceil(tf.cast(shape[axis], tf.float32) / 2)
            for side, first in enumerate((0.0, tf.cast(shape[axis], tf.float32) - half)):
                chosen = which == 2 * (axis - 1) + side
                first = tf.where(chosen, first, math.inf)
                hidden |= _between(shape[axis], first, first + half, axis, rank)
        return hidden


class MaskOneOf(RandomMask):
    """Each example hidden in one of several ways, with equal probability.

    Args:
        ways: the layers to choose from; their own random numbers are not used.
        seed: start of the random numbers; None takes it from Python's.

    Source: Ivanov et al. 2019 (VAEAC), whose training masks are a mixture.

    Example:
        >>> MaskOneOf((MaskHalf(), MaskElements(0.5)))(tf.ones((2, 4, 1)), training=True).shape
        TensorShape([2, 4, 1])
    """

    def __init__(
        self,
        ways: tuple[RandomMask, ...],
        seed: int | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(seed, name=name, dtype=dtype)
        if not ways or not all(isinstance(way, RandomMask) for way in ways):
            raise InvalidInput("ways", "one or more layers that hide", ways)
        self.ways = tuple(ways)

    def build(self, input_shape: InputShape) -> None:
        """Build the layers to choose from."""
        for way in self.ways:
            way.build(input_shape)

    def hidden(self, shape: Tensor, rank: int, seed: Tensor) -> Tensor:
        """Return the places of the way that each example was given."""
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, len(self.ways) + 1))
        which = tf.random.stateless_uniform((shape[0],), seeds[-1], 0, len(self.ways), tf.int32)
        hidden = tf.fill(shape, False)
        for number, (way, way_seed) in enumerate(zip(self.ways, seeds, strict=False)):
            chosen = tf.reshape(which == number, (-1, *(1,) * (rank - 1)))
            hidden |= chosen & way.hidden(shape, rank, way_seed)
        return hidden


def _between(size: Tensor, first: Tensor, end: Tensor, axis: int, rank: int) -> Tensor:
    """Return whether a place along an axis lies in [first, end) of its example, to be broadcast."""
    places = tf.range(tf.cast(size, tf.float32))
    inside = (places >= first[:, tf.newaxis]) & (places < end[:, tf.newaxis])
    return tf.reshape(inside, [-1, *(size if other == axis else 1 for other in range(1, rank))])


def _checked_share(argument: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise InvalidInput(argument, "a share in [0, 1]", value)
    return value
