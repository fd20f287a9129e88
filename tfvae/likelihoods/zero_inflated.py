"""Zero inflation: counts with more zeros than a Poisson or negative binomial has."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae import distributions
from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.support import Support
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.likelihoods.counts import Counts
from tfvae.likelihoods.wrapped import WrappedLikelihood


class ZeroInflated(WrappedLikelihood):
    """p(x|z) = prod_i pi_i [x_i = 0] + (1 - pi_i) f_i(x_i),  pi = sigmoid(inflation(z)).

    Args:
        likelihood: f, a `Poisson` or a `NegativeBinomial`.

    Source: Lopez et al. 2018, Methods (scVI; the zero-inflated negative binomial).

    Example:
        >>> from tfvae.likelihoods import Poisson
        >>> likelihood = ZeroInflated(Poisson((4,)))
        >>> sorted(likelihood(tf.ones([5, 3])))
        ['inflation', 'log_mean']
    """

    support = Support(0.0, integer=True)

    def __init__(self, likelihood: Counts, *, name: str | None = None, dtype: DType = None):
        if not isinstance(likelihood, Counts):
            raise InvalidInput("likelihood", "a Poisson or NegativeBinomial", type(likelihood).__name__)
        super().__init__(likelihood, name=name, dtype=dtype)

    def build(self, input_shape: InputShape) -> None:
        """Make the projection to the inflation, and that of the counts."""
        super().build(input_shape)
        self.head = Head(self.event_shape, 1, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)

    def call(self, inputs: Tensor) -> Tensors:
        """Return the parameters of the counts and {"inflation"}, the logit of pi, [B, *event]."""
        inflation = self.head(inputs)[..., 0]
        return {**super().call(inputs), "inflation": inflation}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return an independent zero-inflated count for each element."""
        elements = distributions.ZeroInflated(params["inflation"], self.likelihood.elements(params))
        return tfd.Independent(elements, len(self.event_shape))

    def mean(self, params: Tensors) -> Tensor:
        """Return (1 - pi) E_f[x]."""
        return tf.sigmoid(-params["inflation"]) * self.likelihood.mean(params)

    def missing_statistic(self, params: Tensors) -> Tensor:
        """Return the mean."""
        return self.mean(params)

    def missing_draw(self, params: Tensors, seed: Tensor) -> Tensor:
        """Return a draw of p(x|z)."""
        return self.distribution(params).sample(seed=seed)
