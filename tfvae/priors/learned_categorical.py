"""The prior over one-hot codes whose probabilities are learned."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.types import DType, Tensor
from tfvae.distributions import OneHotRows, draw_categorical
from tfvae.posteriors import Posterior
from tfvae.priors.base import Encode, Prior


class LearnedCategorical(Prior):
    """p(z) = prod_v Cat(z_v; softmax(logits_v)), z_v one-hot, concatenated to z.

    Args:
        num_variables: number V of variables.
        num_categories: number K of values of each.

    Source: Kingma et al. 2014, equation 2, whose p(y) it is with one variable.

    Example:
        >>> LearnedCategorical(1, 4).transform(tf.zeros([5, 1])).shape
        TensorShape([5, 4])
    """

    space = "one-hot"

    def __init__(
        self, num_variables: int, num_categories: int, *, name: str | None = None, dtype: DType = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_variables = integer("num_variables", num_variables)
        self.num_categories = integer("num_categories", num_categories, 2)
        self.latent_dim = num_variables * num_categories
        self.logits = self.add_weight(name="logits", shape=(num_variables, num_categories))

    def noise_dim(self, posterior: Posterior) -> int:
        """Return one number for each variable."""
        return self.num_variables

    def distribution(self, encode: Encode | None = None, condition: Tensor | None = None) -> tfd.Distribution:
        """Return the one-hot variables, batch shape []."""
        return OneHotRows(tf.convert_to_tensor(self.logits))

    def transform(
        self, noise: Tensor, encode: Encode | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Return one-hot codes [B, V K]."""
        chosen = draw_categorical(tf.convert_to_tensor(self.logits), noise)
        return tf.reshape(tf.one_hot(chosen, self.num_categories), (-1, self.latent_dim))
