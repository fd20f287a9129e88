"""The masked autoregressive network."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer, integers
from tfvae.core.part import Part
from tfvae.core.types import Array, DType, Tensor
from tfvae.flows.perceptron import as_float32, project


class MaskedNetwork(Part):
    """A network whose outputs for entry i depend only on the entries before i.

    Each hidden unit has a degree m and sees the entries 1..m; a unit is fed by units of no larger degree,
    and the outputs of entry i by units of a degree below i. The hidden units are tanh; the last layer
    starts small. With a context, every hidden unit of the first layer sees all of it, and units of degree 0
    carry it to the first entry.

    Args:
        latent_dim: number of entries, in and out.
        channels: outputs for each entry.
        hidden: sizes of the hidden layers.
        context_dim: size of the context; 0 means none.

    Source: Germain et al. 2015 (MADE), section 3.

    Example:
        >>> MaskedNetwork(4, channels=2, hidden=(16,))(tf.zeros([5, 4])).shape
        TensorShape([5, 4, 2])
    """

    def __init__(
        self,
        latent_dim: int,
        channels: int,
        hidden: tuple[int, ...] = (64, 64),
        context_dim: int = 0,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)
        self.channels = integer("channels", channels)
        self.hidden = integers("hidden", hidden)
        self.context_dim = integer("context_dim", context_dim, at_least=0)
        self._make_weights()
        self.built = True

    def _make_weights(self) -> None:
        lowest = 0 if self.context_dim else 1
        degrees = [np.arange(1, self.latent_dim + 1)]
        if self.latent_dim > 1 or self.context_dim:  # else the one entry depends on nothing
            span = self.latent_dim - lowest
            degrees += [lowest + np.arange(width) * span // width for width in self.hidden]
        outputs = np.arange(self.latent_dim)  # below i, so that >= means >
        self.masks = [
            (below[:, np.newaxis] <= above).astype("float32") for below, above in itertools.pairwise(degrees)
        ]
        last = np.repeat((degrees[-1][:, np.newaxis] <= outputs), self.channels, axis=1).astype("float32")
        self.masks.append(last)
        self.kernels = [self._kernel(mask, number) for number, mask in enumerate(self.masks)]
        self.biases = [
            self.add_weight(name=f"bias_{number}", shape=mask.shape[1:], initializer="zeros", autocast=False)
            for number, mask in enumerate(self.masks)
        ]
        if self.context_dim:
            self.context_kernel = self.add_weight(
                name="context_kernel",
                shape=(self.context_dim, self.hidden[0]),
                initializer="glorot_uniform",
                autocast=False,
            )

    def _kernel(self, mask: Array, number: int) -> keras.Variable | None:
        if not mask.any():
            return None  # weights that are all masked would never learn
        last = number == len(self.masks) - 1
        spread = 0.01 if last else max(1.0, mask.sum(axis=0).mean()) ** -0.5
        initializer = keras.initializers.RandomNormal(stddev=float(spread))
        return self.add_weight(
            name=f"kernel_{number}", shape=mask.shape, initializer=initializer, autocast=False
        )

    def call(self, inputs: Tensor, context: Tensor | None = None) -> Tensor:
        """Return [..., latent_dim, channels] in float32.

        Args:
            inputs: [..., latent_dim].
            context: [..., context_dim], whose leading axes broadcast against those of the inputs.
        """
        value = tf.cast(inputs, tf.float32)
        for number, (mask, kernel, bias) in enumerate(
            zip(self.masks, self.kernels, self.biases, strict=True)
        ):
            kernel = tf.zeros(mask.shape) if kernel is None else as_float32(kernel) * mask
            value = project(value, kernel) + as_float32(bias)
            if number == 0 and self.context_dim:
                value += project(tf.cast(context, tf.float32), as_float32(self.context_kernel))
            if number < len(self.masks) - 1:
                value = tf.tanh(value)
        return tf.reshape(value, tf.concat([tf.shape(value)[:-1], [self.latent_dim, self.channels]], 0))
