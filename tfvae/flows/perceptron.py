"""The small network of a flow's coefficients, and of other densities that are computed in float32."""

from __future__ import annotations

import itertools

import keras
import tensorflow as tf

from tfvae.core.checks import integer, integers
from tfvae.core.part import Part
from tfvae.core.types import DType, Tensor


class TanhPerceptron(Part):
    """A perceptron of tanh units whose outputs start close to 0, in float32 in any policy.

    Args:
        input_dim: number of inputs.
        output_dim: number of outputs.
        hidden: sizes of the hidden layers.

    Example:
        >>> TanhPerceptron(3, 2, hidden=(8,))(tf.zeros([7, 5, 3])).shape
        TensorShape([7, 5, 2])
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        hidden: tuple[int, ...] = (64, 64),
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.input_dim = integer("input_dim", input_dim)
        self.output_dim = integer("output_dim", output_dim)
        self.hidden = integers("hidden", hidden)
        last = keras.initializers.RandomNormal(stddev=0.01)
        initializers = [*(keras.initializers.GlorotUniform() for _ in self.hidden), last]
        shapes = itertools.pairwise((input_dim, *self.hidden, output_dim))
        self.kernels, self.biases = [], []
        for number, (shape, initializer) in enumerate(zip(shapes, initializers, strict=True)):
            self.kernels.append(
                self.add_weight(name=f"kernel_{number}", shape=shape, initializer=initializer)
            )
            self.biases.append(self.add_weight(name=f"bias_{number}", shape=shape[1:]))
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """Return [..., output_dim] for [..., input_dim]."""
        value = tf.cast(inputs, tf.float32)
        for number, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            value = project(value if number == 0 else tf.tanh(value), as_float32(kernel)) + as_float32(bias)
        return value


def project(value: Tensor, kernel: Tensor) -> Tensor:
    """Return the product [..., m] of values [..., n] with a matrix [n, m].

    Example:
        >>> project(tf.ones([2, 3, 4]), tf.ones([4, 5])).shape
        TensorShape([2, 3, 5])
    """
    rows, columns = kernel.shape
    flat = tf.linalg.matmul(tf.reshape(value, (-1, rows)), kernel)
    return tf.reshape(flat, tf.concat([tf.shape(value)[:-1], [columns]], 0))


def as_float32(weight: keras.Variable) -> Tensor:
    """Return a weight as a float32 tensor.

    Example:
        >>> as_float32(keras.Variable([1.0], dtype="bfloat16")).dtype
        tf.float32
    """
    return tf.cast(tf.convert_to_tensor(weight), tf.float32)
