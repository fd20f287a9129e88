"""The normal prior that depends on a condition."""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer, keras_layer, positive
from tfvae.core.errors import InvalidInput
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.posteriors import Normal
from tfvae.priors.base import Encode, Prior


class Conditional(Prior):
    """p(z|c) = prod_j N(z_j; loc_j(c), scale_j(c)^2), with a network from the condition c.

    scale = floor + softplus(raw)

    Args:
        latent_dim: number of latent dimensions.
        network: Keras network from the condition [B, condition_dim] to features; this prior adds the
            projection to location and scale.
        condition_dim: number of entries of the condition.
        floor: smallest scale; keeps the density bounded.

    Source: Sohn et al. 2015, section 4, whose prior network this is.

    Example:
        >>> from tfvae import networks
        >>> prior = Conditional(2, networks.mlp((8,)), condition_dim=3)
        >>> prior.distribution(condition=tf.ones([5, 3])).batch_shape
        TensorShape([5])
    """

    needs_condition = True

    def __init__(
        self,
        latent_dim: int,
        network: keras.Layer,
        condition_dim: int,
        floor: float = 1e-4,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = latent_dim
        self.network = keras_layer("network", network)
        self.condition_dim = integer("condition_dim", condition_dim)
        self.floor = positive("floor", floor)
        self.normal = Normal(latent_dim, floor, name="normal", dtype=self.dtype_policy)
        self.normal(self.network(keras.KerasTensor((None, condition_dim))))

    def distribution(self, encode: Encode | None = None, condition: Tensor | None = None) -> tfd.Distribution:
        """Return Independent(Normal(loc(c), scale(c))), batch shape [B]."""
        return self.normal.distribution(self._params(condition))

    def transform(
        self, noise: Tensor, encode: Encode | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Return loc(c) + scale(c) noise."""
        params = self._params(condition)
        return params["loc"] + params["scale"] * noise

    def _params(self, condition: Tensor | None) -> Tensors:
        if condition is None:
            raise InvalidInput("condition", f"a tensor of shape (batch, {self.condition_dim})", None)
        condition = tf.ensure_shape(tf.cast(condition, tf.float32), (None, self.condition_dim))
        training = TRAINING.get()
        return self.normal(self.network(condition, training=training), training=training)
