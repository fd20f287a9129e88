"""The uniform prior over one-hot codes."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.types import DType, Tensor
from tfvae.distributions import OneHotRows, draw_categorical
from tfvae.posteriors import Posterior
from tfvae.priors.base import Encode, Prior


class Categorical(Prior):
    """p(z) = (1 / K)^V over V one-hot variables of K values, concatenated to z.

    The KL divergence of a categorical posterior is exact, variable by variable.

    Args:
        num_variables: number V of variables.
        num_categories: number K of values of each.

    Example:
        >>> z = tf.reshape(tf.one_hot([0, 3, 1], 4), [12])
        >>> float(Categorical(3, 4).distribution().log_prob(z))    # -3 log 4
        -4.158883...
    """

    space = "one-hot"

    def __init__(
        self, num_variables: int, num_categories: int, *, name: str | None = None, dtype: DType = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_variables = integer("num_variables", num_variables)
        self.num_categories = integer("num_categories", num_categories, 2)
        self.latent_dim = num_variables * num_categories

    def noise_dim(self, posterior: Posterior) -> int:
        """Return one number for each variable."""
        return self.num_variables

    def distribution(self, encode: Encode | None = None, condition: Tensor | None = None) -> tfd.Distribution:
        """Return the uniform one-hot variables, batch shape []."""
        return OneHotRows(tf.zeros((self.num_variables, self.num_categories)))

    def transform(
        self, noise: Tensor, encode: Encode | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Return one-hot codes [B, V K]."""
        chosen = draw_categorical(tf.zeros((self.num_variables, self.num_categories)), noise)
        return tf.reshape(tf.one_hot(chosen, self.num_categories), (-1, self.latent_dim))
