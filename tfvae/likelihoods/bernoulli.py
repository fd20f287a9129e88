"""The Bernoulli likelihood, for binary data."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae import distributions
from tfvae.core.support import Support
from tfvae.core.types import Tensor, Tensors
from tfvae.likelihoods.projected import ProjectedLikelihood


class Bernoulli(ProjectedLikelihood):
    """p(x|z) = prod_i p_i^x_i (1 - p_i)^(1 - x_i),  p = sigmoid(logits(z)).

    A density for x in {0, 1}. Gray values in between are accepted, as is common for images; the
    result is then a cross entropy and no log-likelihood.

    Args:
        event_shape: shape of one example.

    Source: Kingma and Welling 2014, equation 11.

    Example:
        >>> likelihood = Bernoulli((4,))
        >>> px = likelihood.distribution({"logits": tf.zeros([5, 4])})
        >>> px.log_prob(tf.ones([5, 4])).shape    # 4 log(1/2) each
        TensorShape([5])
    """

    support = Support(0.0, 1.0, hint=" (divide 8-bit images by 255)")

    def parameters(self, raw: Tensor) -> Tensors:
        """Return {"logits"}, [B, *event]."""
        return {"logits": raw[..., 0]}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return an independent Bernoulli for each element."""
        return tfd.Independent(distributions.Bernoulli(params["logits"]), len(self.event_shape))

    def mean(self, params: Tensors) -> Tensor:
        """Return sigmoid(logits)."""
        return tf.sigmoid(params["logits"])
