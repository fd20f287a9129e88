"""The Keras model that fits a prior over codes to codes."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvae.core.part import Configured
from tfvae.core.replicas import sum_over_replicas
from tfvae.core.types import DType, InputShape, Tensor
from tfvae.priors.autoregressive import AutoregressiveCodes


class CodesModel(Configured, keras.Model):
    """A Keras model that fits a prior over codes to codes, by maximum likelihood.

    loss = -mean log p(c), nats per example

    Args:
        prior: the prior; it is trained in place.

    Example:
        >>> model = CodesModel(AutoregressiveCodes(4, code_dim=2, num_positions=3, units=8))
        >>> model.compile(optimizer="adam")
        >>> history = model.fit(tf.zeros([32, 3], tf.int32), epochs=2, verbose=0)
        >>> model.predict(tf.zeros([5, 3], tf.int32), verbose=0).shape
        (5,)
    """

    def __init__(self, prior: AutoregressiveCodes, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype, autocast=False)
        self.prior = prior
        self.build((None, prior.num_positions))

    def build(self, input_shape: InputShape) -> None:
        """Nothing is left to make: the prior made its weights itself."""
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """Return log p(c), [B], for codes [B, num_positions]."""
        return self.prior.log_prob(inputs)

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: None = None,
        y_pred: Tensor | None = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        """Return -sum(weight log p) / batch size, where the batch is that of all replicas together."""
        loss = -tf.convert_to_tensor(y_pred)
        if sample_weight is not None:
            loss *= tf.cast(sample_weight, loss.dtype)
        count = sum_over_replicas(tf.cast(tf.shape(loss)[0], loss.dtype))
        return tf.reduce_sum(loss) / tf.maximum(count, 1)
