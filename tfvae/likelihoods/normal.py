"""The Gaussian likelihood with independent elements."""

from __future__ import annotations

from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor
from tfvae.likelihoods.location_scale import LocationScale


class Normal(LocationScale):
    """p(x|z) = prod_i N(x_i; loc_i(z), scale^2).

    Args:
        event_shape: shape of one example.
        scale: a number or `scales.Fixed` for a constant, `scales.Learned` for one trained number (the
            default), `scales.PerElement` for one from the network for each element of each example.

    Source: Kingma and Welling 2014, equation 12.

    Example:
        >>> import tensorflow as tf
        >>> from tfvae import scales
        >>> likelihood = Normal((4,), scale=scales.PerElement())
        >>> sorted(likelihood(tf.ones([5, 3])))
        ['loc', 'raw_scale']
    """

    exponent = 2.0

    def elements(self, loc: Tensor, *positive: Tensor) -> tfd.Distribution:
        """Return Normal(loc, scale)."""
        return tfd.Normal(loc, *positive)
