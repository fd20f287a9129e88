"""The autoregressive likelihood of binary images: each pixel given z and the pixels before it."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.support import Support
from tfvae.core.types import Array, DType, InputShape, Tensor, Tensors
from tfvae.distributions import AutoregressiveBernoulli
from tfvae.likelihoods.base import Likelihood


class Autoregressive(Likelihood):
    """p(x|z) = prod_i p(x_i|x_1, ..., x_(i-1), z) over the pixels i, row by row; Bernoulli.

    A small PixelCNN: the first convolution sees only pixels before i (mask A), the later ones also their
    own place (mask B), and each adds features of z at every pixel. The channels of one pixel are
    independent given z and the pixels before. Gray values in [0, 1] are accepted, as for `Bernoulli`.

    The decoder's features are [B, n], or [B, height, width, n].

    Drawing, and `mean`, run the network once for each pixel, one after the other.

    Args:
        event_shape: (height, width, channels).
        num_layers: number of masked convolutions; each lets a pixel see `kernel_size // 2` further.
        filters: channels of each convolution.
        kernel_size: height and width of each convolution's kernel, odd.

    Source: Gulrajani et al. 2017 (PixelVAE), section 3; masks: van den Oord et al. 2016 (PixelRNN),
    section 3.4.

    Example:
        >>> likelihood = Autoregressive((4, 4, 1), num_layers=2, filters=3, kernel_size=3)
        >>> px = likelihood.distribution(likelihood(tf.ones([5, 2])))
        >>> px.log_prob(px.sample(seed=(1, 2))).shape
        TensorShape([5])
    """

    support = Support(0.0, 1.0, hint=" (divide 8-bit images by 255)")

    def __init__(
        self,
        event_shape: tuple[int, int, int],
        num_layers: int = 4,
        filters: int = 32,
        kernel_size: int = 5,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(event_shape, name=name, dtype=dtype)
        if len(self.event_shape) != 3:
            raise InvalidInput("event_shape", "(height, width, channels)", self.event_shape)
        self.num_layers = integer("num_layers", num_layers)
        self.filters = integer("filters", filters)
        self.kernel_size = integer("kernel_size", kernel_size, 3)
        if kernel_size % 2 == 0:
            raise InvalidInput("kernel_size", "an odd number of at least 3", kernel_size)

    def build(self, input_shape: InputShape) -> None:
        """Make the masked convolutions, and the projection of features to each of them."""
        channels, size = self.event_shape[-1], self.kernel_size
        grid = (*self.event_shape[:2], 1)
        self.head = Head(grid, self.num_layers * self.filters, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)
        sizes = [channels] + [self.filters] * self.num_layers
        self.kernels = [
            self.add_weight(
                name=f"kernel_{layer}",
                shape=(size, size, sizes[layer], self.filters),
                initializer="glorot_uniform",
            )
            for layer in range(self.num_layers)
        ]
        self.out_kernel = self.add_weight(
            name="out_kernel", shape=(1, 1, self.filters, channels), initializer="glorot_uniform"
        )
        self.out_bias = self.add_weight(name="out_bias", shape=(channels,), initializer="zeros")

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"features"}, what z adds to each layer, [B, height, width, num_layers * filters]."""
        return {"features": self.head(inputs)[..., 0, :]}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the distribution of an image; it reads the network's weights at each use."""
        return AutoregressiveBernoulli(params["features"], self.event_shape, self.logits, self.generate)

    def mean(self, params: Tensors) -> Tensor:
        """Return an image without noise, [..., height, width, channels]: each p_i given the p before it.

        p_i = p(x_i = 1|p_1, ..., p_(i-1), z), the network taking probabilities for pixels. This stands
        for E[x|z], which would be a sum over all images, and equals it where pixels are independent.
        """
        features = params["features"]
        shape = tf.concat([tf.shape(features)[:-1], [self.event_shape[-1]]], 0)
        image = self.generate(features, 1, lambda place, logits: tf.sigmoid(logits))
        return tf.ensure_shape(tf.reshape(image, shape), [*features.shape[:-1], self.event_shape[-1]])

    def logits(self, x: Tensor, features: Tensor) -> Tensor:
        """Return the logits of all pixels, each given the pixels of x before it.

        Args:
            x: images [..., height, width, channels].
            features: what `call` returned, [..., height, width, num_layers * filters]; the leading axes
                of the two are broadcast.
        """
        added = tf.split(tf.cast(features, self.compute_dtype), self.num_layers, axis=-1)
        kernels = self._masked_kernels()
        hidden = tf.nn.elu(_convolved(tf.cast(x, self.compute_dtype), kernels[0]) + added[0])
        for kernel, more in zip(kernels[1:], added[1:], strict=True):
            hidden += tf.nn.elu(_convolved(hidden, kernel) + more)
        return tf.cast(_convolved(hidden, self._value(self.out_kernel)), tf.float32) + self.out_bias

    def generate(
        self, features: Tensor, repeats: int | Tensor, value: Callable[[Tensor, Tensor], Tensor]
    ) -> Tensor:
        """Return images generated pixel by pixel, each from the logits given the pixels so far.

        The same network as `logits`, of which every step computes one pixel from its neighbors.

        Args:
            features: what `call` returned, [..., height, width, num_layers * filters]; N of them.
            repeats: number of images for each.
            value: function of a pixel's index and its logits [repeats N, channels] to its values, of that
                shape.

        Returns:
            Images [repeats N, height, width, channels].
        """
        height, width, channels = self.event_shape
        places, size = height * width, self.kernel_size**2
        added = tf.reshape(tf.cast(features, self.compute_dtype), (-1, places, self.num_layers, self.filters))
        added = tf.transpose(added, (1, 2, 0, 3))  # [places, layers, N, filters]
        count = tf.shape(added)[2] * repeats
        counts = [size // 2] + [size // 2 + 1] * (self.num_layers - 1)  # of neighbors
        neighbors = tf.constant(_neighbors(height, width, self.kernel_size))
        kernels = [
            tf.reshape(kernel, (size, -1, self.filters))[:seen]
            for kernel, seen in zip(self._masked_kernels(), counts, strict=True)
        ]
        out_kernel = self._value(self.out_kernel)[0, 0]

        def layer_output(layer: int, place: Tensor, rows: Tensor) -> Tensor:
            around = tf.gather(rows, neighbors[place, : counts[layer]])
            new = tf.einsum("kni,kio->no", around, kernels[layer])
            return tf.nn.elu(new + tf.tile(added[place, layer], (repeats, 1)))

        def step(place: Tensor, x: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
            *rows, image = others  # of the layers but the last; and of the values
            hidden = layer_output(0, place, x)
            for layer in range(1, self.num_layers):
                rows[layer - 1] = _with_row(rows[layer - 1], place, hidden)
                hidden += layer_output(layer, place, rows[layer - 1])
            logits = tf.cast(hidden @ out_kernel, tf.float32) + self.out_bias
            values = value(place, logits)
            x = _with_row(x, place, tf.cast(values, self.compute_dtype))
            return place + 1, x, *rows, _with_row(image, place, values)

        # Of x and of each layer but the last: a row for each place, and one of zeros for outside.
        widths = [channels] + [self.filters] * (self.num_layers - 1)
        states = [tf.zeros((places + 1, count, number), self.compute_dtype) for number in widths]
        image = tf.zeros((places, count, channels))
        _, *_, image = tf.while_loop(
            lambda place, *_: place < places, step, (0, *states, image), maximum_iterations=places
        )
        return tf.reshape(tf.transpose(image, (1, 0, 2)), (-1, *self.event_shape))

    def _masked_kernels(self) -> list[Tensor]:
        """Return the kernels, 0 from the middle on (mask A) in the first and after it (mask B) in others."""
        size = self.kernel_size
        place = np.arange(size * size).reshape(size, size, 1, 1)
        return [
            self._value(kernel * (place < size * size // 2 + (layer > 0)).astype("float32"))
            for layer, kernel in enumerate(self.kernels)
        ]

    def _value(self, weight: keras.Variable | Tensor) -> Tensor:
        return tf.cast(tf.convert_to_tensor(weight), self.compute_dtype)


def _convolved(x: Tensor, kernel: Tensor) -> Tensor:
    leading = tf.shape(x)[:-3]
    flat = tf.nn.conv2d(tf.reshape(x, (-1, *x.shape[-3:])), kernel, strides=1, padding="SAME")
    return tf.reshape(flat, tf.concat([leading, flat.shape[1:]], 0))


def _neighbors(height: int, width: int, size: int) -> Array:
    """Return for each pixel the indices of those around it up to itself; height * width for outside."""
    row, column = np.divmod(np.arange(height * width)[:, np.newaxis], width)
    down, right = np.divmod(np.arange(size * size // 2 + 1), size)
    row, column = row + down - size // 2, column + right - size // 2
    inside = (row >= 0) & (column >= 0) & (column < width)
    return np.where(inside, row * width + column, height * width).astype("int32")


def _with_row(rows: Tensor, index: Tensor, row: Tensor) -> Tensor:
    return tf.tensor_scatter_nd_update(rows, [[index]], row[tf.newaxis])
