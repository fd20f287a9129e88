"""Uniform priors over one-hot codes and over relaxed ones."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer, positive
from tfvae.distributions.discrete import Concrete, OneHotRows, choose
from tfvae.posteriors import Posterior
from tfvae.priors.base import Encode, Prior


class Categorical(Prior):
    """p(z) = (1 / K)^V over V one-hot variables of K values, the rows of z laid one after the other.

    The KL from a categorical posterior is exact, variable by variable.

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
        self, num_variables: int, num_categories: int, *, name: str | None = None, dtype: object = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_variables = integer("num_variables", num_variables)
        self.num_categories = integer("num_categories", num_categories, 2)
        self.latent_dim = num_variables * num_categories

    def noise_dim(self, posterior: Posterior) -> int:
        """Return one number for each variable."""
        return self.num_variables

    def distribution(
        self, encode: Encode | None = None, condition: tf.Tensor | None = None
    ) -> tfd.Distribution:
        """Return the uniform one-hot variables, batch shape []."""
        return OneHotRows(tf.zeros((self.num_variables, self.num_categories)))

    def transform(
        self, noise: tf.Tensor, encode: Encode | None = None, condition: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Return one-hot codes [B, V K]."""
        logits = tf.zeros((self.num_variables, self.num_categories))
        return tf.reshape(tf.one_hot(choose(logits, noise), self.num_categories), (-1, self.latent_dim))


class RelaxedCategorical(Prior):
    """p(z) = prod_v Concrete(z_v; 0, temperature): relaxed one-hot codes without a preference.

    Args:
        num_variables: number V of variables.
        num_categories: number K of entries of each.
        temperature: of the prior; it need not be the posterior's.

    Source: Maddison et al. 2017, section 4.1.

    Example:
        >>> RelaxedCategorical(3, 4).transform(tf.zeros([5, 12])).shape
        TensorShape([5, 12])
    """

    space = "simplex"

    def __init__(
        self,
        num_variables: int,
        num_categories: int,
        temperature: float = 0.5,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_variables = integer("num_variables", num_variables)
        self.num_categories = integer("num_categories", num_categories, 2)
        self.temperature = positive("temperature", temperature)
        self.latent_dim = num_variables * num_categories

    def distribution(
        self, encode: Encode | None = None, condition: tf.Tensor | None = None
    ) -> tfd.Distribution:
        """Return the concrete variables with equal logits, batch shape []."""
        return Concrete(self.temperature, tf.zeros((self.num_variables, self.num_categories)))

    def transform(
        self, noise: tf.Tensor, encode: Encode | None = None, condition: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Return relaxed codes [B, V K]."""
        return self.distribution().made_of(noise)[0]
