"""The uniform prior over relaxed one-hot codes."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer, positive
from tfvae.core.types import DType, Tensor
from tfvae.distributions import Concrete
from tfvae.priors.base import Encode, Prior


class RelaxedCategorical(Prior):
    """p(z) = prod_v Concrete(z_v; 0, temperature): relaxed one-hot codes with equal logits.

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
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_variables = integer("num_variables", num_variables)
        self.num_categories = integer("num_categories", num_categories, 2)
        self.temperature = positive("temperature", temperature)
        self.latent_dim = num_variables * num_categories

    def distribution(self, encode: Encode | None = None, condition: Tensor | None = None) -> tfd.Distribution:
        """Return the concrete variables with equal logits, batch shape []."""
        return Concrete(self.temperature, tf.zeros((self.num_variables, self.num_categories)))

    def transform(
        self, noise: Tensor, encode: Encode | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Return relaxed codes [B, V K]."""
        return self.distribution().from_noise(noise)[0]
