"""Any likelihood with independent elements, of the observed elements only."""

from __future__ import annotations

import dataclasses

from tensorflow_probability import distributions as tfd

from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.likelihoods.base import Likelihood
from tfvae.likelihoods.missing_values import (
    check_complete,
    check_elements,
    observed_elements,
    zeros_for_missing,
)
from tfvae.likelihoods.wrapped import WrappedLikelihood


class MissingAtRandom(WrappedLikelihood):
    """p(x_obs|z) = prod over observed i of p(x_i|z), where NaN marks the elements that are missing.

    The likelihood of data missing at random. An example with nothing observed has log-likelihood 0.
    The encoder sees zeros for missing elements. With the objective `ImportanceWeighted` this is MIWAE.

    Args:
        likelihood: a likelihood whose elements are independent given z, such as `Normal`.

    Source: Mattei and Frellsen 2019 (MIWAE), section 2.

    Example:
        >>> import tensorflow as tf
        >>> from tfvae.likelihoods import Normal
        >>> likelihood = MissingAtRandom(Normal((3,), scale=1.0))
        >>> px = likelihood.distribution({"loc": tf.zeros([1, 3])})
        >>> px.log_prob([[0.0, float("nan"), float("nan")]]).numpy().round(3)    # -log(2 pi) / 2 once
        array([-0.919], dtype=float32)
    """

    def __init__(self, likelihood: Likelihood, *, name: str | None = None, dtype: DType = None):
        super().__init__(check_complete(likelihood), name=name, dtype=dtype)
        self.support = dataclasses.replace(likelihood.support, missing=True)

    def build(self, input_shape: InputShape) -> None:
        """Make the likelihood's weights, and check that its elements are independent."""
        super().build(input_shape)
        check_elements(self.likelihood, input_shape)

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the likelihood's distribution, with log density 0 for elements that are NaN."""
        return observed_elements(self.likelihood, params)

    def encoder_input(self, x: Tensor) -> Tensor:
        """Return what the likelihood's encoder sees, [B, *event], with zeros for missing elements."""
        return zeros_for_missing(self.likelihood, x)
