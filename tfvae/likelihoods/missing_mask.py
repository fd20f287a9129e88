"""Any likelihood with gaps, whose encoder is told where they are."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.likelihoods.base import Likelihood


class WithMissingMask(Likelihood):
    """A likelihood that takes NaN as missing, and an encoder that sees which elements are observed.

    The encoder sees the likelihood's own encoder input and beside it, for each element, 1 where it is
    observed and 0 where it is missing: pictures [B, H, W, 2 C], values first, and rows [B, D, 2]. A 0 that
    was observed is then another thing than a gap.

    Args:
        likelihood: one with gaps whose encoder input has the shape of x, such as
            `MissingAtRandom(Bernoulli(...))`.

    Source: Collier et al. 2020 (VAEs in the presence of missing data), whose encoder sees the mask.

    Example:
        >>> from tfvae.likelihoods import Normal, MissingAtRandom
        >>> likelihood = WithMissingMask(MissingAtRandom(Normal((2,))))
        >>> likelihood.encoder_input(tf.constant([[0.0, float("nan")]])).numpy().tolist()
        [[[0.0, 1.0], [0.0, 0.0]]]
    """

    def __init__(self, likelihood: Likelihood, *, name: str | None = None, dtype: object = None):
        if not isinstance(likelihood, Likelihood) or not likelihood.support.missing:
            raise InvalidInput("likelihood", "one that takes NaN as missing", type(likelihood).__name__)
        super().__init__(likelihood.event_shape, name=name, dtype=dtype)
        seen = likelihood.encoder_input(tf.zeros((1, *likelihood.event_shape)))
        if tuple(seen.shape[1:]) != likelihood.event_shape:
            raise InvalidInput(
                "likelihood",
                f"one whose encoder sees the shape of x, {likelihood.event_shape}",
                f"{type(likelihood).__name__} with {tuple(seen.shape[1:])}",
            )
        self.likelihood = likelihood
        self.support = likelihood.support

    def build(self, input_shape: tuple) -> None:
        """Make the likelihood's weights."""
        if not self.likelihood.built:  # it is already when it comes out of a file
            self.likelihood.build(input_shape)

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the likelihood's parameters."""
        return self.likelihood(inputs)

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return the likelihood's distribution."""
        return self.likelihood.distribution(params)

    def encoder_input(self, x: tf.Tensor) -> tf.Tensor:
        """Return values and marks, [B, D, 2] for rows, else with twice the channels."""
        pair = [self.likelihood.encoder_input(x), tf.cast(~tf.math.is_nan(x), tf.float32)]
        return tf.stack(pair, axis=-1) if len(self.event_shape) == 1 else tf.concat(pair, axis=-1)

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return E[x|z] of all elements."""
        return self.likelihood.mean(params)

    def missing_statistic(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the likelihood's own."""
        return self.likelihood.missing_statistic(params)

    def missing_estimate(self, average: tf.Tensor) -> tf.Tensor:
        """Return the likelihood's own."""
        return self.likelihood.missing_estimate(average)

    def missing_draw(self, params: dict[str, tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
        """Return the likelihood's own."""
        return self.likelihood.missing_draw(params, seed)
