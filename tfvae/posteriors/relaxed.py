"""The posterior over relaxed one-hot codes: Gumbel-softmax, or concrete."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer, real_number
from tfvae.core.heads import Head
from tfvae.core.numerics import bounded
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.distributions import Concrete
from tfvae.networks import flatten, num_features
from tfvae.posteriors.base import Posterior

_LOWEST_TEMPERATURE = 0.3  # below it z has entries too small for float32, and no bound would hold
_REACH = 69.0  # of log z, down to the 1e-30 that a concrete distribution distinguishes
_NOISE_REACH = 14.0  # differences of Gumbel numbers beyond it have a probability of about 1e-5


class RelaxedOneHot(Posterior):
    """q(z|x) = prod_v Concrete(z_v; logits_v(x), temperature), each z_v positive entries that sum to 1.

    z_v = softmax((logits_v + g_v) / temperature),  g standard Gumbel

    Entries of z are at least 1e-30. The logits are bounded so that this happens about once in 100,000
    draws at most, and densities and bounds hold: within 10 of 0 at temperatures from 0.5, within 3.35 at 0.3.

    Args:
        num_variables: number V of variables.
        num_categories: number K of entries of each; z has V K entries, row by row.
        temperature: at least 0.3; with a lower one z is closer to one-hot, and gradients are larger.

    Source: Jang et al. 2017, equation 2; Maddison et al. 2017, definition 1.

    Example:
        >>> posterior = RelaxedOneHot(3, 4)
        >>> z, log_q = posterior.transform(posterior(tf.ones([5, 2])), tf.zeros([7, 5, 12]))
        >>> z.shape, round(float(tf.reduce_sum(z[0, 0])), 5)
        (TensorShape([7, 5, 12]), 3.0)
    """

    space = "simplex"

    def __init__(
        self,
        num_variables: int,
        num_categories: int,
        temperature: float = 0.67,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_variables = integer("num_variables", num_variables)
        self.num_categories = integer("num_categories", num_categories, 2)
        self.temperature = real_number("temperature", temperature, at_least=_LOWEST_TEMPERATURE)
        self.latent_dim = num_variables * num_categories

    def build(self, input_shape: InputShape) -> None:
        """Make the projection from flat features."""
        self.head = Head((self.num_variables, self.num_categories), 1, name="head", dtype=self.dtype_policy)
        self.head.build((input_shape[0], num_features(input_shape)))

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"logits"}, [B, V, K], bounded."""
        raw = self.head(flatten(inputs))
        bound = min(10.0, 0.5 * (_REACH * self.temperature - _NOISE_REACH))
        return {"logits": bounded(raw[..., 0], bound)}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the independent concrete variables, an event of V K numbers."""
        return Concrete(self.temperature, params["logits"])

    def location(self, params: Tensors) -> Tensor:
        """Return the probabilities softmax(logits)."""
        return tf.reshape(tf.nn.softmax(params["logits"]), (-1, self.latent_dim))

    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return relaxed codes and their log density."""
        return self.distribution(params).from_noise(noise)
