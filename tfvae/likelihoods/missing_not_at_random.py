"""The Gaussian likelihood of data that are missing because of what they would have been."""

from __future__ import annotations

import dataclasses

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.distributions import SelfMaskedNormal
from tfvae.likelihoods.missing_values import elements_of, zeros_for_missing
from tfvae.likelihoods.normal import Normal
from tfvae.likelihoods.wrapped import WrappedLikelihood


class MissingNotAtRandom(WrappedLikelihood):
    """p(x_obs, s|z) with s_j = 1 for an observed x_j, and a model of s, which depends on x_j.

    p(s_j = 1|x_j) = sigmoid(slope_j x_j + intercept_j)
    observed j:  log N(x_j; loc_j, scale_j^2) + log sigmoid(slope_j x_j + intercept_j)
    missing j:   log of the integral of N(x; loc_j, scale_j^2) (1 - sigmoid(slope_j x + intercept_j)) dx

    NaN marks what is missing; the encoder sees zeros there. Slope and intercept are learned for each
    element; a slope of 0 is data missing at random. The integral is taken by Gauss-Hermite quadrature,
    where the paper draws the missing x_j. With 20 nodes, and loc_j within two scales of where observed and
    missing are as likely, the integral's relative error is below 1e-4 for |slope_j| scale_j up to 2, below
    1e-3 up to 3 and below 3 % up to 5; a steeper mask needs more nodes.

    Args:
        likelihood: a `Normal`.
        num_nodes: nodes of the quadrature, from 1 to 100.

    Source: Ipsen et al. 2021 (not-MIWAE), the self-masking missing process.

    Example:
        >>> likelihood = MissingNotAtRandom(Normal((2,), scale=1.0))
        >>> px = likelihood.distribution({"loc": tf.zeros([1, 2])})
        >>> px.log_prob([[float("nan"), float("nan")]]).numpy().round(3)    # 2 log(1/2)
        array([-1.386], dtype=float32)
    """

    def __init__(
        self, likelihood: Normal, num_nodes: int = 20, *, name: str | None = None, dtype: DType = None
    ):
        if not isinstance(likelihood, Normal):
            raise InvalidInput("likelihood", "a Normal", type(likelihood).__name__)
        super().__init__(likelihood, name=name, dtype=dtype)
        self.num_nodes = integer("num_nodes", num_nodes, at_most=100)
        self.support = dataclasses.replace(likelihood.support, missing=True)
        self.slope = self.add_weight(name="slope", shape=self.event_shape, initializer="zeros")
        self.intercept = self.add_weight(name="intercept", shape=self.event_shape, initializer="zeros")

    def elements(self, params: Tensors) -> SelfMaskedNormal:
        """Return the distribution of the single elements, batch shape [..., *event]."""
        return SelfMaskedNormal(
            elements_of(self.likelihood, params),
            tf.convert_to_tensor(self.slope, tf.float32),
            tf.convert_to_tensor(self.intercept, tf.float32),
            self.num_nodes,
        )

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the distribution of data with missing values, which are NaN also in its draws."""
        return tfd.Independent(self.elements(params), len(self.event_shape))

    def encoder_input(self, x: Tensor) -> Tensor:
        """Return x with zeros for missing elements."""
        return zeros_for_missing(self.likelihood, x)

    def missing_statistic(self, params: Tensors) -> Tensor:
        """Return E[x_j|z, s_j = 0] by the same quadrature: missing values differ from observed ones."""
        return self.elements(params).missing_mean()

    def missing_draw(self, params: Tensors, seed: Tensor) -> Tensor:
        """Return a draw of p(x_j|z, s_j = 0), [..., *event], from its histogram in bars of 0.03 scales."""
        return self.elements(params).missing_draw(seed)
