"""Layers that corrupt what an encoder sees, in training only: for denoising autoencoders.

Keras's own noise layers do not save their random state, and draw the same noise on every replica.
"""

from __future__ import annotations

import abc

import tensorflow as tf

from tfvae.core.checks import real_number
from tfvae.core.noise import SeedStream
from tfvae.core.part import Part
from tfvae.core.types import DType, InputShape, Tensor


class Corruption(Part, abc.ABC):
    """A layer that adds noise in training, and passes its input on otherwise; abstract.

    Its random state is a weight, which is saved with the model, and differs between replicas.

    Args:
        seed: start of the random numbers; None takes it from Python's.
    """

    def __init__(self, seed: int | None = None, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.seed = seed
        self.stream = SeedStream(seed, name="stream")

    @abc.abstractmethod
    def corrupted(self, inputs: Tensor, seed: Tensor) -> Tensor:
        """Return the inputs with noise made from an int32 [2] seed."""

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Return the inputs, corrupted in training, in float32."""
        inputs = tf.cast(inputs, tf.float32)
        return self.corrupted(inputs, self.stream.next()) if training else inputs

    def compute_output_shape(self, input_shape: InputShape) -> InputShape:
        """Return the input's shape."""
        return input_shape


class GaussianNoise(Corruption):
    """x + stddev noise,  noise ~ N(0, I).

    Args:
        stddev: standard deviation of the noise, in the units of x.
        seed: start of the random numbers; None takes it from Python's.

    Source: Vincent et al. 2010.

    Example:
        >>> layer = GaussianNoise(0.1, seed=0)
        >>> bool(tf.reduce_all(layer(tf.ones((2, 3))) == 1.0)), layer(tf.ones((2, 3)), training=True).shape
        (True, TensorShape([2, 3]))
    """

    def __init__(
        self, stddev: float, seed: int | None = None, *, name: str | None = None, dtype: DType = None
    ):
        super().__init__(seed, name=name, dtype=dtype)
        self.stddev = real_number("stddev", stddev, at_least=0)

    def corrupted(self, inputs: Tensor, seed: Tensor) -> Tensor:
        """Return the inputs plus the noise."""
        return inputs + self.stddev * tf.random.stateless_normal(tf.shape(inputs), seed)


class MaskingNoise(Corruption):
    """x with each element set to 0 with probability `rate`; the others are unchanged.

    Args:
        rate: share of the elements, in [0, 1], that are set to 0.
        seed: start of the random numbers; None takes it from Python's.

    Source: Vincent et al. 2008, section 2.3.

    Example:
        >>> MaskingNoise(1.0)(tf.ones((1, 3)), training=True).numpy()
        array([[0., 0., 0.]], dtype=float32)
    """

    def __init__(self, rate: float, seed: int | None = None, *, name: str | None = None, dtype: DType = None):
        super().__init__(seed, name=name, dtype=dtype)
        self.rate = real_number("rate", rate, 0, 1)

    def corrupted(self, inputs: Tensor, seed: Tensor) -> Tensor:
        """Return the inputs with some elements set to 0."""
        return tf.where(tf.random.stateless_uniform(tf.shape(inputs), seed) < self.rate, 0.0, inputs)
