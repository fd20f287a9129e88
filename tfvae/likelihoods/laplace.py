"""The Laplace likelihood, for real data with outliers."""

from __future__ import annotations

from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor
from tfvae.likelihoods.location_scale import LocationScale


class Laplace(LocationScale):
    """p(x|z) = prod_i exp(-|x_i - loc_i(z)| / scale) / (2 scale).

    Its log is the absolute error up to constants, as a Gaussian's is the squared error: the location is
    a median, and an outlier pulls no harder than any other point.

    Args:
        event_shape: shape of one example.
        scale: a number or `scales.Fixed` for a constant, `scales.Learned` for one trained number (the
            default), `scales.PerElement` for one from the network for each element of each example; in
            the units of x. The standard deviation is sqrt(2) times the scale.

    Source: Murphy 2022, section 2.7.3 (the density).

    Example:
        >>> import tensorflow as tf
        >>> likelihood = Laplace((4,), scale=0.5)
        >>> float(likelihood.distribution({"loc": tf.zeros([1, 4])}).log_prob(tf.zeros([1, 4]))[0])
        0.0
    """

    exponent = 1.0

    def elements(self, loc: Tensor, *positive: Tensor) -> tfd.Distribution:
        """Return Laplace(loc, scale)."""
        return tfd.Laplace(loc, *positive)
