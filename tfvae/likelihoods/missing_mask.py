"""Any likelihood that takes missing values, whose encoder is told where they are."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType, Tensor
from tfvae.likelihoods.base import Likelihood
from tfvae.likelihoods.wrapped import WrappedLikelihood


class WithMissingMask(WrappedLikelihood):
    """A likelihood that takes NaN as missing, and an encoder that sees which elements are observed.

    The encoder sees the likelihood's own encoder input and beside it a mask, for each element 1 where it is
    observed and 0 where it is missing: images [B, H, W, 2 C], values first, and vectors [B, D, 2]. So it can
    tell a 0 that was observed from a missing value.

    Args:
        likelihood: one that takes missing values and whose encoder input has the shape of x, such as
            `MissingAtRandom(Bernoulli(...))`.

    Source: Collier et al. 2020 (VAEs in the presence of missing data), whose encoder sees the mask.

    Example:
        >>> from tfvae.likelihoods import Normal, MissingAtRandom
        >>> likelihood = WithMissingMask(MissingAtRandom(Normal((2,))))
        >>> likelihood.encoder_input(tf.constant([[0.0, float("nan")]])).numpy().tolist()
        [[[0.0, 1.0], [0.0, 0.0]]]
    """

    def __init__(self, likelihood: Likelihood, *, name: str | None = None, dtype: DType = None):
        if not isinstance(likelihood, Likelihood) or not likelihood.support.missing:
            raise InvalidInput("likelihood", "one that takes NaN as missing", type(likelihood).__name__)
        super().__init__(likelihood, name=name, dtype=dtype)
        if likelihood.encoder_shape != likelihood.event_shape:
            raise InvalidInput(
                "likelihood",
                f"one whose encoder sees the shape of x, {likelihood.event_shape}",
                f"{type(likelihood).__name__} with {likelihood.encoder_shape}",
            )
        self.support = likelihood.support

    def encoder_input(self, x: Tensor) -> Tensor:
        """Return values and mask, [B, D, 2] for vectors, else with twice the channels."""
        pair = [self.likelihood.encoder_input(x), tf.cast(~tf.math.is_nan(x), tf.float32)]
        return tf.stack(pair, axis=-1) if len(self.event_shape) == 1 else tf.concat(pair, axis=-1)
